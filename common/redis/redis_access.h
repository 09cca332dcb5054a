/* redis_access: how to reach a Redis, as the operator says it.
 *
 *   unix:/path                          one Redis on this machine
 *   tcp://host:port  tls://host:port    one Redis
 *   sentinel://h:p,h:p,h:p/NAME         the primary that these Sentinels watch under NAME
 *   cluster://h:p,h:p,…                 a Redis Cluster, found through any of these nodes
 *
 * tls:// needs hiredis 1.0 or newer, and a `ca_file`; so do sentinel:// and cluster:// when `ca_file` is set: then
 * every connection of theirs is TLS. An IPv6 address stands in brackets. */
#ifndef CARELINE_REDIS_ACCESS_H
#define CARELINE_REDIS_ACCESS_H

#include <stdbool.h>
#include <stddef.h>

enum {
    REDIS_ENDPOINTS_MAX = 16,       /* that an address may name */
    REDIS_HOST_BYTES = 256,         /* of a host, or of a unix socket's path */
    REDIS_NAME_BYTES = 64,
    REDIS_MESSAGE_BYTES = 160,
    REDIS_REPLICAS_MAX = 16
};

/* NULL is the same as "". The texts stay the caller's. */
struct redis_access {
    const char *address;
    const char *user;               /* "": the default user */
    const char *password_file;      /* its first line; read at each connection, so that it may change; "": no login */
    const char *sentinel_password_file;
    const char *ca_file;            /* PEM: who signs these servers' certificates, and nothing else; "": no TLS */
    const char *certificate_file, *key_file;        /* PEM: ours, if the server wants one */
    unsigned replicas;              /* that must have a write before it counts as done */
};

enum redis_scheme { REDIS_UNIX, REDIS_TCP, REDIS_TLS, REDIS_SENTINEL, REDIS_CLUSTER };

struct redis_endpoint {
    char host[REDIS_HOST_BYTES];
    int port;                       /* 0: host is the path of a unix socket */
};

/* An address, read. */
struct redis_place {
    enum redis_scheme scheme;
    struct redis_endpoint at[REDIS_ENDPOINTS_MAX];
    size_t count;                   /* at least 1 */
    char name[REDIS_NAME_BYTES];    /* of the primary, for REDIS_SENTINEL */
};

/* false: not an address, with a message for the operator. */
bool redis_address_read(const char *address, struct redis_place *ret, char message[REDIS_MESSAGE_BYTES]);

#endif
