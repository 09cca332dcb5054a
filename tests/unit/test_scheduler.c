/* The scheduler's core in a world of its own: customers, plans, steps, late facts. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "ident.h"
#include "support/shop.h"

#define PLAYBOOK "playbook: p\nversion: 1\nwindows: { follow-up: { mon-sat: [10:00-11:30, 15:00-17:30] } }\n"

static const char sales[] = PLAYBOOK
    "classes:\n  key: { spending_cents: 10000, owner: sales-consultant }\n  regular: { visits: 1, owner: follow-up-agent }\n"
    "  potential: { owner: marketing }\n"
    "contact: { quiet_hours: 21:00-08:00 }\n"
    "questionnaires:\n"
    "  plain: [ { question: satisfaction, kind: score, satisfaction: yes, zh: 满意吗, en: Satisfied } ]\n"
    "  vip: [ { question: satisfaction, kind: score, satisfaction: yes, zh: 满意吗, en: Satisfied } ]\n"
    "variants: { vip: { customer.class: key } }\n"
    "rules:\n  - on: car.delivered\n    steps:\n"
    "      - { message: thanks, after: 2h, valid_for: 1d }\n"
    "      - { call: first, after: 1d, before: 3d, window: follow-up, role: follow-up-agent, announce: soon,\n"
    "          questionnaire: { vip: vip, default: plain }, outcome: { refused: { stop: yes } } }\n"
    "      - { call: week, after: 7d, window: follow-up, role: follow-up-agent }\n"
    "  - on: visit.finished\n    when: { kind: repair }\n    steps:\n"
    "      - { call: repair, after: 1d, before: 3d, window: follow-up, role: follow-up-agent }\n"
    "      - { deadline: watch, before: 4d, role: service-manager }\n"
    "      - { message: for-key, after: 1h, when: { customer.class: key } }\n";

static void deliver(struct showroom *shop, const char *order)
{
    shop_post(shop, "car.delivered", "", "'order':'%s','name':'Wang','mobile':'13800000001','model':'CS75','consultant':'sam'", order);
}

static const struct planned_step *step_of(struct showroom *shop, const char *plan, const char *name)
{
    const struct plan *stored = shop_entity(shop, ENTITY_PLAN, plan);
    assert_non_null(stored);
    for (size_t i = 0; i < stored->steps.count; i++)
        if (!strcmp(stored->steps.at[i].name, name))
            return &stored->steps.at[i];
    fail_msg("no step %s", name);
    return NULL;
}

static const char *customer_id(const struct showroom *shop)
{
    return shop_seen(shop, EVENT_PLAN_MADE, 0)->event.customer;
}

static const struct customer *the_customer(struct showroom *shop)
{
    return shop_entity(shop, ENTITY_CUSTOMER, arena_printf(shop->arena, "s/%s", customer_id(shop)));
}

/* -------- plans */

static void a_delivery_is_planned_to_the_minute(void **state)
{
    (void)state;
    struct showroom *shop = shop_open("2026-03-06 16:00", sales);      /* a Friday */
    deliver(shop, "d1");
    const struct plan_made *made = shop_last(shop, EVENT_PLAN_MADE);
    assert_string_equal(made->plan, "s/d1.p.0");
    assert_int_equal(made->steps.count, 3);
    assert_int_equal(made->steps.at[0].due_at, shop_time("2026-03-06 18:00"));
    assert_int_equal(made->steps.at[1].due_at, shop_time("2026-03-07 16:00"));
    assert_int_equal(made->steps.at[1].deadline_at, shop_time("2026-03-09 16:00"));
    assert_string_equal(made->steps.at[1].window, "Sat 15:00-17:30");
    assert_int_equal(made->steps.at[2].due_at, shop_time("2026-03-13 16:00"));
    assert_string_equal(made->steps.at[1].work, "s/d1.first");

    shop_run(shop, "2026-03-06 17:59");
    assert_int_equal(shop_count(shop, EVENT_NOTICE_WANTED), 0);
    shop_run(shop, "2026-03-20 00:00");
    const struct notice_wanted *notice = shop_last(shop, EVENT_NOTICE_WANTED);
    assert_string_equal(notice->template, "thanks");
    assert_int_equal(notice->valid_until, shop_time("2026-03-07 18:00"));
    assert_int_equal(shop_seen(shop, EVENT_NOTICE_WANTED, 0)->event.time, shop_time("2026-03-06 18:00"));
    assert_int_equal(shop_seen(shop, EVENT_TASK_OPENED, 0)->event.time, shop_time("2026-03-07 16:00"));
    assert_int_equal(shop_seen(shop, EVENT_TASK_OPENED, 1)->event.time, shop_time("2026-03-13 16:00"));
    assert_int_equal(shop_count(shop, EVENT_TASK_OPENED), 2);
    shop_close(shop);
}

static void a_fact_told_twice_is_followed_once(void **state)
{
    (void)state;
    struct showroom *shop = shop_open("2026-03-06 16:00", sales);
    deliver(shop, "d1");
    deliver(shop, "d1");
    deliver(shop, "d2");
    assert_int_equal(shop_count(shop, EVENT_PLAN_MADE), 2);
    assert_int_equal(the_customer(shop)->visits, 2);
    shop_close(shop);
}

static void a_rule_applies_only_where_its_conditions_hold(void **state)
{
    (void)state;
    struct showroom *shop = shop_open("2026-03-06 16:00", sales);
    shop_post(shop, "visit.finished", "'customer':'c1'", "'visit':'v1','kind':'maintenance'");
    assert_int_equal(shop_count(shop, EVENT_PLAN_MADE), 0);
    shop_post(shop, "visit.finished", "'customer':'c1'", "'visit':'v2','kind':'repair'");
    const struct plan_made *made = shop_last(shop, EVENT_PLAN_MADE);
    assert_int_equal(made->steps.count, 2);     /* the message is for key customers only */
    shop_post(shop, "visit.finished", "'customer':'c1'", "'visit':'v3','kind':'repair','amount_cents':20000");
    made = shop_last(shop, EVENT_PLAN_MADE);
    assert_int_equal(made->steps.count, 3);
    shop_close(shop);
}

static void late_facts(void **state)
{
    static const struct { const char *occurred; const char *thanks, *first, *week; bool arrived_late; } rows[] = {
        {"2026-04-01 10:00", "", "", "", false},                                /* today */
        {"2026-03-30 10:00", "expired", "", "", false},                         /* within three days */
        {"2026-03-20 10:00", "expired", "", "", true},                          /* past the deadline */
        {"2026-02-20 10:00", "expired", "too_late", "too_late", false},
        {"2020-10-09 10:00", "expired", "too_late", "too_late", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct showroom *shop = shop_open("2026-04-01 10:05", sales);
        char envelope[128];
        snprintf(envelope, sizeof envelope, "'customer':'c1','occurred_at':{@%s}", rows[i].occurred);
        shop_post(shop, "car.delivered", envelope, "'order':'d1'");
        const struct plan_made *made = shop_last(shop, EVENT_PLAN_MADE);
        const char *reasons[] = {rows[i].thanks, rows[i].first, rows[i].week};
        size_t skipped = 0;
        for (size_t step = 0; step < 3; step++) {
            assert_string_equal(made->steps.at[step].reason, reasons[step]);
            assert_int_equal(made->steps.at[step].state, *reasons[step] ? STEP_SKIPPED : STEP_PENDING);
            skipped += *reasons[step] != 0;
        }
        assert_int_equal(shop_count(shop, EVENT_PLAN_STEP_SKIPPED), skipped);
        assert_int_equal(shop_count(shop, EVENT_PLAN_FINISHED), skipped == 3);
        assert_int_equal(made->steps.at[1].state == STEP_PENDING && made->steps.at[1].arrived_late, rows[i].arrived_late);
        shop_run(shop, "2026-04-01 12:00");
        assert_int_equal(shop_count(shop, EVENT_TASK_OVERDUE), rows[i].arrived_late);
        shop_run(shop, "2026-04-20 12:00");
        assert_int_equal(shop_count(shop, EVENT_NOTICE_WANTED), i == 0);
        shop_close(shop);
    }
}

static void a_late_call_is_made_in_the_next_opening(void **state)
{
    (void)state;
    struct showroom *shop = shop_open("2026-04-01 12:00", sales);
    shop_post(shop, "car.delivered", "'customer':'c1','occurred_at':{@2026-03-27 10:00}", "'order':'d1'");
    shop_run(shop, "2026-04-01 14:59");
    assert_int_equal(shop_count(shop, EVENT_TASK_OPENED), 0);
    shop_run(shop, "2026-04-01 15:00");
    const struct task_changed *opened = shop_seen(shop, EVENT_TASK_OPENED, 0)->data;
    assert_true(opened->arrived_late);
    assert_int_equal(opened->due_at, shop_time("2026-04-01 15:00"));
    assert_int_equal(shop_count(shop, EVENT_TASK_OVERDUE), 1);
    shop_run(shop, "2026-05-01 00:00");
    assert_int_equal(shop_count(shop, EVENT_TASK_OVERDUE), 1);
    shop_close(shop);
}

/* -------- steps */

static void a_customer_who_wants_it_is_told_of_the_call(void **state)
{
    (void)state;
    struct showroom *shop = shop_open("2026-03-06 16:00", sales);
    shop_post(shop, "car.delivered", "'customer':'c1'", "'order':'d1','message_first':true");
    shop_run(shop, "2026-03-07 16:00");
    const struct seen *said = shop_seen(shop, EVENT_NOTICE_WANTED, 1);
    const struct notice_wanted *notice = said->data;
    assert_string_equal(notice->template, "soon");
    assert_string_equal(notice->notice, "s/d1.first.announcement");
    assert_int_equal(said->event.time, shop_time("2026-03-07 15:30"));
    assert_int_equal(shop_count(shop, EVENT_NOTICE_WANTED), 2);
    assert_int_equal(shop_count(shop, EVENT_TASK_OPENED), 1);
    shop_close(shop);
}

static void withdrawn_consent_stops_what_is_planned(void **state)
{
    (void)state;
    struct showroom *shop = shop_open("2026-03-06 16:00", sales);
    shop_post(shop, "car.delivered", "'customer':'c1'", "'order':'d1'");
    shop_post(shop, "customer.preferred", "'customer':'c1'", "'do_not_call':'yes','do_not_message':'yes'");
    shop_run(shop, "2026-03-20 00:00");
    assert_int_equal(shop_count(shop, EVENT_TASK_WANTED), 0);
    assert_int_equal(shop_count(shop, EVENT_NOTICE_WANTED), 0);
    assert_int_equal(shop_count(shop, EVENT_PLAN_STEP_SKIPPED), 3);
    assert_string_equal(((const struct plan_step *)shop_seen(shop, EVENT_PLAN_STEP_SKIPPED, 0)->data)->reason, "do_not_message");
    assert_string_equal(((const struct plan_step *)shop_seen(shop, EVENT_PLAN_STEP_SKIPPED, 1)->data)->reason, "do_not_call");
    assert_int_equal(shop_count(shop, EVENT_PLAN_FINISHED), 1);
    shop_close(shop);
}

static void a_refusal_ends_the_plan(void **state)
{
    (void)state;
    struct showroom *shop = shop_open("2026-03-06 16:00", sales);
    shop_post(shop, "car.delivered", "'customer':'c1'", "'order':'d1'");
    shop_run(shop, "2026-03-07 16:10");
    shop_post(shop, "task.claim", "", "'agent':'ann'");
    shop_post(shop, "task.outcome", "", "'task':'d1.first','outcome':'refused'");
    const struct plan_step *skipped = shop_last(shop, EVENT_PLAN_STEP_SKIPPED);
    assert_string_equal(skipped->step, "week");
    assert_string_equal(skipped->reason, "refused");
    assert_int_equal(shop_count(shop, EVENT_PLAN_FINISHED), 1);
    assert_int_equal(step_of(shop, "s/d1.p.0", "first")->outcome, OUTCOME_REFUSED);
    deliver(shop, "d1");                        /* told again, after the plan is over */
    assert_int_equal(shop_count(shop, EVENT_PLAN_MADE), 1);
    shop_close(shop);
}

static void a_watched_deadline_speaks_up_only_when_work_is_left(void **state)
{
    (void)state;
    for (int done = 0; done < 2; done++) {
        struct showroom *shop = shop_open("2026-03-02 16:00", sales);
        shop_post(shop, "visit.finished", "'customer':'c1'", "'visit':'v1','kind':'repair'");
        shop_run(shop, "2026-03-03 16:05");
        if (done) {
            shop_post(shop, "task.claim", "", "'agent':'ann'");
            shop_post(shop, "task.outcome", "", "'task':'v1.repair','outcome':'completed','satisfaction':5");
        }
        shop_run(shop, "2026-03-06 15:59");
        assert_int_equal(shop_count(shop, EVENT_TASK_OPENED), 1);
        shop_run(shop, "2026-03-06 16:00");
        assert_int_equal(shop_count(shop, EVENT_TASK_OPENED), done ? 1 : 2);
        if (!done)
            assert_string_equal(((const struct task_changed *)shop_last(shop, EVENT_TASK_OPENED))->role, "service-manager");
        assert_int_equal(shop_count(shop, EVENT_PLAN_FINISHED), done);
        shop_close(shop);
    }
}

static void the_questionnaire_goes_by_the_class_at_the_time_of_the_call(void **state)
{
    (void)state;
    struct showroom *shop = shop_open("2026-03-06 16:00", sales);
    shop_post(shop, "car.delivered", "'customer':'c1'", "'order':'d1'");
    shop_post(shop, "customer.recorded", "'customer':'c1'", "'class':'key'");
    shop_run(shop, "2026-03-07 16:00");
    assert_string_equal(shop_task(shop, "d1.first")->questionnaire, "vip");
    assert_int_equal(shop_task(shop, "d1.first")->customer_class, CLASS_KEY);
    shop_close(shop);
}

/* -------- what happens again is followed again */

static const char closing[] = PLAYBOOK
    "rules:\n  - on: task.closed\n    when: { outcome: unreachable, step: care }\n    steps:\n"
    "      - { form: look-into, after: 1h, role: service-manager }\n"
    "  - on: car.delivered\n    steps:\n"
    "      - { call: care, after: 1d, window: follow-up, role: follow-up-agent, retry: { attempts: 1, gaps: [1h] } }\n";

static void rules_follow_derived_events_too(void **state)
{
    (void)state;
    struct showroom *shop = shop_open("2026-03-06 16:00", closing);
    shop_post(shop, "car.delivered", "'customer':'c1'", "'order':'d1'");
    shop_run(shop, "2026-03-07 16:00");
    shop_post(shop, "task.claim", "", "'agent':'ann'");
    shop_post(shop, "task.outcome", "", "'task':'d1.care','outcome':'no_answer'");
    shop_run(shop, "2026-03-07 17:00");
    const struct task *task = shop_task(shop, "d1.care.look-into");
    assert_string_equal(task->role, "service-manager");
    assert_string_equal(task->kind, "form");
    assert_string_equal(task->customer, "c1");
    shop_close(shop);
}

/* Two rules with a step of the same name about the same thing: two tasks, not one. */
static const char twins[] = PLAYBOOK
    "rules:\n"
    "  - { on: car.delivered, steps: [ { call: care, after: 1d, role: follow-up-agent } ] }\n"
    "  - { on: car.delivered, steps: [ { call: care, after: 2d, role: follow-up-agent } ] }\n";

static void equal_names_of_steps_do_not_collide(void **state)
{
    (void)state;
    struct showroom *shop = shop_open("2026-03-06 16:00", twins);
    shop_post(shop, "car.delivered", "'customer':'c1'", "'order':'d1'");
    shop_run(shop, "2026-03-09 16:00");
    assert_int_equal(shop_count(shop, EVENT_TASK_OPENED), 2);
    assert_string_equal(shop_task(shop, "d1.care")->plan, "s/d1.p.0");
    assert_string_equal(shop_task(shop, "d1.care.p.1.1")->plan, "s/d1.p.1");
    shop_close(shop);
}

/* A delivery that names nobody is followed too: the agent finds out whom to call. */
static void nobody_is_followed_too(void **state)
{
    (void)state;
    struct showroom *shop = shop_open("2026-03-06 16:00", sales);
    shop_post(shop, "car.delivered", "", "'order':'d1'");
    shop_run(shop, "2026-03-07 16:00");
    shop_post(shop, "task.claim", "", "'agent':'ann'");
    shop_post(shop, "task.outcome", "", "'task':'d1.first','outcome':'wrong_number'");
    assert_int_equal(shop_task(shop, "d1.first")->outcome, OUTCOME_WRONG_NUMBER);
    shop_close(shop);
}

/* -------- customers */

static void classes(void **state)
{
    static const struct { const char *posts[3][2]; int class; const char *owner; } rows[] = {
        {{{"complaint.received", "'complaint':'k1','channel':'phone'"}}, CLASS_POTENTIAL, "max"},
        {{{"car.delivered", "'order':'d1'"}}, CLASS_REGULAR, NULL},
        {{{"car.delivered", "'order':'d1','amount_cents':10000"}}, CLASS_KEY, "sam"},
        {{{"visit.finished", "'visit':'v1','kind':'repair','amount_cents':6000"},
          {"visit.finished", "'visit':'v2','kind':'repair','amount_cents':6000"}}, CLASS_KEY, "sam"},
        {{{"visit.finished", "'visit':'v1','kind':'repair','amount_cents':6000"},
          {"visit.finished", "'visit':'v1','kind':'repair','amount_cents':6000"}}, CLASS_REGULAR, NULL},
        {{{"car.delivered", "'order':'d1','customer_class':'key'"},
          {"visit.finished", "'visit':'v2','kind':'repair'"}}, CLASS_KEY, "sam"},
        {{{"customer.recorded", "'class':'regular'"}, {"car.delivered", "'order':'d1','amount_cents':99999"}}, CLASS_REGULAR, NULL},
        {{{"customer.recorded", "'class':'key','owner':'ann'"}, {"car.delivered", "'order':'d1'"}}, CLASS_KEY, "ann"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct showroom *shop = shop_open("2026-03-06 16:00", sales);
        for (size_t post = 0; post < 3 && rows[i].posts[post][0]; post++)
            shop_post(shop, rows[i].posts[post][0], "'customer':'c1'", "%s", rows[i].posts[post][1]);
        const struct customer *customer = shop_entity(shop, ENTITY_CUSTOMER, "s/c1");
        assert_int_equal(customer->class, rows[i].class);
        if (rows[i].owner)
            assert_string_equal(customer->owner, rows[i].owner);
        else
            assert_true(strchr("abc", customer->owner[0]) && *customer->owner);      /* one of the agents */
        shop_close(shop);
    }
}

static void changes_are_told_only_when_there_are_some(void **state)
{
    (void)state;
    struct showroom *shop = shop_open("2026-03-06 16:00", sales);
    shop_post(shop, "customer.recorded", "'customer':'c1'", "'name':'Wang','mobile':'13800000001'");
    shop_post(shop, "car.delivered", "'customer':'c1'", "'order':'d1'");
    shop_forget(shop);
    shop_post(shop, "car.delivered", "'customer':'c1'", "'order':'d2'");
    assert_int_equal(shop_count(shop, EVENT_CUSTOMER_CHANGED), 0);
    shop_post(shop, "customer.preferred", "'customer':'c1'", "'do_not_call':'yes','cap_per_day':2");
    const struct customer_changed *changed = shop_last(shop, EVENT_CUSTOMER_CHANGED);
    assert_int_equal(changed->changed.count, 2);
    assert_string_equal(changed->changed.at[0], "do_not_call");
    assert_string_equal(changed->changed.at[1], "cap_per_day");
    shop_close(shop);
}

static void preferences_are_kept_until_told_otherwise(void **state)
{
    static const struct { const char *told; int from, to; bool no_call; int64_t cap; } rows[] = {
        {"'quiet_hours':'20:30-09:15','do_not_call':'yes','cap_per_day':2", 1230, 555, true, 2},
        {"'language':'en'", 1230, 555, true, 2},
        {"'quiet_hours':'nonsense','do_not_call':'perhaps'", 1230, 555, true, 2},
        {"'quiet_hours':'none','do_not_call':'no','cap_per_day':-1", 0, 0, false, 0},
    };
    (void)state;
    struct showroom *shop = shop_open("2026-03-06 16:00", sales);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        shop_post(shop, "customer.preferred", "'customer':'c1'", "%s", rows[i].told);
        const struct customer *customer = shop_entity(shop, ENTITY_CUSTOMER, "s/c1");
        assert_int_equal(customer->quiet_from_min, rows[i].from);
        assert_int_equal(customer->quiet_to_min, rows[i].to);
        assert_int_equal(customer->do_not_call, rows[i].no_call);
        assert_int_equal(customer->cap_per_day, rows[i].cap);
    }
    shop_close(shop);
}

static void personal_fields_are_merged_and_stay_sealed(void **state)
{
    (void)state;
    struct showroom *shop = shop_open("2026-03-06 16:00", sales);
    shop_post(shop, "customer.recorded", "'customer':'c1'", "'name':'Wang','mobile':'13800000001'");
    shop_post(shop, "customer.recorded", "'customer':'c1'", "'email':'w@example.invalid','name':'Wang Fang'");
    const struct customer *customer = shop_entity(shop, ENTITY_CUSTOMER, "s/c1");
    assert_true(customer->has_mobile && customer->has_email && !customer->has_webhook);
    struct slice open;
    struct fault fault;
    assert_int_equal(seal_open(world_sealer(shop->world), "c1", customer->sealed, shop->arena, &open), 1);
    struct customer_recorded *person = record_new(&customer_recorded_record, shop->arena);
    assert_true(record_unpack(&customer_recorded_record, open, shop->arena, person, &fault));
    assert_string_equal(person->name, "Wang Fang");
    assert_string_equal(person->mobile, "13800000001");
    assert_string_equal(person->email, "w@example.invalid");
    shop_close(shop);
}

static void ids_always_fit(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    char name[300];
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = 0;
    const char *one = ident_make(arena, "s", "%s.a", name), *other = ident_make(arena, "s", "%s.b", name);
    assert_true(strlen(one) <= NAME_BYTES_MAX);
    assert_string_not_equal(one, other);
    assert_string_equal(ident_make(arena, "s", "a.%d", 1), "s/a.1");
    assert_string_equal(ident_local("s/a.1"), "a.1");
    assert_string_equal(ident_of_site(arena, "s", "a"), "s/a");
    assert_string_equal(ident_of_site(arena, "s", "t/a"), "t/a");
    assert_string_equal(ident_fit(arena, "短", 64), "短");
    assert_true(strlen(ident_fit(arena, "一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十", 64)) <= 64);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_delivery_is_planned_to_the_minute),
        cmocka_unit_test(a_fact_told_twice_is_followed_once),
        cmocka_unit_test(a_rule_applies_only_where_its_conditions_hold),
        cmocka_unit_test(late_facts),
        cmocka_unit_test(a_late_call_is_made_in_the_next_opening),
        cmocka_unit_test(a_customer_who_wants_it_is_told_of_the_call),
        cmocka_unit_test(withdrawn_consent_stops_what_is_planned),
        cmocka_unit_test(a_refusal_ends_the_plan),
        cmocka_unit_test(a_watched_deadline_speaks_up_only_when_work_is_left),
        cmocka_unit_test(the_questionnaire_goes_by_the_class_at_the_time_of_the_call),
        cmocka_unit_test(rules_follow_derived_events_too),
        cmocka_unit_test(equal_names_of_steps_do_not_collide),
        cmocka_unit_test(nobody_is_followed_too),
        cmocka_unit_test(classes),
        cmocka_unit_test(changes_are_told_only_when_there_are_some),
        cmocka_unit_test(preferences_are_kept_until_told_otherwise),
        cmocka_unit_test(personal_fields_are_merged_and_stay_sealed),
        cmocka_unit_test(ids_always_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
