/* What comes into the log from outside, and what goes out of it. */
#include "store_redis_parts.h"

enum { GENERATION_TRIES = 3 };

static const enum store_status to_ask = (enum store_status)FUNCTION_GENERATION;

static void append_blob(struct store_redis *redis, const struct append *append)
{
    buffer_clear(&redis->blob);
    pack_array(&redis->blob, 1 + 5 * append->count);
    pack_int(&redis->blob, redis->generation);
    for (size_t i = 0; i < append->count; i++) {
        const struct fact *fact = &append->facts[i];
        pack_text(&redis->blob, fact->key);
        pack_int(&redis->blob, fact->natural);
        blob_number(&redis->blob, fact->digest);
        blob_number(&redis->blob, fact->chain_id);
        pack_text_slice(&redis->blob, fact->packed);
    }
}

/* Keys of the outside are "keys…", a stage's own "keys.STAGE…". */
static void append_command(struct store_redis *redis, const struct append *append)
{
    uint32_t partition = append->partition;
    enum stage stage = append->count ? append->facts[0].stage : STAGE_NONE;
    const char *dot = stage == STAGE_NONE ? "" : ".", *whose = stage == STAGE_NONE ? "" : stage_names[stage];
    append_blob(redis, append);
    command_function(redis, "append", 4 + KEY_GENERATIONS_KEPT);
    key_of(redis, partition, "never");
    key_of(redis, partition, "log");
    key_of(redis, partition, "head");
    key_of(redis, partition, "keys%s%s", dot, whose);
    for (int back = 0; back < KEY_GENERATIONS_KEPT; back++)
        key_of(redis, partition, "keys%s%s:%lld", dot, whose, (long long)redis->generation - back);
    command_blob(redis);
}

static void append_answer(const redisReply *reply, const struct append *append)
{
    uint64_t prev = reply_id(reply->element[1]);
    for (size_t i = 0; i < append->count; i++) {
        struct fact *fact = &append->facts[i];
        fact->outcome = (enum append_outcome)reply_number(reply->element[2 + 2 * i]);
        fact->place = (struct place){.partition = append->partition,
                                     .seq = (uint64_t)reply_number(reply->element[3 + 2 * i])};
        if (fact->outcome != APPEND_NEW)
            continue;
        fact->place.id = fact->chain_id;
        fact->place.prev = prev;
        prev = fact->chain_id;
    }
}

/* Those that are still to be asked, all together. True: some are to be asked once more, with another generation. */
static bool append_round(struct store_redis *redis, const struct append *each, size_t count, enum store_status *statuses)
{
    bool again = false;
    for (size_t i = 0; i < count; i++)
        if (statuses[i] == to_ask)
            append_command(redis, &each[i]);
    redis_run(redis);
    for (size_t i = 0, asked = 0; i < count; i++) {
        if (statuses[i] != to_ask)
            continue;
        const redisReply *reply = redis->replies[asked];
        statuses[i] = redis_told(redis, asked++);
        if (statuses[i] == STORE_OK)
            append_answer(reply, &each[i]);
        if (statuses[i] != to_ask)
            continue;
        redis->generation = reply_number(reply->element[1]);
        again = true;
    }
    return again;
}

/* At most PIPELINE_MAX. */
static void append_some(struct store_redis *redis, const struct append *each, size_t count, enum store_status *statuses)
{
    for (size_t i = 0; i < count; i++) {
        const char *fault = append_fault(redis->partitions, &each[i]);
        statuses[i] = fault ? redis_refuse(redis, fault) : to_ask;
    }
    for (int tries = 0; tries < GENERATION_TRIES; tries++)
        if (!append_round(redis, each, count, statuses))
            return;
    for (size_t i = 0; i < count; i++)
        if (statuses[i] == to_ask)
            statuses[i] = redis_refuse(redis, "the generation of keys does not hold still");
}

enum store_status redis_append(struct store *store, const struct append *each, size_t count,
                               enum store_status *ret_status_each)
{
    for (size_t from = 0; from < count; from += PIPELINE_MAX) {
        size_t some = count - from < PIPELINE_MAX ? count - from : PIPELINE_MAX;
        append_some(store_redis_of(store), each + from, some, ret_status_each + from);
    }
    return exchange_status(ret_status_each, count);
}

enum store_status redis_trim(struct store *store, uint32_t partition, uint64_t before_seq, struct trimmed *ret)
{
    struct store_redis *redis = store_redis_of(store);
    if (partition >= redis->partitions)
        return redis_refuse(redis, "there is no such partition");
    buffer_clear(&redis->blob);
    pack_array(&redis->blob, 1);
    pack_uint(&redis->blob, before_seq);
    command_function(redis, "trim", 3 + STAGE_COUNT - 1);
    key_of(redis, partition, "never");
    key_of(redis, partition, "log");
    key_of(redis, partition, "head");
    for (int stage = STAGE_NONE + 1; stage < STAGE_COUNT; stage++)
        key_of(redis, partition, "stage:%s", stage_names[stage]);
    command_blob(redis);
    enum store_status status = redis_run(redis);
    if (status == STORE_OK)
        status = function_status(redis, redis->replies[0]);
    if (status != STORE_OK)
        return status;
    redisReply **reply = redis->replies[0]->element;
    *ret = (struct trimmed){(uint64_t)reply_number(reply[1]), (uint64_t)reply_number(reply[2]),
                            (uint64_t)reply_number(reply[3]), (uint64_t)reply_number(reply[4])};
    return STORE_OK;
}
