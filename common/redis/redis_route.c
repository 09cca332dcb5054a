#include "redis_route.h"

#include <stdio.h>
#include <string.h>

static bool endpoint_same(const struct redis_endpoint *a, const struct redis_endpoint *b)
{
    return a->port == b->port && strcmp(a->host, b->host) == 0;
}

static bool primary_find(struct redis_route *route, char message[160])
{
    struct redis_endpoint primary;
    if (!redis_sentinel_find(&route->place, &route->sentinel_login, &primary, message))
        return false;
    if (!endpoint_same(&primary, &route->nodes[0].at)) {
        redis_node_close(&route->nodes[0]);
        route->nodes[0] = (struct redis_node){.at = primary};
    }
    route->count = 1;
    return true;
}

bool redis_route_find(struct redis_route *route, char message[REDIS_MESSAGE_BYTES])
{
    if (route->found)
        return true;
    if (route->place.scheme == REDIS_CLUSTER) {
        route->found = redis_cluster_find(route, message);
    } else if (route->place.scheme == REDIS_SENTINEL) {
        route->found = primary_find(route, message);
    } else {
        route->nodes[0].at = route->place.at[0];
        route->count = 1;
        route->found = true;
    }
    return route->found;
}

void redis_route_forget(struct redis_route *route)
{
    struct redis_place *place = &route->place;
    struct redis_endpoint first = place->at[0];
    route->found = false;
    memmove(place->at, place->at + 1, (place->count - 1) * sizeof *place->at);
    place->at[place->count - 1] = first;
}

void redis_route_close(struct redis_route *route)
{
    for (size_t i = 0; i < route->count; i++)
        redis_node_close(&route->nodes[i]);
    route->count = 0;
    route->found = false;
}

unsigned redis_route_node(const struct redis_route *route, unsigned slot)
{
    return route->place.scheme == REDIS_CLUSTER ? route->node_of_slot[slot] : 0;
}

/* A primary that was replaced may still answer, and Sentinels may be late: the server itself must say what it is. */
static bool is_primary(struct redis_node *node, char message[160])
{
    char name[REDIS_HOST_BYTES + 8];
    redisReply *role = REDIS_ASK(node, message, "ROLE");
    if (!role)
        return false;
    bool primary = role->type == REDIS_REPLY_ARRAY && role->elements && role->element[0]->type == REDIS_REPLY_STRING &&
                   strcmp(role->element[0]->str, "master") == 0;
    bool error = role->type == REDIS_REPLY_ERROR;
    if (!primary)
        snprintf(message, REDIS_MESSAGE_BYTES, "Redis at %.40s, which Sentinel names, is not the primary: %s%.50s",
                 redis_node_name(node, name), error ? redis_error_hint(role->str) : "",
                 error ? role->str : "a fail-over is under way");
    freeReplyObject(role);
    return primary;
}

bool redis_route_open(struct redis_route *route, struct redis_node *node, char message[REDIS_MESSAGE_BYTES])
{
    if (node->context)
        return true;
    if (!redis_node_open(node, &route->login, REDIS_TIMEOUT_MS, message))
        return false;
    if (route->place.scheme != REDIS_SENTINEL || is_primary(node, message))
        return true;
    redis_node_close(node);
    return false;
}
