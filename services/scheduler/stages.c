#include <string.h>

#include "ident.h"
#include "scheduler.h"

/* Which steps of a plan are at work: those of one stage at a time, within it one after the other or side by side. */

const struct rule_stage *planned_stage(const struct planned *planned)
{
    const struct rule *rule = planned->rule;
    for (size_t i = 0; rule && i < rule->stage_count; i++)
        if (!strcmp(rule->stages[i].name, planned->plan.stage))
            return &rule->stages[i];
    return NULL;
}

/* -------- entering */

static bool holds(const struct planned *planned, const struct condition_list *when)
{
    if (!when->count)
        return true;
    struct condition_facts facts = planned_facts(planned);
    return conditions_hold(when, condition_fact, &facts);
}

static struct planned_step step_wait_for_others(const struct step *step, size_t index)
{
    return (struct planned_step){.name = step->name, .kind = step->kind, .state = STEP_BLOCKED,
                                 .rule_step = (int64_t)index, .window = "", .why = "", .reason = "", .work = "", .with = ""};
}

/* What follows other steps may ask how they ended: its condition is asked once they are over. */
static struct planned_step_list steps_place(const struct planned *planned, const struct rule_stage *stage, wall_ms base)
{
    struct planned_step_list list = {arena_alloc(turn_arena(planned->turn), (stage->count + 1) * sizeof *list.at), 0};
    for (size_t i = stage->first; i < stage->first + stage->count; i++) {
        const struct step *step = &planned->rule->steps[i];
        struct planned_step *to = &list.at[list.count];
        if (!step->follows.count && !holds(planned, &step->when))
            continue;
        *to = step->follows.count ? step_wait_for_others(step, i) : step_place(planned, i, base);
        to->work = work_id(planned, step->name);
        list.count++;
    }
    return list;
}

bool planned_place(struct planned *planned, int stage, wall_ms base)
{
    const struct rule *rule = planned->rule;
    for (size_t passed = 0; planned->site && rule && stage >= 0 && passed <= rule->stage_count; passed++) {
        const struct rule_stage *to = &rule->stages[stage];
        if (holds(planned, &to->when)) {
            planned->plan.stage = to->name;
            planned->plan.stage_entered_at = turn_now(planned->turn);
            planned->plan.entries++;
            planned->plan.steps = steps_place(planned, to, base);
            if (planned->plan.steps.count)
                return true;
        }
        stage = to->next;
    }
    return false;
}

static void say_entered(const struct planned *planned, const char *before, const char *reason)
{
    const struct plan *plan = &planned->plan;
    struct plan_stage say = {.plan = plan->id, .stage = plan->stage, .before = before, .entry = plan->entries,
                             .about = plan->about, .reason = reason, .steps = plan->steps};
    struct event like = planned_event(planned, EVENT_PLAN_STAGE_ENTERED);
    turn_emit(planned->turn, EVENT_PLAN_STAGE_ENTERED, &say, &like);
}

/* Nothing may come between the beginning of a wait and its first look: it does not go by a timer. */
void step_begin(struct planned *planned, struct planned_step *step)
{
    if (step->state == STEP_SKIPPED)
        planned_skip(planned, step, step->reason);
    else if (step->kind == STEP_WAIT && step->state == STEP_PENDING && step->due_at <= turn_now(planned->turn))
        step_start(planned, step);
}

void planned_begin(struct planned *planned, const char *before, const char *reason)
{
    if (*planned->plan.stage)
        say_entered(planned, before, reason);
    for (size_t i = 0; i < planned->plan.steps.count; i++)
        step_begin(planned, &planned->plan.steps.at[i]);
}

/* -------- leaving */

static void steps_leave(struct planned *planned)
{
    for (size_t i = 0; i < planned->plan.steps.count; i++)
        if (!step_is_over(&planned->plan.steps.at[i]))
            planned_skip(planned, &planned->plan.steps.at[i], "stage_over");
}

static void go_in_circles(struct planned *planned)
{
    struct plan_act say = {.plan = planned->plan.id, .stage = planned->plan.stage,
                           .reason = "64 stages entered: it goes round in a circle"};
    struct event like = planned_event(planned, EVENT_PLAN_STOPPED);
    planned->plan.ended = true;
    turn_emit(planned->turn, EVENT_PLAN_STOPPED, &say, &like);
}

void planned_go(struct planned *planned, int stage, const char *reason)
{
    const char *before = planned->plan.stage;
    struct planned_step_list left = planned->plan.steps;
    steps_leave(planned);
    planned->go_to = STAGE_STAY;
    if (planned->plan.entries >= STAGE_ENTRIES_MAX && stage >= 0) {
        go_in_circles(planned);
    } else if (stage < 0 || !planned_place(planned, stage, turn_now(planned->turn))) {
        planned->plan.ended = true;
        planned->plan.steps = left;
    } else {
        planned_begin(planned, before, reason);
    }
}

/* -------- going on */

static bool followed_are_over(struct planned *planned, const struct step *step)
{
    for (size_t i = 0; i < step->follows.count; i++) {
        const struct planned_step *before = planned_step_named(planned, step->follows.at[i]);
        if (before && !step_is_over(before))
            return false;
    }
    return true;
}

static void step_unblock(struct planned *planned, struct planned_step *step, const struct step *rule_step)
{
    const char *work = step->work;
    if (rule_step->follows.count && !holds(planned, &rule_step->when)) {
        planned_skip(planned, step, "condition");
        return;
    }
    wall_ms base = rule_step->follows.count ? turn_now(planned->turn) : planned->plan.occurred_at;
    *step = step_place(planned, (size_t)step->rule_step, base);
    step->work = work;
    step_begin(planned, step);
}

/* In the order of the playbook: a step follows only what stands before it. */
static void steps_unblock(struct planned *planned)
{
    for (size_t i = 0; i < planned->plan.steps.count; i++) {
        struct planned_step *step = &planned->plan.steps.at[i];
        const struct step *rule_step = planned_rule_step(planned, step);
        if (step->state == STEP_BLOCKED && rule_step && planned->site && followed_are_over(planned, rule_step))
            step_unblock(planned, step, rule_step);
    }
}

/* What comes again has its next time as soon as it is over. */
static void steps_repeat(struct planned *planned)
{
    for (size_t i = 0; planned->site && i < planned->plan.steps.count; i++) {
        struct planned_step *step = &planned->plan.steps.at[i];
        const struct step *rule_step = planned_rule_step(planned, step);
        if (step_is_over(step) && rule_step && step_comes_again(rule_step))
            step_again(planned, step);
    }
}

static bool stage_is_over(const struct planned *planned, const struct rule_stage *stage)
{
    bool all = true;
    for (size_t i = 0; i < planned->plan.steps.count; i++) {
        const struct planned_step *step = &planned->plan.steps.at[i];
        const struct step *rule_step = planned_rule_step(planned, step);
        if (stage->any && step->state == STEP_DONE && step->kind != STEP_LIMIT)
            return true;
        all &= step_is_over(step) || (rule_step && rule_step->optional);
    }
    return all;
}

void planned_settle(struct planned *planned)
{
    const struct rule_stage *stage;
    while (!planned->plan.ended && planned->playbook && (stage = planned_stage(planned))) {
        if (planned->go_to == STAGE_STAY) {
            steps_repeat(planned);
            steps_unblock(planned);
        }
        if (planned->go_to != STAGE_STAY)
            planned_go(planned, planned->go_to, planned->go_reason);
        else if (stage_is_over(planned, stage))
            planned_go(planned, stage->next, "over");
        else
            return;
    }
}
