/* calendar: openings, business time and the placing of steps, as tables. */
#include "calendar_desk.h"

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
        const struct calendar *c = good(arena_printf(arena, "calendar: x\nzone: %s\nbusiness: {sun: %s}\n",
            cases[i].zone, cases[i].hours));
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
            fail_msg("%s %+d * %s: got %s, wants %s", cases[i].from, cases[i].sign, cases[i].span, text_of(c, got),
                cases[i].to);
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
        assert_int_equal(calendar_business_between(c, at(c, cases[i].from), at(c, cases[i].to)),
            cases[i].minutes * MINUTE_MS);
    wall_ms from = at(c, "2026-03-06 16:00"), due = calendar_add_business(c, from, span("3d"));
    int64_t whole = calendar_business_between(c, from, due);
    assert_string_equal(text_of(c, calendar_add_business(c, from, (struct span){.ms = whole * 80 / 100})),
        "2026-03-10 10:36");
    assert_string_equal(text_of(c, calendar_sub_business(c, at(c, "2026-03-10 09:30"), span("1h"))),
        "2026-03-09 17:30");
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
        const char *event, *now, *after, *before; bool business; const char *window, *due, *opening, *deadline;
            bool foreseen, late;
        const char *why;
    } cases[] = {
        {"2026-03-06 16:00", "", "1d", "3d", false, "follow-up", "2026-03-07 16:00", "Sat 15:00-17:30",
         "2026-03-09 16:00", false, false,
         "Fri 2026-03-06 16:00 + 1d = Sat 2026-03-07 16:00, open 15:00-17:30"},
        {"2026-03-06 16:00", "", "7d", "", false, NULL, "2026-03-13 16:00", "", "", false, false,
         "Fri 2026-03-06 16:00 + 7d = Fri 2026-03-13 16:00"},
        {"2026-03-06 16:00", "", "2h", "", false, NULL, "2026-03-06 18:00", "", "", false, false, NULL},
        {"2026-03-07 12:00", "", "1d", "3d", false, "follow-up", "2026-03-09 10:00", "Mon 10:00-11:30",
         "2026-03-10 12:00", false, false,
         "Sat 2026-03-07 12:00 + 1d = Sun 2026-03-08 12:00, closed, next opening Mon 2026-03-09 10:00-11:30"},
        {"2026-03-06 11:30", "", "0s", "", false, "follow-up", "2026-03-06 15:00", "Fri 15:00-17:30", "", false, false,
         "Fri 2026-03-06 11:30, closed, next opening 15:00-17:30"},
        /* the whole time from `after` to `before` lies in the National Day week: the last opening before it */
        {"2026-09-30 16:00", "", "1d", "3d", false, "follow-up", "2026-09-30 16:00", "Wed 15:00-17:30",
         "2026-10-03 16:00", false, false,
         "Wed 2026-09-30 16:00 + 1d = Thu 2026-10-01 16:00, closed (holiday: 国庆节) from then to Sat 2026-10-03 16:00, "
         "last opening before: Wed 2026-09-30 15:00-17:30"},
        {"2026-09-30 09:30", "", "1d", "3d", false, "follow-up", "2026-09-30 15:00", "Wed 15:00-17:30",
         "2026-10-03 09:30", false, false, NULL},
        /* nothing between event and deadline at all */
        {"2026-09-30 18:00", "", "1d", "3d", false, "follow-up", "2026-10-08 10:00", "Thu 10:00-11:30",
         "2026-10-03 18:00", true, false,
         "Wed 2026-09-30 18:00 + 1d = Thu 2026-10-01 18:00, closed (holiday: 国庆节), next opening Thu 2026-10-08 10:00-11:30, "
         "too late for Sat 2026-10-03 18:00"},
        /* a preferred window gives way to the deadline, a strict one does not */
        {"2026-03-06 11:40", "", "0s", "2h", false, "follow-up", "2026-03-06 11:40", "Fri 09:00-18:00",
         "2026-03-06 13:40", false, false, NULL},
        {"2026-03-06 11:40", "", "0s", "2h", false, "strict", "2026-03-06 15:00", "Fri 15:00-17:30",
         "2026-03-06 13:40", true, false, NULL},
        /* due exactly at the deadline is no kept promise for a window, but no breach without one */
        {"2026-03-06 11:00", "", "0s", "4h", false, "strict", "2026-03-06 11:00", "Fri 10:00-11:30",
         "2026-03-06 15:00", false, false, NULL},
        {"2026-03-06 11:00", "", "4h", "4h", false, NULL, "2026-03-06 15:00", "", "2026-03-06 15:00", false, false,
         NULL},
        /* known late */
        {"2026-03-06 16:00", "2026-03-08 12:00", "1d", "3d", false, "follow-up", "2026-03-09 10:00", "Mon 10:00-11:30",
         "2026-03-09 16:00",
         false, false, NULL},
        {"2026-03-06 16:00", "2026-03-09 16:00", "1d", "3d", false, "follow-up", "2026-03-09 16:00", "Mon 15:00-17:30",
         "2026-03-09 16:00",
         false, true, NULL},
        {"2026-03-06 16:00", "2026-03-26 12:00", "1d", "3d", false, "follow-up", "2026-03-26 15:00", "Thu 15:00-17:30",
         "2026-03-09 16:00",
         true, true, NULL},
        {"2026-03-06 16:00", "2026-03-26 12:00", "7d", "", false, NULL, "2026-03-26 12:00", "", "", false, false,
         "Fri 2026-03-06 16:00 + 7d = Fri 2026-03-13 16:00, already past, so from now Thu 2026-03-26 12:00"},
        {"2026-03-06 16:00", "", "3h", "1d", true, "follow-up", "2026-03-07 10:00", "Sat 10:00-11:30",
         "2026-03-07 16:00", false, false,
         "Fri 2026-03-06 16:00 + 3h business = Sat 2026-03-07 10:00, open 10:00-11:30"},
    };
    struct week strict = *calendar_window(sample(), "follow-up");
    const struct calendar *c = sample();
    strict.strict = true;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct placing p = {.event = at(c, cases[i].event), .after = span(cases[i].after),
            .before = span(cases[i].before),
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(openings_are_found), TEST(openings_follow_the_clock_changes), TEST(nothing_is_found_where_nothing_opens),
        TEST(business_time_runs_while_open), TEST(business_time_is_counted), TEST(everyday_is_always_open),
        TEST(steps_are_placed), TEST(what_never_opens_is_placed_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
