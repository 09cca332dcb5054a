#include <string.h>

#include "playbook_reading.h"

/* Steps of a rule: a call, a message, a form, a watched deadline. */

/* Keys by kind of step; the first names the step. */
static const struct step_shape {
    int kind;
    const char *task_kind;
    const char *keys[16];
} shapes[] = {
    {STEP_CALL, "call",
     {"call", "name", "when", "after", "before", "business", "window", "role", "announce", "questionnaire", "retry",
      "outcome", "priority", "purpose", NULL}},
    {STEP_MESSAGE, "",
     {"message", "name", "when", "after", "business", "valid_for", "window", "priority", "purpose", NULL}},
    {STEP_FORM, "form",
     {"form", "name", "when", "after", "before", "business", "window", "role", "questionnaire", "outcome", "priority",
      "purpose", NULL}},
    {STEP_DEADLINE, "",
     {"deadline", "name", "when", "after", "before", "business", "role", "priority", "purpose", NULL}},
};
enum { SHAPES = sizeof shapes / sizeof shapes[0] };

static const char *const default_role = "follow-up-agent";
static const struct retry default_retry = {3, 2, {{2 * HOUR_MS, 0}, {0, 1}}};

/* -------- outcomes */

static const int final_outcomes[] = {
    OUTCOME_COMPLETED, OUTCOME_DISSATISFIED, OUTCOME_REFUSED, OUTCOME_UNREACHABLE, OUTCOME_WRONG_NUMBER,
    OUTCOME_CANCELLED
};
static const char *const outcome_keys[] = {"complaint", "message", "stop", "reopen", NULL};

static bool outcome_is_final(int outcome)
{
    for (size_t i = 0; i < sizeof final_outcomes / sizeof final_outcomes[0]; i++)
        if (final_outcomes[i] == outcome)
            return true;
    return false;
}

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

static void check_outcome(struct playbook_reading *reading, const struct yaml *node, const struct outcome_rule *outcome,
                          enum event_number event)
{
    bool of_case = event_types[event].class == STAGE_COMPLAINT_ROUTER;
    if (outcome->reopen && event && !of_case)
        yaml_mistake(reading->mistakes, yaml_get(node, "reopen"), "only a rule on a case can reopen it, not one on %s",
                     event_types[event].name);
    if (outcome->reopen && outcome->complaint)
        yaml_mistake(reading->mistakes, node, "either reopen the case or open another complaint, not both");
    if (!outcome->reopen && !outcome->complaint && !outcome->stop && !*outcome->message)
        yaml_mistake(reading->mistakes, node, "leads to nothing: give complaint, message, stop or reopen");
}

static void read_outcome(struct playbook_reading *reading, const struct yaml *key, const struct yaml *node,
                         enum event_number event, struct outcome_rule *to)
{
    to->outcome = yaml_word(key, &outcome_words, reading->mistakes);
    if (to->outcome >= 0 && !outcome_is_final(to->outcome))
        yaml_mistake(reading->mistakes, key, "%s does not end a task: one of completed, dissatisfied, refused, "
                     "unreachable, wrong_number, cancelled", key->text);
    reading_count(reading, node, YAML_MAP);
    yaml_known_keys(node, outcome_keys, reading->mistakes);
    read_complaint(reading, yaml_get(node, "complaint"), to);
    to->message = reading_name(reading, yaml_get(node, "message"), "message", NULL);
    to->stop = yaml_bool(yaml_get(node, "stop"), false, reading->mistakes);
    to->reopen = yaml_bool(yaml_get(node, "reopen"), false, reading->mistakes);
    if (node->kind == YAML_MAP)
        check_outcome(reading, node, to, event);
}

static void read_outcomes(struct playbook_reading *reading, const struct yaml *node, enum event_number event,
                          struct step *to)
{
    size_t count = reading_count(reading, node, YAML_MAP);
    to->outcomes.at = reading_array(reading, count, sizeof *to->outcomes.at);
    for (size_t i = 0; i < count; i++)
        read_outcome(reading, node->keys[i], node->items[i], event, &to->outcomes.at[to->outcomes.count++]);
}

/* -------- times and windows */

static void read_times(struct playbook_reading *reading, const struct yaml *node, struct step *to)
{
    to->after = reading_span(reading, yaml_get(node, "after"));
    to->before = reading_span(reading, yaml_get(node, "before"));
    to->business = yaml_bool(yaml_get(node, "business"), false, reading->mistakes);
    to->valid_for = reading_span(reading, yaml_get(node, "valid_for"));
    int64_t before_ms = span_rough_ms(to->before);
    if (before_ms && before_ms <= span_rough_ms(to->after))
        yaml_mistake(reading->mistakes, yaml_get(node, "before"), "the deadline is not later than after: %s",
                     span_text(reading->arena, to->after));
    if (to->kind == STEP_DEADLINE && !before_ms)
        yaml_mistake(reading->mistakes, node, "a deadline needs before: by when?");
}

static void tell_unknown_window(struct playbook_reading *reading, const struct yaml *node, const char *name)
{
    const struct playbook *playbook = reading->playbook;
    const char **known = reading_array(reading, playbook->window_count + 1, sizeof *known);
    for (size_t i = 0; i < playbook->window_count; i++)
        known[i] = playbook->windows[i].name;
    yaml_mistake(reading->mistakes, node, "no window \"%.60s\" is described under windows%s", name,
                 reading_hint(reading, name, known));
}

static void read_window(struct playbook_reading *reading, const struct yaml *node, struct step *to)
{
    to->window_name = yaml_text(node, "", reading->mistakes);
    for (size_t i = 0; *to->window_name && i < reading->playbook->window_count; i++)
        if (!strcmp(reading->playbook->windows[i].name, to->window_name))
            to->window = &reading->playbook->windows[i];
    if (*to->window_name && !to->window)
        tell_unknown_window(reading, node, to->window_name);
}

/* -------- questionnaires */

static void check_questionnaires(struct playbook_reading *reading, const struct yaml *node, const struct step *step)
{
    const struct playbook *playbook = reading->playbook;
    const char **known = reading_array(reading, playbook->questionnaire_count + 1, sizeof *known);
    for (size_t i = 0; i < playbook->questionnaire_count; i++)
        known[i] = playbook->questionnaires[i].name;
    for (size_t i = 0; i < step->questionnaire.count; i++) {
        const char *name = step->questionnaire.at[i].value;
        if (!*name || playbook_questionnaire(playbook, name))
            continue;
        yaml_mistake(reading->mistakes, node->kind == YAML_MAP ? node->items[i] : node,
                     "no questionnaire \"%s\" is described under questionnaires%s", name,
                     reading_hint(reading, name, known));
    }
}

/* -------- a step */

static const struct step_shape *shape_of(struct playbook_reading *reading, const struct yaml *node)
{
    const struct step_shape *shape = NULL;
    for (size_t i = 0; i < SHAPES; i++) {
        const struct yaml *key = yaml_get(node, shapes[i].keys[0]);
        if (key && shape)
            yaml_mistake(reading->mistakes, key, "a step is either a %s or a %s", shape->keys[0], shapes[i].keys[0]);
        else if (key)
            shape = &shapes[i];
    }
    if (!shape && node->kind == YAML_MAP)
        yaml_mistake(reading->mistakes, node, "what is done? give call, message, form or deadline");
    return shape;
}

/* A message in variants is called by what is sent when none fits. */
static const char *read_step_name(struct playbook_reading *reading, const struct yaml *node, const struct yaml *what,
                                  int kind)
{
    const struct yaml *name = yaml_get(node, "name");
    if (!name)
        name = kind == STEP_MESSAGE && what->kind == YAML_MAP ? yaml_get(what, "default") : what;
    return reading_name(reading, name, "name", NULL);
}

static void read_texts_of_step(struct playbook_reading *reading, const struct yaml *node, const struct yaml *what,
                               enum event_number event, struct step *to)
{
    const struct yaml *questionnaire = yaml_get(node, "questionnaire");
    to->template = reading_variants(reading, to->kind == STEP_MESSAGE ? what : yaml_get(node, "announce"), event);
    to->questionnaire = reading_variants(reading, questionnaire, event);
    if (questionnaire)
        check_questionnaires(reading, questionnaire, to);
}

void reading_step(struct playbook_reading *reading, const struct yaml *node, enum event_number event, struct step *to)
{
    static const char *const purposes[] = {"care", "complaint", "marketing", "staff", NULL};
    *to = (struct step){.name = "", .window_name = "", .role = "", .purpose = purposes[0], .task_kind = "",
                        .priority = PRIORITY_NORMAL};
    reading_count(reading, node, YAML_MAP);
    const struct step_shape *shape = shape_of(reading, node);
    if (!shape)
        return;
    yaml_known_keys(node, shape->keys, reading->mistakes);
    const struct yaml *what = yaml_get(node, shape->keys[0]);
    to->kind = shape->kind;
    to->task_kind = shape->task_kind;
    to->name = read_step_name(reading, node, what, to->kind);
    if (event)
        to->when = reading_conditions(reading, yaml_get(node, "when"), SCOPE_EVENT, event);
    read_times(reading, node, to);
    read_window(reading, yaml_get(node, "window"), to);
    to->role = to->kind == STEP_MESSAGE ? "" : reading_role(reading, yaml_get(node, "role"), default_role);
    if (event)
        read_texts_of_step(reading, node, what, event, to);
    to->retry = reading_retry(reading, yaml_get(node, "retry"), default_retry);
    read_outcomes(reading, yaml_get(node, "outcome"), event, to);
    if (yaml_get(node, "priority"))
        to->priority = yaml_word(yaml_get(node, "priority"), &priority_words, reading->mistakes);
    to->purpose = reading_choice(reading, yaml_get(node, "purpose"), purposes);
}
