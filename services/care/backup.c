/* backup and restore: all state of one machine's run, as files.
 *
 * The append-only file of a Redis only grows between rewrites, so with rewriting held off a copy taken while it runs is a
 * prefix of its history: complete up to some instant. The customers' keys go to a folder of their own. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "redis_node.h"

static const struct part {
    const char *endpoint;           /* in DIR/endpoints; with _user and _password_file behind it, if it wants a login */
    const char *folder;             /* below DIR */
    const char *to;                 /* below OUT */
} parts[] = {
    {"keys_redis", "keys-redis", "keys/redis"},     /* first: a key that is newer than the log harms nobody */
    {"redis", "redis", "log/redis"},
};

static bool make_folders(struct arena *arena, const char *path)
{
    for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/'))
        mkdir(arena_text(arena, path, (size_t)(slash - path)), 0700);
    return mkdir(path, 0700) == 0 || access(path, W_OK) == 0;
}

static bool copy_file(const char *from, const char *to)
{
    int in = open(from, O_RDONLY | O_CLOEXEC), out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    char block[1 << 16];
    ssize_t got = in < 0 || out < 0 ? -1 : 0;
    while (got >= 0 && (got = read(in, block, sizeof block)) > 0)
        if (write(out, block, (size_t)got) != got)
            got = -1;
    bool good = got == 0 && fsync(out) == 0;
    if (in >= 0)
        close(in);
    if (out >= 0)
        close(out);
    if (!good)
        fprintf(stderr, "care: cannot copy %s to %s: %m\n", from, to);
    return good;
}

static bool ends_so(const char *name, const char *ending)
{
    size_t bytes = strlen(name), end_bytes = strlen(ending);
    return bytes >= end_bytes && strcmp(name + bytes - end_bytes, ending) == 0;
}

/* The plain files of a folder; only those that end so, if `ending` is not "". */
static bool copy_files(struct arena *arena, const char *from, const char *to, const char *ending)
{
    DIR *folder = opendir(from);
    if (!folder || !make_folders(arena, to)) {
        fprintf(stderr, "care: cannot copy %s to %s: %m\n", from, to);
        if (folder)
            closedir(folder);
        return false;
    }
    bool good = true;
    for (struct dirent *entry; good && (entry = readdir(folder));)
        if (entry->d_type == DT_REG && ends_so(entry->d_name, ending))
            good = copy_file(arena_printf(arena, "%s/%s", from, entry->d_name),
                             arena_printf(arena, "%s/%s", to, entry->d_name));
    closedir(folder);
    return good;
}

static bool copy_folder(struct arena *arena, const char *from, const char *to)
{
    return copy_files(arena, from, to, "");
}

/* What else stands in a run's directory: the marks of what was set up once, and what only some have. */
static bool copy_rest(struct arena *arena, const char *from, const char *to, const char *keys)
{
    const char *gateways = arena_printf(arena, "%s/gateways", from),
               *api_keys = arena_printf(arena, "%s/keys.yaml", from);
    return copy_files(arena, from, to, ".done") &&
           (access(gateways, F_OK) != 0 || copy_folder(arena, gateways, arena_printf(arena, "%s/gateways", to))) &&
           (access(api_keys, F_OK) != 0 || copy_file(api_keys, arena_printf(arena, "%s/keys.yaml", keys)));
}

/* -------- the Redis at hand */

enum { ANSWER_MS = 5000, REWRITE_WAITS = 600, REWRITE_WAIT_MS = 100 };

static const char *endpoint_more(struct invocation *call, const struct part *part, const char *more)
{
    const char *name = arena_printf(call->arena, "%s_%s", part->endpoint, more);
    const char *value = endpoints_value(call->dir, name, call->arena);
    return value ? value : "";
}

static bool part_open(struct invocation *call, const struct part *part, struct redis_node *ret)
{
    char message[REDIS_MESSAGE_BYTES] = "it is not in the endpoints: is it running?";
    const char *address = endpoints_value(call->dir, part->endpoint, call->arena);
    const struct redis_login login = {.user = endpoint_more(call, part, "user"),
                                      .password_file = endpoint_more(call, part, "password_file")};
    struct redis_place place;
    bool good = address && redis_address_read(address, &place, message);
    if (good && place.scheme != REDIS_UNIX && place.scheme != REDIS_TCP) {
        snprintf(message, sizeof message, "%.40s… is more than one server: see deploy/README.md, Backup", address);
        good = false;
    }
    if (good) {
        *ret = (struct redis_node){.at = place.at[0]};
        good = redis_node_open(ret, &login, ANSWER_MS, message);
    }
    if (!good)
        fprintf(stderr, "care: %s of %s: %s\n", part->endpoint, call->dir, message);
    return good;
}

static bool rewrite_percentage_set(struct redis_node *redis, const char *percentage)
{
    char message[REDIS_MESSAGE_BYTES];
    redisReply *reply = NULL;
    if (redis->context)
        reply = REDIS_ASK(redis, message, "CONFIG", "SET", "auto-aof-rewrite-percentage", percentage);
    bool good = reply && reply->type != REDIS_REPLY_ERROR;
    if (!good)
        fprintf(stderr, "care: Redis does not hold off rewriting: %s\n", reply ? reply->str : "no answer");
    freeReplyObject(reply);
    return good;
}

/* Is a rewrite of the append-only file under way? -1: no answer. */
static int rewriting(struct redis_node *redis)
{
    char message[REDIS_MESSAGE_BYTES];
    redisReply *reply = redis->context ? REDIS_ASK(redis, message, "INFO", "persistence") : NULL;
    int under_way = -1;
    if (reply && reply->type == REDIS_REPLY_STRING)
        under_way = strstr(reply->str, "aof_rewrite_in_progress:1") || strstr(reply->str, "aof_rewrite_scheduled:1");
    freeReplyObject(reply);
    return under_way;
}

static bool hold_off_rewriting(struct redis_node *redis)
{
    if (!rewrite_percentage_set(redis, "0"))
        return false;
    for (int i = 0; i < REWRITE_WAITS && rewriting(redis) == 1; i++)
        nanosleep(&(struct timespec){.tv_nsec = REWRITE_WAIT_MS * 1000000L}, NULL);
    return rewriting(redis) == 0;
}

static bool back_up_part(struct invocation *call, const struct part *part, const char *out)
{
    struct redis_node redis = {0};
    if (!part_open(call, part, &redis))
        return false;
    bool good = hold_off_rewriting(&redis) &&
                copy_folder(call->arena, arena_printf(call->arena, "%s/%s/appendonlydir", call->dir, part->folder),
                            arena_printf(call->arena, "%s/%s/appendonlydir", out, part->to));
    rewrite_percentage_set(&redis, "100");
    redis_node_close(&redis);
    return good;
}

static const char *out_folder(struct invocation *call)
{
    if (!argument(call, 0) || !call->dir)
        fprintf(stderr, "care: care %s %s --dir DIR\n", call->command->name, call->command->usage);
    return call->dir ? argument(call, 0) : NULL;
}

int run_backup(struct invocation *call)
{
    const char *out = out_folder(call);
    if (!out)
        return EXIT_USAGE;
    if (access(arena_printf(call->arena, "%s/log", out), F_OK) == 0) {
        fprintf(stderr, "care: %s holds a backup already; name another\n", out);
        return EXIT_REFUSED;
    }
    bool good = true;
    for (size_t i = 0; i < sizeof parts / sizeof *parts && good; i++)
        good = back_up_part(call, &parts[i], out);
    good = good &&
           copy_folder(call->arena, arena_printf(call->arena, "%s/keys", call->dir),
                       arena_printf(call->arena, "%s/keys/files", out)) &&
           copy_rest(call->arena, call->dir, arena_printf(call->arena, "%s/log/run", out),
                     arena_printf(call->arena, "%s/keys", out));
    if (good)
        printf("%s\n", say(call, "backed up; keep OUT/keys apart from OUT/log", "备份完成；请将 keys 与 log 分开保存"));
    return good ? EXIT_OK : EXIT_REFUSED;
}

int run_restore(struct invocation *call)
{
    const char *out = out_folder(call);
    if (!out)
        return EXIT_USAGE;
    bool good = true;
    for (size_t i = 0; i < sizeof parts / sizeof *parts && good; i++) {
        const char *to = arena_printf(call->arena, "%s/%s/appendonlydir", call->dir, parts[i].folder);
        if (access(arena_printf(call->arena, "%s/log", out), R_OK) != 0) {
            fprintf(stderr, "care: %s holds no backup\n", out);
            return EXIT_REFUSED;
        }
        if (access(to, F_OK) == 0) {
            fprintf(stderr, "care: %s holds state already; restore into an empty directory\n", call->dir);
            return EXIT_REFUSED;
        }
        good = copy_folder(call->arena, arena_printf(call->arena, "%s/%s/appendonlydir", out, parts[i].to), to);
    }
    good = good &&
           copy_folder(call->arena, arena_printf(call->arena, "%s/keys/files", out),
                       arena_printf(call->arena, "%s/keys", call->dir)) &&
           copy_rest(call->arena, arena_printf(call->arena, "%s/log/run", out), call->dir, call->dir);
    if (good && access(arena_printf(call->arena, "%s/keys/keys.yaml", out), F_OK) == 0)
        good = copy_file(arena_printf(call->arena, "%s/keys/keys.yaml", out),
                         arena_printf(call->arena, "%s/keys.yaml", call->dir));
    if (good)
        printf("%s\n", say(call, "restored; deploy/run --dir DIR starts it", "恢复完成；用 deploy/run --dir DIR 启动"));
    return good ? EXIT_OK : EXIT_REFUSED;
}
