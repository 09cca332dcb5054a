#include "playbook_reading.h"

#include <stdlib.h>
#include <string.h>

#include "records.h"

/* What a path leads to. */
struct path_type {
    const char *path;
    enum field_kind kind;           /* TEXT, WORD, INT or BOOL */
    const struct words *words;
};

static const char *const scope_words[] = {"none", "one", "several", "public"};
static const struct words scopes = {"scope", scope_words, 4};

static const struct path_type complaint_paths[] = {
    {"code", FIELD_TEXT, NULL},
    {"words", FIELD_TEXT, NULL},
    {"channel", FIELD_WORD, &complaint_channel_words},
    {"voice", FIELD_WORD, &voice_words},
    {"category", FIELD_TEXT, NULL},
    {"product", FIELD_TEXT, NULL},
    {"scope", FIELD_WORD, &scopes},
    {"repeat", FIELD_BOOL, NULL},
    {"amount_cents", FIELD_INT, NULL},
    {"satisfaction", FIELD_INT, NULL},
    {"brand", FIELD_TEXT, NULL},
    {"model", FIELD_TEXT, NULL},
    {"customer.class", FIELD_WORD, &customer_class_words},
    {"customer.kind", FIELD_WORD, &customer_kind_words},
};
enum { COMPLAINT_PATHS = sizeof complaint_paths / sizeof complaint_paths[0] };

static const char *const customer_prefix = "customer.";
static const char *const owner_gone = "customer.owner_gone";     /* of no record: customer and staff list together tell */

static bool field_testable(const struct field *field)
{
    bool kind = field->kind == FIELD_TEXT || field->kind == FIELD_WORD || field->kind == FIELD_INT ||
                field->kind == FIELD_BOOL || field->kind == FIELD_TIME;
    return kind && !(field->flags & PERSONAL);
}

/* -------- which paths there are */

static bool path_in_record(const struct record *record, const char *name, struct path_type *ret)
{
    const struct field *field = record_field(record, name);
    if (!field || !field_testable(field))
        return false;
    *ret = (struct path_type){field->name, field->kind, field->words};
    return true;
}

static bool path_find(enum condition_scope scope, enum event_number event, const char *path, struct path_type *ret)
{
    if (scope == SCOPE_EVENT) {
        if (!strcmp(path, owner_gone)) {
            *ret = (struct path_type){path, FIELD_BOOL, NULL};
            return true;
        }
        if (!strncmp(path, customer_prefix, strlen(customer_prefix)))
            return path_in_record(&customer_record, path + strlen(customer_prefix), ret);
        return path_in_record(event_types[event].data, path, ret);
    }
    for (size_t i = 0; i < COMPLAINT_PATHS; i++) {
        *ret = complaint_paths[i];
        if (!strcmp(ret->path, path))
            return true;
    }
    return false;
}

static size_t add_record_paths(struct arena *arena, const struct record *record, const char *prefix, const char **names)
{
    size_t count = 0;
    for (size_t i = 0; i < record->field_count; i++)
        if (field_testable(&record->fields[i]))
            names[count++] = arena_printf(arena, "%s%s", prefix, record->fields[i].name);
    return count;
}

static const char **all_paths(struct playbook_reading *reading, enum condition_scope scope, enum event_number event)
{
    const struct record *data = event_types[event].data;
    size_t room = scope == SCOPE_EVENT ? data->field_count + customer_record.field_count : COMPLAINT_PATHS;
    const char **names = reading_array(reading, room + 1, sizeof *names);
    size_t count = 0;
    if (scope == SCOPE_EVENT) {
        count = add_record_paths(reading->arena, data, "", names);
        add_record_paths(reading->arena, &customer_record, customer_prefix, names + count);
        return names;
    }
    for (; count < COMPLAINT_PATHS; count++)
        names[count] = complaint_paths[count].path;
    return names;
}

static bool path_is_personal(enum condition_scope scope, enum event_number event, const char *path)
{
    const struct field *field = scope == SCOPE_EVENT ? record_field(event_types[event].data, path) : NULL;
    return field && field->flags & PERSONAL;
}

static void tell_unknown_path(struct playbook_reading *reading, const struct yaml *key, enum condition_scope scope,
                              enum event_number event)
{
    const char *about = scope == SCOPE_EVENT ? event_types[event].name : "a complaint";
    if (path_is_personal(scope, event, key->text))
        yaml_mistake(reading->mistakes, key, "\"%s\" is personal and sealed: no condition can read it", key->text);
    else
        yaml_mistake(reading->mistakes, key, "conditions on %s know no \"%.40s\"%s", about, key->text,
                     reading_hint(reading, key->text, all_paths(reading, scope, event)));
}

/* -------- what stands in a form */

static const char *const field_prefix = "field.";

static bool is_of_form(enum condition_scope scope, const char *path)
{
    return scope == SCOPE_EVENT && !strncmp(path, field_prefix, strlen(field_prefix));
}

static void tell_unknown_field(struct playbook_reading *reading, const struct yaml *key, const char *name)
{
    const struct form *form = reading->form;
    const char **known = reading_array(reading, (form ? form->field_count : 0) + 1, sizeof *known);
    for (size_t i = 0; form && i < form->field_count; i++)
        known[i] = form->fields[i].name;
    if (!form)
        yaml_mistake(reading->mistakes, key, "a field of which form? say form: NAME beside the event");
    else
        yaml_mistake(reading->mistakes, key, "form %s has no field \"%.40s\"%s", form->name, name,
                     reading_hint(reading, name, known));
}

static enum field_kind kind_of_field(const struct form_field *field)
{
    switch (field->kind) {
    case FORM_NUMBER: case FORM_SCORE:
        return FIELD_INT;
    case FORM_DATE: case FORM_TIME:
        return FIELD_TIME;
    case FORM_YES_NO:
        return FIELD_BOOL;
    default:
        return FIELD_TEXT;
    }
}

static bool field_find(struct playbook_reading *reading, const struct yaml *key, struct path_type *ret)
{
    const char *name = key->text + strlen(field_prefix);
    const struct form_field *field = reading->form ? form_field(reading->form, name) : NULL;
    if (!field) {
        tell_unknown_field(reading, key, name);
        return false;
    }
    if (field->personal)
        yaml_mistake(reading->mistakes, key, "\"%s\" is personal and sealed: no condition can read it", name);
    *ret = (struct path_type){key->text, kind_of_field(field), NULL};
    return true;
}

/* -------- what happened with the customer before */

static const char *const last_prefix = "last.", *const count_prefix = "count.";

/* last.EVENT and count.EVENT: when it last happened, and how often. Of a form, form.NAME stands for the event. */
static bool history_find(struct playbook_reading *reading, const struct yaml *key, struct path_type *ret)
{
    const char *path = key->text;
    bool last = !strncmp(path, last_prefix, strlen(last_prefix));
    if (!last && strncmp(path, count_prefix, strlen(count_prefix)))
        return false;
    const char *what = strchr(path, '.') + 1;
    bool of_form = !strncmp(what, "form.", 5) && playbook_form(reading->playbook, what + 5);
    enum event_number event = event_number(what);
    bool kept = event == EVENT_CAR_DELIVERED || event == EVENT_VISIT_FINISHED || event == EVENT_COMPLAINT_RECEIVED ||
                event == EVENT_CONTACT_MADE;
    if (!of_form && !kept)
        yaml_mistake(reading->mistakes, key, "a customer's history keeps car.delivered, visit.finished, complaint.received, "
                     "contact.made and form.NAME, not \"%.60s\"", what);
    *ret = (struct path_type){path, last ? FIELD_TIME : FIELD_INT, NULL};
    return true;
}

/* -------- how a call went so far: its outcome, the satisfaction, answer.QUESTION */

static const char *const answer_prefix = "answer.";

static enum field_kind kind_of_question(const struct question *question)
{
    if (!strcmp(question->kind, "score"))
        return FIELD_INT;
    return strcmp(question->kind, "yes_no") ? FIELD_TEXT : FIELD_BOOL;
}

static bool call_find(struct playbook_reading *reading, const struct yaml *key, struct path_type *ret)
{
    static const struct path_type of_call[] = {
        {"satisfaction", FIELD_INT, NULL}, {"outcome", FIELD_WORD, &outcome_words},
    };
    const struct playbook *playbook = reading->playbook;
    const char *path = key->text;
    for (size_t i = 0; i < sizeof of_call / sizeof of_call[0]; i++) {
        *ret = of_call[i];
        if (!strcmp(path, ret->path))
            return true;
    }
    for (size_t i = 0; !strncmp(path, answer_prefix, strlen(answer_prefix)) && i < playbook->questionnaire_count; i++) {
        const struct question *question = questionnaire_question(&playbook->questionnaires[i], path + strlen(answer_prefix));
        if (!question)
            continue;
        *ret = (struct path_type){path, kind_of_question(question), NULL};
        return true;
    }
    yaml_mistake(reading->mistakes, key, "a script asks for satisfaction, outcome and answer.QUESTION of a questionnaire, not "
                 "\"%.60s\"", path);
    return false;
}

/* -------- what came of a step */

static const char *const step_prefix = "step.";

static bool is_of_step(const struct playbook_reading *reading, enum condition_scope scope, const char *path)
{
    return scope == SCOPE_EVENT && reading->rule && !strncmp(path, step_prefix, strlen(step_prefix));
}

static void check_result(struct playbook_reading *reading, const struct yaml *node)
{
    const char *text = yaml_text(node, "", reading->mistakes);
    if (*text && strcmp(text, "done") && strcmp(text, "skipped") && words_find(&outcome_words, text) < 0)
        yaml_mistake(reading->mistakes, node, "\"%.40s\" is no outcome of a step; done and skipped are, too", text);
}

/* The name is looked for once all steps of the rule are known: reading_stages. */
static void check_results(struct playbook_reading *reading, const struct yaml *node)
{
    const struct yaml *values = node->kind == YAML_MAP ? yaml_get(node, "not") : node;
    for (size_t i = 0; values && values->kind == YAML_LIST && i < values->count; i++)
        check_result(reading, values->items[i]);
    if (values && values->kind == YAML_SCALAR)
        check_result(reading, values);
}

/* -------- values of one condition */

static const char *truth_word(struct playbook_reading *reading, const struct yaml *node)
{
    return yaml_bool(node, false, reading->mistakes) ? "yes" : "no";
}

static const char *number_word(struct playbook_reading *reading, const struct yaml *node)
{
    return arena_printf(reading->arena, "%lld", (long long)yaml_int(node, 0, INT64_MIN, INT64_MAX, reading->mistakes));
}

static const char *value_read(struct playbook_reading *reading, const struct yaml *node, const struct path_type *type)
{
    if (!strcmp(type->path, "category") && reading->playbook->complaints.category_count)
        return reading_category(reading, node);
    if (type->kind == FIELD_BOOL)
        return truth_word(reading, node);
    if (type->kind == FIELD_INT)
        return number_word(reading, node);
    if (type->kind == FIELD_WORD)
        return yaml_word(node, type->words, reading->mistakes) < 0 ? "" : node->text;
    return yaml_text(node, "", reading->mistakes);
}

static void values_read(struct playbook_reading *reading, const struct yaml *node, const struct path_type *type,
                        struct condition *to)
{
    bool list = node->kind == YAML_LIST;
    size_t count = list ? node->count : 1;
    if (!count)
        yaml_mistake(reading->mistakes, node, "an empty list never holds");
    to->values.at = reading_array(reading, count, sizeof *to->values.at);
    for (size_t i = 0; i < count; i++)
        to->values.at[to->values.count++] = value_read(reading, list ? node->items[i] : node, type);
}

static void bounds_read(struct playbook_reading *reading, const struct yaml *node, const struct path_type *type,
                        struct condition *to)
{
    const struct yaml *min = yaml_get(node, "min"), *max = yaml_get(node, "max");
    if ((min || max) && type->kind != FIELD_INT)
        yaml_mistake(reading->mistakes, min ? min : max, "%s is no number: min and max cannot be asked of it",
                     type->path);
    to->has_min = min != NULL;
    to->has_max = max != NULL;
    to->min = yaml_int(min, 0, INT64_MIN, INT64_MAX, reading->mistakes);
    to->max = yaml_int(max, 0, INT64_MIN, INT64_MAX, reading->mistakes);
    if (min && max && to->min > to->max)
        yaml_mistake(reading->mistakes, node, "min is over max: it never holds");
}

/* within and older: a time span back from now; since and before: the beginning of the present day, week, month or year. */
static const char *moment_read(struct playbook_reading *reading, const struct yaml *node, const char *key)
{
    static const char *const units[] = {"day", "week", "month", "year", NULL};
    if (!strcmp(key, "since") || !strcmp(key, "before"))
        return arena_printf(reading->arena, "@start %s", reading_choice(reading, node, units));
    struct span span = reading_span(reading, node);
    return arena_printf(reading->arena, "@ago %s", span_text(reading->arena, span));
}

static void time_test_read(struct playbook_reading *reading, const struct yaml *node, const struct path_type *type,
                           struct condition *to)
{
    static const char *const keys[] = {"within", "older", "since", "before", NULL};
    if (node->kind != YAML_MAP || node->count != 1) {
        yaml_mistake(reading->mistakes, node, "%s is a time: ask for one of { within: 30d }, { older: 30d }, { since: month } "
                     "and { before: month }", type->path);
        return;
    }
    yaml_known_keys(node, keys, reading->mistakes);
    const char *key = node->keys[0]->text;
    to->earlier = !strcmp(key, "older") || !strcmp(key, "before");
    to->moment = moment_read(reading, node->items[0], key);
}

/* { in: field.NAME }: one of what stands in that field of the form. */
static void among_read(struct playbook_reading *reading, const struct yaml *node, struct condition *to)
{
    const struct yaml *in = yaml_get(node, "in");
    struct path_type of_field;
    to->among = yaml_text(in, "", reading->mistakes);
    if (!is_of_form(SCOPE_EVENT, to->among))
        yaml_mistake(reading->mistakes, in, "in which field? write it as field.NAME");
    else
        field_find(reading, in, &of_field);
    if (node->count > 1)
        yaml_mistake(reading->mistakes, node, "in stands alone");
}

static void test_read(struct playbook_reading *reading, const struct yaml *node, const struct path_type *type,
                      struct condition *to)
{
    static const char *const keys[] = {"min", "max", "not", "in", NULL};
    if (type->kind == FIELD_TIME) {
        time_test_read(reading, node, type, to);
        return;
    }
    if (node->kind != YAML_MAP) {
        values_read(reading, node, type, to);
        return;
    }
    yaml_known_keys(node, keys, reading->mistakes);
    if (yaml_get(node, "in")) {
        among_read(reading, node, to);
        return;
    }
    const struct yaml *not = yaml_get(node, "not");
    if (!node->count)
        yaml_mistake(reading->mistakes, node, "says nothing: give a value, a list, min, max or not");
    if (not && node->count > 1)
        yaml_mistake(reading->mistakes, node, "not stands alone, without min and max");
    if (not)
        values_read(reading, not, type, to);
    to->negated = not != NULL;
    bounds_read(reading, node, type, to);
}

struct condition_list reading_conditions(struct playbook_reading *reading, const struct yaml *node,
                                         enum condition_scope scope, enum event_number event)
{
    struct condition_list list = {NULL, 0};
    size_t count = reading_count(reading, node, YAML_MAP);
    if (!count)
        return list;
    list.at = reading_array(reading, count, sizeof *list.at);
    for (size_t i = 0; i < count; i++) {
        struct path_type type;
        const char *path = node->keys[i]->text;
        struct condition *to = &list.at[list.count];
        if (scope == SCOPE_SCRIPT) {
            if (!call_find(reading, node->keys[i], &type))
                continue;
        } else if (is_of_step(reading, scope, path)) {
            type = (struct path_type){path, FIELD_TEXT, NULL};
            check_results(reading, node->items[i]);
        } else if (scope == SCOPE_EVENT && history_find(reading, node->keys[i], &type)) {
            ;                       /* what is wrong with it is told */
        } else if (is_of_form(scope, path)) {
            if (!field_find(reading, node->keys[i], &type))
                continue;
        } else if (!path_find(scope, event, path, &type)) {
            tell_unknown_path(reading, node->keys[i], scope, event);
            continue;
        }
        to->path = path;
        test_read(reading, node->items[i], &type, to);
        list.count++;
    }
    return list;
}

/* -------- variants */

static const char *const default_variant = "default";

static void tell_unknown_variant(struct playbook_reading *reading, const struct yaml *key)
{
    size_t known_count = reading->variants ? reading->variants->count : 0;
    const char **known = reading_array(reading, known_count + 2, sizeof *known);
    for (size_t i = 0; i < known_count; i++)
        known[i] = reading->variants->keys[i]->text;
    known[known_count] = default_variant;
    yaml_mistake(reading->mistakes, key, "no variant \"%.40s\" is described under variants%s", key->text,
                 reading_hint(reading, key->text, known));
}

static void variant_read(struct playbook_reading *reading, const struct yaml *node, size_t i, enum event_number event,
                         struct variant *to)
{
    const struct yaml *key = node->keys[i];
    const struct yaml *when = yaml_get(reading->variants, key->text);
    bool is_default = !strcmp(key->text, default_variant);
    to->value = reading_name(reading, node->items[i], key->text, NULL);
    if (is_default && i + 1 < node->count)
        yaml_mistake(reading->mistakes, key, "default must stand last: what follows it is never chosen");
    else if (!is_default && !when)
        tell_unknown_variant(reading, key);
    else if (!is_default)
        to->when = reading_conditions(reading, when, SCOPE_EVENT, event);
}

struct variant_list reading_variants(struct playbook_reading *reading, const struct yaml *node, enum event_number event)
{
    struct variant_list list = {NULL, 0};
    if (!node)
        return list;
    bool map = node->kind == YAML_MAP;
    list.count = map ? node->count : 1;
    list.at = reading_array(reading, list.count, sizeof *list.at);
    if (!map) {
        list.at[0].value = reading_name(reading, node, "", NULL);
        return list;
    }
    for (size_t i = 0; i < list.count; i++)
        variant_read(reading, node, i, event, &list.at[i]);
    if (!yaml_get(node, default_variant))
        yaml_mistake(reading->mistakes, node, "default is missing: what is taken when no variant fits?");
    return list;
}

void reading_check_variants(struct playbook_reading *reading)
{
    const struct yaml *variants = reading->variants;
    size_t count = reading_count(reading, variants, YAML_MAP);
    for (size_t i = 0; i < count; i++) {
        const struct yaml *when = variants->items[i];
        if (!strcmp(variants->keys[i]->text, default_variant))
            yaml_mistake(reading->mistakes, variants->keys[i], "default needs no description: it is what remains");
        else if (!reading_count(reading, when, YAML_MAP) && when->kind == YAML_MAP)
            yaml_mistake(reading->mistakes, when, "says nothing: every customer would be of this variant");
    }
}
