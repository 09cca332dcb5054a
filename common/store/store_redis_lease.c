#include <string.h>

#include "store_redis_parts.h"

static void lease_command(struct store_redis *redis, const char *function, uint32_t partition, enum stage stage)
{
    command_function(redis, function, 4, 1);
    key_of(redis, partition, "never", "");
    key_of_stage(redis, partition, stage);
    key_of(redis, partition, "head", "");
    key_of(redis, partition, "timers", "");
    command_blob(redis);
}

static void tell(const redisReply *reply, uint32_t partition, enum stage stage, const char *owner, struct standing *ret)
{
    redisReply **at = reply->element;
    struct standing standing = {
        .lease = {.partition = partition, .stage = stage, .epoch = (uint64_t)reply_number(at[1])},
        .checkpoint = reply_place(at[2]),
        .head = reply_place(at[3]),
        .earliest_due = reply_number(at[4]),
        .unclean = (int)reply_number(at[5]),
    };
    strcpy(standing.lease.owner, owner);      /* which may stand in *ret */
    *ret = standing;
}

/* What a function is told of a lease; its reply is that of standing() but for release. */
struct lease_call {
    const char *function;
    bool with_epoch, with_ttl;
    int64_t ttl_ms;
};

static void call_command(struct store_redis *redis, const struct lease_call *call, const struct lease *lease)
{
    buffer_clear(&redis->blob);
    pack_array(&redis->blob, 1 + call->with_epoch + call->with_ttl);
    pack_text(&redis->blob, lease->owner);
    if (call->with_epoch)
        pack_uint(&redis->blob, lease->epoch);
    if (call->with_ttl)
        pack_int(&redis->blob, call->ttl_ms);
    lease_command(redis, call->function, lease->partition, lease->stage);
}

/* At most PIPELINE_MAX; `ret_each` may be NULL. */
static void call_some(struct store_redis *redis, const struct lease_call *call, const struct lease *leases,
                                   size_t count, struct standing *ret_each, enum store_status *ret_status_each)
{
    for (size_t i = 0; i < count; i++)
        call_command(redis, call, &leases[i]);
    redis_run(redis);
    for (size_t i = 0; i < count; i++) {
        ret_status_each[i] = redis_told(redis, i);
        if (ret_each && ret_status_each[i] == STORE_OK)
            tell(redis->replies[i], leases[i].partition, leases[i].stage, leases[i].owner, &ret_each[i]);
    }
}

static enum store_status call_all(struct store *store, const struct lease_call *call, const struct lease *leases,
                                  size_t count, struct standing *ret_each, enum store_status *ret_status_each)
{
    struct store_redis *redis = store_redis_of(store);
    const char *fault = leases_fault(redis->partitions, leases, count);
    if (fault)
        return redis_refuse(redis, fault);
    for (size_t from = 0; from < count; from += PIPELINE_MAX) {
        size_t some = count - from < PIPELINE_MAX ? count - from : PIPELINE_MAX;
        call_some(redis, call, leases + from, some, ret_each ? ret_each + from : NULL, ret_status_each + from);
    }
    return exchange_status(ret_status_each, count);
}

enum store_status redis_claim(struct store *store, const struct lease *wanted, size_t count, int64_t ttl_ms,
                              struct standing *ret_each, enum store_status *ret_status_each)
{
    const struct lease_call call = {.function = "claim", .with_ttl = true, .ttl_ms = ttl_ms};
    return call_all(store, &call, wanted, count, ret_each, ret_status_each);
}

enum store_status redis_renew(struct store *store, const struct lease *leases, size_t count, int64_t ttl_ms,
                              struct standing *ret_each, enum store_status *ret_status_each)
{
    const struct lease_call call = {.function = "renew", .with_epoch = true, .with_ttl = true, .ttl_ms = ttl_ms};
    return call_all(store, &call, leases, count, ret_each, ret_status_each);
}

enum store_status redis_release(struct store *store, const struct lease *leases, size_t count,
                                enum store_status *ret_status_each)
{
    const struct lease_call call = {.function = "release", .with_epoch = true};
    return call_all(store, &call, leases, count, NULL, ret_status_each);
}
