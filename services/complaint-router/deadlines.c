#include "docket.h"

#include <string.h>

const struct clock_rule *clock_rule_of(const struct docket *docket, const char *name)
{
    for (size_t i = 0; i < docket->rules->clock_count; i++)
        if (!strcmp(docket->rules->clocks[i].name, name))
            return &docket->rules->clocks[i];
    return NULL;
}

static struct span span_of_grade(const struct clock_rule *rule, int grade)
{
    switch (grade) {
    case GRADE_MAJOR: return rule->major;
    case GRADE_MINOR: return rule->minor;
    default: return rule->general;
    }
}

static const char *start_text(const struct docket *docket, const struct case_clock *clock)
{
    if (!strcmp(clock->name, "verified"))
        return "when the measure was done";
    if (clock->started_at == docket->file.opened_at)
        return "when it was received";
    const struct clock_rule *rule = clock_rule_of(docket, clock->name);
    return rule && rule->recurring ? "the start of this round" : "when it was opened again";
}

static const char *why_text(const struct docket *docket, const struct case_clock *clock, struct span span)
{
    struct arena *arena = docket->arena;
    const char *base = arena_printf(arena, "%s: %s of business time from %s, %s",
                                    words_name(&grade_words, docket->file.grade), span_text(arena, span),
                                    docket_time(docket, clock->started_at), start_text(docket, clock));
    if (!clock->paused_ms)
        return base;
    return arena_printf(arena, "%s, and %s more for waiting for the customer", base,
                        span_text(arena, (struct span){.ms = clock->paused_ms}));
}

static wall_ms business_later(const struct docket *docket, wall_ms from, int64_t ms)
{
    return ms ? calendar_add_business(docket->calendar, from, (struct span){.ms = ms}) : from;
}

wall_ms clock_warn_at(const struct docket *docket, wall_ms start, wall_ms due)
{
    int64_t total_ms = calendar_business_between(docket->calendar, start, due);
    int percent = docket->rules->warn_percent;
    if (!total_ms)
        return start + (due - start) * percent / 100;
    return business_later(docket, start, total_ms * percent / 100);
}

bool clock_compute(const struct docket *docket, struct case_clock *clock)
{
    const struct clock_rule *rule = clock_rule_of(docket, clock->name);
    struct span span = rule ? span_of_grade(rule, docket->file.grade) : (struct span){0, 0};
    if (!span.ms && !span.days)
        return false;
    wall_ms due = calendar_add_business(docket->calendar, clock->started_at, span);
    wall_ms warn = clock_warn_at(docket, clock->started_at, due);
    clock->due_at = business_later(docket, due, clock->paused_ms);
    clock->warn_at = business_later(docket, warn, clock->paused_ms);
    clock->why = why_text(docket, clock, span);
    return true;
}

int64_t clock_left(const struct docket *docket, const struct case_clock *clock, wall_ms from)
{
    return from < clock->due_at ? calendar_business_between(docket->calendar, from, clock->due_at) : 0;
}
