#include <string.h>

#include "follow_up.h"

/* Checklists: ticked item by item; with the last that must be done the task is. */

static bool is_ticked(const struct task *task, const char *item)
{
    for (size_t i = 0; i < task->ticked.count; i++)
        if (!strcmp(task->ticked.at[i], item))
            return true;
    return false;
}

static const struct item *item_find(const struct job *job, const char *name)
{
    for (size_t i = 0; job->step && i < job->step->item_count; i++)
        if (!strcmp(job->step->items[i].name, name))
            return &job->step->items[i];
    return NULL;
}

const char *checklist_missing(const struct job *job)
{
    for (size_t i = 0; job->step && i < job->step->item_count; i++)
        if (!job->step->items[i].optional && !is_ticked(&job->task, job->step->items[i].name))
            return job->step->items[i].name;
    return NULL;
}

static void tick(struct job *job, const char *item, bool undone)
{
    struct task *task = &job->task;
    struct texts now = {arena_alloc(turn_arena(job->turn), (task->ticked.count + 1) * sizeof *now.at), 0};
    for (size_t i = 0; i < task->ticked.count; i++)
        if (strcmp(task->ticked.at[i], item))
            now.at[now.count++] = task->ticked.at[i];
    if (!undone)
        now.at[now.count++] = item;
    task->ticked = now;
}

/* Whoever ticks has the task. */
static bool take_it(struct job *job, const struct event *event, const char *agent)
{
    const struct person *person = job->site && job->site->staff ? staff_person(job->site->staff, agent) : NULL;
    if (job->task.state == TASK_CLAIMED && !strcmp(job->task.assignee, agent))
        return may_act_as(job->turn, event, job->site, agent);
    if (job->task.state == TASK_CLAIMED || (job->task.assigned_by_hand && strcmp(job->task.assignee, agent))) {
        turn_refuse(job->turn, "not_yours", "another agent has it");
        return false;
    }
    if (!person || !person_has_role(person, job->task.role)) {
        turn_refuse(job->turn, "not_allowed", "this is for another role");
        return false;
    }
    if (!may_act_as(job->turn, event, job->site, agent))
        return false;
    job_take(job, person->id);
    return true;
}

void on_tick(struct turn *turn, const struct event *event, const void *data)
{
    const struct task_tick *act = data;
    struct job job;
    if (!job_open(turn, event->site, act->task, &job)) {
        turn_refuse(turn, "not_found", "no such task");
        return;
    }
    const char *agent = acting_agent(event, job.site, act->agent, job.task.assignee);
    if (!item_find(&job, act->item) || is_ticked(&job.task, act->item) != act->undone || job.task.state == TASK_CLOSED) {
        bool closed = job.task.state == TASK_CLOSED;
        turn_refuse(turn, closed ? "closed" : "bad_value", closed ? "it is closed" : "item: not on the list, or so already");
        return;
    }
    if (!take_it(&job, event, agent))
        return;
    tick(&job, act->item, act->undone);
    struct task_changed change = job_change(&job);
    change.item = act->item;
    change.note = act->note;
    job_say(&job, EVENT_TASK_TICKED, &change);
    if (checklist_missing(&job))
        job_store(&job);
    else
        job_finish(&job, OUTCOME_COMPLETED, job_change(&job), "");
}
