/* curve: the ZeroMQ context of a process, and who may come in through the doors that it opens.
 *
 * With a directory of keys (curve_keys.h) every door asks for a CURVE key that is allowed, with the right that the door
 * wants, on loopback too. Without one a door opens on this machine only: loopback or a unix path.
 *
 *     opened ── an unknown key and no key are tried: one let in ──► refused to open
 *       │
 *       └── a key that had its right is withdrawn ──► all sessions end; those still allowed come back by themselves
 *
 * A thread of its own answers who is let in (ZAP, rfc.zeromq.org/spec/27) and reads the directory every two seconds, or
 * when told. Doors belong to the thread that opened them; everything else may be called from any. */
#ifndef CARELINE_CURVE_H
#define CARELINE_CURVE_H

#include "curve_keys.h"
#include "metrics.h"

enum { CURVE_ENDPOINT_BYTES_MAX = 160 };

struct curve;

/* `dir` "": without keys. `metrics` may be NULL. NULL with a message for the operator: there is no own key, it is not
 * allowed as a daemon's, or `allowed` cannot be read. */
struct curve *curve_new(const char *dir, struct metrics *metrics, char message[160]);
/* After all its sockets are closed. */
void curve_free(struct curve **curve);

/* For sockets; stays the curve's. */
void *curve_context(const struct curve *curve);
bool curve_is_on(const struct curve *curve);
/* Our own public key, to be announced with our endpoints; "" without keys. */
const char *curve_public(const struct curve *curve);

/* Reads the directory now, on its own thread. */
void curve_reload(struct curve *curve);

/* -------- doors */

enum curve_kind { CURVE_BUS, CURVE_FACTS, CURVE_REPLAY, CURVE_KIND_COUNT };

struct curve_door {
    void *socket;                   /* the caller's */
    enum curve_kind kind;
    char endpoint[CURVE_ENDPOINT_BYTES_MAX];    /* where others connect to */
    unsigned withdrawals;           /* that it has seen */
    bool closed;                    /* not bound for the moment */
};

/* Binds the socket, whose options are set already, and tries that nobody comes in who is not allowed: in some
 * milliseconds, at most fifteen seconds. false with a message for the operator. */
bool curve_door_open(struct curve *curve, struct curve_door *door, void *socket, enum curve_kind kind,
                     const char *address, char message[160]);

/* To be called about once a second: ends all sessions when a key that had the right to them was withdrawn since. Like a receive it may swallow the
 * edge of the socket's ZMQ_FD: look for messages afterwards. */
void curve_door_watch(struct curve *curve, struct curve_door *door);

/* Who sent a message that came through a door: the name of the key, "" without keys. Valid as long as the message. */
const char *curve_sender(const struct curve *curve, void *zmq_message);

/* -------- the other side */

/* Loopback, a unix path, or within the process. */
bool curve_endpoint_is_local(const char *endpoint);
/* For a socket whose peers may be on other machines, before it binds or connects: a connection over which nothing comes
 * through any more is given up within half a minute, and made anew. */
void curve_socket_outlive(void *socket);

/* The public key that a member of the installation announced in its details (store.h); "" for one without. */
void curve_announced(const char *details, char ret[CURVE_KEY_DIGITS + 1]);
/* May we listen to a daemon that announced this public key ("": none) at this endpoint? */
bool curve_trusts(struct curve *curve, const char *endpoint, const char *public_key);
/* Connects, with our key if there are keys; errno when it is false. */
bool curve_connect(struct curve *curve, void *socket, const char *endpoint, const char *public_key);

#endif
