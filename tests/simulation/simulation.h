/* simulation: replicas of all stages in one process, with the memory store, a simulated bus, clocks and the world
 * outside, driven by one seed, with everything going wrong that may (faults.def). Then the faults end, all is worked,
 * and the promises (invariants.def) are looked up: most of them with every single write, by a witness who keeps his own
 * books.
 *
 * Each step has dice of its own, made of seed and step, so that a run repeats to the byte and one step may be left out
 * without changing what the others throw: a failing run is shrunk to the few steps that it needs (shrink.h).
 *
 * The fields that must end the same with and without faults are those that each business names: see its `fields`. */
#ifndef CARELINE_SIMULATION_H
#define CARELINE_SIMULATION_H

#include "support/crew.h"
#include "tally.h"

enum fault_kind {
#define FAULT(constant, name, about) constant,
#include "faults.def"
#undef FAULT
    FAULT_COUNT
};

enum invariant {
    HOLDS_ALL,
#define INVARIANT(constant, name, about) constant,
#include "invariants.def"
#undef INVARIANT
    INVARIANT_COUNT
};

struct fault_type { const char *name, *about; };
extern const struct fault_type fault_types[FAULT_COUNT];
extern const struct fault_type invariant_types[INVARIANT_COUNT];

enum {
    SIM_PARTITIONS = 3, REPLICAS_MAX = 3, SAID_MAX = 8192,
    ANNOUNCED_MS = LEASE_MS,
    /* Once the trouble is over: until dead owners are replaced; from then on until an event is worked or a due timer
     * has fired, even if no message arrives: the tail is looked at once a second, and a checkpoint may be lazy. */
    CALM_MS = LEASE_MS + 2 * RENEW_MS + 1000, BOUND_MS = RENEW_MS + LAZY_MS + 100,
};

struct simulation;
struct witness;
struct client;
struct gateway;

/* Which stage has to answer events of a type with at least one event of its own. */
struct duty { enum stage stage; enum event_number number; };

struct business {
    const char *name;
    const struct core *const *cores;    /* NULL-ended */
    const struct duty *duties;          /* ended by STAGE_NONE */
    int steps;                          /* of one run, if nobody says how many */
    bool real_clocks;                   /* some seeds run on wall clocks that must not jump */
    int64_t jump_ms_max;                /* of virtual time, in one step, if `jump` is NULL */
    int64_t horizon_ms;                 /* until when time goes on after the trouble; 0: until no timer is left */
    void (*begin)(struct simulation *simulation);
    /* somebody outside does something; must say the same facts whatever the state is, acts as it likes */
    void (*act)(struct simulation *simulation);
    /* how far virtual time goes in one step; must not ask for the state */
    int64_t (*jump)(struct simulation *simulation);
    /* an event that has just come into the log; `forget`: all of that partition, it comes again from the first on */
    void (*seen)(struct simulation *simulation, const struct place *place, const struct event *event);
    void (*forget)(struct simulation *simulation, uint32_t partition);
    /* an entity as a commit has just put it; record as its kind's */
    void (*put)(struct simulation *simulation, const struct entity_put *put);
    /* after all has been worked */
    void (*judge)(struct simulation *simulation);
    /* the named fields, a line each, in any order */
    void (*fields)(struct simulation *simulation, struct texts *ret);
    void (*end)(struct simulation *simulation);
};

extern const struct business toy_business, shop_business;

/* One run; the same values run the same to the byte. */
struct run {
    const struct business *business;
    uint64_t seed;
    int steps;
    uint32_t without;                   /* a bit for each kind of fault that does not happen */
    int facts_max;                      /* that somebody says in one step; 0: as many as the business likes */
    const uint8_t *dropped;             /* by step: not 0: nothing is done in it. NULL: all are done */
    bool same;                          /* runs once more without any fault: do the named fields end the same? */
    bool trace;                         /* tells on standard output what happens */
};

struct verdict {
    enum invariant broken;              /* HOLDS_ALL: none */
    int step;                           /* when it was seen; steps: at the end */
    char told[480];
    uint64_t faults[FAULT_COUNT];
    uint64_t events, acts_done, acts_refused, set_aside;
};

struct simulation {
    struct run run;
    const struct business *business;
    struct verdict *verdict;
    struct dice dice;                   /* of this step */
    struct dice chains;                 /* chain ids */
    int step;
    uint8_t temper[FAULT_COUNT];        /* 0: this seed knows no such fault; else how often, 1 to 3 */
    struct store *store;
    struct crew crew;
    wall_ms real;                       /* the store's clock */
    struct witness *witness;
    struct client *client;
    struct gateway *gateway;
    /* trouble */
    bool calm;                          /* the faults are over, but for lost messages */
    bool deaf;                          /* and they all are lost */
    int crash_in;                       /* calls until somebody dies inside one; 0: nobody; -1: after this one */
    bool crash_inside;
    wall_ms store_bad_until;
    int store_bad_in_256;
    enum fault_kind store_bad;
    int wire_bad_in_256;
    int nested;                         /* others work inside somebody's call */
    uint64_t rewinds;
    wall_ms last_death;
    wall_ms paused_until[CREW_MAX], announce_at[CREW_MAX];      /* real, by place in the crew */
    wall_ms skewed_until[CREW_MAX], look_at_clock[CREW_MAX];    /* the latter: when it finds out how its clock is */
    struct arena *arena;                /* of the whole run */
    struct arena *scratch;              /* of one look */
    void *ledger;                       /* the business's own */
};

/* The verdict's text is empty if all holds. */
void simulation_run(const struct run *run, struct verdict *ret);

/* What does not hold; the first word stands. */
void simulation_fail(struct simulation *simulation, enum invariant invariant, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
bool simulation_failed(const struct simulation *simulation);
/* For traces. */
void simulation_tell(struct simulation *simulation, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* How many facts and acts this step says: 1 to `most`, or fewer if the run says so. */
unsigned simulation_facts(struct simulation *simulation, unsigned most);

uint64_t simulation_dice(struct simulation *simulation, uint64_t below);
bool simulation_one_in(struct simulation *simulation, uint64_t number);
/* Real time goes on for everybody; virtual time takes part unless it is held. */
void simulation_pass(struct simulation *simulation, int64_t ms);
/* Real time only: a store that is slow, a process that stands still. */
void simulation_pass_real(struct simulation *simulation, int64_t ms);

/* faults.c. Does it happen now? Once in `one_in` at a seed's middle temper; counted and told. */
bool fault_falls(struct simulation *simulation, enum fault_kind kind, uint64_t one_in, const char *whom);
bool fault_is_on(const struct simulation *simulation, enum fault_kind kind);
void fault_happened(struct simulation *simulation, enum fault_kind kind, const char *whom);
void faults_open(struct simulation *simulation);
void faults_end(struct simulation *simulation);

/* actions.c: one step of the run. */
void simulation_act(struct simulation *simulation);
/* Every member that has something to do does a step; false: nobody had. */
bool simulation_work(struct simulation *simulation);
/* Milliseconds until somebody wants to; at least 1. */
int64_t simulation_wait_ms(const struct simulation *simulation);
void simulation_supervise(struct simulation *simulation);
/* Wakes the paused, sets clocks right. */
void simulation_recover(struct simulation *simulation);
void simulation_wake_all(struct simulation *simulation);
/* A partition forgets its last few writes. */
void simulation_rewind(struct simulation *simulation, uint32_t partition, unsigned writes);

#define CLIENT "client"                 /* the source of what it says */

/* client.c: says facts and acts to intake until they are acknowledged, in order. */
void client_open(struct simulation *simulation);
void client_close(struct simulation *simulation);
void client_say(struct simulation *simulation, const struct event *event, const void *data);
/* One try for each partition. True: all is acknowledged. */
bool client_flush(struct simulation *simulation);
void client_say_again(struct simulation *simulation);
/* The store forgot what it had acknowledged. */
void client_rewound(struct simulation *simulation, uint32_t partition, struct checkpoint head);
size_t client_said(const struct simulation *simulation, uint32_t partition);

/* gateway.c: what the notifiers send through. */
extern const struct crew_sender gateway_sender;
void gateway_open(struct simulation *simulation);
void gateway_close(struct simulation *simulation);
/* Milliseconds until it answers this member; INT64_MAX: nothing is on its way. */
int64_t gateway_wait_ms(const struct simulation *simulation, const struct crew_member *member);

#endif
