/* daemon: all that makes a core a running program: arguments, settings, logs, store, bus, clock, stage, health and
 * metrics, watchdog, graceful stop. A service's main hands over a struct daemon_part and is done.
 *
 *     starting --store, bus, clock, part--> running --first turn, store answers--> ready --SIGTERM--> stopping
 *
 * SIGTERM and SIGINT stop it within a turn; SIGHUP opens the log file again and calls the part's `reload`. Never forks
 * to the background; on ready it writes one line, `ready http=… bus=… owner=…`, to --ready-fd and tells the service
 * manager (supervisor.h). */
#ifndef CARELINE_DAEMON_H
#define CARELINE_DAEMON_H

#include "config.h"
#include "http_server.h"
#include "metrics.h"
#include "stage.h"

enum {
    DAEMON_TICK_MS = 1000,          /* a turn at least once a second */
    DRAIN_MS = SEND_TIMEOUT_MS + 200,
    MEMBER_TTL_MS = 4500,           /* a dead one's announcement is gone after this */
    EXIT_CONFIG = 64,               /* wrong arguments or settings */
    EXIT_ENVIRONMENT = 69           /* store, port or file not to be had */
};

struct daemon;

enum { DETAILS_BYTES_MAX = 2048 };

/* What a program adds; all but `program` and `about` may be NULL. Everything runs on the loop's thread. */
struct daemon_part {
    const char *program;            /* name of the program and, in the members list, of its stage */
    const char *about;
    const struct core *core;        /* NULL: no stage */
    const struct setting *settings;
    const struct http_route *const *routes;         /* beside health and metrics; handlers get the struct daemon */
    unsigned http_connections_max;  /* 0: a few, for health and metrics */
    size_t http_body_bytes_max;
    /* Before stage and HTTP server are made. The context that the others get; NULL with a message. */
    void *(*start)(struct daemon *daemon, char message[160]);
    /* Does its HTTP server ask everybody for a key? NULL: it has none to ask for. */
    bool (*secured)(void *context);
    /* see stage.h */
    void (*send)(void *context, uint32_t partition, const struct send_order *order, mono_ms lease_ends);
    bool (*is_sending)(void *context, const char *notice, int attempt);
    /* Readable when `step` is wanted; -1: none. Asked once. */
    int (*fd)(void *context);
    /* Each turn, after stage and HTTP. The milliseconds until it wants to be called again, 0: at once. */
    int64_t (*step)(void *context);
    /* Once a second: its metrics. */
    void (*report)(void *context);
    void (*reload)(void *context);
    /* Once a second or less: what it tells of itself in the members list, as members of a JSON object; "": nothing. Into
     * the arena, at most DETAILS_BYTES_MAX. */
    const char *(*details)(void *context, struct arena *arena);
    /* At the end, before the stage gives up its leases: finishes what it has begun. False: asked again, for DRAIN_MS. */
    bool (*drain)(void *context);
    /* At the end, after the stage gave up its leases; frees the context. */
    void (*stop)(void **context);
};

/* The whole life of the program; the exit code. */
int daemon_run(const struct daemon_part *part, int argc, char **argv);

/* -------- for the part; all stay the daemon's */

void *daemon_context(struct daemon *daemon);
const struct config *daemon_config(const struct daemon *daemon);
struct store *daemon_store(struct daemon *daemon);
/* How to come to the store and to the key store, for connections of its own; texts last as long as the daemon. */
struct redis_access daemon_store_access(const struct daemon *daemon);
struct redis_access daemon_keys_access(const struct daemon *daemon);
struct bus *daemon_bus(struct daemon *daemon);
struct curve *daemon_curve(struct daemon *daemon);          /* for ZeroMQ sockets of its own */
struct clock *daemon_clock(struct daemon *daemon);
struct sealer *daemon_sealer(struct daemon *daemon);
struct metrics *daemon_metrics(struct daemon *daemon);
struct stage_loop *daemon_stage(struct daemon *daemon);     /* NULL without a core, and in `start` */
const char *daemon_owner(const struct daemon *daemon);
uint32_t daemon_partitions(const struct daemon *daemon);
/* --dir, or "". */
const char *daemon_dir(const struct daemon *daemon);

#endif
