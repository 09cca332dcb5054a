#include <string.h>

#include "playbook_reading.h"

/* Rules: on which event, under which conditions, which steps. The steps themselves are in playbook_steps.c. */

static const char *const rule_keys[] = {
    "rule", "on", "every", "at", "audience", "limit", "form", "when", "steps", "stages", NULL
};

/* Acts may be refused, so rules follow their results; the others are the engine's own. */
static bool event_can_start_rules(enum event_number number)
{
    switch (number) {
    case EVENT_UNKNOWN:
    case EVENT_CONFIG_ACTIVATED:
    case EVENT_ACT_REFUSED:
    case EVENT_TIMER_FIRED:
    case EVENT_EVENT_QUARANTINED:
        return false;
    default:
        return event_types[number].class != ACT;
    }
}

static const char *event_hint(struct playbook_reading *reading, const char *text)
{
    const char **names = reading_array(reading, EVENT_COUNT + 1, sizeof *names);
    size_t count = 0;
    for (int i = 0; i < EVENT_COUNT; i++)
        if (event_can_start_rules((enum event_number)i))
            names[count++] = event_types[i].name;
    return reading_hint(reading, text, names);
}

enum event_number reading_event(struct playbook_reading *reading, const struct yaml *node)
{
    const char *text = yaml_text(node, "", reading->mistakes);
    if (!*text)
        return EVENT_UNKNOWN;
    enum event_number number = event_number(text);
    if (number == EVENT_UNKNOWN)
        yaml_mistake(reading->mistakes, node, "there is no event \"%.60s\"%s", text, event_hint(reading, text));
    else if (!event_can_start_rules(number))
        yaml_mistake(reading->mistakes, node, "no rule can follow %s: %s", text,
                     event_types[number].class == ACT ? "it may be refused; follow what comes of it"
                                                      : "it is the engine's own");
    else
        return number;
    return EVENT_UNKNOWN;
}

/* Of an event about a form, or of a plan that follows one. */
static void read_form(struct playbook_reading *reading, const struct yaml *node, struct rule *to)
{
    to->form = reading_form(reading, node);
    if (to->on && event_types[to->on].data != &plan_stage_record)
        reading_check_form(reading, node, to->on);
    reading->form = to->form;
}

static void read_rule(struct playbook_reading *reading, const struct yaml *node, struct rule *to)
{
    const struct yaml *on = yaml_get(node, "on"), *steps = yaml_get(node, "steps"), *stages = yaml_get(node, "stages");
    reading_count(reading, node, YAML_MAP);
    yaml_known_keys(node, rule_keys, reading->mistakes);
    to->line = node->line;
    if (!on && !yaml_get(node, "every") && node->kind == YAML_MAP)
        yaml_mistake(reading->mistakes, node, "on is missing: which event starts the rule?");
    to->on = reading_event(reading, on);
    to->name = reading_name(reading, yaml_get(node, "rule"), "rule", NULL);
    reading_schedule(reading, node, to);
    reading_limit(reading, yaml_get(node, "limit"), to);
    to->on_text = to->on ? event_types[to->on].name : "";
    read_form(reading, yaml_get(node, "form"), to);
    /* of an unknown event nothing can be said about conditions */
    if (to->on)
        to->when = reading_conditions(reading, yaml_get(node, "when"), SCOPE_EVENT, to->on);
    const struct yaml *work = stages ? stages : steps;
    if (node->kind == YAML_MAP && (!work || (work->kind == YAML_LIST && !work->count)))
        yaml_mistake(reading->mistakes, node, "a rule without steps does nothing");
    if (steps && stages)
        yaml_mistake(reading->mistakes, steps, "either steps or stages, each of which has steps");
    reading->rule = to;
    reading_stages(reading, work, stages != NULL, to);
    reading->rule = NULL;
    reading->form = NULL;
}

static void check_rule_names(struct playbook_reading *reading, const struct yaml *node)
{
    const struct playbook *playbook = reading->playbook;
    for (size_t i = 0; i < playbook->rule_count; i++)
        for (size_t j = 0; j < i; j++)
            if (*playbook->rules[i].name && !strcmp(playbook->rules[i].name, playbook->rules[j].name))
                yaml_mistake(reading->mistakes, node->items[i], "rule \"%s\" stands there twice",
                             playbook->rules[i].name);
}

void reading_rules(struct playbook_reading *reading, const struct yaml *node)
{
    struct playbook *playbook = reading->playbook;
    size_t count = reading_count(reading, node, YAML_LIST);
    if (count > RULES_MAX) {
        yaml_mistake(reading->mistakes, node, "at most %d rules", RULES_MAX);
        count = RULES_MAX;
    }
    playbook->rules = reading_array(reading, count, sizeof *playbook->rules);
    for (size_t i = 0; i < count; i++) {
        struct rule *rule = &playbook->rules[playbook->rule_count++];
        read_rule(reading, node->items[i], rule);
        playbook->has_rule_on[rule->on] = true;
        for (size_t step = 0; step < rule->step_count; step++)
            rule->step_name_bits |= playbook_name_bit(rule->steps[step].name);
    }
    check_rule_names(reading, node);
}
