#include <string.h>

#include "playbook_reading.h"

/* Rules: on which event, under which conditions, which steps. The steps themselves are in playbook_steps.c. */

static const char *const rule_keys[] = {"on", "when", "steps", NULL};

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

static enum event_number read_event(struct playbook_reading *reading, const struct yaml *node, const struct yaml *rule)
{
    const char *text = yaml_text(node, "", reading->mistakes);
    if (!node && rule->kind == YAML_MAP)
        yaml_mistake(reading->mistakes, rule, "on is missing: which event starts the rule?");
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

static void check_step_names(struct playbook_reading *reading, const struct rule *rule, const struct yaml *steps)
{
    for (size_t i = 0; i < rule->step_count; i++)
        for (size_t j = 0; j < i; j++)
            if (*rule->steps[i].name && !strcmp(rule->steps[i].name, rule->steps[j].name))
                yaml_mistake(reading->mistakes, steps->items[i],
                             "step \"%s\" stands there twice: give one a name of its own", rule->steps[i].name);
}

static void read_steps(struct playbook_reading *reading, const struct yaml *node, struct rule *rule)
{
    size_t count = reading_count(reading, node, YAML_LIST);
    if (count > STEPS_MAX) {
        yaml_mistake(reading->mistakes, node, "at most %d steps", STEPS_MAX);
        count = STEPS_MAX;
    }
    rule->steps = reading_array(reading, count, sizeof *rule->steps);
    for (size_t i = 0; i < count; i++)
        reading_step(reading, node->items[i], rule->on, &rule->steps[rule->step_count++]);
    check_step_names(reading, rule, node);
}

static void read_rule(struct playbook_reading *reading, const struct yaml *node, struct rule *to)
{
    reading_count(reading, node, YAML_MAP);
    yaml_known_keys(node, rule_keys, reading->mistakes);
    to->line = node->line;
    to->on = read_event(reading, yaml_get(node, "on"), node);
    to->on_text = to->on ? event_types[to->on].name : "";
    /* of an unknown event nothing can be said about conditions */
    if (to->on)
        to->when = reading_conditions(reading, yaml_get(node, "when"), SCOPE_EVENT, to->on);
    const struct yaml *steps = yaml_get(node, "steps");
    if (node->kind == YAML_MAP && (!steps || (steps->kind == YAML_LIST && !steps->count)))
        yaml_mistake(reading->mistakes, node, "a rule without steps does nothing");
    read_steps(reading, steps, to);
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
    for (size_t i = 0; i < count; i++)
        read_rule(reading, node->items[i], &playbook->rules[playbook->rule_count++]);
}
