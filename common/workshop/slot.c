#include <assert.h>

#include "workshop_inside.h"

/* Where a job may stand: one check, and the searches that ask it. */

static bool texts_have(struct texts texts, const char *wanted)
{
    for (size_t i = 0; i < texts.count; i++)
        if (!strcmp(texts.at[i], wanted))
            return true;
    return !*wanted;
}

struct slot job_slot(const struct workday *workday, const struct workshop_job *job)
{
    return (struct slot){
        workshop_technician(workday->workshop, job->technician), workshop_bay(workday->workshop, job->bay),
        job->start_at, job->end_at, job->hand_over_at,
    };
}

void job_put(struct workshop_job *job, const struct slot *slot)
{
    job->state = JOB_PLANNED;
    job->technician = slot->technician->id;
    job->bay = slot->bay->id;
    job->start_at = slot->start;
    job->end_at = slot->end;
    job->hand_over_at = slot->hand_over;
}

static enum day_refusal absences_check(const struct workday *workday, const struct slot *slot, wall_ms *later)
{
    enum day_refusal refusal = DAY_FINE;
    for (size_t i = 0; i < workday->plan.absences.count; i++) {
        const struct workshop_absence *absence = &workday->plan.absences.at[i];
        if (strcmp(absence->who, slot->technician->id) && strcmp(absence->who, slot->bay->id))
            continue;
        if (slot->start >= absence->to_at || slot->end <= absence->from_at)
            continue;
        *later = later_of(*later, absence->to_at);
        refusal = DAY_ABSENT;
    }
    return refusal;
}

static enum day_refusal jobs_check(const struct workday *workday, const struct workshop_job *job,
                                   const struct slot *slot, wall_ms *later)
{
    enum day_refusal refusal = DAY_FINE;
    int64_t buffer_ms = workday->workshop->buffer_ms;
    for (size_t i = 0; i < workday->plan.jobs.count; i++) {
        const struct workshop_job *other = &workday->plan.jobs.at[i];
        wall_ms until = job_taken_until(workday, other);
        if (!job_has_place(other) || !job_uses(other, slot->technician->id, slot->bay->id))
            continue;
        if (slot->start >= until + buffer_ms || slot->end + buffer_ms <= other->start_at ||
            !strcmp(other->job, job->job))
            continue;
        bool overlaps = slot->start < until && slot->end > other->start_at;
        *later = later_of(*later, until + buffer_ms);
        refusal = overlaps || refusal == DAY_OVERLAP ? DAY_OVERLAP : DAY_BUFFER;
    }
    return refusal;
}

/* The end never comes sooner for a later start; so all starts up to where an obstacle ends meet the same obstacle. */
enum day_refusal slot_check(const struct workday *workday, const struct workshop_job *job, struct slot *slot,
                            wall_ms ret_later[1])
{
    wall_ms ignored, *later = ret_later ? ret_later : &ignored;
    const struct day_hours *hours = workday_hours(workday, slot->technician);
    *later = 0;
    if (!minutes_are_fine(job->minutes))
        return DAY_BAD_VALUE;
    if (!texts_have(slot->technician->skills, job->skill))
        return DAY_NO_SKILL;
    if (!texts_have(slot->bay->equipment, job->equipment))
        return DAY_NO_EQUIPMENT;
    if (slot->start < workday->now) {
        *later = workday->now;
        return DAY_PAST;
    }
    struct slot tried = *slot;
    tried.end = hours_end(hours, slot->start, job->minutes * MINUTE_MS);
    if (!tried.end) {
        *later = hours_next(hours, slot->start);
        return DAY_CLOSED;
    }
    enum day_refusal absent = absences_check(workday, &tried, later), taken = jobs_check(workday, job, &tried, later);
    if (absent || taken)
        return absent ? absent : taken;
    tried.hand_over = tried.end + workday->workshop->reserve_ms;
    if (tried.hand_over > workday->closes)
        return DAY_HAND_OVER;
    *slot = tried;
    return DAY_FINE;
}

/* -------- searching */

static wall_ms on_grid(const struct workday *workday, wall_ms at)
{
    int64_t grid_ms = workday->workshop->grid_ms, over_ms = (at - workday->from) % grid_ms;
    return over_ms ? at + grid_ms - over_ms : at;
}

/* The first start from slot->start on at this technician and bay. */
static bool slot_first(const struct workday *workday, const struct workshop_job *job, wall_ms ready_by,
                       struct slot *slot)
{
    wall_ms later;
    enum day_refusal refusal;
    while ((refusal = slot_check(workday, job, slot, &later))) {
        if (!later)
            return false;
        assert(later > slot->start);
        slot->start = on_grid(workday, later);
    }
    return !ready_by || slot->hand_over <= ready_by;
}

static int64_t minutes_planned(const struct workday *workday, const char *technician)
{
    int64_t minutes = 0;
    for (size_t i = 0; i < workday->plan.jobs.count; i++)
        if (!strcmp(workday->plan.jobs.at[i].technician, technician))
            minutes += workday->plan.jobs.at[i].minutes;
    return minutes;
}

/* Sooner over; else with whom it is already, where it is already, who has less to do. */
static bool slot_better(const struct workday *workday, const struct workshop_job *job, const struct slot *a,
                        const struct slot *b)
{
    if (a->end != b->end)
        return a->end < b->end;
    bool stays_a = !strcmp(a->technician->id, job->technician), stays_b = !strcmp(b->technician->id, job->technician);
    if (stays_a != stays_b)
        return stays_a;
    if (a->technician != b->technician)
        return minutes_planned(workday, a->technician->id) < minutes_planned(workday, b->technician->id);
    return !strcmp(a->bay->id, job->bay);
}

static void technician_try(const struct workday *workday, const struct workshop_job *job, const struct slot_wish *wish,
                           const struct technician *technician, struct slot *best)
{
    const struct workshop *workshop = workday->workshop;
    for (size_t i = 0; i < workshop->bay_count; i++) {
        struct slot slot = {.technician = technician, .bay = &workshop->bays[i],
                            .start = on_grid(workday, later_of(later_of(wish->from, workday->now), workday->from))};
        if ((wish->bay && wish->bay != slot.bay) || !texts_have(slot.bay->equipment, job->equipment))
            continue;
        if (slot_first(workday, job, wish->ready_by, &slot) &&
            (!best->technician || slot_better(workday, job, &slot, best)))
            *best = slot;
    }
}

static bool equipment_is_there(const struct workshop *workshop, const struct workshop_job *job,
                               const struct slot_wish *wish)
{
    for (size_t i = 0; i < workshop->bay_count; i++)
        if ((!wish->bay || wish->bay == &workshop->bays[i]) && texts_have(workshop->bays[i].equipment, job->equipment))
            return true;
    return false;
}

enum day_refusal slot_earliest(const struct workday *workday, const struct workshop_job *job,
                               const struct slot_wish *wish, struct slot *ret)
{
    const struct workshop *workshop = workday->workshop;
    struct slot best = {0};
    bool skilled = false;
    if (!minutes_are_fine(job->minutes))
        return DAY_BAD_VALUE;
    for (size_t i = 0; i < workshop->technician_count; i++) {
        const struct technician *technician = &workshop->technicians[i];
        if ((wish->technician && wish->technician != technician) || !texts_have(technician->skills, job->skill))
            continue;
        skilled = true;
        technician_try(workday, job, wish, technician, &best);
    }
    if (best.technician)
        *ret = best;
    if (best.technician)
        return DAY_FINE;
    if (!skilled)
        return DAY_NO_SKILL;
    return equipment_is_there(workshop, job, wish) ? DAY_CAPACITY : DAY_NO_EQUIPMENT;
}

size_t slot_offers(const struct workday *workday, const struct workshop_job *job, const struct slot_wish *wish,
                   size_t max, struct slot *ret)
{
    struct slot_wish next = *wish;
    size_t count = 0;
    while (count < max && slot_earliest(workday, job, &next, &ret[count]) == DAY_FINE)
        next.from = ret[count++].start + 1;
    return count;
}

/* -------- free time */

static wall_ms free_until(const struct workday *workday, const struct slot *slot)
{
    const struct day_hours *hours = workday_hours(workday, slot->technician);
    wall_ms until = sooner_of(hours->opening[hours->count - 1].to, workday->closes - workday->workshop->reserve_ms);
    for (size_t i = 0; i < workday->plan.jobs.count; i++) {
        const struct workshop_job *job = &workday->plan.jobs.at[i];
        if (job_has_place(job) && !strcmp(job->technician, slot->technician->id) && job->start_at >= slot->end)
            until = sooner_of(until, job->start_at - workday->workshop->buffer_ms);
    }
    for (size_t i = 0; i < workday->plan.absences.count; i++) {
        const struct workshop_absence *absence = &workday->plan.absences.at[i];
        if (!strcmp(absence->who, slot->technician->id) && absence->from_at >= slot->end)
            until = sooner_of(until, absence->from_at);
    }
    return until;
}

size_t workday_free(const struct workday *workday, int64_t minutes, struct free_time **ret)
{
    const struct workshop *workshop = workday->workshop;
    size_t pieces = workshop->technician_count * (OPENINGS_PER_DAY_MAX + 1) + workday->plan.jobs.count +
                    workday->plan.absences.count;
    struct free_time *list = arena_alloc(workday->arena, (pieces + 1) * sizeof *list);
    const struct workshop_job probe = {
        .job = "", .skill = "", .equipment = "", .technician = "", .bay = "", .minutes = minutes};
    size_t count = 0;
    for (size_t i = 0; i < workshop->technician_count; i++) {
        struct slot_wish wish = {.technician = &workshop->technicians[i]};
        struct slot slot;
        while (count < pieces && slot_earliest(workday, &probe, &wish, &slot) == DAY_FINE) {
            wall_ms to = later_of(free_until(workday, &slot), slot.end);
            list[count++] = (struct free_time){slot.technician, slot.start, to};
            wish.from = to;
        }
    }
    *ret = list;
    return count;
}
