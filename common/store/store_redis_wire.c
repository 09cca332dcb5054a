#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#include "head.h"
#include "store_redis_parts.h"

void key_of(struct store_redis *redis, uint32_t partition, const char *format, ...)
{
    enum { TAG_BYTES = 7, DIGITS_END = 5 };
    char key[256] = "{p0000}";
    va_list args;
    for (int at = DIGITS_END; at >= 2; at--, partition /= 10)
        key[at] = (char)('0' + partition % 10);
    va_start(args, format);
    int bytes = vsnprintf(key + TAG_BYTES, sizeof key - TAG_BYTES, format, args);
    va_end(args);
    assert(bytes >= 0 && (size_t)bytes < sizeof key - TAG_BYTES);
    command_key_bytes(redis->link, (struct slice){(const uint8_t *)key, TAG_BYTES + (size_t)bytes});
}

void command_of_key(struct store_redis *redis, const char *command, uint32_t partition, const char *key)
{
    command_begin(redis->link, 2);
    command_text(redis->link, command);
    key_of(redis, partition, "%s", key);
}

void command_function(struct store_redis *redis, const char *function, size_t keys)
{
    command_begin(redis->link, 4 + keys);
    command_writes(redis->link);
    command_text(redis->link, "FCALL");
    command_printf(redis->link, "care_%s_%s", function, redis->build);
    command_printf(redis->link, "%zu", keys);
}

void command_blob(struct store_redis *redis)
{
    command_bytes(redis->link, buffer_slice(&redis->blob));
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

uint64_t reply_id(const redisReply *reply)
{
    struct slice bytes = reply_bytes(reply);
    return bytes.bytes >= 8 ? big_endian(bytes.at, 8) : 0;
}

wall_ms reply_time(const redisReply *reply)
{
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2)
        return 0;
    return reply_number(reply->element[0]) * SECOND_MS + reply_number(reply->element[1]) / 1000;
}
