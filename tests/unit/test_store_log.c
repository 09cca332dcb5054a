/* The log of a partition: facts in, in order, once; read back in pages. */
#include "support/store_rig.h"

struct append_step {
    const char *key;
    bool natural;
    uint64_t digest;
    enum append_outcome outcome;
    uint64_t seq;
};

static void append_steps(struct rig *rig, const struct append_step *steps, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct append_step *step = &steps[i];
        struct fact fact = {.key = step->key, .natural = step->natural, .digest = step->digest, .chain_id = 100 + i,
                            .packed = fact_bytes("event")};
        assert_status(rig, STORE_OK, store_append_one(rig->store, 0, &fact, 1));
        assert_int_equal(step->outcome, fact.outcome);
        assert_int_equal(step->seq, fact.place.seq);
    }
}

static void numbers_are_dense_and_chained(struct rig *rig)
{
    struct fact facts[3];
    for (int i = 0; i < 3; i++)
        facts[i] = (struct fact){.key = (const char *[]){"s\na", "s\nb", "s\nc"}[i], .digest = 1,
                                 .chain_id = UINT64_MAX - (uint64_t)i, .packed = fact_bytes("event")};
    assert_status(rig, STORE_OK, store_append_one(rig->store, 3, facts, 2));
    assert_status(rig, STORE_OK, store_append_one(rig->store, 3, facts + 2, 1));
    for (int i = 0; i < 3; i++) {
        assert_int_equal(facts[i].outcome, APPEND_NEW);
        assert_int_equal(facts[i].place.partition, 3);
        assert_int_equal(facts[i].place.seq, i + 1);
        assert_true(facts[i].place.id == UINT64_MAX - (uint64_t)i);
        assert_true(facts[i].place.prev == (i ? UINT64_MAX - (uint64_t)(i - 1) : 0));
    }
    assert_int_equal(rig_view(rig).head.seq, 0);
}

static void known_facts_are_told_apart_from_conflicts(struct rig *rig)
{
    static const struct append_step steps[] = {
        {"s\n1", false, 7, APPEND_NEW, 1},      {"s\n1", false, 7, APPEND_KNOWN, 1},
        {"s\n1", false, 8, APPEND_CONFLICT, 1},
        {"s\n2", true, UINT64_MAX, APPEND_NEW, 2}, {"s\n2", true, UINT64_MAX, APPEND_KNOWN, 2},
        {"s\n2", true, UINT64_MAX - 1, APPEND_CONFLICT, 2}, {"s\n2", false, 1, APPEND_NEW, 3},
    };
    append_steps(rig, steps, sizeof steps / sizeof *steps);
    assert_int_equal(rig_view(rig).head.seq, 3);
}

static void one_batch_may_hold_all_outcomes(struct rig *rig)
{
    rig_append(rig, "s\nold", 5);
    struct fact facts[] = {
        {.key = "s\nnew", .natural = true, .digest = 1, .chain_id = 6, .packed = fact_bytes("a")},
        {.key = "s\nold", .natural = true, .digest = 1, .chain_id = 7, .packed = fact_bytes("b")},
        {.key = "s\nnew", .natural = true, .digest = 1, .chain_id = 8, .packed = fact_bytes("c")},
        {.key = "s\nold", .natural = true, .digest = 2, .chain_id = 9, .packed = fact_bytes("d")},
        {.key = "s\nlast", .natural = false, .digest = 2, .chain_id = 10, .packed = fact_bytes("e")},
    };
    static const struct { enum append_outcome outcome; uint64_t seq, id, prev; } expected[] = {
        {APPEND_NEW, 2, 6, 5}, {APPEND_KNOWN, 1, 0, 0}, {APPEND_KNOWN, 2, 0, 0}, {APPEND_CONFLICT, 1, 0, 0},
        {APPEND_NEW, 3, 10, 6},
    };
    assert_status(rig, STORE_OK, store_append_one(rig->store, 0, facts, 5));
    for (int i = 0; i < 5; i++) {
        assert_int_equal(facts[i].outcome, expected[i].outcome);
        assert_int_equal(facts[i].place.seq, expected[i].seq);
        assert_int_equal(facts[i].place.id, expected[i].id);
        assert_int_equal(facts[i].place.prev, expected[i].prev);
    }
}

static void keys_live_for_eight_days_and_natural_ones_forever(struct rig *rig)
{
    static const struct append_step first[] = {{"s\n1", false, 7, APPEND_NEW, 1}, {"s\n2", true, 7, APPEND_NEW, 2}};
    static const struct append_step kept[] = {{"s\n1", false, 7, APPEND_KNOWN, 1}, {"s\n2", true, 7, APPEND_KNOWN, 2}};
    static const struct append_step gone[] = {{"s\n1", false, 7, APPEND_NEW, 3}, {"s\n2", true, 7, APPEND_KNOWN, 2}};
    append_steps(rig, first, 2);
    rig_keys_age(rig, 2);
    append_steps(rig, kept, 2);
    rig_keys_age(rig, 1);
    append_steps(rig, gone, 2);
}

static void malformed_facts_are_refused_whole(struct rig *rig)
{
    static char key[KEY_BYTES_MAX + 2], large[EVENT_BYTES_MAX + 1];
    memset(key, 'k', sizeof key - 1);
    const struct fact good = {.key = "s\n1", .digest = 1, .chain_id = 1, .packed = fact_bytes("event")};
    struct fact bad[4] = {good, good, good, good};
    bad[0].key = "";
    bad[1].key = key;
    bad[2].packed = (struct slice){(const uint8_t *)large, sizeof large};
    bad[3].chain_id = 0;
    for (int i = 0; i < 4; i++) {
        struct fact facts[2] = {good, bad[i]};
        assert_status(rig, STORE_REFUSED, store_append_one(rig->store, 0, facts, 2));
    }
    struct fact fact = good;
    assert_status(rig, STORE_REFUSED, store_append_one(rig->store, RIG_PARTITIONS, &fact, 1));
    assert_int_equal(rig_view(rig).head.seq, 0);
}

static void the_log_is_read_in_pages(struct rig *rig)
{
    char key[16];
    for (uint64_t i = 1; i <= 10; i++) {
        snprintf(key, sizeof key, "s\n%d", (int)i);
        rig_append(rig, key, i << 60 | i);
    }
    static const struct { uint64_t from; size_t max, first, count; } pages[] = {
        {0, 4, 1, 4}, {1, 4, 1, 4}, {5, 4, 5, 4}, {9, 4, 9, 2}, {11, 4, 0, 0}, {UINT64_MAX, 4, 0, 0},
        {1, 1000, 1, 10}, {1, 0, 0, 0},
    };
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
        struct entry_list list;
        assert_status(rig, STORE_OK, store_read_log_one(rig->store, 0, pages[i].from, pages[i].max, rig->arena,
                                                          &list));
        assert_int_equal(list.count, pages[i].count);
        for (size_t j = 0; j < list.count; j++) {
            uint64_t seq = pages[i].first + j;
            snprintf(key, sizeof key, "s\n%d", (int)seq);
            assert_int_equal(list.at[j].place.seq, seq);
            assert_true(list.at[j].place.id == (seq << 60 | seq));
            assert_true(list.at[j].place.prev == ((seq - 1) << 60 | (seq - 1)));
            assert_bytes(fact_bytes(key), list.at[j].packed);
        }
    }
}

static void events_may_hold_any_bytes(struct rig *rig)
{
    struct slice front = fact_bytes("车");
    uint8_t all[512];                       /* whatever follows the type is none of the store's business */
    memcpy(all, front.at, front.bytes);
    for (size_t i = front.bytes; i < sizeof all; i++)
        all[i] = (uint8_t)i;
    struct fact fact = {.key = "s\n车", .digest = 0, .chain_id = 1, .packed = {all, sizeof all}};
    assert_status(rig, STORE_OK, store_append_one(rig->store, 0, &fact, 1));
    struct entry_list list;
    assert_status(rig, STORE_OK, store_read_log_one(rig->store, 0, 1, 1, rig->arena, &list));
    assert_int_equal(list.at[0].packed.bytes, sizeof all);
    assert_memory_equal(list.at[0].packed.at, all, sizeof all);
}

static void a_full_batch_fits(struct rig *rig)
{
    static struct fact facts[BATCH_EVENTS_MAX];
    static char keys[BATCH_EVENTS_MAX][16];
    for (size_t i = 0; i < BATCH_EVENTS_MAX; i++) {
        snprintf(keys[i], sizeof keys[i], "s\n%zu", i);
        facts[i] = (struct fact){.key = keys[i], .natural = i % 2, .digest = i, .chain_id = i + 1,
                                 .packed = fact_bytes("event")};
    }
    assert_status(rig, STORE_OK, store_append_one(rig->store, 0, facts, BATCH_EVENTS_MAX));
    assert_int_equal(facts[BATCH_EVENTS_MAX - 1].place.seq, BATCH_EVENTS_MAX);
    assert_status(rig, STORE_OK, store_append_one(rig->store, 0, facts, BATCH_EVENTS_MAX));
    assert_int_equal(facts[BATCH_EVENTS_MAX - 1].outcome, APPEND_KNOWN);
    struct partition_view view = rig_view(rig);
    assert_int_equal(view.head.seq, BATCH_EVENTS_MAX);
    assert_int_equal(view.first.seq, 1);
    assert_int_equal(view.first.id, 1);
}

int main(void)
{
    static const struct rig_case cases[] = {
        {"numbers are dense and chained", numbers_are_dense_and_chained},
        {"known facts are told apart from conflicts", known_facts_are_told_apart_from_conflicts},
        {"one batch may hold all outcomes", one_batch_may_hold_all_outcomes},
        {"keys live for eight days, natural ones forever", keys_live_for_eight_days_and_natural_ones_forever},
        {"malformed facts are refused whole", malformed_facts_are_refused_whole},
        {"the log is read in pages", the_log_is_read_in_pages},
        {"events may hold any bytes", events_may_hold_any_bytes},
        {"a full batch fits", a_full_batch_fits},
    };
    return RIG_RUN("store: log", cases);
}
