/* allowance: how often a key may ask. A bucket that fills at `count` events in `period_ms`, to `burst` at most; a request
 * is let in while at least one event is left in it. What the request brings counts in full, so a large one leaves a debt,
 * which is paid back before the next one is let in: over any time t no more than burst + t * rate + one request. */
#ifndef CARELINE_ALLOWANCE_H
#define CARELINE_ALLOWANCE_H

#include <stdbool.h>
#include <stddef.h>

#include "moment.h"

enum { RATE_COUNT_MAX = 1000000, BURST_MAX = 1000000 };

struct allowance {
    int64_t count, period_ms;       /* so many events in so long; count 0: as many as there are */
    int64_t burst;                  /* events that an idle key may send at once */
    int64_t level;                  /* what is left, in events * period_ms; below 0 is debt */
    mono_ms filled_at;
};

/* Reads "100/s", "600/m" or "5000/h"; burst 0: what comes in a second, at least one. false: it is no rate. */
bool allowance_parse(const char *rate, int64_t burst, struct allowance *ret);

/* Takes one event. 0: let in; else the milliseconds after which it would be. */
int64_t allowance_take(struct allowance *allowance, mono_ms now);

/* A request that was let in brought so many events more. */
void allowance_charge(struct allowance *allowance, size_t events);

#endif
