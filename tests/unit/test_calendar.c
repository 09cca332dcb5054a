/* calendar: durations, weeks and zones, as tables; every mistake of a text at once. */
#include "calendar_desk.h"

#include "zone.h"

/* -------- spans and weeks */

static void spans_are_read_and_written(void **state)
{
    (void)state;
    static const struct { const char *text; bool good; int64_t ms; int days; const char *written; } cases[] = {
        {"90s", true, 90000, 0, "90s"}, {"30m", true, 1800000, 0, "30m"}, {"120m", true, 7200000, 0, "2h"},
        {"2h", true, 7200000, 0, "2h"}, {"36h", true, 129600000, 0, "36h"}, {"3d", true, 0, 3, "3d"},
        {"2w", true, 0, 14, "14d"}, {"1d12h", true, 43200000, 1, "1d12h"}, {"1h30m", true, 5400000, 0, "90m"},
        {"0s", true, 0, 0, "0s"}, {"36525d", true, 0, 36525, "36525d"}, {"36526d", false, 0, 0, NULL},
        {"99999999999999999999s", false, 0, 0, NULL}, {"", false, 0, 0, NULL}, {"3", false, 0, 0, NULL},
        {"d", false, 0, 0, NULL}, {"-3d", false, 0, 0, NULL}, {"3 d", false, 0, 0, NULL}, {"3y", false, 0, 0, NULL},
        {"1.5h", false, 0, 0, NULL},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct span got = {-1, -1};
        if (span_parse(cases[i].text, &got) != cases[i].good)
            fail_msg("%s: good or not", cases[i].text);
        if (!cases[i].good)
            continue;
        assert_int_equal(got.ms, cases[i].ms);
        assert_int_equal(got.days, cases[i].days);
        assert_string_equal(span_text(arena, got), cases[i].written);
    }
    assert_string_equal(span_text(arena, (struct span){.ms = 1500}), "1500ms");
}

static void mistakes_come_all_at_once(void **state)
{
    (void)state;
    static const char *const wants[] = {
        "c.yaml:3:1: busines: unknown key, did you mean business?",
        "c.yaml:2:7: zone: no such time zone on this machine, did you mean Asia/Shanghai?",
        "windows.a.mno: no days of the week, did you mean mon?",
        "windows.b.mon[1]: begins before the one before it has ended",
        "windows.c.sat: ends before it begins",
        "windows.d.tue: says a day again",
        "windows.e.mon: wants a time of day such as 10:00-11:30",
        "windows.f: never opens",
        "windows.g.strict: wants yes or no, not perhaps",
        "holidays: the file x.ics was not put in",
        "working_days.2026-02-30: wants a date such as 2026-10-01",
        "working_days.2026-02-14: wants the day of the week whose hours count: fri",
        "closed[1]: the last day is before the first",
    };
    assert_null(parse("calendar: x\nzone: Asia/Shangai\nbusines: {daily: 09:00-18:00}\n"
                      "windows:\n  a: {mno: 09:00-10:00}\n  b: {mon: [09:00-10:00, 10:00-11:00]}\n  c: {sat: 22:00-02:00}\n"
                      "  d: {mon-wed: 09:00-10:00, tue: 08:00-09:00}\n  e: {mon: 9-10}\n  f: {mon: []}\n"
                      "  g: {mon: 09:00-10:00, strict: perhaps}\n"
                      "holidays: x.ics\nworking_days: {2026-02-30: mon, 2026-02-14: fir}\n"
                      "closed: [2026-01-01, 2026-01-05..2026-01-03]\n"));
    for (size_t i = 0; i < COUNT(wants) && i < mistakes.count; i++)
        if (!strstr(mistakes.lines[i], wants[i]))
            fail_msg("got %s, wants %s", mistakes.lines[i], wants[i]);
    assert_int_equal(mistakes.count, COUNT(wants));
    assert_null(parse("business: {daily: 09:00-18:00}\n"));
    assert_int_equal(mistakes.count, 2);
    assert_null(parse("[1, 2]\n"));
    assert_null(parse("calendar: x\nzone: ../../etc/passwd\n"));
}

static void weeks_are_read(void **state)
{
    (void)state;
    const struct calendar *c = good("calendar: x\nzone: UTC\nwindows:\n  a: {sat-mon: [08:00-09:00], 'wed, fri': 10:00-24:00, strict: yes}\n"
                                    "  b: {daily: [00:00-00:01, 00:02-24:00]}\n");
    const struct week *a = calendar_window(c, "a"), *b = calendar_window(c, "b");
    static const int counts[7] = {1, 0, 1, 0, 1, 1, 1};
    for (int d = 0; d < 7; d++) {
        assert_int_equal(a->day[d].count, counts[d]);
        assert_int_equal(b->day[d].count, 2);
    }
    assert_true(a->strict);
    assert_false(b->strict);
    assert_string_equal(a->name, "a");
    assert_int_equal(a->day[4].opening[0].to_min, 1440);
    assert_int_equal(b->day[6].opening[1].from_min, 2);
    assert_null(calendar_window(c, "c"));
    assert_string_equal(calendar_name(c), "x");
    assert_string_equal(calendar_zone(c), "UTC");
    assert_int_equal(calendar_business(c)->day[6].opening[0].to_min, 1440);
}

/* -------- zones */

static void clocks_change(void **state)
{
    (void)state;
    static const struct { const char *zone, *local, *shows; int offset_min; wall_ms at; } cases[] = {
        {"Asia/Shanghai", "2026-03-06 16:00", "2026-03-06 16:00", 480, 1772784000000},
        {"Asia/Shanghai", "1990-07-01 12:00", "1990-07-01 12:00", 540, 646801200000},
        {"Europe/Berlin", "2026-03-29 01:59", "2026-03-29 01:59", 60, 1774745940000},
        {"Europe/Berlin", "2026-03-29 02:30", "2026-03-29 03:30", 120, 1774747800000},
        {"Europe/Berlin", "2026-03-29 03:30", "2026-03-29 03:30", 120, 1774747800000},
        {"Europe/Berlin", "2026-10-25 02:30", "2026-10-25 02:30", 120, 1792888200000},
        {"Europe/Berlin", "2026-10-25 03:00", "2026-10-25 03:00", 60, 1792893600000},
        {"America/New_York", "2026-03-08 02:15", "2026-03-08 03:15", -240, 1772954100000},
        {"America/New_York", "2026-11-01 01:30", "2026-11-01 01:30", -240, 1793511000000},
        {"America/New_York", "2090-07-01 00:00", "2090-07-01 00:00", -240, 3802564800000},
        {"Australia/Lord_Howe", "2026-10-04 02:10", "2026-10-04 02:40", 660, 1791042000000},
        {"Australia/Lord_Howe", "2045-04-02 01:45", "2045-04-02 01:45", 660, 2374670700000},
        {"Asia/Tehran", "1992-12-01 12:00", "1992-12-01 12:00", 210, 723198600000},
        {"UTC", "2000-02-29 23:59:59", "2000-02-29 23:59:59", 0, 951868799000},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct calendar *c = good(arena_printf(arena, "calendar: x\nzone: %s\n", cases[i].zone));
        wall_ms got = at(c, cases[i].local);
        if (got != cases[i].at)
            fail_msg("%s %s: got %lld, wants %lld", cases[i].zone, cases[i].local, (long long)got,
                (long long)cases[i].at);
        assert_string_equal(text_of(c, got), cases[i].shows);
        assert_int_equal(calendar_offset_min(c, got), cases[i].offset_min);
        assert_int_equal(calendar_local(c, got).offset_min, cases[i].offset_min);
    }
}

static void days_are_added_by_the_clock(void **state)
{
    (void)state;
    static const struct { const char *zone, *from, *add; int sign; const char *to; int64_t hours; } cases[] = {
        {"Europe/Berlin", "2026-03-28 12:00", "1d", 1, "2026-03-29 12:00", 23},
        {"Europe/Berlin", "2026-10-24 12:00", "1d", 1, "2026-10-25 12:00", 25},
        {"Europe/Berlin", "2026-10-24 12:00", "24h", 1, "2026-10-25 11:00", 24},
        {"Europe/Berlin", "2026-03-28 02:30", "1d", 1, "2026-03-29 03:30", 24},
        {"America/New_York", "2026-03-08 12:00", "1d", -1, "2026-03-07 12:00", -23},
        {"America/New_York", "2026-10-31 09:00", "1w", 1, "2026-11-07 09:00", 169},
        {"Asia/Shanghai", "2026-03-06 16:00", "7d", 1, "2026-03-13 16:00", 168},
        {"Asia/Shanghai", "2028-02-28 10:00", "2d", 1, "2028-03-01 10:00", 48},
        {"Asia/Shanghai", "2026-01-01 00:30", "1d12h", -1, "2025-12-30 12:30", -36},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct calendar *c = good(arena_printf(arena, "calendar: x\nzone: %s\n", cases[i].zone));
        struct span by = span(cases[i].add);
        by = (struct span){by.ms * cases[i].sign, by.days * cases[i].sign};
        wall_ms from = at(c, cases[i].from), got = calendar_add(c, from, by);
        assert_string_equal(text_of(c, got), cases[i].to);
        assert_int_equal(got - from, cases[i].hours * HOUR_MS);
    }
}

static void days_begin_at_their_first_instant(void **state)
{
    (void)state;
    static const struct { const char *zone, *at, *start; } cases[] = {
        {"Asia/Shanghai", "2026-03-06 16:00", "2026-03-06 00:00"},
         {"Asia/Shanghai", "2026-03-06 00:00", "2026-03-06 00:00"},
        {"America/Sao_Paulo", "2017-10-15 12:00", "2017-10-15 01:00"},
         {"Europe/Berlin", "2026-10-25 22:00", "2026-10-25 00:00"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct calendar *c = good(arena_printf(arena, "calendar: x\nzone: %s\n", cases[i].zone));
        assert_string_equal(text_of(c, calendar_day_start(c, at(c, cases[i].at))), cases[i].start);
    }
}

static void yearly_rules_are_read(void **state)
{
    (void)state;
    static const struct { const char *text; bool good; int64_t standard, summer, begins_2026, ends_2026; } cases[] = {
        {"CST-8", true, 28800, 0, 0, 0},
        {"CET-1CEST,M3.5.0,M10.5.0/3", true, 3600, 7200, 1774746000, 1792890000},
        {"EST5EDT,M3.2.0,M11.1.0", true, -18000, -14400, 1772953200, 1793512800},
        {"<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", true, 37800, 39600, 1791041400, 1775314800},
        {"IST-2IDT,M3.4.4/26,M10.5.0", true, 7200, 10800, 1774569600, 1792882800},
        {"<-02>2<-01>,M3.5.0/-1,M10.5.0/0", true, -7200, -3600, 1774746000, 1792890000},
        {"AAA3BBB,J60/0,J365/23", true, -10800, -7200, 1772334000, 1798765200},
        {"AAA3BBB,59/0,364/23", true, -10800, -7200, 1772334000, 1798765200},
        {"", false, 0, 0, 0, 0}, {"CET", false, 0, 0, 0, 0}, {"CET-1CEST", false, 0, 0, 0, 0},
        {"CET-1CEST,M13.5.0,M10.5.0", false, 0, 0, 0, 0}, {"CET-1CEST,M3.5.0,M10.5.0x", false, 0, 0, 0, 0},
        {"<+10-10", false, 0, 0, 0, 0},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct zone_rule rule;
        if (zone_rule_parse(cases[i].text, &rule) != cases[i].good)
            fail_msg("%s: good or not", cases[i].text);
        if (!cases[i].good)
            continue;
        assert_int_equal(rule.standard_sec, cases[i].standard);
        assert_int_equal(rule.summer_sec, cases[i].summer);
        if (!rule.has_summer)
            continue;
        if (zone_rule_begins(&rule, 2026) != cases[i].begins_2026 || zone_rule_ends(&rule, 2026) != cases[i].ends_2026)
            fail_msg("%s: got %lld to %lld", cases[i].text, (long long)zone_rule_begins(&rule, 2026),
                     (long long)zone_rule_ends(&rule, 2026));
    }
}

static void absurd_instants_do_no_harm(void **state)
{
    (void)state;
    static const wall_ms cases[] = {INT64_MIN, INT64_MIN + 1, -1, 0, INT64_MAX - 1, INT64_MAX};
    const struct calendar *c = sample();
    struct opening o;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct local_time t = calendar_local(c, cases[i]);
        assert_in_range(t.month, 1, 12);
        calendar_next_opening(c, calendar_business(c), cases[i], &o);
        calendar_last_opening(c, calendar_business(c), cases[i], &o);
        calendar_add(c, cases[i], (struct span){INT64_MAX, INT32_MAX});
        calendar_add(c, cases[i], (struct span){INT64_MIN, INT32_MIN});
        calendar_day_start(c, cases[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(spans_are_read_and_written), TEST(mistakes_come_all_at_once), TEST(weeks_are_read), TEST(clocks_change),
        TEST(days_are_added_by_the_clock), TEST(days_begin_at_their_first_instant), TEST(yearly_rules_are_read),
        TEST(absurd_instants_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
