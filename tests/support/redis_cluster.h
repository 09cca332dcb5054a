/* redis_cluster: three masters of a test's own that share the slots of a Redis Cluster. */
#ifndef CARELINE_TESTS_REDIS_CLUSTER_H
#define CARELINE_TESTS_REDIS_CLUSTER_H

#include "redis_server.h"

enum { CLUSTER_MASTERS = 3 };

struct redis_cluster {
    struct redis_server masters[CLUSTER_MASTERS];
    char ids[CLUSTER_MASTERS][41];
    char address[128];              /* for store_redis_new; names two of the three */
};

/* false with a message on stderr. Stop does nothing on one that is zeroed. */
bool redis_cluster_start(struct redis_cluster *cluster);
void redis_cluster_stop(struct redis_cluster *cluster);

/* Which master serves the slot, by its own word; -1: none. */
int redis_cluster_owner(struct redis_cluster *cluster, unsigned slot);

/* Moves a slot the way redis-cli does: begun, its keys one by one, finished, which waits until all three know.
 * false: Redis refused. On connections of its own, so from any thread. */
bool redis_cluster_move_begin(struct redis_cluster *cluster, unsigned slot, int from, int to);
bool redis_cluster_move_keys(struct redis_cluster *cluster, unsigned slot, int from, int to);
bool redis_cluster_move_finish(struct redis_cluster *cluster, unsigned slot, int to);

#endif
