#include <string.h>

#include "ident.h"
#include "scheduler.h"

/* What became of the tasks of a plan. */

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
    if (data->outcome == OUTCOME_CANCELLED) {
        step->outcome = data->outcome;
        planned_skip(planned, step, *data->reason ? ident_fit(turn_arena(planned->turn), data->reason, 128) : "cancelled");
    } else {
        planned_done(planned, step, data->outcome);
    }
    if (outcome_stops(planned_rule_step(planned, step), data->outcome))
        planned_stop(planned, words_name(&outcome_words, data->outcome));
    outcome_follow(planned, step, data->outcome);
}

/* The plan and the step that a task is of; false: it is of none, or of an earlier round of the step. */
static bool task_open(struct turn *turn, const struct task_changed *data, struct planned *ret, struct planned_step **ret_step)
{
    const struct plan *plan = *data->plan ? turn_get(turn, ENTITY_PLAN, data->plan) : NULL;
    if (!plan)
        return false;
    *ret = planned_open(turn, plan);
    *ret_step = planned_step_named(ret, data->step);
    return *ret_step && !strcmp((*ret_step)->work, data->task);
}

void plan_task_closed(struct turn *turn, const struct task_changed *data)
{
    struct planned planned;
    struct planned_step *step;
    if (!task_open(turn, data, &planned, &step) || step->state != STEP_STARTED)
        return;
    step_end(&planned, step, data);
    contact_made(&planned, step);
    planned_store(&planned);
}

void plan_task_assigned(struct turn *turn, const struct event *event, const struct task_changed *data)
{
    struct planned planned;
    struct planned_step *step;
    if (!*data->assignee || !task_open(turn, data, &planned, &step) || !planned.customer)
        return;
    const struct step *rule_step = planned_rule_step(&planned, step);
    if (!rule_step || !rule_step->assign.owner || !strcmp(planned.customer->owner, data->assignee))
        return;
    struct customer after = customer_copy(turn, event);
    after.owner = data->assignee;
    customer_store(turn, planned.customer, &after);
}

void plan_task_overdue(struct turn *turn, const struct task_changed *data)
{
    struct planned planned;
    struct planned_step *step;
    if (!task_open(turn, data, &planned, &step) || step->state != STEP_STARTED || step->late)
        return;
    outcome_follow(&planned, step, OUTCOME_LATE);
    planned_store(&planned);
}

void plan_task_corrected(struct turn *turn, const struct task_changed *data)
{
    struct planned planned;
    struct planned_step *step;
    if (!task_open(turn, data, &planned, &step) || step->state != STEP_DONE)
        return;
    step->outcome = data->outcome;
    if (outcome_stops(planned_rule_step(&planned, step), data->outcome))
        planned_stop(&planned, words_name(&outcome_words, data->outcome));
    planned_store(&planned);
}

static void rule_withdraw(struct turn *turn, const char *site, const char *about, const struct playbook *playbook, size_t rule)
{
    int64_t round;
    const char *id = plan_latest(turn, site, about, playbook, rule, &round);
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
