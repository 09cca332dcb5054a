#include "replay.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "clock_real.h"
#include "cursor.h"
#include "intake.h"
#include "log.h"
#include "replay_answers.h"
#include "trimming.h"
#include "wire.h"

enum {
    QUEUE_MESSAGES_MAX = 64,        /* pages of 1 MiB that wait for one consumer; what is over is dropped */
    MESSAGE_BYTES_MAX = 256 * 1024,
    TICK_MS = 500
};

struct replay {
    struct store *store;
    uint32_t partitions;
    struct metrics *metrics;
    struct trimming *trimming;
    struct wire wire;
    pthread_t thread;
    pthread_mutex_t lock;           /* of keys */
    struct keys *keys;
    _Atomic wall_ms now;
    atomic_bool stopping;
    int stop_fd;
};

static const struct metric requests_metric = {
    METRIC_COUNTER, "careline_replay_requests_total", "Requests of consumers, by their answer", "answer", NULL
};

/* -------- one request */

static bool credential_read(struct replay *replay, struct wire_message *message, struct arena *arena,
                            struct credential *ret, bool *ret_secured)
{
    pthread_mutex_lock(&replay->lock);
    *ret_secured = replay->keys || curve_is_on(replay->wire.curve);
    bool known = wire_credential(&replay->wire, message, replay->keys, arena, ret);
    pthread_mutex_unlock(&replay->lock);
    return known;
}

static void request_answer(struct replay *replay, struct wire_message *message, struct arena *arena, struct buffer *to)
{
    struct credential credential;
    struct replay_scene scene = {replay->store, replay->partitions, replay->now, &credential, false, arena};
    struct slice body = wire_part(message, WIRE_BODY);
    struct replay_request request;
    const char *fault;
    if (!credential_read(replay, message, arena, &credential, &scene.secured)) {
        replay_refuse(to, "refused", "this key is not known");
    } else if (!replay_request_unpack(body, replay->partitions, arena, &request, &fault)) {
        replay_refuse(to, "refused", fault);
    } else if (replay_answer(&scene, &request, to) != STORE_OK) {
        replay_refuse(to, "busy", "the store does not answer: ask again");
    }
}

static void answer_count(struct replay *replay, struct slice answer)
{
    struct slice value, word = {0};
    bool there = cursor_find(answer, "answer", &value);
    struct cursor cursor = cursor_over(value);
    char label[16];
    if (there && cursor_text(&cursor, &word) && word.bytes < sizeof label) {
        snprintf(label, sizeof label, "%.*s", (int)word.bytes, (const char *)word.at);
        metrics_add(replay->metrics, &requests_metric, label, 1);
    }
}

static void request_serve(struct replay *replay, struct wire_message *message)
{
    struct arena *arena = arena_new();
    struct buffer answer = {0};
    request_answer(replay, message, arena, &answer);
    answer_count(replay, buffer_slice(&answer));
    wire_answer(&replay->wire, wire_part(message, WIRE_IDENTITY), wire_part(message, WIRE_NUMBER), buffer_slice(&answer));
    buffer_free(&answer);
    arena_free(&arena);
}

/* One message; false: there is none. What does not have the right frames is dropped. */
static bool message_serve(struct replay *replay)
{
    struct wire_message message;
    enum wire_got got = wire_receive(&replay->wire, &message);
    if (got == WIRE_WHOLE)
        request_serve(replay, &message);
    wire_message_close(&message);
    return got != WIRE_NOTHING;
}

static void *thread_main(void *context)
{
    struct replay *replay = context;
    zmq_pollitem_t items[] = {{replay->wire.socket, 0, ZMQ_POLLIN, 0}, {NULL, replay->stop_fd, ZMQ_POLLIN, 0}};
    while (!replay->stopping) {
        zmq_poll(items, 2, TICK_MS);
        curve_door_watch(replay->wire.curve, &replay->wire.door);
        while (!replay->stopping && message_serve(replay))
            trimming_step(replay->trimming, replay->now, real_mono_now());
        trimming_step(replay->trimming, replay->now, real_mono_now());
    }
    return NULL;
}

/* -------- the loop's side */

const char *replay_endpoint(const struct replay *replay)
{
    return replay->wire.door.endpoint;
}

void replay_keys(struct replay *replay, struct keys *keys)
{
    pthread_mutex_lock(&replay->lock);
    struct keys *before = replay->keys;
    replay->keys = keys;
    pthread_mutex_unlock(&replay->lock);
    keys_free(&before);
}

void replay_time(struct replay *replay, wall_ms now)
{
    replay->now = now;
}

/* -------- from start to end */

static bool replay_open(struct replay *replay, const struct replay_options *options, char message[160])
{
    const struct wire_options wire = {
        .curve = options->curve, .kind = CURVE_REPLAY, .address = options->address,
        .queue_messages_max = QUEUE_MESSAGES_MAX, .message_bytes_max = MESSAGE_BYTES_MAX,
    };
    replay->store = store_redis_new(&options->store, options->partitions, message);
    if (!replay->store || !wire_open(&replay->wire, &wire, message))
        return false;
    const struct trimming_options trimming = {
        replay->store, options->partitions, options->metrics, options->keep_ms, options->keep_for_consumers_ms,
        options->archive
    };
    replay->trimming = trimming_new(&trimming);
    snprintf(message, 160, "no thread for replay");
    return !pthread_create(&replay->thread, NULL, thread_main, replay);
}

static void replay_close(struct replay *replay)
{
    wire_close(&replay->wire);
    trimming_free(&replay->trimming);
    if (replay->store)
        replay->store->functions->free(&replay->store);
    keys_free(&replay->keys);
    pthread_mutex_destroy(&replay->lock);
    close(replay->stop_fd);
    free(replay);
}

struct replay *replay_new(const struct replay_options *options, char message[160])
{
    struct replay *replay = calloc(1, sizeof *replay);
    assert(replay);
    replay->partitions = options->partitions;
    replay->metrics = options->metrics;
    replay->keys = options->keys;
    pthread_mutex_init(&replay->lock, NULL);
    replay->stop_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    assert(replay->stop_fd >= 0);
    metrics_table(options->metrics, &requests_metric, 1);
    if (replay_open(replay, options, message))
        return replay;
    replay_close(replay);
    return NULL;
}

void replay_free(struct replay **replay)
{
    uint64_t one = 1;
    if (!*replay)
        return;
    (*replay)->stopping = true;
    ssize_t told = write((*replay)->stop_fd, &one, sizeof one);
    assert(told == sizeof one);
    pthread_join((*replay)->thread, NULL);
    replay_close(*replay);
    *replay = NULL;
}
