/* Customers whom an earlier version stored, on no list of their site: a rule for all of them finds them as soon as it
 * is in force. The earlier version is the core of today with one handler that stores as it did. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ident.h"
#include "support/scene.h"

enum { CUSTOMERS = 150 };

static void store_as_before(struct turn *turn, const struct event *event, const void *data)
{
    (void)data;
    struct customer customer = *(struct customer *)record_new(&customer_record, turn_arena(turn));
    customer.id = ident_make(turn_arena(turn), event->site, "%s", event->customer);
    customer.site = event->site;
    customer.first_recorded_at = event->time;
    turn_put(turn, ENTITY_CUSTOMER, customer.id, &customer, 0, NULL);
}

static void they_join_at_once(void **state)
{
    (void)state;
    event_handler handlers[EVENT_COUNT];
    memcpy(handlers, scheduler_core.handlers, sizeof handlers);
    handlers[EVENT_CUSTOMER_RECORDED] = store_as_before;
    struct core before = scheduler_core;
    before.handlers = handlers;
    const struct core *const cores[] = {&before, &follow_up_core, &complaint_router_core, &notifier_core, NULL};
    struct scene *scene = scene_new(cores, NULL, NULL, NULL);
    for (int i = 0; i < CUSTOMERS; i++)
        scene_post(scene, "\"type\": \"customer.recorded\", \"customer\": \"c%03d\", \"data\": {}", i);
    assert_string_equal(scene_queue(scene, "customers/"), "");
    scene_apply(scene, CONFIG_PLAYBOOK,
                "playbook: s1\nrules:\n  - rule: all\n    every: daily\n    at: \"10:00\"\n    audience: customers\n"
                "    steps: [{ message: hello }]\n");
    scene_until(scene, "2026-03-02 09:01");
    assert_int_equal(strlen(scene_queue(scene, "customers/")), CUSTOMERS * strlen("customers/s1/c000 ") - 1);
    scene_until(scene, "2026-03-02 10:01");
    assert_string_equal(scene_last(scene, "schedule.finished", "planned"), "150");
    assert_null(strstr(scene_field(scene, ENTITY_RECURRENCE, "s1/.joining", "rule"), "joining"));
    scene_free(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(they_join_at_once)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
