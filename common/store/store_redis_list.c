/* Lists and overviews: queue, timers, view. */
#include <stdlib.h>
#include <string.h>

#include "store_redis_parts.h"

enum { VIEW_COMMANDS = 6 + STAGE_COUNT - 1, VIEW_SOME = 64 };

_Static_assert(1 + VIEW_SOME * VIEW_COMMANDS <= PIPELINE_MAX, "a view's pipeline is too long");

/* The first text, by bytes, behind all that begin with `prefix`; "+" if there is none. */
static void command_end_of_prefix(struct store_redis *redis, const char *prefix)
{
    char end[2 + KEY_BYTES_MAX];
    size_t bytes = strlen(prefix);
    while (bytes && (uint8_t)prefix[bytes - 1] == 0xff)
        bytes--;
    if (!bytes) {
        command_text(redis->link, "+");
        return;
    }
    end[0] = '(';
    memcpy(end + 1, prefix, bytes);
    end[bytes]++;
    command_bytes(redis->link, (struct slice){(const uint8_t *)end, 1 + bytes});
}

static void command_start(struct store_redis *redis, const char *prefix, const char *after)
{
    bool behind = *after && strcmp(after, prefix) >= 0;
    if (!behind && !*prefix)
        command_text(redis->link, "-");
    else
        command_printf(redis->link, "%c%s", behind ? '(' : '[', behind ? after : prefix);
}

enum store_status redis_read_queue(struct store *store, uint32_t partition, const char *prefix, const char *after,
                                   size_t max, struct arena *arena, struct texts *ret)
{
    struct store_redis *redis = store_redis_of(store);
    const char *fault = partition_fault(redis, partition);
    if (!fault)
        fault = queue_fault(prefix, after);
    if (fault)
        return redis_refuse(redis, fault);
    command_begin(redis->link, 7);
    command_text(redis->link, "ZRANGEBYLEX");
    key_of(redis, partition, "queue", "");
    command_start(redis, prefix, after);
    command_end_of_prefix(redis, prefix);
    command_text(redis->link, "LIMIT");
    command_text(redis->link, "0");
    command_printf(redis->link, "%zu", max);
    enum store_status status = redis_run(redis);
    if (status != STORE_OK)
        return status;
    const redisReply *reply = redis->replies[0];
    ret->count = reply->elements;
    ret->at = arena_alloc(arena, ret->count * sizeof *ret->at);
    for (size_t i = 0; i < ret->count; i++)
        ret->at[i] = arena_text(arena, reply->element[i]->str, (size_t)reply->element[i]->len);
    return STORE_OK;
}

enum store_status redis_read_timers(struct store *store, uint32_t partition, wall_ms from, size_t skip, size_t max,
                                    struct arena *arena, struct timer_list *ret)
{
    struct store_redis *redis = store_redis_of(store);
    const char *fault = partition_fault(redis, partition);
    if (fault)
        return redis_refuse(redis, fault);
    command_begin(redis->link, 8);
    command_text(redis->link, "ZRANGEBYSCORE");
    key_of(redis, partition, "timers", "");
    command_printf(redis->link, "%lld", (long long)from);
    command_text(redis->link, "+inf");
    command_text(redis->link, "WITHSCORES");
    command_text(redis->link, "LIMIT");
    command_printf(redis->link, "%zu", skip);
    command_printf(redis->link, "%zu", max);
    enum store_status status = redis_run(redis);
    if (status != STORE_OK)
        return status;
    const redisReply *reply = redis->replies[0];
    ret->count = reply->elements / 2;
    ret->at = arena_alloc(arena, ret->count * sizeof *ret->at);
    for (size_t i = 0; i < ret->count; i++) {
        const redisReply *member = reply->element[2 * i];
        ret->at[i].member = arena_text(arena, member->str, (size_t)member->len);
        ret->at[i].due = reply_number(reply->element[2 * i + 1]);
    }
    return STORE_OK;
}

/* -------- view */

static void command_log_first(struct store_redis *redis, uint32_t partition)
{
    command_begin(redis->link, 6);
    command_text(redis->link, "XRANGE");
    key_of(redis, partition, "log", "");
    command_text(redis->link, "-");
    command_text(redis->link, "+");
    command_text(redis->link, "COUNT");
    command_text(redis->link, "1");
}

static void command_stage(struct store_redis *redis, uint32_t partition, enum stage stage)
{
    static const char *const fields[] = {"seq", "id", "owner", "epoch", "expires", "unclean"};
    command_begin(redis->link, 2 + sizeof fields / sizeof *fields);
    command_text(redis->link, "HMGET");
    key_of_stage(redis, partition, stage);
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        command_text(redis->link, fields[i]);
}

static void view_commands(struct store_redis *redis, uint32_t partition)
{
    command_of_key(redis, "GET", partition, "head");
    command_log_first(redis, partition);
    command_begin(redis->link, 5);
    command_text(redis->link, "ZRANGE");
    key_of(redis, partition, "timers", "");
    command_text(redis->link, "0");
    command_text(redis->link, "0");
    command_text(redis->link, "WITHSCORES");
    command_of_key(redis, "ZCARD", partition, "timers");
    command_of_key(redis, "ZCARD", partition, "queue");
    command_begin(redis->link, 4);
    command_text(redis->link, "ZLEXCOUNT");
    key_of(redis, partition, "queue", "");
    command_text(redis->link, "[sending/");
    command_text(redis->link, "(sending0");       /* '0' follows '/' */
    for (int stage = STAGE_NONE + 1; stage < STAGE_COUNT; stage++)
        command_stage(redis, partition, stage);
}

static struct checkpoint first_read(const redisReply *reply)
{
    struct log_entry entry;
    if (reply->type != REDIS_REPLY_ARRAY || !reply->elements || !log_entry_read(reply->element[0], &entry))
        return (struct checkpoint){0};
    return (struct checkpoint){entry.first, reply_id(entry.id[0])};
}

static void stage_read(const redisReply *reply, wall_ms now, struct partition_view *ret, int stage)
{
    redisReply **at = reply->element;
    struct slice owner = reply_bytes(at[2]);
    size_t bytes = owner.bytes < OWNER_BYTES_MAX ? owner.bytes : OWNER_BYTES_MAX - 1;
    wall_ms expires = reply_number(at[4]);
    ret->stages[stage].checkpoint = (struct checkpoint){(uint64_t)reply_number(at[0]), reply_id(at[1])};
    if (bytes)
        memcpy(ret->stages[stage].owner, owner.at, bytes);
    ret->stages[stage].epoch = (uint64_t)reply_number(at[3]);
    ret->stages[stage].lease_left_ms = expires > now ? expires - now : 0;
    ret->stages[stage].unclean = (int)reply_number(at[5]);
}

static void view_read(redisReply *const *replies, wall_ms now, struct partition_view *ret)
{
    *ret = (struct partition_view){
        .head = reply_place(replies[0]),
        .first = first_read(replies[1]),
        .earliest_due = replies[2]->elements > 1 ? reply_number(replies[2]->element[1]) : 0,
        .timers = (size_t)reply_number(replies[3]),
        .queue = (size_t)reply_number(replies[4]),
        .sending = (size_t)reply_number(replies[5]),
    };
    for (int stage = STAGE_NONE + 1; stage < STAGE_COUNT; stage++)
        stage_read(replies[6 + stage - 1], now, ret, stage);
}

static enum store_status view_some(struct store_redis *redis, const uint32_t *partitions, size_t count,
                                   struct partition_view *ret_each)
{
    command_begin(redis->link, 1);
    command_text(redis->link, "TIME");
    for (size_t i = 0; i < count; i++)
        view_commands(redis, partitions[i]);
    enum store_status status = redis_run(redis);
    if (status != STORE_OK)
        return status;
    wall_ms now = reply_time(redis->replies[0]);
    for (size_t i = 0; i < count; i++)
        view_read(redis->replies + 1 + i * VIEW_COMMANDS, now, &ret_each[i]);
    return STORE_OK;
}

enum store_status redis_view(struct store *store, const uint32_t *partitions, size_t count,
                             struct partition_view *ret_each)
{
    struct store_redis *redis = store_redis_of(store);
    for (size_t i = 0; i < count; i++) {
        const char *fault = partition_fault(redis, partitions[i]);
        if (fault)
            return redis_refuse(redis, fault);
    }
    enum store_status status = STORE_OK;
    for (size_t from = 0; from < count && status == STORE_OK; from += VIEW_SOME) {
        size_t some = count - from < VIEW_SOME ? count - from : VIEW_SOME;
        status = view_some(redis, partitions + from, some, ret_each + from);
    }
    return status;
}
