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
    LEASE_MS = 4200,                /* a dead replica's partitions are free after this: taken over within five seconds */
    RENEW_MS = 1000,                /* also how often the log's tail is checked */
    SEND_TIMEOUT_MS = 3000,         /* of one attempt to send; shorter than what is left of a renewed lease */
    HOLD_MS = 5,                    /* how long frames out of order wait for those before them */
    POISON_NOTED = 2,               /* unclean takeovers at one checkpoint: from here it is worked alone, and a note says so */
    POISON_SINGLE = 3,              /* from here one event a batch */
    POISON_ASIDE = 5,               /* and here it is set aside */
    LAZY_MS = 1000,                 /* how long a checkpoint may stay behind events of no concern, */
    LAZY_STEPPED_MS = 200,          /* and in stepped time, which waits for it */
    TILT_MS = 2000,                 /* a clock that jumped by more must be steady for as long before timers fire */
    ORPHAN_MS = 2000,               /* a free partition beyond the fair share is claimed after this, */
    HANDOVER_MS = 100,              /* and after this if its owner said that it gave it back: others have heard it too */
    ATTEMPTS_MS = 30000,            /* how often attempts that nobody is busy with are looked for */
    RESULTS_MS = 10,                /* ends of attempts that come so soon after others wait for each other: one call for many, */
    RESULTS_MANY = 64,              /* unless they are so many */
    BYSTANDER_EVENTS = 256,         /* so many in a row that do not concern a stage make it a bystander */
    OUTBOX_MAX = 4096               /* facts of this process that wait for the store */
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
    /* stepped clock: progress is told on the bus, and checkpoints are committed at once while somebody waits for them */
    bool stepped;
    bool virtual_clock;             /* wall time is scaled, stepped or moved by hand: its jumps are no fault */
    /* real milliseconds until the wall clock comes to `due`; NULL: due - now. INT64_MAX: not by itself */
    int64_t (*due_wait_ms)(void *context, wall_ms due);
    void *due_wait_context;
    /* Is this process's clock right? If not it fires no timers, and leaves its partitions to other replicas of its stage if
     * there are any; one whose clock is not right announces itself under another name than its stage's. NULL: always */
    bool (*clock_is_right)(void *context);
    void *clock_context;
    /* hints from the bus that are not for this loop, and what it tells itself; NULL: nobody listens */
    void (*on_hint)(void *context, const struct hint *hint);
    void *hint_context;
    /* notifier: called after the commit that recorded the attempt */
    void (*send)(void *context, uint32_t partition, const struct send_order *order, mono_ms lease_ends);
    /* notifier: is this process still busy with that attempt? Asked when a partition was claimed; attempts that nobody
     * is busy with are closed as unknown. NULL: never */
    bool (*is_sending)(void *context, const char *notice, int attempt);
    void *send_context;
};

struct stage_loop;

struct stage_loop *stage_new(const struct stage_options *options);
void stage_free(struct stage_loop **stage);

/* Does what can be done now. Returns the milliseconds until it wants to be called again if nothing arrives, 0: at once. */
int64_t stage_step(struct stage_loop *stage);

/* Has the bus for long brought only events that do not concern this stage? Then it need not be woken up for each. */
bool stage_is_bystander(const struct stage_loop *stage);

/* What HINT_EAGER says, for the one process that does not hear its own words. */
void stage_set_eager(struct stage_loop *stage, bool on);

/* Gives up all leases, after what is being worked is committed. */
void stage_stop(struct stage_loop *stage);

/* Notifier: what an attempt came to. Appended as send.finished as soon as the store takes it, together with others of the
 * same few milliseconds, once for each attempt: what was said first stands. Everything is copied. false: OUTBOX_MAX wait already, say it again later. */
bool stage_append(struct stage_loop *stage, const struct send_order *order, enum send_result result,
                  const char *detail);
/* Until when the partition surely is ours, as far as we know; 0: it is not. */
mono_ms stage_lease_ends(const struct stage_loop *stage, uint32_t partition);

/* How many wait. */
size_t stage_outbox(const struct stage_loop *stage);

struct stage_report {
    uint32_t owned;
    uint64_t events, commits, emitted, fired, gaps, log_reads, reordered, rewinds, fenced, stale, changed, quarantined, refused,
        settings_refused;
    int64_t lag;                    /* events not yet worked in the partitions that it owns */
    wall_ms earliest_due;
    bool store_reachable;
    bool tilted;                    /* the clock jumped: timers wait until it is steady */
};

void stage_report(const struct stage_loop *stage, struct stage_report *ret);

#endif
