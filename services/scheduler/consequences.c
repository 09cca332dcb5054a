#include <string.h>

#include "ident.h"
#include "scheduler.h"

/* What an outcome leads to. What follows an agent's task for its customer (messages, complaints) is follow-up's; all else
 * is done here: who of the staff is told, where the plan goes on, and what comes of waits and lateness. */

const struct outcome_rule *step_outcome_rule(const struct step *step, int outcome)
{
    for (size_t i = 0; step && i < step->outcomes.count; i++)
        if (step->outcomes.at[i].outcome == outcome)
            return &step->outcomes.at[i];
    return NULL;
}

static void notice_ask(struct planned *planned, const struct planned_step *step, const char *outcome, const char *to,
                       const char *template)
{
    const struct plan *plan = &planned->plan;
    const struct step *rule_step = planned_rule_step(planned, step);
    bool to_customer = !strcmp(to, "customer");
    struct notice_wanted want = {
        .notice = ident_make(turn_arena(planned->turn), plan->site, "%s.%s%s%s", ident_local(step->work), outcome,
                             to_customer ? "" : ".", to_customer ? "" : to),
        .template = template, .purpose = rule_step->purpose, .priority = rule_step->priority,
        .due_at = turn_now(planned->turn), .plan = plan->id, .step = step->name, .about = plan->about,
        .variables = plan->variables, .templates = planned->playbook->templates,
        .playbook = planned->playbook->name,
    };
    notice_address(planned, to, &want);
    struct event like = planned_event(planned, EVENT_NOTICE_WANTED);
    like.subject = want.notice;
    turn_emit(planned->turn, EVENT_NOTICE_WANTED, &want, &like);
}

static bool is_ours(const struct planned_step *step, int outcome)
{
    return step->kind == STEP_WAIT || step->kind == STEP_LIMIT || outcome == OUTCOME_LATE;
}

static void step_is_late(struct planned *planned, struct planned_step *step)
{
    int before = step->outcome;
    step->late = true;
    step->outcome = OUTCOME_LATE;
    planned_say(planned, EVENT_PLAN_STEP_LATE, step);
    step->outcome = before;
}

void outcome_follow(struct planned *planned, struct planned_step *step, int outcome)
{
    const struct outcome_rule *rule = step_outcome_rule(planned_rule_step(planned, step), outcome);
    const char *word = words_name(&outcome_words, outcome);
    if (outcome == OUTCOME_LATE)
        step_is_late(planned, step);
    if (step->kind == STEP_WAIT || step->kind == STEP_LIMIT)
        planned_done(planned, step, outcome);
    if (!rule)
        return;
    if (*rule->message && is_ours(step, outcome))
        notice_ask(planned, step, word, "customer", rule->message);
    for (size_t i = 0; i < rule->notes.count; i++)
        notice_ask(planned, step, word, rule->notes.at[i].to, rule->notes.at[i].template);
    if (rule->stop && is_ours(step, outcome))
        planned_stop(planned, word);
    if (rule->go_to != STAGE_STAY && !planned->plan.ended) {
        planned->go_to = rule->go_to;
        planned->go_reason = arena_printf(turn_arena(planned->turn), "%s: %s", step->name, word);
    }
}
