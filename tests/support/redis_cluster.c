#include "redis_cluster.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { SLOTS = 16384, MEET_MS = 20000, ASK_EVERY_MS = 20, MIGRATE_MS = 5000 };

static long now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

__attribute__((format(printf, 2, 3)))
static bool tell(const struct redis_server *server, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    redisContext *redis = redis_server_connect(server);
    redisReply *reply = redis ? redisCommand(redis, text) : NULL;
    bool good = reply && reply->type != REDIS_REPLY_ERROR;
    if (!good)
        fprintf(stderr, "%s: %s\n", text, reply ? reply->str : "no answer");
    freeReplyObject(reply);
    if (redis)
        redisFree(redis);
    return good;
}

/* What a server says to a command, as text; "" if it does not. */
static void asked(const struct redis_server *server, const char *command, char *ret, size_t room)
{
    redisContext *redis = redis_server_connect(server);
    redisReply *reply = redis ? redisCommand(redis, command) : NULL;
    snprintf(ret, room, "%s", reply && reply->type == REDIS_REPLY_STRING ? reply->str : "");
    freeReplyObject(reply);
    if (redis)
        redisFree(redis);
}

static bool is_whole(const struct redis_server *server)
{
    char info[2048];
    asked(server, "CLUSTER INFO", info, sizeof info);
    return strstr(info, "cluster_state:ok") && strstr(info, "cluster_known_nodes:3");
}

static bool wait_until_whole(struct redis_cluster *cluster)
{
    long end = now_ms() + MEET_MS;
    for (int i = 0; i < CLUSTER_MASTERS;) {
        if (is_whole(&cluster->masters[i])) {
            i++;
        } else if (now_ms() > end) {
            fprintf(stderr, "the Cluster does not come together\n");
            return false;
        } else {
            poll(NULL, 0, ASK_EVERY_MS);
        }
    }
    return true;
}

bool redis_cluster_start(struct redis_cluster *cluster)
{
    bool good = true;
    *cluster = (struct redis_cluster){0};
    for (int i = 0; i < CLUSTER_MASTERS && good; i++) {
        struct redis_server *master = &cluster->masters[i];
        good = redis_server_start_with(master, "appendonly no\ncluster-enabled yes\ncluster-node-timeout 2000\n");
        asked(master, "CLUSTER MYID", cluster->ids[i], sizeof cluster->ids[i]);
        good = good && tell(master, "CLUSTER ADDSLOTSRANGE %d %d", SLOTS * i / CLUSTER_MASTERS,
                            SLOTS * (i + 1) / CLUSTER_MASTERS - 1) &&
               tell(master, "CLUSTER SET-CONFIG-EPOCH %d", i + 1);
    }
    for (int i = 1; i < CLUSTER_MASTERS && good; i++)
        good = tell(&cluster->masters[i], "CLUSTER MEET 127.0.0.1 %d", cluster->masters[0].port);
    snprintf(cluster->address, sizeof cluster->address, "cluster://127.0.0.1:%d,127.0.0.1:%d", cluster->masters[1].port,
             cluster->masters[2].port);
    return good && wait_until_whole(cluster);
}

void redis_cluster_stop(struct redis_cluster *cluster)
{
    for (int i = 0; i < CLUSTER_MASTERS; i++)
        redis_server_stop(&cluster->masters[i]);
}

/* What a server knows of a node: a line of CLUSTER NODES, ID … epoch link-state ranges… */
struct known { unsigned long epoch; bool has_slot; };

static struct known known_of(const struct redis_server *server, const char *id, unsigned slot)
{
    char nodes[8192];
    struct known known = {0};
    asked(server, "CLUSTER NODES", nodes, sizeof nodes);
    char *line = strstr(nodes, id), *ranges = line ? strstr(line, "connected") : NULL;
    if (!ranges || sscanf(line, "%*s %*s %*s %*s %*s %*s %lu", &known.epoch) != 1)
        return known;
    ranges[strcspn(ranges, "\n")] = 0;
    for (char *at = strchr(ranges, ' '); at; at = strchr(at + 1, ' ')) {
        unsigned first, last;
        int count = sscanf(at, " %u-%u", &first, &last);
        known.has_slot |= count > 0 && slot >= first && slot <= (count == 2 ? last : first);
    }
    return known;
}

/* Do all say that the slot is there, with the epoch that its owner says itself? Only then may another slot be moved:
 * Redis makes epochs without asking the others. */
static bool agreed(struct redis_cluster *cluster, unsigned slot, int owner)
{
    struct known own = known_of(&cluster->masters[owner], cluster->ids[owner], slot);
    bool same = own.has_slot;
    for (int i = 0; i < CLUSTER_MASTERS && same; i++) {
        struct known known = known_of(&cluster->masters[i], cluster->ids[owner], slot);
        same = known.has_slot && known.epoch == own.epoch;
    }
    return same;
}

int redis_cluster_owner(struct redis_cluster *cluster, unsigned slot)
{
    for (int i = 0; i < CLUSTER_MASTERS; i++)
        if (known_of(&cluster->masters[i], cluster->ids[i], slot).has_slot)
            return i;
    return -1;
}

bool redis_cluster_move_begin(struct redis_cluster *cluster, unsigned slot, int from, int to)
{
    return tell(&cluster->masters[to], "CLUSTER SETSLOT %u IMPORTING %s", slot, cluster->ids[from]) &&
           tell(&cluster->masters[from], "CLUSTER SETSLOT %u MIGRATING %s", slot, cluster->ids[to]);
}

bool redis_cluster_move_keys(struct redis_cluster *cluster, unsigned slot, int from, int to)
{
    redisContext *redis = redis_server_connect(&cluster->masters[from]);
    bool good = redis, more = true;
    while (good && more) {
        redisReply *keys = redisCommand(redis, "CLUSTER GETKEYSINSLOT %u 1", slot);
        more = keys && keys->type == REDIS_REPLY_ARRAY && keys->elements;
        good = keys && (!more || redis_server_do(redis, "MIGRATE 127.0.0.1 %d %b 0 %d", cluster->masters[to].port,
                                                 keys->element[0]->str, (size_t)keys->element[0]->len, MIGRATE_MS));
        freeReplyObject(keys);
    }
    if (redis)
        redisFree(redis);
    return good;
}

bool redis_cluster_move_finish(struct redis_cluster *cluster, unsigned slot, int to)
{
    bool good = tell(&cluster->masters[to], "CLUSTER SETSLOT %u NODE %s", slot, cluster->ids[to]);
    for (int i = 0; i < CLUSTER_MASTERS; i++)
        good = (i == to || tell(&cluster->masters[i], "CLUSTER SETSLOT %u NODE %s", slot, cluster->ids[to])) && good;
    for (long end = now_ms() + MEET_MS; good && !agreed(cluster, slot, to); poll(NULL, 0, ASK_EVERY_MS))
        good = now_ms() < end;
    return good;
}
