#include "allowance.h"

#include <stdlib.h>
#include <string.h>

static int64_t period_of(const char *unit)
{
    static const struct { const char *name; int64_t ms; } periods[] = {
        {"/s", 1000}, {"/m", MINUTE_MS}, {"/h", HOUR_MS},
    };
    for (size_t i = 0; i < sizeof periods / sizeof *periods; i++)
        if (!strcmp(unit, periods[i].name))
            return periods[i].ms;
    return 0;
}

static int64_t at_least_one(int64_t number)
{
    return number < 1 ? 1 : number;
}

bool allowance_parse(const char *rate, int64_t burst, struct allowance *ret)
{
    char *unit;
    int64_t count = strtoll(rate, &unit, 10), period_ms = period_of(unit);
    if (unit == rate || count < 1 || count > RATE_COUNT_MAX || !period_ms || burst < 0 || burst > BURST_MAX)
        return false;
    *ret = (struct allowance){.count = count, .period_ms = period_ms,
                              .burst = burst ? burst : at_least_one(count * 1000 / period_ms)};
    ret->level = ret->burst * period_ms;
    return true;
}

static void fill(struct allowance *allowance, mono_ms now)
{
    int64_t full = allowance->burst * allowance->period_ms, room = full - allowance->level;
    int64_t elapsed_ms = now.ms - allowance->filled_at.ms;
    allowance->filled_at = now;
    if (elapsed_ms >= room / allowance->count + 1)
        allowance->level = full;
    else
        allowance->level += elapsed_ms * allowance->count;
    allowance->level = allowance->level > full ? full : allowance->level;
}

int64_t allowance_take(struct allowance *allowance, mono_ms now)
{
    if (!allowance->count)
        return 0;
    fill(allowance, now);
    int64_t lacking = allowance->period_ms - allowance->level;
    if (lacking > 0)
        return (lacking + allowance->count - 1) / allowance->count;
    allowance->level -= allowance->period_ms;
    return 0;
}

void allowance_charge(struct allowance *allowance, size_t events)
{
    if (allowance->count)
        allowance->level -= (int64_t)events * allowance->period_ms;
}
