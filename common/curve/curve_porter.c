/* The porter answers each handshake: is this key allowed, and through this door? libzmq asks over ZAP. */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <zmq.h>

#include "clock_real.h"
#include "curve_parts.h"
#include "log.h"

enum {
    LOOK_MS = 2000,                 /* how often the directory is read */
    TOLD_MS = 10000,                /* refusals in the log: at most one line each */
    FRAMES = 7, FRAME_BYTES_MAX = 256
};
enum frame { VERSION, REQUEST, DOMAIN, ADDRESS, IDENTITY, MECHANISM, CREDENTIAL };

struct asked { uint8_t bytes[FRAMES][FRAME_BYTES_MAX + 1]; size_t sizes[FRAMES]; };     /* NUL-terminated */

/* The porter's own; it is one thread. */
struct refusals { uint64_t count; mono_ms told; bool dir_gone; };

static const struct metric refused_metric = {
    METRIC_COUNTER, "careline_curve_refused_total", "Connections refused for their key, by the door", "door", NULL
};

/* -------- one handshake */

/* false: not a whole request. */
static bool asked_receive(void *zap, struct asked *ret)
{
    int more = 1, count = 0;
    size_t more_bytes = sizeof more;
    bool good = true;
    while (more) {
        int at = count < FRAMES ? count : FRAMES - 1;
        int got = zmq_recv(zap, ret->bytes[at], FRAME_BYTES_MAX, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return false;
        good = good && got <= FRAME_BYTES_MAX;
        ret->sizes[at] = (size_t)got < FRAME_BYTES_MAX ? (size_t)got : FRAME_BYTES_MAX;
        ret->bytes[at][ret->sizes[at]] = 0;
        count++;
        zmq_getsockopt(zap, ZMQ_RCVMORE, &more, &more_bytes);
    }
    return good && count == FRAMES;
}

/* Is it ourselves, trying the door? */
static bool is_stranger(const struct curve *curve, const struct asked *asked)
{
    uint8_t key[CURVE_KEY_BYTES];
    return asked->sizes[CREDENTIAL] == sizeof key && curve_key_decode(curve->stranger.public, key) &&
           !memcmp(key, asked->bytes[CREDENTIAL], sizeof key);
}

static unsigned rights_of_door(const char *domain)
{
    for (int kind = 0; kind < CURVE_KIND_COUNT; kind++)
        if (!strcmp(curve_kinds[kind].domain, domain))
            return curve_kinds[kind].rights;
    return 0;
}

/* The name of the key; false: not let in, the name of one that is known but may not come through this door. */
static bool decide(struct curve *curve, const struct asked *asked, char name[CURVE_NAME_BYTES_MAX + 1])
{
    *name = 0;
    if (strcmp((const char *)asked->bytes[MECHANISM], "CURVE") || asked->sizes[CREDENTIAL] != CURVE_KEY_BYTES)
        return false;
    pthread_mutex_lock(&curve->lock);
    const struct curve_allowed *allowed = curve_list_find(&curve->list, asked->bytes[CREDENTIAL]);
    bool good = allowed && allowed->rights & rights_of_door((const char *)asked->bytes[DOMAIN]);
    if (allowed)
        snprintf(name, CURVE_NAME_BYTES_MAX + 1, "%s", allowed->name);
    pthread_mutex_unlock(&curve->lock);
    return good;
}

/* After a 400 libzmq's clients would never try again, but a key may be allowed a little later. After a 300 they are cut
 * off when the time for the handshake is over, and try again. */
static void answer(struct curve *curve, const struct asked *asked, bool good, const char *name)
{
    const char *code = good ? "200" : is_stranger(curve, asked) ? "400" : "300";
    const char *const texts[] = {code, good ? "OK" : "this key is not allowed", good ? name : "", ""};
    zmq_send(curve->zap, "1.0", 3, ZMQ_SNDMORE);
    zmq_send(curve->zap, asked->bytes[REQUEST], asked->sizes[REQUEST], ZMQ_SNDMORE);
    for (size_t i = 0; i < 4; i++)
        zmq_send(curve->zap, texts[i], strlen(texts[i]), i < 3 ? ZMQ_SNDMORE : 0);
}

/* Who is refused tries again and again: it is told now and then, with how often. */
static void refused(struct curve *curve, const struct asked *asked, const char *name, struct refusals *refusals)
{
    char key[CURVE_KEY_DIGITS + 1] = "";
    mono_ms now = real_mono_now();
    if (asked->sizes[CREDENTIAL] == CURVE_KEY_BYTES)
        zmq_z85_encode(key, asked->bytes[CREDENTIAL], CURVE_KEY_BYTES);
    const char *door = (const char *)asked->bytes[DOMAIN];
    if (curve->metrics)
        metrics_add(curve->metrics, &refused_metric, door, 1);
    refusals->count++;
    if (refusals->told.ms && now.ms < refusals->told.ms + TOLD_MS)
        return;
    log_warn("curve.refused", log_text("door", door), log_text("address", (const char *)asked->bytes[ADDRESS]),
             log_text("key", key), log_text("name", name), log_int("count", (int64_t)refusals->count));
    *refusals = (struct refusals){.told = now, .dir_gone = refusals->dir_gone};
}

static void handshake_answer(struct curve *curve, struct refusals *refusals)
{
    struct asked asked = {0};
    char name[CURVE_NAME_BYTES_MAX + 1] = "";
    bool whole = asked_receive(curve->zap, &asked), good = whole && decide(curve, &asked, name);
    answer(curve, &asked, good, name);
    if (!good && !is_stranger(curve, &asked))
        refused(curve, &asked, name, refusals);
}

/* -------- the thread */

static void look(struct curve *curve, struct refusals *refusals)
{
    char message[160];
    bool gone = !curve_list_renew(curve, message);
    if (gone && !refusals->dir_gone)
        log_warn("curve.unreadable", log_text("message", message));
    refusals->dir_gone = gone;
}

static void *porter_main(void *context)
{
    struct curve *curve = context;
    struct refusals refusals = {0};
    mono_ms look_at = {real_mono_now().ms + LOOK_MS};
    zmq_pollitem_t items[] = {{curve->zap, 0, ZMQ_POLLIN, 0}, {NULL, curve->wake_fd, ZMQ_POLLIN, 0}};
    while (!curve->stopping) {
        uint64_t woken = 0;
        int64_t wait_ms = look_at.ms - real_mono_now().ms;
        zmq_poll(items, 2, wait_ms > 0 ? wait_ms : 0);
        if (items[0].revents & ZMQ_POLLIN)
            handshake_answer(curve, &refusals);
        if (read(curve->wake_fd, &woken, sizeof woken) == sizeof woken || real_mono_now().ms >= look_at.ms) {
            look(curve, &refusals);
            look_at.ms = real_mono_now().ms + LOOK_MS;
        }
    }
    return NULL;
}

static void porter_wake(struct curve *curve)
{
    uint64_t one = 1;
    ssize_t told = write(curve->wake_fd, &one, sizeof one);
    assert(told == sizeof one);
}

void curve_reload(struct curve *curve)
{
    if (curve_is_on(curve))
        porter_wake(curve);
}

bool curve_porter_start(struct curve *curve, char message[160])
{
    int linger = 0;
    if (curve->metrics)
        metrics_table(curve->metrics, &refused_metric, 1);
    curve->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    curve->zap = zmq_socket(curve->context, ZMQ_REP);
    assert(curve->wake_fd >= 0 && curve->zap);
    zmq_setsockopt(curve->zap, ZMQ_LINGER, &linger, sizeof linger);
    int failed = zmq_bind(curve->zap, "inproc://zeromq.zap.01");
    assert(!failed);
    if (!pthread_create(&curve->porter, NULL, porter_main, curve))
        return true;
    snprintf(message, 160, "no thread for who is let in: %s", strerror(errno));
    zmq_close(curve->zap);
    curve->zap = NULL;
    return false;
}

void curve_porter_stop(struct curve *curve)
{
    if (curve->zap) {
        curve->stopping = true;
        porter_wake(curve);
        pthread_join(curve->porter, NULL);
        zmq_close(curve->zap);
    }
    if (curve->wake_fd >= 0)
        close(curve->wake_fd);
    curve->zap = NULL;
    curve->wake_fd = -1;
}
