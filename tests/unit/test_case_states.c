/* Every cell of the table of states: written out a second time, in words, and compared. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../services/complaint-router/states.h"

static const char *const states[] = {
    "received", "acknowledged", "assessed", "assigned", "in_progress", "resolved", "verified", "closed", "reopened",
        "linked",
};
enum { STATES = sizeof states / sizeof states[0] };

/* ".": stays; "-": refused as wrong_state; "x": refused as closed; else the state it goes to. */
static const struct { const char *act; const char *to[STATES]; } expected[] = {
    {"case.acknowledge", {"acknowledged", "-", "-", "-", "-", "-", "-", "x", "-", "-"}},
    {"case.assess", {"-", "assessed", ".", ".", ".", "-", "-", "x", ".", "-"}},
    {"case.assign", {".", ".", "assigned", ".", ".", ".", "-", "x", "assigned", "-"}},
    {"case.start", {"-", "-", "in_progress", "in_progress", "-", "-", "-", "x", "in_progress", "-"}},
    {"case.respond", {"-", ".", ".", ".", ".", "-", "-", "x", ".", "-"}},
    {"case.report", {"-", ".", ".", ".", ".", ".", "-", "x", ".", "-"}},
    {"case.promise", {".", ".", ".", ".", ".", ".", "-", "x", ".", "-"}},
    {"case.wait", {"-", ".", ".", ".", ".", ".", "-", "x", ".", "-"}},
    {"case.resume", {"-", ".", ".", ".", ".", ".", "-", "x", ".", "-"}},
    {"case.escalate", {".", ".", ".", ".", ".", ".", "-", "x", ".", "-"}},
    {"case.propose", {"-", ".", ".", ".", ".", "-", "-", "x", ".", "-"}},
    {"case.approve", {"-", ".", ".", ".", ".", "-", "-", "x", ".", "-"}},
    {"case.decline", {"-", ".", ".", ".", ".", "-", "-", "x", ".", "-"}},
    {"case.resolve", {"-", "-", "resolved", "resolved", "resolved", "-", "-", "x", "resolved", "-"}},
    {"case.verify", {"-", "-", "-", "-", "-", "verified", "-", "x", "-", "-"}},
    {"case.close", {"-", "-", "-", "-", "-", "-", "closed", "x", "-", "-"}},
    {"case.reopen", {"-", "-", "-", "-", "-", "reopened", "reopened", "reopened", "-", "-"}},
    {"case.link", {"linked", "linked", "linked", "linked", "linked", "-", "-", "x", "linked", "-"}},
    {"case.unlink", {"-", "-", "-", "-", "-", "-", "-", "x", "-", "received"}},
};
enum { ACTS = sizeof expected / sizeof expected[0] };

static const char *outcome(enum case_state state, enum case_act_number act)
{
    const char *refusal = NULL;
    enum case_state next = state_after(state, act, &refusal);
    if (next == CASE_NONE)
        return strcmp(refusal, "closed") ? "-" : "x";
    return next == state ? "." : words_name(&case_state_words, next);
}

static void check_row(const char *act_name, const char *const *to)
{
    enum case_act_number act = act_of_event(event_number(act_name));
    assert_int_not_equal(act, ACT_COUNT);
    for (size_t i = 0; i < STATES; i++) {
        int state = words_find(&case_state_words, states[i]);
        assert_int_equal(state, i + 1);
        const char *got = outcome((enum case_state)state, act);
        if (strcmp(got, to[i]))
            fail_msg("%s in state %s: expected %s, got %s", act_name, states[i], to[i], got);
    }
}

static void test_every_cell(void **unused)
{
    (void)unused;
    assert_int_equal(ACTS, ACT_COUNT);
    assert_int_equal(STATES, case_state_count - 1);
    for (size_t i = 0; i < ACTS; i++)
        check_row(expected[i].act, expected[i].to);
}

/* An act and its result belong to each other by name: case.start, case.started. */
static void test_acts_have_results(void **unused)
{
    (void)unused;
    for (int act = 0; act < ACT_COUNT; act++) {
        const struct act_type *type = &act_types[act];
        assert_int_equal(event_types[type->act].class, ACT);
        assert_int_equal(event_types[type->result].class, STAGE_COMPLAINT_ROUTER);
        assert_int_equal(act_of_event(type->act), act);
    }
    assert_int_equal(act_of_event(EVENT_CASE_OPENED), ACT_COUNT);
}

/* Nothing leads into a state that no act can leave. */
static void test_no_dead_ends(void **unused)
{
    (void)unused;
    const char *refusal;
    for (int state = CASE_RECEIVED; state < case_state_count; state++) {
        int ways = 0;
        for (int act = 0; act < ACT_COUNT; act++) {
            enum case_state next = state_after((enum case_state)state, (enum case_act_number)act, &refusal);
            ways += next != CASE_NONE && next != (enum case_state)state;
        }
        assert_true(ways > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_cell),
        cmocka_unit_test(test_acts_have_results),
        cmocka_unit_test(test_no_dead_ends),
    };
    return cmocka_run_group_tests_name("case_states", tests, NULL, NULL);
}
