/* Reads what entity_pack.c writes. */
#include <string.h>

#include "entity.h"
#include "entity_bits.h"

struct reading {
    struct small_reader from;
    struct fault *fault;
};

static bool bad(struct reading *reading, const struct field *field)
{
    return fault_at(reading->fault, field->name, "is cut short, or no such value");
}

static bool fits(struct reading *reading, const struct field *field, size_t size, size_t limit)
{
    return size <= limit || fault_at(reading->fault, field->name, "is too long: %zu, %zu at most", size, limit);
}

/* How many elements follow; each takes a byte at least. */
static bool count_unpack(struct reading *reading, const struct field *field, size_t *ret)
{
    uint64_t count;
    if (!small_number_unpack(&reading->from, &count) || count > (uint64_t)(reading->from.end - reading->from.at))
        return bad(reading, field);
    *ret = (size_t)count;
    return fits(reading, field, *ret, field->limit);
}

static bool text_unpack(struct reading *reading, const struct field *field, size_t limit, const char **to)
{
    struct slice text;
    if (!small_text_unpack(&reading->from, &text))
        return bad(reading, field);
    *to = (const char *)text.at;
    return fits(reading, field, text.bytes, limit);
}

static bool texts_unpack(struct reading *reading, const struct field *field, void *record_at)
{
    struct texts texts = {0};
    if (!count_unpack(reading, field, &texts.count))
        return false;
    texts.at = arena_alloc(reading->from.arena, texts.count * sizeof *texts.at);
    for (size_t i = 0; i < texts.count; i++)
        if (!text_unpack(reading, field, TEXT_OF_LIST_BYTES_MAX, &texts.at[i]))
            return false;
    *(struct texts *)field_to(field, record_at) = texts;
    return true;
}

static bool slice_unpack(struct reading *reading, const struct field *field, struct slice *to)
{
    struct small_reader *from = &reading->from;
    if (!(field->kind == FIELD_MAP ? small_map_unpack(from, to) : small_bytes_unpack(from, to)))
        return bad(reading, field);
    if (field->kind == FIELD_BYTES)
        to->at = arena_copy(from->arena, to->at, to->bytes);
    return fits(reading, field, to->bytes, field->limit);
}

static bool fields_unpack(struct reading *reading, const struct record *record, void *to);

static bool element_unpack(struct reading *reading, const struct field *field, void *to)
{
    struct slice bytes;
    if (!small_bytes_unpack(&reading->from, &bytes))
        return bad(reading, field);
    struct reading element = *reading;
    element.from.at = bytes.at;
    element.from.end = bytes.at + bytes.bytes;
    return fields_unpack(&element, field->record, to);
}

static bool records_unpack(struct reading *reading, const struct field *field, void *record_at)
{
    struct any_list list = {0};
    if (!count_unpack(reading, field, &list.count))
        return false;
    list.at = arena_alloc(reading->from.arena, list.count * field->record->struct_bytes);
    for (size_t i = 0; i < list.count; i++)
        if (!element_unpack(reading, field, list_element(field, list, i))) {
            fault_within(reading->fault, field->name, i);
            return false;
        }
    field_list_set(field, record_at, list);
    return true;
}

/* The word of a newer build reads as none, and is kept. */
static bool word_unpack(struct reading *reading, const struct field *field, size_t number, int *to,
                        struct buffer *unknown)
{
    uint64_t word;
    if (!small_number_unpack(&reading->from, &word) || !word)
        return bad(reading, field);
    if (word < field->words->count) {
        *to = (int)word;
    } else {
        pack_uint(unknown, number);
        pack_uint(unknown, word);
    }
    return true;
}

static bool value_unpack(struct reading *reading, const struct field *field, size_t number, void *record_at,
                         struct buffer *unknown)
{
    struct small_reader *from = &reading->from;
    void *to = field_to(field, record_at);
    switch (field->kind) {
    case FIELD_TEXT: return text_unpack(reading, field, field->limit, to);
    case FIELD_WORD: return word_unpack(reading, field, number, to, unknown);
    case FIELD_INT: return small_int_unpack(from, to) || bad(reading, field);
    case FIELD_TIME: return small_time_unpack(from, to) || bad(reading, field);
    case FIELD_BOOL: return *(bool *)to = true;
    case FIELD_TEXTS: return texts_unpack(reading, field, record_at);
    case FIELD_BYTES:
    case FIELD_MAP: return slice_unpack(reading, field, to);
    case FIELD_RECORDS: return records_unpack(reading, field, record_at);
    }
    return false;
}

/* What no bit speaks of: what the id says, or nothing. */
static void value_leave(struct reading *reading, const struct field *field, void *record_at)
{
    const struct small_id *id = reading->from.id;
    if (field->kind != FIELD_TEXT)
        return;
    const char **to = field_to(field, record_at);
    *to = field->flags & IS_ID ? id->whole : "";
    if (field->flags & IS_SITE)
        *to = arena_text(reading->from.arena, id->whole, id->site_bytes);
}

/* -------- which fields there are */

static bool bits_unpack(struct reading *reading, struct bits *ret)
{
    struct small_reader *from = &reading->from;
    *ret = (struct bits){0};
    for (size_t number = 0; from->at < from->end && number + 7 <= BITS_MAX; number += 7) {
        uint8_t byte = *from->at++;
        for (size_t bit = 0; bit < 7; bit++)
            if (byte >> bit & 1)
                bits_set(ret, number + bit);
        if (!(byte & 0x80))
            return true;
    }
    return fault_at(reading->fault, "", "ends among its bits");
}

/* Pairs by name: one msgpack map without its head. */
static bool named_unpack(struct reading *reading, struct buffer *unknown)
{
    struct small_reader *from = &reading->from;
    struct slice pairs, name, value;
    if (from->end - from->at < (ptrdiff_t)sizeof named_mark || memcmp(from->at, named_mark, sizeof named_mark))
        return true;
    from->at += sizeof named_mark;
    if (!small_bytes_unpack(from, &pairs))
        return fault_at(reading->fault, "", "ends among pairs by name");
    struct cursor cursor = cursor_over(pairs);
    while (cursor.at < cursor.end)
        if (!cursor_text(&cursor, &name) || !text_is_plain(name) || !cursor_skip(&cursor, &value) ||
            !small_value_is_whole(value))
            return fault_at(reading->fault, "", "has a pair by name that is none");
    pack_raw(unknown, pairs);
    return true;
}

/* All that comes after the fields that are known, if a newer build has written it. */
static bool newer_unpack(struct reading *reading, const struct record *record, struct bits bits, struct buffer *unknown)
{
    struct small_reader *from = &reading->from;
    struct slice rest = {from->at, (size_t)(from->end - from->at)};
    for (size_t i = 0; i < record->field_count; i++)
        bits.at[i / 64] &= ~((uint64_t)1 << i % 64);
    if (!bits.at[0] && !bits.at[1])
        return !rest.bytes || fault_at(reading->fault, "", "goes on after its last field");
    struct buffer newer = {0};
    buffer_append(&newer, &bits, sizeof bits);
    buffer_append(&newer, rest.at, rest.bytes);
    pack_uint(unknown, record->field_count);
    pack_bytes(unknown, buffer_slice(&newer));
    buffer_free(&newer);
    return true;
}

/* -------- a record */

static bool values_unpack(struct reading *reading, const struct record *record, void *to, struct buffer *unknown)
{
    struct bits bits;
    if (!named_unpack(reading, unknown) || !bits_unpack(reading, &bits))
        return false;
    for (size_t i = 0; i < record->field_count; i++) {
        const struct field *field = &record->fields[i];
        if (!bits_has(&bits, i))
            value_leave(reading, field, to);
        else if (!value_unpack(reading, field, i, to, unknown))
            return false;
    }
    return newer_unpack(reading, record, bits, unknown);
}

static bool fields_unpack(struct reading *reading, const struct record *record, void *to)
{
    struct buffer unknown = {0};
    bool good = values_unpack(reading, record, to, &unknown);
    struct slice *kept = record_unknown(record, to);
    if (good && unknown.bytes)
        *kept = (struct slice){arena_copy(reading->from.arena, unknown.at, unknown.bytes), unknown.bytes};
    buffer_free(&unknown);
    return good;
}

bool entity_record_unpack(const struct record *record, const char *id, struct slice from, struct arena *arena, void *to,
                          struct fault *fault)
{
    if (!from.bytes || from.at[0] != ENTITY_MARK)
        return record_unpack(record, from, arena, to, fault);
    struct small_id of = small_id_of(arena_string(arena, id));
    struct reading reading = {{from.at + 1, from.at + from.bytes, &of, arena}, fault};
    return fields_unpack(&reading, record, to);
}

bool entity_unpack(enum entity_kind kind, const char *id, struct slice from, struct arena *arena, void *to,
                   struct fault *fault)
{
    return entity_record_unpack(entity_types[kind].record, id, from, arena, to, fault);
}

void *entity_read(enum entity_kind kind, const char *id, struct slice from, struct arena *arena)
{
    void *at = record_new(entity_types[kind].record, arena);
    struct fault fault;
    return entity_unpack(kind, id, from, arena, at, &fault) ? at : NULL;
}
