#include <string.h>

#include "follow_up.h"
#include "ident.h"

/* Tasks that lose their reason while they wait. A claimed one is left to its agent. */

typedef bool (*task_test)(const struct job *job, const char *about);

static void withdraw_open(struct turn *turn, const char *site, const char *customer, task_test test, const char *about,
                          const char *reason)
{
    struct texts open = line_tasks(turn, site, customer);
    for (size_t i = 0; i < open.count; i++) {
        struct job job;
        if (!job_open(turn, site, open.at[i], &job) || !test(&job, about) ||
            task_cells[job.task.state][INPUT_WITHDRAW].move != MOVE_CLOSE)
            continue;
        struct task_changed change = job_change(&job);
        change.reason = reason;
        job_finish(&job, OUTCOME_CANCELLED, change, "");
    }
}

static bool is_call(const struct job *job, const char *about)
{
    (void)about;
    return job_is_call(job);
}

void on_preferred(struct turn *turn, const struct event *event, const void *data)
{
    const struct customer_preferred *preferred = data;
    if (!strcmp(preferred->do_not_call, "yes"))
        withdraw_open(turn, event->site, event->customer, is_call, "", "do_not_call");
}

/* The stricter of what both allowed holds for what is open already. */
void on_customer_merged(struct turn *turn, const struct event *event, const void *data)
{
    const struct customer_merge *said = data;
    line_merge(turn, event->site, event->customer, said->other);
    const struct customer *customer = turn_customer(turn, event->site, event->customer);
    if (customer && customer->do_not_call)
        withdraw_open(turn, event->site, event->customer, is_call, "", "do_not_call");
}

void on_customer_unmerged(struct turn *turn, const struct event *event, const void *data)
{
    line_part(turn, event->site, event->customer, ((const struct customer_merge *)data)->other);
}

static bool follows_closing(const struct job *job, const char *about)
{
    return !strcmp(job->task.about_type, event_types[EVENT_CASE_CLOSED].name) && !strcmp(job->task.about, about);
}

void on_case_reopened(struct turn *turn, const struct event *event, const void *data)
{
    const struct case_changed *changed = data;
    withdraw_open(turn, event->site, event->customer, follows_closing, ident_local(changed->case_id), "reopened");
}

/* A step that is left out takes its task with it. */
void on_step_skipped(struct turn *turn, const struct event *event, const void *data)
{
    const struct plan_step *step = data;
    struct job job;
    if (!*step->work || step->kind == STEP_MESSAGE || !job_open(turn, event->site, step->work, &job) ||
        strcmp(job.task.plan, step->plan) || task_cells[job.task.state][INPUT_WITHDRAW].move != MOVE_CLOSE)
        return;
    struct task_changed change = job_change(&job);
    change.reason = step->reason;
    job_finish(&job, OUTCOME_CANCELLED, change, "");
}
