/* curve_parts: what curve is made of; for its own files only.
 *
 *   curve.c         the context and its keys; the other side
 *   curve_door.c    sockets that others connect to
 *   curve_porter.c  the thread that answers who is let in
 *   curve_trial.c   what is tried before a door is in use */
#ifndef CARELINE_CURVE_PARTS_H
#define CARELINE_CURVE_PARTS_H

#include <pthread.h>
#include <stdatomic.h>

#include "curve.h"

struct curve {
    void *context;
    char *dir;                          /* "": no keys */
    struct curve_pair own, stranger;    /* stranger: allowed nowhere, to try doors with */
    int handshake_ms;                   /* who is not let in by then is put out, and may try again */
    struct metrics *metrics;            /* NULL: none */
    pthread_mutex_t lock;               /* of list */
    struct curve_list list;
    atomic_uint withdrawals[CURVE_KIND_COUNT];  /* how often somebody lost the right to come through */
    pthread_t porter;
    void *zap;                          /* the porter's socket */
    int wake_fd;
    atomic_bool stopping;
};

enum { CURVE_HANDSHAKE_MS = 2000 };

struct curve_kind_about {
    const char *setting, *domain;
    unsigned rights;
    int peer_type;
    uint64_t io_threads;            /* of libzmq, as bits: pages for a consumer do not hold up anything else */
};
enum { CURVE_IO_THREADS = 2 };
extern const struct curve_kind_about curve_kinds[CURVE_KIND_COUNT];

/* Reads DIR/allowed; what cannot be read leaves all as it was. false with a message. */
bool curve_list_renew(struct curve *curve, char message[160]);

/* false with a message. */
bool curve_porter_start(struct curve *curve, char message[160]);
void curve_porter_stop(struct curve *curve);        /* one that does not run is left alone */

/* Before binding or connecting to an address: libzmq takes those of IPv6 only if it is told to expect them. */
void curve_socket_family(void *socket, const char *address);

/* An unknown key and none at all are refused, and at the bus our own is let in? false with a message. */
bool curve_trial(const struct curve *curve, const struct curve_door *door, char message[160]);

#endif
