#include "field.h"

#include <string.h>

#include "buffer.h"

struct reader {
    struct arena *arena;
    struct fault *fault;
};

static const char *const type_names[] = {
    [CURSOR_END] = "nothing", [CURSOR_NIL] = "nil", [CURSOR_BOOL] = "a truth value", [CURSOR_INT] = "a number",
    [CURSOR_UINT] = "a number", [CURSOR_REAL] = "a number with a fraction", [CURSOR_TEXT] = "a text",
    [CURSOR_BYTES] = "bytes", [CURSOR_ARRAY] = "a list", [CURSOR_MAP] = "a map", [CURSOR_EXTENSION] = "an extension"};

static const char *const kind_names[] = {
    [FIELD_TEXT] = "a text", [FIELD_WORD] = "a word", [FIELD_INT] = "a whole number of 64 bits",
    [FIELD_TIME] = "a time in milliseconds", [FIELD_BOOL] = "true or false", [FIELD_TEXTS] = "a list of texts",
    [FIELD_BYTES] = "bytes", [FIELD_MAP] = "a map", [FIELD_RECORDS] = "a list of maps"};

static bool wrong_type(struct reader *reader, const struct field *field, struct cursor value)
{
    return fault_at(reader->fault, field->name, "must be %s, not %s", kind_names[field->kind],
                    type_names[cursor_type(&value)]);
}

static bool fits(struct reader *reader, const struct field *field, size_t size, size_t limit)
{
    return size <= limit || fault_at(reader->fault, field->name, "is too long: %zu, %zu at most", size, limit);
}

/* That it is UTF-8 without NUL the guard has seen to. */
static bool read_text(struct reader *reader, const struct field *field, struct cursor *value, void *to)
{
    struct slice text;
    if (!cursor_text(value, &text))
        return wrong_type(reader, field, *value);
    if (!fits(reader, field, text.bytes, field->limit))
        return false;
    *(const char **)to = text.bytes ? arena_text(reader->arena, text.at, text.bytes) : "";
    return true;
}

static bool read_number(struct reader *reader, const struct field *field, struct cursor *value, void *to)
{
    int64_t number;
    if (!cursor_int(value, &number))
        return wrong_type(reader, field, *value);
    if (field->kind == FIELD_TIME && (number < 0 || number > MOMENT_MAX))
        return fault_at(reader->fault, field->name, "must be a time from 1970 to 9999, in milliseconds");
    *(int64_t *)to = number;
    return true;
}

static bool read_texts(struct reader *reader, const struct field *field, struct cursor *value, void *to)
{
    struct texts texts = {0};
    if (!cursor_array(value, &texts.count))
        return wrong_type(reader, field, *value);
    if (!fits(reader, field, texts.count, field->limit))
        return false;
    texts.at = arena_alloc(reader->arena, texts.count * sizeof *texts.at);
    const struct field element = {.name = "", .kind = FIELD_TEXT, .limit = TEXT_OF_LIST_BYTES_MAX};
    for (size_t i = 0; i < texts.count; i++)
        if (!read_text(reader, &element, value, &texts.at[i])) {
            fault_within(reader->fault, field->name, i);
            return false;
        }
    *(struct texts *)to = texts;
    return true;
}

static bool read_slice(struct reader *reader, const struct field *field, struct cursor *value, void *to)
{
    struct slice slice;
    bool taken = field->kind == FIELD_BYTES ? cursor_bytes(value, &slice)
                                            : cursor_type(value) == CURSOR_MAP && cursor_skip(value, &slice);
    if (!taken)
        return wrong_type(reader, field, *value);
    if (!fits(reader, field, slice.bytes, field->limit))
        return false;
    *(struct slice *)to = (struct slice){arena_copy(reader->arena, slice.at, slice.bytes), slice.bytes};
    return true;
}

static bool read_map(struct reader *reader, const struct record *record, struct cursor *from, void *to);

static bool read_records(struct reader *reader, const struct field *field, struct cursor *value, void *record_at)
{
    struct any_list list = {0};
    if (!cursor_array(value, &list.count))
        return wrong_type(reader, field, *value);
    if (!fits(reader, field, list.count, field->limit))
        return false;
    list.at = arena_alloc(reader->arena, list.count * field->record->struct_bytes);
    for (size_t i = 0; i < list.count; i++)
        if (!read_map(reader, field->record, value, list_element(field, list, i))) {
            fault_within(reader->fault, field->name, i);
            return false;
        }
    field_list_set(field, record_at, list);
    return true;
}

/* A word of a newer build reads as none; the caller keeps the pair among the unknown. */
static bool read_word(struct reader *reader, const struct field *field, struct cursor *value, int *to, bool *ret_known)
{
    struct slice text;
    if (!cursor_text(value, &text))
        return wrong_type(reader, field, *value);
    int number = words_find_slice(field->words, text);
    *to = number < 0 ? 0 : number;
    *ret_known = number >= 0 || !text.bytes;
    return true;
}

static bool read_field(struct reader *reader, const struct field *field, struct cursor *value, void *record_at,
                       bool *ret_known)
{
    void *to = field_to(field, record_at);
    switch (field->kind) {
    case FIELD_TEXT: return read_text(reader, field, value, to);
    case FIELD_WORD: return read_word(reader, field, value, to, ret_known);
    case FIELD_INT:
    case FIELD_TIME: return read_number(reader, field, value, to);
    case FIELD_BOOL: return cursor_bool(value, to) || wrong_type(reader, field, *value);
    case FIELD_TEXTS: return read_texts(reader, field, value, to);
    case FIELD_BYTES:
    case FIELD_MAP: return read_slice(reader, field, value, to);
    case FIELD_RECORDS: return read_records(reader, field, value, record_at);
    }
    return false;
}

/* Pairs of `before` whose keys are not in `added`, then those of `added`. */
static struct slice unknown_merged(struct arena *arena, struct slice before, struct slice added)
{
    if (!added.bytes)
        return before;
    uint8_t *at = arena_alloc(arena, before.bytes + added.bytes);
    size_t bytes = 0;
    struct cursor cursor = cursor_over(before);
    struct slice key, value;
    for (const uint8_t *pair = cursor.at; cursor_text(&cursor, &key) && cursor_skip(&cursor, &value);
         pair = cursor.at) {
        if (unknown_has(added, key))
            continue;
        memcpy(at + bytes, pair, (size_t)(cursor.at - pair));
        bytes += (size_t)(cursor.at - pair);
    }
    memcpy(at + bytes, added.at, added.bytes);
    return (struct slice){at, bytes + added.bytes};
}

/* Reads the pair whose key was just taken; what is not understood is added to `unknown`. */
static bool read_pair(struct reader *reader, const struct record *record, struct slice key, struct cursor *from,
                      size_t *next, void *to, struct buffer *unknown)
{
    const struct field *field = record_field_near(record, key, next);
    const uint8_t *value = from->at;
    bool known = field != NULL;
    if (!field)
        cursor_skip(from, &(struct slice){0});
    else if (!cursor_nil(from) && !read_field(reader, field, from, to, &known))
        return false;
    if (!known) {
        pack_text_slice(unknown, key);
        pack_raw(unknown, (struct slice){value, (size_t)(from->at - value)});
    }
    return true;
}

static bool read_pairs(struct reader *reader, const struct record *record, size_t pairs, struct cursor *from, void *to,
                       struct buffer *unknown)
{
    size_t next = 0;
    while (pairs--) {
        struct slice key;
        if (!cursor_text(from, &key))
            return fault_at(reader->fault, "", "has a key that is not a text");
        if (!read_pair(reader, record, key, from, &next, to, unknown))
            return false;
    }
    return true;
}

static bool read_map(struct reader *reader, const struct record *record, struct cursor *from, void *to)
{
    size_t pairs;
    if (!cursor_map(from, &pairs))
        return fault_at(reader->fault, "", "must be a map, not %s", type_names[cursor_type(from)]);
    record_texts_set(record, to);
    struct buffer unknown = {0};
    bool good = read_pairs(reader, record, pairs, from, to, &unknown);
    struct slice *kept = record_unknown(record, to);
    if (good)
        *kept = unknown_merged(reader->arena, *kept, buffer_slice(&unknown));
    buffer_free(&unknown);
    return good;
}

bool record_unpack(const struct record *record, struct slice from, struct arena *arena, void *to, struct fault *fault)
{
    size_t at_byte = 0;
    const char *wrong = guard_check(from, &at_byte);
    if (wrong)
        return fault_at(fault, "", "is not msgpack: %s (byte %zu)", wrong, at_byte);
    struct reader reader = {arena, fault};
    struct cursor cursor = cursor_over(from);
    return read_map(&reader, record, &cursor, to);
}
