/* One batch: timers that fire, and what is due at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "log.h"
#include "support/turn_rig.h"

/* ---------------------------------------------------------------- timers */

static void arm(struct turn *turn, const struct event *event, const void *data)
{
    struct task task = turn_rig_task("sample/1");

    (void)event;
    (void)data;
    turn_put(turn, ENTITY_TASK, "sample/1", &task, 1000, "work/1");
}

static enum turn_result fire(const char *entity, wall_ms due)
{
    struct timer_fired fired = {.entity = entity, .due = due};

    turn_script.was_called = false;
    return turn_rig_work(EVENT_TIMER_FIRED, &fired, NULL);
}

static void arm_again_at_once(struct turn *turn, const char *id, const void *entity)
{
    turn_put(turn, ENTITY_TASK, id, entity, 1000, "work/1");
}

static void delete_at_timer(struct turn *turn, const char *id, const void *entity)
{
    (void)entity;
    turn_delete(turn, ENTITY_TASK, id);
}

static const struct {
    const char *what, *entity;
    wall_ms due;
    void (*on_timer)(struct turn *, const char *, const void *);
    bool called;
    size_t puts;
    wall_ms due_after;
} timers[] = {
    {"expected, left alone: cleared", "T/sample/1", 1000, NULL, true, 1, 0},
    {"expected, wanted again: the next millisecond", "T/sample/1", 1000, arm_again_at_once, true, 1, 1001},
    {"expected, deleted", "T/sample/1", 1000, delete_at_timer, true, 1, 0},
    {"no longer expected", "T/sample/1", 999, NULL, false, 0, 0},
    {"no such entity", "T/sample/2", 1000, NULL, false, 0, 0},
    {"another stage's", "P/sample/1", 1000, NULL, false, 0, 0},
    {"no such kind", "?/sample/1", 1000, NULL, false, 0, 0},
    {"no name at all", "T", 1000, NULL, false, 0, 0},
};

static void test_timers(void **state)
{
    for (size_t i = 0; i < sizeof timers / sizeof *timers; i++) {
        turn_rig_down(state);
        turn_rig_up(state);
        turn_rig_work_car(arm);
        turn_rig_commit();
        turn_script.on_timer = timers[i].on_timer;
        assert_int_equal(fire(timers[i].entity, timers[i].due), TURN_DONE);
        turn_commit(turn_rig.turn, &turn_rig.commit);
        if (turn_script.was_called != timers[i].called || turn_rig.commit.put_count != timers[i].puts)
            fail_msg("%s: called %d, puts %zu", timers[i].what, turn_script.was_called, turn_rig.commit.put_count);
        if (timers[i].puts > 0)
            assert_int_equal(turn_rig.commit.puts[0].due, timers[i].due_after);
        turn_rig_commit();
    }
}

static int reads_meanwhile;

static void look_at_customer(struct turn *turn, const char *id, const void *entity)
{
    int before = turn_rig.reads;

    (void)entity;
    turn_get(turn, ENTITY_CUSTOMER, id);
    reads_meanwhile = turn_rig.reads - before;
}

static void test_what_a_timer_touches_is_read_ahead(void **state)
{
    (void)state;
    turn_rig_work_car(arm);
    turn_rig_commit();
    entity_cache_drop(turn_rig.tools.cache, 0);
    reads_meanwhile = -1;
    turn_script.on_timer = look_at_customer;
    assert_int_equal(fire("T/sample/1", 1000), TURN_DONE);
    assert_int_equal(reads_meanwhile, 0);
    turn_commit(turn_rig.turn, &turn_rig.commit);
    assert_int_equal(turn_rig.commit.condition_count, 1);
    turn_rig_commit();
    turn_rig.reads = 0;
    assert_int_equal(fire("T/sample/none", 1000), TURN_DONE);
    assert_false(turn_script.was_called);
    assert_int_equal(turn_rig.reads, 1);
}

/* ---------------------------------------------------------------- what is due at once */

static struct texts due_now;

static void put_task(struct turn *turn, const char *id, wall_ms due)
{
    struct task task = turn_rig_task(id);

    turn_put(turn, ENTITY_TASK, id, &task, due, "");
}

static void put_many(struct turn *turn, const struct event *event, const void *data)
{
    struct agent agent = {.id = "sample/a"};

    (void)data;
    put_task(turn, "sample/later", event->time + 1);
    put_task(turn, "sample/b", event->time);
    put_task(turn, "sample/c", event->time - 1);
    put_task(turn, "sample/moved", event->time);
    put_task(turn, "sample/gone", event->time);
    put_task(turn, "sample/never", 0);
    put_task(turn, "sample/a", event->time);
    put_task(turn, "sample/b", event->time);            /* once more */
    put_task(turn, "sample/moved", event->time + 1);
    turn_delete(turn, ENTITY_TASK, "sample/gone");
    turn_put(turn, ENTITY_AGENT, agent.id, &agent, event->time, "");
    due_now = turn_due(turn, ENTITY_TASK);
}

static void put_none(struct turn *turn, const struct event *event, const void *data)
{
    (void)event;
    (void)data;
    due_now = turn_due(turn, ENTITY_TASK);
}

static void test_what_is_due_at_once(void **state)
{
    static const char *const expected[] = {"sample/c", "sample/a", "sample/b"};

    (void)state;
    turn_rig_work_car(put_many);
    assert_int_equal(due_now.count, 3);
    for (size_t i = 0; i < due_now.count; i++)
        assert_string_equal(due_now.at[i], expected[i]);
    turn_commit(turn_rig.turn, &turn_rig.commit);
    assert_int_equal(turn_rig.commit.put_count, 7);       /* each once; what was made and deleted not at all */
    turn_rig_work_car(put_none);
    assert_int_equal(due_now.count, 0);                 /* of this event */
    turn_rig.turn->at_once_from = turn_rig_event(EVENT_CAR_DELIVERED).time;
    turn_rig_work_car(put_many);
    assert_int_equal(due_now.count, 3);
    turn_rig.turn->at_once_from++;
    turn_rig_work_car(put_many);
    assert_int_equal(due_now.count, 0);                 /* worked too late */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, turn_rig_up, turn_rig_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_timers),
        TEST(test_what_a_timer_touches_is_read_ahead),
        TEST(test_what_is_due_at_once),
    };

    log_start("test", LEVEL_NONE);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
