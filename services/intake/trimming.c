#include "trimming.h"

#include <assert.h>
#include <stdlib.h>

#include "log.h"
#include "replay_log.h"

enum { STEP_MS = 2000, AGED_PER_STEP = 16 };      /* partitions whose ages are looked at in one step */

struct trimming {
    struct trimming_options options;
    struct arena *arena;
    struct seen { uint64_t head, entries, bytes; } *seen;      /* by partition, when last looked at */
    uint32_t next;                  /* partition */
    mono_ms due;
};

enum { ENTRIES, BYTES, TRIMMED, CONSUMER_LAG, METRIC_COUNT };

static const struct metric trimming_metrics[METRIC_COUNT] = {
    [ENTRIES] = {METRIC_GAUGE, "careline_log_entries", "Events kept in the log", NULL, NULL},
    [BYTES] = {METRIC_GAUGE, "careline_log_bytes", "Memory of the log in the store, about", NULL, NULL},
    [TRIMMED] = {METRIC_COUNTER, "careline_log_trimmed_total", "Events that this process let go", NULL, NULL},
    [CONSUMER_LAG] = {METRIC_GAUGE, "careline_consumer_lag", "Events yet to be read, of those with a durable name",
                      "consumer", NULL},
};

struct trimming *trimming_new(const struct trimming_options *options)
{
    struct trimming *trimming = calloc(1, sizeof *trimming);
    assert(trimming);
    trimming->options = *options;
    trimming->arena = arena_new();
    trimming->seen = calloc(options->partitions, sizeof *trimming->seen);
    assert(trimming->seen);
    metrics_table(options->metrics, trimming_metrics, METRIC_COUNT);
    return trimming;
}

void trimming_free(struct trimming **trimming)
{
    if (!*trimming)
        return;
    arena_free(&(*trimming)->arena);
    free((*trimming)->seen);
    free(*trimming);
    *trimming = NULL;
}

/* A consumer's last event stays, so that it finds its point again. */
uint64_t trim_limit(uint64_t old, uint64_t very_old, uint64_t slowest)
{
    uint64_t limit = slowest < old ? slowest : old;
    return limit > very_old ? limit : very_old;
}

uint64_t archive_limit(const struct consumer_list *consumers, const char *archive, uint32_t partition)
{
    if (!*archive)
        return UINT64_MAX;
    const struct consumer *consumer = consumers_find(consumers, archive);
    const struct point *point = consumer ? points_find(&consumer->points, partition) : NULL;
    return point ? point->at.seq : 0;
}

/* -------- one partition */

static uint64_t seq_of_age(struct trimming *trimming, uint32_t partition, const struct partition_view *view,
                           wall_ms before)
{
    uint64_t seq = view->first.seq;
    enum store_status status = log_seq_of_time(trimming->options.store, partition, view->first.seq, view->head.seq,
                                               before, trimming->arena, &seq);
    return status == STORE_OK ? seq : view->first.seq;
}

static uint64_t limit_of(struct trimming *trimming, uint32_t partition, const struct partition_view *view,
                         const struct consumer_list *consumers, wall_ms now)
{
    const struct trimming_options *options = &trimming->options;
    if (!options->keep_ms || now <= options->keep_ms)
        return 0;
    uint64_t old = seq_of_age(trimming, partition, view, now - options->keep_ms);
    if (old == view->first.seq)
        return 0;
    uint64_t slowest = consumers_slowest(consumers, partition);
    if (slowest >= old)
        return old;
    int64_t longest_ms =
        options->keep_for_consumers_ms > options->keep_ms ? options->keep_for_consumers_ms : options->keep_ms;
    return trim_limit(old, seq_of_age(trimming, partition, view, now - longest_ms), slowest);
}

static void partition_trim(struct trimming *trimming, uint32_t partition, uint64_t limit)
{
    struct store *store = trimming->options.store;
    struct trimmed trimmed;
    if (store->functions->trim(store, partition, limit, &trimmed) != STORE_OK)
        return;
    trimming->seen[partition].entries = trimmed.entries;
    trimming->seen[partition].bytes = trimmed.bytes;
    if (!trimmed.count)
        return;
    metrics_add(trimming->options.metrics, &trimming_metrics[TRIMMED], NULL, (double)trimmed.count);
    log_info("log.trimmed", log_int("partition", partition), log_int("events", (int64_t)trimmed.count),
             log_int("first", (int64_t)trimmed.first));
}

static void partition_age(struct trimming *trimming, uint32_t partition, const struct consumer_list *consumers,
                          wall_ms now)
{
    struct store *store = trimming->options.store;
    struct partition_view view;
    if (store->functions->view(store, &partition, 1, &view) != STORE_OK || !view.head.seq)
        return;
    uint64_t archived = archive_limit(consumers, trimming->options.archive, partition);
    uint64_t limit = archived > view.first.seq ? limit_of(trimming, partition, &view, consumers, now) : 0;
    if (limit > archived)
        limit = archived;
    if (limit > view.first.seq)
        partition_trim(trimming, partition, limit);
}

/* -------- all of them */

static void tell_sizes(struct trimming *trimming)
{
    double entries = 0, bytes = 0;
    for (uint32_t p = 0; p < trimming->options.partitions; p++) {
        entries += (double)trimming->seen[p].entries;
        bytes += (double)trimming->seen[p].bytes;
    }
    metrics_set(trimming->options.metrics, &trimming_metrics[ENTRIES], NULL, entries);
    metrics_set(trimming->options.metrics, &trimming_metrics[BYTES], NULL, bytes);
}

static void tell_lags(struct trimming *trimming, const struct consumer_list *consumers, const struct checkpoint *heads)
{
    for (size_t i = 0; i < consumers->count; i++)
        metrics_set(trimming->options.metrics, &trimming_metrics[CONSUMER_LAG], consumers->at[i].name,
                    (double)consumer_lag(&consumers->at[i], heads, trimming->options.partitions));
}

/* What has grown is measured again. */
static bool look(struct trimming *trimming, const struct consumer_list *consumers)
{
    struct store *store = trimming->options.store;
    uint32_t count = trimming->options.partitions;
    uint32_t *numbers = arena_alloc(trimming->arena, count * sizeof *numbers);
    struct checkpoint *heads = arena_alloc(trimming->arena, count * sizeof *heads);
    for (uint32_t p = 0; p < count; p++)
        numbers[p] = p;
    if (store->functions->heads(store, numbers, count, heads) != STORE_OK)
        return false;
    for (uint32_t p = 0; p < count; p++) {
        if (trimming->seen[p].head != heads[p].seq)
            partition_trim(trimming, p, 0);
        trimming->seen[p].head = heads[p].seq;
    }
    tell_lags(trimming, consumers, heads);
    return true;
}

void trimming_step(struct trimming *trimming, wall_ms now, mono_ms mono)
{
    struct consumer_list consumers = {0};
    if (mono.ms < trimming->due.ms || !now)
        return;
    trimming->due.ms = mono.ms + STEP_MS;
    arena_reset(trimming->arena);
    if (consumers_read(trimming->options.store, trimming->arena, &consumers) != STORE_OK || !look(trimming, &consumers))
        return;
    for (uint32_t i = 0; trimming->options.keep_ms && i < AGED_PER_STEP && i < trimming->options.partitions; i++) {
        partition_age(trimming, trimming->next, &consumers, now);
        trimming->next = (trimming->next + 1) % trimming->options.partitions;
    }
    tell_sizes(trimming);
}
