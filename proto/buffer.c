#include "buffer.h"

#include <msgpack.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROOM_FIRST_BYTES = 256 };

void buffer_grow(struct buffer *buffer, size_t more)
{
    size_t room = buffer->room ? buffer->room : ROOM_FIRST_BYTES;
    while (room - buffer->bytes < more && room <= SIZE_MAX / 2)
        room *= 2;
    void *at = room - buffer->bytes < more ? NULL : realloc(buffer->at, room);
    if (!at) {
        fprintf(stderr, "no memory for a buffer of %zu bytes: give this process more\n", room);
        abort();
    }
    buffer->at = at;
    buffer->room = room;
}

void buffer_free(struct buffer *buffer)
{
    free(buffer->at);
    *buffer = (struct buffer){0};
}

void buffer_clear(struct buffer *buffer)
{
    buffer->bytes = 0;
}

void buffer_append(struct buffer *buffer, const void *from, size_t bytes)
{
    if (!bytes)
        return;
    buffer_room(buffer, bytes);
    memcpy(buffer->at + buffer->bytes, from, bytes);
    buffer->bytes += bytes;
}

void buffer_string(struct buffer *buffer, const char *text)
{
    buffer_append(buffer, text, strlen(text));
}

void buffer_printf(struct buffer *buffer, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int bytes = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (bytes > 0) {
        buffer_room(buffer, (size_t)bytes + 1);
        vsnprintf((char *)buffer->at + buffer->bytes, (size_t)bytes + 1, format, again);
        buffer->bytes += (size_t)bytes;
    }
    va_end(again);
}

struct slice buffer_slice(const struct buffer *buffer)
{
    return (struct slice){buffer->at, buffer->bytes};
}

const char *buffer_text(struct buffer *buffer)
{
    buffer_room(buffer, 1);
    buffer->at[buffer->bytes] = 0;
    return (const char *)buffer->at;
}

/* -------- msgpack */

static int packer_write(void *data, const char *from, size_t bytes)
{
    buffer_append(data, from, bytes);
    return 0;
}

static msgpack_packer packer_over(struct buffer *to)
{
    return (msgpack_packer){.data = to, .callback = packer_write};
}

void pack_nil(struct buffer *to)
{
    msgpack_packer packer = packer_over(to);
    msgpack_pack_nil(&packer);
}

void pack_bool(struct buffer *to, int value)
{
    msgpack_packer packer = packer_over(to);
    if (value)
        msgpack_pack_true(&packer);
    else
        msgpack_pack_false(&packer);
}

void pack_int(struct buffer *to, int64_t value)
{
    msgpack_packer packer = packer_over(to);
    msgpack_pack_int64(&packer, value);
}

void pack_uint(struct buffer *to, uint64_t value)
{
    msgpack_packer packer = packer_over(to);
    msgpack_pack_uint64(&packer, value);
}

void pack_real(struct buffer *to, double value)
{
    msgpack_packer packer = packer_over(to);
    msgpack_pack_double(&packer, value);
}

void pack_text(struct buffer *to, const char *text)
{
    pack_text_slice(to, (struct slice){(const uint8_t *)text, text ? strlen(text) : 0});
}

/* Names and short texts are most of what is packed: room for head and text is asked for once. */
static bool pack_short_text(struct buffer *to, struct slice text)
{
    enum { FIXSTR = 0xa0, FIXSTR_BYTES_MAX = 31, STR_8 = 0xd9 };
    if (text.bytes > UINT8_MAX)
        return false;
    buffer_room(to, text.bytes + 2);
    uint8_t *at = to->at + to->bytes, *begin = at;
    if (text.bytes <= FIXSTR_BYTES_MAX) {
        *at++ = (uint8_t)(FIXSTR | text.bytes);
    } else {
        *at++ = STR_8;
        *at++ = (uint8_t)text.bytes;
    }
    if (text.bytes)
        memcpy(at, text.at, text.bytes);
    to->bytes += (size_t)(at - begin) + text.bytes;
    return true;
}

void pack_text_slice(struct buffer *to, struct slice text)
{
    if (pack_short_text(to, text))
        return;
    msgpack_packer packer = packer_over(to);
    msgpack_pack_str(&packer, text.bytes);
    buffer_append(to, text.at, text.bytes);
}

void pack_text_head(struct buffer *to, size_t bytes)
{
    msgpack_packer packer = packer_over(to);
    msgpack_pack_str(&packer, bytes);
}

void pack_bytes(struct buffer *to, struct slice bytes)
{
    msgpack_packer packer = packer_over(to);
    msgpack_pack_bin(&packer, bytes.bytes);
    buffer_append(to, bytes.at, bytes.bytes);
}

/* Most lists and maps are short: their head is one byte. */
enum { SHORT_ARRAY = 0x90, SHORT_MAP = 0x80, SHORT_COUNT_MAX = 15 };

void pack_array(struct buffer *to, size_t count)
{
    if (count <= SHORT_COUNT_MAX) {
        buffer_byte(to, (uint8_t)(SHORT_ARRAY | count));
        return;
    }
    msgpack_packer packer = packer_over(to);
    msgpack_pack_array(&packer, count);
}

void pack_map(struct buffer *to, size_t pairs)
{
    if (pairs <= SHORT_COUNT_MAX) {
        buffer_byte(to, (uint8_t)(SHORT_MAP | pairs));
        return;
    }
    msgpack_packer packer = packer_over(to);
    msgpack_pack_map(&packer, pairs);
}

void pack_raw(struct buffer *to, struct slice packed)
{
    buffer_append(to, packed.at, packed.bytes);
}
