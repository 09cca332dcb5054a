/* What is due when it is planned begins with the event that planned it; only what needs another time has a timer. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "support/shop.h"

#define HEAD "playbook: p\nwindows: { follow-up: { mon-sat: [10:00-11:30, 15:00-17:30] } }\nrules:\n  - on: car.delivered\n    "
#define MERGED "playbook: p\ncontact: { merge: [care] }\nrules:\n  - on: car.delivered\n    "

/* 2026-03-06 is a Friday; calls are made 10:00-11:30 and 15:00-17:30. */
static const struct at_once_case {
    const char *what, *start, *playbook;
    size_t plans, tasks, notices, timers;       /* once all rests */
    const char *due;                            /* of the first plan, what is still to come; "": nothing */
} cases[] = {
    {"a call", "2026-03-06 16:00", HEAD "steps: [{ call: a, window: follow-up }]\n", 1, 1, 0, 0, ""},
    {"a message", "2026-03-06 16:00", HEAD "steps: [{ message: a }]\n", 1, 0, 1, 0, ""},
    {"a call that has to wait for its window", "2026-03-06 18:00", HEAD "steps: [{ call: a, window: follow-up }]\n", 1, 0, 0, 0,
     "2026-03-07 10:00"},
    {"now and later", "2026-03-06 16:00", HEAD "steps: [{ call: a }, { message: b, after: 2h }]\n", 1, 1, 0, 0, "2026-03-06 18:00"},
    {"one after the other", "2026-03-06 16:00",
     HEAD "steps: [{ message: a, name: a }, { call: b, name: b, follows: a }, { message: c, follows: b }]\n", 1, 1, 1, 0, ""},
    {"a stage that is over at once, and the next", "2026-03-06 16:00",
     HEAD "stages: [{ stage: a, steps: [{ message: a }] }, { stage: b, steps: [{ call: b }] }]\n", 1, 1, 1, 0, ""},
    {"what a step sets, the event's other rules do not see", "2026-03-06 16:00",
     HEAD "steps: [{ set: key, customer: { class: key } }]\n"
     "  - on: car.delivered\n    when: { customer.class: key }\n    steps: [{ message: b }]\n", 1, 0, 0, 0, ""},
    {"two rules", "2026-03-06 16:00",
     HEAD "steps: [{ call: a }]\n  - on: car.delivered\n    steps: [{ message: b }]\n", 2, 1, 1, 0, ""},
    {"a message for its moment, where contacts become one", "2026-03-06 16:00",
     MERGED "steps: [{ message: a, purpose: care }]\n", 1, 0, 1, 0, ""},
    {"a message for a day, which may become one with others", "2026-03-06 16:00",
     MERGED "steps: [{ message: a, purpose: care, from: customer.last_seen_at }]\n", 1, 0, 1, 1, ""},
};

/* What is asked for comes of the fact itself, not of a timer. */
static bool comes_of_the_fact(const struct showroom *shop, enum event_number number)
{
    for (size_t i = 0; i < shop_count(shop, number); i++)
        if (strcmp(shop_seen(shop, number, i)->event.cause, "e1"))
            return false;
    return true;
}

static wall_ms due_of(struct showroom *shop)
{
    const struct plan_made *made = shop_seen(shop, EVENT_PLAN_MADE, 0)->data;
    const struct plan *plan = shop_entity(shop, ENTITY_PLAN, made->plan);
    wall_ms due = 0;
    for (size_t i = 0; i < plan->steps.count; i++)
        if (plan->steps.at[i].state == STEP_PENDING && (!due || plan->steps.at[i].due_at < due))
            due = plan->steps.at[i].due_at;
    return due;
}

static void check(const struct at_once_case *at)
{
    struct showroom *shop = shop_open(at->start, at->playbook);
    shop_post(shop, "car.delivered", "'customer':'c1'", "'order':'d1'");
    if (shop_count(shop, EVENT_PLAN_MADE) != at->plans || shop_count(shop, EVENT_TASK_WANTED) != at->tasks ||
        shop_count(shop, EVENT_NOTICE_WANTED) != at->notices || shop_count(shop, EVENT_TIMER_FIRED) != at->timers)
        fail_msg("%s: plans %zu, tasks %zu, notices %zu, timers %zu", at->what, shop_count(shop, EVENT_PLAN_MADE),
                 shop_count(shop, EVENT_TASK_WANTED), shop_count(shop, EVENT_NOTICE_WANTED), shop_count(shop, EVENT_TIMER_FIRED));
    if (!at->timers && (!comes_of_the_fact(shop, EVENT_TASK_WANTED) || !comes_of_the_fact(shop, EVENT_NOTICE_WANTED)))
        fail_msg("%s: not of the fact", at->what);
    if (due_of(shop) != (*at->due ? shop_time(at->due) : 0))
        fail_msg("%s: next due %lld", at->what, (long long)due_of(shop));
    shop_close(shop);
}

static void due_steps_begin_with_the_event(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        check(&cases[i]);
}

/* What people do moves plans on in the same way. */

#define STAGES HEAD "stages: [{ stage: a, steps: [{ call: a }] }, { stage: b, steps: [{ message: b }, { call: c, after: 1d }] }]\n"

static void a_plan_moved_by_hand_begins_its_stage(void **state)
{
    struct showroom *shop = shop_open("2026-03-06 16:00", STAGES);
    (void)state;
    shop_post(shop, "car.delivered", "'customer':'c1'", "'order':'d1'");
    shop_post(shop, "plan.move", "'actor':'boss'", "'plan':'d1.p.0','stage':'b','reason':'x'");
    assert_string_equal(shop_refusal(shop), "");
    assert_int_equal(shop_count(shop, EVENT_NOTICE_WANTED), 1);
    assert_string_equal(shop_seen(shop, EVENT_NOTICE_WANTED, 0)->event.cause, "e2");
    assert_int_equal(shop_count(shop, EVENT_TIMER_FIRED), 0);
    assert_true(due_of(shop) == shop_time("2026-03-07 16:00"));
    shop_close(shop);
}

static void what_follows_a_task_begins_as_it_is_closed(void **state)
{
    struct showroom *shop = shop_open("2026-03-06 16:00", STAGES);
    (void)state;
    shop_post(shop, "car.delivered", "'customer':'c1'", "'order':'d1'");
    shop_post(shop, "task.claim", "", "'agent':'ann'");
    shop_post(shop, "task.outcome", "", "'task':'d1.a','outcome':'completed','satisfaction':5");
    assert_string_equal(shop_refusal(shop), "");
    assert_int_equal(shop_count(shop, EVENT_NOTICE_WANTED), 1);
    assert_string_equal(shop_seen(shop, EVENT_NOTICE_WANTED, 0)->event.cause, shop_seen(shop, EVENT_TASK_CLOSED, 0)->event.id);
    assert_int_equal(shop_count(shop, EVENT_TIMER_FIRED), 0);
    shop_close(shop);
}

/* What a timer makes due needs no second one. */
static void what_follows_a_timed_step_needs_no_timer(void **state)
{
    struct showroom *shop = shop_open("2026-03-06 16:00", HEAD "steps: [{ message: a, name: a, after: 1h }, { call: b, follows: a }]\n");
    (void)state;
    shop_post(shop, "car.delivered", "'customer':'c1'", "'order':'d1'");
    shop_run(shop, "2026-03-06 17:01");
    assert_int_equal(shop_count(shop, EVENT_TIMER_FIRED), 1);
    assert_int_equal(shop_count(shop, EVENT_NOTICE_WANTED), 1);
    assert_int_equal(shop_count(shop, EVENT_TASK_WANTED), 1);
    shop_close(shop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(due_steps_begin_with_the_event),
        cmocka_unit_test(a_plan_moved_by_hand_begins_its_stage),
        cmocka_unit_test(what_follows_a_task_begins_as_it_is_closed),
        cmocka_unit_test(what_follows_a_timed_step_needs_no_timer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
