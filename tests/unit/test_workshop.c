/* A workshop's day, rule by rule: times are minutes of Tuesday, 10 March 2026, in Shanghai. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "workshop.h"

enum { AT_0800 = 480, AT_0900 = 540, AT_1000 = 600, AT_1200 = 720, AT_1300 = 780, AT_1400 = 840, AT_1800 = 1080 };

static const char workshop_yaml[] =
    "workshop: w\n"
    "technicians:\n"
    "  - { id: ann, skills: [engine, electric] }\n"
    "  - { id: bob, skills: [engine] }\n"
    "  - { id: cai, skills: [paint], hours: { tue: [10:00-16:00] } }\n"
    "bays:\n"
    "  - { id: lift-1, equipment: [lift] }\n"
    "  - { id: lift-2, equipment: [lift] }\n"
    "  - { id: booth, equipment: [paint-booth] }\n";
static const char calendar_yaml[] =
    "calendar: c\nzone: Asia/Shanghai\nbusiness: { mon-sat: [08:00-12:00, 13:00-18:00] }\n";

static struct arena *arena;
static struct workday today;

static struct slice slice_of(const char *text)
{
    return (struct slice){(const uint8_t *)text, strlen(text)};
}

static wall_ms at(int minute)
{
    return today.from + minute * MINUTE_MS;
}

static int minute_of(wall_ms time)
{
    return time ? (int)((time - today.from) / MINUTE_MS) : -1;
}

static int open_day(void **state)
{
    (void)state;
    arena = arena_new();
    struct mistakes mistakes = {.file = "test", .arena = arena};
    const struct calendar *calendar = calendar_parse(slice_of(calendar_yaml), arena, &mistakes);
    const struct workshop *workshop = workshop_parse(slice_of(workshop_yaml), arena, &mistakes);
    assert_int_equal(mistakes.count, 0);
    wall_ms day = calendar_instant(calendar, 2026, 3, 10, 7, 0, 0);
    workday_open(&today, workshop, calendar, day, day, NULL, "s/2026-03-10", arena);
    return 0;
}

static int close_day(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

static struct workshop_job wanted(const char *id, const char *skill, const char *equipment, int minutes)
{
    return (struct workshop_job){.job = id, .customer = "c", .skill = skill, .equipment = equipment, .minutes = minutes,
                                 .technician = "", .bay = "", .consent = ""};
}

static enum day_refusal book(const char *id, const char *technician, const char *bay, int start, int minutes)
{
    const struct technician *who = workshop_technician(today.workshop, technician);
    struct workshop_job job = wanted(id, "", "", minutes);
    struct slot slot = {.technician = who, .bay = workshop_bay(today.workshop, bay), .start = at(start)};
    return workday_book(&today, &job, &slot);
}

static void stands(const char *id, int state, const char *technician, int start, int end)
{
    const struct workshop_job *job = workday_job(&today, id);
    if (!job)
        fail_msg("%s is not there", id);
    if (job->state != state || strcmp(job->technician, technician) || minute_of(job->start_at) != start ||
        minute_of(job->end_at) != end)
        fail_msg("%s: %s with \"%s\" %d to %d", id, job_state_words.word[job->state], job->technician,
                 minute_of(job->start_at), minute_of(job->end_at));
}

static void one_check_decides(void **state)
{
    (void)state;
    static const struct {
        const char *what, *technician, *bay, *skill, *equipment;
        int start, minutes, refusal, later;
    } cases[] = {
        {"free", "bob", "lift-2", "engine", "lift", AT_0800, 60, DAY_FINE, -1},
        {"cannot do it", "bob", "lift-2", "paint", "lift", AT_0800, 60, DAY_NO_SKILL, -1},
        {"has it not", "bob", "lift-2", "engine", "paint-booth", AT_0800, 60, DAY_NO_EQUIPMENT, -1},
        {"before now", "bob", "lift-2", "engine", "", 360, 60, DAY_PAST, 420},
        {"before the hours", "bob", "lift-2", "engine", "", 450, 60, DAY_CLOSED, AT_0800},
        {"in the break", "bob", "lift-2", "engine", "", AT_1200, 60, DAY_CLOSED, AT_1300},
        {"over the break", "bob", "lift-2", "engine", "", 690, 60, DAY_FINE, -1},
        {"more than is left", "bob", "lift-2", "engine", "", 1050, 60, DAY_CLOSED, -1},
        {"no time to hand over", "bob", "lift-2", "engine", "", 1020, 50, DAY_HAND_OVER, -1},
        {"just handed over", "bob", "lift-2", "engine", "", 1005, 60, DAY_FINE, -1},
        {"own hours", "cai", "booth", "paint", "paint-booth", AT_0900, 60, DAY_CLOSED, AT_1000},
        {"his other job", "ann", "lift-2", "engine", "", AT_1000, 60, DAY_OVERLAP, 675},
        {"buffer after it", "ann", "lift-2", "engine", "", 674, 60, DAY_BUFFER, 675},
        {"buffer kept", "ann", "lift-2", "engine", "", 675, 30, DAY_FINE, -1},
        {"buffer before it", "ann", "lift-2", "engine", "", 530, 60, DAY_BUFFER, 675},
        {"just before it", "ann", "lift-2", "engine", "", 525, 60, DAY_FINE, -1},
        {"the bay's other job", "bob", "lift-1", "engine", "", 645, 60, DAY_OVERLAP, 675},
        {"the bay's buffer", "bob", "lift-1", "engine", "", 661, 60, DAY_BUFFER, 675},
        {"away", "bob", "lift-2", "engine", "", AT_1300, 90, DAY_ABSENT, 900},
        {"away at its end", "bob", "lift-2", "engine", "", AT_1300, 61, DAY_ABSENT, 900},
        {"gone before", "bob", "lift-2", "engine", "", AT_1300, 60, DAY_FINE, -1},
    };
    assert_int_equal(book("there", "ann", "lift-1", AT_1000, 60), DAY_FINE);
    struct workshop_absence away = {.who = "bob", .from_at = at(AT_1400), .to_at = at(900), .reason = ""};
    assert_int_equal(workday_absent(&today, &away, STRATEGY_EARLIEST), DAY_FINE);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct workshop_job job = wanted("new", cases[i].skill, cases[i].equipment, cases[i].minutes);
        struct slot slot = {.technician = workshop_technician(today.workshop, cases[i].technician),
                            .bay = workshop_bay(today.workshop, cases[i].bay), .start = at(cases[i].start)};
        wall_ms later;
        enum day_refusal refusal = slot_check(&today, &job, &slot, &later);
        if ((int)refusal != cases[i].refusal || minute_of(later) != cases[i].later)
            fail_msg("%s: %s, later %d", cases[i].what, day_refusal_word(refusal), minute_of(later));
        if (!refusal)
            assert_true(slot.hand_over == slot.end + 15 * MINUTE_MS);
    }
}

static void work_goes_on_after_the_break(void **state)
{
    (void)state;
    assert_int_equal(book("a", "ann", "lift-1", 690, 60), DAY_FINE);
    stands("a", JOB_PLANNED, "ann", 690, 810);
    assert_int_equal(minute_of(workday_job(&today, "a")->hand_over_at), 825);
}

static void what_is_wrong_is_refused(void **state)
{
    (void)state;
    struct slot slot = {0};
    assert_int_equal(book("a", "ann", "lift-1", AT_0800, 0), DAY_BAD_VALUE);
    assert_int_equal(book("", "ann", "lift-1", AT_0800, 60), DAY_BAD_VALUE);
    assert_int_equal(book("a", "ann", "lift-1", AT_0800, 60), DAY_FINE);
    assert_int_equal(book("a", "bob", "lift-2", AT_0800, 60), DAY_KNOWN);
    assert_int_equal(workday_move(&today, "x", &slot), DAY_NOT_FOUND);
    assert_int_equal(workday_cancel(&today, "x"), DAY_NOT_FOUND);
    assert_int_equal(workday_start(&today, "x", STRATEGY_EARLIEST), DAY_NOT_FOUND);
    assert_int_equal(workday_finish(&today, "a", STRATEGY_EARLIEST), DAY_WRONG_STATE);
    assert_int_equal(workday_delay(&today, "a", 0, STRATEGY_EARLIEST), DAY_BAD_VALUE);
    assert_int_equal(workday_delay(&today, "a", INT64_MAX, STRATEGY_EARLIEST), DAY_BAD_VALUE);
    struct workshop_job endless = wanted("e", "", "", 0);
    struct slot_wish any = {0};
    endless.minutes = INT64_MAX;
    assert_int_equal(slot_earliest(&today, &endless, &any, &slot), DAY_BAD_VALUE);
    assert_int_equal(slot_offers(&today, &endless, &any, 1, &slot), 0);
    assert_int_equal(workday_delay(&today, "x", 5, STRATEGY_EARLIEST), DAY_NOT_FOUND);
    assert_int_equal(workday_present(&today, "ann"), DAY_NOT_FOUND);
    struct workshop_absence nobody = {.who = "zoe", .from_at = at(0), .to_at = at(900)};
    assert_int_equal(workday_absent(&today, &nobody, STRATEGY_EARLIEST), DAY_NOT_FOUND);
    struct workshop_absence over = {.who = "ann", .from_at = at(0), .to_at = at(60)};
    assert_int_equal(workday_absent(&today, &over, STRATEGY_EARLIEST), DAY_BAD_VALUE);
    assert_int_equal(today.plan.revision, 1);
}

static void offers_come_in_order_and_can_be_booked(void **state)
{
    (void)state;
    assert_int_equal(book("a", "ann", "lift-1", AT_0800, 60), DAY_FINE);
    struct workshop_job job = wanted("new", "engine", "lift", 120);
    struct slot_wish wish = {0}, with_ann = {.technician = workshop_technician(today.workshop, "ann")};
    struct slot offers[8];
    assert_int_equal(slot_offers(&today, &job, &wish, 3, offers), 3);
    assert_string_equal(offers[0].technician->id, "bob");
    assert_int_equal(minute_of(offers[0].start), AT_0800);
    assert_int_equal(minute_of(offers[1].start), 495);
    assert_int_equal(slot_earliest(&today, &job, &with_ann, offers), DAY_FINE);
    assert_int_equal(minute_of(offers[0].start), 555);
    assert_int_equal(workday_book(&today, &job, &offers[0]), DAY_FINE);
    stands("new", JOB_PLANNED, "ann", 555, 675);
}

static void wishes_are_kept(void **state)
{
    (void)state;
    struct workshop_job job = wanted("new", "engine", "", 60), odd = wanted("o", "brakes", "", 60),
                        oven = wanted("p", "", "oven", 60);
    struct slot_wish late = {.from = at(610)}, hurry = {.ready_by = at(554)}, just = {.ready_by = at(555)}, any = {0};
    struct slot slot;
    assert_int_equal(slot_earliest(&today, &job, &late, &slot), DAY_FINE);
    assert_int_equal(minute_of(slot.start), 615);
    assert_int_equal(slot_earliest(&today, &job, &hurry, &slot), DAY_CAPACITY);
    assert_int_equal(slot_earliest(&today, &job, &just, &slot), DAY_FINE);
    assert_int_equal(slot_earliest(&today, &odd, &any, &slot), DAY_NO_SKILL);
    assert_int_equal(slot_earliest(&today, &oven, &any, &slot), DAY_NO_EQUIPMENT);
}

static void equal_slots_go_to_who_has_less_to_do(void **state)
{
    (void)state;
    assert_int_equal(book("a", "ann", "lift-1", AT_0800, 60), DAY_FINE);
    struct workshop_job job = wanted("new", "engine", "", 60);
    struct slot_wish wish = {.from = at(AT_1400)};
    struct slot slot;
    assert_int_equal(slot_earliest(&today, &job, &wish, &slot), DAY_FINE);
    assert_string_equal(slot.technician->id, "bob");
}

/* ann: a 8:00-9:00, b 9:15-10:15, c 10:30-11:30; a begins and needs half an hour more. */
static void a_delay_pushes_by_strategy(void **state)
{
    (void)state;
    static const struct {
        enum strategy strategy;
        const char *b;
        int b_start, b_end;
        const char *c;
        int c_start, c_end;
    } cases[] = {
        {STRATEGY_SAME_TECHNICIAN, "ann", 585, 645, "ann", 660, AT_1200},
        {STRATEGY_EARLIEST, "bob", 555, 615, "ann", 630, 690},
        {STRATEGY_FEWEST_MOVED, "bob", 555, 615, "ann", 630, 690},
    };
    assert_int_equal(book("a", "ann", "lift-1", AT_0800, 60), DAY_FINE);
    assert_int_equal(book("b", "ann", "lift-2", 555, 60), DAY_FINE);
    assert_int_equal(book("c", "ann", "lift-1", 630, 60), DAY_FINE);
    today.now = at(AT_0800);
    assert_int_equal(workday_start(&today, "a", STRATEGY_EARLIEST), DAY_FINE);
    struct workday before = workday_copy(&today);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        today = workday_copy(&before);
        assert_int_equal(workday_delay(&today, "a", 30, cases[i].strategy), DAY_FINE);
        stands("a", JOB_STARTED, "ann", AT_0800, 570);
        stands("b", JOB_PLANNED, cases[i].b, cases[i].b_start, cases[i].b_end);
        stands("c", JOB_PLANNED, cases[i].c, cases[i].c_start, cases[i].c_end);
    }
}

static void what_a_delay_pushes_is_shown_without_being_applied(void **state)
{
    (void)state;
    assert_int_equal(book("a", "ann", "lift-1", AT_0800, 60), DAY_FINE);
    assert_int_equal(book("b", "ann", "lift-2", 555, 60), DAY_FINE);
    struct workday shown = workday_copy(&today);
    struct job_change *changes;
    assert_int_equal(workday_delay(&shown, "a", 30, STRATEGY_SAME_TECHNICIAN), DAY_FINE);
    assert_int_equal(workday_changes(&today, &shown, &changes), 2);
    assert_string_equal(changes[0].before->job, "a");
    assert_int_equal(minute_of(changes[1].before->start_at), 555);
    assert_int_equal(minute_of(changes[1].after->start_at), 585);
    stands("b", JOB_PLANNED, "ann", 555, 615);
    assert_int_equal(today.plan.revision, 2);
    assert_int_equal(shown.plan.revision, 3);
}

/* Both lifts are full: the absence of one leaves no room for the afternoon's long job. */
static void what_finds_no_place_is_displaced_and_moves_with_consent_only(void **state)
{
    (void)state;
    assert_int_equal(book("a", "ann", "lift-1", AT_0800, 480), DAY_FINE);
    assert_int_equal(book("b", "bob", "lift-2", AT_0800, 480), DAY_FINE);
    struct workshop_absence ill = {.who = "bob", .from_at = at(0), .to_at = at(1440), .reason = "ill"};
    assert_int_equal(workday_absent(&today, &ill, STRATEGY_FEWEST_MOVED), DAY_FINE);
    stands("a", JOB_PLANNED, "ann", AT_0800, 1020);
    stands("b", JOB_DISPLACED, "", -1, -1);
    struct workday next = today;
    next.plan = (struct workshop_day){.id = "s/2026-03-11", .site = ""};
    struct slot slot = {.technician = workshop_technician(today.workshop, "ann"),
                        .bay = workshop_bay(today.workshop, "lift-1"),
                        .start = at(AT_0800)};
    assert_int_equal(workday_take(&next, &today, "b", &slot, ""), DAY_NO_CONSENT);
    stands("b", JOB_DISPLACED, "", -1, -1);
    assert_int_equal(workday_take(&next, &today, "x", &slot, "by phone"), DAY_NOT_FOUND);
    assert_int_equal(workday_take(&next, &today, "b", &slot, "by phone, 8:05"), DAY_FINE);
    assert_null(workday_job(&today, "b"));
    assert_string_equal(workday_job(&next, "b")->consent, "by phone, 8:05");
    assert_int_equal(workday_job(&next, "b")->state, JOB_PLANNED);
    assert_int_equal(workday_present(&today, "bob"), DAY_FINE);
    assert_int_equal(book("c", "bob", "lift-2", AT_0800, 480), DAY_FINE);
}

static void who_leaves_in_the_middle_hands_over_the_rest(void **state)
{
    (void)state;
    assert_int_equal(book("a", "ann", "lift-1", AT_0800, 120), DAY_FINE);
    today.now = at(AT_0800);
    assert_int_equal(workday_start(&today, "a", STRATEGY_EARLIEST), DAY_FINE);
    today.now = at(AT_0900);
    struct workshop_absence home = {.who = "ann", .from_at = today.now, .to_at = at(1440), .reason = ""};
    assert_int_equal(workday_absent(&today, &home, STRATEGY_FEWEST_MOVED), DAY_FINE);
    stands("a", JOB_PLANNED, "bob", AT_0900, AT_1000);
}

static void starting(void **state)
{
    (void)state;
    assert_int_equal(book("a", "ann", "lift-1", AT_0800, 60), DAY_FINE);
    assert_int_equal(book("b", "ann", "lift-2", 555, 60), DAY_FINE);
    assert_int_equal(book("c", "bob", "lift-2", AT_1400, 60), DAY_FINE);
    today.now = at(460);
    assert_int_equal(workday_start(&today, "a", STRATEGY_EARLIEST), DAY_CLOSED);
    today.now = at(495);
    assert_int_equal(workday_start(&today, "a", STRATEGY_SAME_TECHNICIAN), DAY_FINE);    /* late: b is pushed */
    stands("a", JOB_STARTED, "ann", 495, 555);
    stands("b", JOB_PLANNED, "ann", 570, 630);
    assert_int_equal(workday_start(&today, "b", STRATEGY_EARLIEST), DAY_BUSY);
    assert_int_equal(workday_start(&today, "a", STRATEGY_EARLIEST), DAY_WRONG_STATE);
    today.now = at(540);
    assert_int_equal(workday_finish(&today, "a", STRATEGY_EARLIEST), DAY_FINE);
    stands("a", JOB_DONE, "ann", 495, 540);
    assert_int_equal(workday_start(&today, "b", STRATEGY_EARLIEST), DAY_BUFFER);
    today.now = at(556);
    assert_int_equal(workday_start(&today, "b", STRATEGY_EARLIEST), DAY_FINE);           /* early, and nobody minds */
    stands("b", JOB_STARTED, "ann", 556, 616);
    assert_int_equal(minute_of(workday_job(&today, "b")->hand_over_at), 645);            /* as it was told */
    assert_int_equal(workday_cancel(&today, "a"), DAY_WRONG_STATE);
    assert_int_equal(workday_cancel(&today, "c"), DAY_FINE);
}

static void over_its_time(void **state)
{
    (void)state;
    assert_int_equal(book("a", "ann", "lift-1", AT_0800, 60), DAY_FINE);
    assert_int_equal(book("b", "ann", "lift-1", 555, 60), DAY_FINE);
    today.now = at(AT_0800);
    assert_int_equal(workday_start(&today, "a", STRATEGY_EARLIEST), DAY_FINE);
    today.now = at(560);                                            /* nobody said that it takes longer */
    struct workshop_job job = wanted("new", "electric", "", 30);
    struct slot_wish wish = {.from = at(560)};
    struct slot slot;
    assert_int_equal(workday_cancel(&today, "b"), DAY_FINE);
    assert_int_equal(slot_earliest(&today, &job, &wish, &slot), DAY_FINE);
    assert_int_equal(minute_of(slot.start), 585);                   /* 560 and the buffer, on the grid */
    assert_int_equal(workday_book(&today, &job, &slot), DAY_FINE);
    today.now = at(580);
    assert_int_equal(workday_finish(&today, "a", STRATEGY_SAME_TECHNICIAN), DAY_FINE);
    stands("a", JOB_DONE, "ann", AT_0800, 580);
    stands("new", JOB_PLANNED, "ann", AT_1000, 630);
}

static void overtime(void **state)
{
    (void)state;
    assert_int_equal(book("a", "ann", "lift-1", 1005, 60), DAY_FINE);
    today.now = at(1005);
    assert_int_equal(workday_start(&today, "a", STRATEGY_EARLIEST), DAY_FINE);
    assert_int_equal(workday_delay(&today, "a", 60, STRATEGY_EARLIEST), DAY_FINE);
    stands("a", JOB_STARTED, "ann", 1005, 1125);
    assert_int_equal(workday_delay(&today, "a", 400, STRATEGY_EARLIEST), DAY_CLOSED);
    stands("a", JOB_STARTED, "ann", 1005, 1125);
}

static void free_time_is_listed(void **state)
{
    (void)state;
    static const struct { const char *who; int from, to; } expected[] = {
        {"ann", 480, 585}, {"ann", 675, 1065}, {"bob", 480, 840}, {"bob", 900, 1065}, {"cai", 600, 960},
    };
    assert_int_equal(book("a", "ann", "lift-1", AT_1000, 60), DAY_FINE);
    struct workshop_absence away = {.who = "bob", .from_at = at(AT_1400), .to_at = at(900), .reason = ""};
    assert_int_equal(workday_absent(&today, &away, STRATEGY_EARLIEST), DAY_FINE);
    struct free_time *list;
    size_t count = workday_free(&today, 60, &list);
    assert_int_equal(count, sizeof expected / sizeof expected[0]);
    for (size_t i = 0; i < count; i++)
        if (strcmp(list[i].technician->id, expected[i].who) || minute_of(list[i].from) != expected[i].from ||
            minute_of(list[i].to) != expected[i].to)
            fail_msg("%s %d to %d", list[i].technician->id, minute_of(list[i].from), minute_of(list[i].to));
    assert_int_equal(workday_free(&today, 330, &list), 2);                 /* cai 10:00, ann 11:15 */
    assert_int_equal(workday_free(&today, 331, &list), 1);
}

static void a_closed_day_has_no_place(void **state)
{
    (void)state;
    struct mistakes mistakes = {.file = "test", .arena = arena};
    const struct calendar *calendar = calendar_parse(slice_of(calendar_yaml), arena, &mistakes);
    struct workday sunday;
    wall_ms day = calendar_instant(calendar, 2026, 3, 15, 7, 0, 0);
    workday_open(&sunday, today.workshop, calendar, day, day, NULL, "s/2026-03-15", arena);
    struct workshop_job job = wanted("a", "engine", "", 30);
    struct slot_wish any = {0};
    struct slot slot;
    struct free_time *list;
    assert_int_equal(slot_earliest(&sunday, &job, &any, &slot), DAY_CAPACITY);
    assert_int_equal(workday_free(&sunday, 15, &list), 0);
}

static void settings_tell_their_mistakes(void **state)
{
    (void)state;
    static const struct {
        const char *yaml, *mistake;
    } cases[] = {
        {"workshop: w\n", "technicians: at least one"},
        {"workshop: w\ntechnicians: [{ id: a, skills: [x] }]\n", "bays: at least one"},
        {"workshop: w\nbuffer: 0m\ntechnicians: [{ id: a, skills: [x] }]\nbays: [{ id: b }]\n", "whole minutes"},
        {"workshop: w\nreserve: 1d\ntechnicians: [{ id: a, skills: [x] }]\nbays: [{ id: b }]\n", "whole minutes"},
        {"workshop: w\nbufer: 15m\ntechnicians: [{ id: a, skills: [x] }]\nbays: [{ id: b }]\n", "buffer"},
        {"workshop: w\ntechnicians: [{ id: a }]\nbays: [{ id: b }]\n", "skills are missing"},
        {"workshop: w\ntechnicians: [{ id: a, skills: [x] }, { id: a, skills: [x] }]\nbays: [{ id: b }]\n",
         "there already"},
        {"workshop: w\ntechnicians: [{ id: a, skills: [x] }]\nbays: [{ id: a }]\n", "there already"},
        {"workshop: w\ntechnicians: [{ id: a, skills: [x], hours: { tue: [9-10] } }]\nbays: [{ id: b }]\n", "hours"},
        {"technicians: [a]\nbays: {}\n", "workshop"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct mistakes mistakes = {.file = "test", .arena = arena};
        assert_null(workshop_parse(slice_of(cases[i].yaml), arena, &mistakes));
        bool told = false;
        for (size_t k = 0; k < mistakes.count; k++)
            told |= strstr(mistakes.lines[k], cases[i].mistake) != NULL;
        if (!told)
            fail_msg("case %zu: %s", i, mistakes.count ? mistakes.lines[0] : "no mistake");
    }
}

static void strategies_have_names(void **state)
{
    (void)state;
    for (int strategy = 0; strategy < strategy_count; strategy++)
        assert_int_equal(strategy_named(strategy_word(strategy)), strategy);
    assert_int_equal(strategy_named(""), STRATEGY_FEWEST_MOVED);
    assert_int_equal(strategy_named("best"), strategy_count);
}

int main(void)
{
#define ON_A_DAY(test) cmocka_unit_test_setup_teardown(test, open_day, close_day)
    const struct CMUnitTest tests[] = {
        ON_A_DAY(one_check_decides),
        ON_A_DAY(work_goes_on_after_the_break),
        ON_A_DAY(what_is_wrong_is_refused),
        ON_A_DAY(offers_come_in_order_and_can_be_booked),
        ON_A_DAY(wishes_are_kept),
        ON_A_DAY(equal_slots_go_to_who_has_less_to_do),
        ON_A_DAY(a_delay_pushes_by_strategy),
        ON_A_DAY(what_a_delay_pushes_is_shown_without_being_applied),
        ON_A_DAY(what_finds_no_place_is_displaced_and_moves_with_consent_only),
        ON_A_DAY(who_leaves_in_the_middle_hands_over_the_rest),
        ON_A_DAY(starting),
        ON_A_DAY(over_its_time),
        ON_A_DAY(overtime),
        ON_A_DAY(free_time_is_listed),
        ON_A_DAY(a_closed_day_has_no_place),
        ON_A_DAY(settings_tell_their_mistakes),
        ON_A_DAY(strategies_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
