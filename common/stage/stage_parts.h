/* stage_parts: what a stage loop is made of; for its own files only.
 *
 *   stage.c         the step: what is done in which order, how long to sleep
 *   stage_lease.c   claim, renew, share, release
 *   stage_batch.c   from waiting events to decided batches, of some partitions at a time
 *   stage_commit.c  from decided batches to the store, many in one exchange; what its answers mean
 *   stage_poison.c  events that kill whoever works them
 *   stage_fire.c    due timers; time that jumps
 *   stage_send.c    orders to the sender, attempts of a former owner, facts of its own */
#ifndef CARELINE_STAGE_PARTS_H
#define CARELINE_STAGE_PARTS_H

#include "reader.h"
#include "stage.h"
#include "turn.h"

enum {
    CACHE_BYTES_MAX = 24 * 1024 * 1024,     /* all entities that one process keeps */
    FRAMES_PER_STEP = 4096,                 /* then the store gets its turn */
    HAND_MAX = 32,                          /* partitions that are worked together, */
    READ_TOGETHER = 4,                      /* of those, whose logs are read in one exchange: answers to more wait in new memory */
    HAND_PROMPT = 8, BATCH_PROMPT = 8,      /* and while timers fire: partitions, events of each. Then the next timers are looked for */
    PROMPT_MS = 50,                         /* how long after a timer that fired in time others are expected */
    LATE_MS = 1000,                         /* timers later than this are caught up with: many at a time, none in a hurry */
    FIRE_AHEAD_MAX = READER_READY_MAX / 2,  /* events of a partition that wait: more timers only add to the log */
    FIRE_TOGETHER = 32,                     /* partitions whose timers fire in one exchange, at most; */
    FIRE_FIRST = 4,                         /* the first ones: twice as many after each that fired no more than a few */
    FIRE_FEW = 64,
    STEP_MS_MAX = 1000,                     /* then leases, bus and the rest of the daemon get theirs */
    BACKOFF_MS = 50, BACKOFF_MS_MAX = 1000,
    AT_ONCE_MS = 5 * 60 * 1000              /* an event worked later than this leaves what is due to timers */
};

struct outgoing {                   /* a fact of our own on its way to the store */
    struct outgoing *next;
    uint64_t digest, chain_id, after;
    struct slice packed;            /* these two point behind the struct */
    const char *key;
};

struct outbox { struct outgoing *first, *last; };       /* last: if there is a first */

/* When something may be tried again. */
struct backoff { int64_t wait_ms; mono_ms until; };

struct stage_partition {
    uint32_t number;
    bool owned;
    struct lease lease;
    mono_ms lease_ends;             /* at the earliest */
    struct checkpoint checkpoint;   /* as stored */
    struct checkpoint worked;       /* ahead of it while nothing came of the events between */
    struct reader reader;
    uint64_t head;
    wall_ms earliest_due;
    int deaths;                     /* of former owners while they worked from this checkpoint */
    bool careful, marked;           /* the store is told before a batch is worked; it knows */
    bool noted;                     /* what it was told still stands there */
    bool set_aside;                 /* the next event is not to be worked */
    size_t singles_left;            /* events still to be worked one by one */
    bool looks;                     /* the next batch expects nothing to be new without a look: see turn_expect_none */
    size_t batch_max;               /* smaller after a refusal or a change by others */
    struct turn *working;           /* being decided */
    struct turn *pending;           /* decided, its commit not yet answered */
    struct commit commit;           /* of pending */
    size_t commit_events;           /* how many ready entries it covers */
    bool uncertain;                 /* a commit was sent and not answered */
    struct backoff backoff;
    mono_ms attempts_at;            /* when attempts that nobody is busy with are looked for */
    struct outbox outbox;           /* owned or not */
    mono_ms free_since;             /* not owned: seen free, beyond our share; 0: not */
    bool released;                  /* not owned: its owner said that it gave it back */
};

struct hand { struct stage_partition *at[HAND_MAX]; size_t count; };   /* partitions that are worked together */

struct exchange {                   /* commits that go to the store together; room for all partitions */
    struct commit **commits;
    enum store_status *statuses;
    size_t count;
    size_t bytes;                   /* of what they put and emit */
};

struct stage_loop {
    struct stage_options options;
    struct turn_tools tools;
    struct content_source source;
    struct stage_partition *partitions;
    struct arena *arena;            /* of one call */
    struct hand hand;
    struct turn *spare[HAND_MAX];   /* turns to be used again */
    size_t spare_count;
    struct exchange exchange;       /* being gathered */
    struct exchange sent;           /* not yet answered */
    uint32_t first;                 /* partition that the next step begins with */
    unsigned passed;                /* events that came since one was worked */
    /* leases */
    mono_ms renew_at, claim_at;
    uint32_t owned, share;
    uint32_t surplus_seen;          /* how often in a row we had more than our share */
    bool released;                  /* of a partition, as said by another; still to be looked into */
    struct lease *leases;           /* room for all partitions */
    struct standing *standings;
    enum store_status *statuses;
    struct backoff store_backoff;
    /* time */
    int64_t wall_minus_mono;
    mono_ms now;                    /* looked up once a step, and after what may have taken long */
    mono_ms stepped_at, tilt_until;
    int64_t slept_ms;               /* what the last step asked for */
    mono_ms prompt_until;           /* timers fire in time: nothing else is to take long */
    /* outbox */
    size_t outbox_count;            /* of all partitions */
    mono_ms flushed_at;
    struct backoff outbox_backoff;
    bool stopping;
    mono_ms lazy_at;                /* when checkpoints behind events of no concern catch up */
    bool catches_up;                /* they do so in this step */
    bool eager;                     /* checkpoints are committed even when nothing came of the events */
    bool busy;                      /* this step left something that can be done at once */
    struct stage_report report;
};

static inline void stage_look(struct stage_loop *stage) { stage->now = clock_mono(stage->options.clock); }
static inline mono_ms stage_mono(const struct stage_loop *stage) { return stage->now; }
static inline bool mono_reached(mono_ms now, mono_ms at) { return now.ms >= at.ms; }

void backoff_more(struct backoff *backoff, mono_ms now);
void backoff_none(struct backoff *backoff);

/* stage_lease.c */
void stage_renew(struct stage_loop *stage);
void stage_claim(struct stage_loop *stage);
/* Claims what others have just given back. */
void stage_claim_released(struct stage_loop *stage);
void stage_note_released(struct stage_loop *stage, const struct hint *hint);
void stage_lose(struct stage_loop *stage, struct stage_partition *partition, const char *why);
/* Takes where the store says we stand; false: it does not answer or the lease is lost. */
bool stage_reload(struct stage_loop *stage, struct stage_partition *partition);
/* Gives all leases back; what is not committed by then is left to the next owner. */
void stage_release_all(struct stage_loop *stage);

/* stage_poison.c */
/* What former owners noted, read once for all that are claimed together; into the stage's arena. */
struct deaths { struct texts fields; struct slice *values; };
void stage_read_deaths(struct stage_loop *stage, struct deaths *ret);
void stage_suspect(struct stage_loop *stage, struct stage_partition *partition, int unclean, const struct deaths *noted);
/* Before a batch is worked; false: the store does not answer. And after its commit. */
bool stage_mark(struct stage_loop *stage, struct stage_partition *partition);
void stage_unmark(struct stage_partition *partition);
/* Takes back what the store was told, when nothing waits. */
void stage_tidy(struct stage_loop *stage, struct stage_partition *partition);

/* stage_batch.c */
/* What the reader is to keep of an event: nothing, if it does not concern this stage. */
struct slice stage_concern(const struct stage_loop *stage, struct slice packed);
/* Is there anything to be read, decided or committed of it? */
bool stage_has_work(const struct stage_loop *stage, const struct stage_partition *partition);
/* Decides the next batch of each, if one waits and it is time, and commits them. */
void stage_work(struct stage_loop *stage, const struct hand *hand);
/* Adds what is pending or only worked to the next exchange. */
void stage_settle(struct stage_loop *stage, struct stage_partition *partition);
/* Nothing is left to commit. */
bool stage_is_settled(const struct stage_partition *partition);

/* stage_commit.c */
void stage_commit_begin(struct stage_partition *partition, struct checkpoint to);
/* Adds a partition's commit to the next exchange, which goes off when it holds enough: the store works on it while others
 * are decided. */
void stage_commit_add(struct stage_loop *stage, struct stage_partition *partition);
/* Commits all that was added, waits for all answers, publishes, hands over; each partition by its own answer. */
void stage_exchange(struct stage_loop *stage);
void stage_drop_pending(struct stage_loop *stage, struct stage_partition *partition);
/* A turn, and back: those given back are used again. */
struct turn *stage_turn(struct stage_loop *stage, uint32_t partition);
void stage_turn_done(struct stage_loop *stage, struct turn **turn);
/* Events just written: to the bus and to our own reader. */
void stage_publish(struct stage_loop *stage, const struct place *place, const char *type, struct slice packed);

/* stage_fire.c */
void stage_watch_time(struct stage_loop *stage);
bool stage_clock_is_right(const struct stage_loop *stage);
/* Timers that are due become events. */
void stage_fire(struct stage_loop *stage);
/* Do timers fire just now, each in its time? */
bool stage_is_prompt(const struct stage_loop *stage);
/* Real milliseconds until timers that are due at `due` (0: none) may fire; -1: none to wait for. */
int64_t stage_due_wait_ms(const struct stage_loop *stage, wall_ms due);

/* stage_send.c */
void stage_hand_over(struct stage_loop *stage, struct stage_partition *partition, const struct turn *turn);
void stage_close_attempts(struct stage_loop *stage, struct stage_partition *partition);
void stage_flush(struct stage_loop *stage);
mono_ms stage_flush_at(const struct stage_loop *stage);
void stage_outbox_free(struct stage_loop *stage);

#endif
