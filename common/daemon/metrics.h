/* metrics: counters, gauges and histograms of a program, in Prometheus' text form.
 *
 * Each part of a program lists its metrics once, in a table with their help texts:
 *
 *     enum { EVENTS, LAG, SECONDS };
 *     static const struct metric stage_metrics[] = {
 *         [EVENTS]  = {METRIC_COUNTER, "careline_events_total", "Events worked", .label = "partition"},
 *         [LAG]     = {METRIC_GAUGE, "careline_lag", "Events between checkpoint and head"},
 *         [SECONDS] = {METRIC_HISTOGRAM, "careline_commit_seconds", "Time of one commit", .buckets = bucket_seconds},
 *     };
 *     metrics_table(metrics, stage_metrics, 3);
 *     metrics_add(metrics, &stage_metrics[EVENTS], "7", 1);
 *
 * Any thread may call. Setting a value is a look-up by label; nothing here waits on anything but a short lock. */
#ifndef CARELINE_METRICS_H
#define CARELINE_METRICS_H

#include "buffer.h"

enum { METRIC_SERIES_MAX = 2048, METRIC_BUCKETS_MAX = 16 };

enum metric_kind { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

struct metric {
    enum metric_kind kind;
    const char *name;               /* careline_…; counters end in _total, times in _seconds */
    const char *help;               /* one sentence */
    const char *label;              /* name of its one label; NULL: none */
    const double *buckets;          /* histogram: upper bounds, rising, ended by 0 */
};

/* 1 ms to 30 s, for anything timed. */
extern const double bucket_seconds[];

struct metrics;

struct metrics *metrics_new(void);
void metrics_free(struct metrics **metrics);

/* Makes the metrics of a table known; the table must outlive `metrics`. Those without label show at once, as 0. */
void metrics_table(struct metrics *metrics, const struct metric *table, size_t count);

/* `label` is the label's value; NULL for a metric without. One more series than METRIC_SERIES_MAX is kept under the
 * value "other". A metric that is in no table is a bug and aborts. `metrics` may be NULL: then nothing is kept. */
void metrics_add(struct metrics *metrics, const struct metric *metric, const char *label, double by);
void metrics_set(struct metrics *metrics, const struct metric *metric, const char *label, double value);
void metrics_observe(struct metrics *metrics, const struct metric *metric, const char *label, double value);
/* Forgets a series, for instance of a partition that went to another replica. */
void metrics_drop(struct metrics *metrics, const struct metric *metric, const char *label);
/* The value (histogram: sum of what was observed); 0 if there is none. */
double metrics_value(struct metrics *metrics, const struct metric *metric, const char *label);

/* The text that GET /metrics answers with (text/plain; version=0.0.4). */
void metrics_text(struct metrics *metrics, struct buffer *to);

#endif
