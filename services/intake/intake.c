#include "intake.h"

#include <assert.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "intake_part.h"
#include "log.h"
#include "version.h"

enum { FRAMES_PER_TURN = 4096 };

const struct setting intake_settings[] = {
    {"zmq", SETTING_TEXT, "tcp://127.0.0.1:*", 0, 0, NULL, "where facts are taken over ZeroMQ; with curve_dir also tcp://10.0.0.5:8091"},
    {"replay", SETTING_TEXT, "tcp://127.0.0.1:*", 0, 0, NULL, "where the log is served to consumers over ZeroMQ; likewise"},
    {"keep_hours", SETTING_INT, "0", 0, 876000, NULL, "events older than this go from the log; 0: none do"},
    {"keep_for_consumers_hours", SETTING_INT, "720", 0, 876000, NULL,
     "but those that a durable consumer has yet to read stay so long"},
    {"archive", SETTING_TEXT, "", 0, 0, NULL, "and those that the durable consumer of this name has yet to read, for ever"},
    {"keys", SETTING_TEXT, "%s/keys.yaml", 0, 0, NULL, "file of API keys; without it only this machine is served"},
    {"memory_percent", SETTING_INT, "85", 1, 100, NULL, "from this share of the store's memory on nothing is taken"},
    {"disk_mb_min", SETTING_INT, "256", 0, 1 << 30, NULL, "with less free disk under --dir nothing is taken"},
    {0}
};

const struct http_route intake_routes[] = {
    {"POST", "/v1/events", post_events, NEEDS_KEY, "take in facts: one, or an array of at most 512", NULL},
    {"POST", "/v1/acts", post_act, NEEDS_KEY, "do something, and wait for what came of it", NULL},
    {"GET", "/v1/acts/{partition}/{seq}", get_act, NEEDS_KEY, "what came of an act", NULL},
    {"POST", "/v1/answers/{site}/{task}/{code}", post_answer, NEEDS_KEY,
     "what a customer fills in over the link of a message, once: {fields: {…}}", NULL},
    {"GET", "/v1/openapi.json", get_openapi, NEEDS_NOTHING, "this document", NULL},
    {"GET", "/v1/healthz", get_api_health, NEEDS_NOTHING, "are facts taken", NULL},
    {0}
};

static const struct metric events_metric = {
    METRIC_COUNTER, "careline_intake_events_total", "Events, by what became of them", "outcome", NULL
};
static const struct metric pressed_metric = {
    METRIC_GAUGE, "careline_intake_pressed", "1 while nothing is taken because memory or disk are short", NULL, NULL
};

/* -------- from start to end */

static bool wait_for(struct intake *intake, int fd)
{
    struct epoll_event event = {.events = EPOLLIN};
    return !epoll_ctl(intake->epoll_fd, EPOLL_CTL_ADD, fd, &event);
}

static struct installation_limits limits_of(const struct config *config)
{
    return (struct installation_limits){
        .keep_ms = config_int(config, "keep_hours") * HOUR_MS,
        .keep_for_consumers_ms = config_int(config, "keep_for_consumers_hours") * HOUR_MS,
        .memory_percent = (int)config_int(config, "memory_percent"),
    };
}

static bool replay_open(struct intake *intake, char message[160])
{
    struct daemon *daemon = intake->daemon;
    const struct config *config = daemon_config(daemon);
    const struct installation_limits limits = limits_of(config);
    struct replay_options options = {
        .curve = daemon_curve(daemon),
        .store = daemon_store_access(daemon),
        .address = config_text(config, "replay"),
        .partitions = daemon_partitions(daemon),
        .metrics = daemon_metrics(daemon),
        .keep_ms = limits.keep_ms,
        .keep_for_consumers_ms = limits.keep_for_consumers_ms,
        .archive = config_text(config, "archive"),
    };
    if (intake_keys_read(config_text(config, "keys"), &options.keys, message))
        intake->replay = replay_new(&options, message);
    return intake->replay;
}

static bool intake_open(struct intake *intake, char message[160])
{
    struct daemon *daemon = intake->daemon;
    const struct config *config = daemon_config(daemon);
    const struct readings_options options = {
        .store = daemon_store_access(daemon),
        .keys_store = daemon_keys_access(daemon),
        .master_key = config_text(config, "master_key"),
        .partitions = daemon_partitions(daemon),
        .limits = limits_of(config),
    };
    if (!intake_keys_read(config_text(config, "keys"), &intake->keys, message))
        return false;
    intake->readings = readings_new(&options, message);
    intake->router = intake->readings ? router_new(intake, config_text(config, "zmq"), message) : NULL;
    if (!intake->router || !replay_open(intake, message))
        return false;
    intake->batch = batch_new(daemon_store(daemon), daemon_bus(daemon), daemon_sealer(daemon));
    intake->acts = acts_new(intake);
    if (clock_store_mode(daemon_clock(daemon)) == CLOCK_STEPPED)
        daemon_bus(daemon)->functions->listen_hint(daemon_bus(daemon), HINT_CLOCK);
    intake->pressure = pressure_new(daemon_store(daemon), options.limits.memory_percent, daemon_dir(daemon),
                                    config_int(config, "disk_mb_min") << 20);
    intake->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    return intake->epoll_fd >= 0 && wait_for(intake, readings_fd(intake->readings)) &&
           wait_for(intake, router_fd(intake->router));
}

void *intake_start(struct daemon *daemon, char message[160])
{
    struct intake *intake = calloc(1, sizeof *intake);
    assert(intake);
    intake->daemon = daemon;
    intake->without_keys = config_bool(daemon_config(daemon), "http_without_keys");
    intake->epoll_fd = -1;
    void *context = intake;
    if (!intake_open(intake, message)) {
        intake_stop(&context);
        return NULL;
    }
    metrics_table(daemon_metrics(daemon), &events_metric, 1);
    metrics_table(daemon_metrics(daemon), &pressed_metric, 1);
    admission_start(intake);
    log_info("intake.listening", log_text("zmq", router_endpoint(intake->router)),
             log_text("replay", replay_endpoint(intake->replay)), log_bool("keys", intake->keys));
    return context;
}

void intake_stop(void **context)
{
    struct intake *intake = *context;
    if (intake->batch)
        batch_flush(intake->batch);
    replay_free(&intake->replay);
    readings_free(&intake->readings);
    lists_free(intake);
    acts_free(&intake->acts);
    router_free(&intake->router);
    batch_free(&intake->batch);
    scratch_free(&intake->scratch);
    if (intake->pressure)
        pressure_free(&intake->pressure);
    keys_free(&intake->keys);
    if (intake->epoll_fd >= 0)
        close(intake->epoll_fd);
    free(intake);
    *context = NULL;
}

int intake_fd(void *context)
{
    return ((struct intake *)context)->epoll_fd;
}

static void take_frame(struct intake *intake, const struct frame *frame)
{
    if (frame->kind == FRAME_HINT)
        lists_hint(intake, &frame->hint);
    else
        acts_frame(intake->acts, frame);
}

/* HTTP has been served already in this turn; what it brought is in the batch. */
int64_t intake_step(void *context)
{
    struct intake *intake = context;
    struct bus *bus = daemon_bus(intake->daemon);
    mono_ms now = clock_mono(daemon_clock(intake->daemon));
    struct frame frame;
    pressure_look(intake->pressure, now);
    router_watch(intake->router);
    router_receive(intake->router);
    batch_flush(intake->batch);
    intake->time_is_fresh = false;
    for (int i = 0; i < FRAMES_PER_TURN && bus->functions->receive(bus, &frame); i++)
        take_frame(intake, &frame);
    readings_collect(intake->readings);
    int64_t acts_ms = acts_step(intake->acts, now), lists_ms = lists_step(intake, now);
    return router_is_waiting(intake->router) ? 0 : acts_ms < lists_ms ? acts_ms : lists_ms;
}

void intake_report(void *context)
{
    struct intake *intake = context;
    struct metrics *metrics = daemon_metrics(intake->daemon);
    replay_time(intake->replay, clock_now(daemon_clock(intake->daemon)));
    for (int status = TAKEN_NEW; status <= TAKEN_BUSY; status++)
        metrics_set(metrics, &events_metric, taken_words[status],
                    (double)batch_total(intake->batch, (enum taken_status)status));
    metrics_set(metrics, &pressed_metric, NULL, pressure_reason(intake->pressure) != NULL);
}

void get_api_health(struct http_exchange *exchange, void *daemon)
{
    struct intake *intake = daemon_context(daemon);
    if (!intake_is_pressed(intake, exchange))
        http_answer_json(exchange, MHD_HTTP_OK,
                         json_pack("{s:s, s:s}", "status", "ready", "version", CARELINE_VERSION));
}
