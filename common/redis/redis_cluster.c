/* Redis Cluster: which master serves which slot. */
#include <stdio.h>
#include <string.h>

#include "redis_route.h"

enum { CRC_POLYNOMIAL = 0x1021 };

struct slice redis_key_tag(struct slice key)
{
    const uint8_t *open = key.bytes ? memchr(key.at, '{', key.bytes) : NULL;
    if (!open)
        return key;
    size_t rest = key.bytes - (size_t)(open + 1 - key.at);
    const uint8_t *close = rest ? memchr(open + 1, '}', rest) : NULL;
    return close && close > open + 1 ? (struct slice){open + 1, (size_t)(close - open - 1)} : key;
}

unsigned redis_slot(struct slice key)
{
    struct slice tag = redis_key_tag(key);
    unsigned crc = 0;               /* CRC-16/XMODEM, as the Cluster specification says */
    for (size_t i = 0; i < tag.bytes; i++) {
        crc ^= (unsigned)tag.at[i] << 8;
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 0x8000 ? crc << 1 ^ CRC_POLYNOMIAL : crc << 1;
    }
    return (crc & 0xffff) % REDIS_SLOTS;
}

/* -------- the table */

struct table {
    struct redis_endpoint at[REDIS_NODES_MAX];
    size_t count;
    uint8_t node_of_slot[REDIS_SLOTS];
};

static unsigned table_node(struct table *table, const char *host, int port)
{
    for (size_t i = 0; i < table->count; i++)
        if (table->at[i].port == port && !strcmp(table->at[i].host, host))
            return (unsigned)i;
    if (table->count == REDIS_NODES_MAX || strlen(host) >= sizeof table->at->host)
        return NODE_NONE;
    struct redis_endpoint *at = &table->at[table->count];
    strcpy(at->host, host);
    at->port = port;
    return (unsigned)table->count++;
}

/* A range: [first slot, last slot, [host, port, …] of the master, replicas…]. A node that does not know its
 * own name is the one that we asked. */
static bool range_read(const redisReply *range, const struct redis_node *asked, struct table *table)
{
    if (range->type != REDIS_REPLY_ARRAY || range->elements < 3 || range->element[2]->elements < 2)
        return false;
    long long first = range->element[0]->integer, last = range->element[1]->integer;
    const redisReply *host = range->element[2]->element[0], *port = range->element[2]->element[1];
    bool named = host->type == REDIS_REPLY_STRING && host->len && strcmp(host->str, "?");
    if (first < 0 || first > last || last >= REDIS_SLOTS)
        return false;
    unsigned node = table_node(table, named ? host->str : asked->at.host, (int)port->integer);
    memset(table->node_of_slot + first, (int)node, (size_t)(last - first + 1));
    return node != NODE_NONE;
}

static bool table_read(struct redis_node *asked, struct table *table, char message[160])
{
    char name[REDIS_HOST_BYTES + 8];
    redisReply *answer = REDIS_ASK(asked, message, "CLUSTER", "SLOTS");
    if (!answer)
        return false;
    bool good = answer->type == REDIS_REPLY_ARRAY && answer->elements;
    memset(table->node_of_slot, NODE_NONE, sizeof table->node_of_slot);
    table->count = 0;
    for (size_t i = 0; good && i < answer->elements; i++)
        good = range_read(answer->element[i], asked, table);
    bool error = answer->type == REDIS_REPLY_ERROR;
    if (!good)
        snprintf(message, REDIS_MESSAGE_BYTES, "Redis at %.40s knows no slots of a Cluster: %s%.50s",
                 redis_node_name(asked, name), error ? redis_error_hint(answer->str) : "",
                 error ? answer->str : "is it made?");
    freeReplyObject(answer);
    return good;
}

/* The new nodes, with the connections of those that stay. */
static void nodes_take(struct redis_route *route, const struct table *table)
{
    struct redis_node fresh[REDIS_NODES_MAX];
    for (size_t i = 0; i < table->count; i++) {
        fresh[i] = (struct redis_node){.at = table->at[i]};
        for (size_t k = 0; k < route->count; k++) {
            struct redis_node *old = &route->nodes[k];
            if (old->at.port != fresh[i].at.port || strcmp(old->at.host, fresh[i].at.host))
                continue;
            fresh[i] = *old;
            old->context = NULL;
        }
    }
    for (size_t k = 0; k < route->count; k++)
        redis_node_close(&route->nodes[k]);
    memcpy(route->nodes, fresh, table->count * sizeof *fresh);
    memcpy(route->node_of_slot, table->node_of_slot, sizeof route->node_of_slot);
    route->count = table->count;
}

/* -------- asking */

/* None is waited for as long as for work: another may know as well. */
static bool ask(struct redis_route *route, struct redis_node *node, struct table *table, char message[160])
{
    if (!node->context && !redis_node_open(node, &route->login, FIND_TIMEOUT_MS, message))
        return false;
    redis_node_patience(node, FIND_TIMEOUT_MS);
    bool read = table_read(node, table, message);
    redis_node_patience(node, REDIS_TIMEOUT_MS);
    return read;
}

static bool ask_connected(struct redis_route *route, struct table *table, char message[160])
{
    for (size_t i = 0; i < route->count; i++)
        if (route->nodes[i].context && ask(route, &route->nodes[i], table, message))
            return true;
    return false;
}

/* Those that the operator named; they may have become replicas, or be no part of it any more. */
static bool ask_named(struct redis_route *route, struct table *table, char message[160])
{
    bool read = false;
    for (size_t i = 0; i < route->place.count && !read; i++) {
        struct redis_node node = {.at = route->place.at[i]};
        read = ask(route, &node, table, message);
        redis_node_close(&node);
    }
    return read;
}

static bool is_named(const struct redis_route *route, const struct redis_node *node)
{
    for (size_t i = 0; i < route->place.count; i++)
        if (route->place.at[i].port == node->at.port && !strcmp(route->place.at[i].host, node->at.host))
            return true;
    return false;
}

/* Those that nobody named, and that were found the last time. */
static bool ask_others(struct redis_route *route, struct table *table, char message[160])
{
    for (size_t i = 0; i < route->count; i++)
        if (!is_named(route, &route->nodes[i]) && ask(route, &route->nodes[i], table, message))
            return true;
    return false;
}

bool redis_cluster_find(struct redis_route *route, char message[REDIS_MESSAGE_BYTES])
{
    struct table table;
    if (!ask_connected(route, &table, message) && !ask_named(route, &table, message) &&
        !ask_others(route, &table, message))
        return false;
    nodes_take(route, &table);
    return true;
}

/* -------- one slot */

static struct redis_node *node_add(struct redis_route *route, const struct redis_endpoint *at)
{
    for (size_t i = 0; i < route->count; i++)
        if (route->nodes[i].at.port == at->port && !strcmp(route->nodes[i].at.host, at->host))
            return &route->nodes[i];
    if (route->count == REDIS_NODES_MAX)
        return NULL;
    route->nodes[route->count] = (struct redis_node){.at = *at};
    return &route->nodes[route->count++];
}

/* The host may be missing: then it is that of the node that says so. It may be an IPv6 address without brackets. */
static bool moved_read(const char *moved, const struct redis_node *from, unsigned *ret_slot, struct redis_endpoint *ret)
{
    char host[REDIS_HOST_BYTES] = "";
    const char *colon = strrchr(moved, ':');
    int host_at = 0;
    if (sscanf(moved, "MOVED %u %n", ret_slot, &host_at) < 1 || !host_at || !colon || colon < moved + host_at ||
        colon - moved - host_at >= (int)sizeof host)
        return false;
    memcpy(host, moved + host_at, (size_t)(colon - moved - host_at));
    *ret = from->at;
    if (*host)
        strcpy(ret->host, host);
    return *ret_slot < REDIS_SLOTS && sscanf(colon + 1, "%d", &ret->port) == 1;
}

void redis_cluster_moved(struct redis_route *route, const struct redis_node *from, const char *moved)
{
    unsigned slot;
    struct redis_endpoint at;
    struct redis_node *node = moved_read(moved, from, &slot, &at) ? node_add(route, &at) : NULL;
    if (node)
        route->node_of_slot[slot] = (uint8_t)(node - route->nodes);
    else
        redis_route_forget(route);
}
