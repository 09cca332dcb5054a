/* Entities. */
#include <stdlib.h>

#include "store_redis_parts.h"

enum { SCAN_STEP = 256 };

static enum store_status malformed(struct store_redis *redis)
{
    return redis_refuse(redis, "Redis holds an entity that is not ours");
}

static void entities_command(struct store_redis *redis, const struct entities_read *read)
{
    command_begin(redis->link, 2 + read->count);
    command_text(redis->link, "HMGET");
    key_of_kind(redis, read->partition, read->kind);
    for (size_t i = 0; i < read->count; i++)
        command_text(redis->link, read->ids[i]);
}

static enum store_status entities_answer(struct store_redis *redis, const redisReply *reply, struct arena *arena,
                                         const struct entities_read *read)
{
    for (size_t i = 0; i < read->count && i < reply->elements; i++)
        if (!entity_of_reply(reply->element[i], arena_string(arena, read->ids[i]), arena, &read->entities[i]))
            return malformed(redis);
    return STORE_OK;
}

/* At most PIPELINE_MAX; one of no entity is not asked. */
static void read_some_entities(struct store_redis *redis, const struct entities_read *each, size_t count,
                               struct arena *arena, enum store_status *statuses)
{
    for (size_t i = 0; i < count; i++) {
        const char *fault = entities_fault(redis->partitions, &each[i]);
        statuses[i] = fault ? redis_refuse(redis, fault) : STORE_OK;
        if (!fault && each[i].count)
            entities_command(redis, &each[i]);
    }
    redis_run(redis);
    for (size_t i = 0, asked = 0; i < count; i++) {
        if (statuses[i] != STORE_OK || !each[i].count)
            continue;
        const redisReply *reply = redis->replies[asked];
        statuses[i] = redis_outcome_of(redis, asked++);
        if (statuses[i] == STORE_OK)
            statuses[i] = entities_answer(redis, reply, arena, &each[i]);
    }
}

enum store_status redis_read_entities(struct store *store, struct entities_read *each, size_t count,
                                      struct arena *arena, enum store_status *ret_status_each)
{
    for (size_t from = 0; from < count; from += PIPELINE_MAX) {
        size_t some = count - from < PIPELINE_MAX ? count - from : PIPELINE_MAX;
        read_some_entities(store_redis_of(store), each + from, some, arena, ret_status_each + from);
    }
    return exchange_status(ret_status_each, count);
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
    key_of_kind(redis, partition, kind);
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
        if (!entity_of_reply(pairs->element[2 * i + 1], arena_text(arena, id.at, id.bytes), arena, &list.at[i]))
            return malformed(redis);
    }
    *ret = list;
    *cursor = strtoull(reply->element[0]->str, NULL, 10);
    return STORE_OK;
}
