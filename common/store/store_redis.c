#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store_redis_parts.h"

enum { PORT_DEFAULT = 6379, PORT_MAX = 65535 };

struct store_redis *store_redis_of(struct store *store)
{
    return (struct store_redis *)store;
}

enum store_status redis_refuse(struct store_redis *redis, const char *fault)
{
    snprintf(redis->message, sizeof redis->message, "%s", fault);
    return STORE_REFUSED;
}

static enum store_status redis_now(struct store *store, wall_ms *ret)
{
    struct store_redis *redis = store_redis_of(store);
    command_begin(redis, 1);
    command_text(redis, "TIME");
    enum store_status status = redis_run(redis, 1);
    if (status == STORE_OK)
        *ret = reply_time(redis->replies[0]);
    return status;
}

/* -------- health */

/* The value of a line "name:value" in what INFO tells; 0 if there is none. */
static const char *info_value(const redisReply *info, const char *name)
{
    const char *at = info->type == REDIS_REPLY_STRING ? strstr(info->str, name) : NULL;
    return at ? at + strlen(name) : "";
}

static void info_command(struct store_redis *redis, const char *section)
{
    command_begin(redis, 2);
    command_text(redis, "INFO");
    command_text(redis, section);
}

static bool info_says(const redisReply *info, const char *name, const char *value)
{
    return strncmp(info_value(info, name), value, strlen(value)) == 0;
}

static const char *health_trouble(const redisReply *memory, const redisReply *persistence,
                                  const struct store_health *so_far)
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

static void redis_health(struct store *store, struct store_health *ret)
{
    struct store_redis *redis = store_redis_of(store);
    info_command(redis, "memory");
    info_command(redis, "persistence");
    *ret = (struct store_health){.reachable = redis_run(redis, 2) == STORE_OK};
    if (!ret->reachable) {
        snprintf(ret->message, sizeof ret->message, "%s", redis->message);
        return;
    }
    const redisReply *memory = redis->replies[0], *persistence = redis->replies[1];
    ret->used_bytes = strtoll(info_value(memory, "\nused_memory:"), NULL, 10);
    ret->limit_bytes = strtoll(info_value(memory, "\nmaxmemory:"), NULL, 10);
    snprintf(ret->message, sizeof ret->message, "%s", health_trouble(memory, persistence, ret));
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
    redis_forget(redis);
    redis_close(redis);
    buffer_free(&redis->wire);
    buffer_free(&redis->blob);
    free(redis);
    *store = NULL;
}

static const struct store_functions redis_functions = {
    .append = redis_append,
    .commit = redis_commit,
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

/* -------- address */

static bool unix_read(struct store_redis *redis, const char *path, char message[160])
{
    if (!*path || strlen(path) >= sizeof redis->path) {
        snprintf(message, MESSAGE_BYTES, "the path of a unix socket has 1 to %zu bytes", sizeof redis->path - 1);
        return false;
    }
    strcpy(redis->path, path);
    return true;
}

/* host, host:port, [address]:port */
static bool tcp_read(struct store_redis *redis, const char *address, char message[160])
{
    bool bracket = *address == '[';
    const char *host = address + bracket;
    size_t bytes = strcspn(host, bracket ? "]" : ":");
    const char *rest = host + bytes + (bracket && host[bytes] == ']');
    char *end = NULL;
    long port = *rest == ':' ? strtol(rest + 1, &end, 10) : PORT_DEFAULT;
    bool whole = (*rest == ':' ? end != rest + 1 && !*end : !*rest) && (!bracket || host[bytes] == ']');
    if (!bytes || bytes >= sizeof redis->host || !whole || port < 1 || port > PORT_MAX) {
        snprintf(message, MESSAGE_BYTES, "tcp://%.80s is no address: write tcp://host:port", address);
        return false;
    }
    memcpy(redis->host, host, bytes);
    redis->port = (int)port;
    return true;
}

static bool later_read(struct store_redis *redis, const char *address, char message[160])
{
    (void)redis;
    (void)address;
    snprintf(message, MESSAGE_BYTES,
             "Redis Sentinel and Redis Cluster cannot be used yet: give unix:/path or tcp://host:port");
    return false;
}

static bool address_read(struct store_redis *redis, const char *address, char message[160])
{
    static const struct {
        const char *scheme;
        bool (*read)(struct store_redis *, const char *, char *);
    } schemes[] = {{"unix:", unix_read}, {"tcp://", tcp_read}, {"sentinel://", later_read}, {"cluster://", later_read}};
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
        if (strncmp(address, schemes[i].scheme, strlen(schemes[i].scheme)) == 0)
            return schemes[i].read(redis, address + strlen(schemes[i].scheme), message);
    snprintf(message, MESSAGE_BYTES, "%.80s is no address of Redis: give unix:/path or tcp://host:port", address);
    return false;
}

/* A connection that Redis has closed must be an error of the write, not the end of the process. */
static void ignore_broken_pipes(void)
{
    struct sigaction action;
    if (sigaction(SIGPIPE, NULL, &action) == 0 && action.sa_handler == SIG_DFL)
        signal(SIGPIPE, SIG_IGN);
}

struct store *store_redis_new(const char *address, uint32_t partitions, char message[160])
{
    assert(partitions > 0 && partitions <= PARTITIONS_MAX);
    struct store_redis *redis = calloc(1, sizeof *redis);
    assert(redis);
    redis->store.functions = &redis_functions;
    redis->partitions = partitions;
    ignore_broken_pipes();
    struct store *store = &redis->store;
    if (!address_read(redis, address, message)) {
        redis_free(&store);
        return NULL;
    }
    if (redis_connect(redis) != STORE_OK) {
        snprintf(message, MESSAGE_BYTES, "%s", redis->message);
        redis_free(&store);
        return NULL;
    }
    return store;
}
