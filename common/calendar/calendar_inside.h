/* calendar_inside: what a calendar is made of; only for the calendar's own files and their tests. */
#ifndef CARELINE_CALENDAR_INSIDE_H
#define CARELINE_CALENDAR_INSIDE_H

#include "calendar.h"
#include "civil.h"
#include "zone.h"

enum { PATTERN_CLOSED = -1, DAY_RULES_MAX = 20000, WINDOWS_MAX = 64, HOLIDAY_NAME_BYTES_MAX = 64 };

/* A date on which the week's usual pattern does not count: closed, or worked as if it were another day of the week. */
struct day_rule {
    int64_t day;                    /* since 1970-01-01 */
    int pattern;                    /* PATTERN_CLOSED, or 0 Monday to 6 Sunday */
    const char *name;
};

struct calendar {
    const char *name;
    struct zone zone;
    struct week business;
    size_t window_count;
    struct week *windows;
    size_t day_count;
    struct day_rule *days;          /* by day, each once */
};

/* The rules while they are gathered; of two for one day the later counts. */
struct day_rules {
    struct arena *arena;
    size_t count, room;
    struct day_rule *at;
};

/* false: over DAY_RULES_MAX. `name` is copied and shortened to HOLIDAY_NAME_BYTES_MAX. */
bool day_rules_add(struct day_rules *rules, int64_t day, int pattern, const char *name);
/* In order of days, each once; takes them over into the calendar. */
void day_rules_finish(struct day_rules *rules, struct calendar *calendar);
/* Dates as YAML: a list of dates, or a map from date to name (closed) or to weekday (worked). */
void day_rules_read(const struct yaml *node, bool working, struct day_rules *rules, struct mistakes *mistakes);
/* The events of an iCalendar text. */
void day_rules_read_ics(const struct yaml *node, struct day_rules *rules, struct mistakes *mistakes);

/* -------- days and their openings */

enum { DAY_OPENINGS_MAX = 4 * OPENINGS_PER_DAY_MAX };      /* a day may see its clock changed */

/* The local day on which `at` lies; the instant is first brought into the years that calendars know. */
int64_t local_day(const struct calendar *calendar, wall_ms at);
/* The pattern of a day, 0 to 6, or PATTERN_CLOSED. */
int day_pattern(const struct calendar *calendar, int64_t day);
const struct day_rule *day_rule_of(const struct calendar *calendar, int64_t day);
/* Is there any opening on that day? */
bool day_worked(const struct calendar *calendar, const struct week *week, int64_t day);
/* The openings of a local day, in order: when the zone's clock shows a time of that day that is within the week's
 * openings. A time that the clock shows twice is open twice. */
int day_openings(const struct calendar *calendar, const struct week *week, int64_t day, struct opening *ret);
/* Same local time of day on another day. */
wall_ms same_time_on(const struct calendar *calendar, wall_ms at, int64_t day);

#endif
