/* The loop: leases, batches, answers of the store, firing; against both stores. */
#include "support/crew.h"
#include "support/store_rig.h"
#include "support/toy.h"

#include "log.h"
#include "partition.h"

enum { ROUNDS = 4000, SITES = 3 };

static struct crew crew;
static struct dice dice;

static void open_crew(struct rig *rig)
{
    dice = dice_of(7);
    crew_open(&crew, rig->store, RIG_PARTITIONS, &dice);
}

static void deliver_some(int count)
{
    static const char *const sites[SITES] = {"sample", "north", "south"};
    char order[16];

    for (int i = 0; i < count; i++) {
        snprintf(order, sizeof order, "JC%03d", i);
        assert_true(crew_deliver(&crew, sites[i % SITES], order, 1 + i % 5));
    }
}

static void expect_all_worked(void)
{
    if (!crew_run(&crew, ROUNDS))
        fail_msg("it does not come to rest");
    const char *wrong = crew_check(&crew);
    if (!wrong)
        wrong = crew_check_always(&crew);
    if (wrong)
        fail_msg("%s", wrong);
    assert_true(crew_sent_most(&crew) <= 1);
}

static struct stage_report report_of(const struct crew_member *member)
{
    struct stage_report report;

    stage_report(member->loop, &report);
    return report;
}

static struct crew_member *member_of(const struct core *core)
{
    for (size_t i = 0; i < crew.member_count; i++)
        if (crew.members[i].loop && crew.members[i].core == core)
            return &crew.members[i];
    fail();
    return NULL;
}

/* ---------------------------------------------------------------- all is well */

static void each_effect_once(struct rig *rig)
{
    open_crew(rig);
    deliver_some(20);
    crew_start_all(&crew, toy_cores);
    deliver_some(30);                           /* the first 20 are known already */
    expect_all_worked();
    assert_int_equal(crew_delivered(&crew), 30);
    assert_int_equal(report_of(member_of(&toy_scheduler)).fired, 60);
    crew_close(&crew);
}

static void more_than_one_batch(struct rig *rig)
{
    char order[16];

    open_crew(rig);
    crew_start(&crew, &toy_scheduler);
    for (int i = 0; i < 1300; i++) {
        snprintf(order, sizeof order, "JC%04d", i);
        assert_true(crew_deliver(&crew, "sample", order, 3));
    }
    crew_start_all(&crew, toy_cores + 1);
    expect_all_worked();
    assert_true(report_of(member_of(&toy_scheduler)).commits < 60);
    crew_close(&crew);
}

static void all_partitions_commit_in_one_exchange(struct rig *rig)
{
    open_crew(rig);
    deliver_some(30);
    struct crew_member *member = crew_start(&crew, &toy_scheduler);
    crew_step(&crew);
    assert_int_equal(report_of(member).commits, SITES);
    assert_int_equal(crew.faulty.commit_exchanges, 1);
    crew_close(&crew);
}

static int drop(void *context)
{
    (void)context;
    return 0;
}

static int shuffle(void *context)
{
    (void)context;
    return (int)dice_below(&dice, 4);
}

static void a_silent_wire_costs_only_time(struct rig *rig)
{
    open_crew(rig);
    bus_hub_fate(crew.hub, drop, NULL);
    crew_start_all(&crew, toy_cores);
    deliver_some(10);
    expect_all_worked();
    assert_true(report_of(member_of(&toy_follow_up)).log_reads > 0);
    crew_close(&crew);
}

static void a_wire_that_shuffles(struct rig *rig)
{
    open_crew(rig);
    bus_hub_fate(crew.hub, shuffle, NULL);
    crew_start_all(&crew, toy_cores);
    crew_step(&crew);
    deliver_some(60);
    expect_all_worked();
    assert_true(report_of(member_of(&toy_scheduler)).reordered > 0);
    crew_close(&crew);
}

/* ---------------------------------------------------------------- replicas */

static void announce(struct rig *rig, const struct crew_member *member)
{
    struct member alive = {.name = member->owner, .stage = stage_names[member->core->stage], .endpoint = "",
                           .details = ""};

    assert_status(rig, STORE_OK, rig->calls->announce(rig->store, &alive, RIG_TTL_MS));
}

static void replicas_share_and_take_over(struct rig *rig)
{
    open_crew(rig);
    struct crew_member *a = crew_start(&crew, &toy_scheduler);
    announce(rig, a);
    crew_step_for(&crew, 100);
    assert_int_equal(report_of(a).owned, RIG_PARTITIONS);
    struct crew_member *b = crew_start(&crew, &toy_scheduler);
    announce(rig, b);
    crew_step_for(&crew, 3500);
    assert_int_equal(report_of(a).owned, RIG_PARTITIONS / 2);
    assert_int_equal(report_of(b).owned, RIG_PARTITIONS / 2);
    crew_start_all(&crew, toy_cores + 1);
    deliver_some(20);
    expect_all_worked();
    crew_kill(b);                               /* its leases run out; nobody waits for its announcement to end */
    rig_leases_expire(rig);
    crew_step_for(&crew, 1100);
    assert_int_equal(report_of(a).owned, RIG_PARTITIONS);
    crew_close(&crew);
}

/* The next owner has not seen the plan, takes the order for new, and is told otherwise by its commit: once. */
static void what_was_taken_for_new_is_looked_at(struct rig *rig)
{
    const char *id = "sample/JC1";
    struct stored_entity stored = {0};

    open_crew(rig);
    crew_start_all(&crew, toy_cores);
    assert_true(crew_deliver(&crew, "sample", "JC1", 60000));
    crew_step_for(&crew, 100);
    crew_stop(member_of(&toy_scheduler));
    crew_start(&crew, &toy_scheduler);
    assert_true(crew_deliver_as(&crew, "sample", "again", "JC1", 60000));
    assert_true(crew_run(&crew, ROUNDS));
    assert_int_equal(report_of(member_of(&toy_scheduler)).changed, 1);
    assert_status(rig, STORE_OK, store_read_entities_one(rig->store, partition_of_site("sample", RIG_PARTITIONS), ENTITY_PLAN,
                                                         &id, 1, rig->arena, &stored));
    assert_int_equal(stored.version, 3);        /* made, postponed, started */
    crew_close(&crew);
}

static void one_that_stops_leaves_at_once(struct rig *rig)
{
    struct partition_view views[RIG_PARTITIONS];
    uint32_t numbers[RIG_PARTITIONS] = {0, 1, 2, 3, 4, 5, 6, 7};

    open_crew(rig);
    deliver_some(9);
    struct crew_member *a = crew_start(&crew, &toy_scheduler);
    crew_step_for(&crew, 50);
    crew_stop(a);
    assert_status(rig, STORE_OK, rig->calls->view(rig->store, numbers, RIG_PARTITIONS, views));
    for (int i = 0; i < RIG_PARTITIONS; i++) {
        assert_string_equal(views[i].stages[STAGE_SCHEDULER].owner, "");
        assert_int_equal(views[i].stages[STAGE_SCHEDULER].unclean, 0);
    }
    crew_start_all(&crew, toy_cores);
    crew_step(&crew);
    assert_int_equal(report_of(member_of(&toy_scheduler)).owned, RIG_PARTITIONS);
    expect_all_worked();
    crew_close(&crew);
}

static void what_is_given_back_is_taken_in_the_next_step(struct rig *rig)
{
    int64_t wait_ms;

    open_crew(rig);
    struct crew_member *a = crew_start(&crew, &toy_scheduler);
    announce(rig, a);
    crew_step_for(&crew, 100);
    struct crew_member *b = crew_start(&crew, &toy_scheduler), *other = crew_start(&crew, &toy_follow_up);
    announce(rig, b);
    crew_step_for(&crew, 3500);
    assert_int_equal(report_of(a).owned, RIG_PARTITIONS / 2);
    struct member gone = {.name = b->owner, .stage = "scheduler", .endpoint = "", .details = ""};
    assert_status(rig, STORE_OK, rig->calls->announce(rig->store, &gone, 0));
    crew_stop(b);
    assert_true(crew_step_one(a, &wait_ms));
    assert_int_equal(report_of(a).owned, RIG_PARTITIONS);
    assert_int_equal(report_of(other).owned, RIG_PARTITIONS);    /* another stage's leases are not its concern */
    crew_close(&crew);
}

static void what_is_given_back_beyond_the_share_waits_for_others_a_moment_only(struct rig *rig)
{
    struct member ghost = {.name = "ghost", .stage = "scheduler", .endpoint = "", .details = ""};
    int64_t wait_ms;

    open_crew(rig);
    struct crew_member *a = crew_start(&crew, &toy_scheduler);
    announce(rig, a);
    crew_step_for(&crew, 100);
    struct crew_member *b = crew_start(&crew, &toy_scheduler);
    announce(rig, b);
    crew_step_for(&crew, 3500);
    assert_status(rig, STORE_OK, rig->calls->announce(rig->store, &ghost, RIG_TTL_MS));
    crew_stop(b);
    assert_true(crew_step_one(a, &wait_ms));
    uint32_t share = report_of(a).owned;
    assert_true(share < RIG_PARTITIONS);
    assert_true(wait_ms <= HANDOVER_MS);
    clock_manual_set(crew.clock, clock_now(crew.clock) + HANDOVER_MS);
    assert_true(crew_step_one(a, &wait_ms));
    assert_int_equal(report_of(a).owned, RIG_PARTITIONS);
    crew_close(&crew);
}

static void an_orphan_is_claimed_beyond_the_share(struct rig *rig)
{
    struct member ghost = {.name = "ghost", .stage = "scheduler", .endpoint = "", .details = ""};

    open_crew(rig);
    assert_status(rig, STORE_OK, rig->calls->announce(rig->store, &ghost, RIG_TTL_MS));
    struct crew_member *a = crew_start(&crew, &toy_scheduler);
    crew_step_for(&crew, 500);
    assert_int_equal(report_of(a).owned, RIG_PARTITIONS / 2);
    crew_step_for(&crew, ORPHAN_MS + 1100);
    assert_int_equal(report_of(a).owned, RIG_PARTITIONS);
    crew_close(&crew);
}

static void a_zombie_does_no_harm(struct rig *rig)
{
    open_crew(rig);
    crew_start_all(&crew, toy_cores);
    deliver_some(9);
    for (int i = 0; i < 3; i++)
        crew_step(&crew);
    size_t asleep = crew.member_count;
    for (size_t i = 0; i < asleep; i++)
        crew.members[i].paused = true;
    rig_leases_expire(rig);
    crew_start_all(&crew, toy_cores);
    deliver_some(24);
    for (int i = 0; i < 20; i++)
        crew_step(&crew);
    for (size_t i = 0; i < asleep; i++)
        crew.members[i].paused = false;
    deliver_some(30);
    expect_all_worked();
    for (size_t i = 0; i < asleep; i++)
        assert_true(report_of(&crew.members[i]).fenced > 0);
    crew_close(&crew);
}

/* ---------------------------------------------------------------- checkpoints, time, stopping */

static uint64_t checkpoint_of(struct rig *rig, enum stage stage)
{
    uint32_t numbers[RIG_PARTITIONS] = {0, 1, 2, 3, 4, 5, 6, 7};
    struct partition_view views[RIG_PARTITIONS];
    uint64_t sum = 0;

    assert_status(rig, STORE_OK, rig->calls->view(rig->store, numbers, RIG_PARTITIONS, views));
    for (int i = 0; i < RIG_PARTITIONS; i++)
        sum += views[i].stages[stage].checkpoint.seq;
    return sum;
}

static void events_of_no_concern_wait_for_the_checkpoint(struct rig *rig)
{
    open_crew(rig);
    crew.eager = false;
    struct crew_member *member = crew_start(&crew, &toy_notifier);
    crew_step(&crew);
    deliver_some(5);
    crew_step(&crew);
    assert_int_equal(report_of(member).events, 5);
    assert_int_equal(checkpoint_of(rig, STAGE_NOTIFIER), 0);
    clock_manual_set(crew.clock, clock_now(crew.clock) + LAZY_MS);
    crew_step(&crew);
    assert_int_equal(checkpoint_of(rig, STAGE_NOTIFIER), 5);
    crew_close(&crew);
}

static void hear(int count, const char *order)
{
    char name[32];

    for (int i = 0; i < count; i++) {
        snprintf(name, sizeof name, "%s%03d", order, i);
        assert_true(crew_deliver(&crew, "sample", name, 5000));
        crew_step(&crew);
    }
}

static void one_that_nothing_concerns_is_a_bystander(struct rig *rig)
{
    open_crew(rig);
    struct crew_member *member = crew_start(&crew, &toy_follow_up), *scheduler = crew_start(&crew, &toy_scheduler);
    crew_step(&crew);
    hear(BYSTANDER_EVENTS / 4, "A");
    assert_false(stage_is_bystander(member->loop));
    hear(BYSTANDER_EVENTS, "B");
    assert_true(stage_is_bystander(member->loop));
    assert_false(stage_is_bystander(scheduler->loop));
    assert_int_equal(report_of(member).events, report_of(scheduler).events);
    crew_start(&crew, &toy_notifier);
    expect_all_worked();                        /* tasks for it, among others */
    hear(1, "C");
    assert_true(stage_is_bystander(member->loop));
    crew_step_for(&crew, 6000);                             /* one more task: its timer has come */
    assert_false(stage_is_bystander(member->loop));
    crew_close(&crew);
}

static bool clock_is_right(void *right)
{
    return *(bool *)right;
}

static void a_wrong_clock_leaves_the_work_to_right_ones(struct rig *rig)
{
    bool right = true;
    struct stage_report report;

    open_crew(rig);
    struct bus *bus = bus_memory_new(crew.hub);
    struct stage_loop *stage = stage_new(&(struct stage_options){
        .core = &toy_scheduler, .store = crew.store, .bus = bus, .clock = crew.clock, .sealer = crew.sealer, .owner = "w",
        .partitions = crew.partitions, .build = "t", .random = dice_chance, .random_context = &dice,
        .virtual_clock = true, .clock_is_right = clock_is_right, .clock_context = &right});
    stage_step(stage);
    right = false;
    for (int i = 0; i < 5; i++) {                       /* alone: better late timers than no work at all */
        clock_manual_set(crew.clock, clock_now(crew.clock) + RENEW_MS);
        stage_step(stage);
    }
    stage_report(stage, &report);
    assert_int_equal(report.owned, RIG_PARTITIONS);
    struct crew_member *other = crew_start(&crew, &toy_scheduler);
    announce(rig, other);
    for (int i = 0; i < 5; i++) {
        clock_manual_set(crew.clock, clock_now(crew.clock) + RENEW_MS);
        stage_step(stage);
        crew_step(&crew);
    }
    stage_report(stage, &report);
    assert_int_equal(report.owned, 0);
    assert_int_equal(report_of(other).owned, RIG_PARTITIONS);
    stage_free(&stage);
    bus->functions->free(&bus);
    crew_close(&crew);
}

int main(void)
{
    static const struct rig_case cases[] = {
        {"each effect once", each_effect_once},
        {"more than one batch", more_than_one_batch},
        {"all partitions commit in one exchange", all_partitions_commit_in_one_exchange},
        {"a silent wire costs only time", a_silent_wire_costs_only_time},
        {"a wire that shuffles", a_wire_that_shuffles},
        {"replicas share and take over", replicas_share_and_take_over},
        {"what was taken for new is looked at", what_was_taken_for_new_is_looked_at},
        {"one that stops leaves at once", one_that_stops_leaves_at_once},
        {"what is given back is taken in the next step", what_is_given_back_is_taken_in_the_next_step},
        {"what is given back beyond the share waits for others a moment only",
         what_is_given_back_beyond_the_share_waits_for_others_a_moment_only},
        {"an orphan is claimed beyond the share", an_orphan_is_claimed_beyond_the_share},
        {"a zombie does no harm", a_zombie_does_no_harm},
        {"events of no concern wait for the checkpoint", events_of_no_concern_wait_for_the_checkpoint},
        {"one that nothing concerns is a bystander", one_that_nothing_concerns_is_a_bystander},
        {"a wrong clock leaves the work to right ones", a_wrong_clock_leaves_the_work_to_right_ones},
    };

    log_start("test", LEVEL_NONE);
    return RIG_RUN("stage", cases);
}
