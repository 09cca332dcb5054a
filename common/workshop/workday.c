#include <assert.h>

#include "workshop_inside.h"

static const char *const refusal_words[day_refusal_count] = {
    [DAY_FINE] = "fine",
    [DAY_NO_SKILL] = "no_skill",
    [DAY_NO_EQUIPMENT] = "no_equipment",
    [DAY_PAST] = "past",
    [DAY_CLOSED] = "outside_hours",
    [DAY_ABSENT] = "absent",
    [DAY_OVERLAP] = "overlap",
    [DAY_BUFFER] = "buffer",
    [DAY_HAND_OVER] = "hand_over",
    [DAY_CAPACITY] = "no_capacity",
    [DAY_KNOWN] = "known",
    [DAY_NOT_FOUND] = "not_found",
    [DAY_WRONG_STATE] = "wrong_state",
    [DAY_NO_CONSENT] = "no_consent",
    [DAY_FULL] = "full",
    [DAY_BAD_VALUE] = "bad_value",
    [DAY_BUSY] = "busy",
    [DAY_CHANGED] = "changed",
};

const char *day_refusal_word(enum day_refusal refusal)
{
    assert(refusal < day_refusal_count);
    return refusal_words[refusal];
}

/* -------- hours */

static struct day_hours hours_of_day(const struct calendar *calendar, const struct week *week, wall_ms from, wall_ms to)
{
    struct day_hours hours = {0};
    struct opening opening;
    wall_ms at = from;
    while (hours.count < OPENINGS_PER_DAY_MAX && calendar_next_opening(calendar, week, at, &opening) &&
           opening.from < to) {
        opening.from = later_of(opening.from, from);
        opening.to = sooner_of(opening.to, to);
        hours.opening[hours.count++] = opening;
        at = opening.to;
    }
    return hours;
}

const struct day_hours *workday_hours(const struct workday *workday, const struct technician *technician)
{
    return &workday->hours[technician - workday->workshop->technicians];
}

wall_ms hours_end(const struct day_hours *hours, wall_ms start, int64_t work_ms)
{
    for (int i = 0; i < hours->count; i++) {
        const struct opening *opening = &hours->opening[i];
        if (start >= opening->to)
            continue;
        if (start < opening->from)
            return 0;
        if (work_ms <= opening->to - start)
            return start + work_ms;
        work_ms -= opening->to - start;
        if (i + 1 < hours->count)
            start = hours->opening[i + 1].from;
    }
    return 0;
}

wall_ms hours_end_anyway(const struct day_hours *hours, wall_ms start, int64_t work_ms)
{
    wall_ms end = hours_end(hours, start, work_ms);
    if (end)
        return end;
    wall_ms last = hours->count ? hours->opening[hours->count - 1].to : 0;
    int64_t within = start < last ? hours_between(hours, start, last) : 0;
    return within && work_ms > within ? last + (work_ms - within) : start + work_ms;
}

int64_t hours_between(const struct day_hours *hours, wall_ms from, wall_ms to)
{
    int64_t sum_ms = 0;
    for (int i = 0; i < hours->count; i++) {
        int64_t common_ms = sooner_of(to, hours->opening[i].to) - later_of(from, hours->opening[i].from);
        sum_ms += common_ms > 0 ? common_ms : 0;
    }
    return sum_ms;
}

wall_ms hours_next(const struct day_hours *hours, wall_ms at)
{
    for (int i = 0; i < hours->count; i++)
        if (hours->opening[i].from > at)
            return hours->opening[i].from;
    return 0;
}

/* -------- a day */

static void plan_copy(struct workshop_day *plan, struct arena *arena)
{
    if (plan->jobs.count)
        plan->jobs.at = arena_copy(arena, plan->jobs.at, plan->jobs.count * sizeof *plan->jobs.at);
    if (plan->absences.count)
        plan->absences.at = arena_copy(arena, plan->absences.at, plan->absences.count * sizeof *plan->absences.at);
}

static wall_ms closing(const struct calendar *calendar, wall_ms from, wall_ms to)
{
    struct day_hours open = hours_of_day(calendar, calendar_business(calendar), from, to);
    return open.count ? open.opening[open.count - 1].to : 0;
}

void workday_open(struct workday *ret, const struct workshop *workshop, const struct calendar *calendar, wall_ms at,
                  wall_ms now, const struct workshop_day *stored, const char *id, struct arena *arena)
{
    wall_ms from = calendar_day_start(calendar, at), to = calendar_add_days(calendar, from, 1);
    struct day_hours *hours = arena_alloc(arena, (workshop->technician_count + 1) * sizeof *hours);
    for (size_t i = 0; i < workshop->technician_count; i++) {
        const struct week *week = workshop->technicians[i].hours;
        hours[i] = hours_of_day(calendar, week ? week : calendar_business(calendar), from, to);
    }
    *ret = (struct workday){
        .workshop = workshop,
        .arena = arena,
        .now = now,
        .from = from,
        .to = to,
        .closes = closing(calendar, from, to),
        .hours = hours,
        .plan = stored ? *stored : (struct workshop_day){.id = id, .site = ""},
    };
    plan_copy(&ret->plan, arena);
}

struct workday workday_copy(const struct workday *workday)
{
    struct workday copy = *workday;
    plan_copy(&copy.plan, copy.arena);
    return copy;
}

struct workshop_job *workday_job(const struct workday *workday, const char *job)
{
    for (size_t i = 0; i < workday->plan.jobs.count; i++)
        if (!strcmp(workday->plan.jobs.at[i].job, job))
            return &workday->plan.jobs.at[i];
    return NULL;
}

void workday_add(struct workday *workday, const struct workshop_job *job)
{
    struct workshop_job_list *jobs = &workday->plan.jobs;
    struct workshop_job *grown = arena_alloc(workday->arena, (jobs->count + 1) * sizeof *grown);
    if (jobs->count)
        memcpy(grown, jobs->at, jobs->count * sizeof *grown);
    grown[jobs->count++] = *job;
    jobs->at = grown;
}

void workday_remove(struct workday *workday, const struct workshop_job *job)
{
    struct workshop_job_list *jobs = &workday->plan.jobs;
    size_t index = (size_t)(job - jobs->at);
    assert(index < jobs->count);
    memmove(&jobs->at[index], &jobs->at[index + 1], (--jobs->count - index) * sizeof *jobs->at);
}

/* -------- what changed */

static bool jobs_differ(const struct workshop_job *a, const struct workshop_job *b)
{
    return a->state != b->state || a->start_at != b->start_at || a->end_at != b->end_at ||
           a->hand_over_at != b->hand_over_at || a->minutes != b->minutes || strcmp(a->technician, b->technician) ||
           strcmp(a->bay, b->bay);
}

static bool change_comes_later(const struct job_change *a, const struct job_change *b)
{
    wall_ms at_a = a->before ? a->before->start_at : INT64_MAX, at_b = b->before ? b->before->start_at : INT64_MAX;
    return at_a > at_b;
}

static void change_insert(struct job_change *changes, size_t count, struct job_change change)
{
    while (count && change_comes_later(&changes[count - 1], &change)) {
        changes[count] = changes[count - 1];
        count--;
    }
    changes[count] = change;
}

size_t workday_changes(const struct workday *before, const struct workday *after, struct job_change **ret)
{
    const struct workshop_job_list *old = &before->plan.jobs, *new = &after->plan.jobs;
    struct job_change *changes = arena_alloc(after->arena, (old->count + new->count + 1) * sizeof *changes);
    size_t count = 0;
    for (size_t i = 0; i < old->count; i++) {
        const struct workshop_job *now = workday_job(after, old->at[i].job);
        if (!now || jobs_differ(&old->at[i], now))
            change_insert(changes, count++, (struct job_change){&old->at[i], now});
    }
    for (size_t i = 0; i < new->count; i++)
        if (!workday_job(before, new->at[i].job))
            change_insert(changes, count++, (struct job_change){NULL, &new->at[i]});
    *ret = changes;
    return count;
}
