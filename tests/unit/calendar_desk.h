/* calendar_desk: what the tests of calendars share: an arena, calendars from texts and files, times as texts. */
#ifndef CARELINE_CALENDAR_DESK_H
#define CARELINE_CALENDAR_DESK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "calendar.h"

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

static struct arena *arena;
static struct mistakes mistakes;

static inline struct slice slice_of(const char *text)
{
    return (struct slice){(const uint8_t *)text, strlen(text)};
}

static inline const struct calendar *parse(const char *text)
{
    mistakes = (struct mistakes){.file = "c.yaml", .arena = arena};
    return calendar_parse(slice_of(text), arena, &mistakes);
}

static inline const struct calendar *good(const char *text)
{
    const struct calendar *calendar = parse(text);
    if (!calendar)
        fail_msg("%s", mistakes.lines[0]);
    return calendar;
}

static inline struct slice file(const char *path)
{
    FILE *from = fopen(path, "rb");
    if (!from)
        fail_msg("%s: run this from the top of the repository", path);
    char *at = arena_alloc(arena, 65536);
    size_t bytes = fread(at, 1, 65536, from);
    fclose(from);
    return (struct slice){(uint8_t *)at, bytes};
}

static inline const struct calendar *sample(void)
{
    mistakes = (struct mistakes){.file = "sample.yaml", .arena = arena};
    struct slice whole = calendar_bundle(file("deploy/calendars/sample.yaml"), file("deploy/calendars/china-2026.ics"),
        arena);
    const struct calendar *calendar = calendar_parse(whole, arena, &mistakes);
    if (!calendar)
        fail_msg("%s", mistakes.lines[0]);
    return calendar;
}

/* "2026-03-06 16:00", or with seconds, by the calendar's clock. */
static inline wall_ms at(const struct calendar *calendar, const char *text)
{
    int y, mo, d, h = 0, mi = 0, s = 0;
    if (!*text)
        return 0;
    assert_true(sscanf(text, "%d-%d-%d %d:%d:%d", &y, &mo, &d, &h, &mi, &s) >= 3);
    return calendar_instant(calendar, y, mo, d, h, mi, s);
}

static inline const char *text_of(const struct calendar *calendar, wall_ms moment)
{
    struct local_time t = calendar_local(calendar, moment);
    if (!moment)
        return "";
    return arena_printf(arena, "%04d-%02d-%02d %02d:%02d%s", t.year, t.month, t.day, t.hour, t.minute,
                        t.second ? arena_printf(arena, ":%02d", t.second) : "");
}

static inline struct span span(const char *text)
{
    struct span parsed = {0, 0};
    if (*text && !span_parse(text, &parsed))
        fail_msg("%s is no span", text);
    return parsed;
}

static inline int setup(void **state)
{
    (void)state;
    arena = arena_new();
    return 0;
}

static inline int teardown(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
