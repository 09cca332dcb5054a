/* store_redis_parts: what the Redis store is made of; for its own files only.
 *
 * A call writes its commands into `wire`, one after another, and runs them as one pipeline; then reads their replies.
 * After any failure of the connection it is closed; the next call opens it again. */
#ifndef CARELINE_STORE_REDIS_PARTS_H
#define CARELINE_STORE_REDIS_PARTS_H

#include <hiredis/hiredis.h>

#include "store_check.h"

enum { TIMEOUT_MS = 2000, PIPELINE_MAX = 1024, BUILD_BYTES = 9, ENVELOPE_BYTES = 16 };

struct store_redis {
    struct store store;
    uint32_t partitions;
    char path[108];                 /* of the unix socket, or "" */
    char host[256];
    int port;
    redisContext *context;          /* NULL: not connected */
    char build[BUILD_BYTES];        /* of the functions, in hex */
    int64_t generation;             /* of idempotency keys, as far as we know */
    struct buffer wire;             /* commands to be run */
    struct buffer blob;             /* argument of the function being called */
    redisReply *replies[PIPELINE_MAX];
    size_t reply_count;
    char message[MESSAGE_BYTES];
};

struct store_redis *store_redis_of(struct store *store);
enum store_status redis_refuse(struct store_redis *redis, const char *fault);

/* store_redis_wire.c: commands into `wire`. command_begin tells how many arguments follow, the command's name too. */
void command_begin(struct store_redis *redis, size_t arguments);
void command_text(struct store_redis *redis, const char *text);
void command_bytes(struct store_redis *redis, struct slice bytes);
void command_printf(struct store_redis *redis, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A key of a partition: "{p0007}" and the rest. */
void command_key(struct store_redis *redis, uint32_t partition, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* FCALL of our function, up to the number of keys; `keys` keys and one argument follow. */
void command_function(struct store_redis *redis, const char *function, size_t keys);
/* The blob as the function's argument. */
void command_blob(struct store_redis *redis);
/* A 64-bit number as 8 bytes; a list of them is read back with wire_number. */
void blob_number(struct buffer *blob, uint64_t number);
void big_endian_write(uint8_t *to, uint64_t number, size_t bytes);

/* What replies hold; each is 0 or empty if the reply has another type. */
uint64_t reply_id(const redisReply *reply);
int64_t reply_number(const redisReply *reply);      /* an integer, or decimal text */
struct slice reply_bytes(const redisReply *reply);
wall_ms reply_time(const redisReply *reply);        /* what TIME answers */

/* store_redis_connection.c: runs the `count` commands in `wire` and clears it. STORE_OK: `replies` holds as many, none
 * of them an error; they stay until the next run. */
enum store_status redis_run(struct store_redis *redis, size_t count);
void redis_forget(struct store_redis *redis);
/* Opens the connection and sees to it that our functions are there. */
enum store_status redis_connect(struct store_redis *redis);
void redis_close(struct store_redis *redis);

/* store_functions.c: the library as Redis takes it; its build is a hash of it. The text lasts for ever. */
const char *functions_library(char ret_build[BUILD_BYTES]);

/* Function's own status, first in its reply. */
enum { FUNCTION_GENERATION = 100 };
enum store_status function_status(struct store_redis *redis, const redisReply *reply);

/* store_redis_write.c, store_redis_lease.c, store_redis_read.c, store_redis_list.c, store_redis_note.c */
enum store_status redis_append(struct store *, uint32_t, struct fact *, size_t);
enum store_status redis_commit(struct store *, struct commit *);
enum store_status redis_fire(struct store *, const struct lease *, wall_ms, uint64_t, struct arena *,
                             struct entry_list *, wall_ms *);
enum store_status redis_claim(struct store *, const struct lease *, size_t, int64_t, struct standing *,
                              enum store_status *);
enum store_status redis_renew(struct store *, const struct lease *, size_t, int64_t, struct standing *,
                              enum store_status *);
enum store_status redis_release(struct store *, const struct lease *, size_t, enum store_status *);
enum store_status redis_read_log(struct store *, uint32_t, uint64_t, size_t, struct arena *, struct entry_list *);
enum store_status redis_read_entities(struct store *, uint32_t, enum entity_kind, const char *const *, size_t,
                                      struct arena *, struct stored_entity *);
enum store_status redis_scan_entities(struct store *, uint32_t, enum entity_kind, uint64_t *, struct arena *,
                                      struct stored_entity_list *);
enum store_status redis_read_queue(struct store *, uint32_t, const char *, const char *, size_t, struct arena *,
                                   struct texts *);
enum store_status redis_read_timers(struct store *, uint32_t, wall_ms, size_t, size_t, struct arena *,
                                    struct timer_list *);
enum store_status redis_view(struct store *, const uint32_t *, size_t, struct partition_view *);
enum store_status redis_heads(struct store *, const uint32_t *, size_t, struct checkpoint *);
enum store_status redis_trim(struct store *, uint32_t, uint64_t, struct trimmed *);
enum store_status redis_content_put(struct store *, const char *, struct slice);
enum store_status redis_content_get(struct store *, const char *, struct arena *, struct slice *);
enum store_status redis_note_put(struct store *, const char *, const char *, struct slice);
enum store_status redis_note_get(struct store *, const char *, struct arena *, struct texts *, struct slice **);
enum store_status redis_note_swap(struct store *, const char *, const char *, struct slice, struct slice);
enum store_status redis_announce(struct store *, const struct member *, int64_t);
enum store_status redis_members(struct store *, struct arena *, struct member_list *);

#endif
