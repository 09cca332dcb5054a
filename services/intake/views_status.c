/* The installation at a glance, as JSON. */
#include <string.h>

#include "views.h"

static json_t *due_json(struct views *views, const struct stage_glance *stage, struct arena *arena)
{
    if (!stage->oldest_due)
        return json_null();
    struct json_style style = view_style(view_site(views, stage->due_site, arena));
    return view_time(stage->oldest_due, &style, arena);
}

static json_t *stages_json(struct views *views, const struct installation *now, struct arena *arena)
{
    json_t *list = json_array();
    for (int s = STAGE_NONE + 1; s < STAGE_COUNT; s++) {
        const struct stage_glance *stage = &now->stages[s];
        json_array_append_new(list, json_pack("{s:s, s:I, s:I, s:I, s:I, s:o, s:I}", "stage", stage_names[s],
                                              "replicas", (json_int_t)stage->replicas, "partitions",
                                              (json_int_t)stage->owned, "of", (json_int_t)now->partitions, "lag",
                                              (json_int_t)stage->lag, "oldest_due", due_json(views, stage, arena),
                                              "late_ms", (json_int_t)stage->late_ms));
    }
    return list;
}

static json_t *members_json(const struct installation *now)
{
    json_t *list = json_array();
    for (size_t i = 0; i < now->member_count; i++) {
        const struct member_glance *at = &now->members[i];
        json_t *details = json_loads(at->member->details ? at->member->details : "{}", 0, NULL);
        json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:I, s:o}", "name", at->member->name, "stage",
                                              at->member->stage, "endpoint", at->member->endpoint, "partitions",
                                              (json_int_t)at->partitions, "details",
                                              details ? details : json_object()));
    }
    return list;
}

static json_t *object_of(json_t *list, const char *key, const char *value)
{
    size_t i;
    json_t *object;
    json_array_foreach(list, i, object)
        if (!strcmp(json_string_value(json_object_get(object, key)), value))
            return object;
    object = json_pack("{s:s}", key, value);
    json_array_append_new(list, object);
    return object;
}

static void number_add(json_t *object, const char *key, json_int_t number)
{
    json_object_set_new(object, key, json_integer(json_integer_value(json_object_get(object, key)) + number));
}

static json_t *array_in(json_t *object, const char *key)
{
    if (!json_object_get(object, key))
        json_object_set_new(object, key, json_array());
    return json_object_get(object, key);
}

/* [{host, programs: [{program, replicas, partitions}]}], in the order of the members. */
static json_t *hosts_json(const struct installation *now)
{
    json_t *hosts = json_array();
    for (size_t i = 0; i < now->member_count; i++) {
        const struct member_glance *at = &now->members[i];
        json_t *host = object_of(hosts, "host", at->host);
        json_t *program = object_of(array_in(host, "programs"), "program", at->member->stage);
        number_add(program, "replicas", 1);
        number_add(program, "partitions", at->partitions);
    }
    return hosts;
}

static json_t *channels_json(const struct installation *now, struct arena *arena)
{
    struct json_style style = view_style(NULL);
    json_t *list = json_array();
    for (size_t i = 0; i < now->channel_count; i++) {
        const struct channel_glance *at = &now->channels[i];
        json_array_append_new(list, json_pack("{s:s, s:s, s:b, s:o, s:s}", "channel", at->channel, "gateway", at->gateway, "up",
                                              at->up, "success_at",
                                              at->success_at ? view_time(at->success_at, &style, arena) : json_null(),
                                              "detail", at->detail));
    }
    return list;
}

static json_t *quarantined_json(const struct quarantine *quarantine)
{
    json_t *list = json_array();
    for (size_t i = 0; i < quarantine_count(quarantine); i++) {
        const struct quarantined *at = quarantine_at(quarantine, i);
        json_array_append_new(list, json_pack("{s:I, s:I, s:s, s:s}", "partition", (json_int_t)at->partition, "seq",
                                              (json_int_t)at->seq, "stage", at->stage, "type", at->type));
    }
    return list;
}

static json_t *store_json(const struct installation *now)
{
    return json_pack("{s:b, s:I, s:I, s:I, s:s}", "reachable", now->health.reachable, "used_bytes",
                     (json_int_t)now->health.used_bytes, "limit_bytes", (json_int_t)now->health.limit_bytes,
                     "days_left", (json_int_t)now->days_left, "message", now->health.message);
}

static json_t *log_json(const struct installation *now, struct arena *arena)
{
    struct json_style style = view_style(NULL);
    return json_pack("{s:I, s:I, s:o, s:I, s:I}", "events", (json_int_t)now->events, "kept", (json_int_t)now->kept,
                     "first_at", view_time(now->first_at, &style, arena), "keep_hours",
                     (json_int_t)(now->limits.keep_ms / HOUR_MS), "keep_for_consumers_hours",
                     (json_int_t)(now->limits.keep_for_consumers_ms / HOUR_MS));
}

/* The verdict is the gravest finding; notes leave it good. */
static void add_findings(const struct installation *now, json_t *body)
{
    struct finding findings[FINDINGS_MAX];
    size_t count = installation_findings(now, findings);
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:I}", "level", finding_levels[findings[i].level],
                                              "what", findings[i].what, "subject", findings[i].subject, "number",
                                              (json_int_t)findings[i].number));
    bool good = !count || findings[0].level == FINDING_NOTE;
    json_object_set_new(body, "verdict", json_string(good ? "good" : finding_levels[findings[0].level]));
    json_object_set_new(body, "findings", list);
}

static json_t *oldest_json(struct views *views, const struct installation *now, struct arena *arena)
{
    struct stage_glance oldest = {0};
    for (int s = STAGE_NONE + 1; s < STAGE_COUNT; s++)
        if (now->stages[s].oldest_due && (!oldest.oldest_due || now->stages[s].oldest_due < oldest.oldest_due))
            oldest = now->stages[s];
    return due_json(views, &oldest, arena);
}

struct view_answer view_status(struct views *views, const struct view_request *request)
{
    struct arena *arena = request->arena;
    struct installation now;
    struct json_style style = view_style(NULL);
    if (installation_read(views->store, views->partitions, &views->limits, views->quarantine, arena, &now) != STORE_OK)
        return view_error(503, "the store does not answer", views->store->functions->message(views->store));
    json_t *body = json_object();
    add_findings(&now, body);
    const struct { const char *key; json_t *value; } members[] = {
        {"now", view_time(now.now, &style, arena)},
        {"clock", json_string(words_name(&clock_mode_words, now.clock.mode))},
        {"stages", stages_json(views, &now, arena)},
        {"hosts", hosts_json(&now)},
        {"members", members_json(&now)},
        {"partitions", json_integer(now.partitions)},
        {"events", json_integer((json_int_t)now.events)},
        {"timers", json_integer((json_int_t)now.timers)},
        {"oldest_due", oldest_json(views, &now, arena)},
        {"dead_letters", json_integer((json_int_t)now.dead)},
        {"sending", json_integer((json_int_t)now.sending)},
        {"quarantined", quarantined_json(views->quarantine)},
        {"quarantined_complete", json_boolean(quarantine_is_complete(views->quarantine))},
        {"log", log_json(&now, arena)},
        {"store", store_json(&now)},
        {"channels", channels_json(&now, arena)},
        {"consumers", view_consumers_json(now.consumers, now.consumer_count, arena)},
    };
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        json_object_set_new(body, members[i].key, members[i].value);
    return (struct view_answer){200, body};
}
