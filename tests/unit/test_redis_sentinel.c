/* One primary, its replica, a Sentinel: who is asked, and what happens when the primary goes. */
#include "support/store_rig.h"

#include <poll.h>
#include <time.h>

enum { FAIL_OVER_MS = 20000, ASK_EVERY_MS = 20 };

static struct redis_server primary, replica, sentinel;
static char address[64];

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int start_set(void **context)
{
    char lines[512];
    (void)context;
    if (!redis_server_start_with(&primary, "appendonly no\n"))
        return -1;
    snprintf(lines, sizeof lines, "appendonly no\nreplicaof 127.0.0.1 %d\n", primary.port);
    if (!redis_server_start_with(&replica, lines))
        return -1;
    snprintf(lines, sizeof lines,
             "sentinel monitor careline 127.0.0.1 %d 1\nsentinel down-after-milliseconds careline 1000\n"
             "sentinel failover-timeout careline 4000\nsentinel known-replica careline 127.0.0.1 %d\n",
             primary.port, replica.port);
    if (!redis_sentinel_start(&sentinel, lines))
        return -1;
    snprintf(address, sizeof address, "sentinel://127.0.0.1:1,127.0.0.1:%d/careline", sentinel.port);
    return 0;
}

static int stop_set(void **context)
{
    (void)context;
    redis_server_stop(&sentinel);
    redis_server_stop(&replica);
    redis_server_stop(&primary);
    return 0;
}

static struct store *open_store(unsigned replicas)
{
    char message[160] = "";
    struct redis_access access = {.address = address, .replicas = replicas};
    struct store *store = store_redis_new(&access, RIG_PARTITIONS, message);
    if (!store)
        fail_msg("%s", message);
    return store;
}

static enum store_status append(struct store *store, const char *key, struct fact *ret)
{
    *ret = (struct fact){.key = key, .natural = true, .digest = 1, .chain_id = 77, .packed = fact_bytes("event")};
    return store_append_one(store, 0, ret, 1);
}

/* As callers do: the same call until it is answered. Tells how many times it was in vain. */
static int append_until_done(struct store *store, const char *key, struct fact *ret)
{
    int gone = 0;
    enum store_status status;
    for (int64_t end = now_ms() + FAIL_OVER_MS; (status = append(store, key, ret)) == STORE_GONE; gone++) {
        if (now_ms() > end)
            fail_msg("still gone: %s", store->functions->message(store));
        poll(NULL, 0, ASK_EVERY_MS);
    }
    if (status != STORE_OK)
        fail_msg("%s: %s", store_status_text(status), store->functions->message(store));
    return gone;
}

static void make_replica(struct redis_server *server, int port)
{
    redisContext *redis = redis_server_connect(server);
    assert_non_null(redis);
    assert_true(redis_server_do(redis, "REPLICAOF 127.0.0.1 %d", port));
    redisFree(redis);
}

/* Over a connection of its own: Sentinel closes those of a server that it promotes. */
static bool says_master(const struct redis_server *server)
{
    redisContext *redis = redis_server_connect(server);
    redisReply *role = redis ? redisCommand(redis, "ROLE") : NULL;
    bool master = role && role->type == REDIS_REPLY_ARRAY && !strcmp(role->element[0]->str, "master");
    freeReplyObject(role);
    if (redis)
        redisFree(redis);
    return master;
}

/* The Sentinel must have heard from the replica before it can choose it: it is told again until it does. */
static void hand_over(const struct redis_server *to)
{
    redisContext *redis = redis_server_connect(&sentinel);
    assert_non_null(redis);
    for (int64_t end = now_ms() + FAIL_OVER_MS; !says_master(to); poll(NULL, 0, ASK_EVERY_MS)) {
        redis_server_do(redis, "SENTINEL FAILOVER careline");
        if (now_ms() > end)
            fail_msg("the replica was not promoted");
    }
    redisFree(redis);
}

static void flush_functions(const struct redis_server *server)
{
    redisContext *redis = redis_server_connect(server);
    assert_true(redis_server_do(redis, "FUNCTION FLUSH"));
    redisFree(redis);
}

static void names_that_no_sentinel_knows_are_told(void **context)
{
    (void)context;
    char other[64], message[160] = "";
    snprintf(other, sizeof other, "sentinel://127.0.0.1:%d/other", sentinel.port);
    assert_null(store_redis_new(&(struct redis_access){.address = other}, 1, message));
    assert_non_null(strstr(message, "knows no primary named other"));
}

/* The primary dies; the replica is promoted and has no replica of its own; then the old primary comes back as one. */
static void what_a_replica_has_survives_its_primary(void **context)
{
    (void)context;
    struct store *store = open_store(0), *careful = open_store(1);
    struct fact fact;
    append_until_done(careful, "over\n1", &fact);
    assert_int_equal(fact.place.seq, 1);
    redis_server_kill(&primary);
    assert_true(append_until_done(store, "over\n1", &fact) > 0);
    assert_int_equal(fact.outcome, APPEND_KNOWN);
    assert_int_equal(fact.place.seq, 1);
    for (int i = 0; i < 3; i++)
        assert_int_equal(append(careful, "over\n1", &fact), STORE_GONE);
    assert_int_equal(append(store, "over\n2", &fact), STORE_OK);
    assert_true(redis_server_again(&primary));
    make_replica(&primary, replica.port);
    append_until_done(careful, "over\n2", &fact);
    assert_int_equal(fact.outcome, APPEND_KNOWN);
    assert_int_equal(fact.place.seq, 2);
    store->functions->free(&store);
    careful->functions->free(&careful);
}

static void a_primary_that_hands_over_is_left_and_lost_functions_are_loaded(void **context)
{
    (void)context;
    struct store *store = open_store(0), *careful = open_store(1);
    struct fact fact;
    append_until_done(careful, "over\n1", &fact);
    careful->functions->free(&careful);
    hand_over(&replica);
    flush_functions(&replica);
    append_until_done(store, "over\n2", &fact);
    assert_int_equal(fact.place.seq, 2);
    store->functions->free(&store);
}

static void make_primary(struct redis_server *server)
{
    redisContext *redis = redis_server_connect(server);
    assert_true(redis_server_do(redis, "REPLICAOF NO ONE"));
    redisFree(redis);
}

/* A Sentinel that is late, or cut off, still names one that has become a replica: it is not believed; another is. */
static void who_is_named_must_be_the_primary(void **context)
{
    (void)context;
    char message[160] = "", lines[128], both[128];
    struct redis_server second;
    make_primary(&replica);
    make_replica(&primary, replica.port);
    assert_null(store_redis_new(&(struct redis_access){.address = address}, 1, message));
    assert_non_null(strstr(message, "which Sentinel names, is not the primary"));
    snprintf(lines, sizeof lines, "sentinel monitor careline 127.0.0.1 %d 1\n", replica.port);
    assert_true(redis_sentinel_start(&second, lines));
    snprintf(both, sizeof both, "sentinel://127.0.0.1:%d,127.0.0.1:%d/careline", sentinel.port, second.port);
    struct store *store = store_redis_new(&(struct redis_access){.address = both}, 1, message);
    if (!store)
        fail_msg("%s", message);
    store->functions->free(&store);
    redis_server_stop(&second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(names_that_no_sentinel_knows_are_told, start_set, stop_set),
        cmocka_unit_test_setup_teardown(what_a_replica_has_survives_its_primary, start_set, stop_set),
        cmocka_unit_test_setup_teardown(a_primary_that_hands_over_is_left_and_lost_functions_are_loaded, start_set,
                                        stop_set),
        cmocka_unit_test_setup_teardown(who_is_named_must_be_the_primary, start_set, stop_set),
    };
    return cmocka_run_group_tests_name("redis: sentinel", tests, NULL, NULL);
}
