/* replay: the log for other teams' programs, over a ZeroMQ ROUTER, without any right in Redis; see proto/PROTOCOL.md.
 * On a thread and a store connection of its own, so that no consumer slows an acknowledgement. The same thread trims
 * the log. */
#ifndef CARELINE_REPLAY_H
#define CARELINE_REPLAY_H

#include "credential.h"
#include "curve.h"
#include "metrics.h"
#include "store.h"

struct replay;

struct replay_options {
    struct curve *curve;            /* outlives it */
    struct redis_access store;
    const char *address;
    uint32_t partitions;
    struct metrics *metrics;
    struct keys *keys;              /* NULL: none are needed; taken over */
    int64_t keep_ms;                /* entries older than this go; 0: none do */
    int64_t keep_for_consumers_ms;  /* … but those that a durable consumer has yet to read stay so long */
    const char *archive;            /* … and those that this one has yet to read, for ever; "": there is none */
};

/* NULL with a message for the operator. */
struct replay *replay_new(const struct replay_options *options, char message[160]);
void replay_free(struct replay **replay);
const char *replay_endpoint(const struct replay *replay);

/* From now on these keys count; NULL: none are needed. Takes them over. */
void replay_keys(struct replay *replay, struct keys *keys);
/* The installation's time, told each turn of the loop: ages of entries are counted by it. */
void replay_time(struct replay *replay, wall_ms now);

#endif
