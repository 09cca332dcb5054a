/* watchdog: ends the process, with a core dump, when its loop has not come round for too long; whoever supervises it
 * starts it again. */
#ifndef CARELINE_WATCHDOG_H
#define CARELINE_WATCHDOG_H

#include "moment.h"

/* One per process. */
void watchdog_start(int64_t seconds);
/* To be called in every turn of the loop. */
void watchdog_pat(mono_ms now);
void watchdog_stop(void);

#endif
