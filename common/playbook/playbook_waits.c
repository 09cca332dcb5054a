#include <string.h>

#include "playbook_reading.h"

/* Steps that wait for an event: which one, about whom, how long, and what follows either way. */

static bool is_text_of_wait(const struct yaml *node, const char *text)
{
    return node && node->kind == YAML_SCALAR && !strcmp(node->text, text);
}

static void check_way_out(struct playbook_reading *reading, const struct yaml *node, const struct step *step)
{
    bool bounded = step->within.ms || step->within.days;
    if (yaml_get(node, "within") && !bounded)
        yaml_mistake(reading->mistakes, yaml_get(node, "within"), "within nothing: it would be late at once");
    if (yaml_get(node, "else") && !bounded)
        yaml_mistake(reading->mistakes, yaml_get(node, "else"), "else never comes: within is missing");
}

/* What the event must be like: what came of the rule's own steps, and its own form, are no matter of it. */
static void read_match(struct playbook_reading *reading, const struct yaml *node, struct step *to)
{
    const struct rule *rule = reading->rule;
    const struct form *form = reading->form;
    reading->rule = NULL;
    reading->form = to->form;
    if (to->event)
        to->match = reading_conditions(reading, node, SCOPE_EVENT, to->event);
    reading->rule = rule;
    reading->form = form;
}

void reading_wait(struct playbook_reading *reading, const struct yaml *node, struct step *to)
{
    static const char *const whose[] = {"this", "customer", NULL};
    const struct yaml *event = yaml_get(node, "event"), *then = yaml_get(node, "then"), *other = yaml_get(node, "else");
    if (!event)
        yaml_mistake(reading->mistakes, node, "event is missing: what is waited for?");
    to->event = reading_event(reading, event);
    to->form = reading_form(reading, yaml_get(node, "form"));
    reading_check_form(reading, yaml_get(node, "form"), to->event);
    read_match(reading, yaml_get(node, "match"), to);
    reading_choice(reading, yaml_get(node, "of"), whose);
    to->of_customer = is_text_of_wait(yaml_get(node, "of"), whose[1]);
    to->within = reading_span(reading, yaml_get(node, "within"));
    check_way_out(reading, node, to);
    if (then)
        reading_consequence(reading, then, OUTCOME_ARRIVED, EVENT_UNKNOWN, to);
    if (other)
        reading_consequence(reading, other, OUTCOME_LATE, EVENT_UNKNOWN, to);
}
