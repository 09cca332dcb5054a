#include "stage_parts.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"

enum { STOP_TRIES = 8 };

void backoff_more(struct backoff *backoff, mono_ms now)
{
    backoff->wait_ms = backoff->wait_ms == 0 ? BACKOFF_MS : backoff->wait_ms * 2;
    if (backoff->wait_ms > BACKOFF_MS_MAX)
        backoff->wait_ms = BACKOFF_MS_MAX;
    backoff->until.ms = now.ms + backoff->wait_ms;
}

void backoff_none(struct backoff *backoff)
{
    *backoff = (struct backoff){0};
}

static void lend_tools(struct stage_loop *stage)
{
    const struct stage_options *options = &stage->options;

    stage->source.store = options->store;
    stage->tools = (struct turn_tools){
        .core = options->core, .store = options->store, .sealer = options->sealer,
        .cache = entity_cache_new(CACHE_BYTES_MAX), .contents = content_cache_new(content_source_read, &stage->source),
        .source = &stage->source, .build = options->build ? options->build : "",
        .random = options->random, .random_context = options->random_context,
    };
}

static void *room_for(size_t count, size_t bytes)
{
    void *room = calloc(count, bytes);

    if (!room)
        abort();
    return room;
}

static void exchange_make(struct exchange *exchange, uint32_t partitions)
{
    exchange->commits = room_for(partitions, sizeof *exchange->commits);
    exchange->statuses = room_for(partitions, sizeof *exchange->statuses);
}

static void exchange_unmake(struct exchange *exchange)
{
    free(exchange->commits);
    free(exchange->statuses);
}

struct stage_loop *stage_new(const struct stage_options *options)
{
    struct stage_loop *stage = room_for(1, sizeof *stage);
    uint32_t partitions = options->partitions;

    assert(partitions > 0 && partitions <= PARTITIONS_MAX);
    assert(strlen(options->owner) < OWNER_BYTES_MAX);
    stage->options = *options;
    stage->partitions = room_for(partitions, sizeof *stage->partitions);
    stage->leases = room_for(partitions, sizeof *stage->leases);
    stage->standings = room_for(partitions, sizeof *stage->standings);
    stage->statuses = room_for(partitions, sizeof *stage->statuses);
    exchange_make(&stage->exchange, partitions);
    exchange_make(&stage->sent, partitions);
    for (uint32_t i = 0; i < partitions; i++)
        stage->partitions[i] = (struct stage_partition){.number = i, .batch_max = BATCH_EVENTS_MAX};
    stage->arena = arena_new();
    stage->share = partitions;
    stage->eager = options->eager_checkpoints || options->stepped;
    options->bus->functions->listen_hint(options->bus, HINT_RELEASED);
    if (options->stepped)
        options->bus->functions->listen_hint(options->bus, HINT_EAGER);
    lend_tools(stage);
    return stage;
}

void stage_free(struct stage_loop **stage)
{
    if (!*stage)
        return;
    for (uint32_t i = 0; i < (*stage)->options.partitions; i++) {
        turn_free(&(*stage)->partitions[i].pending);
        turn_free(&(*stage)->partitions[i].working);
        reader_free(&(*stage)->partitions[i].reader);
    }
    while ((*stage)->spare_count > 0)
        turn_free(&(*stage)->spare[--(*stage)->spare_count]);
    stage_outbox_free(*stage);
    entity_cache_free(&(*stage)->tools.cache);
    content_cache_free(&(*stage)->tools.contents);
    arena_free(&(*stage)->arena);
    free((*stage)->partitions);
    free((*stage)->leases);
    free((*stage)->standings);
    free((*stage)->statuses);
    exchange_unmake(&(*stage)->exchange);
    exchange_unmake(&(*stage)->sent);
    free(*stage);
    *stage = NULL;
}

/* ---------------------------------------------------------------- a step */

void stage_set_eager(struct stage_loop *stage, bool on)
{
    stage->eager = on || stage->options.eager_checkpoints;
}

static void take_hint(struct stage_loop *stage, const struct hint *hint)
{
    if (hint->kind == HINT_EAGER)
        stage_set_eager(stage, hint->number);
    else if (hint->kind == HINT_RELEASED)
        stage_note_released(stage, hint);
    else if (stage->options.on_hint)
        stage->options.on_hint(stage->options.hint_context, hint);
}

static void take_frame(struct stage_loop *stage, const struct frame *frame)
{
    uint32_t number = frame->place.partition;

    if (frame->kind == FRAME_HINT) {
        take_hint(stage, &frame->hint);
        return;
    }
    if (number >= stage->options.partitions || !stage->partitions[number].owned)
        return;
    struct stage_partition *partition = &stage->partitions[number];
    if (frame->kind == FRAME_DUE) {     /* a hint may be old: only an earlier one counts, firing tells the truth */
        if (frame->due > 0 && (partition->earliest_due == 0 || frame->due < partition->earliest_due))
            partition->earliest_due = frame->due;
        return;
    }
    stage->passed++;
    reader_offer(&partition->reader, &frame->place, stage_concern(stage, frame->packed), stage_mono(stage));
    if (frame->place.seq > partition->head)
        partition->head = frame->place.seq;
}

static void receive(struct stage_loop *stage)
{
    struct bus *bus = stage->options.bus;
    struct frame frame;
    int count = 0;

    while (count < FRAMES_PER_STEP && bus->functions->receive(bus, &frame)) {
        take_frame(stage, &frame);
        count++;
    }
    stage->busy = stage->busy || count == FRAMES_PER_STEP;
    stage_look(stage);
}

static int64_t sooner(int64_t a, int64_t b)
{
    return b >= 0 && b < a ? b : a;
}

/* Milliseconds until this partition wants something, its timers apart. */
static int64_t partition_wait_ms(const struct stage_loop *stage, const struct stage_partition *partition, mono_ms now)
{
    int64_t wait = RENEW_MS;

    if (reader_ready(&partition->reader, 0) || partition->pending)
        wait = 0;
    wait = sooner(wait, reader_wait_ms(&partition->reader, now));
    if (partition->worked.seq > partition->checkpoint.seq)
        wait = sooner(wait, stage->lazy_at.ms > now.ms ? stage->lazy_at.ms - now.ms : 0);
    return wait;
}

/* Of those that may try again: *due becomes the earliest due time. The others want nothing until then. */
static int64_t owned_wait_ms(const struct stage_loop *stage, mono_ms now, wall_ms *due)
{
    int64_t wait = RENEW_MS;

    for (uint32_t i = 0; i < stage->options.partitions; i++) {
        const struct stage_partition *partition = &stage->partitions[i];
        if (!partition->owned)
            continue;
        if (!mono_reached(now, partition->backoff.until)) {
            wait = sooner(wait, partition->backoff.until.ms - now.ms);
            continue;
        }
        wait = sooner(wait, partition_wait_ms(stage, partition, now));
        if (partition->earliest_due > 0 && (*due == 0 || partition->earliest_due < *due))
            *due = partition->earliest_due;
    }
    return wait;
}

static int64_t wait_ms(const struct stage_loop *stage)
{
    mono_ms now = stage_mono(stage);
    int64_t wait = RENEW_MS;
    wall_ms due = 0;

    if (stage->busy)
        return 0;
    wait = sooner(wait, stage->renew_at.ms > now.ms ? stage->renew_at.ms - now.ms : 0);
    wait = sooner(wait, stage->claim_at.ms > now.ms ? stage->claim_at.ms - now.ms : 0);
    if (stage->outbox_count > 0) {
        int64_t flush = stage_flush_at(stage).ms - now.ms;
        wait = sooner(wait, flush > 0 ? flush : 0);
    }
    wait = sooner(wait, owned_wait_ms(stage, now, &due));
    return sooner(wait, stage_due_wait_ms(stage, due));
}

static void work_hand(struct stage_loop *stage)
{
    if (stage->hand.count == 0)
        return;
    stage_work(stage, &stage->hand);
    stage->hand.count = 0;
    if (stage_is_prompt(stage))
        stage_fire(stage);
}

/* One that its former owners died of is worked alone: should it kill us too, nothing else is lost with it. */
static void work_one(struct stage_loop *stage, struct stage_partition *partition)
{
    struct hand *hand = &stage->hand;
    bool alone = partition->careful;

    if (!partition->owned)
        return;
    stage_close_attempts(stage, partition);
    if (!stage_has_work(stage, partition))
        return;
    if (alone)
        work_hand(stage);
    hand->at[hand->count++] = partition;
    if (alone || hand->count >= (stage_is_prompt(stage) ? HAND_PROMPT : HAND_MAX))
        work_hand(stage);
}

/* Calls that are not answered take seconds each: the partitions that have not had their turn by then begin the next
 * step. */
static void work(struct stage_loop *stage)
{
    uint32_t partitions = stage->options.partitions, first = stage->first;
    mono_ms begun = stage_mono(stage);

    for (uint32_t i = 0; i < partitions; i++) {
        work_one(stage, &stage->partitions[(first + i) % partitions]);
        if (stage_mono(stage).ms - begun.ms >= STEP_MS_MAX && i + 1 < partitions) {
            stage->first = (first + i + 1) % partitions;
            stage->busy = true;
            break;
        }
    }
    work_hand(stage);
}

/* Those that stay behind events of no concern all catch up at once: one exchange for many partitions. */
static void look_at_checkpoints(struct stage_loop *stage)
{
    stage->catches_up = mono_reached(stage_mono(stage), stage->lazy_at);
    if (stage->catches_up)
        stage->lazy_at.ms = stage_mono(stage).ms + (stage->options.stepped ? LAZY_STEPPED_MS : LAZY_MS);
}

int64_t stage_step(struct stage_loop *stage)
{
    stage_look(stage);
    stage->busy = false;
    stage_watch_time(stage);
    const mono_ms now = stage_mono(stage);
    if (mono_reached(now, stage->renew_at))
        stage_renew(stage);
    if (mono_reached(now, stage->claim_at))
        stage_claim(stage);
    receive(stage);
    stage_claim_released(stage);
    look_at_checkpoints(stage);
    work(stage);
    stage_fire(stage);
    stage_flush(stage);
    stage_look(stage);
    stage->stepped_at = stage_mono(stage);
    stage->slept_ms = wait_ms(stage);
    return stage->slept_ms;
}

bool stage_is_bystander(const struct stage_loop *stage)
{
    return stage->passed >= BYSTANDER_EVENTS && !stage->options.stepped;
}

/* ---------------------------------------------------------------- the end */

void stage_stop(struct stage_loop *stage)
{
    bool left = true;

    stage->stopping = true;
    stage_look(stage);
    for (int tries = 0; tries < STOP_TRIES && left; tries++) {
        for (uint32_t i = 0; i < stage->options.partitions; i++)
            if (stage->partitions[i].owned)
                stage_settle(stage, &stage->partitions[i]);
        stage_exchange(stage);
        left = false;
        for (uint32_t i = 0; i < stage->options.partitions; i++)
            left = left || (stage->partitions[i].owned && !stage_is_settled(&stage->partitions[i]));
    }
    backoff_none(&stage->outbox_backoff);
    stage_flush(stage);
    stage_release_all(stage);
}

static void report_partition(const struct stage_partition *partition, struct stage_report *ret)
{
    const struct reader_counts *counts = &partition->reader.counts;

    ret->gaps += counts->gaps;
    ret->log_reads += counts->log_reads;
    ret->reordered += counts->reordered;
    if (!partition->owned)
        return;
    ret->lag += partition->head > partition->worked.seq ? (int64_t)(partition->head - partition->worked.seq) : 0;
    if (partition->earliest_due > 0 && (ret->earliest_due == 0 || partition->earliest_due < ret->earliest_due))
        ret->earliest_due = partition->earliest_due;
}

void stage_report(const struct stage_loop *stage, struct stage_report *ret)
{
    *ret = stage->report;
    ret->owned = stage->owned;
    for (uint32_t i = 0; i < stage->options.partitions; i++)
        report_partition(&stage->partitions[i], ret);
}
