#include "installation.h"

#include <jansson.h>
#include <string.h>

#include "clock_check.h"

enum { TIMERS_PAGE = 512, TIMER_PAGES_MAX = 20, QUEUE_PAGE = 10000 };

struct glance {
    struct store *store;
    struct quarantine *quarantine;
    struct arena *arena;
    struct partition_view *views;
    struct installation *now;
};

/* One whose clock is off still is one. */
static bool is_replica(const struct member *member, const char *stage)
{
    size_t bytes = strlen(stage);
    return !strncmp(member->stage, stage, bytes) &&
           (!member->stage[bytes] || !strcmp(member->stage + bytes, CLOCK_OFF_MARK));
}

/* -------- one partition */

/* Timers come earliest first: the first of each stage is its oldest. Bounded: a stage all of whose timers lie behind
 * thousands of others is shown without. */
static void find_oldest_due(struct glance *glance, uint32_t partition)
{
    bool seen[STAGE_COUNT] = {false};
    int left = STAGE_COUNT - 1;
    struct timer_list page = {0};
    for (size_t skip = 0; left && skip < TIMERS_PAGE * TIMER_PAGES_MAX; skip += TIMERS_PAGE) {
        if (glance->store->functions->read_timers(glance->store, partition, 0, skip, TIMERS_PAGE, glance->arena,
                                                  &page) != STORE_OK)
            return;
        for (size_t i = 0; i < page.count; i++) {
            enum entity_kind kind = entity_kind_of_letter(page.at[i].member[0]);
            enum stage stage = kind < ENTITY_COUNT ? entity_types[kind].stage : STAGE_NONE;
            struct stage_glance *to = &glance->now->stages[stage];
            if (stage == STAGE_NONE || seen[stage])
                continue;
            seen[stage] = true;
            left--;
            if (to->oldest_due && page.at[i].due >= to->oldest_due)
                continue;
            const char *site = page.at[i].member + 2;
            to->oldest_due = page.at[i].due;
            to->due_site = arena_text(glance->arena, site, strcspn(site, "/"));
        }
        if (page.count < TIMERS_PAGE)
            return;
    }
}

static wall_ms first_time(struct glance *glance, uint32_t partition)
{
    struct entry_list first = {0};
    struct event event;
    struct fault fault;
    enum store_status status =
        store_read_log_one(glance->store, partition, 1, 1, glance->arena, &first);
    return status == STORE_OK && first.count && event_unpack(first.at[0].packed, glance->arena, &event, &fault)
               ? event.time : 0;
}

static size_t count_queue(struct glance *glance, uint32_t partition, const char *queue)
{
    struct texts members = {0};
    enum store_status status = glance->store->functions->read_queue(glance->store, partition, queue, "", QUEUE_PAGE,
                                                                    glance->arena, &members);
    return status == STORE_OK ? members.count : 0;
}

static void sum_owners(struct glance *glance, const struct partition_view *view)
{
    for (int s = STAGE_NONE + 1; s < STAGE_COUNT; s++) {
        bool owned = view->stages[s].owner[0] && view->stages[s].lease_left_ms > 0;
        glance->now->stages[s].owned += owned;
        glance->now->stages[s].lag += view->head.seq - view->stages[s].checkpoint.seq;
        for (size_t i = 0; owned && i < glance->now->member_count; i++) {
            struct member_glance *at = &glance->now->members[i];
            at->partitions +=
                !strcmp(at->member->name, view->stages[s].owner) && is_replica(at->member, stage_names[s]);
        }
    }
}

static void sum_partition(struct glance *glance, uint32_t partition, size_t *pages_left)
{
    const struct partition_view *view = &glance->views[partition];
    struct installation *now = glance->now;
    sum_owners(glance, view);
    if (!view->head.seq)
        return;
    now->events += view->head.seq;
    now->kept += view->head.seq - view->first.seq + 1;
    now->timers += view->timers;
    now->sending += view->sending;
    now->dead += count_queue(glance, partition, "dead/");
    now->stopped += count_queue(glance, partition, "stopped/");
    wall_ms first_at = first_time(glance, partition);
    if (first_at && (!now->first_at || first_at < now->first_at))
        now->first_at = first_at;
    quarantine_look(glance->quarantine, glance->store, partition, view->first, view->head, glance->arena, pages_left);
    if (view->timers)
        find_oldest_due(glance, partition);
}

/* -------- those who take part */

static struct channel_glance *channel_named(struct installation *now, const char *channel)
{
    for (size_t i = 0; i < now->channel_count; i++)
        if (!strcmp(now->channels[i].channel, channel))
            return &now->channels[i];
    return now->channel_count < CHANNELS_MAX ? &now->channels[now->channel_count++] : NULL;
}

/* What one notifier says of a channel: reached by one is reached. */
static void channel_take(struct glance *glance, const json_t *told)
{
    const char *channel = json_string_value(json_object_get(told, "channel"));
    const char *gateway = json_string_value(json_object_get(told, "gateway"));
    const char *detail = json_string_value(json_object_get(told, "detail"));
    wall_ms success_at = json_integer_value(json_object_get(told, "success_at"));
    struct channel_glance *at = channel ? channel_named(glance->now, channel) : NULL;
    if (!at)
        return;
    bool up = at->up || json_is_true(json_object_get(told, "up"));
    *at = (struct channel_glance){
        .channel = arena_string(glance->arena, channel), .gateway = arena_string(glance->arena, gateway ? gateway : ""),
        .up = up, .success_at = success_at > at->success_at ? success_at : at->success_at,
        .detail = up || !detail ? "" : arena_string(glance->arena, detail),
    };
}

static enum store_status read_members(struct glance *glance)
{
    struct installation *now = glance->now;
    struct member_list members = {0};
    enum store_status status = glance->store->functions->members(glance->store, glance->arena, &members);
    now->member_count = members.count;
    now->members = arena_alloc(glance->arena, (members.count + 1) * sizeof *now->members);
    for (size_t i = 0; i < members.count; i++) {
        const char *text = members.at[i].details ? members.at[i].details : "";
        json_t *details = json_loads(text, 0, NULL);
        const char *host = json_string_value(json_object_get(details, "host"));
        const char *build = json_string_value(json_object_get(details, "build"));
        now->members[i] = (struct member_glance){
            .member = &members.at[i], .host = arena_string(glance->arena, host ? host : ""),
            .build = arena_string(glance->arena, build ? build : ""),
        };
        size_t channel;
        json_t *told;
        json_array_foreach(json_object_get(details, "channels"), channel, told)
            channel_take(glance, told);
        json_decref(details);
        for (int s = STAGE_NONE + 1; s < STAGE_COUNT; s++)
            now->stages[s].replicas += is_replica(&members.at[i], stage_names[s]);
    }
    return status;
}

/* -------- all of it */

static enum store_status read_time(struct glance *glance, wall_ms *ret_real)
{
    struct slice packed;
    enum store_status status = glance->store->functions->now(glance->store, ret_real);
    if (status == STORE_OK)
        status = clock_record_read(glance->store, glance->arena, &glance->now->clock, &packed);
    if (status == STORE_OK)
        glance->now->now = clock_record_now(&glance->now->clock, *ret_real);
    return status;
}

/* From what each event costs on average, and how many a day of real time there were: virtual time fills nothing. */
static int64_t days_left(const struct installation *now)
{
    const struct store_health *health = &now->health;
    int64_t speed = now->clock.mode == CLOCK_SCALED && now->clock.speed > 1 ? now->clock.speed : 1;
    int64_t elapsed = (now->now - now->first_at) / speed;
    if (health->limit_bytes && health->used_bytes >= health->limit_bytes)
        return 0;
    if (!health->limit_bytes || !now->first_at || elapsed < HOUR_MS || now->clock.mode == CLOCK_STEPPED)
        return -1;
    double per_day = (double)health->used_bytes * DAY_MS / (double)elapsed;
    double days = (double)(health->limit_bytes - health->used_bytes) / per_day;
    return days > 36500 ? 36500 : (int64_t)days;
}

/* Stepped time waits for whoever works: nothing is late in it. */
static void tell_lateness(struct installation *now)
{
    int64_t speed = now->clock.mode == CLOCK_SCALED && now->clock.speed > 1 ? now->clock.speed : 1;
    for (int s = STAGE_NONE + 1; s < STAGE_COUNT && now->clock.mode != CLOCK_STEPPED; s++) {
        wall_ms due = now->stages[s].oldest_due;
        now->stages[s].late_ms = due && due < now->now ? (now->now - due) / speed : 0;
    }
}

static enum store_status read_views(struct glance *glance)
{
    uint32_t count = glance->now->partitions;
    uint32_t *numbers = arena_alloc(glance->arena, count * sizeof *numbers);
    glance->views = arena_alloc(glance->arena, count * sizeof *glance->views);
    for (uint32_t p = 0; p < count; p++)
        numbers[p] = p;
    return glance->store->functions->view(glance->store, numbers, count, glance->views);
}

enum store_status installation_read(struct store *store, uint32_t partitions, const struct installation_limits *limits,
                                    struct quarantine *quarantine, struct arena *arena, struct installation *ret)
{
    struct glance glance = {store, quarantine, arena, NULL, ret};
    size_t pages_left = QUARANTINE_PAGES_MAX;
    wall_ms real = 0;
    *ret = (struct installation){.partitions = partitions, .limits = *limits};
    enum store_status status = read_time(&glance, &real);
    if (status == STORE_OK)
        status = read_views(&glance);
    if (status == STORE_OK)
        status = read_members(&glance);
    if (status == STORE_OK)
        status = consumers_glance(store, partitions, arena, &ret->consumers, &ret->consumer_count);
    if (status != STORE_OK)
        return status;
    for (uint32_t p = 0; p < partitions; p++)
        sum_partition(&glance, p, &pages_left);
    store->functions->health(store, &ret->health);
    ret->quarantined = quarantine_count(quarantine);
    ret->days_left = days_left(ret);
    tell_lateness(ret);
    return STORE_OK;
}
