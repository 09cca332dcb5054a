#include "scenario_state.h"

#include <stdlib.h>
#include <string.h>

#include "json.h"

enum { DIFFERENCES_MAX = 200 };

static const struct state_kind {
    const char *name;
    enum entity_kind kind;
    const char *path;
} kinds[] = {
    {"plan", ENTITY_PLAN, "/v1/plans"},     {"task", ENTITY_TASK, "/v1/tasks"},
    {"form", ENTITY_FORM, "/v1/forms"},     {"case", ENTITY_CASE, "/v1/cases"},
    {"notice", ENTITY_NOTICE, "/v1/notices"}, {"customer", ENTITY_CUSTOMER, "/v1/customers"},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

/* -------- one way to say it */

static bool is_empty(const json_t *value)
{
    return json_is_null(value) || json_is_false(value) || (json_is_string(value) && !json_string_length(value)) ||
           (json_is_integer(value) && !json_integer_value(value)) ||
           (json_is_array(value) && !json_array_size(value)) || (json_is_object(value) && !json_object_size(value));
}

/* A new reference. */
static json_t *plain(const json_t *value, struct arena *arena)
{
    const char *key;
    json_t *member, *to;
    size_t i;
    wall_ms at;
    if (json_is_string(value) && moment_parse(json_string_value(value), &at))
        return json_string(moment_text(arena, at, 0));
    if (json_is_array(value)) {
        to = json_array();
        json_array_foreach(value, i, member)
            json_array_append_new(to, plain(member, arena));
        return to;
    }
    if (!json_is_object(value))
        return json_deep_copy(value);
    to = json_object();
    json_object_foreach((json_t *)(uintptr_t)value, key, member)
        if (!is_empty(member))
            json_object_set_new(to, key, plain(member, arena));
    return to;
}

/* An id that has the digest of an event's id in it, as .7ffb6f1459d2. does: with the time instead. */
static const char *steady_id(const json_t *record, struct arena *arena)
{
    enum { DIGITS = 12 };
    const char *id = json_string_value(json_object_get(record, "id"));
    const char *asked_at = json_string_value(json_object_get(record, "asked_at"));
    for (const char *at = id ? strchr(id, '.') : NULL; at && asked_at; at = strchr(at + 1, '.'))
        if (strspn(at + 1, "0123456789abcdef") == DIGITS && at[1 + DIGITS] == '.')
            return arena_printf(arena, "%.*s.%s%s", (int)(at - id), id, asked_at, at + 1 + DIGITS);
    return arena_string(arena, id ? id : "");
}

/* Two that are called alike are told apart by their number. */
static const char *free_key(const json_t *state, const char *kind, const char *id, struct arena *arena)
{
    const char *key = arena_printf(arena, "%s %s", kind, id);
    for (int number = 2; json_object_get(state, key); number++)
        key = arena_printf(arena, "%s %s, number %d", kind, id, number);
    return key;
}

/* What lists show of others beside it, such as the customer's name, is no part of it; what is sealed they leave out. */
static void keep_own_fields(json_t *told, const struct record *record)
{
    const char *key;
    json_t *value;
    void *next;
    json_object_foreach_safe(told, next, key, value)
        if (!record_field(record, key) || record_field(record, key)->kind == FIELD_BYTES)
            json_object_del(told, key);
}

/* Takes the record over. */
static void state_add(json_t *state, const struct state_kind *kind, json_t *record)
{
    struct arena *arena = arena_new();
    json_t *told = plain(record, arena);
    keep_own_fields(told, entity_types[kind->kind].record);
    json_object_del(told, "cause");         /* ids of events are random or counted */
    json_object_del(json_object_get(told, "variables"), "detail");      /* a server's own words, of a message that followed one */
    const char *id = steady_id(told, arena);
    json_object_del(told, "id");
    json_object_set_new(state, free_key(state, kind->name, id, arena), told);
    json_decref(record);
    arena_free(&arena);
}

/* -------- what was answered and has no list: a workshop's days, refused acts */

static bool is_told(const char *type)
{
    return !strcmp(type, "act.refused") || (!strncmp(type, "workshop.", 9) && event_types[event_number(type)].class > STAGE_NONE &&
                                            event_types[event_number(type)].class < STAGE_COUNT);
}

/* Takes `data` over. */
static void state_add_event(json_t *state, const char *type, const char *time, json_t *data)
{
    struct arena *arena = arena_new();
    json_object_set_new(state, free_key(state, type, time, arena), plain(data, arena));
    json_decref(data);
    arena_free(&arena);
}

void state_add_seen(json_t *state, const struct event *event, const void *data)
{
    static const struct json_style style;
    struct arena *arena = arena_new();
    if (is_told(event->type))
        state_add_event(state, event->type, moment_text(arena, event->time, 0),
                        record_to_json(event_types[event->number].data, data, &style));
    arena_free(&arena);
}

static bool add_log(json_t *state, struct client *client, const char *site, struct arena *arena, const char **ret_message)
{
    size_t i;
    json_t *event;
    wall_ms at = 0;
    const char *path = arena_printf(arena, "/v1/events?site=%s&from=start&limit=100000", url_text(arena, site));
    struct client_answer answer = client_get(client, path);
    *ret_message = arena_printf(arena, "%s: %s", path, answer.message);
    json_array_foreach(json_object_get(answer.body, "events"), i, event) {
        const char *type = json_string_value(json_object_get(event, "type"));
        const char *time = json_string_value(json_object_get(event, "time"));
        if (type && time && is_told(type) && moment_parse(time, &at))
            state_add_event(state, type, moment_text(arena, at, 0), json_incref(json_object_get(event, "data")));
    }
    json_decref(answer.body);
    return answer.status == 200;
}

/* -------- in memory */

struct gathering {
    json_t *state;
    const struct state_kind *kind;
    const char *site;
};

static void gather(void *context, const char *id, const void *entity)
{
    struct gathering *gathering = context;
    static const struct json_style style;
    size_t bytes = strlen(gathering->site);
    if (entity && !strncmp(id, gathering->site, bytes) && id[bytes] == '/')
        state_add(gathering->state, gathering->kind,
                  record_to_json(entity_types[gathering->kind->kind].record, entity, &style));
}

void state_add_world(json_t *state, struct world *world, const char *site)
{
    struct gathering gathering = {.state = state, .site = site};
    for (size_t i = 0; i < KINDS; i++) {
        gathering.kind = &kinds[i];
        world_each_entity(world, kinds[i].kind, gather, &gathering);
    }
}

/* -------- in a running system */

static bool add_list(json_t *state, struct client *client, const struct state_kind *kind, const char *site,
                     struct arena *arena, const char **ret_message)
{
    size_t i;
    json_t *record;
    const char *path = arena_printf(arena, "%s?site=%s&state=all", kind->path, url_text(arena, site));
    struct client_answer answer = client_get(client, path);
    *ret_message = arena_printf(arena, "%s: %s", path, answer.message);
    json_array_foreach(answer.body, i, record)
        state_add(state, kind, json_incref(record));
    json_decref(answer.body);
    return answer.status == 200;
}

json_t *state_of_system(struct client *client, const char *site, struct arena *arena, const char **ret_message)
{
    json_t *state = json_object();
    bool good = add_log(state, client, site, arena, ret_message);
    for (size_t i = 0; i < KINDS && good; i++)
        good = add_list(state, client, &kinds[i], site, arena, ret_message);
    if (!good)
        json_decref(state);
    return good ? state : NULL;
}

/* -------- comparing */

struct comparing {
    struct arena *arena;
    struct texts lines;
};

static const char *shown(const json_t *value, struct arena *arena)
{
    enum { SHOWN_BYTES_MAX = 160 };
    if (!value)
        return "nothing";
    char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
    const char *copy = arena_printf(arena, "%.*s", SHOWN_BYTES_MAX, text ? text : "?");
    free(text);
    return copy;
}

static void compare(struct comparing *to, const char *where, const json_t *simulated, const json_t *live);

static void compare_objects(struct comparing *to, const char *where, const json_t *simulated, const json_t *live)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)simulated, key, value)
        compare(to, arena_printf(to->arena, "%s%s%s", where, *where ? ": " : "", key), value,
                json_object_get(live, key));
    json_object_foreach((json_t *)(uintptr_t)live, key, value)
        if (!json_object_get(simulated, key))
            compare(to, arena_printf(to->arena, "%s%s%s", where, *where ? ": " : "", key), NULL, value);
}

/* A message to somebody whose record another stage is just writing is tried again a second later, or two. */
static bool is_just_later(const char *where, const json_t *simulated, const json_t *live)
{
    enum { LATER_MS_MAX = 2000 };
    static const char attempt[] = ": attempt_at";
    size_t bytes = strlen(where);
    wall_ms before, after;
    return bytes > sizeof attempt && !strcmp(where + bytes - (sizeof attempt - 1), attempt) && json_is_string(simulated) &&
           json_is_string(live) && moment_parse(json_string_value(simulated), &before) &&
           moment_parse(json_string_value(live), &after) && after >= before && after <= before + LATER_MS_MAX;
}

static void compare(struct comparing *to, const char *where, const json_t *simulated, const json_t *live)
{
    size_t longer = json_array_size(simulated) > json_array_size(live) ? json_array_size(simulated)
                                                                       : json_array_size(live);
    if ((simulated && live && json_equal(simulated, live)) || is_just_later(where, simulated, live))
        return;
    if (json_is_object(simulated) && json_is_object(live))
        compare_objects(to, where, simulated, live);
    else if (json_is_array(simulated) && json_is_array(live))
        for (size_t i = 0; i < longer; i++)
            compare(to, arena_printf(to->arena, "%s[%zu]", where, i), json_array_get(simulated, i),
                    json_array_get(live, i));
    else if (to->lines.count < DIFFERENCES_MAX)
        to->lines.at[to->lines.count++] = arena_printf(to->arena, "%s: simulated %s, live %s", where,
                                                       shown(simulated, to->arena), shown(live, to->arena));
}

struct texts state_differences(const json_t *simulated, const json_t *live, struct arena *arena)
{
    struct comparing comparing = {arena, {arena_alloc(arena, DIFFERENCES_MAX * sizeof(char *)), 0}};
    compare(&comparing, "", simulated, live);
    return comparing.lines;
}
