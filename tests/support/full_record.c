#include "full_record.h"

#include <string.h>

#include "buffer.h"
#include "field.h"

/* Of the field's name, so that no two fields of a record are alike. */
static int64_t number_of(const struct field *field)
{
    int64_t number = 1000;
    for (const char *at = field->name; *at; at++)
        number = number * 3 + *at;
    return number % 1000000007;
}

static const char *text_of(const struct field *field, size_t limit, struct arena *arena)
{
    return arena_text(arena, field->name, strnlen(field->name, limit));
}

static struct any_list texts_of(const struct field *field, struct arena *arena)
{
    const char **at = arena_alloc(arena, sizeof *at);
    at[0] = text_of(field, TEXT_OF_LIST_BYTES_MAX, arena);
    return (struct any_list){at, 1};
}

static struct slice map_of(const struct field *field, struct arena *arena)
{
    struct buffer packed = {0};
    pack_map(&packed, 1);
    pack_text(&packed, field->name);
    pack_uint(&packed, 1);
    struct slice map = {arena_copy(arena, packed.at, packed.bytes), packed.bytes};
    buffer_free(&packed);
    return map;
}

static void field_fill(const struct field *field, void *record_at, struct arena *arena)
{
    void *to = field_to(field, record_at);
    switch (field->kind) {
    case FIELD_TEXT: *(const char **)to = text_of(field, field->limit, arena); break;
    case FIELD_WORD: *(int *)to = 1; break;
    case FIELD_INT: *(int64_t *)to = -number_of(field); break;
    case FIELD_TIME: *(wall_ms *)to = 1772784000000 + number_of(field); break;
    case FIELD_BOOL: *(bool *)to = true; break;
    case FIELD_TEXTS: field_list_set(field, record_at, texts_of(field, arena)); break;
    case FIELD_BYTES: *(struct slice *)to = (struct slice){(const uint8_t *)field->name, 2}; break;
    case FIELD_MAP: *(struct slice *)to = map_of(field, arena); break;
    case FIELD_RECORDS:
        field_list_set(field, record_at, (struct any_list){full_record(field->record, arena), 1});
        break;
    }
}

void *full_record(const struct record *record, struct arena *arena)
{
    void *at = record_new(record, arena);
    for (size_t i = 0; i < record->field_count; i++)
        field_fill(&record->fields[i], at, arena);
    return at;
}

const char *unknown_in(const struct record *record, const void *at, struct arena *arena)
{
    if (record_unknown(record, at)->bytes)
        return record->name;
    for (size_t i = 0; i < record->field_count; i++) {
        const struct field *field = &record->fields[i];
        struct any_list list = {0};
        if (field->kind == FIELD_RECORDS)
            list = field_list(field, at);
        for (size_t j = 0; j < list.count; j++) {
            const char *inner = unknown_in(field->record, list_element(field, list, j), arena);
            if (inner)
                return arena_printf(arena, "%s.%s", record->name, inner);
        }
    }
    return NULL;
}
