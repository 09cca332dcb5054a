#include <string.h>

#include "playbook_reading.h"

/* A complaint's way: who has it, how long each part may take, who is told. */

/* -------- ladder and entries */

static void read_rungs(struct playbook_reading *reading, const struct yaml *node, const struct yaml *complaints)
{
    struct complaint_rules *rules = &reading->playbook->complaints;
    size_t count = reading_count(reading, node, YAML_LIST);
    if (!node || (node->kind == YAML_LIST && !count))
        yaml_mistake(reading->mistakes, complaints, "ladder is missing: the roles that a case climbs, lowest first");
    if (count > LADDER_MAX) {
        yaml_mistake(reading->mistakes, node, "at most %d rungs", LADDER_MAX);
        count = LADDER_MAX;
    }
    for (size_t i = 0; i < count; i++) {
        const char *role = reading_role(reading, node->items[i], "");
        for (size_t j = 0; j < rules->ladder_count; j++)
            if (*role && !strcmp(role, rules->ladder[j]))
                yaml_mistake(reading->mistakes, node->items[i], "%s is on the ladder already", role);
        rules->ladder[rules->ladder_count++] = role;
    }
}

static int rung_of(const struct complaint_rules *rules, const char *role)
{
    for (size_t i = 0; i < rules->ladder_count; i++)
        if (!strcmp(rules->ladder[i], role))
            return (int)i;
    return -1;
}

static void tell_not_on_ladder(struct playbook_reading *reading, const struct yaml *node, const char *role)
{
    const struct complaint_rules *rules = &reading->playbook->complaints;
    const char *known[LADDER_MAX + 1] = {NULL};
    memcpy(known, rules->ladder, rules->ladder_count * sizeof *known);
    yaml_mistake(reading->mistakes, node, "%s is not on the ladder%s", role, reading_hint(reading, role, known));
}

static void read_entry(struct playbook_reading *reading, const struct yaml *key, const struct yaml *node,
                       struct entry_rule *to)
{
    const char *role = yaml_text(node, "", reading->mistakes);
    to->channel = yaml_word(key, &complaint_channel_words, reading->mistakes);
    to->rung = rung_of(&reading->playbook->complaints, role);
    if (*role && to->rung < 0)
        tell_not_on_ladder(reading, node, role);
}

void reading_ladder(struct playbook_reading *reading, const struct yaml *complaints)
{
    struct complaint_rules *rules = &reading->playbook->complaints;
    const struct yaml *entry = yaml_get(complaints, "entry");
    read_rungs(reading, yaml_get(complaints, "ladder"), complaints);
    size_t count = reading_count(reading, entry, YAML_MAP);
    rules->entries = reading_array(reading, count, sizeof *rules->entries);
    for (size_t i = 0; i < count; i++)
        read_entry(reading, entry->keys[i], entry->items[i], &rules->entries[rules->entry_count++]);
}

/* -------- clocks */

static const char *const clock_names[] = {
    "acknowledged", "assessed", "first_response", "progress", "resolved", "verified", NULL
};

static struct span read_grade_span(struct playbook_reading *reading, const struct yaml *node, const char *grade)
{
    const struct yaml *at = yaml_get(node, grade);
    struct span span = reading_span(reading, at);
    if (!at && node->kind == YAML_MAP)
        yaml_mistake(reading->mistakes, node, "%s is missing: how long for a %s complaint?", grade, grade);
    else if (at && at->kind == YAML_SCALAR && span_parse(at->text, &span) && !span_rough_ms(span))
        yaml_mistake(reading->mistakes, at, "a deadline of nothing is late at once");
    return span;
}

static void read_clock(struct playbook_reading *reading, const struct yaml *key, const struct yaml *node,
                       struct clock_rule *to)
{
    static const char *const keys[] = {"recurring", "major", "general", "minor", NULL};
    size_t known = 0;
    while (clock_names[known] && strcmp(clock_names[known], key->text))
        known++;
    if (!clock_names[known])
        yaml_mistake(reading->mistakes, key, "there is no clock \"%.40s\"%s", key->text,
                     reading_hint(reading, key->text, clock_names));
    to->name = key->text;
    reading_count(reading, node, YAML_MAP);
    yaml_known_keys(node, keys, reading->mistakes);
    to->recurring = yaml_bool(yaml_get(node, "recurring"), false, reading->mistakes);
    to->major = read_grade_span(reading, node, "major");
    to->general = read_grade_span(reading, node, "general");
    to->minor = read_grade_span(reading, node, "minor");
}

void reading_clocks(struct playbook_reading *reading, const struct yaml *node, const struct yaml *complaints)
{
    struct complaint_rules *rules = &reading->playbook->complaints;
    size_t count = reading_count(reading, node, YAML_MAP);
    if (!node)
        yaml_mistake(reading->mistakes, complaints, "clocks are missing: nothing would ever be late");
    rules->clocks = reading_array(reading, count, sizeof *rules->clocks);
    for (size_t i = 0; i < count; i++)
        read_clock(reading, node->keys[i], node->items[i], &rules->clocks[rules->clock_count++]);
}

/* -------- who is told what */

enum { TELL_MAX = 256 };

static void check_told_event(struct playbook_reading *reading, const struct yaml *key)
{
    const char *names[EVENT_COUNT + 1] = {NULL};
    size_t count = 0;
    for (int i = 0; i < EVENT_COUNT; i++)
        if (event_types[i].class == STAGE_COMPLAINT_ROUTER)
            names[count++] = event_types[i].name;
    enum event_number number = event_number(key->text);
    if (number != EVENT_UNKNOWN && event_types[number].class == STAGE_COMPLAINT_ROUTER)
        return;
    yaml_mistake(reading->mistakes, key, "\"%.40s\" is nothing that becomes of a case%s", key->text,
                 reading_hint(reading, key->text, names));
}

static void read_told(struct playbook_reading *reading, const struct yaml *key, const struct yaml *node)
{
    struct complaint_rules *rules = &reading->playbook->complaints;
    size_t count = reading_count(reading, node, YAML_MAP);
    check_told_event(reading, key);
    for (size_t i = 0; i < count && rules->tell_count < TELL_MAX; i++) {
        const char *to = node->keys[i]->text;
        bool by_place = !strcmp(to, "customer") || !strcmp(to, "holder");
        rules->tell[rules->tell_count].event = key->text;
        rules->tell[rules->tell_count].to = by_place ? to : reading_role(reading, node->keys[i], "");
        rules->tell[rules->tell_count++].template = reading_name(reading, node->items[i], "template", NULL);
    }
}

void reading_tell(struct playbook_reading *reading, const struct yaml *node)
{
    struct complaint_rules *rules = &reading->playbook->complaints;
    size_t count = reading_count(reading, node, YAML_MAP), lines = 0;
    for (size_t i = 0; i < count; i++)
        lines += node->items[i]->count;
    if (lines > TELL_MAX)
        yaml_mistake(reading->mistakes, node, "at most %d texts", TELL_MAX);
    rules->tell = reading_array(reading, lines, sizeof *rules->tell);
    for (size_t i = 0; i < count; i++)
        read_told(reading, node->keys[i], node->items[i]);
}
