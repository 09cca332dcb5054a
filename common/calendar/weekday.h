/* weekday: names of days of the week and ranges of times of day, as people write them in configuration. */
#ifndef CARELINE_WEEKDAY_H
#define CARELINE_WEEKDAY_H

#include <stdbool.h>
#include <stddef.h>

/* mon … sun, NULL */
extern const char *const weekday_short[8];

/* 0 for "mon" to 6 for "sun"; -1: none. */
int weekday_find(const char *name, size_t bytes);

/* "10:00-11:30" in minutes of the day, 0 to 1440 each, in any order. false leaves both alone. */
bool clock_range_parse(const char *text, int *ret_from_min, int *ret_to_min);

#endif
