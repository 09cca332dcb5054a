#include <string.h>

#include "facts.h"
#include "gate.h"
#include "ident.h"
#include "scheduler.h"

/* How a step begins when its time has come. Condition, consent and window are asked again: much may have changed since
 * it was planned. */

/* Caps put off calls only: a message is for the notifier to keep until then. */
static struct gate_result gate_of(const struct planned *planned, const struct step *step)
{
    struct gate_question question = {
        .site = planned->site,
        .customer = planned->customer,
        .call = step->kind == STEP_CALL,
        .purpose = step->purpose,
        .now = turn_now(planned->turn),
    };
    if (question.call && gate_counts(&question))
        question.contacts = turn_get(planned->turn, ENTITY_CONTACTS, planned->customer->id);
    return gate_ask(&question);
}

static const char *chosen(const struct planned *planned, const struct variant_list *variants)
{
    struct condition_facts facts = planned_facts(planned);
    const char *value = variant_choose(variants, condition_fact, &facts);
    return value ? value : "";
}

static bool is_contact(const struct step *step)
{
    return step->kind == STEP_CALL || (step->kind == STEP_MESSAGE && !strcmp(step->to, "customer"));
}

/* -------- tasks */

static void task_want(struct planned *planned, struct planned_step *step, const struct step *rule_step, const char *kind)
{
    const struct plan *plan = &planned->plan;
    struct task_wanted want = {
        .task = step->work, .step = step->name, .kind = kind, .plan = plan->id, .rule = plan->rule,
        .rule_step = step->rule_step, .playbook_hash = plan->playbook_hash, .about = plan->about,
        .about_type = plan->about_type, .role = rule_step->role, .due_at = step->due_at, .deadline_at = step->deadline_at,
        .window = step->window, .window_end_at = step->window_end_at, .questionnaire = chosen(planned, &rule_step->questionnaire),
        .customer_class = planned->customer ? planned->customer->class : CLASS_NONE, .arrived_late = step->arrived_late,
        .why = step->why, .variables = plan->variables, .form = rule_step->form ? rule_step->form->name : "",
        .also = contact_also(planned, step),
    };
    struct event like = planned_event(planned, EVENT_TASK_WANTED);
    like.subject = step->work;
    turn_emit(planned->turn, EVENT_TASK_WANTED, &want, &like);
    step->state = STEP_STARTED;
}

/* If the opening that was planned is over, or the gate opens later: the next one. */
static void step_move(struct planned *planned, struct planned_step *step, const struct step *rule_step, wall_ms from)
{
    const struct week *week = site_window(planned->site, rule_step);
    struct opening opening;
    if (week && calendar_next_opening(planned->site->calendar, week, from, &opening)) {
        from = opening.from > from ? opening.from : from;
        step->window = calendar_opening_text(planned->site->calendar, opening, turn_arena(planned->turn));
        step->window_end_at = opening.to;
    }
    if (from <= turn_now(planned->turn))
        return;
    step->due_at = from;
    step->why = arena_printf(turn_arena(planned->turn), "%.400s; then not possible, moved to %s", step->why,
                             *step->window ? step->window : "the end of quiet hours");
}

static void start_task(struct planned *planned, struct planned_step *step, const struct step *rule_step,
                       const struct gate_result *gate)
{
    wall_ms now = turn_now(planned->turn);
    bool passed = step->window_end_at && step->window_end_at <= now;
    if (gate->answer == GATE_LATER || (passed && !rule_step->then_window))
        step_move(planned, step, rule_step, gate->until > now ? gate->until : now);
    if (step->due_at > now && (!step->deadline_at || step->due_at <= step->deadline_at))
        return;         /* later, still in time; what will be late is put on the list now, so that it is seen to be late */
    task_want(planned, step, rule_step, *rule_step->task_kind ? rule_step->task_kind : "call");
}

/* -------- messages */

void notice_address(const struct planned *planned, const char *to, struct notice_wanted *want)
{
    if (!strcmp(to, "customer"))
        return;
    want->purpose = "staff";
    want->to_role = to;         /* a person whom nobody has named is no role that anybody has: it says so as a dead letter */
    if (!strcmp(to, "owner")) {
        want->to_staff = planned->customer ? planned->customer->owner : "";
    } else if (!strncmp(to, "field.", 6) || !strncmp(to, "event.", 6)) {
        struct condition_facts facts = planned_facts(planned);
        const char *person = condition_fact(&facts, *to == 'e' ? to + 6 : to);
        want->to_staff = person ? person : "";
    }
}

static void notice_want(struct planned *planned, const struct planned_step *step, const struct step *rule_step,
                        const char *notice, wall_ms valid_until, struct slice variables)
{
    const struct plan *plan = &planned->plan;
    struct notice_wanted want = {
        .notice = notice, .template = chosen(planned, &rule_step->template), .purpose = rule_step->purpose,
        .priority = rule_step->priority, .due_at = turn_now(planned->turn), .valid_until = valid_until, .plan = plan->id,
        .step = step->name, .about = plan->about, .variables = variables, .templates = planned->playbook->templates,
        .playbook = planned->playbook->name,
    };
    notice_address(planned, rule_step->to, &want);
    if (*rule_step->link)
        want.variables = facts_with(variables, "link", ident_local(work_id(planned, rule_step->link)),
                                    turn_arena(planned->turn));
    struct event like = planned_event(planned, EVENT_NOTICE_WANTED);
    like.subject = notice;
    turn_emit(planned->turn, EVENT_NOTICE_WANTED, &want, &like);
}

static void start_message(struct planned *planned, struct planned_step *step, const struct step *rule_step,
                          const struct gate_result *gate)
{
    (void)gate;         /* quiet hours and caps: the notifier keeps it until then */
    if (step->deadline_at && step->deadline_at <= turn_now(planned->turn)) {
        planned_skip(planned, step, "expired");
    } else if (!*chosen(planned, &rule_step->template)) {
        planned_skip(planned, step, "no_template");
    } else if (!contact_waits(planned, step)) {
        notice_want(planned, step, rule_step, step->work, step->deadline_at,
                    contact_gather(planned, step, planned->plan.variables));
        planned_done(planned, step, OUTCOME_NONE);
    }
}

wall_ms step_announce_at(const struct planned *planned, const struct planned_step *step)
{
    const struct step *rule_step = planned_rule_step(planned, step);
    if (step->announced || step->kind != STEP_CALL || !rule_step || !rule_step->template.count ||
        !planned->customer || !planned->customer->message_first)
        return 0;
    return step->due_at - ANNOUNCE_LEAD_MS;
}

void step_announce(struct planned *planned, struct planned_step *step)
{
    const struct step *rule_step = planned_rule_step(planned, step);
    struct condition_facts facts = planned_facts(planned);
    step->announced = true;
    if (!planned->site || !*chosen(planned, &rule_step->template) ||
        !conditions_hold(&rule_step->when, condition_fact, &facts) || gate_of(planned, rule_step).answer == GATE_CLOSED)
        return;
    const char *notice = ident_make(turn_arena(planned->turn), planned->plan.site, "%s.announcement", ident_local(step->work));
    notice_want(planned, step, rule_step, notice, step->due_at + HOUR_MS, planned->plan.variables);
}

/* -------- watched deadlines */

/* Is everything before it in the plan over? If not, somebody has to look into it. */
static void start_deadline(struct planned *planned, struct planned_step *step, const struct step *rule_step,
                           const struct gate_result *gate)
{
    (void)gate;
    const struct planned_step_list *steps = &planned->plan.steps;
    for (const struct planned_step *before = steps->at; before < step; before++) {
        if (before->state == STEP_PENDING || before->state == STEP_STARTED) {
            step->deadline_at = 0;      /* the watch has ended; its finding has no deadline of its own */
            task_want(planned, step, rule_step, "review");
            return;
        }
    }
    planned_done(planned, step, OUTCOME_NONE);
}

/* -------- waits, and the time of a stage */

static void start_wait(struct planned *planned, struct planned_step *step, const struct step *rule_step,
                       const struct gate_result *gate)
{
    (void)rule_step;
    (void)gate;
    wait_start(planned, step);
}

static void start_limit(struct planned *planned, struct planned_step *step, const struct step *rule_step,
                        const struct gate_result *gate)
{
    (void)rule_step;
    (void)gate;
    outcome_follow(planned, step, OUTCOME_LATE);
}

/* -------- the customer's record */

static void start_set(struct planned *planned, struct planned_step *step, const struct step *rule_step,
                      const struct gate_result *gate)
{
    (void)gate;
    if (!planned->customer) {
        planned_skip(planned, step, "no_customer");
        return;
    }
    customer_set(planned->turn, planned->customer, &rule_step->sets);
    planned->customer = customer_of(planned->turn, planned->plan.site, planned->plan.customer);
    planned_done(planned, step, OUTCOME_NONE);
}

/* -------- which */

static void (*const starters[step_kind_count])(struct planned *, struct planned_step *, const struct step *,
                                               const struct gate_result *) = {
    [STEP_CALL] = start_task,
    [STEP_FORM] = start_task,
    [STEP_APPROVAL] = start_task,
    [STEP_CHECKLIST] = start_task,
    [STEP_MESSAGE] = start_message,
    [STEP_DEADLINE] = start_deadline,
    [STEP_WAIT] = start_wait,
    [STEP_LIMIT] = start_limit,
    [STEP_SET] = start_set,
};

void step_start(struct planned *planned, struct planned_step *step)
{
    const struct step *rule_step = planned_rule_step(planned, step);
    if (!rule_step || !planned->site || !starters[step->kind]) {
        planned_skip(planned, step, "playbook_gone");
        return;
    }
    struct condition_facts facts = planned_facts(planned);
    if (!conditions_hold(&rule_step->when, condition_fact, &facts)) {
        planned_skip(planned, step, "condition");
        return;
    }
    struct gate_result gate = {.answer = GATE_OPEN};
    if (is_contact(rule_step))
        gate = gate_of(planned, rule_step);
    if (gate.answer == GATE_CLOSED)
        planned_skip(planned, step, gate.reason);
    else
        starters[step->kind](planned, step, rule_step, &gate);
}
