/* Days that come again: by rules of RFC 5545, and anniversaries. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "civil.h"
#include "recurrence.h"

static int64_t day(const char *text)
{
    int64_t day = 0;
    if (*text)
        assert_true(civil_parse(text, &day));
    return day;
}

static void days_come_again(void **state)
{
    (void)state;
    static const struct { const char *rule, *start, *after, *next; } cases[] = {
        {"FREQ=MONTHLY;BYMONTHDAY=18", "2001-01-01", "2026-03-17", "2026-03-18"},
        {"FREQ=MONTHLY;BYMONTHDAY=18", "2001-01-01", "2026-03-18", "2026-04-18"},
        {"FREQ=MONTHLY;BYMONTHDAY=-1", "2001-01-01", "2026-01-31", "2026-02-28"},
        {"FREQ=MONTHLY;BYMONTHDAY=31", "2001-01-01", "2026-01-31", "2026-03-31"},
        {"monthly", "2001-01-01", "2026-03-17", "2026-04-01"},
        {"weekly", "2001-01-01", "2026-03-17", "2026-03-23"},
        {"FREQ=WEEKLY;BYDAY=FR", "2001-01-01", "2026-03-17", "2026-03-20"},
        {"FREQ=WEEKLY;INTERVAL=2;BYDAY=MO", "2026-03-02", "2026-03-02", "2026-03-16"},
        {"daily", "2026-03-17", "2026-03-01", "2026-03-17"},
        {"daily", "2026-03-17", "2026-03-17", "2026-03-18"},
        {"FREQ=MONTHLY;BYDAY=1MO", "2001-01-01", "2026-03-02", "2026-04-06"},
        {"FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=1", "2001-01-01", "2026-03-17", "2026-04-01"},
        {"yearly", "2001-01-01", "2026-03-17", "2027-01-01"},
        {"yearly", "1990-05-21", "2026-03-17", "2026-05-21"},
        {"yearly", "1990-05-21", "2026-05-21", "2027-05-21"},
        {"yearly", "2000-02-29", "2026-01-01", "2026-02-28"},
        {"yearly", "2000-02-29", "2027-03-01", "2028-02-29"},
        {"yearly", "2030-05-21", "2026-03-17", "2030-05-21"},
        {"FREQ=MONTHLY;BYMONTHDAY=30;BYMONTH=2", "2001-01-01", "2026-03-17", ""},
    };
    struct arena *arena = arena_new();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *why;
        int64_t next = 0;
        const struct recurrence *recurrence = recurrence_parse(cases[i].rule, arena, &why);
        if (!recurrence)
            fail_msg("%s: %s", cases[i].rule, why);
        bool found = recurrence_next(recurrence, day(cases[i].start), day(cases[i].after), &next);
        struct civil date = civil_date(next);
        if (found != (*cases[i].next != 0) || (found && next != day(cases[i].next)))
            fail_msg("%s after %s: %04d-%02d-%02d", cases[i].rule, cases[i].after, date.year, date.month, date.day);
    }
    arena_free(&arena);
}

static void what_is_no_rule_is_told(void **state)
{
    (void)state;
    static const struct { const char *rule, *why; } cases[] = {
        {"sometimes", "no rule"}, {"FREQ=NEVER", "no rule"}, {"", "no rule"}, {"FREQ=HOURLY", "by days or more"},
        {"FREQ=DAILY;BYHOUR=3", "by days or more"}, {"FREQ=DAILY;COUNT=3", "leave them out"},
        {"FREQ=DAILY;UNTIL=20270101", "leave them out"},
    };
    struct arena *arena = arena_new();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *why;
        if (recurrence_parse(cases[i].rule, arena, &why) || !strstr(why, cases[i].why))
            fail_msg("%s: %s", cases[i].rule, why ? why : "taken");
    }
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(days_come_again),
        cmocka_unit_test(what_is_no_rule_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
