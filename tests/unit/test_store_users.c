/* The users of Redis: each does all that its program does, and is refused whatever else is tried. Seen by a real Redis. */
#include "support/store_rig.h"

#include <stdlib.h>

#include "store_users.h"

enum { WORDS_MAX = 256 };

static struct redis_server server;
static const char password[] = "a-password-of-the-test";

static struct store *store_as(const char *user)
{
    char message[160] = "", path[sizeof server.directory + 16];
    snprintf(path, sizeof path, "%s/password", server.directory);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(password, file);
    fclose(file);
    const struct redis_access access = {.address = server.address, .user = user, .password_file = path};
    struct store *store = store_redis_new(&access, RIG_PARTITIONS, message);
    if (!store)
        fail_msg("%s: %s", user, message);
    return store;
}

static redisContext *connect_as(const char *user)
{
    redisContext *redis = redis_server_connect(&server);
    assert_non_null(redis);
    assert_true(redis_server_do(redis, "AUTH %s %s", user, password));
    return redis;
}

/* The words of a line; what stands in brackets, a selector, is one word. */
static size_t words_of(char *line, const char *words[WORDS_MAX])
{
    size_t count = 0;
    int depth = 0;
    char *from = line;
    for (char *at = line;; at++) {
        bool end = !*at;
        depth += (*at == '(') - (*at == ')');
        if (!end && (*at != ' ' || depth))
            continue;
        *at = '\0';
        if (*from && count < WORDS_MAX)
            words[count++] = from;
        from = at + 1;
        if (end)
            return count;
    }
}

static void set_user(redisContext *redis, enum store_server which, const char *name)
{
    const char *words[WORDS_MAX];
    struct buffer line = {0};
    buffer_printf(&line, "ACL SETUSER %s ", name);
    store_user_rules(which, name, &line);
    buffer_printf(&line, " >%s", password);
    char *copy = strdup(buffer_text(&line));
    size_t count = words_of(copy, words);
    redisReply *reply = redisCommandArgv(redis, (int)count, words, NULL);
    if (!reply || reply->type == REDIS_REPLY_ERROR)
        fail_msg("%s: %s", name, reply ? reply->str : redis->errstr);
    freeReplyObject(reply);
    free(copy);
    buffer_free(&line);
}

static void set_users(redisContext *redis, enum store_server which)
{
    const char *names[USERS_MAX];
    size_t count = store_users(which, names);
    for (size_t i = 0; i < count; i++)
        set_user(redis, which, names[i]);
}

static int start(void **context)
{
    (void)context;
    return redis_server_start(&server, false) ? 0 : -1;
}

static int stop(void **context)
{
    (void)context;
    redis_server_stop(&server);
    return 0;
}

static redisContext *fresh(enum store_server which)
{
    redisContext *redis = redis_server_connect(&server);
    assert_non_null(redis);
    assert_true(redis_server_do(redis, "FLUSHALL"));
    assert_true(redis_server_do(redis, "FUNCTION FLUSH"));
    set_users(redis, which);
    return redis;
}

/* -------- what each program does */

#define GOOD(store, call) WENT_WELL(store, (store)->functions->call)
#define WENT_WELL(store, call)                                                                      \
    do {                                                                                            \
        enum store_status told = (call);                                                            \
        if (told != STORE_OK)                                                                       \
            fail_msg("%s: %s", #call, (store)->functions->message(store));                          \
    } while (0)

static void read_everything(struct store *store)
{
    struct arena *arena = arena_new();
    struct partition_view view;
    struct checkpoint head;
    struct entry_list log;
    struct stored_entity entity;
    struct stored_entity_list entities;
    struct texts texts;
    struct slice *values, content;
    struct timer_list timers;
    struct member_list members;
    struct store_health health;
    uint32_t partition = 0;
    wall_ms now;
    const char *id = "s/1";
    GOOD(store, view(store, &partition, 1, &view));
    GOOD(store, heads(store, &partition, 1, &head));
    WENT_WELL(store, store_read_log_one(store, 0, 1, 10, arena, &log));
    for (int kind = 0; kind < ENTITY_COUNT; kind++) {
        uint64_t cursor = 0;
        WENT_WELL(store, store_read_entities_one(store, 0, (enum entity_kind)kind, &id, 1, arena, &entity));
        GOOD(store, scan_entities(store, 0, (enum entity_kind)kind, &cursor, arena, &entities));
    }
    GOOD(store, read_queue(store, 0, "", "", 10, arena, &texts));
    GOOD(store, read_timers(store, 0, 0, 0, 10, arena, &timers));
    GOOD(store, content_get(store, "hash", arena, &content));
    GOOD(store, note_get(store, "meta", arena, &texts, &values));
    GOOD(store, members(store, arena, &members));
    GOOD(store, now(store, &now));
    store->functions->health(store, &health);
    assert_true(health.reachable);
    arena_free(&arena);
}

/* What all daemons do: settle what was not settled, move stepped time, let go of who took part in it, announce themselves. */
static void live(struct store *store)
{
    const struct member member = {.name = "me", .stage = "x", .endpoint = "e", .details = "{}"};
    GOOD(store, note_swap(store, "meta", "partitions", (struct slice){0}, bytes_of("8")));
    GOOD(store, note_put(store, "meta", "partitions", (struct slice){0}));
    GOOD(store, note_put(store, "clock", "record", bytes_of("now")));
    GOOD(store, note_put(store, "participants", "gone", (struct slice){0}));
    GOOD(store, announce(store, &member, RIG_TTL_MS));
    GOOD(store, announce(store, &member, 0));
    read_everything(store);
}

static void append_both_ways(struct store *store, enum stage stage, enum event_number number)
{
    struct fact facts[2] = {
        {.key = "s\n1", .natural = true, .digest = 1, .chain_id = 1, .stage = stage, .packed = event_bytes(number, "a")},
        {.key = "s\n2", .natural = false, .digest = 1, .chain_id = 2, .stage = stage, .packed = event_bytes(number, "b")},
    };
    for (size_t i = 0; i < 2; i++) {            /* in two calls: what one appended is trimmed together */
        WENT_WELL(store, store_append_one(store, 0, &facts[i], 1));
        assert_int_equal(facts[i].outcome, APPEND_NEW);
    }
    WENT_WELL(store, store_append_one(store, 0, facts, 2));
    assert_int_equal(facts[1].outcome, APPEND_KNOWN);
}

/* Every kind of its own: put with timer and place, changed, deleted; on condition of kinds that are others'. */
static void commit_every_way(struct store *store, const struct standing *standing, struct checkpoint to)
{
    struct entity_condition conditions[ENTITY_COUNT];
    struct new_event event = {.chain_id = 9, .packed = result_bytes("r")};
    for (int kind = 0; kind < ENTITY_COUNT; kind++)
        conditions[kind] = (struct entity_condition){(enum entity_kind)kind, "s/none", 0};
    for (int kind = 0; kind < ENTITY_COUNT; kind++) {
        if (entity_types[kind].stage != standing->lease.stage)
            continue;
        struct entity_put put = {.kind = (enum entity_kind)kind, .id = "s/1", .version = 1, .packed = bytes_of("x"),
                                 .due = 5, .queue = "work/s/1"};
        struct commit commit = {.lease = standing->lease, .puts = &put, .put_count = 1, .conditions = conditions,
                                .condition_count = ENTITY_COUNT};
        WENT_WELL(store, store_commit_one(store, &commit));
        put = (struct entity_put){.kind = (enum entity_kind)kind, .id = "s/1", .version = 2, .due_before = 5,
                                  .queue_before = "work/s/1"};
        WENT_WELL(store, store_commit_one(store, &commit));
    }
    struct entity_put timer = {.kind = ENTITY_COUNT, .id = "s/2", .version = 1, .packed = bytes_of("x"), .due = 5};
    for (int kind = 0; kind < ENTITY_COUNT; kind++)
        if (entity_types[kind].stage == standing->lease.stage)
            timer.kind = (enum entity_kind)kind;
    struct commit commit = {.lease = standing->lease, .to = to, .puts = &timer, .put_count = 1, .events = &event,
                            .event_count = 1};
    WENT_WELL(store, store_commit_one(store, &commit));
}

static void work_as(enum stage stage, struct checkpoint to)
{
    struct store *store = store_as(stage_names[stage]);
    struct standing standing, again;
    enum store_status each;
    assert_int_equal(store_claim_one(store, 0, stage, "a", RIG_TTL_MS, &standing), STORE_OK);
    GOOD(store, renew(store, &standing.lease, 1, RIG_TTL_MS, &again, &each));
    assert_int_equal(each, STORE_OK);
    commit_every_way(store, &standing, to);
    GOOD(store, note_put(store, "working", "p", bytes_of("1")));
    GOOD(store, note_put(store, "working", "p", (struct slice){0}));
    if (stage == STAGE_SCHEDULER) {
        struct arena *arena = arena_new();
        struct entry_list fired;
        wall_ms due;
        assert_int_equal(store_fire_one(store, &standing.lease, 9, 77, arena, &fired, &due), STORE_OK);
        assert_int_equal(fired.count, 1);
        arena_free(&arena);
    }
    if (stage == STAGE_NOTIFIER)
        append_both_ways(store, stage, EVENT_SEND_FINISHED);
    live(store);
    assert_int_equal(store_release_one(store, &standing.lease), STORE_OK);
    store->functions->free(&store);
}

static void every_program_can_do_its_work(void **context)
{
    (void)context;
    redisContext *redis = fresh(SERVER_STORE);
    struct trimmed trimmed;
    struct store *loader = store_as("scheduler"), *intake = store_as("intake");
    append_both_ways(intake, STAGE_NONE, EVENT_CAR_DELIVERED);
    for (int stage = STAGE_NONE + 1; stage < STAGE_COUNT; stage++)
        work_as((enum stage)stage, (struct checkpoint){2, 2});
    GOOD(intake, trim(intake, 0, 2, &trimmed));
    assert_int_equal(trimmed.count, 1);
    GOOD(intake, content_put(intake, "hash", bytes_of("settings")));
    GOOD(intake, note_put(intake, "participants", "p", bytes_of("1")));
    GOOD(intake, note_swap(intake, "consumers", "c", (struct slice){0}, bytes_of("1")));
    GOOD(intake, note_swap(intake, "consumers", "c", bytes_of("1"), (struct slice){0}));
    live(intake);
    intake->functions->free(&intake);
    loader->functions->free(&loader);
    redisFree(redis);
}

static struct store *try_store_as(const char *user, char message[160])
{
    char path[sizeof server.directory + 16];
    snprintf(path, sizeof path, "%s/password", server.directory);
    const struct redis_access access = {.address = server.address, .user = user, .password_file = path};
    return store_redis_new(&access, RIG_PARTITIONS, message);
}

/* Whoever loads functions acts for all who call them. */
static void functions_come_from_the_scheduler_only(void **context)
{
    (void)context;
    redisContext *redis = fresh(SERVER_STORE);
    char message[160] = "";
    struct store *first = store_as("scheduler"), *second = store_as("follow-up");
    second->functions->free(&second);
    assert_true(redis_server_do(redis, "FUNCTION FLUSH"));
    static const char *const others[] = {"intake", "follow-up", "complaint-router", "notifier"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        assert_null(try_store_as(others[i], message));
        assert_non_null(strstr(message, "NOPERM"));
    }
    struct standing standing;
    assert_int_equal(store_claim_one(first, 0, STAGE_SCHEDULER, "a", RIG_TTL_MS, &standing), STORE_OK);
    second = store_as("follow-up");         /* the scheduler's call has brought them back */
    second->functions->free(&second);
    first->functions->free(&first);
    redisFree(redis);
}

/* -------- what they can't do */

/* The right one must pass before the wrong one is refused. */
static const struct trial { enum store_server server; const char *user, *right, *wrong; } trials[] = {
    /* what is another's */
    {SERVER_STORE, "follow-up", "HSET {p0000}stage:follow-up owner x", "HSET {p0000}stage:notifier owner x"},
    {SERVER_STORE, "follow-up", "HSET {p0000}entity:T i v", "HSET {p0000}entity:K i v"},
    {SERVER_STORE, "follow-up", "HDEL {p0000}entity:A i", "HDEL {p0000}entity:N i"},
    {SERVER_STORE, "complaint-router", "HSET {p0000}entity:K i v", "HSET {p0000}entity:T i v"},
    {SERVER_STORE, "notifier", "HSET {p0000}keys.notifier k v", "HSET {p0000}keys k v"},
    {SERVER_STORE, "intake", "HSET {p0000}keys:7 k v", "HSET {p0000}keys.notifier:7 k v"},
    {SERVER_STORE, "intake", "HSET note:consumers f v", "HSET note:working f v"},
    {SERVER_STORE, "intake", "HMGET {p0000}entity:T i", "HSET {p0000}entity:T i v"},
    {SERVER_STORE, "intake", "ZCARD {p0000}timers", "ZADD {p0000}timers 1 x"},
    {SERVER_STORE, "notifier", "HSET note:working f v", "HSET note:consumers f v"},
    {SERVER_STORE, "scheduler", "GET content:h", "SET content:h x"},
    {SERVER_STORE, "scheduler", "ZREMRANGEBYRANK {p0000}timers 0 0", "ZREMRANGEBYRANK {p0000}queue 0 0"},
    {SERVER_STORE, "follow-up", "ZREM {p0000}timers x", "ZREMRANGEBYRANK {p0000}timers 0 0"},
    /* what was said stays said */
    {SERVER_STORE, "follow-up", "XADD {p0000}log 5-0 i x", "XTRIM {p0000}log MAXLEN 0"},
    {SERVER_STORE, "follow-up", "SET {p0000}head x", "SET {p0000}log x"},
    {SERVER_STORE, "intake", "XADD {p0000}log 6-0 i x", "XDEL {p0000}log 5-0"},
    {SERVER_STORE, "intake", "XTRIM {p0000}log MAXLEN 100", "DEL {p0000}log"},
    {SERVER_STORE, "intake", "SET content:h x", "SET {p0000}stage:scheduler x"},
    {SERVER_STORE, "scheduler", "HSET {p0000}stage:scheduler owner x", "RENAME {p0000}log {p0000}gone"},
    /* who only looks */
    {SERVER_STORE, "observer", "XRANGE {p0000}log - +", "XADD {p0000}log 9-0 i x"},
    {SERVER_STORE, "observer", "HGETALL note:meta", "HSET note:meta f v"},
    {SERVER_STORE, "observer", "SCAN 0", "FCALL care_commit 1 {p0000}log"},
    {SERVER_STORE, "care", "CONFIG GET maxmemory", "FLUSHALL"},
    {SERVER_STORE, "care", "FUNCTION LIST", "XADD {p0000}log 9-0 i x"},
    {SERVER_STORE, "care", "ACL WHOAMI", "ACL SETUSER care +@all"},
    {SERVER_STORE, "replica", "PING", "GET {p0000}head"},
    {SERVER_STORE, "sentinel", "INFO", "GET {p0000}head"},
    /* customers' keys: one at a time, made once, erased by intake */
    {SERVER_KEYS, "intake", "HSETNX key:ab c x", "HSET key:ab c y"},
    {SERVER_KEYS, "intake", "HGET key:ab c", "HGETALL key:ab"},
    {SERVER_KEYS, "intake", "HDEL key:ab c", "DEL key:ab"},
    {SERVER_KEYS, "notifier", "HGET key:ab c", "HDEL key:ab c"},
    {SERVER_KEYS, "notifier", "HSETNX key:ab d x", "SCAN 0"},
    {SERVER_KEYS, "care", "INFO", "HGET key:ab c"},
};

static bool refused(redisContext *redis, const char *command)
{
    redisReply *reply = redisCommand(redis, command);
    if (!reply)
        fail_msg("%s: %s", command, redis->errstr);
    bool denied = reply->type == REDIS_REPLY_ERROR && !strncmp(reply->str, "NOPERM", 6);
    if (reply->type == REDIS_REPLY_ERROR && !denied)
        fail_msg("%s: %s", command, reply->str);
    freeReplyObject(reply);
    return denied;
}

static void nobody_goes_beyond_what_is_theirs(void **context)
{
    (void)context;
    for (size_t i = 0; i < sizeof trials / sizeof *trials; i++) {
        const struct trial *trial = &trials[i];
        redisContext *redis = fresh(trial->server), *user = connect_as(trial->user);
        if (refused(user, trial->right))
            fail_msg("%s should be allowed: %s", trial->user, trial->right);
        if (!refused(user, trial->wrong))
            fail_msg("%s should be refused: %s", trial->user, trial->wrong);
        redisFree(user);
        redisFree(redis);
    }
}

/* What a server is told: for nobody, or for the one who is named. */
static const struct { const char *command, *whose; } server_commands[] = {
    {"FLUSHALL", ""}, {"FLUSHDB", ""}, {"CONFIG SET maxmemory 1", "care"}, {"CONFIG REWRITE", "sentinel"}, {"KEYS *", ""},
    {"DEBUG SLEEP 0", ""}, {"SCRIPT FLUSH", ""}, {"EVAL return 0", ""}, {"FUNCTION FLUSH", ""}, {"FUNCTION DUMP", ""},
    {"FUNCTION RESTORE x", ""}, {"ACL LIST", ""}, {"ACL SETUSER x on", ""}, {"SHUTDOWN NOSAVE", ""},
    {"REPLICAOF NO ONE", "sentinel"}, {"MONITOR", ""}, {"CLIENT KILL TYPE normal", "sentinel"}, {"CLIENT LIST", ""},
    {"BGREWRITEAOF", ""}, {"SAVE", ""}, {"MIGRATE h 1 k 0 1", ""}, {"SWAPDB 0 1", ""}, {"MODULE LIST", ""},
    {"PUBLISH c x", "sentinel"}, {"SUBSCRIBE c", "sentinel"}, {"DEL {p0000}head", ""}, {"UNLINK {p0000}log", ""},
    {"GETDEL {p0000}head", ""}, {"EXPIRE {p0000}log 1", ""}, {"RESTORE {p0000}head 0 x", ""}, {"SORT {p0000}queue", ""},
    {"OBJECT FREQ {p0000}log", ""},
};

static void nobody_reaches_for_the_server(void **context)
{
    (void)context;
    for (int which = 0; which < SERVER_COUNT; which++) {
        const char *names[USERS_MAX];
        size_t count = store_users((enum store_server)which, names);
        redisContext *redis = fresh((enum store_server)which);
        for (size_t i = 0; i < count; i++) {
            redisContext *user = connect_as(names[i]);
            assert_false(refused(user, "PING"));
            for (size_t j = 0; j < sizeof server_commands / sizeof *server_commands; j++)
                if (strcmp(server_commands[j].whose, names[i]) && !refused(user, server_commands[j].command))
                    fail_msg("%s should be refused at %s: %s", names[i], store_server_names[which],
                             server_commands[j].command);
            redisFree(user);
        }
        redisFree(redis);
    }
}

/* Redis looks at the user's rights inside a function too. */
static void a_function_lends_nobody_its_rights(void **context)
{
    (void)context;
    redisContext *redis = fresh(SERVER_STORE);
    struct store *scheduler = store_as("scheduler"), *follow_up = store_as("follow-up");
    struct standing standing;
    assert_int_equal(store_claim_one(follow_up, 0, STAGE_FOLLOW_UP, "a", RIG_TTL_MS, &standing), STORE_OK);
    assert_int_not_equal(store_claim_one(follow_up, 0, STAGE_NOTIFIER, "a", RIG_TTL_MS, &standing), STORE_OK);
    assert_non_null(strstr(follow_up->functions->message(follow_up), "its user may not do this"));
    struct fact fact = {.key = "s\n1", .digest = 1, .chain_id = 1, .stage = STAGE_NONE, .packed = fact_bytes("a")};
    assert_int_equal(store_claim_one(scheduler, 0, STAGE_SCHEDULER, "a", RIG_TTL_MS, &standing), STORE_OK);
    assert_int_not_equal(store_append_one(scheduler, 0, &fact, 1), STORE_OK);
    redisReply *held = redisCommand(redis, "EXISTS {p0000}stage:notifier {p0000}keys");
    assert_int_equal(held->integer, 0);
    freeReplyObject(held);
    follow_up->functions->free(&follow_up);
    scheduler->functions->free(&scheduler);
    redisFree(redis);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_program_can_do_its_work),
        cmocka_unit_test(functions_come_from_the_scheduler_only),
        cmocka_unit_test(nobody_goes_beyond_what_is_theirs),
        cmocka_unit_test(nobody_reaches_for_the_server),
        cmocka_unit_test(a_function_lends_nobody_its_rights),
    };
    return cmocka_run_group_tests_name("store: users", tests, start, stop);
}
