#include <assert.h>
#include <stdlib.h>

#include "clock.h"

struct clock_manual {
    struct clock clock;
    wall_ms now;
    int64_t mono;
};

static struct clock_manual *manual_of(struct clock *clock);

static wall_ms manual_now(struct clock *clock)
{
    return manual_of(clock)->now;
}

static mono_ms manual_mono(struct clock *clock)
{
    return (mono_ms){manual_of(clock)->mono};
}

static void manual_free(struct clock **clock)
{
    free(*clock);
    *clock = NULL;
}

static const struct clock_functions manual_functions = {manual_now, manual_mono, manual_free};

static struct clock_manual *manual_of(struct clock *clock)
{
    assert(clock->functions == &manual_functions);
    return (struct clock_manual *)clock;
}

struct clock *clock_manual_new(wall_ms start)
{
    struct clock_manual *manual = calloc(1, sizeof *manual);

    if (!manual)
        abort();
    *manual = (struct clock_manual){{&manual_functions}, start, 1};
    return &manual->clock;
}

void clock_manual_set(struct clock *clock, wall_ms now)
{
    struct clock_manual *manual = manual_of(clock);

    if (now > manual->now)
        manual->mono += now - manual->now;
    manual->now = now;
}

void clock_manual_advance_mono(struct clock *clock, int64_t ms)
{
    assert(ms >= 0);
    manual_of(clock)->mono += ms;
}
