#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "follow_up.h"

/* Which event does what. */

static const event_handler handlers[EVENT_COUNT] = {
    [EVENT_CONFIG_ACTIVATED] = on_config_activated,
    [EVENT_CUSTOMER_PREFERRED] = on_preferred,
    [EVENT_CUSTOMER_MERGED] = on_customer_merged,
    [EVENT_CUSTOMER_UNMERGED] = on_customer_unmerged,
    [EVENT_TASK_WANTED] = on_task_wanted,
    [EVENT_TASK_CLAIM] = on_claim,
    [EVENT_TASK_RELEASE] = on_release,
    [EVENT_TASK_REASSIGN] = on_reassign,
    [EVENT_TASK_RESCHEDULE] = on_reschedule,
    [EVENT_TASK_OUTCOME] = on_outcome,
    [EVENT_TASK_CORRECT] = on_correct,
    [EVENT_FORM_FILL] = on_form_fill,
    [EVENT_TASK_TICK] = on_tick,
    [EVENT_AGENT_ABSENT] = on_absent,
    [EVENT_AGENT_PRESENT] = on_present,
    [EVENT_CASE_REOPENED] = on_case_reopened,
    [EVENT_PLAN_STEP_SKIPPED] = on_step_skipped,
    [EVENT_PLAN_STEP_JOINED] = on_step_joined,
};

static void on_timer(struct turn *turn, enum entity_kind kind, const char *id, const void *entity)
{
    (void)id;
    assert(kind == ENTITY_TASK);
    task_fire(turn, entity);
}

static const char *named_task(enum event_number number, const void *data)
{
    switch (number) {
    case EVENT_TASK_WANTED:
        return ((const struct task_wanted *)data)->task;
    case EVENT_TASK_CLAIM:
        return ((const struct task_claim *)data)->task;
    case EVENT_TASK_OUTCOME:
        return ((const struct task_outcome *)data)->task;
    default:
        return "";
    }
}

static void prefetch(const struct event *event, const void *data, void (*want)(void *context, enum entity_kind, const char *id),
                     void *context)
{
    char id[2 * NAME_BYTES_MAX + 2];
    const char *task = named_task(event->number, data);
    if (!*task)
        return;
    snprintf(id, sizeof id, "%s%s%s", strchr(task, '/') ? "" : event->site, strchr(task, '/') ? "" : "/", task);
    if (event->number != EVENT_TASK_WANTED)     /* it does not exist yet */
        want(context, ENTITY_TASK, id);
    if (!*event->customer)
        return;
    snprintf(id, sizeof id, "%s/%s", event->site, event->customer);
    want(context, ENTITY_CUSTOMER, id);
    want(context, ENTITY_CUSTOMER_LINE, id);
    want(context, ENTITY_CONTACTS, id);
}

const struct core follow_up_core = {
    .stage = STAGE_FOLLOW_UP,
    .handlers = handlers,
    .on_timer = on_timer,
    .site_kind = ENTITY_FOLLOW_UP_SITE,
    .prefetch = prefetch,
};
