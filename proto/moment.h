/* moment: the two kinds of time, which never mix.
 *
 * wall_ms: milliseconds since 1970-01-01T00:00:00Z, for what is due and what happened. 0 means "none".
 * mono_ms: milliseconds of a clock that only goes forward, for intervals, leases and timeouts. */
#ifndef CARELINE_MOMENT_H
#define CARELINE_MOMENT_H

#include <stdint.h>

typedef int64_t wall_ms;
typedef struct { int64_t ms; } mono_ms;

#define SECOND_MS ((int64_t)1000)
#define MINUTE_MS (60 * SECOND_MS)
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_MS (24 * HOUR_MS)

/* Days since 1970-01-01 of a date of the Gregorian calendar, and back. A day past its month's end runs into the next. */
int64_t moment_day(int64_t year, int month, int day);
void moment_date(int64_t days, int *year, int *month, int *day);

#endif
