#include "replay.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <zmq.h>

#include "clock_real.h"
#include "cursor.h"
#include "intake.h"
#include "log.h"
#include "replay_answers.h"
#include "trimming.h"

enum {
    FRAMES = 4,                     /* identity, number, key, body */
    API_KEY_BYTES_MAX = 256,
    NUMBER_BYTES_MAX = 64,
    QUEUE_MESSAGES_MAX = 64,        /* pages of 1 MiB that wait for one consumer; what is over is dropped */
    MESSAGE_BYTES_MAX = 256 * 1024,
    TICK_MS = 500
};

struct replay {
    struct store *store;
    uint32_t partitions;
    struct metrics *metrics;
    struct trimming *trimming;
    void *context, *socket;
    char endpoint[160];
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

static bool credential_read(struct replay *replay, struct slice key, struct arena *arena, struct credential *ret,
                            bool *ret_secured)
{
    const char *text = arena_text(arena, key.at, key.bytes);
    pthread_mutex_lock(&replay->lock);
    *ret_secured = replay->keys;
    bool known = key.bytes <= API_KEY_BYTES_MAX && credential_of(replay->keys, text, text, "", arena, ret);
    pthread_mutex_unlock(&replay->lock);
    return known;
}

static void request_answer(struct replay *replay, struct slice key, struct slice body, struct arena *arena,
                           struct buffer *to)
{
    struct credential credential;
    struct replay_scene scene = {replay->store, replay->partitions, replay->now, &credential, false, arena};
    struct replay_request request;
    const char *fault;
    if (!credential_read(replay, key, arena, &credential, &scene.secured)) {
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

/* An answer that nobody takes is dropped: who needs it asks again. */
static void frames_serve(struct replay *replay, zmq_msg_t frames[FRAMES])
{
    struct arena *arena = arena_new();
    struct buffer answer = {0};
    request_answer(replay, (struct slice){zmq_msg_data(&frames[2]), zmq_msg_size(&frames[2])},
                   (struct slice){zmq_msg_data(&frames[3]), zmq_msg_size(&frames[3])}, arena, &answer);
    answer_count(replay, buffer_slice(&answer));
    if (zmq_msg_send(&frames[0], replay->socket, ZMQ_DONTWAIT | ZMQ_SNDMORE) >= 0 &&
        zmq_msg_send(&frames[1], replay->socket, ZMQ_DONTWAIT | ZMQ_SNDMORE) >= 0)
        zmq_send(replay->socket, answer.at, answer.bytes, ZMQ_DONTWAIT);
    buffer_free(&answer);
    arena_free(&arena);
}

/* One message; false: there is none. What does not have the right frames can't be answered, and is dropped. */
static bool message_serve(struct replay *replay)
{
    zmq_msg_t frames[FRAMES];
    int count = 0, more = 1;
    for (int i = 0; i < FRAMES; i++)
        zmq_msg_init(&frames[i]);
    while (more) {
        zmq_msg_t *to = &frames[count < FRAMES ? count : FRAMES - 1];
        if (zmq_msg_recv(to, replay->socket, ZMQ_DONTWAIT) < 0) {
            if (errno == EINTR)
                continue;
            break;
        }
        more = zmq_msg_more(to);
        count++;
    }
    if (count == FRAMES && !more && zmq_msg_size(&frames[1]) <= NUMBER_BYTES_MAX)
        frames_serve(replay, frames);
    for (int i = 0; i < FRAMES; i++)
        zmq_msg_close(&frames[i]);
    return count > 0;
}

static void *thread_main(void *context)
{
    struct replay *replay = context;
    zmq_pollitem_t items[] = {{replay->socket, 0, ZMQ_POLLIN, 0}, {NULL, replay->stop_fd, ZMQ_POLLIN, 0}};
    while (!replay->stopping) {
        zmq_poll(items, 2, TICK_MS);
        while (!replay->stopping && message_serve(replay))
            trimming_step(replay->trimming, replay->now, real_mono_now());
        trimming_step(replay->trimming, replay->now, real_mono_now());
    }
    return NULL;
}

/* -------- the loop's side */

const char *replay_endpoint(const struct replay *replay)
{
    return replay->endpoint;
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

static void socket_set(void *socket)
{
    int queue = QUEUE_MESSAGES_MAX, linger = 0;
    int64_t bytes_max = MESSAGE_BYTES_MAX;
    zmq_setsockopt(socket, ZMQ_LINGER, &linger, sizeof linger);
    zmq_setsockopt(socket, ZMQ_SNDHWM, &queue, sizeof queue);
    zmq_setsockopt(socket, ZMQ_RCVHWM, &queue, sizeof queue);
    zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &bytes_max, sizeof bytes_max);
}

static bool socket_open(struct replay *replay, const char *address, char message[160])
{
    size_t bytes = sizeof replay->endpoint;
    replay->context = zmq_ctx_new();
    assert(replay->context);
    replay->socket = zmq_socket(replay->context, ZMQ_ROUTER);
    assert(replay->socket);
    socket_set(replay->socket);
    if (!endpoint_is_local(address))
        snprintf(message, 160, "replay=%.80s: only tcp://127.0.0.1:… or ipc://…", address);
    else if (zmq_bind(replay->socket, address) ||
             zmq_getsockopt(replay->socket, ZMQ_LAST_ENDPOINT, replay->endpoint, &bytes))
        snprintf(message, 160, "replay=%.80s: %s", address, zmq_strerror(errno));
    else
        return true;
    return false;
}

static bool replay_open(struct replay *replay, const struct replay_options *options, char message[160])
{
    replay->store = store_redis_new(&options->store, options->partitions, message);
    if (!replay->store || !socket_open(replay, options->address, message))
        return false;
    const struct trimming_options trimming = {
        replay->store, options->partitions, options->metrics, options->keep_ms, options->keep_for_consumers_ms
    };
    replay->trimming = trimming_new(&trimming);
    snprintf(message, 160, "no thread for replay");
    return !pthread_create(&replay->thread, NULL, thread_main, replay);
}

static void replay_close(struct replay *replay)
{
    if (replay->socket)
        zmq_close(replay->socket);
    if (replay->context)
        zmq_ctx_term(replay->context);
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
