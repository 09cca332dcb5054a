/* Where the logs end, and how much of that would survive a fail-over. */
#include "clock_real.h"
#include "store_redis_parts.h"

static enum store_status heads_some(struct store_redis *redis, const uint32_t *partitions, size_t count, bool lasting,
                                    struct checkpoint *ret_each)
{
    for (size_t i = 0; i < count; i++) {
        command_of_key(redis, "GET", partitions[i], "head");
        if (lasting)
            command_writes(redis->link);
    }
    enum store_status status = redis_run(redis);
    for (size_t i = 0; i < count && status == STORE_OK; i++)
        ret_each[i] = reply_place(redis->replies[i]);
    return status;
}

/* `lasting`: what is told has reached the replicas. */
static enum store_status heads_all(struct store_redis *redis, const uint32_t *partitions, size_t count, bool lasting,
                                   struct checkpoint *ret_each)
{
    for (size_t i = 0; i < count; i++) {
        const char *fault = partition_fault(redis, partitions[i]);
        if (fault)
            return redis_refuse(redis, fault);
    }
    enum store_status status = STORE_OK;
    for (size_t from = 0; from < count && status == STORE_OK; from += PIPELINE_MAX) {
        size_t some = count - from < PIPELINE_MAX ? count - from : PIPELINE_MAX;
        status = heads_some(redis, partitions + from, some, lasting, ret_each + from);
    }
    return status;
}

enum store_status redis_heads(struct store *store, const uint32_t *partitions, size_t count,
                              struct checkpoint *ret_each)
{
    return heads_all(store_redis_of(store), partitions, count, false, ret_each);
}

/* Of all partitions at once. Replicas get writes in their order: the link's own write, which follows the reading of
 * the heads on the same connection, has reached them only if all that stood in the logs then has, whoever wrote it. */
static enum store_status settle(struct store_redis *redis)
{
    uint32_t all[PARTITIONS_MAX];
    for (uint32_t i = 0; i < redis->partitions; i++)
        all[i] = i;
    redis->settled_at = (mono_ms){0};
    enum store_status status = heads_all(redis, all, redis->partitions, true, redis->settled);
    if (status == STORE_OK)
        redis->settled_at = real_mono_now();
    return status;
}

/* What is remembered is not too old, and not short of what is wanted. */
static bool is_known(const struct store_redis *redis, const uint32_t *partitions, size_t count, const uint64_t *wanted)
{
    bool known = redis->settled_at.ms && real_mono_now().ms - redis->settled_at.ms < SETTLED_MS_MAX;
    for (size_t i = 0; i < count && wanted && known; i++)
        known = redis->settled[partitions[i]].seq >= wanted[i];
    return known;
}

enum store_status redis_settled(struct store *store, const uint32_t *partitions, size_t count, const uint64_t *wanted,
                                struct checkpoint *ret_each)
{
    struct store_redis *redis = store_redis_of(store);
    const char *fault = NULL;
    if (!redis->replicas)
        return redis_heads(store, partitions, count, ret_each);
    for (size_t i = 0; i < count && !fault; i++)
        fault = partition_fault(redis, partitions[i]);
    if (fault)
        return redis_refuse(redis, fault);
    enum store_status status = is_known(redis, partitions, count, wanted) ? STORE_OK : settle(redis);
    for (size_t i = 0; i < count && status == STORE_OK; i++)
        ret_each[i] = redis->settled[partitions[i]];
    return status;
}
