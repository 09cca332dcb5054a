/* recurrence: days that come again, by rules as calendars exchange them (RFC 5545 RRULE, by libical). Pure. */
#ifndef CARELINE_RECURRENCE_H
#define CARELINE_RECURRENCE_H

#include "calendar.h"

struct recurrence;

/* Reads daily, weekly, monthly, yearly, or a rule such as FREQ=MONTHLY;BYMONTHDAY=18 by days or more. NULL with what is
 * wrong in *ret_why. Lives in the arena. `yearly` is an anniversary: 29 February comes on the 28th in other years. */
const struct recurrence *recurrence_parse(const char *text, struct arena *arena, const char **ret_why);

/* The first day after `after` (days since 1970-01-01) on which it comes again; `start` is the first day there can be, and
 * gives what the rule leaves open (weekday, day of the month, of the year). false: never, or not within 50 years. */
bool recurrence_next(const struct recurrence *recurrence, int64_t start, int64_t after, int64_t *ret_day);

#endif
