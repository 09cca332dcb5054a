#include "planted_failures.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store_redis_parts.h"

/* Stands before the library's text, where `redis` is still the true one; behind it `redis` is ours. */
static const char prelude[] =
    "local state = {at = 0, count = 0, written = false, failed = false, trace = {}}\n"
    "local reads = {TIME = 1, GET = 1, HGET = 1, HMGET = 1, HLEN = 1, ZRANGE = 1, ZRANGEBYSCORE = 1, ZCARD = 1,\n"
    "               XRANGE = 1, XLEN = 1, MEMORY = 1}\n"
    "local function true_call(...) return redis.call(...) end\n"
    "local redis = {register_function = redis.register_function}\n"
    "redis.call = function(command, key, ...)\n"
    "    local writes = not reads[command]\n"
    "    state.count = state.count + 1\n"
    "    if state.count <= 64 then\n"
    "        state.trace[state.count] = (writes and '!' or '?') .. command .. ' ' .. (key or '')\n"
    "    end\n"
    "    if state.count == state.at and not state.written then\n"
    "        state.failed = true\n"
    "        error({err = 'ERR planted failure'})\n"
    "    end\n"
    "    state.written = state.written or writes\n"
    "    if key == nil then return true_call(command) end\n"
    "    return true_call(command, key, ...)\n"
    "end\n"
    "redis.register_function('failures_plant', function(keys, args)\n"
    "    state.at, state.count, state.written, state.failed, state.trace = tonumber(args[1]), 0, false, false, {}\n"
    "end)\n"
    "redis.register_function('failures_trace', function()\n"
    "    local lines = {state.failed and 1 or 0}\n"
    "    for i, line in ipairs(state.trace) do lines[i + 1] = line end\n"
    "    return lines\n"
    "end)\n";

bool failures_prepare(redisContext *redis)
{
    char build[BUILD_BYTES];
    const char *library = functions_library(build), *rest = strchr(library, '\n') + 1;
    struct buffer text = {0};
    buffer_append(&text, library, (size_t)(rest - library));
    buffer_string(&text, prelude);
    buffer_string(&text, rest);
    redisReply *reply = redisCommand(redis, "FUNCTION LOAD REPLACE %b", text.at, text.bytes);
    bool good = reply && reply->type != REDIS_REPLY_ERROR;
    if (!good)
        fprintf(stderr, "functions with failures: %s\n", reply ? reply->str : redis->errstr);
    if (reply)
        freeReplyObject(reply);
    buffer_free(&text);
    return good;
}

static redisReply *call(redisContext *redis, const char *function, unsigned argument)
{
    redisReply *reply = redisCommand(redis, "FCALL %s 0 %u", function, argument);
    if (!reply || reply->type == REDIS_REPLY_ERROR) {
        fprintf(stderr, "%s: %s\n", function, reply ? reply->str : redis->errstr);
        abort();
    }
    return reply;
}

void failures_plant(redisContext *redis, unsigned at)
{
    freeReplyObject(call(redis, "failures_plant", at));
}

void failures_trace(redisContext *redis, struct trace *ret)
{
    redisReply *reply = call(redis, "failures_trace", 0);
    *ret = (struct trace){.failed = reply->element[0]->integer == 1};
    for (size_t i = 1; i < reply->elements && ret->count < TRACE_MAX; i++) {
        struct traced *traced = &ret->at[ret->count++];
        const char *line = reply->element[i]->str, *space = strchr(line, ' ');
        traced->writes = *line == '!';
        snprintf(traced->command, sizeof traced->command, "%.*s", (int)(space - line - 1), line + 1);
        snprintf(traced->key, sizeof traced->key, "%s", space + 1);
    }
    freeReplyObject(reply);
}

bool failure_is_planted(const char *message)
{
    return strstr(message, "planted failure") != NULL;
}
