/* dates.h: days that steps count from, other than the event. */
#ifndef CARELINE_DATES_H
#define CARELINE_DATES_H

#include "scheduler.h"

/* Where a dated or recurring step counts from. */
struct dated {
    wall_ms at;                     /* the date, less `ahead`, at the step's time of day (else 00:00) */
    bool passed;                    /* that was more than a day ago */
    const char *why;                /* "field.expires 2026-09-03 - 90d: " */
};

/* `base`: what it counts from where the step names no date. One that comes again: the first time after `after`. false: the
 * date is not known, or never comes again. */
bool step_date(const struct planned *planned, const struct step *step, wall_ms base, wall_ms after, struct dated *ret);

#endif
