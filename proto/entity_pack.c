/* A record as it is kept: which fields are there, 7 a byte, the first ones lowest, the highest bit saying that more bytes
 * follow; then their values in order. Of a field that the id tells (IS_ID, IS_SITE) the bit says that it is otherwise; of
 * a truth value it is the value. Each element of a list of records has its bytes before it.
 *
 * What this build does not know stands in `unknown`. Pairs by name, of entities that an earlier build kept, come first;
 * they are written in front of the bits, behind named_mark. Then pairs by number: that of a field of words with the number
 * of a word; and that of the first field that is not known with struct bits of the fields from there on, and their values. */
#include <assert.h>
#include <string.h>

#include "entity.h"
#include "entity_bits.h"
#include "field.h"
#include "small.h"

static struct slice text_cut(const char *text, size_t limit)
{
    size_t bytes = strlen(text);
    if (cut_to(bytes, limit) < bytes)
        bytes = text_fitting_bytes(text, limit);
    return (struct slice){(const uint8_t *)text, bytes};
}

static void texts_pack(struct buffer *to, const struct small_id *id, const struct field *field, const void *record_at)
{
    const struct texts *texts = field_at(field, record_at);
    size_t count = cut_to(texts->count, field->limit);
    small_number_pack(to, count);
    for (size_t i = 0; i < count; i++)
        small_text_pack(to, id, text_cut(texts->at[i] ? texts->at[i] : "", TEXT_OF_LIST_BYTES_MAX));
}

static void fields_pack(struct buffer *to, const struct small_id *id, const struct record *record, const void *from);

/* Its bytes before it: they are mostly few, and else it makes room for their number. */
static void element_pack(struct buffer *to, const struct small_id *id, const struct record *record, const void *from)
{
    enum { ONE_BYTE_MAX = 0x7f };
    size_t begin = to->bytes;
    buffer_append(to, "", 1);
    fields_pack(to, id, record, from);
    size_t bytes = to->bytes - begin - 1, more = 0;
    if (bytes <= ONE_BYTE_MAX) {
        to->at[begin] = (uint8_t)bytes;
        return;
    }
    for (size_t rest = bytes >> 7; rest; rest >>= 7)
        more++;
    buffer_append(to, "\0\0\0\0\0\0\0\0", more);
    memmove(to->at + begin + 1 + more, to->at + begin + 1, bytes);
    size_t end = to->bytes;
    to->bytes = begin;
    small_number_pack(to, bytes);
    to->bytes = end;
}

static void records_pack(struct buffer *to, const struct small_id *id, const struct field *field, const void *record_at)
{
    struct any_list list = field_list(field, record_at);
    size_t count = cut_to(list.count, field->limit);
    small_number_pack(to, count);
    for (size_t i = 0; i < count; i++)
        element_pack(to, id, field->record, list_element(field, list, i));
}

static void value_pack(struct buffer *to, const struct small_id *id, const struct field *field, const void *record_at)
{
    const void *at = field_at(field, record_at);
    switch (field->kind) {
    case FIELD_TEXT: {
        const char *text = *(const char *const *)at;
        small_text_pack(to, id, text_cut(text ? text : "", field->limit));
        break;
    }
    case FIELD_WORD: small_number_pack(to, (uint64_t)*(const int *)at); break;
    case FIELD_INT: small_int_pack(to, *(const int64_t *)at); break;
    case FIELD_TIME: small_time_pack(to, *(const wall_ms *)at); break;
    case FIELD_BOOL: break;
    case FIELD_TEXTS: texts_pack(to, id, field, record_at); break;
    case FIELD_BYTES: small_bytes_pack(to, *(const struct slice *)at); break;
    case FIELD_MAP: small_map_pack(to, id, *(const struct slice *)at); break;
    case FIELD_RECORDS: records_pack(to, id, field, record_at); break;
    }
}

/* -------- what this build does not know */

/* The value that stands under this number, or none. */
static struct slice by_number(struct slice unknown, uint64_t number)
{
    struct cursor cursor = cursor_over(unknown_by_number(unknown));
    struct slice value;
    uint64_t key;
    while (cursor_uint(&cursor, &key) && cursor_skip(&cursor, &value))
        if (key == number)
            return value;
    return (struct slice){0};
}

static bool is_set_by_now(const struct record *record, const void *from, struct slice name)
{
    for (size_t i = 0; i < record->field_count; i++)
        if (slice_is(name, record->fields[i].name))
            return !field_is_empty(&record->fields[i], from);
    return false;
}

static void named_pack(struct buffer *to, const struct record *record, const void *from)
{
    struct cursor cursor = cursor_over(*record_unknown(record, from));
    struct buffer pairs = {0};
    struct slice name, value;
    while (cursor_text(&cursor, &name) && cursor_skip(&cursor, &value))
        if (!is_set_by_now(record, from, name)) {
            pack_text_slice(&pairs, name);
            pack_raw(&pairs, value);
        }
    if (pairs.bytes) {
        buffer_append(to, named_mark, sizeof named_mark);
        small_bytes_pack(to, buffer_slice(&pairs));
    }
    buffer_free(&pairs);
}

/* The values of fields that are not known; their bits are set. */
static struct slice newer_values(const struct record *record, struct slice unknown, struct bits *bits)
{
    struct cursor cursor = cursor_over(by_number(unknown, record->field_count));
    struct slice newer = {0};
    struct bits more;
    if (!cursor_bytes(&cursor, &newer))
        return newer;
    memcpy(&more, newer.at, sizeof more);
    for (size_t i = 0; i < sizeof more.at / sizeof more.at[0]; i++)
        bits->at[i] |= more.at[i];
    return (struct slice){newer.at + sizeof more, newer.bytes - sizeof more};
}

/* A word that only a newer build knows, unless it was replaced. */
static bool has_newer_word(const struct field *field, struct slice unknown, size_t number)
{
    return unknown.bytes && field->kind == FIELD_WORD && by_number(unknown, number).bytes;
}

static void newer_word_pack(struct buffer *to, struct slice unknown, size_t number)
{
    struct cursor cursor = cursor_over(by_number(unknown, number));
    uint64_t word = 0;
    cursor_uint(&cursor, &word);
    small_number_pack(to, word);
}

/* -------- a record */

static void bits_pack(struct buffer *to, struct bits bits)
{
    buffer_room(to, BITS_MAX / 7 + 1);
    do {
        uint8_t byte = bits.at[0] & 0x7f;
        bits.at[0] = bits.at[0] >> 7 | bits.at[1] << 57;
        bits.at[1] >>= 7;
        byte |= bits.at[0] || bits.at[1] ? 0x80 : 0;
        to->at[to->bytes++] = byte;
    } while (bits.at[0] || bits.at[1]);
}

static bool is_over_limit(const struct field *field, const void *record_at)
{
    bool sized = field->kind == FIELD_BYTES || field->kind == FIELD_MAP;
    return sized && ((const struct slice *)field_at(field, record_at))->bytes > field->limit;
}

/* Does the id say it? */
static bool is_told(const struct small_id *id, const struct field *field, const void *record_at)
{
    const char *text = *(const char *const *)field_at(field, record_at);
    size_t bytes = field->flags & IS_ID ? id->bytes : id->site_bytes;
    return text && strlen(text) == bytes && !memcmp(text, id->whole, bytes);
}

static bool is_written(const struct small_id *id, const struct field *field, const void *record_at)
{
    if (field->flags & (IS_ID | IS_SITE))
        return !is_told(id, field, record_at);
    if (field_is_empty(field, record_at))
        return false;
    return !is_over_limit(field, record_at) || cut_to(1, 0);
}

static void fields_pack(struct buffer *to, const struct small_id *id, const struct record *record, const void *from)
{
    struct slice unknown = *record_unknown(record, from), newer = {0};
    struct bits bits = {0};
    assert(record->field_count < BITS_MAX);
    for (size_t i = 0; i < record->field_count; i++)
        if (is_written(id, &record->fields[i], from) || has_newer_word(&record->fields[i], unknown, i))
            bits_set(&bits, i);
    if (unknown.bytes) {
        named_pack(to, record, from);
        newer = newer_values(record, unknown, &bits);
    }
    bits_pack(to, bits);
    for (size_t i = 0; i < record->field_count; i++) {
        const struct field *field = &record->fields[i];
        if (bits_has(&bits, i) && field->kind == FIELD_WORD && field_is_empty(field, from))
            newer_word_pack(to, unknown, i);
        else if (bits_has(&bits, i))
            value_pack(to, id, field, from);
    }
    buffer_append(to, newer.at, newer.bytes);
}

void entity_record_pack(const struct record *record, const char *id, const void *from, struct buffer *to)
{
    struct small_id of = small_id_of(id);
    buffer_append(to, &(uint8_t){ENTITY_MARK}, 1);
    fields_pack(to, &of, record, from);
}

void entity_pack(enum entity_kind kind, const char *id, const void *from, struct buffer *to)
{
    entity_record_pack(entity_types[kind].record, id, from, to);
}
