/* store_rig: the same cases against both stores, with time under control. */
#ifndef CARELINE_TESTS_STORE_RIG_H
#define CARELINE_TESTS_STORE_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "redis_server.h"
#include "store.h"

enum { RIG_PARTITIONS = 8, RIG_TTL_MS = 60000 };

struct rig {
    struct store *store;
    const struct store_functions *calls;
    struct arena *arena;
    struct redis_server *server;    /* NULL: this is the memory store */
    redisContext *redis;
    wall_ms now;                    /* of the memory store */
};

struct rig_case { const char *name; void (*run)(struct rig *rig); };

/* Runs each case against both stores, each time with an empty one. Returns what main returns. */
int rig_run(const char *group, const struct rig_case *cases, size_t count);
#define RIG_RUN(group, cases) rig_run(group, cases, sizeof cases / sizeof *cases)

/* Opens an empty store: in memory, or in the Redis given. */
void rig_open(struct rig *rig, struct redis_server *server);
void rig_close(struct rig *rig);

/* All leases taken with RIG_TTL_MS run out. */
void rig_leases_expire(struct rig *rig);

/* All announcements made with RIG_TTL_MS run out. */
void rig_members_expire(struct rig *rig);

/* Idempotency keys grow older by so many generations of four days; leases run out as well. */
void rig_keys_age(struct rig *rig, int generations);

/* -------- short forms */

struct slice bytes_of(const char *text);

/* Packed events with this id: one that intake may append, one that every stage may. They stay for the whole test. */
struct slice fact_bytes(const char *id);
struct slice result_bytes(const char *id);
struct slice event_bytes(enum event_number number, const char *id);

/* One fact into partition 0: tells its outcome. Its event has its key as id. */
enum append_outcome rig_append(struct rig *rig, const char *key, uint64_t chain_id);

/* Takes the lease of partition 0; fails the test if that is refused. */
struct standing rig_claim(struct rig *rig, enum stage stage, const char *owner);

/* Puts one entity and no events; the checkpoint stays. */
enum store_status rig_put(struct rig *rig, const struct standing *standing, const struct entity_put *put);

struct partition_view rig_view(struct rig *rig);
struct stored_entity rig_read(struct rig *rig, enum entity_kind kind, const char *id);

#define assert_status(rig, expected, call)                                                             \
    do {                                                                                               \
        enum store_status told = (call);                                                               \
        if (told != (expected))                                                                        \
            fail_msg("%s: %s (%s)", #call, store_status_text(told), (rig)->calls->message((rig)->store)); \
    } while (0)

#define assert_bytes(wanted_bytes, expression)                          \
    do {                                                                \
        struct slice wanted = (wanted_bytes), found = (expression);     \
        assert_int_equal(wanted.bytes, found.bytes);                    \
        assert_memory_equal(wanted.at, found.at, found.bytes);          \
    } while (0)

#define assert_slice(text, expression)                               \
    do {                                                             \
        struct slice got = (expression);                             \
        assert_int_equal(strlen(text), got.bytes);                   \
        if (got.bytes)                                               \
            assert_memory_equal(text, got.at, got.bytes);            \
    } while (0)

#endif
