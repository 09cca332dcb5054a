/* Who moves stepped time: moves when all is at rest, waits for what is at work, and looks again when told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "clock_master.h"
#include "clock_real.h"

enum { NOW = 1000000, PARTITIONS = 4, TTL_MS = 60000, PLACE = 2 };

struct stand {
    struct store *store;
    struct clock *clock;
    struct bus_hub *hub;
    struct bus *bus, *outside;
    struct clock_master *master;
    struct standing standings[STAGE_COUNT];
};

static wall_ms store_time(void *context)
{
    (void)context;
    return NOW;
}

static void told_outside(struct stand *stand, enum hint_kind kind, uint64_t *ret_number, int *ret_count)
{
    struct frame frame;
    *ret_count = 0;
    while (stand->outside->functions->receive(stand->outside, &frame))
        if (frame.kind == FRAME_HINT && frame.hint.kind == kind) {
            *ret_number = frame.hint.number;
            ++*ret_count;
        }
}

static int stand_up(void **state)
{
    static struct stand stand;
    const struct clock_record stepped = {.mode = CLOCK_STEPPED, .base = NOW, .speed = 1};
    stand = (struct stand){.store = store_memory_new(PARTITIONS), .hub = bus_hub_new()};
    store_memory_time(stand.store, store_time, NULL);
    stand.bus = bus_memory_new(stand.hub);
    stand.outside = bus_memory_new(stand.hub);
    stand.outside->functions->listen_hint(stand.outside, HINT_CLOCK);
    stand.outside->functions->listen_hint(stand.outside, HINT_EAGER);
    assert_int_equal(clock_record_settle(stand.store, &stepped, NOW), STORE_OK);
    stand.clock = clock_store_new(stand.store);
    stand.master = clock_master_new(stand.store, stand.clock, stand.bus, "master", PARTITIONS);
    for (int stage = STAGE_SCHEDULER; stage < STAGE_COUNT; stage++)
        assert_int_equal(store_claim_one(stand.store, PLACE, (enum stage)stage, "owner", TTL_MS,
                                                       &stand.standings[stage]), STORE_OK);
    *state = &stand;
    return 0;
}

static int stand_down(void **state)
{
    struct stand *stand = *state;
    clock_master_free(&stand->master);
    stand->clock->functions->free(&stand->clock);
    stand->bus->functions->free(&stand->bus);
    stand->outside->functions->free(&stand->outside);
    bus_hub_free(&stand->hub);
    stand->store->functions->free(&stand->store);
    return 0;
}

static wall_ms now_of(struct stand *stand)
{
    clock_store_refresh(stand->clock);
    return clock_now(stand->clock);
}

static void park(struct stand *stand, wall_ms wake_at)
{
    assert_int_equal(participant_park(stand->store, "robot", wake_at, TTL_MS), STORE_OK);
    clock_master_hint(stand->master, &(struct hint){.kind = HINT_PARTICIPANT});
}

static void append(struct stand *stand, uint64_t seq)
{
    char key[32];
    static const char event[] = "\x83\xa2id\xa1x\xa6source\xa4test\xa4type\xadvisit.changed";
    snprintf(key, sizeof key, "test\n%llu", (unsigned long long)seq);
    struct fact fact = {.key = key, .digest = 1, .chain_id = seq * 3, .packed = {(const uint8_t *)event, sizeof event - 1}};
    assert_int_equal(store_append_one(stand->store, PLACE, &fact, 1), STORE_OK);
    assert_int_equal(fact.place.seq, seq);
}

static void work(struct stand *stand, enum stage stage, uint64_t seq)
{
    struct commit commit = {.lease = stand->standings[stage].lease, .from = stand->standings[stage].checkpoint,
                            .to = {seq, seq * 3}};
    assert_int_equal(store_commit_one(stand->store, &commit), STORE_OK);
    stand->standings[stage].checkpoint = commit.to;
    clock_master_hint(stand->master, &(struct hint){HINT_WORKED, PLACE, stage, seq});
}

static void test_moves_when_told_that_all_are_parked(void **state)
{
    struct stand *stand = *state;
    uint64_t number = 0;
    int count;
    assert_int_equal(participant_park(stand->store, "robot", NOW + 60000, TTL_MS), STORE_OK);
    clock_master_step(stand->master);
    assert_true(now_of(stand) == NOW + 60000);
    told_outside(stand, HINT_CLOCK, &number, &count);
    assert_int_equal(count, 1);
    assert_true(number == NOW + 60000);
    clock_master_step(stand->master);           /* the robot is awake */
    assert_true(now_of(stand) == NOW + 60000);
    park(stand, NOW + 120000);
    clock_master_step(stand->master);
    assert_true(now_of(stand) == NOW + 120000);
    assert_int_equal(clock_master_steps(stand->master), 2);
}

static void test_waits_for_every_stage(void **state)
{
    struct stand *stand = *state;
    assert_int_equal(participant_park(stand->store, "robot", NOW + 1000, TTL_MS), STORE_OK);
    clock_master_step(stand->master);
    for (uint64_t seq = 1; seq <= 3; seq++) {   /* from the second time on only heads tell that something happened */
        uint64_t number = 0;
        int count;
        append(stand, seq);
        park(stand, NOW + 1000 + (wall_ms)seq * 1000);
        told_outside(stand, HINT_EAGER, &number, &count);
        clock_master_step(stand->master);
        told_outside(stand, HINT_EAGER, &number, &count);
        assert_int_equal(count, 1);
        assert_int_equal(number, 1);
        assert_true(clock_master_is_eager(stand->master));
        for (int stage = STAGE_SCHEDULER; stage < STAGE_COUNT; stage++) {
            assert_true(now_of(stand) == NOW + (wall_ms)seq * 1000);
            work(stand, (enum stage)stage, seq);
            clock_master_step(stand->master);
        }
        assert_true(now_of(stand) == NOW + 1000 + (wall_ms)seq * 1000);
    }
}

static void test_somebody_at_work_is_not_kept_waiting_for_checkpoints(void **state)
{
    struct stand *stand = *state;
    uint64_t number = 1;
    int count;
    assert_int_equal(participant_busy(stand->store, "robot", TTL_MS), STORE_OK);
    clock_master_step(stand->master);
    told_outside(stand, HINT_EAGER, &number, &count);
    assert_int_equal(count, 1);
    assert_int_equal(number, 0);
    assert_false(clock_master_is_eager(stand->master));
    assert_true(now_of(stand) == NOW);
}

static void test_looks_without_being_told(void **state)
{
    struct stand *stand = *state;
    int64_t wait_ms = 0;
    assert_int_equal(participant_busy(stand->store, "robot", TTL_MS), STORE_OK);
    wait_ms = clock_master_step(stand->master);
    assert_true(wait_ms > 0 && wait_ms <= 50);
    assert_int_equal(participant_park(stand->store, "robot", NOW + 5000, TTL_MS), STORE_OK);     /* its word is lost */
    for (mono_ms begun = real_mono_now(); now_of(stand) == NOW && real_mono_now().ms - begun.ms < 5000;)
        clock_master_step(stand->master);
    assert_true(now_of(stand) == NOW + 5000);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, stand_up, stand_down)
    const struct CMUnitTest tests[] = {
        TEST(test_moves_when_told_that_all_are_parked),
        TEST(test_waits_for_every_stage),
        TEST(test_somebody_at_work_is_not_kept_waiting_for_checkpoints),
        TEST(test_looks_without_being_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
