#include "zone.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "civil.h"

enum { ZONE_FILE_BYTES_MAX = 256 * 1024, HEADER_BYTES = 44, FOOTER_BYTES_MAX = 128 };

/* Instants further off than this do not occur (years -290 to 9999). */
static const int64_t far_sec = INT64_C(253402300799);

struct file_counts { uint32_t utc, standard, leap, time, type, letter; };

struct growing {
    struct shift *shifts;
    size_t count;
};

static int64_t big_endian(const uint8_t *at, int bytes)
{
    uint64_t value = bytes == 4 && (at[0] & 0x80) ? UINT64_MAX : 0;
    for (int i = 0; i < bytes; i++)
        value = value << 8 | at[i];
    return (int64_t)value;
}

/* -------- the file */

/* A name such as Asia/Shanghai; nothing that could lead out of the zone directory. */
static bool name_allowed(const char *name)
{
    if (!*name || strlen(name) > 64 || *name == '/' || strstr(name, "..") || strstr(name, "//"))
        return false;
    return strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/") == strlen(name);
}

static FILE *zone_open(const char *name)
{
    char path[512];
    const char *directory = getenv("TZDIR");
    snprintf(path, sizeof path, "%s/%s", directory && *directory ? directory : "/usr/share/zoneinfo", name);
    return fopen(path, "rbe");
}

static bool zone_bytes(const char *name, struct arena *arena, struct slice *ret)
{
    FILE *file = name_allowed(name) ? zone_open(name) : NULL;
    if (!file)
        return false;
    uint8_t *at = arena_alloc(arena, ZONE_FILE_BYTES_MAX);
    size_t bytes = fread(at, 1, ZONE_FILE_BYTES_MAX, file);
    fclose(file);
    *ret = (struct slice){at, bytes};
    return bytes > 0 && bytes < ZONE_FILE_BYTES_MAX;
}

static bool read_header(struct slice *from, struct file_counts *ret)
{
    const uint8_t *at = from->at;
    if (from->bytes < HEADER_BYTES || memcmp(at, "TZif", 4) || at[4] < '2')
        return false;
    uint32_t *counts[] = {&ret->utc, &ret->standard, &ret->leap, &ret->time, &ret->type, &ret->letter};
    for (size_t i = 0; i < 6; i++)
        *counts[i] = (uint32_t)big_endian(at + 20 + 4 * i, 4);
    from->at += HEADER_BYTES;
    from->bytes -= HEADER_BYTES;
    return ret->time < ZONE_SHIFTS_MAX && ret->type && ret->type <= 256 && ret->letter < 65536 && ret->leap < 4096 &&
           ret->utc <= 256 && ret->standard <= 256;
}

/* Bytes of a block of data with instants of `wide` bytes. */
static size_t block_bytes(const struct file_counts *n, size_t wide)
{
    return n->time * (wide + 1) + n->type * 6 + n->letter + n->leap * (wide + 4) + n->standard + n->utc;
}

/* -------- the table */

static void add_shift(struct growing *to, int64_t from_sec, int64_t offset_sec)
{
    from_sec = from_sec < -far_sec ? -far_sec : from_sec;
    if (to->count == ZONE_SHIFTS_MAX || (to->count && to->shifts[to->count - 1].offset_ms == offset_sec * SECOND_MS))
        return;
    to->shifts[to->count++] = (struct shift){to->count ? from_sec * SECOND_MS : INT64_MIN, offset_sec * SECOND_MS};
}

/* The file's own transitions. Returns the last instant. false: damaged. */
static bool add_listed(struct growing *to, const uint8_t *at, const struct file_counts *n, int64_t *ret_last)
{
    const uint8_t *kinds = at + n->time * 8, *types = kinds + n->time;
    add_shift(to, INT64_MIN / SECOND_MS, big_endian(types, 4));
    for (size_t i = 0; i < n->time; i++) {
        int64_t from = big_endian(at + 8 * i, 8);
        if (kinds[i] >= n->type || from > far_sec || (i && from <= *ret_last))
            return false;
        add_shift(to, from, big_endian(types + 6 * kinds[i], 4));
        *ret_last = from;
    }
    return true;
}

/* What the yearly rule goes on with after the last listed transition. */
static void add_yearly(struct growing *to, const struct zone_rule *rule, int64_t last)
{
    if (!rule->has_summer) {
        add_shift(to, last + 1, rule->standard_sec);
        return;
    }
    int64_t day = floor_div(last < -far_sec ? -far_sec : last, 86400);
    int first = day < civil_day(1970, 1, 1) ? 1970 : civil_date(day).year;
    for (int year = first; year <= ZONE_YEAR_MAX; year++) {
        struct { int64_t at, offset; } turns[2] = {{zone_rule_begins(rule, year), rule->summer_sec},
                                                   {zone_rule_ends(rule, year), rule->standard_sec}};
        int earlier = turns[1].at < turns[0].at;
        for (int i = 0; i < 2; i++) {
            int64_t at = turns[i ^ earlier].at;
            if (at > last)
                add_shift(to, at, turns[i ^ earlier].offset);
        }
    }
}

/* "\n", the rule, "\n" at the end of the file; an empty one means that the last offset stays. */
static bool add_footer(struct growing *to, struct slice rest, int64_t last)
{
    char text[FOOTER_BYTES_MAX] = "";
    if (rest.bytes < 2 || rest.bytes > sizeof text || rest.at[0] != '\n' || rest.at[rest.bytes - 1] != '\n')
        return false;
    memcpy(text, rest.at + 1, rest.bytes - 2);
    struct zone_rule rule;
    if (!*text)
        return true;
    if (!zone_rule_parse(text, &rule))
        return false;
    add_yearly(to, &rule, last);
    return true;
}

static bool read_table(struct slice file, struct growing *to)
{
    struct file_counts n;
    if (!read_header(&file, &n) || file.bytes < block_bytes(&n, 4))
        return false;
    file.at += block_bytes(&n, 4);
    file.bytes -= block_bytes(&n, 4);
    if (!read_header(&file, &n) || n.leap || file.bytes < block_bytes(&n, 8))
        return false;
    int64_t last = INT64_MIN;
    if (!add_listed(to, file.at, &n, &last))
        return false;
    file.at += block_bytes(&n, 8);
    file.bytes -= block_bytes(&n, 8);
    return add_footer(to, file, last);
}

bool zone_read(const char *name, struct arena *arena, struct zone *ret, const char **ret_why)
{
    struct arena *scratch = arena_new();
    struct slice file;
    struct growing table = {arena_alloc(scratch, ZONE_SHIFTS_MAX * sizeof *table.shifts), 0};
    *ret_why = NULL;
    if (!zone_bytes(name, scratch, &file))
        *ret_why = "no such time zone on this machine";
    else if (!read_table(file, &table))
        *ret_why = "the zone file of this machine cannot be read";
    else
        *ret = (struct zone){arena_string(arena, name), table.count,
                             arena_copy(arena, table.shifts, table.count * sizeof *table.shifts)};
    arena_free(&scratch);
    return !*ret_why;
}

/* -------- look-ups */

size_t zone_shift_at(const struct zone *zone, wall_ms at)
{
    size_t low = 0, high = zone->count;
    assert(zone->count);
    if (zone->shifts[high - 1].from <= at)          /* many zones have not been shifted for years */
        return high - 1;
    while (high - low > 1) {
        size_t middle = (low + high) / 2;
        if (zone->shifts[middle].from <= at)
            low = middle;
        else
            high = middle;
    }
    return low;
}

wall_ms zone_instant(const struct zone *zone, int64_t local_ms)
{
    size_t i = zone_shift_at(zone, local_ms - 2 * DAY_MS);
    wall_ms before = local_ms - zone->shifts[i].offset_ms;
    for (;; i++) {
        wall_ms at = local_ms - zone->shifts[i].offset_ms;
        if (at < zone_shift_end(zone, i))
            return at >= zone->shifts[i].from ? at : before;
        before = at;
    }
}
