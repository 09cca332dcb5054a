/* redis_node: a connection to one Redis server: opened, logged in, asked, lost. It knows nothing of who is primary and
 * of what stands in the server. After any failure it is closed; the owner opens it again. */
#ifndef CARELINE_REDIS_NODE_H
#define CARELINE_REDIS_NODE_H

#include <hiredis/hiredis.h>

#include "buffer.h"
#include "clock.h"
#include "redis_access.h"

/* How to come in at a server. The texts stay the caller's, and outlive the nodes. */
struct redis_login {
    const char *user, *password_file;       /* "": none */
    bool tls;
    const char *ca_file, *certificate_file, *key_file;
};

/* A zeroed one with an endpoint is ready to be opened. */
struct redis_node {
    struct redis_endpoint at;
    redisContext *context;          /* NULL: not connected */
    /* the owner's */
    bool prepared;                  /* since it was connected */
    mono_ms held_until;             /* not to be tried before */
};

/* "host:port" or a path. */
const char *redis_node_name(const struct redis_node *node, char ret[REDIS_HOST_BYTES + 8]);

/* Connects and logs in. Connecting and each answer from then on may take `timeout_ms`. false with a message that tells
 * the operator what to do; passwords are in none. */
bool redis_node_open(struct redis_node *node, const struct redis_login *login, int timeout_ms,
                     char message[REDIS_MESSAGE_BYTES]);
void redis_node_close(struct redis_node *node);
/* From now on each answer may take so long. */
void redis_node_patience(struct redis_node *node, int64_t timeout_ms);

/* Commands go out in two steps, so that several nodes work at the same time: first all are put, then all are flushed,
 * then answers are taken, as many as there were commands. Each false or NULL closes the node. The caller frees answers
 * (freeReplyObject). */
bool redis_node_put(struct redis_node *node, struct slice commands, char message[REDIS_MESSAGE_BYTES]);
bool redis_node_flush(struct redis_node *node, char message[REDIS_MESSAGE_BYTES]);
redisReply *redis_node_take(struct redis_node *node, char message[REDIS_MESSAGE_BYTES]);

/* One command, of texts, at once. An error is an answer too. */
redisReply *redis_node_ask(struct redis_node *node, const char *const *words, size_t count,
                           char message[REDIS_MESSAGE_BYTES]);
#define REDIS_ASK(node, message, ...)                                                    \
    redis_node_ask(node, (const char *const[]){__VA_ARGS__},                             \
                   sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *), message)

/* What an error reply means for the operator, to stand before what Redis says itself; "" if that says enough. */
const char *redis_error_hint(const char *error);

/* redis_tls.c: TLS on a connection that has just been made. */
bool redis_tls_start(redisContext *context, const struct redis_login *login, const char *host,
                     char message[REDIS_MESSAGE_BYTES]);
/* Can this build do TLS, and does the login say what it takes? false with a message. */
bool redis_tls_possible(const struct redis_login *login, char message[REDIS_MESSAGE_BYTES]);

#endif
