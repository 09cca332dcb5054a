#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store_redis_parts.h"

struct store_redis *store_redis_of(struct store *store)
{
    return (struct store_redis *)store;
}

enum store_status redis_refuse(struct store_redis *redis, const char *fault)
{
    snprintf(redis->message, sizeof redis->message, "%s", fault);
    return STORE_REFUSED;
}

const char *partition_fault(const struct store_redis *redis, uint32_t partition)
{
    return partition < redis->partitions ? NULL : "there is no such partition";
}

static const enum store_status by_outcome[] = {
    [REDIS_DONE] = STORE_OK, [REDIS_GONE] = STORE_GONE, [REDIS_FULL] = STORE_FULL, [REDIS_REFUSED] = STORE_REFUSED
};

static enum store_status ran(struct store_redis *redis, enum redis_outcome outcome)
{
    if (outcome != REDIS_DONE)
        snprintf(redis->message, sizeof redis->message, "%s", redis_link_message(redis->link));
    redis->replies = redis_link_replies(redis->link);
    return by_outcome[outcome];
}

enum store_status redis_run(struct store_redis *redis)
{
    return ran(redis, redis_link_run(redis->link));
}

void redis_begin(struct store_redis *redis, const void *what)
{
    redis_link_begin(redis->link);
    redis->begun = what;
}

enum store_status redis_finish(struct store_redis *redis)
{
    redis->begun = NULL;
    return ran(redis, redis_link_finish(redis->link));
}

enum store_status redis_outcome_of(const struct store_redis *redis, size_t i)
{
    return by_outcome[redis_reply_outcome(redis->replies[i])];
}

enum store_status redis_told(struct store_redis *redis, size_t i)
{
    enum store_status status = redis_outcome_of(redis, i);
    return status == STORE_OK ? function_status(redis, redis->replies[i]) : status;
}

const redisReply *redis_next_told(struct store_redis *redis, size_t *sent, enum store_status *status)
{
    if (*status != STORE_OK)
        return NULL;
    size_t i = (*sent)++;
    *status = redis_told(redis, i);
    return *status == STORE_OK ? redis->replies[i] : NULL;
}

static enum store_status redis_now(struct store *store, wall_ms *ret)
{
    struct store_redis *redis = store_redis_of(store);
    command_begin(redis->link, 1);
    command_text(redis->link, "TIME");
    enum store_status status = redis_run(redis);
    if (status == STORE_OK)
        *ret = reply_time(redis->replies[0]);
    return status;
}

static const char *redis_message(struct store *store)
{
    return store_redis_of(store)->message;
}

static void redis_free(struct store **store)
{
    if (!*store)
        return;
    struct store_redis *redis = store_redis_of(*store);
    redis_link_free(&redis->link);
    buffer_free(&redis->blob);
    free(redis->settled);
    free(redis);
    *store = NULL;
}

static const struct store_functions redis_functions = {
    .append = redis_append,
    .commit_begin = redis_commit_begin,
    .commit = redis_commit,
    .fire_begin = redis_fire_begin,
    .fire = redis_fire,
    .claim = redis_claim,
    .renew = redis_renew,
    .release = redis_release,
    .read_log = redis_read_log,
    .read_entities = redis_read_entities,
    .scan_entities = redis_scan_entities,
    .read_queue = redis_read_queue,
    .read_timers = redis_read_timers,
    .view = redis_view,
    .heads = redis_heads,
    .settled = redis_settled,
    .trim = redis_trim,
    .content_put = redis_content_put,
    .content_get = redis_content_get,
    .note_put = redis_note_put,
    .note_get = redis_note_get,
    .note_swap = redis_note_swap,
    .announce = redis_announce,
    .members = redis_members,
    .now = redis_now,
    .health = redis_health,
    .message = redis_message,
    .free = redis_free,
};

struct store *store_redis_new(const struct redis_access *access, uint32_t partitions, char message[160])
{
    assert(partitions > 0 && partitions <= PARTITIONS_MAX);
    struct store_redis *redis = calloc(1, sizeof *redis);
    assert(redis);
    redis->store.functions = &redis_functions;
    redis->partitions = partitions;
    redis->replicas = access->replicas;
    redis->settled = calloc(partitions, sizeof *redis->settled);
    assert(redis->settled);
    functions_library(redis->build);
    redis->link = redis_link_new(access, functions_load, NULL, message);
    struct store *store = &redis->store;
    if (redis->link && redis_link_connect(redis->link) == REDIS_DONE)
        return store;
    if (redis->link)
        snprintf(message, MESSAGE_BYTES, "%s", redis_link_message(redis->link));
    redis_free(&store);
    return NULL;
}
