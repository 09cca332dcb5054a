#include <stdlib.h>
#include <string.h>

#include "calendar_inside.h"
#include "weekday.h"

/* At most HOLIDAY_NAME_BYTES_MAX bytes, ended at a whole UTF-8 character. */
static const char *short_name(struct arena *arena, const char *name)
{
    size_t bytes = strlen(name);
    if (bytes > HOLIDAY_NAME_BYTES_MAX) {
        bytes = HOLIDAY_NAME_BYTES_MAX;
        while (bytes && ((unsigned char)name[bytes] & 0xc0) == 0x80)
            bytes--;
    }
    return arena_text(arena, name, bytes);
}

bool day_rules_add(struct day_rules *rules, int64_t day, int pattern, const char *name)
{
    if (rules->count == DAY_RULES_MAX)
        return false;
    if (rules->count == rules->room) {
        rules->room = rules->room ? 2 * rules->room : 64;
        struct day_rule *bigger = arena_alloc(rules->arena, rules->room * sizeof *bigger);
        if (rules->count)
            memcpy(bigger, rules->at, rules->count * sizeof *bigger);
        rules->at = bigger;
    }
    rules->at[rules->count++] = (struct day_rule){day, pattern, name ? short_name(rules->arena, name) : ""};
    return true;
}

/* By day; of the same day in the order they came, which their place in memory tells while sorting is stable. */
static void sort_rules(struct day_rule *at, struct day_rule *scratch, size_t count)
{
    if (count < 2)
        return;
    size_t half = count / 2, i = 0, j = half, k = 0;
    sort_rules(at, scratch, half);
    sort_rules(at + half, scratch, count - half);
    while (i < half || j < count)
        scratch[k++] = j == count || (i < half && at[i].day <= at[j].day) ? at[i++] : at[j++];
    memcpy(at, scratch, count * sizeof *at);
}

void day_rules_finish(struct day_rules *rules, struct calendar *calendar)
{
    struct day_rule *scratch = arena_alloc(rules->arena, (rules->count + 1) * sizeof *scratch);
    size_t kept = 0;
    sort_rules(rules->at, scratch, rules->count);
    for (size_t i = 0; i < rules->count; i++) {
        if (kept && rules->at[kept - 1].day == rules->at[i].day)
            kept--;
        rules->at[kept++] = rules->at[i];
    }
    calendar->days = rules->at;
    calendar->day_count = kept;
}

/* "2026-02-15" or "2026-02-15..2026-02-23". */
static bool read_days(const struct yaml *node, int64_t *ret_first, int64_t *ret_last, struct mistakes *mistakes)
{
    const char *text = node->kind == YAML_SCALAR ? node->text : "";
    bool good = civil_parse(text, ret_first);
    *ret_last = *ret_first;
    if (good && strlen(text) > 10)
        good = !strncmp(text + 10, "..", 2) && strlen(text) == 22 && civil_parse(text + 12, ret_last);
    if (!good)
        yaml_mistake(mistakes, node, "wants a date such as 2026-10-01, or 2026-10-01..2026-10-07");
    else if (*ret_last < *ret_first || *ret_last - *ret_first > 366)
        yaml_mistake(mistakes, node, "the last day is before the first, or over a year after it");
    else
        return true;
    return false;
}

static int read_pattern(const struct yaml *value, struct mistakes *mistakes)
{
    const char *text = yaml_text(value, "mon", mistakes);
    int weekday = weekday_find(text, strlen(text));
    if (weekday >= 0)
        return weekday;
    const char *near = nearest_name(text, weekday_short);
    yaml_mistake(mistakes, value, "wants the day of the week whose hours count: %s", near ? near : "mon to sun");
    return 0;
}

static void read_entry(const struct yaml *date, const struct yaml *value, bool working, struct day_rules *rules,
                       struct mistakes *mistakes)
{
    int64_t first, last;
    if (!read_days(date, &first, &last, mistakes))
        return;
    int pattern = !working ? PATTERN_CLOSED : value ? read_pattern(value, mistakes) : 0;
    const char *name = working || !value ? "" : yaml_text(value, "", mistakes);
    for (; first <= last; first++)
        if (!day_rules_add(rules, first, pattern, name)) {
            yaml_mistake(mistakes, date, "too many days: at most %d", DAY_RULES_MAX);
            return;
        }
}

void day_rules_read(const struct yaml *node, bool working, struct day_rules *rules, struct mistakes *mistakes)
{
    if (!node)
        return;
    if (node->kind == YAML_SCALAR) {
        yaml_mistake(mistakes, node, "wants a list of dates, or a map of dates");
        return;
    }
    for (size_t i = 0; i < node->count; i++)
        if (node->kind == YAML_MAP)
            read_entry(node->keys[i], node->items[i], working, rules, mistakes);
        else
            read_entry(node->items[i], NULL, working, rules, mistakes);
}
