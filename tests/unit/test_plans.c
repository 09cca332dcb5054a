/* Plans beyond one step: audiences larger than one turn, waits that are many, versions, dates that change. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "facts.h"
#include "support/shop.h"

static void open_with(void **state, const char *playbook)
{
    *state = shop_open("2026-03-06 16:00", playbook);
}

static int close_shop(void **state)
{
    shop_close(*state);
    return 0;
}

static void customers_enter(struct showroom *shop, int count)
{
    for (int i = 0; i < count; i++)
        shop_post(shop, "customer.recorded", arena_printf(shop->arena, "'customer':'c%03d'", i), "'mobile':'1380000%04d'", i);
}

/* -------- audiences */

static void everybody_is_looked_at_once(void **state)
{
    open_with(state, "playbook: p\nrules:\n  - rule: all\n    every: FREQ=MONTHLY;BYMONTHDAY=8\n    at: \"10:00\"\n"
                     "    audience: customers\n    steps: [{ message: hello }]\n");
    struct showroom *shop = *state;
    customers_enter(shop, 150);
    shop_run(shop, "2026-03-08 10:01");
    const struct schedule_due *end = shop_last(shop, EVENT_SCHEDULE_FINISHED);
    assert_int_equal(end->looked_at, 150);
    assert_int_equal(end->planned, 150);
    assert_int_equal(shop_count(shop, EVENT_NOTICE_WANTED), 150);
    assert_int_equal(shop_count(shop, EVENT_SCHEDULE_DUE), 1);
    shop_forget(shop);
    shop_run(shop, "2026-04-08 10:01");
    assert_int_equal(shop_count(shop, EVENT_NOTICE_WANTED), 150);
}

/* The second stage of a plan about form f, and only if its form says so, is what everybody waits for. */
#define RELEASED "playbook: p\nforms:\n" \
    "  f: { zh: 表, en: F, fields: [{ field: by, zh: 甲, en: A }, { field: text, zh: 乙, en: B }] }\n" \
    "  g: { zh: 单, en: G, fields: [{ field: by, zh: 甲, en: A }] }\n" \
    "rules:\n  - { rule: f, on: form.filled, form: f, stages: [" \
    "{ stage: first, steps: [{ message: a, to: boss }] }, { stage: go, steps: [{ message: b, to: boss }] }] }\n" \
    "  - { rule: g, on: form.filled, form: g, stages: [{ stage: go, steps: [{ message: b, to: boss }] }] }\n" \
    "  - rule: all\n    on: plan.stage_entered\n    form: f\n    audience: customers\n" \
    "    when: { stage: go, field.by: letter }\n    steps: [{ message: hello, when: { field.by: letter } }]\n"

static void everybody_hears_once_a_forms_plan_is_so_far(void **state)
{
    open_with(state, RELEASED);
    struct showroom *shop = *state;
    customers_enter(shop, 3);
    shop_post(shop, "form.fill", "", "'form':'g','number':'1','fields':{'by':'letter'}");
    shop_post(shop, "form.fill", "", "'form':'f','number':'1','fields':{'by':'call'}");
    assert_int_equal(shop_count(shop, EVENT_PLAN_STAGE_ENTERED), 3);
    assert_int_equal(shop_count(shop, EVENT_SCHEDULE_DUE), 0);      /* nobody is gone through in vain */
    shop_forget(shop);
    shop_post(shop, "form.fill", "", "'form':'f','number':'2','fields':{'by':'letter','text':'spring'}");
    const struct schedule_due *end = shop_last(shop, EVENT_SCHEDULE_FINISHED);
    assert_non_null(end);
    assert_string_equal(end->about, "f.2");
    assert_int_equal(end->looked_at, 3);
    assert_int_equal(end->planned, 3);
    assert_int_equal(shop_count(shop, EVENT_SCHEDULE_DUE), 1);
    const struct notice_wanted *letter = shop_last(shop, EVENT_NOTICE_WANTED);
    assert_string_equal(letter->template, "hello");
    assert_string_equal(facts_text(letter->variables, "field.text", shop->arena), "spring");
}

static void a_rule_that_is_gone_comes_no_more(void **state)
{
    open_with(state, "playbook: p\nrules:\n  - { rule: all, every: daily, at: \"10:00\", steps: [{ message: hello, to: boss }] }\n");
    struct showroom *shop = *state;
    shop_run(shop, "2026-03-07 10:01");
    assert_int_equal(shop_count(shop, EVENT_NOTICE_WANTED), 1);
    shop_post(shop, "config.activated", "", "'kind':'playbook','name':'p'");
    shop_run(shop, "2026-03-09 10:01");
    assert_int_equal(shop_count(shop, EVENT_NOTICE_WANTED), 1);
    assert_null(shop_entity(shop, ENTITY_RECURRENCE, "s/p.all"));
}

/* -------- waits */

#define WAIT "playbook: p\nrules:\n  - { on: car.delivered, steps: [{ wait: w, event: visit.finished, of: customer, within: 9d, then: { message: m } }] }\n"

static void one_event_ends_all_waits_for_it(void **state)
{
    open_with(state, WAIT);
    struct showroom *shop = *state;
    for (int i = 0; i < 40; i++)
        shop_post(shop, "car.delivered", "'customer':'c1'", "'order':'d%d'", i);
    const struct watch *watch = shop_entity(shop, ENTITY_WATCH, "s/c.c1");
    assert_int_equal(watch->waits.count, 40);
    shop_post(shop, "visit.finished", "'customer':'c1'", "'visit':'v1','kind':'repair'");
    assert_int_equal(shop_count(shop, EVENT_PLAN_FINISHED), 40);
    assert_int_equal(shop_count(shop, EVENT_NOTICE_WANTED), 40);
    assert_null(shop_entity(shop, ENTITY_WATCH, "s/c.c1"));
    shop_run(shop, "2026-03-20 16:00");
    assert_int_equal(shop_count(shop, EVENT_PLAN_STEP_LATE), 0);
}

static void a_wait_that_is_late_hears_no_more(void **state)
{
    open_with(state, WAIT);
    struct showroom *shop = *state;
    shop_post(shop, "car.delivered", "'customer':'c1'", "'order':'d1'");
    shop_run(shop, "2026-03-16 16:00");
    assert_int_equal(shop_count(shop, EVENT_PLAN_STEP_LATE), 1);
    shop_post(shop, "visit.finished", "'customer':'c1'", "'visit':'v1','kind':'repair'");
    assert_int_equal(shop_count(shop, EVENT_NOTICE_WANTED), 0);
    assert_null(shop_entity(shop, ENTITY_WATCH, "s/c.c1"));
}

static void more_waits_than_can_be_kept_are_said(void **state)
{
    open_with(state, WAIT);
    struct showroom *shop = *state;
    for (int i = 0; i < 257; i++)
        shop_post(shop, "car.delivered", "'customer':'c1'", "'order':'d%d'", i);
    assert_int_equal(shop_count(shop, EVENT_PLAN_STEP_SKIPPED), 1);
    assert_string_equal(((const struct plan_step *)shop_last(shop, EVENT_PLAN_STEP_SKIPPED))->reason, "too_many_waits");
}

/* -------- circles */

static void apply(struct showroom *shop, const char *name, const char *text)
{
    world_apply(shop->world, CONFIG_PLAYBOOK, name, (struct slice){(const uint8_t *)text, strlen(text)}, "s");
    world_settle(shop->world);
}

/* Each alone is sound; together they answer each other for ever. */
static void playbooks_that_answer_each_other_are_cut(void **state)
{
    open_with(state, "playbook: p\nrules:\n  - { on: plan.finished, when: { step: b }, steps: [{ message: a }] }\n"
                     "  - { on: car.delivered, steps: [{ message: b, name: b }] }\n");
    struct showroom *shop = *state;
    apply(shop, "q", "playbook: q\nrules:\n  - { on: plan.finished, when: { step: a }, steps: [{ message: b }] }\n");
    shop_post(shop, "car.delivered", "'customer':'c1'", "'order':'d1'");
    shop_run(shop, "2026-03-07 16:00");
    assert_int_equal(shop_count(shop, EVENT_EVENT_QUARANTINED), 1);
    assert_int_equal(shop_count(shop, EVENT_PLAN_MADE), 1 + CHAIN_DEPTH_MAX);
}

/* A circle in which only time passes. */
static void a_circle_of_stages_is_stopped(void **state)
{
    open_with(state, "playbook: p\nrules:\n  - on: car.delivered\n    stages:\n"
                     "      - { stage: a, steps: [{ message: m, after: 1m }], next: b }\n"
                     "      - { stage: b, steps: [{ message: n, after: 1m }], next: a }\n");
    struct showroom *shop = *state;
    shop_post(shop, "car.delivered", "'customer':'c1'", "'order':'d1'");
    shop_run(shop, "2026-03-07 16:00");
    assert_int_equal(shop_count(shop, EVENT_PLAN_STAGE_ENTERED), 64);
    assert_int_equal(shop_count(shop, EVENT_PLAN_STOPPED), 1);
    assert_int_equal(shop_count(shop, EVENT_PLAN_FINISHED), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(everybody_is_looked_at_once, close_shop),
        cmocka_unit_test_teardown(everybody_hears_once_a_forms_plan_is_so_far, close_shop),
        cmocka_unit_test_teardown(a_rule_that_is_gone_comes_no_more, close_shop),
        cmocka_unit_test_teardown(one_event_ends_all_waits_for_it, close_shop),
        cmocka_unit_test_teardown(a_wait_that_is_late_hears_no_more, close_shop),
        cmocka_unit_test_teardown(more_waits_than_can_be_kept_are_said, close_shop),
        cmocka_unit_test_teardown(playbooks_that_answer_each_other_are_cut, close_shop),
        cmocka_unit_test_teardown(a_circle_of_stages_is_stopped, close_shop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
