/* ZeroMQ ROUTER: pipelined msgpack. A DEALER sends
 *
 *     [request number] [API key, or empty] [packed array of at most 512 event maps]
 *
 * and gets [the same number] [packed array of {status, partition, seq, id, chain_id, reason, field}], one per event, in
 * order. An event map has the same members as in JSON. Without keys the second frame may name the actor. */
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "cursor.h"
#include "intake.h"
#include "json.h"

enum {
    FRAMES = 4,                     /* identity, number, key, body */
    REQUESTS_PER_TURN = 512,
    API_KEY_BYTES_MAX = 256,
    NUMBER_BYTES_MAX = 64,
    QUEUE_MESSAGES_MAX = 10000,
    MESSAGE_BYTES_MAX = 4 * 1024 * 1024
};

struct router {
    struct intake *intake;
    void *context, *socket;
    char endpoint[160];
};

struct request {
    struct origin origin;
    struct router *router;
    struct arena *arena;
    struct slice identity, number;
};

/* -------- answers */

static size_t taken_members(const struct taken *taken)
{
    bool placed = taken->status == TAKEN_NEW || taken->status == TAKEN_KNOWN;
    return 1 + 2 * placed + (taken->status == TAKEN_NEW) + (*taken->id != 0) + (taken->refusal.error != NULL) +
           (taken->refusal.field && *taken->refusal.field) + (taken->refusal.retry_after_ms > 0);
}

static void pack_pair(struct buffer *to, const char *name, const char *text)
{
    pack_text(to, name);
    pack_text(to, text);
}

static void taken_pack(const struct taken *taken, struct buffer *to)
{
    pack_map(to, taken_members(taken));
    pack_pair(to, "status", taken_words[taken->status]);
    if (taken->status == TAKEN_NEW || taken->status == TAKEN_KNOWN) {
        pack_text(to, "partition");
        pack_uint(to, taken->place.partition);
        pack_text(to, "seq");
        pack_uint(to, taken->place.seq);
    }
    if (taken->status == TAKEN_NEW) {
        char digits[17];
        snprintf(digits, sizeof digits, "%016" PRIx64, taken->place.id);
        pack_pair(to, "chain_id", digits);
    }
    if (*taken->id)
        pack_pair(to, "id", taken->id);
    if (taken->refusal.error)
        pack_pair(to, "reason", taken->refusal.error);
    if (taken->refusal.field && *taken->refusal.field)
        pack_pair(to, "field", taken->refusal.field);
    if (taken->refusal.retry_after_ms > 0) {
        pack_text(to, "retry_after_ms");
        pack_int(to, taken->refusal.retry_after_ms);
    }
}

/* An answer that nobody takes is dropped: the client asks again, and is told "known". */
static void request_finish(struct origin *origin)
{
    struct request *request = (struct request *)origin;
    struct buffer body = {0};
    pack_array(&body, origin->count);
    for (size_t i = 0; i < origin->count; i++)
        taken_pack(&origin->outcomes[i], &body);
    void *socket = request->router->socket;
    if (zmq_send(socket, request->identity.at, request->identity.bytes, ZMQ_DONTWAIT | ZMQ_SNDMORE) >= 0 &&
        zmq_send(socket, request->number.at, request->number.bytes, ZMQ_DONTWAIT | ZMQ_SNDMORE) >= 0)
        zmq_send(socket, body.at, body.bytes, ZMQ_DONTWAIT);
    buffer_free(&body);
    struct arena *arena = request->arena;       /* the request itself lives in it */
    arena_free(&arena);
}

/* -------- requests */

static struct slice frame_copy(struct arena *arena, zmq_msg_t *frame)
{
    return (struct slice){arena_copy(arena, zmq_msg_data(frame), zmq_msg_size(frame)), zmq_msg_size(frame)};
}

static struct request *request_new(struct router *router, zmq_msg_t frames[FRAMES], size_t count)
{
    struct arena *arena = arena_new();
    struct request *request = arena_alloc(arena, sizeof *request);
    *request = (struct request){
        .origin = {.outcomes = arena_alloc(arena, count * sizeof *request->origin.outcomes),
                   .count = count,
                   .waiting = count,
                   .finish = request_finish},
        .router = router,
        .arena = arena,
        .identity = frame_copy(arena, &frames[0]),
        .number = frame_copy(arena, &frames[1]),
    };
    return request;
}

static void request_refuse(struct router *router, zmq_msg_t frames[FRAMES], const struct refusal *refusal)
{
    batch_refuse(router->intake->batch, &request_new(router, frames, 1)->origin, 0, "", refusal);
}

static void request_take(struct router *router, zmq_msg_t frames[FRAMES], const struct credential *credential,
                         struct cursor events, size_t count)
{
    struct intake *intake = router->intake;
    struct request *request = request_new(router, frames, count);
    struct acceptor acceptor = intake_acceptor(intake);
    for (size_t i = 0; i < count; i++) {
        struct slice packed = {0};
        struct refusal refusal;
        struct accepted *accepted = arena_alloc(request->arena, sizeof *accepted);
        bool whole = cursor_skip(&events, &packed);
        assert(whole);                          /* the guard has walked it */
        json_t *json = packed_to_json(packed);
        const char *id = json_string_value(json_object_get(json, "id"));
        id = arena_string(request->arena, id && strlen(id) <= NAME_BYTES_MAX ? id : "");
        if (accept_event(&acceptor, credential, ANY_STAGE, json, request->arena, accepted, &refusal))
            batch_add(intake->batch, &request->origin, i, accepted);
        else
            batch_refuse(intake->batch, &request->origin, i, id, &refusal);
        json_decref(json);
    }
    if (batch_is_full(intake->batch))
        batch_flush(intake->batch);
}

static bool request_admit(struct router *router, zmq_msg_t *frame, struct arena *arena, struct credential *ret,
                          struct refusal *ret_refusal)
{
    struct intake *intake = router->intake;
    bool fits = zmq_msg_size(frame) <= API_KEY_BYTES_MAX;
    const char *key = arena_text(arena, zmq_msg_data(frame), fits ? zmq_msg_size(frame) : 0);
    if (fits && credential_of(intake->keys, key, key, "", arena, ret))
        return admit(intake, ret, ret_refusal);
    admission_unknown(intake, ret_refusal);
    return false;
}

/* The events of a message that is well formed; false with what is wrong. */
static bool request_events(struct slice body, struct cursor *ret, size_t *ret_count, struct refusal *ret_refusal)
{
    size_t at = 0;
    const char *fault = guard_check(body, &at);
    *ret = cursor_over(body);
    if (!fault && (!cursor_array(ret, ret_count) || !*ret_count || *ret_count > EVENTS_PER_REQUEST_MAX))
        fault = "the third frame is an array of 1 to 512 events";
    *ret_refusal = (struct refusal){.status = 400, .error = fault, .field = "", .hint = ""};
    return !fault;
}

static void request_receive(struct router *router, zmq_msg_t frames[FRAMES])
{
    struct slice body = {zmq_msg_data(&frames[3]), zmq_msg_size(&frames[3])};
    struct arena *arena = arena_new();
    struct credential credential;
    struct cursor events;
    struct refusal refusal = {.status = 503, .error = pressure_reason(router->intake->pressure)};
    size_t count = 0;
    if (refusal.error || !request_admit(router, &frames[2], arena, &credential, &refusal) ||
        !request_events(body, &events, &count, &refusal)) {
        request_refuse(router, frames, &refusal);
    } else {
        keys_charge(router->intake->keys, &credential, count - 1);
        request_take(router, frames, &credential, events, count);
    }
    arena_free(&arena);
}

/* One message; false: there is none. Without a request number it can't be answered, and is dropped. */
static bool message_receive(struct router *router)
{
    zmq_msg_t frames[FRAMES];
    int count = 0, more = 1;
    for (int i = 0; i < FRAMES; i++)
        zmq_msg_init(&frames[i]);
    while (more) {
        zmq_msg_t *to = &frames[count < FRAMES ? count : FRAMES - 1];
        if (zmq_msg_recv(to, router->socket, ZMQ_DONTWAIT) < 0) {
            if (errno == EINTR)
                continue;
            break;
        }
        more = zmq_msg_more(to);
        count++;
    }
    bool numbered = count > 1 && !more && zmq_msg_size(&frames[1]) <= NUMBER_BYTES_MAX;
    if (numbered && count == FRAMES)
        request_receive(router, frames);
    else if (numbered)
        request_refuse(router, frames,
                       &(struct refusal){.status = 400, .error = "a message has three frames: number, key, events"});
    for (int i = 0; i < FRAMES; i++)
        zmq_msg_close(&frames[i]);
    return count > 0;
}

void router_receive(struct router *router)
{
    for (int i = 0; i < REQUESTS_PER_TURN && message_receive(router); i++)
        ;
}

bool router_is_waiting(const struct router *router)
{
    int events = 0;
    size_t bytes = sizeof events;
    zmq_getsockopt(router->socket, ZMQ_EVENTS, &events, &bytes);
    return events & ZMQ_POLLIN;
}

/* -------- from start to end */

int router_fd(const struct router *router)
{
    int fd = -1;
    size_t bytes = sizeof fd;
    zmq_getsockopt(router->socket, ZMQ_FD, &fd, &bytes);
    return fd;
}

const char *router_endpoint(const struct router *router)
{
    return router->endpoint;
}

bool endpoint_is_local(const char *endpoint)
{
    return !strncmp(endpoint, "tcp://127.0.0.1:", 16) || !strncmp(endpoint, "tcp://[::1]:", 12) ||
           !strncmp(endpoint, "ipc://", 6);
}

static void socket_set(void *socket)
{
    int queue = QUEUE_MESSAGES_MAX, linger = 0;
    int64_t bytes_max = MESSAGE_BYTES_MAX;
    zmq_setsockopt(socket, ZMQ_LINGER, &linger, sizeof linger);
    zmq_setsockopt(socket, ZMQ_SNDHWM, &queue, sizeof queue);
    zmq_setsockopt(socket, ZMQ_RCVHWM, &queue, sizeof queue);
    zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &bytes_max, sizeof bytes_max);
}

struct router *router_new(struct intake *intake, const char *address, char message[160])
{
    struct router *router = calloc(1, sizeof *router);
    assert(router);
    size_t bytes = sizeof router->endpoint;
    router->intake = intake;
    router->context = zmq_ctx_new();
    assert(router->context);
    router->socket = zmq_socket(router->context, ZMQ_ROUTER);
    assert(router->socket);
    socket_set(router->socket);
    if (!endpoint_is_local(address))
        snprintf(message, 160, "zmq=%.80s: only tcp://127.0.0.1:… or ipc://…", address);
    else if (zmq_bind(router->socket, address) ||
             zmq_getsockopt(router->socket, ZMQ_LAST_ENDPOINT, router->endpoint, &bytes))
        snprintf(message, 160, "zmq=%.80s: %s", address, zmq_strerror(errno));
    else
        return router;
    router_free(&router);
    return NULL;
}

void router_free(struct router **router)
{
    if (!router || !*router)
        return;
    zmq_close((*router)->socket);
    zmq_ctx_term((*router)->context);
    free(*router);
    *router = NULL;
}
