#include <string.h>

#include "follow_up.h"
#include "ident.h"

/* An agent's desk: presence, and the tasks claimed. */

struct agent desk_of(struct turn *turn, const char *site, const char *agent)
{
    const char *id = ident_make(turn_arena(turn), site, "%s", agent);
    const struct agent *stored = turn_get(turn, ENTITY_AGENT, id);
    return stored ? *stored : (struct agent){.id = id};
}

void desk_store(struct turn *turn, const struct agent *desk)
{
    if (desk->absent || desk->holds.count || desk->assigned_at)
        turn_put(turn, ENTITY_AGENT, desk->id, desk, 0, "");
    else
        turn_delete(turn, ENTITY_AGENT, desk->id);
}

bool agent_is_absent(struct turn *turn, const char *site, const char *agent)
{
    return *agent && desk_of(turn, site, agent).absent;
}

/* What is on the desk without this task, with room for one more. */
static struct held_task_list holds_without(const struct job *job, const struct held_task_list *holds)
{
    struct held_task_list rest = {arena_alloc(turn_arena(job->turn), (holds->count + 1) * sizeof *rest.at), 0};
    for (size_t i = 0; i < holds->count; i++)
        if (strcmp(holds->at[i].task, job->task.id))
            rest.at[rest.count++] = holds->at[i];
    return rest;
}

void job_take(struct job *job, const char *agent)
{
    struct task *task = &job->task;
    struct agent desk = desk_of(job->turn, task->site, agent);
    desk.holds = holds_without(job, &desk.holds);
    desk.holds.at[desk.holds.count++] = (struct held_task){.task = task->id, .customer = task->customer};
    desk_store(job->turn, &desk);
    task->state = TASK_CLAIMED;
    task->assignee = agent;
    task->claimed_at = turn_now(job->turn);
    line_take(job, agent);
}

void job_let_go(struct job *job)
{
    struct task *task = &job->task;
    if (task->state != TASK_CLAIMED)
        return;
    struct agent desk = desk_of(job->turn, task->site, task->assignee);
    desk.holds = holds_without(job, &desk.holds);
    desk_store(job->turn, &desk);
    task->claimed_at = 0;
    line_free(job);
}
