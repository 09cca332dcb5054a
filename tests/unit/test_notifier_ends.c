/* What becomes of notices when sending fails, is paused or too much. */
#include <string.h>

#include "support/notices.h"

/* -------- when it goes wrong */

static void test_retries_with_growing_gaps(void **unused)
{
    (void)unused;
    will(SEND_TEMPORARY, SEND_TEMPORARY, SEND_ACCEPTED);
    notice_want("1", "");
    assert_field("1", "state", "retrying");
    assert_last("notice.retried", "reason", "temporary");
    assert_last("notice.retried", "detail", "as told");
    const char *first = scene_last(scene, "notice.retried", "until");
    assert_true(strcmp(first, "2026-03-02 09:01") >= 0 && strcmp(first, "2026-03-02 09:01:06.000") <= 0);
    notice_until("2026-03-02 09:05");
    const char *second = scene_last(scene, "notice.retried", "until");
    assert_true(strcmp(second, "2026-03-02 09:11") >= 0 && strcmp(second, "2026-03-02 09:12:06.000") <= 0);
    notice_until("2026-03-02 09:13");
    assert_field("1", "state", "sent");
    assert_field("1", "attempt", "3");
    assert_tried("sms sms sms");
}

static void test_falls_over(void **unused)
{
    (void)unused;
    will(SEND_TEMPORARY, SEND_TEMPORARY, SEND_TEMPORARY, SEND_ACCEPTED);
    notice_want("1", "");
    notice_until("2026-03-02 09:20");
    assert_tried("sms sms sms email");
    assert_field("1", "state", "sent");
    assert_last("notice.retried", "reason", "fall_over");
    assert_last("notice.retried", "channel", "email");
}

static void test_dead_and_again(void **unused)
{
    (void)unused;
    will(SEND_PERMANENT, SEND_PERMANENT);
    notice_want("1", "");
    assert_tried("sms email");
    assert_last("notice.dead", "reason", "refused");
    assert_string_equal(scene_queue(scene, "dead/"), "dead/s1/s1/1");
    scene_post(scene, "\"type\":\"notice.resend\",\"data\":{\"notice\":\"1\"}");
    assert_int_equal(scene_count(scene, "notice.resent"), 1);
    assert_field("1", "state", "sent");
    assert_field("1", "attempt", "3");
    assert_string_equal(scene_queue(scene, "dead/"), "");
    scene_post(scene, "\"type\":\"notice.resend\",\"data\":{\"notice\":\"1\"}");
    assert_last("act.refused", "reason", "wrong_state");
    scene_post(scene, "\"type\":\"notice.resend\",\"data\":{\"notice\":\"9\"}");
    assert_last("act.refused", "reason", "not_found");
}

static void finished(const char *attempt, const char *result)
{
    scene_post(scene, "\"type\":\"send.finished\",\"data\":{\"notice\":\"s1/1\",\"attempt\":%s,\"result\":\"%s\"}",
               attempt, result);
}

static void test_unknown_is_sent_again(void **unused)
{
    (void)unused;
    will(SEND_UNKNOWN);
    notice_want("1", "");
    assert_last("notice.retried", "reason", "unknown");
    notice_until("2026-03-02 09:02");
    assert_field("1", "state", "sent");
    assert_tried("sms sms");
}

static void test_unknown_is_held(void **unused)
{
    (void)unused;
    will(SEND_UNKNOWN, SEND_UNKNOWN);
    notice_want("1", "\"channel\":\"email\"");
    assert_field("1", "state", "held");
    assert_string_equal(scene_queue(scene, "held/"), "held/s1/s1/1");
    finished("1", "accepted");
    assert_field("1", "state", "sent");
}

static void test_stale_answers(void **unused)
{
    (void)unused;
    will(SEND_TEMPORARY);
    notice_want("1", "");
    finished("7", "accepted");
    finished("1", "accepted");
    assert_field("1", "state", "retrying");
    notice_until("2026-03-02 09:02");
    assert_int_equal(scene_count(scene, "notice.sent"), 1);
    finished("1", "permanent");
    finished("2", "permanent");
    assert_field("1", "state", "sent");
}

static void test_receipts(void **unused)
{
    (void)unused;
    scene_post(scene,
               "\"type\":\"customer.recorded\",\"customer\":\"wang\",\"data\":{\"webhook\":\"https://x.invalid/w\"}");
    will(SEND_UNKNOWN, SEND_ACCEPTED, SEND_ACCEPTED);
    notice_want("1", "\"channel\":\"webhook\"");
    assert_last("notice.retried", "reason", "query");
    scene_post(scene, "\"type\":\"receipt.arrived\",\"data\":{\"notice\":\"s1/1\",\"result\":\"delivered\"}");
    assert_field("1", "state", "sent");
    assert_tried("webhook");
    notice_want("2", "");
    scene_post(scene, "\"type\":\"receipt.arrived\",\"data\":{\"notice\":\"s1/2\",\"result\":\"bounced\"}");
    assert_tried("webhook sms email");
    assert_field("2", "state", "sent");
    assert_last("notice.bounced", "channel", "sms");
    assert_last("notice.retried", "reason", "fall_over");
    assert_string_equal(scene_field(scene, ENTITY_CUSTOMER, "s1/wang", "bad_channels"), "[\"sms\"]");
    /* of the channel that was given up before */
    scene_post(scene, "\"type\":\"receipt.arrived\",\"data\":{\"notice\":\"s1/2\",\"result\":\"failed\",\"channel\":\"sms\"}");
    assert_tried("webhook sms email");
    scene_post(scene, "\"type\":\"customer.recorded\",\"customer\":\"wang\",\"data\":{\"mobile\":\"13800000002\"}");
    assert_string_equal(scene_field(scene, ENTITY_CUSTOMER, "s1/wang", "bad_channels"), "[]");
}

/* -------- pausing */

static void test_pause(void **unused)
{
    (void)unused;
    scene_post(scene, "\"type\":\"sending.pause\",\"data\":{}");
    assert_int_equal(scene_count(scene, "sending.paused"), 1);
    for (int i = 0; i < 300; i++)
        scene_post(scene,
                   "\"type\":\"notice.wanted\",\"data\":{\"notice\":\"s1/n%d\",\"template\":\"near\",\"to_staff\":\"an\"}", i);
    assert_tried("");
    assert_field("n7", "reason", "paused");
    notice_until("2026-03-02 12:00");
    scene_post(scene, "\"type\":\"sending.resume\",\"data\":{}");
    notice_until("2026-03-02 12:01");
    assert_int_equal(scene_count(scene, "notice.sent"), 300);
    assert_last("notice.sent", "time", "2026-03-02 12:00");
    assert_string_equal(scene_queue(scene, "paused/"), "");
}

/* Who is told things together gets them at the next time of the day; what is urgent at once. */
static void test_digest(void **unused)
{
    (void)unused;
    notice_until("2026-03-02 10:05");
    notice_want_staff("1", "\"to_staff\":\"di\",\"about\":\"s1/v1\"");
    assert_field("1", "state", "skipped");
    assert_field("1", "reason", "digest");
    notice_want_staff("2", "\"to_staff\":\"di\",\"priority\":\"urgent\"");
    assert_field("2", "state", "sent");
    notice_until("2026-03-02 11:30");
    notice_want_staff("3", "\"to_staff\":\"di\",\"about\":\"s1/v2\"");
    assert_int_equal(scene_count(scene, "notice.sent"), 1);
    notice_until("2026-03-02 16:01");
    assert_int_equal(scene_count(scene, "notice.sent"), 2);
    assert_last("notice.sent", "template", "together");
    assert_last("notice.sent", "time", "2026-03-02 16:00");
    assert_last("notice.wanted", "variables", "{\"count\":\"2\",\"lines\":\"- 10:05 快到期 v1\\n- 11:30 快到期 v2\\n\"}");
    notice_until("2026-03-03 16:01");
    assert_int_equal(scene_count(scene, "notice.sent"), 2);
}

/* Twenty a minute: the next one stops the playbook, not what others ask for; resumed, all that waited goes, uncounted. */
static void test_flood(void **unused)
{
    (void)unused;
    for (int i = 0; i < 300; i++)
        scene_post(scene,
                   "\"type\":\"notice.wanted\",\"data\":{\"notice\":\"s1/n%d\",\"template\":\"near\",\"to_staff\":\"an\","
                   "\"playbook\":\"small\"}", i);
    assert_int_equal(scene_count(scene, "notice.sent"), 20);
    assert_int_equal(scene_count(scene, "sending.stopped"), 1);
    assert_last("sending.stopped", "playbook", "small");
    assert_last("sending.stopped", "per_minute", "20");
    assert_field("n20", "reason", "stopped");
    notice_want_staff("other", "\"to_staff\":\"an\"");
    assert_field("other", "state", "sent");
    notice_until("2026-03-02 12:00");
    scene_post(scene, "\"type\":\"sending.resume\",\"data\":{\"playbook\":\"small\"}");
    scene_post(scene, "\"type\":\"notice.wanted\",\"data\":{\"notice\":\"s1/m\",\"template\":\"near\",\"to_staff\":\"an\","
                      "\"playbook\":\"small\"}");
    notice_until("2026-03-02 12:01");
    assert_int_equal(scene_count(scene, "notice.sent"), 302);
    assert_string_equal(scene_queue(scene, "stopped/"), "");
    assert_int_equal(scene_count(scene, "sending.stopped"), 1);
}

static void test_hold_one(void **unused)
{
    (void)unused;
    notice_want("1", "\"due_at\":\"2026-03-02T12:00:00+08:00\"");
    scene_post(scene, "\"type\":\"sending.pause\",\"data\":{\"notice\":\"s1/1\"}");
    notice_until("2026-03-02 13:00");
    assert_field("1", "state", "held");
    scene_post(scene, "\"type\":\"sending.resume\",\"data\":{\"notice\":\"s1/1\"}");
    assert_field("1", "state", "sent");
    assert_int_equal(scene_count(scene, "sending.paused"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_notices(test_retries_with_growing_gaps),
        with_notices(test_falls_over),
        with_notices(test_dead_and_again),
        with_notices(test_unknown_is_sent_again),
        with_notices(test_unknown_is_held),
        with_notices(test_stale_answers),
        with_notices(test_receipts),
        with_notices(test_pause),
        with_notices(test_digest),
        with_notices(test_flood),
        with_notices(test_hold_one),
    };
    return cmocka_run_group_tests_name("ends of notices", tests, NULL, NULL);
}
