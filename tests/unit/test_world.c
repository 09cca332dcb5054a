/* The runtime with toy cores, all in one process: every effect once, every timer on its instant. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "log.h"
#include "support/toy.h"
#include "world.h"

enum { ORDERS = 700 };

struct seen { size_t types[EVENT_COUNT]; wall_ms wanted_at, closed_at; const char *cause; };

static void see(void *context, const struct place *place, const struct event *event)
{
    struct seen *seen = context;

    (void)place;
    seen->types[event->number]++;
    if (event->number == EVENT_TASK_WANTED)
        seen->wanted_at = event->time;
    if (event->number == EVENT_TASK_CLOSED)
        seen->closed_at = event->time;
}

static struct world *world_of(struct seen *seen)
{
    return world_new(&(struct world_options){.seed = 7, .cores = toy_cores, .seen = see, .context = seen});
}

static void deliver(struct world *world, const char *order, int64_t after_ms)
{
    struct event like = event_of(EVENT_CAR_DELIVERED);
    struct car_delivered data = {.order = order, .amount_cents = after_ms, .name = "王芳", .mobile = "13800000001"};

    like.site = "sample";
    like.id = order;
    assert_true(world_append(world, &like, &data));
}

static void test_one_order_on_its_instants(void **state)
{
    struct seen seen = {0};
    struct world *world = world_of(&seen);
    struct arena *arena = arena_new();
    wall_ms start = world_now(world);

    (void)state;
    deliver(world, "JC001", 7200000);
    world_run_until(world, start + DAY_MS);
    assert_int_equal(seen.wanted_at - start, 7200000);
    assert_int_equal(seen.closed_at - start, 7200000 + TOY_TASK_MS);
    assert_int_equal(seen.types[EVENT_NOTICE_SENT], 1);
    assert_int_equal(world_now(world), start + DAY_MS);
    const struct task *task = world_entity(world, ENTITY_TASK, "sample/JC001", arena);
    assert_non_null(task);
    assert_int_equal(task->state, TASK_CLOSED);
    assert_string_equal(task->about, "JC001");
    assert_int_equal(world_queue(world, "sample", "", arena).count, 0);
    assert_int_equal(world_next_due(world), 0);
    arena_free(&arena);
    world_free(&world);
}

static void test_many_orders_each_once(void **state)
{
    struct seen seen = {0};
    struct world *world = world_of(&seen);
    struct arena *arena = arena_new();
    char order[16];

    (void)state;
    for (int i = 0; i < ORDERS; i++) {
        snprintf(order, sizeof order, "JC%04d", i);
        deliver(world, order, 1000 + i % 97 * 1000);
    }
    world_run_until(world, world_now(world) + DAY_MS);
    const struct customer *all = world_entity(world, ENTITY_CUSTOMER, "sample/all", arena);
    assert_int_equal(all->visits, ORDERS);
    assert_int_equal(all->spending_cents, ORDERS);
    assert_int_equal(seen.types[EVENT_TIMER_FIRED], 2 * ORDERS);
    assert_int_equal(seen.types[EVENT_NOTICE_SENT], ORDERS);
    arena_free(&arena);
    world_free(&world);
}

static enum send_result unknown_first(void *context, const struct send_order *order, const char **ret_detail)
{
    (void)context;
    *ret_detail = "as the test wants it";
    return order->attempt < 3 ? SEND_UNKNOWN : SEND_ACCEPTED;
}

static void test_the_sender_answers_as_told(void **state)
{
    struct seen seen = {0};
    struct world *world = world_new(&(struct world_options){.seed = 1, .cores = toy_cores, .seen = see,
                                                            .answer = unknown_first,
                                                            .context = &seen});

    (void)state;
    deliver(world, "JC001", 1);
    world_run_until(world, world_now(world) + HOUR_MS);
    assert_int_equal(seen.types[EVENT_SEND_FINISHED], 3);
    assert_int_equal(seen.types[EVENT_NOTICE_SENT], 1);
    world_free(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_order_on_its_instants),
        cmocka_unit_test(test_many_orders_each_once),
        cmocka_unit_test(test_the_sender_answers_as_told),
    };

    log_start("test", LEVEL_NONE);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
