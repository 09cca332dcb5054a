/* simulation: replicas of all stages in one process, driven by dice, with everything going wrong that may: messages
 * lost, doubled, late; processes killed, crashed inside a store call, paused and woken as zombies, stopped; a store
 * that is gone, full, or loses answers; histories rewound. Then all is healed, and the promises are looked up in the
 * log and the state.
 *
 * A seed repeats its run to the byte. */
#ifndef CARELINE_SIMULATION_H
#define CARELINE_SIMULATION_H

#include "support/crew.h"

struct simulation;

struct business {
    const char *name;
    const struct core *const *cores;    /* NULL-ended */
    void (*begin)(struct simulation *simulation);
    /* somebody outside does something */
    void (*act)(struct simulation *simulation);
    /* what a jump of time may be at most */
    int64_t jump_ms_max;
    /* until when time goes on after the trouble; 0: until no timer is left */
    int64_t horizon_ms;
    /* after all has been worked: NULL, or what does not hold */
    const char *(*judge)(struct simulation *simulation);
};

extern const struct business toy_business, shop_business;

enum { SAID_MAX = 4096 };

/* What a client has said; said again after a rewind, for it was acknowledged by a store that forgot it. */
struct said { struct event event; const void *data; };

struct simulation {
    const struct business *business;
    uint64_t seed;
    int steps;
    struct dice dice;
    struct store *store;
    struct crew crew;
    wall_ms lease_now;
    /* trouble */
    int bad_calls;                      /* of the store: so many still to go */
    int bad_in_256;                     /* how many of 256 calls go wrong then */
    int crash_in;                       /* calls until somebody dies inside one; 0: nobody */
    bool crash_after;
    int wire_in_256;                    /* messages that do not simply arrive */
    uint64_t rewinds;
    struct said said[SAID_MAX];
    size_t said_count;
    struct arena *arena;                /* of what was said */
    unsigned numbered;
};

/* Runs one seed. NULL: all holds; else what does not, valid until the next run. */
const char *simulation_run(const struct business *business, uint64_t seed, int steps);

/* For businesses. */
uint64_t simulation_dice(struct simulation *simulation, uint64_t below);
void simulation_say(struct simulation *simulation, const struct event *event, const void *data);

#endif
