#include "docket.h"

#include <string.h>

static const char *const promise = "promise";

/* -------- finding and starting */

struct case_clock *clock_find(struct docket *docket, const char *name)
{
    for (size_t i = 0; i < docket->file.clocks.count; i++)
        if (!strcmp(docket->file.clocks.at[i].name, name))
            return &docket->file.clocks.at[i];
    return NULL;
}

static struct case_clock *clock_find_or_add(struct docket *docket, const char *name)
{
    struct case_clock *clock = clock_find(docket, name);
    struct case_clock_list *clocks = &docket->file.clocks;
    if (clock || clocks->count == CASE_CLOCKS_MAX)
        return clock;
    clock = &clocks->at[clocks->count++];
    *clock = *(struct case_clock *)record_new(&case_clock_record, docket->arena);
    clock->name = name;
    return clock;
}

/* Counts from `start`, whatever it did before; what was late before stays so. */
static void run_from(const struct docket *docket, struct case_clock *clock, wall_ms start)
{
    clock->state = CLOCK_RUNNING;
    clock->started_at = start;
    clock->warned = false;
    clock->met_at = clock->left_ms = clock->paused_ms = 0;
    if (!clock_compute(docket, clock))
        clock->state = CLOCK_CANCELLED;
}

void clocks_start(struct docket *docket)
{
    for (size_t i = 0; i < docket->rules->clock_count; i++) {
        const char *name = docket->rules->clocks[i].name;
        if (!strcmp(name, "verified"))
            continue;
        struct case_clock *clock = clock_find_or_add(docket, name);
        if (!clock)
            return;
        run_from(docket, clock, docket->file.opened_at);
        if (clock->state == CLOCK_CANCELLED)
            docket->file.clocks.count--;
    }
}

void clock_begin(struct docket *docket, const char *name)
{
    struct case_clock *clock = clock_rule_of(docket, name) ? clock_find_or_add(docket, name) : NULL;
    if (!clock)
        return;
    if (clock->started_at)
        clock->rounds++;
    run_from(docket, clock, docket->now);
}

void clocks_restart(struct docket *docket)
{
    for (size_t i = 0; i < docket->rules->clock_count; i++) {
        const char *name = docket->rules->clocks[i].name;
        const struct case_clock *clock = clock_find(docket, name);
        if (clock ? clock->state == CLOCK_CANCELLED && !clock->met_at : strcmp(name, "verified") != 0)
            clock_begin(docket, name);
    }
}

/* -------- keeping, giving up */

static bool counts(const struct case_clock *clock)
{
    return clock->state == CLOCK_RUNNING || clock->state == CLOCK_PAUSED;
}

void clock_meet(struct docket *docket, const char *name)
{
    struct case_clock *clock = clock_find(docket, name);
    if (!clock)
        return;
    if ((counts(clock) || clock->state == CLOCK_BREACHED) && !clock->met_at)
        clock->met_at = docket->now;
    if (counts(clock))
        clock->state = CLOCK_MET;
}

void clock_again(struct docket *docket, const char *name)
{
    struct case_clock *clock = clock_find(docket, name);
    if (!clock || !counts(clock))
        return;
    bool paused = clock->state == CLOCK_PAUSED;
    clock->rounds++;
    run_from(docket, clock, docket->now);
    if (!paused)
        return;
    clock->state = CLOCK_PAUSED;
    clock->left_ms = clock_left(docket, clock, docket->now);
}

void clock_cancel(struct docket *docket, const char *name)
{
    struct case_clock *clock = clock_find(docket, name);
    if (clock && counts(clock))
        clock->state = CLOCK_CANCELLED;
}

void clocks_cancel(struct docket *docket)
{
    for (size_t i = 0; i < docket->file.clocks.count; i++)
        clock_cancel(docket, docket->file.clocks.at[i].name);
}

/* -------- promises: an instant said to the customer, which no pause moves */

void clock_promise(struct docket *docket, wall_ms at)
{
    struct case_clock *clock = clock_find_or_add(docket, promise);
    if (!clock)
        return;
    if (clock->started_at)
        clock->rounds++;
    clock->state = CLOCK_RUNNING;
    clock->started_at = docket->now;
    clock->due_at = at;
    clock->warn_at = clock_warn_at(docket, docket->now, at);
    clock->warned = false;
    clock->met_at = 0;
    clock->why = arena_printf(docket->arena, "promised to the customer on %s", docket_time(docket, docket->now));
}

/* -------- pauses */

static wall_ms pause_start(const struct docket *docket, const struct case_clock *clock)
{
    wall_ms since = docket->file.waiting_since;
    return since > clock->started_at ? since : clock->started_at;
}

void clocks_pause(struct docket *docket)
{
    docket->file.waiting_since = docket->now;
    for (size_t i = 0; i < docket->file.clocks.count; i++) {
        struct case_clock *clock = &docket->file.clocks.at[i];
        if (clock->state != CLOCK_RUNNING || !strcmp(clock->name, promise))
            continue;
        clock->state = CLOCK_PAUSED;
        clock->left_ms = clock_left(docket, clock, docket->now);
        clock->why = arena_printf(docket->arena, "waiting for the customer since %s; %s of business time left",
                                  docket_time(docket, docket->now),
                                  span_text(docket->arena, (struct span){.ms = clock->left_ms}));
    }
}

void clocks_resume(struct docket *docket)
{
    for (size_t i = 0; i < docket->file.clocks.count; i++) {
        struct case_clock *clock = &docket->file.clocks.at[i];
        if (clock->state != CLOCK_PAUSED)
            continue;
        clock->paused_ms += calendar_business_between(docket->calendar, pause_start(docket, clock), docket->now);
        clock->state = CLOCK_RUNNING;
        clock->left_ms = 0;
        clock_compute(docket, clock);
    }
    docket->file.waiting_since = docket->file.waiting_until = 0;
}

/* -------- another grade: every deadline that still counts is computed anew from its start */

void clocks_regrade(struct docket *docket)
{
    for (size_t i = 0; i < docket->file.clocks.count; i++) {
        struct case_clock *clock = &docket->file.clocks.at[i];
        if (!counts(clock) || !strcmp(clock->name, promise))
            continue;
        if (!clock_compute(docket, clock))
            clock->state = CLOCK_CANCELLED;
        else if (clock->state == CLOCK_PAUSED)
            clock->left_ms = clock_left(docket, clock, pause_start(docket, clock));
    }
}
