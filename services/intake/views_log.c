#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "partition.h"
#include "views.h"
#include "yaml.h"

/* -------- events as JSON */

static void set_text(json_t *to, const char *name, const char *text)
{
    if (text && *text)
        json_object_set_new(to, name, json_string(text));
}

static void set_time(json_t *to, const char *name, wall_ms at, const struct json_style *style, struct arena *arena)
{
    if (at)
        set_text(to, name, moment_text(arena, at, style->offset_minutes(style->context, at)));
}

static json_t *data_json(const struct event *event, const struct json_style *style, struct arena *arena)
{
    struct fault fault;
    struct json_style brief = *style;
    brief.empty_fields = false;
    const void *data = event->number ? event_data(event, (struct slice){0}, arena, &fault) : NULL;
    return data ? record_to_json(event_types[event->number].data, data, &brief) : packed_to_json(event->data);
}

json_t *view_event_json(const struct entry *entry, const struct event *event, const struct site *site,
                        struct arena *arena)
{
    struct json_style style = view_style(site);
    json_t *object = json_pack("{s:I, s:I, s:s, s:s, s:s, s:s}", "partition", (json_int_t)entry->place.partition, "seq",
                               (json_int_t)entry->place.seq, "chain_id",
                               arena_printf(arena, "%016llx", (unsigned long long)entry->place.id), "id", event->id,
                               "source", event->source, "type", event->type);
    set_time(object, "time", event->time, &style, arena);
    set_time(object, "occurred_at", event->occurred_at, &style, arena);
    set_time(object, "received_at", event->received_at, &style, arena);
    set_text(object, "site", event->site);
    set_text(object, "customer", event->customer);
    set_text(object, "subject", event->subject);
    set_text(object, "case", event->case_id);
    set_text(object, "actor", event->actor);
    set_text(object, "role", event->role);
    set_text(object, "cause", event->cause);
    if (event->cause_seq)
        json_object_set_new(object, "cause_seq", json_integer(event->cause_seq));
    json_object_set_new(object, "data", data_json(event, &style, arena));
    return object;
}

/* -------- the log, page by page */

/* A cursor reads "partition:next seq,…" of the partitions that have events; a bare number is the seq of the only one. */
static void parse_cursor(const char *from, uint64_t *next, uint32_t first, uint32_t count)
{
    unsigned partition;
    unsigned long long seq;
    int used;
    if (from && count == 1 && !strchr(from, ':')) {
        next[first] = strtoull(from, NULL, 10);
        return;
    }
    while (from && sscanf(from, "%u:%llu%n", &partition, &seq, &used) == 2) {
        if (partition >= first && partition < first + count)
            next[partition] = seq;
        from += used;
        from += *from == ',';
    }
}

static const char *next_text(const uint64_t *next, uint32_t first, uint32_t count, struct arena *arena)
{
    struct buffer text = {0};
    for (uint32_t p = first; p < first + count; p++)
        if (next[p] > 1)
            buffer_printf(&text, "%s%u:%llu", text.bytes ? "," : "", p, (unsigned long long)next[p]);
    const char *copy = arena_string(arena, buffer_text(&text));
    buffer_free(&text);
    return copy;
}

json_t *view_entry_json(const struct views *views, const struct entry *entry, struct arena *arena)
{
    struct event event;
    struct fault fault;
    if (!event_unpack(entry->packed, arena, &event, &fault))
        return NULL;
    return view_event_json(entry, &event, view_site(views, event.site, arena), arena);
}

struct page {
    struct views *views;
    const struct view_request *request;
    const char *type;
    json_t *events;
    size_t limit;
    uint64_t *next;
    const char *site_id;
    const struct site *site;
};

static void page_add(struct page *page, const struct entry *entry)
{
    struct arena *arena = page->request->arena;
    struct event event;
    struct fault fault;
    const char *site = page->request->argument(page->request->context, "site");
    if (!event_unpack(entry->packed, arena, &event, &fault) ||
        !page->request->may_see(page->request->context, event.site) ||
        (page->type && strcmp(page->type, event.type) != 0) || (site && strcmp(site, event.site) != 0))
        return;
    if (!page->site_id || strcmp(page->site_id, event.site) != 0) {
        page->site_id = event.site;
        page->site = view_site(page->views, event.site, arena);
    }
    json_array_append_new(page->events, view_event_json(entry, &event, page->site, arena));
}

static bool page_read(struct page *page, uint32_t partition)
{
    struct store *store = page->views->store;
    while (json_array_size(page->events) < page->limit) {
        struct entry_list entries = {0};
        size_t want = page->limit - json_array_size(page->events);
        if (store_read_log_one(store, partition, page->next[partition], want < READ_MAX ? want : READ_MAX,
                                       page->request->arena, &entries) != STORE_OK)
            return false;
        for (size_t i = 0; i < entries.count; i++)
            page_add(page, &entries.at[i]);
        if (!entries.count)
            return true;
        page->next[partition] = entries.at[entries.count - 1].place.seq + 1;
    }
    return true;
}

static struct view_answer unknown_type(const char *type, struct arena *arena)
{
    const char *names[EVENT_COUNT] = {NULL};
    for (int i = EVENT_UNKNOWN + 1, count = 0; i < EVENT_COUNT; i++)
        names[count++] = event_types[i].name;
    const char *near = nearest_name(type, names);
    struct view_answer answer = view_error(400, "is not known", near ? arena_printf(arena, "did you mean %s?", near)
                                                                     : "proto/EVENTS.md lists the types");
    json_object_set_new(answer.body, "field", json_string("type"));
    return answer;
}

struct view_answer view_events(struct views *views, const struct view_request *request)
{
    struct arena *arena = request->arena;
    const char *type = request->argument(request->context, "type");
    if (type && event_number(type) == EVENT_UNKNOWN)
        return unknown_type(type, arena);
    uint32_t first, count = view_partitions(views, request, &first);
    uint32_t *numbers = arena_alloc(arena, count * sizeof *numbers);
    struct partition_view *heads = arena_alloc(arena, count * sizeof *heads);
    uint64_t *next = arena_alloc(arena, views->partitions * sizeof *next);
    const char *from = request->argument(request->context, "from");
    for (uint32_t i = 0; i < count; i++)
        numbers[i] = first + i;
    if (views->store->functions->view(views->store, numbers, count, heads) != STORE_OK)
        return view_error(503, "the store does not answer", views->store->functions->message(views->store));
    bool now = from && strcmp(from, "now") == 0;
    for (uint32_t i = 0; i < count; i++)
        next[first + i] = now ? heads[i].head.seq + 1 : 1;
    if (!now && from && strcmp(from, "start") != 0)
        parse_cursor(from, next, first, count);
    struct page page = {views, request, type, json_array(),
                        (size_t)view_number(request, "limit", VIEW_LIMIT_DEFAULT, VIEW_LIMIT_MAX), next, NULL, NULL};
    for (uint32_t i = 0; i < count; i++)
        if (heads[i].head.seq >= next[first + i] && !page_read(&page, first + i))
            break;
    return (struct view_answer){200, json_pack("{s:o, s:s}", "events", page.events, "next",
                                               next_text(next, first, count, arena))};
}
