#include "json.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "buffer.h"
#include "field.h"

enum {
    JSON_NESTING_MAX = 8,   /* of a value we keep as it is; leaves room for the maps around it */
    WORD_SHOWN_BYTES = 24   /* of a wrong word in a fault: the right ones must fit beside it */
};

/* -------- any value */

void json_pack_value(const json_t *value, struct buffer *to)
{
    const char *key;
    json_t *member;
    size_t index;
    switch (json_typeof(value)) {
    case JSON_NULL: pack_nil(to); break;
    case JSON_TRUE:
    case JSON_FALSE: pack_bool(to, json_is_true(value)); break;
    case JSON_INTEGER: pack_int(to, json_integer_value(value)); break;
    case JSON_REAL: pack_real(to, json_real_value(value)); break;
    case JSON_STRING:
        pack_text_slice(to, (struct slice){(const uint8_t *)json_string_value(value), json_string_length(value)});
        break;
    case JSON_ARRAY:
        pack_array(to, json_array_size(value));
        json_array_foreach(value, index, member)
            json_pack_value(member, to);
        break;
    case JSON_OBJECT:
        pack_map(to, json_object_size(value));
        json_object_foreach((json_t *)value, key, member) {
            pack_text(to, key);
            json_pack_value(member, to);
        }
        break;
    }
}

/* Would the guard let it pass? Says what is wrong, or NULL. */
static const char *value_trouble(const json_t *value, int depth_left)
{
    const char *key, *trouble = NULL;
    json_t *member;
    size_t index;
    if (json_is_string(value) && strlen(json_string_value(value)) != json_string_length(value))
        return "has a NUL character in it";
    if ((json_is_array(value) || json_is_object(value)) && !depth_left)
        return "is nested too deep";
    if (json_is_array(value))
        json_array_foreach(value, index, member)
            if (!trouble)
                trouble = value_trouble(member, depth_left - 1);
    if (json_is_object(value))
        json_object_foreach((json_t *)value, key, member)
            if (!trouble)
                trouble = value_trouble(member, depth_left - 1);
    return trouble;
}

/* -------- records */

struct reader {
    struct arena *arena;
    struct fault *fault;
};

static const char *type_name(const json_t *value)
{
    static const char *const names[] = {[JSON_OBJECT] = "an object",
                                        [JSON_ARRAY] = "a list",
                                        [JSON_STRING] = "a text",
                                        [JSON_INTEGER] = "a whole number",
                                        [JSON_REAL] = "a number with a fraction",
                                        [JSON_TRUE] = "true",
                                        [JSON_FALSE] = "false",
                                        [JSON_NULL] = "null"};
    return names[json_typeof(value)];
}

static bool wrong_type(struct reader *reader, const char *field, const char *expected, const json_t *value)
{
    return fault_at(reader->fault, field, "must be %s, not %s", expected, type_name(value));
}

static bool fits(struct reader *reader, const char *field, size_t size, size_t limit)
{
    return size <= limit || fault_at(reader->fault, field, "is too long: %zu, %zu at most", size, limit);
}

static bool read_text(struct reader *reader, const char *field, size_t limit, const json_t *value, const char **to)
{
    if (!json_is_string(value))
        return wrong_type(reader, field, "a text", value);
    const char *trouble = value_trouble(value, 0);
    if (trouble)
        return fault_at(reader->fault, field, "%s", trouble);
    if (!fits(reader, field, json_string_length(value), limit))
        return false;
    *to = arena_string(reader->arena, json_string_value(value));
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

static bool read_word(struct reader *reader, const struct field *field, const json_t *value, int *to)
{
    if (!json_is_string(value))
        return wrong_type(reader, field->name, "a text", value);
    const char *word = json_string_value(value);
    int number = *word ? words_find(field->words, word) : 0;
    if (number < 0)
        return wrong_word(reader, field, word);
    *to = number;
    return true;
}

static bool read_int(struct reader *reader, const struct field *field, const json_t *value, int64_t *to)
{
    if (!json_is_integer(value))
        return wrong_type(reader, field->name, "a whole number", value);
    *to = json_integer_value(value);
    return true;
}

static bool read_time(struct reader *reader, const struct field *field, const json_t *value, wall_ms *to)
{
    static const char expected[] = "a time with an offset, such as 2026-03-06T16:00:00+08:00";
    wall_ms at = 0;
    if (!json_is_string(value) && !json_is_integer(value))
        return wrong_type(reader, field->name, expected, value);
    if (json_is_integer(value))
        at = json_integer_value(value);
    else if (*json_string_value(value) && !moment_parse(json_string_value(value), &at))
        return fault_at(reader->fault, field->name, "must be %s", expected);
    if (at < 0 || at > MOMENT_MAX)
        return fault_at(reader->fault, field->name, "must be a time from 1970 to 9999");
    *to = at;
    return true;
}

static bool read_bool(struct reader *reader, const struct field *field, const json_t *value, bool *to)
{
    if (!json_is_boolean(value))
        return wrong_type(reader, field->name, "true or false", value);
    *to = json_is_true(value);
    return true;
}

static bool read_texts(struct reader *reader, const struct field *field, const json_t *value, struct texts *to)
{
    if (!json_is_array(value))
        return wrong_type(reader, field->name, "a list of texts", value);
    struct texts texts = {.count = json_array_size(value)};
    if (!fits(reader, field->name, texts.count, field->limit))
        return false;
    texts.at = arena_alloc(reader->arena, texts.count * sizeof *texts.at);
    for (size_t i = 0; i < texts.count; i++)
        if (!read_text(reader, "", TEXT_OF_LIST_BYTES_MAX, json_array_get(value, i), &texts.at[i])) {
            fault_within(reader->fault, field->name, i);
            return false;
        }
    *to = texts;
    return true;
}

static bool read_bytes(struct reader *reader, const struct field *field, const json_t *value, struct slice *to)
{
    if (!json_is_string(value))
        return wrong_type(reader, field->name, "base64", value);
    size_t length = json_string_length(value), bytes;
    uint8_t *at = arena_alloc(reader->arena, length);
    if (sodium_base642bin(at, length, json_string_value(value), length, NULL, &bytes, NULL,
                          sodium_base64_VARIANT_ORIGINAL))
        return fault_at(reader->fault, field->name, "must be base64");
    if (!fits(reader, field->name, bytes, field->limit))
        return false;
    *to = (struct slice){at, bytes};
    return true;
}

static bool read_map(struct reader *reader, const struct field *field, const json_t *value, struct slice *to)
{
    if (!json_is_object(value))
        return wrong_type(reader, field->name, "an object", value);
    const char *trouble = value_trouble(value, JSON_NESTING_MAX);
    if (trouble)
        return fault_at(reader->fault, field->name, "%s", trouble);
    struct buffer packed = {0};
    if (json_object_size(value))
        json_pack_value(value, &packed);
    bool good = fits(reader, field->name, packed.bytes, field->limit);
    if (good)
        *to = (struct slice){arena_copy(reader->arena, packed.at, packed.bytes), packed.bytes};
    buffer_free(&packed);
    return good;
}

static bool read_object(struct reader *reader, const struct record *record, const json_t *from, void *to);

static bool read_records(struct reader *reader, const struct field *field, const json_t *value, void *record_at)
{
    if (!json_is_array(value))
        return wrong_type(reader, field->name, "a list of objects", value);
    struct any_list list = {.count = json_array_size(value)};
    if (!fits(reader, field->name, list.count, field->limit))
        return false;
    list.at = arena_alloc(reader->arena, list.count * field->record->struct_bytes);
    for (size_t i = 0; i < list.count; i++)
        if (!read_object(reader, field->record, json_array_get(value, i), list_element(field, list, i))) {
            fault_within(reader->fault, field->name, i);
            return false;
        }
    field_list_set(field, record_at, list);
    return true;
}

static bool read_field(struct reader *reader, const struct field *field, const json_t *value, void *record_at)
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

static bool keep_unknown(struct reader *reader, const char *key, const json_t *value, struct buffer *unknown)
{
    const char *trouble = value_trouble(value, JSON_NESTING_MAX);
    if (trouble)
        return fault_at(reader->fault, key, "%s", trouble);
    if (!*key || strlen(key) > sizeof reader->fault->field - 1)
        return fault_at(reader->fault, key, "is no name for a member: 1 to %zu bytes", sizeof reader->fault->field - 1);
    pack_text(unknown, key);
    json_pack_value(value, unknown);
    return true;
}

static bool read_members(struct reader *reader, const struct record *record, const json_t *from, void *to,
                         struct buffer *unknown)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)from, key, value) {
        const struct field *field = record_field(record, key);
        if (json_is_null(value))
            continue;
        if (field ? !read_field(reader, field, value, to) : !keep_unknown(reader, key, value, unknown))
            return false;
    }
    return true;
}

static bool read_object(struct reader *reader, const struct record *record, const json_t *from, void *to)
{
    if (!json_is_object(from))
        return wrong_type(reader, "", "an object", from);
    if (json_object_size(from) > PAIRS_MAX)
        return fault_at(reader->fault, "", "has %zu members, %d at most", json_object_size(from), PAIRS_MAX);
    record_texts_set(record, to);
    struct buffer unknown = {0};
    bool good = read_members(reader, record, from, to, &unknown);
    if (good && unknown.bytes)
        *record_unknown(record, to) =
            (struct slice){arena_copy(reader->arena, unknown.at, unknown.bytes), unknown.bytes};
    buffer_free(&unknown);
    return good;
}

bool record_from_json(const struct record *record, const json_t *from, struct arena *arena, void *to,
                      struct fault *fault)
{
    struct reader reader = {arena, fault};
    return read_object(&reader, record, from, to);
}
