#include <string.h>

#include "facts.h"
#include "ident.h"
#include "scheduler.h"

/* Dates and settings that change: steps that count from them and have not begun move with them. */

static void say_moved(const struct planned *planned, const struct planned_step *step, wall_ms before)
{
    struct plan_moved say = {.plan = planned->plan.id, .step = step->name, .about = planned->plan.about, .due_at = step->due_at,
                             .before_at = before, .why = step->why};
    struct event like = planned_event(planned, EVENT_PLAN_STEP_MOVED);
    turn_emit(planned->turn, EVENT_PLAN_STEP_MOVED, &say, &like);
}

/* What its new date leaves behind is left out; what was left out before stays so. */
static void step_redate(struct planned *planned, struct planned_step *step, wall_ms base)
{
    const char *work = step->work;
    wall_ms before = step->due_at;
    struct planned_step now = step_place(planned, (size_t)step->rule_step, base);
    if (now.due_at == before && now.deadline_at == step->deadline_at && now.state == step->state)
        return;
    now.work = work;
    now.times = step->times;
    now.late = step->late && now.deadline_at <= turn_now(planned->turn);
    *step = now;
    say_moved(planned, step, before);
    step_begin(planned, step);
}

/* When the last of the steps that it follows was over; else when its stage began, the first with what the plan follows. */
static wall_ms base_of(const struct planned *planned, const struct step *rule_step)
{
    wall_ms base = 0;
    for (size_t i = 0; i < planned->plan.results.count; i++) {
        const struct step_result *result = &planned->plan.results.at[i];
        for (size_t k = 0; k < rule_step->follows.count; k++)
            if (!strcmp(result->step, rule_step->follows.at[k]) && result->at > base)
                base = result->at;
    }
    if (base)
        return base;
    return planned->plan.entries > 1 && !*rule_step->from ? planned->plan.stage_entered_at : planned->plan.occurred_at;
}

void planned_anew(struct planned *planned)
{
    for (size_t i = 0; planned->site && i < planned->plan.steps.count; i++) {
        struct planned_step *step = &planned->plan.steps.at[i];
        const struct step *rule_step = planned_rule_step(planned, step);
        if (rule_step && step->state == STEP_PENDING && !step->times)
            step_redate(planned, step, base_of(planned, rule_step));
    }
}

/* -------- plans */

static void plan_redate(struct turn *turn, const struct plan *plan)
{
    struct planned planned = planned_open(turn, plan);
    for (size_t i = 0; planned.site && i < planned.plan.steps.count; i++) {
        struct planned_step *step = &planned.plan.steps.at[i];
        const struct step *rule_step = planned_rule_step(&planned, step);
        bool waits = step->state == STEP_PENDING || (step->state == STEP_BLOCKED && rule_step && !rule_step->follows.count);
        if (waits && rule_step && *rule_step->from)
            step_redate(&planned, step, planned.plan.occurred_at);
    }
    planned_store(&planned);
}

/* Redates the plan that this rule has made about the thing, if it still goes on; `anew`: facts that it knows otherwise now. */
static void rule_redate(struct turn *turn, const struct site *site, const struct playbook *playbook, size_t rule,
                        const char *about, struct slice anew)
{
    int64_t round = 0;
    const char *id = plan_latest(turn, site->id, about, playbook, rule, &round);
    const struct plan *plan = round ? turn_get(turn, ENTITY_PLAN, id) : NULL;
    if (!plan || !plan->variables.bytes)
        return;
    struct plan after = *plan;
    const struct record *record = event_types[playbook->rules[rule].on].data;
    if (anew.bytes)
        after.variables = facts_update(plan->variables, anew, record, turn_arena(turn));
    plan_redate(turn, &after);
}

void plans_redate(struct turn *turn, const struct event *event, const struct form_changed *data)
{
    const struct site *site = turn_site(turn, event->site);
    for (size_t i = 0; site && i < site->playbook_count; i++) {
        const struct playbook *playbook = site->playbooks[i].playbook;
        for (size_t rule = 0; rule < playbook->rule_count; rule++) {
            const struct rule *at = &playbook->rules[rule];
            if (event_types[at->on].data == &form_changed_record && !at->repeat && form_fits(at->form, data))
                rule_redate(turn, site, playbook, rule, data->about, (struct slice){0});
        }
    }
}

void plans_refresh(struct turn *turn, const struct event *event, const void *data)
{
    const struct site *site = turn_site(turn, event->site);
    const char *about = event_about(turn, event, data);
    const struct record *record = event_types[event->number].data;
    struct slice anew = facts_pack(record, data, about, turn_arena(turn));
    for (size_t i = 0; site && i < site->playbook_count; i++) {
        const struct playbook *playbook = site->playbooks[i].playbook;
        for (size_t rule = 0; rule < playbook->rule_count; rule++)
            if (playbook->rules[rule].on == EVENT_WORKSHOP_BOOKED && !playbook->rules[rule].repeat)
                rule_redate(turn, site, playbook, rule, about, anew);
    }
}
