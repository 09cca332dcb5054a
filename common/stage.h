/* stage: the loop that turns a core into a daemon: leases, reading without gaps, loading, batching, committing,
 * publishing, firing of timers (scheduler), quarantine of poison. One thread; never blocks except in a store call.
 *
 *   unowned --claim--> reading --batch--> committed --publish--> reading
 *                         |  rewound or fenced: drop all, claim or load again  */
#ifndef CARELINE_STAGE_H
#define CARELINE_STAGE_H

#include "bus.h"
#include "clock.h"
#include "core.h"
#include "seal.h"

enum {
    LEASE_MS = 4500,                /* a dead replica's partitions are free after this: taken over within five seconds */
    RENEW_MS = 1000,                /* also how often the log's tail is checked */
    SEND_TIMEOUT_MS = 3000,         /* of one attempt to send; shorter than what is left of a renewed lease */
    HOLD_MS = 5,                    /* how long frames out of order wait for those before them */
    POISON_SINGLE = 3,              /* unclean takeovers at one checkpoint: from here one event a batch */
    POISON_ASIDE = 5                /* and here it is set aside */
};

struct stage_options {
    const struct core *core;
    struct store *store;
    struct bus *bus;
    struct clock *clock;
    struct sealer *sealer;
    const char *owner;              /* random, unique per process */
    uint32_t partitions;
    const char *build;              /* version, for quarantine reports */
    uint64_t (*random)(void *context);      /* chain ids */
    void *random_context;
    bool eager_checkpoints;         /* commit at once even when no event concerned this stage (stepped clock, tests) */
    /* notifier: called after the commit that recorded the attempt; and when a partition was claimed, so that attempts of
     * a former owner are closed as unknown */
    void (*send)(void *context, uint32_t partition, const struct send_order *order, mono_ms lease_ends);
    void *send_context;
};

struct stage_loop;

struct stage_loop *stage_new(const struct stage_options *options);
void stage_free(struct stage_loop **stage);

/* Does what can be done now. Returns the milliseconds until it wants to be called again if nothing arrives, 0: at once. */
int64_t stage_step(struct stage_loop *stage);

/* Gives up all leases, after what is being worked is committed. */
void stage_stop(struct stage_loop *stage);

struct stage_report {
    uint32_t owned;
    uint64_t events, commits, emitted, fired, gaps, log_reads, reordered, rewinds, fenced, stale, changed, quarantined, refused;
    int64_t lag;                    /* events between checkpoints and heads of what it owns */
    wall_ms earliest_due;
    bool store_reachable;
};

void stage_report(const struct stage_loop *stage, struct stage_report *ret);

#endif
