/* Many writes in one exchange: each is done and answered by itself, whatever becomes of the others. */
#include "support/store_rig.h"

#define STAGE STAGE_FOLLOW_UP

enum { MANY = RIG_PARTITIONS };

static enum store_status append_each(struct rig *rig, struct append *each, size_t count, enum store_status *statuses)
{
    return rig->calls->append(rig->store, each, count, statuses);
}

/* A fact in each partition, its chain id 11 and the partition's number more; and follow-up's lease. */
static void begin(struct rig *rig, struct commit *ret)
{
    for (uint32_t i = 0; i < MANY; i++) {
        struct fact fact = {.key = "s\n1", .natural = true, .digest = 1, .chain_id = 11 + i, .packed = fact_bytes("1")};
        struct standing standing;
        assert_status(rig, STORE_OK, store_append_one(rig->store, i, &fact, 1));
        assert_status(rig, STORE_OK, store_claim_one(rig->store, i, STAGE, "a", RIG_TTL_MS, &standing));
        ret[i] = (struct commit){.lease = standing.lease, .to = {1, 11 + i}};
    }
}

static struct checkpoint checkpoint_of(struct rig *rig, uint32_t partition)
{
    struct partition_view view;
    assert_status(rig, STORE_OK, rig->calls->view(rig->store, &partition, 1, &view));
    return view.stages[STAGE].checkpoint;
}

static void facts_go_to_many_logs(struct rig *rig)
{
    struct fact facts[MANY][2];
    struct append each[MANY];
    enum store_status statuses[MANY];
    for (uint32_t i = 0; i < MANY; i++) {
        facts[i][0] = (struct fact){.key = "s\n1", .digest = 1, .chain_id = 100 + i, .packed = fact_bytes("1")};
        facts[i][1] = (struct fact){.key = "s\n2", .digest = 1, .chain_id = 200 + i, .packed = fact_bytes("2")};
        each[i] = (struct append){.partition = i, .facts = facts[i], .count = 1 + i % 2};
    }
    assert_status(rig, STORE_OK, append_each(rig, each, MANY, statuses));
    for (uint32_t i = 0; i < MANY; i++) {
        assert_status(rig, STORE_OK, statuses[i]);
        assert_int_equal(facts[i][0].outcome, APPEND_NEW);
        assert_int_equal(facts[i][0].place.partition, i);
        assert_int_equal(facts[i][0].place.seq, 1);
        assert_int_equal(facts[i][0].place.id, 100 + i);
    }
    assert_int_equal(facts[1][1].place.seq, 2);
    assert_int_equal(facts[1][1].place.prev, 101);
}

static void a_refused_append_is_refused_alone(struct rig *rig)
{
    struct fact facts[3] = {{.key = "s\n1", .digest = 1, .chain_id = 1, .packed = fact_bytes("1")},
                            {.key = "", .digest = 1, .chain_id = 2, .packed = fact_bytes("2")},
                            {.key = "s\n3", .digest = 1, .chain_id = 3, .packed = result_bytes("3")}};
    struct fact last = {.key = "s\n4", .digest = 1, .chain_id = 4, .packed = fact_bytes("4")};
    struct append each[] = {{0, &facts[0], 1}, {1, &facts[1], 1}, {2, &facts[2], 1}, {RIG_PARTITIONS, &last, 1},
                            {3, &last, 1}};
    const enum store_status expected[] = {STORE_OK, STORE_REFUSED, STORE_REFUSED, STORE_REFUSED, STORE_OK};
    enum store_status statuses[5];
    assert_status(rig, STORE_OK, append_each(rig, each, 5, statuses));
    for (int i = 0; i < 5; i++)
        assert_status(rig, expected[i], statuses[i]);
    assert_int_equal(last.place.partition, 3);
    assert_int_equal(last.place.seq, 1);
}

static void commits_of_many_partitions_are_done_together(struct rig *rig)
{
    struct commit commits[MANY], *each[MANY];
    struct new_event events[MANY];
    enum store_status statuses[MANY];
    begin(rig, commits);
    for (uint32_t i = 0; i < MANY; i++) {
        events[i] = (struct new_event){.chain_id = 50 + i, .packed = result_bytes("out")};
        commits[i].events = &events[i];
        commits[i].event_count = 1;
        each[i] = &commits[i];
    }
    assert_status(rig, STORE_OK, rig->calls->commit(rig->store, each, MANY, statuses));
    for (uint32_t i = 0; i < MANY; i++) {
        assert_status(rig, STORE_OK, statuses[i]);
        assert_int_equal(events[i].place.partition, i);
        assert_int_equal(events[i].place.seq, 2);
        assert_int_equal(events[i].place.prev, 11 + i);
        assert_int_equal(checkpoint_of(rig, i).id, 11 + i);
    }
}

/* While what was said ahead is under way, others ask and write: where nothing else is appended. */
static void others_call(struct rig *rig)
{
    struct fact fact = {.key = "s\nother", .digest = 1, .chain_id = 900, .packed = fact_bytes("other")};
    const char *id = "sample/none";
    struct stored_entity found;
    assert_status(rig, STORE_OK, store_append_one(rig->store, 0, &fact, 1));
    assert_status(rig, STORE_OK, store_read_entities_one(rig->store, 0, ENTITY_TASK, &id, 1, rig->arena, &found));
    assert_int_equal(found.version, 0);
}

static void each_commit_comes_to_its_own(struct rig *rig, bool ahead)
{
    struct commit commits[MANY], *each[6];
    enum store_status statuses[6];
    const struct entity_condition condition = {ENTITY_PLAN, "sample/1", 7};
    const struct entity_put foreign = {.kind = ENTITY_PLAN, .id = "sample/1", .version = 1, .packed = bytes_of("x")};
    const enum store_status expected[] = {STORE_OK, STORE_FENCED, STORE_STALE, STORE_CHANGED, STORE_REFUSED, STORE_OK};
    begin(rig, commits);
    commits[1].lease.epoch++;
    commits[2].from = (struct checkpoint){1, 13};
    commits[3].conditions = &condition;
    commits[3].condition_count = 1;
    commits[4].puts = &foreign;
    commits[4].put_count = 1;
    for (int i = 0; i < 6; i++)
        each[i] = &commits[i];
    if (ahead && rig->calls->commit_begin)
        rig->calls->commit_begin(rig->store, each, 6);
    if (ahead)
        others_call(rig);
    assert_status(rig, STORE_OK, rig->calls->commit(rig->store, each, 6, statuses));
    for (uint32_t i = 0; i < 6; i++) {
        assert_status(rig, expected[i], statuses[i]);
        assert_int_equal(checkpoint_of(rig, i).seq, expected[i] == STORE_OK);
    }
}

static void what_one_commit_comes_to_concerns_it_alone(struct rig *rig)
{
    each_commit_comes_to_its_own(rig, false);
}

static void commits_said_ahead_come_to_the_same(struct rig *rig)
{
    each_commit_comes_to_its_own(rig, true);
}

/* Each partition has its fact, and a task of its own name. */
static void reads_of_many_partitions_come_together(struct rig *rig)
{
    static const char *const ids[2] = {"sample/none", "sample/1"};
    struct commit commits[MANY];
    struct log_read logs[MANY + 1];
    struct entities_read reads[MANY + 1];
    struct stored_entity found[MANY + 1][2];
    enum store_status statuses[MANY + 1];
    begin(rig, commits);
    for (uint32_t i = 0; i <= MANY; i++) {      /* the last partition does not exist */
        const struct entity_put put = {.kind = ENTITY_TASK, .id = "sample/1", .version = 1, .due = 1 + i,
                                       .packed = bytes_of("task")};
        commits[i % MANY].puts = &put;
        commits[i % MANY].put_count = 1;
        if (i < MANY)
            assert_status(rig, STORE_OK, store_commit_one(rig->store, &commits[i]));
        logs[i] = (struct log_read){.partition = i, .from_seq = 1, .max = READ_MAX};
        reads[i] = (struct entities_read){.partition = i, .kind = ENTITY_TASK, .ids = ids, .count = 1 + i % 2,
                                          .entities = found[i]};
    }
    assert_status(rig, STORE_OK, rig->calls->read_log(rig->store, logs, MANY + 1, rig->arena, statuses));
    for (uint32_t i = 0; i < MANY; i++) {
        assert_status(rig, STORE_OK, statuses[i]);
        assert_int_equal(logs[i].entries.count, 1);
        assert_int_equal(logs[i].entries.at[0].place.id, 11 + i);
    }
    assert_status(rig, STORE_REFUSED, statuses[MANY]);
    assert_status(rig, STORE_OK, rig->calls->read_entities(rig->store, reads, MANY + 1, rig->arena, statuses));
    for (uint32_t i = 0; i < MANY; i++) {
        assert_status(rig, STORE_OK, statuses[i]);
        assert_int_equal(found[i][0].version, 0);
        assert_true(i % 2 == 0 || (found[i][1].version == 1 && found[i][1].due == 1 + i));
    }
    assert_status(rig, STORE_REFUSED, statuses[MANY]);
}

/* Partition i has i timers due, and one that is not. */
static void each_fires_its_own(struct rig *rig, bool ahead)
{
    struct fire fires[MANY];
    enum store_status statuses[MANY];
    for (uint32_t i = 0; i < MANY; i++) {
        struct standing standing;
        assert_status(rig, STORE_OK, store_claim_one(rig->store, i, STAGE_SCHEDULER, "s", RIG_TTL_MS, &standing));
        for (uint32_t k = 0; k <= i; k++) {
            const struct entity_put put = {.kind = ENTITY_PLAN, .id = arena_printf(rig->arena, "sample/%u", k), .version = 1,
                                           .packed = bytes_of("plan"), .due = k < i ? 100 + k : 9000};
            struct commit commit = {.lease = standing.lease, .puts = &put, .put_count = 1};
            assert_status(rig, STORE_OK, store_commit_one(rig->store, &commit));
        }
        fires[i] = (struct fire){.lease = standing.lease, .now = 5000, .chain_seed = 100 * (i + 1)};
    }
    fires[1].lease.epoch++;
    fires[2].now = -1;
    if (ahead && rig->calls->fire_begin)
        rig->calls->fire_begin(rig->store, fires, MANY);
    if (ahead)
        others_call(rig);
    assert_status(rig, STORE_OK, rig->calls->fire(rig->store, fires, MANY, rig->arena, statuses));
    for (uint32_t i = 0; i < MANY; i++) {
        assert_status(rig, i == 1 ? STORE_FENCED : i == 2 ? STORE_REFUSED : STORE_OK, statuses[i]);
        if (statuses[i] != STORE_OK)
            continue;
        assert_int_equal(fires[i].fired.count, i);
        assert_int_equal(fires[i].earliest_due, 9000);
        for (uint32_t k = 0; k < i; k++) {
            const struct place *place = &fires[i].fired.at[k].place;
            assert_int_equal(place->partition, i);
            assert_int_equal(place->seq, k + 1);
            assert_int_equal(place->id, 100 * (i + 1) + k);
        }
    }
}

static void timers_of_many_partitions_fire_together(struct rig *rig)
{
    each_fires_its_own(rig, false);
}

static void fires_said_ahead_come_to_the_same(struct rig *rig)
{
    each_fires_its_own(rig, true);
}

static void nothing_is_soon_done(struct rig *rig)
{
    assert_status(rig, STORE_OK, rig->calls->read_log(rig->store, NULL, 0, rig->arena, NULL));
    assert_status(rig, STORE_OK, rig->calls->read_entities(rig->store, NULL, 0, rig->arena, NULL));
    assert_status(rig, STORE_OK, rig->calls->append(rig->store, NULL, 0, NULL));
    assert_status(rig, STORE_OK, rig->calls->commit(rig->store, NULL, 0, NULL));
    assert_status(rig, STORE_OK, rig->calls->fire(rig->store, NULL, 0, rig->arena, NULL));
}

int main(void)
{
    static const struct rig_case cases[] = {
        {"facts go to many logs", facts_go_to_many_logs},
        {"a refused append is refused alone", a_refused_append_is_refused_alone},
        {"commits of many partitions are done together", commits_of_many_partitions_are_done_together},
        {"what one commit comes to concerns it alone", what_one_commit_comes_to_concerns_it_alone},
        {"commits said ahead come to the same", commits_said_ahead_come_to_the_same},
        {"reads of many partitions come together", reads_of_many_partitions_come_together},
        {"timers of many partitions fire together", timers_of_many_partitions_fire_together},
        {"fires said ahead come to the same", fires_said_ahead_come_to_the_same},
        {"nothing is soon done", nothing_is_soon_done},
    };
    return RIG_RUN("store exchange", cases);
}
