/* Our functions in a server: loaded where they are missing, and what they answer. */
#include <stdio.h>
#include <string.h>

#include "redis_node.h"
#include "store_redis_parts.h"

static bool library_present(const redisReply *list)
{
    return list->type == REDIS_REPLY_ARRAY && list->elements > 0;
}

/* Another process may load them at the same moment: then all is well too. */
static bool library_load(struct redis_node *node, const char *library, char message[160])
{
    char name[REDIS_HOST_BYTES + 8];
    redisReply *answer = REDIS_ASK(node, message, "FUNCTION", "LOAD", library);
    bool good = answer && (answer->type != REDIS_REPLY_ERROR || strstr(answer->str, "already exists"));
    if (answer && !good)
        snprintf(message, REDIS_MESSAGE_BYTES, "Redis at %.40s does not take the functions: %s%.60s",
                 redis_node_name(node, name), redis_error_hint(answer->str), answer->str);
    freeReplyObject(answer);
    return good;
}

bool functions_load(void *context, struct redis_node *node, char message[REDIS_MESSAGE_BYTES])
{
    char build[BUILD_BYTES], library[sizeof "care_" + BUILD_BYTES], name[REDIS_HOST_BYTES + 8];
    const char *text = functions_library(build);
    (void)context;
    snprintf(library, sizeof library, "care_%s", build);
    redisReply *list = REDIS_ASK(node, message, "FUNCTION", "LIST", "LIBRARYNAME", library);
    bool answered = list && list->type != REDIS_REPLY_ERROR, present = answered && library_present(list);
    if (list && !answered)
        snprintf(message, REDIS_MESSAGE_BYTES, "Redis at %.40s does not tell its functions: %s%.60s",
                 redis_node_name(node, name), redis_error_hint(list->str), list->str);
    freeReplyObject(list);
    return present || (answered && library_load(node, text, message));
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
