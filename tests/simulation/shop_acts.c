#include <stdlib.h>
#include <string.h>

#include "entity.h"
#include "shop_parts.h"

enum { MEMBERS_MAX = 64, CHINA_MS = 8 * 60 * 60 * 1000 };

static const char *const agents[AGENTS] = {"han-xue", "fang-min", "du-juan"};

/* ---------------------------------------------------------------- time */

/* Often to where calls may be made, else a little on. */
int64_t dealer_jump(struct simulation *simulation)
{
    static const int64_t hours[] = {601, 660, 901, 960, 1020, 24 * 60 + 601};      /* minutes of the day */
    int64_t minute = (crew_now(&simulation->crew) + CHINA_MS) % DAY_MS / MINUTE_MS;

    if (simulation_one_in(simulation, 2))
        return 1 + (int64_t)simulation_dice(simulation, 20 * MINUTE_MS);
    for (size_t i = 0; i < sizeof hours / sizeof *hours; i++)
        if (hours[i] > minute)
            return (hours[i] - minute) * MINUTE_MS;
    return HOUR_MS;
}

/* ---------------------------------------------------------------- facts */

static struct event event_at(struct simulation *simulation, enum event_number number, const char *site, unsigned k)
{
    struct event event = event_of(number);

    event.site = site;
    event.id = arena_printf(simulation->arena, "%s-%d.%u", event_types[number].name, simulation->step, k);
    return event;
}

static const char *any_site(struct simulation *simulation)
{
    return dealer_sites[simulation_dice(simulation, DEALERS)];
}

static const char *any_mobile(struct simulation *simulation)
{
    return arena_printf(simulation->arena, "138000000%02d", (int)simulation_dice(simulation, 60));
}

static void deliver(struct simulation *simulation, unsigned k)
{
    struct event event = event_at(simulation, EVENT_CAR_DELIVERED, any_site(simulation), k);
    struct car_delivered data = {.order = event.id, .name = "王芳", .mobile = any_mobile(simulation)};

    data.amount_cents = (int64_t)simulation_dice(simulation, 40000000);
    client_say(simulation, &event, &data);
}

static void visit(struct simulation *simulation, unsigned k)
{
    struct event event = event_at(simulation, EVENT_VISIT_FINISHED, any_site(simulation), k);
    struct visit_finished data = {.visit = event.id, .mobile = any_mobile(simulation)};

    data.kind = 1 + (int)simulation_dice(simulation, visit_kind_count - 1);
    client_say(simulation, &event, &data);
}

static void complain(struct simulation *simulation, unsigned k)
{
    static const char *const texts[] = {"刹车异响", "收费太贵", "销售态度差", "a leak under the engine", ""};
    struct event event = event_at(simulation, EVENT_COMPLAINT_RECEIVED, any_site(simulation), k);
    struct complaint_received data = {.complaint = event.id, .mobile = any_mobile(simulation)};

    data.channel = 1 + (int)simulation_dice(simulation, complaint_channel_count - 1);
    data.text = texts[simulation_dice(simulation, 5)];
    client_say(simulation, &event, &data);
}

static void prefer(struct simulation *simulation, unsigned k)
{
    struct event event = event_at(simulation, EVENT_CUSTOMER_PREFERRED, any_site(simulation), k);
    struct customer_preferred data = {.do_not_call = simulation_one_in(simulation, 4) ? "yes" : "no"};
    char id[24];

    seal_customer_id(simulation->crew.sealer, event.site, any_mobile(simulation), id);
    event.customer = arena_string(simulation->arena, id);
    client_say(simulation, &event, &data);
}

/* ---------------------------------------------------------------- what is on the lists */

/* A random member of the queue; NULL: there is none. */
static const char *any_member(struct simulation *simulation, const char *prefix)
{
    struct texts members = {0};
    uint32_t first = (uint32_t)simulation_dice(simulation, SIM_PARTITIONS);

    for (uint32_t i = 0; i < SIM_PARTITIONS && members.count == 0; i++)
        simulation->store->functions->read_queue(simulation->store, (first + i) % SIM_PARTITIONS, prefix, "",
                                                 MEMBERS_MAX, simulation->arena, &members);
    return members.count > 0 ? members.at[simulation_dice(simulation, members.count)] : NULL;
}

/* The member without its first `parts` parts. */
static const char *rest_of(const char *member, int parts)
{
    while (parts-- > 0 && member)
        member = strchr(member, '/') ? strchr(member, '/') + 1 : NULL;
    return member;
}

static const char *part_of(struct simulation *simulation, const char *member, int parts)
{
    const char *rest = rest_of(member, parts);

    return rest ? arena_text(simulation->arena, rest, strcspn(rest, "/")) : "";
}

/* ---------------------------------------------------------------- agents */

static struct event act_of(struct simulation *simulation, enum event_number number, const char *site, unsigned k,
                           const char *actor, const char *role)
{
    struct event event = event_at(simulation, number, site, k);

    event.actor = actor;
    event.role = role;
    return event;
}

/* One that is on the list, or whatever comes next. */
static void claim(struct simulation *simulation, unsigned k)
{
    const char *member = any_member(simulation, "work/"), *task = rest_of(member, 5);
    struct task_claim data = {.agent = agents[simulation_dice(simulation, AGENTS)]};

    if (!task && !simulation_one_in(simulation, 20))
        return;
    data.task = task && simulation_one_in(simulation, 2) ? task : "";
    const char *site = task ? part_of(simulation, task, 0) : any_site(simulation);
    struct event event = act_of(simulation, EVENT_TASK_CLAIM, site, k, data.agent, "follow-up-agent");
    client_say(simulation, &event, &data);
}

/* Taken by one while another has it: refused, or somebody is cheated. */
static void claim_held(struct simulation *simulation, unsigned k)
{
    const char *task = rest_of(any_member(simulation, "held/"), 3);
    struct task_claim data = {.agent = agents[simulation_dice(simulation, AGENTS)], .task = task};

    if (!task)
        return;
    struct event event = act_of(simulation, EVENT_TASK_CLAIM, part_of(simulation, task, 0), k, data.agent,
                                "follow-up-agent");
    client_say(simulation, &event, &data);
}

/* By its holder, mostly. */
static const char *whoever(struct simulation *simulation, const char *member)
{
    return simulation_one_in(simulation, 10) ? agents[simulation_dice(simulation, AGENTS)]
                                             : part_of(simulation, member, 2);
}

static void outcome(struct simulation *simulation, unsigned k)
{
    static const int others[] = {OUTCOME_NO_ANSWER, OUTCOME_BUSY, OUTCOME_WRONG_NUMBER, OUTCOME_REFUSED,
                                 OUTCOME_CALL_BACK};
    const char *member = any_member(simulation, "held/"), *task = rest_of(member, 3);
    struct task_outcome data = {.task = task};

    if (!task)
        return;
    data.outcome = simulation_one_in(simulation, 2) ? OUTCOME_COMPLETED : others[simulation_dice(simulation, 5)];
    data.satisfaction = data.outcome == OUTCOME_COMPLETED ? 1 + (int64_t)simulation_dice(simulation, 5) : 0;
    data.call_back_at = data.outcome == OUTCOME_CALL_BACK ? crew_now(&simulation->crew) + 5 * HOUR_MS : 0;
    if (data.satisfaction == 1) {           /* with 2 it is left out: some calls cannot be finished without it */
        data.understood = "the fault has come back";
        data.read_back = "yes";
        data.remedy = "looked at again on Friday";
    }
    struct event event = act_of(simulation, EVENT_TASK_OUTCOME, part_of(simulation, task, 0), k,
                                whoever(simulation, member), "follow-up-agent");
    client_say(simulation, &event, &data);
}

static void release(struct simulation *simulation, unsigned k)
{
    const char *member = any_member(simulation, "held/"), *task = rest_of(member, 3);
    struct task_release data = {.task = task};

    if (!task)
        return;
    struct event event = act_of(simulation, EVENT_TASK_RELEASE, part_of(simulation, task, 0), k,
                                whoever(simulation, member), "follow-up-agent");
    client_say(simulation, &event, &data);
}

static void move_task(struct simulation *simulation, unsigned k)
{
    const char *task = rest_of(any_member(simulation, "work/"), 5);
    struct task_reschedule data = {.task = task};

    if (!task)
        return;
    data.at = crew_now(&simulation->crew) + (int64_t)simulation_dice(simulation, 2 * DAY_MS);
    struct event event = act_of(simulation, EVENT_TASK_RESCHEDULE, part_of(simulation, task, 0), k, "jiang-yue",
                                "supervisor");
    client_say(simulation, &event, &data);
}

static void come_and_go(struct simulation *simulation, unsigned k)
{
    enum event_number number = simulation_one_in(simulation, 6) ? EVENT_AGENT_ABSENT : EVENT_AGENT_PRESENT;
    struct agent_presence data = {.agent = agents[simulation_dice(simulation, AGENTS)]};
    struct event event = act_of(simulation, number, any_site(simulation), k, data.agent, "follow-up-agent");

    client_say(simulation, &event, &data);
}

/* ---------------------------------------------------------------- handlers */

static const struct complaint_case *case_of(struct simulation *simulation, const char *member, const char *id)
{
    struct complaint_case *found = record_new(&complaint_case_record, simulation->arena);
    struct fault fault;

    for (uint32_t i = 0; i < SIM_PARTITIONS && member; i++) {
        struct stored_entity stored = {0};
        store_read_entities_one(simulation->store, i, ENTITY_CASE, &id, 1, simulation->arena,
                                                    &stored);
        if (stored.version > 0 && entity_unpack(ENTITY_CASE, id, stored.packed, simulation->arena, found, &fault))
            return found;
    }
    return NULL;
}

/* What comes next for a case in this state, mostly; else anything. */
static enum event_number next_act(struct simulation *simulation, int state)
{
    static const enum event_number all[] = {
        EVENT_CASE_ACKNOWLEDGE, EVENT_CASE_ASSESS, EVENT_CASE_START, EVENT_CASE_RESPOND, EVENT_CASE_REPORT,
        EVENT_CASE_PROMISE, EVENT_CASE_WAIT, EVENT_CASE_RESUME, EVENT_CASE_ESCALATE, EVENT_CASE_PROPOSE,
        EVENT_CASE_APPROVE, EVENT_CASE_RESOLVE, EVENT_CASE_VERIFY, EVENT_CASE_CLOSE, EVENT_CASE_REOPEN,
    };
    static const enum event_number next[][4] = {
        [CASE_RECEIVED] = {EVENT_CASE_ACKNOWLEDGE, EVENT_CASE_ACKNOWLEDGE, EVENT_CASE_PROMISE, EVENT_CASE_ESCALATE},
        [CASE_ACKNOWLEDGED] = {EVENT_CASE_ASSESS, EVENT_CASE_ASSESS, EVENT_CASE_RESPOND, EVENT_CASE_REPORT},
        [CASE_ASSESSED] = {EVENT_CASE_START, EVENT_CASE_START, EVENT_CASE_RESPOND, EVENT_CASE_WAIT},
        [CASE_ASSIGNED] = {EVENT_CASE_START, EVENT_CASE_START, EVENT_CASE_REPORT, EVENT_CASE_RESOLVE},
        [CASE_IN_PROGRESS] = {EVENT_CASE_RESOLVE, EVENT_CASE_REPORT, EVENT_CASE_PROMISE, EVENT_CASE_PROPOSE},
        [CASE_RESOLVED] = {EVENT_CASE_VERIFY, EVENT_CASE_VERIFY, EVENT_CASE_REPORT, EVENT_CASE_PROMISE},
        [CASE_VERIFIED] = {EVENT_CASE_CLOSE, EVENT_CASE_CLOSE, EVENT_CASE_CLOSE, EVENT_CASE_REOPEN},
        [CASE_REOPENED] = {EVENT_CASE_START, EVENT_CASE_RESPOND, EVENT_CASE_RESOLVE, EVENT_CASE_ASSESS},
    };
    size_t states = sizeof next / sizeof *next;

    if ((size_t)state >= states || !next[state][0] || simulation_one_in(simulation, 5))
        return all[simulation_dice(simulation, sizeof all / sizeof *all)];
    return next[state][simulation_dice(simulation, 4)];
}

static void handle_case(struct simulation *simulation, unsigned k)
{
    const char *member = any_member(simulation, "case/"), *id = rest_of(member, 5);
    const struct complaint_case *file = case_of(simulation, member, id);

    if (!file)
        return;
    enum event_number number = next_act(simulation, file->state);
    bool approves = number == EVENT_CASE_APPROVE;
    const char *actor = approves ? "bai-hua" : file->assignee;
    const char *role = approves ? "regional-office" : *file->role ? file->role : "supervisor";
    struct event event = act_of(simulation, number, part_of(simulation, id, 0), k, actor, role);
    struct case_act data = {.case_id = id, .reason = "as the dice fell", .note = "told the customer",
                            .at = crew_now(&simulation->crew) + DAY_MS, .compensation = "a car wash",
                            .effect_manufacturer = "none", .effect_customer = "none", .cause_found = "a loose bolt",
                            .satisfaction = 1 + (int64_t)simulation_dice(simulation, 5)};
    client_say(simulation, &event, &data);
}

static void resend(struct simulation *simulation, unsigned k)
{
    const char *notice = rest_of(any_member(simulation, "dead/"), 2);
    struct notice_act data = {.notice = notice};

    if (!notice)
        return;
    struct event event = act_of(simulation, EVENT_NOTICE_RESEND, part_of(simulation, notice, 0), k, "jiang-yue",
                                "supervisor");
    client_say(simulation, &event, &data);
}

static void pause_sending(struct simulation *simulation, unsigned k)
{
    enum event_number number = simulation_one_in(simulation, 4) ? EVENT_SENDING_PAUSE : EVENT_SENDING_RESUME;
    struct notice_act data = {0};
    struct event event = act_of(simulation, number, any_site(simulation), k, "lu-yuan", "manager");

    client_say(simulation, &event, &data);
}

typedef void (*one_act)(struct simulation *simulation, unsigned k);

static const one_act in_calling_hours[] = {
    claim, claim, claim, claim, claim, claim_held, outcome, outcome, outcome, outcome, outcome, release, move_task,
    handle_case, handle_case, deliver,
};

static const one_act else_when[] = {
    deliver, deliver, deliver, visit, visit, visit, complain, complain, prefer, come_and_go, outcome, release,
    handle_case, handle_case, handle_case, handle_case, resend, pause_sending,
};

/* As the shipped windows have it, on any day. */
static bool is_calling_hour(struct simulation *simulation)
{
    int64_t minute = (crew_now(&simulation->crew) + CHINA_MS) % DAY_MS / MINUTE_MS;

    return (minute >= 600 && minute < 690) || (minute >= 900 && minute < 1050);
}

/* Each throws dice of its own, so that what one finds on the lists changes nothing for the next. */
void dealer_act(struct simulation *simulation)
{
    bool calls = is_calling_hour(simulation) && !simulation_one_in(simulation, 4);
    const one_act *acts = calls ? in_calling_hours : else_when;
    size_t kinds = calls ? sizeof in_calling_hours / sizeof *in_calling_hours : sizeof else_when / sizeof *else_when;
    unsigned count = simulation_facts(simulation, 8);
    uint64_t start = key_of_number(simulation->run.seed, (uint64_t)simulation->step);

    for (unsigned k = 0; k < count; k++) {
        simulation->dice = dice_of(key_of_number(start, 1000 + k));
        acts[simulation_dice(simulation, kinds)](simulation, k);
    }
}
