/* notifier: sends what others ask for, once, and says what became of it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon.h"
#include "log.h"
#include "probe.h"
#include "sender.h"

struct notifier {
    struct daemon *daemon;
    struct sender *sender;
    struct probe *probe;
    struct gateway_list *gateways;
    struct gateway_list *former;            /* before a reload, until nothing uses them any more */
};

static const struct setting settings[] = {
    {.name = "gateways", .kind = SETTING_TEXT, .otherwise = "%s/gateways",
     .about = "directory of gateway files; where there is none, messages are written to outbox.jsonl beside it"},
    {.name = NULL},
};

/* -------- gateways */

/* Without any gateway messages can still be seen. */
static void add_outbox(struct gateway_list *gateways, const char *directory, struct mistakes *mistakes)
{
    static const int channels[] = {NOTICE_SMS, NOTICE_EMAIL, NOTICE_WEBHOOK, NOTICE_WECHAT, NOTICE_WEIBO};
    const char *slash = strrchr(directory, '/');
    const char *parent = slash ? arena_text(mistakes->arena, directory, (size_t)(slash - directory)) : ".";
    mistakes->file = "outbox";
    for (size_t i = 0; i < sizeof channels / sizeof channels[0]; i++) {
        const char *yaml = arena_printf(mistakes->arena,
                                        "{ gateway: outbox, channel: %s, kind: file, path: outbox.jsonl }",
                                        words_name(&notice_channel_words, channels[i]));
        gateway_parse(gateways, (struct slice){(const uint8_t *)yaml, strlen(yaml)}, parent, mistakes);
    }
    log_warn("gateways.none", log_text("directory", directory),
             log_text("instead", "messages go to outbox.jsonl beside it"));
}

/* NULL with the mistakes logged. */
static struct gateway_list *read_gateways(const char *directory)
{
    struct mistakes mistakes = {.arena = arena_new()};
    struct gateway_list *gateways = gateways_read(directory, &mistakes);
    if (access(directory, F_OK) && *directory)
        add_outbox(gateways, directory, &mistakes);
    for (size_t i = 0; i < mistakes.count; i++)
        log_error("gateways.wrong", log_text("mistake", mistakes.lines[i]));
    if (mistakes.count)
        gateways_free(&gateways);
    arena_free(&mistakes.arena);
    return gateways;
}

static const char *directory_of(const struct notifier *notifier)
{
    return config_text(daemon_config(notifier->daemon), "gateways");
}

/* -------- what the sender asks */

static bool finished(void *context, const struct send_order *order, enum send_result result, const char *detail)
{
    struct notifier *notifier = context;
    if (result == SEND_ACCEPTED)
        probe_sent(notifier->probe, order->channel);
    return stage_append(daemon_stage(notifier->daemon), order, result, detail);
}

static mono_ms lease_ends(void *context, uint32_t partition)
{
    struct notifier *notifier = context;
    return stage_lease_ends(daemon_stage(notifier->daemon), partition);
}

/* -------- what the daemon asks */

static void stop(void **context)
{
    struct notifier *notifier = *context;
    if (!notifier)
        return;
    sender_free(&notifier->sender);
    probe_free(&notifier->probe);
    gateways_free(&notifier->gateways);
    gateways_free(&notifier->former);
    free(notifier);
    *context = NULL;
}

static void *start(struct daemon *daemon, char message[160])
{
    struct notifier *notifier = calloc(1, sizeof *notifier);
    void *context = notifier;
    if (!notifier)
        abort();
    notifier->daemon = daemon;
    notifier->gateways = read_gateways(directory_of(notifier));
    if (notifier->gateways)
        notifier->sender = sender_new(&(struct sender_options){
            .store = daemon_store(daemon), .sealer = daemon_sealer(daemon), .clock = daemon_clock(daemon),
            .gateways = notifier->gateways, .metrics = daemon_metrics(daemon), .finished = finished,
            .lease_ends = lease_ends, .context = notifier}, message);
    else
        snprintf(message, 160, "the gateways in %.100s have mistakes, see the log", directory_of(notifier));
    if (notifier->sender)
        notifier->probe = probe_new(daemon_clock(daemon), notifier->gateways, daemon_metrics(daemon));
    else
        stop(&context);
    return context;
}

static void send_order(void *context, uint32_t partition, const struct send_order *order, mono_ms ends)
{
    sender_send(((struct notifier *)context)->sender, partition, order, ends);
}

static bool is_sending(void *context, const char *notice, int attempt)
{
    return sender_is_sending(((struct notifier *)context)->sender, notice, attempt);
}

static int fd(void *context)
{
    return sender_fd(((struct notifier *)context)->sender);
}

static int64_t step(void *context)
{
    struct notifier *notifier = context;
    if (notifier->former && !sender_load(notifier->sender))
        gateways_free(&notifier->former);
    int64_t sender_wait_ms = sender_step(notifier->sender), probe_wait_ms = probe_step(notifier->probe);
    return sender_wait_ms < probe_wait_ms ? sender_wait_ms : probe_wait_ms;
}

static bool drain(void *context)
{
    return sender_drain(((struct notifier *)context)->sender);
}

static void report(void *context)
{
    struct notifier *notifier = context;
    sender_report(notifier->sender);
    probe_report(notifier->probe);
}

/* With mistakes in the files, or before the last change has taken effect, all stays as it is. */
static void reload(void *context)
{
    struct notifier *notifier = context;
    struct gateway_list *gateways = notifier->former ? NULL : read_gateways(directory_of(notifier));
    if (!gateways)
        return;
    notifier->former = notifier->gateways;
    notifier->gateways = gateways;
    sender_gateways(notifier->sender, gateways);
    probe_gateways(notifier->probe, gateways);
}

static const char *details(void *context, struct arena *arena)
{
    return probe_details(((struct notifier *)context)->probe, arena);
}

int main(int argc, char **argv)
{
    const struct daemon_part part = {
        .program = "notifier", .about = "sends messages: which way, when, again, and what became of them",
        .core = &notifier_core, .settings = settings, .start = start, .send = send_order, .is_sending = is_sending,
        .fd = fd, .step = step, .report = report, .reload = reload, .details = details, .drain = drain, .stop = stop,
    };
    return daemon_run(&part, argc, argv);
}
