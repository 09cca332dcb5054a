/* calendar: holidays and swapped working days, from its own text and from iCalendar files. */
#include "calendar_desk.h"

static void chinas_2026_is_as_announced(void **state)
{
    (void)state;
    static const struct { const char *day; int holidays; const char *name, *worked, *pattern_opens; } cases[] = {
        {"2026-01-01", 3, "元旦", "2026-01-04", "10:00"}, {"2026-02-15", 9, "春节", "2026-02-14", "10:00"},
        {"2026-02-15", 9, "春节", "2026-02-28", "10:00"}, {"2026-04-04", 3, "清明节", NULL, NULL},
        {"2026-05-01", 5, "劳动节", "2026-05-09", "10:00"}, {"2026-06-19", 3, "端午节", NULL, NULL},
        {"2026-09-25", 3, "中秋节", NULL, NULL}, {"2026-10-01", 7, "国庆节", "2026-09-20", "10:00"},
        {"2026-10-01", 7, "国庆节", "2026-10-10", "10:00"},
    };
    const struct calendar *c = sample();
    int holidays = 0;
    const char *name;
    struct opening o;
    for (wall_ms day = at(c, "2026-01-01 12:00"); day < at(c, "2027-01-01 12:00"); day = calendar_add_days(c, day, 1))
        holidays += calendar_is_holiday(c, day, NULL);
    assert_int_equal(holidays, 33);
    for (size_t i = 0; i < COUNT(cases); i++) {
        wall_ms first = at(c, cases[i].day);
        assert_false(calendar_is_holiday(c, first - 1, NULL));
        for (int d = 0; d < cases[i].holidays; d++) {
            assert_true(calendar_is_holiday(c, calendar_add_days(c, first, d), &name));
            assert_string_equal(name, cases[i].name);
            assert_false(calendar_is_open(c, calendar_business(c), calendar_add_days(c, first, d) + 12 * HOUR_MS));
        }
        assert_false(calendar_is_holiday(c, calendar_add_days(c, first, cases[i].holidays), NULL));
        if (!cases[i].worked)
            continue;
        assert_true(calendar_is_open(c, calendar_business(c), at(c, cases[i].worked) + 9 * HOUR_MS));
        assert_true(calendar_next_opening(c, calendar_window(c, "follow-up"), at(c, cases[i].worked), &o));
        assert_string_equal(text_of(c, o.from), arena_printf(arena, "%s %s", cases[i].worked, cases[i].pattern_opens));
    }
}

static const char ics_head[] = "calendar: x\nzone: Asia/Shanghai\nbusiness: {mon: 09:00-10:00, tue-fri: 11:00-12:00}\n";

static const struct calendar *with_ics(const char *events)
{
    const char *ics = arena_printf(arena, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n%sEND:VCALENDAR\r\n", events);
    struct slice whole = calendar_bundle(slice_of(ics_head), slice_of(ics), arena);
    mistakes = (struct mistakes){.file = "c.yaml", .arena = arena};
    return calendar_parse(whole, arena, &mistakes);
}

#define EVENT(lines) "BEGIN:VEVENT\r\nUID:1\r\n" lines "END:VEVENT\r\n"

static void ics_events_become_days(void **state)
{
    (void)state;
    static const struct { const char *events, *day; const char *holiday; const char *opens; } cases[] = {
        {EVENT("DTSTART;VALUE=DATE:20260105\r\nSUMMARY:One\r\n"), "2026-01-05", "One", "2026-01-06 11:00"},
        {EVENT("DTSTART;VALUE=DATE:20260105\r\nSUMMARY:One\r\n"), "2026-01-06", NULL, "2026-01-06 11:00"},
        {EVENT("DTSTART;VALUE=DATE:20260105\r\nDTEND;VALUE=DATE:20260108\r\nSUMMARY:Three\r\n"), "2026-01-07", "Three",
         "2026-01-08 11:00"},
        {EVENT("DTSTART;VALUE=DATE:20260105\r\nDURATION:P2D\r\nSUMMARY:Two\r\n"), "2026-01-06", "Two",
         "2026-01-07 11:00"},
        {EVENT("DTSTART:20260105T080000Z\r\nDTEND:20260106T090000Z\r\nSUMMARY:Times\r\n"), "2026-01-06", "Times",
         "2026-01-07 11:00"},
        {EVENT("DTSTART;VALUE=DATE:20200615\r\nDTEND;VALUE=DATE:20200617\r\nRRULE:FREQ=YEARLY\r\nSUMMARY:Yearly\r\n"),
         "2033-06-16", "Yearly", "2033-06-17 11:00"},
        {EVENT("DTSTART;VALUE=DATE:20200101\r\nRRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH\r\nSUMMARY:Thanks\r\n"),
         "2026-11-26",
         "Thanks", "2026-11-27 11:00"},
        {EVENT("DTSTART;VALUE=DATE:20260105\r\nRDATE;VALUE=DATE:20260107\r\nSUMMARY:Again\r\n"), "2026-01-07", "Again",
         "2026-01-08 11:00"},
        {EVENT("DTSTART;VALUE=DATE:20260105\r\nRRULE:FREQ=DAILY;COUNT=3\r\nEXDATE;VALUE=DATE:20260106\r\nSUMMARY:But\r\n"),
         "2026-01-06", NULL, "2026-01-06 11:00"},
        {EVENT("DTSTART;VALUE=DATE:20260105\r\nSTATUS:CANCELLED\r\nSUMMARY:No\r\n"), "2026-01-05", NULL,
         "2026-01-05 09:00"},
        {EVENT("DTSTART;VALUE=DATE:20260110\r\nSUMMARY:班\r\n"), "2026-01-10", NULL, "2026-01-10 09:00"},
        {EVENT("DTSTART;VALUE=DATE:20260110\r\nSUMMARY:x\r\nCATEGORIES:A,WORKDAY\r\nX-CARELINE-PATTERN:tue\r\n"),
         "2026-01-10",
         NULL, "2026-01-10 11:00"},
        {EVENT("DTSTART;VALUE=DATE:20260107\r\nSUMMARY:x\r\nCATEGORIES:WORKDAY\r\nX-CARELINE-PATTERN:mon\r\n")
         EVENT("DTSTART;VALUE=DATE:20260105\r\nDTEND;VALUE=DATE:20260110\r\nSUMMARY:Off\r\n"), "2026-01-07", NULL,
             "2026-01-07 09:00"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct calendar *c = with_ics(cases[i].events);
        const char *name = NULL;
        struct opening o;
        if (!c)
            fail_msg("%s%s", cases[i].events, mistakes.lines[0]);
        wall_ms day = at(c, cases[i].day);
        if (calendar_is_holiday(c, day, &name) != !!cases[i].holiday || (name && strcmp(name, cases[i].holiday)))
            fail_msg("%s%s: holiday %s", cases[i].events, cases[i].day, name ? name : "none");
        assert_true(calendar_next_opening(c, calendar_business(c), day, &o));
        if (strcmp(text_of(c, o.from), cases[i].opens))
            fail_msg("%s%s: opens %s, wants %s", cases[i].events, cases[i].day, text_of(c, o.from), cases[i].opens);
    }
}

static void bad_ics_is_refused(void **state)
{
    (void)state;
    static const struct { const char *events, *what; } cases[] = {
        {EVENT("SUMMARY:Nothing\r\n"), "event Nothing: has no day (DTSTART)"},
        {EVENT("DTSTART;VALUE=DATE:20260105\r\nDTEND;VALUE=DATE:20280105\r\nSUMMARY:Long\r\n"),
         "event Long: lasts over a year"},
        {EVENT("DTSTART;VALUE=DATE:20260105\r\nSUMMARY:班\r\nX-CARELINE-PATTERN:monday\r\n"),
         "wants mon to sun, not monday"},
        {EVENT("DTSTART;VALUE=DATE:20260105\r\nRRULE:FREQ=DAILY\r\nSUMMARY:Ever\r\n"), "event Ever: too many days"},
        {EVENT("DTSTART;VALUE=DATE:20260105\r\nRRULE:FREQ=SECONDLY\r\nSUMMARY:Fast\r\n"),
         "event Fast: repeats by less than a day"},
        {EVENT("DTSTART;VALUE=DATE:20260105\r\nRRULE:FREQ=YEARLY;BYSECOND=1,2\r\nSUMMARY:Fast\r\n"),
         "event Fast: repeats by less"},
        {EVENT("SUMMARY:Two\r\nDTSTART;VALUE=DATE:nonsense\r\nDTEND;VALUE=DATE:too\r\n"), "Two: "},
        {EVENT("DTSTART;VALUE=DATE:nonsense\r\nSUMMARY:Bad\r\n"), "Bad: "},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_null(with_ics(cases[i].events));
        assert_true(mistakes.count > 0);
        if (!strstr(mistakes.lines[0], cases[i].what))
            fail_msg("got %s, wants %s", mistakes.lines[0], cases[i].what);
    }
    assert_null(parse("calendar: x\nzone: UTC\nholidays_ics: hello\n"));
    assert_non_null(strstr(mistakes.lines[0], "holidays_ics: is no iCalendar text"));
}

static void own_days_go_before_the_files(void **state)
{
    (void)state;
    const struct calendar *c = good("calendar: x\nzone: UTC\nbusiness: {mon-fri: 09:00-10:00}\n"
                                    "holidays: [2026-01-05, 2026-01-06]\nworking_days: {2026-01-06: mon, 2026-01-07: tue, 2026-01-10: fri}\n"
                                    "closed: {2026-01-07: stocktaking, 2026-01-08..2026-01-09: outing}\n");
    static const struct { const char *day, *name; bool open; } cases[] = {
        {"2026-01-05", "", false}, {"2026-01-06", NULL, true}, {"2026-01-07", "stocktaking", false},
         {"2026-01-09", "outing", false},
        {"2026-01-10", NULL, true}, {"2026-01-11", NULL, false}, {"2026-01-12", NULL, true},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *name = NULL;
        assert_int_equal(calendar_is_holiday(c, at(c, cases[i].day), &name), !!cases[i].name);
        if (cases[i].name)
            assert_string_equal(name, cases[i].name);
        assert_int_equal(calendar_is_open(c, calendar_business(c), at(c, cases[i].day) + 9 * HOUR_MS), cases[i].open);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(chinas_2026_is_as_announced), TEST(ics_events_become_days), TEST(bad_ics_is_refused),
        TEST(own_days_go_before_the_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
