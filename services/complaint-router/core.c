#include "docket.h"

#include "ident.h"

static void case_timer(struct turn *turn, enum entity_kind kind, const char *id, const void *entity)
{
    struct docket docket;
    (void)entity;
    if (kind != ENTITY_CASE || !docket_load(&docket, turn, id) || !docket_open(&docket))
        return;
    if (docket.file.waiting_since && docket.file.waiting_until && docket.file.waiting_until <= docket.now) {
        clocks_resume(&docket);
        docket_emit(&docket, EVENT_CASE_RESUMED, NULL, "the time to wait is over");
    }
    clocks_tick(&docket, docket.now);
    docket_save(&docket);
}

static void on_agent_changed(struct turn *turn, const struct event *event, const void *data)
{
    const struct site_config *config = turn_get(turn, ENTITY_ROUTER_SITE, event->site);
    if (config)
        turn_put(turn, ENTITY_ROUTER_SITE, event->site, site_config_presence(config, data, turn_arena(turn)), 0, NULL);
}

static void prefetch_received(const struct event *event, const struct complaint_received *said, struct arena *arena,
                              void (*want)(void *context, enum entity_kind, const char *id), void *context)
{
    want(context, ENTITY_CASE, ident_make(arena, event->site, "%s", said->complaint));
    if (!*event->customer)
        return;
    const char *customer = arena_printf(arena, "%s/%s", event->site, event->customer);
    want(context, ENTITY_COMPLAINANT, customer);
    want(context, ENTITY_CUSTOMER, customer);
}

static void prefetch(const struct event *event, const void *data,
                     void (*want)(void *context, enum entity_kind, const char *id), void *context)
{
    struct arena *arena = arena_new();
    if (event->number == EVENT_COMPLAINT_RECEIVED)
        prefetch_received(event, data, arena, want, context);
    else if (event->number == EVENT_COMPLAINT_PROGRESSED)
        want(context, ENTITY_CASE,
             ident_make(arena, event->site, "%s", ((const struct complaint_progressed *)data)->complaint));
    else if (act_of_event(event->number) != ACT_COUNT)
        want(context, ENTITY_CASE, ident_of_site(arena, event->site, ((const struct case_act *)data)->case_id));
    arena_free(&arena);
}

static const event_handler handlers[EVENT_COUNT] = {
    [EVENT_COMPLAINT_RECEIVED] = on_complaint_received,
    [EVENT_COMPLAINT_PROGRESSED] = on_complaint_progressed,
    [EVENT_AGENT_CHANGED] = on_agent_changed,
#define ACT(name, act, result, right, ...) [act] = on_case_act,
#include "states.def"
#undef ACT
};

const struct core complaint_router_core = {
    .stage = STAGE_COMPLAINT_ROUTER,
    .handlers = handlers,
    .on_timer = case_timer,
    .site_kind = ENTITY_ROUTER_SITE,
    .prefetch = prefetch,
};
