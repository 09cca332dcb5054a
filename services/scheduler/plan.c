#include <string.h>

#include "facts.h"
#include "ident.h"
#include "scheduler.h"

/* From a fact and the rules in force to a plan with times. */

/* -------- what a fact is about */

static const char *about_order(const void *data) { return ((const struct car_delivered *)data)->order; }
static const char *about_visit(const void *data) { return ((const struct visit_finished *)data)->visit; }
static const char *about_complaint(const void *data) { return ((const struct complaint_received *)data)->complaint; }
static const char *about_contact(const void *data) { return ((const struct contact_made *)data)->contact; }
static const char *about_progress(const void *data) { return ((const struct complaint_progressed *)data)->complaint; }
static const char *about_case(const void *data) { return ((const struct case_changed *)data)->case_id; }
static const char *about_task(const void *data) { return ((const struct task_changed *)data)->task; }
static const char *about_form(const void *data) { return ((const struct form_changed *)data)->about; }
static const char *about_page(const void *data) { return ((const struct book_changed *)data)->about; }
static const char *about_stage(const void *data) { return ((const struct plan_stage *)data)->about; }
static const char *about_points(const void *data) { return ((const struct points_changed *)data)->entry; }
static const char *about_notice(const void *data) { return ((const struct notice_changed *)data)->notice; }
static const char *about_job(const void *data) { return ((const struct workshop_changed *)data)->job; }
static const char *about_pushed(const void *data) { return ((const struct workshop_change *)data)->job; }

static const struct { const struct record *record; const char *(*about)(const void *data); } abouts[] = {
    {&car_delivered_record, about_order},
    {&visit_finished_record, about_visit},
    {&complaint_received_record, about_complaint},
    {&contact_made_record, about_contact},
    {&complaint_progressed_record, about_progress},
    {&case_changed_record, about_case},
    {&task_changed_record, about_task},
    {&notice_changed_record, about_notice},
    {&form_changed_record, about_form},
    {&plan_stage_record, about_stage},
    {&workshop_changed_record, about_job},
    {&workshop_change_record, about_pushed},
    {&points_changed_record, about_points},
    {&book_changed_record, about_page},
    {&customer_recorded_record, NULL},
    {&customer_preferred_record, NULL},
    {&customer_changed_record, NULL},
};

const char *event_about(struct turn *turn, const struct event *event, const void *data)
{
    const struct record *record = event_types[event->number].data;
    for (size_t i = 0; i < sizeof abouts / sizeof abouts[0]; i++)
        if (abouts[i].record == record)
            return ident_local(abouts[i].about ? abouts[i].about(data) : event->customer);
    return ident_fit(turn_arena(turn), event->id, 64);
}

/* -------- one plan for one rule and one thing */

/* A rule is known by its name, or else by its number. */
static const char *plan_id(struct turn *turn, const char *site, const char *about, const struct playbook *playbook,
                           size_t rule, int64_t round)
{
    struct arena *arena = turn_arena(turn);
    const char *name = playbook->rules[rule].name;
    const char *known = *name ? name : arena_printf(arena, "%zu", rule);
    if (round <= 1)
        return ident_make(arena, site, "%s.%s.%s", about, playbook->name, known);
    return ident_make(arena, site, "%s.%s.%s.%d", about, playbook->name, known, (int)round);
}

const char *plan_latest(struct turn *turn, const char *site, const char *about, const struct playbook *playbook,
                        size_t rule, int64_t *ret_round)
{
    const char *latest = "";
    *ret_round = 0;
    for (int64_t round = 1; round <= ROUNDS_MAX; round++) {
        const char *id = plan_id(turn, site, about, playbook, rule, round);
        if (!turn_get(turn, ENTITY_PLAN, id))
            break;
        latest = id;
        *ret_round = round;
    }
    return latest;
}

/* Intake takes an order, a visit or a complaint once, for ever: no plan follows it yet. */
static bool is_told_once(enum event_number number)
{
    return number == EVENT_CAR_DELIVERED || number == EVENT_VISIT_FINISHED || number == EVENT_COMPLAINT_RECEIVED;
}

static bool is_followed(const struct planning *planning)
{
    const char *id = plan_id(planning->turn, planning->site->id, planning->about, planning->in_force->playbook, planning->rule, 1);
    turn_expect_none(planning->turn, ENTITY_PLAN, id);
    return turn_get(planning->turn, ENTITY_PLAN, id);
}

/* Told again, a fact changes nothing. What the engine itself says twice has happened twice: the earlier plan ends. */
static bool round_begin(const struct planning *planning, int64_t *ret_round)
{
    *ret_round = 1;
    if (is_told_once(planning->event->number))
        return !is_followed(planning);
    const char *latest = plan_latest(planning->turn, planning->site->id, planning->about,
                                     planning->in_force->playbook, planning->rule, ret_round);
    if (*ret_round == 0) {
        *ret_round = 1;
        return true;
    }
    if (event_types[planning->event->number].class == FACT || *ret_round == ROUNDS_MAX)
        return false;
    struct planned before = planned_open(planning->turn, turn_get(planning->turn, ENTITY_PLAN, latest));
    planned_stop(&before, "superseded");
    planned_store(&before);
    ++*ret_round;
    return true;
}

/* -------- ids of what the steps lead to */

static bool rule_has_step(const struct rule *rule, const char *name)
{
    for (size_t i = 0; i < rule->step_count; i++)
        if (!strcmp(rule->steps[i].name, name))
            return true;
    return false;
}

/* Has this rule made a plan about the same thing, and not this one? */
static bool is_other_plan(const struct planned *planned, const struct playbook *playbook, size_t rule)
{
    const struct plan *plan = &planned->plan;
    struct turn *turn = planned->turn;
    return strcmp(plan_id(turn, plan->site, plan->about, playbook, rule, plan->round), plan->id) &&
           turn_get(turn, ENTITY_PLAN, plan_id(turn, plan->site, plan->about, playbook, rule, 1));
}

/* Is there another plan about the same thing with a step of this name? */
static bool name_is_taken(const struct planned *planned, const char *name)
{
    const struct site *site = planned->site;
    uint64_t bit = playbook_name_bit(name);
    for (size_t i = 0; i < site->playbook_count; i++) {
        const struct playbook *playbook = site->playbooks[i].playbook;
        for (size_t rule = 0; rule < playbook->rule_count; rule++)
            if ((playbook->rules[rule].step_name_bits & bit) && rule_has_step(&playbook->rules[rule], name) &&
                is_other_plan(planned, playbook, rule))
                return true;
    }
    return false;
}

const char *work_id(const struct planned *planned, const char *name)
{
    struct arena *arena = turn_arena(planned->turn);
    const struct plan *plan = &planned->plan;
    const char *entry = plan->entries > 1 ? arena_printf(arena, ".e%d", (int)plan->entries) : "";
    if (name_is_taken(planned, name))
        return ident_make(arena, plan->site, "%s.%s.%s.%d.%d%s", plan->about, name, planned->playbook->name,
                          (int)plan->rule, (int)plan->round, entry);
    if (plan->round > 1)
        return ident_make(arena, plan->site, "%s.%s.%d%s", plan->about, name, (int)plan->round, entry);
    return ident_make(arena, plan->site, "%s.%s%s", plan->about, name, entry);
}

static void plan_say_made(struct planned *planned)
{
    struct plan *plan = &planned->plan;
    struct plan_made made = {.plan = plan->id, .playbook = planned->playbook->name, .playbook_hash = plan->playbook_hash,
                             .rule = plan->rule, .about = plan->about, .steps = plan->steps, .stage = plan->stage};
    struct event like = planned_event(planned, EVENT_PLAN_MADE);
    turn_emit(planned->turn, EVENT_PLAN_MADE, &made, &like);
}

/* -------- plans that lead to plans */

/* The plan that the event is about or came of, if any. */
static const struct plan *plan_behind(const struct planning *planning)
{
    const struct field *field = record_field(event_types[planning->event->number].data, "plan");
    if (!field || field->kind != FIELD_TEXT)
        return NULL;
    const char *id = *(const char *const *)((const char *)planning->data + field->offset);
    if (!id || !*id)
        return NULL;
    return turn_get(planning->turn, ENTITY_PLAN, ident_of_site(turn_arena(planning->turn), planning->site->id, id));
}

/* Between plans lies time, so the chain of events does not tell: rules of several playbooks that answer each other for ever
 * end here, for all to see. */
static bool depth_allows(const struct planning *planning, int64_t *ret_depth)
{
    const struct plan *behind = plan_behind(planning);
    *ret_depth = behind ? behind->depth + 1 : 0;
    if (*ret_depth <= CHAIN_DEPTH_MAX)
        return true;
    turn_dead_letter(planning->turn, arena_printf(turn_arena(planning->turn), "%.40s", planning->in_force->playbook->name));
    return false;
}

/* -------- the form that a rule looks at */

/* By its local id, where it is not the form of the event itself; "": none. */
static const char *planning_form(const struct planning *planning)
{
    const struct rule *rule = &planning->in_force->playbook->rules[planning->rule];
    if (planning->run)
        return planning->run->about;
    return rule->form && event_types[rule->on].data == &plan_stage_record ? planning->about : "";
}

struct slice planning_facts(const struct planning *planning)
{
    struct turn *turn = planning->turn;
    const char *form = planning_form(planning);
    if (planning->run)
        return planning->run->variables;
    struct slice facts = facts_pack(event_types[planning->event->number].data, planning->data, planning->about, turn_arena(turn));
    return *form ? facts_with_fields(facts, form_fields(turn, planning->site->id, form), turn_arena(turn)) : facts;
}

/* Is the event about such a form as the rule speaks of, or of a plan that follows one? */
static bool form_fits_rule(const struct planning *planning, const struct rule *rule)
{
    size_t bytes = rule->form ? strlen(rule->form->name) : 0;
    if (event_types[rule->on].data != &plan_stage_record)
        return form_fits(rule->form, planning->data);
    return !rule->form || (!strncmp(planning->about, rule->form->name, bytes) && planning->about[bytes] == '.');
}

/* -------- making it */

static bool plan_make(const struct planning *planning)
{
    struct turn *turn = planning->turn;
    int64_t round, depth;
    if (!depth_allows(planning, &depth) || !round_begin(planning, &round) || !limit_allows(planning))
        return false;
    struct plan plan = *(const struct plan *)record_new(&plan_record, turn_arena(turn));
    plan.id = plan_id(turn, planning->site->id, planning->about, planning->in_force->playbook, planning->rule, round);
    plan.site = planning->site->id;
    plan.customer = planning->event->customer;
    plan.playbook_hash = planning->in_force->hash;
    plan.rule = (int64_t)planning->rule;
    plan.about = planning->about;
    plan.about_type = planning->event->type;
    plan.occurred_at = planning->occurred_at;
    plan.round = round;
    plan.depth = depth;
    plan.variables = planning_facts(planning);
    plan.form = planning_form(planning);
    struct planned planned = planned_open(turn, &plan);
    if (!planned_place(&planned, 0, planning->occurred_at))
        return false;
    plan_say_made(&planned);
    planned_begin(&planned, "", "");
    planned_store(&planned);
    limit_count(planning);
    return true;
}

static struct condition_facts planning_conditions(const struct planning *planning)
{
    const char *form = planning_form(planning);
    return (struct condition_facts){
        .record = event_types[planning->event->number].data, .data = planning->data, .customer = planning->customer,
        .arena = turn_arena(planning->turn), .calendar = planning->site->calendar, .now = turn_now(planning->turn),
        .owner_gone = owner_is_gone(planning->site, planning->customer),
        .fields = *form ? form_fields(planning->turn, planning->site->id, form) : (struct slice){0}};
}

bool plan_try(const struct planning *planning)
{
    const struct rule *rule = &planning->in_force->playbook->rules[planning->rule];
    struct condition_facts facts = planning_conditions(planning);
    return conditions_hold(&rule->when, condition_fact, &facts) && plan_make(planning);
}

/* Customers are only gone through for an event that fits. */
static void run_try(const struct planning *planning)
{
    const struct rule *rule = &planning->in_force->playbook->rules[planning->rule];
    struct condition_facts facts = planning_conditions(planning);
    if (conditions_hold_for_all(&rule->when, condition_fact, &facts))
        recurrence_begin(planning);
}

bool form_fits(const struct form *form, const void *data)
{
    return !form || !strcmp(((const struct form_changed *)data)->form, form->name);
}

static void playbook_follow(struct planning *planning)
{
    const struct playbook *playbook = planning->in_force->playbook;
    for (planning->rule = 0; planning->rule < playbook->rule_count; planning->rule++) {
        const struct rule *rule = &playbook->rules[planning->rule];
        if (rule->repeat || rule->on != planning->event->number || !form_fits_rule(planning, rule))
            continue;
        if (rule->audience == AUDIENCE_CUSTOMERS)
            run_try(planning);
        else
            plan_try(planning);
    }
}

static bool event_has_rule(const struct site *site, enum event_number number)
{
    for (size_t i = 0; i < site->playbook_count; i++)
        if (site->playbooks[i].playbook->has_rule_on[number])
            return true;
    return false;
}

bool plans_follow(struct turn *turn, const struct event *event)
{
    const struct site *site = turn_site(turn, event->site);
    return site && event_has_rule(site, event->number);
}

void plans_make(struct turn *turn, const struct event *event, const void *data)
{
    const struct site *site = turn_site(turn, event->site);
    if (!site || !event_has_rule(site, event->number))
        return;
    struct planning planning = {
        .turn = turn, .event = event, .data = data, .site = site, .occurred_at = event_happened(event),
        .about = event_about(turn, event, data), .customer = customer_of(turn, event->site, event->customer),
    };
    for (size_t i = 0; *planning.about && i < site->playbook_count; i++) {
        planning.in_force = &site->playbooks[i];
        if (planning.in_force->playbook->has_rule_on[event->number])
            playbook_follow(&planning);
    }
}
