#include <string.h>

#include "playbook_reading.h"

/* Steps of a rule: one shape for each kind. */

/* The first key of each kind tells what is done, and names the step. */
static const struct step_shape { int kind; const char *key, *task_kind; } shapes[] = {
    {STEP_WAIT, "wait", ""},        /* first: it may have a form */
    {STEP_CALL, "call", "call"},
    {STEP_MESSAGE, "message", ""},
    {STEP_FORM, "form", "form"},
    {STEP_DEADLINE, "deadline", ""},
    {STEP_APPROVAL, "approval", "approval"},
    {STEP_CHECKLIST, "checklist", "checklist"},
    {STEP_SET, "set", ""},
};
enum { SHAPES = sizeof shapes / sizeof shapes[0] };

/* Which of the other keys a kind knows. */
enum {
    W = 1 << STEP_WAIT, C = 1 << STEP_CALL, M = 1 << STEP_MESSAGE, D = 1 << STEP_DEADLINE, FO = 1 << STEP_FORM,
    S = 1 << STEP_SET, A = 1 << STEP_APPROVAL, L = 1 << STEP_CHECKLIST, F = FO | A | L      /* what somebody works at the desk */
};
static const struct { const char *key; int kinds; } step_keys[] = {
    {"name", ~0}, {"when", ~0}, {"after", ~0}, {"business", ~0}, {"priority", ~0}, {"purpose", ~0},
    {"before", C | F | D}, {"role", C | F | D}, {"outcome", C | F}, {"assign", C | F}, {"questionnaire", C | FO},
    {"window", C | M | F},
    {"follows", W | C | M | F | S}, {"optional", W | C | M | F | S},
    {"from", W | C | M | F | S}, {"ahead", W | C | M | F | S}, {"at", W | C | M | F | S}, {"every", C | M | F}, {"times", C | M | F},
    {"announce", C}, {"retry", C}, {"script", C}, {"read_back", C}, {"to", M}, {"link", M}, {"valid_for", M}, {"fills", FO}, {"by_other", A}, {"items", L}, {"customer", S},
    {"event", W}, {"form", W}, {"match", W}, {"of", W}, {"within", W}, {"then", W}, {"else", W},
};
enum { STEP_KEYS = sizeof step_keys / sizeof step_keys[0] };

static const char *const default_role = "follow-up-agent";
static const struct retry default_retry = {3, 2, {{2 * HOUR_MS, 0}, {0, 1}}};

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

static const struct week *find_window(struct playbook_reading *reading, const struct yaml *node, const char **ret_name)
{
    const char *name = *ret_name = yaml_text(node, "", reading->mistakes);
    for (size_t i = 0; *name && i < reading->playbook->window_count; i++)
        if (!strcmp(reading->playbook->windows[i].name, name))
            return &reading->playbook->windows[i];
    if (*name)
        tell_unknown_window(reading, node, name);
    return NULL;
}

/* A window, or a list of two: the one that is tried first, and the one that counts from then on. */
static void read_window(struct playbook_reading *reading, const struct yaml *node, struct step *to)
{
    bool two = node && node->kind == YAML_LIST;
    if (two && node->count != 2)
        yaml_mistake(reading->mistakes, node, "a window, or two: [first, then]");
    else
        to->window = find_window(reading, two ? node->items[0] : node, &to->window_name);
    if (two && node->count == 2)
        to->then_window = find_window(reading, node->items[1], &to->then_window_name);
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

static const char *all_kinds(struct playbook_reading *reading)
{
    const char *all = shapes[0].key;
    for (size_t i = 1; i < SHAPES; i++)
        all = arena_printf(reading->arena, "%s, %s", all, shapes[i].key);
    return all;
}

static bool shape_knows(const struct step_shape *shape, const char *key)
{
    for (size_t i = 0; i < STEP_KEYS; i++)
        if (!strcmp(step_keys[i].key, key) && step_keys[i].kinds & 1 << shape->kind)
            return true;
    return false;
}

static const struct step_shape *shape_of(struct playbook_reading *reading, const struct yaml *node)
{
    const struct step_shape *shape = NULL;
    for (size_t i = 0; i < SHAPES; i++) {
        const struct yaml *key = yaml_get(node, shapes[i].key);
        if (key && shape && !shape_knows(shape, shapes[i].key))
            yaml_mistake(reading->mistakes, key, "a step is either a %s or a %s", shape->key, shapes[i].key);
        else if (key && !shape)
            shape = &shapes[i];
    }
    if (!shape && node->kind == YAML_MAP)
        yaml_mistake(reading->mistakes, node, "what is done? give one of %s", all_kinds(reading));
    return shape;
}

static void check_keys(struct playbook_reading *reading, const struct yaml *node, const struct step_shape *shape)
{
    const char *known[STEP_KEYS + 2] = {shape->key};
    size_t count = 1;
    for (size_t i = 0; i < STEP_KEYS; i++)
        if (step_keys[i].kinds & 1 << shape->kind)
            known[count++] = step_keys[i].key;
    yaml_known_keys(node, known, reading->mistakes);
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

/* What a step waits for within its plan, and who gets its message. */
static void read_place_in_plan(struct playbook_reading *reading, const struct yaml *node, struct step *to)
{
    const struct yaml *addressee = yaml_get(node, "to");
    to->follows = reading_texts(reading, yaml_get(node, "follows"));
    to->optional = yaml_bool(yaml_get(node, "optional"), false, reading->mistakes);
    to->to = "customer";
    to->link = yaml_text(yaml_get(node, "link"), "", reading->mistakes);
    if (addressee && strcmp(yaml_text(addressee, "", reading->mistakes), "customer"))
        to->to = reading_addressee(reading, addressee);
    if (to->follows.count > FOLLOWS_MAX)
        yaml_mistake(reading->mistakes, yaml_get(node, "follows"), "at most %d steps", FOLLOWS_MAX);
}

static bool has_role(int kind)
{
    return kind != STEP_MESSAGE && kind != STEP_WAIT && kind != STEP_SET;
}

void reading_step(struct playbook_reading *reading, const struct yaml *node, enum event_number event, struct step *to)
{
    static const char *const purposes[] = {"care", "complaint", "marketing", "staff", NULL};
    *to = (struct step){.name = "", .window_name = "", .then_window_name = "", .role = "", .purpose = purposes[0], .task_kind = "",
                        .priority = PRIORITY_NORMAL, .to = "customer", .link = "", .from = "", .at_min = -1, .script = "",
                        .sets = {.owner = "", .language = "", .preference = ""},
                        .assign = {.skill = "", .skill_field = "", .who = "", .other_than = ""}};
    reading_count(reading, node, YAML_MAP);
    const struct step_shape *shape = shape_of(reading, node);
    if (!shape)
        return;
    check_keys(reading, node, shape);
    const struct yaml *what = yaml_get(node, shape->key);
    to->kind = shape->kind;
    to->task_kind = shape->task_kind;
    to->name = read_step_name(reading, node, what, to->kind);
    if (event)
        to->when = reading_conditions(reading, yaml_get(node, "when"), SCOPE_EVENT, event);
    read_times(reading, node, to);
    reading_dates(reading, node, to);
    read_place_in_plan(reading, node, to);
    read_window(reading, yaml_get(node, "window"), to);
    to->role = has_role(to->kind) ? reading_role(reading, yaml_get(node, "role"), default_role) : "";
    if (event)
        read_texts_of_step(reading, node, what, event, to);
    if (to->kind == STEP_CALL)
        reading_script_of_step(reading, node, to);
    if (to->kind == STEP_FORM)
        to->form = reading_form(reading, yaml_get(node, "fills"));
    reading_assign(reading, yaml_get(node, "assign"), to);
    to->by_other = yaml_bool(yaml_get(node, "by_other"), false, reading->mistakes);
    if (to->kind == STEP_CHECKLIST)
        reading_items(reading, node, to);
    if (to->kind == STEP_SET)
        reading_settings(reading, node, to);
    to->retry = reading_retry(reading, yaml_get(node, "retry"), default_retry);
    reading_outcomes(reading, yaml_get(node, "outcome"), event, to);
    if (to->kind == STEP_WAIT)
        reading_wait(reading, node, to);
    if (yaml_get(node, "priority"))
        to->priority = yaml_word(yaml_get(node, "priority"), &priority_words, reading->mistakes);
    to->purpose = reading_choice(reading, yaml_get(node, "purpose"), purposes);
}
