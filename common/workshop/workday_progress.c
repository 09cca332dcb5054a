#include "workshop_inside.h"

/* What happens to jobs during the day, and what that pushes. */

static bool somebody_is_at_work(const struct workday *workday, const struct workshop_job *job)
{
    for (size_t i = 0; i < workday->plan.jobs.count; i++) {
        const struct workshop_job *other = &workday->plan.jobs.at[i];
        if (other != job && other->state == JOB_STARTED && job_uses(other, job->technician, job->bay))
            return true;
    }
    return false;
}

static void job_lengthen(const struct workday *workday, struct workshop_job *job, wall_ms end)
{
    job->end_at = end;
    job->hand_over_at = later_of(job->hand_over_at, end + workday->workshop->reserve_ms);
}

static wall_ms end_of_work(const struct workday *workday, const struct workshop_job *job, wall_ms from, int64_t minutes)
{
    const struct technician *technician = workshop_technician(workday->workshop, job->technician);
    static const struct day_hours none = {0};
    return hours_end_anyway(technician ? workday_hours(workday, technician) : &none, from, minutes * MINUTE_MS);
}

/* Work that goes on past its time is hit by what begins now. */
static bool absence_hits(const struct workday *workday, const struct workshop_absence *absence,
                         const struct workshop_job *job)
{
    wall_ms until = job->state == JOB_STARTED ? later_of(job->end_at, workday->now + 1) : job->end_at;
    return job_uses(job, absence->who, absence->who) && job->start_at < absence->to_at && until > absence->from_at;
}

static bool job_meets_absence(const struct workday *workday, const struct workshop_job *job)
{
    for (size_t i = 0; i < workday->plan.absences.count; i++)
        if (absence_hits(workday, &workday->plan.absences.at[i], job))
            return true;
    return false;
}

/* Does `job`, begun at `start`, come too close to one that is over? */
static bool too_close_to_done(const struct workday *workday, const struct workshop_job *job, wall_ms start)
{
    for (size_t i = 0; i < workday->plan.jobs.count; i++) {
        const struct workshop_job *other = &workday->plan.jobs.at[i];
        if (other->state == JOB_DONE && job_uses(other, job->technician, job->bay) &&
            start < other->end_at + workday->workshop->buffer_ms)
            return true;
    }
    return false;
}

static enum day_refusal start_late(struct workday *workday, struct workshop_job *job, enum strategy strategy)
{
    struct workshop_job begun = *job;
    begun.state = JOB_STARTED;
    begun.start_at = workday->now;
    job_lengthen(workday, &begun, end_of_work(workday, job, workday->now, job->minutes));
    if (begun.end_at > workday->to)
        return DAY_CLOSED;
    if (job_meets_absence(workday, &begun))
        return DAY_ABSENT;
    if (too_close_to_done(workday, job, workday->now))
        return DAY_BUFFER;
    *job = begun;
    workday_lift_around(workday, job);
    workday_settle(workday, strategy);
    workday->plan.revision++;
    return DAY_FINE;
}

static enum day_refusal start_early(struct workday *workday, struct workshop_job *job)
{
    struct slot slot = job_slot(workday, job);
    slot.start = workday->now;
    if (!slot.technician || !slot.bay)
        return DAY_ABSENT;
    enum day_refusal refusal = slot_check(workday, job, &slot, NULL);
    if (refusal)
        return refusal;
    wall_ms told = job->hand_over_at;
    job_put(job, &slot);
    job->state = JOB_STARTED;
    job->hand_over_at = later_of(told, slot.hand_over);
    workday->plan.revision++;
    return DAY_FINE;
}

enum day_refusal workday_start(struct workday *workday, const char *id, enum strategy strategy)
{
    struct workshop_job *job = workday_job(workday, id);
    if (!job)
        return DAY_NOT_FOUND;
    if (job->state != JOB_PLANNED)
        return DAY_WRONG_STATE;
    if (somebody_is_at_work(workday, job))
        return DAY_BUSY;
    return workday->now > job->start_at ? start_late(workday, job, strategy) : start_early(workday, job);
}

enum day_refusal workday_finish(struct workday *workday, const char *id, enum strategy strategy)
{
    struct workshop_job *job = workday_job(workday, id);
    if (!job)
        return DAY_NOT_FOUND;
    if (job->state != JOB_STARTED || workday->now < job->start_at)
        return DAY_WRONG_STATE;
    job_lengthen(workday, job, workday->now);
    job->state = JOB_DONE;
    if (workday_lift_around(workday, job))
        workday_settle(workday, strategy);
    workday->plan.revision++;
    return DAY_FINE;
}

/* -------- delays */

/* What is left of it is work to be placed again. */
static void job_interrupt(const struct workday *workday, struct workshop_job *job)
{
    const struct technician *technician = workshop_technician(workday->workshop, job->technician);
    int64_t done_ms = technician ? hours_between(workday_hours(workday, technician), job->start_at, workday->now) : 0;
    int64_t left = job->minutes - done_ms / MINUTE_MS;
    job->minutes = left > 0 ? left : 1;
    job->start_at = workday->now;
    job_lift(job);
}

static void delay_planned(struct workday *workday, struct workshop_job *job)
{
    struct slot slot = job_slot(workday, job);
    job->end_at = end_of_work(workday, job, job->start_at, job->minutes);
    workday_lift_around(workday, job);
    if (slot.technician && slot.bay && slot_check(workday, job, &slot, NULL) == DAY_FINE)
        job_put(job, &slot);
    else
        job_lift(job);
}

static void delay_started(struct workday *workday, struct workshop_job *job, wall_ms end)
{
    job_lengthen(workday, job, end);
    if (job_meets_absence(workday, job))
        job_interrupt(workday, job);
    else
        workday_lift_around(workday, job);
}

enum day_refusal workday_delay(struct workday *workday, const char *id, int64_t minutes, enum strategy strategy)
{
    struct workshop_job *job = workday_job(workday, id);
    if (!job)
        return DAY_NOT_FOUND;
    if (job->state != JOB_PLANNED && job->state != JOB_STARTED)
        return DAY_WRONG_STATE;
    if (minutes <= 0 || minutes > DAY_MS / MINUTE_MS - job->minutes)
        return DAY_BAD_VALUE;
    wall_ms end = end_of_work(workday, job, later_of(job->end_at, workday->now), minutes);
    if (job->state == JOB_STARTED && end > workday->to)
        return DAY_CLOSED;
    job->minutes += minutes;
    if (job->state == JOB_STARTED)
        delay_started(workday, job, end);
    else
        delay_planned(workday, job);
    workday_settle(workday, strategy);
    workday->plan.revision++;
    return DAY_FINE;
}

/* -------- absences */

static void absence_add(struct workday *workday, const struct workshop_absence *absence)
{
    struct workshop_absence_list *list = &workday->plan.absences;
    struct workshop_absence *grown = arena_alloc(workday->arena, (list->count + 1) * sizeof *grown);
    if (list->count)
        memcpy(grown, list->at, list->count * sizeof *grown);
    grown[list->count++] = *absence;
    list->at = grown;
}

enum day_refusal workday_absent(struct workday *workday, const struct workshop_absence *absence, enum strategy strategy)
{
    if (!workshop_technician(workday->workshop, absence->who) && !workshop_bay(workday->workshop, absence->who))
        return DAY_NOT_FOUND;
    struct workshop_absence clipped = *absence;
    clipped.from_at = later_of(later_of(absence->from_at, workday->from), workday->now);
    clipped.to_at = sooner_of(absence->to_at, workday->to);
    if (clipped.from_at >= clipped.to_at)
        return DAY_BAD_VALUE;
    if (workday->plan.absences.count >= DAY_ABSENCES_MAX)
        return DAY_FULL;
    absence_add(workday, &clipped);
    for (size_t i = 0; i < workday->plan.jobs.count; i++) {
        struct workshop_job *job = &workday->plan.jobs.at[i];
        if (job->state == JOB_PLANNED && absence_hits(workday, &clipped, job))
            job_lift(job);
        else if (job->state == JOB_STARTED && absence_hits(workday, &clipped, job))
            job_interrupt(workday, job);
    }
    workday_settle(workday, strategy);
    workday->plan.revision++;
    return DAY_FINE;
}

enum day_refusal workday_present(struct workday *workday, const char *who)
{
    struct workshop_absence_list *list = &workday->plan.absences;
    size_t kept = 0;
    bool found = false;
    for (size_t i = 0; i < list->count; i++) {
        struct workshop_absence *absence = &list->at[i];
        if (!strcmp(absence->who, who) && absence->to_at > workday->now) {
            found = true;
            absence->to_at = workday->now;
        }
        if (absence->from_at < absence->to_at)
            list->at[kept++] = *absence;
    }
    list->count = kept;
    workday->plan.revision += found;
    return found ? DAY_FINE : DAY_NOT_FOUND;
}
