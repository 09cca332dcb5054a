#include "probe.h"

#include <curl/curl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"

enum { FLYING_WAIT_MS = 50, DETAIL_BYTES = 64 };

/* What is known of one channel. */
struct line {
    CURL *easy;                     /* being asked */
    bool known, up;
    bool told;                      /* success_at, in metrics */
    wall_ms success_at;             /* 0: never yet */
    char detail[DETAIL_BYTES];      /* why it is not up */
    char fault[CURL_ERROR_SIZE];
};

struct probe {
    struct clock *clock;
    const struct gateway_list *gateways;
    struct metrics *metrics;
    CURLM *multi;
    struct line lines[notice_channel_count];
    mono_ms next_at;
};

enum { UP, SUCCESS };
static const struct metric probe_metrics[] = {
    [UP] = {METRIC_GAUGE, "careline_channel_up", "Did the channel's gateway answer when it was last asked", "channel", NULL},
    [SUCCESS] = {METRIC_GAUGE, "careline_channel_success_seconds",
                 "When the channel's gateway last answered or took a message, in seconds since 1970", "channel", NULL},
};

struct probe *probe_new(struct clock *clock, const struct gateway_list *gateways, struct metrics *metrics)
{
    struct probe *probe = calloc(1, sizeof *probe);
    if (!probe || !(probe->multi = curl_multi_init()))
        abort();
    probe->clock = clock;
    probe->gateways = gateways;
    probe->metrics = metrics;
    if (metrics)
        metrics_table(metrics, probe_metrics, sizeof probe_metrics / sizeof probe_metrics[0]);
    return probe;
}

static void line_hang_up(struct probe *probe, struct line *line)
{
    if (!line->easy)
        return;
    curl_multi_remove_handle(probe->multi, line->easy);
    curl_easy_cleanup(line->easy);
    line->easy = NULL;
}

void probe_free(struct probe **probe)
{
    if (!*probe)
        return;
    for (int i = 0; i < notice_channel_count; i++)
        line_hang_up(*probe, &(*probe)->lines[i]);
    curl_multi_cleanup((*probe)->multi);
    free(*probe);
    *probe = NULL;
}

/* -------- what came of it */

static void tell_change(const char *channel, const struct gateway *gateway, const struct line *line)
{
    if (line->up)
        log_info("channel.up", log_text("channel", channel), log_text("gateway", gateway->name));
    else
        log_warn("channel.down", log_text("channel", channel), log_text("gateway", gateway->name),
                 log_text("message", line->detail));
}

static void tell_success(struct probe *probe, int channel)
{
    struct line *line = &probe->lines[channel];
    metrics_set(probe->metrics, &probe_metrics[SUCCESS], words_name(&notice_channel_words, channel),
                (double)(line->success_at / SECOND_MS));
    line->told = true;
}

static void line_answered(struct probe *probe, const struct gateway *gateway, bool up, const char *detail)
{
    struct line *line = &probe->lines[gateway->channel];
    const char *channel = words_name(&notice_channel_words, gateway->channel);
    bool changed = line->known ? line->up != up : !up;
    line->known = true;
    line->up = up;
    if (up)
        line->success_at = clock_now(probe->clock);
    snprintf(line->detail, sizeof line->detail, "%s", up ? "" : detail);
    for (char *at = line->detail; *at; at++)
        if ((unsigned char)*at < ' ' || (unsigned char)*at >= 0x7f)
            *at = '?';
    metrics_set(probe->metrics, &probe_metrics[UP], channel, up);
    tell_success(probe, gateway->channel);
    if (changed)
        tell_change(channel, gateway, line);
}

/* Of one that is up already only the time is new: told by probe_report. */
void probe_sent(struct probe *probe, int channel)
{
    struct line *line = &probe->lines[channel];
    if (line->known && line->up) {
        line->success_at = clock_now(probe->clock);
        line->told = false;
        return;
    }
    const struct gateway *gateway = gateway_of_channel(probe->gateways, channel);
    if (gateway)
        line_answered(probe, gateway, true, "");
}

/* -------- asking */

/* The server of a gateway: all before its address's path, so that nothing is asked of it. "": nobody knows which. */
static const char *server_of(const struct gateway *gateway, struct arena *arena)
{
    const char *url = strcmp(gateway->url, "{{to}}") ? gateway->url : gateway->only_to;
    const char *host = strstr(url, "://");
    if (!host || !host[3])
        return "";
    size_t bytes = (size_t)(host + 3 - url) + strcspn(host + 3, "/?{");
    return arena_text(arena, url, bytes);
}

static void ask_file(struct probe *probe, const struct gateway *gateway, struct arena *arena)
{
    const char *slash = strrchr(gateway->url, '/');
    const char *directory = slash ? arena_text(arena, gateway->url, (size_t)(slash - gateway->url)) : ".";
    bool up = !access(*directory ? directory : "/", W_OK);
    line_answered(probe, gateway, up, "its directory cannot be written to");
}

static void ask_server(struct probe *probe, const struct gateway *gateway, const char *server)
{
    static const long tls[] = {CURLUSESSL_NONE, CURLUSESSL_TRY, CURLUSESSL_ALL};
    struct line *line = &probe->lines[gateway->channel];
    line->easy = curl_easy_init();
    if (!line->easy)
        return;
    line->fault[0] = '\0';
    curl_easy_setopt(line->easy, CURLOPT_URL, server);
    curl_easy_setopt(line->easy, CURLOPT_PROTOCOLS_STR, "http,https,smtp,smtps");
    curl_easy_setopt(line->easy, CURLOPT_CONNECT_ONLY, 1L);
    curl_easy_setopt(line->easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(line->easy, CURLOPT_PROXY, "");
    curl_easy_setopt(line->easy, CURLOPT_TIMEOUT_MS, (long)PROBE_TIMEOUT_MS);
    curl_easy_setopt(line->easy, CURLOPT_ERRORBUFFER, line->fault);
    curl_easy_setopt(line->easy, CURLOPT_PRIVATE, gateway);
    if (gateway->kind == GATEWAY_SMTP) {
        curl_easy_setopt(line->easy, CURLOPT_USE_SSL, tls[gateway->tls]);
        if (*gateway->username) {
            curl_easy_setopt(line->easy, CURLOPT_USERNAME, gateway->username);
            curl_easy_setopt(line->easy, CURLOPT_PASSWORD, gateway->password);
        }
    }
    curl_multi_add_handle(probe->multi, line->easy);
}

static void ask_all(struct probe *probe)
{
    struct arena *arena = arena_new();
    for (size_t i = 0; i < probe->gateways->count; i++) {
        const struct gateway *gateway = &probe->gateways->at[i];
        const char *server = gateway->kind == GATEWAY_FILE ? "" : server_of(gateway, arena);
        if (gateway->kind == GATEWAY_FILE)
            ask_file(probe, gateway, arena);
        else if (*server && !probe->lines[gateway->channel].easy)
            ask_server(probe, gateway, server);
    }
    arena_free(&arena);
}

static bool take_answers(struct probe *probe)
{
    int running = 0, left;
    curl_multi_perform(probe->multi, &running);
    for (CURLMsg *message; (message = curl_multi_info_read(probe->multi, &left));) {
        struct gateway *gateway = NULL;
        CURLcode code = message->data.result;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&gateway);
        struct line *line = &probe->lines[gateway->channel];
        line_answered(probe, gateway, code == CURLE_OK, *line->fault ? line->fault : curl_easy_strerror(code));
        line_hang_up(probe, line);
    }
    return running > 0;
}

int64_t probe_step(struct probe *probe)
{
    mono_ms now = clock_mono(probe->clock);
    if (now.ms >= probe->next_at.ms) {
        probe->next_at = (mono_ms){now.ms + PROBE_EVERY_MS};
        ask_all(probe);
    }
    return take_answers(probe) ? FLYING_WAIT_MS : probe->next_at.ms - now.ms;
}

void probe_report(struct probe *probe)
{
    for (int i = 0; i < notice_channel_count; i++)
        if (probe->lines[i].known && !probe->lines[i].told)
            tell_success(probe, i);
}

void probe_gateways(struct probe *probe, const struct gateway_list *gateways)
{
    for (int i = 0; i < notice_channel_count; i++)
        line_hang_up(probe, &probe->lines[i]);
    probe->gateways = gateways;
    probe->next_at = (mono_ms){0};
}

/* -------- telling */

const char *probe_details(const struct probe *probe, struct arena *arena)
{
    json_t *list = json_array();
    for (size_t i = 0; i < probe->gateways->count; i++) {
        const struct gateway *gateway = &probe->gateways->at[i];
        const struct line *line = &probe->lines[gateway->channel];
        if (line->known)
            json_array_append_new(list, json_pack("{s:s, s:s, s:b, s:I, s:s}", "channel",
                                                  words_name(&notice_channel_words, gateway->channel), "gateway", gateway->name,
                                                  "up", line->up, "success_at", (json_int_t)line->success_at, "detail",
                                                  line->detail));
    }
    char *text = json_array_size(list) ? json_dumps(list, JSON_COMPACT | JSON_ENSURE_ASCII) : NULL;
    const char *told = text ? arena_printf(arena, "\"channels\":%s", text) : "";
    free(text);
    json_decref(list);
    return told;
}
