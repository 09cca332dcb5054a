/* One batch: entities as a core sees and changes them, queues, and what becomes a commit of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "log.h"
#include "support/turn_rig.h"

/* ---------------------------------------------------------------- entities */

static void put_one(struct turn *turn, const struct event *event, const void *data)
{
    struct task task = turn_rig_task("sample/1");

    (void)event;
    (void)data;
    assert_null(turn_get(turn, ENTITY_TASK, "sample/1"));
    turn_put(turn, ENTITY_TASK, "sample/1", &task, 1000, "work/a");
    const struct task *read = turn_get(turn, ENTITY_TASK, "sample/1");
    assert_non_null(read);
    assert_string_equal(read->role, "agent");
    assert_string_equal(read->window, "");
}

static void change_one(struct turn *turn, const struct event *event, const void *data)
{
    const struct task *read = turn_get(turn, ENTITY_TASK, "sample/1");
    struct task task = *read;

    (void)event;
    (void)data;
    task.role = strcmp(read->role, "agent") == 0 ? "supervisor" : "agent";
    turn_put(turn, ENTITY_TASK, "sample/1", &task, 2000, "");
    assert_string_not_equal(read->role, task.role);
    assert_string_equal(((const struct task *)turn_get(turn, ENTITY_TASK, "sample/1"))->role, task.role);
}

static void test_what_is_put_is_seen_and_committed(void **state)
{
    (void)state;
    assert_int_equal(turn_rig_work_car(put_one), TURN_DONE);
    assert_int_equal(turn_rig_work_car(change_one), TURN_DONE);
    turn_commit(turn_rig.turn, &turn_rig.commit);
    assert_int_equal(turn_rig.commit.put_count, 1);
    assert_int_equal(turn_rig.commit.puts[0].version, 1);
    assert_int_equal(turn_rig.commit.puts[0].due, 2000);
    turn_rig_commit();
    assert_int_equal(turn_rig_work_car(change_one), TURN_DONE);
    turn_commit(turn_rig.turn, &turn_rig.commit);
    assert_int_equal(turn_rig.commit.puts[0].version, 2);
    assert_int_equal(turn_rig.commit.puts[0].due_before, 2000);
    turn_rig_commit();
}

static void test_own_entities_are_read_once(void **state)
{
    (void)state;
    turn_rig_work_car(put_one);
    turn_rig_commit();
    turn_rig.reads = 0;
    for (int i = 0; i < 5; i++) {
        turn_rig_work_car(change_one);
        turn_rig_commit();
    }
    assert_int_equal(turn_rig.reads, 5);          /* the foreign plan, each time; nothing else */
    entity_cache_drop(turn_rig.tools.cache, 0);
    turn_rig.reads = 0;
    turn_rig_work_car(change_one);
    assert_int_equal(turn_rig.reads, 3);          /* task, plan, site: one read for each kind */
}

static void delete_one(struct turn *turn, const struct event *event, const void *data)
{
    (void)event;
    (void)data;
    turn_delete(turn, ENTITY_TASK, "sample/1");
    turn_delete(turn, ENTITY_TASK, "sample/none");
    assert_null(turn_get(turn, ENTITY_TASK, "sample/1"));
}

static void test_made_and_deleted_leaves_nothing(void **state)
{
    (void)state;
    turn_rig_work_car(put_one);
    turn_rig_work_car(delete_one);
    turn_commit(turn_rig.turn, &turn_rig.commit);
    assert_int_equal(turn_rig.commit.put_count, 0);
    turn_rig_commit();
    turn_rig_work_car(put_one);
    turn_rig_commit();
    turn_rig_work_car(delete_one);
    turn_rig_commit();
    turn_rig_work_car(put_one);                          /* it begins again with version 1 */
    turn_rig_commit();
}

static void read_foreign(struct turn *turn, const struct event *event, const void *data)
{
    (void)event;
    (void)data;
    assert_null(turn_get(turn, ENTITY_PLAN, "sample/foreign"));
    assert_null(turn_get(turn, ENTITY_PLAN, NULL));
}

static void do_nothing(struct turn *turn, const struct event *event, const void *data)
{
    (void)turn;
    (void)event;
    (void)data;
}

/* Of an own kind and of a foreign one; one of the own is known, no text is no id. */
static void look_at_many(struct turn *turn, const struct event *event, const void *data)
{
    const char *own[] = {"sample/1", "sample/2", "", "sample/3"}, *foreign[] = {"sample/a", "sample/b", "sample/b"};

    (void)event;
    (void)data;
    turn_get(turn, ENTITY_TASK, "sample/1");
    turn_rig.reads = 0;
    turn_read_ahead(turn, ENTITY_TASK, &(struct texts){own, 4});
    turn_read_ahead(turn, ENTITY_TASK, &(struct texts){own, 4});
    turn_read_ahead(turn, ENTITY_CUSTOMER, &(struct texts){foreign, 3});
    turn_read_ahead(turn, ENTITY_CUSTOMER, &(struct texts){0});
    assert_int_equal(turn_rig.reads, 2);
    assert_non_null(turn_get(turn, ENTITY_TASK, "sample/1"));
    assert_null(turn_get(turn, ENTITY_TASK, "sample/3"));
    assert_null(turn_get(turn, ENTITY_CUSTOMER, "sample/b"));
    assert_int_equal(turn_rig.reads, 2);
}

static void test_many_are_read_at_once_and_only_those_seen_are_conditions(void **state)
{
    (void)state;
    turn_rig_work_car(put_one);
    turn_rig_commit();
    assert_int_equal(turn_rig_work_car(look_at_many), TURN_DONE);
    turn_commit(turn_rig.turn, &turn_rig.commit);
    assert_int_equal(turn_rig.commit.put_count, 0);
    assert_int_equal(turn_rig.commit.condition_count, 1);
    assert_string_equal(turn_rig.commit.conditions[0].id, "sample/b");
}

static void ask_a_store_that_is_gone(struct turn *turn, const struct event *event, const void *data)
{
    const char *ids[] = {"sample/a"};

    (void)event;
    (void)data;
    turn_rig.gone = true;
    turn_read_ahead(turn, ENTITY_CUSTOMER, &(struct texts){ids, 1});
    fail_msg("it went on");
}

static void test_many_of_a_store_that_is_gone_are_for_later(void **state)
{
    (void)state;
    assert_int_equal(turn_rig_work_car(ask_a_store_that_is_gone), TURN_LATER);
}

static void test_foreign_entities_become_conditions_once_seen(void **state)
{
    (void)state;
    turn_rig_work_car(do_nothing);
    turn_commit(turn_rig.turn, &turn_rig.commit);
    assert_int_equal(turn_rig.commit.condition_count, 0);
    turn_rig_work_car(read_foreign);
    turn_commit(turn_rig.turn, &turn_rig.commit);
    assert_int_equal(turn_rig.commit.condition_count, 1);
    assert_string_equal(turn_rig.commit.conditions[0].id, "sample/foreign");
    assert_int_equal(turn_rig.commit.conditions[0].version, 0);
    assert_true(turn_is_idle(turn_rig.turn));
}

/* ---------------------------------------------------------------- queue */

static void queue_three(struct turn *turn, const struct event *event, const void *data)
{
    (void)event;
    (void)data;
    for (int i = 1; i <= 3; i++) {
        const char *id = arena_printf(turn_arena(turn), "sample/q%d", i);
        struct task task = turn_rig_task(id);
        turn_put(turn, ENTITY_TASK, id, &task, 0, arena_printf(turn_arena(turn), "work/%d", i * 2));
    }
}

static void expect_queue(struct turn *turn, size_t max, const char *expected)
{
    struct texts queue = turn_queue(turn, "work/", max);
    char told[128] = "";

    for (size_t i = 0; i < queue.count; i++)
        strcat(strcat(told, queue.at[i] + 5), " ");
    assert_string_equal(told, expected);
}

static void move_in_queue(struct turn *turn, const struct event *event, const void *data)
{
    struct task task = turn_rig_task("sample/q1");

    (void)event;
    (void)data;
    expect_queue(turn, 9, "2 4 6 ");
    turn_put(turn, ENTITY_TASK, "sample/q1", &task, 0, "work/5");
    expect_queue(turn, 9, "4 5 6 ");
    expect_queue(turn, 2, "4 5 ");
    turn_delete(turn, ENTITY_TASK, "sample/q2");
    expect_queue(turn, 1, "5 ");
    task = turn_rig_task("sample/q4");
    turn_put(turn, ENTITY_TASK, "sample/q4", &task, 0, "held/9");
    turn_put(turn, ENTITY_TASK, "sample/q1", &task, 0, "work/2");
    expect_queue(turn, 9, "2 6 ");
}

static void test_the_queue_shows_what_the_batch_did(void **state)
{
    (void)state;
    turn_rig_work_car(queue_three);
    turn_rig_work_car(move_in_queue);
    turn_free(&turn_rig.turn);
    turn_rig.turn = turn_new(&turn_rig.tools, 0);
    entity_cache_drop(turn_rig.tools.cache, 0);
    turn_rig_work_car(queue_three);
    turn_rig_commit();
    turn_rig_work_car(move_in_queue);                    /* the same over what is stored */
    turn_rig_commit();
}

/* ---------------------------------------------------------------- what is new without a look */

static bool found;

static void expect_none(struct turn *turn, const struct event *event, const void *data)
{
    (void)event;
    (void)data;
    turn_expect_none(turn, ENTITY_TASK, "sample/x");
    found = turn_get(turn, ENTITY_TASK, "sample/x") != NULL;
}

static void expect_none_and_put(struct turn *turn, const struct event *event, const void *data)
{
    struct task task = turn_rig_task("sample/x");

    expect_none(turn, event, data);
    turn_put(turn, ENTITY_TASK, task.id, &task, 0, "");
}

static enum store_status commit_status(void)
{
    turn_rig.commit.lease = turn_rig.lease;
    turn_rig.commit.from = turn_rig.at;
    turn_commit(turn_rig.turn, &turn_rig.commit);
    return store_commit_one(turn_rig.store, &turn_rig.commit);
}

static void test_what_is_expected_to_be_new_is_not_looked_for(void **state)
{
    (void)state;
    turn_rig_work_car(do_nothing);
    turn_rig.reads = 0;
    turn_rig_work_car(expect_none_and_put);
    assert_false(found);
    turn_rig_work_car(expect_none);
    assert_true(found);                                 /* this batch has made it */
    assert_int_equal(turn_rig.reads, 0);
    turn_rig_commit();
    assert_int_equal(turn_rig.commit.put_count, 1);
    assert_int_equal(turn_rig.commit.condition_count, 0);
    turn_rig_work_car(expect_none);
    assert_true(found);                                 /* the cache knows it */
}

static void test_a_wrong_expectation_is_found_by_the_commit(void **state)
{
    static const event_handler all[] = {expect_none, expect_none_and_put};

    (void)state;
    turn_rig_work_car(expect_none_and_put);
    turn_rig_commit();
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        entity_cache_drop(turn_rig.tools.cache, 0);
        turn_rig_work_car(all[i]);
        assert_false(found);
        assert_false(turn_is_idle(turn_rig.turn));
        assert_int_equal(commit_status(), STORE_CHANGED);
        assert_int_equal(turn_rig.commit.condition_count, i == 0);
        turn_begin_anew(turn_rig.turn, 0);
    }
    turn_rig.turn->looks = true;
    turn_rig_work_car(expect_none_and_put);
    assert_true(found);
    turn_rig_commit();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, turn_rig_up, turn_rig_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_what_is_put_is_seen_and_committed),
        TEST(test_own_entities_are_read_once),
        TEST(test_made_and_deleted_leaves_nothing),
        TEST(test_foreign_entities_become_conditions_once_seen),
        TEST(test_many_are_read_at_once_and_only_those_seen_are_conditions),
        TEST(test_many_of_a_store_that_is_gone_are_for_later),
        TEST(test_the_queue_shows_what_the_batch_did),
        TEST(test_what_is_expected_to_be_new_is_not_looked_for),
        TEST(test_a_wrong_expectation_is_found_by_the_commit),
    };

    log_start("test", LEVEL_NONE);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
