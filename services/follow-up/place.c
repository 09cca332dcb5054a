#include "follow_up.h"
#include "gate.h"
#include "ident.h"

/* When a task may be worked. For calls a window is strict: nobody is dialled outside an opening, except at a time that
 * was agreed with the customer. */

enum { PLACE_TRIES = 16 };          /* openings that quiet hours and caps may rule out one after the other */

static const struct calendar *calendar_of(const struct job *job)
{
    return job->site ? job->site->calendar : calendar_everyday();
}

static struct gate_result gate_at(const struct job *job, wall_ms at)
{
    if (!job_is_call(job) || !job->site)
        return (struct gate_result){.answer = GATE_OPEN};
    const struct task *task = &job->task;
    struct gate_question question = {
        .site = job->site, .customer = job->customer, .call = true, .purpose = job->step ? job->step->purpose : "care", .now = at,
    };
    if (*task->customer && gate_counts(&question))
        question.contacts = turn_get(job->turn, ENTITY_CONTACTS, job->customer->id);
    return gate_ask(&question);
}

static wall_ms later_of(wall_ms a, wall_ms b)
{
    return a > b ? a : b;
}

/* -------- at an agreed time */

static const char *place_agreed(struct job *job, wall_ms from)
{
    struct task *task = &job->task;
    struct opening opening;
    struct gate_result gate = gate_at(job, from);
    if (gate.answer == GATE_CLOSED)
        return gate.reason;
    bool inside = job->week && calendar_next_opening(calendar_of(job), job->week, from, &opening) && opening.from <= from;
    task->due_at = from;
    task->window = inside ? calendar_opening_text(calendar_of(job), opening, turn_arena(job->turn)) : "";
    task->window_end_at = later_of(inside ? opening.to : 0, from + AGREED_MS);
    task->state = from <= turn_now(job->turn) ? TASK_OPEN : TASK_WAITING;
    return NULL;
}

/* -------- at the next opening */

/* The first moment from `from` on that lies in an opening and that the gate allows. */
static const char *moment_find(struct job *job, wall_ms from, wall_ms *ret_at, struct opening *ret_opening)
{
    for (int i = 0; i < PLACE_TRIES; i++) {
        *ret_opening = (struct opening){0};
        if (job->week && !calendar_next_opening(calendar_of(job), job->week, from, ret_opening)) {
            *ret_at = from + DAY_MS;    /* never open, as it is set up now: look again tomorrow */
            return NULL;
        }
        from = later_of(from, ret_opening->from);
        *ret_at = from;
        struct gate_result gate = gate_at(job, from);
        if (gate.answer == GATE_CLOSED)
            return gate.reason;
        if (gate.answer == GATE_OPEN)
            return NULL;
        from = later_of(gate.until, from + MINUTE_MS);
    }
    return NULL;
}

/* Its time has come and its opening is not over: a window that gave way to a deadline, or an agreed time, counts too. */
static bool is_in_opening(const struct task *task, wall_ms now)
{
    return task->due_at <= now && task->window_end_at > now;
}

static bool gate_allows(const struct job *job)
{
    enum gate_answer answer = gate_at(job, turn_now(job->turn)).answer;
    return answer == GATE_OPEN || (answer == GATE_LATER && job->task.call_back_agreed);
}

void job_pass_window(struct job *job)
{
    if (!job->site || !job->step || !job->step->then_window)
        return;
    job->task.window_passed = true;
    job->week = site_then_window(job->site, job->step);
}

const char *job_place(struct job *job, wall_ms from)
{
    struct task *task = &job->task;
    wall_ms now = turn_now(job->turn), at;
    struct opening opening;
    if (from <= now && is_in_opening(task, now) && gate_allows(job)) {
        task->state = TASK_OPEN;
        return NULL;
    }
    if (task->call_back_agreed)
        return place_agreed(job, later_of(from, now));
    const char *shut = moment_find(job, later_of(from, now), &at, &opening);
    if (shut)
        return shut;
    task->state = at <= now ? TASK_OPEN : TASK_WAITING;
    bool keeps_turn = task->state == TASK_OPEN && task->due_at <= now && task->due_at >= opening.from;
    if (!keeps_turn)
        task->due_at = at;
    task->window = opening.to ? calendar_opening_text(calendar_of(job), opening, turn_arena(job->turn)) : "";
    task->window_end_at = opening.to;
    return NULL;
}

const char *job_obstacle(const struct job *job)
{
    const struct task *task = &job->task;
    wall_ms now = turn_now(job->turn);
    if (task->due_at > now)
        return "it waits for its time";
    if (task->window_end_at && task->window_end_at <= now)
        return "its call window is over";
    struct gate_result gate = gate_at(job, now);
    if (gate.answer == GATE_CLOSED || (gate.answer == GATE_LATER && !task->call_back_agreed))
        return gate.reason;
    return NULL;
}

void job_list(struct job *job, wall_ms from, enum event_number number, const char *before, const char *reason)
{
    const char *shut = job_place(job, from);
    struct task_changed change = job_change(job);
    bool past_deadline = job->task.deadline_at && job->task.due_at > job->task.deadline_at;
    change.before = before;
    change.reason = *reason || number != EVENT_TASK_RESCHEDULED || !past_deadline ? reason : "past_deadline";
    job_say(job, number, &change);
    if (!shut) {
        job_store(job);
        return;
    }
    change = job_change(job);
    change.reason = shut;
    job_finish(job, OUTCOME_CANCELLED, change, "");
}
