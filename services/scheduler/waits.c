#include <string.h>

#include "cursor.h"
#include "facts.h"
#include "ident.h"
#include "scheduler.h"

/* Steps that wait for an event. What is waited for stands in a watch beside the customer or thing concerned, so that an
 * event finds its waits by two or three look-ups; and its type stands under `types`, so that most events need none. */

enum { KEYS_MAX = 20 };

static const char *watch_id(struct turn *turn, const char *site, const char *kind, const char *key)
{
    return ident_make(turn_arena(turn), site, "%s.%s", kind, key);
}

static const char *types_id(struct turn *turn, const char *site)
{
    return ident_make(turn_arena(turn), site, "types");
}

static const char *wait_key(const struct planned *planned, const struct step *step)
{
    const struct plan *plan = &planned->plan;
    return step->of_customer ? watch_id(planned->turn, plan->site, "c", plan->customer)
                             : watch_id(planned->turn, plan->site, "t", plan->about);
}

/* -------- a watch */

static bool is_same(const struct awaited *a, const struct awaited *b)
{
    return !strcmp(a->plan, b->plan) && !strcmp(a->step, b->step) && !strcmp(a->event, b->event);
}

/* A copy without this wait, with room for one more. */
static struct watch watch_without(struct turn *turn, const char *id, const struct awaited *wait)
{
    const struct watch *stored = turn_get(turn, ENTITY_WATCH, id);
    struct watch copy = {.id = id};
    size_t count = stored ? stored->waits.count : 0;
    copy.waits.at = arena_alloc(turn_arena(turn), (count + 1) * sizeof *copy.waits.at);
    for (size_t i = 0; i < count; i++)
        if (!is_same(&stored->waits.at[i], wait))
            copy.waits.at[copy.waits.count++] = stored->waits.at[i];
    return copy;
}

/* false: it is full. */
static bool watch_add(struct turn *turn, const char *id, const struct awaited *wait)
{
    struct watch watch = watch_without(turn, id, wait);
    if (watch.waits.count >= WAITS_MAX)
        return false;
    watch.waits.at[watch.waits.count++] = *wait;
    turn_put(turn, ENTITY_WATCH, id, &watch, 0, "");
    return true;
}

static void watch_remove(struct turn *turn, const char *id, const struct awaited *wait)
{
    if (!turn_get(turn, ENTITY_WATCH, id))
        return;
    struct watch watch = watch_without(turn, id, wait);
    if (watch.waits.count)
        turn_put(turn, ENTITY_WATCH, id, &watch, 0, "");
    else
        turn_delete(turn, ENTITY_WATCH, id);
}

static bool type_is_awaited(struct turn *turn, const char *site, const char *type)
{
    const struct watch *types = turn_get(turn, ENTITY_WATCH, types_id(turn, site));
    for (size_t i = 0; types && i < types->waits.count; i++)
        if (!strcmp(types->waits.at[i].event, type))
            return true;
    return false;
}

/* -------- a step */

static struct awaited awaited_of(const struct planned *planned, const struct planned_step *step, const struct step *rule_step)
{
    return (struct awaited){.plan = planned->plan.id, .step = step->name, .event = event_types[rule_step->event].name};
}

void wait_start(struct planned *planned, struct planned_step *step)
{
    const struct step *rule_step = planned_rule_step(planned, step);
    const char *site = planned->plan.site;
    struct awaited wait = awaited_of(planned, step, rule_step);
    struct awaited type = {.plan = "", .step = "", .event = wait.event};
    if (rule_step->of_customer && !*planned->plan.customer) {
        planned_skip(planned, step, "no_customer");
        return;
    }
    if (!watch_add(planned->turn, wait_key(planned, rule_step), &wait)) {
        planned_skip(planned, step, "too_many_waits");
        return;
    }
    if (!type_is_awaited(planned->turn, site, wait.event))
        watch_add(planned->turn, types_id(planned->turn, site), &type);
    step->state = STEP_STARTED;
    if (step->deadline_at && step->deadline_at <= turn_now(planned->turn))
        step->deadline_at = turn_now(planned->turn) + 1;    /* it was over before it began: late at once, by its timer */
}

void wait_end(struct planned *planned, const struct planned_step *step)
{
    const struct step *rule_step = planned_rule_step(planned, step);
    if (!rule_step || rule_step->kind != STEP_WAIT)
        return;
    struct awaited wait = awaited_of(planned, step, rule_step);
    watch_remove(planned->turn, wait_key(planned, rule_step), &wait);
}

/* -------- an event */

struct hearing {
    struct turn *turn;
    const struct event *event;
    const void *data;
};

static void wait_hear(const struct hearing *hearing, const struct awaited *wait)
{
    const struct plan *plan = turn_get(hearing->turn, ENTITY_PLAN, wait->plan);
    if (!plan)
        return;
    struct planned planned = planned_open(hearing->turn, plan);
    struct planned_step *step = planned_step_named(&planned, wait->step);
    const struct step *rule_step = step ? planned_rule_step(&planned, step) : NULL;
    struct condition_facts facts = {.record = event_types[hearing->event->number].data, .data = hearing->data,
                                    .customer = planned.customer, .arena = turn_arena(hearing->turn),
                                    .calendar = planned.site ? planned.site->calendar : NULL, .now = turn_now(hearing->turn)};
    if (!rule_step || step->state != STEP_STARTED || !form_fits(rule_step->form, hearing->data) ||
        !conditions_hold(&rule_step->match, condition_fact, &facts))
        return;
    wait_end(&planned, step);
    outcome_follow(&planned, step, OUTCOME_ARRIVED);
    planned_store(&planned);
}

static void watch_hear(const struct hearing *hearing, const char *id)
{
    const struct watch *watch = turn_get(hearing->turn, ENTITY_WATCH, id);
    if (!watch)
        return;
    size_t count = watch->waits.count;      /* the watch itself changes while its waits end */
    struct awaited *waits = arena_copy(turn_arena(hearing->turn), watch->waits.at, count * sizeof *waits);
    for (size_t i = 0; i < count; i++)
        if (!strcmp(waits[i].event, hearing->event->type))
            wait_hear(hearing, &waits[i]);
}

/* -------- what an event is about, besides its customer */

struct keys { const char *at[KEYS_MAX]; size_t count; };

static void key_add(struct keys *keys, const char *key)
{
    if (!key || !*key || keys->count == KEYS_MAX)
        return;
    for (size_t i = 0; i < keys->count; i++)
        if (!strcmp(keys->at[i], key))
            return;
    keys->at[keys->count++] = key;
}

static const void *field_of(const struct hearing *hearing, const char *name, enum field_kind kind)
{
    const struct record *record = event_types[hearing->event->number].data;
    const struct field *field = record_field(record, name);
    return field && field->kind == kind ? (const char *)hearing->data + field->offset : NULL;
}

static void keys_of(const struct hearing *hearing, struct keys *keys)
{
    static const char *const names[] = {"about", "visit", "order", "task", "plan"};
    key_add(keys, event_about(hearing->turn, hearing->event, hearing->data));
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *const *text = field_of(hearing, names[i], FIELD_TEXT);
        key_add(keys, text && *text ? ident_local(*text) : "");
    }
    const struct texts *links = field_of(hearing, "links", FIELD_TEXTS);
    for (size_t i = 0; links && i < links->count; i++)
        key_add(keys, ident_local(links->at[i]));
}

bool plans_wait(struct turn *turn, const struct event *event)
{
    return type_is_awaited(turn, event->site, event->type);
}

void plans_hear(struct turn *turn, const struct event *event, const void *data)
{
    const struct hearing hearing = {turn, event, data};
    struct keys keys = {.count = 0};
    if (!plans_wait(turn, event))
        return;
    keys_of(&hearing, &keys);
    struct texts family = turn_family(turn, event->site, event->customer);
    for (size_t i = 0; i < family.count; i++)
        watch_hear(&hearing, watch_id(turn, event->site, "c", family.at[i]));
    for (size_t i = 0; i < keys.count; i++)
        watch_hear(&hearing, watch_id(turn, event->site, "t", keys.at[i]));
}
