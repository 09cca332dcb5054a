/* A door that lets in somebody it should not is found before anything goes through it: we knock ourselves. */
#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <zmq.h>

#include "curve_parts.h"

enum {
    ANSWER_MS = 5000,
    WATCHED = ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
              ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH
};
enum outcome { OUTCOME_LET_IN, OUTCOME_REFUSED, OUTCOME_NO_ANSWER };

/* What the handshake came to. */
static enum outcome outcome_wait(void *monitor)
{
    uint8_t about[6] = {0};
    uint16_t event;
    int wait_ms = ANSWER_MS;
    zmq_setsockopt(monitor, ZMQ_RCVTIMEO, &wait_ms, sizeof wait_ms);
    if (zmq_recv(monitor, about, sizeof about, 0) != sizeof about)
        return OUTCOME_NO_ANSWER;
    memcpy(&event, about, sizeof event);
    return event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED ? OUTCOME_LET_IN : OUTCOME_REFUSED;
}

/* `pair` NULL: without a key. */
static enum outcome knock(const struct curve *curve, const struct curve_door *door, const struct curve_pair *pair)
{
    static const char watch[] = "inproc://trial";
    int linger = 0, retry_ms = -1;
    void *context = zmq_ctx_new(), *socket = zmq_socket(context, curve_kinds[door->kind].peer_type);
    void *monitor = zmq_socket(context, ZMQ_PAIR);
    assert(context && socket && monitor);
    zmq_setsockopt(socket, ZMQ_LINGER, &linger, sizeof linger);
    zmq_setsockopt(socket, ZMQ_RECONNECT_IVL, &retry_ms, sizeof retry_ms);
    curve_socket_family(socket, door->endpoint);
    if (pair) {
        zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, curve->own.public, CURVE_KEY_DIGITS + 1);
        zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, pair->public, CURVE_KEY_DIGITS + 1);
        zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, pair->secret, CURVE_KEY_DIGITS + 1);
    }
    bool tried = !zmq_socket_monitor(socket, watch, WATCHED) && !zmq_connect(monitor, watch) &&
                 !zmq_connect(socket, door->endpoint);
    enum outcome outcome = tried ? outcome_wait(monitor) : OUTCOME_NO_ANSWER;
    zmq_socket_monitor(socket, NULL, 0);
    zmq_close(monitor);
    zmq_close(socket);
    zmq_ctx_term(context);
    return outcome;
}

bool curve_trial(const struct curve *curve, const struct curve_door *door, char message[160])
{
    const char *setting = curve_kinds[door->kind].setting;
    bool own_may = curve_kinds[door->kind].rights & CURVE_DAEMON;
    enum outcome stranger = knock(curve, door, &curve->stranger), nobody = knock(curve, door, NULL);
    enum outcome own = own_may ? knock(curve, door, &curve->own) : OUTCOME_LET_IN;
    if (stranger == OUTCOME_LET_IN || nobody == OUTCOME_LET_IN)
        snprintf(message, 160, "%s=%.80s lets in %s", setting, door->endpoint,
                 nobody == OUTCOME_LET_IN ? "who has no key" : "a key that nobody knows");
    else if (stranger != OUTCOME_REFUSED || nobody != OUTCOME_REFUSED)
        snprintf(message, 160, "%s=%.80s: whether it refuses an unknown key could not be tried", setting,
                 door->endpoint);
    else if (own != OUTCOME_LET_IN)
        snprintf(message, 160, "%s=%.80s does not let in our own key", setting, door->endpoint);
    return stranger == OUTCOME_REFUSED && nobody == OUTCOME_REFUSED && own == OUTCOME_LET_IN;
}
