#include "docket.h"

#include <string.h>

/* The next thing that a clock will say. */
static wall_ms clock_moment(const struct case_clock *clock)
{
    if (clock->state != CLOCK_RUNNING)
        return 0;
    return clock->warned ? clock->due_at : clock->warn_at;
}

wall_ms clocks_next(const struct complaint_case *file)
{
    wall_ms next = file->waiting_since ? file->waiting_until : 0;
    for (size_t i = 0; i < file->clocks.count; i++) {
        wall_ms moment = clock_moment(&file->clocks.at[i]);
        if (moment && (!next || moment < next))
            next = moment;
    }
    return next;
}

static struct case_clock *clock_due_first(struct docket *docket, wall_ms until)
{
    struct case_clock *first = NULL;
    for (size_t i = 0; i < docket->file.clocks.count; i++) {
        struct case_clock *clock = &docket->file.clocks.at[i];
        wall_ms moment = clock_moment(clock);
        if (moment && moment <= until && (!first || moment < clock_moment(first)))
            first = clock;
    }
    return first;
}

/* The next round begins where the late one ended; rounds that nobody could notice are not counted one by one. */
static void next_round(struct docket *docket, struct case_clock *clock)
{
    wall_ms start = clock->due_at;
    clock->rounds++;
    clock->warned = false;
    clock->paused_ms = 0;
    clock->started_at = start;
    if (clock_compute(docket, clock) && clock->due_at > docket->now)
        return;
    clock->started_at = docket->now;
    if (!clock_compute(docket, clock))
        clock->state = CLOCK_CANCELLED;
}

static void breach(struct docket *docket, struct case_clock *clock)
{
    const struct clock_rule *rule = clock_rule_of(docket, clock->name);
    struct case_clock late = *clock;
    clock->breached = true;
    if (rule && rule->recurring)
        next_round(docket, clock);
    else
        clock->state = CLOCK_BREACHED;
    docket_emit(docket, EVENT_CASE_BREACHED, &late, ladder_at_top(docket) ? "late, at the top of the ladder" : "late");
    if (!strcmp(late.name, "promise"))
        docket_emit(docket, EVENT_CASE_PROMISE_DUE, &late, "no news yet");
    if (ladder_climb(docket))
        docket_emit(docket, EVENT_CASE_ESCALATED, &late, "late");
}

static void warn(struct docket *docket, struct case_clock *clock)
{
    struct case_clock near = *clock;
    clock->warned = true;
    docket_emit(docket, EVENT_CASE_WARNED, &near, "near");
}

bool clocks_tick(struct docket *docket, wall_ms until)
{
    struct case_clock *clock;
    bool any = false;
    while ((clock = clock_due_first(docket, until)) != NULL) {
        any = true;
        if (clock->warned)
            breach(docket, clock);
        else
            warn(docket, clock);
    }
    return any;
}
