/* Two records of one person: what the one that stays takes, and that all of it can be taken back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/scene.h"

static const char *const playbook =
    "playbook: small\n"
    "rules:\n"
    "  - rule: thanks\n"
    "    on: visit.finished\n"
    "    limit: { per_customer: 2, within: 30d }\n"
    "    steps: [{ message: thanks }]\n"
    "  - rule: back\n"
    "    on: car.delivered\n"
    "    steps: [{ wait: visit, event: visit.finished, of: customer, within: 30d, else: { message: miss-you } }]\n"
    "contact: { per_day: 3 }\n";

static const char *const staff = "staff: small\npeople: [{ id: an, name: An, roles: [follow-up-agent], email: an@x.invalid }]\n";

static const char *const templates =
    "templates: small\ntexts: { thanks: { en: thanks }, miss-you: { en: come back } }\n";

static struct scene *scene;

static int setup(void **unused)
{
    static const struct core *const cores[] = {&scheduler_core, &follow_up_core, &complaint_router_core, &notifier_core, NULL};
    (void)unused;
    scene = scene_new(cores, playbook, staff, templates);
    return 0;
}

static int teardown(void **unused)
{
    (void)unused;
    scene_free(&scene);
    return 0;
}

static void record(const char *customer, const char *rest)
{
    scene_post(scene, "\"type\":\"customer.recorded\",\"customer\":\"%s\",\"data\":{%s}", customer, rest);
}

static void prefer(const char *customer, const char *rest)
{
    scene_post(scene, "\"type\":\"customer.preferred\",\"customer\":\"%s\",\"data\":{%s}", customer, rest);
}

static void visit(const char *customer, const char *number)
{
    scene_post(scene, "\"type\":\"visit.finished\",\"customer\":\"%s\",\"data\":{\"visit\":\"%s\",\"kind\":\"repair\"}", customer, number);
}

static void pair(const char *what, const char *stays, const char *other)
{
    scene_post(scene, "\"type\":\"customer.%s\",\"customer\":\"%s\",\"data\":{\"other\":\"%s\"}", what, stays, other);
}

static const char *field(const char *customer, const char *path)
{
    return scene_field(scene, ENTITY_CUSTOMER, arena_printf(scene->arena, "s1/%s", customer), path);
}

#define assert_field(customer, path, expected) assert_string_equal(field(customer, path), expected)

/* Whoever is quiet at either time is quiet at both, in the shortest time that does it. */
static void stricter_quiet_hours(void **unused)
{
    static const struct { const char *one, *other, *from, *to; } rows[] = {
        {"none", "none", "0", "0"},
        {"21:00-08:00", "none", "1260", "480"},
        {"none", "12:00-13:00", "720", "780"},
        {"21:00-08:00", "22:00-07:00", "1260", "480"},
        {"21:00-07:00", "22:00-09:00", "1260", "540"},
        {"20:00-22:00", "21:00-23:00", "1200", "1380"},
        {"12:00-13:00", "15:00-16:00", "720", "960"},
        {"23:00-01:00", "02:00-04:00", "1380", "240"},
    };
    (void)unused;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *a = arena_printf(scene->arena, "a%zu", i), *b = arena_printf(scene->arena, "b%zu", i);
        record(a, "\"name\":\"A\"");
        record(b, "\"name\":\"B\"");
        prefer(a, arena_printf(scene->arena, "\"quiet_hours\":\"%s\"", rows[i].one));
        prefer(b, arena_printf(scene->arena, "\"quiet_hours\":\"%s\"", rows[i].other));
        const char *from = field(a, "quiet_from_min"), *to = field(a, "quiet_to_min");
        pair("merge", a, b);
        assert_field(a, "quiet_from_min", rows[i].from);
        assert_field(a, "quiet_to_min", rows[i].to);
        pair("unmerge", a, b);
        assert_field(a, "quiet_from_min", from);
        assert_field(a, "quiet_to_min", to);
    }
}

static void what_was_told_since_stays(void **unused)
{
    (void)unused;
    record("a", "\"name\":\"A\",\"language\":\"en\"");
    record("b", "\"name\":\"B\",\"email\":\"b@x.invalid\",\"class\":\"key\"");
    prefer("b", "\"do_not_call\":\"yes\",\"cap_per_week\":2");
    pair("merge", "a", "b");
    assert_field("a", "class", "key");
    assert_field("a", "do_not_call", "yes");
    assert_field("a", "has_email", "yes");
    prefer("b", "\"cap_per_week\":5,\"language\":\"zh-CN\"");       /* told under the old id: it is hers now */
    assert_field("a", "cap_per_week", "5");
    assert_field("b", "cap_per_week", "2");
    pair("unmerge", "a", "b");
    assert_field("a", "cap_per_week", "5");
    assert_field("a", "language", "zh-CN");
    assert_field("a", "do_not_call", "no");
    assert_field("a", "has_email", "no");
    assert_field("a", "class", "");
    assert_field("b", "do_not_call", "yes");
    assert_field("b", "merged_into", "");
}

static void limits_and_waits_go_with_them(void **unused)
{
    (void)unused;
    scene_post(scene, "\"type\":\"car.delivered\",\"customer\":\"b\",\"data\":{\"order\":\"O1\"}");
    visit("a", "V1");
    visit("b2", "V2");
    pair("merge", "a", "b");
    pair("merge", "a", "b2");
    visit("b2", "V3");
    assert_string_equal(scene_last(scene, "plan.limited", "about"), "V3");      /* it would be the third of one person */
    assert_string_equal(scene_field(scene, ENTITY_PLAN, "s1/O1.small.back", "steps.visit.outcome"), "arrived");
    assert_string_equal(scene_queue(scene, "customers/s1/"), "customers/s1/a");
    pair("unmerge", "a", "b2");
    assert_string_equal(scene_queue(scene, "customers/s1/"), "customers/s1/a customers/s1/b2");
    assert_field("a", "visits", "2");
    assert_field("b2", "visits", "2");
}

static void one_after_the_other(void **unused)
{
    (void)unused;
    visit("a", "V1");
    visit("b", "V2");
    visit("c", "V3");
    pair("merge", "b", "c");
    pair("merge", "a", "b");
    visit("c", "V4");
    assert_field("a", "visits", "4");
    assert_field("b", "visits", "3");
    assert_field("c", "visits", "2");
    pair("unmerge", "b", "c");
    assert_string_equal(scene_last(scene, "act.refused", "reason"), "wrong_state");
    pair("merge", "a", "c");
    assert_string_equal(scene_last(scene, "act.refused", "detail"), "other: it is merged into b already");
    pair("unmerge", "a", "b");
    pair("unmerge", "b", "c");
    assert_field("a", "visits", "1");
    assert_field("b", "visits", "1");
    assert_field("c", "visits", "2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(stricter_quiet_hours, setup, teardown),
        cmocka_unit_test_setup_teardown(what_was_told_since_stays, setup, teardown),
        cmocka_unit_test_setup_teardown(limits_and_waits_go_with_them, setup, teardown),
        cmocka_unit_test_setup_teardown(one_after_the_other, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
