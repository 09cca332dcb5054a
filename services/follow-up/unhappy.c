#include <string.h>

#include "facts.h"
#include "follow_up.h"
#include "ident.h"

/* A customer who is not content: a complaint is opened at once, or the case that the task follows is opened again. */

enum { COMPLAINT_NUMBER_BYTES = 64, DISSATISFIED_DEFAULT = 2 };

bool answer_is_unhappy(const struct job *job, int64_t satisfaction, const char *said)
{
    int at_most = job->playbook && job->playbook->dissatisfied_at_most ? job->playbook->dissatisfied_at_most : DISSATISFIED_DEFAULT;
    return *said || (satisfaction > 0 && satisfaction <= at_most);
}

static bool is_about_case(const struct job *job)
{
    return !strncmp(job->task.about_type, "case.", 5);
}

static const char *first_given(const char *a, const char *b)
{
    return a && *a ? a : b;
}

static void reopen(struct job *job, const char *text)
{
    struct event like = job_event(job, EVENT_CASE_REOPEN);
    struct case_act act = {
        .case_id = like.case_id, .note = text, .satisfaction = job->task.satisfaction,
        .reason = arena_printf(turn_arena(job->turn), "follow-up %s", ident_local(job->task.id)),
    };
    like.role = "integration";      /* the engine asks for it, whoever called */
    job->task.complaint = like.case_id;
    turn_emit(job->turn, EVENT_CASE_REOPEN, &act, &like);
}

static void complain(struct job *job, int channel, const struct task_changed *ended, const char *text)
{
    struct arena *arena = turn_arena(job->turn);
    const struct task *task = &job->task;
    const char *number = ident_fit(arena, ident_local(task->id), COMPLAINT_NUMBER_BYTES);
    struct complaint_received complaint = {
        .complaint = number, .channel = channel, .text = text, .visit = task->about, .task = task->id,
        .model = facts_text(task->variables, "model", arena), .satisfaction = job->task.satisfaction,
        .understood = ended->understood, .read_back = ended->read_back, .remedy = ended->remedy,
        .employee = first_given(facts_text(task->variables, "advisor", arena), facts_text(task->variables, "consultant", arena)),
    };
    struct event like = job_event(job, EVENT_COMPLAINT_RECEIVED);
    like.subject = number;
    like.occurred_at = like.received_at = turn_now(job->turn);
    job->task.complaint = ident_make(arena, task->site, "%s", number);
    turn_emit(job->turn, EVENT_COMPLAINT_RECEIVED, &complaint, &like);
}

void unhappy_follow(struct job *job, const struct task_changed *ended, const char *said)
{
    const struct outcome_rule *rule = outcome_rule_of(job, OUTCOME_DISSATISFIED);
    const char *text = first_given(said, first_given(ended->note, first_given(ended->suggestion, "")));
    int channel = rule && rule->complaint_channel ? rule->complaint_channel : CHANNEL_IN_FOLLOW_UP;
    if (*job->task.complaint)
        return;
    if (is_about_case(job) && (!rule || rule->reopen))
        reopen(job, text);
    else if (!rule || rule->complaint)
        complain(job, channel, ended, text);
}
