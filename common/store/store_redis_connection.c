#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "store_redis_parts.h"

static const struct timeval timeout = {.tv_sec = TIMEOUT_MS / 1000, .tv_usec = TIMEOUT_MS % 1000 * 1000};

/* What an error reply means for the caller; anything else is a mistake of ours: STORE_REFUSED. */
static const struct { const char *begins; enum store_status status; } error_meanings[] = {
    {"OOM ", STORE_FULL},
    {"MISCONF ", STORE_FULL},
    {"READONLY ", STORE_GONE},
    {"LOADING ", STORE_GONE},
    {"MASTERDOWN ", STORE_GONE},
    {"NOREPLICAS ", STORE_GONE},
    {"CLUSTERDOWN ", STORE_GONE},
    {"TRYAGAIN ", STORE_GONE},
    {"MOVED ", STORE_GONE},
    {"ASK ", STORE_GONE},
    {"BUSY ", STORE_GONE},
    {"UNKILLABLE ", STORE_GONE},
    {"NOAUTH ", STORE_GONE},
    {"NOPERM ", STORE_GONE},
    {"WRONGPASS ", STORE_GONE},
};

static const char function_missing[] = "ERR Function not found";

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

static enum store_status error_status(struct store_redis *redis, const redisReply *reply)
{
    snprintf(redis->message, sizeof redis->message, "Redis: %s", reply->str);
    for (size_t i = 0; i < sizeof error_meanings / sizeof *error_meanings; i++)
        if (begins(reply->str, error_meanings[i].begins))
            return error_meanings[i].status;
    return STORE_REFUSED;
}

void redis_forget(struct store_redis *redis)
{
    for (size_t i = 0; i < redis->reply_count; i++)
        freeReplyObject(redis->replies[i]);
    redis->reply_count = 0;
}

void redis_close(struct store_redis *redis)
{
    if (redis->context)
        redisFree(redis->context);
    redis->context = NULL;
}

static enum store_status lose(struct store_redis *redis, const char *doing)
{
    const char *why = redis->context && redis->context->err ? redis->context->errstr : "no memory";
    snprintf(redis->message, sizeof redis->message, "%s Redis at %.64s: %.64s", doing,
             *redis->path ? redis->path : redis->host, why);
    redis_close(redis);
    return STORE_GONE;
}

/* Sends the commands in `wire` and takes as many replies; tells about the first error among them. */
static enum store_status exchange(struct store_redis *redis, size_t count)
{
    redis_forget(redis);
    if (redisAppendFormattedCommand(redis->context, (const char *)redis->wire.at, redis->wire.bytes) != REDIS_OK)
        return lose(redis, "could not send to");
    const redisReply *error = NULL;
    for (size_t i = 0; i < count; i++) {
        void *reply = NULL;
        if (redisGetReply(redis->context, &reply) != REDIS_OK || !reply) {
            redis_forget(redis);
            return lose(redis, "no answer from");
        }
        redis->replies[redis->reply_count++] = reply;
        if (!error && ((redisReply *)reply)->type == REDIS_REPLY_ERROR)
            error = reply;
    }
    return error ? error_status(redis, error) : STORE_OK;
}

static bool library_present(const redisReply *list)
{
    return list->type == REDIS_REPLY_ARRAY && list->elements > 0;
}

/* Loads our functions unless they are there. Another process may do so at the same moment: then all is well too. */
static enum store_status load_functions(struct store_redis *redis)
{
    struct buffer kept = redis->wire;
    redis->wire = (struct buffer){0};
    const char *library = functions_library(redis->build);
    command_begin(redis, 4);
    command_text(redis, "FUNCTION");
    command_text(redis, "LIST");
    command_text(redis, "LIBRARYNAME");
    command_printf(redis, "care_%s", redis->build);
    enum store_status status = exchange(redis, 1);
    if (status == STORE_OK && !library_present(redis->replies[0])) {
        buffer_clear(&redis->wire);
        command_begin(redis, 3);
        command_text(redis, "FUNCTION");
        command_text(redis, "LOAD");
        command_text(redis, library);
        status = exchange(redis, 1);
        if (status == STORE_REFUSED && strstr(redis->message, "already exists"))
            status = STORE_OK;
    }
    redis_forget(redis);
    buffer_free(&redis->wire);
    redis->wire = kept;
    return status;
}

enum store_status redis_connect(struct store_redis *redis)
{
    if (redis->context)
        return STORE_OK;
    redis->context = *redis->path ? redisConnectUnixWithTimeout(redis->path, timeout)
                                  : redisConnectWithTimeout(redis->host, redis->port, timeout);
    if (!redis->context || redis->context->err || redisSetTimeout(redis->context, timeout) != REDIS_OK)
        return lose(redis, "could not connect to");
    enum store_status status = load_functions(redis);
    if (status != STORE_OK)
        redis_close(redis);
    return status;
}

static bool lacks_functions(const struct store_redis *redis)
{
    return strstr(redis->message, function_missing) != NULL;
}

enum store_status redis_run(struct store_redis *redis, size_t count)
{
    assert(count <= PIPELINE_MAX);
    enum store_status status = redis_connect(redis);
    if (status == STORE_OK)
        status = exchange(redis, count);
    if (status == STORE_REFUSED && lacks_functions(redis)) {
        status = load_functions(redis);
        if (status == STORE_OK)
            status = exchange(redis, count);
    }
    if (status == STORE_GONE) {         /* a node that cannot answer may have a successor */
        redis_forget(redis);
        redis_close(redis);
    }
    buffer_clear(&redis->wire);
    return status;
}

enum store_status function_status(struct store_redis *redis, const redisReply *reply)
{
    if (reply->type != REDIS_REPLY_ARRAY || !reply->elements)
        return redis_refuse(redis, "a function in Redis gave no status");
    enum store_status status = (enum store_status)reply_number(reply->element[0]);
    if (status == STORE_REFUSED && reply->elements > 1 && reply->element[1]->type == REDIS_REPLY_STRING)
        snprintf(redis->message, sizeof redis->message, "%s", reply->element[1]->str);
    return status;
}
