/* What every request of the API goes through: who asks, is it JSON, may the store be given more. */
#include <microhttpd.h>
#include <string.h>

#include "intake.h"
#include "random.h"

struct acceptor intake_acceptor(struct intake *intake)
{
    struct daemon *daemon = intake->daemon;
    if (!intake->time_is_fresh && clock_store_mode(daemon_clock(daemon)) == CLOCK_STEPPED)
        clock_store_refresh(daemon_clock(daemon));
    intake->time_is_fresh = true;
    return (struct acceptor){
        .sealer = daemon_sealer(daemon), .store = daemon_store(daemon), .partitions = daemon_partitions(daemon),
        .now = clock_now(daemon_clock(daemon)), .random = random_chance,
    };
}

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

bool intake_credential(struct intake *intake, struct http_exchange *exchange, struct credential *ret)
{
    const char *bearer = http_header(exchange, "Authorization");
    const char *key = bearer && !strncmp(bearer, "Bearer ", 7) ? bearer + 7 : NULL;
    if (!intake->keys && !request_is_local(exchange)) {
        http_refuse(exchange, MHD_HTTP_FORBIDDEN, "without keys only programs of this machine are served", NULL,
                    "set up keys.yaml to serve others");
        return false;
    }
    if (credential_of(intake->keys, key, http_header(exchange, "X-Actor"), http_header(exchange, "X-Role"),
                      exchange->arena, ret))
        return true;
    http_refuse(exchange, MHD_HTTP_UNAUTHORIZED, key ? "this key is not known" : "no key was sent", NULL,
                "send the header Authorization: Bearer KEY");
    return false;
}

json_t *intake_json(struct http_exchange *exchange)
{
    json_error_t error;
    const char *at = exchange->body.bytes ? (const char *)exchange->body.at : "";
    json_t *json = json_loadb(at, exchange->body.bytes, JSON_REJECT_DUPLICATES, &error);
    if (!json && !exchange->body.bytes)
        http_refuse(exchange, MHD_HTTP_BAD_REQUEST, "the body is empty; JSON is needed", NULL,
                    "GET /v1/openapi.json says what");
    else if (!json)
        http_refuse(exchange, MHD_HTTP_BAD_REQUEST,
                    arena_printf(exchange->arena, "the body is no JSON: line %d, column %d: %s", error.line,
                                 error.column, error.text),
                    NULL, "GET /v1/openapi.json says what is needed");
    return json;
}

bool intake_is_pressed(struct intake *intake, struct http_exchange *exchange)
{
    const char *reason = pressure_reason(intake->pressure);
    if (!reason)
        return false;
    exchange->retry_after_s = PRESSED_RETRY_AFTER_S;
    http_refuse(exchange, MHD_HTTP_SERVICE_UNAVAILABLE, reason, NULL,
                "send it again later, with the same source and id");
    return true;
}

void intake_refuse(struct http_exchange *exchange, const struct refusal *refusal)
{
    exchange->retry_after_s = refusal->status == MHD_HTTP_SERVICE_UNAVAILABLE ? RETRY_AFTER_S : 0;
    http_refuse(exchange, (unsigned)refusal->status, refusal->error, refusal->field, refusal->hint);
}
