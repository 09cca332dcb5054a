#include <string.h>

#include "facts.h"
#include "follow_up.h"

/* What came of an attempt: one function per outcome. Each returns NULL when it is done, or what is wrong with the act,
 * in which case it has changed nothing. */

struct attempt_act {
    struct job *job;
    const struct task_outcome *said;
    const char *agent;
};

static const struct retry retry_default = {.attempts = 3, .gap_count = 2, .gaps = {{.ms = 2 * HOUR_MS}, {.days = 1}}};

static void attempt_add(const struct attempt_act *act)
{
    struct task *task = &act->job->task;
    size_t keep = task->attempts.count < ATTEMPTS_MAX ? task->attempts.count : ATTEMPTS_MAX - 1;
    struct attempt *at = arena_alloc(turn_arena(act->job->turn), (keep + 1) * sizeof *at);
    if (keep)
        memcpy(at, task->attempts.at + task->attempts.count - keep, keep * sizeof *at);
    at[keep] = (struct attempt){.at = turn_now(act->job->turn), .agent = act->agent, .outcome = act->said->outcome,
                                .talk_seconds = act->said->talk_seconds};
    task->attempts = (struct attempt_list){at, keep + 1};
}

static struct task_changed attempt_change(const struct attempt_act *act)
{
    struct task_changed change = job_change(act->job);
    change.outcome = act->said->outcome;
    change.satisfaction = act->job->task.satisfaction;
    change.answers = act->said->answers;
    change.suggestion = act->said->suggestion;
    change.note = act->said->note;
    change.understood = act->said->understood;
    change.read_back = act->said->read_back;
    change.remedy = act->said->remedy;
    change.talk_seconds = act->said->talk_seconds;
    change.reason = "";
    return change;
}

static void attempt_finish(const struct attempt_act *act, int outcome, const char *reason)
{
    attempt_add(act);
    struct task_changed change = attempt_change(act);
    change.reason = reason;
    job_finish(act->job, outcome, change, act->said->complaint);
}

/* -------- it goes on: another attempt by the same agent */

static void attempt_again(const struct attempt_act *act, wall_ms at)
{
    struct job *job = act->job;
    struct task *task = &job->task;
    job_let_go(job);
    task->assignee = act->agent;
    task->due_at = at;
    task->window_end_at = 0;
    const char *shut = job_place(job, at);
    if (shut) {
        struct task_changed change = attempt_change(act);
        change.reason = shut;
        job_finish(job, OUTCOME_CANCELLED, change, "");
        return;
    }
    task->kept_until = task->due_at + KEEP_MS;
    struct task_changed change = attempt_change(act);
    job_say(job, EVENT_TASK_ATTEMPTED, &change);
    job_store(job);
}

static const struct retry *retry_of(const struct job *job)
{
    return job->step && job->step->retry.attempts > 0 ? &job->step->retry : &retry_default;
}

static int misses_of(const struct task *task)
{
    int misses = 0;
    for (size_t i = 0; i < task->attempts.count; i++)
        misses += task->attempts.at[i].outcome == OUTCOME_NO_ANSWER || task->attempts.at[i].outcome == OUTCOME_BUSY;
    return misses;
}

static wall_ms retry_at(const struct job *job, const struct retry *retry, int misses, struct span *ret_gap)
{
    const struct calendar *calendar = job->site ? job->site->calendar : calendar_everyday();
    int last = retry->gap_count > 0 ? retry->gap_count - 1 : 0;
    *ret_gap = retry->gap_count > 0 ? retry->gaps[misses - 1 < last ? misses - 1 : last] : retry_default.gaps[0];
    if (job->step && job->step->business)
        return calendar_add_business(calendar, turn_now(job->turn), *ret_gap);
    return calendar_add(calendar, turn_now(job->turn), *ret_gap);
}

static const char *do_missed(const struct attempt_act *act)
{
    struct job *job = act->job;
    const struct retry *retry = retry_of(job);
    struct span gap;
    int misses = misses_of(&job->task) + 1;
    if (misses >= retry->attempts) {
        attempt_finish(act, OUTCOME_UNREACHABLE, "not reached");
        return NULL;
    }
    attempt_add(act);
    wall_ms at = retry_at(job, retry, misses, &gap);
    struct arena *arena = turn_arena(job->turn);
    job->task.call_back_agreed = false;
    job_pass_window(job);
    job->task.why = arena_printf(arena, "attempt %d of %d missed; again after %s, in the next opening", misses,
                                 retry->attempts, span_text(arena, gap));
    attempt_again(act, at);
    return NULL;
}

static const char *do_call_back(const struct attempt_act *act)
{
    struct job *job = act->job;
    wall_ms now = turn_now(job->turn), at = act->said->call_back_at;
    if (at <= now)
        return "call_back_at: a time to come is needed";
    if (at > now + CALL_BACK_DAYS_MAX * DAY_MS)
        return "call_back_at: within 90 days";
    attempt_add(act);
    job->task.call_back_agreed = true;
    job->task.why = "agreed with the customer";
    attempt_again(act, at);
    return NULL;
}

/* -------- it is over */

/* Whoever is not content hears what was understood; what the customer said to that is recorded, be it no. */
static const char *read_back_wrong(const struct attempt_act *act, bool unhappy)
{
    const char *told = act->said->read_back;
    if (*told && strcmp(told, "yes") && strcmp(told, "no"))
        return "read_back: yes or no";
    if (*told && !*act->said->understood)
        return "understood: what was read back to the customer?";
    if (!unhappy || !act->job->step || !act->job->step->read_back || *told)
        return NULL;
    return "read_back: the customer is not content; read back what you understood, and record it (understood) with the "
           "customer's yes or no";
}

static const char *do_completed(const struct attempt_act *act)
{
    struct task *task = &act->job->task;
    int64_t satisfaction = act->said->satisfaction;
    if (!strcmp(task->kind, "approval"))
        return "outcome: approved or declined";
    if (checklist_missing(act->job))
        return arena_printf(turn_arena(act->job->turn), "outcome: %.64s is not ticked yet", checklist_missing(act->job));
    if (*task->form)
        return arena_printf(turn_arena(act->job->turn), "outcome: it is completed by filling in the form %.64s", task->form);
    const char *wrong = answers_check(act->job, &act->said->answers, act->said->complaint, &satisfaction);
    if (wrong)
        return wrong;
    bool unhappy = answer_is_unhappy(act->job, satisfaction, act->said->complaint);
    wrong = read_back_wrong(act, unhappy);
    if (wrong)
        return wrong;
    task->satisfaction = satisfaction;
    task->answers = act->said->answers;
    task->read_back = act->said->read_back;
    attempt_finish(act, unhappy ? OUTCOME_DISSATISFIED : OUTCOME_COMPLETED, "");
    return NULL;
}

static const char *do_wrong_number(const struct attempt_act *act)
{
    attempt_finish(act, OUTCOME_WRONG_NUMBER, "data_review: the number is not the customer's");
    return NULL;
}

static const char *do_refused(const struct attempt_act *act)
{
    attempt_finish(act, OUTCOME_REFUSED, "");
    return NULL;
}

/* -------- approvals */

/* Two pairs of eyes: who wrote it does not approve it. */
static const char *decide(const struct attempt_act *act, int outcome)
{
    const struct job *job = act->job;
    const char *author = facts_text(job->task.variables, "by", turn_arena(job->turn));
    if (strcmp(job->task.kind, "approval"))
        return "outcome: nothing is to be approved here";
    if (job->step && job->step->by_other && *author && !strcmp(author, act->agent))
        return "outcome: somebody other than who wrote it approves it";
    attempt_finish(act, outcome, "");
    return NULL;
}

static const char *do_approved(const struct attempt_act *act)
{
    return decide(act, OUTCOME_APPROVED);
}

static const char *do_declined(const struct attempt_act *act)
{
    return decide(act, OUTCOME_DECLINED);
}

static const char *(*const deeds[outcome_count])(const struct attempt_act *) = {
    [OUTCOME_COMPLETED] = do_completed,
    [OUTCOME_NO_ANSWER] = do_missed,
    [OUTCOME_BUSY] = do_missed,
    [OUTCOME_WRONG_NUMBER] = do_wrong_number,
    [OUTCOME_REFUSED] = do_refused,
    [OUTCOME_CALL_BACK] = do_call_back,
    [OUTCOME_APPROVED] = do_approved,
    [OUTCOME_DECLINED] = do_declined,
};

/* -------- the act */

static bool agent_has_it(struct job *job, const struct event *event, const char *agent)
{
    if (strcmp(agent, job->task.assignee)) {
        turn_refuse(job->turn, "not_yours", "another agent has it");
        return false;
    }
    return may_act_as(job->turn, event, job->site, agent);
}

void on_outcome(struct turn *turn, const struct event *event, const void *data)
{
    const struct task_outcome *said = data;
    struct job job;
    if (!job_open(turn, event->site, said->task, &job)) {
        turn_refuse(turn, "not_found", "no such task");
        return;
    }
    const char *agent = acting_agent(event, job.site, said->agent, job.task.assignee);
    if (!job_allows(&job, INPUT_OUTCOME) || !agent_has_it(&job, event, agent))
        return;
    const char *wrong = "outcome: completed, no_answer, busy, wrong_number, refused or call_back";
    if (deeds[said->outcome])
        wrong = deeds[said->outcome](&(struct attempt_act){&job, said, job.task.assignee});
    if (wrong)
        turn_refuse(turn, "bad_value", wrong);
}
