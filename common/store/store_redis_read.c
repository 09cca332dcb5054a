#include <stdlib.h>
#include <string.h>

#include "head.h"
#include "store_redis_parts.h"

enum { READ_IDS_MAX = 512, SCAN_STEP = 256, ENTRY_VALUES = 6 };

static struct slice slice_copy(struct arena *arena, struct slice bytes)
{
    return (struct slice){arena_copy(arena, bytes.at, bytes.bytes), bytes.bytes};
}

/* An entry of the log: [id, [i, chain id, p, id before, e, event]]. */
static bool entry_read(const redisReply *reply, uint32_t partition, struct arena *arena, struct entry *ret)
{
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2 || reply->element[1]->type != REDIS_REPLY_ARRAY ||
        reply->element[1]->elements != ENTRY_VALUES)
        return false;
    redisReply **values = reply->element[1]->element;
    ret->place = (struct place){partition, (uint64_t)reply_number(reply->element[0]), reply_id(values[1]),
                                reply_id(values[3])};
    ret->packed = slice_copy(arena, reply_bytes(values[5]));
    return true;
}

enum store_status redis_read_log(struct store *store, uint32_t partition, uint64_t from_seq, size_t max,
                                 struct arena *arena, struct entry_list *ret)
{
    struct store_redis *redis = store_redis_of(store);
    const char *fault = partition_fault(redis, partition);
    if (fault)
        return redis_refuse(redis, fault);
    command_begin(redis->link, 6);
    command_text(redis->link, "XRANGE");
    key_of(redis, partition, "log");
    command_printf(redis->link, "%llu-0", (unsigned long long)(from_seq ? from_seq : 1));
    command_text(redis->link, "+");
    command_text(redis->link, "COUNT");
    command_printf(redis->link, "%zu", max < READ_MAX ? max : READ_MAX);
    enum store_status status = redis_run(redis);
    if (status != STORE_OK)
        return status;
    const redisReply *reply = redis->replies[0];
    struct entry_list list = {.count = reply->elements};
    list.at = arena_alloc(arena, list.count * sizeof *list.at);
    for (size_t i = 0; i < list.count; i++)
        if (!entry_read(reply->element[i], partition, arena, &list.at[i]))
            return redis_refuse(redis, "the log in Redis holds an entry that is not ours");
    *ret = list;
    return STORE_OK;
}

/* The value of an entity, as envelope_pack wrote it; none: the entity does not exist. */
static bool entity_read(const redisReply *reply, const char *id, struct arena *arena, struct stored_entity *ret)
{
    struct slice bytes = reply_bytes(reply);
    *ret = (struct stored_entity){.id = id, .queue = ""};
    if (!bytes.at)
        return true;
    if (bytes.bytes < ENVELOPE_BYTES)
        return false;
    size_t queue_bytes = big_endian(bytes.at + 14, 2);
    if (queue_bytes > bytes.bytes - ENVELOPE_BYTES)
        return false;
    ret->version = big_endian(bytes.at, 8);
    ret->due = (wall_ms)big_endian(bytes.at + 8, 6);
    ret->queue = arena_text(arena, bytes.at + ENVELOPE_BYTES, queue_bytes);
    size_t front = ENVELOPE_BYTES + queue_bytes;
    ret->packed = slice_copy(arena, (struct slice){bytes.at + front, bytes.bytes - front});
    return true;
}

static enum store_status malformed(struct store_redis *redis)
{
    return redis_refuse(redis, "Redis holds an entity that is not ours");
}

static enum store_status read_some(struct store_redis *redis, uint32_t partition, enum entity_kind kind,
                                   const char *const *ids, size_t count, struct arena *arena, struct stored_entity *ret)
{
    command_begin(redis->link, 2 + count);
    command_text(redis->link, "HMGET");
    key_of(redis, partition, "entity:%c", entity_types[kind].letter);
    for (size_t i = 0; i < count; i++)
        command_text(redis->link, ids[i]);
    enum store_status status = redis_run(redis);
    if (status != STORE_OK)
        return status;
    const redisReply *reply = redis->replies[0];
    for (size_t i = 0; i < count && i < reply->elements; i++)
        if (!entity_read(reply->element[i], arena_string(arena, ids[i]), arena, &ret[i]))
            return malformed(redis);
    return STORE_OK;
}

enum store_status redis_read_entities(struct store *store, uint32_t partition, enum entity_kind kind,
                                      const char *const *ids, size_t count, struct arena *arena,
                                      struct stored_entity *ret)
{
    struct store_redis *redis = store_redis_of(store);
    const char *fault = partition_fault(redis, partition);
    for (size_t i = 0; i < count && !fault; i++)
        fault = entity_fault(kind, ids[i]);
    if (fault)
        return redis_refuse(redis, fault);
    enum store_status status = STORE_OK;
    for (size_t from = 0; from < count && status == STORE_OK; from += READ_IDS_MAX) {
        size_t some = count - from < READ_IDS_MAX ? count - from : READ_IDS_MAX;
        status = read_some(redis, partition, kind, ids + from, some, arena, ret + from);
    }
    return status;
}

enum store_status redis_scan_entities(struct store *store, uint32_t partition, enum entity_kind kind, uint64_t *cursor,
                                      struct arena *arena, struct stored_entity_list *ret)
{
    struct store_redis *redis = store_redis_of(store);
    const char *fault = partition_fault(redis, partition);
    if (fault)
        return redis_refuse(redis, fault);
    command_begin(redis->link, 5);
    command_text(redis->link, "HSCAN");
    key_of(redis, partition, "entity:%c", entity_types[kind].letter);
    command_printf(redis->link, "%llu", (unsigned long long)*cursor);
    command_text(redis->link, "COUNT");
    command_printf(redis->link, "%d", SCAN_STEP);
    enum store_status status = redis_run(redis);
    if (status != STORE_OK)
        return status;
    const redisReply *reply = redis->replies[0], *pairs = reply->element[1];
    struct stored_entity_list list = {.count = pairs->elements / 2};
    list.at = arena_alloc(arena, list.count * sizeof *list.at);
    for (size_t i = 0; i < list.count; i++) {
        struct slice id = reply_bytes(pairs->element[2 * i]);
        if (!entity_read(pairs->element[2 * i + 1], arena_text(arena, id.at, id.bytes), arena, &list.at[i]))
            return malformed(redis);
    }
    *ret = list;
    *cursor = strtoull(reply->element[0]->str, NULL, 10);
    return STORE_OK;
}
