/* Two dealers with the shipped playbook, and all four services: cars, visits, complaints come in; agents and handlers
 * act, mostly rightly. How they are followed up is known from the playbook in general, not case by case.
 *
 * Named fields: of each plan what it is about, its rule, its steps and their times; of each complaint its category. */
#include <stdlib.h>

#include "shop_parts.h"
#include "site.h"
#include "support/shipped.h"

static const struct core *const cores[] = {&scheduler_core, &follow_up_core, &complaint_router_core, &notifier_core,
                                           NULL};
const char *const dealer_sites[DEALERS] = {"sample", "north"};

static void activate(struct simulation *simulation, const char *site, int kind, const char *name, struct slice content)
{
    char hash[65];
    struct config_activated data = {.kind = kind, .name = name};
    struct event event = event_of(EVENT_CONFIG_ACTIVATED);

    content_hash(content, hash);
    simulation->store->functions->content_put(simulation->store, hash, content);
    data.hash = hash;
    event.site = site;
    event.id = arena_printf(simulation->arena, "settings-%d", kind);
    client_say(simulation, &event, &data);
}

static void begin(struct simulation *simulation)
{
    struct arena *arena = simulation->arena;
    struct slice calendar = calendar_bundle(shipped_file(arena, "deploy/calendars/sample.yaml"),
                                            shipped_file(arena, "deploy/calendars/china-2026.ics"), arena);
    struct slice staff = shipped_file(arena, "deploy/sample/staff.yaml");
    struct slice templates = shipped_file(arena, "deploy/templates/auto-dealer.yaml");
    struct slice playbook = shipped_file(arena, "deploy/playbooks/auto-dealer.yaml");

    dealer_judge_open(simulation);
    for (size_t i = 0; i < DEALERS; i++) {
        activate(simulation, dealer_sites[i], CONFIG_CALENDAR, "sample", calendar);
        activate(simulation, dealer_sites[i], CONFIG_STAFF, "sample", staff);
        activate(simulation, dealer_sites[i], CONFIG_TEMPLATES, "auto-dealer", templates);
        activate(simulation, dealer_sites[i], CONFIG_PLAYBOOK, "auto-dealer", playbook);
    }
}

static const struct duty duties[] = {
    {STAGE_SCHEDULER, EVENT_CAR_DELIVERED}, {STAGE_SCHEDULER, EVENT_VISIT_FINISHED},
    {STAGE_COMPLAINT_ROUTER, EVENT_COMPLAINT_RECEIVED}, {STAGE_FOLLOW_UP, EVENT_TASK_CLAIM},
    {STAGE_FOLLOW_UP, EVENT_TASK_RELEASE}, {STAGE_FOLLOW_UP, EVENT_TASK_RESCHEDULE}, {STAGE_FOLLOW_UP,
                                                                                      EVENT_TASK_OUTCOME},
    {STAGE_FOLLOW_UP, EVENT_AGENT_ABSENT}, {STAGE_FOLLOW_UP, EVENT_AGENT_PRESENT},
    {STAGE_COMPLAINT_ROUTER, EVENT_CASE_ACKNOWLEDGE}, {STAGE_COMPLAINT_ROUTER, EVENT_CASE_ASSESS},
    {STAGE_COMPLAINT_ROUTER, EVENT_CASE_START}, {STAGE_COMPLAINT_ROUTER, EVENT_CASE_RESPOND},
    {STAGE_COMPLAINT_ROUTER, EVENT_CASE_REPORT}, {STAGE_COMPLAINT_ROUTER, EVENT_CASE_PROMISE},
    {STAGE_COMPLAINT_ROUTER, EVENT_CASE_WAIT}, {STAGE_COMPLAINT_ROUTER, EVENT_CASE_RESUME},
    {STAGE_COMPLAINT_ROUTER, EVENT_CASE_ESCALATE}, {STAGE_COMPLAINT_ROUTER, EVENT_CASE_PROPOSE},
    {STAGE_COMPLAINT_ROUTER, EVENT_CASE_APPROVE}, {STAGE_COMPLAINT_ROUTER, EVENT_CASE_RESOLVE},
    {STAGE_COMPLAINT_ROUTER, EVENT_CASE_VERIFY}, {STAGE_COMPLAINT_ROUTER, EVENT_CASE_CLOSE},
    {STAGE_COMPLAINT_ROUTER, EVENT_CASE_REOPEN}, {STAGE_NOTIFIER, EVENT_SENDING_PAUSE},
    {STAGE_NOTIFIER, EVENT_SENDING_RESUME}, {STAGE_NOTIFIER, EVENT_NOTICE_RESEND}, {STAGE_NONE, EVENT_UNKNOWN},
};

const struct business shop_business = {
    .name = "shop", .cores = cores, .duties = duties, .steps = 1000, .horizon_ms = 2 * DAY_MS, .begin = begin,
    .act = dealer_act, .jump = dealer_jump, .seen = dealer_seen, .forget = dealer_forget, .put = dealer_put,
    .judge = dealer_judge, .fields = dealer_fields, .end = dealer_judge_close,
};
