#include <string.h>

#include "facts.h"
#include "ident.h"
#include "scheduler.h"

/* A plan at work: its next due time, its ends. */

static const struct rule *rule_of(const struct playbook *playbook, const struct plan *plan)
{
    if (!playbook || plan->rule < 0 || (size_t)plan->rule >= playbook->rule_count)
        return NULL;
    return &playbook->rules[plan->rule];
}

struct planned planned_open(struct turn *turn, const struct plan *plan)
{
    struct planned planned = {.turn = turn, .plan = *plan};
    planned.site = turn_site(turn, plan->site);
    planned.playbook = turn_playbook(turn, plan->playbook_hash);
    planned.rule = rule_of(planned.playbook, plan);
    planned.customer = customer_of(turn, plan->site, plan->customer);
    planned.plan.steps.at = arena_copy(turn_arena(turn), plan->steps.at, plan->steps.count * sizeof *plan->steps.at);
    return planned;
}

const struct step *planned_rule_step(const struct planned *planned, const struct planned_step *step)
{
    if (!planned->rule || step->rule_step < 0 || (size_t)step->rule_step >= planned->rule->step_count)
        return NULL;
    return &planned->rule->steps[step->rule_step];
}

struct event planned_event(const struct planned *planned, enum event_number number)
{
    const struct plan *plan = &planned->plan;
    struct event like = event_of(number);
    like.customer = plan->customer;
    like.subject = plan->id;
    if (!strncmp(plan->about_type, "case.", 5))
        like.case_id = ident_of_site(turn_arena(planned->turn), plan->site, plan->about);
    return like;
}

struct condition_facts planned_facts(const struct planned *planned)
{
    enum event_number number = event_number(planned->plan.about_type);
    const struct record *record = event_types[number].data;
    struct arena *arena = turn_arena(planned->turn);
    const void *data = record ? facts_data(planned->plan.variables, record, arena) : NULL;
    return (struct condition_facts){record, data, planned->customer, arena};
}

static void step_say(const struct planned *planned, enum event_number number, const struct planned_step *step)
{
    struct plan_step say = {.plan = planned->plan.id, .step = step->name, .kind = step->kind, .outcome = step->outcome,
                            .reason = step->reason};
    struct event like = planned_event(planned, number);
    turn_emit(planned->turn, number, &say, &like);
}

void planned_skip(struct planned *planned, struct planned_step *step, const char *reason)
{
    step->state = STEP_SKIPPED;
    step->reason = reason;
    step_say(planned, EVENT_PLAN_STEP_SKIPPED, step);
}

void planned_stop(struct planned *planned, const char *reason)
{
    for (size_t i = 0; i < planned->plan.steps.count; i++)
        if (planned->plan.steps.at[i].state == STEP_PENDING)
            planned_skip(planned, &planned->plan.steps.at[i], reason);
}

static wall_ms step_next(const struct planned *planned, const struct planned_step *step)
{
    if (step->state != STEP_PENDING)
        return 0;
    wall_ms announce = step_announce_at(planned, step);
    return announce && announce < step->due_at ? announce : step->due_at;
}

static wall_ms plan_next(const struct planned *planned)
{
    wall_ms next = 0;
    for (size_t i = 0; i < planned->plan.steps.count; i++) {
        wall_ms due = step_next(planned, &planned->plan.steps.at[i]);
        if (due && (!next || due < next))
            next = due;
    }
    return next;
}

static bool plan_is_over(const struct plan *plan)
{
    for (size_t i = 0; i < plan->steps.count; i++)
        if (plan->steps.at[i].state == STEP_PENDING || plan->steps.at[i].state == STEP_STARTED)
            return false;
    return true;
}

/* What is over stays as a small remainder, by which a fact told again is known. */
static void plan_shrink(struct plan *plan)
{
    plan->variables = (struct slice){0};
    for (size_t i = 0; i < plan->steps.count; i++)
        plan->steps.at[i].why = "";
}

void planned_store(struct planned *planned)
{
    struct plan *plan = &planned->plan;
    if (plan_is_over(plan)) {
        bool finished_before = !plan->variables.bytes;
        if (!finished_before)
            step_say(planned, EVENT_PLAN_FINISHED, &plan->steps.at[plan->steps.count - 1]);
        plan_shrink(plan);
    }
    turn_put(planned->turn, ENTITY_PLAN, plan->id, plan, plan_next(planned), "");
}

/* -------- the timer */

static void step_fire(struct planned *planned, struct planned_step *step)
{
    wall_ms now = turn_now(planned->turn);
    if (step->state != STEP_PENDING)
        return;
    wall_ms announce = step_announce_at(planned, step);
    if (announce && announce <= now)
        step_announce(planned, step);
    if (step->due_at <= now)
        step_start(planned, step);
}

void plan_fire(struct turn *turn, const struct plan *plan)
{
    struct planned planned = planned_open(turn, plan);
    for (size_t i = 0; i < planned.plan.steps.count; i++)
        step_fire(&planned, &planned.plan.steps.at[i]);
    planned_store(&planned);
}
