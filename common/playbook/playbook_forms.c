#include <string.h>

#include "playbook_reading.h"

/* Forms: what can be filled in, field by field. */

enum { FORMS_MAX = 64, FIELDS_MAX = 64 };

static const char *const form_keys[] = {"zh", "en", "roles", "fields", NULL};
static const char *const field_keys[] = {
    "field", "kind", "zh", "en", "choices", "form", "role", "required", "personal", "record", "means", "asked", "min",
    "max", NULL
};
static const char *const kind_words[FORM_FIELD_KINDS + 1] = {
    [FORM_TEXT] = "text", [FORM_NUMBER] = "number", [FORM_DATE] = "date", [FORM_DAY] = "day", [FORM_TIME] = "time",
    [FORM_YES_NO] = "yes_no", [FORM_SCORE] = "score", [FORM_CHOICE] = "choice", [FORM_CHOICES] = "choices",
    [FORM_LINK] = "link", [FORM_STAFF] = "staff", [FORM_ATTACHMENT] = "attachment",
};

/* What of a customer's record can be told by a form. */
static const char *const record_words[] = {
    "none", "name", "mobile", "email", "address", "webhook", "summary", "preference", "interests", "owner", "language",
    NULL
};
static const char *const meaning_words[] = {
    [MEANS_NOTHING] = "nothing", [MEANS_SATISFACTION] = "satisfaction", [MEANS_WORDS] = "words", NULL
};

/* -------- fields */

static enum form_field_kind read_kind(struct playbook_reading *reading, const struct yaml *node)
{
    const char *word = reading_choice(reading, node, kind_words);
    for (int kind = 0; kind < FORM_FIELD_KINDS; kind++)
        if (word == kind_words[kind])
            return (enum form_field_kind)kind;
    return FORM_TEXT;
}

static void read_bounds(struct playbook_reading *reading, const struct yaml *node, struct form_field *to)
{
    const struct yaml *min = yaml_get(node, "min"), *max = yaml_get(node, "max");
    to->has_min = min != NULL;
    to->has_max = max != NULL;
    to->min = yaml_int(min, 0, INT64_MIN, INT64_MAX, reading->mistakes);
    to->max = yaml_int(max, 0, INT64_MIN, INT64_MAX, reading->mistakes);
    if ((min || max) && to->kind != FORM_NUMBER)
        yaml_mistake(reading->mistakes, min ? min : max, "only a number has min and max");
    if (min && max && to->min > to->max)
        yaml_mistake(reading->mistakes, node, "min is over max: nothing could be filled in");
}

static void check_field(struct playbook_reading *reading, const struct yaml *node, const struct form_field *field)
{
    bool chooses = field->kind == FORM_CHOICE || field->kind == FORM_CHOICES;
    if (chooses && field->choices.count < 2)
        yaml_mistake(reading->mistakes, node, "a choice needs choices to choose from, at least two");
    if (!chooses && field->choices.count)
        yaml_mistake(reading->mistakes, yaml_get(node, "choices"), "choices belong to kind: choice or choices");
    for (size_t i = 0; i < field->choices.count; i++)
        if (strchr(field->choices.at[i], ','))
            yaml_mistake(reading->mistakes, yaml_get(node, "choices"), "a choice cannot have a comma in it");
    if (field->kind == FORM_LINK && !*field->form)
        yaml_mistake(reading->mistakes, node, "a link to which form? form: NAME is missing");
    if (field->kind != FORM_LINK && *field->form)
        yaml_mistake(reading->mistakes, yaml_get(node, "form"), "only a link leads to a form");
    if (field->personal && field->kind == FORM_LINK)
        yaml_mistake(reading->mistakes, yaml_get(node, "personal"), "a link cannot be personal: it would not be found");
    if (!*field->zh || !*field->en)
        yaml_mistake(reading->mistakes, node, "zh and en: how is it called on the form?");
}

/* What the engine makes of it. */
static void read_use(struct playbook_reading *reading, const struct yaml *node, struct form_field *to)
{
    const struct yaml *record = yaml_get(node, "record"), *means = yaml_get(node, "means");
    const char *of_record = reading_choice(reading, record, record_words), *word = reading_choice(reading, means, meaning_words);
    to->record = of_record == record_words[0] ? "" : of_record;
    for (int meaning = MEANS_NOTHING; meaning_words[meaning]; meaning++)
        if (word == meaning_words[meaning])
            to->means = (enum form_meaning)meaning;
    to->asked = yaml_bool(yaml_get(node, "asked"), false, reading->mistakes);
    if (to->means == MEANS_SATISFACTION && to->kind != FORM_SCORE)
        yaml_mistake(reading->mistakes, means, "satisfaction is a score");
    if (to->means == MEANS_WORDS && to->kind != FORM_TEXT)
        yaml_mistake(reading->mistakes, means, "words are a text");
    if (*to->record && to->kind != FORM_TEXT && to->kind != FORM_CHOICE && to->kind != FORM_STAFF &&
        (to->kind != FORM_CHOICES || strcmp(to->record, "interests")))
        yaml_mistake(reading->mistakes, record, "a customer's record takes text, choice or staff; interests take choices, too");
}

static void read_field(struct playbook_reading *reading, const struct yaml *node, struct form_field *to)
{
    reading_count(reading, node, YAML_MAP);
    yaml_known_keys(node, field_keys, reading->mistakes);
    *to = (struct form_field){.name = reading_name(reading, yaml_get(node, "field"), "field: NAME", node)};
    to->kind = read_kind(reading, yaml_get(node, "kind"));
    to->zh = yaml_text(yaml_get(node, "zh"), "", reading->mistakes);
    to->en = yaml_text(yaml_get(node, "en"), "", reading->mistakes);
    to->choices = reading_texts(reading, yaml_get(node, "choices"));
    to->form = reading_name(reading, yaml_get(node, "form"), "form", NULL);
    to->role = reading_role(reading, yaml_get(node, "role"), "");
    to->required = yaml_bool(yaml_get(node, "required"), false, reading->mistakes);
    to->personal = yaml_bool(yaml_get(node, "personal"), false, reading->mistakes);
    read_bounds(reading, node, to);
    read_use(reading, node, to);
    if (node->kind == YAML_MAP)
        check_field(reading, node, to);
}

/* -------- a form */

static void read_roles(struct playbook_reading *reading, const struct yaml *node, struct form *to)
{
    size_t count = reading_count(reading, node, YAML_LIST);
    to->roles.at = reading_array(reading, count, sizeof *to->roles.at);
    for (size_t i = 0; i < count; i++)
        to->roles.at[to->roles.count++] = reading_role(reading, node->items[i], "");
}

static void read_form(struct playbook_reading *reading, const struct yaml *key, const struct yaml *node, struct form *to)
{
    const struct yaml *fields = yaml_get(node, "fields");
    reading_count(reading, node, YAML_MAP);
    yaml_known_keys(node, form_keys, reading->mistakes);
    *to = (struct form){.name = reading_name(reading, key, "form", NULL)};
    to->zh = yaml_text(yaml_get(node, "zh"), to->name, reading->mistakes);
    to->en = yaml_text(yaml_get(node, "en"), to->name, reading->mistakes);
    read_roles(reading, yaml_get(node, "roles"), to);
    size_t count = reading_count(reading, fields, YAML_LIST);
    if (!count && node->kind == YAML_MAP)
        yaml_mistake(reading->mistakes, node, "a form without fields holds nothing");
    if (count > FIELDS_MAX) {
        yaml_mistake(reading->mistakes, fields, "at most %d fields", FIELDS_MAX);
        count = FIELDS_MAX;
    }
    to->fields = reading_array(reading, count, sizeof *to->fields);
    for (size_t i = 0; i < count; i++) {
        struct form_field field;
        read_field(reading, fields->items[i], &field);
        if (*field.name && form_field(to, field.name))
            yaml_mistake(reading->mistakes, fields->items[i], "field \"%s\" stands there twice", field.name);
        to->fields[to->field_count++] = field;
    }
}

/* Forms may link to each other in any order: looked at once all are known. */
static void check_links(struct playbook_reading *reading, const struct yaml *node)
{
    const struct playbook *playbook = reading->playbook;
    const char **known = reading_array(reading, playbook->form_count + 1, sizeof *known);
    for (size_t i = 0; i < playbook->form_count; i++)
        known[i] = playbook->forms[i].name;
    for (size_t i = 0; i < playbook->form_count; i++)
        for (size_t j = 0; j < playbook->forms[i].field_count; j++) {
            const struct form_field *field = &playbook->forms[i].fields[j];
            if (*field->form && !playbook_form(playbook, field->form))
                yaml_mistake(reading->mistakes, yaml_get(node->items[i], "fields")->items[j],
                             "no form \"%s\" is described under forms%s", field->form,
                             reading_hint(reading, field->form, known));
        }
}

void reading_forms(struct playbook_reading *reading, const struct yaml *node)
{
    struct playbook *playbook = reading->playbook;
    size_t count = reading_count(reading, node, YAML_MAP);
    if (count > FORMS_MAX) {
        yaml_mistake(reading->mistakes, node, "at most %d forms", FORMS_MAX);
        count = FORMS_MAX;
    }
    playbook->forms = reading_array(reading, count, sizeof *playbook->forms);
    for (size_t i = 0; i < count; i++)
        read_form(reading, node->keys[i], node->items[i], &playbook->forms[playbook->form_count++]);
    check_links(reading, node);
}

/* -------- a form by name */

const struct form_field *form_field(const struct form *form, const char *name)
{
    for (size_t i = 0; i < form->field_count; i++)
        if (!strcmp(form->fields[i].name, name))
            return &form->fields[i];
    return NULL;
}

const struct form *reading_form(struct playbook_reading *reading, const struct yaml *node)
{
    const struct playbook *playbook = reading->playbook;
    const char *name = yaml_text(node, "", reading->mistakes);
    const struct form *form = playbook_form(playbook, name);
    if (!*name || form)
        return form;
    const char **known = reading_array(reading, playbook->form_count + 1, sizeof *known);
    for (size_t i = 0; i < playbook->form_count; i++)
        known[i] = playbook->forms[i].name;
    yaml_mistake(reading->mistakes, node, "no form \"%.60s\" is described under forms%s", name,
                 reading_hint(reading, name, known));
    return NULL;
}

void reading_check_form(struct playbook_reading *reading, const struct yaml *node, enum event_number event)
{
    if (node && event && event_types[event].data != &form_changed_record)
        yaml_mistake(reading->mistakes, node, "%s is not about a form", event_types[event].name);
}
