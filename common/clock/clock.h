/* clock: where time comes from. Real, manual (tests), scaled, or stepped; see deploy/README.md.
 *
 * Leases, timeouts and tail checks always run on mono. Wall time may be virtual: then it is what the record "clock" in
 * the store says, the same for every process of the installation. */
#ifndef CARELINE_CLOCK_H
#define CARELINE_CLOCK_H

#include "moment.h"

struct clock;
struct clock_functions {
    wall_ms (*now)(struct clock *);
    mono_ms (*mono)(struct clock *);
    void (*free)(struct clock **);
};
struct clock { const struct clock_functions *functions; };

static inline wall_ms clock_now(struct clock *clock) { return clock->functions->now(clock); }
static inline mono_ms clock_mono(struct clock *clock) { return clock->functions->mono(clock); }

/* Real time. */
struct clock *clock_real_new(void);

/* Time that moves when told; mono moves with it. */
struct clock *clock_manual_new(wall_ms start);
void clock_manual_set(struct clock *clock, wall_ms now);
void clock_manual_advance_mono(struct clock *clock, int64_t ms);

/* The installation's clock as the record in the store says: {mode: real | scaled | stepped, base, real_base, speed, now}.
 * Reads the record at most every 100 ms while virtual time may have moved, and whenever clock_store_refresh is called. */
struct store;
struct clock *clock_store_new(struct store *store);
void clock_store_refresh(struct clock *clock);
enum clock_mode { CLOCK_REAL, CLOCK_SCALED, CLOCK_STEPPED };
enum clock_mode clock_store_mode(struct clock *clock);
/* The real time behind it: this machine's, made steady. */
wall_ms clock_store_real(struct clock *clock);
/* Real milliseconds until the clock comes to `due`; INT64_MAX: not by itself (stepped). */
int64_t clock_store_wait_ms(struct clock *clock, wall_ms due);

#endif
