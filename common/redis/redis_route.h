/* redis_route: which server has what. One address: that one. Sentinel: the primary that the Sentinels name, which must
 * say so itself. Cluster: for each of the 16384 slots the master that serves it.
 *
 * What was found is remembered until somebody finds it wrong and says redis_route_forget. */
#ifndef CARELINE_REDIS_ROUTE_H
#define CARELINE_REDIS_ROUTE_H

#include "redis_node.h"

enum {
    REDIS_SLOTS = 16384,
    REDIS_NODES_MAX = 64,           /* masters of a Cluster */
    REDIS_TIMEOUT_MS = 2000,        /* for connecting, and for an answer */
    FIND_TIMEOUT_MS = 500           /* the same of each Sentinel or named node: the next one is asked after it */
};

struct redis_route {
    struct redis_place place;
    struct redis_login login, sentinel_login;
    struct redis_node nodes[REDIS_NODES_MAX];
    size_t count;                   /* nodes in use */
    bool found;
    uint8_t node_of_slot[REDIS_SLOTS];      /* NODE_NONE: nobody serves it now */
};

enum { NODE_NONE = 255 };

/* Sees to it that it is known who has what. false with a message. */
bool redis_route_find(struct redis_route *route, char message[REDIS_MESSAGE_BYTES]);
/* Asks again before the next use, and somebody else first: who was asked may be cut off from the others, and know only
 * what was. Connections that turn out to be right stay. */
void redis_route_forget(struct redis_route *route);
void redis_route_close(struct redis_route *route);

/* Number of the node that has this key's slot; NODE_NONE: nobody. */
unsigned redis_route_node(const struct redis_route *route, unsigned slot);

/* Connects a node unless it is connected, and makes sure that it is what it is taken for. */
bool redis_route_open(struct redis_route *route, struct redis_node *node, char message[REDIS_MESSAGE_BYTES]);

/* A key's slot; its hash tag, what stands between the first { and the next }, decides alone if it is not empty. */
struct slice redis_key_tag(struct slice key);
unsigned redis_slot(struct slice key);

/* redis_sentinel.c: asks one Sentinel after another until one knows. */
bool redis_sentinel_find(const struct redis_place *place, const struct redis_login *login, struct redis_endpoint *ret,
                         char message[REDIS_MESSAGE_BYTES]);
/* redis_cluster.c: asks one node after another who serves which slot. */
bool redis_cluster_find(struct redis_route *route, char message[REDIS_MESSAGE_BYTES]);
/* Takes over what a node says of one slot, "MOVED slot host:port"; forgets the whole table if that makes no sense.
 * `from` is the node that said so. */
void redis_cluster_moved(struct redis_route *route, const struct redis_node *from, const char *moved);

#endif
