/* How the servers are: of several the one with the least room speaks for all. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store_redis_parts.h"

static const char *const sections[] = {"memory", "persistence"};
enum { SECTIONS = sizeof sections / sizeof *sections };

/* What follows a line's name in what INFO tells; "" if there is no such line. */
static const char *info_value(const redisReply *info, const char *name)
{
    const char *at = info->type == REDIS_REPLY_STRING ? strstr(info->str, name) : NULL;
    return at ? at + strlen(name) : "";
}

static bool info_says(const redisReply *info, const char *name, const char *value)
{
    return strncmp(info_value(info, name), value, strlen(value)) == 0;
}

static const char *trouble(const redisReply *memory, const redisReply *persistence, const struct store_health *so_far)
{
    if (info_says(persistence, "\naof_last_write_status:", "err"))
        return "Redis could not write its file: is the disk full?";
    if (so_far->limit_bytes && so_far->used_bytes >= so_far->limit_bytes)
        return "Redis has no memory left: raise maxmemory";
    if (so_far->limit_bytes && !info_says(memory, "\nmaxmemory_policy:", "noeviction"))
        return "Redis is set up to drop data when memory is out: set maxmemory-policy to noeviction";
    if (!info_says(persistence, "\naof_enabled:", "1"))
        return "Redis keeps nothing on disk: set appendonly to yes";
    return "";
}

static void info_commands(struct store_redis *redis, unsigned node)
{
    for (size_t i = 0; i < SECTIONS; i++) {
        command_begin(redis->link, 2);
        command_to_node(redis->link, node);
        command_text(redis->link, "INFO");
        command_text(redis->link, sections[i]);
    }
}

static void node_read(redisReply *const *replies, struct store_health *ret)
{
    *ret = (struct store_health){
        .reachable = true,
        .used_bytes = strtoll(info_value(replies[0], "\nused_memory:"), NULL, 10),
        .limit_bytes = strtoll(info_value(replies[0], "\nmaxmemory:"), NULL, 10),
    };
    snprintf(ret->message, sizeof ret->message, "%s", trouble(replies[0], replies[1], ret));
}

static double share_used(const struct store_health *health)
{
    return health->limit_bytes ? (double)health->used_bytes / (double)health->limit_bytes : 0;
}

static void health_add(struct store_health *all, const struct store_health *one)
{
    char message[sizeof all->message];
    strcpy(message, *one->message ? one->message : all->message);
    if (!all->reachable || share_used(one) > share_used(all))
        *all = *one;
    strcpy(all->message, message);
}

void redis_health(struct store *store, struct store_health *ret)
{
    struct store_redis *redis = store_redis_of(store);
    enum redis_outcome outcome = redis_link_connect(redis->link);
    unsigned nodes = redis_link_nodes(redis->link);
    for (unsigned node = 0; outcome == REDIS_DONE && node < nodes; node++)
        info_commands(redis, node);
    *ret = (struct store_health){0};
    if (outcome == REDIS_DONE && redis_run(redis) == STORE_OK) {
        for (unsigned node = 0; node < nodes; node++) {
            struct store_health one;
            node_read(redis->replies + SECTIONS * node, &one);
            health_add(ret, &one);
        }
        return;
    }
    snprintf(redis->message, sizeof redis->message, "%s", redis_link_message(redis->link));
    strcpy(ret->message, redis->message);
}
