#include <string.h>

#include "ident.h"
#include "scheduler.h"

/* What became of the tasks of a plan. */

static struct planned_step *step_of(struct planned *planned, const char *name)
{
    for (size_t i = 0; i < planned->plan.steps.count; i++)
        if (!strcmp(planned->plan.steps.at[i].name, name))
            return &planned->plan.steps.at[i];
    return NULL;
}

/* A customer who does not want to be called is not called again, even if the rule says nothing of it. */
static bool outcome_stops(const struct step *step, int outcome)
{
    for (size_t i = 0; step && i < step->outcomes.count; i++)
        if (step->outcomes.at[i].outcome == outcome)
            return step->outcomes.at[i].stop;
    return outcome == OUTCOME_REFUSED;
}

static void step_end(struct planned *planned, struct planned_step *step, const struct task_changed *data)
{
    step->outcome = data->outcome;
    if (data->outcome == OUTCOME_CANCELLED)
        planned_skip(planned, step, *data->reason ? ident_fit(turn_arena(planned->turn), data->reason, 128) : "cancelled");
    else
        step->state = STEP_DONE;
    if (outcome_stops(planned_rule_step(planned, step), data->outcome))
        planned_stop(planned, words_name(&outcome_words, data->outcome));
}

void plan_task_closed(struct turn *turn, const struct task_changed *data)
{
    const struct plan *plan = *data->plan ? turn_get(turn, ENTITY_PLAN, data->plan) : NULL;
    if (!plan)
        return;
    struct planned planned = planned_open(turn, plan);
    struct planned_step *step = step_of(&planned, data->step);
    if (!step || step->state != STEP_STARTED)
        return;
    step_end(&planned, step, data);
    planned_store(&planned);
}

void plan_task_corrected(struct turn *turn, const struct task_changed *data)
{
    const struct plan *plan = *data->plan ? turn_get(turn, ENTITY_PLAN, data->plan) : NULL;
    if (!plan)
        return;
    struct planned planned = planned_open(turn, plan);
    struct planned_step *step = step_of(&planned, data->step);
    if (!step || step->state != STEP_DONE)
        return;
    step->outcome = data->outcome;
    if (outcome_stops(planned_rule_step(&planned, step), data->outcome))
        planned_stop(&planned, words_name(&outcome_words, data->outcome));
    planned_store(&planned);
}

static void rule_withdraw(struct turn *turn, const char *site, const char *about, const struct playbook *playbook, size_t rule)
{
    int64_t round;
    const char *id = plan_latest(turn, site, about, playbook->name, rule, &round);
    const struct plan *plan = round ? turn_get(turn, ENTITY_PLAN, id) : NULL;
    if (!plan)
        return;
    struct planned planned = planned_open(turn, plan);
    planned_stop(&planned, "reopened");
    planned_store(&planned);
}

void plan_case_reopened(struct turn *turn, const struct event *event, const struct case_changed *data)
{
    const struct site *site = turn_site(turn, event->site);
    for (size_t i = 0; site && i < site->playbook_count; i++) {
        const struct playbook *playbook = site->playbooks[i].playbook;
        for (size_t rule = 0; rule < playbook->rule_count; rule++)
            if (playbook->rules[rule].on == EVENT_CASE_CLOSED)
                rule_withdraw(turn, site->id, ident_local(data->case_id), playbook, rule);
    }
}
