/* zone: a time zone as a table of its offsets, read once from the system's zone files (RFC 8536), then pure look-ups.
 *
 * Not by libical's zones: measured against the C library they are wrong for some zones (3.0.16: America/Sao_Paulo in
 * 2014, Asia/Tehran in 1992, Australia/Lord_Howe from 2038 on), because it squeezes the tables into yearly rules. */
#ifndef CARELINE_ZONE_H
#define CARELINE_ZONE_H

#include <stdbool.h>

#include "arena.h"
#include "moment.h"

/* From this instant on the zone's clock is `offset_ms` ahead of UTC. */
struct shift {
    wall_ms from;
    int64_t offset_ms;
};

/* The first shift is from INT64_MIN. Complete up to ZONE_YEAR_MAX; later the last offset goes on. */
struct zone {
    const char *name;
    size_t count;
    const struct shift *shifts;
};

enum { ZONE_YEAR_MAX = 2200, ZONE_SHIFTS_MAX = 2000 };

/* false with what is wrong ("no such zone", "damaged") in *ret_why. */
bool zone_read(const char *name, struct arena *arena, struct zone *ret, const char **ret_why);

/* Index of the shift in force. */
size_t zone_shift_at(const struct zone *zone, wall_ms at);

/* Where a shift ends; INT64_MAX for the last. */
static inline wall_ms zone_shift_end(const struct zone *zone, size_t index)
{
    return index + 1 < zone->count ? zone->shifts[index + 1].from : INT64_MAX;
}

/* The instant at which the zone's clock shows `local_ms` (milliseconds since 1970-01-01T00:00 by that clock): the
 * first, if there are two; if it is left out, as if the clock had not been put forward. */
wall_ms zone_instant(const struct zone *zone, int64_t local_ms);

/* The yearly rule that ends a zone file, as CET-1CEST,M3.5.0,M10.5.0/3. */
struct zone_rule {
    int64_t standard_sec, summer_sec;       /* ahead of UTC */
    bool has_summer;
    struct rule_date { char kind; int month, week, day; int64_t at_sec; } begins, ends;
};

bool zone_rule_parse(const char *text, struct zone_rule *ret);
/* When summer time begins and ends in a year, in seconds since 1970 UTC. */
int64_t zone_rule_begins(const struct zone_rule *rule, int year);
int64_t zone_rule_ends(const struct zone_rule *rule, int year);

#endif
