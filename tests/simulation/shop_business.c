/* Two dealers with the shipped playbook: cars, visits, complaints come in, agents and handlers act, often wrongly. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "partition.h"
#include "simulation.h"
#include "site.h"
#include "support/shipped.h"

static const struct core *const cores[] = {&scheduler_core, &follow_up_core, &complaint_router_core, &notifier_core,
                                           NULL};
static const char *const sites[] = {"sample", "north"};
static const char *const agents[] = {"han-xue", "fang-min", "du-juan", "jiang-yue", "luo-peng", "nobody"};

enum { SITES = sizeof sites / sizeof *sites, AGENTS = sizeof agents / sizeof *agents, CALLERS = 3, MEMBERS_MAX = 64 };

static void *data_for(struct simulation *simulation, enum event_number number)
{
    return record_new(event_types[number].data, simulation->arena);
}

static struct event event_at(struct simulation *simulation, enum event_number number, const char *site)
{
    struct event event = event_of(number);

    event.site = site;
    event.id = arena_printf(simulation->arena, "%s-%u", event_types[number].name, simulation->numbered++);
    return event;
}

static const char *any_site(struct simulation *simulation)
{
    return sites[simulation_dice(simulation, SITES)];
}

static const char *any_agent(struct simulation *simulation)
{
    return agents[simulation_dice(simulation, AGENTS)];
}

static const char *any_mobile(struct simulation *simulation)
{
    return arena_printf(simulation->arena, "138000000%02d", (int)simulation_dice(simulation, 30));
}

/* ---------------------------------------------------------------- settings */

static void activate(struct simulation *simulation, const char *site, int kind, const char *name, struct slice content)
{
    char hash[65];
    struct config_activated *data = data_for(simulation, EVENT_CONFIG_ACTIVATED);
    struct event event = event_at(simulation, EVENT_CONFIG_ACTIVATED, site);

    content_hash(content, hash);
    simulation->store->functions->content_put(simulation->store, hash, content);
    data->kind = kind;
    data->name = name;
    data->hash = arena_string(simulation->arena, hash);
    simulation_say(simulation, &event, data);
}

static void begin(struct simulation *simulation)
{
    struct arena *arena = simulation->arena;
    struct slice calendar = calendar_bundle(shipped_file(arena, "deploy/calendars/sample.yaml"),
                                            shipped_file(arena, "deploy/calendars/china-2026.ics"), arena);

    for (size_t i = 0; i < SITES; i++) {
        activate(simulation, sites[i], CONFIG_CALENDAR, "sample", calendar);
        activate(simulation, sites[i], CONFIG_STAFF, "sample", shipped_file(arena, "deploy/sample/staff.yaml"));
        activate(simulation, sites[i], CONFIG_TEMPLATES, "auto-dealer",
                 shipped_file(arena, "deploy/templates/auto-dealer.yaml"));
        activate(simulation, sites[i], CONFIG_PLAYBOOK, "auto-dealer",
                 shipped_file(arena, "deploy/playbooks/auto-dealer.yaml"));
    }
}

/* ---------------------------------------------------------------- facts */

static void deliver(struct simulation *simulation)
{
    struct event event = event_at(simulation, EVENT_CAR_DELIVERED, any_site(simulation));
    struct car_delivered *data = data_for(simulation, EVENT_CAR_DELIVERED);

    data->order = event.id;
    data->name = "王芳";
    data->mobile = any_mobile(simulation);
    data->amount_cents = (int64_t)simulation_dice(simulation, 40000000);
    simulation_say(simulation, &event, data);
}

static void visit(struct simulation *simulation)
{
    struct event event = event_at(simulation, EVENT_VISIT_FINISHED, any_site(simulation));
    struct visit_finished *data = data_for(simulation, EVENT_VISIT_FINISHED);

    data->visit = event.id;
    data->kind = 1 + (int)simulation_dice(simulation, visit_kind_count - 1);
    data->mobile = any_mobile(simulation);
    simulation_say(simulation, &event, data);
}

static void complain(struct simulation *simulation)
{
    static const char *const texts[] = {"刹车异响", "收费太贵", "销售态度差", "a leak under the engine", ""};
    struct event event = event_at(simulation, EVENT_COMPLAINT_RECEIVED, any_site(simulation));
    struct complaint_received *data = data_for(simulation, EVENT_COMPLAINT_RECEIVED);

    data->complaint = event.id;
    data->channel = 1 + (int)simulation_dice(simulation, complaint_channel_count - 1);
    data->mobile = any_mobile(simulation);
    data->text = texts[simulation_dice(simulation, 5)];
    simulation_say(simulation, &event, data);
}

static void prefer(struct simulation *simulation)
{
    struct event event = event_at(simulation, EVENT_CUSTOMER_PREFERRED, any_site(simulation));
    struct customer_preferred *data = data_for(simulation, EVENT_CUSTOMER_PREFERRED);
    char id[24];

    seal_customer_id(simulation->crew.sealer, event.site, any_mobile(simulation), id);
    event.customer = arena_string(simulation->arena, id);
    data->do_not_call = simulation_dice(simulation, 2) ? "yes" : "no";
    simulation_say(simulation, &event, data);
}

/* ---------------------------------------------------------------- acts */

/* A random member of the queue, without its first `parts` parts; NULL: there is none. */
static const char *any_member(struct simulation *simulation, const char *prefix, int parts)
{
    struct texts members = {0};
    uint32_t partition = (uint32_t)simulation_dice(simulation, simulation->crew.partitions);

    simulation->store->functions->read_queue(simulation->store, partition, prefix, "", MEMBERS_MAX, simulation->arena,
                                             &members);
    if (members.count == 0)
        return NULL;
    const char *at = members.at[simulation_dice(simulation, members.count)];
    while (parts-- > 0 && (at = strchr(at, '/')))
        at++;
    return at;
}

static const char *site_of(struct simulation *simulation, const char *id)
{
    return arena_text(simulation->arena, id, strcspn(id, "/"));
}

/* One that is on the list, mostly; or whatever comes next. */
static void claim(struct simulation *simulation)
{
    const char *task = any_member(simulation, "work/", 5);

    if (!task && simulation_dice(simulation, 8))
        return;
    struct event event = event_at(simulation, EVENT_TASK_CLAIM,
                                  task ? site_of(simulation, task) : any_site(simulation));
    struct task_claim *data = data_for(simulation, EVENT_TASK_CLAIM);
    data->task = task ? task : "";
    data->agent = agents[simulation_dice(simulation, CALLERS)];
    simulation_say(simulation, &event, data);
}

static void outcome(struct simulation *simulation)
{
    const char *task = any_member(simulation, "held/", 3);

    if (!task)
        return;
    struct event event = event_at(simulation, EVENT_TASK_OUTCOME, site_of(simulation, task));
    struct task_outcome *data = data_for(simulation, EVENT_TASK_OUTCOME);
    data->task = task;
    data->outcome = 1 + (int)simulation_dice(simulation, OUTCOME_CALL_BACK);
    data->satisfaction = data->outcome == OUTCOME_COMPLETED ? 1 + (int64_t)simulation_dice(simulation, 5) : 0;
    data->call_back_at = data->outcome == OUTCOME_CALL_BACK ? clock_now(simulation->crew.clock) + 5 * HOUR_MS : 0;
    simulation_say(simulation, &event, data);
}

static void move_task(struct simulation *simulation)
{
    const char *task = any_member(simulation, "work/", 5);

    if (!task)
        return;
    struct event event = event_at(simulation, EVENT_TASK_RESCHEDULE, site_of(simulation, task));
    struct task_reschedule *data = data_for(simulation, EVENT_TASK_RESCHEDULE);
    data->task = task;
    data->at = clock_now(simulation->crew.clock) + (int64_t)simulation_dice(simulation, 3 * DAY_MS);
    simulation_say(simulation, &event, data);
}

static void come_and_go(struct simulation *simulation)
{
    enum event_number number = simulation_dice(simulation, 4) ? EVENT_AGENT_PRESENT : EVENT_AGENT_ABSENT;
    struct event event = event_at(simulation, number, any_site(simulation));
    struct agent_presence *data = data_for(simulation, number);

    data->agent = any_agent(simulation);
    simulation_say(simulation, &event, data);
}

static void handle_case(struct simulation *simulation)
{
    static const enum event_number acts[] = {
        EVENT_CASE_ACKNOWLEDGE, EVENT_CASE_ASSESS, EVENT_CASE_START, EVENT_CASE_RESPOND, EVENT_CASE_REPORT, EVENT_CASE_PROMISE,
        EVENT_CASE_WAIT, EVENT_CASE_RESUME, EVENT_CASE_ESCALATE, EVENT_CASE_PROPOSE, EVENT_CASE_APPROVE, EVENT_CASE_RESOLVE,
        EVENT_CASE_VERIFY, EVENT_CASE_CLOSE, EVENT_CASE_REOPEN,
    };
    const char *id = any_member(simulation, "case/", 5);

    if (!id)
        return;
    enum event_number number = acts[simulation_dice(simulation, sizeof acts / sizeof *acts)];
    struct event event = event_at(simulation, number, site_of(simulation, id));
    struct case_act *data = data_for(simulation, number);
    data->case_id = id;
    data->reason = "as the dice fell";
    data->note = "told the customer";
    data->at = clock_now(simulation->crew.clock) + DAY_MS;
    data->compensation = "a car wash";
    data->effect_manufacturer = data->effect_customer = "none";
    data->satisfaction = 1 + (int64_t)simulation_dice(simulation, 5);
    data->cause_found = "a loose bolt";
    simulation_say(simulation, &event, data);
}

static void pause_sending(struct simulation *simulation)
{
    enum event_number number = simulation_dice(simulation, 3) ? EVENT_SENDING_RESUME : EVENT_SENDING_PAUSE;
    struct event event = event_at(simulation, number, any_site(simulation));

    simulation_say(simulation, &event, data_for(simulation, number));
}

static void act(struct simulation *simulation)
{
    static void (*const all[])(struct simulation *) = {
        deliver, visit, complain, prefer, claim, claim, claim, claim, outcome, outcome, outcome, move_task, come_and_go, handle_case, handle_case,
        handle_case, pause_sending,
    };

    for (uint64_t left = 1 + simulation_dice(simulation, 6); left > 0; left--)
        all[simulation_dice(simulation, sizeof all / sizeof *all)](simulation);
}

/* ---------------------------------------------------------------- what must hold */

static bool answers(const struct history *history, size_t act)
{
    for (size_t i = act + 1; i < history->count; i++)
        if ((size_t)history->events[i].cause_seq == act + 1 &&
            strcmp(history->events[i].cause, history->events[act].id) == 0)
            return true;
    return false;
}

static const char *check_acts_answered(struct crew *crew, const struct history *history)
{
    for (size_t i = 0; i < history->count; i++)
        if (event_types[history->events[i].number].class == ACT && !answers(history, i))
            return arena_printf(crew->arena, "%s %s was never answered", history->events[i].type,
                                history->events[i].id);
    return NULL;
}

/* Events that may come once only for what they are about. */
static const char *once_about(struct crew *crew, const struct event *event)
{
    struct fault fault;
    const void *data = event_data(event, (struct slice){0}, crew->arena, &fault);

    switch (data ? event->number : EVENT_UNKNOWN) {
    case EVENT_TASK_OPENED: return ((const struct task_changed *)data)->task;
    case EVENT_NOTICE_SENT: return ((const struct notice_changed *)data)->notice;
    case EVENT_CASE_OPENED: return ((const struct case_changed *)data)->case_id;
    case EVENT_PLAN_MADE: return ((const struct plan_made *)data)->plan;
    default: return NULL;
    }
}

static int text_compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const char *check_once(struct crew *crew, const struct history *history)
{
    const char **told = arena_alloc(crew->arena, (history->count + 1) * sizeof *told);
    size_t count = 0;

    for (size_t i = 0; i < history->count; i++) {
        const char *about = once_about(crew, &history->events[i]);
        if (about)
            told[count++] = arena_printf(crew->arena, "%s %s", history->events[i].type, about);
    }
    qsort(told, count, sizeof *told, text_compare);
    for (size_t i = 1; i < count; i++)
        if (strcmp(told[i - 1], told[i]) == 0)
            return arena_printf(crew->arena, "%s: twice", told[i]);
    return NULL;
}

/* Each delivery and visit has its plan, each complaint its case. */
static const char *check_followed(struct crew *crew, const struct history *history)
{
    for (size_t i = 0; i < history->count; i++) {
        const struct event *event = &history->events[i];
        enum event_number wanted = event->number == EVENT_COMPLAINT_RECEIVED ? EVENT_CASE_OPENED : EVENT_PLAN_MADE;
        bool met = event->number != EVENT_COMPLAINT_RECEIVED && event->number != EVENT_CAR_DELIVERED &&
                   event->number != EVENT_VISIT_FINISHED;
        for (size_t k = i + 1; k < history->count && !met; k++)
            met = (history->events[k].number == wanted || history->events[k].number == EVENT_CASE_LINKED) &&
                  strcmp(history->events[k].cause, event->id) == 0;
        if (!met)
            return arena_printf(crew->arena, "nothing was planned for %s %s", event->type, event->id);
    }
    return NULL;
}

static size_t count_said(struct crew *crew)
{
    size_t count = 0;

    for (uint32_t i = 0; i < crew->partitions; i++) {
        struct history history = crew_history(crew, i);
        for (size_t k = 0; k < history.count; k++)
            count += strcmp(history.events[k].source, "crew") == 0;
    }
    return count;
}

static const char *judge(struct simulation *simulation)
{
    struct crew *crew = &simulation->crew;
    const char *wrong = NULL;

    arena_reset(crew->arena);
    for (uint32_t i = 0; i < crew->partitions && !wrong; i++) {
        struct history history = crew_history(crew, i);
        wrong = crew_check_log(crew, &history);
        if (!wrong)
            wrong = check_acts_answered(crew, &history);
        if (!wrong)
            wrong = check_once(crew, &history);
        if (!wrong)
            wrong = check_followed(crew, &history);
    }
    if (!wrong && count_said(crew) != simulation->said_count)
        wrong = "the log does not hold what was acknowledged, once each";
    if (!wrong && simulation->rewinds == 0 && crew_sent_most(crew) > 1)
        wrong = "an attempt left twice";
    return wrong;
}

const struct business shop_business = {.name = "shop", .cores = cores, .begin = begin, .act = act,
                                       .jump_ms_max = 4 * HOUR_MS, .horizon_ms = 20 * DAY_MS, .judge = judge};
