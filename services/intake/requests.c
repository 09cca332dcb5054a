/* What every request of the API goes through: is it JSON, may the store be given more; how a refusal looks. */
#include <microhttpd.h>

#include "intake.h"
#include "random.h"

struct acceptor intake_acceptor(struct intake *intake)
{
    struct daemon *daemon = intake->daemon;
    if (!intake->time_is_fresh && clock_store_mode(daemon_clock(daemon)) == CLOCK_STEPPED)
        clock_store_refresh(daemon_clock(daemon));
    intake->time_is_fresh = true;
    return (struct acceptor){
        .scratch = &intake->scratch, .sealer = daemon_sealer(daemon), .store = daemon_store(daemon), .partitions = daemon_partitions(daemon),
        .now = clock_now(daemon_clock(daemon)), .random = random_chance,
    };
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

/* Whole seconds, rounded up: a client that comes when it is told finds the door open. */
static int retry_after_s(const struct refusal *refusal)
{
    if (refusal->retry_after_ms)
        return (int)((refusal->retry_after_ms + 999) / 1000);
    return refusal->status == MHD_HTTP_SERVICE_UNAVAILABLE ? RETRY_AFTER_S : 0;
}

void intake_refuse(struct http_exchange *exchange, const struct refusal *refusal)
{
    exchange->retry_after_s = retry_after_s(refusal);
    http_refuse(exchange, (unsigned)refusal->status, refusal->error, refusal->field, refusal->hint);
}
