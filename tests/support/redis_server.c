#include "redis_server.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { START_MS = 10000, ASK_EVERY_MS = 5, DEPTH_MAX = 4, PARENT_BYTES_MAX = 40, PORT_TRIES = 100,
       CLUSTER_BUS = 10000, PORT_MAX = 65535 };

static void become_server(const struct redis_server *server)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);       /* never outlives the test */
    char log[80];
    snprintf(log, sizeof log, "%s/log", server->directory);
    int out = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
    dup2(out, STDOUT_FILENO);
    dup2(out, STDERR_FILENO);
    char file[80];
    snprintf(file, sizeof file, "%s/conf", server->directory);
    execlp("redis-server", "redis-server", file, server->sentinel ? "--sentinel" : NULL, (char *)NULL);
    fprintf(stderr, "redis-server cannot be started: is it installed?\n");
    _exit(127);
}

static long now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* One that wants a password first answers too. */
static bool answers(const struct redis_server *server)
{
    redisContext *context = redis_server_connect(server);
    redisReply *pong = context ? redisCommand(context, "PING") : NULL;
    bool good = pong && (pong->type != REDIS_REPLY_ERROR || !strncmp(pong->str, "NOAUTH", 6));
    freeReplyObject(pong);
    if (context)
        redisFree(context);
    return good;
}

static bool wait_until_ready(struct redis_server *server)
{
    for (long end = now_ms() + START_MS; now_ms() < end;) {
        if (answers(server))
            return true;
        if (waitpid(server->pid, NULL, WNOHANG) == server->pid) {
            server->pid = 0;
            break;
        }
        poll(NULL, 0, ASK_EVERY_MS);
    }
    fprintf(stderr, "redis-server did not get ready: see %s/log\n", server->directory);
    return false;
}

bool redis_server_again(struct redis_server *server)
{
    unlink(server->socket);
    fflush(NULL);
    server->pid = fork();
    if (server->pid == 0)
        become_server(server);
    return server->pid > 0 && wait_until_ready(server);
}

/* Binds to a port of 127.0.0.1, 0: any, and lets it go again. Tells which; 0: it is taken. */
static int port_try(int port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                             .sin_port = htons((uint16_t)port)};
    socklen_t bytes = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    bool free_now = fd >= 0 && bind(fd, (struct sockaddr *)&at, bytes) == 0 &&
                    getsockname(fd, (struct sockaddr *)&at, &bytes) == 0;
    if (fd >= 0)
        close(fd);
    return free_now ? ntohs(at.sin_port) : 0;
}

/* A port that is free now, and so is that of the Cluster bus that belongs to it. */
static int port_find(void)
{
    for (int tries = 0; tries < PORT_TRIES; tries++) {
        int port = port_try(0);
        if (port && port + CLUSTER_BUS < PORT_MAX && port_try(port + CLUSTER_BUS))
            return port;
    }
    return 0;
}

static bool directory_make(struct redis_server *server)
{
    const char *parent = getenv("TMPDIR");
    if (!parent || strlen(parent) > PARENT_BYTES_MAX)
        parent = P_tmpdir;
    snprintf(server->directory, sizeof server->directory, "%.40s/redis-XXXXXX", parent);
    if (!mkdtemp(server->directory)) {
        perror("no directory for redis-server");
        return false;
    }
    snprintf(server->socket, sizeof server->socket, "%s/socket", server->directory);
    if (server->port)
        snprintf(server->address, sizeof server->address, "tcp://127.0.0.1:%d", server->port);
    else
        snprintf(server->address, sizeof server->address, "unix:%s", server->socket);
    return true;
}

static bool start_as(struct redis_server *server, const char *lines)
{
    char path[80];
    if (!directory_make(server))
        return false;
    snprintf(path, sizeof path, "%s/conf", server->directory);
    FILE *conf = fopen(path, "w");
    if (!conf)
        return false;
    fprintf(conf, "bind 127.0.0.1\n%s %d\nunixsocket %s\ndir %s\nloglevel notice\n%s%s",
            server->tls ? "tls-port" : "port", server->port, server->socket, server->directory,
            server->tls ? "port 0\n" : "", lines);
    fclose(conf);
    return redis_server_again(server);
}

static const char server_lines[] = "save \"\"\nappendfsync always\nmaxmemory-policy noeviction\n"
                                   "repl-diskless-sync-delay 0\nenable-debug-command local\n";

bool redis_server_start(struct redis_server *server, bool durable)
{
    char all[256];
    *server = (struct redis_server){0};
    snprintf(all, sizeof all, "%sappendonly %s\n", server_lines, durable ? "yes" : "no");
    return start_as(server, all);
}

bool redis_server_start_with(struct redis_server *server, const char *lines)
{
    char all[1024];
    *server = (struct redis_server){.port = port_find()};
    snprintf(all, sizeof all, "%s%s", server_lines, lines);
    return start_as(server, all);
}

bool redis_server_start_tls(struct redis_server *server, const char *lines)
{
    char all[1024];
    *server = (struct redis_server){.port = port_find(), .tls = true};
    snprintf(all, sizeof all, "%s%s", server_lines, lines);
    return start_as(server, all);
}

bool redis_sentinel_start(struct redis_server *server, const char *lines)
{
    *server = (struct redis_server){.port = port_find(), .sentinel = true};
    return start_as(server, lines);
}

void redis_server_kill(struct redis_server *server)
{
    if (server->pid <= 0)
        return;
    kill(server->pid, SIGKILL);
    waitpid(server->pid, NULL, 0);
    server->pid = 0;
}

static void remove_below(const char *path, int depth)
{
    DIR *directory = depth < DEPTH_MAX ? opendir(path) : NULL;
    for (struct dirent *entry; directory && (entry = readdir(directory));) {
        char below[512];
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
            continue;
        snprintf(below, sizeof below, "%s/%s", path, entry->d_name);
        if (unlink(below) != 0)
            remove_below(below, depth + 1);
    }
    if (directory)
        closedir(directory);
    rmdir(path);
}

void redis_server_stop(struct redis_server *server)
{
    redis_server_kill(server);
    if (*server->directory)
        remove_below(server->directory, 0);
    *server = (struct redis_server){0};
}

redisContext *redis_server_connect(const struct redis_server *server)
{
    redisContext *context = redisConnectUnix(server->socket);
    if (context && context->err) {
        redisFree(context);
        return NULL;
    }
    return context;
}

bool redis_server_do(redisContext *context, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    redisReply *reply = redisvCommand(context, format, args);
    va_end(args);
    bool good = reply && reply->type != REDIS_REPLY_ERROR;
    if (reply)
        freeReplyObject(reply);
    return good;
}
