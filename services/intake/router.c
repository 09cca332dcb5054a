/* Facts over ZeroMQ: pipelined msgpack. The body of a message (wire.h) is an array of at most 512 event maps, and of its
 * answer an array of {status, partition, seq, id, chain_id, reason, field}, one per event, in order. An event map has the
 * same members as in JSON. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "cursor.h"
#include "intake.h"
#include "wire.h"

enum {
    REQUESTS_PER_TURN = 512,
    QUEUE_MESSAGES_MAX = 10000,
    MESSAGE_BYTES_MAX = 4 * 1024 * 1024
};

struct router {
    struct intake *intake;
    struct wire wire;
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

/* 16 hexadecimal digits: one for each event, so it is not formatted. */
static void pack_chain_id(struct buffer *to, uint64_t id)
{
    uint8_t digits[16];
    for (size_t i = sizeof digits; i--; id >>= 4)
        digits[i] = (uint8_t)"0123456789abcdef"[id & 0xf];
    pack_text_slice(to, (struct slice){digits, sizeof digits});
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
        pack_text(to, "chain_id");
        pack_chain_id(to, taken->place.id);
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
    wire_answer(&request->router->wire, request->identity, request->number, buffer_slice(&body));
    buffer_free(&body);
    struct arena *arena = request->arena;       /* the request itself lives in it */
    arena_free(&arena);
}

/* -------- requests */

static struct slice part_copy(struct arena *arena, struct wire_message *message, enum wire_frame frame)
{
    struct slice part = wire_part(message, frame);
    return (struct slice){arena_copy(arena, part.at, part.bytes), part.bytes};
}

static struct request *request_new(struct router *router, struct wire_message *message, size_t count)
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
        .identity = part_copy(arena, message, WIRE_IDENTITY),
        .number = part_copy(arena, message, WIRE_NUMBER),
    };
    return request;
}

static void request_refuse(struct router *router, struct wire_message *message, const struct refusal *refusal)
{
    batch_refuse(router->intake->batch, &request_new(router, message, 1)->origin, 0, "", refusal);
}

static void request_take(struct router *router, struct wire_message *message, const struct credential *credential,
                         struct cursor events, size_t count)
{
    struct intake *intake = router->intake;
    struct request *request = request_new(router, message, count);
    struct acceptor acceptor = intake_acceptor(intake);
    for (size_t i = 0; i < count; i++) {
        struct refusal refusal;
        struct accepted *accepted = arena_alloc(request->arena, sizeof *accepted);
        struct value event = value_take(&events, scratch_values(acceptor.scratch));
        if (accept_event(&acceptor, credential, ANY_STAGE, &event, request->arena, accepted, &refusal))
            batch_add(intake->batch, &request->origin, i, accepted);
        else
            batch_refuse(intake->batch, &request->origin, i, accepted->event.id, &refusal);
    }
    if (batch_is_full(intake->batch))
        batch_flush(intake->batch);
}

static bool request_admit(struct router *router, struct wire_message *message, struct arena *arena,
                          struct credential *ret, struct refusal *ret_refusal)
{
    struct intake *intake = router->intake;
    if (wire_credential(&router->wire, message, intake->keys, arena, ret))
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

static void request_receive(struct router *router, struct wire_message *message)
{
    struct arena *arena = arena_new();
    struct credential credential;
    struct cursor events;
    struct refusal refusal = {.status = 503, .error = pressure_reason(router->intake->pressure)};
    size_t count = 0;
    if (refusal.error || !request_admit(router, message, arena, &credential, &refusal) ||
        !request_events(wire_part(message, WIRE_BODY), &events, &count, &refusal)) {
        request_refuse(router, message, &refusal);
    } else {
        keys_charge(router->intake->keys, &credential, count - 1);
        request_take(router, message, &credential, events, count);
    }
    arena_free(&arena);
}

static bool message_receive(struct router *router)
{
    static const struct refusal odd = {.status = 400, .error = "a message has three frames: number, key, events"};
    struct wire_message message;
    enum wire_got got = wire_receive(&router->wire, &message);
    if (got == WIRE_WHOLE)
        request_receive(router, &message);
    else if (got == WIRE_ODD)
        request_refuse(router, &message, &odd);
    wire_message_close(&message);
    return got != WIRE_NOTHING;
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
    zmq_getsockopt(router->wire.socket, ZMQ_EVENTS, &events, &bytes);
    return events & ZMQ_POLLIN;
}

/* -------- from start to end */

int router_fd(const struct router *router)
{
    int fd = -1;
    size_t bytes = sizeof fd;
    zmq_getsockopt(router->wire.socket, ZMQ_FD, &fd, &bytes);
    return fd;
}

const char *router_endpoint(const struct router *router)
{
    return router->wire.door.endpoint;
}

void router_watch(struct router *router)
{
    curve_door_watch(router->wire.curve, &router->wire.door);
}

struct router *router_new(struct intake *intake, const char *address, char message[160])
{
    struct router *router = calloc(1, sizeof *router);
    assert(router);
    const struct wire_options options = {
        .curve = daemon_curve(intake->daemon), .kind = CURVE_FACTS, .address = address,
        .queue_messages_max = QUEUE_MESSAGES_MAX, .message_bytes_max = MESSAGE_BYTES_MAX,
    };
    router->intake = intake;
    if (!wire_open(&router->wire, &options, message))
        router_free(&router);
    return router;
}

void router_free(struct router **router)
{
    if (!router || !*router)
        return;
    wire_close(&(*router)->wire);
    free(*router);
    *router = NULL;
}
