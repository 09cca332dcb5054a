#include <string.h>

#include "follow_up.h"

/* Who is there. What an absent agent has claimed goes back to the list at once. */

static bool staff_has(struct turn *turn, const struct event *event, const char *agent)
{
    const struct site *site = turn_site(turn, event->site);
    if (!site || !site->staff || !staff_person(site->staff, agent)) {
        turn_refuse(turn, "not_found", "nobody of the staff has this name");
        return false;
    }
    return may_act_as(turn, event, site, agent);
}

static void say_presence(struct turn *turn, const struct agent_presence *told, bool absent)
{
    struct agent_presence now = {.agent = told->agent, .reason = told->reason, .absent = absent};
    turn_emit(turn, EVENT_AGENT_CHANGED, &now, NULL);
}

static void give_back(struct turn *turn, const char *site, const char *task)
{
    struct job job;
    if (!job_open(turn, site, task, &job) || task_cells[job.task.state][INPUT_ABSENT].move != MOVE_LIST)
        return;
    const char *before = job.task.assignee;
    job_let_go(&job);
    job.task.assignee = "";
    job.task.assigned_by_hand = false;
    job.task.kept_until = 0;
    job_assign(&job);
    job_list(&job, job.task.due_at, EVENT_TASK_RELEASED, before, "absent");
}

void on_absent(struct turn *turn, const struct event *event, const void *data)
{
    const struct agent_presence *told = data;
    if (!staff_has(turn, event, told->agent))
        return;
    struct agent desk = desk_of(turn, event->site, told->agent);
    struct held_task_list held = desk.holds;
    desk.absent = true;
    desk_store(turn, &desk);
    say_presence(turn, told, true);
    for (size_t i = 0; i < held.count; i++)
        give_back(turn, event->site, held.at[i].task);
    person_spread(turn, turn_site(turn, event->site), told->agent);
}

void on_present(struct turn *turn, const struct event *event, const void *data)
{
    const struct agent_presence *told = data;
    if (!staff_has(turn, event, told->agent))
        return;
    struct agent desk = desk_of(turn, event->site, told->agent);
    desk.absent = false;
    desk_store(turn, &desk);
    say_presence(turn, told, false);
    const struct site *site = turn_site(turn, event->site);
    const struct person *person = staff_person(site->staff, told->agent);
    for (size_t i = 0; i < person->roles.count; i++)
        role_assign(turn, event->site, person->roles.at[i]);
}

void on_config_activated(struct turn *turn, const struct event *event, const void *data)
{
    const struct config_activated *change = data;
    if (change->kind == CONFIG_STAFF)
        staff_spread(turn, event->site);
}
