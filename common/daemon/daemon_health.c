#include <microhttpd.h>
#include <string.h>

#include "daemon_parts.h"
#include "log.h"
#include "version.h"

enum { OWNED, EVENTS, COMMITS, EMITTED, FIRED, GAPS, LOG_READS, REORDERED, REWINDS, FENCED, STALE, CHANGED, QUARANTINED,
       REFUSED, SETTINGS_REFUSED, LAG, STORE_REACHABLE, TILTED, CLOCK_STEPS, CLOCK_OFFSET, CLOCK_OFF, LOG_LOST,
       FIELDS_CUT, BUILD, METRIC_COUNT };

#define COUNTER(name, help) {METRIC_COUNTER, name, help, NULL, NULL}
#define GAUGE(name, help) {METRIC_GAUGE, name, help, NULL, NULL}
static const struct metric daemon_metric[METRIC_COUNT] = {
    [OWNED] = GAUGE("careline_partitions_owned", "Partitions whose lease this process holds"),
    [EVENTS] = COUNTER("careline_events_worked_total", "Events worked"),
    [COMMITS] = COUNTER("careline_commits_total", "Commits"),
    [EMITTED] = COUNTER("careline_events_emitted_total", "Events appended by commits"),
    [FIRED] = COUNTER("careline_timers_fired_total", "Timers fired"),
    [GAPS] = COUNTER("careline_gaps_total", "Gaps on the wire"),
    [LOG_READS] = COUNTER("careline_log_reads_total", "Reads of the log"),
    [REORDERED] = COUNTER("careline_frames_reordered_total", "Frames that came out of order"),
    [REWINDS] = COUNTER("careline_rewinds_total", "Rewound logs noticed"),
    [FENCED] = COUNTER("careline_commits_fenced_total", "Commits refused because the lease had gone"),
    [STALE] = COUNTER("careline_commits_stale_total", "Commits refused because the checkpoint was elsewhere"),
    [CHANGED] = COUNTER("careline_commits_changed_total", "Commits decided again because an entity had changed"),
    [QUARANTINED] = COUNTER("careline_events_quarantined_total", "Events set aside"),
    [REFUSED] = COUNTER("careline_commits_refused_total", "Commits over a limit"),
    [SETTINGS_REFUSED] = COUNTER("careline_settings_refused_total", "Settings beyond those that a site may have in force"),
    [LAG] = GAUGE("careline_lag", "Events not yet worked in what it owns"),
    [STORE_REACHABLE] = GAUGE("careline_store_reachable", "1 while the store answers"),
    [TILTED] = GAUGE("careline_clock_tilted", "1 while the clock has jumped and timers wait"),
    [CLOCK_STEPS] = COUNTER("careline_clock_steps_total", "Steps of virtual time made by this process"),
    [CLOCK_OFFSET] = {METRIC_GAUGE, "careline_clock_offset_ms", "This machine's clock minus the store's", NULL, NULL},
    [CLOCK_OFF] = {METRIC_GAUGE, "careline_clock_off", "1 while the clock is off the store's and timers wait", NULL, NULL},
    [LOG_LOST] = COUNTER("careline_log_lines_lost_total", "Log lines that could not be written"),
    [FIELDS_CUT] = COUNTER("careline_fields_cut_total", "Fields cut to their limit"),
    [BUILD] = {METRIC_GAUGE, "careline_build", "1, labelled with the version", "version", NULL},
};
#undef COUNTER
#undef GAUGE

static void set(struct daemon *daemon, int number, double value)
{
    metrics_set(daemon->metrics, &daemon_metric[number], NULL, value);
}

static void stage_numbers(struct daemon *daemon)
{
    struct stage_report report;
    stage_report(daemon->stage, &report);
    const struct { int number; double value; } values[] = {
        {OWNED, report.owned}, {EVENTS, (double)report.events}, {COMMITS, (double)report.commits},
        {EMITTED, (double)report.emitted}, {FIRED, (double)report.fired}, {GAPS, (double)report.gaps},
        {LOG_READS, (double)report.log_reads}, {REORDERED, (double)report.reordered}, {REWINDS, (double)report.rewinds},
        {FENCED, (double)report.fenced}, {STALE, (double)report.stale}, {CHANGED, (double)report.changed},
        {QUARANTINED, (double)report.quarantined}, {REFUSED, (double)report.refused},
        {SETTINGS_REFUSED, (double)report.settings_refused}, {LAG, (double)report.lag},
        {TILTED, report.tilted},
    };
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        set(daemon, values[i].number, values[i].value);
}

void daemon_health_start(struct daemon *daemon)
{
    metrics_table(daemon->metrics, daemon_metric, METRIC_COUNT);
    metrics_set(daemon->metrics, &daemon_metric[BUILD], CARELINE_VERSION, 1);
}

void daemon_health_report(struct daemon *daemon)
{
    if (daemon->stage)
        stage_numbers(daemon);
    if (daemon->master)
        set(daemon, CLOCK_STEPS, (double)clock_master_steps(daemon->master));
    set(daemon, CLOCK_OFFSET, (double)daemon->clock_check.offset_ms);
    set(daemon, CLOCK_OFF, daemon->clock_check.off);
    set(daemon, STORE_REACHABLE, daemon->store_answers);
    set(daemon, LOG_LOST, (double)log_lost());
    set(daemon, FIELDS_CUT, (double)record_cut_count());
    if (daemon->part->report)
        daemon->part->report(daemon->context);
}

/* -------- the routes of every daemon */

static void get_healthz(struct http_exchange *exchange, void *context)
{
    struct daemon *daemon = context;
    http_answer_json(exchange, MHD_HTTP_OK,
                     json_pack("{s:s, s:s, s:s}", "status", "alive", "program", daemon->part->program, "version",
                               CARELINE_VERSION));
}

/* What keeps it from doing all its work; NULL: nothing. */
static const char *not_ready(const struct daemon *daemon)
{
    if (!daemon->ready)
        return "still starting";
    if (!daemon->store_answers)
        return "the store does not answer";
    return daemon->clock_check.off ? "this machine's clock is off the store's by more than a second" : NULL;
}

static void get_readyz(struct http_exchange *exchange, void *context)
{
    struct daemon *daemon = context;
    const char *trouble = not_ready(daemon);
    if (trouble) {
        exchange->retry_after_s = 1;
        http_refuse(exchange, MHD_HTTP_SERVICE_UNAVAILABLE, trouble, NULL, NULL);
        return;
    }
    struct stage_report report = {0};
    if (daemon->stage)
        stage_report(daemon->stage, &report);
    http_answer_json(exchange, MHD_HTTP_OK,
                     json_pack("{s:s, s:i, s:I}", "status", "ready", "partitions", (int)report.owned, "lag",
                               (json_int_t)report.lag));
}

static void get_metrics(struct http_exchange *exchange, void *context)
{
    struct daemon *daemon = context;
    struct buffer text = {0};
    daemon_health_report(daemon);
    metrics_text(daemon->metrics, &text);
    http_answer(exchange, MHD_HTTP_OK, "text/plain; version=0.0.4; charset=utf-8", buffer_slice(&text));
    buffer_free(&text);
}

const struct http_route daemon_routes[] = {
    {"GET", "/healthz", get_healthz, 0, "is the process alive", NULL},
    {"GET", "/readyz", get_readyz, 0, "does it work, with the partitions it owns", NULL},
    {"GET", "/metrics", get_metrics, 0, "numbers, in Prometheus' text form", NULL},
    {0}
};
