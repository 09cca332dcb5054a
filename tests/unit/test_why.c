/* Every phrase in which a time is explained has its Chinese. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "calendar.h"
#include "why.h"

static void what_is_said_is_said_in_chinese(void **state)
{
    (void)state;
    static const struct { const char *english, *chinese; } cases[] = {
        {"Fri 2026-03-06 16:00 + 1d = Sat 2026-03-07 16:00, open 15:00-17:30",
         "周五 2026-03-06 16:00 + 1天 = 周六 2026-03-07 16:00，在时段内 15:00-17:30"},
        {"Fri 2026-04-03 16:00 + 2h = Fri 2026-04-03 18:00, closed (holiday: 清明节), next opening Tue 2026-04-07 10:00-11:30",
         "周五 2026-04-03 16:00 + 2小时 = 周五 2026-04-03 18:00，不在时段内 (节假日：清明节)，下一时段 周二 2026-04-07 10:00-11:30"},
        {"Fri 2026-03-06 16:00 + 30m business = Fri 2026-03-06 16:30, closed, next opening 17:00-18:00, too late for Fri 2026-03-06 16:40",
         "周五 2026-03-06 16:00 + 30分钟 工作时间 = 周五 2026-03-06 16:30，不在时段内，下一时段 17:00-18:00，晚于期限 周五 2026-03-06 16:40"},
        {"Fri 2026-03-06 16:00, already past, so from now Sat 2026-03-07 09:00", "周五 2026-03-06 16:00，时间已过，从现在起 周六 2026-03-07 09:00"},
        {"field.expires 2026-04-10 - 30d: Wed 2026-03-11 00:00, closed, next opening 09:00-18:00",
         "field.expires 2026-04-10 - 30天: 周三 2026-03-11 00:00，不在时段内，下一时段 09:00-18:00"},
        {"attempt 1 of 3 missed; again after 2h, in the next opening", "第 1/3 次未接通；相隔 2小时，在下一时段再拨"},
        {"agreed with the customer", "与客户约定"},
        {"major: 30m of business time from Fri 2026-03-06 16:00, when it was received, and 10m more for waiting for the customer",
         "重大：30分钟 工作时间，起于 周五 2026-03-06 16:00（受理时），另加 10分钟（等待客户）"},
        {"waiting for the customer since Fri 2026-03-06 16:00; 3h of business time left", "等待客户，自 周五 2026-03-06 16:00；3小时 工作时间剩余"},
    };
    struct arena *arena = arena_new();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_string_equal(why_in(cases[i].english, "zh-CN", arena), cases[i].chinese);
        assert_string_equal(why_in(cases[i].english, "en", arena), cases[i].english);
    }
    arena_free(&arena);
}

/* Whatever the calendar says leaves no English word behind. */
static void nothing_of_the_calendar_stays_english(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    struct mistakes mistakes = {.file = "week", .arena = arena};
    struct week week, never = {.name = "never"};
    static const char text[] = "{ mon-fri: [10:00-11:30, 15:00-17:30] }";
    assert_true(week_parse(yaml_parse((struct slice){(const uint8_t *)text, strlen(text)}, arena, &mistakes), &week, &mistakes));
    const struct week *weeks[] = {NULL, &week, &never};
    for (int i = 0; i < 3 * 2 * 40 * 4; i++) {
        wall_ms event = (wall_ms)1772409600 * SECOND_MS + (i / 24) * 5 * HOUR_MS;
        struct placing placing = {.event = event, .now = event + (i % 4 == 3 ? 9 * DAY_MS : 0), .after = {0, i / 6 % 4},
                                  .before = {0, i % 4 ? i / 6 % 4 + 1 : 0}, .business = i % 2, .week = weeks[i % 3]};
        const char *said = why_in(calendar_place(calendar_everyday(), &placing, arena).why, "zh-CN", arena);
        for (const char *at = said; *at; at++)
            if ((*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z'))
                fail_msg("%s", said);
    }
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_said_is_said_in_chinese),
        cmocka_unit_test(nothing_of_the_calendar_stays_english),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
