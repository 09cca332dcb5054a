/* Due timers, and time that jumps. */
#include "log.h"
#include "stage_parts.h"

/* A wall clock that jumped, or a process that slept: timers wait until it has been steady for a while, lest a wrong
 * clock fires a month's worth at once. */
static void tilt(struct stage_loop *stage, mono_ms now, int64_t by_ms, const char *why)
{
    if (!stage->report.tilted)
        log_warn("clock.jumped", log_int("by_ms", by_ms), log_text("why", why));
    stage->tilt_until.ms = now.ms + TILT_MS;
    stage->report.tilted = true;
}

void stage_watch_time(struct stage_loop *stage)
{
    if (stage->options.virtual_clock)
        return;
    mono_ms now = stage_mono(stage);
    int64_t difference = clock_now(stage->options.clock) - now.ms;
    int64_t jumped = difference - stage->wall_minus_mono;
    int64_t overslept = now.ms - stage->stepped_at.ms - stage->slept_ms;

    stage->wall_minus_mono = difference;
    if (stage->stepped_at.ms > 0 && (jumped > TILT_MS || jumped < -TILT_MS))
        tilt(stage, now, jumped, "wall clock moved");
    else if (stage->stepped_at.ms > 0 && overslept > TILT_MS)
        tilt(stage, now, overslept, "process slept");
    else if (stage->report.tilted && mono_reached(now, stage->tilt_until)) {
        stage->report.tilted = false;
        log_info("clock.steady");
    }
}

static void fired(struct stage_loop *stage, struct stage_partition *partition, const struct entry_list *entries)
{
    stage->report.fired += entries->count;
    for (size_t i = 0; i < entries->count; i++)
        stage_publish(stage, &entries->at[i].place, event_types[EVENT_TIMER_FIRED].name, entries->at[i].packed);
    if (entries->count == FIRE_MAX && partition->earliest_due > 0)
        stage->busy = true;
}

bool stage_clock_is_right(const struct stage_loop *stage)
{
    return !stage->options.clock_is_right || stage->options.clock_is_right(stage->options.clock_context);
}

/* The time, which may have to be asked for, is asked for last. */
static bool may_fire(const struct stage_loop *stage, const struct stage_partition *partition, wall_ms *ret_now)
{
    if (stage->options.core->stage != STAGE_SCHEDULER || !partition->owned || stage->report.tilted ||
        partition->earliest_due == 0 || !mono_reached(stage_mono(stage), partition->backoff.until) ||
        !stage_clock_is_right(stage))
        return false;
    *ret_now = clock_now(stage->options.clock);
    return partition->earliest_due <= *ret_now;
}

void stage_fire(struct stage_loop *stage, struct stage_partition *partition)
{
    struct store *store = stage->options.store;
    struct entry_list entries = {0};
    wall_ms now;

    if (!may_fire(stage, partition, &now))
        return;
    arena_reset(stage->arena);
    enum store_status status = store->functions->fire(store, &partition->lease, now,
                                                      stage->options.random(stage->options.random_context),
                                                      stage->arena, &entries, &partition->earliest_due);
    stage_look(stage);
    if (status == STORE_OK)
        fired(stage, partition, &entries);
    else if (status == STORE_FENCED)
        stage_lose(stage, partition, "fenced");
    else
        backoff_more(&partition->backoff, stage_mono(stage));
}

int64_t stage_due_wait_ms(const struct stage_loop *stage, wall_ms due)
{
    if (stage->options.core->stage != STAGE_SCHEDULER || due == 0 || !stage_clock_is_right(stage))
        return -1;
    int64_t wait = stage->options.due_wait_ms ? stage->options.due_wait_ms(stage->options.due_wait_context, due)
                                              : due - clock_now(stage->options.clock);
    int64_t tilted = stage->report.tilted ? stage->tilt_until.ms - stage_mono(stage).ms : 0;
    return wait < tilted ? tilted : wait < 0 ? 0 : wait;
}
