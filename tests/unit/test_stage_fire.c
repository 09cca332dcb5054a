/* Firing: which clocks are trusted, when, how much at a time; against both stores. */
#include "support/crew.h"
#include "support/store_rig.h"
#include "support/toy.h"

#include "log.h"
#include "stage_parts.h"

enum { ROUNDS = 4000 };

static struct crew crew;
static struct dice dice;

static void open_crew(struct rig *rig)
{
    dice = dice_of(7);
    crew_open(&crew, rig->store, RIG_PARTITIONS, &dice);
}

static struct stage_report report_of(const struct crew_member *member)
{
    struct stage_report report;

    stage_report(member->loop, &report);
    return report;
}

static void go_on(int64_t ms)
{
    clock_manual_set(crew.clock, clock_now(crew.clock) + ms);
}

/* Orders of one site, each with a timer so long from now. */
static void deliver(const char *name, int count, int64_t after_ms)
{
    char order[32];

    for (int i = 0; i < count; i++) {
        snprintf(order, sizeof order, "%s%04d", name, i);
        assert_true(crew_deliver(&crew, "sample", order, after_ms));
    }
}

/* How many events come of a step. */
static uint64_t emitted_in_a_step(const struct crew_member *member)
{
    uint64_t before = report_of(member).emitted;

    crew_step(&crew);
    return report_of(member).emitted - before;
}

static void timers_wait_for_a_steady_clock(struct rig *rig)
{
    int64_t wait_ms;

    open_crew(rig);
    crew.real_time = true;
    struct crew_member *member = crew_start(&crew, &toy_scheduler);
    assert_true(crew_deliver(&crew, "sample", "JC1", 3600000));
    crew_step(&crew);
    assert_true(crew_step_one(member, &wait_ms));
    wall_ms before = clock_now(crew.clock);
    clock_manual_set(crew.clock, before - 1);           /* backwards: mono stands still */
    crew_step(&crew);
    assert_false(report_of(member).tilted);
    clock_manual_set(crew.clock, before - 3600000);
    clock_manual_advance_mono(crew.clock, 10);
    crew_step(&crew);
    assert_true(report_of(member).tilted);
    for (int i = 0; i < 8; i++) {
        clock_manual_set(crew.clock, clock_now(crew.clock) + 500);
        crew_step(&crew);
    }
    assert_false(report_of(member).tilted);
    clock_manual_set(crew.clock, before + 7200000);     /* both clocks run ahead: the process slept */
    crew_step(&crew);
    assert_true(report_of(member).tilted);
    assert_int_equal(report_of(member).fired, 0);
    for (int i = 0; i < 8; i++) {
        clock_manual_set(crew.clock, clock_now(crew.clock) + 500);
        crew_step(&crew);
    }
    assert_int_equal(report_of(member).fired, 1);
    crew_close(&crew);
}

static bool clock_is_right(void *right)
{
    return *(bool *)right;
}

static void timers_wait_for_a_right_clock(struct rig *rig)
{
    bool right = true;
    struct stage_report report;

    open_crew(rig);
    struct bus *bus = bus_memory_new(crew.hub);
    struct stage_loop *stage = stage_new(&(struct stage_options){
        .core = &toy_scheduler, .store = crew.store, .bus = bus, .clock = crew.clock, .sealer = crew.sealer, .owner = "a",
        .partitions = crew.partitions, .build = "t", .random = dice_chance, .random_context = &dice,
        .virtual_clock = true, .clock_is_right = clock_is_right, .clock_context = &right});
    assert_true(crew_deliver(&crew, "sample", "JC1", 500));
    for (int i = 0; i < 3; i++)
        stage_step(stage);
    stage_report(stage, &report);
    uint64_t events = report.events;
    right = false;
    clock_manual_set(crew.clock, clock_now(crew.clock) + 600);
    assert_true(crew_deliver(&crew, "sample", "JC2", 500));
    for (int i = 0; i < 3; i++)
        stage_step(stage);
    assert_true(stage_step(stage) > 0);                 /* it does not spin meanwhile */
    stage_report(stage, &report);
    assert_int_equal(report.fired, 0);
    assert_true(report.events > events);                /* but it works */
    right = true;
    stage_step(stage);
    stage_report(stage, &report);
    assert_int_equal(report.fired, 1);
    stage_free(&stage);
    bus->functions->free(&bus);
    crew_close(&crew);
}

static void it_sleeps_until_the_next_timer(struct rig *rig)
{
    int64_t wait_ms = 0;

    open_crew(rig);
    struct crew_member *member = crew_start(&crew, &toy_scheduler);
    assert_true(crew_deliver(&crew, "sample", "JC1", 321));
    for (int i = 0; i < 3; i++)
        assert_true(crew_step_one(member, &wait_ms));
    assert_int_equal(wait_ms, 321);
    clock_manual_set(crew.clock, clock_now(crew.clock) + 320);
    assert_true(crew_step_one(member, &wait_ms));
    assert_int_equal(wait_ms, 1);
    assert_int_equal(report_of(member).fired, 0);
    clock_manual_set(crew.clock, clock_now(crew.clock) + 1);
    assert_true(crew_step_one(member, &wait_ms));
    assert_int_equal(report_of(member).fired, 1);
    crew_close(&crew);
}

/* ---------------------------------------------------------------- how much at a time */

static void while_timers_fire_nothing_takes_long(struct rig *rig)
{
    open_crew(rig);
    crew.real_time = true;
    struct crew_member *member = crew_start(&crew, &toy_scheduler);
    deliver("A", 1, 500);
    crew_step(&crew);
    go_on(500);
    deliver("B", 100, 3600000);
    assert_int_equal(emitted_in_a_step(member), 100);    /* then the timer fires */
    assert_int_equal(report_of(member).fired, 1);
    deliver("C", 100, 3600000);
    assert_int_equal(emitted_in_a_step(member), BATCH_PROMPT);
    go_on(PROMPT_MS);
    assert_int_equal(emitted_in_a_step(member), 1 + 100 - BATCH_PROMPT);    /* and the timer's */
    crew_close(&crew);
}

static void what_is_late_is_caught_up_with(struct rig *rig)
{
    open_crew(rig);
    crew.real_time = true;
    struct crew_member *member = crew_start(&crew, &toy_scheduler);
    deliver("A", 1, 100);
    crew_step(&crew);
    go_on(100 + LATE_MS + 1);
    crew_step(&crew);
    assert_int_equal(report_of(member).fired, 1);
    deliver("B", 100, 3600000);
    assert_int_equal(emitted_in_a_step(member), 101);
    crew_close(&crew);
}

static void no_more_fire_than_can_wait(struct rig *rig)
{
    const int all = 2 * FIRE_MAX;

    open_crew(rig);
    crew.real_time = true;
    struct crew_member *member = crew_start(&crew, &toy_scheduler);
    crew_step(&crew);
    for (char name[] = "A"; report_of(member).emitted < (uint64_t)all; name[0]++) {
        deliver(name, 128, 500);
        while (emitted_in_a_step(member) > 0)
            ;
    }
    go_on(500);
    crew_step(&crew);
    assert_int_equal(report_of(member).fired, FIRE_MAX);
    for (int i = 0; i < 3; i++)
        crew_step(&crew);
    assert_int_equal(report_of(member).fired, FIRE_MAX);
    for (int i = 0; i < ROUNDS && report_of(member).fired < (uint64_t)all; i++)
        crew_step(&crew);
    assert_int_equal(report_of(member).fired, all);
    crew_close(&crew);
}

int main(void)
{
    static const struct rig_case cases[] = {
        {"timers wait for a steady clock", timers_wait_for_a_steady_clock},
        {"timers wait for a right clock", timers_wait_for_a_right_clock},
        {"it sleeps until the next timer", it_sleeps_until_the_next_timer},
        {"while timers fire nothing takes long", while_timers_fire_nothing_takes_long},
        {"what is late is caught up with", what_is_late_is_caught_up_with},
        {"no more fire than can wait", no_more_fire_than_can_wait},
    };

    log_start("test", LEVEL_NONE);
    return RIG_RUN("stage_fire", cases);
}
