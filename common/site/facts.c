#include "facts.h"

#include <string.h>

#include "cursor.h"

static bool field_is_plain(const struct field *field)
{
    bool plain = field->kind == FIELD_TEXT || field->kind == FIELD_WORD || field->kind == FIELD_INT ||
                 field->kind == FIELD_TIME || field->kind == FIELD_BOOL;
    return plain && !(field->flags & PERSONAL);
}

/* Packs the value if there is one; false: the field is empty. */
static bool value_pack(const struct field *field, const void *data, struct buffer *to)
{
    const char *at = (const char *)data + field->offset;
    switch (field->kind) {
    case FIELD_TEXT: {
        const char *text = *(const char *const *)at;
        if (text && *text)
            pack_text(to, text);
        return text && *text;
    }
    case FIELD_WORD: {
        int word = *(const int *)at;
        if (word)
            pack_text(to, words_name(field->words, word));
        return word != 0;
    }
    case FIELD_BOOL:
        if (*(const bool *)at)
            pack_bool(to, 1);
        return *(const bool *)at;
    default: {
        int64_t number = *(const int64_t *)at;
        if (number)
            pack_int(to, number);
        return number != 0;
    }
    }
}

enum { FORM_VALUE_BYTES_MAX = 512 };    /* longer texts are to be read in the form itself */

/* The values of a form, each as field.NAME. Returns how many. */
static size_t fields_pack(struct slice fields, struct buffer *to)
{
    struct cursor cursor = cursor_over(fields);
    struct slice name, value;
    size_t pairs = 0, count = 0;
    if (!fields.bytes || !cursor_map(&cursor, &pairs))
        return 0;
    for (; pairs && cursor_text(&cursor, &name); pairs--) {
        cursor_skip(&cursor, &value);
        if (value.bytes > FORM_VALUE_BYTES_MAX || to->bytes + value.bytes + name.bytes + 16 > FACTS_BYTES_MAX)
            continue;
        struct buffer path = {0};
        buffer_printf(&path, "field.%.*s", (int)name.bytes, (const char *)name.at);
        pack_text(to, buffer_text(&path));
        buffer_free(&path);
        pack_raw(to, value);
        count++;
    }
    return count;
}

static struct slice fields_of(const struct record *record, const void *data)
{
    const struct field *field = record_field(record, "fields");
    if (!data || !field || field->kind != FIELD_MAP || field->flags & PERSONAL)
        return (struct slice){0};
    return *(const struct slice *)((const char *)data + field->offset);
}

struct slice facts_pack(const struct record *record, const void *data, const char *about, struct arena *arena)
{
    struct buffer pairs = {0}, value = {0}, map = {0};
    size_t count = 1;
    pack_text(&pairs, "about");
    pack_text(&pairs, about);
    for (size_t i = 0; data && i < record->field_count; i++) {
        const struct field *field = &record->fields[i];
        buffer_clear(&value);
        if (!field_is_plain(field) || !strcmp(field->name, "about") || !value_pack(field, data, &value) ||
            pairs.bytes + value.bytes + strlen(field->name) > FACTS_BYTES_MAX)
            continue;
        pack_text(&pairs, field->name);
        pack_raw(&pairs, buffer_slice(&value));
        count++;
    }
    count += fields_pack(fields_of(record, data), &pairs);
    pack_map(&map, count);
    pack_raw(&map, buffer_slice(&pairs));
    struct slice kept = {arena_copy(arena, map.at, map.bytes), map.bytes};
    buffer_free(&pairs);
    buffer_free(&value);
    buffer_free(&map);
    return kept;
}

/* Copies the pairs of `from` that `keep` lets pass. Returns how many. */
static size_t pairs_copy(struct slice from, bool (*keep)(const void *context, const char *name), const void *context,
                         struct buffer *to, struct arena *arena)
{
    struct cursor cursor = cursor_over(from);
    struct slice name, value;
    size_t pairs = 0, count = 0;
    if (!from.bytes || !cursor_map(&cursor, &pairs))
        return 0;
    for (; pairs && cursor_text(&cursor, &name); pairs--) {
        const char *text = arena_text(arena, name.at, name.bytes);
        cursor_skip(&cursor, &value);
        if (!keep(context, text) || to->bytes + value.bytes + name.bytes > FACTS_BYTES_MAX)
            continue;
        pack_text(to, text);
        pack_raw(to, value);
        count++;
    }
    return count;
}

static bool is_of_record(const void *record, const char *name)
{
    return record_field(record, name) != NULL;
}

static bool is_not_in(const void *packed, const char *name)
{
    const struct buffer *told = packed;
    struct slice value;
    return !cursor_find(buffer_slice(told), name, &value);
}

struct slice facts_update(struct slice facts, struct slice anew, const struct record *record, struct arena *arena)
{
    struct buffer pairs = {0}, told = {0}, map = {0};
    size_t count = pairs_copy(anew, is_of_record, record, &pairs, arena);
    pack_map(&told, count);
    pack_raw(&told, buffer_slice(&pairs));
    count += pairs_copy(facts, is_not_in, &told, &pairs, arena);
    pack_map(&map, count);
    pack_raw(&map, buffer_slice(&pairs));
    struct slice kept = {arena_copy(arena, map.at, map.bytes), map.bytes};
    buffer_free(&pairs);
    buffer_free(&told);
    buffer_free(&map);
    return kept;
}

static bool is_no_field(const void *context, const char *name)
{
    (void)context;
    return strncmp(name, "field.", 6) != 0;
}

struct slice facts_with_fields(struct slice facts, struct slice fields, struct arena *arena)
{
    struct buffer pairs = {0}, map = {0};
    size_t count = pairs_copy(facts, is_no_field, NULL, &pairs, arena);
    count += fields_pack(fields, &pairs);
    pack_map(&map, count);
    pack_raw(&map, buffer_slice(&pairs));
    struct slice kept = {arena_copy(arena, map.at, map.bytes), map.bytes};
    buffer_free(&pairs);
    buffer_free(&map);
    return kept;
}

static bool is_another(const void *name, const char *other)
{
    return strcmp(name, other) != 0;
}

struct slice facts_with(struct slice facts, const char *name, const char *text, struct arena *arena)
{
    struct buffer value = {0};
    pack_text(&value, text);
    struct slice with = facts_with_raw(facts, name, buffer_slice(&value), arena);
    buffer_free(&value);
    return with;
}

struct slice facts_with_raw(struct slice facts, const char *name, struct slice value, struct arena *arena)
{
    struct buffer pairs = {0}, map = {0};
    pack_text(&pairs, name);
    pack_raw(&pairs, value);
    pack_map(&map, 1 + pairs_copy(facts, is_another, name, &pairs, arena));
    pack_raw(&map, buffer_slice(&pairs));
    struct slice kept = {arena_copy(arena, map.at, map.bytes), map.bytes};
    buffer_free(&pairs);
    buffer_free(&map);
    return kept;
}

const void *facts_data(struct slice facts, const struct record *record, struct arena *arena)
{
    void *data = record_new(record, arena);
    struct fault fault;
    if (facts.bytes && !record_unpack(record, facts, arena, data, &fault))
        data = record_new(record, arena);
    return data;
}

const char *facts_text(struct slice facts, const char *name, struct arena *arena)
{
    struct slice value, text;
    if (!facts.bytes || !cursor_find(facts, name, &value))
        return "";
    struct cursor cursor = cursor_over(value);
    return cursor_text(&cursor, &text) ? arena_text(arena, text.at, text.bytes) : "";
}
