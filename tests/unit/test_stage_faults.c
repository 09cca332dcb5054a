/* The loop in trouble: deaths at each call, answers lost, poison, others' changes; against both stores. */
#include "support/crew.h"
#include "support/store_rig.h"
#include "support/toy.h"

#include "log.h"
#include "partition.h"

enum { ROUNDS = 4000, SITES = 3 };

/* Checked builds are slow: they try every seventh call. */
#ifdef __SANITIZE_ADDRESS__
enum { STRIDE = 7 };
#else
enum { STRIDE = 1 };
#endif

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

/* An empty store again. */
static void rig_clean(struct rig *rig)
{
    struct redis_server *server = rig->server;

    rig_close(rig);
    rig_open(rig, server);
}

/* ---------------------------------------------------------------- what others change while we decide */

static bool changed;

/* The scheduler works the same order again between follow-up's reading of its plan and its commit. */
static int change_plan_before_commit(void *context, const char *call)
{
    int64_t wait_ms;

    (void)context;
    if (changed || !crew.current || crew.current->core != &toy_follow_up || strcmp(call, "commit") != 0)
        return FATE_DONE;
    uint32_t partition = partition_of_site("sample", RIG_PARTITIONS);
    struct partition_view view;
    crew.faulty.inner->functions->view(crew.faulty.inner, &partition, 1, &view);
    if (view.head.seq < 4)                      /* delivered, made, fired, wanted */
        return FATE_DONE;
    changed = true;
    assert_true(crew_deliver_as(&crew, "sample", "again", "JC1", 1));
    assert_true(crew_step_one(member_of(&toy_scheduler), &wait_ms));
    return FATE_DONE;
}

static void what_was_read_and_changed_is_read_again(struct rig *rig)
{
    const char *id = "sample/JC1";
    struct stored_entity stored = {0};

    open_crew(rig);
    crew.eager = changed = false;
    crew_start_all(&crew, toy_cores);
    assert_true(crew_deliver(&crew, "sample", "JC1", 1));
    crew.faulty.before = change_plan_before_commit;
    assert_true(crew_run(&crew, ROUNDS));
    assert_true(changed);
    assert_int_equal(report_of(member_of(&toy_follow_up)).changed, 1);
    assert_status(rig, STORE_OK, store_read_entities_one(rig->store, partition_of_site("sample", RIG_PARTITIONS),
                                                           ENTITY_TASK,
                                                           &id, 1, rig->arena, &stored));
    assert_true(stored.version > 0);
    crew_close(&crew);
}

/* ---------------------------------------------------------------- poison */

/* Owners that die one after the other; `working`: each while it worked the first event of the partition. */
static void dies_often(struct rig *rig, int times, bool working)
{
    struct standing standing;
    char text[64];

    for (int i = 0; i < times; i++) {
        for (uint32_t partition = 0; partition < RIG_PARTITIONS; partition++) {
            snprintf(text, sizeof text, "dead-%d", i);
            assert_status(rig, STORE_OK, store_claim_one(rig->store, partition, STAGE_SCHEDULER, text, 1000,
                                                         &standing));
            snprintf(text, sizeof text, "0 %d", i);
            char field[64];
            snprintf(field, sizeof field, "scheduler/%04u", partition);
            if (working && i >= POISON_NOTED)
                assert_status(rig, STORE_OK, rig->calls->note_put(rig->store, "working", field, bytes_of(text)));
        }
        rig_leases_expire(rig);
    }
}

static size_t quarantined(struct rig *rig)
{
    size_t count = 0;

    for (uint32_t partition = 0; partition < RIG_PARTITIONS; partition++) {
        struct entry_list entries = {0};
        assert_status(rig, STORE_OK, store_read_log_one(rig->store, partition, 1, READ_MAX, rig->arena, &entries));
        for (size_t i = 0; i < entries.count; i++) {
            struct event event;
            struct fault fault;
            assert_true(event_unpack(entries.at[i].packed, rig->arena, &event, &fault));
            count += event.number == EVENT_EVENT_QUARANTINED;
        }
    }
    return count;
}

static void after_three_deaths_one_by_one(struct rig *rig)
{
    char order[16];

    open_crew(rig);
    for (int i = 0; i < 12; i++) {
        snprintf(order, sizeof order, "JC%d", i);
        assert_true(crew_deliver(&crew, "sample", order, 5000));
    }
    dies_often(rig, POISON_SINGLE, true);             /* the next claim is the third unclean one */
    struct crew_member *member = crew_start(&crew, &toy_scheduler);
    crew_step_for(&crew, 1000);
    assert_true(report_of(member).commits >= 12);
    assert_int_equal(quarantined(rig), 0);
    crew_start_all(&crew, toy_cores + 1);
    expect_all_worked();
    crew_close(&crew);
}

static void after_five_deaths_the_first_is_set_aside(struct rig *rig)
{
    open_crew(rig);
    assert_true(crew_deliver(&crew, "sample", "JC1", 1));
    assert_true(crew_deliver(&crew, "sample", "JC2", 1));
    dies_often(rig, POISON_ASIDE, true);
    struct crew_member *member = crew_start(&crew, &toy_scheduler);
    crew_step_for(&crew, 200);
    assert_int_equal(report_of(member).quarantined, 1);
    assert_int_equal(quarantined(rig), 1);
    struct stored_entity stored[2] = {0};
    const char *ids[] = {"sample/JC1", "sample/JC2"};
    uint32_t partition = partition_of_site("sample", RIG_PARTITIONS);
    assert_status(rig, STORE_OK, store_read_entities_one(rig->store, partition, ENTITY_PLAN, ids, 2, rig->arena,
                                                           stored));
    assert_int_equal(stored[0].version, 0);
    assert_true(stored[1].version > 0);
    crew_close(&crew);
}

static void deaths_with_nothing_to_do_prove_nothing(struct rig *rig)
{
    open_crew(rig);
    dies_often(rig, POISON_ASIDE + 4, false);
    crew_start_all(&crew, toy_cores);
    crew_step(&crew);
    deliver_some(9);
    expect_all_worked();
    assert_int_equal(quarantined(rig), 0);
    crew_close(&crew);
}

/* A core whose decision is over every limit. */
static void emit_too_much(struct turn *turn, const struct event *event, const void *data)
{
    struct plan_made made = {.plan = "sample/x", .playbook = "toy", .playbook_hash = "toy", .about = "x"};
    const struct car_delivered *delivered = data;

    (void)event;
    for (int i = 0; i < (strcmp(delivered->order, "huge") == 0 ? COMMIT_EVENTS_MAX + 1 : 1); i++)
        turn_emit(turn, EVENT_PLAN_MADE, &made, NULL);
}

static const event_handler excessive_handlers[EVENT_COUNT] = {[EVENT_CAR_DELIVERED] = emit_too_much};
static const struct core excessive = {.stage = STAGE_SCHEDULER, .handlers = excessive_handlers,
                                      .site_kind = ENTITY_SCHEDULER_SITE};

static void a_decision_over_the_limits_is_set_aside(struct rig *rig)
{
    open_crew(rig);
    assert_true(crew_deliver(&crew, "sample", "JC1", 1));
    assert_true(crew_deliver(&crew, "sample", "huge", 1));
    assert_true(crew_deliver(&crew, "sample", "JC2", 1));
    struct crew_member *member = crew_start(&crew, &excessive);
    crew_step_for(&crew, 3000);
    assert_int_equal(quarantined(rig), 1);
    assert_int_equal(report_of(member).emitted, 3);
    crew_close(&crew);
}

/* What stands under the plan's id is no plan: its events are set aside, the others go on. */
static void an_entity_that_cannot_be_read(struct rig *rig)
{
    uint32_t partition = partition_of_site("sample", RIG_PARTITIONS);
    struct standing standing;
    struct entity_put put = {.kind = ENTITY_PLAN, .id = "sample/JC1", .version = 1, .packed = bytes_of("\xc1")};

    open_crew(rig);
    assert_status(rig, STORE_OK, store_claim_one(rig->store, partition, STAGE_SCHEDULER, "writer", 1000, &standing));
    struct commit commit = {.lease = standing.lease, .puts = &put, .put_count = 1};
    assert_status(rig, STORE_OK, store_commit_one(rig->store, &commit));
    assert_status(rig, STORE_OK, store_release_one(rig->store, &standing.lease));
    assert_true(crew_deliver(&crew, "sample", "JC0", 1));
    assert_true(crew_deliver(&crew, "sample", "JC1", 1));
    assert_true(crew_deliver(&crew, "sample", "JC2", 1));
    crew_start_all(&crew, toy_cores);
    assert_true(crew_run(&crew, ROUNDS));
    assert_int_equal(quarantined(rig), 1);
    assert_int_equal(crew_sent_count(&crew, "sample/JC0"), 1);
    assert_int_equal(crew_sent_count(&crew, "sample/JC1"), 0);
    assert_int_equal(crew_sent_count(&crew, "sample/JC2"), 1);
    crew_close(&crew);
}

/* ---------------------------------------------------------------- trouble at the Nth call, for N = 1, 2, 3 … until clean */

static struct { int number, at, fate; bool after, met; } trouble;

static bool trouble_now(const char *call, bool after)
{
    /* a death while contents are parsed would only leak memory here: the store is not touched */
    if (!crew.current || after != trouble.after || trouble.met || strcmp(call, "content_get") == 0)
        return false;
    trouble.met = ++trouble.number == trouble.at;
    return trouble.met;
}

static int trouble_before(void *context, const char *call)
{
    (void)context;
    if (!trouble_now(call, false))
        return FATE_DONE;
    if (trouble.fate < 0)
        crew_crash(&crew);
    return trouble.fate;
}

static void trouble_after(void *context, const char *call)
{
    (void)context;
    if (trouble_now(call, true))
        crew_crash(&crew);
}

static bool somebody_died(void)
{
    for (size_t i = 0; i < crew.member_count; i++)
        if (!crew.members[i].loop)
            return true;
    return false;
}

static void replace_the_dead(struct rig *rig)
{
    for (size_t i = 0; i < crew.member_count && somebody_died(); i++)
        if (!crew.members[i].loop) {
            rig_leases_expire(rig);
            crew_start(&crew, toy_cores[i]);
        }
}

/* All goes on as far as it can; the dead are replaced once their leases have run out. True: there was trouble. */
static bool run_with_trouble(struct rig *rig, int at, int fate, bool after)
{
    open_crew(rig);
    trouble.number = 0;
    trouble.at = at;
    trouble.fate = fate;
    trouble.after = after;
    trouble.met = false;
    crew.faulty.before = trouble_before;
    crew.faulty.after = trouble_after;
    crew_start_all(&crew, toy_cores);
    crew_step(&crew);
    deliver_some(6);
    crew_run(&crew, 40);
    replace_the_dead(rig);
    deliver_some(9);
    for (bool rest = false; !rest || somebody_died();) {
        replace_the_dead(rig);
        rest = crew_run(&crew, ROUNDS);
        if (!rest && !somebody_died())
            fail_msg("trouble at call %d: it does not come to rest", at);
    }
    expect_all_worked();
    bool met = trouble.met;
    crew_close(&crew);
    return met;
}

static void every_call(struct rig *rig, int fate, bool after)
{
    int stride = (rig->server ? 17 : 1) * STRIDE, at = 1;

    while (run_with_trouble(rig, at, fate, after)) {
        at += stride;
        assert_true(at < 5000);
        rig_clean(rig);
    }
    assert_true(at > 40);
}

enum { TIMEOUT_MS = 2000 };

static int gone_after_a_while(void *context, const char *call)
{
    (void)context;
    (void)call;
    if (crew.faulty.place == 0)         /* an exchange waits once, however many it carries */
        clock_manual_advance_mono(crew.clock, TIMEOUT_MS);
    return FATE_GONE;
}

/* Timeouts do not add up over the partitions: a watchdog waits for the end of the step. */
static void a_step_ends_when_calls_take_long(struct rig *rig)
{
    char site[20];
    int64_t wait_ms;

    open_crew(rig);
    struct crew_member *member = crew_start(&crew, toy_cores[0]);
    crew_step(&crew);
    for (int i = 0; i < 4 * RIG_PARTITIONS; i++) {
        snprintf(site, sizeof site, "site-%d", i);
        assert_true(crew_deliver(&crew, site, site, 1));
    }
    crew.faulty.before = gone_after_a_while;
    for (int i = 0; i < 2 * RIG_PARTITIONS; i++) {
        int64_t begun = clock_mono(crew.clock).ms;
        crew_step_one(member, &wait_ms);
        assert_true(clock_mono(crew.clock).ms - begun <= 4 * TIMEOUT_MS);
    }
    crew.faulty.before = NULL;
    crew_start_all(&crew, toy_cores + 1);
    expect_all_worked();
    crew_close(&crew);
}

static void dying_before_any_call(struct rig *rig) { every_call(rig, -1, false); }
static void dying_after_any_call(struct rig *rig) { every_call(rig, FATE_DONE, true); }
static void any_call_unanswered(struct rig *rig) { every_call(rig, FATE_GONE, false); }
static void any_answer_lost(struct rig *rig) { every_call(rig, FATE_ANSWER_LOST, false); }
static void full_at_any_call(struct rig *rig) { every_call(rig, FATE_FULL, false); }

static int deaths_left;

static void die_in_handler(const char *order)
{
    if (strcmp(order, "JC001") == 0 && deaths_left > 0) {
        deaths_left--;
        crew_crash(&crew);
    }
}

static void dying_inside_a_handler(struct rig *rig)
{
    open_crew(rig);
    toy_before = die_in_handler;
    deaths_left = 2;
    deliver_some(6);
    crew_start_all(&crew, toy_cores);
    for (int i = 0; i < 3; i++) {
        crew_step(&crew);
        replace_the_dead(rig);
    }
    assert_int_equal(deaths_left, 0);
    expect_all_worked();
    toy_before = NULL;
    crew_close(&crew);
}

static void a_poison_event_stops_the_fleet_for_a_while_only(struct rig *rig)
{
    open_crew(rig);
    toy_before = die_in_handler;
    deaths_left = 1000;
    deliver_some(6);
    crew_start_all(&crew, toy_cores);
    for (int i = 0; i < 40; i++) {
        crew_step(&crew);
        replace_the_dead(rig);
    }
    assert_in_range(1000 - deaths_left, POISON_ASIDE, 2 * POISON_ASIDE);
    assert_int_equal(quarantined(rig), 1);
    toy_before = NULL;
    assert_true(crew_run(&crew, ROUNDS));
    assert_int_equal(crew_delivered(&crew), 6);
    assert_int_equal(crew.sent_count, 5);
    crew_close(&crew);
}

static void a_rewound_history_is_told_again(struct rig *rig)
{
    if (rig->server)
        return;                                 /* only the memory store can be rewound at will */
    for (unsigned writes = 1; writes < 30; writes++) {
        open_crew(rig);
        crew_start_all(&crew, toy_cores);
        crew_step(&crew);
        deliver_some(9);
        for (unsigned i = 0; i < writes % 7; i++)
            crew_step(&crew);
        for (uint32_t partition = 0; partition < RIG_PARTITIONS; partition++)
            store_memory_rewind(rig->store, partition, writes);
        for (int i = 0; i < 3; i++)
            crew_step(&crew);
        deliver_some(9);                        /* clients whose acknowledgement was lost say it again */
        if (!crew_run(&crew, ROUNDS))
            fail_msg("after %u writes taken back: no rest", writes);
        const char *wrong = crew_check(&crew);
        if (wrong)
            fail_msg("after %u writes taken back: %s", writes, wrong);
        assert_int_equal(crew_delivered(&crew), 9);
        crew_close(&crew);
        rig_clean(rig);
    }
}

int main(void)
{
    static const struct rig_case cases[] = {
        {"what was read and changed is read again", what_was_read_and_changed_is_read_again},
        {"after three deaths one by one", after_three_deaths_one_by_one},
        {"after five deaths the first is set aside", after_five_deaths_the_first_is_set_aside},
        {"deaths with nothing to do prove nothing", deaths_with_nothing_to_do_prove_nothing},
        {"a decision over the limits is set aside", a_decision_over_the_limits_is_set_aside},
        {"an entity that cannot be read", an_entity_that_cannot_be_read},
        {"a step ends when calls take long", a_step_ends_when_calls_take_long},
        {"dying before any call", dying_before_any_call},
        {"dying after any call", dying_after_any_call},
        {"any call unanswered", any_call_unanswered},
        {"any answer lost", any_answer_lost},
        {"full at any call", full_at_any_call},
        {"dying inside a handler", dying_inside_a_handler},
        {"a poison event stops the fleet for a while only", a_poison_event_stops_the_fleet_for_a_while_only},
        {"a rewound history is told again", a_rewound_history_is_told_again},
    };

    log_start("test", LEVEL_NONE);
    return RIG_RUN("stage faults", cases);
}
