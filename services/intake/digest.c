#include "digest.h"

#include <assert.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"

enum { MEMBERS_FEW = 64 };              /* more are sorted on the heap */

static void write_value(struct buffer *to, const json_t *value);

/* -------- texts: UTF-8 stays, quotes, backslashes and control characters are escaped */

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

static void write_text(struct buffer *to, const char *text, size_t bytes)
{
    size_t from = 0;
    buffer_append(to, "\"", 1);
    for (size_t i = 0; i < bytes; i++) {
        unsigned char character = (unsigned char)text[i];
        if (character >= 0x20 && character != '"' && character != '\\')
            continue;
        buffer_append(to, text + from, i - from);
        write_escaped(to, character);
        from = i + 1;
    }
    buffer_append(to, text + from, bytes - from);
    buffer_append(to, "\"", 1);
}

/* -------- values */

struct member { const char *name; const json_t *value; };

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct member *)a)->name, ((const struct member *)b)->name);
}

static void sort_few(struct member *members, size_t count)
{
    for (size_t i = 1; i < count; i++)
        for (size_t j = i; j && by_name(&members[j - 1], &members[j]) > 0; j--) {
            struct member member = members[j];
            members[j] = members[j - 1];
            members[j - 1] = member;
        }
}

static void write_object(struct buffer *to, const json_t *object)
{
    struct member few[MEMBERS_FEW], *members = few;
    size_t count = 0, size = json_object_size(object);
    const char *name;
    json_t *value;
    if (size > MEMBERS_FEW && !(members = calloc(size, sizeof *members)))
        abort();
    json_object_foreach((json_t *)(uintptr_t)object, name, value)
        members[count++] = (struct member){name, value};
    if (members == few)
        sort_few(members, count);
    else
        qsort(members, count, sizeof *members, by_name);
    buffer_append(to, "{", 1);
    for (size_t i = 0; i < count; i++) {
        if (i)
            buffer_append(to, ",", 1);
        write_text(to, members[i].name, strlen(members[i].name));
        buffer_append(to, ":", 1);
        write_value(to, members[i].value);
    }
    buffer_append(to, "}", 1);
    if (members != few)
        free(members);
}

static void write_array(struct buffer *to, const json_t *array)
{
    size_t index;
    json_t *value;
    buffer_append(to, "[", 1);
    json_array_foreach(array, index, value) {
        if (index)
            buffer_append(to, ",", 1);
        write_value(to, value);
    }
    buffer_append(to, "]", 1);
}

/* How jansson rounds and writes a fraction is its own affair. */
static void write_real(struct buffer *to, const json_t *value)
{
    char *text = json_dumps(value, JSON_ENCODE_ANY);
    assert(text);
    buffer_string(to, text);
    free(text);
}

static void write_value(struct buffer *to, const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_NULL: buffer_string(to, "null"); break;
    case JSON_TRUE: buffer_string(to, "true"); break;
    case JSON_FALSE: buffer_string(to, "false"); break;
    case JSON_INTEGER: buffer_printf(to, "%" JSON_INTEGER_FORMAT, json_integer_value(value)); break;
    case JSON_REAL: write_real(to, value); break;
    case JSON_STRING: write_text(to, json_string_value(value), json_string_length(value)); break;
    case JSON_ARRAY: write_array(to, value); break;
    case JSON_OBJECT: write_object(to, value); break;
    }
}

/* What is hashed names people: it is wiped. */
uint64_t digest_of_json(const json_t *json)
{
    uint8_t hash[crypto_generichash_BYTES_MIN];
    uint64_t digest = 0;
    struct buffer text = {0};
    write_value(&text, json);
    crypto_generichash(hash, sizeof hash, text.at, text.bytes, NULL, 0);
    for (int i = 0; i < 8; i++)
        digest = digest << 8 | hash[i];
    sodium_memzero(text.at, text.bytes);
    buffer_free(&text);
    return digest;
}
