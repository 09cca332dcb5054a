/* calendar: when a site is open, and arithmetic in its time.
 *
 * All instants are wall_ms; all arithmetic is exact to the millisecond, through daylight-saving changes, holidays
 * and swapped working days. Pure: a calendar does not change after it is parsed. Zones from the system's zone files
 * (zone.h says why not by libical), .ics files by libical. */
#ifndef CARELINE_CALENDAR_H
#define CARELINE_CALENDAR_H

#include "moment.h"
#include "yaml.h"

enum { OPENINGS_PER_DAY_MAX = 8, CALENDAR_DAYS_AHEAD_MAX = 1000 };

/* Openings by weekday, Monday first; minutes of the local day, from < to <= 1440, in order, not touching. */
struct week {
    const char *name;
    bool strict;                    /* a strict window is never left; a preferred one gives way to a deadline */
    struct { int count; struct { int from_min, to_min; } opening[OPENINGS_PER_DAY_MAX]; } day[7];
};

/* A duration as people write it: 90s, 30m, 2h, 3d, 2w. Days and weeks are days, the rest is milliseconds. */
struct span {
    int64_t ms;
    int days;
};

struct calendar;

/* Reads a calendar's YAML (keys: calendar, zone, business, windows, holidays, closed, working_days, holidays_ics; see
 * deploy/calendars/README.md). NULL if there were mistakes. Lives in the arena. */
struct calendar *calendar_parse(struct slice yaml, struct arena *arena, struct mistakes *mistakes);

/* The YAML with the .ics text that its key `holidays` names put inside, so that one text says all. Into the arena. */
struct slice calendar_bundle(struct slice yaml, struct slice ics, struct arena *arena);

/* Always open, UTC: for sites without one. */
const struct calendar *calendar_everyday(void);

const char *calendar_name(const struct calendar *calendar);
const char *calendar_zone(const struct calendar *calendar);
const struct week *calendar_business(const struct calendar *calendar);
/* A window of the site by name, or NULL. */
const struct week *calendar_window(const struct calendar *calendar, const char *name);

/* A week from YAML such as { mon-sat: [10:00-11:30, 15:00-17:30], sun: [], strict: true }. */
bool week_parse(const struct yaml *node, struct week *ret, struct mistakes *mistakes);
/* In words, such as "mon-fri 09:00-13:00; sat 09:00-12:00"; "" if it is never open. Into the arena. */
const char *week_text(const struct week *week, struct arena *arena);
bool span_parse(const char *text, struct span *ret);
const char *span_text(struct arena *arena, struct span span);

/* -------- local time */

struct local_time { int year, month, day, hour, minute, second, milli, weekday /* 0 Monday */, offset_min; };

struct local_time calendar_local(const struct calendar *calendar, wall_ms at);
/* The instant of a local time; one that a daylight-saving change leaves out is the same time after the gap, one that
 * comes twice is the first. */
wall_ms calendar_instant(const struct calendar *calendar, int year, int month, int day, int hour, int minute,
                         int second);
wall_ms calendar_day_start(const struct calendar *calendar, wall_ms at);
int calendar_offset_min(const struct calendar *calendar, wall_ms at);
/* The same local time `days` later (or earlier). */
wall_ms calendar_add_days(const struct calendar *calendar, wall_ms at, int days);
/* Calendar duration: days by local date, ms by the clock. */
wall_ms calendar_add(const struct calendar *calendar, wall_ms at, struct span span);
bool calendar_is_holiday(const struct calendar *calendar, wall_ms at, const char **ret_name);

/* -------- openings */

struct opening { wall_ms from, to; };      /* [from, to) */

/* The opening that contains `at`, else the first after it; false: none within CALENDAR_DAYS_AHEAD_MAX days. */
bool calendar_next_opening(const struct calendar *calendar, const struct week *week, wall_ms at, struct opening *ret);
/* The opening that contains `at - 1 ms`, else the last before `at`. */
bool calendar_last_opening(const struct calendar *calendar, const struct week *week, wall_ms at, struct opening *ret);
bool calendar_is_open(const struct calendar *calendar, const struct week *week, wall_ms at);
/* As "Sat 15:00-17:30", by the site's clock. */
const char *calendar_opening_text(const struct calendar *calendar, struct opening opening, struct arena *arena);

/* -------- business time: the time within the site's business hours */

/* The instant after which `span` of business time has run from `from`: ms within openings; a day is the same clock
 * time on the n-th working day on (moved to the next opening, if closed then). Negative spans go back, and what falls
 * into closed time to the last closing. A span of nothing is `from` itself. Without any opening in
 * CALENDAR_DAYS_AHEAD_MAX days time counts as on a plain clock. */
wall_ms calendar_add_business(const struct calendar *calendar, wall_ms from, struct span span);
wall_ms calendar_sub_business(const struct calendar *calendar, wall_ms from, struct span span);
/* Milliseconds of business time in [from, to). */
int64_t calendar_business_between(const struct calendar *calendar, wall_ms from, wall_ms to);

/* -------- placing a step */

struct placing {
    wall_ms event;                  /* the fact */
    wall_ms now;                    /* never before this */
    struct span after;
    struct span before;             /* zero: no deadline */
    bool business;                  /* spans in business time */
    const struct week *week;        /* NULL: any time */
};

struct placed {
    wall_ms due;
    wall_ms deadline;               /* 0: none */
    struct opening opening;         /* zero without a week */
    bool breach_foreseen;           /* due is past the deadline */
    bool arrived_late;              /* the deadline was past already at `now` */
    const char *why;                /* "event + 1d = …, moved to the next opening (holiday: 清明节) …" */
};

/* event + after, then the next opening at or after it; if none begins before event + before, the last opening between
 * event and deadline; else, unless the window is strict, the business hours before the deadline; else the window's
 * next opening, breach foreseen. What lies before `now` is placed from `now`. */
struct placed calendar_place(const struct calendar *calendar, const struct placing *placing, struct arena *arena);

#endif
