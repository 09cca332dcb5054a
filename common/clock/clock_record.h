/* clock_record: the installation's virtual clock as the store keeps it (note "clock", field "record"), and those who
 * take part in stepped time (note "participants").
 *
 * The record is a msgpack map: mode (real, scaled, stepped), base, real_base, speed, now, until, run. Scaled time is
 * base + (real time - real_base) * speed; stepped time is `now`. `run` names the start of the installation that
 * real_base belongs to: another run goes on from `now`. */
#ifndef CARELINE_CLOCK_RECORD_H
#define CARELINE_CLOCK_RECORD_H

#include "clock.h"
#include "store.h"

enum { PARTICIPANTS_MAX = 256, RUN_BYTES_MAX = 40, CLOCK_SPEED_MAX = 1000000 };

struct clock_record {
    enum clock_mode mode;
    wall_ms base;
    wall_ms real_base;
    int64_t speed;                  /* virtual milliseconds in a real one */
    wall_ms now;                    /* stepped: the time; scaled: a little more than the time, to go on from */
    wall_ms until;                  /* stepped: without participants time does not move past this; 0: for ever */
    char run[RUN_BYTES_MAX];
};

extern const struct words clock_mode_words;     /* by enum clock_mode; there is no "none" */

void clock_record_pack(const struct clock_record *record, struct buffer *to);
bool clock_record_unpack(struct slice packed, struct clock_record *ret);
wall_ms clock_record_now(const struct clock_record *record, wall_ms real_now);

/* *ret_packed (in the arena) is what a swap must expect; empty if there is no record, *ret is real time then. */
enum store_status clock_record_read(struct store *store, struct arena *arena, struct clock_record *ret,
                                    struct slice *ret_packed);

/* At the start of a daemon: makes the record if there is none; lets scaled time of an earlier run go on from where it
 * was. Real mode leaves all as it is. */
enum store_status clock_record_settle(struct store *store, const struct clock_record *wanted, wall_ms real_now);

/* A robot, a load, a test: stepped time does not move while one is busy, or past the time for which one is parked. One
 * that does not say so again within its ttl (real time) is forgotten. */
struct participant {
    const char *name;
    wall_ms wake_at;                /* parked until then; 0: busy */
    wall_ms expires_at;             /* by the store's own clock */
};

struct participant_list { struct participant *at; size_t count; };

/* Parked once time has come to wake_at counts as busy. */
enum store_status participant_park(struct store *store, const char *name, wall_ms wake_at, int64_t ttl_ms);
enum store_status participant_busy(struct store *store, const char *name, int64_t ttl_ms);
enum store_status participant_leave(struct store *store, const char *name);

/* Those that have not expired; expired ones are removed. At most PARTICIPANTS_MAX. */
enum store_status participants_read(struct store *store, struct arena *arena, struct participant_list *ret);

#endif
