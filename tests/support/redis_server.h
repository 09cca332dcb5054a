/* redis_server: a redis-server of a test's own, in a directory of its own, reached by a unix socket. */
#ifndef CARELINE_TESTS_REDIS_SERVER_H
#define CARELINE_TESTS_REDIS_SERVER_H

#include <stdbool.h>
#include <sys/types.h>

#include <hiredis/hiredis.h>

struct redis_server {
    pid_t pid;                      /* 0: not running */
    char directory[64];
    char socket[96];
    int port;                       /* on 127.0.0.1; 0: the socket only */
    char address[104];              /* for store_redis_new */
    bool sentinel, tls;
};

/* Starts it and waits until it answers. `durable`: an append-only file, written to disk at each write; otherwise
 * nothing is kept. false with a message on stderr: redis-server is missing or did not answer in time. */
bool redis_server_start(struct redis_server *server, bool durable);

/* The same with a TCP port (address tells it) and more lines for its configuration; or a Sentinel with these lines. */
bool redis_server_start_with(struct redis_server *server, const char *lines);
bool redis_server_start_tls(struct redis_server *server, const char *lines);     /* its port speaks TLS only */
bool redis_sentinel_start(struct redis_server *server, const char *lines);

/* Ends it at once (SIGKILL), keeping its directory; starts it again there. */
void redis_server_kill(struct redis_server *server);
bool redis_server_again(struct redis_server *server);

/* Ends it and removes its directory. Does nothing on one that is zeroed. */
void redis_server_stop(struct redis_server *server);

/* A connection of the test's own; the caller frees it. And one command on one, its reply freed; false on an error. */
redisContext *redis_server_connect(const struct redis_server *server);
bool redis_server_do(redisContext *context, const char *format, ...);

#endif
