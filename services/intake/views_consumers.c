/* Other teams' programs that have a durable name: how far they are, and forgetting one. */
#include <string.h>

#include "consumers.h"
#include "views.h"

enum { HEARD_LATELY_MS = 60000, FORGET_TRIES = 8 };

json_t *view_consumers_json(const struct consumer_glance *consumers, size_t count, struct arena *arena)
{
    json_t *list = json_array();
    struct json_style style = view_style(NULL);
    for (size_t i = 0; i < count; i++) {
        const struct consumer_glance *at = &consumers[i];
        json_array_append_new(list, json_pack("{s:s, s:s, s:I, s:I, s:o, s:I}", "name", at->consumer->name, "actor",
                                              at->consumer->actor, "partitions", (json_int_t)at->consumer->points.count,
                                              "lag", (json_int_t)at->lag, "seen_at",
                                              view_time(at->consumer->seen, &style, arena), "silent_ms",
                                              (json_int_t)at->silent_ms));
    }
    return list;
}

struct view_answer view_consumers(struct views *views, const struct view_request *request)
{
    struct consumer_glance *consumers;
    size_t count;
    if (consumers_glance(views->store, views->partitions, request->arena, &consumers, &count) != STORE_OK)
        return view_error(503, "the store does not answer", views->store->functions->message(views->store));
    if (!*request->rest)
        return (struct view_answer){200, view_consumers_json(consumers, count, request->arena)};
    for (size_t i = 0; i < count; i++)
        if (!strcmp(consumers[i].consumer->name, request->rest)) {
            json_t *list = view_consumers_json(&consumers[i], 1, request->arena);
            json_t *one = json_incref(json_array_get(list, 0));
            json_decref(list);
            return (struct view_answer){200, one};
        }
    return view_error(404, "no durable consumer has this name", "care consumers lists them");
}

static const char *forced(const struct view_request *request)
{
    const char *force = request->argument(request->context, "force");
    return force && !strcmp(force, "yes") ? force : NULL;
}

/* Why it may not be forgotten; NULL: it may. */
static struct view_answer forget_refusal(const struct view_request *request, const struct consumer_glance *at)
{
    if (!request->unbound && strcmp(at->consumer->actor, request->actor))
        return view_error(403, "this name belongs to another key", "its own key may forget it, or one without bounds");
    if (at->consumer->seen && at->silent_ms < HEARD_LATELY_MS && !forced(request))
        return view_error(409, "it was heard of a moment ago, so it is running", "end it first, or force it");
    return (struct view_answer){0, NULL};
}

static enum store_status glance_of(struct views *views, const struct view_request *request,
                                   struct consumer_glance **ret)
{
    size_t count;
    struct consumer_glance *all;
    enum store_status status = consumers_glance(views->store, views->partitions, request->arena, &all, &count);
    *ret = NULL;
    for (size_t i = 0; i < count && status == STORE_OK; i++)
        if (!strcmp(all[i].consumer->name, request->rest))
            *ret = &all[i];
    return status;
}

struct view_answer view_consumer_forget(struct views *views, const struct view_request *request)
{
    enum store_status status = STORE_CHANGED;
    for (int tries = 0; tries < FORGET_TRIES && status == STORE_CHANGED; tries++) {     /* it may just acknowledge */
        struct consumer_glance *at;
        status = glance_of(views, request, &at);
        if (status == STORE_OK && !at)
            return view_error(404, "no durable consumer has this name", "care consumers lists them");
        struct view_answer refusal = {0, NULL};
        if (status == STORE_OK)
            refusal = forget_refusal(request, at);
        if (refusal.status)
            return refusal;
        if (status == STORE_OK)
            status = consumer_forget(views->store, at->consumer);
    }
    if (status != STORE_OK)
        return view_error(503, store_status_text(status), views->store->functions->message(views->store));
    return (struct view_answer){200, json_pack("{s:s, s:s}", "name", request->rest, "status", "forgotten")};
}
