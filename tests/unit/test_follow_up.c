/* Follow-up's core in a world of its own: lists, windows, claims, presence. */
#include "support/calls.h"

/* -------- the list */

static void a_task_keeps_to_its_window(void **state)
{
    (void)state;
    struct showroom *shop = shop_with_task();
    shop_run(shop, "2026-03-03 17:29");
    assert_int_equal(shop_task(shop, "v1.care")->state, TASK_OPEN);
    shop_run(shop, "2026-03-03 17:30");
    const struct task *task = shop_task(shop, "v1.care");
    assert_int_equal(task->state, TASK_WAITING);
    assert_int_equal(task->due_at, shop_time("2026-03-04 10:00"));
    assert_string_equal(task->window, "Wed 10:00-11:30");
    claim(shop, "ann", "v1.care");
    assert_string_equal(shop_refusal(shop), "nothing_due");
    shop_run(shop, "2026-03-04 10:00");
    assert_int_equal(shop_task(shop, "v1.care")->state, TASK_OPEN);
    claim(shop, "ann", "v1.care");
    assert_int_equal(shop_count(shop, EVENT_TASK_CLAIMED), 1);
    shop_close(shop);
}

/* No opening before the deadline: the window gives way to business hours, and that opening holds as any other. */
static void a_window_may_give_way_to_a_deadline(void **state)
{
    static const char rules[] =
        "playbook: p\nversion: 1\nwindows: { saturday: { sat: [10:00-11:30] } }\n"
        "rules: [ { on: visit.finished, steps: [ { call: care, after: 1d, before: 3d, window: saturday, role: follow-up-agent } ] } ]\n";
    (void)state;
    struct showroom *shop = shop_open("2026-03-02 15:10", rules);
    visit(shop, "c1", "v1");
    const struct planned_step *planned = ((const struct plan_made *)shop_last(shop, EVENT_PLAN_MADE))->steps.at;
    assert_false(planned->breach_foreseen);
    assert_true(planned->due_at <= planned->deadline_at);
    world_run_until(shop->world, planned->due_at);
    claim(shop, "ann", "v1.care");
    assert_string_equal(shop_refusal(shop), "");
    outcome(shop, "v1.care", "busy", "");               /* further attempts keep to the window */
    assert_int_equal(shop_task(shop, "v1.care")->due_at, shop_time("2026-03-07 10:00"));
    shop_close(shop);
}

static void overdue_is_said_once(void **state)
{
    (void)state;
    struct showroom *shop = shop_with_task();
    shop_run(shop, "2026-03-05 15:09");
    assert_int_equal(shop_count(shop, EVENT_TASK_OVERDUE), 0);
    shop_run(shop, "2026-03-05 15:10");
    assert_int_equal(shop_count(shop, EVENT_TASK_OVERDUE), 1);
    shop_run(shop, "2026-03-12 18:00");
    assert_int_equal(shop_count(shop, EVENT_TASK_OVERDUE), 1);
    assert_true(shop_task(shop, "v1.care")->overdue);
    shop_close(shop);
}

static void the_list_has_key_customers_first_then_by_time(void **state)
{
    static const char *const order[] = {"v3.care", "v1.care", "v2.care"};
    (void)state;
    struct showroom *shop = shop_open("2026-03-02 15:00", calls_playbook);
    shop_post(shop, "customer.recorded", "'customer':'c3'", "'class':'key'");
    visit(shop, "c1", "v1");
    shop_run(shop, "2026-03-02 15:01");
    visit(shop, "c2", "v2");
    shop_run(shop, "2026-03-02 15:02");
    visit(shop, "c3", "v3");
    shop_run(shop, "2026-03-03 15:30");
    for (size_t i = 0; i < 3; i++) {
        claim(shop, i % 2 ? "bob" : "ann", "");
        const struct task_changed *claimed = shop_last(shop, EVENT_TASK_CLAIMED);
        assert_string_equal(claimed->task + 2, order[i]);
    }
    claim(shop, "cat", "");
    assert_string_equal(shop_refusal(shop), "nothing_due");
    shop_close(shop);
}

/* -------- claims */

static void claims_that_are_refused(void **state)
{
    static const struct { const char *envelope, *data, *reason; } rows[] = {
        {"", "'agent':'sam','task':'v1.care'", "not_allowed"},              /* another role */
        {"", "'agent':'nobody','task':'v1.care'", "not_allowed"},
        {"", "'agent':'ann','task':'v9.care'", "not_found"},
        {"", "'agent':'ann','task':'other/v1.care'", "not_found"},
        {"'actor':'bob','role':'agent'", "'agent':'ann','task':'v1.care'", "not_allowed"},
        {"'actor':'boss','role':'agent'", "'agent':'ann','task':'v1.care'", ""},    /* a supervisor by the staff list */
        {"'actor':'ann','role':'agent'", "'agent':'ann','task':'v1.care'", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct showroom *shop = shop_with_task();
        shop_post(shop, "task.claim", rows[i].envelope, "%s", rows[i].data);
        assert_string_equal(shop_refusal(shop), rows[i].reason);
        assert_int_equal(shop_count(shop, EVENT_TASK_CLAIMED), !*rows[i].reason);
        shop_close(shop);
    }
}

static int count_reads(void *context, const char *call)
{
    *(int *)context += !strcmp(call, "read_entities");
    return FATE_DONE;
}

/* How often the store is asked for the next task of a list on which so many customers stand. */
static int reads_of_a_claim(int customers)
{
    int reads = 0;
    struct showroom *shop = shop_open("2026-03-02 15:10", calls_playbook);
    for (int i = 0; i < customers; i++) {
        char customer[16], number[16];
        snprintf(customer, sizeof customer, "c%d", i);
        snprintf(number, sizeof number, "v%d", i);
        visit(shop, customer, number);
    }
    shop_run(shop, "2026-03-03 15:30");
    store_memory_fault(world_store(shop->world), count_reads, &reads);
    claim(shop, "ann", "");
    store_memory_fault(world_store(shop->world), NULL, NULL);
    assert_int_equal(shop_count(shop, EVENT_TASK_CLAIMED), 1);
    shop_close(shop);
    return reads;
}

static void a_long_list_is_looked_at_in_no_more_exchanges_than_a_short_one(void **state)
{
    (void)state;
    assert_int_equal(reads_of_a_claim(100), reads_of_a_claim(2));
}

static void two_agents_never_call_the_same_customer(void **state)
{
    (void)state;
    struct showroom *shop = shop_open("2026-03-02 15:10", calls_playbook);
    visit(shop, "c1", "v1");
    visit(shop, "c1", "v2");
    shop_run(shop, "2026-03-03 15:10");
    claim(shop, "ann", "v1.care");
    claim(shop, "bob", "v2.care");
    assert_string_equal(shop_refusal(shop), "taken");
    shop_forget(shop);
    claim(shop, "bob", "");
    assert_string_equal(shop_refusal(shop), "nothing_due");
    outcome(shop, "v1.care", "completed", "'satisfaction':5");
    shop_forget(shop);
    claim(shop, "bob", "v2.care");                  /* kept for ann, who has just spoken with the customer */
    assert_string_equal(shop_refusal(shop), "not_yours");
    claim(shop, "ann", "");
    assert_string_equal(((const struct task_changed *)shop_last(shop, EVENT_TASK_CLAIMED))->task, "s/v2.care");
    shop_close(shop);
}

static void what_is_kept_becomes_free_after_a_while(void **state)
{
    (void)state;
    struct showroom *shop = shop_open("2026-03-02 15:10", calls_playbook);
    visit(shop, "c1", "v1");
    visit(shop, "c1", "v2");
    shop_run(shop, "2026-03-03 15:10");
    claim(shop, "ann", "v1.care");
    outcome(shop, "v1.care", "completed", "'satisfaction':5");
    shop_run(shop, "2026-03-03 15:41");
    claim(shop, "bob", "v2.care");
    assert_string_equal(shop_refusal(shop), "");
    shop_close(shop);
}

static void a_forgotten_claim_goes_back(void **state)
{
    (void)state;
    struct showroom *shop = shop_with_task();
    claim(shop, "ann", "");
    shop_run(shop, "2026-03-03 17:09");
    assert_int_equal(shop_task(shop, "v1.care")->state, TASK_CLAIMED);
    shop_run(shop, "2026-03-03 17:10");
    assert_string_equal(((const struct task_changed *)shop_last(shop, EVENT_TASK_RELEASED))->reason, "claim_over");
    claim(shop, "bob", "");
    assert_int_equal(shop_count(shop, EVENT_TASK_CLAIMED), 2);
    shop_close(shop);
}

static void absence_gives_back_what_was_claimed(void **state)
{
    (void)state;
    struct showroom *shop = shop_with_task();
    claim(shop, "ann", "");
    shop_post(shop, "agent.absent", "", "'agent':'ann','reason':'ill'");
    assert_int_equal(shop_count(shop, EVENT_TASK_RELEASED), 1);
    assert_true(((const struct agent_presence *)shop_last(shop, EVENT_AGENT_CHANGED))->absent);
    claim(shop, "ann", "");
    assert_string_equal(shop_refusal(shop), "absent");
    claim(shop, "bob", "");
    shop_post(shop, "task.release", "", "'task':'v1.care'");
    shop_post(shop, "agent.present", "", "'agent':'ann'");
    shop_forget(shop);
    claim(shop, "ann", "");
    assert_string_equal(shop_refusal(shop), "");
    assert_null(shop_entity(shop, ENTITY_AGENT, "s/bob"));      /* nothing to remember of bob */
    shop_close(shop);
}

static void reassigning(void **state)
{
    (void)state;
    struct showroom *shop = shop_with_task();
    shop_post(shop, "task.reassign", "", "'task':'v1.care','agent':'sam'");
    assert_string_equal(shop_refusal(shop), "not_allowed");
    shop_forget(shop);
    shop_post(shop, "task.reassign", "", "'task':'v1.care','agent':'bob'");
    claim(shop, "ann", "v1.care");
    assert_string_equal(shop_refusal(shop), "not_yours");
    shop_run(shop, "2026-03-03 16:30");
    shop_forget(shop);
    claim(shop, "ann", "");
    assert_string_equal(shop_refusal(shop), "nothing_due");
    claim(shop, "bob", "");
    assert_int_equal(shop_count(shop, EVENT_TASK_CLAIMED), 1);
    shop_post(shop, "task.reassign", "", "'task':'v1.care','agent':'cat','reason':'knows the car'");
    const struct task_changed *moved = shop_last(shop, EVENT_TASK_REASSIGNED);
    assert_string_equal(moved->before, "bob");
    assert_string_equal(moved->assignee, "cat");
    assert_int_equal(shop_task(shop, "v1.care")->state, TASK_OPEN);
    shop_post(shop, "agent.absent", "", "'agent':'cat'");
    shop_forget(shop);
    claim(shop, "ann", "");                                     /* cat is not there: anybody of the role */
    assert_string_equal(shop_refusal(shop), "");
    shop_close(shop);
}

static void rescheduling(void **state)
{
    static const struct { const char *at, *due, *refusal, *reason; } rows[] = {
        {"2026-03-04 10:30", "2026-03-04 10:30", "", ""},
        {"2026-03-04 12:00", "2026-03-04 15:00", "", ""},           /* into the window */
        {"2026-03-06 10:00", "2026-03-06 10:00", "", "past_deadline"},
        {"2026-03-03 15:09", "", "bad_value", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct showroom *shop = shop_with_task();
        shop_post(shop, "task.reschedule", "", "'task':'v1.care','at':{@%s}", rows[i].at);
        assert_string_equal(shop_refusal(shop), rows[i].refusal);
        if (!*rows[i].refusal) {
            const struct task_changed *moved = shop_last(shop, EVENT_TASK_RESCHEDULED);
            assert_int_equal(moved->due_at, shop_time(rows[i].due));
            assert_string_equal(moved->reason, rows[i].reason);
            assert_int_equal(shop_task(shop, "v1.care")->state, TASK_WAITING);
        }
        shop_close(shop);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_task_keeps_to_its_window),
        cmocka_unit_test(a_window_may_give_way_to_a_deadline),
        cmocka_unit_test(overdue_is_said_once),
        cmocka_unit_test(the_list_has_key_customers_first_then_by_time),
        cmocka_unit_test(a_long_list_is_looked_at_in_no_more_exchanges_than_a_short_one),
        cmocka_unit_test(claims_that_are_refused),
        cmocka_unit_test(two_agents_never_call_the_same_customer),
        cmocka_unit_test(what_is_kept_becomes_free_after_a_while),
        cmocka_unit_test(a_forgotten_claim_goes_back),
        cmocka_unit_test(absence_gives_back_what_was_claimed),
        cmocka_unit_test(reassigning),
        cmocka_unit_test(rescheduling),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
