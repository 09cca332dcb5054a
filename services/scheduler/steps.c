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
    struct planned planned = {.turn = turn, .plan = *plan, .go_to = STAGE_STAY};
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
    like.customer = planned->customer ? ident_local(planned->customer->id) : plan->customer;
    like.subject = plan->id;
    if (!strncmp(plan->about_type, "case.", 5))
        like.case_id = ident_of_site(turn_arena(planned->turn), plan->site, plan->about);
    return like;
}

struct slice form_fields(struct turn *turn, const char *site, const char *about)
{
    const struct filled_form *form = turn_get(turn, ENTITY_FORM, ident_make(turn_arena(turn), site, "%s", about));
    return form ? form->fields : (struct slice){0};
}

/* What stands in the form that the plan follows, as it is now. */
static struct slice form_fields_now(const struct planned *planned)
{
    const struct plan *plan = &planned->plan;
    const char *about = strncmp(plan->about_type, "form.", 5) ? "" : plan->about;
    const char *form = *plan->form ? plan->form : about;
    return *form ? form_fields(planned->turn, plan->site, form) : (struct slice){0};
}

struct condition_facts planned_facts(const struct planned *planned)
{
    enum event_number number = event_number(planned->plan.about_type);
    const struct record *record = event_types[number].data;
    struct arena *arena = turn_arena(planned->turn);
    const void *data = record ? facts_data(planned->plan.variables, record, arena) : NULL;
    return (struct condition_facts){
        .record = record, .data = data, .customer = planned->customer, .arena = arena, .results = &planned->plan.results,
        .fields = form_fields_now(planned), .now = turn_now(planned->turn),
        .calendar = planned->site ? planned->site->calendar : NULL,
        .owner_gone = owner_is_gone(planned->site, planned->customer),
    };
}

struct planned_step *planned_step_named(struct planned *planned, const char *name)
{
    for (size_t i = 0; i < planned->plan.steps.count; i++)
        if (!strcmp(planned->plan.steps.at[i].name, name))
            return &planned->plan.steps.at[i];
    return NULL;
}

void planned_say(const struct planned *planned, enum event_number number, const struct planned_step *step)
{
    struct plan_step say = {.plan = planned->plan.id, .step = step->name, .kind = step->kind, .outcome = step->outcome,
                            .reason = step->reason, .work = step->work, .about = planned->plan.about, .with = step->with};
    struct event like = planned_event(planned, number);
    turn_emit(planned->turn, number, &say, &like);
}

/* -------- the end of a step */

bool step_is_over(const struct planned_step *step)
{
    return step->state == STEP_DONE || step->state == STEP_SKIPPED;
}

static void result_keep(struct planned *planned, const struct planned_step *step, const char *result)
{
    const struct step_result_list *all = &planned->plan.results;
    size_t keep = all->count < RESULTS_MAX ? all->count : RESULTS_MAX - 1;
    struct step_result *at = arena_alloc(turn_arena(planned->turn), (keep + 1) * sizeof *at);
    if (keep)
        memcpy(at, all->at + all->count - keep, keep * sizeof *at);
    at[keep] = (struct step_result){.step = step->name, .result = result, .at = turn_now(planned->turn)};
    planned->plan.results = (struct step_result_list){at, keep + 1};
}

void planned_skip(struct planned *planned, struct planned_step *step, const char *reason)
{
    if (step->kind == STEP_WAIT && step->state == STEP_STARTED)
        wait_end(planned, step);
    step->state = STEP_SKIPPED;
    step->reason = reason;
    result_keep(planned, step, "skipped");
    planned_say(planned, EVENT_PLAN_STEP_SKIPPED, step);
}

void planned_done(struct planned *planned, struct planned_step *step, int outcome)
{
    step->state = STEP_DONE;
    step->outcome = outcome;
    result_keep(planned, step, outcome ? words_name(&outcome_words, outcome) : "done");
}

/* A task that has begun goes on: follow-up decides about it. */
void planned_stop(struct planned *planned, const char *reason)
{
    planned->plan.ended = true;
    for (size_t i = 0; i < planned->plan.steps.count; i++) {
        struct planned_step *step = &planned->plan.steps.at[i];
        bool waits = step->kind == STEP_WAIT && step->state == STEP_STARTED;
        if (step->state == STEP_PENDING || step->state == STEP_BLOCKED || waits)
            planned_skip(planned, step, reason);
    }
}

/* -------- what is next */

static wall_ms step_next(const struct planned *planned, const struct planned_step *step)
{
    if (step->kind == STEP_WAIT && step->state == STEP_STARTED)
        return step->deadline_at;
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
        if (!step_is_over(&plan->steps.at[i]))
            return false;
    return true;
}

/* What is over stays as a small remainder, by which a fact told again is known. */
static void plan_shrink(struct plan *plan)
{
    plan->variables = (struct slice){0};
    plan->results = (struct step_result_list){0};
    for (size_t i = 0; i < plan->steps.count; i++)
        plan->steps.at[i].why = "";
}

void planned_store(struct planned *planned)
{
    struct plan *plan = &planned->plan;
    planned_settle(planned);
    if (plan_is_over(plan)) {
        bool finished_before = !plan->variables.bytes;
        if (!finished_before)
            planned_say(planned, EVENT_PLAN_FINISHED, &plan->steps.at[plan->steps.count - 1]);
        plan_shrink(plan);
    }
    turn_put_lasting(planned->turn, ENTITY_PLAN, plan->id, plan, plan_next(planned), contact_place(planned));
}

/* -------- what is due */

static void step_fire(struct planned *planned, struct planned_step *step)
{
    wall_ms now = turn_now(planned->turn);
    if (step->kind == STEP_WAIT && step->state == STEP_STARTED && step->deadline_at && step->deadline_at <= now) {
        wait_end(planned, step);
        outcome_follow(planned, step, OUTCOME_LATE);
        return;
    }
    if (step->state != STEP_PENDING)
        return;
    wall_ms announce = step_announce_at(planned, step);
    if (announce && announce <= now)
        step_announce(planned, step);
    if (step->due_at <= now)
        step_start(planned, step);
}

/* A message for a day waits for its timer, so that it meets all others of the moment. */
static bool step_begins_at_once(const struct planned *planned, const struct planned_step *step)
{
    wall_ms next = step_next(planned, step);
    return next && next <= turn_now(planned->turn) && !contact_is_for_a_day(planned, step);
}

/* Takes from *left what begins; false: nothing does. */
static bool steps_begin(struct planned *planned, size_t *left)
{
    size_t before = *left;
    for (size_t i = 0; i < planned->plan.steps.count && *left && planned->go_to == STAGE_STAY; i++) {
        if (!step_begins_at_once(planned, &planned->plan.steps.at[i]))
            continue;
        step_fire(planned, &planned->plan.steps.at[i]);
        --*left;
    }
    return *left < before;
}

/* What a step's end makes due begins as well. */
static void planned_start(struct planned *planned, size_t *left)
{
    do
        planned_settle(planned);
    while (steps_begin(planned, left));
}

void plan_fire(struct turn *turn, const struct plan *plan)
{
    struct planned planned = planned_open(turn, plan);
    size_t left = STEPS_AT_ONCE_MAX;
    for (size_t i = 0; i < planned.plan.steps.count && planned.go_to == STAGE_STAY; i++)
        step_fire(&planned, &planned.plan.steps.at[i]);
    planned_start(&planned, &left);
    planned_store(&planned);
}

void plans_start(struct turn *turn)
{
    struct texts due = turn_due(turn, ENTITY_PLAN);
    size_t left = STEPS_AT_ONCE_MAX;
    for (size_t i = 0; i < due.count && left; i++) {
        struct planned planned = planned_open(turn, turn_get(turn, ENTITY_PLAN, due.at[i]));
        size_t before = left;
        planned_start(&planned, &left);
        if (left < before)
            planned_store(&planned);
    }
}
