/* The store on a Redis Cluster: keys find their masters, and nothing is lost while slots move. */
#include "support/store_rig.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "redis_route.h"
#include "support/redis_cluster.h"

enum { PATIENCE_MS = 20000, ASK_EVERY_MS = 5 };

static struct redis_cluster cluster;

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int start_cluster(void **context)
{
    (void)context;
    return redis_cluster_start(&cluster) ? 0 : -1;
}

static int stop_cluster(void **context)
{
    (void)context;
    redis_cluster_stop(&cluster);
    return 0;
}

static void flush(void)
{
    for (int i = 0; i < CLUSTER_MASTERS; i++) {
        redisContext *redis = redis_server_connect(&cluster.masters[i]);
        assert_true(redis_server_do(redis, "FLUSHALL"));
        redisFree(redis);
    }
}

static void open_rig(struct rig *rig)
{
    char message[160] = "";
    flush();
    *rig = (struct rig){.arena = arena_new()};
    rig->store = store_redis_new(&(struct redis_access){.address = cluster.address}, RIG_PARTITIONS, message);
    if (!rig->store)
        fail_msg("%s", message);
    rig->calls = rig->store->functions;
}

static unsigned slot_of(uint32_t partition)
{
    char key[16];
    snprintf(key, sizeof key, "{p%04u}", (unsigned)partition);
    return redis_slot(bytes_of(key));
}

static void assert_patience(struct rig *rig, int64_t end)
{
    if (now_ms() > end)
        fail_msg("still gone: %s", rig->calls->message(rig->store));
}

static struct fact fact_of(const char *key, uint64_t chain_id)
{
    return (struct fact){.key = key, .natural = true, .digest = 1, .chain_id = chain_id, .packed = fact_bytes(key)};
}

/* -------- everything in its place */

static void partitions_are_spread_and_read_together(void **context)
{
    (void)context;
    struct rig rig;
    uint32_t all[RIG_PARTITIONS];
    struct partition_view views[RIG_PARTITIONS];
    struct checkpoint heads[RIG_PARTITIONS];
    struct lease wanted[RIG_PARTITIONS];
    struct standing standings[RIG_PARTITIONS];
    enum store_status statuses[RIG_PARTITIONS];
    bool owners[CLUSTER_MASTERS] = {false};
    open_rig(&rig);
    for (uint32_t p = 0; p < RIG_PARTITIONS; p++) {
        struct fact fact = fact_of("s\n1", 100 + p);
        all[p] = p;
        wanted[p] = (struct lease){.partition = p, .stage = STAGE_FOLLOW_UP, .owner = "me"};
        owners[redis_cluster_owner(&cluster, slot_of(p))] = true;
        assert_status(&rig, STORE_OK, store_append_one(rig.store, p, &fact, 1));
    }
    for (int i = 0; i < CLUSTER_MASTERS; i++)
        assert_true(owners[i]);
    assert_status(&rig, STORE_OK, rig.calls->claim(rig.store, wanted, RIG_PARTITIONS, RIG_TTL_MS, standings, statuses));
    assert_status(&rig, STORE_OK, rig.calls->view(rig.store, all, RIG_PARTITIONS, views));
    assert_status(&rig, STORE_OK, rig.calls->heads(rig.store, all, RIG_PARTITIONS, heads));
    for (uint32_t p = 0; p < RIG_PARTITIONS; p++) {
        assert_int_equal(statuses[p], STORE_OK);
        assert_int_equal(standings[p].head.id, 100 + p);
        assert_int_equal(views[p].head.id, 100 + p);
        assert_string_equal(views[p].stages[STAGE_FOLLOW_UP].owner, "me");
        assert_int_equal(heads[p].id, 100 + p);
    }
    rig_close(&rig);
}

static void notes_contents_and_members_have_their_slots(void **context)
{
    (void)context;
    struct rig rig;
    struct slice content, *values;
    struct texts fields;
    struct member_list members;
    struct store_health health;
    const struct member me = {.name = "me", .stage = "intake", .endpoint = "ipc:///x", .details = "{}"};
    wall_ms now;
    open_rig(&rig);
    assert_status(&rig, STORE_OK, rig.calls->note_put(rig.store, "meta", "f", bytes_of("x")));
    assert_status(&rig, STORE_CHANGED, rig.calls->note_swap(rig.store, "meta", "f", bytes_of("y"), bytes_of("z")));
    assert_status(&rig, STORE_OK, rig.calls->note_get(rig.store, "meta", rig.arena, &fields, &values));
    assert_int_equal(fields.count, 1);
    assert_status(&rig, STORE_OK, rig.calls->content_put(rig.store, "hash", bytes_of("text")));
    assert_status(&rig, STORE_OK, rig.calls->content_get(rig.store, "hash", rig.arena, &content));
    assert_slice("text", content);
    assert_status(&rig, STORE_OK, rig.calls->announce(rig.store, &me, RIG_TTL_MS));
    assert_status(&rig, STORE_OK, rig.calls->members(rig.store, rig.arena, &members));
    assert_int_equal(members.count, 1);
    assert_status(&rig, STORE_OK, rig.calls->now(rig.store, &now));
    rig.calls->health(rig.store, &health);
    assert_true(health.reachable);
    assert_non_null(strstr(health.message, "keeps nothing on disk"));
    rig_close(&rig);
}

/* The write that goes before WAIT is in the slot of the command's key, however long that is: what is told is that no
 * replica has it, not that the slot is elsewhere. */
static void what_waits_for_replicas_stays_in_its_slot(void **context)
{
    (void)context;
    char name[NAME_BYTES_MAX + 1], message[160] = "";
    memset(name, 'x', NAME_BYTES_MAX);
    name[NAME_BYTES_MAX] = 0;
    const struct redis_access careful = {.address = cluster.address, .replicas = 1};
    for (int i = 0; i < CLUSTER_MASTERS; i++) {
        struct store *store = store_redis_new(&careful, RIG_PARTITIONS, message);
        assert_non_null(store);
        name[0] = (char)('a' + i);
        assert_int_equal(store->functions->content_put(store, name, bytes_of("x")), STORE_GONE);
        if (!strstr(store->functions->message(store), "only 0 of 1 replicas"))
            fail_msg("%s", store->functions->message(store));
        store->functions->free(&store);
    }
}

/* -------- slots that move */

/* A slot on the move refuses its calls whole, within bounds; the others go on; then it is found at its new place. */
static void a_slot_on_the_move_waits(void **context)
{
    (void)context;
    struct rig rig;
    unsigned slot = slot_of(0);
    int from = redis_cluster_owner(&cluster, slot), to = (from + 1) % CLUSTER_MASTERS;
    struct fact fact = fact_of("s\n1", 1), second = fact_of("s\n2", 2), elsewhere = fact_of("s\n3", 3);
    open_rig(&rig);
    assert_status(&rig, STORE_OK, store_append_one(rig.store, 0, &fact, 1));
    assert_true(redis_cluster_move_begin(&cluster, slot, from, to));
    int64_t begun = now_ms();
    assert_status(&rig, STORE_GONE, store_append_one(rig.store, 0, &second, 1));
    assert_true(now_ms() - begun < PATIENCE_MS / 10);
    if (!strstr(rig.calls->message(rig.store), "TRYAGAIN") && !strstr(rig.calls->message(rig.store), "ASK"))
        fail_msg("%s", rig.calls->message(rig.store));
    assert_status(&rig, STORE_OK, store_append_one(rig.store, 1, &elsewhere, 1));
    assert_true(redis_cluster_move_keys(&cluster, slot, from, to));
    assert_status(&rig, STORE_GONE, store_append_one(rig.store, 0, &second, 1));
    assert_true(redis_cluster_move_finish(&cluster, slot, to));
    redisContext *redis = redis_server_connect(&cluster.masters[to]);       /* as a master that has just joined */
    assert_true(redis_server_do(redis, "FUNCTION FLUSH"));
    redisFree(redis);
    assert_status(&rig, STORE_OK, store_append_one(rig.store, 0, &second, 1));
    assert_int_equal(second.outcome, APPEND_NEW);
    assert_int_equal(second.place.seq, 2);
    assert_int_equal(second.place.prev, 1);
    rig_close(&rig);
}

/* What one partition has been through. Its facts and events have the chain ids 1, 2, 3 … */
struct work {
    struct standing standing;
    uint64_t facts;                 /* each followed by one commit with one event */
    atomic_int gone;                /* calls that were refused, and repeated */
};

struct mover { pthread_t thread; struct work *works; atomic_bool done, failed; };

/* Until a call on the partition was refused: the slot did move while it was worked. */
static bool wait_for_refusal(struct work *work)
{
    int64_t end = now_ms() + PATIENCE_MS;
    for (int before = work->gone; work->gone == before; poll(NULL, 0, ASK_EVERY_MS))
        if (now_ms() > end)
            return false;
    return true;
}

static void *move_all(void *context)
{
    struct mover *mover = context;
    for (uint32_t p = 0; p < RIG_PARTITIONS && !mover->failed; p++) {
        unsigned slot = slot_of(p);
        int from = redis_cluster_owner(&cluster, slot), to = (from + 1) % CLUSTER_MASTERS;
        mover->failed = from < 0 || !redis_cluster_move_begin(&cluster, slot, from, to) ||
                        !wait_for_refusal(&mover->works[p]) ||
                        !redis_cluster_move_keys(&cluster, slot, from, to) ||
                        !redis_cluster_move_finish(&cluster, slot, to);
    }
    mover->done = true;
    return NULL;
}

static void append_once_more(struct rig *rig, uint32_t partition, struct work *work)
{
    char key[32];
    enum store_status status;
    snprintf(key, sizeof key, "s\n%d", (int)work->facts);
    struct fact fact = fact_of(key, 2 * work->facts + 1);
    for (int64_t end = now_ms() + PATIENCE_MS;
         (status = store_append_one(rig->store, partition, &fact, 1)) == STORE_GONE; work->gone++)
        assert_patience(rig, end);
    assert_status(rig, STORE_OK, status);
    assert_int_equal(fact.place.seq, 2 * work->facts + 1);
}

/* The fact just appended is worked: an entity's next version, one event, the checkpoint on the fact. */
static void commit_once_more(struct rig *rig, struct work *work)
{
    enum store_status status;
    wall_ms due_before = work->facts ? 999 + (wall_ms)work->facts : 0;
    struct entity_put put = {.kind = ENTITY_TASK, .id = "sample/1", .version = work->facts + 1, .packed = bytes_of("x"),
                             .due = 1000 + (wall_ms)work->facts, .due_before = due_before,
                             .queue = "work/x", .queue_before = work->facts ? "work/x" : ""};
    struct new_event event = {.chain_id = 2 * work->facts + 2, .packed = result_bytes("out")};
    struct commit commit = {.lease = work->standing.lease, .from = work->standing.checkpoint,
                            .to = {2 * work->facts + 1, 2 * work->facts + 1}, .puts = &put, .put_count = 1,
                            .events = &event, .event_count = 1};
    for (int64_t end = now_ms() + PATIENCE_MS; (status = store_commit_one(rig->store, &commit)) == STORE_GONE;
         work->gone++)
        assert_patience(rig, end);
    assert_status(rig, STORE_OK, status);       /* STORE_STALE: one was done though it was said to be gone */
    work->standing.checkpoint = commit.to;
    work->facts++;
}

static void assert_dense(struct rig *rig, uint32_t partition, const struct work *work)
{
    uint64_t seq = 0;
    struct entry_list entries;
    do {
        assert_status(rig, STORE_OK,
                      store_read_log_one(rig->store, partition, seq + 1, READ_MAX, rig->arena, &entries));
        for (size_t i = 0; i < entries.count; i++, seq++) {
            assert_int_equal(entries.at[i].place.seq, seq + 1);
            assert_int_equal(entries.at[i].place.id, seq + 1);
            assert_int_equal(entries.at[i].place.prev, seq);
        }
    } while (entries.count);
    assert_int_equal(seq, 2 * work->facts);
    const char *id = "sample/1";
    struct stored_entity entity;
    assert_status(rig, STORE_OK,
                  store_read_entities_one(rig->store, partition, ENTITY_TASK, &id, 1, rig->arena, &entity));
    assert_int_equal(entity.version, work->facts);
}

static void resharding_while_it_works_loses_nothing(void **context)
{
    (void)context;
    struct rig rig;
    struct work works[RIG_PARTITIONS] = {0};
    struct mover mover = {.works = works};
    int steps = 0, gone = 0;
    open_rig(&rig);
    for (uint32_t p = 0; p < RIG_PARTITIONS; p++)
        assert_status(&rig, STORE_OK,
                      store_claim_one(rig.store, p, STAGE_FOLLOW_UP, "me", 10 * RIG_TTL_MS, &works[p].standing));
    assert_int_equal(pthread_create(&mover.thread, NULL, move_all, &mover), 0);
    for (; !mover.done; steps++) {
        for (uint32_t p = 0; p < RIG_PARTITIONS; p++) {
            append_once_more(&rig, p, &works[p]);
            commit_once_more(&rig, &works[p]);
        }
    }
    pthread_join(mover.thread, NULL);
    assert_false(mover.failed);
    for (uint32_t p = 0; p < RIG_PARTITIONS; p++) {
        assert_dense(&rig, p, &works[p]);
        gone += works[p].gone;
    }
    print_message("%d slots moved under %d appends and commits, repeated %d times\n", RIG_PARTITIONS,
                  steps * 2 * RIG_PARTITIONS, gone);
    rig_close(&rig);
}

/* -------- a master that goes */

/* Without a replica its slots are gone with it; the others' work on. */
static void a_dead_master_takes_only_its_own_along(void **context)
{
    (void)context;
    struct rig rig;
    uint32_t dead = RIG_PARTITIONS, alive = RIG_PARTITIONS;
    open_rig(&rig);
    for (uint32_t p = 0; p < RIG_PARTITIONS; p++)
        *(redis_cluster_owner(&cluster, slot_of(p)) == 0 ? &dead : &alive) = p;
    assert_true(dead < RIG_PARTITIONS && alive < RIG_PARTITIONS);
    struct fact fact = fact_of("s\n1", 1);
    struct lease leases[RIG_PARTITIONS];
    struct standing standings[RIG_PARTITIONS];
    enum store_status statuses[RIG_PARTITIONS];
    for (uint32_t p = 0; p < RIG_PARTITIONS; p++)
        leases[p] = (struct lease){.partition = p, .stage = STAGE_FOLLOW_UP, .owner = "me"};
    assert_status(&rig, STORE_OK, rig.calls->claim(rig.store, leases, RIG_PARTITIONS, RIG_TTL_MS, standings, statuses));
    for (uint32_t p = 0; p < RIG_PARTITIONS; p++)
        leases[p] = standings[p].lease;
    redis_server_kill(&cluster.masters[0]);
    assert_status(&rig, STORE_OK, rig.calls->renew(rig.store, leases, RIG_PARTITIONS, RIG_TTL_MS, standings, statuses));
    for (uint32_t p = 0; p < RIG_PARTITIONS; p++)
        assert_int_equal(statuses[p], redis_cluster_owner(&cluster, slot_of(p)) < 0 ? STORE_GONE : STORE_OK);
    assert_status(&rig, STORE_GONE, store_append_one(rig.store, dead, &fact, 1));
    assert_status(&rig, STORE_OK, store_append_one(rig.store, alive, &fact, 1));
    assert_true(redis_server_again(&cluster.masters[0]));
    enum store_status status;
    for (int64_t end = now_ms() + PATIENCE_MS; (status = store_append_one(rig.store, dead, &fact, 1)) == STORE_GONE;)
        assert_true(now_ms() < end);
    assert_status(&rig, STORE_OK, status);
    rig_close(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(partitions_are_spread_and_read_together),
        cmocka_unit_test(notes_contents_and_members_have_their_slots),
        cmocka_unit_test(what_waits_for_replicas_stays_in_its_slot),
        cmocka_unit_test(a_slot_on_the_move_waits),
        cmocka_unit_test(resharding_while_it_works_loses_nothing),
        cmocka_unit_test(a_dead_master_takes_only_its_own_along),
    };
    return cmocka_run_group_tests_name("redis: cluster", tests, start_cluster, stop_cluster);
}
