#include <stdlib.h>

#include "workshop_inside.h"

/* Jobs that lost their place are lifted, then placed again by a strategy. */

static const char *const strategy_words[strategy_count] = {
    [STRATEGY_EARLIEST] = "earliest",
    [STRATEGY_SAME_TECHNICIAN] = "same_technician",
    [STRATEGY_FEWEST_MOVED] = "fewest_moved",
};

const char *strategy_word(enum strategy strategy)
{
    return strategy < strategy_count ? strategy_words[strategy] : "";
}

enum strategy strategy_named(const char *word)
{
    enum strategy strategy = 0;
    if (!*word)
        return STRATEGY_FEWEST_MOVED;
    while (strategy < strategy_count && strcmp(strategy_words[strategy], word))
        strategy++;
    return strategy;
}

/* -------- lifting */

static bool job_is_lifted(const struct workshop_job *job)
{
    return job->state == JOB_DISPLACED && *job->technician;
}

void job_lift(struct workshop_job *job)
{
    job->state = JOB_DISPLACED;
}

static void job_drop(struct workshop_job *job)
{
    job->technician = job->bay = "";
    job->start_at = job->end_at = job->hand_over_at = 0;
}

size_t workday_lift_around(struct workday *workday, const struct workshop_job *job)
{
    int64_t buffer_ms = workday->workshop->buffer_ms;
    wall_ms until = job_taken_until(workday, job);
    size_t lifted = 0;
    for (size_t i = 0; i < workday->plan.jobs.count; i++) {
        struct workshop_job *other = &workday->plan.jobs.at[i];
        if (other == job || other->state != JOB_PLANNED || !job_uses(other, job->technician, job->bay))
            continue;
        if (other->start_at >= until + buffer_ms || other->end_at + buffer_ms <= job->start_at)
            continue;
        job_lift(other);
        lifted++;
    }
    return lifted;
}

/* Whoever has a lifted job has all that was planned after it lifted too. */
static void lift_followers(struct workday *workday)
{
    struct workshop_job_list *jobs = &workday->plan.jobs;
    size_t *first = arena_alloc(workday->arena, (jobs->count + 1) * sizeof *first);
    size_t count = 0;
    for (size_t i = 0; i < jobs->count; i++)
        if (job_is_lifted(&jobs->at[i]))
            first[count++] = i;
    for (size_t k = 0; k < count; k++)
        for (size_t i = 0; i < jobs->count; i++)
            if (jobs->at[i].state == JOB_PLANNED && jobs->at[i].start_at >= jobs->at[first[k]].start_at &&
                !strcmp(jobs->at[i].technician, jobs->at[first[k]].technician))
                job_lift(&jobs->at[i]);
}

/* -------- placing one after the other */

typedef int (*job_order)(const void *a, const void *b);

static int by_start(const void *a, const void *b)
{
    const struct workshop_job *first = *(struct workshop_job *const *)a, *second = *(struct workshop_job *const *)b;
    if (first->start_at != second->start_at)
        return first->start_at < second->start_at ? -1 : 1;
    return strcmp(first->job, second->job);
}

static int by_length(const void *a, const void *b)
{
    const struct workshop_job *first = *(struct workshop_job *const *)a, *second = *(struct workshop_job *const *)b;
    if (first->minutes != second->minutes)
        return first->minutes < second->minutes ? -1 : 1;
    return by_start(a, b);
}

static void place_again(struct workday *workday, struct workshop_job *job, bool same_technician)
{
    struct slot slot = job_slot(workday, job);
    if (slot.technician && slot.bay && slot_check(workday, job, &slot, NULL) == DAY_FINE) {
        job_put(job, &slot);
        return;
    }
    struct slot_wish wish = {.technician = same_technician ? slot.technician : NULL, .from = job->start_at};
    if ((same_technician && !slot.technician) || slot_earliest(workday, job, &wish, &slot))
        job_drop(job);
    else
        job_put(job, &slot);
}

static void place_lifted(struct workday *workday, job_order order, bool same_technician)
{
    struct workshop_job_list *jobs = &workday->plan.jobs;
    struct workshop_job **lifted = arena_alloc(workday->arena, (jobs->count + 1) * sizeof *lifted);
    size_t count = 0;
    for (size_t i = 0; i < jobs->count; i++)
        if (job_is_lifted(&jobs->at[i]))
            lifted[count++] = &jobs->at[i];
    qsort(lifted, count, sizeof *lifted, order);
    for (size_t i = 0; i < count; i++)
        place_again(workday, lifted[i], same_technician);
}

static void push_back(struct workday *workday)
{
    lift_followers(workday);
    place_lifted(workday, by_start, true);
}

/* -------- fewest moved */

struct burden { size_t displaced, moved; int64_t late_ms; };

static struct burden burden_of(const struct workday *before, const struct workday *after)
{
    struct burden burden = {0, 0, 0};
    for (size_t i = 0; i < before->plan.jobs.count; i++) {
        const struct workshop_job *was = &before->plan.jobs.at[i], *is = &after->plan.jobs.at[i];
        burden.displaced += is->state == JOB_DISPLACED;
        burden.moved += is->start_at != was->start_at || strcmp(is->technician, was->technician) != 0;
        burden.late_ms += is->end_at > was->end_at ? is->end_at - was->end_at : 0;
    }
    return burden;
}

static bool burden_less(struct burden a, struct burden b)
{
    if (a.displaced != b.displaced)
        return a.displaced < b.displaced;
    return a.moved != b.moved ? a.moved < b.moved : a.late_ms < b.late_ms;
}

static void place_fewest(struct workday *workday)
{
    struct workday by_time = workday_copy(workday), by_size = workday_copy(workday), pushed = workday_copy(workday);
    place_lifted(&by_time, by_start, false);
    place_lifted(&by_size, by_length, false);
    push_back(&pushed);
    const struct workday *best = &by_time;
    if (burden_less(burden_of(workday, &by_size), burden_of(workday, best)))
        best = &by_size;
    if (burden_less(burden_of(workday, &pushed), burden_of(workday, best)))
        best = &pushed;
    workday->plan.jobs = best->plan.jobs;
}

void workday_settle(struct workday *workday, enum strategy strategy)
{
    if (strategy == STRATEGY_EARLIEST)
        place_lifted(workday, by_start, false);
    else if (strategy == STRATEGY_SAME_TECHNICIAN)
        push_back(workday);
    else
        place_fewest(workday);
}
