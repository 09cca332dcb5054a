/* clock_master: the one who moves virtual time. Runs inside every scheduler; one of them owns the clock by a lease.
 *
 * Stepped time moves to the next due instant when nothing that has happened is still being worked:
 *
 *   every stage's checkpoint stands at its log's head, no timer is due, nothing is being sent, and every participant is
 *   parked for a later time -> now = the earliest due time or wake time.
 *
 * Participants are read before the partitions: what one did before it parked is in the logs that are looked at then. */
#ifndef CARELINE_CLOCK_MASTER_H
#define CARELINE_CLOCK_MASTER_H

#include "bus.h"
#include "clock_record.h"

enum master_verdict {
    MASTER_STEP,                    /* move to `to` */
    MASTER_WAIT_STAGE,              /* a stage is behind the log */
    MASTER_WAIT_TIMER,              /* a timer is due and has not been fired yet */
    MASTER_WAIT_SENDING,            /* a message is on its way */
    MASTER_WAIT_PARTICIPANT,        /* somebody is busy */
    MASTER_NOTHING_DUE,             /* nothing will ever happen by itself */
    MASTER_AT_END                   /* the next thing lies past `until`, and nobody takes part */
};

struct master_sight {
    const struct partition_view *views;
    size_t view_count;
    struct participant_list participants;
    wall_ms now;
    wall_ms until;                  /* 0: none */
};

struct master_decision {
    enum master_verdict verdict;
    wall_ms to;
    size_t index;                   /* of the view or participant that is waited for */
};

/* Pure. */
struct master_decision master_decide(const struct master_sight *sight);
/* Is there something to wait for in this partition? MASTER_STEP if not. */
enum master_verdict partition_verdict(const struct partition_view *view, wall_ms now);

struct clock_master;

/* `owner` is a name unique to this process. Store, clock and bus stay the caller's. */
struct clock_master *clock_master_new(struct store *store, struct clock *clock, struct bus *bus, const char *owner,
                                      uint32_t partitions);
void clock_master_free(struct clock_master **master);

/* Does what can be done now; the milliseconds until it wants to be called again, 0: at once. */
int64_t clock_master_step(struct clock_master *master);
/* Something was heard that may be what it waits for. Hints save waiting; without them it looks now and then. */
void clock_master_hint(struct clock_master *master, const struct hint *hint);
/* Are checkpoints waited for? */
bool clock_master_is_eager(const struct clock_master *master);
bool clock_master_owns(const struct clock_master *master);
uint64_t clock_master_steps(const struct clock_master *master);

/* Before a stop: records the time that scaled time is to go on from, and gives the clock up. */
void clock_master_stop(struct clock_master *master);

#endif
