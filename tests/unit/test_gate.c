/* gate: consent, quiet hours and caps, alone and together. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "gate.h"

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

static struct arena *arena;
static const struct calendar *calendar;

static wall_ms at(const char *text)
{
    int y, mo, d, h, mi, s = 0;
    assert_true(sscanf(text, "%d-%d-%d %d:%d:%d", &y, &mo, &d, &h, &mi, &s) >= 5);
    return calendar_instant(calendar, y, mo, d, h, mi, s);
}

static const char *text_of(wall_ms moment)
{
    struct local_time t = calendar_local(calendar, moment);
    return arena_printf(arena, "%04d-%02d-%02d %02d:%02d:%02d", t.year, t.month, t.day, t.hour, t.minute, t.second);
}

static void use_zone(const char *zone)
{
    const char *yaml = arena_printf(arena, "calendar: x\nzone: %s\n", zone);
    struct mistakes mistakes = {.file = "x", .arena = arena};
    calendar = calendar_parse((struct slice){(const uint8_t *)yaml, strlen(yaml)}, arena, &mistakes);
    assert_non_null(calendar);
}

/* The site with one playbook that has these rules. */
static const struct site *site_with(const struct contact_rules *rules)
{
    static struct playbook playbook;
    static struct playbook_in_force in_force;
    static struct site site;
    playbook = (struct playbook){.has_contact = rules != NULL};
    if (rules)
        playbook.contact = *rules;
    in_force = (struct playbook_in_force){"hash", &playbook};
    site = (struct site){.id = "sample", .calendar = calendar, .playbook_count = 1, .playbooks = &in_force};
    return &site;
}

static void check(const char *what, struct gate_result got, enum gate_answer answer, const char *reason,
                  const char *until)
{
    if (got.answer != answer || strcmp(got.reason, reason) ||
        (answer == GATE_LATER && strcmp(text_of(got.until), until)))
        fail_msg("%s: got %d %s %s, wants %d %s %s", what, got.answer, got.reason, got.until ? text_of(got.until) : "",
                 answer, reason, until);
}

static void consent_is_kept(void **state)
{
    (void)state;
    static const struct { bool no_call, no_message, call; const char *purpose, *reason; } cases[] = {
        {false, false, true, "care", ""}, {false, false, false, "marketing", ""},
        {true, false, true, "care", "do_not_call"}, {true, false, false, "care", ""},
        {true, false, true, "complaint", "do_not_call"},
        {false, true, false, "care", "do_not_message"}, {false, true, true, "care", ""},
        {false, true, false, "complaint", "do_not_message"}, {false, true, true, "marketing", "do_not_message"},
        {true, true, true, "marketing", "do_not_call"}, {true, true, false, "staff", ""},
        {true, false, true, NULL, "do_not_call"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct customer customer = {.do_not_call = cases[i].no_call, .do_not_message = cases[i].no_message};
        struct gate_question q = {.site = site_with(NULL), .customer = &customer, .call = cases[i].call,
                                  .purpose = cases[i].purpose, .now = at("2026-03-06 16:00")};
        check(arena_printf(arena, "case %zu", i), gate_ask(&q), *cases[i].reason ? GATE_CLOSED : GATE_OPEN,
            cases[i].reason, "");
    }
}

static void quiet_hours_are_kept(void **state)
{
    (void)state;
    static const struct { int site_from, site_to, own_from, own_to; const char *now, *until; } cases[] = {
        {1260, 480, 0, 0, "2026-03-06 20:59:59", NULL},
        {1260, 480, 0, 0, "2026-03-06 21:00", "2026-03-07 08:00:00"},
        {1260, 480, 0, 0, "2026-03-07 00:00", "2026-03-07 08:00:00"},
        {1260, 480, 0, 0, "2026-03-07 07:59:59", "2026-03-07 08:00:00"},
        {1260, 480, 0, 0, "2026-03-07 08:00", NULL},
        {0, 0, 720, 840, "2026-03-06 13:00:30", "2026-03-06 14:00:00"},
        {0, 0, 720, 840, "2026-03-06 14:00", NULL},
        {1260, 480, 1200, 600, "2026-03-06 20:30", "2026-03-07 10:00:00"},
        {1260, 480, 1200, 600, "2026-03-07 08:30", "2026-03-07 10:00:00"},
        {1260, 480, 480, 540, "2026-03-06 22:00", "2026-03-07 09:00:00"},
         /* the site's end is the customer's beginning */
        {1260, 1440, 0, 0, "2026-03-06 22:00", "2026-03-07 00:00:00"},
        {0, 0, 0, 0, "2026-03-06 03:00", NULL},
        {1260, 480, 0, 0, "2026-12-31 23:30", "2027-01-01 08:00:00"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct contact_rules rules = {.quiet_from_min = cases[i].site_from, .quiet_to_min = cases[i].site_to};
        struct customer customer = {.quiet_from_min = cases[i].own_from, .quiet_to_min = cases[i].own_to};
        static const char *const purposes[] = {"care", "marketing", "complaint", NULL};
        for (size_t p = 0; p < COUNT(purposes); p++) {
            struct gate_question q = {.site = site_with(&rules), .customer = &customer, .purpose = purposes[p],
                .now = at(cases[i].now)};
            check(cases[i].now, gate_ask(&q), cases[i].until ? GATE_LATER : GATE_OPEN,
                cases[i].until ? "quiet_hours" : "",
                  cases[i].until ? cases[i].until : "");
        }
    }
}

static void unknown_customers_and_staff_have_the_sites_quiet_hours(void **state)
{
    (void)state;
    struct contact_rules rules = {.quiet_from_min = 1260, .quiet_to_min = 480, .cap_per_day = 1};
    struct customer customer = {.quiet_from_min = 600, .quiet_to_min = 1200, .do_not_message = true};
    struct gate_question q = {.site = site_with(&rules), .purpose = "care", .now = at("2026-03-06 22:00")};
    check("unknown", gate_ask(&q), GATE_LATER, "quiet_hours", "2026-03-07 08:00:00");
    q.purpose = "staff";
    q.customer = &customer;
    check("staff", gate_ask(&q), GATE_LATER, "quiet_hours", "2026-03-07 08:00:00");
    q.now = at("2026-03-06 15:00");
    check("staff by day", gate_ask(&q), GATE_OPEN, "", "");
}

static void quiet_hours_follow_the_clock_changes(void **state)
{
    (void)state;
    static const struct { int from, to; const char *now; int64_t minutes; } cases[] = {
        {60, 150, "2026-03-29 01:30", 60},      /* until 02:30, which is left out: 03:30 */
        {60, 240, "2026-03-29 01:30", 90},
        {60, 150, "2026-10-25 01:30", 60},
        {60, 240, "2026-10-25 01:30", 210},
    };
    use_zone("Europe/Berlin");
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct contact_rules rules = {.quiet_from_min = cases[i].from, .quiet_to_min = cases[i].to};
        struct gate_question q = {.site = site_with(&rules), .purpose = "care", .now = at(cases[i].now)};
        assert_int_equal(gate_ask(&q).until - q.now, cases[i].minutes * MINUTE_MS);
    }
    /* 02:10 for the second time: until 02:30 for the second time */
    struct contact_rules rules = {.quiet_from_min = 60, .quiet_to_min = 150};
    struct gate_question q = {.site = site_with(&rules), .purpose = "care", .now = at("2026-10-25 02:10:30") + HOUR_MS};
    assert_int_equal(gate_ask(&q).until - q.now, 20 * MINUTE_MS - 30 * SECOND_MS);
}

static struct contacts contacts_of(const char *const *times)
{
    struct contacts contacts = {.made = {.at = arena_alloc(arena, 16 * sizeof(struct past_contact))}};
    for (; *times; times++)
        contacts.made.at[contacts.made.count++].at = at(*times);
    return contacts;
}

static void caps_are_kept(void **state)
{
    (void)state;
    static const struct { int site_day, site_week, own_day, own_week; const char *made[6], *now, *until; } cases[] = {
        {1, 0, 0, 0, {NULL}, "2026-03-06 16:00", NULL},
        {1, 0, 0, 0, {"2026-03-06 10:00"}, "2026-03-06 16:00", "2026-03-07 00:00:00"},
        {1, 0, 0, 0, {"2026-03-05 23:59"}, "2026-03-06 00:01", NULL},
        {2, 0, 0, 0, {"2026-03-06 10:00"}, "2026-03-06 16:00", NULL},
        {2, 0, 0, 0, {"2026-03-06 10:00", "2026-03-06 11:00"}, "2026-03-06 16:00", "2026-03-07 00:00:00"},
        {2, 0, 1, 0, {"2026-03-06 10:00"}, "2026-03-06 16:00", "2026-03-07 00:00:00"},
        {1, 0, 5, 0, {"2026-03-06 10:00"}, "2026-03-06 16:00", "2026-03-07 00:00:00"},
        {0, 0, 1, 0, {"2026-03-06 10:00"}, "2026-03-06 16:00", "2026-03-07 00:00:00"},
        {0, 2, 0, 0, {"2026-03-02 10:00", "2026-03-04 11:00"}, "2026-03-06 16:00", "2026-03-09 10:00:00"},
        {0, 2, 0, 0, {"2026-03-02 10:00", "2026-03-04 11:00"}, "2026-03-09 10:00", NULL},
        {0, 2, 0, 0, {"2026-03-02 10:00", "2026-03-04 11:00"}, "2026-03-09 09:59:59", "2026-03-09 10:00:00"},
        {0, 2, 0, 0, {"2026-03-05 12:00", "2026-03-02 10:00", "2026-03-04 11:00"}, "2026-03-06 16:00",
         "2026-03-11 11:00:00"},
        {0, 2, 0, 1, {"2026-03-04 11:00"}, "2026-03-06 16:00", "2026-03-11 11:00:00"},
        {1, 2, 0, 0, {"2026-03-06 10:00", "2026-03-06 11:00"}, "2026-03-06 16:00", "2026-03-13 10:00:00"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct contact_rules rules = {.cap_per_day = cases[i].site_day, .cap_per_week = cases[i].site_week};
        struct customer customer = {.cap_per_day = cases[i].own_day, .cap_per_week = cases[i].own_week};
        struct contacts contacts = contacts_of(cases[i].made);
        struct gate_question q = {.site = site_with(&rules), .customer = &customer, .contacts = &contacts,
            .purpose = "care",
                                  .now = at(cases[i].now)};
        check(arena_printf(arena, "case %zu", i), gate_ask(&q), cases[i].until ? GATE_LATER : GATE_OPEN,
            cases[i].until ? "cap" : "",
              cases[i].until ? cases[i].until : "");
    }
}

static void some_purposes_have_no_caps(void **state)
{
    (void)state;
    static const char *exempt[] = {"recall"};
    static const struct { const char *purpose; bool open; } cases[] = {
        {"care", false}, {"marketing", false}, {NULL, false}, {"complaint", true}, {"staff", true}, {"recall", true},
    };
    struct contact_rules rules = {.cap_per_day = 1, .exempt_purposes = {exempt, 1}};
    struct customer customer = {0};
    struct contacts contacts = contacts_of((const char *const[]){"2026-03-06 10:00", NULL});
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct gate_question q = {.site = site_with(&rules), .customer = &customer, .contacts = &contacts,
            .purpose = cases[i].purpose,
                                  .now = at("2026-03-06 16:00")};
        assert_int_equal(gate_ask(&q).answer, cases[i].open ? GATE_OPEN : GATE_LATER);
    }
}

static void one_obstacle_after_the_other(void **state)
{
    (void)state;
    struct contact_rules rules = {.quiet_from_min = 1260, .quiet_to_min = 480, .cap_per_day = 1, .cap_per_week = 2};
    struct customer customer = {0};
    struct contacts contacts = contacts_of((const char *const[]){"2026-03-06 10:00", NULL});
    struct gate_question q = {.site = site_with(&rules), .customer = &customer, .contacts = &contacts,
        .purpose = "care",
                              .now = at("2026-03-06 16:00")};
    check("cap, then the night", gate_ask(&q), GATE_LATER, "cap", "2026-03-07 08:00:00");
    contacts = contacts_of((const char *const[]){"2026-03-06 10:00", "2026-03-06 23:00", NULL});
    q.now = at("2026-03-07 23:30");
    check("the night, then the week", gate_ask(&q), GATE_LATER, "quiet_hours", "2026-03-13 10:00:00");
}

static int setup(void **state)
{
    (void)state;
    arena = arena_new();
    use_zone("Asia/Shanghai");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(consent_is_kept), TEST(quiet_hours_are_kept), TEST(unknown_customers_and_staff_have_the_sites_quiet_hours),
        TEST(quiet_hours_follow_the_clock_changes), TEST(caps_are_kept), TEST(some_purposes_have_no_caps),
        TEST(one_obstacle_after_the_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
