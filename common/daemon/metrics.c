#include "metrics.h"

#include <assert.h>
#include <math.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fnv.h"

const double bucket_seconds[] = {0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 0};

enum { TABLES_MAX = 32, LABEL_BYTES_MAX = 64, SLOTS_MIN = 8 };

/* One line of numbers: a metric under one value of its label. */
struct series {
    char *label;                    /* owned; "" for a metric without label */
    double value;                   /* histogram: sum */
    uint64_t count;                 /* histogram: observations */
    uint64_t *buckets;              /* histogram: owned; how many fell into each */
};

/* All series of one metric: an open hash table by label. */
struct family {
    const struct metric *metric;
    size_t bucket_count;
    size_t count, slots;
    struct series **slot;
};

struct table {
    const struct metric *first;
    size_t count;
    struct family *families;
};

struct metrics {
    pthread_mutex_t lock;
    size_t table_count;
    struct table tables[TABLES_MAX];
};

static void *must_have(void *at)
{
    if (!at) {
        fprintf(stderr, "no memory for metrics\n");
        abort();
    }
    return at;
}

/* -------- series */

static size_t label_hash(const char *label)
{
    uint64_t hash = fnv_text(FNV_START, label);
    return (size_t)(hash ^ hash >> 29);
}

/* The slot that holds the label, or the empty one where it belongs. There is always an empty one. */
static size_t slot_of(const struct family *family, const char *label)
{
    size_t at = label_hash(label) & (family->slots - 1);
    while (family->slot[at] && strcmp(family->slot[at]->label, label))
        at = (at + 1) & (family->slots - 1);
    return at;
}

static void resize(struct family *family, size_t slots)
{
    struct series **old = family->slot;
    size_t old_slots = family->slots;
    family->slot = must_have(calloc(slots, sizeof *family->slot));
    family->slots = slots;
    for (size_t i = 0; i < old_slots; i++)
        if (old[i])
            family->slot[slot_of(family, old[i]->label)] = old[i];
    free(old);
}

static struct series *series_new(const struct family *family, const char *label)
{
    struct series *series = must_have(calloc(1, sizeof *series));
    series->label = must_have(strndup(label, LABEL_BYTES_MAX));
    if (family->bucket_count)
        series->buckets = must_have(calloc(family->bucket_count, sizeof *series->buckets));
    return series;
}

static void series_free(struct series *series)
{
    if (series) {
        free(series->label);
        free(series->buckets);
        free(series);
    }
}

/* The label as it is kept: shortened, and empty where there is none. */
static const char *kept_label(const struct metric *metric, const char *label, char short_label[LABEL_BYTES_MAX + 1])
{
    snprintf(short_label, LABEL_BYTES_MAX + 1, "%s", metric->label && label ? label : "");
    return short_label;
}

static struct series *series_get(struct family *family, const char *label)
{
    char short_label[LABEL_BYTES_MAX + 1];
    kept_label(family->metric, label, short_label);
    size_t at = slot_of(family, short_label);
    if (!family->slot[at] && family->count >= METRIC_SERIES_MAX)
        at = slot_of(family, strcpy(short_label, "other"));
    if (family->slot[at])
        return family->slot[at];
    if (2 * (family->count + 1) > family->slots) {
        resize(family, 2 * family->slots);
        at = slot_of(family, short_label);
    }
    family->count++;
    return family->slot[at] = series_new(family, short_label);
}

/* -------- tables */

static bool ends_in(const char *text, const char *end)
{
    size_t bytes = strlen(text), end_bytes = strlen(end);
    return bytes > end_bytes && !strcmp(text + bytes - end_bytes, end);
}

static void family_start(struct family *family, const struct metric *metric)
{
    assert((metric->kind == METRIC_COUNTER) == ends_in(metric->name, "_total"));
    *family = (struct family){.metric = metric};
    while (metric->kind == METRIC_HISTOGRAM && metric->buckets[family->bucket_count] > 0)
        family->bucket_count++;
    assert(family->bucket_count <= METRIC_BUCKETS_MAX);
    resize(family, SLOTS_MIN);
    if (!metric->label)
        series_get(family, "");
}

struct metrics *metrics_new(void)
{
    struct metrics *metrics = must_have(calloc(1, sizeof *metrics));
    pthread_mutex_init(&metrics->lock, NULL);
    return metrics;
}

static void table_free(struct table *table)
{
    for (size_t i = 0; i < table->count; i++) {
        for (size_t j = 0; j < table->families[i].slots; j++)
            series_free(table->families[i].slot[j]);
        free(table->families[i].slot);
    }
    free(table->families);
}

void metrics_free(struct metrics **metrics)
{
    if (!metrics || !*metrics)
        return;
    for (size_t i = 0; i < (*metrics)->table_count; i++)
        table_free(&(*metrics)->tables[i]);
    pthread_mutex_destroy(&(*metrics)->lock);
    free(*metrics);
    *metrics = NULL;
}

void metrics_table(struct metrics *metrics, const struct metric *table, size_t count)
{
    if (!metrics)
        return;
    pthread_mutex_lock(&metrics->lock);
    assert(metrics->table_count < TABLES_MAX);
    struct table *to = &metrics->tables[metrics->table_count++];
    *to = (struct table){table, count, must_have(calloc(count, sizeof *to->families))};
    for (size_t i = 0; i < count; i++)
        family_start(&to->families[i], &table[i]);
    pthread_mutex_unlock(&metrics->lock);
}

static struct family *family_of(struct metrics *metrics, const struct metric *metric)
{
    for (size_t i = 0; i < metrics->table_count; i++) {
        struct table *table = &metrics->tables[i];
        if (metric >= table->first && metric < table->first + table->count)
            return &table->families[metric - table->first];
    }
    fprintf(stderr, "metric %s is in no table\n", metric->name);
    abort();
}

/* -------- values */

enum change { CHANGE_ADD, CHANGE_SET, CHANGE_OBSERVE };

static void observe(const struct family *family, struct series *series, double value)
{
    series->value += value;
    series->count++;
    for (size_t i = 0; i < family->bucket_count; i++)
        if (value <= family->metric->buckets[i]) {
            series->buckets[i]++;
            return;
        }
}

static void change(struct metrics *metrics, const struct metric *metric, const char *label, enum change how,
                   double value)
{
    if (!metrics)
        return;
    pthread_mutex_lock(&metrics->lock);
    struct family *family = family_of(metrics, metric);
    struct series *series = series_get(family, label);
    assert((how == CHANGE_OBSERVE) == (metric->kind == METRIC_HISTOGRAM));
    if (how == CHANGE_OBSERVE)
        observe(family, series, value);
    else
        series->value = how == CHANGE_ADD ? series->value + value : value;
    pthread_mutex_unlock(&metrics->lock);
}

void metrics_add(struct metrics *metrics, const struct metric *metric, const char *label, double by)
{
    change(metrics, metric, label, CHANGE_ADD, by);
}

void metrics_set(struct metrics *metrics, const struct metric *metric, const char *label, double value)
{
    change(metrics, metric, label, CHANGE_SET, value);
}

void metrics_observe(struct metrics *metrics, const struct metric *metric, const char *label, double value)
{
    change(metrics, metric, label, CHANGE_OBSERVE, value);
}

/* Takes the series out and puts those that it displaced back in their places. */
void metrics_drop(struct metrics *metrics, const struct metric *metric, const char *label)
{
    if (!metrics)
        return;
    char short_label[LABEL_BYTES_MAX + 1];
    pthread_mutex_lock(&metrics->lock);
    struct family *family = family_of(metrics, metric);
    size_t at = slot_of(family, kept_label(metric, label, short_label));
    if (family->slot[at]) {
        series_free(family->slot[at]);
        family->slot[at] = NULL;
        family->count--;
        resize(family, family->slots);
    }
    pthread_mutex_unlock(&metrics->lock);
}

double metrics_value(struct metrics *metrics, const struct metric *metric, const char *label)
{
    if (!metrics)
        return 0;
    char short_label[LABEL_BYTES_MAX + 1];
    pthread_mutex_lock(&metrics->lock);
    struct family *family = family_of(metrics, metric);
    const struct series *series = family->slot[slot_of(family, kept_label(metric, label, short_label))];
    double value = series ? series->value : 0;
    pthread_mutex_unlock(&metrics->lock);
    return value;
}

/* -------- text */

static void put_number(struct buffer *to, double value)
{
    if (isnan(value))
        buffer_string(to, "NaN");
    else if (isinf(value))
        buffer_string(to, value > 0 ? "+Inf" : "-Inf");
    else if (value == floor(value) && fabs(value) < 1e15)
        buffer_printf(to, "%.0f", value);
    else
        buffer_printf(to, "%.9g", value);
}

/* Backslash, line end and, in values, the quote. */
static void put_escaped(struct buffer *to, const char *text, bool quote)
{
    for (; *text; text++) {
        if (*text == '\n')
            buffer_string(to, "\\n");
        else if (*text == '\\' || (quote && *text == '"'))
            buffer_printf(to, "\\%c", *text);
        else
            buffer_append(to, text, 1);
    }
}

/* name{label="value",le="0.5"} and a blank */
static void put_name(struct buffer *to, const struct metric *metric, const char *ending, const char *label,
                     const char *le)
{
    buffer_printf(to, "%s%s", metric->name, ending);
    if (metric->label) {
        buffer_printf(to, "{%s=\"", metric->label);
        put_escaped(to, label, true);
        buffer_string(to, "\"");
    }
    if (le)
        buffer_printf(to, "%sle=\"%s\"", metric->label ? "," : "{", le);
    buffer_string(to, metric->label || le ? "} " : " ");
}

static void put_histogram(struct buffer *to, const struct family *family, const struct series *series)
{
    uint64_t sum = 0;
    char le[32];
    for (size_t i = 0; i < family->bucket_count; i++) {
        sum += series->buckets[i];
        snprintf(le, sizeof le, "%g", family->metric->buckets[i]);
        put_name(to, family->metric, "_bucket", series->label, le);
        buffer_printf(to, "%llu\n", (unsigned long long)sum);
    }
    put_name(to, family->metric, "_bucket", series->label, "+Inf");
    buffer_printf(to, "%llu\n", (unsigned long long)series->count);
    put_name(to, family->metric, "_sum", series->label, NULL);
    put_number(to, series->value);
    buffer_string(to, "\n");
    put_name(to, family->metric, "_count", series->label, NULL);
    buffer_printf(to, "%llu\n", (unsigned long long)series->count);
}

static void put_series(struct buffer *to, const struct family *family, const struct series *series)
{
    if (family->metric->kind == METRIC_HISTOGRAM) {
        put_histogram(to, family, series);
        return;
    }
    put_name(to, family->metric, "", series->label, NULL);
    put_number(to, series->value);
    buffer_string(to, "\n");
}

static int by_label(const void *a, const void *b)
{
    return strcmp((*(struct series *const *)a)->label, (*(struct series *const *)b)->label);
}

static void put_family(struct buffer *to, const struct family *family)
{
    static const char *const kinds[] = {"counter", "gauge", "histogram"};
    struct series **sorted = must_have(calloc(family->count + 1, sizeof *sorted));
    size_t count = 0;
    for (size_t i = 0; i < family->slots; i++)
        if (family->slot[i])
            sorted[count++] = family->slot[i];
    qsort(sorted, count, sizeof *sorted, by_label);
    buffer_printf(to, "# HELP %s ", family->metric->name);
    put_escaped(to, family->metric->help, false);
    buffer_printf(to, "\n# TYPE %s %s\n", family->metric->name, kinds[family->metric->kind]);
    for (size_t i = 0; i < count; i++)
        put_series(to, family, sorted[i]);
    free(sorted);
}

void metrics_text(struct metrics *metrics, struct buffer *to)
{
    if (!metrics)
        return;
    pthread_mutex_lock(&metrics->lock);
    for (size_t i = 0; i < metrics->table_count; i++)
        for (size_t j = 0; j < metrics->tables[i].count; j++)
            put_family(to, &metrics->tables[i].families[j]);
    pthread_mutex_unlock(&metrics->lock);
}
