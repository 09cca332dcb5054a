/* POST /v1/events: one event, or an array of them. */
#include <microhttpd.h>
#include <string.h>

#include "intake.h"

struct post {
    struct origin origin;
    struct http_exchange *exchange;
    bool single;
};

static void write_member(struct buffer *to, const char *name, const char *text)
{
    struct slice value = {(const uint8_t *)text, text ? strlen(text) : 0};
    if (!value.bytes || !text_is_plain(value))          /* what was cut within a character is left out */
        return;
    buffer_byte(to, ',');
    text_write((struct slice){(const uint8_t *)name, strlen(name)}, to);
    buffer_byte(to, ':');
    text_write(value, to);
}

static void write_number(struct buffer *to, const char *name, uint64_t number)
{
    char digits[20], *at = digits + sizeof digits;
    do
        *--at = (char)('0' + number % 10);
    while (number /= 10);
    buffer_string(to, name);
    buffer_append(to, at, (size_t)(digits + sizeof digits - at));
}

/* Written as it goes: one for each event. */
static void taken_write(const struct taken *taken, struct arena *arena, struct buffer *to)
{
    buffer_string(to, "{\"status\":\"");
    buffer_string(to, taken_words[taken->status]);
    buffer_byte(to, '"');
    if (taken->status == TAKEN_NEW || taken->status == TAKEN_KNOWN) {
        write_number(to, ",\"partition\":", taken->place.partition);
        write_number(to, ",\"seq\":", taken->place.seq);
    }
    write_member(to, "id", taken->id);
    if (taken->status == TAKEN_NEW)
        write_member(to, "chain_id", arena_printf(arena, "%016llx", (unsigned long long)taken->place.id));
    write_member(to, "error", taken->refusal.error);
    write_member(to, "field", taken->refusal.field);
    write_member(to, "hint", taken->refusal.hint);
    buffer_byte(to, '}');
}

static unsigned single_status(const struct taken *taken)
{
    if (taken->status == TAKEN_NEW)
        return MHD_HTTP_CREATED;
    return taken->status == TAKEN_KNOWN ? MHD_HTTP_OK : (unsigned)taken->refusal.status;
}

/* All taken: 200. All the same trouble: that. Else 207, and each says for itself. */
static unsigned array_status(const struct post *post)
{
    unsigned first = MHD_HTTP_OK;
    for (size_t i = 0; i < post->origin.count; i++) {
        unsigned status = single_status(&post->origin.outcomes[i]);
        status = status == MHD_HTTP_CREATED ? MHD_HTTP_OK : status;
        if (i && status != first)
            return MHD_HTTP_MULTI_STATUS;
        first = status;
    }
    return first;
}

static void post_finish(struct origin *origin)
{
    struct post *post = (struct post *)origin;
    struct http_exchange *exchange = post->exchange;
    unsigned status = post->single ? single_status(&origin->outcomes[0]) : array_status(post);
    struct buffer body = {0};
    buffer_string(&body, post->single ? "" : "{\"results\":[");
    for (size_t i = 0; i < origin->count; i++) {
        if (i)
            buffer_byte(&body, ',');
        taken_write(&origin->outcomes[i], exchange->arena, &body);
    }
    buffer_string(&body, post->single ? "" : "]}");
    exchange->retry_after_s = status == MHD_HTTP_SERVICE_UNAVAILABLE ? RETRY_AFTER_S : 0;
    http_answer(exchange, status, "application/json", buffer_slice(&body));
    buffer_free(&body);
}

static struct post *post_new(struct http_exchange *exchange, size_t count, bool single)
{
    struct post *post = arena_alloc(exchange->arena, sizeof *post);
    *post = (struct post){
        .origin = {.outcomes = arena_alloc(exchange->arena, count * sizeof *post->origin.outcomes), .count = count,
                   .waiting = count, .finish = post_finish},
        .exchange = exchange, .single = single,
    };
    return post;
}

/* All is accepted first: the batch may be flushed, and the answer sent, by the last one added. */
static void post_all(struct intake *intake, struct post *post, const struct credential *credential,
                     const struct value *events)
{
    struct acceptor acceptor = intake_acceptor(intake);
    struct arena *arena = post->exchange->arena;
    size_t count = post->origin.count;
    for (size_t i = 0; i < count; i++) {
        struct accepted *accepted = arena_alloc(arena, sizeof *accepted);
        struct refusal refusal;
        if (accept_event(&acceptor, credential, FACT, &events[i], arena, accepted, &refusal))
            batch_add(intake->batch, &post->origin, i, accepted);
        else
            batch_refuse(intake->batch, &post->origin, i, accepted->event.id, &refusal);
    }
    if (batch_is_full(intake->batch))
        batch_flush(intake->batch);
}

/* `sent` is one event or a list of them. */
static void post_take(struct intake *intake, struct http_exchange *exchange, const struct credential *credential,
                      const struct value *sent)
{
    bool single = sent->kind != VALUE_LIST;
    size_t count = single ? 1 : sent->count;
    if (!count || count > EVENTS_PER_REQUEST_MAX) {
        http_refuse(exchange, count ? MHD_HTTP_CONTENT_TOO_LARGE : MHD_HTTP_BAD_REQUEST,
                    count ? "too many events in one request" : "no events in the request", NULL,
                    "send 1 to 512 at once");
        return;
    }
    keys_charge(intake->keys, credential, count - 1);
    post_all(intake, post_new(exchange, count, single), credential, single ? sent : sent->at);
}

void post_events(struct http_exchange *exchange, void *daemon)
{
    struct intake *intake = daemon_context(daemon);
    struct credential credential;
    if (!intake_credential(intake, exchange, &credential) || intake_is_pressed(intake, exchange))
        return;
    json_t *json = intake_json(exchange);
    if (!json)
        return;
    struct value sent = value_of_json(json, scratch_values(&intake->scratch));
    post_take(intake, exchange, &credential, &sent);
    json_decref(json);
}
