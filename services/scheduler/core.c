#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "ident.h"
#include "plan_fold.h"
#include "scheduler.h"

/* Which event does what. Any event but the engine's own may start rules. */

static void case_reopened(struct turn *turn, const struct event *event, const void *data)
{
    plan_case_reopened(turn, event, data);
}

static void task_closed(struct turn *turn, const struct event *event, const void *data)
{
    (void)event;
    plan_task_closed(turn, data);
}

static void task_assigned(struct turn *turn, const struct event *event, const void *data)
{
    plan_task_assigned(turn, event, data);
}

static void task_overdue(struct turn *turn, const struct event *event, const void *data)
{
    (void)event;
    plan_task_overdue(turn, data);
}

static void task_corrected(struct turn *turn, const struct event *event, const void *data)
{
    (void)event;
    plan_task_corrected(turn, data);
}

static void form_begun(struct turn *turn, const struct event *event, const void *data)
{
    customer_form_met(turn, event, data);
}

static void form_filled(struct turn *turn, const struct event *event, const void *data)
{
    customer_form_met(turn, event, data);
    customer_form_filled(turn, event, data);
}

static void form_changed(struct turn *turn, const struct event *event, const void *data)
{
    customer_form_met(turn, event, data);
    plans_redate(turn, event, data);
}

static void preferred(struct turn *turn, const struct event *event, const void *data)
{
    customer_prefer(turn, event, data);
}

/* What comes before the rules, which may then test the customer as it is now. */
static const event_handler first[EVENT_COUNT] = {
    [EVENT_CUSTOMER_RECORDED] = customer_meet,
    [EVENT_CUSTOMER_PREFERRED] = preferred,
    [EVENT_CAR_DELIVERED] = customer_meet,
    [EVENT_VISIT_FINISHED] = customer_meet,
    [EVENT_COMPLAINT_RECEIVED] = customer_meet,
    [EVENT_CONTACT_MADE] = customer_meet,
    [EVENT_NOTICE_BOUNCED] = customer_bounced,
    [EVENT_TASK_OPENED] = task_assigned,
    [EVENT_TASK_CLAIMED] = task_assigned,
    [EVENT_TASK_REASSIGNED] = task_assigned,
    [EVENT_TASK_CLOSED] = task_closed,
    [EVENT_TASK_OVERDUE] = task_overdue,
    [EVENT_TASK_CORRECTED] = task_corrected,
    [EVENT_CASE_REOPENED] = case_reopened,
    [EVENT_FORM_BEGUN] = form_begun,
    [EVENT_FORM_FILLED] = form_filled,
    [EVENT_FORM_CHANGED] = form_changed,
    [EVENT_WORKSHOP_MOVED] = plans_refresh,
    [EVENT_WORKSHOP_STARTED] = plans_refresh,
    [EVENT_WORKSHOP_DELAYED] = plans_refresh,
    [EVENT_WORKSHOP_JOB_PUSHED] = plans_refresh,
};

/* What is told of somebody who was merged into another concerns the other. */
static void on_event(struct turn *turn, const struct event *event, const void *data)
{
    struct event known = *event;
    known.customer = turn_survivor(turn, event->site, event->customer);
    if (first[event->number])
        first[event->number](turn, &known, data);
    if (strcmp(known.customer, event->customer))
        customer_note_merged(turn, event, data);
    points_earn(turn, &known, data);
    plans_hear(turn, &known, data);
    plans_make(turn, &known, data);
    plans_start(turn);
}

/* Acts that are the scheduler's to answer. */
static const event_handler acts[EVENT_COUNT] = {
    [EVENT_PLAN_MOVE] = on_plan_move,
    [EVENT_PLAN_STOP] = on_plan_stop,
    [EVENT_PLAN_ADOPT] = on_plan_adopt,
    [EVENT_CUSTOMER_MERGE] = on_customer_merge,
    [EVENT_CUSTOMER_UNMERGE] = on_customer_unmerge,
    [EVENT_WORKSHOP_BOOK ... EVENT_WORKSHOP_CANCEL] = on_workshop_act,
    [EVENT_POINTS_REDEEM ... EVENT_POINTS_DECLINE] = on_points_act,
};

static void on_act(struct turn *turn, const struct event *event, const void *data)
{
    acts[event->number](turn, event, data);
    plans_start(turn);
}

#define OWN_ACT(constant) \
    ((constant) == EVENT_CUSTOMER_MERGE || (constant) == EVENT_CUSTOMER_UNMERGE || (constant) == EVENT_PLAN_MOVE || (constant) == EVENT_PLAN_STOP || (constant) == EVENT_PLAN_ADOPT || \
     ((constant) >= EVENT_WORKSHOP_BOOK && (constant) <= EVENT_WORKSHOP_CANCEL) || \
     ((constant) >= EVENT_POINTS_REDEEM && (constant) <= EVENT_POINTS_DECLINE))
#define STARTS_NO_RULE(constant, class) \
    ((int)(class) == (int)ACT || (constant) == EVENT_ACT_REFUSED || (constant) == EVENT_TIMER_FIRED || \
     (constant) == EVENT_EVENT_QUARANTINED || (constant) == EVENT_CONFIG_ACTIVATED)
#define EVENT(constant, type, record, class, about) \
    [constant] = OWN_ACT(constant) ? on_act : (constant) == EVENT_CONFIG_ACTIVATED ? recurrences_arm \
               : STARTS_NO_RULE(constant, class) ? NULL : on_event,
static const event_handler handlers[EVENT_COUNT] = {
#include "events.def"
};
#undef EVENT

/* Most of what the engine itself says starts nothing, at most sites. */
static bool is_optional(enum event_number number)
{
    return handlers[number] == on_event && !first[number];
}

static bool minds(struct turn *turn, const struct event *event)
{
    return plans_follow(turn, event) || points_follow(turn, event) || plans_wait(turn, event);
}

static void on_timer(struct turn *turn, enum entity_kind kind, const char *id, const void *entity)
{
    (void)id;
    assert(kind == ENTITY_PLAN || kind == ENTITY_RECURRENCE || kind == ENTITY_POINTS_ACCOUNT);
    if (kind == ENTITY_PLAN)
        plan_fire(turn, entity);
    else if (kind == ENTITY_POINTS_ACCOUNT)
        points_fire(turn, entity);
    else
        recurrence_fire(turn, entity);
}

static void want_customer(const char *site, const char *customer, void (*want)(void *context, enum entity_kind, const char *id),
                          void *context)
{
    char id[2 * NAME_BYTES_MAX + 2];
    if (!*customer)
        return;
    snprintf(id, sizeof id, "%s/%s", site, customer);
    want(context, ENTITY_CUSTOMER, id);
}

static void prefetch(const struct event *event, const void *data, void (*want)(void *context, enum entity_kind, const char *id),
                     void *context)
{
    if (handlers[event->number] == on_event)
        want_customer(event->site, event->customer, want, context);
    if (event->number == EVENT_TASK_CLOSED) {
        const struct task_changed *task = data;
        want(context, ENTITY_PLAN, task->plan);
    }
}

static const void *fold(struct turn *turn, enum entity_kind kind, const void *entity)
{
    const struct plan *plan = entity;
    if (kind != ENTITY_PLAN)
        return entity;
    const struct site *site = turn_site(turn, plan->site);
    return plan_folded(plan, site ? site->config : NULL, turn_playbook(turn, plan->playbook_hash), turn_arena(turn));
}

static void unfold(struct turn *turn, enum entity_kind kind, void *entity)
{
    struct plan *plan = entity;
    if (kind != ENTITY_PLAN || !plan->version)
        return;
    const struct site *site = turn_site(turn, plan->site);
    const struct site_config *config = site ? site->config : NULL;
    plan_unfold(plan, config, turn_playbook(turn, plan_playbook_hash(plan, config)), turn_arena(turn));
}

static void prefetch_due(enum entity_kind kind, const void *entity, void (*want)(void *context, enum entity_kind, const char *id),
                         void *context)
{
    const struct plan *plan = kind == ENTITY_PLAN ? entity : NULL;
    if (plan)
        want_customer(plan->site, plan->customer, want, context);
}

const struct core scheduler_core = {
    .stage = STAGE_SCHEDULER,
    .handlers = handlers,
    .on_timer = on_timer,
    .site_kind = ENTITY_SCHEDULER_SITE,
    .prefetch = prefetch,
    .prefetch_due = prefetch_due,
    .optional = is_optional,
    .minds = minds,
    .fold = fold,
    .unfold = unfold,
};
