/* Who is let in: the keys file, the key that a request names, how often it may ask. */
#include <errno.h>
#include <microhttpd.h>
#include <stdio.h>
#include <string.h>

#include "file_bytes.h"
#include "intake.h"
#include "intake_part.h"
#include "log.h"

enum { KEYS_BYTES_MAX = 1024 * 1024 };

enum { UNKNOWN_KEYS, OVER_RATE, METRIC_COUNT };
static const struct metric admission_metrics[METRIC_COUNT] = {
    [UNKNOWN_KEYS] = {METRIC_COUNTER, "careline_intake_unknown_keys_total",
                      "Requests refused because their key is not known", NULL, NULL},
    [OVER_RATE] = {METRIC_COUNTER, "careline_intake_over_rate_total",
                   "Requests put off because their key is over its rate", "key", NULL},
};

/* -------- the keys file */

static void keys_replace(struct keys **at, struct keys *keys)
{
    if (keys)
        keys_inherit(keys, *at);
    keys_free(at);
    *at = keys;
}

bool intake_keys_read(const char *path, struct keys **ret, char message[160])
{
    struct buffer text = {0};
    struct arena *arena = arena_new();
    struct mistakes mistakes = {.file = path, .arena = arena};
    struct keys *keys = NULL;
    bool there = *path && file_bytes(path, KEYS_BYTES_MAX, &text);
    bool good = there || !*path || errno == ENOENT;
    if (there) {
        keys = keys_parse(buffer_slice(&text), path, &mistakes);
        good = keys;
    }
    if (!good)
        snprintf(message, 160, "%.150s", mistakes.count ? mistakes.lines[0] : strerror(errno));
    for (size_t i = 0; i < mistakes.count; i++)
        log_error("keys.mistake", log_text("line", mistakes.lines[i]));
    if (good)
        keys_replace(ret, keys);
    buffer_free(&text);
    arena_free(&arena);
    return good;
}

void intake_reload(void *context)
{
    struct intake *intake = context;
    const char *path = config_text(daemon_config(intake->daemon), "keys");
    struct keys *replays = NULL;                /* its thread has its own */
    char message[160];
    if (!intake_keys_read(path, &replays, message))
        return;
    replay_keys(intake->replay, replays);
    if (intake_keys_read(path, &intake->keys, message))
        log_info("keys.read", log_int("keys", intake->keys ? (int64_t)keys_count(intake->keys) : 0));
}

bool intake_is_secured(void *context)
{
    return ((struct intake *)context)->keys != NULL;
}

/* -------- whichever way a request comes */

void admission_start(struct intake *intake)
{
    metrics_table(daemon_metrics(intake->daemon), admission_metrics, METRIC_COUNT);
}

bool admit(struct intake *intake, const struct credential *credential, struct refusal *ret)
{
    int64_t wait_ms = keys_take(intake->keys, credential, clock_mono(daemon_clock(intake->daemon)));
    if (!wait_ms)
        return true;
    metrics_add(daemon_metrics(intake->daemon), &admission_metrics[OVER_RATE], credential->actor, 1);
    *ret = (struct refusal){.status = MHD_HTTP_TOO_MANY_REQUESTS, .error = "this key is over its rate",
                            .hint = "send it again later, with the same source and id", .retry_after_ms = wait_ms};
    return false;
}

void admission_unknown(struct intake *intake, struct refusal *ret)
{
    metrics_add(daemon_metrics(intake->daemon), &admission_metrics[UNKNOWN_KEYS], NULL, 1);
    *ret = (struct refusal){.status = MHD_HTTP_UNAUTHORIZED, .error = "this key is not known",
                            .hint = "send the header Authorization: Bearer KEY"};
}

/* -------- over HTTP */

/* Without keys nobody else's web page may post here: browsers name the page's origin, and the host it believes in. */
static bool is_of_this_machine(const char *text)
{
    static const char *const local[] = {"127.0.0.1", "localhost", "[::1]"};
    for (size_t i = 0; text && i < sizeof local / sizeof *local; i++) {
        size_t bytes = strlen(local[i]);
        if (!strncmp(text, local[i], bytes) && (!text[bytes] || text[bytes] == ':'))
            return true;
    }
    return !text;
}

static bool request_is_local(struct http_exchange *exchange)
{
    const char *origin = http_header(exchange, "Origin");
    const char *after_scheme = origin ? strstr(origin, "://") : NULL;
    if (origin && (!after_scheme || !is_of_this_machine(after_scheme + 3)))
        return false;
    return is_of_this_machine(http_header(exchange, "Host"));
}

/* A role that the key does not have is refused: who asks would believe that he acts in it. */
static bool role_is_held(struct http_exchange *exchange, const struct credential *credential)
{
    const char *role = http_header(exchange, "X-Role");
    if (!role || !*role || !strcmp(role, credential->role))
        return true;
    http_refuse(exchange, MHD_HTTP_FORBIDDEN, "this key may not act in that role", "X-Role",
                "ask whoever keeps the keys");
    return false;
}

bool intake_credential(struct intake *intake, struct http_exchange *exchange, struct credential *ret)
{
    const char *bearer = http_header(exchange, "Authorization");
    const char *key = bearer && !strncmp(bearer, "Bearer ", 7) ? bearer + 7 : NULL;
    struct refusal refusal;
    if (!intake->keys && !intake->without_keys && !request_is_local(exchange)) {
        http_refuse(exchange, MHD_HTTP_FORBIDDEN, "without keys only programs of this machine are served", NULL,
                    "set up keys.yaml to serve others");
        return false;
    }
    if (!credential_of(intake->keys, key, http_header(exchange, "X-Actor"), http_header(exchange, "X-Role"),
                       exchange->arena, ret))
        admission_unknown(intake, &refusal);
    else if (admit(intake, ret, &refusal))
        return role_is_held(exchange, ret);
    if (!key && refusal.status == MHD_HTTP_UNAUTHORIZED)
        refusal.error = "no key was sent";
    intake_refuse(exchange, &refusal);
    return false;
}
