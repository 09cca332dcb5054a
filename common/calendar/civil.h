/* civil: the Gregorian calendar as numbers of days since 1970-01-01, years 1 to 9999. */
#ifndef CARELINE_CIVIL_H
#define CARELINE_CIVIL_H

#include <stdbool.h>
#include <stdint.h>

struct civil { int year, month, day; };

/* Days since 1970-01-01 of a date; month 1 to 12, day from 1 (one past the month's end runs into the next). */
int64_t civil_day(int year, int month, int day);
struct civil civil_date(int64_t day);
bool civil_valid(int year, int month, int day);
/* 0 is Monday. */
int civil_weekday(int64_t day);
/* "YYYY-MM-DD"; `text` may go on after it. false leaves *ret_day alone. */
bool civil_parse(const char *text, int64_t *ret_day);

/* Division that rounds down, and its remainder, never negative. */
static inline int64_t floor_div(int64_t value, int64_t by)
{
    return value / by - (value % by < 0);
}

static inline int64_t floor_rest(int64_t value, int64_t by)
{
    return value - floor_div(value, by) * by;
}

#endif
