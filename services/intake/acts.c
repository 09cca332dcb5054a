/* Acts get answers: POST /v1/acts waits for the event that the stage answers with, GET /v1/acts/… asks again.
 *
 * The answer is the first event after the act in its log that names it as its cause and says what a stage did, or that
 * it refused. The bus tells when it is there; the log is where it is read. */
#include <assert.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>

#include "cursor.h"
#include "intake.h"
#include "log.h"

enum {
    FIRST_LOOK_MS = 500,            /* without word from the bus; then after twice as long each time */
    PAGES_MAX = 64,                 /* of the log, read in one look */
    STEP_MS_MAX = 100
};

/* One who waits. */
struct waiter {
    struct waiter *next;
    struct acts *acts;
    struct http_exchange *exchange;
    uint32_t partition;
    uint64_t seq;                   /* of the act */
    uint64_t from;                  /* where the answer is to be looked for */
    const char *id;
    mono_ms ends_at, look_at;
    int64_t look_ms;
    bool looking, wanted;           /* wanted: the bus told of an answer */
};

struct acts {
    struct intake *intake;
    struct waiter *first;
};

/* A look into the log for what came of an act. */
struct look {
    struct reading reading;
    struct waiter *waiter;          /* NULL: asked again by GET */
    struct http_exchange *exchange;
    uint32_t partition;
    uint64_t seq, from;
    /* found */
    unsigned status;                /* 0: nothing yet */
    char *text;
};

/* Does an event of this type answer an act? */
static bool is_answer(enum event_number number)
{
    int class = event_types[number].class;
    return number == EVENT_ACT_REFUSED || (class > STAGE_NONE && class < STAGE_COUNT && number != EVENT_TIMER_FIRED);
}

/* -------- looking, on the reading thread */

static enum event_number packed_number(struct slice packed)
{
    struct slice value, text;
    char type[NAME_BYTES_MAX + 1] = "";
    if (!cursor_find(packed, "type", &value))
        return EVENT_UNKNOWN;
    struct cursor cursor = cursor_over(value);
    if (!cursor_text(&cursor, &text) || text.bytes > NAME_BYTES_MAX)
        return EVENT_UNKNOWN;
    memcpy(type, text.at, text.bytes);
    return event_number(type);
}

/* The seq of the act that this event answers; 0: it answers none. */
static uint64_t answered_seq(struct slice packed)
{
    struct slice value;
    uint64_t seq = 0;
    size_t at;
    if (guard_check(packed, &at) || !cursor_find(packed, "cause_seq", &value))
        return 0;
    struct cursor cursor = cursor_over(value);
    enum event_number number = packed_number(packed);
    return cursor_uint(&cursor, &seq) && number && is_answer(number) ? seq : 0;
}

static void look_found(struct look *look, struct views *views, const struct entry *entry, struct arena *arena)
{
    json_t *body = view_entry_json(views, entry, arena);
    bool refused = packed_number(entry->packed) == EVENT_ACT_REFUSED;
    const char *reason = json_string_value(json_object_get(json_object_get(body, "data"), "reason"));
    const char *detail = json_string_value(json_object_get(json_object_get(body, "data"), "detail"));
    json_object_set_new(body, "status", json_string(refused ? "refused" : "done"));
    if (refused)
        json_object_set_new(body, "error",
                            json_string(arena_printf(arena, "%s%s%s", reason ? reason : "", detail ? ": " : "",
                                                     detail ? detail : "")));
    look->text = json_dumps(body, JSON_COMPACT);
    look->status = refused ? MHD_HTTP_CONFLICT : MHD_HTTP_OK;
    json_decref(body);
}

static bool act_exists(const struct look *look, struct views *views, struct arena *arena)
{
    struct entry_list entries = {0};
    if (store_read_log_one(views->store, look->partition, look->seq, 1, arena, &entries) != STORE_OK)
        return true;                            /* cannot tell */
    return entries.count && entries.at[0].place.seq == look->seq &&
           event_types[packed_number(entries.at[0].packed)].class == ACT;
}

/* false: the log ends here, for now. What a fail-over may still take back is not looked at. */
static bool look_page(struct look *look, struct views *views, struct arena *arena)
{
    const struct store_functions *functions = views->store->functions;
    struct entry_list entries = {0};
    struct checkpoint settled;
    if (functions->settled(views->store, &look->partition, 1, &look->from, &settled) != STORE_OK ||
        settled.seq < look->from ||
        store_read_log_one(views->store, look->partition, look->from, READ_MAX, arena, &entries) != STORE_OK)
        return false;
    for (size_t i = 0; i < entries.count && entries.at[i].place.seq <= settled.seq && !look->status; i++) {
        if (answered_seq(entries.at[i].packed) == look->seq)
            look_found(look, views, &entries.at[i], arena);
        else
            look->from = entries.at[i].place.seq + 1;
    }
    return entries.count && !look->status;
}

static void look_work(struct reading *reading, struct views *views)
{
    struct look *look = (struct look *)reading;
    struct arena *arena = arena_new();
    if (!look->waiter && !act_exists(look, views, arena))
        look->status = MHD_HTTP_NOT_FOUND;
    for (int page = 0; page < PAGES_MAX && !look->status && look_page(look, views, arena); page++)
        arena_reset(arena);
    arena_free(&arena);
}

/* -------- answering */

static void answer_found(struct http_exchange *exchange, const struct look *look)
{
    http_answer(exchange, look->status, "application/json",
                (struct slice){(const uint8_t *)look->text, strlen(look->text)});
}

static void answer_pending(struct http_exchange *exchange, uint32_t partition, uint64_t seq, const char *id)
{
    json_t *body = json_pack("{s:s, s:I, s:I, s:s}", "status", "pending", "partition", (json_int_t)partition, "seq",
                             (json_int_t)seq, "ask", arena_printf(exchange->arena, "/v1/acts/%u/%llu", partition,
                                                                  (unsigned long long)seq));
    if (*id)
        json_object_set_new(body, "id", json_string(id));
    http_answer_json(exchange, MHD_HTTP_ACCEPTED, body);
}

static void waiter_free(struct waiter *waiter)
{
    struct waiter **at = &waiter->acts->first;
    while (*at != waiter)
        at = &(*at)->next;
    *at = waiter->next;
    free(waiter);
}

static void look_free(struct look *look)
{
    free(look->text);
    free(look);
}

static void look_finish(struct reading *reading)
{
    struct look *look = (struct look *)reading;
    struct waiter *waiter = look->waiter;
    waiter->looking = false;
    if (look->status) {
        answer_found(waiter->exchange, look);
        waiter_free(waiter);
    } else if (look->from > waiter->from) {
        waiter->from = look->from;
    }
    look_free(look);
}

static void ask_finish(struct reading *reading)
{
    struct look *look = (struct look *)reading;
    if (look->status == MHD_HTTP_NOT_FOUND)
        http_refuse(look->exchange, MHD_HTTP_NOT_FOUND, "there is no such act", "seq", "as its acknowledgement said");
    else if (look->status)
        answer_found(look->exchange, look);
    else
        answer_pending(look->exchange, look->partition, look->seq, "");
    look_free(look);
}

static bool look_start(struct intake *intake, const struct look *like)
{
    struct look *look = malloc(sizeof *look);
    assert(look);
    *look = *like;
    look->reading.work = look_work;
    look->reading.finish = look->waiter ? look_finish : ask_finish;
    if (readings_add(intake->readings, &look->reading))
        return true;
    free(look);
    return false;
}

/* -------- waiting */

struct acts *acts_new(struct intake *intake)
{
    struct acts *acts = calloc(1, sizeof *acts);
    assert(acts);
    acts->intake = intake;
    struct bus *bus = daemon_bus(intake->daemon);
    for (int number = EVENT_UNKNOWN + 1; number < EVENT_COUNT; number++)
        if (is_answer((enum event_number)number))
            bus->functions->listen_type(bus, event_types[number].name);
    return acts;
}

/* The exchanges themselves are the HTTP server's to end. */
void acts_free(struct acts **acts)
{
    if (!acts || !*acts)
        return;
    while ((*acts)->first)
        waiter_free((*acts)->first);
    free(*acts);
    *acts = NULL;
}

void acts_frame(struct acts *acts, const struct frame *frame)
{
    if (!acts->first || frame->kind != FRAME_EVENT)
        return;
    uint64_t seq = answered_seq(frame->packed);
    for (struct waiter *waiter = acts->first; waiter && seq; waiter = waiter->next)
        if (waiter->partition == frame->place.partition && waiter->seq == seq)
            waiter->wanted = true;
}

static void waiter_look(struct waiter *waiter, mono_ms now)
{
    const struct look look = {.waiter = waiter,
                              .partition = waiter->partition,
                              .seq = waiter->seq,
                              .from = waiter->from};
    waiter->looking = look_start(waiter->acts->intake, &look);
    waiter->wanted = false;
    waiter->look_ms *= 2;
    waiter->look_at = (mono_ms){now.ms + waiter->look_ms};
}

int64_t acts_step(struct acts *acts, mono_ms now)
{
    for (struct waiter *waiter = acts->first, *next; waiter; waiter = next) {
        next = waiter->next;
        if (waiter->looking)
            continue;
        if (waiter->wanted || now.ms >= waiter->look_at.ms) {
            waiter_look(waiter, now);
        } else if (now.ms >= waiter->ends_at.ms) {
            answer_pending(waiter->exchange, waiter->partition, waiter->seq, waiter->id);
            waiter_free(waiter);
        }
    }
    return acts->first ? STEP_MS_MAX : DAEMON_TICK_MS;
}

static void waiter_add(struct acts *acts, struct http_exchange *exchange, const struct taken *taken)
{
    struct waiter *waiter = calloc(1, sizeof *waiter);
    assert(waiter);
    mono_ms now = clock_mono(daemon_clock(acts->intake->daemon));
    *waiter = (struct waiter){
        .next = acts->first, .acts = acts, .exchange = exchange, .partition = taken->place.partition,
        .seq = taken->place.seq, .from = taken->place.seq + 1, .id = taken->id, .ends_at = {now.ms + ACT_WAIT_MS},
        .look_ms = FIRST_LOOK_MS, .look_at = {now.ms + FIRST_LOOK_MS}, .wanted = taken->status == TAKEN_KNOWN,
    };
    acts->first = waiter;
}

/* -------- the routes */

struct act_post {
    struct origin origin;
    struct taken taken;
    struct intake *intake;
    struct http_exchange *exchange;
};

static void act_finish(struct origin *origin)
{
    struct act_post *post = (struct act_post *)origin;
    if (post->taken.status == TAKEN_NEW || post->taken.status == TAKEN_KNOWN)
        waiter_add(post->intake->acts, post->exchange, &post->taken);
    else
        intake_refuse(post->exchange, &post->taken.refusal);
}

void act_take(struct intake *intake, struct http_exchange *exchange, const struct credential *credential,
              const json_t *json)
{
    struct acceptor acceptor = intake_acceptor(intake);
    struct act_post *post = arena_alloc(exchange->arena, sizeof *post);
    struct accepted *accepted = arena_alloc(exchange->arena, sizeof *accepted);
    struct refusal refusal;
    *post = (struct act_post){.origin = {&post->taken, 1, 1, act_finish}, .intake = intake, .exchange = exchange};
    struct value act = value_of_json(json, scratch_values(acceptor.scratch));
    if (accept_event(&acceptor, credential, ACT, &act, exchange->arena, accepted, &refusal))
        batch_add(intake->batch, &post->origin, 0, accepted);
    else
        batch_refuse(intake->batch, &post->origin, 0, "", &refusal);
    if (batch_is_full(intake->batch))
        batch_flush(intake->batch);
}

void post_act(struct http_exchange *exchange, void *daemon)
{
    struct intake *intake = daemon_context(daemon);
    struct credential credential;
    if (!intake_credential(intake, exchange, &credential) || intake_is_pressed(intake, exchange))
        return;
    json_t *json = intake_json(exchange);
    if (json)
        act_take(intake, exchange, &credential, json);
    json_decref(json);
}

void get_act(struct http_exchange *exchange, void *daemon)
{
    struct intake *intake = daemon_context(daemon);
    struct credential credential;
    char *end[2];
    if (!intake_credential(intake, exchange, &credential))
        return;
    unsigned long partition = strtoul(exchange->part[0], &end[0], 10);
    unsigned long long seq = strtoull(exchange->part[1], &end[1], 10);
    if (*end[0] || *end[1] || partition >= daemon_partitions(daemon) || !seq) {
        http_refuse(exchange, MHD_HTTP_NOT_FOUND, "there is no such act", "partition", "as its acknowledgement said");
        return;
    }
    const struct look look = {.exchange = exchange, .partition = (uint32_t)partition, .seq = seq, .from = seq + 1};
    if (!look_start(intake, &look)) {
        exchange->retry_after_s = RETRY_AFTER_S;
        http_refuse(exchange, MHD_HTTP_SERVICE_UNAVAILABLE, "too many are reading", NULL, "ask again in a moment");
    }
}
