#include "calendar.h"

#include <libical/ical.h>
#include <string.h>

#include "calendar_inside.h"

static const char *const calendar_keys[] = {"calendar", "zone", "business", "windows", "holidays", "closed",
                                            "working_days", "holidays_ics", NULL};

/* -------- reading */

/* The zone whose name is nearest, from the list of the machine's zones. */
static const char *nearest_zone(const char *name, struct arena *arena)
{
    icalarray *zones = icaltimezone_get_builtin_timezones();
    size_t count = zones ? zones->num_elements : 0, kept = 0;
    const char **names = arena_alloc(arena, (count + 1) * sizeof *names);
    for (size_t i = 0; i < count; i++) {
        const char *location = icaltimezone_get_location(icalarray_element_at(zones, i));
        if (location && *location)
            names[kept++] = location;
    }
    return nearest_name(name, names);
}

static void read_zone(const struct yaml *node, const struct yaml *root, struct zone *ret, struct arena *arena,
                      struct mistakes *mistakes)
{
    const char *why, *name = yaml_text(node, "", mistakes);
    if (!node)
        yaml_mistake(mistakes, root, "zone is missing: give a time zone such as Asia/Shanghai");
    if (!*name || zone_read(name, arena, ret, &why))
        return;
    const char *near = nearest_zone(name, arena);
    if (near)
        yaml_mistake(mistakes, node, "%s, did you mean %s?", why, near);
    else
        yaml_mistake(mistakes, node, "%s", why);
}

static bool never_opens(const struct week *week)
{
    for (int d = 0; d < 7; d++)
        if (week->day[d].count)
            return false;
    return true;
}

static void read_week(const struct yaml *node, struct week *ret, struct mistakes *mistakes)
{
    if (week_parse(node, ret, mistakes) && never_opens(ret))
        yaml_mistake(mistakes, node, "never opens: give it at least one opening");
}

static void read_windows(const struct yaml *node, struct calendar *calendar, struct arena *arena,
                         struct mistakes *mistakes)
{
    if (!node)
        return;
    if (node->kind != YAML_MAP || node->count > WINDOWS_MAX) {
        yaml_mistake(mistakes, node, "wants a map from a window's name to its openings, at most %d", WINDOWS_MAX);
        return;
    }
    calendar->windows = arena_alloc(arena, (node->count + 1) * sizeof *calendar->windows);
    calendar->window_count = node->count;
    for (size_t i = 0; i < node->count; i++) {
        read_week(node->items[i], &calendar->windows[i], mistakes);
        calendar->windows[i].name = node->keys[i]->text;
    }
}

/* `holidays` names an .ics file, whose text is then in holidays_ics, or lists dates itself. */
static void read_days(const struct yaml *root, struct calendar *calendar, struct arena *arena,
                      struct mistakes *mistakes)
{
    struct day_rules rules = {.arena = arena};
    const struct yaml *holidays = yaml_get(root, "holidays"), *ics = yaml_get(root, "holidays_ics");
    if (ics)
        day_rules_read_ics(ics, &rules, mistakes);
    if (holidays && holidays->kind == YAML_SCALAR && !ics)
        yaml_mistake(mistakes, holidays, "the file %.80s was not put in: its text belongs under holidays_ics",
                     holidays->text);
    else if (holidays && holidays->kind != YAML_SCALAR)
        day_rules_read(holidays, false, &rules, mistakes);
    day_rules_read(yaml_get(root, "working_days"), true, &rules, mistakes);
    day_rules_read(yaml_get(root, "closed"), false, &rules, mistakes);
    day_rules_finish(&rules, calendar);
}

/* The business hours of who gives none. */
static void open_always(struct week *week)
{
    week->name = "business";
    for (int d = 0; d < 7; d++) {
        week->day[d].count = 1;
        week->day[d].opening[0].from_min = 0;
        week->day[d].opening[0].to_min = 1440;
    }
}

struct calendar *calendar_parse(struct slice yaml, struct arena *arena, struct mistakes *mistakes)
{
    size_t before = mistakes->count;
    const struct yaml *root = yaml_parse(yaml, arena, mistakes);
    struct calendar *calendar = arena_alloc(arena, sizeof *calendar);
    if (!root)
        return NULL;
    if (root->kind != YAML_MAP) {
        yaml_mistake(mistakes, root, "wants a map with the keys calendar, zone, business, windows …");
        return NULL;
    }
    yaml_known_keys(root, calendar_keys, mistakes);
    calendar->name = yaml_text(yaml_get(root, "calendar"), "", mistakes);
    if (!yaml_get(root, "calendar"))
        yaml_mistake(mistakes, root, "calendar is missing: give the calendar's name");
    read_zone(yaml_get(root, "zone"), root, &calendar->zone, arena, mistakes);
    if (yaml_get(root, "business"))
        read_week(yaml_get(root, "business"), &calendar->business, mistakes);
    else
        open_always(&calendar->business);
    read_windows(yaml_get(root, "windows"), calendar, arena, mistakes);
    read_days(root, calendar, arena, mistakes);
    return mistakes->count == before ? calendar : NULL;
}

/* -------- bundling */

static size_t line_bytes(struct slice rest)
{
    const uint8_t *end = rest.bytes ? memchr(rest.at, '\n', rest.bytes) : NULL;
    return end ? (size_t)(end - rest.at) + 1 : rest.bytes;
}

/* The .ics text as an indented block; carriage returns, which YAML would take for line ends, are left out. */
struct slice calendar_bundle(struct slice yaml, struct slice ics, struct arena *arena)
{
    static const char head[] = "\nholidays_ics: |2\n";
    size_t lines = 2;
    if (ics.bytes >= 3 && !memcmp(ics.at, "\xef\xbb\xbf", 3))
        ics = (struct slice){ics.at + 3, ics.bytes - 3};
    for (size_t i = 0; i < ics.bytes; i++)
        lines += ics.at[i] == '\n';
    uint8_t *to = arena_alloc(arena, yaml.bytes + sizeof head + ics.bytes + 2 * lines + 2), *at = to;
    if (yaml.bytes)
        memcpy(at, yaml.at, yaml.bytes);
    at += yaml.bytes;
    memcpy(at, head, sizeof head - 1);
    at += sizeof head - 1;
    for (size_t bytes; (bytes = line_bytes(ics)) > 0; ics.at += bytes, ics.bytes -= bytes) {
        memcpy(at, "  ", 2);
        at += 2;
        for (size_t i = 0; i < bytes; i++)
            if (ics.at[i] != '\r')
                *at++ = ics.at[i];
    }
    *at++ = '\n';
    return (struct slice){to, (size_t)(at - to)};
}

/* -------- what it says */

const struct calendar *calendar_everyday(void)
{
    static const struct shift utc[] = {{INT64_MIN, 0}};
#define ALL_DAY {1, {{0, 1440}}}
    static const struct calendar everyday = {
        .name = "everyday", .zone = {"UTC", 1, utc},
        .business = {"business", false, {ALL_DAY, ALL_DAY, ALL_DAY, ALL_DAY, ALL_DAY, ALL_DAY, ALL_DAY}},
    };
#undef ALL_DAY
    return &everyday;
}

const char *calendar_name(const struct calendar *calendar)
{
    return calendar->name;
}

const char *calendar_zone(const struct calendar *calendar)
{
    return calendar->zone.name;
}

const struct week *calendar_business(const struct calendar *calendar)
{
    return &calendar->business;
}

const struct week *calendar_window(const struct calendar *calendar, const char *name)
{
    for (size_t i = 0; i < calendar->window_count; i++)
        if (!strcmp(calendar->windows[i].name, name))
            return &calendar->windows[i];
    return NULL;
}
