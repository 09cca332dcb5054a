/* clock_check: is this machine's real time that of the store, which all of an installation share?
 *
 * The store is asked for its time; the answer is as old as half the round trip, give or take as much. A clock that is
 * surely farther away than CLOCK_OFF_MS is off, and stays so until it surely is not. Between two questions a clock that
 * has moved against monotonic time is not trusted either. Pure. */
#ifndef CARELINE_CLOCK_CHECK_H
#define CARELINE_CLOCK_CHECK_H

#include <stdbool.h>

#include "clock.h"

enum { CLOCK_OFF_MS = 1000 };

/* What a daemon whose clock is off puts behind its name when it announces itself. */
#define CLOCK_OFF_MARK " (clock off)"

/* A zeroed one is ready for use: its clock is not right yet. */
struct clock_check {
    bool measured;                  /* once at least */
    bool off;
    int64_t offset_ms;              /* ours minus the store's, as measured last */
    int64_t doubt_ms;               /* the true offset is not farther from that than this */
    int64_t trusted_ms;             /* our real time minus mono when it was last found right */
};

struct clock_sample {
    mono_ms asked, answered;
    wall_ms real;                   /* our real time at `asked` */
    wall_ms store;                  /* what the store answered */
};

/* Takes a measurement; true if `off` has changed by it. */
bool clock_check_measure(struct clock_check *check, const struct clock_sample *sample);

/* Found right when last measured, and not moved since? */
bool clock_check_is_right(const struct clock_check *check, wall_ms real, mono_ms mono);

#endif
