#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "head.h"
#include "store_redis_parts.h"

enum { TAG_BYTES = sizeof "{p0000}" - 1, KEY_NAME_BYTES = 64 };

_Static_assert(PARTITIONS_MAX <= 10000, "a partition's number has four digits");

/* A commit has ten keys: this takes no printf. */
void key_of(struct store_redis *redis, uint32_t partition, const char *name, const char *more)
{
    char key[TAG_BYTES + KEY_NAME_BYTES] = "{p0000}";
    for (char *digit = key + TAG_BYTES - 2; partition; partition /= 10)
        *digit-- = (char)('0' + partition % 10);
    size_t bytes = strlen(name);
    assert(bytes < KEY_NAME_BYTES);
    memcpy(key + TAG_BYTES, name, bytes + 1);
    command_key_joined(redis->link, key, more);
}

void key_of_stage(struct store_redis *redis, uint32_t partition, enum stage stage)
{
    key_of(redis, partition, "stage:", stage_names[stage]);
}

void key_of_kind(struct store_redis *redis, uint32_t partition, enum entity_kind kind)
{
    key_of(redis, partition, "entity:", (char[]){entity_types[kind].letter, '\0'});
}

void command_of_key(struct store_redis *redis, const char *command, uint32_t partition, const char *key)
{
    command_begin(redis->link, 2);
    command_text(redis->link, command);
    key_of(redis, partition, key, "");
}

void command_passing_function(struct store_redis *redis, const char *function, size_t keys, size_t arguments)
{
    command_begin(redis->link, 3 + keys + arguments);
    command_text(redis->link, "FCALL");
    command_printf(redis->link, "care_%s_%s", function, redis->build);
    command_printf(redis->link, "%zu", keys);
}

void command_function(struct store_redis *redis, const char *function, size_t keys, size_t arguments)
{
    command_passing_function(redis, function, keys, arguments);
    command_writes(redis->link);
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

void command_id(struct store_redis *redis, uint64_t id)
{
    uint8_t bytes[8];
    big_endian_write(bytes, id, sizeof bytes);
    command_bytes(redis->link, (struct slice){bytes, sizeof bytes});
}

void command_place(struct store_redis *redis, struct checkpoint place)
{
    char seq[24];
    uint8_t id[8];
    int digits = snprintf(seq, sizeof seq, "%" PRIu64, place.seq);
    big_endian_write(id, place.id, sizeof id);
    command_joined(redis->link, (struct slice){id, sizeof id}, (struct slice){(uint8_t *)seq, (size_t)digits});
}

void command_bounds(struct store_redis *redis, size_t first, const size_t *counts, size_t count)
{
    uint8_t bytes[2 * (1 + LISTS_MAX)];
    assert(count <= LISTS_MAX);
    big_endian_write(bytes, first, 2);
    for (size_t i = 0; i < count; i++) {
        first += counts[i];
        assert(first <= UINT16_MAX);
        big_endian_write(bytes + 2 * (i + 1), first, 2);
    }
    command_bytes(redis->link, (struct slice){bytes, 2 * (1 + count)});
}

uint64_t reply_id(const redisReply *reply)
{
    struct slice bytes = reply_bytes(reply);
    return bytes.bytes >= 8 ? big_endian(bytes.at, 8) : 0;
}

struct checkpoint reply_place(const redisReply *reply)
{
    struct slice bytes = reply_bytes(reply);
    if (bytes.bytes <= 8)
        return (struct checkpoint){0};
    return (struct checkpoint){strtoull((const char *)bytes.at + 8, NULL, 10), reply_id(reply)};
}

wall_ms reply_time(const redisReply *reply)
{
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2)
        return 0;
    return reply_number(reply->element[0]) * SECOND_MS + reply_number(reply->element[1]) / 1000;
}
