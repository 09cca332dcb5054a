#include "dates.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "civil.h"

enum { OCCURRENCES_MAX = 1000 };    /* looked at for the first that is late enough */

static int64_t day_of(const struct calendar *calendar, wall_ms at)
{
    struct local_time local = calendar_local(calendar, at);
    return civil_day(local.year, local.month, local.day);
}

/* The step's time of day on a day, less `ahead`. */
static wall_ms instant_on(const struct planned *planned, const struct step *step, int64_t day, int minute_of_day)
{
    const struct calendar *calendar = planned->site->calendar;
    struct civil date = civil_date(day);
    wall_ms at = calendar_instant(calendar, date.year, date.month, date.day, minute_of_day / 60, minute_of_day % 60, 0);
    return calendar_add(calendar, at, (struct span){-step->ahead.ms, -step->ahead.days});
}

/* -------- the date itself */

/* What the step's `from` says: text of a form, or an instant in digits. */
static bool date_told(const struct planned *planned, const struct step *step, wall_ms base, wall_ms *ret, bool *ret_yearly)
{
    struct condition_facts facts = planned_facts(planned);
    int month, day, end = 0;
    const char *told = *step->from ? condition_fact(&facts, step->from) : "";
    *ret_yearly = false;
    *ret = base;
    if (!*step->from)
        return true;
    if (!told || !*told)
        return false;
    if (sscanf(told, "%2d-%2d%n", &month, &day, &end) == 2 && end == 5 && !told[end]) {
        *ret = calendar_instant(planned->site->calendar, 2000, month, day, 0, 0, 0);
        *ret_yearly = true;
        return true;
    }
    *ret = strtoll(told, NULL, 10);
    return *ret > 0;
}

static const char *date_in_words(const struct planned *planned, const struct step *step, wall_ms date)
{
    struct arena *arena = turn_arena(planned->turn);
    struct local_time local = calendar_local(planned->site->calendar, date);
    const char *ahead = step->ahead.ms || step->ahead.days ? arena_printf(arena, " - %s", span_text(arena, step->ahead)) : "";
    const char *from = *step->from ? step->from : "every";
    return arena_printf(arena, "%s %04d-%02d-%02d%s: ", from, local.year, local.month, local.day, ahead);
}

/* -------- one that comes again */

static bool occurrence(const struct planned *planned, const struct step *step, const struct recurrence *repeat, int64_t start,
                       int minute, wall_ms after, int64_t *ret_day)
{
    struct span ahead = {step->ahead.ms, step->ahead.days};
    int64_t day = day_of(planned->site->calendar, calendar_add(planned->site->calendar, after, ahead)) - 1;
    for (int i = 0; i < OCCURRENCES_MAX && recurrence_next(repeat, start, day, &day); i++)
        if (instant_on(planned, step, day, minute) > after) {
            *ret_day = day;
            return true;
        }
    return false;
}

bool step_date(const struct planned *planned, const struct step *step, wall_ms base, wall_ms after, struct dated *ret)
{
    const struct calendar *calendar = planned->site->calendar;
    const char *why;
    wall_ms date;
    bool yearly;
    if (!date_told(planned, step, base, &date, &yearly))
        return false;
    const struct recurrence *repeat = step->repeat;
    if (!repeat && yearly)
        repeat = recurrence_parse("yearly", turn_arena(planned->turn), &why);
    struct local_time local = calendar_local(calendar, date);
    int64_t day = civil_day(local.year, local.month, local.day);
    int minute = step->at_min >= 0 ? step->at_min : 0;
    bool timed = step->at_min < 0 && !repeat && *step->from && (local.hour || local.minute);
    if (repeat && !occurrence(planned, step, repeat, day, minute, after, &day))
        return false;
    struct civil civil = civil_date(day);
    wall_ms shown = calendar_instant(calendar, civil.year, civil.month, civil.day, 0, 0, 0);
    ret->at = timed ? calendar_add(calendar, date, (struct span){-step->ahead.ms, -step->ahead.days})
                    : instant_on(planned, step, day, minute);
    ret->passed = calendar_add_days(calendar, ret->at, 1) < turn_now(planned->turn);
    ret->why = date_in_words(planned, step, timed ? date : shown);
    return true;
}
