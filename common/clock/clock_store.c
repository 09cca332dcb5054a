/* The clock that follows the record in the store. */
#include <assert.h>
#include <stdlib.h>

#include "clock_real.h"
#include "clock_record.h"

/* How old the record may be, by mode: stepped time moves at any moment, the others hardly ever change. */
static const int64_t age_ms_max[] = {[CLOCK_REAL] = 1000, [CLOCK_SCALED] = 100, [CLOCK_STEPPED] = 2};

struct clock_store {
    struct clock clock;
    struct store *store;
    struct arena *arena;
    struct steady_time steady;
    struct clock_record record;
    mono_ms read_at;
};

wall_ms clock_store_real(struct clock *clock)
{
    return steady_now(&((struct clock_store *)clock)->steady, real_wall_now(), real_mono_now());
}

/* While the store does not answer, what was read last goes on. */
void clock_store_refresh(struct clock *base)
{
    struct clock_store *clock = (struct clock_store *)base;
    struct clock_record record;
    struct slice packed;
    arena_reset(clock->arena);
    if (clock_record_read(clock->store, clock->arena, &record, &packed) == STORE_OK)
        clock->record = record;
    clock->read_at = real_mono_now();
}

static struct clock_store *clock_fresh(struct clock *base)
{
    struct clock_store *clock = (struct clock_store *)base;
    if (real_mono_now().ms - clock->read_at.ms >= age_ms_max[clock->record.mode])
        clock_store_refresh(base);
    return clock;
}

static wall_ms store_clock_now(struct clock *base)
{
    struct clock_store *clock = clock_fresh(base);
    return clock_record_now(&clock->record, clock_store_real(base));
}

static mono_ms store_clock_mono(struct clock *base)
{
    (void)base;
    return real_mono_now();
}

static void store_clock_free(struct clock **base)
{
    struct clock_store *clock = base ? (struct clock_store *)*base : NULL;
    if (!clock)
        return;
    arena_free(&clock->arena);
    free(clock);
    *base = NULL;
}

static const struct clock_functions store_clock_functions = {
    .now = store_clock_now, .mono = store_clock_mono, .free = store_clock_free
};

struct clock *clock_store_new(struct store *store)
{
    struct clock_store *clock = calloc(1, sizeof *clock);
    assert(clock);
    clock->clock.functions = &store_clock_functions;
    clock->store = store;
    clock->arena = arena_new();
    clock_store_refresh(&clock->clock);
    return &clock->clock;
}

enum clock_mode clock_store_mode(struct clock *base)
{
    return clock_fresh(base)->record.mode;
}

int64_t clock_store_wait_ms(struct clock *base, wall_ms due)
{
    struct clock_store *clock = clock_fresh(base);
    int64_t left = due - clock_record_now(&clock->record, clock_store_real(base));
    if (left <= 0)
        return 0;
    switch (clock->record.mode) {
    case CLOCK_SCALED:
        return (left + clock->record.speed - 1) / (clock->record.speed > 0 ? clock->record.speed : 1);
    case CLOCK_STEPPED:
        return INT64_MAX;
    default:
        return left;
    }
}
