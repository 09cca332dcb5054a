/* consumers: how far other teams' programs have come, for those that keep a durable name. One record a name in the note
 * map "consumers": who it belongs to, when it was last heard of, and per partition the last event that it has done
 * with. */
#ifndef CARELINE_CONSUMERS_H
#define CARELINE_CONSUMERS_H

#include "store.h"

enum {
    CONSUMERS_MAX = 64,             /* durable names; each may hold the log back */
    CONSUMER_NAME_BYTES_MAX = 64
};

struct point { uint32_t partition; struct checkpoint at; };
struct point_list { struct point *at; size_t count; };

struct consumer {
    const char *name;
    const char *actor;
    wall_ms seen;
    struct point_list points;       /* in order of partitions, each at most once */
    struct slice stored;            /* the record as it was read; empty: there was none */
};

struct consumer_list { struct consumer *at; size_t count; };

enum store_status consumers_read(struct store *store, struct arena *arena, struct consumer_list *ret);
struct consumer *consumers_find(const struct consumer_list *list, const char *name);

/* Writes the record if it is still what was read; STORE_CHANGED if not. Points must be in order. */
enum store_status consumer_write(struct store *store, const struct consumer *consumer);
enum store_status consumer_forget(struct store *store, const struct consumer *consumer);

/* The point of a partition; NULL: none yet. */
const struct point *points_find(const struct point_list *points, uint32_t partition);
/* Sets the point of a partition, keeping the order. */
void points_set(struct point_list *points, struct point point, struct arena *arena);

/* One at a glance. */
struct consumer_glance {
    const struct consumer *consumer;
    uint64_t lag;
    int64_t silent_ms;              /* since it was heard of, in real time */
};

/* All of them, in the arena. */
enum store_status consumers_glance(struct store *store, uint32_t partitions, struct arena *arena,
                                   struct consumer_glance **ret, size_t *ret_count);

/* Events between what it has done and the heads (by partition). */
uint64_t consumer_lag(const struct consumer *consumer, const struct checkpoint *heads, uint32_t partitions);
/* The least seq that any of them has done in a partition; UINT64_MAX: none is concerned with it. */
uint64_t consumers_slowest(const struct consumer_list *list, uint32_t partition);

#endif
