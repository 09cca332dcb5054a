/* Attempts to send and what they come to, as the loop takes them into the log; against both stores. */
#include "support/crew.h"
#include "support/store_rig.h"
#include "support/toy.h"

#include "log.h"

enum { ROUNDS = 4000, SITES = 3 };

static const char *const sites[SITES] = {"sample", "north", "south"};
static struct crew crew;
static struct dice dice;

static void open_crew(struct rig *rig)
{
    dice = dice_of(7);
    crew_open(&crew, rig->store, RIG_PARTITIONS, &dice);
}

static struct crew_member *notifier_of(void)
{
    for (size_t i = 0; i < crew.member_count; i++)
        if (crew.members[i].loop && crew.members[i].core == &toy_notifier)
            return &crew.members[i];
    fail();
    return NULL;
}

static void expect_all_worked(void)
{
    if (!crew_run(&crew, ROUNDS))
        fail_msg("it does not come to rest");
    const char *wrong = crew_check(&crew);
    if (wrong)
        fail_msg("%s", wrong);
    assert_true(crew_sent_most(&crew) <= 1);
}

static void attempts_of_the_dead_are_closed(struct rig *rig)
{
    open_crew(rig);
    crew.silent_sender = true;
    crew_start_all(&crew, toy_cores);
    assert_true(crew_deliver(&crew, "sample", "JC1", 1));
    assert_true(crew_run(&crew, ROUNDS));
    assert_int_equal(crew_sent_count(&crew, "sample/JC1"), 1);
    crew_step_for(&crew, 3000);                             /* it is still busy with it: nobody meddles */
    assert_int_equal(crew_sent_count(&crew, "sample/JC1"), 1);
    crew_kill(notifier_of());
    rig_leases_expire(rig);
    crew.silent_sender = false;
    crew_start(&crew, &toy_notifier);
    expect_all_worked();
    assert_int_equal(crew_sent_count(&crew, "sample/JC1"), 2);
    crew_close(&crew);
}

static void the_first_answer_of_an_attempt_stands(struct rig *rig)
{
    struct send_order order = {.notice = "sample/JC1", .site = "sample", .attempt = 1};

    open_crew(rig);
    crew.silent_sender = true;
    crew_start_all(&crew, toy_cores);
    assert_true(crew_deliver(&crew, "sample", "JC1", 1));
    assert_true(crew_run(&crew, ROUNDS));
    struct crew_member *notifier = notifier_of();
    assert_true(stage_append(notifier->loop, &order, SEND_ACCEPTED, "250"));
    assert_true(stage_append(notifier->loop, &order, SEND_TEMPORARY, "451"));
    assert_int_equal(stage_outbox(notifier->loop), 2);
    notifier->order_count = 0;
    expect_all_worked();
    assert_int_equal(crew_sent_count(&crew, "sample/JC1"), 1);
    crew_close(&crew);
}

/* -------- together */

static const char *notice_of(int site, int number)
{
    static char notice[64];
    snprintf(notice, sizeof notice, "%s/JC%d", sites[site], number);
    return notice;
}

/* Each in a partition of its own; their attempts are in flight, nobody has answered. */
static struct crew_member *open_with_attempts(struct rig *rig, int count)
{
    open_crew(rig);
    crew.silent_sender = true;
    crew.eager = false;
    crew_start_all(&crew, toy_cores);
    for (int i = 0; i < count; i++)
        assert_true(crew_deliver(&crew, sites[i % SITES], strchr(notice_of(i % SITES, i), '/') + 1, 1));
    assert_true(crew_run(&crew, ROUNDS));
    struct crew_member *notifier = notifier_of();
    notifier->order_count = 0;
    crew.silent_sender = false;
    return notifier;
}

static void answer(struct crew_member *notifier, int number)
{
    const struct send_order order = {.notice = notice_of(number % SITES, number), .site = sites[number % SITES], .attempt = 1};
    assert_true(stage_append(notifier->loop, &order, SEND_ACCEPTED, ""));
}

static void ends_of_all_partitions_go_in_one_exchange(struct rig *rig)
{
    int64_t wait_ms;

    struct crew_member *notifier = open_with_attempts(rig, SITES);
    crew.faulty.append_exchanges = 0;
    for (int i = 0; i < SITES; i++)
        answer(notifier, i);
    assert_true(crew_step_one(notifier, &wait_ms));
    assert_int_equal(stage_outbox(notifier->loop), 0);
    assert_int_equal(crew.faulty.append_exchanges, 1);
    expect_all_worked();
    crew_close(&crew);
}

/* The first end goes at once; the second, right after it, waits for company, but not for long. */
static void ends_wait_for_each_other(struct rig *rig)
{
    int64_t wait_ms;

    struct crew_member *notifier = open_with_attempts(rig, 2);
    clock_manual_set(crew.clock, clock_now(crew.clock) + RESULTS_MS);
    answer(notifier, 0);
    assert_true(crew_step_one(notifier, &wait_ms));
    assert_int_equal(stage_outbox(notifier->loop), 0);
    answer(notifier, 1);
    clock_manual_set(crew.clock, clock_now(crew.clock) + RESULTS_MS - 1);
    for (int i = 0; i < 3; i++)                 /* what came of the first is worked meanwhile */
        assert_true(crew_step_one(notifier, &wait_ms));
    assert_int_equal(stage_outbox(notifier->loop), 1);
    assert_int_equal(wait_ms, 1);
    clock_manual_set(crew.clock, clock_now(crew.clock) + 1);
    assert_true(crew_step_one(notifier, &wait_ms));
    assert_int_equal(stage_outbox(notifier->loop), 0);
    expect_all_worked();
    crew_close(&crew);
}

/* Then there is company enough. */
static void many_ends_do_not_wait(struct rig *rig)
{
    int64_t wait_ms;

    struct crew_member *notifier = open_with_attempts(rig, RESULTS_MANY + 1);
    clock_manual_set(crew.clock, clock_now(crew.clock) + RESULTS_MS);
    answer(notifier, 0);
    assert_true(crew_step_one(notifier, &wait_ms));
    for (int i = 1; i <= RESULTS_MANY; i++)
        answer(notifier, i);
    assert_true(crew_step_one(notifier, &wait_ms));
    assert_int_equal(stage_outbox(notifier->loop), 0);
    expect_all_worked();
    crew_close(&crew);
}

int main(void)
{
    static const struct rig_case cases[] = {
        {"attempts of the dead are closed", attempts_of_the_dead_are_closed},
        {"the first answer of an attempt stands", the_first_answer_of_an_attempt_stands},
        {"ends of all partitions go in one exchange", ends_of_all_partitions_go_in_one_exchange},
        {"ends wait for each other", ends_wait_for_each_other},
        {"many ends do not wait", many_ends_do_not_wait},
    };

    log_start("test", LEVEL_NONE);
    return RIG_RUN("sending by the loop", cases);
}
