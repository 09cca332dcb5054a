/* crew: several replicas of several stages around one store, each of which may die, be paused and wake up again. */
#ifndef CARELINE_TESTS_CREW_H
#define CARELINE_TESTS_CREW_H

#include <setjmp.h>

#include "faulty_store.h"
#include "random.h"
#include "stage.h"

enum { CREW_MAX = 16, ORDERS_MAX = 8192, CREW_PARTITIONS_MAX = 8 };

/* An attempt that left the house. */
struct crew_sent { char notice[160]; int attempt; int times; };

struct crew_order { char notice[160], site[64]; int attempt; };

struct crew;

/* What a member takes for the time: the crew's, and how far its own wall clock is off; and has it found that out? */
struct crew_clock { struct clock clock; const struct crew *crew; int64_t skew_ms; bool known_wrong; };

struct crew_member {
    struct crew *crew;
    struct crew_clock clock;
    const struct core *core;
    struct bus *bus;
    struct stage_loop *loop;            /* NULL: dead */
    char owner[32];
    bool paused;
    mono_ms wake_at;                    /* when it wants its next step, if no message comes */
    struct crew_order orders[ORDERS_MAX / CREW_MAX];    /* handed over, not yet answered */
    size_t order_count;
};

/* Who sends for the notifiers; NULL in the crew: one who answers "accepted" after the same step. */
struct crew_sender {
    void (*taken)(void *context, struct crew_member *member, const struct send_order *order);
    bool (*is_busy)(void *context, const struct crew_member *member, const char *notice, int attempt);
    void (*stepped)(void *context, struct crew_member *member);
    void (*gone)(void *context, const struct crew_member *member);      /* it died */
};

struct crew {
    struct faulty_store faulty;
    struct store *store;                /* &faulty.store */
    struct bus_hub *hub;
    struct bus *outside;
    struct clock *clock;                /* clock_manual: mono for all; wall, but for what follows */
    int64_t wall_ahead_ms;              /* virtual time that took no real time */
    struct sealer *sealer;
    struct dice *dice;
    const struct crew_sender *sender;
    void *sender_context;
    uint32_t partitions;
    bool eager, real_time;
    bool silent_sender;                 /* nothing is answered */
    struct crew_member members[CREW_MAX];
    size_t member_count;
    unsigned started;
    struct crew_member *current;        /* the one that works now */
    jmp_buf crash;
    struct crew_sent sent[ORDERS_MAX];
    size_t sent_count;
    struct arena *arena;
};

void crew_open(struct crew *crew, struct store *inner, uint32_t partitions, struct dice *dice);
void crew_close(struct crew *crew);

struct crew_member *crew_start(struct crew *crew, const struct core *core);
void crew_start_all(struct crew *crew, const struct core *const *cores);
/* Dies on the spot: nothing is said to anybody. Stops: as by SIGTERM. */
void crew_kill(struct crew_member *member);
void crew_kill_all(struct crew *crew);
void crew_stop(struct crew_member *member);
/* For hooks: the process that works now dies here. Does not return. */
void crew_crash(struct crew *crew) __attribute__((noreturn));

/* What the crew's wall clocks show that are not off. */
wall_ms crew_now(const struct crew *crew);

/* One step of one; false: it died. Its sender answers what it has. */
bool crew_step_one(struct crew_member *member, int64_t *ret_wait_ms);
/* One step of each that lives and is not paused. */
void crew_step(struct crew *crew);
/* The same for so long, the clock going on by 50 ms after each. */
void crew_step_for(struct crew *crew, int64_t ms);

/* Would it do something now? */
bool crew_is_awake(const struct crew_member *member);

/* Works until all checkpoints are at their tails and no timer is left; time goes on as needed. False: not in
 * `rounds`. */
bool crew_run(struct crew *crew, int rounds);

/* Are all checkpoints at their tails and nothing on its way? And when is the next timer due; 0: none. */
bool crew_is_quiet(struct crew *crew, wall_ms *ret_due);

/* Appends a fact or act with site and id as intake does, now. Saying it again does nothing. False: the store
 * refused. */
bool crew_append(struct crew *crew, const struct event *like, const void *data);

/* Appends car.delivered with its timer `after_ms`; the fact's id is the order's number. False: the store refused. */
bool crew_deliver(struct crew *crew, const char *site, const char *order, int64_t after_ms);
/* The same with a fact id of its own: the same order twice. */
bool crew_deliver_as(struct crew *crew, const char *site, const char *id, const char *order, int64_t after_ms);

/* Copies of one attempt that left: at most one, whatever happens. */
int crew_sent_most(const struct crew *crew);
/* Attempts for a notice in all. */
int crew_sent_count(const struct crew *crew, const char *notice);

/* One partition's log, decoded, into crew->arena. */
struct history { struct place *places; struct event *events; size_t count; };
struct history crew_history(struct crew *crew, uint32_t partition);

/* What must hold of any log: it is a chain, causes are there, no event stands in it twice, no timer fired early. */
const char *crew_check_log(struct crew *crew, const struct history *history);

/* Everything that must hold once all is worked, with the toy cores. NULL: it holds; else what does not. */
const char *crew_check(struct crew *crew);
/* What must hold at any moment. */
const char *crew_check_always(struct crew *crew);
/* Cars delivered, by the log. */
size_t crew_delivered(struct crew *crew);

#endif
