/* Follow-up's core in a world of its own: attempts, outcomes, what they lead to, corrections, withdrawals. */
#include "support/calls.h"

/* -------- attempts */

static void three_attempts_with_growing_gaps_then_a_message(void **state)
{
    static const char *const due[] = {"2026-03-03 17:10", "2026-03-04 17:10"};
    (void)state;
    struct showroom *shop = shop_with_task();
    for (int attempt = 0; attempt < 2; attempt++) {
        claim(shop, "ann", "");
        outcome(shop, "v1.care", attempt ? "busy" : "no_answer", "");
        const struct task *task = shop_task(shop, "v1.care");
        assert_int_equal(task->state, TASK_WAITING);
        assert_string_equal(task->assignee, "ann");
        assert_int_equal(task->due_at, shop_time(due[attempt]));
        shop_run(shop, due[attempt]);
        shop_forget(shop);
        claim(shop, "bob", "");                     /* the same agent keeps the call */
        assert_string_equal(shop_refusal(shop), "nothing_due");
        shop_forget(shop);
    }
    claim(shop, "ann", "");
    outcome(shop, "v1.care", "no_answer", "");
    const struct task_changed *closed = shop_last(shop, EVENT_TASK_CLOSED);
    assert_int_equal(closed->outcome, OUTCOME_UNREACHABLE);
    assert_int_equal(closed->attempts, 3);
    const struct notice_wanted *notice = shop_last(shop, EVENT_NOTICE_WANTED);
    assert_string_equal(notice->template, "sorry");
    assert_string_equal(notice->notice, "s/v1.care.unreachable");
    shop_close(shop);
}

static void a_retry_past_the_window_moves_to_the_next_opening(void **state)
{
    (void)state;
    struct showroom *shop = shop_with_task();
    shop_run(shop, "2026-03-03 16:00");
    claim(shop, "ann", "");
    outcome(shop, "v1.care", "busy", "");           /* 18:00 is outside */
    assert_int_equal(shop_task(shop, "v1.care")->due_at, shop_time("2026-03-04 10:00"));
    assert_string_equal(shop_task(shop, "v1.care")->window, "Wed 10:00-11:30");
    shop_close(shop);
}

static void a_call_back_is_at_the_agreed_time_exactly(void **state)
{
    (void)state;
    struct showroom *shop = shop_with_task();
    claim(shop, "ann", "");
    outcome(shop, "v1.care", "call_back", "");
    assert_string_equal(shop_refusal(shop), "bad_value");
    outcome(shop, "v1.care", "call_back", "'call_back_at':{@2026-03-03 20:15}");
    const struct task *task = shop_task(shop, "v1.care");
    assert_int_equal(task->due_at, shop_time("2026-03-03 20:15"));
    shop_run(shop, "2026-03-03 20:15");
    shop_forget(shop);
    claim(shop, "bob", "");
    assert_string_equal(shop_refusal(shop), "nothing_due");
    claim(shop, "ann", "");
    assert_int_equal(shop_count(shop, EVENT_TASK_CLAIMED), 1);
    outcome(shop, "v1.care", "completed", "'satisfaction':4");
    assert_int_equal(shop_task(shop, "v1.care")->outcome, OUTCOME_COMPLETED);
    shop_close(shop);
}

static void a_missed_call_back_returns_to_the_windows(void **state)
{
    (void)state;
    struct showroom *shop = shop_with_task();
    claim(shop, "ann", "");
    outcome(shop, "v1.care", "call_back", "'call_back_at':{@2026-03-03 20:15}");
    shop_run(shop, "2026-03-03 21:14");
    assert_int_equal(shop_task(shop, "v1.care")->state, TASK_OPEN);
    shop_run(shop, "2026-03-03 21:15");
    assert_int_equal(shop_task(shop, "v1.care")->state, TASK_WAITING);
    assert_int_equal(shop_task(shop, "v1.care")->due_at, shop_time("2026-03-04 10:00"));
    shop_close(shop);
}

static void an_agreed_time_comes_before_the_key_customer(void **state)
{
    (void)state;
    struct showroom *shop = shop_open("2026-03-02 15:10", calls_playbook);
    shop_post(shop, "customer.recorded", "'customer':'c2'", "'class':'key'");
    visit(shop, "c1", "v1");
    shop_run(shop, "2026-03-02 15:30");
    visit(shop, "c2", "v2");
    shop_run(shop, "2026-03-03 15:10");
    claim(shop, "ann", "");
    outcome(shop, "v1.care", "call_back", "'call_back_at':{@2026-03-03 15:40}");
    shop_run(shop, "2026-03-03 15:40");
    claim(shop, "ann", "");
    assert_string_equal(((const struct task_changed *)shop_last(shop, EVENT_TASK_CLAIMED))->task, "s/v1.care");
    claim(shop, "bob", "");
    assert_string_equal(((const struct task_changed *)shop_last(shop, EVENT_TASK_CLAIMED))->task, "s/v2.care");
    shop_close(shop);
}

/* -------- outcomes */

static void final_outcomes(void **state)
{
    static const struct { const char *said, *more; int outcome; size_t complaints; } rows[] = {
        {"completed", "'satisfaction':5", OUTCOME_COMPLETED, 0},
        {"completed", "'satisfaction':3", OUTCOME_COMPLETED, 0},
        {"completed", "", OUTCOME_COMPLETED, 0},
        {"completed", "'satisfaction':2", OUTCOME_DISSATISFIED, 1},
        {"completed", "'satisfaction':5,'complaint':'brakes squeak'", OUTCOME_DISSATISFIED, 1},
        {"wrong_number", "", OUTCOME_WRONG_NUMBER, 0},
        {"refused", "", OUTCOME_REFUSED, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct showroom *shop = shop_with_task();
        claim(shop, "ann", "");
        outcome(shop, "v1.care", rows[i].said, rows[i].more);
        assert_int_equal(((const struct task_changed *)shop_last(shop, EVENT_TASK_CLOSED))->outcome, rows[i].outcome);
        assert_int_equal(shop_count(shop, EVENT_COMPLAINT_RECEIVED), rows[i].complaints);
        const struct customer_line *line = shop_entity(shop, ENTITY_CUSTOMER_LINE, "s/c1");
        assert_string_equal(line->last_agent, "ann");
        assert_string_equal(line->agent, "");
        assert_int_equal(line->open.count, 0);
        assert_null(shop_entity(shop, ENTITY_AGENT, "s/ann"));
        shop_close(shop);
    }
}

static void a_complaint_is_linked_to_visit_and_task(void **state)
{
    (void)state;
    struct showroom *shop = shop_with_task();
    claim(shop, "ann", "");
    outcome(shop, "v1.care", "completed", "'satisfaction':1,'complaint':'the noise is back'");
    const struct seen *seen = shop_seen(shop, EVENT_COMPLAINT_RECEIVED, 0);
    const struct complaint_received *complaint = seen->data;
    assert_string_equal(complaint->complaint, "v1.care");
    assert_string_equal(complaint->visit, "v1");
    assert_string_equal(complaint->task, "s/v1.care");
    assert_string_equal(complaint->employee, "luo");
    assert_string_equal(complaint->model, "CS75");
    assert_int_equal(complaint->channel, CHANNEL_IN_FOLLOW_UP);
    assert_int_equal(complaint->satisfaction, 1);
    assert_string_equal(complaint->text, "");           /* never in the open */
    assert_true(seen->event.sealed.bytes > 0);
    assert_string_equal(seen->event.customer, "c1");
    assert_int_equal(seen->event.received_at, shop_time("2026-03-03 15:10"));
    assert_string_equal(shop_task(shop, "v1.care")->complaint, "s/v1.care");
    shop_close(shop);
}

static void wrong_acts_change_nothing(void **state)
{
    static const struct { const char *envelope, *data, *reason; } rows[] = {
        {"", "'task':'v1.care','outcome':'reached'", "bad_value"},
        {"", "'task':'v1.care','outcome':'completed','satisfaction':6", "bad_value"},
        {"", "'task':'v1.care','outcome':'call_back','call_back_at':{@2026-03-03 15:10}", "bad_value"},
        {"", "'task':'v1.care','outcome':'call_back','call_back_at':{@2026-08-03 15:10}", "bad_value"},
        {"", "'task':'v1.care','outcome':'completed','answers':[{'question':'x','value':'1'}]", "bad_value"},
        {"", "'task':'v1.care','outcome':'busy','agent':'bob'", "not_yours"},
        {"'actor':'bob','role':'agent'", "'task':'v1.care','outcome':'busy'", "not_yours"},
        {"'actor':'bob','role':'agent'", "'task':'v1.care','outcome':'busy','agent':'ann'", "not_allowed"},
        {"", "'task':'nothing','outcome':'busy'", "not_found"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct showroom *shop = shop_with_task();
        claim(shop, "ann", "");
        shop_post(shop, "task.outcome", rows[i].envelope, "%s", rows[i].data);
        assert_string_equal(shop_refusal(shop), rows[i].reason);
        assert_int_equal(shop_task(shop, "v1.care")->state, TASK_CLAIMED);
        assert_int_equal(shop_task(shop, "v1.care")->attempts.count, 0);
        shop_close(shop);
    }
}

static void answers_are_checked_against_the_questionnaire(void **state)
{
#define ANSWER(question, value) "{'question':'" question "','value':'" value "'}"
    static const struct { const char *more; int64_t satisfaction; } rows[] = {    /* satisfaction 0: refused */
        {"'answers':[" ANSWER("satisfaction", "4") "," ANSWER("fixed", "yes") "]", 4},
        {"'satisfaction':4,'answers':[" ANSWER("fixed", "no") "," ANSWER("again", "maybe") "]", 4},
        {"'satisfaction':3", 3},
        {"", 0},
        {"'answers':[" ANSWER("satisfaction", "4") "]", 0},
        {"'answers':[" ANSWER("satisfaction", "6") "," ANSWER("fixed", "yes") "]", 0},
        {"'answers':[" ANSWER("satisfaction", "4") "," ANSWER("fixed", "perhaps") "]", 0},
        {"'answers':[" ANSWER("satisfaction", "4") "," ANSWER("fixed", "yes") "," ANSWER("again", "never") "]", 0},
        {"'answers':[" ANSWER("satisfaction", "4") "," ANSWER("fixed", "yes") "," ANSWER("fixed", "no") "]", 0},
        {"'answers':[" ANSWER("satisfaction", "4") "," ANSWER("fixed", "yes") "," ANSWER("colour", "red") "]", 0},
        {"'satisfaction':5,'answers':[" ANSWER("satisfaction", "4") "," ANSWER("fixed", "yes") "]", 0},
    };
#undef ANSWER
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct showroom *shop = shop_open("2026-03-02 15:10", calls_playbook);
        shop_post(shop, "car.delivered", "'customer':'c1'", "'order':'d1'");
        shop_run(shop, "2026-03-03 15:10");
        claim(shop, "ann", "d1.first");
        outcome(shop, "d1.first", "completed", rows[i].more);
        assert_string_equal(shop_refusal(shop), rows[i].satisfaction ? "" : "bad_value");
        assert_int_equal(shop_task(shop, "d1.first")->satisfaction, rows[i].satisfaction);
        shop_close(shop);
    }
}

static void a_refusal_cancels_the_other_calls_of_the_plan(void **state)
{
    (void)state;
    struct showroom *shop = shop_open("2026-03-02 15:10", calls_playbook);
    shop_post(shop, "car.delivered", "'customer':'c1'", "'order':'d1'");
    visit(shop, "c1", "v1");
    shop_run(shop, "2026-03-03 15:10");
    claim(shop, "ann", "d1.first");
    outcome(shop, "d1.first", "refused", "");
    assert_int_equal(shop_task(shop, "d1.second")->outcome, OUTCOME_CANCELLED);
    assert_int_equal(shop_task(shop, "v1.care")->state, TASK_OPEN);
    assert_int_equal(shop_count(shop, EVENT_PLAN_FINISHED), 1);
    shop_close(shop);
}

static void a_case_is_reopened_instead_of_a_second_complaint(void **state)
{
    (void)state;
    struct showroom *shop = shop_open("2026-03-02 15:10", calls_playbook);
    shop_post(shop, "task.wanted", "'customer':'c1'",
              "'task':'s/k1.verify','step':'verify','kind':'call','role':'follow-up-agent','about':'k1',"
              "'about_type':'case.closed','due_at':{@2026-03-02 15:10}");
    claim(shop, "ann", "k1.verify");
    outcome(shop, "k1.verify", "completed", "'satisfaction':1");
    const struct seen *seen = shop_seen(shop, EVENT_CASE_REOPEN, 0);
    assert_string_equal(((const struct case_act *)seen->data)->case_id, "s/k1");
    assert_string_equal(seen->event.case_id, "s/k1");
    assert_int_equal(shop_count(shop, EVENT_COMPLAINT_RECEIVED), 0);
    shop_close(shop);
}

/* -------- corrections */

static void corrections(void **state)
{
    static const struct { const char *first, *correction; size_t complaints; const char *refusal; int outcome; } rows[] = {
        {"'satisfaction':5", "'outcome':'completed','satisfaction':1", 1, "", OUTCOME_DISSATISFIED},
        {"'satisfaction':1", "'outcome':'completed','satisfaction':1", 1, "", OUTCOME_DISSATISFIED},     /* never twice */
        {"'satisfaction':1", "'outcome':'completed','satisfaction':5", 1, "", OUTCOME_COMPLETED},
        {"'satisfaction':5", "'outcome':'completed','satisfaction':5,'complaint':'too loud'", 1, "", OUTCOME_DISSATISFIED},
        {"'satisfaction':5", "'outcome':'refused'", 0, "", OUTCOME_REFUSED},
        {"'satisfaction':5", "'outcome':'no_answer'", 0, "", OUTCOME_UNREACHABLE},
        {"'satisfaction':5", "'outcome':'call_back'", 0, "bad_value", OUTCOME_COMPLETED},
        {"'satisfaction':5", "'outcome':'refused','satisfaction':1", 0, "bad_value", OUTCOME_COMPLETED},
        {"'satisfaction':5", "'outcome':'completed','satisfaction':9", 0, "bad_value", OUTCOME_COMPLETED},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct showroom *shop = shop_with_task();
        claim(shop, "ann", "");
        outcome(shop, "v1.care", "completed", rows[i].first);
        shop_post(shop, "task.correct", "", "'task':'v1.care','reason':'slip',%s", rows[i].correction);
        assert_string_equal(shop_refusal(shop), rows[i].refusal);
        assert_int_equal(shop_count(shop, EVENT_COMPLAINT_RECEIVED), rows[i].complaints);
        assert_int_equal(shop_task(shop, "v1.care")->outcome, rows[i].outcome);
        shop_close(shop);
    }
}

/* -------- withdrawn */

static void do_not_call_closes_what_waits(void **state)
{
    (void)state;
    for (int claimed = 0; claimed < 2; claimed++) {
        struct showroom *shop = shop_with_task();
        if (claimed)
            claim(shop, "ann", "");
        shop_post(shop, "customer.preferred", "'customer':'c1'", "'do_not_call':'yes'");
        if (claimed) {                                  /* left to the agent who may be speaking */
            assert_int_equal(shop_task(shop, "v1.care")->state, TASK_CLAIMED);
            outcome(shop, "v1.care", "no_answer", "");
        }
        const struct task_changed *closed = shop_last(shop, EVENT_TASK_CLOSED);
        assert_int_equal(closed->outcome, OUTCOME_CANCELLED);
        assert_string_equal(closed->reason, "do_not_call");
        assert_string_equal(((const struct plan_step *)shop_last(shop, EVENT_PLAN_STEP_SKIPPED))->reason, "do_not_call");
        shop_run(shop, "2026-03-10 12:00");
        assert_int_equal(shop_count(shop, EVENT_TASK_OVERDUE), 0);
        shop_close(shop);
    }
}

static void own_quiet_hours_move_a_call(void **state)
{
    (void)state;
    struct showroom *shop = shop_open("2026-03-02 15:10", calls_playbook);
    shop_post(shop, "customer.preferred", "'customer':'c1'", "'quiet_hours':'14:00-16:45'");
    visit(shop, "c1", "v1");
    shop_run(shop, "2026-03-03 16:44");
    assert_int_equal(shop_count(shop, EVENT_TASK_OPENED), 0);
    shop_run(shop, "2026-03-03 16:45");
    assert_int_equal(shop_task(shop, "v1.care")->state, TASK_OPEN);
    shop_close(shop);
}

static void quiet_hours_told_later_hold_too(void **state)
{
    (void)state;
    struct showroom *shop = shop_with_task();
    shop_post(shop, "customer.preferred", "'customer':'c1'", "'quiet_hours':'14:00-16:45'");
    claim(shop, "ann", "v1.care");
    assert_string_equal(shop_refusal(shop), "nothing_due");
    shop_forget(shop);
    shop_run(shop, "2026-03-03 16:45");
    claim(shop, "ann", "v1.care");
    assert_string_equal(shop_refusal(shop), "");
    outcome(shop, "v1.care", "no_answer", "");          /* 18:45 is outside: tomorrow's morning window, which is not quiet */
    assert_int_equal(shop_task(shop, "v1.care")->due_at, shop_time("2026-03-04 10:00"));
    shop_close(shop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(three_attempts_with_growing_gaps_then_a_message),
        cmocka_unit_test(a_retry_past_the_window_moves_to_the_next_opening),
        cmocka_unit_test(a_call_back_is_at_the_agreed_time_exactly),
        cmocka_unit_test(a_missed_call_back_returns_to_the_windows),
        cmocka_unit_test(an_agreed_time_comes_before_the_key_customer),
        cmocka_unit_test(final_outcomes),
        cmocka_unit_test(a_complaint_is_linked_to_visit_and_task),
        cmocka_unit_test(wrong_acts_change_nothing),
        cmocka_unit_test(answers_are_checked_against_the_questionnaire),
        cmocka_unit_test(a_refusal_cancels_the_other_calls_of_the_plan),
        cmocka_unit_test(a_case_is_reopened_instead_of_a_second_complaint),
        cmocka_unit_test(corrections),
        cmocka_unit_test(do_not_call_closes_what_waits),
        cmocka_unit_test(own_quiet_hours_move_a_call),
        cmocka_unit_test(quiet_hours_told_later_hold_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
