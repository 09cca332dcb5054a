/* workshop: technicians and bays, and what they do on one day, free of overlaps.
 *
 * A day's plan changes only by the functions here, which all ask one check (slot_check) whether a job may stand where
 * it shall: skill and equipment are there, nobody is absent, the work lies within the technician's hours (it goes on
 * after a break), `buffer` lies between two jobs of a technician or a bay, and `reserve` between the end of the work
 * and the hand-over, which is before the shop closes. So what was offered can be booked, as long as nothing else
 * changes. Pure: `now` comes in, nothing else goes out. */
#ifndef CARELINE_WORKSHOP_H
#define CARELINE_WORKSHOP_H

#include "calendar.h"
#include "records.h"

enum { WORKSHOP_TECHNICIANS_MAX = 64, WORKSHOP_BAYS_MAX = 64, DAY_JOBS_MAX = 128, DAY_ABSENCES_MAX = 64 };

struct technician {
    const char *id;
    struct texts skills;
    const struct week *hours;       /* NULL: the site's business hours */
};

struct bay {
    const char *id;
    struct texts equipment;
};

/* What does not change from day to day. Lives in the arena it was read into. */
struct workshop {
    const char *name;
    int64_t buffer_ms;              /* between two jobs of a technician, and of a bay */
    int64_t reserve_ms;             /* before the hand-over: road test, wash, papers */
    int64_t card_ms;                /* a job's card is taken so long before its start, back so long before its end */
    int64_t grid_ms;                /* jobs begin at multiples of it, counted from the start of the day */
    size_t technician_count, bay_count;
    struct technician *technicians;
    struct bay *bays;
};

/* Reads a workshop's YAML (keys: workshop, buffer, reserve, card, grid, technicians, bays). NULL if there were
 * mistakes. */
struct workshop *workshop_parse(struct slice yaml, struct arena *arena, struct mistakes *mistakes);
/* By id; NULL: none. */
const struct technician *workshop_technician(const struct workshop *workshop, const char *id);
const struct bay *workshop_bay(const struct workshop *workshop, const char *id);

/* -------- a day */

struct day_hours { int count; struct opening opening[OPENINGS_PER_DAY_MAX]; };

/* One day of a workshop while it is worked on. */
struct workday {
    const struct workshop *workshop;
    struct arena *arena;
    wall_ms now;                    /* nothing is planned before it */
    wall_ms from, to;               /* the day, by the site's clock */
    wall_ms closes;                 /* end of the site's last opening; 0: closed all day */
    struct day_hours *hours;        /* of each technician, in the workshop's order */
    struct workshop_day plan;       /* room for DAY_JOBS_MAX and DAY_ABSENCES_MAX */
};

/* The day that contains `at`, with a copy of `stored` (NULL: nothing is planned yet; then `id` is the plan's id). The
 * workshop and the calendar are borrowed, all else lives in the arena. */
void workday_open(struct workday *ret, const struct workshop *workshop, const struct calendar *calendar, wall_ms at,
                  wall_ms now, const struct workshop_day *stored, const char *id, struct arena *arena);
/* A copy to try something on, in the same arena. */
struct workday workday_copy(const struct workday *workday);
struct workshop_job *workday_job(const struct workday *workday, const char *job);   /* NULL: not on this day */

/* Why something cannot be. */
enum day_refusal {
    DAY_FINE, DAY_NO_SKILL, DAY_NO_EQUIPMENT, DAY_PAST, DAY_CLOSED, DAY_ABSENT, DAY_OVERLAP, DAY_BUFFER, DAY_HAND_OVER,
    DAY_CAPACITY, DAY_KNOWN, DAY_NOT_FOUND, DAY_WRONG_STATE, DAY_NO_CONSENT, DAY_FULL, DAY_BAD_VALUE, DAY_BUSY,
    DAY_CHANGED, day_refusal_count
};
/* As one word, such as no_capacity. */
const char *day_refusal_word(enum day_refusal refusal);

/* -------- places */

/* Where a job may stand. */
struct slot {
    const struct technician *technician;
    const struct bay *bay;
    wall_ms start, end, hand_over;
};

/* What a customer asks for; each may be left out (NULL, 0). */
struct slot_wish {
    const struct technician *technician;
    const struct bay *bay;
    wall_ms from;                   /* not before */
    wall_ms ready_by;               /* handed over then */
};

/* THE check: may the job begin in `slot` (technician, bay and start given)? Sets its end and hand-over if so. If not
 * and ret_later is not NULL: *ret_later is the first later start worth asking for, 0 if there is none. The job itself
 * is no obstacle if it stands in the plan. */
enum day_refusal slot_check(const struct workday *workday, const struct workshop_job *job, struct slot *slot,
                            wall_ms ret_later[1]);

/* The slot that is over first; if equal, the technician with less work that day. DAY_CAPACITY: none today;
 * DAY_BAD_VALUE: it takes no time, or more than a day; DAY_NO_SKILL, DAY_NO_EQUIPMENT: not on any day. */
enum day_refusal slot_earliest(const struct workday *workday, const struct workshop_job *job,
                               const struct slot_wish *wish, struct slot *ret);

/* Up to `max` slots into ret, each beginning later than the one before; how many. */
size_t slot_offers(const struct workday *workday, const struct workshop_job *job, const struct slot_wish *wish,
                   size_t max, struct slot *ret);

/* Free time of a technician that can be sold: at least `minutes` of work, with a bay. */
struct free_time { const struct technician *technician; wall_ms from, to; };
/* Into the arena, by technician and time; how many. */
size_t workday_free(const struct workday *workday, int64_t minutes, struct free_time **ret);

/* -------- changes */

/* Puts a job into the plan. `job` gives id, customer, demands; the slot technician, bay and start. */
enum day_refusal workday_book(struct workday *workday, const struct workshop_job *job, struct slot *slot);
/* The same for a job from another day, whose customer must have agreed: `consent` says how. It leaves `from`. */
enum day_refusal workday_take(struct workday *workday, struct workday *from, const char *job, struct slot *slot,
                              const char *consent);
/* Another place on the same day, for a job not yet begun. */
enum day_refusal workday_move(struct workday *workday, const char *job, struct slot *slot);
/* It is no longer to be done. */
enum day_refusal workday_cancel(struct workday *workday, const char *job);

/* How jobs that lost their place are placed again.
 * earliest: each where it is over first, whoever does it. same technician: his later jobs are pushed back, in their
 * order. fewest moved: of several ways the one that leaves fewest without a place today, then changes fewest, then
 * delays least. */
enum strategy { STRATEGY_EARLIEST, STRATEGY_SAME_TECHNICIAN, STRATEGY_FEWEST_MOVED, strategy_count };
const char *strategy_word(enum strategy strategy);
/* strategy_count: no such word; "" is fewest moved. */
enum strategy strategy_named(const char *word);

/* A job is begun now (earlier than planned only if it may stand there). Begun late, it pushes what comes after it. */
enum day_refusal workday_start(struct workday *workday, const char *job, enum strategy strategy);
/* The work is over now. What was left of its time is free; over its time, it pushes what comes after it. */
enum day_refusal workday_finish(struct workday *workday, const char *job, enum strategy strategy);
/* The job needs so many minutes more; one that is begun may run over the technician's hours, until the day ends. */
enum day_refusal workday_delay(struct workday *workday, const char *job, int64_t minutes, enum strategy strategy);
/* A technician or bay is not there; what was to be done then is placed again, what was begun with what is left of it. */
enum day_refusal workday_absent(struct workday *workday, const struct workshop_absence *absence,
                                enum strategy strategy);
/* Takes back every absence of `who` that is not over; DAY_NOT_FOUND: there is none. */
enum day_refusal workday_present(struct workday *workday, const char *who);

/* -------- what changed */

struct job_change {
    const struct workshop_job *before;      /* NULL: new */
    const struct workshop_job *after;       /* NULL: no longer there */
};
/* Jobs whose place, time or state differ, in the order of their start before. Into after's arena; how many. */
size_t workday_changes(const struct workday *before, const struct workday *after, struct job_change **ret);

#endif
