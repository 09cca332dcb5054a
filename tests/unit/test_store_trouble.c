/* What goes wrong: Redis full, gone, restarted, without our functions; the memory store's faults and rewinds. */
#include "support/store_rig.h"

#include <unistd.h>

static struct redis_server durable;

static struct store *open_durable(void)
{
    char message[160] = "";
    struct store *store = store_redis_new(&(struct redis_access){.address = durable.address}, RIG_PARTITIONS, message);
    if (!store)
        fail_msg("%s", message);
    return store;
}

static enum store_status append(struct store *store, const char *key, struct fact *ret)
{
    *ret = (struct fact){.key = key, .natural = true, .digest = 1, .chain_id = 77, .packed = fact_bytes("event")};
    return store_append_one(store, 0, ret, 1);
}

static int start_redis(void **context)
{
    (void)context;
    return redis_server_start(&durable, true) ? 0 : -1;
}

static int stop_redis(void **context)
{
    (void)context;
    redis_server_stop(&durable);
    return 0;
}

static void full_memory_refuses_facts_but_lets_work_drain(void **context)
{
    (void)context;
    struct store *store = open_durable();
    redisContext *redis = redis_server_connect(&durable);
    struct fact fact;
    struct standing standing;
    assert_int_equal(append(store, "full\n1", &fact), STORE_OK);
    uint64_t seq = fact.place.seq;
    assert_true(redis_server_do(redis, "CONFIG SET maxmemory 1"));
    assert_int_equal(append(store, "full\n2", &fact), STORE_FULL);
    assert_non_null(strstr(store->functions->message(store), "OOM"));
    assert_int_equal(store_claim_one(store, 0, STAGE_SCHEDULER, "a", RIG_TTL_MS, &standing), STORE_OK);
    struct entity_put put = {.kind = ENTITY_PLAN, .id = "sample/1", .version = 1, .packed = bytes_of("x"), .due = 5};
    struct new_event event = {.chain_id = 5, .packed = result_bytes("out")};
    struct commit commit = {.lease = standing.lease, .from = standing.checkpoint, .to = {seq, 77}, .puts = &put,
                            .put_count = 1, .events = &event, .event_count = 1};
    assert_int_equal(store_commit_one(store, &commit), STORE_OK);
    struct arena *arena = arena_new();
    struct entry_list fired;
    wall_ms due;
    assert_int_equal(store_fire_one(store, &standing.lease, 9, 1, arena, &fired, &due), STORE_OK);
    assert_int_equal(fired.count, 1);
    assert_int_equal(store->functions->note_put(store, "meta", "f", bytes_of("x")), STORE_OK);
    assert_int_equal(store->functions->content_put(store, "h", bytes_of("x")), STORE_FULL);
    struct store_health health;
    store->functions->health(store, &health);
    assert_int_equal(health.limit_bytes, 1);
    assert_non_null(strstr(health.message, "no memory left"));
    struct store *second = open_durable();      /* a process that starts now can still work */
    second->functions->free(&second);
    assert_true(redis_server_do(redis, "CONFIG SET maxmemory 0"));
    assert_int_equal(append(store, "full\n2", &fact), STORE_OK);
    assert_int_equal(fact.outcome, APPEND_NEW);
    store_release_one(store, &standing.lease);
    arena_free(&arena);
    redisFree(redis);
    store->functions->free(&store);
}

static void what_was_acknowledged_is_there_after_a_kill(void **context)
{
    (void)context;
    struct store *store = open_durable();
    struct fact fact;
    assert_int_equal(append(store, "kill\n1", &fact), STORE_OK);
    uint64_t seq = fact.place.seq;
    redis_server_kill(&durable);
    assert_int_equal(append(store, "kill\n2", &fact), STORE_GONE);
    assert_int_equal(append(store, "kill\n2", &fact), STORE_GONE);
    assert_int_not_equal(0, strlen(store->functions->message(store)));
    struct store_health health;
    store->functions->health(store, &health);
    assert_false(health.reachable);
    assert_true(redis_server_again(&durable));
    assert_int_equal(append(store, "kill\n1", &fact), STORE_OK);
    assert_int_equal(fact.outcome, APPEND_KNOWN);
    assert_int_equal(fact.place.seq, seq);
    assert_int_equal(append(store, "kill\n2", &fact), STORE_OK);
    assert_int_equal(fact.outcome, APPEND_NEW);
    assert_int_equal(fact.place.seq, seq + 1);
    store->functions->free(&store);
}

static void what_was_said_ahead_to_nobody_is_not_done(void **context)
{
    (void)context;
    struct store *store = open_durable();
    struct standing standing;
    struct fact fact;
    assert_int_equal(append(store, "ahead\n1", &fact), STORE_OK);
    assert_int_equal(store_claim_one(store, 0, STAGE_FOLLOW_UP, "a", RIG_TTL_MS, &standing), STORE_OK);
    struct commit commit = {.lease = standing.lease, .from = standing.checkpoint, .to = {fact.place.seq, 77}};
    struct commit *each = &commit;
    enum store_status own;
    redis_server_kill(&durable);
    store->functions->commit_begin(store, &each, 1);
    assert_int_equal(store->functions->commit(store, &each, 1, &own), STORE_GONE);
    assert_true(redis_server_again(&durable));
    assert_int_equal(store_commit_one(store, &commit), STORE_OK);
    assert_int_equal(store_commit_one(store, &commit), STORE_STALE);
    store_release_one(store, &standing.lease);
    store->functions->free(&store);
}

static void lost_functions_are_loaded_again(void **context)
{
    (void)context;
    struct store *store = open_durable();
    redisContext *redis = redis_server_connect(&durable);
    struct fact fact;
    assert_true(redis_server_do(redis, "FUNCTION FLUSH"));
    assert_int_equal(append(store, "flush\n1", &fact), STORE_OK);
    assert_int_equal(fact.outcome, APPEND_NEW);
    struct standing standing;
    assert_int_equal(store_claim_one(store, 0, STAGE_FOLLOW_UP, "a", RIG_TTL_MS, &standing), STORE_OK);
    struct commit commit = {.lease = standing.lease, .from = standing.checkpoint, .to = {fact.place.seq, 77}};
    struct commit *each = &commit;
    enum store_status own;
    assert_true(redis_server_do(redis, "FUNCTION FLUSH"));
    store->functions->commit_begin(store, &each, 1);
    assert_int_equal(store->functions->commit(store, &each, 1, &own), STORE_OK);
    assert_int_equal(own, STORE_OK);
    store_release_one(store, &standing.lease);
    redisFree(redis);
    store->functions->free(&store);
}

static void a_connection_closed_by_redis_is_opened_again(void **context)
{
    (void)context;
    struct store *store = open_durable();
    redisContext *redis = redis_server_connect(&durable);
    struct fact fact;
    assert_int_equal(append(store, "close\n1", &fact), STORE_OK);
    assert_true(redis_server_do(redis, "CLIENT KILL TYPE normal SKIPME yes"));
    assert_int_equal(append(store, "close\n2", &fact), STORE_GONE);
    assert_int_equal(append(store, "close\n2", &fact), STORE_OK);
    redisFree(redis);
    store->functions->free(&store);
}

static void addresses_that_cannot_be_are_refused_with_a_reason(void **context)
{
    (void)context;
    static const struct { const char *address, *reason; } cases[] = {
        {"unix:", "path of a unix socket"},
        {"unix:/nowhere/at/all", "could not connect to Redis at /nowhere/at/all"},
        {"tcp://127.0.0.1:1", "could not connect to Redis at 127.0.0.1"},
        {"tcp://:6379", "write tcp://host:port"},
        {"tcp://host:", "write tcp://host:port"},
        {"tcp://host:0", "write tcp://host:port"},
        {"tcp://host:70000", "write tcp://host:port"},
        {"tcp://host:1x", "write tcp://host:port"},
        {"tcp://[::1", "write tcp://host:port"},
        {"tcp://[::1]:1", "could not connect to Redis at [::1]:1"},
        {"redis://host", "no address of Redis"},
        {"", "no address of Redis"},
        {"tls://", "write tls://host:port"},
        {"cluster://127.0.0.1:1", "could not connect to Redis at 127.0.0.1:1"},
        {"cluster://a:1,,b:2", "write cluster://host:port,host:port"},
        {"sentinel://127.0.0.1:1/careline", "could not connect to Redis at 127.0.0.1:1"},
        {"sentinel://a:1", "write sentinel://host:port,host:port/NAME"},
        {"sentinel://a:1/", "write sentinel://host:port,host:port/NAME"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char message[160] = "";
        assert_null(store_redis_new(&(struct redis_access){.address = cases[i].address}, 1, message));
        if (!strstr(message, cases[i].reason))
            fail_msg("%s: %s", cases[i].address, message);
    }
}

/* -------- the memory store's simulations */

static int fate_of_append(void *context, const char *call)
{
    return strcmp(call, "append") == 0 ? *(int *)context : FATE_DONE;
}

static void faults_happen_as_told(void **context)
{
    (void)context;
    static const struct { enum store_fate fate; enum store_status status; enum append_outcome again; } cases[] = {
        {FATE_DONE, STORE_OK, APPEND_KNOWN},
        {FATE_GONE, STORE_GONE, APPEND_NEW},
        {FATE_ANSWER_LOST, STORE_GONE, APPEND_KNOWN},
        {FATE_FULL, STORE_FULL, APPEND_NEW},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct store *store = store_memory_new(1);
        int fate = cases[i].fate;
        struct fact fact;
        store_memory_fault(store, fate_of_append, &fate);
        assert_int_equal(append(store, "s\n1", &fact), cases[i].status);
        if (cases[i].status == STORE_GONE)
            assert_int_equal(fact.place.seq, 0);
        fate = FATE_DONE;
        assert_int_equal(append(store, "s\n1", &fact), STORE_OK);
        assert_int_equal(fact.outcome, cases[i].again);
        assert_int_equal(fact.place.seq, 1);
        store->functions->free(&store);
    }
}

/* Log, entity, timer, queue and checkpoint after the given number of commits of test_rewind. */
static void assert_state(struct store *store, uint64_t commits)
{
    uint32_t partition = 0;
    struct partition_view view;
    struct stored_entity entity;
    struct arena *arena = arena_new();
    const char *id = "sample/1";
    assert_int_equal(store->functions->view(store, &partition, 1, &view), STORE_OK);
    assert_int_equal(store_read_entities_one(store, 0, ENTITY_TASK, &id, 1, arena, &entity), STORE_OK);
    assert_int_equal(view.head.seq, 1 + commits);
    assert_int_equal(view.stages[STAGE_FOLLOW_UP].checkpoint.seq, commits);
    assert_int_equal(entity.version, commits);
    assert_int_equal(view.earliest_due, commits ? 1000 + (wall_ms)commits : 0);
    assert_int_equal(view.timers, commits ? 1 : 0);
    assert_int_equal(view.queue, commits ? 1 : 0);
    arena_free(&arena);
}

static void commit_once_more(struct store *store, const struct lease *lease, uint64_t number)
{
    char queue[32], before[32];
    snprintf(queue, sizeof queue, "work/%d", (int)number);
    snprintf(before, sizeof before, number > 1 ? "work/%d" : "", (int)number - 1);
    struct entity_put put = {.kind = ENTITY_TASK, .id = "sample/1", .version = number, .packed = bytes_of("x"),
                             .due = 1000 + (wall_ms)number, .due_before = number > 1 ? 999 + (wall_ms)number : 0,
                             .queue = queue, .queue_before = before};
    struct new_event event = {.chain_id = 100 + number, .packed = result_bytes("out")};
    struct commit commit = {.lease = *lease, .from = {number - 1, number > 2 ? 98 + number : number > 1 ? 77 : 0},
                            .to = {number, number > 1 ? 99 + number : 77}, .puts = &put, .put_count = 1,
                                .events = &event,
                            .event_count = 1};
    assert_int_equal(store_commit_one(store, &commit), STORE_OK);
}

static void a_rewind_takes_back_whole_writes(void **context)
{
    (void)context;
    struct store *store = store_memory_new(1);
    struct fact fact;
    struct standing standing;
    assert_int_equal(append(store, "s\n1", &fact), STORE_OK);
    assert_int_equal(append(store, "s\n1", &fact), STORE_OK);       /* nothing new: not a write */
    assert_int_equal(store_claim_one(store, 0, STAGE_FOLLOW_UP, "a", RIG_TTL_MS, &standing), STORE_OK);
    for (uint64_t i = 1; i <= 5; i++)
        commit_once_more(store, &standing.lease, i);
    struct store *copy = store_memory_copy(store);
    assert_state(store, 5);
    assert_int_equal(store_memory_rewind(store, 0, 2), 2);
    assert_state(store, 3);
    commit_once_more(store, &standing.lease, 4);
    assert_state(store, 4);
    assert_int_equal(store_memory_rewind(store, 0, 4), 4);
    assert_state(store, 0);
    assert_int_equal(store_memory_rewind(store, 0, 9), 1);
    assert_int_equal(append(store, "s\n1", &fact), STORE_OK);
    assert_int_equal(fact.outcome, APPEND_NEW);
    assert_state(copy, 5);
    assert_int_equal(store_memory_rewind(copy, 0, 1), 0);
    commit_once_more(copy, &standing.lease, 6);
    assert_state(copy, 6);
    store->functions->free(&store);
    copy->functions->free(&copy);
}

static void fired_timers_come_back_with_a_rewind(void **context)
{
    (void)context;
    struct store *store = store_memory_new(1);
    struct arena *arena = arena_new();
    struct standing standing;
    struct entry_list fired;
    wall_ms due;
    assert_int_equal(store_claim_one(store, 0, STAGE_SCHEDULER, "a", RIG_TTL_MS, &standing), STORE_OK);
    struct entity_put put = {.kind = ENTITY_PLAN, .id = "sample/1", .version = 1, .packed = bytes_of("x"), .due = 5};
    struct commit commit = {.lease = standing.lease, .puts = &put, .put_count = 1};
    assert_int_equal(store_commit_one(store, &commit), STORE_OK);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(store_fire_one(store, &standing.lease, 9, 1, arena, &fired, &due), STORE_OK);
        assert_int_equal(fired.count, 1);
        assert_int_equal(fired.at[0].place.seq, 1);
        if (!i)
            assert_int_equal(store_memory_rewind(store, 0, 1), 1);
    }
    arena_free(&arena);
    store->functions->free(&store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(full_memory_refuses_facts_but_lets_work_drain),
        cmocka_unit_test(what_was_acknowledged_is_there_after_a_kill),
        cmocka_unit_test(what_was_said_ahead_to_nobody_is_not_done),
        cmocka_unit_test(lost_functions_are_loaded_again),
        cmocka_unit_test(a_connection_closed_by_redis_is_opened_again),
        cmocka_unit_test(addresses_that_cannot_be_are_refused_with_a_reason),
        cmocka_unit_test(faults_happen_as_told),
        cmocka_unit_test(a_rewind_takes_back_whole_writes),
        cmocka_unit_test(fired_timers_come_back_with_a_rewind),
    };
    return cmocka_run_group_tests_name("store: trouble", tests, start_redis, stop_redis);
}
