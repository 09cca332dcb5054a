#include <string.h>

#include "follow_up.h"

/* A wrong outcome is put right. What the wrong one led to is not undone; what the right one leads to is made up for. */

struct correction {
    int outcome;
    int64_t satisfaction;
    const char *wrong;          /* what is wrong with the act, or NULL */
};

static struct correction correction_of(const struct job *job, const struct task_correct *correct)
{
    static const int final[outcome_count] = {
        [OUTCOME_COMPLETED] = OUTCOME_COMPLETED, [OUTCOME_DISSATISFIED] = OUTCOME_COMPLETED,
        [OUTCOME_WRONG_NUMBER] = OUTCOME_WRONG_NUMBER, [OUTCOME_REFUSED] = OUTCOME_REFUSED,
        [OUTCOME_NO_ANSWER] = OUTCOME_UNREACHABLE, [OUTCOME_UNREACHABLE] = OUTCOME_UNREACHABLE,
    };
    struct correction correction = {.outcome = final[correct->outcome], .satisfaction = correct->satisfaction};
    if (!correction.outcome)
        correction.wrong = "outcome: completed, refused, wrong_number or unreachable";
    else if (correction.outcome == OUTCOME_COMPLETED)
        correction.wrong = answers_check(job, &correct->answers, correct->complaint, &correction.satisfaction);
    else if (correction.satisfaction || correct->answers.count)
        correction.wrong = "satisfaction, answers: only with completed";
    if (correction.outcome == OUTCOME_COMPLETED && answer_is_unhappy(job, correction.satisfaction, correct->complaint))
        correction.outcome = OUTCOME_DISSATISFIED;
    return correction;
}

static void correct_apply(struct job *job, const struct task_correct *correct, const struct correction *correction)
{
    struct task_changed change = job_change(job);
    change.outcome_before = job->task.outcome;
    change.outcome = job->task.outcome = correction->outcome;
    change.satisfaction = job->task.satisfaction = correction->satisfaction;
    change.answers = job->task.answers = correct->answers;
    change.reason = correct->reason;
    job_say(job, EVENT_TASK_CORRECTED, &change);
    if (correction->outcome == OUTCOME_DISSATISFIED)
        unhappy_follow(job, &change, correct->complaint);
    if (correction->outcome == OUTCOME_REFUSED)
        job_cancel_siblings(job, "refused");
    job_store(job);
}

void on_correct(struct turn *turn, const struct event *event, const void *data)
{
    const struct task_correct *correct = data;
    struct job job;
    if (!job_open(turn, event->site, correct->task, &job)) {
        turn_refuse(turn, "not_found", "no such task");
        return;
    }
    if (!job_allows(&job, INPUT_CORRECT))
        return;
    struct correction correction = correction_of(&job, correct);
    if (strcmp(event->actor, job.task.assignee) && !is_overseer(event, job.site))
        turn_refuse(turn, "not_yours", "another agent has recorded it");
    else if (correction.wrong)
        turn_refuse(turn, "bad_value", correction.wrong);
    else
        correct_apply(&job, correct, &correction);
}
