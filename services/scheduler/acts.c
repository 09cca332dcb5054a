#include <string.h>

#include "ident.h"
#include "scheduler.h"

/* What people do to plans: put one into another stage, end it, move it to the playbook that is in force now. */

static bool plan_take(struct turn *turn, const struct event *event, const struct plan_act *act, struct planned *ret)
{
    const char *id = ident_of_site(turn_arena(turn), event->site, act->plan);
    const struct plan *plan = turn_get(turn, ENTITY_PLAN, id);
    if (!plan || strcmp(plan->site, event->site)) {
        turn_refuse(turn, "not_found", "no such plan");
        return false;
    }
    *ret = planned_open(turn, plan);
    if (plan->variables.bytes)
        return true;
    turn_refuse(turn, "closed", "it is over");
    return false;
}

static int stage_named(const struct rule *rule, const char *name)
{
    for (size_t i = 0; rule && i < rule->stage_count; i++)
        if (*name && !strcmp(rule->stages[i].name, name))
            return (int)i;
    return STAGE_STAY;
}

static void say(struct planned *planned, enum event_number number, const struct plan_act *act)
{
    struct plan_act said = {.plan = planned->plan.id, .stage = planned->plan.stage, .reason = act->reason,
                            .playbook_hash = planned->plan.playbook_hash};
    struct event like = planned_event(planned, number);
    turn_emit(planned->turn, number, &said, &like);
}

void on_plan_move(struct turn *turn, const struct event *event, const void *data)
{
    const struct plan_act *act = data;
    struct planned planned;
    if (!plan_take(turn, event, act, &planned))
        return;
    int stage = stage_named(planned.rule, act->stage);
    if (stage == STAGE_STAY) {
        turn_refuse(turn, "bad_value", "stage: its playbook has no such stage");
        return;
    }
    planned_go(&planned, stage, *act->reason ? act->reason : "moved by hand");
    planned_store(&planned);
}

void on_plan_stop(struct turn *turn, const struct event *event, const void *data)
{
    const struct plan_act *act = data;
    struct planned planned;
    if (!plan_take(turn, event, act, &planned))
        return;
    for (size_t i = 0; i < planned.plan.steps.count; i++)
        if (!step_is_over(&planned.plan.steps.at[i]))
            planned_skip(&planned, &planned.plan.steps.at[i], "stopped");
    planned.plan.ended = true;
    say(&planned, EVENT_PLAN_STOPPED, act);
    planned_store(&planned);
}

/* -------- another version */

static const struct playbook_in_force *version_now(const struct planned *planned)
{
    const struct site *site = planned->site;
    for (size_t i = 0; site && planned->playbook && i < site->playbook_count; i++)
        if (!strcmp(site->playbooks[i].playbook->name, planned->playbook->name))
            return &site->playbooks[i];
    return NULL;
}

static int64_t rule_now(const struct planned *planned, const struct playbook *playbook)
{
    for (size_t i = 0; *planned->rule->name && i < playbook->rule_count; i++)
        if (!strcmp(playbook->rules[i].name, planned->rule->name))
            return (int64_t)i;
    bool same = !*planned->rule->name && (size_t)planned->plan.rule < playbook->rule_count &&
                playbook->rules[planned->plan.rule].on == planned->rule->on;
    return same ? planned->plan.rule : -1;
}

static bool step_waits(const struct planned_step *step)
{
    return step->kind == STEP_WAIT && step->state == STEP_STARTED;
}

/* Steps keep their times, as long as nobody asks otherwise; one that the new version does not know ends here. */
static void step_adopt(struct planned *planned, struct planned_step *step)
{
    for (size_t i = 0; i < planned->rule->step_count; i++) {
        if (strcmp(planned->rule->steps[i].name, step->name) || planned->rule->steps[i].kind != step->kind)
            continue;
        step->rule_step = (int64_t)i;
        if (step_waits(step))
            wait_start(planned, step);
        return;
    }
    if (!step_is_over(step))
        planned_skip(planned, step, "not_in_new_version");
}

static void plan_adopt(struct planned *planned, const struct playbook_in_force *now, int64_t rule)
{
    struct planned_step_list *steps = &planned->plan.steps;
    for (size_t i = 0; i < steps->count; i++)
        if (step_waits(&steps->at[i]))
            wait_end(planned, &steps->at[i]);
    planned->plan.playbook_hash = now->hash;
    planned->plan.rule = rule;
    planned->playbook = now->playbook;
    planned->rule = &now->playbook->rules[rule];
    for (size_t i = 0; i < steps->count; i++)
        step_adopt(planned, &steps->at[i]);
}

void on_plan_adopt(struct turn *turn, const struct event *event, const void *data)
{
    const struct plan_act *act = data;
    struct planned planned;
    if (!plan_take(turn, event, act, &planned))
        return;
    const struct playbook_in_force own = {planned.plan.playbook_hash, planned.playbook};
    const struct playbook_in_force *now = !planned.rule ? NULL : act->same_version ? &own : version_now(&planned);
    int64_t rule = now ? rule_now(&planned, now->playbook) : -1;
    if (rule < 0 || (*planned.plan.stage && stage_named(&now->playbook->rules[rule], planned.plan.stage) < 0)) {
        turn_refuse(turn, "wrong_state", "the playbook in force has no such rule, or no such stage");
        return;
    }
    plan_adopt(&planned, now, rule);
    if (act->anew)
        planned_anew(&planned);
    say(&planned, EVENT_PLAN_ADOPTED, act);
    planned_store(&planned);
}
