#include <stdlib.h>
#include <string.h>

#include "cursor.h"
#include "partition.h"
#include "views.h"

/* What led to what, and the whole file of a case: both are one partition's log, read from its beginning. */

/* -------- what led to what */

struct chain {
    struct entry_list entries;
    struct event *events;
    bool *shown;
    size_t room;
};

static bool chain_read(struct views *views, const struct view_request *request, uint32_t partition, struct chain *chain)
{
    uint64_t from = 1;
    for (;;) {
        struct entry_list page = {0};
        if (store_read_log_one(views->store, partition, from, READ_MAX, request->arena, &page) !=
            STORE_OK)
            return false;
        if (!page.count)
            break;
        if (chain->entries.count + page.count > chain->room) {
            chain->room = 2 * chain->room + READ_MAX;
            chain->entries.at = realloc(chain->entries.at, chain->room * sizeof *chain->entries.at);
        }
        memcpy(chain->entries.at + chain->entries.count, page.at, page.count * sizeof *page.at);
        chain->entries.count += page.count;
        from = page.at[page.count - 1].place.seq + 1;
    }
    chain->events = calloc(chain->entries.count + 1, sizeof *chain->events);
    chain->shown = calloc(chain->entries.count + 1, sizeof *chain->shown);
    struct fault fault;
    for (size_t i = 0; i < chain->entries.count; i++)
        if (!event_unpack(chain->entries.at[i].packed, request->arena, &chain->events[i], &fault))
            chain->events[i] = (struct event){.id = "", .type = "", .site = "", .source = ""};
    return true;
}

static void chain_free(struct chain *chain)
{
    free(chain->entries.at);
    free(chain->events);
    free(chain->shown);
}

/* The id, or it with its site before it. */
static bool is_id(struct slice text, const char *id)
{
    size_t bytes = strlen(id);
    return slice_is(text, id) || (text.bytes > bytes && text.at[text.bytes - bytes - 1] == '/' &&
                                  !memcmp(text.at + text.bytes - bytes, id, bytes));
}

/* Does the event's data name this id in any of its texts? */
static bool event_names(const struct event *event, const char *id)
{
    struct cursor cursor = cursor_over(event->data);
    size_t pairs;
    struct slice key, text;
    if (!cursor_map(&cursor, &pairs))
        return false;
    while (pairs--) {
        cursor_skip(&cursor, &key);
        if (cursor_text(&cursor, &text)) {
            if (is_id(text, id))
                return true;
        } else {
            cursor_skip(&cursor, &text);
        }
    }
    return false;
}

static size_t chain_index(const struct chain *chain, int64_t seq)
{
    uint64_t first = chain->entries.count ? chain->entries.at[0].place.seq : 0;
    bool there = seq > 0 && (uint64_t)seq >= first && (uint64_t)seq < first + chain->entries.count;
    return there ? (size_t)((uint64_t)seq - first) : SIZE_MAX;
}

static void chain_mark(struct chain *chain, const char *id)
{
    for (size_t i = 0; i < chain->entries.count; i++)
        chain->shown[i] = strcmp(chain->events[i].id, id) == 0 || event_names(&chain->events[i], id);
    for (size_t i = 0; i < chain->entries.count; i++) {         /* what they led to */
        size_t cause = chain_index(chain, chain->events[i].cause_seq);
        chain->shown[i] |= cause < i && chain->shown[cause];
    }
    for (size_t i = chain->entries.count; i-- > 0;) {           /* what led to them */
        size_t cause = chain_index(chain, chain->events[i].cause_seq);
        if (chain->shown[i] && cause != SIZE_MAX)
            chain->shown[cause] = true;
    }
}

static size_t chain_depth(const struct chain *chain, size_t at)
{
    size_t depth = 0;
    for (size_t cause = chain_index(chain, chain->events[at].cause_seq); cause != SIZE_MAX && depth < 64;
         cause = chain_index(chain, chain->events[cause].cause_seq))
        depth++;
    return depth;
}

struct view_answer view_trace(struct views *views, const struct view_request *request)
{
    const char *site = request->argument(request->context, "site");
    if (!*request->rest)
        return view_error(400, "which one? /v1/trace/ID", "an event's id, or that of a task, case, plan or notice");
    if (!site && strchr(request->rest, '/'))
        site = arena_text(request->arena, request->rest, strcspn(request->rest, "/"));
    uint32_t first = site ? partition_of_site(site, views->partitions) : 0;
    uint32_t count = site ? 1 : views->partitions;
    json_t *shown = json_array();
    for (uint32_t p = first; p < first + count; p++) {
        struct chain chain = {0};
        if (chain_read(views, request, p, &chain))
            chain_mark(&chain, request->rest);
        for (size_t i = 0; i < chain.entries.count; i++)
            if (chain.shown[i] && request->may_see(request->context, chain.events[i].site)) {
                const struct site *at = view_site(views, chain.events[i].site, request->arena);
                json_t *event = view_event_json(&chain.entries.at[i], &chain.events[i], at, request->arena);
                json_object_set_new(event, "level", json_integer((json_int_t)chain_depth(&chain, i)));
                json_array_append_new(shown, event);
            }
        chain_free(&chain);
    }
    return (struct view_answer){200, shown};
}

/* -------- the file of a case */

/* The personal fields beside the others, for whoever may see them. */
static void add_opened(struct views *views, const struct event *event, const struct site *site, struct arena *arena,
                       json_t *to)
{
    struct slice plain;
    struct fault fault;
    struct json_style style = view_style(site);
    const char *owner = *event->customer ? event->customer : arena_printf(arena, "site/%s", event->site);
    style.empty_fields = false;
    if (!views->sealer || !event->number || !event->sealed.bytes ||
        seal_open(views->sealer, owner, event->sealed, arena, &plain) != 1)
        return;
    const void *data = event_data(event, plain, arena, &fault);
    if (data)
        json_object_set_new(to, "data", record_to_json(event_types[event->number].data, data, &style));
}

/* Every event about the case, with what led to it and what it led to; timers only wake somebody. */
static json_t *file_events(struct views *views, const struct view_request *request, const struct chain *chain,
                           const char *site_id)
{
    json_t *events = json_array();
    const struct site *site = view_site(views, site_id, request->arena);
    for (size_t i = 0; i < chain->entries.count; i++) {
        const struct event *event = &chain->events[i];
        if (!chain->shown[i] || strcmp(event->site, site_id) || event->number == EVENT_TIMER_FIRED)
            continue;
        json_t *shown = view_event_json(&chain->entries.at[i], event, site, request->arena);
        if (request->personal)
            add_opened(views, event, site, request->arena, shown);
        json_array_append_new(events, shown);
    }
    return events;
}

static json_t *file_attachments(const json_t *events)
{
    json_t *all = json_array(), *event, *attachment;
    size_t i, j;
    json_array_foreach((json_t *)(uintptr_t)events, i, event)
        json_array_foreach(json_object_get(json_object_get(event, "data"), "attachments"), j, attachment)
            json_array_append_new(all, json_pack("{s:O, s:O, s:O}", "reference", attachment, "time",
                                                 json_object_get(event, "time"), "type", json_object_get(event, "type")));
    return all;
}

struct view_answer view_case_file(struct views *views, const struct view_request *request)
{
    if (!*request->rest)
        return view_error(400, "which one? /v1/case-files/SITE/NUMBER", "/v1/cases lists them");
    struct view_answer one = view_cases(views, request);
    if (one.status != 200)
        return one;
    const char *site = arena_text(request->arena, request->rest, strcspn(request->rest, "/"));
    struct chain chain = {0};
    bool read = chain_read(views, request, partition_of_site(site, views->partitions), &chain);
    if (read)
        chain_mark(&chain, strchr(request->rest, '/') + 1);
    json_t *events = read ? file_events(views, request, &chain, site) : NULL;
    chain_free(&chain);
    if (!read) {
        json_decref(one.body);
        return view_error(503, "the store does not answer", views->store->functions->message(views->store));
    }
    return (struct view_answer){200, json_pack("{s:o, s:o, s:o}", "case", one.body, "attachments", file_attachments(events),
                                               "events", events)};
}
