/* store_redis_parts: what the Redis store is made of; for its own files only.
 *
 * A call writes its commands into the link, one after another, and runs them; then reads their replies. Every key of a
 * partition carries its hash tag, {p0007}; a note, a content and the members have one each: so every function's keys
 * are in one slot of a Cluster. */
#ifndef CARELINE_STORE_REDIS_PARTS_H
#define CARELINE_STORE_REDIS_PARTS_H

#include "redis_link.h"
#include "store_check.h"

enum {
    BUILD_BYTES = 9,
    KIND_LISTS = 5, COMMIT_LISTS = 5,   /* of a commit: for each kind of entity, and others */
    LISTS_MAX = KIND_LISTS * ENTITY_COUNT + COMMIT_LISTS
};

struct store_redis {
    struct store store;
    uint32_t partitions;
    struct redis_link *link;
    redisReply *const *replies;     /* of the last run, in the order of its commands */
    char build[BUILD_BYTES];        /* of the functions, in hex */
    int64_t generation;             /* of idempotency keys, as far as we know */
    const void *begun;              /* what redis_begin was told; NULL: nothing is begun */
    const char *faults[PIPELINE_MAX];       /* of the commits last sent; NULL: none */
    struct buffer blob;             /* argument of the function being called */
    unsigned replicas;              /* that are waited for */
    struct checkpoint *settled;     /* of each partition, when last asked */
    mono_ms settled_at;             /* 0: never */
    char message[MESSAGE_BYTES];
};

struct store_redis *store_redis_of(struct store *store);
enum store_status redis_refuse(struct store_redis *redis, const char *fault);

/* store_redis_wire.c: adds a key of a partition: "{p0007}" and its name, which is in two pieces. */
void key_of(struct store_redis *redis, uint32_t partition, const char *name, const char *more);
void key_of_stage(struct store_redis *redis, uint32_t partition, enum stage stage);
void key_of_kind(struct store_redis *redis, uint32_t partition, enum entity_kind kind);
/* A command of a partition's key alone. */
void command_of_key(struct store_redis *redis, const char *command, uint32_t partition, const char *key);
/* FCALL of our function, up to the number of keys; these and the arguments follow. What it writes must reach the
 * replicas. */
void command_function(struct store_redis *redis, const char *function, size_t keys, size_t arguments);
/* The same for what is said again every second: a primary that lacks a replica need not be waited for. */
void command_passing_function(struct store_redis *redis, const char *function, size_t keys, size_t arguments);
/* Arguments of functions: the blob; a chain id or a digest; a place in the log; and, of lists that follow as arguments,
 * behind which one each begins, the first behind argument `first`: they have so many elements each. */
void command_blob(struct store_redis *redis);
void command_id(struct store_redis *redis, uint64_t id);
void command_place(struct store_redis *redis, struct checkpoint place);
void command_bounds(struct store_redis *redis, size_t first, const size_t *counts, size_t count);
void big_endian_write(uint8_t *to, uint64_t number, size_t bytes);

uint64_t reply_id(const redisReply *reply);         /* of 8 bytes; 0: the reply is something else */
wall_ms reply_time(const redisReply *reply);        /* what TIME answers */

/* store_redis_entity.c: an entity's version, and its whole value, as arguments of a function. */
void command_version(struct store_redis *redis, uint64_t version);
void command_entity(struct store_redis *redis, uint64_t version, wall_ms due, const char *queue, struct slice record);
/* The entity that a value says; none: it does not exist. false: the value is not ours. Into the arena. */
bool entity_of_reply(const redisReply *reply, const char *id, struct arena *arena, struct stored_entity *ret);

/* store_redis_read_log.c: an entry of the log, which is what one write appended, in pieces. Its i-th event's chain id is
 * id[2 * i], the event event[2 * i]; both point into the reply. false: the entry is not ours. */
struct log_entry {
    uint64_t first;                 /* seq of its first event */
    size_t count;                   /* at least 1 */
    uint64_t prev;                  /* id of the event before its first */
    redisReply *const *id, *const *event;
};
bool log_entry_read(const redisReply *reply, struct log_entry *ret);

/* A place in a log: the value of a partition's head, a checkpoint. */
struct checkpoint reply_place(const redisReply *reply);

/* store_redis.c: NULL, or what is wrong with it. */
const char *partition_fault(const struct store_redis *redis, uint32_t partition);

/* Runs the commands in the link. STORE_OK: `replies` holds as many, none of them an error; they stay until the next
 * run. */
enum store_status redis_run(struct store_redis *redis);
/* The same in two steps. `what` they are for tells the second that there was a first: redis->begun until then. */
void redis_begin(struct store_redis *redis, const void *what);
enum store_status redis_finish(struct store_redis *redis);
/* What became of the i-th of these commands, however the others fared; STORE_GONE if it has no reply. */
enum store_status redis_outcome_of(const struct store_redis *redis, size_t i);
/* The same of a call of one of our functions, which may tell a status of its own. */
enum store_status redis_told(struct store_redis *redis, size_t i);
/* For calls of which some were not sent, one after another: *status is STORE_OK for one that was sent, and becomes what it
 * was told; *sent counts them. Its reply, or NULL if there is nothing to read in it. */
const redisReply *redis_next_told(struct store_redis *redis, size_t *sent, enum store_status *status);

/* store_functions.c: the library as Redis takes it; its build is a hash of it. The text lasts for ever. */
const char *functions_library(char ret_build[BUILD_BYTES]);

/* store_redis_functions.c: loads them into a node that lacks them; a redis_prepare of a link. */
bool functions_load(void *context, struct redis_node *node, char message[REDIS_MESSAGE_BYTES]);

/* Function's own status, first in its reply. */
enum { FUNCTION_GENERATION = 100 };
enum store_status function_status(struct store_redis *redis, const redisReply *reply);

/* store_redis_health.c, _log.c, _commit.c, _fire.c, _lease.c, _read.c, _read_log.c, _list.c, _heads.c, _note.c */
enum store_status redis_append(struct store *, const struct append *, size_t, enum store_status *);
enum store_status redis_commit(struct store *, struct commit *const *, size_t, enum store_status *);
void redis_commit_begin(struct store *, struct commit *const *, size_t);
void redis_fire_begin(struct store *, const struct fire *, size_t);
enum store_status redis_fire(struct store *, struct fire *, size_t, struct arena *, enum store_status *);
enum store_status redis_claim(struct store *, const struct lease *, size_t, int64_t, struct standing *,
                              enum store_status *);
enum store_status redis_renew(struct store *, const struct lease *, size_t, int64_t, struct standing *,
                              enum store_status *);
enum store_status redis_release(struct store *, const struct lease *, size_t, enum store_status *);
enum store_status redis_read_log(struct store *, struct log_read *, size_t, struct arena *, enum store_status *);
enum store_status redis_read_entities(struct store *, struct entities_read *, size_t, struct arena *,
                                    enum store_status *);
enum store_status redis_scan_entities(struct store *, uint32_t, enum entity_kind, uint64_t *, struct arena *,
                                      struct stored_entity_list *);
enum store_status redis_read_queue(struct store *, uint32_t, const char *, const char *, size_t, struct arena *,
                                   struct texts *);
enum store_status redis_read_timers(struct store *, uint32_t, wall_ms, size_t, size_t, struct arena *,
                                    struct timer_list *);
enum store_status redis_view(struct store *, const uint32_t *, size_t, struct partition_view *);
enum store_status redis_heads(struct store *, const uint32_t *, size_t, struct checkpoint *);
enum store_status redis_settled(struct store *, const uint32_t *, size_t, const uint64_t *, struct checkpoint *);
enum store_status redis_trim(struct store *, uint32_t, uint64_t, struct trimmed *);
enum store_status redis_content_put(struct store *, const char *, struct slice);
enum store_status redis_content_get(struct store *, const char *, struct arena *, struct slice *);
enum store_status redis_note_put(struct store *, const char *, const char *, struct slice);
enum store_status redis_note_get(struct store *, const char *, struct arena *, struct texts *, struct slice **);
enum store_status redis_note_swap(struct store *, const char *, const char *, struct slice, struct slice);
enum store_status redis_announce(struct store *, const struct member *, int64_t);
enum store_status redis_members(struct store *, struct arena *, struct member_list *);
void redis_health(struct store *, struct store_health *);

#endif
