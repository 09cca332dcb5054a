/* A function in Redis that fails has changed nothing. Redis takes nothing back, so each function must have looked at
 * everything before it writes: held against it by failing every call before the first write, by spoiling every key, and
 * by looking at what it calls after that. */
#include "support/planted_failures.h"
#include "support/store_rig.h"

enum { CALLS_MAX = 60, DIGEST_BYTES = 41, MANY = 700, KEYS_MAX = 24 };

static struct redis_server server;

/* -------- one rich call of each function, and what must be there before it */

static struct fact new_fact(const char *key, bool natural, uint64_t chain_id)
{
    return (struct fact){.key = key, .natural = natural, .digest = 1, .chain_id = chain_id, .packed = fact_bytes("f")};
}

static void prepare_facts(struct rig *rig)
{
    struct fact facts[2] = {new_fact("s\nknown", true, 11), new_fact("s\nexpiring", false, 12)};
    assert_status(rig, STORE_OK, store_append_one(rig->store, 0, facts, 2));
}

static enum store_status do_append(struct rig *rig)
{
    struct fact facts[4] = {new_fact("s\nknown", true, 21), new_fact("s\nexpiring", false, 22),
                            new_fact("s\nnatural", true, 23), new_fact("s\nnew", false, 24)};
    return store_append_one(rig->store, 0, facts, 4);
}

static struct lease lease_of(enum stage stage)
{
    struct lease lease = {.partition = 0, .stage = stage, .epoch = 1};
    strcpy(lease.owner, "a");
    return lease;
}

static struct entity_put task(const char *id, uint64_t version, wall_ms due, const char *queue)
{
    return (struct entity_put){.kind = ENTITY_TASK, .id = id, .version = version, .packed = bytes_of("x"), .due = due,
                               .queue = queue};
}

static void commit_all(struct rig *rig, struct commit commit)
{
    commit.lease = lease_of(STAGE_FOLLOW_UP);
    assert_status(rig, STORE_OK, store_commit_one(rig->store, &commit));
}

static void prepare_commit(struct rig *rig)
{
    prepare_facts(rig);
    rig_claim(rig, STAGE_FOLLOW_UP, "a");
    const struct entity_put puts[] = {task("s/leaves", 1, 5000, "work/s/1"), task("s/goes", 1, 6000, "work/s/2"),
                                      task("s/stays", 1, 0, "")};
    commit_all(rig, (struct commit){.puts = puts, .put_count = 3});
}

/* Sets and deletes, arms and disarms, leaves and enters, appends, moves the checkpoint: every write there is. */
static enum store_status do_commit(struct rig *rig)
{
    struct entity_put leaves = task("s/leaves", 2, 0, "held/s/a/1"), goes = {.kind = ENTITY_TASK, .id = "s/goes",
        .version = 2, .due_before = 6000, .queue_before = "work/s/2"};
    leaves.due_before = 5000;
    leaves.queue_before = "work/s/1";
    const struct entity_put puts[] = {leaves, goes, task("s/new", 1, 7000, "work/s/3"),
                                      {.kind = ENTITY_AGENT, .id = "s/a", .version = 1, .packed = bytes_of("y")}};
    const struct entity_condition conditions[] = {{ENTITY_PLAN, "s/none", 0}, {ENTITY_TASK, "s/stays", 1}};
    struct new_event events[2] = {{.chain_id = 31, .packed = result_bytes("1")},
                                  {.chain_id = 32, .packed = result_bytes("2")}};
    struct commit commit = {.lease = lease_of(STAGE_FOLLOW_UP), .to = {1, 11}, .puts = puts, .put_count = 4,
                            .conditions = conditions, .condition_count = 2, .events = events, .event_count = 2};
    return store_commit_one(rig->store, &commit);
}

/* So much that commands are sent in pieces. */
static enum store_status do_large_commit(struct rig *rig)
{
    static struct entity_put puts[MANY];
    static char ids[MANY][16], places[MANY][24];
    for (size_t i = 0; i < MANY; i++) {
        snprintf(ids[i], sizeof ids[i], "s/%zu", i);
        snprintf(places[i], sizeof places[i], "work/s/many/%zu", i);
        puts[i] = task(ids[i], 1, 9000 + (wall_ms)i, places[i]);
    }
    struct commit commit = {.lease = lease_of(STAGE_FOLLOW_UP), .puts = puts, .put_count = MANY};
    return store_commit_one(rig->store, &commit);
}

static void prepare_timers(struct rig *rig)
{
    prepare_commit(rig);
    rig_claim(rig, STAGE_SCHEDULER, "a");
}

static enum store_status do_fire(struct rig *rig)
{
    struct lease lease = lease_of(STAGE_SCHEDULER);
    struct entry_list fired;
    wall_ms due;
    return store_fire_one(rig->store, &lease, 5500, 77, rig->arena, &fired, &due);
}

static enum store_status do_claim(struct rig *rig)
{
    struct standing standing;
    return store_claim_one(rig->store, 0, STAGE_NOTIFIER, "b", RIG_TTL_MS, &standing);
}

static enum store_status do_renew(struct rig *rig)
{
    struct lease lease = lease_of(STAGE_FOLLOW_UP);
    struct standing standing;
    enum store_status each = STORE_OK, all = rig->calls->renew(rig->store, &lease, 1, 2 * RIG_TTL_MS, &standing, &each);
    return all == STORE_OK ? each : all;
}

static enum store_status do_release(struct rig *rig)
{
    struct lease lease = lease_of(STAGE_FOLLOW_UP);
    return store_release_one(rig->store, &lease);
}

/* Two writes, so that one may go. */
static void prepare_trim(struct rig *rig)
{
    rig_append(rig, "s\nknown", 11);
    rig_append(rig, "s\nlast", 12);
    for (int stage = STAGE_NONE + 1; stage < STAGE_COUNT; stage++) {
        struct standing standing = rig_claim(rig, (enum stage)stage, "a");
        struct commit commit = {.lease = standing.lease, .to = {2, 12}};
        assert_status(rig, STORE_OK, store_commit_one(rig->store, &commit));
    }
}

static enum store_status do_trim(struct rig *rig)
{
    struct trimmed trimmed;
    return rig->calls->trim(rig->store, 0, 2, &trimmed);
}

static void prepare_note(struct rig *rig)
{
    assert_status(rig, STORE_OK, rig->calls->note_put(rig->store, "map", "f", bytes_of("1")));
}

static enum store_status do_note_put(struct rig *rig)
{
    return rig->calls->note_put(rig->store, "map", "g", bytes_of("2"));
}

static enum store_status do_note_delete(struct rig *rig)
{
    return rig->calls->note_swap(rig->store, "map", "f", bytes_of("1"), (struct slice){0});
}

static void announce(struct rig *rig, const char *name, int64_t ttl_ms)
{
    const struct member member = {.name = name, .stage = "intake", .endpoint = "e", .details = "{}"};
    assert_status(rig, STORE_OK, rig->calls->announce(rig->store, &member, ttl_ms));
}

/* One announcement that has run out, two that have not. */
static void prepare_members(struct rig *rig)
{
    announce(rig, "old", RIG_TTL_MS);
    rig_members_expire(rig);
    announce(rig, "here", RIG_TTL_MS);
    assert_true(redis_server_do(rig->redis, "ZADD {members} 1 gone"));
    assert_true(redis_server_do(rig->redis, "HSET {members}about gone x"));
}

static enum store_status do_announce(struct rig *rig)
{
    const struct member member = {.name = "new", .stage = "intake", .endpoint = "e", .details = "{}"};
    return rig->calls->announce(rig->store, &member, RIG_TTL_MS);
}

static enum store_status do_leave(struct rig *rig)
{
    const struct member member = {.name = "here", .stage = "intake", .endpoint = "e", .details = "{}"};
    return rig->calls->announce(rig->store, &member, 0);
}

static const struct scene { const char *name; void (*prepare)(struct rig *); enum store_status (*call)(struct rig *); }
scenes[] = {
    {"append", prepare_facts, do_append}, {"commit", prepare_commit, do_commit},
    {"large commit", prepare_commit, do_large_commit}, {"fire", prepare_timers, do_fire},
    {"claim", prepare_facts, do_claim}, {"renew", prepare_commit, do_renew}, {"release", prepare_commit, do_release},
    {"trim", prepare_trim, do_trim}, {"note put", prepare_note, do_note_put}, {"note delete", prepare_note, do_note_delete},
    {"announce", prepare_members, do_announce}, {"leave", prepare_members, do_leave},
};

enum { SCENES = sizeof scenes / sizeof *scenes };

/* -------- what stands in Redis */

/* Of all keys and values. What time does to a lease or an announcement is no change: the renewal of one is. */
static void digest(struct rig *rig, char ret[DIGEST_BYTES])
{
    redisReply *reply = redisCommand(rig->redis, "DEBUG DIGEST");
    assert_non_null(reply);
    assert_int_equal(reply->type, REDIS_REPLY_STATUS);
    snprintf(ret, DIGEST_BYTES, "%s", reply->str);
    freeReplyObject(reply);
}

static void open_scene(struct rig *rig, const struct scene *scene)
{
    rig_open(rig, &server);
    assert_true(failures_prepare(rig->redis));
    scene->prepare(rig);
}

static void assert_refused_whole(struct rig *rig, const struct scene *scene, const char *before, const char *why)
{
    char after[DIGEST_BYTES];
    enum store_status status = scene->call(rig);
    digest(rig, after);
    const char *message = rig->calls->message(rig->store);
    if (status != STORE_REFUSED || !strstr(message, why))
        fail_msg("%s should have failed by %s: %s (%s)", scene->name, why, store_status_text(status), message);
    if (strcmp(before, after))
        fail_msg("%s failed by %s and left something changed", scene->name, why);
}

static size_t first_write(const struct trace *trace)
{
    size_t at = 0;
    while (at < trace->count && !trace->at[at].writes)
        at++;
    return at;
}

/* Fails the first call, the second, … until one has written: tells what the call that went well did then. */
static struct trace fail_each_call(struct rig *rig, const struct scene *scene)
{
    char before[DIGEST_BYTES];
    struct trace trace;
    digest(rig, before);
    for (unsigned at = 1; at < CALLS_MAX; at++) {
        failures_plant(rig->redis, at);
        char after[DIGEST_BYTES];
        enum store_status status = scene->call(rig);
        failures_trace(rig->redis, &trace);
        digest(rig, after);
        if (!trace.failed) {
            assert_status(rig, STORE_OK, status);
            assert_int_equal(at, first_write(&trace) + 2);
            assert_string_not_equal(before, after);
            return trace;
        }
        assert_int_equal(status, STORE_REFUSED);
        assert_true(failure_is_planted(rig->calls->message(rig->store)));
        if (strcmp(before, after))
            fail_msg("%s: call %u (%s %s) failed and left something changed", scene->name, at, trace.at[at - 1].command,
                     trace.at[at - 1].key);
    }
    fail_msg("%s makes more than %d calls before it writes", scene->name, CALLS_MAX);
    return trace;
}

/* S, H, Z or X by the type that a command needs; 0: it takes any. */
static char family(const char *command)
{
    static const char *const any[] = {"TIME", "PEXPIREAT", "MEMORY"};
    for (size_t i = 0; i < sizeof any / sizeof *any; i++)
        if (!strcmp(command, any[i]))
            return 0;
    return !strcmp(command, "GET") || !strcmp(command, "SET") ? 'S' : *command;
}

/* No call after the first write meets a key whose type has not been seen before it: so none can fail. */
static void assert_all_was_seen_before(const struct scene *scene, const struct trace *trace)
{
    size_t first = first_write(trace);
    for (size_t i = first + 1; i < trace->count; i++) {
        const struct traced *late = &trace->at[i];
        bool seen = !family(late->command);
        for (size_t j = 0; j <= first && !seen; j++)
            seen = !strcmp(trace->at[j].key, late->key) && family(trace->at[j].command) == family(late->command);
        if (!seen)
            fail_msg("%s: %s %s comes after the first write, and nothing has looked at that key before", scene->name,
                     late->command, late->key);
    }
}

static void a_call_that_fails_changes_nothing(void **context)
{
    (void)context;
    for (size_t i = 0; i < SCENES; i++) {
        struct rig rig;
        open_scene(&rig, &scenes[i]);
        struct trace trace = fail_each_call(&rig, &scenes[i]);
        assert_all_was_seen_before(&scenes[i], &trace);
        rig_close(&rig);
    }
}

static size_t keys_of(const struct trace *trace, char keys[KEYS_MAX][TRACE_KEY_BYTES])
{
    size_t count = 0;
    for (size_t i = 0; i < trace->count; i++) {
        bool known = !*trace->at[i].key || !strcmp(trace->at[i].command, "MEMORY");
        for (size_t j = 0; j < count && !known; j++)
            known = !strcmp(keys[j], trace->at[i].key);
        if (!known && count < KEYS_MAX)
            strcpy(keys[count++], trace->at[i].key);
    }
    return count;
}

static void a_key_of_a_wrong_type_is_found_before_anything_is_written(void **context)
{
    (void)context;
    for (size_t i = 0; i < SCENES; i++) {
        struct rig rig;
        struct trace trace;
        char keys[KEYS_MAX][TRACE_KEY_BYTES], before[DIGEST_BYTES];
        open_scene(&rig, &scenes[i]);
        failures_plant(rig.redis, 0);
        assert_status(&rig, STORE_OK, scenes[i].call(&rig));
        failures_trace(rig.redis, &trace);
        rig_close(&rig);
        size_t count = keys_of(&trace, keys);
        assert_true(count > 0 && count < KEYS_MAX);
        for (size_t k = 0; k < count; k++) {
            open_scene(&rig, &scenes[i]);
            assert_true(redis_server_do(rig.redis, "DEL %s", keys[k]));
            assert_true(redis_server_do(rig.redis, "LPUSH %s x", keys[k]));
            digest(&rig, before);
            assert_refused_whole(&rig, &scenes[i], before, "WRONGTYPE");
            rig_close(&rig);
        }
    }
}

/* A log that goes further than its head: somebody else wrote to it. */
static void a_log_that_does_not_fit_its_head_is_not_appended_to(void **context)
{
    (void)context;
    static const char *const names[] = {"append", "commit", "fire"};
    for (size_t i = 0; i < SCENES; i++)
        for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
            struct rig rig;
            char before[DIGEST_BYTES];
            if (strcmp(scenes[i].name, names[n]))
                continue;
            open_scene(&rig, &scenes[i]);
            assert_true(redis_server_do(rig.redis, "XADD {p0000}log 99-0 i 12345678 p 12345678 e x"));
            digest(&rig, before);
            assert_refused_whole(&rig, &scenes[i], before, "equal or smaller");
            rig_close(&rig);
        }
}

int main(void)
{
    if (!redis_server_start(&server, false))
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_call_that_fails_changes_nothing),
        cmocka_unit_test(a_key_of_a_wrong_type_is_found_before_anything_is_written),
        cmocka_unit_test(a_log_that_does_not_fit_its_head_is_not_appended_to),
    };
    int failed = cmocka_run_group_tests_name("store: failures inside the functions", tests, NULL, NULL);
    redis_server_stop(&server);
    return failed;
}
