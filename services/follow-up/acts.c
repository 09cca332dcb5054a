#include <string.h>

#include "follow_up.h"

/* Giving back, giving on, moving to another time. */

static bool open_for(struct turn *turn, const struct event *event, const char *task, enum task_input input, struct job *ret)
{
    if (!job_open(turn, event->site, task, ret)) {
        turn_refuse(turn, "not_found", "no such task");
        return false;
    }
    return job_allows(ret, input);
}

/* Whoever has it, or who oversees the work. */
static bool is_holder(struct job *job, const struct event *event)
{
    if (!strcmp(event->actor, job->task.assignee) || is_overseer(event, job->site))
        return true;
    turn_refuse(job->turn, "not_yours", "somebody else has it");
    return false;
}

void on_release(struct turn *turn, const struct event *event, const void *data)
{
    const struct task_release *release = data;
    struct job job;
    if (!open_for(turn, event, release->task, INPUT_RELEASE, &job) || !is_holder(&job, event))
        return;
    const char *before = job.task.assignee;
    job_let_go(&job);
    job.task.assignee = "";
    job.task.assigned_by_hand = false;
    job.task.kept_until = 0;
    job_list(&job, job.task.due_at, EVENT_TASK_RELEASED, before, release->reason);
}

/* -------- to somebody else */

static const struct person *assignee_find(struct job *job, const char *agent)
{
    const struct person *person = job->site && job->site->staff ? staff_person(job->site->staff, agent) : NULL;
    if (!person)
        turn_refuse(job->turn, "bad_value", "agent: nobody of the staff has this name");
    else if (!person_has_role(person, job->task.role))
        turn_refuse(job->turn, "not_allowed", arena_printf(turn_arena(job->turn), "agent: %.64s has not the role %.64s",
                                                           person->id, job->task.role));
    else if (agent_is_absent(job->turn, job->task.site, person->id))
        turn_refuse(job->turn, "absent", "agent: absent");
    else
        return person;
    return NULL;
}

void on_reassign(struct turn *turn, const struct event *event, const void *data)
{
    const struct task_reassign *reassign = data;
    struct job job;
    if (!open_for(turn, event, reassign->task, INPUT_REASSIGN, &job) || !is_holder(&job, event))
        return;
    const struct person *person = assignee_find(&job, reassign->agent);
    if (!person)
        return;
    const char *before = job.task.assignee;
    job_let_go(&job);
    job.task.assignee = person->id;
    job.task.assigned_by_hand = true;
    job.task.kept_until = 0;
    job_list(&job, job.task.due_at, EVENT_TASK_REASSIGNED, before, reassign->reason);
}

/* -------- to another time */

void on_reschedule(struct turn *turn, const struct event *event, const void *data)
{
    const struct task_reschedule *move = data;
    struct job job;
    if (!open_for(turn, event, move->task, INPUT_RESCHEDULE, &job))
        return;
    if (*job.task.assignee && !is_holder(&job, event))
        return;
    if (move->at <= turn_now(turn)) {
        turn_refuse(turn, "bad_value", "at: this time is past");
        return;
    }
    job_let_go(&job);
    job.task.call_back_agreed = false;
    job.task.kept_until = 0;
    job_list(&job, move->at, EVENT_TASK_RESCHEDULED, "", move->reason);
}
