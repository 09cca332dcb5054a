/* cell_values: what front desks type, read. Pure. */
#ifndef CARELINE_CELL_VALUES_H
#define CARELINE_CELL_VALUES_H

#include <stdbool.h>
#include <stdint.h>

#include "arena.h"

/* Full-width letters, digits, signs and spaces (U+FF01 to U+FF5E, U+3000) as ASCII; blanks at both ends taken off. */
const char *cell_fold(struct arena *arena, const char *cell);

struct cell_date {
    int year, month, day;
    bool has_time;
    int hour, minute, second;
};

/* 2026-03-16 15:26, 2026/3/7 9:05:30, 2026年3月7日 16:54, 2026.3.7, 202603071654, 20260307, 2026-03-07T16:54. The day must
 * exist, years 1971 to 2199. false leaves *ret alone. */
bool cell_date(const char *cell, struct cell_date *ret);

/* A phone number as digits: mobile (11 digits from 1), with or without +86, blanks, dashes; land line with its area code
 * (10 to 12 digits from 0); service number (400 or 800, 10 digits); other countries with + and 8 to 15 digits. NULL: none. */
const char *cell_phone(struct arena *arena, const char *cell);

/* An amount with up to two decimals, thousands commas and a currency sign allowed, as hundredths. false: none. */
bool cell_money(const char *cell, int64_t *ret_cents);

#endif
