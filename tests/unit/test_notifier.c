/* The notifier in a small shop: which way a notice goes, and when. */
#include "support/notices.h"

/* -------- to whom, by which way */

static void test_sent_at_once(void **unused)
{
    (void)unused;
    notice_want("1", "\"about\":\"v7\",\"plan\":\"s1/p\",\"step\":\"thanks\"");
    assert_field("1", "state", "sent");
    assert_field("1", "channels", "[\"sms\",\"email\"]");
    assert_field("1", "due_at", "");
    assert_tried("sms");
    assert_last("notice.attempted", "attempt", "1");
    assert_last("notice.sent", "channel", "sms");
    assert_last("notice.sent", "about", "v7");
    assert_last("notice.sent", "step", "thanks");
    assert_last("notice.sent", "customer", "wang");
    assert_string_equal(scene_queue(scene, "paused/"), "");
    assert_int_equal(world_next_due(scene->world), 0);
}

static void test_preference_goes_first(void **unused)
{
    (void)unused;
    scene_post(scene,
               "\"type\":\"customer.preferred\",\"customer\":\"wang\",\"data\":{\"channels\":[\"webhook\",\"email\"]}");
    notice_want("1", "");
    assert_tried("email");
    assert_field("1", "channels", "[\"email\",\"sms\"]");
    notice_want("2", "\"channel\":\"sms\"");
    assert_tried("email sms");
}

/* What a person tells by phone, or what is read in the app, leaves by no gateway. */
static void test_ways_without_gateway(void **unused)
{
    (void)unused;
    scene_post(scene, "\"type\":\"customer.preferred\",\"customer\":\"wang\",\"data\":{\"channels\":[\"phone\",\"in_app\"]}");
    notice_want("1", "\"about\":\"v7\"");
    assert_field("1", "state", "sent");
    assert_last("notice.sent", "channel", "phone");
    assert_last("task.wanted", "task", "s1/1.call");
    assert_last("task.wanted", "role", "follow-up-agent");
    assert_last("task.wanted", "about", "v7");
    assert_last("task.wanted", "customer", "wang");
    scene_post(scene, "\"type\":\"customer.preferred\",\"customer\":\"wang\",\"data\":{\"do_not_call\":\"yes\"}");
    notice_want("2", "");
    assert_last("notice.sent", "channel", "in_app");
    assert_int_equal(scene_count(scene, "task.wanted"), 1);
    assert_tried("");
}

static void test_not_before_due(void **unused)
{
    (void)unused;
    notice_want("1", "\"due_at\":\"2026-03-02T10:00:00+08:00\"");
    assert_field("1", "state", "waiting");
    notice_until("2026-03-02 10:01");
    assert_last("notice.sent", "time", "2026-03-02 10:00");
}

static void test_nobody_to_reach(void **unused)
{
    (void)unused;
    scene_post(scene, "\"type\":\"customer.recorded\",\"customer\":\"li\",\"data\":{\"name\":\"Li\"}");
    scene_post(scene,
               "\"type\":\"notice.wanted\",\"customer\":\"li\",\"data\":{\"notice\":\"s1/1\",\"template\":\"thanks\"}");
    assert_field("1", "state", "skipped");
    assert_last("notice.skipped", "reason", "no_contact");
}

/* The customer's own stage may be behind: its record is waited for, but not for ever. */
static void test_customer_not_known_yet(void **unused)
{
    (void)unused;
    scene_post(scene,
               "\"type\":\"notice.wanted\",\"customer\":\"zhao\",\"data\":{\"notice\":\"s1/1\",\"template\":\"thanks\"}");
    assert_field("1", "state", "waiting");
    scene_post(scene, "\"type\":\"customer.recorded\",\"customer\":\"zhao\",\"data\":{\"mobile\":\"13800000009\"}");
    notice_until("2026-03-02 09:01");
    assert_field("1", "state", "sent");
    assert_last("notice.sent", "time", "2026-03-02 09:00:01.000");
    scene_post(scene,
               "\"type\":\"notice.wanted\",\"customer\":\"nobody\",\"data\":{\"notice\":\"s1/2\",\"template\":\"thanks\"}");
    notice_until("2026-03-02 09:04");
    assert_last("notice.skipped", "reason", "no_contact");
    assert_last("notice.skipped", "time", "2026-03-02 09:03");
}

static void test_staff(void **unused)
{
    (void)unused;
    notice_want_staff("1", "\"to_staff\":\"an\"");
    assert_last("notice.sent", "channel", "email");
    assert_last("notice.sent", "to_staff", "an");
    notice_want_staff("2", "\"to_role\":\"agent\"");
    assert_field("2", "to_staff", "an");
    assert_field("2.bo", "to_staff", "bo");
    assert_tried("email email sms");
    notice_want_staff("3", "\"to_staff\":\"no\"");
    assert_field("3", "reason", "no_contact");
    notice_want_staff("4", "\"to_role\":\"nobody\"");
    assert_field("4", "reason", "no_contact");
    scene_post(scene, "\"type\":\"agent.changed\",\"data\":{\"agent\":\"an\",\"absent\":true}");
    scene_post(scene, "\"type\":\"agent.changed\",\"data\":{\"agent\":\"bo\",\"absent\":true}");
    notice_want_staff("5", "\"to_role\":\"agent\"");
    assert_field("5", "to_staff", "cy");
    assert_last("notice.sent", "channel", "webhook");
}

static void test_no_such_text(void **unused)
{
    (void)unused;
    scene_post(scene,
               "\"type\":\"notice.wanted\",\"customer\":\"wang\",\"data\":{\"notice\":\"s1/1\",\"template\":\"typo\"}");
    assert_last("notice.dead", "reason", "no_template");
    assert_string_equal(scene_queue(scene, "dead/"), "dead/s1/s1/1");
}

static void test_asked_twice(void **unused)
{
    (void)unused;
    notice_want("1", "");
    notice_want("1", "");
    assert_tried("sms");
}

/* -------- the gate */

static void test_quiet_hours(void **unused)
{
    (void)unused;
    notice_until("2026-03-02 22:00");
    notice_want("1", "");
    assert_field("1", "state", "waiting");
    assert_last("notice.postponed", "reason", "quiet_hours");
    assert_last("notice.postponed", "until", "2026-03-03 08:00");
    notice_until("2026-03-03 08:01");
    assert_last("notice.sent", "time", "2026-03-03 08:00");
    notice_want_staff("2", "\"to_staff\":\"an\"");
    assert_field("2", "state", "sent");
}

static void test_valid_until(void **unused)
{
    (void)unused;
    notice_until("2026-03-02 22:00");
    notice_want("1", "\"valid_until\":\"2026-03-03T07:00:00+08:00\"");
    assert_last("notice.skipped", "reason", "expired");
    notice_want("2", "\"valid_until\":\"2026-03-02T21:00:00+08:00\"");
    assert_field("2", "reason", "expired");
    assert_tried("");
}

static void test_cap(void **unused)
{
    (void)unused;
    notice_want("1", "");
    scene_post(scene, "\"type\":\"task.attempted\",\"customer\":\"wang\",\"data\":{\"task\":\"s1/t\",\"kind\":\"call\","
                      "\"outcome\":\"no_answer\"}");
    notice_want("2", "");
    assert_field("2", "state", "waiting");
    assert_last("notice.postponed", "reason", "cap");
    scene_post(scene,
               "\"type\":\"notice.wanted\",\"customer\":\"wang\",\"data\":{\"notice\":\"s1/3\",\"template\":\"thanks\","
                      "\"purpose\":\"complaint\"}");
    assert_field("3", "state", "sent");
    notice_until("2026-03-03 12:00");
    assert_field("2", "state", "sent");
}

/* A retry is not held up by the contact that it itself would be. */
static void test_retry_does_not_count_twice(void **unused)
{
    (void)unused;
    notice_want("1", "");
    will(SEND_TEMPORARY);
    notice_want("2", "");
    notice_until("2026-03-02 09:05");
    assert_field("2", "state", "sent");
    assert_field("2", "attempt", "2");
}

static void test_failed_ones_do_not_count(void **unused)
{
    (void)unused;
    will(SEND_PERMANENT, SEND_PERMANENT);
    notice_want("1", "");
    assert_field("1", "state", "dead");
    notice_want("2", "");
    notice_want("3", "");
    assert_field("3", "state", "sent");
}

static void test_withdrawal(void **unused)
{
    (void)unused;
    will(SEND_TEMPORARY);
    notice_want("1", "");
    notice_want("2", "\"due_at\":\"2026-03-02T12:00:00+08:00\"");
    scene_post(scene, "\"type\":\"customer.preferred\",\"customer\":\"wang\",\"data\":{\"do_not_message\":\"yes\"}");
    notice_until("2026-03-02 13:00");
    assert_field("1", "state", "skipped");
    assert_field("2", "state", "skipped");
    assert_last("notice.skipped", "reason", "do_not_message");
    assert_tried("sms");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_notices(test_sent_at_once),
        with_notices(test_preference_goes_first),
        with_notices(test_ways_without_gateway),
        with_notices(test_not_before_due),
        with_notices(test_nobody_to_reach),
        with_notices(test_customer_not_known_yet),
        with_notices(test_staff),
        with_notices(test_no_such_text),
        with_notices(test_asked_twice),
        with_notices(test_quiet_hours),
        with_notices(test_valid_until),
        with_notices(test_cap),
        with_notices(test_retry_does_not_count_twice),
        with_notices(test_failed_ones_do_not_count),
        with_notices(test_withdrawal),
    };
    return cmocka_run_group_tests_name("notifier", tests, NULL, NULL);
}
