/* Virtual time: when it may move, what its record holds, and how real time is kept steady. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "clock_check.h"
#include "clock_master.h"
#include "clock_real.h"

enum { NOW = 1000000 };

static struct partition_view quiet_view(uint64_t seq, wall_ms due)
{
    struct partition_view view = {.head = {seq, seq * 7}, .earliest_due = due};
    for (int stage = STAGE_SCHEDULER; stage < STAGE_COUNT; stage++)
        view.stages[stage].checkpoint = view.head;
    return view;
}

struct decision_case {
    const char *name;
    wall_ms due[2];
    int behind;                     /* stage whose checkpoint lags in partition 1; 0: none */
    bool rewound;                   /* the seq is right, the chain id is not */
    size_t sending;
    wall_ms wakes[2];               /* -1: no participant */
    wall_ms until;
    enum master_verdict verdict;
    wall_ms to;
};

static const struct decision_case decision_cases[] = {
    {"the earliest due", {NOW + 9, NOW + 5}, 0, false, 0, {-1, -1}, 0, MASTER_STEP, NOW + 5},
    {"the earliest wake", {NOW + 9, NOW + 5}, 0, false, 0, {NOW + 3, NOW + 4}, 0, MASTER_STEP, NOW + 3},
    {"only wakes", {0, 0}, 0, false, 0, {NOW + 8, -1}, 0, MASTER_STEP, NOW + 8},
    {"nothing at all", {0, 0}, 0, false, 0, {-1, -1}, 0, MASTER_NOTHING_DUE, 0},
    {"scheduler behind", {NOW + 9, 0}, STAGE_SCHEDULER, false, 0, {-1, -1}, 0, MASTER_WAIT_STAGE, 0},
    {"notifier behind", {NOW + 9, 0}, STAGE_NOTIFIER, false, 0, {-1, -1}, 0, MASTER_WAIT_STAGE, 0},
    {"another history", {NOW + 9, 0}, STAGE_FOLLOW_UP, true, 0, {-1, -1}, 0, MASTER_WAIT_STAGE, 0},
    {"due now", {NOW, NOW + 5}, 0, false, 0, {-1, -1}, 0, MASTER_WAIT_TIMER, 0},
    {"due in the past", {NOW + 1, NOW - 5}, 0, false, 0, {-1, -1}, 0, MASTER_WAIT_TIMER, 0},
    {"sending", {NOW + 9, 0}, 0, false, 1, {-1, -1}, 0, MASTER_WAIT_SENDING, 0},
    {"one is busy", {NOW + 9, 0}, 0, false, 0, {NOW + 3, 0}, 0, MASTER_WAIT_PARTICIPANT, 0},
    {"one has woken", {NOW + 9, 0}, 0, false, 0, {NOW, NOW + 1}, 0, MASTER_WAIT_PARTICIPANT, 0},
    {"past the end", {NOW + 9, 0}, 0, false, 0, {-1, -1}, NOW + 8, MASTER_AT_END, NOW + 9},
    {"at the end", {NOW + 9, 0}, 0, false, 0, {-1, -1}, NOW + 9, MASTER_STEP, NOW + 9},
    {"past the end with somebody there", {NOW + 9, 0}, 0, false, 0, {NOW + 20, -1}, NOW + 8, MASTER_STEP, NOW + 9},
};

static struct master_decision decide(const struct decision_case *c)
{
    struct partition_view views[2] = {quiet_view(3, c->due[0]), quiet_view(4, c->due[1])};
    struct participant people[2];
    struct master_sight sight = {
        .views = views, .view_count = 2, .participants = {people, 0}, .now = NOW, .until = c->until};
    if (c->behind)
        views[1].stages[c->behind].checkpoint.seq--;
    if (c->rewound)
        views[1].stages[STAGE_FOLLOW_UP].checkpoint = (struct checkpoint){4, 1};
    views[1].sending = c->sending;
    for (int i = 0; i < 2; i++)
        if (c->wakes[i] >= 0)
            people[sight.participants.count++] = (struct participant){.name = "p", .wake_at = c->wakes[i]};
    return master_decide(&sight);
}

static void test_decisions(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof decision_cases / sizeof *decision_cases; i++) {
        const struct decision_case *c = &decision_cases[i];
        struct master_decision got = decide(c);
        if (got.verdict != c->verdict || got.to != c->to)
            fail_msg("%s: verdict %d to %lld, wanted %d to %lld", c->name, got.verdict, (long long)got.to, c->verdict,
                     (long long)c->to);
    }
}

static void test_record_survives_packing(void **state)
{
    (void)state;
    const struct clock_record wanted = {CLOCK_SCALED, 5, 6, 3600, 7, 8, "run-1"};
    struct clock_record got = {0};
    struct buffer packed = {0};
    clock_record_pack(&wanted, &packed);
    assert_true(clock_record_unpack(buffer_slice(&packed), &got));
    assert_int_equal(got.mode, wanted.mode);
    assert_true(got.base == wanted.base && got.real_base == wanted.real_base && got.speed == wanted.speed);
    assert_true(got.now == wanted.now && got.until == wanted.until);
    assert_string_equal(got.run, wanted.run);
    for (size_t cut = 0; cut < packed.bytes; cut++)
        assert_false(clock_record_unpack((struct slice){packed.at, cut}, &got));
    buffer_free(&packed);
}

static void test_time_of_each_mode(void **state)
{
    (void)state;
    struct clock_record record = {.base = 1000, .real_base = 50, .speed = 10, .now = 77};
    const struct { enum clock_mode mode; wall_ms real, now; } cases[] = {
        {CLOCK_REAL, 60, 60}, {CLOCK_STEPPED, 60, 77}, {CLOCK_SCALED, 60, 1100}, {CLOCK_SCALED, 40, 1000},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        record.mode = cases[i].mode;
        assert_int_equal(clock_record_now(&record, cases[i].real), cases[i].now);
    }
}

static void test_a_jump_is_believed_after_ten_seconds(void **state)
{
    (void)state;
    struct steady_time steady = {0};
    assert_int_equal(steady_now(&steady, 1000000, (mono_ms){1000}), 1000000);
    assert_int_equal(steady_now(&steady, 1002300, (mono_ms){3000}), 1002300);       /* 300 ms of drift: followed */
    assert_int_equal(steady_now(&steady, 9000000, (mono_ms){4000}), 1003300);       /* a jump: time goes on */
    assert_int_equal(steady_now(&steady, 9009000, (mono_ms){13000}), 1012300);
    assert_int_equal(steady_now(&steady, 9010000, (mono_ms){14000}), 9010000);      /* it has stood for ten seconds */
    assert_int_equal(steady_now(&steady, 9010001, (mono_ms){14001}), 9010001);
}

static void test_a_jump_put_right_never_shows(void **state)
{
    (void)state;
    struct steady_time steady = {0};
    steady_now(&steady, 1000000, (mono_ms){1000});
    assert_int_equal(steady_now(&steady, 5000000, (mono_ms){2000}), 1001000);
    assert_int_equal(steady_now(&steady, 1008000, (mono_ms){9000}), 1008000);
    assert_int_equal(steady_now(&steady, 5000000, (mono_ms){15000}), 1014000);      /* counts anew */
}

/* One clock, measured again and again: offset of ours from the store's, and how long the question took. */
struct offset_case { int64_t true_ms, round_trip_ms; bool off; };
static const struct offset_case offset_cases[] = {
    {0, 0, false},      {1000, 0, false},     {1001, 0, true},      {1000, 0, false},
    {-1000, 10, false}, {-1001, 0, true},     {-999, 0, false},
    {1500, 1200, false},                            /* may be 900: nothing is known for sure */
    {1700, 1200, true}, {500, 1200, true},          /* may be 1100: still nothing known */
    {300, 1200, false}, {3600000, 1900, true},
};

static void test_a_clock_is_off_when_it_surely_is(void **state)
{
    (void)state;
    struct clock_check check = {0};
    for (size_t i = 0; i < sizeof offset_cases / sizeof *offset_cases; i++) {
        const struct offset_case *c = &offset_cases[i];
        mono_ms asked = {(int64_t)i * 10000};
        bool before = check.off;
        const struct clock_sample sample = {.asked = asked, .answered = {asked.ms + c->round_trip_ms}, .real = NOW + asked.ms,
                                            .store = NOW + asked.ms + c->round_trip_ms / 2 - c->true_ms};
        assert_int_equal(clock_check_measure(&check, &sample), before != c->off);
        assert_int_equal(check.off, c->off);
        assert_int_equal(check.offset_ms, c->true_ms);
        assert_int_equal(clock_check_is_right(&check, sample.real, asked), !c->off);
    }
}

static void test_a_clock_that_moved_is_not_trusted(void **state)
{
    (void)state;
    struct clock_check check = {0};
    assert_false(clock_check_is_right(&check, NOW, (mono_ms){0}));       /* nobody has asked yet */
    const struct clock_sample sample = {.asked = {10}, .answered = {12}, .real = NOW, .store = NOW + 1};
    assert_false(clock_check_measure(&check, &sample));
    assert_true(clock_check_is_right(&check, NOW + 5000, (mono_ms){5010}));
    assert_true(clock_check_is_right(&check, NOW + 6000, (mono_ms){5010}));
    assert_false(clock_check_is_right(&check, NOW + 6001, (mono_ms){5010}));
    assert_false(clock_check_is_right(&check, NOW - 3600000, (mono_ms){5010}));
    assert_true(clock_check_is_right(&check, NOW + 5000, (mono_ms){5010}));
}

static struct clock_record settled(struct store *store, struct clock_record wanted, wall_ms real_now)
{
    struct clock_record record;
    struct slice packed;
    struct arena *arena = arena_new();
    assert_int_equal(clock_record_settle(store, &wanted, real_now), STORE_OK);
    assert_int_equal(clock_record_read(store, arena, &record, &packed), STORE_OK);
    arena_free(&arena);
    return record;
}

static void test_another_run_goes_on_where_time_was(void **state)
{
    (void)state;
    struct store *store = store_memory_new(1);
    struct clock_record record = settled(store, (struct clock_record){.mode = CLOCK_REAL}, 100);
    assert_int_equal(record.mode, CLOCK_REAL);
    record = settled(store, (struct clock_record){.mode = CLOCK_SCALED, .base = 5000, .speed = 60, .run = "a"}, 100);
    assert_int_equal(record.now, 5000);
    record = settled(store, (struct clock_record){.mode = CLOCK_SCALED, .base = 9000, .speed = 30, .run = "a"}, 200);
    assert_int_equal(record.real_base, 100);
    record = settled(store, (struct clock_record){.mode = CLOCK_SCALED, .base = 9000, .speed = 30, .run = "b"}, 300);
    assert_int_equal(record.base, 5000);
    assert_int_equal(record.real_base, 300);
    assert_int_equal(record.speed, 30);
    record = settled(store, (struct clock_record){.mode = CLOCK_REAL, .speed = 1, .run = "c"}, 400);
    assert_int_equal(record.mode, CLOCK_SCALED);
    assert_int_equal(record.real_base, 400);
    assert_int_equal(record.speed, 30);
    store->functions->free(&store);
}

static void test_participants_come_and_go(void **state)
{
    (void)state;
    struct store *store = store_memory_new(1);
    struct arena *arena = arena_new();
    struct participant_list list;
    assert_int_equal(participant_park(store, "robot", 500, 60000), STORE_OK);
    assert_int_equal(participant_busy(store, "load", 60000), STORE_OK);
    assert_int_equal(participant_park(store, "gone", 500, -1), STORE_OK);
    assert_int_equal(participants_read(store, arena, &list), STORE_OK);
    assert_int_equal(list.count, 2);
    assert_int_equal(participant_leave(store, "load"), STORE_OK);
    assert_int_equal(participants_read(store, arena, &list), STORE_OK);
    assert_int_equal(list.count, 1);
    assert_string_equal(list.at[0].name, "robot");
    assert_int_equal(list.at[0].wake_at, 500);
    arena_free(&arena);
    store->functions->free(&store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decisions),
        cmocka_unit_test(test_record_survives_packing),
        cmocka_unit_test(test_time_of_each_mode),
        cmocka_unit_test(test_a_jump_is_believed_after_ten_seconds),
        cmocka_unit_test(test_a_jump_put_right_never_shows),
        cmocka_unit_test(test_a_clock_is_off_when_it_surely_is),
        cmocka_unit_test(test_a_clock_that_moved_is_not_trusted),
        cmocka_unit_test(test_another_run_goes_on_where_time_was),
        cmocka_unit_test(test_participants_come_and_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
