#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cell_values.h"
#include "scenario.h"
#include "yaml.h"

struct parsing {
    struct scenario *scenario;
    struct arena *arena;
    struct mistakes *mistakes;
};

/* -------- times */

static bool time_text(const struct parsing *parsing, const char *text, wall_ms *ret)
{
    struct scenario *scenario = parsing->scenario;
    struct cell_date date;
    struct span span;
    if (strcmp(text, "start") == 0) {
        *ret = scenario->start;
        return true;
    }
    if (*text == '+' && span_parse(text + 1, &span)) {
        *ret = calendar_add(scenario->calendar, scenario->start, span);
        return true;
    }
    const char *point = strchr(text, '.');
    int milli = 0;
    bool has_milli = point && strchr(text, ':') && sscanf(point, ".%3d", &milli) == 1;
    const char *whole = has_milli ? arena_text(parsing->arena, text, (size_t)(point - text)) : text;
    if (!cell_date(whole, &date) || !date.has_time)
        return false;
    *ret = calendar_instant(scenario->calendar, date.year, date.month, date.day, date.hour, date.minute, date.second) +
           milli;
    return true;
}

static wall_ms parse_time(struct parsing *parsing, const struct yaml *node, const struct yaml *around)
{
    wall_ms at = 0;
    if (!node || node->kind != YAML_SCALAR || !time_text(parsing, node->text, &at))
        yaml_mistake(parsing->mistakes, node ? node : around, "a time is start, +2h, or like 2026-03-06 16:00");
    return at;
}

/* -------- events */

static json_t *value_json(struct parsing *parsing, const struct yaml *node, const struct field *field)
{
    wall_ms at;
    if (node->kind == YAML_LIST) {
        json_t *list = json_array();
        for (size_t i = 0; i < node->count; i++)
            json_array_append_new(list, value_json(parsing, node->items[i], NULL));
        return list;
    }
    if (node->kind == YAML_MAP) {
        json_t *map = json_object();
        for (size_t i = 0; i < node->count; i++)
            json_object_set_new(map, node->keys[i]->text, value_json(parsing, node->items[i], NULL));
        return map;
    }
    if (field && field->kind == FIELD_TIME)
        return time_text(parsing, node->text, &at) ? json_integer(at) : json_string(node->text);
    if (field && field->kind == FIELD_INT)
        return json_integer(strtoll(node->text, NULL, 10));
    if (field && field->kind == FIELD_BOOL)
        return json_boolean(strcmp(node->text, "true") == 0 || strcmp(node->text, "yes") == 0);
    return json_string(node->text);
}

static void put_fields(struct parsing *parsing, const struct yaml *map, const struct record *record, json_t *data)
{
    for (size_t i = 0; map && map->kind == YAML_MAP && i < map->count; i++) {
        const struct field *field = record_field(record, map->keys[i]->text);
        if (!field)
            yaml_mistake(parsing->mistakes, map->keys[i], "%s has no field \"%s\"", record->name, map->keys[i]->text);
        else
            json_object_set_new(data, field->name, value_json(parsing, map->items[i], field));
    }
}

/* The fields of the event; `customer` among them is the customer, told by fields or by id. */
static void parse_data(struct parsing *parsing, const struct yaml *fields, struct happening *happening)
{
    const struct record *record = event_types[happening->number].data;
    happening->data = json_object();
    for (size_t i = 0; fields->kind == YAML_MAP && i < fields->count; i++) {
        const struct yaml *value = fields->items[i];
        if (strcmp(fields->keys[i]->text, "customer") != 0)
            continue;
        if (value->kind == YAML_MAP)
            put_fields(parsing, value, record, happening->data);
        else
            happening->customer = value->text;
    }
    struct yaml rest = *fields;
    rest.count = 0;
    rest.keys = arena_alloc(parsing->arena, fields->count * sizeof *rest.keys);
    rest.items = arena_alloc(parsing->arena, fields->count * sizeof *rest.items);
    for (size_t i = 0; fields->kind == YAML_MAP && i < fields->count; i++)
        if (strcmp(fields->keys[i]->text, "customer") != 0) {
            rest.keys[rest.count] = fields->keys[i];
            rest.items[rest.count++] = fields->items[i];
        }
    put_fields(parsing, &rest, record, happening->data);
}

/* { file: PATH, replace: { OLD: NEW } }, or the path alone */
static struct changed_file parse_changed(struct parsing *parsing, const struct yaml *node)
{
    const struct yaml *replace = yaml_get(node, "replace");
    const struct yaml *file = node && node->kind == YAML_SCALAR ? node : yaml_get(node, "file");
    struct changed_file changed = {.path = yaml_text(file, "", parsing->mistakes)};
    size_t count = replace && replace->kind == YAML_MAP ? replace->count : 0;
    changed.from = arena_alloc(parsing->arena, (count + 1) * sizeof(char *));
    changed.to = arena_alloc(parsing->arena, (count + 1) * sizeof(char *));
    for (; changed.count < count; changed.count++) {
        changed.from[changed.count] = replace->keys[changed.count]->text;
        changed.to[changed.count] = yaml_text(replace->items[changed.count], "", parsing->mistakes);
    }
    return changed;
}

static void parse_happening(struct parsing *parsing, const struct yaml *node, struct happening *happening)
{
    happening->line = node->line;
    happening->at = parse_time(parsing, yaml_get(node, "at"), node);
    happening->actor = yaml_text(yaml_get(node, "by"), "", parsing->mistakes);
    happening->role = yaml_text(yaml_get(node, "role"), "", parsing->mistakes);
    happening->id = yaml_text(yaml_get(node, "id"), NULL, parsing->mistakes);
    if (yaml_get(node, "occurred"))
        happening->occurred_at = parse_time(parsing, yaml_get(node, "occurred"), node);
    for (size_t i = 0; node->kind == YAML_MAP && i < node->count; i++) {
        const char *key = node->keys[i]->text;
        enum event_number number = event_number(key);
        if (number != EVENT_UNKNOWN) {
            happening->number = number;
            parse_data(parsing, node->items[i], happening);
        } else if (strcmp(key, "apply") == 0) {
            happening->apply = parse_changed(parsing, node->items[i]);
        } else if (strcmp(key, "at") != 0 && strcmp(key, "by") != 0 && strcmp(key, "role") != 0 &&
                   strcmp(key, "occurred") != 0 && strcmp(key, "id") != 0) {
            yaml_mistake(parsing->mistakes, node->keys[i], "no event is called \"%s\"", key);
        }
    }
    if (!happening->number && !happening->apply.path)
        yaml_mistake(parsing->mistakes, node, "what happens then?");
}

/* -------- expectations */

/* Short ways to say what is expected. */
static const struct sugar {
    const char *key;
    enum expecting what;
    enum event_number number;
    enum entity_kind kind;
    const char *field;              /* that the value stands for; NULL: the entity's id */
} sugars[] = {
    {"notice", EXPECT_EVENT, EVENT_NOTICE_SENT, 0, "template"},
    {"task", EXPECT_EVENT, EVENT_TASK_OPENED, 0, "step"},
    {"refused", EXPECT_EVENT, EVENT_ACT_REFUSED, 0, "act"},
    {"event", EXPECT_EVENT, EVENT_UNKNOWN, 0, NULL},
    {"absent", EXPECT_NO_EVENT, EVENT_UNKNOWN, 0, NULL},
    {"case", EXPECT_ENTITY, EVENT_UNKNOWN, ENTITY_CASE, NULL},
    {"task_id", EXPECT_ENTITY, EVENT_UNKNOWN, ENTITY_TASK, NULL},
    {"customer_id", EXPECT_ENTITY, EVENT_UNKNOWN, ENTITY_CUSTOMER, NULL},
    {"notice_id", EXPECT_ENTITY, EVENT_UNKNOWN, ENTITY_NOTICE, NULL},
    {"plan_id", EXPECT_ENTITY, EVENT_UNKNOWN, ENTITY_PLAN, NULL},
    {"form_id", EXPECT_ENTITY, EVENT_UNKNOWN, ENTITY_FORM, NULL},
    {"book_id", EXPECT_ENTITY, EVENT_UNKNOWN, ENTITY_BOOK_PAGE, NULL},
};

static const struct sugar *find_sugar(const struct yaml *node)
{
    for (size_t i = 0; i < sizeof sugars / sizeof *sugars; i++)
        if (yaml_get(node, sugars[i].key))
            return &sugars[i];
    return NULL;
}

/* A field's name as people shorten it. */
static const char *field_name(const struct record *record, const char *key, struct arena *arena)
{
    const char *longer = arena_printf(arena, "%s_at", key);
    return record_field(record, key) ? key : record_field(record, longer) ? longer : NULL;
}

static void add_field(struct parsing *parsing, struct expectation *expectation, const struct record *record,
                      const struct yaml *key, const struct yaml *value)
{
    const char *name = field_name(record, key->text, parsing->arena);
    if (!name) {
        yaml_mistake(parsing->mistakes, key, "%s has no field \"%s\"", record->name, key->text);
        return;
    }
    const struct field *field = record_field(record, name);
    struct expected_field *to = &expectation->fields[expectation->field_count++];
    *to = (struct expected_field){
        .name = name, .text = value->kind == YAML_SCALAR ? value->text : "", .is_time = field->kind == FIELD_TIME};
    if (value->kind == YAML_LIST)
        for (size_t i = 0; i < value->count; i++)
            to->text = arena_printf(parsing->arena, "%s%s%s", to->text, i ? "," : "", value->items[i]->text);
    if (to->is_time)
        to->time = parse_time(parsing, value, value);
}

static const struct record *expected_record(const struct expectation *expectation)
{
    if (expectation->what == EXPECT_CLOCK)
        return &case_clock_record;
    return expectation->what == EXPECT_ENTITY ? entity_types[expectation->kind].record
                                              : event_types[expectation->number].data;
}

static void parse_subject(struct parsing *parsing, const struct yaml *node, const struct sugar *sugar,
                          struct expectation *to)
{
    const struct yaml *value = yaml_get(node, sugar->key);
    to->what = sugar->what;
    to->number = sugar->number;
    to->kind = sugar->kind;
    if (sugar->what == EXPECT_ENTITY) {
        to->clock = yaml_text(yaml_get(node, "clock"), NULL, parsing->mistakes);
        to->what = to->clock ? EXPECT_CLOCK : EXPECT_ENTITY;
        to->id = value->text && strchr(value->text, '/') ? value->text
                 : arena_printf(parsing->arena, "%s/%s", parsing->scenario->site, value->text ? value->text : "");
    } else if (!sugar->field) {
        to->number = event_number(value->text ? value->text : "");
        if (to->number == EVENT_UNKNOWN)
            yaml_mistake(parsing->mistakes, value, "no event is called \"%s\"", value->text);
    }
}

static void parse_expectation(struct parsing *parsing, const struct yaml *node, struct expectation *to)
{
    const struct sugar *sugar = node->kind == YAML_MAP ? find_sugar(node) : NULL;
    to->line = node->line;
    if (!sugar) {
        yaml_mistake(parsing->mistakes, node,
                     "expected is one of notice, task, event, refused, absent, case, task_id, customer_id, notice_id, "
                     "plan_id, form_id, book_id");
        return;
    }
    parse_subject(parsing, node, sugar, to);
    if (to->what != EXPECT_NO_EVENT)
        to->at = parse_time(parsing, yaml_get(node, "at"), node);
    const struct record *record = expected_record(to);
    if (!record)
        return;
    to->fields = arena_alloc(parsing->arena, node->count * sizeof *to->fields);
    to->text = "";
    for (size_t i = 0; i < node->count; i++) {
        const char *key = node->keys[i]->text;
        to->text = arena_printf(parsing->arena, "%s%s%s: %s", to->text, i ? ", " : "", key,
                                node->items[i]->text ? node->items[i]->text : "…");
        if (strcmp(key, sugar->key) == 0 && sugar->field)
            to->fields[to->field_count++] = (struct expected_field){.name = sugar->field, .text = node->items[i]->text};
        else if (strcmp(key, sugar->key) != 0 && strcmp(key, "at") != 0 && strcmp(key, "clock") != 0)
            add_field(parsing, to, record, node->keys[i], node->items[i]);
    }
}

/* -------- the whole */

static size_t list_of(const struct yaml *root, const char *key, const struct yaml **ret, struct mistakes *mistakes)
{
    *ret = yaml_get(root, key);
    if (*ret && (*ret)->kind != YAML_LIST) {
        yaml_mistake(mistakes, *ret, "%s is a list", key);
        *ret = NULL;
    }
    return *ret ? (*ret)->count : 0;
}

static void parse_sending(struct parsing *parsing, const struct yaml *node, struct sending_rule *rule)
{
    static const char *const known[] = {"channel", "template", "result", "times", NULL};
    yaml_known_keys(node, known, parsing->mistakes);
    rule->channel = yaml_text(yaml_get(node, "channel"), NULL, parsing->mistakes);
    rule->template = yaml_text(yaml_get(node, "template"), NULL, parsing->mistakes);
    rule->result = yaml_word(yaml_get(node, "result"), &send_result_words, parsing->mistakes);
    rule->times = (int)yaml_int(yaml_get(node, "times"), 1, 1, 1000000, parsing->mistakes);
}

static void parse_setup(struct parsing *parsing, const struct yaml *root)
{
    static const char *const sample[] = {"calendars/sample.yaml", "sample/staff.yaml", "templates/auto-dealer.yaml",
                                         "playbooks/auto-dealer.yaml"};
    const struct yaml *setup, *change = yaml_get(root, "playbook");
    struct scenario *scenario = parsing->scenario;
    scenario->setup_count = list_of(root, "setup", &setup, parsing->mistakes);
    scenario->setup_paths = (const char **)sample;
    if (setup) {
        scenario->setup_paths = arena_alloc(parsing->arena, (setup->count + 1) * sizeof *scenario->setup_paths);
        for (size_t i = 0; i < setup->count; i++)
            scenario->setup_paths[i] = yaml_text(setup->items[i], "", parsing->mistakes);
    } else {
        scenario->setup_count = sizeof sample / sizeof *sample;
    }
    scenario->changed = parse_changed(parsing, change);
}

static wall_ms last_time(const struct scenario *scenario)
{
    wall_ms last = scenario->start;
    for (size_t i = 0; i < scenario->expectation_count; i++)
        if (scenario->expectations[i].at > last)
            last = scenario->expectations[i].at;
    return last + MINUTE_MS;
}

struct scenario *scenario_parse(struct slice yaml, const struct calendar *calendar, struct arena *arena,
                                struct mistakes *mistakes)
{
    static const char *const known[] = {"scenario", "site",    "start",  "until",        "setup", "playbook",
                                        "events",   "sending", "expect", "nothing_else", NULL};
    struct yaml *root = yaml_parse(yaml, arena, mistakes);
    if (!root)
        return NULL;
    yaml_known_keys(root, known, mistakes);
    struct scenario *scenario = arena_alloc(arena, sizeof *scenario);
    struct parsing parsing = {scenario, arena, mistakes};
    const struct yaml *list;
    scenario->file = mistakes->file;
    scenario->calendar = calendar;
    scenario->name = yaml_text(yaml_get(root, "scenario"), "", mistakes);
    scenario->site = yaml_text(yaml_get(root, "site"), "sample", mistakes);
    scenario->start = parse_time(&parsing, yaml_get(root, "start"), root);
    parse_setup(&parsing, root);
    scenario->happening_count = list_of(root, "events", &list, mistakes);
    scenario->happenings = arena_alloc(arena, (scenario->happening_count + 1) * sizeof *scenario->happenings);
    for (size_t i = 0; i < scenario->happening_count; i++)
        parse_happening(&parsing, list->items[i], &scenario->happenings[i]);
    scenario->sending_count = list_of(root, "sending", &list, mistakes);
    scenario->sending = arena_alloc(arena, (scenario->sending_count + 1) * sizeof *scenario->sending);
    for (size_t i = 0; i < scenario->sending_count; i++)
        parse_sending(&parsing, list->items[i], &scenario->sending[i]);
    scenario->expectation_count = list_of(root, "expect", &list, mistakes);
    scenario->expectations = arena_alloc(arena, (scenario->expectation_count + 1) * sizeof *scenario->expectations);
    for (size_t i = 0; i < scenario->expectation_count; i++)
        parse_expectation(&parsing, list->items[i], &scenario->expectations[i]);
    if (!scenario->expectation_count)
        yaml_mistake(mistakes, root, "a scenario that expects nothing shows nothing");
    scenario->nothing_else = yaml_bool(yaml_get(root, "nothing_else"), false, mistakes);
    scenario->until = yaml_get(root, "until") ? parse_time(&parsing, yaml_get(root, "until"), root)
                                              : last_time(scenario);
    return mistakes->count ? scenario_free(scenario), NULL : scenario;
}

void scenario_free(struct scenario *scenario)
{
    for (size_t i = 0; i < scenario->happening_count; i++)
        json_decref(scenario->happenings[i].data);
    scenario->happening_count = 0;
}

/* An event's time and its fields that are times are expected; the time at which an entity is looked at is not. */
wall_ms *scenario_time(struct scenario *scenario, size_t number)
{
    for (size_t i = 0; i < scenario->expectation_count; i++) {
        struct expectation *expectation = &scenario->expectations[i];
        if (expectation->what == EXPECT_EVENT && number-- == 0)
            return &expectation->at;
        for (size_t k = 0; k < expectation->field_count; k++)
            if (expectation->fields[k].is_time && expectation->what != EXPECT_NO_EVENT && number-- == 0)
                return &expectation->fields[k].time;
    }
    return NULL;
}
