/* calendar_oracle: the calendar's answers found the slow way. The C library says what the clock of a zone shows in each
 * minute of a period; a naive rule says whether that minute is open; everything else is walking from minute to minute.
 * Shares no code with the calendar. */
#ifndef CARELINE_CALENDAR_ORACLE_H
#define CARELINE_CALENDAR_ORACLE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

enum { PERIOD_DAYS = 400, PERIOD_MINUTES = PERIOD_DAYS * 1440, OUTSIDE = -1, WEEK_OPENINGS_MAX = 4 };
#define A_MINUTE 60000ll

/* What the clock of a zone shows, minute by minute. */
struct clock_period {
    const char *zone;
    int64_t start_ms;               /* of minute 0 */
    int *date;                      /* days since 1970-01-01 by the local date */
    short *minute;                  /* of the day */
};

struct naive_week { bool strict; int count[7]; int from[7][WEEK_OPENINGS_MAX], to[7][WEEK_OPENINGS_MAX]; };

struct naive_calendar {
    struct clock_period *period;
    struct naive_week week[2];      /* 0 business, 1 window */
    signed char pattern[PERIOD_DAYS + 8];      /* by local date from first_date: 0 Monday … 6, -1 closed */
    int first_date;
    unsigned char *open[2];         /* by minute: 0 closed, else tells openings apart */
};

static inline void period_fill(struct clock_period *p, const char *zone, int64_t start_ms)
{
    setenv("TZ", zone, 1);
    tzset();
    p->zone = zone;
    p->start_ms = start_ms;
    p->date = calloc(PERIOD_MINUTES, sizeof *p->date);
    p->minute = calloc(PERIOD_MINUTES, sizeof *p->minute);
    for (int i = 0; i < PERIOD_MINUTES; i++) {
        struct tm tm;
        time_t at = start_ms / 1000 + (int64_t)i * 60;
        localtime_r(&at, &tm);
        p->minute[i] = (short)(tm.tm_hour * 60 + tm.tm_min);
        struct tm noon = {.tm_year = tm.tm_year, .tm_mon = tm.tm_mon, .tm_mday = tm.tm_mday, .tm_hour = 12};
        p->date[i] = (int)(timegm(&noon) / 86400);
    }
}

static inline int naive_pattern(const struct naive_calendar *c, int date)
{
    int index = date - c->first_date;
    return index >= 0 && index < PERIOD_DAYS + 8 ? c->pattern[index] : (date + 3) % 7;
}

static inline int naive_label(const struct naive_calendar *c, int week, int minute)
{
    int date = c->period->date[minute], clock = c->period->minute[minute], pattern = naive_pattern(c, date);
    const struct naive_week *w = &c->week[week];
    for (int i = 0; pattern >= 0 && i < w->count[pattern]; i++)
        if (clock >= w->from[pattern][i] && clock < w->to[pattern][i])
            return 1 + date % 4 * 8 + i;
    return 0;
}

static inline void naive_fill(struct naive_calendar *c)
{
    for (int week = 0; week < 2; week++)
        for (int i = 0; i < PERIOD_MINUTES; i++)
            c->open[week][i] = (unsigned char)naive_label(c, week, i);
}

static inline bool date_worked(const struct naive_calendar *c, int date)
{
    int pattern = naive_pattern(c, date);
    return pattern >= 0 && c->week[0].count[pattern] > 0;
}

static inline int64_t start_of(const struct naive_calendar *c, int64_t minute)
{
    return c->period->start_ms + minute * A_MINUTE;
}

static inline int64_t minute_of(const struct naive_calendar *c, int64_t at)
{
    return (at - c->period->start_ms) / A_MINUTE;
}

static inline bool inside(int64_t minute)
{
    return minute >= 0 && minute < PERIOD_MINUTES;
}

static inline bool naive_is_open(const struct naive_calendar *c, int week, int64_t at)
{
    return c->open[week][minute_of(c, at)] != 0;
}

/* -------- openings */

struct naive_opening { int64_t from, to; };

/* The run of minutes with one label around an open minute. */
static inline bool naive_run(const struct naive_calendar *c, int week, int64_t minute, struct naive_opening *ret)
{
    const unsigned char *open = c->open[week];
    int64_t first = minute, last = minute;
    while (inside(first - 1) && open[first - 1] == open[minute])
        first--;
    while (inside(last + 1) && open[last + 1] == open[minute])
        last++;
    *ret = (struct naive_opening){start_of(c, first), start_of(c, last + 1)};
    return inside(first - 1) && inside(last + 1);
}

static inline bool naive_next(const struct naive_calendar *c, int week, int64_t at, struct naive_opening *ret)
{
    int64_t minute = minute_of(c, at);
    while (inside(minute) && !c->open[week][minute])
        minute++;
    return inside(minute) && naive_run(c, week, minute, ret);
}

static inline bool naive_last(const struct naive_calendar *c, int week, int64_t at, struct naive_opening *ret)
{
    int64_t minute = minute_of(c, at - 1);
    while (inside(minute) && !c->open[week][minute])
        minute--;
    return inside(minute) && naive_run(c, week, minute, ret);
}

/* -------- business time */

static inline int64_t naive_run_forward(const struct naive_calendar *c, int64_t at, int64_t left_ms)
{
    for (int64_t minute = minute_of(c, at); left_ms > 0; at = start_of(c, ++minute)) {
        if (!inside(minute))
            return OUTSIDE;
        int64_t room = c->open[0][minute] ? start_of(c, minute + 1) - at : 0;
        if (room && left_ms <= room)
            return at + left_ms;
        left_ms -= room;
    }
    return at;
}

static inline int64_t naive_run_back(const struct naive_calendar *c, int64_t at, int64_t left_ms)
{
    for (int64_t minute = minute_of(c, at - 1); left_ms > 0; at = start_of(c, minute--)) {
        if (!inside(minute))
            return OUTSIDE;
        int64_t room = c->open[0][minute] ? at - start_of(c, minute) : 0;
        if (room && left_ms <= room)
            return at - left_ms;
        left_ms -= room;
    }
    return at;
}

static inline int64_t naive_between(const struct naive_calendar *c, int64_t from, int64_t to)
{
    int64_t sum = 0;
    while (from < to) {
        int64_t minute = minute_of(c, from), end = start_of(c, minute + 1) < to ? start_of(c, minute + 1) : to;
        sum += c->open[0][minute] ? end - from : 0;
        from = end;
    }
    return sum;
}

/* The first instant at which the clock shows a date and time; if it never does, as long after the last minute before as
 * the clock would have taken. */
static inline int64_t naive_instant(const struct naive_calendar *c, int date, int clock, int64_t rest_ms, int64_t near)
{
    const struct clock_period *p = c->period;
    int64_t wanted = date * 1440ll + clock, minute = minute_of(c, near);
    while (inside(minute) && p->date[minute] * 1440ll + p->minute[minute] >= wanted)
        minute--;
    minute -= 2880;                 /* an hour that comes twice: surely before both */
    while (inside(minute) && p->date[minute] * 1440ll + p->minute[minute] < wanted)
        minute++;
    if (!inside(minute) || !inside(minute - 1))
        return OUTSIDE;
    if (p->date[minute] * 1440ll + p->minute[minute] == wanted)
        return start_of(c, minute) + rest_ms;
    int64_t before = p->date[minute - 1] * 1440ll + p->minute[minute - 1];
    return start_of(c, minute - 1) + (wanted - before) * A_MINUTE + rest_ms;
}

/* The same clock time on another date. */
static inline int64_t naive_on_date(const struct naive_calendar *c, int64_t at, int date)
{
    int64_t minute = minute_of(c, at), rest_ms = at - start_of(c, minute);
    int days = date - c->period->date[minute];
    if (!days)
        return at;
    return inside(minute + days * 1440ll)
               ? naive_instant(c, date, c->period->minute[minute], rest_ms, at + days * 86400000ll)
               : OUTSIDE;
}

static inline int64_t naive_add_working_days(const struct naive_calendar *c, int64_t at, int days)
{
    int date = c->period->date[minute_of(c, at)], step = days < 0 ? -1 : 1;
    for (int left = days * step; left > 0; left -= date_worked(c, date)) {
        date += step;
        if (date < c->first_date || date >= c->first_date + PERIOD_DAYS)
            return OUTSIDE;
    }
    int64_t on = naive_on_date(c, at, date), minute = minute_of(c, on);
    if (on == OUTSIDE || !inside(minute))
        return OUTSIDE;
    if (c->open[0][minute])
        return on;
    if (days < 0)
        minute = minute_of(c, on - 1);
    while (inside(minute) && !c->open[0][minute])
        minute += step;
    return inside(minute) ? start_of(c, minute + (days < 0)) : OUTSIDE;
}

/* Forward or back by working days, then by milliseconds. */
static inline int64_t naive_add_business(const struct naive_calendar *c, int64_t at, int64_t ms, int days)
{
    if (days)
        at = naive_add_working_days(c, at, days);
    if (at == OUTSIDE)
        return OUTSIDE;
    return ms < 0 ? naive_run_back(c, at, -ms) : naive_run_forward(c, at, ms);
}

#endif
