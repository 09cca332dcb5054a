#include <string.h>

#include "dates.h"
#include "ident.h"
#include "scheduler.h"

/* When a step happens. A fact that comes late is followed from now on, unless that makes no sense any more. */

static const struct span late_after_default = {.days = 30};

/* Does it count from an instant: a time in a form, or of the event? */
static bool from_is_instant(const struct planned *planned, const struct step *step)
{
    const struct form *form = planned->rule->form;
    const struct form_field *field = form && !strncmp(step->from, "field.", 6) ? form_field(form, step->from + 6) : NULL;
    return *step->from && (field ? field->kind == FORM_TIME : strncmp(step->from, "customer.", 9) != 0);
}

/* A date without a time of day means the site's first opening that day. */
static const struct week *week_of(const struct planned *planned, const struct step *step)
{
    const struct week *week = site_window(planned->site, step);
    bool whole_day = (*step->from || step->repeat) && step->at_min < 0 && !from_is_instant(planned, step);
    return week || !whole_day ? week : calendar_business(planned->site->calendar);
}

static struct placed place_from(const struct planned *planned, const struct step *step, wall_ms base, wall_ms now)
{
    const struct placing placing = {
        .event = base,
        .now = now,
        .after = step->after,
        .before = step->before,
        .business = step->business,
        .week = week_of(planned, step),
    };
    return calendar_place(planned->site->calendar, &placing, turn_arena(planned->turn));
}

static bool span_is_none(struct span span)
{
    return !span.ms && !span.days;
}

/* Until when a message is worth sending; 0: for ever. */
static wall_ms valid_until(const struct planned *planned, const struct step *step, const struct placed *in_time)
{
    if (step->kind != STEP_MESSAGE || span_is_none(step->valid_for))
        return 0;
    return calendar_add(planned->site->calendar, in_time->due, step->valid_for);
}

static const char *reason_to_skip(const struct planned *planned, const struct placed *in_time, wall_ms valid)
{
    wall_ms now = turn_now(planned->turn);
    const struct span *told = &planned->playbook->late_after;
    struct span late_after = span_is_none(*told) ? late_after_default : *told;
    wall_ms limit = in_time->deadline > in_time->due ? in_time->deadline : in_time->due;
    if (valid && valid <= now)
        return "expired";
    if (calendar_add(planned->site->calendar, limit, late_after) < now)
        return "too_late";
    return "";
}

static wall_ms wait_ends(const struct planned *planned, const struct step *step, wall_ms from)
{
    if (span_is_none(step->within))
        return 0;
    return step->business ? calendar_add_business(planned->site->calendar, from, step->within)
                          : calendar_add(planned->site->calendar, from, step->within);
}

/* Its next time by an interval, which `after` does not delay again. */
static wall_ms next_after(const struct planned *planned, const struct step *step, wall_ms due)
{
    const struct calendar *calendar = planned->site->calendar;
    while (due <= turn_now(planned->turn))
        due = calendar_add(calendar, due, step->every);
    return calendar_add(calendar, due, (struct span){-step->after.ms, -step->after.days});
}

/* As long as nobody knows the date it waits. */
static struct planned_step step_undated(const struct step *step, size_t index)
{
    return (struct planned_step){.name = step->name, .kind = step->kind, .state = STEP_BLOCKED, .rule_step = (int64_t)index,
                                 .window = "", .why = "its date is not known yet", .reason = "", .work = "", .with = ""};
}

static struct planned_step place_at(const struct planned *planned, size_t index, wall_ms base)
{
    const struct step *step = &planned->rule->steps[index];
    wall_ms now = turn_now(planned->turn);
    struct placed in_time = place_from(planned, step, base, base);
    struct placed placed = in_time.due < now ? place_from(planned, step, base, now) : in_time;
    wall_ms valid = valid_until(planned, step, &in_time);
    struct planned_step to = {
        .name = step->name, .kind = step->kind, .state = STEP_PENDING, .rule_step = (int64_t)index,
        .due_at = placed.due, .deadline_at = valid ? valid : placed.deadline, .window = "", .why = placed.why,
        .breach_foreseen = placed.breach_foreseen, .arrived_late = placed.arrived_late,
        .reason = in_time.due < now ? reason_to_skip(planned, &in_time, valid) : "", .work = "", .with = "",
    };
    if (placed.opening.to) {
        to.window = calendar_opening_text(planned->site->calendar, placed.opening, turn_arena(planned->turn));
        to.window_end_at = placed.opening.to;
    }
    if (step->kind == STEP_DEADLINE && placed.deadline)
        to.due_at = placed.deadline > now ? placed.deadline : now;
    if (step->kind == STEP_WAIT)
        to.deadline_at = wait_ends(planned, step, in_time.due);
    if (*to.reason)
        to.state = STEP_SKIPPED;
    return to;
}

/* With a time of day, days are counted from that time on the day of the event. */
static wall_ms at_time_of_day(const struct planned *planned, const struct step *step, wall_ms base)
{
    const struct calendar *calendar = planned->site->calendar;
    if (step->at_min < 0)
        return base;
    struct local_time day = calendar_local(calendar, base);
    return calendar_instant(calendar, day.year, day.month, day.day, step->at_min / 60, step->at_min % 60, 0);
}

/* What comes again from the event on does not come on its own day: that is no anniversary of it. */
static wall_ms dates_after(const struct planned *planned, const struct step *step, wall_ms base)
{
    const struct calendar *calendar = planned->site->calendar;
    wall_ms today = calendar_day_start(calendar, turn_now(planned->turn));
    wall_ms tomorrow = calendar_add_days(calendar, calendar_day_start(calendar, base), 1);
    return (*step->from || tomorrow < today ? today : tomorrow) - 1;
}

struct planned_step step_place(const struct planned *planned, size_t index, wall_ms base)
{
    const struct step *step = &planned->rule->steps[index];
    struct dated date;
    if (!*step->from && !step->repeat)
        return place_at(planned, index, at_time_of_day(planned, step, base));
    if (!step_date(planned, step, base, dates_after(planned, step, base), &date))
        return step_undated(step, index);
    struct planned_step to = place_at(planned, index, date.at);
    to.why = arena_printf(turn_arena(planned->turn), "%s%.350s", date.why, to.why);
    bool in_time = to.deadline_at > turn_now(planned->turn);     /* a deadline that is still to come keeps it alive */
    if (!step->repeat && to.state == STEP_PENDING && date.passed && !in_time && !span_is_none(step->ahead)) {
        to.state = STEP_SKIPPED;
        to.reason = "date_passed";
    }
    return to;
}

bool step_comes_again(const struct step *step)
{
    return step->repeat || !span_is_none(step->every);
}

bool step_again(const struct planned *planned, struct planned_step *step)
{
    const struct step *rule_step = &planned->rule->steps[step->rule_step];
    struct arena *arena = turn_arena(planned->turn);
    int64_t times = step->times + 1;
    struct dated date = {.why = ""};
    if (rule_step->times && times >= rule_step->times)
        return false;
    if (!rule_step->repeat)
        date.at = next_after(planned, rule_step, step->due_at);
    else if (!step_date(planned, rule_step, planned->plan.occurred_at, turn_now(planned->turn), &date))
        return false;
    *step = place_at(planned, (size_t)step->rule_step, date.at);
    step->times = times;
    step->work = ident_make(arena, planned->plan.site, "%s.%d", ident_local(work_id(planned, step->name)), (int)times + 1);
    step->why = arena_printf(arena, "%s%.350s", date.why, step->why);
    return true;
}
