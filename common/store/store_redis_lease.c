#include <string.h>

#include "store_redis_parts.h"

static void lease_command(struct store_redis *redis, const char *function, uint32_t partition, enum stage stage)
{
    command_function(redis, function, 4);
    command_key(redis, partition, "never");
    command_key(redis, partition, "stage:%s", stage_names[stage]);
    command_key(redis, partition, "head");
    command_key(redis, partition, "timers");
    command_blob(redis);
}

static void tell(const redisReply *reply, uint32_t partition, enum stage stage, const char *owner, struct standing *ret)
{
    redisReply **at = reply->element;
    struct standing standing = {
        .lease = {.partition = partition, .stage = stage, .epoch = (uint64_t)reply_number(at[1])},
        .checkpoint = {(uint64_t)reply_number(at[2]), reply_id(at[3])},
        .head = {(uint64_t)reply_number(at[4]), reply_id(at[5])},
        .earliest_due = reply_number(at[6]),
        .unclean = (int)reply_number(at[7]),
    };
    strcpy(standing.lease.owner, owner);      /* which may stand in *ret */
    *ret = standing;
}

enum store_status redis_claim(struct store *store, uint32_t partition, enum stage stage, const char *owner,
                              int64_t ttl_ms, struct standing *ret)
{
    struct store_redis *redis = store_redis_of(store);
    const char *fault = claim_fault(redis->partitions, partition, stage, owner);
    if (fault)
        return redis_refuse(redis, fault);
    buffer_clear(&redis->blob);
    pack_array(&redis->blob, 2);
    pack_text(&redis->blob, owner);
    pack_int(&redis->blob, ttl_ms);
    lease_command(redis, "claim", partition, stage);
    enum store_status status = redis_run(redis, 1);
    if (status == STORE_OK)
        status = function_status(redis, redis->replies[0]);
    if (status == STORE_OK)
        tell(redis->replies[0], partition, stage, owner, ret);
    return status;
}

static void renew_command(struct store_redis *redis, const struct lease *lease, int64_t ttl_ms)
{
    buffer_clear(&redis->blob);
    pack_array(&redis->blob, 3);
    pack_text(&redis->blob, lease->owner);
    pack_uint(&redis->blob, lease->epoch);
    pack_int(&redis->blob, ttl_ms);
    lease_command(redis, "renew", lease->partition, lease->stage);
}

static enum store_status renew_some(struct store_redis *redis, const struct lease *leases, size_t count, int64_t ttl_ms,
                                    struct standing *ret_each, enum store_status *ret_status_each)
{
    for (size_t i = 0; i < count; i++)
        renew_command(redis, &leases[i], ttl_ms);
    enum store_status status = redis_run(redis, count);
    for (size_t i = 0; i < count && status == STORE_OK; i++) {
        ret_status_each[i] = function_status(redis, redis->replies[i]);
        if (ret_status_each[i] == STORE_OK)
            tell(redis->replies[i], leases[i].partition, leases[i].stage, leases[i].owner, &ret_each[i]);
    }
    return status;
}

enum store_status redis_renew(struct store *store, const struct lease *leases, size_t count, int64_t ttl_ms,
                              struct standing *ret_each, enum store_status *ret_status_each)
{
    struct store_redis *redis = store_redis_of(store);
    for (size_t i = 0; i < count; i++) {
        const char *fault = lease_fault(redis->partitions, &leases[i]);
        if (fault)
            return redis_refuse(redis, fault);
    }
    enum store_status status = STORE_OK;
    for (size_t from = 0; from < count && status == STORE_OK; from += PIPELINE_MAX) {
        size_t some = count - from < PIPELINE_MAX ? count - from : PIPELINE_MAX;
        status = renew_some(redis, leases + from, some, ttl_ms, ret_each + from, ret_status_each + from);
    }
    return status;
}

enum store_status redis_release(struct store *store, const struct lease *lease)
{
    struct store_redis *redis = store_redis_of(store);
    const char *fault = lease_fault(redis->partitions, lease);
    if (fault)
        return redis_refuse(redis, fault);
    buffer_clear(&redis->blob);
    pack_array(&redis->blob, 2);
    pack_text(&redis->blob, lease->owner);
    pack_uint(&redis->blob, lease->epoch);
    lease_command(redis, "release", lease->partition, lease->stage);
    enum store_status status = redis_run(redis, 1);
    return status == STORE_OK ? function_status(redis, redis->replies[0]) : status;
}
