/* What comes into the log from outside, and what goes out of it. */
#include <inttypes.h>
#include <stdio.h>

#include "store_redis_parts.h"

enum { GENERATION_TRIES = 3 };

static const enum store_status to_ask = (enum store_status)FUNCTION_GENERATION;

enum { APPEND_FIXED = 3 };          /* arguments before the lists */

static void append_fact_keys(struct store_redis *redis, const struct append *append, bool natural)
{
    for (size_t i = 0; i < append->count; i++)
        if (append->facts[i].natural == natural)
            command_text(redis->link, append->facts[i].key);
}

static void append_arguments(struct store_redis *redis, const struct append *append)
{
    uint8_t expires[BATCH_EVENTS_MAX];
    size_t lists[2] = {0};
    for (size_t i = 0; i < append->count; i++) {
        expires[i] = !append->facts[i].natural;
        lists[expires[i]]++;
    }
    command_printf(redis->link, "%" PRId64, redis->generation);
    command_bytes(redis->link, (struct slice){expires, append->count});
    command_bounds(redis, APPEND_FIXED, lists, 2);
    append_fact_keys(redis, append, true);
    append_fact_keys(redis, append, false);
    for (size_t i = 0; i < append->count; i++) {
        command_id(redis, append->facts[i].digest);
        command_id(redis, append->facts[i].chain_id);
        command_bytes(redis->link, append->facts[i].packed);
    }
}

/* Keys of the outside are "keys…", a stage's own "keys.STAGE…". */
static void append_command(struct store_redis *redis, const struct append *append)
{
    uint32_t partition = append->partition;
    enum stage stage = append->count ? append->facts[0].stage : STAGE_NONE;
    char keys[32], generation[64];
    bool outside = stage == STAGE_NONE;
    snprintf(keys, sizeof keys, "keys%s%s", outside ? "" : ".", outside ? "" : stage_names[stage]);
    command_function(redis, "append", 4 + KEY_GENERATIONS_KEPT, APPEND_FIXED + 4 * append->count);
    key_of(redis, partition, "never", "");
    key_of(redis, partition, "log", "");
    key_of(redis, partition, "head", "");
    key_of(redis, partition, keys, "");
    for (int back = 0; back < KEY_GENERATIONS_KEPT; back++) {
        snprintf(generation, sizeof generation, ":%" PRId64, redis->generation - back);
        key_of(redis, partition, keys, generation);
    }
    append_arguments(redis, append);
}

static void append_answer(const redisReply *reply, const struct append *append)
{
    uint64_t prev = reply_place(reply->element[1]).id;
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
    command_function(redis, "trim", 3 + STAGE_COUNT - 1, 1);
    key_of(redis, partition, "never", "");
    key_of(redis, partition, "log", "");
    key_of(redis, partition, "head", "");
    for (int stage = STAGE_NONE + 1; stage < STAGE_COUNT; stage++)
        key_of_stage(redis, partition, stage);
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
