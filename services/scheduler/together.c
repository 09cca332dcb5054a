#include <string.h>

#include "buffer.h"
#include "facts.h"
#include "ident.h"
#include "scheduler.h"

/* Contacts of one customer on one day become one, where the playbook's contact rules say so: a message waits for a call of
 * the same day and is said in it, and messages of the same day go out as one. What is not said in the call by the end of its
 * opening goes out by itself. Each plan whose step is covered hears of it, once. */

enum { TOGETHER_MAX = 8, PLANS_LOOKED_AT_MAX = 64, PART_BYTES = 64 /* names and lengths of one part, at most */ };

/* -------- which contacts */

static bool is_to_customer(const struct step *step)
{
    return step->kind == STEP_CALL || (step->kind == STEP_MESSAGE && !strcmp(step->to, "customer"));
}

static bool merges(const struct planned *planned, const struct step *step)
{
    const struct contact_rules *rules = planned->site ? site_contact_rules(planned->site) : NULL;
    if (!rules || !step || !is_to_customer(step) || !*planned->plan.customer)
        return false;
    for (size_t i = 0; i < rules->merged_purposes.count; i++)
        if (!strcmp(rules->merged_purposes.at[i], step->purpose))
            return true;
    return false;
}

/* A greeting or a reminder is for a day; what follows an event by hours is for its moment, and goes out then. */
static bool is_for_a_day(const struct planned *planned, const struct step *step)
{
    return *step->from || step->repeat || planned->rule->repeat;
}

bool contact_is_for_a_day(const struct planned *planned, const struct planned_step *step)
{
    const struct step *rule_step = planned_rule_step(planned, step);
    return step->kind == STEP_MESSAGE && merges(planned, rule_step) && is_for_a_day(planned, rule_step);
}

static const char *place_prefix(const struct planned *planned)
{
    return arena_printf(turn_arena(planned->turn), "contact/%s/%s/", planned->plan.site, planned->plan.customer);
}

const char *contact_place(const struct planned *planned)
{
    for (size_t i = 0; i < planned->plan.steps.count; i++) {
        const struct planned_step *step = &planned->plan.steps.at[i];
        bool ahead = step->state == STEP_PENDING || (step->state == STEP_STARTED && step->kind == STEP_CALL);
        if (ahead && merges(planned, planned_rule_step(planned, step)))
            return arena_printf(turn_arena(planned->turn), "%s%s", place_prefix(planned), planned->plan.id);
    }
    return "";
}

/* -------- the customer's other plans */

/* Is given each plan of the customer, this one included; those that it changes (true) are stored, this one by its caller. */
typedef bool (*plan_visitor)(struct planned *planned, void *context);

static void each_plan(struct planned *planned, plan_visitor visit, void *context)
{
    const char *prefix = place_prefix(planned);
    struct texts members = turn_queue(planned->turn, prefix, PLANS_LOOKED_AT_MAX);
    visit(planned, context);
    for (size_t i = 0; i < members.count; i++) {
        const char *id = members.at[i] + strlen(prefix);
        const struct plan *plan = strcmp(id, planned->plan.id) ? turn_get(planned->turn, ENTITY_PLAN, id) : NULL;
        if (!plan)
            continue;
        struct planned other = planned_open(planned->turn, plan);
        if (visit(&other, context))
            planned_store(&other);
    }
}

static wall_ms day_end(const struct planned *planned)
{
    const struct calendar *calendar = planned->site->calendar;
    return calendar_day_start(calendar, calendar_add_days(calendar, turn_now(planned->turn), 1));
}

static bool holds(const struct planned *planned, const struct step *step)
{
    struct condition_facts facts = planned_facts(planned);
    return conditions_hold(&step->when, condition_fact, &facts);
}

/* A message that is to go out today; its rule's step, or NULL. */
static const struct step *message_of_today(const struct planned *planned, const struct planned_step *step)
{
    const struct step *rule_step = planned_rule_step(planned, step);
    if (step->state != STEP_PENDING || !contact_is_for_a_day(planned, step))
        return NULL;
    return step->due_at < day_end(planned) && holds(planned, rule_step) ? rule_step : NULL;
}

static void serve(struct planned *planned, struct planned_step *step, const char *by)
{
    planned_done(planned, step, OUTCOME_NONE);
    step->reason = "served";
    step->with = by;
    planned_say(planned, EVENT_PLAN_STEP_SERVED, step);
}

/* -------- a message that waits for a call */

struct call { const char *work; wall_ms until; };

/* The task knows when its call really is to be made. One that is late already holds nothing up. */
static bool task_is_today(const struct planned *planned, const struct planned_step *step, wall_ms *ret_until)
{
    const struct task *task = turn_get(planned->turn, ENTITY_TASK, step->work);
    *ret_until = task ? task->window_end_at : step->window_end_at;
    return !task || (task->state != TASK_CLOSED && !task->overdue && task->due_at < day_end(planned));
}

static bool find_call(struct planned *planned, void *context)
{
    struct call *call = context;
    for (size_t i = 0; i < planned->plan.steps.count; i++) {
        const struct planned_step *step = &planned->plan.steps.at[i];
        wall_ms until = step->window_end_at;
        bool today = step->kind == STEP_CALL && ((step->state == STEP_PENDING && step->due_at < day_end(planned)) ||
                                                 (step->state == STEP_STARTED && task_is_today(planned, step, &until)));
        if (!today || !merges(planned, planned_rule_step(planned, step)))
            continue;
        if (!until || until > day_end(planned))
            until = day_end(planned);
        if (!*call->work || until < call->until)
            *call = (struct call){step->work, until};
    }
    return false;
}

/* Till the call's opening is over, or a minute before the message is worth nothing any more. */
bool contact_waits(struct planned *planned, struct planned_step *step)
{
    struct call call = {.work = ""};
    if (*step->with || !message_of_today(planned, step))
        return false;
    each_plan(planned, find_call, &call);
    wall_ms until = step->deadline_at && step->deadline_at - MINUTE_MS < call.until ? step->deadline_at - MINUTE_MS : call.until;
    if (!*call.work || until <= turn_now(planned->turn))
        return false;
    step->with = call.work;
    step->due_at = until;
    step->why = arena_printf(turn_arena(planned->turn), "%.300s; to be said in %.128s", step->why, call.work);
    planned_say(planned, EVENT_PLAN_STEP_JOINED, step);
    return true;
}

/* -------- what a call covers */

static bool serve_by_call(struct planned *planned, void *context)
{
    bool any = false;
    for (size_t i = 0; i < planned->plan.steps.count; i++)
        if (message_of_today(planned, &planned->plan.steps.at[i])) {
            serve(planned, &planned->plan.steps.at[i], context);
            any = true;
        }
    return any;
}

void contact_made(struct planned *planned, const struct planned_step *step)
{
    bool reached = step->outcome == OUTCOME_COMPLETED || step->outcome == OUTCOME_DISSATISFIED;
    if (reached && step->kind == STEP_CALL && merges(planned, planned_rule_step(planned, step)))
        each_plan(planned, serve_by_call, (void *)step->work);
}

static bool list_said(struct planned *planned, void *context)
{
    struct also_said_list *list = context;
    for (size_t i = 0; i < planned->plan.steps.count && list->count < TOGETHER_MAX; i++) {
        const struct planned_step *step = &planned->plan.steps.at[i];
        if (message_of_today(planned, step))
            list->at[list->count++] = (struct also_said){.plan = planned->plan.id, .step = step->name, .about = planned->plan.about};
    }
    return false;
}

struct also_said_list contact_also(struct planned *planned, const struct planned_step *step)
{
    struct also_said_list list = {arena_alloc(turn_arena(planned->turn), TOGETHER_MAX * sizeof *list.at), 0};
    if (step->kind == STEP_CALL && merges(planned, planned_rule_step(planned, step)))
        each_plan(planned, list_said, &list);
    return list;
}

/* -------- messages that go out as one */

struct part { const char *template, *set; struct slice facts; };

struct parts {
    const struct planned_step *first;
    struct part at[TOGETHER_MAX];
    size_t count, bytes, room_bytes;
};

/* One more text for the notice; false: there is no such text, or no room for it. */
static bool part_add(struct parts *parts, const struct planned *planned, const struct step *rule_step)
{
    struct condition_facts facts = planned_facts(planned);
    const char *set = planned->playbook->templates, *template = variant_choose(&rule_step->template, condition_fact, &facts);
    size_t bytes = planned->plan.variables.bytes + strlen(template) + strlen(set) + PART_BYTES;
    if (!*template || *rule_step->link || !site_templates(planned->site, set, template) || parts->count == TOGETHER_MAX ||
        parts->bytes + bytes > parts->room_bytes)
        return false;
    parts->at[parts->count++] = (struct part){template, set, planned->plan.variables};
    parts->bytes += bytes;
    return true;
}

static bool serve_by_letter(struct planned *planned, void *context)
{
    struct parts *parts = context;
    bool any = false;
    for (size_t i = 0; i < planned->plan.steps.count; i++) {
        struct planned_step *step = &planned->plan.steps.at[i];
        const struct step *rule_step = step != parts->first ? message_of_today(planned, step) : NULL;
        if (!rule_step || !part_add(parts, planned, rule_step))
            continue;
        serve(planned, step, parts->first->work);
        any = true;
    }
    return any;
}

static struct slice parts_pack(const struct parts *parts, struct slice variables, struct arena *arena)
{
    struct buffer list = {0};
    pack_array(&list, parts->count);
    for (size_t i = 0; i < parts->count; i++) {
        pack_map(&list, 3);
        pack_text(&list, "template");
        pack_text(&list, parts->at[i].template);
        pack_text(&list, "templates");
        pack_text(&list, parts->at[i].set);
        pack_text(&list, "facts");
        pack_raw(&list, parts->at[i].facts);
    }
    variables = facts_with_raw(variables, "also", buffer_slice(&list), arena);
    buffer_free(&list);
    return variables;
}

struct slice contact_gather(struct planned *planned, const struct planned_step *step, struct slice variables)
{
    struct parts parts = {.first = step};
    if (!message_of_today(planned, step) || variables.bytes + PART_BYTES > NOTICE_FACTS_BYTES_MAX)
        return variables;
    parts.room_bytes = NOTICE_FACTS_BYTES_MAX - variables.bytes - PART_BYTES;
    each_plan(planned, serve_by_letter, &parts);
    return parts.count ? parts_pack(&parts, variables, turn_arena(planned->turn)) : variables;
}
