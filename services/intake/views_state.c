#include <stdlib.h>
#include <string.h>

#include "consumers.h"
#include "partition.h"
#include "views.h"

/* -------- the installation at a glance */

enum { TIMERS_PAGE = 512, TIMER_PAGES_MAX = 20 };

struct stage_sum {
    uint32_t owned;
    int64_t lag;
    wall_ms oldest_due;
    const char *due_site;           /* whose time it is written in */
};

/* Timers come earliest first: the first of each stage is its oldest. Bounded: a stage all of whose timers lie behind
 * thousands of others is shown without. */
static void find_oldest_due(struct views *views, uint32_t partition, struct arena *arena,
                            struct stage_sum sums[STAGE_COUNT])
{
    bool seen[STAGE_COUNT] = {false};
    int left = STAGE_COUNT - 1;
    struct timer_list page = {0};
    for (size_t skip = 0; left && skip < TIMERS_PAGE * TIMER_PAGES_MAX; skip += TIMERS_PAGE) {
        if (views->store->functions->read_timers(views->store, partition, 0, skip, TIMERS_PAGE, arena, &page) !=
            STORE_OK)
            return;
        for (size_t i = 0; i < page.count; i++) {
            enum entity_kind kind = entity_kind_of_letter(page.at[i].member[0]);
            enum stage stage = kind < ENTITY_COUNT ? entity_types[kind].stage : STAGE_NONE;
            if (stage == STAGE_NONE || seen[stage])
                continue;
            seen[stage] = true;
            left--;
            if (!sums[stage].oldest_due || page.at[i].due < sums[stage].oldest_due) {
                const char *site = page.at[i].member + 2;
                sums[stage].oldest_due = page.at[i].due;
                sums[stage].due_site = arena_text(arena, site, strcspn(site, "/"));
            }
        }
        if (page.count < TIMERS_PAGE)
            return;
    }
}

static json_t *due_json(struct views *views, const struct stage_sum *sum, struct arena *arena)
{
    if (!sum->oldest_due)
        return json_null();
    struct json_style style = view_style(view_site(views, sum->due_site, arena));
    return json_string(moment_text(arena, sum->oldest_due, style.offset_minutes(style.context, sum->oldest_due)));
}

static void sum_partition(const struct partition_view *view, struct stage_sum sums[STAGE_COUNT])
{
    for (int s = 1; s < STAGE_COUNT; s++) {
        sums[s].owned += view->stages[s].owner[0] && view->stages[s].lease_left_ms > 0;
        sums[s].lag += (int64_t)(view->head.seq - view->stages[s].checkpoint.seq);
    }
}

static json_t *stages_json(struct views *views, const struct stage_sum sums[STAGE_COUNT],
                           const struct member_list *members, struct arena *arena)
{
    json_t *list = json_array();
    for (int s = 1; s < STAGE_COUNT; s++) {
        size_t replicas = 0;
        for (size_t i = 0; i < members->count; i++)
            replicas += strcmp(members->at[i].stage, stage_names[s]) == 0;
        json_array_append_new(list, json_pack("{s:s, s:I, s:I, s:I, s:I, s:o}", "stage", stage_names[s], "replicas",
                                              (json_int_t)replicas, "partitions", (json_int_t)sums[s].owned, "of",
                                              (json_int_t)views->partitions, "lag", (json_int_t)sums[s].lag,
                                              "oldest_due", due_json(views, &sums[s], arena)));
    }
    return list;
}

static json_t *members_json(const struct member_list *members)
{
    json_t *list = json_array();
    for (size_t i = 0; i < members->count; i++) {
        json_t *details = json_loads(members->at[i].details ? members->at[i].details : "{}", 0, NULL);
        json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:o}", "name", members->at[i].name, "stage",
                                              members->at[i].stage, "endpoint", members->at[i].endpoint, "details",
                                              details ? details : json_object()));
    }
    return list;
}

/* Days until memory is full, from what each logged event costs on average and how many a day there were; -1: no limit or
 * too little known. */
static json_int_t days_left(const struct store_health *health, uint64_t events, wall_ms since, wall_ms now)
{
    int64_t elapsed = now - since;
    if (!health->limit_bytes || !events || !since || elapsed < HOUR_MS || health->used_bytes >= health->limit_bytes)
        return health->limit_bytes && health->used_bytes >= health->limit_bytes ? 0 : -1;
    double per_day = (double)health->used_bytes * DAY_MS / (double)elapsed;
    double days = (double)(health->limit_bytes - health->used_bytes) / per_day;
    return days > 36500 ? 36500 : (json_int_t)days;
}

static json_t *store_json(struct views *views, uint64_t events, wall_ms since, wall_ms now)
{
    struct store_health health = {0};
    views->store->functions->health(views->store, &health);
    return json_pack("{s:b, s:I, s:I, s:I, s:s}", "reachable", health.reachable, "used_bytes",
                     (json_int_t)health.used_bytes, "limit_bytes", (json_int_t)health.limit_bytes, "days_left",
                     days_left(&health, events, since, now), "message", health.message);
}

/* Time of the first event of a partition that has any. */
static wall_ms first_time(struct views *views, uint32_t partition, struct arena *arena)
{
    struct entry_list first = {0};
    struct event event;
    struct fault fault;
    bool there = views->store->functions->read_log(views->store, partition, 1, 1, arena, &first) == STORE_OK &&
                 first.count;
    return there && event_unpack(first.at[0].packed, arena, &event, &fault) ? event.time : 0;
}

static size_t count_queue(struct views *views, uint32_t partition, const char *prefix, struct arena *arena)
{
    struct texts members = {0};
    bool read = views->store->functions->read_queue(views->store, partition, prefix, "", 10000, arena, &members) ==
                STORE_OK;
    return read ? members.count : 0;
}

/* Events set aside, as the log tells them. */
static void add_quarantined(struct views *views, uint32_t partition, struct arena *arena, json_t *to)
{
    struct entry_list page = {0};
    for (uint64_t from = 1;; from = page.at[page.count - 1].place.seq + 1) {
        if (views->store->functions->read_log(views->store, partition, from, READ_MAX, arena, &page) != STORE_OK ||
            !page.count)
            return;
        for (size_t i = 0; i < page.count; i++) {
            struct event event;
            struct fault fault;
            if (!event_unpack(page.at[i].packed, arena, &event, &fault) || event.number != EVENT_EVENT_QUARANTINED)
                continue;
            const struct event_quarantined *data = event_data(&event, (struct slice){0}, arena, &fault);
            if (data)
                json_array_append_new(to, json_pack("{s:I, s:I, s:s, s:s}", "partition", (json_int_t)partition, "seq",
                                                    (json_int_t)data->seq, "stage", data->stage, "type", data->type));
        }
    }
}

/* Those with a durable name, and how far behind they are. */
static json_t *consumers_json(struct views *views, const struct partition_view *all, struct arena *arena)
{
    json_t *list = json_array();
    struct consumer_list consumers = {0};
    struct json_style style = view_style(NULL);
    struct checkpoint *heads = arena_alloc(arena, views->partitions * sizeof *heads);
    for (uint32_t p = 0; p < views->partitions; p++)
        heads[p] = all[p].head;
    if (consumers_read(views->store, arena, &consumers) != STORE_OK)
        return list;
    for (size_t i = 0; i < consumers.count; i++) {
        const struct consumer *consumer = &consumers.at[i];
        int offset = style.offset_minutes(style.context, consumer->seen);
        json_t *seen = consumer->seen ? json_string(moment_text(arena, consumer->seen, offset)) : json_null();
        json_array_append_new(list,
                              json_pack("{s:s, s:s, s:I, s:I, s:o}", "name", consumer->name, "actor", consumer->actor,
                                        "partitions", (json_int_t)consumer->points.count, "lag",
                                        (json_int_t)consumer_lag(consumer, heads, views->partitions), "seen_at", seen));
    }
    return list;
}

struct view_answer view_status(struct views *views, const struct view_request *request)
{
    struct arena *arena = request->arena;
    struct partition_view *all = arena_alloc(arena, views->partitions * sizeof *all);
    uint32_t *numbers = arena_alloc(arena, views->partitions * sizeof *numbers);
    struct member_list members = {0};
    for (uint32_t p = 0; p < views->partitions; p++)
        numbers[p] = p;
    if (views->store->functions->view(views->store, numbers, views->partitions, all) != STORE_OK ||
        views->store->functions->members(views->store, arena, &members) != STORE_OK)
        return view_error(503, "the store does not answer", views->store->functions->message(views->store));
    struct stage_sum sums[STAGE_COUNT] = {0};
    uint64_t events = 0, timers = 0, dead = 0, sending = 0;
    struct stage_sum oldest = {0};
    wall_ms since = 0, now = 0;
    views->store->functions->now(views->store, &now);
    json_t *quarantined = json_array();
    for (uint32_t p = 0; p < views->partitions; p++) {
        sum_partition(&all[p], sums);
        if (!all[p].head.seq)
            continue;
        events += all[p].head.seq;
        timers += all[p].timers;
        sending += all[p].sending;
        dead += count_queue(views, p, "dead/", arena);
        add_quarantined(views, p, arena, quarantined);
        since = since ? since : first_time(views, p, arena);
        if (all[p].timers)
            find_oldest_due(views, p, arena, sums);
    }
    for (int i = 1; i < STAGE_COUNT; i++)
        if (sums[i].oldest_due && (!oldest.oldest_due || sums[i].oldest_due < oldest.oldest_due))
            oldest = sums[i];
    json_t *body = json_pack("{s:o, s:o, s:I, s:I, s:I, s:I, s:o, s:o}", "stages",
                             stages_json(views, sums, &members, arena), "members", members_json(&members), "events",
                             (json_int_t)events, "timers", (json_int_t)timers, "dead_letters", (json_int_t)dead,
                             "sending", (json_int_t)sending, "quarantined", quarantined, "store",
                             store_json(views, events, since, now));
    json_object_set_new(body, "oldest_due", due_json(views, &oldest, arena));
    json_object_set_new(body, "consumers", consumers_json(views, all, arena));
    return (struct view_answer){200, body};
}

/* -------- what is in force */

static bool wanted(const struct active_config *active, const struct view_request *request)
{
    const char *kind = request->argument(request->context, "kind"), *name = request->argument(request->context, "name");
    return (!kind || strcmp(words_name(&config_kind_words, active->kind), kind) == 0) &&
           (!name || strcmp(active->name, name) == 0);
}

struct view_answer view_config(struct views *views, const struct view_request *request)
{
    const char *site_id = request->argument(request->context, "site");
    if (!site_id || !request->may_see(request->context, site_id))
        return view_error(400, "which site?", "give ?site=NAME");
    const struct site *site = view_site(views, site_id, request->arena);
    if (!site || !site->config)
        return view_error(404, "no such site is set up", "care apply --site NAME PATH sets one up");
    json_t *list = json_array();
    for (size_t i = 0; i < site->config->active.count; i++) {
        const struct active_config *active = &site->config->active.at[i];
        struct slice content = {0};
        if (!wanted(active, request))
            continue;
        views->store->functions->content_get(views->store, active->hash, request->arena, &content);
        json_array_append_new(list,
                              json_pack("{s:s, s:s, s:s, s:s%}", "kind", words_name(&config_kind_words, active->kind),
                                        "name", active->name, "hash", active->hash, "content",
                                        content.at ? (const char *)content.at : "", content.bytes));
    }
    return (struct view_answer){200, list};
}
