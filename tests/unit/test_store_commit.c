/* Commits: all that a batch decides, at once, by the one who may, from where it thought it stood; or nothing. */
#include "support/store_rig.h"

#define STAGE STAGE_FOLLOW_UP

static const struct checkpoint start;

/* A log of four facts with chain ids 11 to 14, and follow-up's lease. */
static struct standing begin(struct rig *rig)
{
    static const char *const keys[] = {"s\n1", "s\n2", "s\n3", "s\n4"};
    for (uint64_t i = 0; i < 4; i++)
        rig_append(rig, keys[i], 11 + i);
    return rig_claim(rig, STAGE, "a");
}

static enum store_status commit_to(struct rig *rig, const struct standing *standing, struct checkpoint from,
                                   struct checkpoint to)
{
    struct new_event event = {.chain_id = 99, .packed = result_bytes("out")};
    struct commit commit = {.lease = standing->lease, .from = from, .to = to, .events = &event, .event_count = 1};
    return store_commit_one(rig->store, &commit);
}

static struct entity_put task(const char *id, uint64_t version, const char *record)
{
    return (struct entity_put){.kind = ENTITY_TASK, .id = id, .version = version, .packed = bytes_of(record)};
}

static struct texts queue_of(struct rig *rig, const char *prefix)
{
    struct texts texts;
    assert_status(rig, STORE_OK, rig->calls->read_queue(rig->store, 0, prefix, "", 100, rig->arena, &texts));
    return texts;
}

static struct timer_list timers_of(struct rig *rig)
{
    struct timer_list timers;
    assert_status(rig, STORE_OK, rig->calls->read_timers(rig->store, 0, 0, 0, 100, rig->arena, &timers));
    return timers;
}

static void events_and_checkpoint_go_together(struct rig *rig)
{
    struct standing standing = begin(rig);
    struct new_event events[2] = {{.chain_id = 21, .packed = result_bytes("one")},
                                  {.chain_id = 22, .packed = result_bytes("two")}};
    struct commit commit = {.lease = standing.lease, .to = {2, 12}, .events = events, .event_count = 2};
    assert_status(rig, STORE_OK, store_commit_one(rig->store, &commit));
    assert_int_equal(events[0].place.seq, 5);
    assert_int_equal(events[0].place.prev, 14);
    assert_int_equal(events[1].place.seq, 6);
    assert_int_equal(events[1].place.id, 22);
    assert_int_equal(events[1].place.prev, 21);
    struct partition_view view = rig_view(rig);
    assert_int_equal(view.head.seq, 6);
    assert_int_equal(view.head.id, 22);
    assert_int_equal(view.stages[STAGE].checkpoint.seq, 2);
    assert_int_equal(view.stages[STAGE].checkpoint.id, 12);
    struct entry_list list;
    assert_status(rig, STORE_OK, store_read_log_one(rig->store, 0, 5, 10, rig->arena, &list));
    assert_int_equal(list.count, 2);
    assert_bytes(result_bytes("two"), list.at[1].packed);
}

static void checkpoints_must_be_where_we_thought_and_on_the_log(struct rig *rig)
{
    static const struct { struct checkpoint from, to; enum store_status expected; } steps[] = {
        {{1, 11}, {2, 12}, STORE_STALE},        /* we stand at the start */
        {{0, 0}, {2, 13}, STORE_STALE},         /* the log has another id there */
        {{0, 0}, {4, 15}, STORE_STALE},         /* also at its head */
        {{0, 0}, {5, 15}, STORE_STALE},         /* behind the head */
        {{0, 0}, {2, 12}, STORE_OK},            /* appends seq 5, id 99 */
        {{0, 0}, {2, 12}, STORE_STALE},         /* again: done already */
        {{2, 13}, {3, 13}, STORE_STALE},        /* right seq, wrong id */
        {{2, 12}, {1, 11}, STORE_REFUSED},      /* backwards */
        {{2, 12}, {2, 11}, STORE_REFUSED},      /* one seq, two ids */
        {{2, 12}, {5, 99}, STORE_OK},           /* to the head */
        {{5, 99}, {5, 99}, STORE_OK},           /* nothing worked */
    };
    struct standing standing = begin(rig);
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        assert_status(rig, steps[i].expected, commit_to(rig, &standing, steps[i].from, steps[i].to));
    assert_int_equal(rig_view(rig).head.seq, 7);
}

static void a_repeated_commit_is_noticed(struct rig *rig)
{
    struct standing standing = begin(rig);
    struct entity_put put = task("sample/1", 1, "x");
    struct commit commit = {.lease = standing.lease, .to = {1, 11}, .puts = &put, .put_count = 1};
    assert_status(rig, STORE_OK, store_commit_one(rig->store, &commit));
    assert_status(rig, STORE_STALE, store_commit_one(rig->store, &commit));
    commit.from = commit.to;
    assert_status(rig, STORE_CHANGED, store_commit_one(rig->store, &commit));
    assert_int_equal(rig_read(rig, ENTITY_TASK, "sample/1").version, 1);
}

static void entities_are_put_read_and_deleted(struct rig *rig)
{
    struct standing standing = begin(rig);
    struct entity_put put = task("sample/1", 1, "first");
    put.due = DUE_MAX;
    put.queue = "work/sample/agent/1/0000000005000/sample/1";
    assert_status(rig, STORE_OK, rig_put(rig, &standing, &put));
    struct stored_entity stored = rig_read(rig, ENTITY_TASK, "sample/1");
    assert_string_equal(stored.id, "sample/1");
    assert_int_equal(stored.version, 1);
    assert_true(stored.due == DUE_MAX);
    assert_string_equal(stored.queue, put.queue);
    assert_slice("first", stored.packed);

    struct entity_put gone = {.kind = ENTITY_TASK, .id = "sample/1", .version = 2, .due_before = put.due,
                              .queue_before = put.queue};
    assert_status(rig, STORE_OK, rig_put(rig, &standing, &gone));
    stored = rig_read(rig, ENTITY_TASK, "sample/1");
    assert_int_equal(stored.version, 0);
    assert_int_equal(stored.due, 0);
    assert_string_equal(stored.queue, "");
    assert_int_equal(stored.packed.bytes, 0);
    assert_int_equal(timers_of(rig).count, 0);
    assert_int_equal(queue_of(rig, "").count, 0);
    assert_status(rig, STORE_OK, rig_put(rig, &standing, &(struct entity_put){.kind = ENTITY_TASK, .id = "sample/1",
                                                                             .version = 1,
                                                                             .packed = bytes_of("again")}));
}

static void many_are_read_at_once_in_the_order_asked(struct rig *rig)
{
    enum { MANY = 600 };
    static char ids[MANY][24];
    static const char *asked[MANY];
    static struct stored_entity stored[MANY];
    static struct entity_put puts[MANY];
    struct standing standing = begin(rig);
    for (int i = 0; i < MANY; i++) {
        snprintf(ids[i], sizeof ids[i], "sample/%d", i);
        asked[MANY - 1 - i] = ids[i];
        puts[i] = task(ids[i], 1, ids[i]);
    }
    struct commit commit = {.lease = standing.lease, .puts = puts, .put_count = MANY - 1};
    assert_status(rig, STORE_OK, store_commit_one(rig->store, &commit));
    assert_status(rig, STORE_OK, store_read_entities_one(rig->store, 0, ENTITY_TASK, asked, MANY, rig->arena,
                                                           stored));
    for (int i = 0; i < MANY; i++) {
        assert_string_equal(stored[i].id, asked[i]);
        assert_int_equal(stored[i].version, i > 0);
        if (i)
            assert_slice(asked[i], stored[i].packed);
    }
}

static void another_version_stops_the_whole_commit(struct rig *rig)
{
    struct standing standing = begin(rig), scheduler = rig_claim(rig, STAGE_SCHEDULER, "s");
    struct entity_put plan = {.kind = ENTITY_PLAN, .id = "sample/7", .version = 1, .packed = bytes_of("plan")};
    assert_status(rig, STORE_OK, rig_put(rig, &scheduler, &plan));
    static const struct {
        struct entity_condition condition;
        uint64_t put_version;
        enum store_status expected;
    } steps[] = {
        {{ENTITY_PLAN, "sample/7", 0}, 1, STORE_CHANGED},
        {{ENTITY_PLAN, "sample/7", 2}, 1, STORE_CHANGED},
        {{ENTITY_PLAN, "sample/8", 1}, 1, STORE_CHANGED},
        {{ENTITY_CUSTOMER, "sample/7", 1}, 1, STORE_CHANGED},
        {{ENTITY_PLAN, "sample/7", 1}, 2, STORE_CHANGED},
        {{ENTITY_PLAN, "sample/7", 1}, 1, STORE_OK},
        {{ENTITY_PLAN, "sample/8", 0}, 1, STORE_CHANGED},
        {{ENTITY_PLAN, "sample/8", 0}, 2, STORE_OK},
    };
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        struct entity_put put = task("sample/1", steps[i].put_version, "x");
        struct new_event event = {.chain_id = 50 + i, .packed = result_bytes("out")};
        struct commit commit = {.lease = standing.lease, .puts = &put, .put_count = 1,
                                .conditions = &steps[i].condition,
                                .condition_count = 1, .events = &event, .event_count = 1};
        assert_status(rig, steps[i].expected, store_commit_one(rig->store, &commit));
    }
    assert_int_equal(rig_view(rig).head.seq, 6);
    assert_int_equal(rig_read(rig, ENTITY_TASK, "sample/1").version, 2);
}

/* The earliest timer is told by a commit that moves one. */
static void timers_are_set_moved_left_alone_and_removed(struct rig *rig)
{
    enum { UNTOLD = -1 };
    static const struct { wall_ms before, due, earliest; size_t count; } steps[] = {
        {0, 5000, 5000, 1}, {5000, 9000, 9000, 1}, {9000, 9000, UNTOLD, 1}, {9000, 4000, 4000, 1}, {4000, 0, 0, 0},
        {0, 0, UNTOLD, 0},  {0, 7000, 7000, 1},
    };
    struct standing standing = begin(rig);
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        struct entity_put put = task("sample/1", i + 1, "x");
        put.due_before = steps[i].before;
        put.due = steps[i].due;
        struct commit commit = {.lease = standing.lease, .puts = &put, .put_count = 1, .earliest_due = UNTOLD};
        assert_status(rig, STORE_OK, store_commit_one(rig->store, &commit));
        assert_int_equal(commit.earliest_due, steps[i].earliest);
        struct timer_list timers = timers_of(rig);
        assert_int_equal(timers.count, steps[i].count);
        if (timers.count) {
            assert_string_equal(timers.at[0].member, "T/sample/1");
            assert_int_equal(timers.at[0].due, steps[i].due);
        }
        assert_int_equal(rig_read(rig, ENTITY_TASK, "sample/1").due, steps[i].due);
    }
}

static void queue_places_are_taken_moved_swapped_and_left(struct rig *rig)
{
    struct standing standing = begin(rig);
    struct entity_put puts[2] = {task("sample/1", 1, "x"), task("sample/2", 1, "y")};
    puts[0].queue = "work/a";
    puts[1].queue = "work/b";
    struct commit commit = {.lease = standing.lease, .puts = puts, .put_count = 2};
    assert_status(rig, STORE_OK, store_commit_one(rig->store, &commit));
    for (int i = 0; i < 2; i++) {
        puts[i].version = 2;
        puts[i].queue_before = i ? "work/b" : "work/a";
        puts[i].queue = i ? "work/a" : "work/b";
    }
    assert_status(rig, STORE_OK, store_commit_one(rig->store, &commit));
    assert_int_equal(queue_of(rig, "work/").count, 2);
    puts[0] = task("sample/1", 3, "x");
    puts[0].queue_before = "work/b";
    puts[0].queue = "held/c";
    puts[1] = task("sample/2", 3, "y");
    puts[1].queue_before = "work/a";
    assert_status(rig, STORE_OK, store_commit_one(rig->store, &commit));
    struct texts texts = queue_of(rig, "");
    assert_int_equal(texts.count, 1);
    assert_string_equal(texts.at[0], "held/c");
    assert_string_equal(rig_read(rig, ENTITY_TASK, "sample/1").queue, "held/c");
}

static void wrong_ideas_of_what_is_stored_are_refused(struct rig *rig)
{
    struct standing standing = begin(rig);
    struct entity_put put = task("sample/1", 1, "x"), wrong;
    put.due = 5000;
    put.queue = "work/a";
    assert_status(rig, STORE_OK, rig_put(rig, &standing, &put));
    put.version = 2;
    put.due_before = 5000;
    put.queue_before = "work/a";
    for (int i = 0; i < 4; i++) {
        wrong = put;
        wrong.due_before = i == 0 ? 4000 : put.due_before;
        wrong.queue_before = i == 1 ? NULL : i == 2 ? "work/b" : i == 3 ? "work/" : put.queue_before;
        assert_status(rig, STORE_REFUSED, rig_put(rig, &standing, &wrong));
        assert_int_not_equal(0, strlen(rig->calls->message(rig->store)));
    }
    assert_status(rig, STORE_OK, rig_put(rig, &standing, &put));
}

static void malformed_commits_are_refused(struct rig *rig)
{
    static char id[ENTITY_ID_BYTES_MAX + 2], queue[QUEUE_BYTES_MAX + 2], large[ENTITY_BYTES_MAX + 1];
    memset(id, 'i', sizeof id - 1);
    memset(queue, 'q', sizeof queue - 1);
    struct standing standing = begin(rig);
    struct entity_put bad[9];
    for (int i = 0; i < 9; i++)
        bad[i] = task("sample/1", 1, "x");
    bad[0].kind = ENTITY_CASE;              /* the router's */
    bad[1].id = "";
    bad[2].id = id;
    bad[3].id = "/1";
    bad[4].version = 0;
    bad[5].due = DUE_MAX + 1;
    bad[6].queue = queue;
    bad[7].packed = (struct slice){(const uint8_t *)large, sizeof large};
    bad[8].packed = (struct slice){0};
    bad[8].due = 1;
    for (int i = 0; i < 9; i++)
        assert_status(rig, STORE_REFUSED, rig_put(rig, &standing, &bad[i]));
    struct entity_put twice[2] = {task("sample/1", 1, "x"), task("sample/1", 2, "y")};
    struct commit commit = {.lease = standing.lease, .puts = twice, .put_count = 2};
    assert_status(rig, STORE_REFUSED, store_commit_one(rig->store, &commit));
    struct new_event event = {.chain_id = 0, .packed = result_bytes("out")};
    commit = (struct commit){.lease = standing.lease, .events = &event, .event_count = 1};
    assert_status(rig, STORE_REFUSED, store_commit_one(rig->store, &commit));
    assert_status(rig, STORE_OK, commit_to(rig, &standing, start, start));
}

static void the_largest_commit_fits(struct rig *rig)
{
    static char ids[COMMIT_PUTS_MAX][24], queues[COMMIT_PUTS_MAX][32];
    static struct entity_put puts[COMMIT_PUTS_MAX];
    static struct new_event events[COMMIT_EVENTS_MAX];
    struct standing standing = begin(rig);
    for (size_t i = 0; i < COMMIT_PUTS_MAX; i++) {
        snprintf(ids[i], sizeof ids[i], "sample/%zu", i);
        snprintf(queues[i], sizeof queues[i], "work/%zu", i);
        puts[i] = task(ids[i], 1, "x");
        puts[i].due = 1000 + (wall_ms)i;
        puts[i].queue = queues[i];
    }
    for (size_t i = 0; i < COMMIT_EVENTS_MAX; i++)
        events[i] = (struct new_event){.chain_id = 1000 + i, .packed = result_bytes("out")};
    struct commit commit = {.lease = standing.lease, .to = {4, 14}, .puts = puts, .put_count = COMMIT_PUTS_MAX,
                            .events = events, .event_count = COMMIT_EVENTS_MAX};
    assert_status(rig, STORE_OK, store_commit_one(rig->store, &commit));
    struct partition_view view = rig_view(rig);
    assert_int_equal(view.head.seq, 4 + COMMIT_EVENTS_MAX);
    assert_int_equal(view.timers, COMMIT_PUTS_MAX);
    assert_int_equal(view.queue, COMMIT_PUTS_MAX);
    assert_int_equal(commit.earliest_due, 1000);
}

/* Version 3, due at 5000, in a queue: what a build put that kept 8 bytes of version before everything. */
static const char earlier_form[] = "\0\0\0\0\0\0\0\3" "\0\0\0\0\x13\x88" "\0\x0b" "held/sample" "record";

static void what_an_earlier_build_put_is_read_and_put_again(struct rig *rig)
{
    struct standing standing = begin(rig);
    if (!rig->redis)
        return;
    redisReply *reply = redisCommand(rig->redis, "HSET {p0000}entity:T sample/1 %b", earlier_form, sizeof earlier_form - 1);
    freeReplyObject(reply);
    freeReplyObject(redisCommand(rig->redis, "ZADD {p0000}queue 0 held/sample"));
    struct stored_entity task = rig_read(rig, ENTITY_TASK, "sample/1");
    assert_int_equal(task.version, 3);
    assert_int_equal(task.due, 5000);
    assert_string_equal(task.queue, "held/sample");
    assert_bytes(bytes_of("record"), task.packed);
    struct entity_put put = {.kind = ENTITY_TASK, .id = "sample/1", .version = 4, .packed = bytes_of("anew"), .due = 5000,
                             .due_before = 4000, .queue = "", .queue_before = "held/sample"};
    assert_status(rig, STORE_REFUSED, rig_put(rig, &standing, &put));
    put.due_before = 5000;
    put.version = 3;
    assert_status(rig, STORE_CHANGED, rig_put(rig, &standing, &put));
    put.version = 4;
    assert_status(rig, STORE_OK, rig_put(rig, &standing, &put));
    task = rig_read(rig, ENTITY_TASK, "sample/1");
    assert_int_equal(task.version, 4);
    assert_int_equal(task.due, 5000);
    assert_string_equal(task.queue, "");
    assert_bytes(bytes_of("anew"), task.packed);
}

int main(void)
{
    static const struct rig_case cases[] = {
        {"events and checkpoint go together", events_and_checkpoint_go_together},
        {"checkpoints must be where we thought, and on the log", checkpoints_must_be_where_we_thought_and_on_the_log},
        {"a repeated commit is noticed", a_repeated_commit_is_noticed},
        {"entities are put, read and deleted", entities_are_put_read_and_deleted},
        {"many are read at once in the order asked", many_are_read_at_once_in_the_order_asked},
        {"another version stops the whole commit", another_version_stops_the_whole_commit},
        {"timers are set, moved, left alone and removed", timers_are_set_moved_left_alone_and_removed},
        {"queue places are taken, moved, swapped and left", queue_places_are_taken_moved_swapped_and_left},
        {"wrong ideas of what is stored are refused", wrong_ideas_of_what_is_stored_are_refused},
        {"malformed commits are refused", malformed_commits_are_refused},
        {"the largest commit fits", the_largest_commit_fits},
        {"what an earlier build put is read and put again", what_an_earlier_build_put_is_read_and_put_again},
    };
    return RIG_RUN("store: commits", cases);
}
