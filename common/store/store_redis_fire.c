#include <string.h>

#include "store_redis_parts.h"

static void fire_blob(struct store_redis *redis, const struct fire *fire)
{
    struct buffer event = {0};
    struct slice pieces[FIRED_PIECES];
    fired_pieces_pack(fire->now, &event, pieces);
    struct buffer *blob = &redis->blob;
    buffer_clear(blob);
    pack_array(blob, 6);
    pack_text(blob, fire->lease.owner);
    pack_uint(blob, fire->lease.epoch);
    pack_int(blob, fire->now);
    pack_uint(blob, fire->chain_seed >> 32);
    pack_uint(blob, fire->chain_seed & UINT32_MAX);
    pack_array(blob, FIRED_PIECES);
    for (int i = 0; i < FIRED_PIECES; i++)
        pack_text_slice(blob, pieces[i]);
    buffer_free(&event);
}

static void fire_command(struct store_redis *redis, const struct fire *fire)
{
    const struct lease *lease = &fire->lease;
    fire_blob(redis, fire);
    command_function(redis, "fire", 5, 1);
    key_of(redis, lease->partition, "never", "");
    key_of(redis, lease->partition, "log", "");
    key_of(redis, lease->partition, "head", "");
    key_of(redis, lease->partition, "timers", "");
    key_of_stage(redis, lease->partition, lease->stage);
    command_blob(redis);
}

static void fire_answer(const redisReply *reply, struct fire *fire, struct arena *arena)
{
    struct checkpoint head = reply_place(reply->element[1]);
    uint64_t id = fire->chain_seed;
    struct entry_list fired = {.count = reply->elements - 3};
    fired.at = arena_alloc(arena, fired.count * sizeof *fired.at);
    for (size_t i = 0; i < fired.count; i++) {
        struct slice packed = reply_bytes(reply->element[3 + i]);
        fired.at[i].place = (struct place){fire->lease.partition, ++head.seq, id, head.id};
        fired.at[i].packed = (struct slice){arena_copy(arena, packed.at, packed.bytes), packed.bytes};
        head.id = id++;
    }
    fire->fired = fired;
    fire->earliest_due = reply_number(reply->element[2]);
}

static const char *fault_of(const struct store_redis *redis, const struct fire *fire)
{
    return fire_fault(redis->partitions, &fire->lease, fire->now);
}

/* What is at fault is not sent. */
static void fire_commands(struct store_redis *redis, const struct fire *each, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!fault_of(redis, &each[i]))
            fire_command(redis, &each[i]);
}

void redis_fire_begin(struct store *store, const struct fire *each, size_t count)
{
    struct store_redis *redis = store_redis_of(store);
    if (count == 0 || count > PIPELINE_MAX)
        return;
    fire_commands(redis, each, count);
    redis_begin(redis, each);
}

/* At most PIPELINE_MAX. */
static void fire_some(struct store_redis *redis, struct fire *each, size_t count, struct arena *arena,
                      enum store_status *statuses)
{
    bool begun = redis->begun == each;
    if (!begun)
        fire_commands(redis, each, count);
    begun ? redis_finish(redis) : redis_run(redis);
    for (size_t i = 0; i < count; i++) {
        const char *fault = fault_of(redis, &each[i]);
        statuses[i] = fault ? redis_refuse(redis, fault) : STORE_OK;
    }
    for (size_t i = 0, sent = 0; i < count; i++) {
        const redisReply *reply = redis_next_told(redis, &sent, &statuses[i]);
        if (reply)
            fire_answer(reply, &each[i], arena);
    }
}

enum store_status redis_fire(struct store *store, struct fire *each, size_t count, struct arena *arena,
                             enum store_status *ret_status_each)
{
    for (size_t from = 0; from < count; from += PIPELINE_MAX) {
        size_t some = count - from < PIPELINE_MAX ? count - from : PIPELINE_MAX;
        fire_some(store_redis_of(store), each + from, some, arena, ret_status_each + from);
    }
    return exchange_status(ret_status_each, count);
}
