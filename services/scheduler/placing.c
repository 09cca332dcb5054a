#include "scheduler.h"

/* When a step happens. A fact that comes late is followed from now on, unless that makes no sense any more. */

static const struct span late_after_default = {.days = 30};

static struct placed place_from(const struct planning *planning, const struct step *step, wall_ms now)
{
    const struct placing placing = {
        .event = planning->occurred_at,
        .now = now,
        .after = step->after,
        .before = step->before,
        .business = step->business,
        .week = site_window(planning->site, step),
    };
    return calendar_place(planning->site->calendar, &placing, turn_arena(planning->turn));
}

static bool span_is_none(struct span span)
{
    return !span.ms && !span.days;
}

/* Until when a message is worth sending; 0: for ever. */
static wall_ms valid_until(const struct planning *planning, const struct step *step, const struct placed *in_time)
{
    if (step->kind != STEP_MESSAGE || span_is_none(step->valid_for))
        return 0;
    return calendar_add(planning->site->calendar, in_time->due, step->valid_for);
}

static const char *reason_to_skip(const struct planning *planning, const struct placed *in_time, wall_ms valid)
{
    wall_ms now = turn_now(planning->turn);
    const struct span *told = &planning->in_force->playbook->late_after;
    struct span late_after = span_is_none(*told) ? late_after_default : *told;
    wall_ms limit = in_time->deadline > in_time->due ? in_time->deadline : in_time->due;
    if (valid && valid <= now)
        return "expired";
    if (calendar_add(planning->site->calendar, limit, late_after) < now)
        return "too_late";
    return "";
}

struct planned_step step_place(const struct planning *planning, size_t index)
{
    const struct step *step = &planning->in_force->playbook->rules[planning->rule].steps[index];
    wall_ms now = turn_now(planning->turn);
    struct placed in_time = place_from(planning, step, planning->occurred_at);
    struct placed placed = in_time.due < now ? place_from(planning, step, now) : in_time;
    wall_ms valid = valid_until(planning, step, &in_time);
    struct planned_step planned = {
        .name = step->name, .kind = step->kind, .state = STEP_PENDING, .rule_step = (int64_t)index,
        .due_at = placed.due, .deadline_at = valid ? valid : placed.deadline, .window = "", .why = placed.why,
        .breach_foreseen = placed.breach_foreseen, .arrived_late = placed.arrived_late,
        .reason = in_time.due < now ? reason_to_skip(planning, &in_time, valid) : "", .work = "",
    };
    if (placed.opening.to) {
        planned.window = calendar_opening_text(planning->site->calendar, placed.opening, turn_arena(planning->turn));
        planned.window_end_at = placed.opening.to;
    }
    if (step->kind == STEP_DEADLINE && placed.deadline)
        planned.due_at = placed.deadline > now ? placed.deadline : now;
    if (*planned.reason)
        planned.state = STEP_SKIPPED;
    return planned;
}
