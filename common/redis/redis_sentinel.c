/* Redis Sentinel: who is the primary. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "redis_route.h"

static bool endpoint_of(const redisReply *answer, struct redis_endpoint *ret)
{
    if (answer->type != REDIS_REPLY_ARRAY || answer->elements != 2)
        return false;
    const redisReply *host = answer->element[0], *port = answer->element[1];
    if (host->type != REDIS_REPLY_STRING || port->type != REDIS_REPLY_STRING || !host->len ||
        (size_t)host->len >= sizeof ret->host)
        return false;
    strcpy(ret->host, host->str);
    ret->port = atoi(port->str);
    return ret->port > 0;
}

static bool ask_one(struct redis_node *sentinel, const char *name, struct redis_endpoint *ret, char message[160])
{
    char at[REDIS_HOST_BYTES + 8];
    redisReply *answer = REDIS_ASK(sentinel, message, "SENTINEL", "get-master-addr-by-name", name);
    if (!answer)
        return false;
    bool known = endpoint_of(answer, ret);
    if (!known)
        snprintf(message, REDIS_MESSAGE_BYTES, "Sentinel at %.40s knows no primary named %.40s: %.40s",
                 redis_node_name(sentinel, at), name,
                 answer->type == REDIS_REPLY_ERROR ? answer->str : "is that the name in its configuration?");
    freeReplyObject(answer);
    return known;
}

bool redis_sentinel_find(const struct redis_place *place, const struct redis_login *login, struct redis_endpoint *ret,
                         char message[REDIS_MESSAGE_BYTES])
{
    for (size_t i = 0; i < place->count; i++) {
        struct redis_node sentinel = {.at = place->at[i]};
        bool known = redis_node_open(&sentinel, login, FIND_TIMEOUT_MS, message) &&
                     ask_one(&sentinel, place->name, ret, message);
        redis_node_close(&sentinel);
        if (known)
            return true;
    }
    return false;
}
