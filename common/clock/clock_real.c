#include "clock_real.h"

#include <assert.h>
#include <stdlib.h>
#include <time.h>

static int64_t clock_ms(clockid_t id)
{
    struct timespec at;
    clock_gettime(id, &at);
    return (int64_t)at.tv_sec * SECOND_MS + at.tv_nsec / 1000000;
}

wall_ms real_wall_now(void)
{
    return clock_ms(CLOCK_REALTIME);
}

mono_ms real_mono_now(void)
{
    return (mono_ms){clock_ms(CLOCK_MONOTONIC)};
}

static bool near(int64_t a_ms, int64_t b_ms)
{
    return llabs(a_ms - b_ms) <= JUMP_MS;
}

wall_ms steady_now(struct steady_time *steady, wall_ms wall, mono_ms mono)
{
    int64_t seen = wall - mono.ms;
    if (!steady->started || near(seen, steady->offset_ms)) {
        *steady = (struct steady_time){.started = true, .offset_ms = seen};
        return wall;
    }
    if (!steady->jumped_ms || !near(seen, steady->jumped_ms)) {
        steady->jumped_ms = seen;
        steady->jumped_at = mono;
    } else if (mono.ms - steady->jumped_at.ms >= STEADY_MS) {
        *steady = (struct steady_time){.started = true, .offset_ms = seen};
    }
    return mono.ms + steady->offset_ms;
}

struct clock_real {
    struct clock clock;
    struct steady_time steady;
};

static wall_ms real_now(struct clock *clock)
{
    return steady_now(&((struct clock_real *)clock)->steady, real_wall_now(), real_mono_now());
}

static mono_ms real_mono(struct clock *clock)
{
    (void)clock;
    return real_mono_now();
}

static void real_free(struct clock **clock)
{
    if (clock && *clock)
        free(*clock);
    if (clock)
        *clock = NULL;
}

static const struct clock_functions real_functions = {.now = real_now, .mono = real_mono, .free = real_free};

struct clock *clock_real_new(void)
{
    struct clock_real *clock = calloc(1, sizeof *clock);
    assert(clock);
    clock->clock.functions = &real_functions;
    return &clock->clock;
}
