#include "field.h"

#include <stdio.h>
#include <string.h>

/* A text cut by its array's end may end in half a character. */
static void trim_half_character(char *text)
{
    size_t bytes = strlen(text), plain = bytes;
    for (int i = 0; i < 3 && plain && !text_is_plain((struct slice){(const uint8_t *)text, plain}); i++)
        plain--;
    if (text_is_plain((struct slice){(const uint8_t *)text, plain}))
        text[plain] = 0;
}

bool fault_at(struct fault *fault, const char *field, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    snprintf(fault->field, sizeof fault->field, "%s", field);
    vsnprintf(fault->what, sizeof fault->what, format, args);
    va_end(args);
    trim_half_character(fault->field);
    trim_half_character(fault->what);
    return false;
}

void fault_within(struct fault *fault, const char *list, size_t index)
{
    char inner[sizeof fault->field];
    memcpy(inner, fault->field, sizeof inner);
    const char *dot = *inner ? "." : "";
    if (snprintf(fault->field, sizeof fault->field, "%s[%zu]%s%s", list, index, dot, inner) < 0)
        fault->field[0] = 0;
    trim_half_character(fault->field);
}

const struct field *record_field(const struct record *record, const char *name)
{
    size_t next = 0;
    return record_field_near(record, (struct slice){(const uint8_t *)name, strlen(name)}, &next);
}

bool record_has_flag(const struct record *record, unsigned flags)
{
    for (size_t i = 0; i < record->field_count; i++)
        if (record->fields[i].flags & flags)
            return true;
    return false;
}

void record_texts_set(const struct record *record, void *record_at)
{
    for (size_t i = 0; i < record->field_count; i++) {
        const char **text = field_to(&record->fields[i], record_at);
        if (record->fields[i].kind == FIELD_TEXT && !*text)
            *text = "";
    }
}

void *record_new(const struct record *record, struct arena *arena)
{
    void *at = arena_alloc(arena, record->struct_bytes);
    record_texts_set(record, at);
    return at;
}

bool field_is_empty(const struct field *field, const void *record_at)
{
    const void *at = field_at(field, record_at);
    switch (field->kind) {
    case FIELD_TEXT: return !*(const char *const *)at || !**(const char *const *)at;
    case FIELD_WORD: return !*(const int *)at;
    case FIELD_INT:
    case FIELD_TIME: return !*(const int64_t *)at;
    case FIELD_BOOL: return !*(const bool *)at;
    case FIELD_BYTES:
    case FIELD_MAP: return !((const struct slice *)at)->bytes;
    case FIELD_TEXTS:
    case FIELD_RECORDS: return !field_list(field, record_at).count;
    }
    return true;
}

bool unknown_has(struct slice unknown, struct slice key)
{
    struct slice name, value;
    struct cursor cursor = cursor_over(unknown);
    while (cursor_text(&cursor, &name) && cursor_skip(&cursor, &value))
        if (name.bytes == key.bytes && !memcmp(name.at, key.at, key.bytes))
            return true;
    return false;
}

/* Left out, and not only because a newer build knows words that this one does not. */
static bool is_missing(const struct record *record, const struct field *field, const void *record_at)
{
    struct slice name = {(const uint8_t *)field->name, strlen(field->name)};
    return field_is_empty(field, record_at) && !unknown_has(*record_unknown(record, record_at), name);
}

typedef bool (*record_check)(const struct record *record, const void *at, struct fault *fault);

static bool elements_pass(const struct field *field, const void *record_at, record_check check, struct fault *fault)
{
    struct any_list list = field_list(field, record_at);
    for (size_t i = 0; i < list.count; i++)
        if (!check(field->record, list_element(field, list, i), fault)) {
            fault_within(fault, field->name, i);
            return false;
        }
    return true;
}

bool record_complete(const struct record *record, const void *at, struct fault *fault)
{
    for (size_t i = 0; i < record->field_count; i++) {
        const struct field *field = &record->fields[i];
        if ((field->flags & REQUIRED) && field->kind != FIELD_BOOL && is_missing(record, field, at))
            return fault_at(fault, field->name, "is required: %s", field->about);
        if (field->kind == FIELD_RECORDS && !elements_pass(field, at, record_complete, fault))
            return false;
    }
    return true;
}

size_t text_fitting_bytes(const char *text, size_t limit)
{
    size_t bytes = strnlen(text, limit + 1);
    if (bytes <= limit)
        return bytes;
    bytes = limit;
    while (bytes && ((unsigned char)text[bytes] & 0xc0) == 0x80)
        bytes--;
    return bytes;
}

static bool field_fits(const struct field *field, const void *record_at, struct fault *fault)
{
    size_t size = 0;
    if (field->kind == FIELD_TEXT && !field_is_empty(field, record_at))
        size = strlen(*(const char *const *)field_at(field, record_at));
    else if (field->kind == FIELD_BYTES || field->kind == FIELD_MAP)
        size = ((const struct slice *)field_at(field, record_at))->bytes;
    else if (field->kind == FIELD_TEXTS || field->kind == FIELD_RECORDS)
        size = field_list(field, record_at).count;
    if (field->limit && size > field->limit)
        return fault_at(fault, field->name, "is too long: %zu, %zu at most", size, field->limit);
    return field->kind != FIELD_RECORDS || elements_pass(field, record_at, record_fits, fault);
}

bool record_fits(const struct record *record, const void *at, struct fault *fault)
{
    for (size_t i = 0; i < record->field_count; i++)
        if (!field_fits(&record->fields[i], at, fault))
            return false;
    return true;
}
