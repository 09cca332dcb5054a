#include <string.h>

#include "playbook_reading.h"

/* What the outcomes of a step lead to. */

/* Which outcomes a step of a kind can come to, and what they can lead to there. */
static const struct outcome_shape {
    int kind;
    int outcomes[10];               /* ends with OUTCOME_NONE */
    bool of_task;                   /* an agent's task: it can open a complaint, or the case again */
} shapes[] = {
    {STEP_CALL, {OUTCOME_COMPLETED, OUTCOME_DISSATISFIED, OUTCOME_REFUSED, OUTCOME_UNREACHABLE, OUTCOME_WRONG_NUMBER,
                 OUTCOME_CANCELLED, OUTCOME_LATE}, true},
    {STEP_FORM, {OUTCOME_COMPLETED, OUTCOME_DISSATISFIED, OUTCOME_REFUSED, OUTCOME_UNREACHABLE, OUTCOME_WRONG_NUMBER,
                 OUTCOME_CANCELLED, OUTCOME_LATE}, true},
    {STEP_CHECKLIST, {OUTCOME_COMPLETED, OUTCOME_REFUSED, OUTCOME_CANCELLED, OUTCOME_LATE}, true},
    {STEP_APPROVAL, {OUTCOME_APPROVED, OUTCOME_DECLINED, OUTCOME_CANCELLED, OUTCOME_LATE}, true},
    {STEP_WAIT, {OUTCOME_ARRIVED, OUTCOME_LATE}, false},
    {STEP_LIMIT, {OUTCOME_LATE}, false},
};
static const char *const outcome_keys[] = {"complaint", "message", "notify", "stop", "reopen", "goto", NULL};

static const struct outcome_shape *shape_of_kind(int kind)
{
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
        if (shapes[i].kind == kind)
            return &shapes[i];
    return &shapes[0];
}

static bool shape_has(const struct outcome_shape *shape, int outcome)
{
    for (size_t i = 0; shape->outcomes[i]; i++)
        if (shape->outcomes[i] == outcome)
            return true;
    return false;
}

static const char *outcomes_told(struct playbook_reading *reading, const struct outcome_shape *shape)
{
    const char *all = words_name(&outcome_words, shape->outcomes[0]);
    for (size_t i = 1; shape->outcomes[i]; i++)
        all = arena_printf(reading->arena, "%s, %s", all, words_name(&outcome_words, shape->outcomes[i]));
    return all;
}

/* -------- consequences */

static void read_complaint(struct playbook_reading *reading, const struct yaml *node, struct outcome_rule *to)
{
    static const char *const keys[] = {"channel", NULL};
    if (!node)
        return;
    reading_count(reading, node, YAML_MAP);
    yaml_known_keys(node, keys, reading->mistakes);
    const struct yaml *channel = yaml_get(node, "channel");
    to->complaint = true;
    to->complaint_channel = CHANNEL_IN_FOLLOW_UP;
    if (channel)
        to->complaint_channel = yaml_word(channel, &complaint_channel_words, reading->mistakes);
    if (channel && !to->complaint_channel)
        yaml_mistake(reading->mistakes, channel, "a complaint needs a channel");
}

static void read_notes(struct playbook_reading *reading, const struct yaml *node, struct outcome_rule *to)
{
    size_t count = reading_count(reading, node, YAML_MAP);
    to->notes.at = reading_array(reading, count, sizeof *to->notes.at);
    for (size_t i = 0; i < count; i++) {
        struct note *note = &to->notes.at[to->notes.count++];
        note->to = reading_addressee(reading, node->keys[i]);
        note->template = reading_name(reading, node->items[i], "notify", NULL);
    }
}

/* Stages are read before their names are all known: goto is looked up here, in the list of the rule's stages. */
static int read_goto(struct playbook_reading *reading, const struct yaml *node)
{
    const struct rule *rule = reading->rule;
    const char *name = yaml_text(node, "", reading->mistakes);
    size_t known_count = 0;
    if (!*name)
        return STAGE_STAY;
    if (!strcmp(name, "end"))
        return STAGE_END;
    const char **known = reading_array(reading, (rule ? rule->stage_count : 0) + 2, sizeof *known);
    for (size_t i = 0; rule && i < rule->stage_count; i++) {
        if (!strcmp(rule->stages[i].name, name))
            return (int)i;
        known[known_count++] = rule->stages[i].name;
    }
    known[known_count] = "end";
    yaml_mistake(reading->mistakes, node, "this rule has no stage \"%.60s\"%s", name, reading_hint(reading, name, known));
    return STAGE_STAY;
}

static void check_consequence(struct playbook_reading *reading, const struct yaml *node,
                              const struct outcome_rule *outcome, enum event_number event, const struct step *step)
{
    bool of_case = event_types[event].class == STAGE_COMPLAINT_ROUTER;
    bool of_task = shape_of_kind(step->kind)->of_task && outcome->outcome != OUTCOME_LATE;
    if (outcome->reopen && event && !of_case)
        yaml_mistake(reading->mistakes, yaml_get(node, "reopen"), "only a rule on a case can reopen it, not one on %s",
                     event_types[event].name);
    if (outcome->reopen && outcome->complaint)
        yaml_mistake(reading->mistakes, node, "either reopen the case or open another complaint, not both");
    if (!of_task && (outcome->reopen || outcome->complaint))
        yaml_mistake(reading->mistakes, node, "nobody has spoken with the customer: no complaint comes of %s",
                     words_name(&outcome_words, outcome->outcome));
    if (!outcome->reopen && !outcome->complaint && !outcome->stop && !*outcome->message && !outcome->notes.count &&
        outcome->go_to == STAGE_STAY && !yaml_get(node, "goto"))
        yaml_mistake(reading->mistakes, node, "leads to nothing: give complaint, message, notify, goto, stop or reopen");
}

void reading_consequence(struct playbook_reading *reading, const struct yaml *node, int outcome,
                         enum event_number event, struct step *step)
{
    struct outcome_rule *to = &step->outcomes.at[step->outcomes.count++];
    *to = (struct outcome_rule){.outcome = outcome, .message = "", .go_to = STAGE_STAY};
    reading_count(reading, node, YAML_MAP);
    yaml_known_keys(node, outcome_keys, reading->mistakes);
    read_complaint(reading, yaml_get(node, "complaint"), to);
    to->message = reading_name(reading, yaml_get(node, "message"), "message", NULL);
    read_notes(reading, yaml_get(node, "notify"), to);
    to->stop = yaml_bool(yaml_get(node, "stop"), false, reading->mistakes);
    to->reopen = yaml_bool(yaml_get(node, "reopen"), false, reading->mistakes);
    to->go_to = read_goto(reading, yaml_get(node, "goto"));
    if (node->kind == YAML_MAP)
        check_consequence(reading, node, to, event, step);
}

void reading_outcomes(struct playbook_reading *reading, const struct yaml *node, enum event_number event,
                      struct step *to)
{
    const struct outcome_shape *shape = shape_of_kind(to->kind);
    size_t count = reading_count(reading, node, YAML_MAP);
    to->outcomes.at = reading_array(reading, count + 2, sizeof *to->outcomes.at);    /* then and else may come */
    for (size_t i = 0; i < count; i++) {
        int outcome = yaml_word(node->keys[i], &outcome_words, reading->mistakes);
        if (outcome >= 0 && !shape_has(shape, outcome))
            yaml_mistake(reading->mistakes, node->keys[i], "%s does not end a %s: one of %s", node->keys[i]->text,
                         words_name(&step_kind_words, to->kind), outcomes_told(reading, shape));
        reading_consequence(reading, node->items[i], outcome, event, to);
    }
}
