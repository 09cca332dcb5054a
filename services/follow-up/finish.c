#include <string.h>

#include "follow_up.h"
#include "ident.h"

/* The end of a task, and what its outcome leads to. */

const struct outcome_rule *outcome_rule_of(const struct job *job, int outcome)
{
    for (size_t i = 0; job->step && i < job->step->outcomes.count; i++)
        if (job->step->outcomes.at[i].outcome == outcome)
            return &job->step->outcomes.at[i];
    return NULL;
}

static void outcome_message(struct job *job, const struct outcome_rule *rule, int outcome)
{
    const struct task *task = &job->task;
    if (!rule || !*rule->message)
        return;
    struct notice_wanted want = {
        .notice = ident_make(turn_arena(job->turn), task->site, "%s.%s", ident_local(task->id),
                             words_name(&outcome_words, outcome)),
        .template = rule->message, .purpose = job->step->purpose, .priority = job->step->priority,
        .due_at = turn_now(job->turn), .plan = task->plan, .step = task->step, .about = task->about,
        .variables = task->variables, .templates = job->playbook->templates,
        .playbook = job->playbook->name,
    };
    struct event like = job_event(job, EVENT_NOTICE_WANTED);
    like.subject = want.notice;
    turn_emit(job->turn, EVENT_NOTICE_WANTED, &want, &like);
}

/* -------- other tasks of the customer */

void job_cancel_siblings(struct job *job, const char *reason)
{
    struct texts open = line_tasks(job->turn, job->task.site, job->task.customer);
    for (size_t i = 0; i < open.count; i++) {
        struct job other;
        if (!*job->task.plan || !strcmp(open.at[i], job->task.id) ||
            !job_open(job->turn, job->task.site, open.at[i], &other) || strcmp(other.task.plan, job->task.plan) ||
            task_cells[other.task.state][INPUT_WITHDRAW].move != MOVE_CLOSE)
            continue;
        struct task_changed change = job_change(&other);
        change.reason = reason;
        job_finish(&other, OUTCOME_CANCELLED, change, "");
    }
}

/* Whoever has just spoken with the customer is offered the customer's other calls first. */
static void keep_others(struct job *job, const char *agent)
{
    struct texts open = line_tasks(job->turn, job->task.site, job->task.customer);
    for (size_t i = 0; *agent && i < open.count; i++) {
        struct job other;
        if (!job_open(job->turn, job->task.site, open.at[i], &other) || other.task.state != TASK_OPEN ||
            *other.task.assignee || strcmp(other.task.role, job->task.role) || job_is_assigned_by_rule(&other))
            continue;
        other.task.assignee = agent;
        other.task.kept_until = turn_now(job->turn) + KEEP_MS;
        job_store(&other);
    }
}

/* -------- the end */

static bool outcome_stops(const struct outcome_rule *rule, int outcome)
{
    return rule ? rule->stop : outcome == OUTCOME_REFUSED;
}

static void keep_words(struct job *job, const struct task_changed *change)
{
    struct slice sealed = turn_seal(job->turn, job->task.customer, EVENT_TASK_CLOSED, change);
    if (sealed.bytes)
        job->task.sealed = sealed;
}

void job_finish(struct job *job, int outcome, struct task_changed change, const char *said)
{
    struct task *task = &job->task;
    const struct outcome_rule *rule = outcome_rule_of(job, outcome);
    const char *agent = task->assignee;
    job_let_go(job);
    task->state = TASK_CLOSED;
    task->outcome = outcome;
    task->closed_at = turn_now(job->turn);
    line_close(job);
    keep_words(job, &change);
    change.outcome = outcome;
    job_say(job, EVENT_TASK_CLOSED, &change);
    if (outcome == OUTCOME_DISSATISFIED)
        unhappy_follow(job, &change, said);
    outcome_message(job, rule, outcome);
    job_store(job);
    if (job->step && job->step->assign.by)
        role_assign(job->turn, task->site, task->role);
    if (outcome == OUTCOME_CANCELLED)
        return;
    if (outcome_stops(rule, outcome))
        job_cancel_siblings(job, words_name(&outcome_words, outcome));
    keep_others(job, agent);
}
