#include "json.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "field.h"
#include "value.h"

/* What a record_to_json call carries around. */
struct writer {
    const struct json_style *style;
    struct arena *arena;
};

static json_t *base64(struct slice bytes)
{
    size_t room = sodium_base64_encoded_len(bytes.bytes, sodium_base64_VARIANT_ORIGINAL);
    char *text = malloc(room);
    if (!text)
        abort();
    sodium_bin2base64(text, room, bytes.at, bytes.bytes, sodium_base64_VARIANT_ORIGINAL);
    json_t *json = json_string(text);
    free(text);
    return json;
}

json_t *packed_to_json(struct slice packed)
{
    if (guard_check(packed, NULL))
        return json_null();
    struct arena *arena = arena_new();
    struct value value = value_of_packed(packed, arena);
    json_t *json = value_to_json(&value);
    arena_free(&arena);
    return json;
}

/* -------- records */

static json_t *moment_to_json(struct writer *writer, wall_ms at)
{
    const struct json_style *style = writer->style;
    int offset = style && style->offset_minutes ? style->offset_minutes(style->context, at) : 0;
    return at ? json_string(moment_text(writer->arena, at, offset)) : json_null();
}

static json_t *texts_to_json(const struct texts *texts)
{
    json_t *array = json_array();
    for (size_t i = 0; i < texts->count; i++)
        json_array_append_new(array, json_string(texts->at[i] ? texts->at[i] : ""));
    return array;
}

static json_t *struct_to_json(struct writer *writer, const struct record *record, const void *from);

static json_t *records_to_json(struct writer *writer, const struct field *field, const void *record_at)
{
    struct any_list list = field_list(field, record_at);
    json_t *array = json_array();
    for (size_t i = 0; i < list.count; i++)
        json_array_append_new(array, struct_to_json(writer, field->record, list_element(field, list, i)));
    return array;
}

static json_t *field_to_json(struct writer *writer, const struct field *field, const void *record_at)
{
    const void *at = field_at(field, record_at);
    bool empty = field_is_empty(field, record_at);
    switch (field->kind) {
    case FIELD_TEXT: return json_string(empty ? "" : *(const char *const *)at);
    case FIELD_WORD: return json_string(empty ? "" : words_name(field->words, *(const int *)at));
    case FIELD_INT: return json_integer(*(const int64_t *)at);
    case FIELD_TIME: return moment_to_json(writer, *(const wall_ms *)at);
    case FIELD_BOOL: return json_boolean(*(const bool *)at);
    case FIELD_TEXTS: return texts_to_json(at);
    case FIELD_BYTES: return base64(*(const struct slice *)at);
    case FIELD_MAP: return empty ? json_object() : packed_to_json(*(const struct slice *)at);
    case FIELD_RECORDS: return records_to_json(writer, field, record_at);
    }
    return json_null();
}

/* A field whose word only a newer build knows is among the unknown too; what was said since then wins. */
static void unknown_to_json(const struct record *record, const void *from, json_t *object)
{
    struct cursor cursor = cursor_over(*record_unknown(record, from));
    struct slice key, value;
    while (cursor_text(&cursor, &key) && cursor_skip(&cursor, &value)) {
        char *name = strndup((const char *)key.at, key.bytes);
        const struct field *field = name ? record_field(record, name) : NULL;
        if (name && (!field || field_is_empty(field, from)))
            json_object_set_new(object, name, packed_to_json(value));
        free(name);
    }
}

static json_t *struct_to_json(struct writer *writer, const struct record *record, const void *from)
{
    bool all = writer->style && writer->style->empty_fields;
    json_t *object = json_object();
    for (size_t i = 0; i < record->field_count; i++)
        if (all || !field_is_empty(&record->fields[i], from))
            json_object_set_new(object, record->fields[i].name, field_to_json(writer, &record->fields[i], from));
    unknown_to_json(record, from, object);
    return object;
}

json_t *record_to_json(const struct record *record, const void *from, const struct json_style *style)
{
    struct writer writer = {style, arena_new()};
    json_t *object = struct_to_json(&writer, record, from);
    arena_free(&writer.arena);
    return object;
}
