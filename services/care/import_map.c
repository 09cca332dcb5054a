#include "import_map.h"

#include <string.h>

#include "csv_rows.h"

enum { THEN_ID_BYTES_MAX = 32 };        /* with the row's id it must stay a name */

static const char *const reading_words[] = {"text", "date", "phone", "money", "list", "word", "nothing"};
static const struct words readings = {"reading", reading_words, sizeof reading_words / sizeof *reading_words};

static enum event_number event_of_node(const struct yaml *node, struct mistakes *mistakes)
{
    const char *type = yaml_text(node, "", mistakes);
    enum event_number number = event_number(type);
    if (number == EVENT_UNKNOWN || event_types[number].class != FACT)
        yaml_mistake(mistakes, node, "no fact is called \"%s\"", type);
    return number;
}

static bool is_number(const char *value)
{
    size_t digits = strspn(value + (*value == '-'), "0123456789");
    return digits && digits <= 15 && !value[(*value == '-') + digits];
}

/* Would the field take this value? */
static void check_value(const struct field *field, const struct yaml *node, const char *value,
                        struct mistakes *mistakes)
{
    if (field->kind == FIELD_WORD && words_find(field->words, value) < 0) {
        const char *near = words_nearest(field->words, value);
        yaml_mistake(mistakes, node, "%s is never \"%s\"%s%s%s", field->name, value, near ? "; did you mean " : "",
                     near ? near : "", near ? "?" : "");
    } else if (field->kind == FIELD_BOOL && strcmp(value, "true") && strcmp(value, "yes") && strcmp(value, "false") &&
               strcmp(value, "no")) {
        yaml_mistake(mistakes, node, "%s is yes or no", field->name);
    } else if (field->kind == FIELD_INT && !is_number(value)) {
        yaml_mistake(mistakes, node, "%s is a whole number", field->name);
    } else if (field->kind == FIELD_TEXT && strlen(value) > field->limit) {
        yaml_mistake(mistakes, node, "%s has at most %zu bytes", field->name, field->limit);
    } else if (field->kind > FIELD_BOOL || field->kind == FIELD_TIME) {
        yaml_mistake(mistakes, node, "%s cannot be set here", field->name);
    }
}

/* Two parallel lists of texts from a map of scalars. Names must be the record's fields (NULL: any), or values must be
 * words of `field` (NULL: any). */
static size_t pairs(const struct yaml *map, const struct record *record, const struct field *field, struct arena *arena,
                    const char ***ret_names, const char ***ret_values, struct mistakes *mistakes)
{
    if (map && map->kind != YAML_MAP)
        yaml_mistake(mistakes, map, "%s is a map", map->path);
    if (!map || map->kind != YAML_MAP)
        return 0;
    *ret_names = arena_alloc(arena, map->count * sizeof **ret_names);
    *ret_values = arena_alloc(arena, map->count * sizeof **ret_values);
    for (size_t i = 0; i < map->count; i++) {
        (*ret_names)[i] = map->keys[i]->text;
        (*ret_values)[i] = yaml_text(map->items[i], "", mistakes);
        const struct field *to = record ? record_field(record, map->keys[i]->text) : field;
        if (record && !to)
            yaml_mistake(mistakes, map->keys[i], "%s has no field \"%s\"", record->name, map->keys[i]->text);
        else if (to)
            check_value(to, map->items[i], (*ret_values)[i], mistakes);
    }
    return map->count;
}

static void parse_mark(const struct yaml *node, const struct record *record, struct arena *arena,
                       struct import_mark *mark, struct mistakes *mistakes)
{
    static const char *const known[] = {"contains", "is", "set", "then", "id", "with", NULL};
    yaml_known_keys(node, known, mistakes);
    mark->contains = yaml_text(yaml_get(node, "contains"), NULL, mistakes);
    mark->is = yaml_text(yaml_get(node, "is"), NULL, mistakes);
    if (!mark->contains == !mark->is)
        yaml_mistake(mistakes, node, "a mark says either contains or is");
    mark->set_count = pairs(yaml_get(node, "set"), record, NULL, arena, &mark->set_names, &mark->set_values, mistakes);
    if (!yaml_get(node, "then"))
        return;
    mark->then = event_of_node(yaml_get(node, "then"), mistakes);
    mark->then_id = yaml_text(yaml_get(node, "id"), "then", mistakes);
    if (strlen(mark->then_id) > THEN_ID_BYTES_MAX || !name_is_plain(mark->then_id))
        yaml_mistake(mistakes, yaml_get(node, "id"), "id: letters, digits, . _ -, at most %d bytes", THEN_ID_BYTES_MAX);
    mark->then_count = pairs(yaml_get(node, "with"), event_types[mark->then].data, NULL, arena, &mark->then_names,
                             &mark->then_values, mistakes);
}

static void parse_marks(const struct yaml *list, const struct record *record, struct arena *arena,
                        struct import_column *column, struct mistakes *mistakes)
{
    if (!list)
        return;
    if (list->kind != YAML_LIST) {
        yaml_mistake(mistakes, list, "marks are a list");
        return;
    }
    column->mark_count = list->count;
    column->marks = arena_alloc(arena, list->count * sizeof *column->marks);
    for (size_t i = 0; i < list->count; i++)
        parse_mark(list->items[i], record, arena, &column->marks[i], mistakes);
}

/* Which kinds of field a reading can fill. */
static bool reading_fits(enum cell_reading reading, enum field_kind kind)
{
    switch (reading) {
    case READ_TEXT:
    case READ_PHONE: return kind == FIELD_TEXT;
    case READ_DATE: return kind == FIELD_TIME;
    case READ_MONEY: return kind == FIELD_INT;
    case READ_LIST: return kind == FIELD_TEXTS;
    case READ_WORD: return kind == FIELD_WORD || kind == FIELD_TEXT;
    case READ_NOTHING: return true;
    }
    return false;
}

/* Where the column goes, and whether it can be read into that. */
static void find_field(const struct yaml *node, const struct record *record, struct import_column *column,
                       struct mistakes *mistakes)
{
    bool occurred_at = strcmp(column->to, "occurred_at") == 0, customer = !strcmp(column->to, CUSTOMER_COLUMN);
    if (column->reading == READ_NOTHING)
        return;
    column->field = record && !occurred_at ? record_field(record, column->to) : NULL;
    if (record && !column->field && !strncmp(column->to, "attributes.", 11) && column->to[11]) {
        column->field = record_field(record, "attributes");
        column->attribute = column->to + 11;
    }
    enum field_kind kind = customer || column->attribute ? FIELD_TEXT : column->field ? column->field->kind : FIELD_TIME;
    if (occurred_at ? column->reading != READ_DATE
                    : (customer || column->field) && !reading_fits(column->reading, kind))
        yaml_mistake(mistakes, node, "%s cannot be read as %s", column->to, reading_words[column->reading]);
    else if (record && !occurred_at && !customer && !column->field)
        yaml_mistake(mistakes, node, "%s has no field \"%s\"", record->name, column->to);
}

static void parse_column(const struct yaml *title, const struct yaml *node, const struct record *record,
                         struct arena *arena, struct import_column *column, struct mistakes *mistakes)
{
    static const char *const known[] = {"to", "name", "read", "required", "words", "marks", NULL};
    bool brief = node->kind == YAML_SCALAR;
    if (!brief)
        yaml_known_keys(node, known, mistakes);
    column->title = title->text;
    column->to = brief ? node->text : yaml_text(yaml_get(node, "to"), "", mistakes);
    column->name = brief ? column->to : yaml_text(yaml_get(node, "name"), column->to, mistakes);
    int reading = brief ? READ_TEXT : yaml_word(yaml_get(node, "read"), &readings, mistakes);
    column->reading = reading < 0 ? READ_TEXT : (enum cell_reading)reading;
    column->required = !brief && yaml_bool(yaml_get(node, "required"), false, mistakes);
    find_field(node, record, column, mistakes);
    if (column->reading == READ_WORD)
        column->word_count = pairs(yaml_get(node, "words"), NULL, column->field, arena, &column->words_from,
                                   &column->words_to, mistakes);
    if (!brief)
        parse_marks(yaml_get(node, "marks"), record, arena, column, mistakes);
}

static void parse_columns(const struct yaml *map, const struct record *record, struct arena *arena,
                          struct import_map *to, const struct yaml *root, struct mistakes *mistakes)
{
    if (!map || map->kind != YAML_MAP || !map->count) {
        yaml_mistake(mistakes, map ? map : root, "columns: a map from each column's title to what it becomes");
        return;
    }
    if (map->count > CELLS_MAX)
        yaml_mistake(mistakes, map, "at most %d columns", CELLS_MAX);
    to->column_count = map->count;
    to->columns = arena_alloc(arena, map->count * sizeof *to->columns);
    bool has_id = false;
    for (size_t i = 0; i < map->count; i++) {
        parse_column(map->keys[i], map->items[i], record, arena, &to->columns[i], mistakes);
        to->columns[i].is_id = strcmp(to->columns[i].to, to->id_field) == 0;
        has_id = has_id || to->columns[i].is_id;
        if (to->columns[i].is_id && to->columns[i].reading != READ_TEXT)
            yaml_mistake(mistakes, map->items[i], "the event's id is read as text");
    }
    if (!has_id)
        yaml_mistake(mistakes, map, "no column goes to \"%s\", which is to be the event's id", to->id_field);
}

/* What is wrong, without the place in a text that nobody has written. */
static const char *without_place(const char *mistake)
{
    const char *what = strstr(mistake, ": ");
    return what ? what + 2 : mistake;
}

/* A calendar for files read without a running system: the zone, and the time of day that a date without one means. */
static const struct calendar *plain_calendar(const struct yaml *root, struct arena *arena, struct mistakes *mistakes)
{
    const struct yaml *zone = yaml_get(root, "zone"), *day_start = yaml_get(root, "day_start");
    const char *yaml = arena_printf(arena, "calendar: import\nzone: \"%s\"\nbusiness: { mon-sun: [\"%s-24:00\"] }\n",
                                    yaml_text(zone, "Asia/Shanghai", mistakes),
                                    yaml_text(day_start, "09:00", mistakes));
    struct mistakes own = {.file = "", .arena = arena};
    const struct calendar *calendar = calendar_parse((struct slice){(const uint8_t *)yaml, strlen(yaml)}, arena, &own);
    for (size_t i = 0; i < own.count; i++) {
        const char *what = without_place(own.lines[i]);
        bool in_zone = strncmp(what, "zone", 4) == 0;
        const struct yaml *at = in_zone ? zone : day_start;
        yaml_mistake(mistakes, at ? at : root, "%s", in_zone ? what : "wants a time of day such as 09:00");
    }
    return calendar;
}

struct import_map *import_map_parse(struct slice yaml, struct arena *arena, struct mistakes *mistakes)
{
    static const char *const known[] = {"import",    "source",  "event",    "id", "zone",
                                        "day_start", "columns", "defaults", NULL};
    struct yaml *root = yaml_parse(yaml, arena, mistakes);
    if (!root)
        return NULL;
    yaml_known_keys(root, known, mistakes);
    struct import_map *map = arena_alloc(arena, sizeof *map);
    map->name = yaml_text(yaml_get(root, "import"), "import", mistakes);
    map->source = yaml_text(yaml_get(root, "source"), map->name, mistakes);
    map->id_field = yaml_text(yaml_get(root, "id"), "id", mistakes);
    const struct yaml *event = yaml_get(root, "event");
    if (event)
        map->event = event_of_node(event, mistakes);
    else
        yaml_mistake(mistakes, root, "event is missing: the fact that a row becomes");
    const struct record *record = event_types[map->event].data;
    parse_columns(yaml_get(root, "columns"), record, arena, map, root, mistakes);
    map->default_count = pairs(yaml_get(root, "defaults"), record, NULL, arena, &map->default_names,
                               &map->default_values, mistakes);
    map->calendar = plain_calendar(root, arena, mistakes);
    return mistakes->count ? NULL : map;
}
