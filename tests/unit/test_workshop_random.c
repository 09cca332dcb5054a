/* Random bookings, moves, delays, absences and cancellations over days of two workshops: never an overlap, never a
 * breached buffer, never a lost job. The plan is held against minutes painted one by one, which share nothing with the
 * product. STEPS=1000000 for a long run, SEED to repeat one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/dice.h"
#include "workshop.h"

enum {
    STEPS_DEFAULT = 100000,
    STEPS_PER_DAY = 150,
    ORACLE_ONE_IN = 20,
    BUFFER_MIN = 15,
    RESERVE_MIN = 15,
    DAY_MIN = 1440,
    KNOWN_MAX = 200
};

static const char workshop_yaml[] =
    "workshop: w\n"
    "technicians:\n"
    "  - { id: t1, skills: [engine, electric] }\n"
    "  - { id: t2, skills: [engine] }\n"
    "  - { id: t3, skills: [paint, engine], hours: { mon-sun: [10:00-16:00] } }\n"
    "  - { id: t4, skills: [electric], hours: { mon-sun: [08:00-10:30, 10:45-14:00, 15:00-20:00] } }\n"
    "bays:\n"
    "  - { id: b1, equipment: [lift] }\n"
    "  - { id: b2, equipment: [lift, booth] }\n"
    "  - { id: b3 }\n";
static const char calendar_yaml[] =
    "calendar: c\nzone: Asia/Shanghai\nbusiness: { mon-sun: [08:00-12:00, 13:00-18:00] }\n";

/* -------- the story of two days, as the test keeps it */

struct known { const char *id; int day; bool ended; };       /* day: 0 today, 1 tomorrow; ended: cancelled */

static struct arena *shared, *arena;
static const struct workshop *workshop;
static const struct calendar *calendar;
static struct workday days[2];
static struct known known[KNOWN_MAX];
static size_t known_count;
static int64_t step_number, applied[16], refused[16];

static struct slice slice_of(const char *text)
{
    return (struct slice){(const uint8_t *)text, strlen(text)};
}

/* -------- the check that shares nothing */

static void broken(const char *what, const struct workshop_job *job)
{
    fail_msg("step %lld: %s: %s", (long long)step_number, job ? job->job : "", what);
}

static int minute_in(const struct workday *day, wall_ms at)
{
    return (int)((at - day->from) / MINUTE_MS);
}

/* By the settings as they are written above, not by what was parsed of them. */
static bool works(const char *technician, int minute)
{
    if (!strcmp(technician, "t3"))
        return minute >= 600 && minute < 960;
    if (!strcmp(technician, "t4"))
        return (minute >= 480 && minute < 630) || (minute >= 645 && minute < 840) || (minute >= 900 && minute < 1200);
    return (minute >= 480 && minute < 720) || (minute >= 780 && minute < 1080);
}

static bool can(const char *who, const char *what)
{
    static const char *const table[] = {
        "t1 engine", "t1 electric", "t2 engine", "t3 paint", "t3 engine", "t4 electric", "b1 lift", "b2 lift",
        "b2 booth",
    };
    char both[32];
    snprintf(both, sizeof both, "%s %s", who, what);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (!strcmp(table[i], both))
            return true;
    return !*what;
}

static bool is_absent(const struct workday *day, const char *who, int minute)
{
    for (size_t i = 0; i < day->plan.absences.count; i++) {
        const struct workshop_absence *absence = &day->plan.absences.at[i];
        if (!strcmp(absence->who, who) && minute >= minute_in(day, absence->from_at) &&
            minute < minute_in(day, absence->to_at))
            return true;
    }
    return false;
}

/* Who is taken in which minute: 0 nobody, else 1 + the job. A job keeps its buffer as its own. */
static int16_t painted[7][DAY_MIN + BUFFER_MIN];

static int16_t *row_of(const char *who)
{
    return painted[who[0] == 't' ? who[1] - '1' : 4 + who[1] - '1'];
}

static void paint(const struct workshop_job *job, const char *who, int from, int to, int16_t colour)
{
    int16_t *row = row_of(who);
    for (int minute = from; minute < to + BUFFER_MIN; minute++) {
        if (row[minute])
            broken("overlap, or less than the buffer", job);
        row[minute] = colour;
    }
}

static void check_planned(const struct workday *day, const struct workshop_job *job, int from, int to)
{
    int worked = 0;
    for (int minute = from; minute < to; minute++) {
        worked += works(job->technician, minute);
        if (is_absent(day, job->technician, minute) || is_absent(day, job->bay, minute))
            broken("planned while somebody is away", job);
    }
    if (!works(job->technician, from) || !works(job->technician, to - 1) || worked != job->minutes)
        broken("not within the hours", job);
    if (minute_in(day, job->hand_over_at) > 1080)
        broken("handed over after closing", job);
}

static void check_job(const struct workday *day, const struct workshop_job *job, int16_t colour)
{
    if (job->state == JOB_DISPLACED) {
        if (*job->technician || *job->bay || job->start_at || job->end_at || job->hand_over_at)
            broken("displaced, but has a place", job);
        return;
    }
    int from = minute_in(day, job->start_at), to = minute_in(day, job->end_at);
    if (from < 0 || to > DAY_MIN || from > to || (job->end_at - day->from) % MINUTE_MS)
        broken("not on this day", job);
    if (!can(job->technician, job->skill) || !can(job->bay, job->equipment))
        broken("skill or equipment is missing", job);
    if (minute_in(day, job->hand_over_at) < to + RESERVE_MIN)
        broken("less than the reserve before the hand-over", job);
    paint(job, job->technician, from, to, colour);
    paint(job, job->bay, from, to, colour);
    if (job->state == JOB_PLANNED)
        check_planned(day, job, from, to);
    for (int minute = from; job->state == JOB_STARTED && minute < to; minute++)
        if (is_absent(day, job->technician, minute) || is_absent(day, job->bay, minute))
            broken("at work while somebody is away", job);
}

static void check_day(const struct workday *day)
{
    memset(painted, 0, sizeof painted);
    for (size_t i = 0; i < day->plan.jobs.count; i++)
        check_job(day, &day->plan.jobs.at[i], (int16_t)(i + 1));
}

static size_t times_there(const struct workday *day, const char *id)
{
    size_t times = 0;
    for (size_t i = 0; i < day->plan.jobs.count; i++)
        times += !strcmp(day->plan.jobs.at[i].job, id);
    return times;
}

static void check_nothing_lost(void)
{
    size_t expected = 0;
    for (size_t i = 0; i < known_count; i++) {
        expected += !known[i].ended;
        for (int day = 0; day < 2; day++)
            if (times_there(&days[day], known[i].id) != (size_t)(!known[i].ended && known[i].day == day))
                fail_msg("step %lld: %s is lost, or there twice", (long long)step_number, known[i].id);
    }
    assert_int_equal(days[0].plan.jobs.count + days[1].plan.jobs.count, expected);
}

/* -------- the earliest slot, by trying every start, technician and bay on the painted minutes */

static bool fits(const struct workday *day, const struct workshop_job *job, const char *technician, const char *bay,
                 int from, int *ret_to)
{
    int to = from, left = (int)job->minutes;
    if (!works(technician, from))
        return false;
    for (; left && to < DAY_MIN; to++)
        left -= works(technician, to);
    if (left || to + RESERVE_MIN > 1080)
        return false;
    for (int minute = from; minute < to + BUFFER_MIN; minute++)
        if (row_of(technician)[minute] || row_of(bay)[minute] ||
            (minute < to && (is_absent(day, technician, minute) || is_absent(day, bay, minute))))
            return false;
    *ret_to = to;
    return true;
}

/* Work over its time takes technician and bay until now. */
static void paint_overdue(const struct workday *day)
{
    int now = minute_in(day, day->now);
    for (size_t i = 0; i < day->plan.jobs.count; i++) {
        const struct workshop_job *job = &day->plan.jobs.at[i];
        for (int minute = minute_in(day, job->end_at);
             job->state == JOB_STARTED && minute < now + BUFFER_MIN && minute < DAY_MIN; minute++)
            row_of(job->technician)[minute] = row_of(job->bay)[minute] = 1;
    }
}

static int naive_earliest_end(const struct workday *day, const struct workshop_job *job)
{
    static const char *const technicians[] = {"t1", "t2", "t3", "t4"}, *const bays[] = {"b1", "b2", "b3"};
    int best = -1, now = day->now > day->from ? minute_in(day, day->now) : 0, to = 0;
    check_day(day);
    paint_overdue(day);
    for (size_t t = 0; t < 4; t++)
        for (size_t b = 0; b < 3; b++)
            for (int from = (now + 14) / 15 * 15;
                 can(technicians[t], job->skill) && can(bays[b], job->equipment) && from < DAY_MIN; from += 15)
                if (fits(day, job, technicians[t], bays[b], from, &to) && (best < 0 || to < best))
                    best = to;
    return best;
}

/* -------- random steps */

static struct workshop_job random_job(void)
{
    static const char *const skills[] = {"engine", "engine", "electric", "paint", ""};
    static const char *const equipment[] = {"", "", "lift", "booth"};
    return (struct workshop_job){
        .job = arena_printf(arena, "j%zu", known_count),
        .customer = "c",
        .skill = skills[dice(5)],
        .equipment = equipment[dice(4)],
        .minutes = 10 + dice(dice(10) ? 90 : 300),
        .technician = "",
        .bay = "",
        .consent = "",
    };
}

static struct slot random_slot(const struct workday *day)
{
    return (struct slot){.technician = &workshop->technicians[dice(4)], .bay = &workshop->bays[dice(3)],
                         .start = day->from + (420 + dice(700)) * MINUTE_MS};
}

static const char *random_known(void)
{
    return known_count && dice(50) ? known[dice((int)known_count)].id : "nobody's";
}

static enum day_refusal step_book(void)
{
    int which = dice(2);
    struct workday *day = &days[which];
    struct workshop_job job = random_job();
    struct slot slot = random_slot(day), offers[6];
    struct slot_wish wish = {.technician = dice(4) ? NULL : slot.technician, .from = dice(2) ? slot.start : 0};
    if (known_count == KNOWN_MAX)
        return DAY_FULL;
    bool offered = dice(3) != 0;
    if (offered) {
        size_t count = slot_offers(day, &job, &wish, 1 + (size_t)dice(6), offers);
        if (!count)
            return DAY_CAPACITY;
        slot = offers[dice((int)count)];
    }
    enum day_refusal refusal = workday_book(day, &job, &slot);
    if (offered && refusal)
        broken("was offered, but cannot be booked", &job);
    if (!refusal)
        known[known_count++] = (struct known){job.job, which, false};
    return refusal;
}

static enum day_refusal step_move(void)
{
    struct workday *day = &days[dice(2)];
    struct slot slot = random_slot(day);
    return workday_move(day, random_known(), &slot);
}

static enum day_refusal step_take(void)
{
    int to = dice(2);
    const char *id = random_known();
    const struct workshop_job *job = workday_job(&days[!to], id);
    struct slot slot = random_slot(&days[to]);
    struct slot_wish wish = {0};
    if (job)
        slot_earliest(&days[to], job, &wish, &slot);
    bool agreed = dice(3) != 0;
    enum day_refusal refusal = workday_take(&days[to], &days[!to], id, &slot, agreed ? "by phone" : "");
    if (!refusal && !agreed)
        broken("moved to another day without consent", NULL);
    for (size_t i = 0; !refusal && i < known_count; i++)
        if (!strcmp(known[i].id, id))
            known[i].day = to;
    return refusal;
}

static enum day_refusal step_cancel(void)
{
    const char *id = random_known();
    int which = dice(2);
    enum day_refusal refusal = workday_cancel(&days[which], id);
    for (size_t i = 0; !refusal && i < known_count; i++)
        known[i].ended |= !strcmp(known[i].id, id);
    return refusal;
}

static enum strategy random_strategy(void)
{
    return (enum strategy)dice(strategy_count);
}

/* A job of today in this state whose time is about now, so that starts soon after others' ends are tried; else any. */
static const char *random_today(int state)
{
    const struct workshop_job_list *jobs = &days[0].plan.jobs;
    size_t first = jobs->count ? (size_t)dice((int)jobs->count) : 0;
    for (size_t i = 0; i < jobs->count && dice(8); i++) {
        const struct workshop_job *job = &jobs->at[(first + i) % jobs->count];
        if (job->state == state && job->start_at < days[0].now + 30 * MINUTE_MS)
            return job->job;
    }
    return random_known();
}

static enum day_refusal step_start(void)
{
    return workday_start(&days[0], random_today(JOB_PLANNED), random_strategy());
}

static enum day_refusal step_finish(void)
{
    return workday_finish(&days[0], random_today(JOB_STARTED), random_strategy());
}

static size_t displaced(const struct workday *day)
{
    size_t count = 0;
    for (size_t i = 0; i < day->plan.jobs.count; i++)
        count += day->plan.jobs.at[i].state == JOB_DISPLACED;
    return count;
}

/* Of all strategies, fewest moved leaves fewest without a place. */
static void check_fewest(const struct workday *before,
                         enum day_refusal (*push)(struct workday *, const void *, enum strategy), const void *what)
{
    size_t left[strategy_count];
    for (int strategy = 0; strategy < strategy_count; strategy++) {
        struct workday tried = workday_copy(before);
        if (push(&tried, what, (enum strategy)strategy))
            return;
        check_day(&tried);
        left[strategy] = displaced(&tried);
    }
    if (left[STRATEGY_FEWEST_MOVED] > left[STRATEGY_EARLIEST] ||
        left[STRATEGY_FEWEST_MOVED] > left[STRATEGY_SAME_TECHNICIAN])
        broken("another strategy leaves fewer without a place", NULL);
}

struct delay { const char *job; int64_t minutes; };

static enum day_refusal push_delay(struct workday *day, const void *what, enum strategy strategy)
{
    const struct delay *delay = what;
    return workday_delay(day, delay->job, delay->minutes, strategy);
}

static enum day_refusal push_absence(struct workday *day, const void *what, enum strategy strategy)
{
    return workday_absent(day, what, strategy);
}

static enum day_refusal step_delay(void)
{
    struct workday *day = &days[dice(4) ? 0 : 1];
    struct delay delay = {random_known(), 1 + dice(120)};
    if (!dice(10))
        check_fewest(day, push_delay, &delay);
    return push_delay(day, &delay, random_strategy());
}

static enum day_refusal step_absence(void)
{
    static const char *const who[] = {"t1", "t2", "t3", "t4", "b1", "b2", "b3", "nobody"};
    struct workday *day = &days[dice(2)];
    wall_ms from = day->from + (400 + dice(700)) * MINUTE_MS;
    struct workshop_absence absence = {
        .who = who[dice(8)], .from_at = from, .to_at = from + dice(240) * MINUTE_MS, .reason = ""};
    if (!dice(10))
        check_fewest(day, push_absence, &absence);
    return push_absence(day, &absence, random_strategy());
}

static enum day_refusal step_presence(void)
{
    static const char *const who[] = {"t1", "t2", "t3", "t4", "b1", "b2", "b3"};
    return workday_present(&days[dice(2)], who[dice(7)]);
}

static enum day_refusal step_time(void)
{
    days[0].now += (1 + dice(20)) * MINUTE_MS;
    if (days[0].now >= days[0].to)
        days[0].now = days[0].to - MINUTE_MS;
    days[1].now = days[0].now;
    return DAY_FINE;
}

static const struct {
    const char *name;
    int weight;
    enum day_refusal (*step)(void);
} steps[] = {
    {"book", 30, step_book},    {"move", 15, step_move},      {"take", 10, step_take},
    {"cancel", 4, step_cancel}, {"start", 25, step_start},    {"finish", 12, step_finish},
    {"delay", 10, step_delay},  {"absence", 3, step_absence}, {"presence", 4, step_presence},
    {"time", 20, step_time},
};
enum { STEP_KINDS = sizeof steps / sizeof steps[0] };

static size_t random_step(void)
{
    int sum = 0;
    for (size_t i = 0; i < STEP_KINDS; i++)
        sum += steps[i].weight;
    int drawn = dice(sum);
    size_t kind = 0;
    for (; drawn >= steps[kind].weight; kind++)
        drawn -= steps[kind].weight;
    return kind;
}

static void new_days(void)
{
    arena_reset(arena);
    known_count = 0;
    wall_ms today = calendar_instant(calendar, 2026, 3, 10, 7, dice(60), 0);
    workday_open(&days[0], workshop, calendar, today, today, NULL, "s/2026-03-10", arena);
    workday_open(&days[1], workshop, calendar, today + DAY_MS, today, NULL, "s/2026-03-11", arena);
}

static void check_refused(const struct workday before[2])
{
    struct job_change *changes;
    for (int day = 0; day < 2; day++)
        if (workday_changes(&before[day], &days[day], &changes) || before[day].plan.revision != days[day].plan.revision)
            broken("refused, but something changed", NULL);
}

static void check_oracle(void)
{
    const struct workday *day = &days[dice(2)];
    struct workshop_job job = random_job();
    struct slot_wish any = {0};
    struct slot slot;
    enum day_refusal refusal = slot_earliest(day, &job, &any, &slot);
    int naive = naive_earliest_end(day, &job);
    if ((naive < 0) != (refusal != DAY_FINE) || (naive >= 0 && minute_in(day, slot.end) != naive))
        fail_msg("step %lld: earliest end of %lld minutes of %s on %s: %d, by trying all %d", (long long)step_number,
                 (long long)job.minutes, job.skill, job.equipment, refusal ? -1 : minute_in(day, slot.end), naive);
}

static void days_of_random_steps(void **state)
{
    (void)state;
    int64_t count = number_of("STEPS", STEPS_DEFAULT), seed = number_of("SEED", 1);
    struct mistakes mistakes = {.file = "test", .arena = shared = arena_new()};
    arena = arena_new();
    dice_seed((uint64_t)seed);
    calendar = calendar_parse(slice_of(calendar_yaml), shared, &mistakes);
    workshop = workshop_parse(slice_of(workshop_yaml), shared, &mistakes);
    assert_int_equal(mistakes.count, 0);
    for (step_number = 0; step_number < count; step_number++) {
        if (step_number % STEPS_PER_DAY == 0)
            new_days();
        struct workday before[2] = {workday_copy(&days[0]), workday_copy(&days[1])};
        size_t kind = random_step();
        bool refusal = steps[kind].step() != DAY_FINE;
        (refusal ? refused : applied)[kind]++;
        if (refusal)
            check_refused(before);
        check_day(&days[0]);
        check_day(&days[1]);
        check_nothing_lost();
        if (dice(ORACLE_ONE_IN) == 0)
            check_oracle();
    }
    for (size_t i = 0; i < STEP_KINDS; i++)
        printf("%s: %lld applied, %lld refused\n", steps[i].name, (long long)applied[i], (long long)refused[i]);
    for (size_t i = 0; i < STEP_KINDS; i++)
        assert_true(applied[i] > count / 1000);                 /* every kind of step has been tried for good */
    arena_free(&arena);
    arena_free(&shared);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(days_of_random_steps)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
