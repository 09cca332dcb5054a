#include <assert.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "curve_parts.h"
#include "log.h"

const struct curve_kind_about curve_kinds[CURVE_KIND_COUNT] = {
    [CURVE_BUS] = {"bus", "bus", CURVE_DAEMON | CURVE_LISTEN, ZMQ_SUB, 1},
    [CURVE_FACTS] = {"zmq", "facts", CURVE_POST, ZMQ_DEALER, 1},
    [CURVE_REPLAY] = {"replay", "replay", CURVE_CONSUME, ZMQ_DEALER, 2},
};

void *curve_context(const struct curve *curve) { return curve->context; }
bool curve_is_on(const struct curve *curve) { return *curve->dir; }
const char *curve_public(const struct curve *curve) { return curve->own.public; }

/* -------- keys */

bool curve_list_renew(struct curve *curve, char message[160])
{
    struct curve_list now;
    if (!curve_list_read(curve->dir, &now, message))
        return false;
    pthread_mutex_lock(&curve->lock);
    struct curve_list before = curve->list;
    curve->list = now;
    unsigned withdrawn = curve_list_withdrawn(&before, &now);
    for (int kind = 0; kind < CURVE_KIND_COUNT; kind++)
        if (withdrawn & curve_kinds[kind].rights)
            curve->withdrawals[kind]++;
    bool told = strcmp(before.fault, now.fault);
    pthread_mutex_unlock(&curve->lock);
    if (told && *now.fault)
        log_warn("curve.mistake", log_text("mistake", now.fault));
    curve_list_free(&before);
    return true;
}

static bool is_daemon(struct curve *curve, const char *public_key)
{
    uint8_t key[CURVE_KEY_BYTES];
    if (!curve_key_decode(public_key, key))
        return false;
    pthread_mutex_lock(&curve->lock);
    const struct curve_allowed *allowed = curve_list_find(&curve->list, key);
    bool good = allowed && allowed->rights & CURVE_DAEMON;
    pthread_mutex_unlock(&curve->lock);
    return good;
}

static bool keys_start(struct curve *curve, char message[160])
{
    char path[4096];
    snprintf(path, sizeof path, "%.4000s/own.key", curve->dir);
    if (!zmq_has("curve"))
        snprintf(message, 160, "curve_dir: this libzmq has no CURVE");
    else if (curve_pair_read(path, &curve->own, message) && curve_list_renew(curve, message)) {
        if (is_daemon(curve, curve->own.public))
            return true;
        snprintf(message, 160, "curve_dir: no file of allowed has our own key %s with: may daemon", curve->own.public);
    }
    return false;
}

/* -------- from start to end */

struct curve *curve_new(const char *dir, struct metrics *metrics, char message[160])
{
    struct curve *curve = calloc(1, sizeof *curve);
    assert(curve);
    curve->metrics = metrics;
    curve->handshake_ms = CURVE_HANDSHAKE_MS;
    curve->dir = strdup(dir);
    curve->context = zmq_ctx_new();
    curve->wake_fd = -1;
    assert(curve->dir && curve->context);
    zmq_ctx_set(curve->context, ZMQ_IO_THREADS, CURVE_IO_THREADS);
    pthread_mutex_init(&curve->lock, NULL);
    if (!*dir)
        return curve;
    curve_pair_make(&curve->stranger);
    if (!keys_start(curve, message) || !curve_porter_start(curve, message))
        curve_free(&curve);
    return curve;
}

void curve_free(struct curve **curve)
{
    if (!*curve)
        return;
    curve_porter_stop(*curve);
    zmq_ctx_term((*curve)->context);
    curve_list_free(&(*curve)->list);
    pthread_mutex_destroy(&(*curve)->lock);
    free((*curve)->dir);
    free(*curve);
    *curve = NULL;
}

/* -------- the other side */

void curve_announced(const char *details, char ret[CURVE_KEY_DIGITS + 1])
{
    json_t *json = json_loads(details ? details : "{}", 0, NULL);
    const char *key = json_string_value(json_object_get(json, "key"));
    snprintf(ret, CURVE_KEY_DIGITS + 1, "%s", key ? key : "");
    json_decref(json);
}

bool curve_trusts(struct curve *curve, const char *endpoint, const char *public_key)
{
    if (curve_is_on(curve))
        return is_daemon(curve, public_key);
    return !*public_key && curve_endpoint_is_local(endpoint);
}

bool curve_connect(struct curve *curve, void *socket, const char *endpoint, const char *public_key)
{
    if (curve_is_on(curve) && (zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, public_key, CURVE_KEY_DIGITS + 1) ||
                               zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, curve->own.public, CURVE_KEY_DIGITS + 1) ||
                               zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, curve->own.secret, CURVE_KEY_DIGITS + 1)))
        return false;
    curve_socket_family(socket, endpoint);
    return !zmq_connect(socket, endpoint);
}
