#include <string.h>

#include "cell_values.h"
#include "csv_rows.h"
#include "fnv.h"
#include "import_map.h"
#include "json.h"
#include "xlsx_rows.h"
#include "zip_part.h"

enum { OWN_BYTES_MAX = 64 };            /* of a customer's id, and of one attribute */

/* One file being read. */
struct import {
    const struct import_map *map;
    const struct calendar *calendar;
    const char *site;
    struct arena *arena;
    struct import_result *result;
    size_t column_at[CELLS_MAX];        /* place in the row of each of the map's columns */
    size_t width;
    const char **seen;                  /* set of rows: open addressing */
    size_t seen_room;
    size_t bad_room;
};

/* What one row becomes. */
struct row_events {
    json_t *event, *data, *then;
    const char *id;
};

static void add_bad(struct import *import, size_t line, const char *field, const char *reason)
{
    struct import_fault_list *bad = &import->result->bad;
    if (bad->count == import->bad_room) {
        import->bad_room = import->bad_room ? 2 * import->bad_room : 64;
        struct import_fault *grown = arena_alloc(import->arena, import->bad_room * sizeof *grown);
        if (bad->count)
            memcpy(grown, bad->at, bad->count * sizeof *grown);
        bad->at = grown;
    }
    bad->at[bad->count++] = (struct import_fault){line, field, reason};
}

/* -------- cells */

static wall_ms instant_of(const struct calendar *calendar, const struct cell_date *date)
{
    wall_ms at = calendar_instant(calendar, date->year, date->month, date->day, date->hour, date->minute, date->second);
    struct opening opening;
    bool opens = !date->has_time && calendar_next_opening(calendar, calendar_business(calendar), at, &opening);
    return opens ? opening.from : at;
}

static void set_text(json_t *data, const char *name, const char *value)
{
    json_object_set_new(data, name, json_string(value));
}

/* A value of the map (defaults, marks) in the kind its field has. */
static void set_value(json_t *data, const struct record *record, const char *name, const char *value)
{
    const struct field *field = record_field(record, name);
    if (field && field->kind == FIELD_BOOL)
        json_object_set_new(data, name, json_boolean(strcmp(value, "true") == 0 || strcmp(value, "yes") == 0));
    else if (field && field->kind == FIELD_INT)
        json_object_set_new(data, name, json_integer(strtoll(value, NULL, 10)));
    else
        set_text(data, name, value);
}

static json_t *split_list(const char *text)
{
    json_t *list = json_array();
    for (const char *at = text; *at;) {
        size_t bytes = strcspn(at, ",;|");
        if (bytes)
            json_array_append_new(list, json_stringn(at, bytes));
        at += bytes + (at[bytes] != 0);
    }
    return list;
}

typedef const char *(*cell_reader)(struct import *, const struct import_column *, const char *, struct row_events *);

static const char *read_text(struct import *import, const struct import_column *column, const char *cell,
                             struct row_events *row)
{
    size_t limit = column->field && column->field->kind == FIELD_TEXT ? column->field->limit : OWN_BYTES_MAX;
    if (strlen(cell) > limit)
        return arena_printf(import->arena, "longer than %zu bytes", limit);
    if (!column->field && !name_is_plain(cell))
        return "no number of a customer: letters, digits, dots, dashes";
    if (column->attribute) {
        json_t *all = json_object_get(row->data, column->field->name);
        if (!all)
            json_object_set_new(row->data, column->field->name, all = json_object());
        set_text(all, column->attribute, cell);
    } else {
        set_text(row->data, column->to, cell);
    }
    return NULL;
}

static const char *read_date(struct import *import, const struct import_column *column, const char *cell,
                             struct row_events *row)
{
    struct cell_date date;
    if (!cell_date(cell, &date))
        return arena_printf(import->arena, "not a date: %.40s", cell);
    wall_ms at = instant_of(import->calendar, &date);
    json_t *to = column->field ? row->data : row->event;
    set_text(to, column->to, moment_text(import->arena, at, calendar_offset_min(import->calendar, at)));
    return NULL;
}

static const char *read_phone(struct import *import, const struct import_column *column, const char *cell,
                              struct row_events *row)
{
    const char *number = cell_phone(import->arena, cell);
    if (!number)
        return arena_printf(import->arena, "not a phone number: %.40s", cell);
    set_text(row->data, column->to, number);
    return NULL;
}

static const char *read_money(struct import *import, const struct import_column *column, const char *cell,
                              struct row_events *row)
{
    int64_t cents;
    if (!cell_money(cell, &cents))
        return arena_printf(import->arena, "not an amount: %.40s", cell);
    json_object_set_new(row->data, column->to, json_integer(cents));
    return NULL;
}

static const char *read_list(struct import *import, const struct import_column *column, const char *cell,
                             struct row_events *row)
{
    json_t *list = split_list(cell);
    json_object_set_new(row->data, column->to, list);
    if (json_array_size(list) > column->field->limit)
        return arena_printf(import->arena, "more than %zu in the list", column->field->limit);
    for (size_t i = 0; i < json_array_size(list); i++)
        if (json_string_length(json_array_get(list, i)) > TEXT_OF_LIST_BYTES_MAX)
            return arena_printf(import->arena, "one in the list is longer than %d bytes", TEXT_OF_LIST_BYTES_MAX);
    return NULL;
}

static const char *read_word(struct import *import, const struct import_column *column, const char *cell,
                             struct row_events *row)
{
    for (size_t i = 0; i < column->word_count; i++)
        if (strcmp(cell, column->words_from[i]) == 0) {
            set_text(row->data, column->to, column->words_to[i]);
            return NULL;
        }
    return arena_printf(import->arena, "not one of the map's words: %.40s", cell);
}

static const char *read_nothing(struct import *import, const struct import_column *column, const char *cell,
                                struct row_events *row)
{
    (void)import, (void)column, (void)cell, (void)row;
    return NULL;
}

static const cell_reader readers[] = {
    [READ_TEXT] = read_text, [READ_DATE] = read_date, [READ_PHONE] = read_phone, [READ_MONEY] = read_money,
    [READ_LIST] = read_list, [READ_WORD] = read_word, [READ_NOTHING] = read_nothing,
};

/* -------- marks */

static json_t *then_event(struct import *import, const struct import_mark *mark, struct row_events *row)
{
    json_t *data = json_object();
    const struct record *record = event_types[mark->then].data;
    if (record_field(record, import->map->id_field))
        set_text(data, import->map->id_field, row->id);
    for (size_t i = 0; i < mark->then_count; i++)
        set_value(data, record, mark->then_names[i], mark->then_values[i]);
    return json_pack("{s:s, s:s, s:s, s:s, s:o}", "id", arena_printf(import->arena, "%s/%s", row->id, mark->then_id),
                     "source", import->map->source, "type", event_types[mark->then].name, "site", import->site, "data",
                     data);
}

static void apply_marks(struct import *import, const struct import_column *column, const char *cell,
                        struct row_events *row)
{
    const struct record *record = event_types[import->map->event].data;
    for (size_t i = 0; i < column->mark_count; i++) {
        const struct import_mark *mark = &column->marks[i];
        if (mark->is ? strcmp(cell, mark->is) != 0 : !strstr(cell, mark->contains))
            continue;
        for (size_t k = 0; k < mark->set_count; k++)
            set_value(row->data, record, mark->set_names[k], mark->set_values[k]);
        if (mark->then && !row->then)
            row->then = then_event(import, mark, row);
    }
}

/* -------- rows */

static bool row_blank(const struct csv_row *row)
{
    for (size_t i = 0; i < row->cells.count; i++)
        if (*row->cells.at[i])
            return false;
    return !row->broken;
}

/* All cells as one text. */
static const char *row_text(struct import *import, const struct csv_row *row)
{
    struct buffer joined = {0};
    for (size_t i = 0; i < row->cells.count; i++) {
        buffer_string(&joined, row->cells.at[i]);
        buffer_append(&joined, "\x1f", 1);
    }
    const char *text = arena_text(import->arena, joined.at, joined.bytes);
    buffer_free(&joined);
    return text;
}

/* Was a row with the same cells read before? Remembers this one. */
static bool row_seen(struct import *import, const struct csv_row *row)
{
    const char *text = row_text(import, row);
    size_t at = fnv_text(FNV_START, text) % import->seen_room;
    while (import->seen[at] && strcmp(import->seen[at], text) != 0)
        at = (at + 1) % import->seen_room;
    bool seen = import->seen[at] != NULL;
    import->seen[at] = text;
    return seen;
}

static const char *cell_of(struct import *import, const struct csv_row *row, size_t column)
{
    return cell_fold(import->arena, row->cells.at[import->column_at[column]]);
}

static bool has_control(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            return true;
    return false;
}

static bool read_cells(struct import *import, const struct csv_row *row, struct row_events *to)
{
    bool good = true;
    for (size_t i = 0; i < import->map->column_count; i++) {
        const struct import_column *column = &import->map->columns[i];
        const char *cell = cell_of(import, row, i);
        const char *wrong = NULL;
        if (!*cell && (column->required || column->is_id))
            wrong = "is empty";
        else if (column->is_id && has_control(cell))
            wrong = "holds control characters";
        else if (*cell)
            wrong = readers[column->reading](import, column, cell, to);
        if (wrong && good)
            add_bad(import, row->line, column->name, wrong);
        good = good && !wrong;
    }
    return good;
}

static void row_drop(struct row_events *row)
{
    json_decref(row->event);
    json_decref(row->data);
}

/* A customer's row that has changed is another fact about the same customer; all else has its number once. */
static const char *row_id(struct import *import, const struct csv_row *row, const struct row_events *to)
{
    const char *number = json_string_value(json_object_get(to->data, import->map->id_field));
    if (strcmp(import->map->id_field, CUSTOMER_COLUMN))
        return number;
    return arena_printf(import->arena, "%s@%016llx", number,
                        (unsigned long long)fnv_text(FNV_START, row_text(import, row)));
}

static void read_row(struct import *import, const struct csv_row *row)
{
    const struct import_map *map = import->map;
    struct row_events to = {.event = json_object(), .data = json_object()};
    for (size_t i = 0; i < map->default_count; i++)
        set_value(to.data, event_types[map->event].data, map->default_names[i], map->default_values[i]);
    if (!read_cells(import, row, &to)) {
        row_drop(&to);
        return;
    }
    to.id = row_id(import, row, &to);
    for (size_t i = 0; i < map->column_count; i++)
        apply_marks(import, &map->columns[i], cell_of(import, row, i), &to);
    set_text(to.event, "id", to.id);
    set_text(to.event, "source", map->source);
    set_text(to.event, "type", event_types[map->event].name);
    set_text(to.event, "site", import->site);
    json_object_set_new(to.event, "data", to.data);
    json_array_append_new(import->result->events, to.event);
    if (to.then)
        json_array_append_new(import->result->events, to.then);
    import->result->good++;
}

static void take_row(struct import *import, const struct csv_row *row)
{
    if (row_blank(row)) {
        import->result->blank++;
        return;
    }
    import->result->rows++;
    if (row->broken)
        add_bad(import, row->line, "columns", "a quote that does not end, or too many cells");
    else if (row_seen(import, row))
        import->result->duplicate++;
    else if (row->cells.count != import->width)
        add_bad(import, row->line, "columns",
                arena_printf(import->arena, "%zu cells instead of %zu", row->cells.count, import->width));
    else
        read_row(import, row);
}

static bool find_columns(struct import *import, const struct csv_row *header, struct fault *fault)
{
    import->width = header->cells.count;
    for (size_t i = 0; i < import->map->column_count; i++) {
        size_t at = 0;
        const char *title = import->map->columns[i].title;
        while (at < header->cells.count && strcmp(cell_fold(import->arena, header->cells.at[at]), title) != 0)
            at++;
        if (at == header->cells.count) {
            snprintf(fault->field, sizeof fault->field, "%s", title);
            snprintf(fault->what, sizeof fault->what, "the file has no column \"%.60s\"; is it the right map?", title);
            return false;
        }
        import->column_at[i] = at;
    }
    return true;
}

/* A file is told by its first bytes, whatever it is called. */
static bool rows_read(struct slice bytes, struct arena *arena, struct csv_row_list *ret, const char **ret_encoding,
                      struct fault *fault)
{
    const char *why;
    *ret = (struct csv_row_list){0};
    if (!zip_is(bytes))
        *ret = csv_rows_read(text_decode(bytes, arena, ret_encoding), arena);
    else if (!xlsx_rows_read(bytes, arena, ret, &why))
        return fault_at(fault, "", "%s", why);
    else
        *ret_encoding = "XLSX";
    return ret->count || fault_at(fault, "", "the file is empty");
}

bool import_read(const struct import_map *map, const char *site, const struct calendar *calendar, struct slice bytes,
                 struct arena *arena, struct import_result *ret, struct fault *fault)
{
    *ret = (struct import_result){0};
    struct csv_row_list rows;
    if (!rows_read(bytes, arena, &rows, &ret->encoding, fault))
        return false;
    struct import import = {
        .map = map, .calendar = calendar ? calendar : map->calendar, .site = site, .arena = arena, .result = ret,
        .seen_room = 2 * rows.count + 1, .seen = arena_alloc(arena, (2 * rows.count + 1) * sizeof(char *)),
    };
    if (!find_columns(&import, &rows.at[0], fault))
        return false;
    ret->events = json_array();
    for (size_t i = 1; i < rows.count; i++)
        take_row(&import, &rows.at[i]);
    return true;
}
