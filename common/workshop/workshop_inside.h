/* workshop_inside.h: what the files of this room share. */
#ifndef CARELINE_WORKSHOP_INSIDE_H
#define CARELINE_WORKSHOP_INSIDE_H

#include <string.h>

#include "workshop.h"

static inline wall_ms later_of(wall_ms a, wall_ms b)
{
    return a > b ? a : b;
}

static inline wall_ms sooner_of(wall_ms a, wall_ms b)
{
    return a < b ? a : b;
}

static inline bool minutes_are_fine(int64_t minutes)
{
    return minutes > 0 && minutes <= DAY_MS / MINUTE_MS;
}

/* Has the job a technician, a bay and a time? */
static inline bool job_has_place(const struct workshop_job *job)
{
    return job->state == JOB_PLANNED || job->state == JOB_STARTED || job->state == JOB_DONE;
}

/* Until when technician and bay are taken: work that is not reported over goes on. */
static inline wall_ms job_taken_until(const struct workday *workday, const struct workshop_job *job)
{
    return job->state == JOB_STARTED ? later_of(job->end_at, workday->now) : job->end_at;
}

static inline bool job_uses(const struct workshop_job *job, const char *technician, const char *bay)
{
    return !strcmp(job->technician, technician) || !strcmp(job->bay, bay);
}

const struct day_hours *workday_hours(const struct workday *workday, const struct technician *technician);

/* When `work_ms` of work begun at `start` is over; 0: the hours do not suffice, or `start` lies outside of them. */
wall_ms hours_end(const struct day_hours *hours, wall_ms start, int64_t work_ms);
/* The same for work that is begun: past the hours it goes on. Never 0. */
wall_ms hours_end_anyway(const struct day_hours *hours, wall_ms start, int64_t work_ms);
/* Time within the hours in [from, to). */
int64_t hours_between(const struct day_hours *hours, wall_ms from, wall_ms to);
/* Start of the first opening after `at`; 0: none. */
wall_ms hours_next(const struct day_hours *hours, wall_ms at);

void job_put(struct workshop_job *job, const struct slot *slot);
/* Where it stands, or stood. */
struct slot job_slot(const struct workday *workday, const struct workshop_job *job);
void workday_add(struct workday *workday, const struct workshop_job *job);
void workday_remove(struct workday *workday, const struct workshop_job *job);

/* -------- placing again (workday_push.c). A job is lifted when it has lost its place, but still knows it. */

void job_lift(struct workshop_job *job);
/* Lifts every planned job that stands in the way of this one; how many. */
size_t workday_lift_around(struct workday *workday, const struct workshop_job *job);
/* Places all that is lifted; what finds no place is displaced. */
void workday_settle(struct workday *workday, enum strategy strategy);

#endif
