#include "calendar_inside.h"

enum { DAYS_COUNTED_MAX = 36525 };      /* business time is counted over a hundred years at most */

/* -------- milliseconds within openings */

static wall_ms run_forward(const struct calendar *calendar, wall_ms from, int64_t left_ms)
{
    struct opening o;
    while (left_ms > 0) {
        if (!calendar_next_opening(calendar, &calendar->business, from, &o))
            return from + left_ms;
        wall_ms start = o.from > from ? o.from : from;
        if (left_ms <= o.to - start)
            return start + left_ms;
        left_ms -= o.to - start;
        from = o.to;
    }
    return from;
}

static wall_ms run_back(const struct calendar *calendar, wall_ms from, int64_t left_ms)
{
    struct opening o;
    while (left_ms > 0) {
        if (!calendar_last_opening(calendar, &calendar->business, from, &o))
            return from - left_ms;
        wall_ms end = o.to < from ? o.to : from;
        if (left_ms <= end - o.from)
            return end - left_ms;
        left_ms -= end - o.from;
        from = o.from;
    }
    return from;
}

/* -------- working days */

/* The n-th working day after `day` (before it, if n is negative); without any for CALENDAR_DAYS_AHEAD_MAX days, n
 * days. */
static int64_t working_day(const struct calendar *calendar, int64_t day, int n)
{
    int step = n < 0 ? -1 : 1, idle = 0;
    int64_t at = day;
    for (int left = n * step; left > 0;) {
        at += step;
        if (day_worked(calendar, &calendar->business, at)) {
            left--;
            idle = 0;
        } else if (++idle > CALENDAR_DAYS_AHEAD_MAX) {
            return day + n;
        }
    }
    return at;
}

/* Same clock time n working days on; in closed time moved on to the next opening, or going back to the last
 * closing. */
static wall_ms add_working_days(const struct calendar *calendar, wall_ms from, int days)
{
    struct opening o;
    int64_t day = working_day(calendar, local_day(calendar, from), days);
    wall_ms at = same_time_on(calendar, from, day);
    if (calendar_is_open(calendar, &calendar->business, at))
        return at;
    if (days > 0)
        return calendar_next_opening(calendar, &calendar->business, at, &o) ? o.from : at;
    return calendar_last_opening(calendar, &calendar->business, at, &o) ? o.to : at;
}

static int64_t within(int64_t value, int64_t most)
{
    return value > most ? most : value < -most ? -most : value;
}

wall_ms calendar_add_business(const struct calendar *calendar, wall_ms from, struct span span)
{
    int days = (int)within(span.days, DAYS_COUNTED_MAX);
    int64_t ms = within(span.ms, DAYS_COUNTED_MAX * DAY_MS);
    if (days)
        from = add_working_days(calendar, from, days);
    return ms < 0 ? run_back(calendar, from, -ms) : run_forward(calendar, from, ms);
}

wall_ms calendar_sub_business(const struct calendar *calendar, wall_ms from, struct span span)
{
    int64_t ms = within(span.ms, DAYS_COUNTED_MAX * DAY_MS);
    return calendar_add_business(calendar, from, (struct span){-ms, -(int)within(span.days, DAYS_COUNTED_MAX)});
}

int64_t calendar_business_between(const struct calendar *calendar, wall_ms from, wall_ms to)
{
    struct opening of_day[DAY_OPENINGS_MAX];
    int64_t sum = 0;
    if (from >= to)
        return 0;
    int64_t first = local_day(calendar, from) - 1, last = local_day(calendar, to) + 1;
    last = last > first + DAYS_COUNTED_MAX ? first + DAYS_COUNTED_MAX : last;
    for (int64_t day = first; day <= last; day++) {
        int count = day_openings(calendar, &calendar->business, day, of_day);
        for (int i = 0; i < count; i++) {
            wall_ms start = of_day[i].from > from ? of_day[i].from : from;
            wall_ms end = of_day[i].to < to ? of_day[i].to : to;
            sum += end > start ? end - start : 0;
        }
    }
    return sum;
}
