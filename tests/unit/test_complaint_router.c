/* The complaint router in a small shop: what becomes of a complaint, to the minute. */
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
    "complaints:\n"
    "  categories:\n"
    "    price: { codes: [K], words: [refund] }\n"
    "    service_quality: { codes: [I], words: [rude] }\n"
    "    product_quality: { codes: [A, B], words: [noise] }\n"
    "    other: { codes: [Q] }\n"
    "  departments: { product_quality: workshop, service_quality: desk, price: desk, delivery_time: desk, other: desk }\n"
    "  grades:\n"
    "    - { name: fire, grade: major, when: { words: [fire] } }\n"
    "    - { name: again, grade: general, when: { repeat: yes } }\n"
    "    - { name: engine, grade: general, when: { code: A } }\n"
    "    - { name: the-rest, grade: minor }\n"
    "  repeat_within: 30d\n"
    "  duplicate_within: 30d\n"
    "  ladder: [agent, advisor, manager, general-manager]\n"
    "  entry: { manufacturer: general-manager, media: manager }\n"
    "  clocks:\n"
    "    acknowledged: { major: 30m, general: 2h, minor: 1d }\n"
    "    assessed: { major: 2h, general: 1d, minor: 2d }\n"
    "    first_response: { major: 4h, general: 1d, minor: 2d }\n"
    "    progress: { recurring: yes, major: 1d, general: 2d, minor: 7d }\n"
    "    resolved: { major: 3d, general: 7d, minor: 15d }\n"
    "    verified: { major: 1d, general: 3d, minor: 7d }\n"
    "  warn_percent: 80\n"
    "  approval_role: regional-office\n"
    "  tell:\n"
    "    case.opened: { customer: received, holder: yours }\n"
    "    case.promise_due: { customer: still-working }\n"
    "    case.warned: { holder: near }\n"
    "    case.linked: { customer: linked }\n"
    "    case.resolved: { customer: done }\n"
    "    case.closed: { customer: closed }\n";

static const char *const staff =
    "staff: small\n"
    "people:\n"
    "  - { id: an, name: An, roles: [agent], department: desk, email: an@x.invalid, deputy: cy }\n"
    "  - { id: bo, name: Bo, roles: [agent], department: workshop, email: bo@x.invalid }\n"
    "  - { id: cy, name: Cy, roles: [advisor], department: desk, email: cy@x.invalid }\n"
    "  - { id: di, name: Di, roles: [advisor], department: desk, email: di@x.invalid }\n"
    "  - { id: em, name: Em, roles: [manager], department: desk, email: em@x.invalid }\n"
    "  - { id: fu, name: Fu, roles: [general-manager], department: desk, email: fu@x.invalid }\n"
    "  - { id: ro, name: Ro, roles: [regional-office], department: region, email: ro@x.invalid }\n";

static struct scene *scene;

static int setup(void **unused)
{
    static const struct core *const cores[] = {&scheduler_core, &follow_up_core, &complaint_router_core, NULL};
    (void)unused;
    scene = scene_new(cores, playbook, staff, NULL);
    return 0;
}

static int teardown(void **unused)
{
    (void)unused;
    scene_free(&scene);
    return 0;
}

/* -------- short forms */

static void complain(const char *number, const char *rest)
{
    scene_post(scene, "\"type\":\"complaint.received\",\"data\":{\"complaint\":\"%s\",%s}", number, rest);
}

static void act(const char *type, const char *case_id, const char *rest)
{
    scene_post(scene, "\"type\":\"%s\",\"data\":{\"case_id\":\"s1/%s\"%s%s}", type, case_id, *rest ? "," : "", rest);
}

static void act_as(const char *type, const char *case_id, const char *actor, const char *role, const char *rest)
{
    scene_post(scene, "\"type\":\"%s\",\"actor\":\"%s\",\"role\":\"%s\",\"data\":{\"case_id\":\"%s\"%s%s}", type,
               actor, role,
               case_id, *rest ? "," : "", rest);
}

static const char *field(const char *case_id, const char *path)
{
    return scene_field(scene, ENTITY_CASE, arena_printf(scene->arena, "s1/%s", case_id), path);
}

#define assert_field(number, path, expected) assert_string_equal(field(number, path), expected)
#define assert_last(type, name, expected) assert_string_equal(scene_last(scene, type, name), expected)
#define assert_refused(why) assert_string_equal(scene_last(scene, "act.refused", "reason"), why)

static void at(const char *time)
{
    scene_until(scene, time);
}

/* Received at 09:00 on Monday, major: acknowledged by 09:30. */
static void major(const char *number)
{
    complain(number, "\"channel\":\"phone\",\"mobile\":\"13800000001\",\"text\":\"fire\",\"codes\":[\"Q1\"]");
}

static void bring_to_progress(const char *number)
{
    act("case.acknowledge", number, "");
    act("case.assess", number, "");
    act("case.assign", number, "");
    act("case.start", number, "");
    assert_field(number, "state", "in_progress");
}

/* -------- opening */

static void test_opened(void **unused)
{
    (void)unused;
    complain("7",
             "\"channel\":\"web_forum\",\"mobile\":\"13800000001\",\"codes\":[\"A38\",\"I2\",\"B1\",\"K9\"],\"model\":\"X3\"");
    assert_field("7", "state", "received");
    assert_field("7", "category", "product_quality");
    assert_field("7", "also", "[\"service_quality\",\"price\"]");
    assert_field("7", "grade", "general");
    assert_field("7", "graded_by", "engine");
    assert_field("7", "department", "workshop");
    assert_field("7", "role", "agent");
    assert_field("7", "assignee", "bo");
    assert_field("7", "opened_at", "2026-03-02 09:00");
    assert_string_equal(scene_queue(scene, "case/s1/"), "case/s1/agent/4/1772413200000/s1/7");
    assert_last("case.opened", "grade", "general");
    assert_int_equal(scene_count(scene, "notice.wanted"), 2);
    assert_last("notice.wanted", "to_staff", "bo");
    assert_last("notice.wanted", "template", "yours");
    assert_string_equal(scene_nth(scene, "notice.wanted", 0, "template"), "received");
    assert_string_equal(scene_nth(scene, "notice.wanted", 0, "to_staff"), "");
}

static void test_clocks_of_each_grade(void **unused)
{
    static const struct { const char *grade, *text; const char *due[5]; const char *warn; } rows[] = {
        {"major", "fire", {"2026-03-02 09:30", "2026-03-02 11:00", "2026-03-02 13:00", "2026-03-03 09:00",
                           "2026-03-05 09:00"}, "2026-03-02 09:24"},
        {"minor", "so so", {"2026-03-03 09:00", "2026-03-04 09:00", "2026-03-04 09:00", "2026-03-11 09:00",
                            "2026-03-23 09:00"}, "2026-03-02 16:12"},
    };
    static const char *const clocks[] = {"acknowledged", "assessed", "first_response", "progress", "resolved"};
    (void)unused;
    for (size_t i = 0; i < 2; i++) {
        complain(rows[i].grade, arena_printf(scene->arena, "\"channel\":\"phone\",\"text\":\"%s\"", rows[i].text));
        assert_field(rows[i].grade, "grade", rows[i].grade);
        for (size_t k = 0; k < 5; k++)
            assert_field(rows[i].grade, arena_printf(scene->arena, "clocks.%s.due_at", clocks[k]), rows[i].due[k]);
        assert_field(rows[i].grade, "clocks.acknowledged.warn_at", rows[i].warn);
        assert_field(rows[i].grade, "clocks.verified.due_at", "");
    }
    assert_field("major", "clocks.acknowledged.why",
                 "major: 30m of business time from 2026-03-02 09:00, when it was received");
}

static void test_category(void **unused)
{
    static const struct { const char *said, *category; } rows[] = {
        {"\"text\":\"they were rude\"", "service_quality"},
        {"\"text\":\"rude, and no refund\"", "price"},
        {"\"text\":\"nothing that fits\"", "other"},
        {"\"text\":\"rude\",\"codes\":[\"A1\"]", "product_quality"},
        {"\"text\":\"rude\",\"codes\":[\"Z1\"]", "other"},
        {"\"text\":\"rude\",\"codes\":[\"A1\"],\"category\":\"delivery_time\"", "delivery_time"},
    };
    (void)unused;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *number = arena_printf(scene->arena, "%zu", i);
        complain(number, arena_printf(scene->arena, "\"channel\":\"phone\",%s", rows[i].said));
        assert_field(number, "category", rows[i].category);
    }
    assert_field("5", "also", "[\"product_quality\"]");
}

static void test_entry_by_channel(void **unused)
{
    static const struct { const char *channel, *role, *assignee; } rows[] = {
        {"manufacturer", "general-manager", "fu"}, {"media", "manager", "em"}, {"follow_up", "agent", "an"},
    };
    (void)unused;
    for (size_t i = 0; i < 3; i++) {
        complain(rows[i].channel, arena_printf(scene->arena, "\"channel\":\"%s\"", rows[i].channel));
        assert_field(rows[i].channel, "role", rows[i].role);
        assert_field(rows[i].channel, "assignee", rows[i].assignee);
    }
}

static void test_shared_out_evenly(void **unused)
{
    (void)unused;
    complain("1", "\"channel\":\"phone\"");
    act("case.escalate", "1", "");
    assert_field("1", "assignee", "cy");
    complain("2", "\"channel\":\"phone\"");
    act("case.escalate", "2", "");
    assert_field("2", "assignee", "di");
    assert_string_equal(scene_field(scene, ENTITY_WORKLOAD, "s1/cy", "open"), "1");
    act("case.link", "1", "\"reason\":\"2\"");
    assert_string_equal(scene_field(scene, ENTITY_WORKLOAD, "s1/cy", "open"), "0");
}

static void test_absent(void **unused)
{
    (void)unused;
    scene_post(scene, "\"type\":\"agent.absent\",\"data\":{\"agent\":\"an\"}");
    complain("1", "\"channel\":\"phone\"");
    assert_field("1", "assignee", "bo");
    scene_post(scene, "\"type\":\"agent.absent\",\"data\":{\"agent\":\"bo\"}");
    complain("2", "\"channel\":\"phone\"");
    assert_field("2", "assignee", "cy");
    assert_field("2", "role", "agent");
    scene_post(scene, "\"type\":\"agent.absent\",\"data\":{\"agent\":\"cy\"}");
    complain("3", "\"channel\":\"phone\"");
    assert_field("3", "assignee", "di");
    assert_field("3", "role", "advisor");
    act("case.assign", "3", "\"assignee\":\"an\"");
    assert_refused("absent");
    scene_post(scene, "\"type\":\"agent.present\",\"data\":{\"agent\":\"an\"}");
    complain("4", "\"channel\":\"phone\"");
    assert_field("4", "assignee", "an");
}

static void test_unlinked(void **unused)
{
    (void)unused;
    complain("1", "\"channel\":\"phone\",\"mobile\":\"13800000001\",\"codes\":[\"A1\"],\"model\":\"X3\"");
    complain("2", "\"channel\":\"phone\",\"mobile\":\"13800000001\",\"codes\":[\"A1\"],\"model\":\"X3\"");
    assert_field("2", "state", "linked");
    at("2026-03-04 10:00");
    act("case.unlink", "2", "\"reason\":\"another gearbox\"");
    assert_last("case.unlinked", "reason", "another gearbox");
    assert_last("case.unlinked", "role", "agent");
    assert_field("2", "state", "received");
    assert_field("2", "linked_to", "");
    assert_field("1", "linked", "[]");
    assert_field("2", "clocks.acknowledged.due_at", "2026-03-04 12:00");
    act("case.unlink", "2", "");
    assert_refused("wrong_state");
    /* linked by hand, and back to where it was */
    complain("3", "\"channel\":\"phone\",\"text\":\"noise\"");
    bring_to_progress("3");
    act("case.link", "3", "\"reason\":\"2\"");
    assert_field("3", "state", "linked");
    assert_field("3", "clocks.resolved.state", "cancelled");
    act("case.unlink", "3", "");
    assert_field("3", "state", "in_progress");
    assert_field("3", "clocks.acknowledged.state", "met");
    assert_field("3", "clocks.resolved.state", "running");
    complain("4", "\"channel\":\"phone\",\"mobile\":\"13800000001\",\"codes\":[\"A1\"],\"model\":\"X3\"");
    assert_field("4", "linked_to", "s1/2");     /* the latest of them */
}

/* One off duty today, one on duty all day, whose deputy's deputy is there. */
static void test_hours_and_deputies(void **unused)
{
    (void)unused;
    scene_apply(scene, CONFIG_STAFF,
                "staff: small\n"
                "people:\n"
                "  - { id: an, name: An, roles: [agent], email: an@x.invalid, deputy: bo, hours: { tue-fri: [09:00-18:00] } }\n"
                "  - { id: bo, name: Bo, roles: [clerk], email: bo@x.invalid, deputy: cy, hours: { mon: [13:00-18:00] } }\n"
                "  - { id: cy, name: Cy, roles: [clerk], email: cy@x.invalid, deputy: an }\n"
                "  - { id: di, name: Di, roles: [advisor], email: di@x.invalid, hours: { sat: [09:00-12:00] } }\n"
                "  - { id: em, name: Em, roles: [manager], email: em@x.invalid }\n");
    complain("1", "\"channel\":\"phone\"");
    assert_field("1", "role", "agent");
    assert_field("1", "assignee", "cy");
    assert_field("1", "placed", "agent: an is off duty, cy stands in");
    act("case.escalate", "1", "");
    assert_last("case.escalated", "role", "manager");
    assert_last("case.escalated", "assignee", "em");
    assert_last("case.escalated", "placed", "advisor: di is off duty");
    act("case.promise", "1", "\"at\":\"2026-03-02T17:00:00+08:00\"");
    assert_last("case.promised", "placed", "");
    scene_post(scene, "\"type\":\"agent.absent\",\"data\":{\"agent\":\"em\"}");
    complain("2", "\"channel\":\"media\"");
    assert_field("2", "role", "manager");
    assert_field("2", "assignee", "");
    assert_field("2", "placed", "manager: em is absent; general-manager: nobody has this role");
    at("2026-03-02 13:00");
    complain("3", "\"channel\":\"phone\"");
    assert_field("3", "assignee", "bo");
    at("2026-03-02 20:00");         /* closed: who is there in the morning */
    complain("4", "\"channel\":\"phone\"");
    assert_field("4", "assignee", "an");
    assert_field("4", "placed", "");
}

static const char *const bath_house =
    "playbook: small\n"
    "complaints:\n"
    "  categories: { hygiene: { words: [dirty] }, billing: { words: [bill] } }\n"
    "  departments: { hygiene: house, billing: desk, other: desk }\n"
    "  grades: [{ name: idea, grade: minor, when: { voice: [opinion, suggestion] } },\n"
    "           { name: bills, grade: major, when: { category: billing, product: night pass } }, { name: rest, grade: general }]\n"
    "  ladder: [agent, manager]\n"
    "  clocks: { resolved: { major: 1d, general: 2d, minor: 3d } }\n"
    "  cause_required: yes\n"
    "  causes: [habit, machine]\n";

static void test_own_categories_and_voices(void **unused)
{
    (void)unused;
    scene_apply(scene, CONFIG_PLAYBOOK, bath_house);
    complain("1", "\"channel\":\"review\",\"text\":\"dirty\",\"voice\":\"opinion\"");
    assert_field("1", "category", "hygiene");
    assert_field("1", "department", "house");
    assert_field("1", "grade", "minor");
    assert_field("1", "voice", "opinion");
    complain("2", "\"channel\":\"phone\",\"text\":\"the bill\",\"product\":\"night pass\",\"employee\":\"bo\"");
    assert_field("2", "category", "billing");
    assert_field("2", "grade", "major");
    assert_field("2", "voice", "complaint");
    assert_field("2", "product", "night pass");
    assert_field("2", "employee", "bo");
    complain("3", "\"channel\":\"phone\",\"text\":\"?\",\"category\":\"price\"");
    assert_field("3", "category", "other");
    act("case.acknowledge", "3", "");
    act("case.assess", "3", "\"category\":\"price\",\"reason\":\"?\"");
    assert_refused("bad_value");
    assert_last("act.refused", "detail", "category: one of hygiene, billing, other");
    act("case.assess", "3", "\"category\":\"hygiene\",\"reason\":\"it was the floor\"");
    assert_field("3", "department", "house");
}

static void test_root_cause(void **unused)
{
    (void)unused;
    scene_apply(scene, CONFIG_PLAYBOOK, bath_house);
    complain("1", "\"channel\":\"phone\",\"text\":\"dirty\"");
    bring_to_progress("1");
    act("case.resolve", "1", "\"cause_found\":\"fate\"");
    assert_refused("bad_value");
    assert_last("act.refused", "detail", "cause_found: one of habit, machine");
    act("case.resolve", "1", "\"attachments\":[\"scan/1.jpg\"]");
    act("case.verify", "1", "\"satisfaction\":5");
    act("case.close", "1", "");
    assert_last("act.refused", "detail", "cause_found: it is closed with its root cause");
    act("case.close", "1", "\"cause_found\":\"habit\",\"attachments\":[\"scan/2.jpg\"]");
    assert_last("case.closed", "cause_found", "habit");
    assert_field("1", "attachments", "[\"scan/1.jpg\",\"scan/2.jpg\"]");
    complain("2", "\"channel\":\"phone\",\"text\":\"dirty\"");
    scene_post(scene, "\"type\":\"complaint.progressed\",\"data\":{\"complaint\":\"2\",\"status\":\"rated\",\"satisfaction\":5}");
    assert_field("2", "state", "verified");
}

static void test_same_number_again(void **unused)
{
    (void)unused;
    major("1");
    scene_post(scene,
               "\"type\":\"complaint.received\",\"id\":\"other\",\"data\":{\"complaint\":\"1\",\"channel\":\"phone\"}");
    assert_int_equal(scene_count(scene, "case.opened"), 1);
    assert_field("1", "grade", "major");
}

static void test_late_fact(void **unused)
{
    (void)unused;
    scene_post(scene, "\"type\":\"complaint.received\",\"occurred_at\":\"2020-10-09T00:00:00+08:00\","
                      "\"data\":{\"complaint\":\"1\",\"channel\":\"web_forum\",\"text\":\"fire\"}");
    assert_field("1", "opened_at", "2026-03-02 09:00");
    assert_field("1", "clocks.acknowledged.due_at", "2026-03-02 09:30");
    assert_int_equal(scene_count(scene, "case.breached"), 0);
}

static void test_outside_hours(void **unused)
{
    (void)unused;
    at("2026-03-07 20:00");
    major("1");
    assert_field("1", "clocks.acknowledged.due_at", "2026-03-09 09:30");
    assert_field("1", "clocks.acknowledged.warn_at", "2026-03-09 09:24");
    at("2026-03-08 09:00");
    major("2");
    assert_field("2", "clocks.progress.due_at", "2026-03-09 09:00");
    assert_field("2", "clocks.progress.warn_at", "2026-03-09 04:12");
}

/* -------- being late */

static void test_warned_then_late(void **unused)
{
    (void)unused;
    major("1");
    at("2026-03-02 09:23");
    assert_int_equal(scene_count(scene, "case.warned"), 0);
    at("2026-03-02 09:29");
    assert_int_equal(scene_count(scene, "case.warned"), 1);
    assert_last("case.warned", "time", "2026-03-02 09:24");
    assert_last("case.warned", "clock", "acknowledged");
    assert_last("notice.wanted", "template", "near");
    assert_last("notice.wanted", "valid_until", "2026-03-02 09:30");
    assert_last("notice.wanted", "priority", "urgent");
    at("2026-03-02 09:31");
    assert_int_equal(scene_count(scene, "case.breached"), 1);
    assert_last("case.breached", "time", "2026-03-02 09:30");
    assert_last("case.escalated", "time", "2026-03-02 09:30");
    assert_last("case.escalated", "role", "advisor");
    assert_field("1", "clocks.acknowledged.state", "breached");
    assert_string_equal(scene_queue(scene, "case/s1/"), "case/s1/advisor/2/1772413200000/s1/1");
    act("case.acknowledge", "1", "");
    assert_field("1", "clocks.acknowledged.state", "breached");
    assert_field("1", "clocks.acknowledged.met_at", "2026-03-02 09:31");
}

static void test_top_of_the_ladder(void **unused)
{
    (void)unused;
    complain("1", "\"channel\":\"manufacturer\",\"text\":\"fire\"");
    at("2026-03-02 09:31");
    assert_int_equal(scene_count(scene, "case.breached"), 1);
    assert_int_equal(scene_count(scene, "case.escalated"), 0);
    assert_last("case.breached", "reason", "late, at the top of the ladder");
    act("case.escalate", "1", "");
    assert_refused("wrong_state");
}

static void test_kept(void **unused)
{
    (void)unused;
    major("1");
    bring_to_progress("1");
    act("case.respond", "1", "");
    at("2026-03-02 18:00");
    assert_int_equal(scene_count(scene, "case.warned"), 1);
    assert_last("case.warned", "clock", "progress");
    assert_int_equal(scene_count(scene, "case.breached"), 0);
    assert_field("1", "clocks.first_response.state", "met");
}

/* A timer that is fired late must not let an act slip in before the deadline it missed. */
static void test_act_after_deadline_is_late(void **unused)
{
    (void)unused;
    major("1");
    at("2026-03-02 09:30");
    act("case.acknowledge", "1", "");
    assert_int_equal(scene_count(scene, "case.breached"), 1);
    assert_field("1", "clocks.acknowledged.state", "breached");
}

static void test_progress_recurs(void **unused)
{
    (void)unused;
    major("1");
    bring_to_progress("1");
    act("case.respond", "1", "");
    at("2026-03-03 08:00");
    act("case.report", "1", "");
    assert_field("1", "clocks.progress.due_at", "2026-03-04 09:00");
    at("2026-03-04 09:01");
    assert_last("case.breached", "clock", "progress");
    assert_last("case.breached", "time", "2026-03-04 09:00");
    assert_last("case.breached", "due_at", "2026-03-04 09:00");
    assert_field("1", "clocks.progress.state", "running");
    assert_field("1", "clocks.progress.breached", "yes");
    assert_field("1", "clocks.progress.due_at", "2026-03-05 09:00");
    assert_int_equal(scene_count(scene, "case.escalated"), 1);
}

/* -------- waiting for the customer */

static void test_pause(void **unused)
{
    (void)unused;
    major("1");
    act("case.acknowledge", "1", "");
    at("2026-03-02 10:00");
    act("case.wait", "1", "");
    assert_field("1", "clocks.assessed.state", "paused");
    assert_field("1", "clocks.assessed.left_ms", "3600000");
    assert_field("1", "clocks.assessed.why",
                 "waiting for the customer since 2026-03-02 10:00; 1h of business time left");
    act("case.wait", "1", "");
    assert_refused("wrong_state");
    at("2026-03-03 10:00");
    assert_int_equal(scene_count(scene, "case.breached"), 0);
    act("case.resume", "1", "");
    assert_field("1", "clocks.assessed.due_at", "2026-03-03 11:00");
    assert_field("1", "clocks.assessed.warn_at", "2026-03-03 10:36");
    assert_field("1", "clocks.assessed.state", "running");
    at("2026-03-03 10:37");
    assert_last("case.warned", "time", "2026-03-03 10:36");
    act("case.resume", "1", "");
    assert_refused("wrong_state");
}

static void test_wait_until(void **unused)
{
    (void)unused;
    major("1");
    act("case.acknowledge", "1", "");
    act("case.wait", "1", "\"at\":\"2026-03-02T12:00:00+08:00\"");
    at("2026-03-02 12:01");
    assert_last("case.resumed", "time", "2026-03-02 12:00");
    assert_field("1", "clocks.assessed.due_at", "2026-03-02 14:00");
}

static void test_promise(void **unused)
{
    (void)unused;
    major("1");
    bring_to_progress("1");
    act("case.respond", "1", "");
    act("case.promise", "1", "\"at\":\"2026-03-02T08:00:00+08:00\"");
    assert_refused("bad_value");
    act("case.promise", "1", "\"at\":\"2026-03-02T14:00:00+08:00\"");
    assert_last("case.promised", "due_at", "2026-03-02 14:00");
    act("case.wait", "1", "");
    at("2026-03-02 13:30");
    assert_last("case.warned", "clock", "promise");
    assert_last("case.warned", "time", "2026-03-02 13:00");
    at("2026-03-02 14:01");
    assert_last("case.breached", "clock", "promise");
    assert_last("case.promise_due", "time", "2026-03-02 14:00");
    assert_last("notice.wanted", "template", "still-working");
    assert_last("case.escalated", "role", "advisor");
}

static void test_promise_kept(void **unused)
{
    (void)unused;
    major("1");
    bring_to_progress("1");
    act("case.promise", "1", "\"at\":\"2026-03-02T12:00:00+08:00\"");
    act("case.report", "1", "");
    at("2026-03-02 12:01");
    assert_int_equal(scene_count(scene, "case.promise_due"), 0);
    assert_field("1", "clocks.promise.state", "met");
}

/* -------- correcting, compensating */

static void test_assess_corrects(void **unused)
{
    (void)unused;
    complain("1", "\"channel\":\"phone\"");
    act("case.acknowledge", "1", "");
    act("case.assess", "1", "\"grade\":\"major\"");
    assert_refused("bad_value");
    act_as("case.assess", "1", "em", "",
           "\"grade\":\"major\",\"category\":\"product_quality\",\"reason\":\"an engine fire\"");
    assert_field("1", "grade", "major");
    assert_field("1", "graded_by", "em");
    assert_field("1", "department", "workshop");
    assert_field("1", "assignee", "bo");
    assert_field("1", "clocks.first_response.due_at", "2026-03-02 13:00");
    assert_field("1", "clocks.assessed.state", "met");
}

static void propose(const char *rest)
{
    act("case.propose", "1", arena_printf(scene->arena, "\"compensation\":\"a voucher\",\"amount_cents\":50000%s",
                                          rest));
}

static void test_compensation(void **unused)
{
    (void)unused;
    major("1");
    bring_to_progress("1");
    propose("");
    assert_refused("bad_value");
    propose(",\"effect_manufacturer\":\"none\",\"effect_customer\":\"harm: waits longer\"");
    assert_refused("not_allowed");
    propose(",\"effect_manufacturer\":\"none\",\"effect_customer\":\"is made whole\"");
    assert_field("1", "approval", "asked");
    act("case.resolve", "1", "");
    assert_refused("needs_approval");
    act_as("case.approve", "1", "em", "manager", "");
    assert_refused("not_allowed");
    act_as("case.approve", "1", "em", "", "");
    assert_refused("not_allowed");
    assert_int_equal(scene_count(scene, "act.refused"), 5);
    act_as("case.approve", "1", "ro", "regional-office", "");
    assert_field("1", "approval", "given");
    act("case.decline", "1", "");
    assert_refused("wrong_state");
    act("case.resolve", "1", "");
    assert_field("1", "state", "resolved");
}

static void test_declined(void **unused)
{
    (void)unused;
    major("1");
    bring_to_progress("1");
    propose(",\"effect_manufacturer\":\"none\",\"effect_customer\":\"none\"");
    act_as("case.decline", "1", "ro", "regional-office", "\"reason\":\"too much\"");
    assert_last("case.declined", "reason", "too much");
    act("case.resolve", "1", "");
    assert_field("1", "state", "resolved");
}

/* -------- rights */

static void test_rights(void **unused)
{
    static const struct { const char *actor, *role; bool allowed; } rows[] = {
        {"bo", "agent", false}, {"an", "agent", true}, {"cy", "advisor", true}, {"em", "manager", true},
        {"who", "supervisor", true}, {"who", "administrator", true}, {"who", "marketing", false}, {"who", "", true},
    };
    (void)unused;
    complain("1", "\"channel\":\"phone\"");
    assert_field("1", "assignee", "an");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t refused_before = scene_count(scene, "act.refused"), done_before = scene_count(scene, "case.promised");
        act_as("case.promise", "1", rows[i].actor, rows[i].role, "\"at\":\"2026-03-09T12:00:00+08:00\"");
        assert_int_equal(scene_count(scene, "act.refused") - refused_before, !rows[i].allowed);
        assert_int_equal(scene_count(scene, "case.promised") - done_before, rows[i].allowed);
    }
    assert_refused("not_yours");
    act_as("case.escalate", "1", "bo", "agent", "");
    assert_field("1", "role", "advisor");
    act_as("case.escalate", "9", "bo", "agent", "");
    assert_refused("not_found");
    act_as("case.escalate", "s2/1", "bo", "agent", "");
    assert_refused("not_found");
}

/* -------- the result */

static void resolve(const char *number)
{
    bring_to_progress(number);
    act("case.respond", number, "");
    act("case.resolve", number, "\"cause_found\":\"a loose screw\"");
}

static void test_verified_and_closed(void **unused)
{
    (void)unused;
    major("1");
    at("2026-03-02 09:10");
    resolve("1");
    assert_field("1", "clocks.progress.state", "cancelled");
    assert_field("1", "clocks.verified.due_at", "2026-03-03 09:10");
    act("case.verify", "1", "");
    assert_refused("bad_value");
    act("case.verify", "1", "\"satisfaction\":3");
    assert_field("1", "state", "verified");
    act("case.close", "1", "");
    assert_field("1", "state", "closed");
    assert_field("1", "closed_at", "2026-03-02 09:10");
    assert_field("1", "cause_found", "a loose screw");
    assert_string_equal(scene_queue(scene, "case/s1/"), "");
    assert_string_equal(scene_field(scene, ENTITY_WORKLOAD, "s1/an", "open"), "0");
    assert_int_equal(world_next_due(scene->world), 0);
    act("case.report", "1", "");
    assert_refused("closed");
}

static void test_unhappy_goes_up(void **unused)
{
    (void)unused;
    major("1");
    resolve("1");
    act("case.verify", "1", "\"satisfaction\":2");
    assert_field("1", "state", "reopened");
    assert_last("case.reopened", "role", "advisor");
    assert_field("1", "clocks.resolved.state", "running");
    assert_field("1", "clocks.resolved.due_at", "2026-03-05 09:00");
    act("case.resolve", "1", "");
    act("case.verify", "1", "\"satisfaction\":5");
    act("case.close", "1", "");
    at("2026-03-03 09:00");
    act("case.reopen", "1", "\"reason\":\"it came back\"");
    assert_field("1", "role", "manager");
    assert_field("1", "reopened", "2");
    assert_field("1", "clocks.resolved.due_at", "2026-03-06 09:00");
    assert_string_equal(scene_field(scene, ENTITY_WORKLOAD, "s1/em", "open"), "1");
}

/* -------- the same again */

static const char *const same_thing = "\"channel\":\"phone\",\"mobile\":\"13800000001\",\"codes\":[\"B1\"],\"model\":\"X3\"";

static void test_duplicate_is_linked(void **unused)
{
    (void)unused;
    complain("1", same_thing);
    complain("2", same_thing);
    assert_field("2", "state", "linked");
    assert_field("2", "linked_to", "s1/1");
    assert_field("2", "grade", "general");
    assert_field("2", "graded_by", "again");
    assert_field("1", "linked", "[\"s1/2\"]");
    assert_last("notice.wanted", "template", "linked");
    assert_int_equal(scene_count(scene, "case.linked"), 1);
    assert_string_equal(scene_queue(scene, "case/s1/"), "case/s1/agent/6/1772413200000/s1/1");
    act("case.report", "2", "");
    assert_refused("wrong_state");
    complain("3", "\"channel\":\"phone\",\"mobile\":\"13800000002\",\"codes\":[\"B1\"],\"model\":\"X3\"");
    assert_field("3", "state", "received");
    complain("4", "\"channel\":\"phone\",\"mobile\":\"13800000001\",\"codes\":[\"B1\"],\"model\":\"X5\"");
    assert_field("4", "state", "received");
    complain("5", "\"channel\":\"phone\",\"mobile\":\"13800000001\",\"codes\":[\"K1\"],\"model\":\"X3\"");
    assert_field("5", "state", "received");
}

static void test_same_matter_after_closing(void **unused)
{
    (void)unused;
    complain("1", same_thing);
    resolve("1");
    act("case.verify", "1", "\"satisfaction\":5");
    act("case.close", "1", "");
    complain("2", same_thing);
    assert_field("2", "linked_to", "s1/1");
    assert_field("1", "state", "reopened");
    assert_field("1", "role", "advisor");
}

static void test_repeat_counts_thirty_days(void **unused)
{
    (void)unused;
    complain("1", "\"channel\":\"phone\",\"mobile\":\"13800000001\"");
    assert_field("1", "grade", "minor");
    act("case.link", "1", "\"reason\":\"1\"");
    assert_refused("bad_value");
    at("2026-04-01 08:59");
    complain("2", "\"channel\":\"phone\",\"mobile\":\"13800000001\"");
    assert_field("2", "grade", "general");
    at("2026-05-01 09:01");
    complain("3", "\"channel\":\"phone\",\"mobile\":\"13800000001\"");
    assert_field("3", "grade", "minor");
}

/* -------- the source drives it */

static void progress(const char *status, const char *rest)
{
    scene_post(scene, "\"type\":\"complaint.progressed\",\"data\":{\"complaint\":\"1\",\"status\":\"%s\"%s}", status,
               rest);
}

static void test_progress_of_the_source(void **unused)
{
    (void)unused;
    major("1");
    progress("received", "");
    assert_field("1", "state", "received");
    progress("accepted", "");
    assert_field("1", "state", "acknowledged");
    progress("accepted", "");
    progress("answered", "");
    assert_field("1", "state", "resolved");
    assert_int_equal(scene_count(scene, "case.acknowledged"), 1);
    assert_int_equal(scene_count(scene, "case.assigned"), 1);
    assert_last("notice.wanted", "template", "done");
    progress("rated", ",\"satisfaction\":1");
    assert_field("1", "state", "reopened");
    progress("rated", ",\"satisfaction\":4");
    assert_field("1", "state", "closed");
    assert_last("notice.wanted", "template", "closed");
    progress("rated", "");
    assert_int_equal(scene_count(scene, "case.closed"), 1);
}

static void test_rated_at_once(void **unused)
{
    (void)unused;
    major("1");
    progress("rated", "");
    assert_field("1", "state", "closed");
    assert_int_equal(scene_count(scene, "case.verified"), 1);
    assert_int_equal(scene_count(scene, "notice.wanted"), 3);
}

#define with_scene(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_scene(test_opened),
        with_scene(test_clocks_of_each_grade),
        with_scene(test_category),
        with_scene(test_entry_by_channel),
        with_scene(test_shared_out_evenly),
        with_scene(test_absent),
        with_scene(test_hours_and_deputies),
        with_scene(test_unlinked),
        with_scene(test_own_categories_and_voices),
        with_scene(test_root_cause),
        with_scene(test_same_number_again),
        with_scene(test_late_fact),
        with_scene(test_outside_hours),
        with_scene(test_warned_then_late),
        with_scene(test_top_of_the_ladder),
        with_scene(test_kept),
        with_scene(test_act_after_deadline_is_late),
        with_scene(test_progress_recurs),
        with_scene(test_pause),
        with_scene(test_wait_until),
        with_scene(test_promise),
        with_scene(test_promise_kept),
        with_scene(test_assess_corrects),
        with_scene(test_compensation),
        with_scene(test_declined),
        with_scene(test_rights),
        with_scene(test_verified_and_closed),
        with_scene(test_unhappy_goes_up),
        with_scene(test_duplicate_is_linked),
        with_scene(test_same_matter_after_closing),
        with_scene(test_repeat_counts_thirty_days),
        with_scene(test_progress_of_the_source),
        with_scene(test_rated_at_once),
    };
    return cmocka_run_group_tests_name("complaint_router", tests, NULL, NULL);
}
