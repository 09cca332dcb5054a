/* Values as JSON text. */
#include "value.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

#include "eight.h"

enum { MEMBERS_FEW = 64 };              /* more are sorted on the heap */

static void write_escaped(struct buffer *to, unsigned char character)
{
    static const char shorthand[0x20] = {['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't'};
    if (character >= 0x20)
        buffer_append(to, (char[]){'\\', (char)character}, 2);
    else if (shorthand[character])
        buffer_append(to, (char[]){'\\', shorthand[character]}, 2);
    else
        buffer_printf(to, "\\u%04X", character);
}

static void write_with_escapes(struct buffer *to, struct slice text)
{
    for (size_t i = 0; i < text.bytes; i++)
        if (byte_is_unescaped(text.at[i]))
            buffer_byte(to, text.at[i]);
        else
            write_escaped(to, text.at[i]);
}

void text_write(struct slice text, struct buffer *to)
{
    buffer_byte(to, '"');
    if (text_is_unescaped(text))
        buffer_append(to, text.at, text.bytes);
    else
        write_with_escapes(to, text);
    buffer_byte(to, '"');
}

/* -------- values */

static void write_members(struct buffer *to, const struct value *const *members, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (i)
            buffer_byte(to, ',');
        text_write(members[i]->name, to);
        buffer_byte(to, ':');
        value_write(members[i], to);
    }
}

static void write_object(struct buffer *to, const struct value *object)
{
    const struct value *few[MEMBERS_FEW], **members = few;
    if (object->count > MEMBERS_FEW && !(members = calloc(object->count, sizeof *members)))
        abort();
    value_sorted(object, members);
    buffer_byte(to, '{');
    write_members(to, members, object->count);
    buffer_byte(to, '}');
    if (members != few)
        free(members);
}

static void write_list(struct buffer *to, const struct value *list)
{
    buffer_byte(to, '[');
    for (size_t i = 0; i < list->count; i++) {
        if (i)
            buffer_byte(to, ',');
        value_write(&list->at[i], to);
    }
    buffer_byte(to, ']');
}

/* How jansson rounds and writes a fraction is its own affair. */
static void write_real(struct buffer *to, double real)
{
    json_t *json = json_real(real);
    char *text = json_dumps(json, JSON_ENCODE_ANY);
    assert(text);
    buffer_string(to, text);
    free(text);
    json_decref(json);
}

void value_write(const struct value *value, struct buffer *to)
{
    switch (value->kind) {
    case VALUE_NULL: buffer_string(to, "null"); break;
    case VALUE_TRUE: buffer_string(to, "true"); break;
    case VALUE_FALSE: buffer_string(to, "false"); break;
    case VALUE_INT: buffer_printf(to, "%" PRId64, value->number); break;
    case VALUE_REAL: write_real(to, value->real); break;
    case VALUE_TEXT: text_write(value->text, to); break;
    case VALUE_LIST: write_list(to, value); break;
    case VALUE_OBJECT: write_object(to, value); break;
    }
}
