#include <stdio.h>
#include <string.h>

#include "calendar.h"
#include "weekday.h"

const char *const weekday_short[8] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun", NULL};

static const char *const week_keys[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun",
                                        "mon-fri", "mon-sat", "sat-sun", "daily", "strict", NULL};

enum { DAY_MINUTES = 1440 };

int weekday_find(const char *name, size_t bytes)
{
    for (int i = 0; i < 7; i++)
        if (bytes == 3 && !strncmp(weekday_short[i], name, 3))
            return i;
    return -1;
}

/* "mon" or "mon-sat" (a range may run over Sunday) as a set of bits; 0: neither. */
static unsigned day_range(const char *text, size_t bytes)
{
    int first = weekday_find(text, bytes < 3 ? bytes : 3);
    if (first < 0 || bytes == 3)
        return first < 0 ? 0 : 1u << first;
    int last = bytes == 7 && text[3] == '-' ? weekday_find(text + 4, 3) : -1;
    unsigned days = 0;
    if (last < 0)
        return 0;
    for (int i = first;; i = (i + 1) % 7) {
        days |= 1u << i;
        if (i == last)
            return days;
    }
}

/* "daily", "mon-fri", "mon,wed,fri", "mon-wed,sat" */
static unsigned day_set(const char *text)
{
    unsigned days = 0;
    if (!strcmp(text, "daily"))
        return 0x7f;
    for (;;) {
        size_t bytes = strcspn(text, ",");
        unsigned some = day_range(text, bytes);
        if (!some)
            return 0;
        days |= some;
        if (!text[bytes])
            return days;
        text += bytes + 1;
        text += strspn(text, " ");
    }
}

/* "HH:MM", 00:00 to 24:00, in minutes; -1: none. Moves on. */
static int read_clock(const char **text)
{
    const char *at = *text;
    int part[2] = {0, 0};
    for (int i = 0; i < 2; i++) {
        int digits = 0;
        for (; *at >= '0' && *at <= '9' && digits < 2; at++, digits++)
            part[i] = part[i] * 10 + (*at - '0');
        if (digits < 2 - !i || (!i && *at++ != ':'))
            return -1;
    }
    *text = at;
    int minutes = part[0] * 60 + part[1];
    return part[1] < 60 && minutes <= DAY_MINUTES ? minutes : -1;
}

bool clock_range_parse(const char *text, int *ret_from_min, int *ret_to_min)
{
    int from = read_clock(&text);
    if (from < 0 || *text++ != '-')
        return false;
    int to = read_clock(&text);
    if (to < 0 || *text)
        return false;
    *ret_from_min = from;
    *ret_to_min = to;
    return true;
}

struct day_openings { int count; struct { int from_min, to_min; } opening[OPENINGS_PER_DAY_MAX]; };

/* Adds one opening to a day; a mistake if it is none or does not come after those before it. */
static void add_opening(const struct yaml *node, struct day_openings *to, struct mistakes *mistakes)
{
    int from, till;
    if (node->kind != YAML_SCALAR || !clock_range_parse(node->text, &from, &till))
        yaml_mistake(mistakes, node, "wants a time of day such as 10:00-11:30");
    else if (from >= till)
        yaml_mistake(mistakes, node, "ends before it begins: give what is after midnight to the next day");
    else if (to->count == OPENINGS_PER_DAY_MAX)
        yaml_mistake(mistakes, node, "too many: at most %d openings a day", OPENINGS_PER_DAY_MAX);
    else if (to->count && from <= to->opening[to->count - 1].to_min)
        yaml_mistake(mistakes, node, "begins before the one before it has ended: in order and apart, please");
    else {
        to->opening[to->count].from_min = from;
        to->opening[to->count++].to_min = till;
    }
}

static void read_openings(const struct yaml *node, struct day_openings *ret, struct mistakes *mistakes)
{
    *ret = (struct day_openings){0};
    if (node->kind == YAML_MAP)
        yaml_mistake(mistakes, node, "wants a list of times such as [10:00-11:30, 15:00-17:30]");
    else if (node->kind == YAML_SCALAR)
        add_opening(node, ret, mistakes);
    for (size_t i = 0; node->kind == YAML_LIST && i < node->count; i++)
        add_opening(node->items[i], ret, mistakes);
}

static void set_days(struct week *week, unsigned days, const struct day_openings *openings)
{
    for (int d = 0; d < 7; d++) {
        if (!(days >> d & 1))
            continue;
        week->day[d].count = openings->count;
        for (int i = 0; i < openings->count; i++) {
            week->day[d].opening[i].from_min = openings->opening[i].from_min;
            week->day[d].opening[i].to_min = openings->opening[i].to_min;
        }
    }
}

static void read_day_key(const struct yaml *key, const struct yaml *value, struct week *week, unsigned *said,
                         struct mistakes *mistakes)
{
    unsigned days = day_set(key->text);
    const char *near = nearest_name(key->text, week_keys);
    struct day_openings openings;
    if (!days && near)
        yaml_mistake(mistakes, key, "no days of the week, did you mean %s?", near);
    else if (!days)
        yaml_mistake(mistakes, key, "no days of the week: wants mon, mon-sat, mon,wed or daily");
    else if (days & *said)
        yaml_mistake(mistakes, key, "says a day again that was said before");
    else {
        *said |= days;
        read_openings(value, &openings, mistakes);
        set_days(week, days, &openings);
    }
}

static const char *last_part(const char *path)
{
    const char *dot = path ? strrchr(path, '.') : NULL;
    return dot ? dot + 1 : path ? path : "";
}

bool week_parse(const struct yaml *node, struct week *ret, struct mistakes *mistakes)
{
    size_t before = mistakes->count;
    struct week week = {0};
    unsigned said = 0;
    if (!node || node->kind != YAML_MAP) {
        yaml_mistake(mistakes, node, "wants openings by day such as { mon-sat: [10:00-11:30, 15:00-17:30] }");
        return false;
    }
    week.name = last_part(node->path);
    for (size_t i = 0; i < node->count; i++)
        if (!strcmp(node->keys[i]->text, "strict"))
            week.strict = yaml_bool(node->items[i], false, mistakes);
        else
            read_day_key(node->keys[i], node->items[i], &week, &said, mistakes);
    if (mistakes->count != before)
        return false;
    *ret = week;
    return true;
}
