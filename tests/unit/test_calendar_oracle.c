/* The calendar against the oracle that walks from minute to minute: random weeks, holidays, swapped days, spans,
 * forward and back, in zones whose clocks change by an hour, by half an hour, at midnight, a minute past it, and once
 * by a day. CASES=1000000 for a long run, SEED to repeat one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "calendar.h"
#include "calendar_oracle.h"
#include "support/dice.h"

enum { CASES_PER_CALENDAR = 500 };

static const struct { const char *zone; int64_t start_sec; } periods[] = {
    {"Asia/Shanghai", 1767225600},          /* 2026 */
    {"Europe/Berlin", 1767225600},
    {"America/New_York", 1767225600},
    {"Australia/Lord_Howe", 1767225600},
    {"Europe/Berlin", 2524608000},          /* 2050, by rule */
    {"Australia/Lord_Howe", 2208988800},    /* 2040 */
    {"America/Sao_Paulo", 1483228800},      /* 2017: midnights left out */
    {"America/St_Johns", 1262304000},       /* 2010: put back at one past midnight */
    {"Pacific/Apia", 1309478400},           /* July 2011 on: 30 December never was */
    {"America/New_York", 3471292800},       /* 2080 */
};

enum { PERIODS = sizeof periods / sizeof periods[0] };

static uint64_t random_state;

static uint64_t draw(void)
{
    uint64_t z = random_state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static int64_t below(int64_t n)
{
    return (int64_t)(draw() % (uint64_t)n);
}

/* -------- a random calendar, as YAML and for the oracle */

struct text { size_t bytes; char at[65536]; };

static void say(struct text *to, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(struct text *to, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    to->bytes += (size_t)vsnprintf(to->at + to->bytes, sizeof to->at - to->bytes, format, args);
    va_end(args);
    assert_true(to->bytes < sizeof to->at);
}

/* Up to three openings in order and apart; granular, so that borders meet clock changes often. */
static void random_day(struct naive_week *week, int day, bool full)
{
    int at = 0, grain = (int[]){1, 15, 30, 60}[below(4)], most = full && below(4) == 0 ? 1 : (int)below(4);
    if (full && below(8) == 0) {
        week->count[day] = 1;
        week->from[day][0] = 0;
        week->to[day][0] = 1440;
        return;
    }
    for (int i = 0; i < most; i++) {
        int from = at + (int)below((1440 - at) / 3 + 1) / grain * grain;
        int to = from + grain + (int)below((1440 - from) / 2 + 1) / grain * grain;
        if (to > 1440)
            break;
        week->from[day][i] = from;
        week->to[day][i] = to;
        week->count[day] = i + 1;
        at = to + grain;
        if (at >= 1440)
            break;
    }
}

static void random_week(struct naive_week *week, struct text *yaml)
{
    static const char *const names[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
    *week = (struct naive_week){.strict = below(2)};
    for (int d = 0; d < 7; d++)
        random_day(week, d, true);
    if (!week->count[2]) {
        week->count[2] = 1;
        week->from[2][0] = 90;
        week->to[2][0] = 150;
    }
    say(yaml, "{");
    for (int d = 0; d < 7; d++) {
        say(yaml, " %s: [", names[d]);
        for (int i = 0; i < week->count[d]; i++)
            say(yaml, "%s%02d:%02d-%02d:%02d", i ? ", " : "", week->from[d][i] / 60, week->from[d][i] % 60,
                week->to[d][i] / 60, week->to[d][i] % 60);
        say(yaml, "],");
    }
    say(yaml, " strict: %s }\n", week->strict ? "yes" : "no");
}

static void say_date(struct text *yaml, int date, const char *value)
{
    time_t at = date * 86400ll;
    struct tm tm;
    gmtime_r(&at, &tm);
    say(yaml, "  %04d-%02d-%02d: %s\n", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, value);
}

static void random_days(struct naive_calendar *c, struct text *yaml)
{
    static const char *const names[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
    int often = (int[]){3, 10, 40, 200}[below(4)];
    c->first_date = c->period->date[0] - 4;
    for (int i = 0; i < PERIOD_DAYS + 8; i++)
        c->pattern[i] = (signed char)((c->first_date + i + 3) % 7);
    say(yaml, "closed:\n  1999-01-01: x\n");
    for (int i = 0; i < PERIOD_DAYS; i++)
        if (below(often) == 0) {
            c->pattern[i] = -1;
            say_date(yaml, c->first_date + i, "closed");
        }
    say(yaml, "working_days:\n  1999-01-01: mon\n");
    for (int i = 0; i < PERIOD_DAYS; i++)
        if (c->pattern[i] >= 0 && below(25) == 0) {
            c->pattern[i] = (signed char)below(7);
            say_date(yaml, c->first_date + i, names[c->pattern[i]]);
        }
}

/* -------- one comparison */

struct trial {
    const struct calendar *calendar;
    const struct naive_calendar *naive;
    struct arena *arena;
    const char *yaml;
    int64_t at, compared, skipped;
};

static void differ(const struct trial *t, const char *what, int64_t got, int64_t wants, const char *detail)
{
    if (got != wants)
        fail_msg("%s at %lld %s: got %lld, wants %lld (%+lld ms)\n%s", what, (long long)t->at, detail, (long long)got,
                 (long long)wants, (long long)(got - wants), t->yaml);
}

static const struct week *week_of(const struct trial *t, int week)
{
    return week ? calendar_window(t->calendar, "window") : calendar_business(t->calendar);
}

static bool try_openings(struct trial *t)
{
    struct opening got = {0, 0};
    struct naive_opening wants;
    int week = (int)below(2);
    if (naive_next(t->naive, week, t->at, &wants)) {
        assert_true(calendar_next_opening(t->calendar, week_of(t, week), t->at, &got));
        differ(t, "next opening", got.from, wants.from, "from");
        differ(t, "next opening", got.to, wants.to, "to");
    }
    if (naive_last(t->naive, week, t->at, &wants)) {
        assert_true(calendar_last_opening(t->calendar, week_of(t, week), t->at, &got));
        differ(t, "last opening", got.from, wants.from, "from");
        differ(t, "last opening", got.to, wants.to, "to");
    }
    differ(t, "is open", calendar_is_open(t->calendar, week_of(t, week), t->at), naive_is_open(t->naive, week, t->at),
           "");
    return true;
}

/* Of a span: mostly minutes to days, sometimes to the millisecond. */
static struct span random_span(void)
{
    struct span span = {0, 0};
    int64_t kind = below(4);
    if (kind == 0)
        span.ms = below(40 * HOUR_MS);
    else if (kind == 1)
        span.ms = below(80) * 15 * MINUTE_MS;
    else
        span.days = (int)below(15);
    if (kind == 3)
        span.ms = below(10 * HOUR_MS);
    return span;
}

static bool try_add(struct trial *t)
{
    struct span span = random_span();
    bool back = below(2);
    int sign = back ? -1 : 1;
    int64_t wants = naive_add_business(t->naive, t->at, sign * span.ms, sign * span.days);
    if (wants == OUTSIDE)
        return false;
    wall_ms got =
        back ? calendar_sub_business(t->calendar, t->at, span) : calendar_add_business(t->calendar, t->at, span);
    differ(t, back ? "back" : "forward", got, wants, span_text(t->arena, span));
    return true;
}

static bool try_between(struct trial *t)
{
    int64_t to = t->at + below(10 * DAY_MS);
    if (minute_of(t->naive, to) >= PERIOD_MINUTES)
        return false;
    differ(t, "between", calendar_business_between(t->calendar, t->at, to), naive_between(t->naive, t->at, to), "");
    differ(t, "between, turned round", calendar_business_between(t->calendar, to, t->at), 0, "");
    return true;
}

static bool try_local(struct trial *t)
{
    int64_t minute = minute_of(t->naive, t->at), date = t->naive->period->date[minute], day = date + below(40) - 20;
    struct local_time local = calendar_local(t->calendar, t->at);
    differ(t, "minute of the day", local.hour * 60 + local.minute, t->naive->period->minute[minute], "");
    differ(t, "weekday", local.weekday, (date + 3) % 7, "");
    differ(t, "offset", local.offset_min,
           (date * 1440 + t->naive->period->minute[minute]) - (t->at - t->at % A_MINUTE) / A_MINUTE, "");
    int64_t wants = naive_on_date(t->naive, t->at, (int)day);
    if (wants == OUTSIDE)
        return false;
    differ(t, "add days", calendar_add_days(t->calendar, t->at, (int)(day - date)), wants, "");
    int64_t start = minute;
    for (int64_t i = minute; inside(i) && i > minute - 2880; i--)
        start = t->naive->period->date[i] == date ? i : start;
    differ(t, "day start", calendar_day_start(t->calendar, t->at), start_of(t->naive, start), "");
    return true;
}

/* -------- placing */

struct naive_placed { int64_t due, deadline; bool late; };

static int64_t most(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t naive_span(const struct trial *t, const struct placing *p, struct span span)
{
    if (p->business)
        return naive_add_business(t->naive, p->event, span.ms, span.days);
    int64_t at =
        span.days ? naive_on_date(t->naive, p->event, t->naive->period->date[minute_of(t->naive, p->event)] + span.days)
                  : p->event;
    return at == OUTSIDE ? OUTSIDE : at + span.ms;
}

static bool naive_place(const struct trial *t, const struct placing *p, struct naive_placed *ret)
{
    struct naive_opening o;
    int64_t earliest = naive_span(t, p, p->after), floor_at = most(p->event, p->now);
    ret->deadline = p->before.ms || p->before.days ? naive_span(t, p, p->before) : 0;
    if (earliest == OUTSIDE || ret->deadline == OUTSIDE)
        return false;
    ret->late = ret->deadline && ret->deadline <= p->now;
    int64_t limit = ret->late || !ret->deadline ? INT64_MAX : ret->deadline, from = most(earliest, floor_at);
    if (!naive_next(t->naive, 1, from, &o))
        return false;
    int64_t next = ret->due = most(o.from, from);
    if (next < limit)
        return true;
    if (naive_last(t->naive, 1, limit, &o) && o.to > floor_at) {
        ret->due = most(o.from, floor_at);
        return true;
    }
    if (!t->naive->week[1].strict && naive_next(t->naive, 0, from, &o) && most(o.from, from) < limit)
        ret->due = most(o.from, from);
    return true;
}

static bool try_place(struct trial *t)
{
    struct naive_placed wants;
    struct placing p = {.event = t->at, .now = t->at, .week = week_of(t, 1), .business = below(2)};
    p.after = random_span();
    if (below(3))
        p.before = (struct span){.days = p.after.days + (int)below(3), .ms = p.after.ms + below(6 * HOUR_MS)};
    if (below(3) == 0)
        p.now += below(20 * DAY_MS);
    if (!inside(minute_of(t->naive, p.now)) || !naive_place(t, &p, &wants))
        return false;
    struct placed got = calendar_place(t->calendar, &p, t->arena);
    differ(t, "place", got.due, wants.due, got.why);
    differ(t, "deadline", got.deadline, wants.deadline, got.why);
    differ(t, "late", got.arrived_late, wants.late, got.why);
    differ(t, "foreseen", got.breach_foreseen, wants.deadline && wants.due > wants.deadline, got.why);
    return true;
}

/* -------- the run */

/* Near a change of the clock one time in two, if the period has one; the borders of minutes often. */
static int64_t random_instant(const struct naive_calendar *c, const int *changes, int change_count)
{
    int64_t minute = PERIOD_MINUTES / 4 + below(PERIOD_MINUTES / 2);
    if (change_count && below(2))
        minute = changes[below(change_count)] - 4 * 1440 + below(8 * 1440);
    return start_of(c, minute) + (below(2) ? 0 : below(A_MINUTE));
}

/* Minutes at which the clock jumps, not too near the period's ends. */
static int find_changes(const struct clock_period *p, int *changes, int room)
{
    int count = 0;
    for (int i = 30 * 1440; i < PERIOD_MINUTES - 30 * 1440 && count < room; i++) {
        int64_t before = p->date[i - 1] * 1440ll + p->minute[i - 1], after = p->date[i] * 1440ll + p->minute[i];
        if (after != before + 1)
            changes[count++] = i;
    }
    return count;
}

static void run_cases(struct trial *t, int64_t cases)
{
    static bool (*const tries[])(struct trial *) = {try_openings, try_add,   try_add,  try_between,
                                                    try_local,    try_place, try_place};
    int changes[16], count = find_changes(t->naive->period, changes, 16);
    for (int64_t i = 0; i < cases; i++) {
        t->at = random_instant(t->naive, changes, count);
        if (tries[below(7)](t))
            t->compared++;
        else
            t->skipped++;
        if (i % 64 == 0)
            arena_reset(t->arena);
    }
}

static void run_calendar(struct naive_calendar *naive, int64_t cases, struct trial *sums)
{
    static struct text yaml;
    yaml.bytes = 0;
    say(&yaml, "calendar: random\nzone: %s\nbusiness: ", naive->period->zone);
    random_week(&naive->week[0], &yaml);
    say(&yaml, "windows:\n  window: ");
    random_week(&naive->week[1], &yaml);
    random_days(naive, &yaml);
    naive_fill(naive);
    struct arena *arena = arena_new();
    struct mistakes mistakes = {.file = "random", .arena = arena};
    struct trial t = {.naive = naive, .arena = arena_new(), .yaml = yaml.at};
    t.calendar = calendar_parse((struct slice){(uint8_t *)yaml.at, yaml.bytes}, arena, &mistakes);
    if (!t.calendar)
        fail_msg("%s\n%s", mistakes.lines[0], yaml.at);
    run_cases(&t, cases);
    sums->compared += t.compared;
    sums->skipped += t.skipped;
    arena_free(&t.arena);
    arena_free(&arena);
}

static void calendar_agrees_with_the_oracle(void **state)
{
    int64_t cases = number_of("CASES", 20000);
    struct trial sums = {0};
    static struct naive_calendar naive;
    (void)state;
    random_state = (uint64_t)number_of("SEED", 20260306);
    naive.open[0] = calloc(PERIOD_MINUTES, 1);
    naive.open[1] = calloc(PERIOD_MINUTES, 1);
    for (int i = 0; i < PERIODS; i++) {
        struct clock_period period;
        period_fill(&period, periods[i].zone, periods[i].start_sec * SECOND_MS);
        naive.period = &period;
        for (int64_t done = 0; done < cases / PERIODS; done += CASES_PER_CALENDAR)
            run_calendar(&naive, CASES_PER_CALENDAR, &sums);
        free(period.date);
        free(period.minute);
    }
    free(naive.open[0]);
    free(naive.open[1]);
    print_message("%lld cases agree, %lld left the oracle's period\n", (long long)sums.compared,
                  (long long)sums.skipped);
    assert_true(sums.compared >= cases * 9 / 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(calendar_agrees_with_the_oracle)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
