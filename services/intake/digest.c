#include "digest.h"

#include <assert.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { MEMBERS_FEW = 64 };              /* more are sorted on the heap */

static void write_value(struct buffer *to, const struct value *value);

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

/* Has one of these eight bytes to be escaped? */
static bool is_escaped_8(uint64_t bytes)
{
    const uint64_t ones = 0x0101010101010101, highs = 0x8080808080808080;
    uint64_t quotes = bytes ^ ones * '"', slashes = bytes ^ ones * '\\';
    uint64_t below = (bytes - ones * 0x20) & ~bytes;        /* control characters; what is borrowed only says too much */
    return (below | ((quotes - ones) & ~quotes) | ((slashes - ones) & ~slashes)) & highs;
}

/* How many bytes from `at` on stand as they are. */
static size_t plain_bytes(const uint8_t *at, size_t bytes)
{
    size_t plain = 0;
    for (uint64_t eight; bytes - plain >= sizeof eight; plain += sizeof eight) {
        memcpy(&eight, at + plain, sizeof eight);
        if (is_escaped_8(eight))
            break;
    }
    while (plain < bytes && at[plain] >= 0x20 && at[plain] != '"' && at[plain] != '\\')
        plain++;
    return plain;
}

static void write_text(struct buffer *to, struct slice text)
{
    buffer_append(to, "\"", 1);
    for (size_t at = 0; at < text.bytes; at++) {
        size_t plain = plain_bytes(text.at + at, text.bytes - at);
        buffer_append(to, text.at + at, plain);
        at += plain;
        if (at < text.bytes)
            write_escaped(to, text.at[at]);
    }
    buffer_append(to, "\"", 1);
}

/* -------- values */

static void write_members(struct buffer *to, const struct value *const *members, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (i)
            buffer_append(to, ",", 1);
        write_text(to, members[i]->name);
        buffer_append(to, ":", 1);
        write_value(to, members[i]);
    }
}

static void write_object(struct buffer *to, const struct value *object)
{
    const struct value *few[MEMBERS_FEW], **members = few;
    if (object->count > MEMBERS_FEW && !(members = calloc(object->count, sizeof *members)))
        abort();
    value_sorted(object, members);
    buffer_append(to, "{", 1);
    write_members(to, members, object->count);
    buffer_append(to, "}", 1);
    if (members != few)
        free(members);
}

static void write_list(struct buffer *to, const struct value *list)
{
    buffer_append(to, "[", 1);
    for (size_t i = 0; i < list->count; i++) {
        if (i)
            buffer_append(to, ",", 1);
        write_value(to, &list->at[i]);
    }
    buffer_append(to, "]", 1);
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

static void write_value(struct buffer *to, const struct value *value)
{
    switch (value->kind) {
    case VALUE_NULL: buffer_string(to, "null"); break;
    case VALUE_TRUE: buffer_string(to, "true"); break;
    case VALUE_FALSE: buffer_string(to, "false"); break;
    case VALUE_INT: buffer_printf(to, "%" PRId64, value->number); break;
    case VALUE_REAL: write_real(to, value->real); break;
    case VALUE_TEXT: write_text(to, value->text); break;
    case VALUE_LIST: write_list(to, value); break;
    case VALUE_OBJECT: write_object(to, value); break;
    }
}

/* What is hashed names people: it is wiped. */
uint64_t digest_of_value(const struct value *value, struct buffer *scratch)
{
    uint8_t hash[crypto_generichash_BYTES_MIN];
    uint64_t digest = 0;
    buffer_clear(scratch);
    write_value(scratch, value);
    crypto_generichash(hash, sizeof hash, scratch->at, scratch->bytes, NULL, 0);
    for (int i = 0; i < 8; i++)
        digest = digest << 8 | hash[i];
    sodium_memzero(scratch->at, scratch->bytes);
    return digest;
}
