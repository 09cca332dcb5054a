#include "field.h"

#include <assert.h>
#include <stdatomic.h>
#include <string.h>

#include "buffer.h"

enum { FIELDS_MAX = 128 };              /* of one record */

static _Atomic uint64_t cut_count;

uint64_t record_cut_count(void)
{
    return atomic_load_explicit(&cut_count, memory_order_relaxed);
}

size_t cut_to(size_t size, size_t limit)
{
    if (size <= limit)
        return size;
    atomic_fetch_add_explicit(&cut_count, 1, memory_order_relaxed);
    return limit;
}

/* Which fields a writing takes. */
struct choice {
    unsigned leave_out;     /* flags of those to skip */
    unsigned only;          /* flags of those to write; 0: all the others */
};

static bool is_chosen(struct choice choice, unsigned flags)
{
    return !(flags & choice.leave_out) && (!choice.only || (flags & choice.only));
}

static void pack_text_cut(struct buffer *to, const char *text, size_t limit)
{
    size_t bytes = strlen(text);
    if (cut_to(bytes, limit) < bytes)
        bytes = text_fitting_bytes(text, limit);
    pack_text_slice(to, (struct slice){(const uint8_t *)text, bytes});
}

static void pack_texts(struct buffer *to, const struct field *field, const void *record_at)
{
    const struct texts *texts = field_at(field, record_at);
    size_t count = cut_to(texts->count, field->limit);
    pack_array(to, count);
    for (size_t i = 0; i < count; i++)
        pack_text_cut(to, texts->at[i] ? texts->at[i] : "", TEXT_OF_LIST_BYTES_MAX);
}

static void pack_records(struct buffer *to, const struct field *field, const void *record_at)
{
    struct any_list list = field_list(field, record_at);
    size_t count = cut_to(list.count, field->limit);
    pack_array(to, count);
    for (size_t i = 0; i < count; i++)
        record_pack(field->record, list_element(field, list, i), 0, to);
}

static void pack_field(struct buffer *to, const struct field *field, const void *record_at)
{
    const void *at = field_at(field, record_at);
    pack_text_slice(to, (struct slice){(const uint8_t *)field->name, field->name_bytes});
    switch (field->kind) {
    case FIELD_TEXT: pack_text_cut(to, *(const char *const *)at, field->limit); break;
    case FIELD_WORD: pack_text(to, words_name(field->words, *(const int *)at)); break;
    case FIELD_INT:
    case FIELD_TIME: pack_int(to, *(const int64_t *)at); break;
    case FIELD_BOOL: pack_bool(to, *(const bool *)at); break;
    case FIELD_TEXTS: pack_texts(to, field, record_at); break;
    case FIELD_BYTES: pack_bytes(to, *(const struct slice *)at); break;
    case FIELD_MAP: pack_raw(to, *(const struct slice *)at); break;
    case FIELD_RECORDS: pack_records(to, field, record_at); break;
    }
}

static bool is_over_limit(const struct field *field, const void *record_at)
{
    bool sized = field->kind == FIELD_BYTES || field->kind == FIELD_MAP;
    return sized && ((const struct slice *)field_at(field, record_at))->bytes > field->limit;
}

static bool is_written(const struct field *field, const void *record_at, struct choice choice)
{
    return is_chosen(choice, field->flags) && !field_is_empty(field, record_at) && !is_over_limit(field, record_at);
}

/* An unknown pair is written if its field, known here only by name, is empty; or if nothing at all is known of it. */
static bool unknown_is_written(const struct record *record, const void *from, struct slice key, struct choice choice)
{
    for (size_t i = 0; i < record->field_count; i++)
        if (slice_is(key, record->fields[i].name))
            return field_is_empty(&record->fields[i], from) && is_chosen(choice, record->fields[i].flags);
    return is_chosen(choice, record_has_flag(record, PERSONAL) ? PERSONAL : 0);
}

/* Counts the unknown pairs to write and, unless `to` is NULL, writes them. */
static size_t pack_unknown(const struct record *record, const void *from, struct choice choice, struct buffer *to)
{
    struct cursor cursor = cursor_over(*record_unknown(record, from));
    struct slice key, value;
    size_t count = 0;
    if (cursor.at == cursor.end)
        return 0;
    while (cursor_text(&cursor, &key) && cursor_skip(&cursor, &value)) {
        if (!unknown_is_written(record, from, key, choice))
            continue;
        count++;
        if (!to)
            continue;
        pack_text_slice(to, key);
        pack_raw(to, value);
    }
    return count;
}

static void pack_chosen(const struct record *record, const void *from, struct choice choice, struct buffer *to)
{
    const struct field *written[FIELDS_MAX];
    size_t count = 0;
    assert(record->field_count <= FIELDS_MAX);
    for (size_t i = 0; i < record->field_count; i++) {
        const struct field *field = &record->fields[i];
        if (is_written(field, from, choice))
            written[count++] = field;
        else if (is_over_limit(field, from))
            cut_to(1, 0);
    }
    pack_map(to, count + pack_unknown(record, from, choice, NULL));
    for (size_t i = 0; i < count; i++)
        pack_field(to, written[i], from);
    pack_unknown(record, from, choice, to);
}

void record_pack(const struct record *record, const void *from, unsigned leave_out, struct buffer *to)
{
    pack_chosen(record, from, (struct choice){.leave_out = leave_out}, to);
}

void record_pack_only(const struct record *record, const void *from, unsigned only, struct buffer *to)
{
    pack_chosen(record, from, (struct choice){.only = only}, to);
}
