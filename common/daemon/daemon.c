#include "daemon.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "clock_real.h"
#include "daemon_parts.h"
#include "log.h"
#include "partition.h"
#include "random.h"
#include "version.h"
#include "watchdog.h"

enum {
    STORE_WAIT_MS_MAX = 30000,      /* at the start, for a store that is starting too */
    STORE_RETRY_MS = 100,
    OWNER_DIGITS = 16,
    DRAIN_TURN_MS = 5,
    NAP_MS = 1,                     /* of a bystander: many events that do not concern it wake it up once */
    MALLOC_ARENAS = 2               /* more only cost memory: one thread does nearly all */
};

void *daemon_context(struct daemon *daemon) { return daemon->context; }
const struct config *daemon_config(const struct daemon *daemon) { return daemon->config; }
struct store *daemon_store(struct daemon *daemon) { return daemon->store; }
struct bus *daemon_bus(struct daemon *daemon) { return daemon->bus; }
struct curve *daemon_curve(struct daemon *daemon) { return daemon->curve; }
struct clock *daemon_clock(struct daemon *daemon) { return daemon->clock; }
struct sealer *daemon_sealer(struct daemon *daemon) { return daemon->sealer; }
struct metrics *daemon_metrics(struct daemon *daemon) { return daemon->metrics; }
struct stage_loop *daemon_stage(struct daemon *daemon) { return daemon->stage; }
const char *daemon_owner(const struct daemon *daemon) { return daemon->owner; }
uint32_t daemon_partitions(const struct daemon *daemon) { return daemon->partitions; }
const char *daemon_dir(const struct daemon *daemon) { return daemon->dir; }

/* -------- starting: each part in turn, false with a message when it cannot be had */

static void log_open(struct daemon *daemon)
{
    const char *path = config_text(daemon->config, "log");
    int fd = *path ? open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600) : STDERR_FILENO;
    if (fd < 0)
        log_error("log.unwritable", log_text("path", path), log_text("error", strerror(errno)));
    else
        log_to(fd);
}

static void find_supervisor(struct daemon *daemon)
{
    char message[160];
    if (!supervisor_open(&daemon->supervisor, message))
        log_warn("supervisor.unreachable", log_text("message", message));
}

static void wait_for(struct daemon *daemon, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    if (fd >= 0 && epoll_ctl(daemon->epoll_fd, EPOLL_CTL_ADD, fd, &event))
        log_error("daemon.poll", log_int("fd", fd), log_text("error", strerror(errno)));
}

static bool start_signals(struct daemon *daemon, char message[160])
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigprocmask(SIG_BLOCK, &set, NULL);         /* before any thread is made */
    signal(SIGPIPE, SIG_IGN);
    daemon->signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    daemon->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    snprintf(message, 160, "no descriptors: %s", strerror(errno));
    wait_for(daemon, daemon->signal_fd);
    return daemon->signal_fd >= 0 && daemon->epoll_fd >= 0;
}

static void read_signals(struct daemon *daemon)
{
    struct signalfd_siginfo info;
    while (read(daemon->signal_fd, &info, sizeof info) == sizeof info) {
        if (info.ssi_signo != SIGHUP) {
            daemon->stopping = true;
            continue;
        }
        log_open(daemon);
        if (daemon->curve)
            curve_reload(daemon->curve);
        if (daemon->part->reload && daemon->context)
            daemon->part->reload(daemon->context);
        log_info("daemon.reloaded");
    }
}

static void pause_ms(struct daemon *daemon, int64_t ms)
{
    struct epoll_event events[8];
    int count = epoll_wait(daemon->epoll_fd, events, 8, (int)ms);
    for (int i = 0; i < count; i++) {
        if (events[i].data.fd == daemon->signal_fd)
            read_signals(daemon);
        daemon->http_wanted |= events[i].data.fd == daemon->http_fd;
    }
}

static bool start_store(struct daemon *daemon, char message[160])
{
    mono_ms begun = real_mono_now();
    struct redis_access access = daemon_store_access(daemon);
    uint32_t wanted = (uint32_t)config_int(daemon->config, "partitions");
    while (!daemon->stopping) {
        daemon->store = store_open(&access, wanted, &daemon->partitions, message);
        if (daemon->store || real_mono_now().ms - begun.ms > STORE_WAIT_MS_MAX)
            break;
        log_debug("store.waiting", log_text("address", access.address), log_text("message", message));
        pause_ms(daemon, STORE_RETRY_MS);
    }
    daemon->store_answers = daemon->store;
    return daemon->store;
}

static bool start_bus(struct daemon *daemon, char message[160])
{
    daemon->curve = curve_new(config_text(daemon->config, "curve_dir"), daemon->metrics, message);
    if (daemon->curve)
        daemon->bus = bus_zmq_new(daemon->curve, config_text(daemon->config, "bus"), message);
    return daemon->bus;
}

static bool start_clock(struct daemon *daemon, char message[160])
{
    struct clock_record wanted;
    if (!daemon_clock_wanted(daemon, &wanted, message))
        return false;
    wall_ms now;                                /* the store's, lest a wrong clock settles it for all */
    if (daemon->store->functions->now(daemon->store, &now) != STORE_OK ||
        clock_record_settle(daemon->store, &wanted, now) != STORE_OK) {
        snprintf(message, 160, "the clock cannot be settled: %.100s", daemon->store->functions->message(daemon->store));
        return false;
    }
    daemon->clock = clock_store_new(daemon->store);
    if (daemon->part->core && daemon->part->core->stage == STAGE_SCHEDULER)
        daemon->master = clock_master_new(daemon->store, daemon->clock, daemon->bus, daemon->owner, daemon->partitions);
    return true;
}

static bool start_sealer(struct daemon *daemon, char message[160])
{
    mono_ms begun = real_mono_now();
    struct redis_access access = daemon_keys_access(daemon);
    while (!daemon->stopping) {
        daemon->sealer = sealer_redis_new(&access, config_text(daemon->config, "master_key"), message);
        if (daemon->sealer || real_mono_now().ms - begun.ms > STORE_WAIT_MS_MAX)
            break;
        log_debug("keys.waiting", log_text("message", message));
        pause_ms(daemon, STORE_RETRY_MS);
    }
    return daemon->sealer;
}

static bool start_part(struct daemon *daemon, char message[160])
{
    if (!daemon->part->start)
        return true;
    daemon->context = daemon->part->start(daemon, message);
    return daemon->context;
}

static void on_hint(void *context, const struct hint *hint)
{
    struct daemon *daemon = context;
    if (hint->kind == HINT_CLOCK)
        clock_store_refresh(daemon->clock);
    else
        clock_master_hint(daemon->master, hint);
}

static int64_t due_wait(void *context, wall_ms due)
{
    return clock_store_wait_ms(((struct daemon *)context)->clock, due);
}

static bool start_stage(struct daemon *daemon, char message[160])
{
    enum clock_mode mode = clock_store_mode(daemon->clock);
    const struct stage_options options = {
        .core = daemon->part->core, .store = daemon->store, .bus = daemon->bus, .clock = daemon->clock,
        .sealer = daemon->sealer, .owner = daemon->owner, .partitions = daemon->partitions, .build = CARELINE_VERSION,
        .random = random_chance, .stepped = mode == CLOCK_STEPPED, .virtual_clock = mode != CLOCK_REAL,
        .due_wait_ms = due_wait, .due_wait_context = daemon,
        .clock_is_right = daemon_clock_is_right, .clock_context = daemon,
        .on_hint = daemon->master ? on_hint : NULL, .hint_context = daemon, .send = daemon->part->send,
        .is_sending = daemon->part->is_sending, .send_context = daemon->context,
    };
    (void)message;
    daemon->stage = daemon->part->core ? stage_new(&options) : NULL;
    return true;
}

static bool start_waiting(struct daemon *daemon, char message[160])
{
    (void)message;
    wait_for(daemon, bus_zmq_fd(daemon->bus));
    daemon->http_fd = http_server_fd(daemon->http);
    wait_for(daemon, daemon->http_fd);
    if (daemon->part->fd)
        wait_for(daemon, daemon->part->fd(daemon->context));
    return true;
}

static bool daemon_start(struct daemon *daemon)
{
    bool (*const steps[])(struct daemon *, char[160]) = {
        start_signals, start_store, start_bus,  start_clock,   start_sealer,
        start_part,    start_stage, daemon_http_start, start_waiting,
    };
    char message[160] = "";
    for (size_t i = 0; i < sizeof steps / sizeof *steps && !daemon->stopping; i++) {
        if (!steps[i](daemon, message) && !daemon->stopping) {
            log_error("daemon.start", log_text("message", message));
            return false;
        }
    }
    return true;
}

/* -------- running */

/* What the part adds of itself; without it if that is too long. */
static const char *part_details(struct daemon *daemon, struct arena *arena)
{
    const char *details = daemon->part->details && daemon->context ? daemon->part->details(daemon->context, arena) : "";
    return strlen(details) <= DETAILS_BYTES_MAX ? details : "";
}

static void announce(struct daemon *daemon, int64_t ttl_ms)
{
    char host[64] = "";
    gethostname(host, sizeof host - 1);
    struct arena *arena = arena_new();
    const char *more = part_details(daemon, arena);
    const char *details = arena_printf(
        arena,
        "{\"host\":\"%s\",\"pid\":%d,\"build\":\"" CARELINE_VERSION "\",\"http\":\"%s\",\"key\":\"%s\","
        "\"functions\":\"%s\"%s%s}",
        host, (int)getpid(), http_server_address(daemon->http), curve_public(daemon->curve), store_functions_build(),
        *more ? "," : "", more);
    const struct member member = {
        .name = daemon->owner, .stage = daemon_role(daemon),
        .endpoint = daemon->bus->functions->endpoint(daemon->bus), .details = details,
    };
    bool answers = daemon->store->functions->announce(daemon->store, &member, ttl_ms) == STORE_OK;
    arena_free(&arena);
    if (answers != daemon->store_answers)
        log_warn(answers ? "store.back" : "store.gone",
                 log_text("message", answers ? "" : daemon->store->functions->message(daemon->store)));
    daemon->store_answers = answers;
}

static void meet_members(struct daemon *daemon)
{
    struct member_list members;
    arena_reset(daemon->arena);
    if (daemon->store->functions->members(daemon->store, daemon->arena, &members) == STORE_OK)
        daemon->bus->functions->meet(daemon->bus, &members);
}

static void tell_ready(struct daemon *daemon)
{
    daemon->ready = true;
    log_info("daemon.ready", log_text("http", http_server_address(daemon->http)),
             log_text("bus", daemon->bus->functions->endpoint(daemon->bus)), log_text("owner", daemon->owner));
    if (daemon->ready_fd < 0)
        return;
    dprintf(daemon->ready_fd, "ready http=%s bus=%s owner=%s\n", http_server_address(daemon->http),
            daemon->bus->functions->endpoint(daemon->bus), daemon->owner);
    close(daemon->ready_fd);
}

/* The service manager is told until it has taken it. */
static void tell_supervisor(struct daemon *daemon)
{
    char text[SUPERVISOR_STATUS_BYTES_MAX];
    struct stage_report report = {0};
    if (daemon->ready && !daemon->supervised)
        daemon->supervised = supervisor_ready(&daemon->supervisor);
    if (daemon->stage)
        stage_report(daemon->stage, &report);
    if (daemon->store_answers)
        snprintf(text, sizeof text, "http %s, %u partitions", http_server_address(daemon->http), report.owned);
    else
        snprintf(text, sizeof text, "the store does not answer: %.200s",
                 daemon->store->functions->message(daemon->store));
    supervisor_status(&daemon->supervisor, text);
}

static void second_pass(struct daemon *daemon, mono_ms now)
{
    if (now.ms < daemon->second_at.ms)
        return;
    daemon->second_at = (mono_ms){now.ms + DAEMON_TICK_MS};
    announce(daemon, MEMBER_TTL_MS);
    if (daemon->store_answers)
        meet_members(daemon);
    daemon_health_report(daemon);
    if (!daemon->ready && daemon->store_answers)
        tell_ready(daemon);
    tell_supervisor(daemon);
}

static int64_t earlier(int64_t a_ms, int64_t b_ms)
{
    return a_ms < b_ms ? a_ms : b_ms;
}

/* What the part gives the stage to append is to go out now, not in the stage's next turn. */
static int64_t part_step(struct daemon *daemon)
{
    size_t before = daemon->stage ? stage_outbox(daemon->stage) : 0;
    int64_t wait_ms = daemon->part->step(daemon->context);
    return daemon->stage && stage_outbox(daemon->stage) > before ? 0 : wait_ms;
}

static int64_t master_step(struct daemon *daemon)
{
    bool was_eager = clock_master_is_eager(daemon->master);
    int64_t wait_ms = clock_master_step(daemon->master);
    bool is_eager = clock_master_is_eager(daemon->master);
    if (clock_master_owns(daemon->master) && was_eager != is_eager)
        stage_set_eager(daemon->stage, is_eager);
    return is_eager && !was_eager ? 0 : wait_ms;
}

/* Only when its descriptor tells that something came, it has not done all, or a tick has passed. */
static int64_t http_pass(struct daemon *daemon)
{
    mono_ms now = real_mono_now();
    if (!daemon->http_wanted && !http_server_is_woken(daemon->http) && now.ms < daemon->http_at.ms)
        return daemon->http_at.ms - now.ms;
    int64_t wait_ms = earlier(http_server_run(daemon->http), DAEMON_TICK_MS);
    daemon->http_wanted = wait_ms == 0;
    daemon->http_at = (mono_ms){now.ms + wait_ms};
    return wait_ms;
}

static int64_t daemon_turn(struct daemon *daemon)
{
    int64_t wait_ms = DAEMON_TICK_MS;
    daemon_clock_pass(daemon, real_mono_now());
    if (daemon->stage)
        wait_ms = earlier(wait_ms, stage_step(daemon->stage));
    wait_ms = earlier(wait_ms, http_pass(daemon));
    if (daemon->part->step)
        wait_ms = earlier(wait_ms, part_step(daemon));
    if (http_server_is_woken(daemon->http)) {
        http_pass(daemon);
        wait_ms = 0;                    /* it may have brought more for the part */
    }
    if (daemon->master && daemon_clock_is_right(daemon))
        wait_ms = earlier(wait_ms, master_step(daemon));
    mono_ms now = real_mono_now();
    second_pass(daemon, now);
    wait_ms = earlier(wait_ms, daemon->second_at.ms - now.ms);
    return bus_zmq_unseen(daemon->bus) || wait_ms < 0 ? 0 : wait_ms;
}

/* Two watchdogs: our own, which works everywhere, and the service manager's. */
static void keep_alive(struct daemon *daemon)
{
    mono_ms now = real_mono_now();
    watchdog_pat(now);
    supervisor_pat(&daemon->supervisor, now);
}

static int64_t nap(const struct daemon *daemon, int64_t wait_ms)
{
    if (wait_ms <= NAP_MS || !daemon->stage || !stage_is_bystander(daemon->stage))
        return wait_ms;
    poll(NULL, 0, NAP_MS);
    return wait_ms - NAP_MS;
}

static void daemon_loop(struct daemon *daemon)
{
    watchdog_start(config_int(daemon->config, "watchdog_s"));
    while (!daemon->stopping) {
        int64_t wait_ms = daemon_turn(daemon);
        keep_alive(daemon);
        pause_ms(daemon, nap(daemon, wait_ms));
    }
}

/* -------- stopping: in the reverse order, whatever has been made so far */

static void daemon_drain(struct daemon *daemon)
{
    const struct daemon_part *part = daemon->part;
    mono_ms begun = real_mono_now();
    while (part->drain && daemon->stage && !part->drain(daemon->context) && real_mono_now().ms - begun.ms < DRAIN_MS) {
        keep_alive(daemon);
        pause_ms(daemon, DRAIN_TURN_MS);
    }
}

static void daemon_stop(struct daemon *daemon)
{
    supervisor_stopping(&daemon->supervisor);
    daemon_drain(daemon);
    if (daemon->http)
        announce(daemon, 0);            /* before its leases: whoever takes them shares them without this one */
    if (daemon->stage)
        stage_stop(daemon->stage);
    if (daemon->master)
        clock_master_stop(daemon->master);
    if (daemon->part->stop && daemon->context)
        daemon->part->stop(&daemon->context);
    http_server_free(&daemon->http);
    stage_free(&daemon->stage);
    clock_master_free(&daemon->master);
    sealer_free(&daemon->sealer);
    if (daemon->clock)
        daemon->clock->functions->free(&daemon->clock);
    if (daemon->bus)
        daemon->bus->functions->free(&daemon->bus);
    curve_free(&daemon->curve);
    if (daemon->store)
        daemon->store->functions->free(&daemon->store);
    watchdog_stop();
    supervisor_close(&daemon->supervisor);
}

static int daemon_live(struct daemon *daemon)
{
    log_start(daemon->part->program, (enum log_level)config_word(daemon->config, "log_level"));
    log_open(daemon);
    random_hex(daemon->owner, OWNER_DIGITS);
    daemon->metrics = metrics_new();
    daemon->arena = arena_new();
    daemon_health_start(daemon);
    find_supervisor(daemon);
    bool started = daemon_start(daemon);
    if (started && !daemon->stopping)
        daemon_loop(daemon);
    daemon_stop(daemon);
    log_info("daemon.stopped");
    metrics_free(&daemon->metrics);
    arena_free(&daemon->arena);
    return started ? 0 : EXIT_ENVIRONMENT;
}

int daemon_run(const struct daemon_part *part, int argc, char **argv)
{
    mallopt(M_ARENA_MAX, MALLOC_ARENAS);
    struct daemon *daemon = calloc(1, sizeof *daemon);
    assert(daemon);
    daemon->part = part;
    daemon->signal_fd = daemon->epoll_fd = daemon->http_fd = -1;
    int code = daemon_arguments(daemon, argc, argv);
    if (code < 0)
        code = daemon_live(daemon);
    config_free(&daemon->config);
    free(daemon);
    return code;
}
