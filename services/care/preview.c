#include "preview.h"

#include <assert.h>
#include <string.h>

#include "entity.h"
#include "json.h"
#include "partition.h"
#include "world.h"

enum { CLAIM_MS = 60000 };

struct preview {
    struct client *client;
    const char *site;
    const struct setting_file *setting;
    struct arena *arena;
    const char *message;            /* what went wrong; NULL: nothing */
    json_t *config, *plans;         /* as they stand; owned */
    struct world *world;
    json_t *moves;
};

static const struct core *const cores[] = {&scheduler_core, NULL};

/* -------- reading */

/* NULL with the message set. */
static json_t *read_list(struct preview *preview, const char *path)
{
    struct client_answer answer = client_get(preview->client, path);
    if (answer.status == 200)
        return answer.body;
    preview->message = arena_printf(preview->arena, "%s: %s", path, answer.message);
    json_decref(answer.body);
    return NULL;
}

static json_t *read_of_site(struct preview *preview, const char *path)
{
    return read_list(preview, arena_printf(preview->arena, "%s%csite=%s", path, strchr(path, '?') ? '&' : '?',
                                           url_text(preview->arena, preview->site)));
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static bool step_is_pending(const json_t *step)
{
    return !strcmp(text_of(step, "state"), "pending");
}

/* Has it steps that have not begun? */
static bool plan_waits(const json_t *plan)
{
    size_t i;
    json_t *step;
    json_array_foreach(json_object_get(plan, "steps"), i, step)
        if (step_is_pending(step))
            return true;
    return false;
}

static const json_t *config_of_hash(const struct preview *preview, const char *hash)
{
    size_t i;
    json_t *active;
    json_array_foreach(preview->config, i, active)
        if (!strcmp(text_of(active, "hash"), hash))
            return active;
    return NULL;
}

static struct slice content_of(const json_t *active)
{
    const json_t *content = json_object_get(active, "content");
    return (struct slice){(const uint8_t *)json_string_value(content), json_string_length(content)};
}

/* The playbook of a plan, in force or not. NULL: it is lost. Lives in the arena. */
static const struct playbook *playbook_of(struct preview *preview, const char *hash, struct slice *ret)
{
    struct mistakes none = {.file = hash, .arena = preview->arena};
    const json_t *active = config_of_hash(preview, hash);
    if (active) {
        *ret = content_of(active);
    } else {
        json_t *former = read_of_site(preview, arena_printf(preview->arena, "/v1/config?hash=%s", hash));
        if (!former)
            return NULL;
        struct slice content = content_of(json_array_get(former, 0));
        *ret = (struct slice){arena_copy(preview->arena, content.at, content.bytes), content.bytes};
        json_decref(former);
    }
    return playbook_parse(*ret, preview->arena, &none);
}

/* Does the setting concern this plan? A calendar every one, a playbook those that began with a version of it. */
static bool concerns(struct preview *preview, const json_t *plan)
{
    struct slice content;
    if (!plan_waits(plan))
        return false;
    if (preview->setting->kind == CONFIG_CALENDAR)
        return true;
    const struct playbook *playbook = playbook_of(preview, text_of(plan, "playbook_hash"), &content);
    return playbook && !strcmp(playbook->name, preview->setting->name);
}

static json_t *act_for(const struct preview *preview, const json_t *plan)
{
    return json_pack("{s:s, s:b, s:b}", "plan", text_of(plan, "id"), "anew", 1, "same_version",
                     preview->setting->kind == CONFIG_CALENDAR);
}

/* -------- a world like it */

static void seed(struct preview *preview, enum entity_kind kind, const json_t *records)
{
    struct store *store = world_store(preview->world);
    uint32_t partition = world_partition(preview->world, preview->site);
    struct standing standing;
    size_t i;
    json_t *json;
    enum store_status status = store_claim_one(store, partition, entity_types[kind].stage, "preview", CLAIM_MS, &standing);
    assert(status == STORE_OK);
    json_array_foreach(records, i, json) {
        const struct record *type = entity_types[kind].record;
        void *record = record_new(type, preview->arena);
        struct buffer packed = {0};
        struct fault fault = {0};
        if (!record_from_json(type, json, preview->arena, record, &fault))
            continue;
        entity_pack(kind, text_of(json, "id"), record, &packed);
        struct entity_put put = {.kind = kind, .id = text_of(json, "id"), .version = 1, .packed = buffer_slice(&packed)};
        struct commit commit = {.lease = standing.lease, .from = standing.checkpoint, .to = standing.checkpoint,
                                .puts = &put, .put_count = 1};
        status = store_commit_one(store, &commit);
        assert(status == STORE_OK);
        buffer_free(&packed);
    }
    store_release_one(store, &standing.lease);
}

static void seed_versions(struct preview *preview)
{
    size_t i;
    json_t *plan;
    char hash[65];
    json_array_foreach(preview->plans, i, plan) {
        struct slice content;
        if (!config_of_hash(preview, text_of(plan, "playbook_hash")) &&
            playbook_of(preview, text_of(plan, "playbook_hash"), &content)) {
            content_hash(content, hash);
            world_store(preview->world)->functions->content_put(world_store(preview->world), hash, content);
        }
    }
    preview->message = NULL;                /* a version that is lost leaves its plans as they are, here as there */
}

static bool world_like_it(struct preview *preview)
{
    json_t *clock = read_list(preview, "/v1/clock"), *customers = read_of_site(preview, "/v1/customers");
    json_t *forms = read_of_site(preview, "/v1/forms");
    size_t i;
    json_t *active;
    if (clock && customers && forms) {
        struct world_options options = {.seed = 1, .partitions = 1, .cores = cores,
                                        .start = json_integer_value(json_object_get(clock, "now_ms"))};
        preview->world = world_new(&options);
        seed(preview, ENTITY_CUSTOMER, customers);
        seed(preview, ENTITY_FORM, forms);
        seed(preview, ENTITY_PLAN, preview->plans);
        seed_versions(preview);
        json_array_foreach(preview->config, i, active) {
            enum config_kind kind = (enum config_kind)words_find(&config_kind_words, text_of(active, "kind"));
            world_apply(preview->world, kind, text_of(active, "name"), content_of(active), preview->site);
        }
        world_settle(preview->world);
    }
    json_decref(clock);
    json_decref(customers);
    json_decref(forms);
    return preview->world != NULL;
}

/* -------- what moves */

static json_t *time_told(const struct preview *preview, const struct calendar *calendar, wall_ms at)
{
    return at ? json_string(moment_text(preview->arena, at, calendar_offset_min(calendar, at))) : json_null();
}

static const struct calendar *calendar_then(struct preview *preview)
{
    size_t i;
    json_t *active;
    struct mistakes none = {.file = "", .arena = preview->arena};
    if (preview->setting->kind == CONFIG_CALENDAR)
        return preview->setting->parsed;
    json_array_foreach(preview->config, i, active)
        if (!strcmp(text_of(active, "kind"), "calendar"))
            return calendar_parse(content_of(active), preview->arena, &none);
    return calendar_everyday();
}

static const struct planned_step *step_named(const struct plan *plan, const char *name)
{
    for (size_t i = 0; i < plan->steps.count; i++)
        if (!strcmp(plan->steps.at[i].name, name))
            return &plan->steps.at[i];
    return NULL;
}

static void tell_move(struct preview *preview, const struct plan *plan, const struct planned_step *before,
                      const struct planned_step *after)
{
    const struct calendar *calendar = calendar_then(preview);
    bool over = after->state == STEP_SKIPPED || after->state == STEP_DONE;
    if (!over && after->due_at == before->due_at && after->deadline_at == before->deadline_at)
        return;
    json_array_append_new(
        preview->moves,
        json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:s, s:s, s:s}", "plan", plan->id, "customer", plan->customer, "about",
                  plan->about, "step", before->name, "before_at", time_told(preview, calendar, before->due_at), "due_at",
                  time_told(preview, calendar, over ? 0 : after->due_at), "deadline_at",
                  time_told(preview, calendar, over ? 0 : after->deadline_at), "window", over ? "" : after->window, "why",
                  over ? "" : after->why, "outcome", over ? after->reason : ""));
}

static void compare_plan(struct preview *preview, const char *id, const struct plan *before)
{
    const struct plan *after = world_entity(preview->world, ENTITY_PLAN, id, preview->arena);
    for (size_t i = 0; after && i < before->steps.count; i++) {
        const struct planned_step *step = &before->steps.at[i];
        const struct planned_step *now = step_named(after, step->name);
        if (step->state == STEP_PENDING && now)
            tell_move(preview, after, step, now);
    }
}

/* Acts as preview_acts says, one plan after the other. */
static void move_plans(struct preview *preview)
{
    size_t i;
    json_t *plan;
    json_array_foreach(preview->plans, i, plan) {
        const char *id = text_of(plan, "id");
        const struct plan *before = world_entity(preview->world, ENTITY_PLAN, id, preview->arena);
        if (!before || !concerns(preview, plan))
            continue;
        struct fault fault;
        json_t *event = json_pack("{s:s, s:s, s:s, s:s, s:o}", "type", "plan.adopt", "site", preview->site, "id", id,
                                  "source", "preview", "data", act_for(preview, plan));
        bool taken = world_append_json(preview->world, event, &fault);
        assert(taken);
        json_decref(event);
        world_settle(preview->world);
        compare_plan(preview, id, before);
    }
}

/* -------- rules that come again */

struct coming {
    struct preview *preview;
    json_t *at;                     /* rule to time in ms */
};

static void note_coming(void *context, const char *id, const void *entity)
{
    const struct recurrence *recurrence = entity;
    (void)id;
    json_object_set_new(((struct coming *)context)->at,
                        arena_printf(((struct coming *)context)->preview->arena, "%s.%s", recurrence->playbook, recurrence->rule),
                        json_integer(recurrence->next_at));
}

static json_t *all_coming(struct preview *preview)
{
    struct coming coming = {preview, json_object()};
    world_each_entity(preview->world, ENTITY_RECURRENCE, note_coming, &coming);
    return coming.at;
}

static void compare_coming(struct preview *preview, const json_t *before, json_t *after)
{
    const char *rule;
    json_t *at;
    const struct calendar *calendar = calendar_then(preview);
    json_object_foreach(after, rule, at) {
        const json_t *was = json_object_get(before, rule);
        if (was && json_equal(was, at))
            continue;
        json_array_append_new(preview->moves, json_pack("{s:s, s:o, s:o}", "rule", rule, "before_at",
                                                        time_told(preview, calendar, json_integer_value(was)), "due_at",
                                                        time_told(preview, calendar, json_integer_value(at))));
    }
}

/* -------- the whole */

static bool open_preview(struct preview *preview)
{
    preview->config = read_of_site(preview, "/v1/config");
    preview->plans = preview->config ? read_of_site(preview, "/v1/plans") : NULL;
    return preview->plans != NULL;
}

static void close_preview(struct preview *preview)
{
    json_decref(preview->config);
    json_decref(preview->plans);
    world_free(&preview->world);
}

json_t *preview_moves(struct client *client, const char *site, const struct setting_file *setting, struct arena *arena,
                      const char **ret_message)
{
    struct preview preview = {client, site, setting, arena, NULL, NULL, NULL, NULL, NULL};
    if (open_preview(&preview) && world_like_it(&preview)) {
        preview.moves = json_array();
        json_t *before = all_coming(&preview);
        world_apply(preview.world, (enum config_kind)setting->kind, setting->name, setting->content, site);
        world_settle(preview.world);
        move_plans(&preview);
        json_t *after = all_coming(&preview);
        compare_coming(&preview, before, after);
        json_decref(before);
        json_decref(after);
    }
    close_preview(&preview);
    *ret_message = preview.message;
    return preview.moves;
}

json_t *preview_acts(struct client *client, const char *site, const struct setting_file *setting, struct arena *arena,
                     const char **ret_message)
{
    struct preview preview = {client, site, setting, arena, NULL, NULL, NULL, NULL, NULL};
    json_t *acts = open_preview(&preview) ? json_array() : NULL;
    size_t i;
    json_t *plan;
    json_array_foreach(preview.plans, i, plan)
        if (acts && concerns(&preview, plan))
            json_array_append_new(acts, act_for(&preview, plan));
    close_preview(&preview);
    *ret_message = preview.message;
    return acts;
}
