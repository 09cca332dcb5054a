/* The state table of tasks, cell by cell, against the table in services/follow-up/README.md as written by hand here; and
 * each act against a task in each state. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "../../services/follow-up/follow_up.h"
#include "support/shop.h"

/* One line per state; inputs in the order of enum task_input. */
static const struct { int state; const char *cells[INPUT_COUNT]; } expected[] = {
    {TASK_NONE, {"list", "not_found", "not_found", "not_found", "not_found", "not_found", "not_found", "-", "-", "-", "-"}},
    {TASK_OPEN, {"-", "claim", "wrong_state", "list", "list", "wrong_state", "wrong_state", "-", "close", "list", "stay"}},
    {TASK_CLAIMED, {"-", "taken", "list", "list", "list", "outcome", "wrong_state", "list", "-", "list", "stay"}},
    {TASK_WAITING, {"-", "nothing_due", "wrong_state", "list", "list", "wrong_state", "wrong_state", "-", "close", "list", "stay"}},
    {TASK_CLOSED, {"-", "closed", "closed", "closed", "closed", "closed", "stay", "-", "-", "-", "-"}},
};

static const char *cell_text(const struct task_cell *cell)
{
    static const char *const moves[] = {
        [MOVE_IGNORE] = "-", [MOVE_LIST] = "list", [MOVE_CLAIM] = "claim", [MOVE_OUTCOME] = "outcome", [MOVE_CLOSE] = "close",
        [MOVE_STAY] = "stay",
    };
    return cell->move == MOVE_REFUSE ? cell->reason : moves[cell->move];
}

static void every_cell_is_as_drawn(void **state)
{
    (void)state;
    assert_int_equal(sizeof expected / sizeof expected[0], task_state_count);
    for (size_t row = 0; row < task_state_count; row++)
        for (size_t input = 0; input < INPUT_COUNT; input++)
            assert_string_equal(cell_text(&task_cells[expected[row].state][input]), expected[row].cells[input]);
}

/* -------- the acts themselves, against a task in each state */

static const char playbook[] =
    "playbook: p\nversion: 1\nwindows: { follow-up: { mon-sat: [10:00-11:30, 15:00-17:30] } }\n"
    "rules:\n  - on: car.delivered\n    steps:\n"
    "      - { call: care, after: 1d, before: 3d, window: follow-up, role: follow-up-agent }\n";

/* A shop in which the task d.care is in this state (TASK_NONE: nothing was delivered). */
static struct showroom *shop_with(int state)
{
    struct showroom *shop = shop_open("2026-03-02 15:10", playbook);
    if (state != TASK_NONE) {
        shop_post(shop, "car.delivered", "'customer':'c1'", "'order':'d'");
        shop_run(shop, "2026-03-03 15:20");
    }
    if (state == TASK_CLAIMED || state == TASK_WAITING || state == TASK_CLOSED)
        shop_post(shop, "task.claim", "'actor':'ann'", "'task':'d.care','agent':'ann'");
    if (state == TASK_WAITING)
        shop_post(shop, "task.outcome", "'actor':'ann'", "'task':'d.care','outcome':'no_answer'");
    if (state == TASK_CLOSED)
        shop_post(shop, "task.outcome", "'actor':'ann'", "'task':'d.care','outcome':'completed','satisfaction':5");
    if (state != TASK_NONE)
        assert_int_equal(shop_task(shop, "d.care")->state, state);
    shop_forget(shop);
    return shop;
}

static const struct { enum task_input input; const char *type, *data; enum event_number result; } acts[] = {
    {INPUT_CLAIM, "task.claim", "'task':'d.care','agent':'bob'", EVENT_TASK_CLAIMED},
    {INPUT_RELEASE, "task.release", "'task':'d.care'", EVENT_TASK_RELEASED},
    {INPUT_REASSIGN, "task.reassign", "'task':'d.care','agent':'bob'", EVENT_TASK_REASSIGNED},
    {INPUT_RESCHEDULE, "task.reschedule", "'task':'d.care','at':{@2026-03-04 10:30}", EVENT_TASK_RESCHEDULED},
    {INPUT_OUTCOME, "task.outcome", "'task':'d.care','outcome':'busy','agent':'ann'", EVENT_TASK_ATTEMPTED},
    {INPUT_CORRECT, "task.correct", "'task':'d.care','outcome':'refused','reason':'slip'", EVENT_TASK_CORRECTED},
};

static void every_act_in_every_state(void **unused)
{
    (void)unused;
    for (int state = TASK_NONE; state < task_state_count; state++) {
        for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++) {
            const struct task_cell *cell = &task_cells[state][acts[i].input];
            struct showroom *shop = shop_with(state);
            shop_post(shop, acts[i].type, "", "%s", acts[i].data);
            assert_string_equal(shop_refusal(shop), cell->move == MOVE_REFUSE ? cell->reason : "");
            assert_int_equal(shop_count(shop, acts[i].result), cell->move != MOVE_REFUSE);
            shop_close(shop);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_cell_is_as_drawn),
        cmocka_unit_test(every_act_in_every_state),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
