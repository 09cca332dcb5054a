#include "store_rig.h"

#include <stdlib.h>

enum { CASES_MAX = 64, NAME_BYTES = 96 };

static const wall_ms memory_start = 1750000000000;
static struct redis_server server;

static wall_ms rig_now(void *context)
{
    return ((struct rig *)context)->now;
}

static void open_redis(struct rig *rig)
{
    char message[160];
    rig->redis = redis_server_connect(rig->server);
    assert_non_null(rig->redis);
    assert_true(redis_server_do(rig->redis, "FLUSHALL"));
    rig->store = store_redis_new(&(struct redis_access){.address = rig->server->address}, RIG_PARTITIONS, message);
    if (!rig->store)
        fail_msg("%s", message);
}

void rig_open(struct rig *rig, struct redis_server *redis_server)
{
    *rig = (struct rig){.server = redis_server, .now = memory_start, .arena = arena_new()};
    if (rig->server) {
        open_redis(rig);
    } else {
        rig->store = store_memory_new(RIG_PARTITIONS);
        store_memory_time(rig->store, rig_now, rig);
    }
    rig->calls = rig->store->functions;
}

void rig_close(struct rig *rig)
{
    rig->calls->free(&rig->store);
    if (rig->redis)
        redisFree(rig->redis);
    arena_free(&rig->arena);
}

static redisReply *keys_like(struct rig *rig, const char *pattern)
{
    redisReply *keys = redisCommand(rig->redis, "KEYS %s", pattern);
    assert_non_null(keys);
    assert_int_equal(keys->type, REDIS_REPLY_ARRAY);
    return keys;
}

void rig_leases_expire(struct rig *rig)
{
    rig->now += RIG_TTL_MS;
    if (!rig->server)
        return;
    redisReply *keys = keys_like(rig, "*stage:*");
    for (size_t i = 0; i < keys->elements; i++)
        assert_true(redis_server_do(rig->redis, "HSET %s expires 0", keys->element[i]->str));
    freeReplyObject(keys);
}

void rig_members_expire(struct rig *rig)
{
    rig->now += RIG_TTL_MS;
    if (!rig->server)
        return;
    redisReply *names = redisCommand(rig->redis, "ZRANGE {members} 0 -1");
    assert_non_null(names);
    for (size_t i = 0; i < names->elements; i++)
        assert_true(redis_server_do(rig->redis, "ZADD {members} 1 %s", names->element[i]->str));
    freeReplyObject(names);
}

static int by_generation(const void *a, const void *b)
{
    const char *left = (*(redisReply *const *)a)->str, *right = (*(redisReply *const *)b)->str;
    long difference = atol(strrchr(left, ':') + 1) - atol(strrchr(right, ':') + 1);
    return difference < 0 ? -1 : difference > 0;
}

static void age_key(struct rig *rig, const char *key, int generations)
{
    const char *colon = strrchr(key, ':');
    assert_true(redis_server_do(rig->redis, "RENAME %s %b:%ld", key, key, (size_t)(colon - key),
                                atol(colon + 1) - generations));
}

void rig_keys_age(struct rig *rig, int generations)
{
    rig_leases_expire(rig);
    rig->now += generations * 4 * DAY_MS;
    if (!rig->server)
        return;
    redisReply *keys = keys_like(rig, "*keys*:*");
    if (keys->elements)
        qsort(keys->element, keys->elements, sizeof *keys->element, by_generation);
    for (size_t i = 0; i < keys->elements; i++)
        age_key(rig, keys->element[i]->str, generations);
    freeReplyObject(keys);
}

/* -------- running */

struct state { const struct rig_case *what; bool redis; char name[NAME_BYTES]; };

static void run_case(void **context)
{
    const struct state *state = *context;
    struct rig rig;
    rig_open(&rig, state->redis ? &server : NULL);
    state->what->run(&rig);
    rig_close(&rig);
}

int rig_run(const char *group, const struct rig_case *cases, size_t count)
{
    static struct state states[2 * CASES_MAX];
    static struct CMUnitTest tests[2 * CASES_MAX];
    if (count > CASES_MAX || !redis_server_start(&server, false))
        return 1;
    for (size_t i = 0; i < 2 * count; i++) {
        struct state *state = &states[i];
        *state = (struct state){.what = &cases[i / 2], .redis = i % 2};
        snprintf(state->name, sizeof state->name, "%s: %s", state->redis ? "redis" : "memory", state->what->name);
        tests[i] = (struct CMUnitTest){.name = state->name, .test_func = run_case, .initial_state = state};
    }
    int failed = _cmocka_run_group_tests(group, tests, 2 * count, NULL, NULL);
    redis_server_stop(&server);
    return failed;
}

/* -------- short forms */

struct slice bytes_of(const char *text)
{
    return (struct slice){(const uint8_t *)text, strlen(text)};
}

struct slice event_bytes(enum event_number number, const char *id)
{
    static struct arena *kept;
    struct buffer packed = {0};
    struct event event = event_of(number);
    kept = kept ? kept : arena_new();
    event.id = id;
    event.source = "test";
    event.site = "sample";
    event_pack(&event, &packed);
    struct slice bytes = {arena_copy(kept, packed.at, packed.bytes), packed.bytes};
    buffer_free(&packed);
    return bytes;
}

struct slice fact_bytes(const char *id)
{
    return event_bytes(EVENT_CAR_DELIVERED, id);
}

struct slice result_bytes(const char *id)
{
    return event_bytes(EVENT_ACT_REFUSED, id);
}

enum append_outcome rig_append(struct rig *rig, const char *key, uint64_t chain_id)
{
    struct fact fact = {.key = key, .natural = true, .digest = 1, .chain_id = chain_id, .packed = fact_bytes(key)};
    assert_status(rig, STORE_OK, store_append_one(rig->store, 0, &fact, 1));
    return fact.outcome;
}

struct standing rig_claim(struct rig *rig, enum stage stage, const char *owner)
{
    struct standing standing;
    assert_status(rig, STORE_OK, store_claim_one(rig->store, 0, stage, owner, RIG_TTL_MS, &standing));
    return standing;
}

enum store_status rig_put(struct rig *rig, const struct standing *standing, const struct entity_put *put)
{
    struct commit commit = {.lease = standing->lease, .from = standing->checkpoint, .to = standing->checkpoint,
                            .puts = put, .put_count = 1};
    return store_commit_one(rig->store, &commit);
}

struct partition_view rig_view(struct rig *rig)
{
    struct partition_view view;
    uint32_t partition = 0;
    struct checkpoint head;
    assert_status(rig, STORE_OK, rig->calls->view(rig->store, &partition, 1, &view));
    assert_status(rig, STORE_OK, rig->calls->heads(rig->store, &partition, 1, &head));
    assert_memory_equal(&head, &view.head, sizeof head);
    return view;
}

struct stored_entity rig_read(struct rig *rig, enum entity_kind kind, const char *id)
{
    struct stored_entity entity;
    assert_status(rig, STORE_OK, store_read_entities_one(rig->store, 0, kind, &id, 1, rig->arena, &entity));
    return entity;
}
