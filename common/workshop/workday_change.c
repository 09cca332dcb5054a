#include "workshop_inside.h"

/* Booking, moving, cancelling: what changes one job and no other. */

static enum day_refusal workday_accept(struct workday *workday, const struct workshop_job *job, struct slot *slot)
{
    if (!*job->job || !minutes_are_fine(job->minutes))
        return DAY_BAD_VALUE;
    if (workday_job(workday, job->job))
        return DAY_KNOWN;
    if (workday->plan.jobs.count >= DAY_JOBS_MAX)
        return DAY_FULL;
    enum day_refusal refusal = slot_check(workday, job, slot, NULL);
    if (refusal)
        return refusal;
    workday_add(workday, job);
    job_put(&workday->plan.jobs.at[workday->plan.jobs.count - 1], slot);
    workday->plan.revision++;
    return DAY_FINE;
}

enum day_refusal workday_book(struct workday *workday, const struct workshop_job *job, struct slot *slot)
{
    return workday_accept(workday, job, slot);
}

static bool job_is_movable(const struct workshop_job *job)
{
    return job->state == JOB_PLANNED || job->state == JOB_DISPLACED;
}

enum day_refusal workday_take(struct workday *workday, struct workday *from, const char *job, struct slot *slot,
                              const char *consent)
{
    const struct workshop_job *leaving = workday_job(from, job);
    if (!leaving)
        return DAY_NOT_FOUND;
    if (!job_is_movable(leaving))
        return DAY_WRONG_STATE;
    if (!*consent)
        return DAY_NO_CONSENT;
    struct workshop_job moved = *leaving;
    moved.consent = consent;
    enum day_refusal refusal = workday_accept(workday, &moved, slot);
    if (refusal)
        return refusal;
    workday_remove(from, leaving);
    from->plan.revision++;
    return DAY_FINE;
}

enum day_refusal workday_move(struct workday *workday, const char *job, struct slot *slot)
{
    struct workshop_job *moved = workday_job(workday, job);
    if (!moved)
        return DAY_NOT_FOUND;
    if (!job_is_movable(moved))
        return DAY_WRONG_STATE;
    enum day_refusal refusal = slot_check(workday, moved, slot, NULL);
    if (refusal)
        return refusal;
    job_put(moved, slot);
    workday->plan.revision++;
    return DAY_FINE;
}

enum day_refusal workday_cancel(struct workday *workday, const char *job)
{
    const struct workshop_job *gone = workday_job(workday, job);
    if (!gone)
        return DAY_NOT_FOUND;
    if (gone->state == JOB_DONE)
        return DAY_WRONG_STATE;
    workday_remove(workday, gone);
    workday->plan.revision++;
    return DAY_FINE;
}
