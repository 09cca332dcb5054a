/* The link to Redis: addresses, slots, logging in, waiting for replicas. */
#include "support/store_rig.h"

#include <poll.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "redis_route.h"
#include "seal.h"

enum { PATIENCE_MS = 10000, ASK_EVERY_MS = 20 };

static struct redis_server server, follower;

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void addresses_are_read_whole(void **context)
{
    (void)context;
    static const struct {
        const char *address;
        enum redis_scheme scheme;
        size_t count, which;
        const char *host;
        int port;
        const char *name;
    } cases[] = {
        {"unix:/run/redis.sock", REDIS_UNIX, 1, 0, "/run/redis.sock", 0, ""},
        {"tcp://host", REDIS_TCP, 1, 0, "host", 6379, ""},
        {"tcp://[::1]:7000", REDIS_TCP, 1, 0, "::1", 7000, ""},
        {"tls://host:7000", REDIS_TLS, 1, 0, "host", 7000, ""},
        {"sentinel://a,b:1,[::2]:3/shop", REDIS_SENTINEL, 3, 0, "a", 26379, "shop"},
        {"sentinel://a,b:1,[::2]:3/shop", REDIS_SENTINEL, 3, 1, "b", 1, "shop"},
        {"sentinel://a,b:1,[::2]:3/shop", REDIS_SENTINEL, 3, 2, "::2", 3, "shop"},
        {"cluster://a:1,b", REDIS_CLUSTER, 2, 1, "b", 6379, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct redis_place place;
        char message[160] = "";
        if (!redis_address_read(cases[i].address, &place, message))
            fail_msg("%s: %s", cases[i].address, message);
        assert_int_equal(place.scheme, cases[i].scheme);
        assert_int_equal(place.count, cases[i].count);
        assert_string_equal(place.at[cases[i].which].host, cases[i].host);
        assert_int_equal(place.at[cases[i].which].port, cases[i].port);
        assert_string_equal(place.name, cases[i].name);
    }
}

/* Redis itself (CLUSTER KEYSLOT) says the same of each; 12739 is the Cluster specification's own example. */
static void slots_are_those_of_redis(void **context)
{
    (void)context;
    static const struct { const char *key; unsigned slot; } cases[] = {
        {"123456789", 12739}, {"{p0007}log", 14315}, {"{p0007}", 14315}, {"{}x", 10595}, {"a{b}{c}", 3300}, {"b", 3300},
        {"note:meta", 9219}, {"{note:meta}never", 9219}, {"{members}about", 6465}, {"{members}", 6465},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (redis_slot(bytes_of(cases[i].key)) != cases[i].slot)
            fail_msg("%s: %u", cases[i].key, redis_slot(bytes_of(cases[i].key)));
}

/* -------- logging in */

static int server_up(void **context)
{
    (void)context;
    return redis_server_start_with(&server, "appendonly no\nrequirepass \"the secret\"\n"
                                            "user shop on >shop-secret ~* +@all\n"
                                            "user half on >shop-secret ~* +@all -fcall\n")
               ? 0 : -1;
}

static int server_down(void **context)
{
    (void)context;
    redis_server_stop(&server);
    return 0;
}

static const char *password_file(char path[96], const char *name, const char *contents)
{
    snprintf(path, 96, "%.60s/%s", server.directory, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fputs(contents, file) >= 0, 1);
    assert_int_equal(fclose(file), 0);
    return path;
}

static void logins_are_told_right_from_wrong(void **context)
{
    (void)context;
    char right[96], shop[96], wrong[96], empty[96];
    password_file(right, "right", "the secret\n");
    password_file(shop, "shop", "shop-secret\r\nsecond line\n");
    password_file(wrong, "wrong", "not-the-secret\n");
    password_file(empty, "empty", "");
    const struct { const char *user, *file, *told; } cases[] = {
        {"", right, NULL},
        {"default", right, NULL},
        {"shop", shop, NULL},
        {"", "", "wants a password"},
        {"", wrong, "does not let user default in"},
        {"shop", right, "does not let user shop in"},
        {"nobody", shop, "does not let user nobody in"},
        {"shop", empty, "it is empty"},
        {"shop", "/nowhere/at/all", "/nowhere/at/all cannot be read: No such file"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char message[160] = "";
        struct redis_access access = {.address = server.address, .user = cases[i].user, .password_file = cases[i].file};
        struct store *store = store_redis_new(&access, 1, message);
        if (!store != !!cases[i].told || (cases[i].told && !strstr(message, cases[i].told)))
            fail_msg("%s with %s: %s", cases[i].user, cases[i].file, message);
        assert_null(strstr(message, "secret"));
        if (store)
            store->functions->free(&store);
    }
}

static void what_a_user_may_not_do_is_told(void **context)
{
    (void)context;
    char path[96], message[160] = "";
    struct redis_access access = {.address = server.address, .user = "half",
                                  .password_file = password_file(path, "half", "shop-secret")};
    struct store *store = store_redis_new(&access, 1, message);
    assert_non_null(store);
    assert_int_equal(store->functions->note_put(store, "meta", "f", bytes_of("x")), STORE_GONE);
    assert_non_null(strstr(store->functions->message(store), "its user may not do this"));
    store->functions->free(&store);
}

/* -------- replicas */

static int pair_up(void **context)
{
    char lines[160];
    (void)context;
    if (!redis_server_start_with(&server, "appendonly no\n"))
        return -1;
    snprintf(lines, sizeof lines, "appendonly no\nreplicaof 127.0.0.1 %d\n", server.port);
    return redis_server_start_with(&follower, lines) ? 0 : -1;
}

static int pair_down(void **context)
{
    redis_server_stop(&follower);
    return server_down(context);
}

static struct store *open_store(unsigned replicas)
{
    char message[160] = "";
    struct redis_access access = {.address = server.address, .replicas = replicas};
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

static void append_until_done(struct store *store, const char *key, struct fact *ret)
{
    for (int64_t end = now_ms() + PATIENCE_MS; append(store, key, ret) != STORE_OK; poll(NULL, 0, ASK_EVERY_MS))
        if (now_ms() > end)
            fail_msg("%s", store->functions->message(store));
}

static struct checkpoint settled_until_done(struct store *store)
{
    struct checkpoint settled;
    const uint32_t partition = 0;
    for (int64_t end = now_ms() + PATIENCE_MS;
         store->functions->settled(store, &partition, 1, NULL, &settled) != STORE_OK; poll(NULL, 0, ASK_EVERY_MS))
        if (now_ms() > end)
            fail_msg("%s", store->functions->message(store));
    return settled;
}

/* The replica stands still: nothing counts, neither what is new nor what is repeated, nor is anything more settled. */
static void a_write_counts_once_the_replicas_have_it(void **context)
{
    (void)context;
    struct store *careful = open_store(1), *reader = open_store(1), *plain = open_store(0);
    struct fact fact;
    struct checkpoint settled;
    const uint32_t partition = 0;
    append_until_done(careful, "w\n1", &fact);
    assert_int_equal(settled_until_done(reader).seq, 1);
    assert_int_equal(kill(follower.pid, SIGSTOP), 0);
    assert_int_equal(append(careful, "w\n2", &fact), STORE_GONE);
    assert_non_null(strstr(careful->functions->message(careful), "only 0 of 1 replicas"));
    assert_int_equal(append(plain, "w\n2", &fact), STORE_OK);
    assert_int_equal(fact.outcome, APPEND_KNOWN);
    struct store *fresh = open_store(1);    /* its connection has written nothing: the duplicate waits all the same */
    assert_int_equal(append(fresh, "w\n2", &fact), STORE_GONE);
    for (int64_t end = now_ms() + PATIENCE_MS;
         reader->functions->settled(reader, &partition, 1, NULL, &settled) == STORE_OK && now_ms() < end;)
        assert_int_equal(settled.seq, 1);
    assert_int_equal(reader->functions->settled(reader, &partition, 1, NULL, &settled), STORE_GONE);
    assert_int_equal(plain->functions->settled(plain, &partition, 1, NULL, &settled), STORE_OK);
    assert_int_equal(settled.seq, 2);
    assert_int_equal(kill(follower.pid, SIGCONT), 0);
    append_until_done(fresh, "w\n2", &fact);
    assert_int_equal(fact.outcome, APPEND_KNOWN);
    assert_int_equal(settled_until_done(reader).seq, 2);
    struct store **all[] = {&careful, &reader, &plain, &fresh};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        (*all[i])->functions->free(all[i]);
}

/* A customer's key that no replica has might be lost, and what was sealed with it: nothing is sealed with it. */
static void a_key_counts_once_the_replicas_have_it(void **context)
{
    (void)context;
    char path[96], message[160] = "";
    snprintf(path, sizeof path, "%.60s/master.key", server.directory);
    const struct redis_access careful = {.address = server.address, .replicas = 1}, plain = {.address = server.address};
    struct store *store = open_store(1);
    struct fact fact;
    append_until_done(store, "k\n1", &fact);            /* the replica is in step */
    struct sealer *one = sealer_redis_new(&careful, path, message), *other = sealer_redis_new(&plain, path, message);
    struct buffer sealed = {0};
    assert_non_null(one);
    assert_non_null(other);
    assert_true(seal_make(one, "before", bytes_of("text"), &sealed));
    assert_int_equal(kill(follower.pid, SIGSTOP), 0);
    assert_true(seal_make(other, "known", bytes_of("text"), &sealed));
    buffer_clear(&sealed);
    assert_false(seal_make(one, "known", bytes_of("text"), &sealed));
    assert_false(seal_make(one, "unknown", bytes_of("text"), &sealed));
    assert_int_equal(sealed.bytes, 0);
    assert_int_equal(kill(follower.pid, SIGCONT), 0);
    for (int64_t end = now_ms() + PATIENCE_MS; !seal_make(one, "known", bytes_of("text"), &sealed);
         poll(NULL, 0, ASK_EVERY_MS))
        assert_true(now_ms() < end);
    buffer_free(&sealed);
    sealer_free(&one);
    sealer_free(&other);
    store->functions->free(&store);
}

/* What was remembered is good enough, unless more is wanted of it. */
static void what_is_settled_is_asked_anew_when_more_is_wanted(void **context)
{
    (void)context;
    struct store *store = open_store(1);
    struct fact fact;
    struct checkpoint settled;
    const uint32_t partition = 0;
    append_until_done(store, "m\n1", &fact);
    for (uint64_t seq = 1; seq <= 3; seq++) {
        char key[8];
        snprintf(key, sizeof key, "m\n%d", (int)seq);
        append_until_done(store, key, &fact);
        assert_int_equal(store->functions->settled(store, &partition, 1, &seq, &settled), STORE_OK);
        assert_int_equal(settled.seq, seq);
    }
    store->functions->free(&store);
}

/* What Redis refuses because it has too few replicas was not done, and is repeated like anything else that is gone. */
static void a_primary_without_replicas_refuses(void **context)
{
    (void)context;
    struct store *store = open_store(0);
    redisContext *redis = redis_server_connect(&server);
    struct fact fact;
    append_until_done(store, "n\n1", &fact);
    assert_true(redis_server_do(redis, "CONFIG SET min-replicas-to-write 2"));
    assert_int_equal(append(store, "n\n2", &fact), STORE_GONE);
    assert_non_null(strstr(store->functions->message(store), "NOREPLICAS"));
    assert_true(redis_server_do(redis, "CONFIG SET min-replicas-to-write 0"));
    append_until_done(store, "n\n2", &fact);
    assert_int_equal(fact.outcome, APPEND_NEW);
    redisFree(redis);
    store->functions->free(&store);
}

/* -------- holding off */

/* A server that does not answer costs one call its patience, and the next ones nothing. */
static void what_does_not_answer_is_not_tried_by_every_call(void **context)
{
    (void)context;
    struct store *store = open_store(0);
    struct fact fact;
    assert_int_equal(kill(server.pid, SIGSTOP), 0);
    int64_t begun = now_ms();
    assert_int_equal(append(store, "h\n1", &fact), STORE_GONE);
    int64_t first = now_ms() - begun;
    for (int i = 0; i < 100; i++)
        assert_int_equal(append(store, "h\n1", &fact), STORE_GONE);
    assert_true(now_ms() - begun < 2 * first);
    assert_int_equal(kill(server.pid, SIGCONT), 0);
    append_until_done(store, "h\n1", &fact);
    store->functions->free(&store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_read_whole),
        cmocka_unit_test(slots_are_those_of_redis),
        cmocka_unit_test_setup_teardown(logins_are_told_right_from_wrong, server_up, server_down),
        cmocka_unit_test_setup_teardown(what_a_user_may_not_do_is_told, server_up, server_down),
        cmocka_unit_test_setup_teardown(a_write_counts_once_the_replicas_have_it, pair_up, pair_down),
        cmocka_unit_test_setup_teardown(a_key_counts_once_the_replicas_have_it, pair_up, pair_down),
        cmocka_unit_test_setup_teardown(what_is_settled_is_asked_anew_when_more_is_wanted, pair_up, pair_down),
        cmocka_unit_test_setup_teardown(a_primary_without_replicas_refuses, pair_up, pair_down),
        cmocka_unit_test_setup_teardown(what_does_not_answer_is_not_tried_by_every_call, pair_up, pair_down),
    };
    return cmocka_run_group_tests_name("redis: link", tests, NULL, NULL);
}
