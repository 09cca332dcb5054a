#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <zmq.h>

#include "curve_parts.h"
#include "log.h"

enum {
    REBIND_TRIES = 200, REBIND_PAUSE_MS = 1,
    KEEPALIVE_IDLE_S = 10, KEEPALIVE_EVERY_S = 5, KEEPALIVE_COUNT = 3,
    UNACKNOWLEDGED_MS_MAX = 15000   /* of a connection, before it is given up for a new one */
};

/* Without keys nothing is bound, and nothing is connected to, beyond this machine. */
bool curve_endpoint_is_local(const char *endpoint)
{
    static const char *const local[] = {"tcp://127.0.0.1:", "tcp://[::1]:", "ipc://", "inproc://"};
    for (size_t i = 0; i < sizeof local / sizeof *local; i++)
        if (!strncmp(endpoint, local[i], strlen(local[i])))
            return true;
    return false;
}

/* An address that another machine cannot connect to is of no use in an announcement. */
static bool is_wildcard(const char *address)
{
    return !strncmp(address, "tcp://*:", 8) || !strncmp(address, "tcp://0.0.0.0:", 14) ||
           !strncmp(address, "tcp://[::]:", 11);
}

/* A peer whose machine is gone is noticed without a word from it. */
void curve_socket_outlive(void *socket)
{
    const struct { int option, value; } options[] = {
        {ZMQ_TCP_KEEPALIVE, 1},
        {ZMQ_TCP_KEEPALIVE_IDLE, KEEPALIVE_IDLE_S},
        {ZMQ_TCP_KEEPALIVE_INTVL, KEEPALIVE_EVERY_S},
        {ZMQ_TCP_KEEPALIVE_CNT, KEEPALIVE_COUNT},
        {ZMQ_TCP_MAXRT, UNACKNOWLEDGED_MS_MAX},
    };
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        zmq_setsockopt(socket, options[i].option, &options[i].value, sizeof options[i].value);
}

void curve_socket_family(void *socket, const char *address)
{
    int is_v6 = strchr(address, '[') != NULL;
    zmq_setsockopt(socket, ZMQ_IPV6, &is_v6, sizeof is_v6);
}

static bool lock_fit(const struct curve *curve, void *socket, const char *domain)
{
    int on = 1;
    return !zmq_setsockopt(socket, ZMQ_CURVE_SERVER, &on, sizeof on) &&
           !zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, curve->own.secret, CURVE_KEY_DIGITS + 1) &&
           !zmq_setsockopt(socket, ZMQ_ZAP_DOMAIN, domain, strlen(domain)) &&
           !zmq_setsockopt(socket, ZMQ_HANDSHAKE_IVL, &curve->handshake_ms, sizeof curve->handshake_ms);
}

bool curve_door_open(struct curve *curve, struct curve_door *door, void *socket, enum curve_kind kind,
                     const char *address, char message[160])
{
    const struct curve_kind_about *about = &curve_kinds[kind];
    size_t bytes = sizeof door->endpoint;
    *door = (struct curve_door){.socket = socket, .kind = kind, .withdrawals = curve->withdrawals[kind]};
    zmq_setsockopt(socket, ZMQ_AFFINITY, &about->io_threads, sizeof about->io_threads);
    curve_socket_family(socket, address);
    if (!curve_is_on(curve) && !curve_endpoint_is_local(address))
        snprintf(message, 160, "%s=%.70s: without keys (curve_dir) only tcp://127.0.0.1:… or ipc://…", about->setting,
                 address);
    else if (is_wildcard(address))
        snprintf(message, 160, "%s=%.70s: name the address that others connect to", about->setting, address);
    else if ((curve_is_on(curve) && !lock_fit(curve, socket, about->domain)) || zmq_bind(socket, address) ||
             zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, door->endpoint, &bytes))
        snprintf(message, 160, "%s=%.80s: %s", about->setting, address, zmq_strerror(errno));
    else
        return !curve_is_on(curve) || curve_trial(curve, door, message);
    return false;
}

/* The sessions of an endpoint end with it, as soon as libzmq gets to it: within a call into the socket. Its port is
 * free again some milliseconds after. */
static bool door_rebind(struct curve_door *door)
{
    if (!door->closed && zmq_unbind(door->socket, door->endpoint))
        return false;
    door->closed = true;
    for (int tries = 0; door->closed && tries < REBIND_TRIES; tries++)
        if (zmq_bind(door->socket, door->endpoint))
            poll(NULL, 0, REBIND_PAUSE_MS);
        else
            door->closed = false;
    return !door->closed;
}

void curve_door_watch(struct curve *curve, struct curve_door *door)
{
    unsigned withdrawals = curve->withdrawals[door->kind];
    int events;
    size_t bytes = sizeof events;
    zmq_getsockopt(door->socket, ZMQ_EVENTS, &events, &bytes);
    if (withdrawals == door->withdrawals && !door->closed)
        return;
    if (door_rebind(door))
        log_info("curve.withdrawn", log_text("door", curve_kinds[door->kind].domain));
    else
        log_error("curve.closed", log_text("endpoint", door->endpoint), log_text("error", zmq_strerror(errno)));
    if (!door->closed)
        door->withdrawals = withdrawals;
}

const char *curve_sender(const struct curve *curve, void *zmq_message)
{
    const char *name = curve_is_on(curve) ? zmq_msg_gets(zmq_message, "User-Id") : "";
    return name ? name : "";
}
