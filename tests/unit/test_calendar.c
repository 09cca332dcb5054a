/* calendar: opening hours, holidays, swapped days, durations and the placing of steps, as tables. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "calendar.h"
#include "zone.h"

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

static struct arena *arena;
static struct mistakes mistakes;

static struct slice slice_of(const char *text)
{
    return (struct slice){(const uint8_t *)text, strlen(text)};
}

static const struct calendar *parse(const char *text)
{
    mistakes = (struct mistakes){.file = "c.yaml", .arena = arena};
    return calendar_parse(slice_of(text), arena, &mistakes);
}

static const struct calendar *good(const char *text)
{
    const struct calendar *calendar = parse(text);
    if (!calendar)
        fail_msg("%s", mistakes.lines[0]);
    return calendar;
}

static struct slice file(const char *path)
{
    FILE *from = fopen(path, "rb");
    if (!from)
        fail_msg("%s: run this from the top of the repository", path);
    char *at = arena_alloc(arena, 65536);
    size_t bytes = fread(at, 1, 65536, from);
    fclose(from);
    return (struct slice){(uint8_t *)at, bytes};
}

static const struct calendar *sample(void)
{
    mistakes = (struct mistakes){.file = "sample.yaml", .arena = arena};
    struct slice whole = calendar_bundle(file("deploy/calendars/sample.yaml"), file("deploy/calendars/china-2026.ics"), arena);
    const struct calendar *calendar = calendar_parse(whole, arena, &mistakes);
    if (!calendar)
        fail_msg("%s", mistakes.lines[0]);
    return calendar;
}

/* "2026-03-06 16:00", or with seconds, by the calendar's clock. */
static wall_ms at(const struct calendar *calendar, const char *text)
{
    int y, mo, d, h = 0, mi = 0, s = 0;
    if (!*text)
        return 0;
    assert_true(sscanf(text, "%d-%d-%d %d:%d:%d", &y, &mo, &d, &h, &mi, &s) >= 3);
    return calendar_instant(calendar, y, mo, d, h, mi, s);
}

static const char *text_of(const struct calendar *calendar, wall_ms moment)
{
    struct local_time t = calendar_local(calendar, moment);
    if (!moment)
        return "";
    return arena_printf(arena, "%04d-%02d-%02d %02d:%02d%s", t.year, t.month, t.day, t.hour, t.minute,
                        t.second ? arena_printf(arena, ":%02d", t.second) : "");
}

static struct span span(const char *text)
{
    struct span parsed = {0, 0};
    if (*text && !span_parse(text, &parsed))
        fail_msg("%s is no span", text);
    return parsed;
}

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
            fail_msg("%s %s: got %lld, wants %lld", cases[i].zone, cases[i].local, (long long)got, (long long)cases[i].at);
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
        {"Asia/Shanghai", "2026-03-06 16:00", "2026-03-06 00:00"}, {"Asia/Shanghai", "2026-03-06 00:00", "2026-03-06 00:00"},
        {"America/Sao_Paulo", "2017-10-15 12:00", "2017-10-15 01:00"}, {"Europe/Berlin", "2026-10-25 22:00", "2026-10-25 00:00"},
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

/* -------- holidays and swapped days */

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
        {EVENT("DTSTART;VALUE=DATE:20260105\r\nDTEND;VALUE=DATE:20260108\r\nSUMMARY:Three\r\n"), "2026-01-07", "Three", "2026-01-08 11:00"},
        {EVENT("DTSTART;VALUE=DATE:20260105\r\nDURATION:P2D\r\nSUMMARY:Two\r\n"), "2026-01-06", "Two", "2026-01-07 11:00"},
        {EVENT("DTSTART:20260105T080000Z\r\nDTEND:20260106T090000Z\r\nSUMMARY:Times\r\n"), "2026-01-06", "Times", "2026-01-07 11:00"},
        {EVENT("DTSTART;VALUE=DATE:20200615\r\nDTEND;VALUE=DATE:20200617\r\nRRULE:FREQ=YEARLY\r\nSUMMARY:Yearly\r\n"),
         "2033-06-16", "Yearly", "2033-06-17 11:00"},
        {EVENT("DTSTART;VALUE=DATE:20200101\r\nRRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH\r\nSUMMARY:Thanks\r\n"), "2026-11-26",
         "Thanks", "2026-11-27 11:00"},
        {EVENT("DTSTART;VALUE=DATE:20260105\r\nRDATE;VALUE=DATE:20260107\r\nSUMMARY:Again\r\n"), "2026-01-07", "Again", "2026-01-08 11:00"},
        {EVENT("DTSTART;VALUE=DATE:20260105\r\nRRULE:FREQ=DAILY;COUNT=3\r\nEXDATE;VALUE=DATE:20260106\r\nSUMMARY:But\r\n"),
         "2026-01-06", NULL, "2026-01-06 11:00"},
        {EVENT("DTSTART;VALUE=DATE:20260105\r\nSTATUS:CANCELLED\r\nSUMMARY:No\r\n"), "2026-01-05", NULL, "2026-01-05 09:00"},
        {EVENT("DTSTART;VALUE=DATE:20260110\r\nSUMMARY:班\r\n"), "2026-01-10", NULL, "2026-01-10 09:00"},
        {EVENT("DTSTART;VALUE=DATE:20260110\r\nSUMMARY:x\r\nCATEGORIES:A,WORKDAY\r\nX-CARELINE-PATTERN:tue\r\n"), "2026-01-10",
         NULL, "2026-01-10 11:00"},
        {EVENT("DTSTART;VALUE=DATE:20260107\r\nSUMMARY:x\r\nCATEGORIES:WORKDAY\r\nX-CARELINE-PATTERN:mon\r\n")
         EVENT("DTSTART;VALUE=DATE:20260105\r\nDTEND;VALUE=DATE:20260110\r\nSUMMARY:Off\r\n"), "2026-01-07", NULL, "2026-01-07 09:00"},
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
        {EVENT("DTSTART;VALUE=DATE:20260105\r\nDTEND;VALUE=DATE:20280105\r\nSUMMARY:Long\r\n"), "event Long: lasts over a year"},
        {EVENT("DTSTART;VALUE=DATE:20260105\r\nSUMMARY:班\r\nX-CARELINE-PATTERN:monday\r\n"), "wants mon to sun, not monday"},
        {EVENT("DTSTART;VALUE=DATE:20260105\r\nRRULE:FREQ=DAILY\r\nSUMMARY:Ever\r\n"), "event Ever: too many days"},
        {EVENT("DTSTART;VALUE=DATE:20260105\r\nRRULE:FREQ=SECONDLY\r\nSUMMARY:Fast\r\n"), "event Fast: repeats by less than a day"},
        {EVENT("DTSTART;VALUE=DATE:20260105\r\nRRULE:FREQ=YEARLY;BYSECOND=1,2\r\nSUMMARY:Fast\r\n"), "event Fast: repeats by less"},
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
        {"2026-01-05", "", false}, {"2026-01-06", NULL, true}, {"2026-01-07", "stocktaking", false}, {"2026-01-09", "outing", false},
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

/* -------- openings */

static void openings_are_found(void **state)
{
    (void)state;
    static const struct { const char *at, *next, *last; bool open; } cases[] = {
        {"2026-03-06 10:00", "Fri 10:00-11:30", "Thu 15:00-17:30", true},
        {"2026-03-06 09:59:59", "Fri 10:00-11:30", "Thu 15:00-17:30", false},
        {"2026-03-06 10:01", "Fri 10:00-11:30", "Fri 10:00-11:30", true},
        {"2026-03-06 11:30", "Fri 15:00-17:30", "Fri 10:00-11:30", false},
        {"2026-03-07 17:30", "Mon 10:00-11:30", "Sat 15:00-17:30", false},
        {"2026-02-14 17:30", "Tue 10:00-11:30", "Sat 15:00-17:30", false},      /* Spring Festival until the 23rd */
        {"2026-10-05 12:00", "Thu 10:00-11:30", "Wed 15:00-17:30", false},
    };
    const struct calendar *c = sample();
    const struct week *week = calendar_window(c, "follow-up");
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct opening next, last;
        assert_true(calendar_next_opening(c, week, at(c, cases[i].at), &next));
        assert_true(calendar_last_opening(c, week, at(c, cases[i].at), &last));
        assert_string_equal(calendar_opening_text(c, next, arena), cases[i].next);
        assert_string_equal(calendar_opening_text(c, last, arena), cases[i].last);
        assert_int_equal(calendar_is_open(c, week, at(c, cases[i].at)), cases[i].open);
    }
}

static void openings_follow_the_clock_changes(void **state)
{
    (void)state;
    static const struct { const char *zone, *day, *hours; int count; int minutes[3]; } cases[] = {
        {"Europe/Berlin", "2026-03-29", "[01:00-04:00]", 1, {120}},
        {"Europe/Berlin", "2026-03-29", "[02:00-02:30, 02:45-05:00]", 1, {120}},
        {"Europe/Berlin", "2026-03-29", "[00:00-24:00]", 1, {1380}},
        {"Europe/Berlin", "2026-10-25", "[01:00-04:00]", 1, {240}},
        {"Europe/Berlin", "2026-10-25", "[02:15-02:45]", 2, {30, 30}},
        {"Europe/Berlin", "2026-10-25", "[01:00-02:30, 02:45-05:00]", 3, {90, 15, 30}},
        {"America/New_York", "2026-11-01", "[00:00-24:00]", 1, {1500}},
        {"Australia/Lord_Howe", "2026-04-05", "[01:30-02:00]", 1, {60}},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct calendar *c = good(arena_printf(arena, "calendar: x\nzone: %s\nbusiness: {sun: %s}\n", cases[i].zone, cases[i].hours));
        wall_ms from = at(c, cases[i].day);
        for (int k = 0; k < cases[i].count; k++) {
            struct opening o;
            assert_true(calendar_next_opening(c, calendar_business(c), from, &o));
            if (o.to - o.from != cases[i].minutes[k] * MINUTE_MS)
                fail_msg("%s %s %s: opening %d has %lld minutes", cases[i].zone, cases[i].day, cases[i].hours, k,
                         (long long)((o.to - o.from) / MINUTE_MS));
            from = o.to;
        }
    }
}

static void nothing_is_found_where_nothing_opens(void **state)
{
    (void)state;
    static const struct week never = {.name = "never"};
    const struct calendar *c = sample();
    struct opening o;
    assert_false(calendar_next_opening(c, &never, at(c, "2026-03-06 16:00"), &o));
    assert_false(calendar_last_opening(c, &never, at(c, "2026-03-06 16:00"), &o));
    assert_false(calendar_is_open(c, &never, at(c, "2026-03-06 16:00")));
}

/* -------- business time */

static void business_time_runs_while_open(void **state)
{
    (void)state;
    static const struct { const char *from, *span; int sign; const char *to; } cases[] = {
        {"2026-03-06 16:00", "30m", 1, "2026-03-06 16:30"}, {"2026-03-06 17:45", "30m", 1, "2026-03-07 09:15"},
        {"2026-03-07 17:00", "2h", 1, "2026-03-09 10:00"}, {"2026-03-07 17:00", "1h", 1, "2026-03-07 18:00"},
        {"2026-03-07 20:00", "1h", 1, "2026-03-09 10:00"}, {"2026-03-08 12:00", "0s", 1, "2026-03-08 12:00"},
        {"2026-03-06 16:00:30", "18h", 1, "2026-03-09 16:00:30"}, {"2026-02-14 17:30", "1h", 1, "2026-02-24 09:30"},
        {"2026-03-06 16:00", "3d", 1, "2026-03-10 16:00"}, {"2026-03-06 20:00", "1d", 1, "2026-03-09 09:00"},
        {"2026-03-08 10:00", "1d", 1, "2026-03-09 10:00"}, {"2026-03-06 07:00", "1d", 1, "2026-03-07 09:00"},
        {"2026-02-13 10:00", "2d", 1, "2026-02-24 10:00"}, {"2026-01-03 10:00", "1d", 1, "2026-01-04 10:00"},
        {"2026-03-06 16:00", "1d2h", 1, "2026-03-07 18:00"},
        {"2026-03-09 10:00", "2h", -1, "2026-03-07 17:00"}, {"2026-03-09 09:00", "1h", -1, "2026-03-07 17:00"},
        {"2026-03-09 18:00", "9h", -1, "2026-03-09 09:00"}, {"2026-03-09 10:00", "1d", -1, "2026-03-07 10:00"},
        {"2026-03-09 08:00", "1d", -1, "2026-03-06 18:00"}, {"2026-03-09 20:00", "1d", -1, "2026-03-07 18:00"},
        {"2026-02-24 10:00", "2d", -1, "2026-02-13 10:00"},
    };
    const struct calendar *c = sample();
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct span by = span(cases[i].span), back = {-by.ms, -by.days};
        wall_ms from = at(c, cases[i].from);
        wall_ms got = cases[i].sign > 0 ? calendar_add_business(c, from, by) : calendar_sub_business(c, from, by);
        if (strcmp(text_of(c, got), cases[i].to))
            fail_msg("%s %+d * %s: got %s, wants %s", cases[i].from, cases[i].sign, cases[i].span, text_of(c, got), cases[i].to);
        if (cases[i].sign < 0)
            assert_int_equal(calendar_add_business(c, from, back), got);
    }
}

static void business_time_is_counted(void **state)
{
    (void)state;
    static const struct { const char *from, *to; int64_t minutes; } cases[] = {
        {"2026-03-06 16:00", "2026-03-06 16:30", 30}, {"2026-03-06 16:00", "2026-03-07 10:00", 180},
        {"2026-03-07 18:00", "2026-03-09 09:00", 0}, {"2026-02-14 17:00", "2026-02-24 10:00", 120},
        {"2026-03-09 00:00", "2026-03-16 00:00", 6 * 540}, {"2026-03-09 10:00", "2026-03-09 09:00", 0},
    };
    const struct calendar *c = sample();
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(calendar_business_between(c, at(c, cases[i].from), at(c, cases[i].to)), cases[i].minutes * MINUTE_MS);
    wall_ms from = at(c, "2026-03-06 16:00"), due = calendar_add_business(c, from, span("3d"));
    int64_t whole = calendar_business_between(c, from, due);
    assert_string_equal(text_of(c, calendar_add_business(c, from, (struct span){.ms = whole * 80 / 100})), "2026-03-10 10:36");
    assert_string_equal(text_of(c, calendar_sub_business(c, at(c, "2026-03-10 09:30"), span("1h"))), "2026-03-09 17:30");
}

static void everyday_is_always_open(void **state)
{
    (void)state;
    const struct calendar *c = calendar_everyday();
    wall_ms from = at(c, "2026-03-06 16:00");
    assert_string_equal(calendar_zone(c), "UTC");
    assert_true(calendar_is_open(c, calendar_business(c), from));
    assert_int_equal(calendar_add_business(c, from, span("50h")), from + 50 * HOUR_MS);
    assert_int_equal(calendar_add_business(c, from, span("3d")), from + 3 * DAY_MS);
    assert_int_equal(calendar_business_between(c, from, from + 1234567890), 1234567890);
    assert_null(calendar_window(c, "follow-up"));
}

/* -------- placing */

static void steps_are_placed(void **state)
{
    (void)state;
    static const struct {
        const char *event, *now, *after, *before; bool business; const char *window, *due, *opening, *deadline; bool foreseen, late;
        const char *why;
    } cases[] = {
        {"2026-03-06 16:00", "", "1d", "3d", false, "follow-up", "2026-03-07 16:00", "Sat 15:00-17:30", "2026-03-09 16:00", false, false,
         "Fri 2026-03-06 16:00 + 1d = Sat 2026-03-07 16:00, open 15:00-17:30"},
        {"2026-03-06 16:00", "", "7d", "", false, NULL, "2026-03-13 16:00", "", "", false, false,
         "Fri 2026-03-06 16:00 + 7d = Fri 2026-03-13 16:00"},
        {"2026-03-06 16:00", "", "2h", "", false, NULL, "2026-03-06 18:00", "", "", false, false, NULL},
        {"2026-03-07 12:00", "", "1d", "3d", false, "follow-up", "2026-03-09 10:00", "Mon 10:00-11:30", "2026-03-10 12:00", false, false,
         "Sat 2026-03-07 12:00 + 1d = Sun 2026-03-08 12:00, closed, next opening Mon 2026-03-09 10:00-11:30"},
        {"2026-03-06 11:30", "", "0s", "", false, "follow-up", "2026-03-06 15:00", "Fri 15:00-17:30", "", false, false,
         "Fri 2026-03-06 11:30, closed, next opening 15:00-17:30"},
        /* the whole time from `after` to `before` lies in the National Day week: the last opening before it */
        {"2026-09-30 16:00", "", "1d", "3d", false, "follow-up", "2026-09-30 16:00", "Wed 15:00-17:30", "2026-10-03 16:00", false, false,
         "Wed 2026-09-30 16:00 + 1d = Thu 2026-10-01 16:00, closed (holiday: 国庆节) from then to Sat 2026-10-03 16:00, "
         "last opening before: Wed 2026-09-30 15:00-17:30"},
        {"2026-09-30 09:30", "", "1d", "3d", false, "follow-up", "2026-09-30 15:00", "Wed 15:00-17:30", "2026-10-03 09:30", false, false, NULL},
        /* nothing between event and deadline at all */
        {"2026-09-30 18:00", "", "1d", "3d", false, "follow-up", "2026-10-08 10:00", "Thu 10:00-11:30", "2026-10-03 18:00", true, false,
         "Wed 2026-09-30 18:00 + 1d = Thu 2026-10-01 18:00, closed (holiday: 国庆节), next opening Thu 2026-10-08 10:00-11:30, "
         "too late for Sat 2026-10-03 18:00"},
        /* a preferred window gives way to the deadline, a strict one does not */
        {"2026-03-06 11:40", "", "0s", "2h", false, "follow-up", "2026-03-06 11:40", "Fri 09:00-18:00", "2026-03-06 13:40", false, false, NULL},
        {"2026-03-06 11:40", "", "0s", "2h", false, "strict", "2026-03-06 15:00", "Fri 15:00-17:30", "2026-03-06 13:40", true, false, NULL},
        /* due exactly at the deadline is no kept promise for a window, but no breach without one */
        {"2026-03-06 11:00", "", "0s", "4h", false, "strict", "2026-03-06 11:00", "Fri 10:00-11:30", "2026-03-06 15:00", false, false, NULL},
        {"2026-03-06 11:00", "", "4h", "4h", false, NULL, "2026-03-06 15:00", "", "2026-03-06 15:00", false, false, NULL},
        /* known late */
        {"2026-03-06 16:00", "2026-03-08 12:00", "1d", "3d", false, "follow-up", "2026-03-09 10:00", "Mon 10:00-11:30", "2026-03-09 16:00",
         false, false, NULL},
        {"2026-03-06 16:00", "2026-03-09 16:00", "1d", "3d", false, "follow-up", "2026-03-09 16:00", "Mon 15:00-17:30", "2026-03-09 16:00",
         false, true, NULL},
        {"2026-03-06 16:00", "2026-03-26 12:00", "1d", "3d", false, "follow-up", "2026-03-26 15:00", "Thu 15:00-17:30", "2026-03-09 16:00",
         true, true, NULL},
        {"2026-03-06 16:00", "2026-03-26 12:00", "7d", "", false, NULL, "2026-03-26 12:00", "", "", false, false,
         "Fri 2026-03-06 16:00 + 7d = Fri 2026-03-13 16:00, already past, so from now Thu 2026-03-26 12:00"},
        {"2026-03-06 16:00", "", "3h", "1d", true, "follow-up", "2026-03-07 10:00", "Sat 10:00-11:30", "2026-03-07 16:00", false, false,
         "Fri 2026-03-06 16:00 + 3h business = Sat 2026-03-07 10:00, open 10:00-11:30"},
    };
    struct week strict = *calendar_window(sample(), "follow-up");
    const struct calendar *c = sample();
    strict.strict = true;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct placing p = {.event = at(c, cases[i].event), .after = span(cases[i].after), .before = span(cases[i].before),
                            .business = cases[i].business};
        p.now = *cases[i].now ? at(c, cases[i].now) : p.event;
        if (cases[i].window)
            p.week = strcmp(cases[i].window, "strict") ? calendar_window(c, cases[i].window) : &strict;
        struct placed got = calendar_place(c, &p, arena);
        if (strcmp(text_of(c, got.due), cases[i].due) || strcmp(text_of(c, got.deadline), cases[i].deadline))
            fail_msg("%s: due %s by %s: %s", cases[i].event, text_of(c, got.due), text_of(c, got.deadline), got.why);
        assert_string_equal(got.opening.to ? calendar_opening_text(c, got.opening, arena) : "", cases[i].opening);
        assert_int_equal(got.breach_foreseen, cases[i].foreseen);
        assert_int_equal(got.arrived_late, cases[i].late);
        if (cases[i].why)
            assert_string_equal(got.why, cases[i].why);
    }
}

static void what_never_opens_is_placed_at_once(void **state)
{
    (void)state;
    static const struct week never = {.name = "never", .strict = true};
    const struct calendar *c = sample();
    struct placing p = {.event = at(c, "2026-03-06 16:00"), .week = &never, .after = span("1h"), .before = span("2h")};
    struct placed got = calendar_place(c, &p, arena);
    assert_string_equal(text_of(c, got.due), "2026-03-06 17:00");
    assert_non_null(strstr(got.why, "no opening within 1000 days"));
}

static int setup(void **state)
{
    (void)state;
    arena = arena_new();
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
        TEST(spans_are_read_and_written), TEST(mistakes_come_all_at_once), TEST(weeks_are_read), TEST(clocks_change),
        TEST(days_are_added_by_the_clock), TEST(days_begin_at_their_first_instant), TEST(yearly_rules_are_read),
        TEST(absurd_instants_do_no_harm), TEST(chinas_2026_is_as_announced), TEST(ics_events_become_days), TEST(bad_ics_is_refused),
        TEST(own_days_go_before_the_files), TEST(openings_are_found), TEST(openings_follow_the_clock_changes),
        TEST(nothing_is_found_where_nothing_opens), TEST(business_time_runs_while_open), TEST(business_time_is_counted),
        TEST(everyday_is_always_open), TEST(steps_are_placed), TEST(what_never_opens_is_placed_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
