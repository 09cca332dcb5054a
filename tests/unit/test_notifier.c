/* The notifier in a small shop: which way a notice goes, when, and what becomes of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/scene.h"

static const char *const playbook =
    "playbook: small\n"
    "version: 1\n"
    "contact:\n"
    "  quiet_hours: 21:00-08:00\n"
    "  per_day: 2\n"
    "  exempt: [complaint]\n"
    "notices:\n"
    "  order: [sms, email]\n"
    "  per_minute: 20\n"
    "  staff: { digest: { roles: [chief], at: ['09:00', '16:00'], message: together } }\n"
    "  channels:\n"
    "    sms: { retry: { attempts: 3, gaps: [1m, 10m] }, on_unknown: resend }\n"
    "    email: { retry: { attempts: 2, gaps: [1h] }, on_unknown: hold }\n"
    "    webhook: { retry: { attempts: 2, gaps: [1m] }, on_unknown: query }\n";

static const char *const staff =
    "staff: small\n"
    "people:\n"
    "  - { id: an, name: An, roles: [agent], email: an@x.invalid, mobile: '13900000001', deputy: cy }\n"
    "  - { id: bo, name: Bo, roles: [agent], mobile: '13900000002' }\n"
    "  - { id: cy, name: Cy, roles: [advisor], webhook: 'https://x.invalid/cy' }\n"
    "  - { id: no, name: No, roles: [ghost] }\n"
    "  - { id: di, name: Di, roles: [chief], email: di@x.invalid }\n";

static const char *const templates =
    "templates: small\n"
    "version: 1\n"
    "words: { zh-CN: { near: '快到期' } }\n"
    "texts:\n"
    "  together: { zh-CN: '{{count}}: {{lines}}' }\n"
    "  thanks: { zh-CN: 'thanks' }\n"
    "  near: { zh-CN: 'near' }\n";

static struct scene *scene;

static int setup(void **unused)
{
    static const struct core *const cores[] = {&scheduler_core, &notifier_core, NULL};
    (void)unused;
    scene = scene_new(cores, playbook, staff, templates);
    scene_post(scene, "\"type\":\"customer.recorded\",\"customer\":\"wang\","
                      "\"data\":{\"name\":\"Wang\",\"mobile\":\"13800000001\",\"email\":\"w@x.invalid\"}");
    return 0;
}

static int teardown(void **unused)
{
    (void)unused;
    scene_free(&scene);
    return 0;
}

/* -------- short forms */

static void want(const char *number, const char *rest)
{
    scene_post(scene,
               "\"type\":\"notice.wanted\",\"customer\":\"wang\",\"data\":{\"notice\":\"s1/%s\",\"template\":\"thanks\","
                      "\"purpose\":\"care\"%s%s}", number, *rest ? "," : "", rest);
}

static void want_staff(const char *number, const char *to)
{
    scene_post(scene,
               "\"type\":\"notice.wanted\",\"data\":{\"notice\":\"s1/%s\",\"template\":\"near\",\"purpose\":\"staff\",%s}",
               number, to);
}

static void will_answer(const enum send_result *answers, size_t count)
{
    memcpy(scene->answers, answers, count * sizeof *answers);
    scene->answer_count = count;
    scene->answered = 0;
}

#define will(...) \
    do { \
        const enum send_result answers_[] = {__VA_ARGS__}; \
        will_answer(answers_, sizeof answers_ / sizeof answers_[0]); \
    } while (0)

static const char *field(const char *number, const char *path)
{
    return scene_field(scene, ENTITY_NOTICE, arena_printf(scene->arena, "s1/%s", number), path);
}

static const char *channels_tried(void)
{
    const char *joined = "";
    for (size_t i = 0; i < scene->order_count; i++)
        joined = arena_printf(scene->arena, "%s%s%s", joined, i ? " " : "", scene->orders[i]);
    return joined;
}

#define assert_field(number, path, expected) assert_string_equal(field(number, path), expected)
#define assert_last(type, name, expected) assert_string_equal(scene_last(scene, type, name), expected)
#define assert_tried(expected) assert_string_equal(channels_tried(), expected)

static void at(const char *time)
{
    scene_until(scene, time);
}

/* -------- to whom, by which way */

static void test_sent_at_once(void **unused)
{
    (void)unused;
    want("1", "\"about\":\"v7\",\"plan\":\"s1/p\",\"step\":\"thanks\"");
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
    want("1", "");
    assert_tried("email");
    assert_field("1", "channels", "[\"email\",\"sms\"]");
    want("2", "\"channel\":\"sms\"");
    assert_tried("email sms");
}

/* What a person tells by phone, or what is read in the app, leaves by no gateway. */
static void test_ways_without_gateway(void **unused)
{
    (void)unused;
    scene_post(scene, "\"type\":\"customer.preferred\",\"customer\":\"wang\",\"data\":{\"channels\":[\"phone\",\"in_app\"]}");
    want("1", "\"about\":\"v7\"");
    assert_field("1", "state", "sent");
    assert_last("notice.sent", "channel", "phone");
    assert_last("task.wanted", "task", "s1/1.call");
    assert_last("task.wanted", "role", "follow-up-agent");
    assert_last("task.wanted", "about", "v7");
    assert_last("task.wanted", "customer", "wang");
    scene_post(scene, "\"type\":\"customer.preferred\",\"customer\":\"wang\",\"data\":{\"do_not_call\":\"yes\"}");
    want("2", "");
    assert_last("notice.sent", "channel", "in_app");
    assert_int_equal(scene_count(scene, "task.wanted"), 1);
    assert_tried("");
}

static void test_not_before_due(void **unused)
{
    (void)unused;
    want("1", "\"due_at\":\"2026-03-02T10:00:00+08:00\"");
    assert_field("1", "state", "waiting");
    at("2026-03-02 10:01");
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
    at("2026-03-02 09:01");
    assert_field("1", "state", "sent");
    assert_last("notice.sent", "time", "2026-03-02 09:00:01.000");
    scene_post(scene,
               "\"type\":\"notice.wanted\",\"customer\":\"nobody\",\"data\":{\"notice\":\"s1/2\",\"template\":\"thanks\"}");
    at("2026-03-02 09:04");
    assert_last("notice.skipped", "reason", "no_contact");
    assert_last("notice.skipped", "time", "2026-03-02 09:03");
}

static void test_staff(void **unused)
{
    (void)unused;
    want_staff("1", "\"to_staff\":\"an\"");
    assert_last("notice.sent", "channel", "email");
    assert_last("notice.sent", "to_staff", "an");
    want_staff("2", "\"to_role\":\"agent\"");
    assert_field("2", "to_staff", "an");
    assert_field("2.bo", "to_staff", "bo");
    assert_tried("email email sms");
    want_staff("3", "\"to_staff\":\"no\"");
    assert_field("3", "reason", "no_contact");
    want_staff("4", "\"to_role\":\"nobody\"");
    assert_field("4", "reason", "no_contact");
    scene_post(scene, "\"type\":\"agent.changed\",\"data\":{\"agent\":\"an\",\"absent\":true}");
    scene_post(scene, "\"type\":\"agent.changed\",\"data\":{\"agent\":\"bo\",\"absent\":true}");
    want_staff("5", "\"to_role\":\"agent\"");
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
    want("1", "");
    want("1", "");
    assert_tried("sms");
}

/* -------- the gate */

static void test_quiet_hours(void **unused)
{
    (void)unused;
    at("2026-03-02 22:00");
    want("1", "");
    assert_field("1", "state", "waiting");
    assert_last("notice.postponed", "reason", "quiet_hours");
    assert_last("notice.postponed", "until", "2026-03-03 08:00");
    at("2026-03-03 08:01");
    assert_last("notice.sent", "time", "2026-03-03 08:00");
    want_staff("2", "\"to_staff\":\"an\"");
    assert_field("2", "state", "sent");
}

static void test_valid_until(void **unused)
{
    (void)unused;
    at("2026-03-02 22:00");
    want("1", "\"valid_until\":\"2026-03-03T07:00:00+08:00\"");
    assert_last("notice.skipped", "reason", "expired");
    want("2", "\"valid_until\":\"2026-03-02T21:00:00+08:00\"");
    assert_field("2", "reason", "expired");
    assert_tried("");
}

static void test_cap(void **unused)
{
    (void)unused;
    want("1", "");
    scene_post(scene, "\"type\":\"task.attempted\",\"customer\":\"wang\",\"data\":{\"task\":\"s1/t\",\"kind\":\"call\","
                      "\"outcome\":\"no_answer\"}");
    want("2", "");
    assert_field("2", "state", "waiting");
    assert_last("notice.postponed", "reason", "cap");
    scene_post(scene,
               "\"type\":\"notice.wanted\",\"customer\":\"wang\",\"data\":{\"notice\":\"s1/3\",\"template\":\"thanks\","
                      "\"purpose\":\"complaint\"}");
    assert_field("3", "state", "sent");
    at("2026-03-03 12:00");
    assert_field("2", "state", "sent");
}

/* A retry is not held up by the contact that it itself would be. */
static void test_retry_does_not_count_twice(void **unused)
{
    (void)unused;
    want("1", "");
    will(SEND_TEMPORARY);
    want("2", "");
    at("2026-03-02 09:05");
    assert_field("2", "state", "sent");
    assert_field("2", "attempt", "2");
}

static void test_failed_ones_do_not_count(void **unused)
{
    (void)unused;
    will(SEND_PERMANENT, SEND_PERMANENT);
    want("1", "");
    assert_field("1", "state", "dead");
    want("2", "");
    want("3", "");
    assert_field("3", "state", "sent");
}

static void test_withdrawal(void **unused)
{
    (void)unused;
    will(SEND_TEMPORARY);
    want("1", "");
    want("2", "\"due_at\":\"2026-03-02T12:00:00+08:00\"");
    scene_post(scene, "\"type\":\"customer.preferred\",\"customer\":\"wang\",\"data\":{\"do_not_message\":\"yes\"}");
    at("2026-03-02 13:00");
    assert_field("1", "state", "skipped");
    assert_field("2", "state", "skipped");
    assert_last("notice.skipped", "reason", "do_not_message");
    assert_tried("sms");
}

/* -------- when it goes wrong */

static void test_retries_with_growing_gaps(void **unused)
{
    (void)unused;
    will(SEND_TEMPORARY, SEND_TEMPORARY, SEND_ACCEPTED);
    want("1", "");
    assert_field("1", "state", "retrying");
    assert_last("notice.retried", "reason", "temporary");
    assert_last("notice.retried", "detail", "as told");
    const char *first = scene_last(scene, "notice.retried", "until");
    assert_true(strcmp(first, "2026-03-02 09:01") >= 0 && strcmp(first, "2026-03-02 09:01:06.000") <= 0);
    at("2026-03-02 09:05");
    const char *second = scene_last(scene, "notice.retried", "until");
    assert_true(strcmp(second, "2026-03-02 09:11") >= 0 && strcmp(second, "2026-03-02 09:12:06.000") <= 0);
    at("2026-03-02 09:13");
    assert_field("1", "state", "sent");
    assert_field("1", "attempt", "3");
    assert_tried("sms sms sms");
}

static void test_falls_over(void **unused)
{
    (void)unused;
    will(SEND_TEMPORARY, SEND_TEMPORARY, SEND_TEMPORARY, SEND_ACCEPTED);
    want("1", "");
    at("2026-03-02 09:20");
    assert_tried("sms sms sms email");
    assert_field("1", "state", "sent");
    assert_last("notice.retried", "reason", "fall_over");
    assert_last("notice.retried", "channel", "email");
}

static void test_dead_and_again(void **unused)
{
    (void)unused;
    will(SEND_PERMANENT, SEND_PERMANENT);
    want("1", "");
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
    want("1", "");
    assert_last("notice.retried", "reason", "unknown");
    at("2026-03-02 09:02");
    assert_field("1", "state", "sent");
    assert_tried("sms sms");
}

static void test_unknown_is_held(void **unused)
{
    (void)unused;
    will(SEND_UNKNOWN, SEND_UNKNOWN);
    want("1", "\"channel\":\"email\"");
    assert_field("1", "state", "held");
    assert_string_equal(scene_queue(scene, "held/"), "held/s1/s1/1");
    finished("1", "accepted");
    assert_field("1", "state", "sent");
}

static void test_stale_answers(void **unused)
{
    (void)unused;
    will(SEND_TEMPORARY);
    want("1", "");
    finished("7", "accepted");
    finished("1", "accepted");
    assert_field("1", "state", "retrying");
    at("2026-03-02 09:02");
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
    want("1", "\"channel\":\"webhook\"");
    assert_last("notice.retried", "reason", "query");
    scene_post(scene, "\"type\":\"receipt.arrived\",\"data\":{\"notice\":\"s1/1\",\"result\":\"delivered\"}");
    assert_field("1", "state", "sent");
    assert_tried("webhook");
    want("2", "");
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
    at("2026-03-02 12:00");
    scene_post(scene, "\"type\":\"sending.resume\",\"data\":{}");
    at("2026-03-02 12:01");
    assert_int_equal(scene_count(scene, "notice.sent"), 300);
    assert_last("notice.sent", "time", "2026-03-02 12:00");
    assert_string_equal(scene_queue(scene, "paused/"), "");
}

/* Who is told things together gets them at the next time of the day; what is urgent at once. */
static void test_digest(void **unused)
{
    (void)unused;
    at("2026-03-02 10:05");
    want_staff("1", "\"to_staff\":\"di\",\"about\":\"s1/v1\"");
    assert_field("1", "state", "skipped");
    assert_field("1", "reason", "digest");
    want_staff("2", "\"to_staff\":\"di\",\"priority\":\"urgent\"");
    assert_field("2", "state", "sent");
    at("2026-03-02 11:30");
    want_staff("3", "\"to_staff\":\"di\",\"about\":\"s1/v2\"");
    assert_int_equal(scene_count(scene, "notice.sent"), 1);
    at("2026-03-02 16:01");
    assert_int_equal(scene_count(scene, "notice.sent"), 2);
    assert_last("notice.sent", "template", "together");
    assert_last("notice.sent", "time", "2026-03-02 16:00");
    assert_last("notice.wanted", "variables", "{\"count\":\"2\",\"lines\":\"- 10:05 快到期 v1\\n- 11:30 快到期 v2\\n\"}");
    at("2026-03-03 16:01");
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
    want_staff("other", "\"to_staff\":\"an\"");
    assert_field("other", "state", "sent");
    at("2026-03-02 12:00");
    scene_post(scene, "\"type\":\"sending.resume\",\"data\":{\"playbook\":\"small\"}");
    scene_post(scene, "\"type\":\"notice.wanted\",\"data\":{\"notice\":\"s1/m\",\"template\":\"near\",\"to_staff\":\"an\","
                      "\"playbook\":\"small\"}");
    at("2026-03-02 12:01");
    assert_int_equal(scene_count(scene, "notice.sent"), 302);
    assert_string_equal(scene_queue(scene, "stopped/"), "");
    assert_int_equal(scene_count(scene, "sending.stopped"), 1);
}

static void test_hold_one(void **unused)
{
    (void)unused;
    want("1", "\"due_at\":\"2026-03-02T12:00:00+08:00\"");
    scene_post(scene, "\"type\":\"sending.pause\",\"data\":{\"notice\":\"s1/1\"}");
    at("2026-03-02 13:00");
    assert_field("1", "state", "held");
    scene_post(scene, "\"type\":\"sending.resume\",\"data\":{\"notice\":\"s1/1\"}");
    assert_field("1", "state", "sent");
    assert_int_equal(scene_count(scene, "sending.paused"), 0);
}

#define with_scene(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_scene(test_sent_at_once),
        with_scene(test_preference_goes_first),
        with_scene(test_ways_without_gateway),
        with_scene(test_not_before_due),
        with_scene(test_nobody_to_reach),
        with_scene(test_customer_not_known_yet),
        with_scene(test_staff),
        with_scene(test_no_such_text),
        with_scene(test_asked_twice),
        with_scene(test_quiet_hours),
        with_scene(test_valid_until),
        with_scene(test_cap),
        with_scene(test_retry_does_not_count_twice),
        with_scene(test_failed_ones_do_not_count),
        with_scene(test_withdrawal),
        with_scene(test_retries_with_growing_gaps),
        with_scene(test_falls_over),
        with_scene(test_dead_and_again),
        with_scene(test_unknown_is_sent_again),
        with_scene(test_unknown_is_held),
        with_scene(test_stale_answers),
        with_scene(test_receipts),
        with_scene(test_pause),
        with_scene(test_digest),
        with_scene(test_flood),
        with_scene(test_hold_one),
    };
    return cmocka_run_group_tests_name("notifier", tests, NULL, NULL);
}
