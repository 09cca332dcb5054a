#include <assert.h>

#include "calendar_inside.h"

const struct day_rule *day_rule_of(const struct calendar *calendar, int64_t day)
{
    size_t low = 0, high = calendar->day_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (calendar->days[middle].day == day)
            return &calendar->days[middle];
        if (calendar->days[middle].day < day)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

int day_pattern(const struct calendar *calendar, int64_t day)
{
    const struct day_rule *rule = day_rule_of(calendar, day);
    return rule ? rule->pattern : civil_weekday(day);
}

bool day_worked(const struct calendar *calendar, const struct week *week, int64_t day)
{
    int pattern = day_pattern(calendar, day);
    return pattern != PATTERN_CLOSED && week->day[pattern].count > 0;
}

static wall_ms later(wall_ms a, wall_ms b)
{
    return a > b ? a : b;
}

static wall_ms earlier(wall_ms a, wall_ms b)
{
    return a < b ? a : b;
}

/* Puts together the day's openings as one state of the zone's clock shows them; one that goes on from the state before
 * is the same opening. */
static int add_openings(const struct week *week, int pattern, int64_t midnight, wall_ms from, wall_ms to, int count,
                        struct opening *ret, int *last_index)
{
    for (int i = 0; i < week->day[pattern].count; i++) {
        struct opening o = {later(from, midnight + week->day[pattern].opening[i].from_min * MINUTE_MS),
                            earlier(to, midnight + week->day[pattern].opening[i].to_min * MINUTE_MS)};
        if (o.from >= o.to)
            continue;
        if (count && *last_index == i && ret[count - 1].to == o.from)
            ret[count - 1].to = o.to;
        else if (count < DAY_OPENINGS_MAX)
            ret[count++] = o;
        *last_index = i;
    }
    return count;
}

int day_openings(const struct calendar *calendar, const struct week *week, int64_t day, struct opening *ret)
{
    const struct zone *zone = &calendar->zone;
    int pattern = day_pattern(calendar, day), count = 0, last_index = -1;
    if (pattern == PATTERN_CLOSED || !week->day[pattern].count)
        return 0;
    int64_t midnight = day * DAY_MS;
    for (size_t i = zone_shift_at(zone, midnight - 2 * DAY_MS); i < zone->count; i++) {
        if (zone->shifts[i].from > midnight + 3 * DAY_MS)
            break;
        count = add_openings(week, pattern, midnight - zone->shifts[i].offset_ms, zone->shifts[i].from,
                             zone_shift_end(zone, i), count, ret, &last_index);
    }
    return count;
}

/* The day's opening with the least start among those that end after `at`. */
static bool first_after(const struct calendar *calendar, const struct week *week, int64_t day, wall_ms at,
                        struct opening *ret)
{
    struct opening of_day[DAY_OPENINGS_MAX];
    int count = day_openings(calendar, week, day, of_day);
    for (int i = 0; i < count; i++)
        if (of_day[i].to > at) {
            *ret = of_day[i];
            return true;
        }
    return false;
}

static bool last_before(const struct calendar *calendar, const struct week *week, int64_t day, wall_ms at,
                        struct opening *ret)
{
    struct opening of_day[DAY_OPENINGS_MAX];
    for (int i = day_openings(calendar, week, day, of_day); i-- > 0;)
        if (of_day[i].from < at) {
            *ret = of_day[i];
            return true;
        }
    return false;
}

/* Days may overlap by the hour that a clock is put back at midnight: so it begins a day early and looks one day on. */
bool calendar_next_opening(const struct calendar *calendar, const struct week *week, wall_ms at, struct opening *ret)
{
    int64_t first = local_day(calendar, at) - 1;
    struct opening other;
    for (int64_t day = first; day <= first + CALENDAR_DAYS_AHEAD_MAX + 1; day++) {
        if (!first_after(calendar, week, day, at, ret))
            continue;
        if (first_after(calendar, week, day + 1, at, &other) && other.from < ret->from)
            *ret = other;
        return true;
    }
    return false;
}

bool calendar_last_opening(const struct calendar *calendar, const struct week *week, wall_ms at, struct opening *ret)
{
    int64_t last = local_day(calendar, at) + 1;
    struct opening other;
    for (int64_t day = last; day >= last - CALENDAR_DAYS_AHEAD_MAX - 1; day--) {
        if (!last_before(calendar, week, day, at, ret))
            continue;
        if (last_before(calendar, week, day - 1, at, &other) && other.from > ret->from)
            *ret = other;
        return true;
    }
    return false;
}

bool calendar_is_open(const struct calendar *calendar, const struct week *week, wall_ms at)
{
    struct local_time t = calendar_local(calendar, at);
    int pattern = day_pattern(calendar, local_day(calendar, at)), minute = t.hour * 60 + t.minute;
    if (pattern == PATTERN_CLOSED)
        return false;
    for (int i = 0; i < week->day[pattern].count; i++)
        if (minute >= week->day[pattern].opening[i].from_min && minute < week->day[pattern].opening[i].to_min)
            return true;
    return false;
}
