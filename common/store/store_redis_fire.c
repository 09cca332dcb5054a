#include <string.h>

#include "store_redis_parts.h"

static void fire_blob(struct store_redis *redis, const struct lease *lease, wall_ms now, uint64_t chain_seed)
{
    struct buffer event = {0};
    struct fired_pieces pieces;
    fired_pieces_pack(now, &event, &pieces);
    struct buffer *blob = &redis->blob;
    buffer_clear(blob);
    pack_array(blob, 6);
    pack_text(blob, lease->owner);
    pack_uint(blob, lease->epoch);
    pack_int(blob, now);
    pack_uint(blob, chain_seed >> 32);
    pack_uint(blob, chain_seed & UINT32_MAX);
    pack_array(blob, 2 * FIRED_PARTS + 1);
    for (int i = 0; i < FIRED_PARTS; i++) {
        pack_text_slice(blob, pieces.bytes[i]);
        pack_int(blob, pieces.between[i]);
    }
    pack_text_slice(blob, pieces.bytes[FIRED_PARTS]);
    buffer_free(&event);
}

static void fire_command(struct store_redis *redis, const struct lease *lease)
{
    command_function(redis, "fire", 5);
    key_of(redis, lease->partition, "never");
    key_of(redis, lease->partition, "log");
    key_of(redis, lease->partition, "head");
    key_of(redis, lease->partition, "timers");
    key_of(redis, lease->partition, "stage:%s", stage_names[lease->stage]);
    command_blob(redis);
}

static void fire_answer(const redisReply *reply, uint32_t partition, uint64_t chain_id, struct arena *arena,
                        struct entry_list *ret)
{
    uint64_t seq = (uint64_t)reply_number(reply->element[1]), prev = reply_id(reply->element[2]);
    ret->count = reply->elements - 4;
    ret->at = arena_alloc(arena, ret->count * sizeof *ret->at);
    for (size_t i = 0; i < ret->count; i++) {
        struct slice packed = reply_bytes(reply->element[4 + i]);
        ret->at[i].place = (struct place){partition, ++seq, chain_id, prev};
        ret->at[i].packed = (struct slice){arena_copy(arena, packed.at, packed.bytes), packed.bytes};
        prev = chain_id++;
    }
}

enum store_status redis_fire(struct store *store, const struct lease *lease, wall_ms now, uint64_t chain_seed,
                             struct arena *arena, struct entry_list *ret_fired, wall_ms *ret_earliest_due)
{
    struct store_redis *redis = store_redis_of(store);
    const char *fault = fire_fault(redis->partitions, lease, now);
    if (fault)
        return redis_refuse(redis, fault);
    fire_blob(redis, lease, now, chain_seed);
    fire_command(redis, lease);
    enum store_status status = redis_run(redis);
    if (status == STORE_OK)
        status = function_status(redis, redis->replies[0]);
    if (status != STORE_OK)
        return status;
    fire_answer(redis->replies[0], lease->partition, chain_seed, arena, ret_fired);
    *ret_earliest_due = reply_number(redis->replies[0]->element[3]);
    return STORE_OK;
}
