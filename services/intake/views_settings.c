#include <string.h>

#include "clock_master.h"
#include "clock_record.h"
#include "views.h"

/* -------- contents */

static bool parses(int kind, struct slice yaml, struct arena *arena, struct mistakes *mistakes)
{
    switch (kind) {
    case CONFIG_PLAYBOOK: return playbook_parse(yaml, arena, mistakes) != NULL;
    case CONFIG_CALENDAR: return calendar_parse(yaml, arena, mistakes) != NULL;
    case CONFIG_TEMPLATES: return templates_parse(yaml, arena, mistakes) != NULL;
    case CONFIG_STAFF: return staff_parse(yaml, arena, mistakes) != NULL;
    case CONFIG_WORKSHOP: return workshop_parse(yaml, arena, mistakes) != NULL;
    default: return false;
    }
}

static struct view_answer mistakes_answer(const struct mistakes *mistakes)
{
    json_t *lines = json_array();
    for (size_t i = 0; i < mistakes->count && i < 200; i++)
        json_array_append_new(lines, json_string(mistakes->lines[i]));
    return (struct view_answer){422, json_pack("{s:s, s:s, s:o}", "error", "it has mistakes; nothing was stored",
                                               "hint", mistakes->count ? mistakes->lines[0] : "", "mistakes", lines)};
}

struct view_answer view_contents_put(struct views *views, const struct view_request *request)
{
    const char *kind_text = json_string_value(json_object_get(request->body, "kind"));
    const char *name = json_string_value(json_object_get(request->body, "name"));
    const json_t *content = json_object_get(request->body, "content");
    int kind = kind_text ? words_find(&config_kind_words, kind_text) : -1;
    if (kind <= 0 || !name || !json_is_string(content))
        return view_error(400, "kind, name and content are needed", "kind: playbook, calendar, templates, staff or workshop");
    struct slice yaml = {(const uint8_t *)json_string_value(content), json_string_length(content)};
    struct mistakes mistakes = {.file = name, .arena = request->arena};
    char hash[65];
    if (!parses(kind, yaml, request->arena, &mistakes))
        return mistakes_answer(&mistakes);
    content_hash(yaml, hash);
    enum store_status status = views->store->functions->content_put(views->store, hash, yaml);
    if (status != STORE_OK)
        return view_error(503, store_status_text(status), views->store->functions->message(views->store));
    return (struct view_answer){200, json_pack("{s:s, s:s, s:s}", "kind", kind_text, "name", name, "hash", hash)};
}

/* -------- time */

static json_t *participants_json(struct views *views, const struct view_request *request)
{
    struct participant_list list = {0};
    json_t *array = json_array();
    if (participants_read(views->store, request->arena, &list) == STORE_OK)
        for (size_t i = 0; i < list.count; i++)
            json_array_append_new(array, json_pack("{s:s, s:I}", "name", list.at[i].name, "wake_at",
                                                   (json_int_t)list.at[i].wake_at));
    return array;
}

/* Has every stage worked all that has happened in the argument's site, with nothing due and nothing being sent? */
static void add_rest(struct views *views, const struct view_request *request, wall_ms now, json_t *to)
{
    uint32_t partition;
    struct partition_view view;
    view_partitions(views, request, &partition);
    if (views->store->functions->view(views->store, &partition, 1, &view) == STORE_OK)
        json_object_set_new(to, "at_rest", json_boolean(partition_verdict(&view, now) == MASTER_STEP));
}

struct view_answer view_clock(struct views *views, const struct view_request *request)
{
    struct clock_record record;
    struct slice packed;
    wall_ms real = 0;
    if (clock_record_read(views->store, request->arena, &record, &packed) != STORE_OK ||
        (record.mode != CLOCK_STEPPED && views->store->functions->now(views->store, &real) != STORE_OK))
        return view_error(503, "the store does not answer", views->store->functions->message(views->store));
    wall_ms now = clock_record_now(&record, real);
    json_t *body = json_pack("{s:s, s:I, s:s, s:I}", "mode", words_name(&clock_mode_words, record.mode), "now_ms",
                             (json_int_t)now, "now", moment_text(request->arena, now, 0), "speed",
                             (json_int_t)record.speed);
    if (!request->argument(request->context, "until"))      /* who waits only wants the time */
        json_object_set_new(body, "participants", participants_json(views, request));
    if (request->argument(request->context, "site"))
        add_rest(views, request, now, body);
    return (struct view_answer){200, body};
}

struct view_answer view_clock_park(struct views *views, const struct view_request *request)
{
    enum { TTL_MS = 30000 };        /* of real time: one that says nothing for so long holds time up no longer */
    const char *name = json_string_value(json_object_get(request->body, "name"));
    wall_ms wake_at = json_integer_value(json_object_get(request->body, "wake_at"));
    const char *wake_text = json_string_value(json_object_get(request->body, "wake_at"));
    if (!name || !name_is_plain(name) || (wake_text && !moment_parse(wake_text, &wake_at)))
        return view_error(400, "name and wake_at are needed", "wake_at: RFC 3339 or milliseconds");
    enum store_status status;
    if (json_is_true(json_object_get(request->body, "leave")))
        status = participant_leave(views->store, name);
    else if (wake_at)
        status = participant_park(views->store, name, wake_at, TTL_MS);
    else
        status = participant_busy(views->store, name, TTL_MS);
    if (status != STORE_OK)
        return view_error(503, store_status_text(status), views->store->functions->message(views->store));
    return view_clock(views, request);
}

/* -------- what is in force */

static bool wanted(const struct active_config *active, const struct view_request *request)
{
    const char *kind = request->argument(request->context, "kind"), *name = request->argument(request->context, "name");
    return (!kind || strcmp(words_name(&config_kind_words, active->kind), kind) == 0) &&
           (!name || strcmp(active->name, name) == 0);
}

/* A version that is in force no more, which plans may still go on by. */
static struct view_answer former_version(struct views *views, const char *hash, struct arena *arena)
{
    struct slice content = {0};
    if (views->store->functions->content_get(views->store, hash, arena, &content) != STORE_OK || !content.at)
        return view_error(404, "there is no such version", "as plans and cases name theirs: playbook_hash");
    return (struct view_answer){200, json_pack("[{s:s, s:s%}]", "hash", hash, "content", (const char *)content.at,
                                               content.bytes)};
}

/* What waits to be released. */
static struct view_answer proposals(const struct site_config *config)
{
    json_t *list = json_array();
    for (size_t i = 0; i < config->proposed.count; i++) {
        const struct proposed_config *at = &config->proposed.at[i];
        json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s}", "kind", words_name(&config_kind_words, at->kind),
                                              "name", at->name, "hash", at->hash, "by", at->by));
    }
    return (struct view_answer){200, list};
}

struct view_answer view_config(struct views *views, const struct view_request *request)
{
    const char *site_id = request->argument(request->context, "site");
    if (!site_id || !request->may_see(request->context, site_id))
        return view_error(400, "which site?", "give ?site=NAME");
    const struct site *site = view_site(views, site_id, request->arena);
    if (!site || !site->config)
        return view_error(404, "no such site is set up", "care apply --site NAME PATH sets one up");
    if (request->argument(request->context, "hash"))
        return former_version(views, request->argument(request->context, "hash"), request->arena);
    if (request->argument(request->context, "proposed"))
        return proposals(site->config);
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
