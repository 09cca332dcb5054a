/* fuzz: any text as YAML, as a calendar, and as the holiday file of one. It is read within its bounds, or refused with
 * mistakes that say where; a calendar that was taken gives answers that fit each other. */
#include <stdlib.h>
#include <string.h>

#include "calendar.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

enum { DEPTH_MAX = 24 };

static void check(bool held)
{
    if (!held)
        abort();
}

static void walk(const struct yaml *node, int depth)
{
    check(depth <= DEPTH_MAX && node->line > 0 && node->column > 0 && node->path);
    if (node->kind == YAML_SCALAR)
        check(node->text != NULL);
    for (size_t i = 0; node->kind != YAML_SCALAR && i < node->count; i++) {
        walk(node->items[i], depth + 1);
        if (node->kind == YAML_MAP)
            check(yaml_get(node, node->keys[i]->text) == node->items[i]);
    }
}

static void check_mistakes(const struct mistakes *mistakes, bool refused)
{
    check(mistakes->count <= 200 && (!refused || mistakes->count));
    for (size_t i = 0; i < mistakes->count; i++)
        check(!strncmp(mistakes->lines[i], "f:", 2));
}

static void ask(const struct calendar *calendar, struct arena *arena)
{
    const struct week *week = calendar_business(calendar);
    wall_ms at = 1772784000000;
    struct opening o;
    if (calendar_next_opening(calendar, week, at, &o))
        check(o.from < o.to && o.to > at && calendar_is_open(calendar, week, o.from) &&
              calendar_opening_text(calendar, o, arena));
    if (calendar_last_opening(calendar, week, at, &o))
        check(o.from < o.to && o.from < at && calendar_is_open(calendar, week, o.to - 1));
    wall_ms due = calendar_add_business(calendar, at, (struct span){.ms = HOUR_MS});
    check(due >= at + HOUR_MS && calendar_business_between(calendar, at, due) <= HOUR_MS);
}

static void read_calendar(struct slice text, struct arena *arena)
{
    struct mistakes mistakes = {.file = "f", .arena = arena};
    const struct calendar *calendar = calendar_parse(text, arena, &mistakes);
    check_mistakes(&mistakes, !calendar);
    if (calendar)
        ask(calendar, arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    static const char head[] = "calendar: f\nzone: Europe/Berlin\nbusiness: {mon-fri: 09:00-17:00}\n";
    struct arena *arena = arena_new();
    struct mistakes mistakes = {.file = "f", .arena = arena};
    struct slice text = {data, bytes};
    const struct yaml *root = yaml_parse(text, arena, &mistakes);
    check_mistakes(&mistakes, !root);
    if (root)
        walk(root, 1);
    read_calendar(text, arena);
    read_calendar(calendar_bundle((struct slice){(const uint8_t *)head, sizeof head - 1}, text, arena), arena);
    arena_free(&arena);
    return 0;
}
