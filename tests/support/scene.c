#include "support/scene.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "log.h"

enum { ZONE_MIN = 8 * 60 };

static const char *const calendar =
    "calendar: s1\n"
    "zone: Asia/Shanghai\n"
    "business: { mon-fri: [09:00-18:00] }\n"
    "windows: {}\n";

static const wall_ms start = 1772413200000;     /* 2026-03-02 09:00 there */

/* -------- times and values as texts */

static const char *time_text(struct arena *arena, wall_ms at)
{
    if (!at)
        return "";
    const char *text = moment_text(arena, at, ZONE_MIN);
    const char *seconds = strcmp(text + 16, ":00.000+08:00") ? text + 16 : "";
    return arena_printf(arena, "%.10s %.5s%.*s", text, text + 11, (int)strcspn(seconds, "+"), seconds);
}

static int zone_min(void *context, wall_ms at)
{
    (void)context;
    (void)at;
    return ZONE_MIN;
}

static const struct json_style style = {.offset_minutes = zone_min, .empty_fields = true};

static const char *value_text(struct arena *arena, const json_t *value)
{
    const char *text = json_string_value(value);
    wall_ms at;
    if (text && strlen(text) == 29 && moment_parse(text, &at))
        return time_text(arena, at);
    if (text)
        return arena_string(arena, text);
    if (json_is_integer(value))
        return arena_printf(arena, "%lld", (long long)json_integer_value(value));
    if (json_is_boolean(value))
        return json_is_true(value) ? "yes" : "no";
    if (!value || json_is_null(value))
        return "";
    char *dumped = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    const char *copy = arena_string(arena, dumped);
    free(dumped);
    return copy;
}

/* -------- watching and answering */

static json_t *data_json(const struct event *event, struct arena *arena)
{
    struct fault fault;
    const void *data = event_data(event, (struct slice){0}, arena, &fault);
    return data ? record_to_json(event_types[event->number].data, data, &style) : json_object();
}

static void seen(void *context, const struct place *place, const struct event *event)
{
    struct scene *scene = context;
    (void)place;
    assert_true(scene->event_count < SCENE_EVENTS_MAX);
    scene->events[scene->event_count++] = (struct scene_event){
        .type = arena_string(scene->arena, event->type), .time = time_text(scene->arena, event->time),
        .subject = arena_string(scene->arena, event->subject), .customer = arena_string(scene->arena, event->customer),
        .role = arena_string(scene->arena, event->role), .data = data_json(event, scene->arena)};
}

static enum send_result answer(void *context, const struct send_order *order, const char **ret_detail)
{
    struct scene *scene = context;
    *ret_detail = "as told";
    if (scene->order_count < SCENE_ANSWERS_MAX)
        snprintf(scene->orders[scene->order_count++], sizeof scene->orders[0], "%s",
                 words_name(&notice_channel_words, order->channel));
    return scene->answered < scene->answer_count ? scene->answers[scene->answered++] : SEND_ACCEPTED;
}

/* -------- beginning and end */

void scene_apply(struct scene *scene, enum config_kind kind, const char *yaml)
{
    if (yaml)
        world_apply(scene->world, kind, "s1", (struct slice){(const uint8_t *)yaml, strlen(yaml)}, "s1");
    world_settle(scene->world);
}

static void check_playbook(const char *yaml)
{
    struct arena *arena = arena_new();
    struct mistakes mistakes = {.file = "playbook", .arena = arena};
    struct playbook *playbook = playbook_parse((struct slice){(const uint8_t *)yaml, strlen(yaml)}, arena, &mistakes);
    for (size_t i = 0; i < mistakes.count; i++)
        print_error("%s\n", mistakes.lines[i]);
    assert_non_null(playbook);
    arena_free(&arena);
}

struct scene *scene_new(const struct core *const *cores, const char *playbook, const char *staff, const char *templates)
{
    struct scene *scene = calloc(1, sizeof *scene);
    scene->arena = arena_new();
    log_start("scene", LEVEL_WARN);
    if (playbook)
        check_playbook(playbook);
    scene->world = world_new(&(struct world_options){
        .seed = 7, .start = start, .cores = cores, .seen = seen, .answer = answer, .context = scene});
    scene_apply(scene, CONFIG_CALENDAR, calendar);
    scene_apply(scene, CONFIG_STAFF, staff);
    scene_apply(scene, CONFIG_TEMPLATES, templates);
    scene_apply(scene, CONFIG_PLAYBOOK, playbook);
    return scene;
}

void scene_free(struct scene **scene)
{
    for (size_t i = 0; i < (*scene)->event_count; i++)
        json_decref((*scene)->events[i].data);
    world_free(&(*scene)->world);
    arena_free(&(*scene)->arena);
    free(*scene);
    *scene = NULL;
}

/* -------- what happens */

static wall_ms time_parse(const char *text)
{
    char whole[40];
    wall_ms at = 0;
    snprintf(whole, sizeof whole, "%.10sT%.5s:00.000+08:00", text, text + 11);
    assert_true(moment_parse(whole, &at));
    return at;
}

void scene_post(struct scene *scene, const char *format, ...)
{
    char inner[4096], text[4200];
    struct fault fault = {0};
    json_error_t error;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(inner, sizeof inner, format, arguments);
    va_end(arguments);
    snprintf(text, sizeof text, "{\"site\":\"s1\",%s}", inner);
    json_t *json = json_loads(text, 0, &error);
    if (!json)
        fail_msg("no JSON: %s in %s", error.text, text);
    if (!world_append_json(scene->world, json, &fault))
        fail_msg("no event: %s: %s in %s", fault.field, fault.what, text);
    json_decref(json);
    world_settle(scene->world);
}

void scene_until(struct scene *scene, const char *time)
{
    world_run_until(scene->world, time_parse(time));
}

/* -------- what came of it */

size_t scene_count(const struct scene *scene, const char *type)
{
    size_t count = 0;
    for (size_t i = 0; i < scene->event_count; i++)
        count += !strcmp(scene->events[i].type, type);
    return count;
}

static const char *event_field(struct scene *scene, const struct scene_event *event, const char *field)
{
    if (!strcmp(field, "time"))
        return event->time;
    if (!strcmp(field, "subject"))
        return event->subject;
    if (!strcmp(field, "customer"))
        return event->customer;
    return value_text(scene->arena, json_object_get(event->data, field));
}

const char *scene_nth(struct scene *scene, const char *type, size_t n, const char *field)
{
    for (size_t i = 0; i < scene->event_count; i++)
        if (!strcmp(scene->events[i].type, type) && n-- == 0)
            return event_field(scene, &scene->events[i], field);
    return "";
}

const char *scene_last(struct scene *scene, const char *type, const char *field)
{
    size_t count = scene_count(scene, type);
    return count ? scene_nth(scene, type, count - 1, field) : "";
}

static json_t *member(json_t *of, const char *name)
{
    size_t i;
    json_t *each;
    if (json_is_object(of))
        return json_object_get(of, name);
    json_array_foreach(of, i, each) {
        const char *own = json_string_value(json_object_get(each, "name"));
        if (own && !strcmp(own, name))
            return each;
    }
    return NULL;
}

const char *scene_field(struct scene *scene, enum entity_kind kind, const char *id, const char *path)
{
    const void *entity = world_entity(scene->world, kind, id, scene->arena);
    char copy[128], *rest = copy;
    if (!entity)
        return "";
    json_t *json = record_to_json(entity_types[kind].record, entity, &style), *at = json;
    snprintf(copy, sizeof copy, "%s", path);
    for (char *name; at && (name = strsep(&rest, "."));)
        at = member(at, name);
    const char *text = value_text(scene->arena, at);
    json_decref(json);
    return text;
}

const char *scene_queue(struct scene *scene, const char *prefix)
{
    struct texts members = world_queue(scene->world, "s1", prefix, scene->arena);
    const char *joined = "";
    for (size_t i = 0; i < members.count; i++)
        joined = arena_printf(scene->arena, "%s%s%s", joined, i ? " " : "", members.at[i]);
    return joined;
}
