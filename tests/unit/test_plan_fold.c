/* Plans are kept without what their site's settings say, and are whole again when they are read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "plan_fold.h"

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

static const char *hashes[] = {"aaaa", "bbbb"};
static const struct site_config config = {.id = "s", .versions = {hashes, 2}};
static struct step steps[] = {{.name = "first", .kind = STEP_CALL}, {.name = "second", .kind = STEP_MESSAGE}};
static struct rule rules[] = {{.name = ""}, {.name = "care", .steps = steps, .step_count = 2}};
static const struct playbook playbook = {.name = "book", .rules = rules, .rule_count = 2};

static int setup(void **state)
{
    *state = arena_new();
    return 0;
}

static int teardown(void **state)
{
    arena_free((struct arena **)state);
    return 0;
}

static struct planned_step step_of(const char *name, int kind, int64_t rule_step, const char *work)
{
    return (struct planned_step){.name = name, .kind = kind, .rule_step = rule_step, .work = work, .state = STEP_PENDING};
}

static struct plan plan_of(struct planned_step *list, size_t count)
{
    return (struct plan){.id = "s/O1.book.care", .site = "s", .about = "O1", .playbook_hash = "bbbb", .rule = 1, .round = 1,
                         .entries = 1, .steps = {list, count}};
}

static void assert_step(const struct planned_step *step, const char *name, int kind, const char *work)
{
    assert_string_equal(step->name, name);
    assert_int_equal(step->kind, kind);
    assert_string_equal(step->work, work);
    assert_int_equal(step->state, STEP_PENDING);
}

/* What was folded is told as it was made, and what it was made of is as it was. */
static void a_plan_is_folded_and_whole_again(void **state)
{
    struct planned_step list[] = {step_of("first", STEP_CALL, 0, "s/O1.first"), step_of("second", STEP_MESSAGE, 1, "s/O1.second.2")};
    struct plan plan = plan_of(list, 2), again;
    const struct plan *folded = plan_folded(&plan, &config, &playbook, *state);
    assert_int_equal(folded->version, 2);
    assert_string_equal(folded->playbook_hash, "");
    assert_step(&folded->steps.at[0], "", STEP_NONE, "");
    assert_step(&folded->steps.at[1], "", STEP_NONE, "s/O1.second.2");
    assert_step(&list[0], "first", STEP_CALL, "s/O1.first");
    again = *folded;
    assert_string_equal(plan_playbook_hash(&again, &config), "bbbb");
    plan_unfold(&again, &config, &playbook, *state);
    assert_int_equal(again.version, 0);
    assert_string_equal(again.playbook_hash, "bbbb");
    assert_step(&again.steps.at[0], "first", STEP_CALL, "s/O1.first");
    assert_step(&again.steps.at[1], "second", STEP_MESSAGE, "s/O1.second.2");
}

/* Of a later round, in a later stage. */
static void work_goes_by_round_and_stage(void **state)
{
    struct planned_step list[] = {step_of("first", STEP_CALL, 0, "s/O1.first.2.e3")};
    struct plan plan = plan_of(list, 1), again;
    plan.round = 2;
    plan.entries = 3;
    again = *plan_folded(&plan, &config, &playbook, *state);
    assert_step(&again.steps.at[0], "", STEP_NONE, "");
    plan_unfold(&again, &config, &playbook, *state);
    assert_step(&again.steps.at[0], "first", STEP_CALL, "s/O1.first.2.e3");
}

/* Steps that the rule does not have so are kept as they are. */
static void other_steps_are_kept(void **state)
{
    struct planned_step list[] = {step_of("second", STEP_FORM, 0, "s/O1.other"), step_of("gone", STEP_CALL, 7, "s/O1.gone")};
    struct plan plan = plan_of(list, 2), again;
    again = *plan_folded(&plan, &config, &playbook, *state);
    assert_step(&again.steps.at[0], "second", STEP_FORM, "s/O1.other");
    assert_step(&again.steps.at[1], "gone", STEP_CALL, "");
    plan_unfold(&again, &config, &playbook, *state);
    assert_step(&again.steps.at[0], "second", STEP_FORM, "s/O1.other");
    assert_step(&again.steps.at[1], "gone", STEP_CALL, "s/O1.gone");
}

static void what_has_no_number_is_kept_whole(void **state)
{
    struct planned_step list[] = {step_of("first", STEP_CALL, 0, "s/O1.first")};
    struct plan plan = plan_of(list, 1);
    assert_ptr_equal(plan_folded(&plan, NULL, &playbook, *state), &plan);
    plan.playbook_hash = "cccc";
    assert_ptr_equal(plan_folded(&plan, &config, &playbook, *state), &plan);
    plan.playbook_hash = "bbbb";
    list[0].work = "";
    assert_ptr_equal(plan_folded(&plan, &config, &playbook, *state), &plan);
    assert_string_equal(plan_playbook_hash(&plan, NULL), "bbbb");
}

/* A playbook that nobody has any more. */
static void what_is_gone_is_called_by_its_number(void **state)
{
    struct planned_step list[] = {step_of("", STEP_NONE, 1, "")};
    struct plan plan = plan_of(list, 1);
    plan.playbook_hash = "";
    plan.version = 3;
    assert_string_equal(plan_playbook_hash(&plan, &config), "");
    assert_string_equal(plan_playbook_hash(&plan, NULL), "");
    plan_unfold(&plan, &config, NULL, *state);
    assert_step(&plan.steps.at[0], "1", STEP_NONE, "s/O1.1");
}

/* Numbers stay: what goes out of force, or comes again, is where it was. */
static void versions_only_grow(void **state)
{
    static const struct { const char *name, *hash; size_t count; } changes[] = {
        {"book", "aaaa", 1}, {"book", "bbbb", 2}, {"other", "cccc", 3}, {"other", "", 3}, {"book", "aaaa", 3}, {"book", "dddd", 4},
    };
    const struct site_config *now = NULL;
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        const struct config_activated change = {.kind = CONFIG_PLAYBOOK, .name = changes[i].name, .hash = changes[i].hash};
        now = site_config_after(now, "s", &change, *state);
        assert_int_equal(now->versions.count, changes[i].count);
    }
    const struct config_activated calendar = {.kind = CONFIG_CALENDAR, .name = "book", .hash = "eeee"};
    now = site_config_after(now, "s", &calendar, *state);
    static const char *const expected[] = {"aaaa", "bbbb", "cccc", "dddd"};
    assert_int_equal(now->versions.count, 4);
    for (size_t i = 0; i < 4; i++)
        assert_string_equal(now->versions.at[i], expected[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_plan_is_folded_and_whole_again),
        TEST(work_goes_by_round_and_stage),
        TEST(other_steps_are_kept),
        TEST(what_has_no_number_is_kept_whole),
        TEST(what_is_gone_is_called_by_its_number),
        TEST(versions_only_grow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
