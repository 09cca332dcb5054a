#include "calendar_inside.h"

/* Instants outside the years 1900 to 9000 are taken as these bounds: they cannot be meant, and must not overflow. */
#define AT_MIN (-2208988800 * SECOND_MS)
#define AT_MAX (221845392000 * SECOND_MS)

static wall_ms within(wall_ms at)
{
    return at < AT_MIN ? AT_MIN : at > AT_MAX ? AT_MAX : at;
}

static int64_t local_ms(const struct calendar *calendar, wall_ms at)
{
    at = within(at);
    return at + calendar->zone.shifts[zone_shift_at(&calendar->zone, at)].offset_ms;
}

static wall_ms instant_of(const struct calendar *calendar, int64_t local)
{
    return zone_instant(&calendar->zone, within(local));
}

int64_t local_day(const struct calendar *calendar, wall_ms at)
{
    return floor_div(local_ms(calendar, at), DAY_MS);
}

wall_ms same_time_on(const struct calendar *calendar, wall_ms at, int64_t day)
{
    int64_t local = local_ms(calendar, at);
    if (floor_div(local, DAY_MS) == day)
        return at;
    return instant_of(calendar, day * DAY_MS + floor_rest(local, DAY_MS));
}

struct local_time calendar_local(const struct calendar *calendar, wall_ms at)
{
    int64_t offset_ms = calendar->zone.shifts[zone_shift_at(&calendar->zone, within(at))].offset_ms;
    int64_t local = within(at) + offset_ms, day = floor_div(local, DAY_MS), rest = floor_rest(local, DAY_MS);
    struct civil date = civil_date(day);
    return (struct local_time){
        .year = date.year, .month = date.month, .day = date.day,
        .hour = (int)(rest / HOUR_MS), .minute = (int)(rest / MINUTE_MS % 60),
        .second = (int)(rest / SECOND_MS % 60), .milli = (int)(rest % SECOND_MS),
        .weekday = civil_weekday(day), .offset_min = (int)floor_div(offset_ms, MINUTE_MS),
    };
}

wall_ms calendar_instant(const struct calendar *calendar, int year, int month, int day, int hour, int minute,
                         int second)
{
    int64_t local = civil_day(year, month, day) * DAY_MS + hour * HOUR_MS + minute * MINUTE_MS + second * SECOND_MS;
    return instant_of(calendar, local);
}

/* The day's first instant: where the clock is put forward at midnight that is not 00:00. */
wall_ms calendar_day_start(const struct calendar *calendar, wall_ms at)
{
    const struct zone *zone = &calendar->zone;
    int64_t begins = local_day(calendar, at) * DAY_MS;
    for (size_t i = zone_shift_at(zone, begins - 2 * DAY_MS);; i++) {
        wall_ms from = begins - zone->shifts[i].offset_ms;
        if (from < zone->shifts[i].from)
            from = zone->shifts[i].from;
        if (from < zone_shift_end(zone, i) && from < begins + DAY_MS - zone->shifts[i].offset_ms)
            return from;
    }
}

int calendar_offset_min(const struct calendar *calendar, wall_ms at)
{
    int64_t offset_ms = calendar->zone.shifts[zone_shift_at(&calendar->zone, within(at))].offset_ms;
    return (int)floor_div(offset_ms, MINUTE_MS);
}

wall_ms calendar_add_days(const struct calendar *calendar, wall_ms at, int days)
{
    return same_time_on(calendar, at, local_day(calendar, at) + days);
}

wall_ms calendar_add(const struct calendar *calendar, wall_ms at, struct span span)
{
    int64_t ms = span.ms < -AT_MAX ? -AT_MAX : span.ms > AT_MAX ? AT_MAX : span.ms;
    return within(within(span.days ? calendar_add_days(calendar, at, span.days) : at) + ms);
}

bool calendar_is_holiday(const struct calendar *calendar, wall_ms at, const char **ret_name)
{
    const struct day_rule *rule = day_rule_of(calendar, local_day(calendar, at));
    if (!rule || rule->pattern != PATTERN_CLOSED)
        return false;
    if (ret_name)
        *ret_name = rule->name;
    return true;
}
