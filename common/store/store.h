/* store: the truth. Per partition: a log, entities, timers, a queue, checkpoints and leases.
 *
 * Two stores stand behind this interface and behave alike to the byte: Redis (store_redis.c, functions.lua) and memory
 * (store_memory.c). A call is atomic: it happens whole or not at all. After STORE_GONE the outcome is unknown; the
 * caller repeats with the same contents (append by its keys, commit by its checkpoint: both notice what is done).
 *
 * A write to Redis counts once `replicas` of redis_access have it; fewer within WAIT_MS is STORE_GONE, also when it was
 * done before and only repeated. So nothing that was answered is lost with a primary if `replicas` is the number of
 * those that may be promoted: with less, the one promoted may be one that was not waited for. */
#ifndef CARELINE_STORE_H
#define CARELINE_STORE_H

#include "event.h"
#include "redis_access.h"

enum {
    PARTITIONS_DEFAULT = 64,
    PARTITIONS_MAX = 1024,
    BATCH_EVENTS_MAX = 512,
    BATCH_BYTES_MAX = 1024 * 1024,
    FIRE_MAX = 512,                 /* timers fired in one call */
    ENTRY_EVENTS_MAX = 16,          /* events of one write that the log keeps together */
    TRIM_MAX = 10000,               /* events let go in one call */
    READ_MAX = 512,                 /* events read of one partition in one call */
    READ_IDS_MAX = 4096,            /* entities of one kind */
    SETTLED_MS_MAX = 200,           /* how old an answer of `settled` may be */
    OWNER_BYTES_MAX = 64,
    ENTITY_ID_BYTES_MAX = NAME_BYTES_MAX,
    ENTITY_BYTES_MAX = 256 * 1024,
    QUEUE_BYTES_MAX = 512,
    KEY_BYTES_MAX = 512,            /* of an idempotency key */
    COMMIT_EVENTS_MAX = 2048,       /* a batch of facts may lead to more events than it holds */
    COMMIT_PUTS_MAX = 2048,
    COMMIT_CONDITIONS_MAX = 2048,
    COMMIT_BYTES_MAX = 8 * 1024 * 1024,
    REWIND_MAX = 256                /* writes of a partition that the memory store can take back */
};

#define DUE_MAX ((wall_ms)253402300799999)      /* 9999-12-31T23:59:59.999Z: the latest that an event can tell */

enum store_status {
    STORE_OK,
    STORE_GONE,                     /* no answer: outcome unknown; call again */
    STORE_FULL,                     /* out of memory or disk: refused whole; later */
    STORE_FENCED,                   /* the lease is not ours (any more): drop all, claim again */
    STORE_STALE,                    /* the checkpoint is not where we thought, or its id is not the log's: reload */
    STORE_CHANGED,                  /* an entity that the commit depends on has another version: read, decide again */
    STORE_REFUSED                   /* over a limit or malformed: a bug of the caller; *message says what */
};

const char *store_status_text(enum store_status status);

struct store;

/* An event as it stands in the log. `packed` points into the arena of the call. */
struct entry {
    struct place place;
    struct slice packed;
};

struct entry_list { struct entry *at; size_t count; };

/* -------- facts */

enum append_outcome { APPEND_NEW, APPEND_KNOWN, APPEND_CONFLICT };

struct fact {
    const char *key;                /* idempotency key: source, NUL-free, '\n', id */
    bool natural;                   /* the key never expires; else it is kept for 8 days at least */
    uint64_t digest;                /* of the body as the client sent it: tells "again" from "conflict" */
    uint64_t chain_id;              /* random, becomes place.id if it is new */
    enum stage stage;               /* who appends it: STAGE_NONE, the outside by way of intake, or a stage without a
                                     * commit; the same for all facts of a call. Each has keys of its own */
    struct slice packed;            /* the event */
    /* results */
    enum append_outcome outcome;
    struct place place;             /* where it stands, or stood the first time (id and prev are 0 then) */
};

struct append {                     /* facts into one partition's log, in order */
    uint32_t partition;
    struct fact *facts;
    size_t count;
};

/* -------- leases and checkpoints */

struct lease {
    uint32_t partition;
    enum stage stage;
    char owner[OWNER_BYTES_MAX];    /* random, per process */
    uint64_t epoch;                 /* raised at each claim by somebody else */
};

struct checkpoint {
    uint64_t seq;                   /* last event worked; 0: none */
    uint64_t id;                    /* its chain id */
};

struct standing {                   /* what claim and renew tell */
    struct lease lease;
    struct checkpoint checkpoint;
    struct checkpoint head;         /* last event of the log */
    wall_ms earliest_due;           /* of all timers of the partition; 0: none */
    int unclean;                    /* claim: takeovers from a dead owner at this checkpoint */
};

/* -------- commit */

struct entity_put {
    enum entity_kind kind;
    const char *id;
    uint64_t version;               /* the new one: old + 1 */
    struct slice packed;            /* the record; empty: delete the entity */
    wall_ms due;                    /* its timer; 0: none; at most DUE_MAX */
    wall_ms due_before;             /* what the store holds now: equal means leave alone */
    const char *queue;              /* its place in the queue, see below; "" or NULL: none */
    const char *queue_before;
};

struct entity_condition {           /* an entity of another stage that was read */
    enum entity_kind kind;
    const char *id;
    uint64_t version;               /* 0: it did not exist */
};

struct new_event {
    uint64_t chain_id;              /* random */
    struct slice packed;
    struct place place;             /* result */
};

struct commit {
    struct lease lease;
    struct checkpoint from;         /* where the stage stood */
    struct checkpoint to;           /* where it stands after; checked against the log */
    const struct entity_put *puts;
    size_t put_count;
    const struct entity_condition *conditions;
    size_t condition_count;
    struct new_event *events;
    size_t event_count;
    wall_ms earliest_due;           /* result, if a put moves a timer; else left alone */
};

/* -------- timers */

struct fire {                       /* those of one partition that are due */
    struct lease lease;
    wall_ms now;
    uint64_t chain_seed;
    struct entry_list fired;        /* results */
    wall_ms earliest_due;
};

/* -------- reading */

struct stored_entity {
    const char *id;
    uint64_t version;               /* 0: does not exist */
    wall_ms due;
    const char *queue;
    struct slice packed;
};

struct stored_entity_list { struct stored_entity *at; size_t count; };

struct log_read {                   /* of one partition, in order of seq */
    uint32_t partition;
    uint64_t from_seq;
    size_t max;                     /* events; at most READ_MAX are read */
    struct entry_list entries;      /* result */
};

struct entities_read {              /* of one kind in one partition */
    uint32_t partition;
    enum entity_kind kind;
    const char *const *ids;
    size_t count;                   /* at most READ_IDS_MAX */
    struct stored_entity *entities; /* result: room for `count`, in the order of the ids */
};

struct timer_entry { const char *member; wall_ms due; };
struct timer_list { struct timer_entry *at; size_t count; };

/* One partition at a glance. */
struct partition_view {
    struct checkpoint head;
    struct checkpoint first;        /* oldest kept */
    wall_ms earliest_due;
    size_t timers, queue;
    size_t sending;                 /* queue members that begin with "sending/" */
    struct {
        struct checkpoint checkpoint;
        char owner[OWNER_BYTES_MAX];
        uint64_t epoch;
        int64_t lease_left_ms;
        int unclean;
    } stages[STAGE_COUNT];
};

/* What is left of a log that was trimmed. */
struct trimmed {
    uint64_t count;                 /* events that went */
    uint64_t first;                 /* seq of the oldest kept; 0: none */
    uint64_t entries;               /* events kept */
    uint64_t bytes;                 /* that they take in memory, about */
};

/* Daemons announce themselves: member is a name unique on the bus. */
struct member {
    const char *name;               /* owner id */
    const char *stage;              /* "intake", "scheduler", … */
    const char *endpoint;           /* of its PUB socket */
    const char *details;            /* JSON: host, pid, build, http endpoint, public CURVE key */
};

struct member_list { struct member *at; size_t count; };

struct store_health {
    bool reachable;
    int64_t used_bytes, limit_bytes;    /* memory; limit 0: none set */
    char message[160];
};

struct store_functions {
    enum store_status (*append)(struct store *, const struct append *each, size_t count,
                                enum store_status *ret_status_each);
    enum store_status (*commit)(struct store *, struct commit *const *each, size_t count,
                                enum store_status *ret_status_each);
    void (*commit_begin)(struct store *, struct commit *const *each, size_t count);
    void (*fire_begin)(struct store *, const struct fire *each, size_t count);
    enum store_status (*fire)(struct store *, struct fire *each, size_t count, struct arena *,
                              enum store_status *ret_status_each);
    enum store_status (*claim)(struct store *, const struct lease *wanted, size_t count, int64_t ttl_ms,
                               struct standing *ret_each, enum store_status *ret_status_each);
    enum store_status (*renew)(struct store *, const struct lease *leases, size_t count, int64_t ttl_ms,
                               struct standing *ret_each, enum store_status *ret_status_each);
    enum store_status (*release)(struct store *, const struct lease *leases, size_t count,
                                 enum store_status *ret_status_each);
    enum store_status (*read_log)(struct store *, struct log_read *each, size_t count, struct arena *,
                                  enum store_status *ret_status_each);
    enum store_status (*read_entities)(struct store *, struct entities_read *each, size_t count, struct arena *,
                                       enum store_status *ret_status_each);
    enum store_status (*scan_entities)(struct store *, uint32_t partition, enum entity_kind, uint64_t *cursor,
                                       struct arena *, struct stored_entity_list *ret);
    enum store_status (*read_queue)(struct store *, uint32_t partition, const char *prefix, const char *after,
                                    size_t max, struct arena *, struct texts *ret);
    enum store_status (*read_timers)(struct store *, uint32_t partition, wall_ms from, size_t skip, size_t max,
                                     struct arena *, struct timer_list *ret);
    enum store_status (*view)(struct store *, const uint32_t *partitions, size_t count,
                              struct partition_view *ret_each);
    /* Only where each log ends: what a view would say, for a fraction of the work. */
    enum store_status (*heads)(struct store *, const uint32_t *partitions, size_t count, struct checkpoint *ret_each);
    /* How far each log is safe from a fail-over: the last event that all replicas waited for are known to have. */
    enum store_status (*settled)(struct store *, const uint32_t *partitions, size_t count, const uint64_t *wanted,
                                 struct checkpoint *ret_each);
    enum store_status (*trim)(struct store *, uint32_t partition, uint64_t before_seq, struct trimmed *ret);
    enum store_status (*content_put)(struct store *, const char *hash, struct slice content);
    enum store_status (*content_get)(struct store *, const char *hash, struct arena *, struct slice *ret);
    /* small named records: "clock", "meta", "participants" … field of a map; an empty value deletes */
    enum store_status (*note_put)(struct store *, const char *map, const char *field, struct slice value);
    enum store_status (*note_get)(struct store *, const char *map, struct arena *, struct texts *ret_fields,
                                  struct slice **ret_values);
    /* puts only if the field still holds `expected` (empty: does not exist); STORE_CHANGED if not */
    enum store_status (*note_swap)(struct store *, const char *map, const char *field, struct slice expected,
                                   struct slice value);
    enum store_status (*announce)(struct store *, const struct member *, int64_t ttl_ms);
    enum store_status (*members)(struct store *, struct arena *, struct member_list *ret);
    enum store_status (*now)(struct store *, wall_ms *ret);         /* the store's own wall clock */
    void (*health)(struct store *, struct store_health *ret);
    const char *(*message)(struct store *);                         /* of the last failure, for a log line */
    void (*free)(struct store **);
};

struct store { const struct store_functions *functions; };

/* A single one of what goes in many; the status is its own. */
enum store_status store_append_one(struct store *store, uint32_t partition, struct fact *facts, size_t count);
enum store_status store_commit_one(struct store *store, struct commit *commit);
enum store_status store_fire_one(struct store *store, const struct lease *lease, wall_ms now, uint64_t chain_seed,
                                 struct arena *arena, struct entry_list *ret_fired, wall_ms *ret_earliest_due);
enum store_status store_read_log_one(struct store *store, uint32_t partition, uint64_t from_seq, size_t max,
                                     struct arena *arena, struct entry_list *ret);
enum store_status store_read_entities_one(struct store *store, uint32_t partition, enum entity_kind kind,
                                          const char *const *ids, size_t count, struct arena *arena,
                                          struct stored_entity *ret);
enum store_status store_claim_one(struct store *store, uint32_t partition, enum stage stage, const char *owner,
                                  int64_t ttl_ms, struct standing *ret);
enum store_status store_release_one(struct store *store, const struct lease *lease);

/* Who may append what (stage_may_append) is checked where the log is: an event of another type than the stage's own, or
 * one that does not begin with its id, source and type, is STORE_REFUSED and nothing of the call is done.
 *
 * append, commit, fire, claim, renew, release, read_log, read_entities: many in one exchange, so that they share its round
 *   trip and its fsync; each is atomic by itself and concerns nobody else. STORE_OK with the answers in ret_status_each, where STORE_GONE is one whose
 *   node of a Cluster does not answer; STORE_GONE when none was answered, though some may be done.
 * commit_begin, fire_begin: said ahead of commit, or fire, by a caller that has something else to do meanwhile: the store sets to
 *   work, the answers come with the call itself. That is the next commit or fire, of the same `each`, which stays as it
 *   is until then. Other calls may come in between. NULL: a store that cannot work on its own.
 * append: facts into the logs of some partitions, of each once. Facts whose key is known are skipped, with the first
 *   place as answer; a known key with another digest is APPEND_CONFLICT; both leave the others alone. STORE_FULL when
 *   memory is out. Durable when the answer is STORE_OK, as durable as the store is configured.
 * commit: of some partitions, of each once. Lease (epoch, owner; it may have expired, as long as nobody else has claimed
 *   it), checkpoint `from` equal to the stored one, `to` on the log with its id, conditions; then all at once: entities,
 *   timers, queue, events, checkpoint. Allowed when memory is out. A commit whose `to` is already the checkpoint and whose
 *   lease holds is STORE_STALE: the caller reloads and sees that it is done.
 *   A put whose stored version is not version - 1 is STORE_CHANGED; one whose due_before or queue_before is not what is
 *   stored, two puts of one entity, or an entity of another stage: STORE_REFUSED.
 * fire: of some partitions, of each once: timers due at or before `now`, at most FIRE_MAX, earliest first, become timer.fired events (site from the
 *   entity's id, source "scheduler", id "timer/<member>@<due>", time `now`, data entity and due); needs the scheduler's
 *   lease, as a commit does. An id that would be over NAME_BYTES_MAX has the chain id in hex for the member. Chain ids are chain_seed,
 *   chain_seed + 1, …
 *   The entity keeps its due time, so that its stage knows the fired one; a put that leaves it alone arms nothing.
 * claim: takes each lease that is free, expired, or ours already (then the epoch stays); STORE_FENCED if somebody else
 *   holds it. The epoch in `wanted` means nothing. unclean counts claims that followed an expired lease; a commit that
 *   moves the checkpoint and a release set it to 0.
 * renew: each lease that is ours and has not expired; STORE_FENCED for the others.
 * release: gives each lease back that is ours, expired or not; a clean one, so that the next claim does not count as a
 *   takeover. STORE_FENCED for the others.
 * scan_entities: starts with *cursor 0, is over when *cursor is 0 again; may show one twice, misses none that stays.
 * read_queue: members that begin with `prefix`, in byte order, after `after` ("" for the first).
 * read_timers: in order of (due, member), from the time `from` on, without the first `skip`.
 * settled: never beyond what a fail-over can take back, but up to SETTLED_MS_MAX behind, unless what is remembered of a
 *   partition is short of the seq `wanted` of it (NULL: none is). Without replicas to wait for it is the head.
 *   STORE_GONE while too few replicas answer. What others are to see for good ends there: ask first, then read that far.
 * read_log: events from `from_seq` on, or from the oldest kept if that is later. Fewer than `max`, and than READ_MAX: the
 *   log ends there.
 * trim: lets go of the oldest events, those before `before_seq`, at most TRIM_MAX; never of the head, nor of an event at
 *   or after the checkpoint of a stage (all stages: one that has never worked keeps everything). What one write
 *   appended goes together, in pieces of ENTRY_EVENTS_MAX: events stay that share a piece with one that must. 0 only
 *   measures.
 * content_get: an empty slice if there is none. note_get: in order of the fields' bytes.
 * announce: gone after ttl_ms; 0 takes the announcement back at once.
 *
 * Queue: one ordered set of texts per partition, ordered by bytes. A member is
 *   work/<site>/<role>/<class rank>/<due ms, 13 digits>/<task id>    an open task that waits for somebody
 *   held/<site>/<agent>/<task id>                                    a claimed one
 *   later/<site>/<role>/<due ms, 13 digits>/<task id>                one that waits for its time (call back, retry)
 *   case/<site>/<role>/<grade rank>/<opened ms, 13 digits>/<case id> an open case
 *   dead/<site>/<notice id>  held/…  sending/<site>/<notice id>      notices: dead letters, in flight
 * so that "the first of a list" is one short range. */

/* The store in this process's memory; `partitions` of them. */
struct store *store_memory_new(uint32_t partitions);

/* Its wall clock, for leases, keys and announcements; real time if never set. */
void store_memory_time(struct store *store, wall_ms (*now)(void *context), void *context);

/* For simulations: asked at the start of each call what shall become of it; NULL: all goes well. `call` is the name of
 * the function. FATE_FULL concerns calls that write. */
enum store_fate { FATE_DONE, FATE_GONE, FATE_ANSWER_LOST, FATE_FULL };
void store_memory_fault(struct store *store, int (*fate)(void *context, const char *call), void *context);

/* Takes back the last `writes` appends (of something new), commits and fires (of something) of a partition, as a
 * fail-over that lost acknowledged writes does; leases stay. Tells how many it could: REWIND_MAX are remembered. */
unsigned store_memory_rewind(struct store *store, uint32_t partition, unsigned writes);

/* From now on `settled` leaves out the last `events` of each log, as if no replica had them yet. */
void store_memory_unsettle(struct store *store, uint64_t events);

/* Another store with the same contents, time and fate; the caller owns it. It remembers no writes to take back. */
struct store *store_memory_copy(const struct store *store);

/* Redis, wherever redis_access says: one, the primary of Sentinels, a Cluster. Connects at once; NULL with a message
 * for the operator. A call waits at most two seconds for an answer; after STORE_GONE the next call connects again, to the
 * new primary if there is one. SIGPIPE is ignored from here on, unless the program handles it. One store is for one
 * thread. */
struct store *store_redis_new(const struct redis_access *access, uint32_t partitions, char message[160]);

/* Which functions in Redis this build calls: 8 hex digits, a hash of their text. */
const char *store_functions_build(void);

#endif
