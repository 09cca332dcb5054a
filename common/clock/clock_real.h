/* clock_real: the machine's wall clock, made steady.
 *
 * When it jumps (set by hand, or the machine slept), time goes on as if it had not, until the new time has stood for
 * STEADY_MS: nothing fires in mass because of a slip that is put right at once (after Redis Sentinel's TILT). */
#ifndef CARELINE_CLOCK_REAL_H
#define CARELINE_CLOCK_REAL_H

#include <stdbool.h>

#include "clock.h"

enum { STEADY_MS = 10000, JUMP_MS = 1000 };

/* A zeroed one is ready for use. */
struct steady_time {
    bool started;
    int64_t offset_ms;              /* wall - mono, as trusted */
    int64_t jumped_ms;              /* wall - mono, as seen since `jumped_at`; 0: no jump */
    mono_ms jumped_at;
};

wall_ms steady_now(struct steady_time *steady, wall_ms wall, mono_ms mono);

wall_ms real_wall_now(void);
mono_ms real_mono_now(void);

#endif
