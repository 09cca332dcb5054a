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

static void fired(struct stage_loop *stage, struct stage_partition *partition, const struct fire *fire)
{
    const struct entry_list *entries = &fire->fired;

    partition->earliest_due = fire->earliest_due;
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

static bool may_fire(const struct stage_loop *stage)
{
    return stage->options.core->stage == STAGE_SCHEDULER && !stage->report.tilted && stage_clock_is_right(stage);
}

/* What is not worked yet goes first: it would have to be read from the log again. */
static bool has_timer(const struct stage_loop *stage, const struct stage_partition *partition)
{
    return partition->owned && partition->earliest_due > 0 && partition->reader.ready_count < FIRE_AHEAD_MAX &&
           mono_reached(stage_mono(stage), partition->backoff.until);
}

bool stage_is_prompt(const struct stage_loop *stage)
{
    return stage->prompt_until.ms > stage_mono(stage).ms;
}

static void note_prompt(struct stage_loop *stage, int64_t late_ms)
{
    if (late_ms <= LATE_MS && !stage->options.virtual_clock)
        stage->prompt_until.ms = stage_mono(stage).ms + PROMPT_MS;
}

static void fire_answered(struct stage_loop *stage, const struct fire *fire, enum store_status status)
{
    struct stage_partition *partition = &stage->partitions[fire->lease.partition];

    if (status == STORE_OK)
        fired(stage, partition, fire);
    else if (status == STORE_FENCED)
        stage_lose(stage, partition, "fenced");
    else
        backoff_more(&partition->backoff, stage_mono(stage));
}

/* Partitions whose timers fire in one exchange, and what came of it. */
struct volley {
    struct fire fires[FIRE_TOGETHER];
    enum store_status status, statuses[FIRE_TOGETHER];
    size_t count;
};

/* After one that fired many timers the next is small too: what has fired is not to wait long for its publishing. */
static size_t volley_size(size_t last, const struct volley *fired)
{
    size_t timers = 0;

    for (size_t i = 0; i < fired->count; i++)
        timers += fired->fires[i].fired.count;
    if (timers > FIRE_FEW)
        return FIRE_FIRST;
    return last * 2 < FIRE_TOGETHER ? last * 2 : FIRE_TOGETHER;
}

/* The next ones that have a timer due, `most` at most, from *number on; false: there are none. The time, which may have to
 * be asked for, is asked for only if a timer waits for it. */
static bool volley_gather(struct stage_loop *stage, uint32_t *number, size_t most, struct volley *volley)
{
    wall_ms now = 0;

    for (volley->count = 0; *number < stage->options.partitions && volley->count < most; ++*number) {
        const struct stage_partition *partition = &stage->partitions[*number];
        if (!has_timer(stage, partition))
            continue;
        now = now ? now : clock_now(stage->options.clock);
        if (partition->earliest_due > now)
            continue;
        note_prompt(stage, now - partition->earliest_due);
        volley->fires[volley->count++] = (struct fire){
            .lease = partition->lease, .now = now, .chain_seed = stage->options.random(stage->options.random_context)};
    }
    return volley->count > 0;
}

static void volley_begin(struct stage_loop *stage, const struct volley *volley)
{
    struct store *store = stage->options.store;

    if (volley->count > 0 && store->functions->fire_begin)
        store->functions->fire_begin(store, volley->fires, volley->count);
}

static void volley_end(struct stage_loop *stage, struct volley *volley)
{
    struct store *store = stage->options.store;

    if (volley->count == 0)
        return;
    arena_reset(stage->arena);
    volley->status = store->functions->fire(store, volley->fires, volley->count, stage->arena, volley->statuses);
    stage_look(stage);
}

static void volley_answered(struct stage_loop *stage, const struct volley *volley)
{
    for (size_t i = 0; i < volley->count; i++)
        fire_answered(stage, &volley->fires[i], volley->status == STORE_OK ? volley->statuses[i] : volley->status);
}

/* While what has fired is published the store works on the next volley. What does not answer takes seconds: those that
 * were not asked by then are in the next step. */
void stage_fire(struct stage_loop *stage)
{
    struct volley volleys[2], *next = volleys, *fired = volleys + 1;
    mono_ms begun = stage_mono(stage);
    uint32_t number = 0;
    size_t most = FIRE_FIRST;

    if (!may_fire(stage))
        return;
    fired->count = 0;
    while (volley_gather(stage, &number, most, next) || fired->count > 0) {
        volley_begin(stage, next);
        volley_answered(stage, fired);
        volley_end(stage, next);
        most = stage_mono(stage).ms - begun.ms < STEP_MS_MAX ? volley_size(most, next) : 0;
        struct volley *was = fired;
        fired = next;
        next = was;
    }
    stage->busy = stage->busy || number < stage->options.partitions;
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
