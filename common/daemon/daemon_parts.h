/* daemon_parts: what a daemon is made of; for its own files only.
 *
 *   daemon.c            from start to end, and the loop
 *   daemon_arguments.c  the command line and the settings that every daemon has
 *   daemon_access.c     those of them that say how to come to Redis
 *   daemon_http.c       its HTTP server, and who may reach it
 *   daemon_clock.c      is this machine's clock right?
 *   daemon_health.c     /healthz /readyz /metrics, and the stage's numbers */
#ifndef CARELINE_DAEMON_PARTS_H
#define CARELINE_DAEMON_PARTS_H

#include "clock_check.h"
#include "clock_master.h"
#include "daemon.h"
#include "supervisor.h"

enum { DIR_BYTES_MAX = 4096 };

struct daemon {
    const struct daemon_part *part;
    struct config *config;
    char dir[DIR_BYTES_MAX];
    int ready_fd;
    char owner[OWNER_BYTES_MAX];
    uint32_t partitions;
    struct store *store;
    struct curve *curve;
    struct bus *bus;
    struct clock *clock;
    struct sealer *sealer;
    struct metrics *metrics;
    struct http_server *http;
    int http_fd;
    bool http_wanted;               /* it has something to do */
    mono_ms http_at;                /* and is to look for it at the latest */
    struct stage_loop *stage;
    struct clock_master *master;
    void *context;                  /* the part's */
    int epoll_fd, signal_fd;
    bool stopping, ready, store_answers;
    struct supervisor supervisor;
    bool supervised;                /* the service manager knows that it is ready */
    mono_ms second_at;              /* next announcement */
    struct clock_check clock_check;
    mono_ms clock_at;               /* when the clock is checked next */
    char role[64];                  /* what it is announced as while its clock is off */
    struct arena *arena;            /* of one second's work */
};

extern const struct setting daemon_settings[], access_settings[];
extern const struct http_route daemon_routes[];

/* Reads the command line into config, dir and ready_fd. -1: go on; else the exit code. */
int daemon_arguments(struct daemon *daemon, int argc, char **argv);

/* The virtual clock as the settings ask for it; false with a message. */
bool daemon_clock_wanted(const struct daemon *daemon, struct clock_record *ret, char message[160]);

/* Makes daemon->http as the settings say; false with a message. */
bool daemon_http_start(struct daemon *daemon, char message[160]);

/* Once a second, before anything is done by the clock. */
void daemon_clock_pass(struct daemon *daemon, mono_ms now);
bool daemon_clock_is_right(void *daemon);
/* As what it announces itself: its program; one whose clock is off is not counted among the replicas of its stage. */
const char *daemon_role(struct daemon *daemon);

void daemon_health_start(struct daemon *daemon);
/* Once a second: what the stage did, into metrics. */
void daemon_health_report(struct daemon *daemon);

#endif
