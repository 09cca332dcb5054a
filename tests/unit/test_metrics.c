/* metrics: what is counted, and how it reads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "metrics.h"

enum { EVENTS, LAG, SECONDS, SHARED, TABLE };

static const double few[] = {0.5, 1, 2.5, 0};

static const struct metric table[TABLE] = {
    [EVENTS] = {METRIC_COUNTER, "t_events_total", "Events worked", .label = "partition"},
    [LAG] = {METRIC_GAUGE, "t_lag", "Lines\nand \\ back"},
    [SECONDS] = {METRIC_HISTOGRAM, "t_seconds", "Time", .buckets = few},
    [SHARED] = {METRIC_HISTOGRAM, "t_by_kind", "Time by kind", .label = "kind", .buckets = few},
};

static struct metrics *metrics;
static struct buffer text;

static int setup(void **state)
{
    (void)state;
    metrics = metrics_new();
    metrics_table(metrics, table, TABLE);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    metrics_free(&metrics);
    assert_null(metrics);
    metrics_free(&metrics);
    buffer_free(&text);
    return 0;
}

static const char *written(void)
{
    buffer_clear(&text);
    metrics_text(metrics, &text);
    return buffer_text(&text);
}

static void assert_has(const char *part)
{
    if (!strstr(written(), part))
        fail_msg("%s\nis not in\n%s", part, written());
}

static void what_has_no_label_shows_at_once(void **state)
{
    (void)state;
    assert_string_equal(written(),
        "# HELP t_events_total Events worked\n# TYPE t_events_total counter\n"
        "# HELP t_lag Lines\\nand \\\\ back\n# TYPE t_lag gauge\nt_lag 0\n"
        "# HELP t_seconds Time\n# TYPE t_seconds histogram\nt_seconds_bucket{le=\"0.5\"} 0\nt_seconds_bucket{le=\"1\"} 0\n"
        "t_seconds_bucket{le=\"2.5\"} 0\nt_seconds_bucket{le=\"+Inf\"} 0\nt_seconds_sum 0\nt_seconds_count 0\n"
        "# HELP t_by_kind Time by kind\n# TYPE t_by_kind histogram\n");
}

static void counters_and_gauges_keep_values(void **state)
{
    (void)state;
    metrics_add(metrics, &table[EVENTS], "7", 1);
    metrics_add(metrics, &table[EVENTS], "12", 5);
    metrics_add(metrics, &table[EVENTS], "7", 2);
    metrics_set(metrics, &table[LAG], NULL, 12.5);
    metrics_add(metrics, &table[LAG], NULL, -2);
    assert_has("t_events_total{partition=\"12\"} 5\nt_events_total{partition=\"7\"} 3\n");
    assert_has("t_lag 10.5\n");
    assert_true(metrics_value(metrics, &table[EVENTS], "7") == 3);
    assert_true(metrics_value(metrics, &table[EVENTS], "8") == 0);
    metrics_set(metrics, &table[LAG], NULL, 123456789012.0);
    assert_has("t_lag 123456789012\n");
    metrics_set(metrics, &table[LAG], NULL, 1.0 / 0.0);
    assert_has("t_lag +Inf\n");
    metrics_drop(metrics, &table[EVENTS], "7");
    metrics_drop(metrics, &table[EVENTS], "never there");
    assert_null(strstr(written(), "partition=\"7\""));
    assert_has("partition=\"12\"");
}

static void labels_are_escaped(void **state)
{
    (void)state;
    metrics_add(metrics, &table[EVENTS], "a\"b\\c\nd", 1);
    assert_has("t_events_total{partition=\"a\\\"b\\\\c\\nd\"} 1\n");
}

static void histograms_count_up_to_their_bounds(void **state)
{
    (void)state;
    static const double seen[] = {0.1, 0.5, 0.6, 2.5, 2.6, 100};
    for (size_t i = 0; i < sizeof seen / sizeof seen[0]; i++)
        metrics_observe(metrics, &table[SECONDS], NULL, seen[i]);
    metrics_observe(metrics, &table[SHARED], "a", 1);
    assert_has("t_seconds_bucket{le=\"0.5\"} 2\nt_seconds_bucket{le=\"1\"} 3\nt_seconds_bucket{le=\"2.5\"} 4\n"
               "t_seconds_bucket{le=\"+Inf\"} 6\nt_seconds_sum 106.3\nt_seconds_count 6\n");
    assert_has("t_by_kind_bucket{kind=\"a\",le=\"0.5\"} 0\nt_by_kind_bucket{kind=\"a\",le=\"1\"} 1\n");
    assert_has("t_by_kind_sum{kind=\"a\"} 1\nt_by_kind_count{kind=\"a\"} 1\n");
}

static void series_are_bounded(void **state)
{
    (void)state;
    char label[100];
    for (int i = 0; i < METRIC_SERIES_MAX + 100; i++) {
        snprintf(label, sizeof label, "p%d", i);
        metrics_add(metrics, &table[EVENTS], label, 1);
    }
    assert_true(metrics_value(metrics, &table[EVENTS], "other") == 100);
    assert_true(metrics_value(metrics, &table[EVENTS], "p2047") == 1);
    for (int i = 0; i < METRIC_SERIES_MAX; i += 2) {
        snprintf(label, sizeof label, "p%d", i);
        metrics_drop(metrics, &table[EVENTS], label);
    }
    for (int i = 0; i < METRIC_SERIES_MAX; i++) {
        snprintf(label, sizeof label, "p%d", i);
        assert_true(metrics_value(metrics, &table[EVENTS], label) == i % 2);
    }
    memset(label, 'x', sizeof label - 1);
    label[sizeof label - 1] = 0;
    metrics_add(metrics, &table[EVENTS], label, 4);
    assert_true(metrics_value(metrics, &table[EVENTS], label) == 4);
    metrics_drop(metrics, &table[EVENTS], label);
    assert_true(metrics_value(metrics, &table[EVENTS], label) == 0);
}

static void *add_thousand(void *context)
{
    (void)context;
    for (int i = 0; i < 1000; i++)
        metrics_add(metrics, &table[EVENTS], i % 2 ? "a" : "b", 1);
    return NULL;
}

static void threads_may_count_together(void **state)
{
    (void)state;
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, add_thousand, NULL), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    assert_true(metrics_value(metrics, &table[EVENTS], "a") == 2000);
    assert_true(metrics_value(metrics, &table[EVENTS], "b") == 2000);
}

static void without_metrics_nothing_is_kept(void **state)
{
    (void)state;
    metrics_table(NULL, table, TABLE);
    metrics_add(NULL, &table[EVENTS], "a", 1);
    metrics_observe(NULL, &table[SECONDS], NULL, 1);
    metrics_drop(NULL, &table[EVENTS], "a");
    assert_true(metrics_value(NULL, &table[EVENTS], "a") == 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_has_no_label_shows_at_once), TEST(counters_and_gauges_keep_values), TEST(labels_are_escaped),
        TEST(histograms_count_up_to_their_bounds), TEST(series_are_bounded), TEST(threads_may_count_together),
        TEST(without_metrics_nothing_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
