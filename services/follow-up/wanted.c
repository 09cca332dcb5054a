#include <string.h>

#include "follow_up.h"
#include "ident.h"

/* A task begins. */

static struct task task_from(struct turn *turn, const struct event *event, const struct task_wanted *want)
{
    struct task task = *(const struct task *)record_new(&task_record, turn_arena(turn));
    task.id = ident_of_site(turn_arena(turn), event->site, want->task);
    task.site = event->site;
    task.customer = event->customer;
    task.kind = want->kind;
    task.step = want->step;
    task.plan = want->plan;
    task.rule = want->rule;
    task.rule_step = want->rule_step;
    task.playbook_hash = want->playbook_hash;
    task.about = want->about;
    task.about_type = want->about_type;
    task.role = want->role;
    task.opened_at = turn_now(turn);
    task.due_at = want->due_at;
    task.deadline_at = want->deadline_at;
    task.window = want->window;
    task.window_end_at = want->window_end_at;
    task.questionnaire = want->questionnaire;
    task.form = want->form;
    task.customer_class = want->customer_class;
    task.arrived_late = want->arrived_late;
    task.cause = event->cause;
    task.why = want->why;
    task.variables = want->variables;
    task.also = want->also;
    task.assignee = want->assignee;
    task.assigned_by_hand = *want->assignee != 0;
    return task;
}

/* Says that the deadline has passed; once. */
static void say_overdue(struct job *job)
{
    job->task.overdue = true;
    struct task_changed change = job_change(job);
    job_say(job, EVENT_TASK_OVERDUE, &change);
}

static bool deadline_passed(const struct job *job)
{
    return !job->task.overdue && job->task.deadline_at && job->task.deadline_at <= turn_now(job->turn);
}

/* An agent who has the customer on the line already is offered this one too. */
static void keep_for_caller(struct job *job)
{
    const char *agent = line_agent(job);
    if (*job->task.assignee || !*agent || job_is_assigned_by_rule(job))
        return;
    job->task.assignee = agent;
    job->task.kept_until = job->task.due_at + KEEP_MS;
}

void on_task_wanted(struct turn *turn, const struct event *event, const void *data)
{
    struct job job;
    const struct task_wanted *want = data;
    turn_expect_none(turn, ENTITY_TASK, ident_of_site(turn_arena(turn), event->site, want->task));
    if (job_open(turn, event->site, want->task, &job))
        return;
    struct task task = task_from(turn, event, want);
    job = job_of(turn, &task);
    if (task.window_end_at && task.window_end_at <= turn_now(turn))
        job_pass_window(&job);
    job_assign(&job);
    keep_for_caller(&job);
    line_open(&job);
    job_list(&job, task.due_at, EVENT_TASK_OPENED, "", "");
    if (job.task.state != TASK_CLOSED && deadline_passed(&job)) {
        say_overdue(&job);
        job_store(&job);
    }
}

/* A message waits to be said in this call. */
void on_step_joined(struct turn *turn, const struct event *event, const void *data)
{
    const struct plan_step *step = data;
    struct job job;
    if (!job_open(turn, event->site, step->with, &job) || job.task.state == TASK_CLOSED || job.task.also.count >= ALSO_MAX)
        return;
    struct also_said_list *also = &job.task.also;
    for (size_t i = 0; i < also->count; i++)
        if (!strcmp(also->at[i].plan, step->plan) && !strcmp(also->at[i].step, step->step))
            return;
    struct also_said *at = arena_alloc(turn_arena(turn), (also->count + 1) * sizeof *at);
    if (also->count)
        memcpy(at, also->at, also->count * sizeof *at);
    at[also->count] = (struct also_said){.plan = step->plan, .step = step->step, .about = step->about};
    *also = (struct also_said_list){at, also->count + 1};
    job_store(&job);
}

/* -------- time */

static void back_to_list(struct job *job, wall_ms from, enum event_number number, const char *reason)
{
    const char *before = job->task.assignee;
    if (job->task.state == TASK_CLAIMED) {
        job_let_go(job);
        job->task.assignee = "";
        job->task.assigned_by_hand = false;
    }
    job_list(job, from, number, before, reason);
}

/* The opening is over: an agreed time counts as missed, another one is found. */
static void window_over(struct job *job)
{
    job->task.call_back_agreed = false;
    job_pass_window(job);
    back_to_list(job, job->task.window_end_at, EVENT_TASK_RESCHEDULED, "window_over");
}

static void time_comes(struct job *job)
{
    struct task *task = &job->task;
    wall_ms now = turn_now(job->turn), was_due = task->due_at;
    if (task->state == TASK_OPEN) {
        window_over(job);
    } else if (task->state == TASK_CLAIMED) {
        back_to_list(job, now, EVENT_TASK_RELEASED, "claim_over");
    } else {
        const char *shut = job_place(job, was_due);
        struct task_changed change = job_change(job);
        change.reason = shut ? shut : "not_now";
        if (shut)
            job_finish(job, OUTCOME_CANCELLED, change, "");
        else if (task->state == TASK_WAITING)
            job_say(job, EVENT_TASK_RESCHEDULED, &change);
    }
}

void task_fire(struct turn *turn, const struct task *task)
{
    struct job job = job_of(turn, task);
    if (task_cells[task->state][INPUT_DEADLINE].move == MOVE_STAY && deadline_passed(&job))
        say_overdue(&job);
    wall_ms due = job_due(&job);
    if (task_cells[task->state][INPUT_TIME].move == MOVE_LIST && due && due <= turn_now(turn))
        time_comes(&job);
    if (job.task.state != TASK_CLOSED)
        job_store(&job);
}
