/* The views over HTTP: each runs on the reading thread, and is answered when it comes back. */
#include <assert.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>

#include "intake.h"

enum { LIST_ROUTES_MAX = 64 };

struct listing {
    struct reading reading;
    struct http_exchange *exchange;
    const struct view_route *route;
    struct credential credential;
    json_t *body;
    unsigned status;
    char *text;
};

static const char *listing_argument(void *context, const char *name)
{
    return http_query(((struct listing *)context)->exchange, name, NULL);
}

static bool listing_may_see(void *context, const char *site)
{
    return credential_may_see(&((struct listing *)context)->credential, site);
}

static void listing_work(struct reading *reading, struct views *views)
{
    struct listing *listing = (struct listing *)reading;
    struct arena *arena = arena_new();
    const char *rest = listing->exchange->part[0];
    const struct view_request request = {
        .rest = rest ? rest : "", .argument = listing_argument, .may_see = listing_may_see, .context = listing,
        .personal = listing->credential.personal, .body = listing->body, .arena = arena,
    };
    struct view_answer answer = listing->route->handler(views, &request);
    listing->status = (unsigned)answer.status;
    listing->text = json_dumps(answer.body, JSON_COMPACT);
    json_decref(answer.body);
    arena_free(&arena);
}

static void listing_free(struct listing *listing)
{
    json_decref(listing->body);
    free(listing->text);
    free(listing);
}

static void listing_finish(struct reading *reading)
{
    struct listing *listing = (struct listing *)reading;
    const char *text = listing->text ? listing->text : "{\"error\":\"the answer is no text\"}";
    listing->exchange->retry_after_s = listing->status == MHD_HTTP_SERVICE_UNAVAILABLE ? RETRY_AFTER_S : 0;
    http_answer(listing->exchange, listing->text ? listing->status : MHD_HTTP_INTERNAL_SERVER_ERROR, "application/json",
                (struct slice){(const uint8_t *)text, strlen(text)});
    listing_free(listing);
}

/* Which view a route belongs to: its pattern is the view's path, or that and the rest. */
static const struct view_route *view_of_route(const struct http_route *route)
{
    for (size_t i = 0; i < view_route_count; i++) {
        size_t bytes = strlen(view_routes[i].path);
        if (!strcmp(route->method, view_routes[i].method) && !strncmp(route->pattern, view_routes[i].path, bytes) &&
            (!route->pattern[bytes] || !strcmp(route->pattern + bytes, "/{*}")))
            return &view_routes[i];
    }
    return NULL;
}

static void list_start(struct http_exchange *exchange, void *daemon)
{
    struct intake *intake = daemon_context(daemon);
    struct listing *listing = calloc(1, sizeof *listing);
    assert(listing);
    *listing = (struct listing){.reading = {.work = listing_work, .finish = listing_finish}, .exchange = exchange,
                                .route = view_of_route(exchange->route)};
    assert(listing->route);
    bool post = !strcmp(exchange->method, "POST");
    if (!intake_credential(intake, exchange, &listing->credential) || (post && !(listing->body = intake_json(exchange)))) {
        listing_free(listing);
        return;
    }
    if (!readings_add(intake->readings, &listing->reading)) {
        listing_free(listing);
        exchange->retry_after_s = RETRY_AFTER_S;
        http_refuse(exchange, MHD_HTTP_SERVICE_UNAVAILABLE, "too many are reading", NULL, "ask again in a moment");
    }
}

const struct http_route *list_routes(void)
{
    static struct http_route routes[LIST_ROUTES_MAX];
    static char patterns[LIST_ROUTES_MAX][64];
    size_t count = 0;
    assert(view_route_count * 2 < LIST_ROUTES_MAX);
    for (size_t i = 0; i < view_route_count; i++) {
        const struct view_route *view = &view_routes[i];
        for (int rest = 0; rest < (strcmp(view->method, "GET") ? 1 : 2); rest++) {
            snprintf(patterns[count], sizeof patterns[count], "%s%s", view->path, rest ? "/{*}" : "");
            routes[count] = (struct http_route){view->method, patterns[count], list_start, NEEDS_KEY, view->about, view->arguments};
            count++;
        }
    }
    return routes;
}
