#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "head.h"
#include "store_redis_parts.h"

void command_begin(struct store_redis *redis, size_t arguments)
{
    buffer_printf(&redis->wire, "*%zu\r\n", arguments);
}

void command_bytes(struct store_redis *redis, struct slice bytes)
{
    buffer_printf(&redis->wire, "$%zu\r\n", bytes.bytes);
    buffer_append(&redis->wire, bytes.at, bytes.bytes);
    buffer_append(&redis->wire, "\r\n", 2);
}

void command_text(struct store_redis *redis, const char *text)
{
    command_bytes(redis, (struct slice){(const uint8_t *)text, strlen(text)});
}

static void command_formatted(struct store_redis *redis, const char *before, const char *format, va_list args)
{
    char text[1024];
    size_t used = (size_t)snprintf(text, sizeof text, "%s", before);
    int more = vsnprintf(text + used, sizeof text - used, format, args);
    if (more < 0 || used + (size_t)more >= sizeof text)
        abort();                    /* names are bounded by store_check.c, far below this */
    command_text(redis, text);
}

void command_printf(struct store_redis *redis, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    command_formatted(redis, "", format, args);
    va_end(args);
}

void command_key(struct store_redis *redis, uint32_t partition, const char *format, ...)
{
    char tag[24];
    snprintf(tag, sizeof tag, "{p%04u}", (unsigned)partition);
    va_list args;
    va_start(args, format);
    command_formatted(redis, tag, format, args);
    va_end(args);
}

void command_function(struct store_redis *redis, const char *function, size_t keys)
{
    command_begin(redis, 4 + keys);
    command_text(redis, "FCALL");
    command_printf(redis, "care_%s_%s", function, redis->build);
    command_printf(redis, "%zu", keys);
}

void command_blob(struct store_redis *redis)
{
    command_bytes(redis, buffer_slice(&redis->blob));
}

void big_endian_write(uint8_t *to, uint64_t number, size_t bytes)
{
    for (; bytes; bytes--, number >>= 8)
        to[bytes - 1] = (uint8_t)number;
}

void blob_number(struct buffer *blob, uint64_t number)
{
    uint8_t bytes[8];
    big_endian_write(bytes, number, sizeof bytes);
    pack_text_slice(blob, (struct slice){bytes, sizeof bytes});
}

struct slice reply_bytes(const redisReply *reply)
{
    if (!reply || reply->type != REDIS_REPLY_STRING)
        return (struct slice){0};
    return (struct slice){(const uint8_t *)reply->str, (size_t)reply->len};
}

uint64_t reply_id(const redisReply *reply)
{
    struct slice bytes = reply_bytes(reply);
    return bytes.bytes >= 8 ? big_endian(bytes.at, 8) : 0;
}

int64_t reply_number(const redisReply *reply)
{
    if (reply && reply->type == REDIS_REPLY_INTEGER)
        return reply->integer;
    struct slice bytes = reply_bytes(reply);
    return bytes.bytes ? strtoll((const char *)bytes.at, NULL, 10) : 0;
}

wall_ms reply_time(const redisReply *reply)
{
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2)
        return 0;
    return reply_number(reply->element[0]) * SECOND_MS + reply_number(reply->element[1]) / 1000;
}
