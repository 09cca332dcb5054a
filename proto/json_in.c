#include "json.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "field.h"
#include "value.h"

enum {
    JSON_NESTING_MAX = 8,   /* of a value we keep as it is; leaves room for the maps around it */
    WORD_SHOWN_BYTES = 24   /* of a wrong word in a fault: the right ones must fit beside it */
};

/* Would the guard let it pass? Says what is wrong, or NULL. */
static const char *value_trouble(const struct value *value, int depth_left)
{
    const char *trouble = NULL;
    if (value->kind == VALUE_TEXT && value->text.bytes && memchr(value->text.at, 0, value->text.bytes))
        return "has a NUL character in it";
    if (value->kind != VALUE_LIST && value->kind != VALUE_OBJECT)
        return NULL;
    if (!depth_left)
        return "is nested too deep";
    for (size_t i = 0; i < value->count && !trouble; i++)
        trouble = value_trouble(&value->at[i], depth_left - 1);
    return trouble;
}

/* -------- records */

struct reader {
    struct arena *arena;
    struct fault *fault;
    bool strict;            /* unknown members are a fault; else they are kept */
};

static const char *const kind_names[] = {
    [VALUE_OBJECT] = "an object", [VALUE_LIST] = "a list", [VALUE_TEXT] = "a text", [VALUE_INT] = "a whole number",
    [VALUE_REAL] = "a number with a fraction", [VALUE_TRUE] = "true", [VALUE_FALSE] = "false", [VALUE_NULL] = "null"};

static bool wrong_type(struct reader *reader, const char *field, const char *expected, const struct value *value)
{
    return fault_at(reader->fault, field, "must be %s, not %s", expected, kind_names[value->kind]);
}

static bool fits(struct reader *reader, const char *field, size_t size, size_t limit)
{
    return size <= limit || fault_at(reader->fault, field, "is too long: %zu, %zu at most", size, limit);
}

static bool read_text(struct reader *reader, const char *field, size_t limit, const struct value *value, const char **to)
{
    if (value->kind != VALUE_TEXT)
        return wrong_type(reader, field, "a text", value);
    const char *trouble = value_trouble(value, 0);
    if (trouble)
        return fault_at(reader->fault, field, "%s", trouble);
    if (!fits(reader, field, value->text.bytes, limit))
        return false;
    *to = value->text.bytes ? arena_text(reader->arena, value->text.at, value->text.bytes) : "";
    return true;
}

/* "x" is unknown: did you mean b? One of: a, b, c */
static bool wrong_word(struct reader *reader, const struct field *field, const char *word)
{
    char list[sizeof reader->fault->what] = "";
    size_t used = 0;
    for (size_t i = 1; i < field->words->count && used < sizeof list; i++)
        used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", i > 1 ? ", " : "", field->words->word[i]);
    const char *nearest = words_nearest(field->words, word);
    return fault_at(reader->fault, field->name, "\"%.*s\" is unknown%s%s%s One of: %s",
                    (int)text_fitting_bytes(word, WORD_SHOWN_BYTES), word, nearest ? ": did you mean " : "",
                    nearest ? nearest : "", nearest ? "?" : ".", list);
}

static bool read_word(struct reader *reader, const struct field *field, const struct value *value, int *to)
{
    if (value->kind != VALUE_TEXT)
        return wrong_type(reader, field->name, "a text", value);
    int number = value->text.bytes ? words_find_slice(field->words, value->text) : 0;
    if (number < 0)
        return wrong_word(reader, field, arena_text(reader->arena, value->text.at, value->text.bytes));
    *to = number;
    return true;
}

static bool read_int(struct reader *reader, const struct field *field, const struct value *value, int64_t *to)
{
    if (value->kind != VALUE_INT)
        return wrong_type(reader, field->name, "a whole number", value);
    *to = value->number;
    return true;
}

static bool read_time(struct reader *reader, const struct field *field, const struct value *value, wall_ms *to)
{
    static const char expected[] = "a time with an offset, such as 2026-03-06T16:00:00+08:00";
    wall_ms at = 0;
    if (value->kind != VALUE_TEXT && value->kind != VALUE_INT)
        return wrong_type(reader, field->name, expected, value);
    if (value->kind == VALUE_INT)
        at = value->number;
    else if (value->text.bytes && !moment_parse(arena_text(reader->arena, value->text.at, value->text.bytes), &at))
        return fault_at(reader->fault, field->name, "must be %s", expected);
    if (at < 0 || at > MOMENT_MAX)
        return fault_at(reader->fault, field->name, "must be a time from 1970 to 9999");
    *to = at;
    return true;
}

static bool read_bool(struct reader *reader, const struct field *field, const struct value *value, bool *to)
{
    if (value->kind != VALUE_TRUE && value->kind != VALUE_FALSE)
        return wrong_type(reader, field->name, "true or false", value);
    *to = value->kind == VALUE_TRUE;
    return true;
}

static bool read_texts(struct reader *reader, const struct field *field, const struct value *value, struct texts *to)
{
    if (value->kind != VALUE_LIST)
        return wrong_type(reader, field->name, "a list of texts", value);
    struct texts texts = {.count = value->count};
    if (!fits(reader, field->name, texts.count, field->limit))
        return false;
    texts.at = arena_alloc(reader->arena, texts.count * sizeof *texts.at);
    for (size_t i = 0; i < texts.count; i++)
        if (!read_text(reader, "", TEXT_OF_LIST_BYTES_MAX, &value->at[i], &texts.at[i])) {
            fault_within(reader->fault, field->name, i);
            return false;
        }
    *to = texts;
    return true;
}

static bool read_bytes(struct reader *reader, const struct field *field, const struct value *value, struct slice *to)
{
    if (value->kind != VALUE_TEXT)
        return wrong_type(reader, field->name, "base64", value);
    size_t length = value->text.bytes, bytes;
    uint8_t *at = arena_alloc(reader->arena, length);
    if (sodium_base642bin(at, length, (const char *)value->text.at, length, NULL, &bytes, NULL,
                          sodium_base64_VARIANT_ORIGINAL))
        return fault_at(reader->fault, field->name, "must be base64");
    if (!fits(reader, field->name, bytes, field->limit))
        return false;
    *to = (struct slice){at, bytes};
    return true;
}

static bool read_map(struct reader *reader, const struct field *field, const struct value *value, struct slice *to)
{
    if (value->kind != VALUE_OBJECT)
        return wrong_type(reader, field->name, "an object", value);
    const char *trouble = value_trouble(value, JSON_NESTING_MAX);
    if (trouble)
        return fault_at(reader->fault, field->name, "%s", trouble);
    struct buffer packed = {0};
    if (value->count)
        value_pack(value, &packed);
    bool good = fits(reader, field->name, packed.bytes, field->limit);
    if (good)
        *to = (struct slice){arena_copy(reader->arena, packed.at, packed.bytes), packed.bytes};
    buffer_free(&packed);
    return good;
}

static bool read_object(struct reader *reader, const struct record *record, const struct value *from, void *to);

static bool read_records(struct reader *reader, const struct field *field, const struct value *value, void *record_at)
{
    if (value->kind != VALUE_LIST)
        return wrong_type(reader, field->name, "a list of objects", value);
    struct any_list list = {.count = value->count};
    if (!fits(reader, field->name, list.count, field->limit))
        return false;
    list.at = arena_alloc(reader->arena, list.count * field->record->struct_bytes);
    for (size_t i = 0; i < list.count; i++)
        if (!read_object(reader, field->record, &value->at[i], list_element(field, list, i))) {
            fault_within(reader->fault, field->name, i);
            return false;
        }
    field_list_set(field, record_at, list);
    return true;
}

static bool read_field(struct reader *reader, const struct field *field, const struct value *value, void *record_at)
{
    void *to = field_to(field, record_at);
    switch (field->kind) {
    case FIELD_TEXT: return read_text(reader, field->name, field->limit, value, to);
    case FIELD_WORD: return read_word(reader, field, value, to);
    case FIELD_INT: return read_int(reader, field, value, to);
    case FIELD_TIME: return read_time(reader, field, value, to);
    case FIELD_BOOL: return read_bool(reader, field, value, to);
    case FIELD_TEXTS: return read_texts(reader, field, value, to);
    case FIELD_BYTES: return read_bytes(reader, field, value, to);
    case FIELD_MAP: return read_map(reader, field, value, to);
    case FIELD_RECORDS: return read_records(reader, field, value, record_at);
    }
    return false;
}

static bool keep_unknown(struct reader *reader, const struct value *value, struct buffer *unknown)
{
    enum { KEY_BYTES_MAX = sizeof reader->fault->field - 1 };
    const char *key = arena_text(reader->arena, value->name.at, value->name.bytes);
    if (reader->strict)
        return fault_at(reader->fault, key, "is not known");
    const char *trouble = value_trouble(value, JSON_NESTING_MAX);
    if (trouble)
        return fault_at(reader->fault, key, "%s", trouble);
    if (!*key || value->name.bytes > KEY_BYTES_MAX)
        return fault_at(reader->fault, key, "is no name for a member: 1 to %d bytes", KEY_BYTES_MAX);
    pack_text_slice(unknown, value->name);
    value_pack(value, unknown);
    return true;
}

static bool read_members(struct reader *reader, const struct record *record, const struct value *from, void *to,
                         struct buffer *unknown)
{
    size_t next = 0;
    for (size_t i = 0; i < from->count; i++) {
        const struct value *value = &from->at[i];
        const struct field *field = record_field_near(record, value->name, &next);
        if (value->kind == VALUE_NULL && (field || !reader->strict))
            continue;
        if (field ? !read_field(reader, field, value, to) : !keep_unknown(reader, value, unknown))
            return false;
    }
    return true;
}

static bool read_object(struct reader *reader, const struct record *record, const struct value *from, void *to)
{
    if (from->kind != VALUE_OBJECT)
        return wrong_type(reader, "", "an object", from);
    if (from->count > PAIRS_MAX)
        return fault_at(reader->fault, "", "has %zu members, %d at most", from->count, PAIRS_MAX);
    record_texts_set(record, to);
    struct buffer unknown = {0};
    bool good = read_members(reader, record, from, to, &unknown);
    if (good && unknown.bytes)
        *record_unknown(record, to) =
            (struct slice){arena_copy(reader->arena, unknown.at, unknown.bytes), unknown.bytes};
    buffer_free(&unknown);
    return good;
}

bool record_from_value(const struct record *record, const struct value *from, struct arena *arena, void *to,
                       struct fault *fault)
{
    struct reader reader = {arena, fault, .strict = true};
    return read_object(&reader, record, from, to);
}

bool record_from_json(const struct record *record, const json_t *from, struct arena *arena, void *to,
                      struct fault *fault)
{
    struct reader reader = {arena, fault, .strict = false};
    struct arena *tree = arena_new();
    struct value value = value_of_json(from, tree);
    bool good = read_object(&reader, record, &value, to);
    arena_free(&tree);
    return good;
}
