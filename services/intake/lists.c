/* The views over HTTP: each runs on the reading thread, and is answered when it comes back. Who asks for the time with
 * ?until=… is answered when it has come there, or after a while. */
#include <assert.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>

#include "intake.h"

enum {
    LIST_ROUTES_MAX = 64,
    TIME_WAIT_MS = 5000,            /* then the answer says that time has not come there */
    TIME_LOOK_MS = 250              /* how often stepped time is looked at without a hint */
};

struct listing {
    struct reading reading;
    struct intake *intake;
    struct http_exchange *exchange;
    view_handler handler;
    struct credential credential;
    json_t *body;
    unsigned status;
    char *text;
    /* one who waits for a time */
    wall_ms until, now;             /* 0: does not */
    mono_ms ends_at, look_at;
    struct listing *next;
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
        .personal = listing->credential.personal, .unbound = credential_is_unbound(&listing->credential),
        .actor = listing->credential.actor, .body = listing->body, .arena = arena,
    };
    struct view_answer answer = listing->handler(views, &request);
    listing->status = (unsigned)answer.status;
    listing->now = json_integer_value(json_object_get(answer.body, "now_ms"));
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

static void listing_answer(struct listing *listing)
{
    const char *text = listing->text ? listing->text : "{\"error\":\"the answer is no text\"}";
    listing->exchange->retry_after_s = listing->status == MHD_HTTP_SERVICE_UNAVAILABLE ? RETRY_AFTER_S : 0;
    http_answer(listing->exchange, listing->text ? listing->status : MHD_HTTP_INTERNAL_SERVER_ERROR, "application/json",
                (struct slice){(const uint8_t *)text, strlen(text)});
    listing_free(listing);
}

/* -------- those who wait for a time */

static int64_t time_wait_ms(const struct listing *listing)
{
    int64_t wait_ms = clock_store_wait_ms(daemon_clock(listing->intake->daemon), listing->until);
    return wait_ms < 1 ? 1 : wait_ms < TIME_LOOK_MS ? wait_ms : TIME_LOOK_MS;
}

static void listing_rest(struct listing *listing)
{
    mono_ms now = clock_mono(daemon_clock(listing->intake->daemon));
    if (!listing->ends_at.ms)
        listing->ends_at.ms = now.ms + TIME_WAIT_MS;
    listing->look_at.ms = now.ms + time_wait_ms(listing);
    listing->handler = view_clock;
    listing->next = listing->intake->resting;
    listing->intake->resting = listing;
}

static void listing_finish(struct reading *reading)
{
    struct listing *listing = (struct listing *)reading;
    struct bus *bus = daemon_bus(listing->intake->daemon);
    if (listing->handler == view_clock_park)
        bus->functions->publish_hint(bus, &(struct hint){.kind = HINT_PARTICIPANT});
    if (listing->status == MHD_HTTP_OK && listing->now < listing->until)
        listing_rest(listing);
    else
        listing_answer(listing);
}

/* Looks again, or says what was seen last: its time is up, or too many are reading. */
static void listing_resume(struct listing *listing, mono_ms now)
{
    char *seen = listing->text;
    if (now.ms < listing->ends_at.ms && readings_add(listing->intake->readings, &listing->reading))
        free(seen);
    else
        listing_answer(listing);
}

void lists_hint(struct intake *intake, const struct hint *hint)
{
    for (struct listing *at = intake->resting; at && hint->kind == HINT_CLOCK; at = at->next)
        if (at->until <= (wall_ms)hint->number)
            at->look_at = (mono_ms){0};
}

int64_t lists_step(struct intake *intake, mono_ms now)
{
    struct listing *all = intake->resting, *next;
    int64_t wait_ms = DAEMON_TICK_MS;
    intake->resting = NULL;
    for (struct listing *at = all; at; at = next) {
        next = at->next;
        if (now.ms >= at->look_at.ms || now.ms >= at->ends_at.ms) {
            listing_resume(at, now);
            continue;
        }
        wait_ms = at->look_at.ms - now.ms < wait_ms ? at->look_at.ms - now.ms : wait_ms;
        at->next = intake->resting;
        intake->resting = at;
    }
    return wait_ms;
}

/* The exchanges themselves are the HTTP server's to end. */
void lists_free(struct intake *intake)
{
    while (intake->resting) {
        struct listing *listing = intake->resting;
        intake->resting = listing->next;
        listing_free(listing);
    }
}

/* -------- routes */

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

/* ?until= of the clock's views; false: answered already. */
static bool until_of(struct http_exchange *exchange, wall_ms *ret)
{
    const char *text = http_query(exchange, "until", "");
    char *end;
    *ret = strtoll(text, &end, 10);
    if (!*end || moment_parse(text, ret))
        return true;
    http_refuse(exchange, MHD_HTTP_BAD_REQUEST, "until is no time", "until", "RFC 3339 or milliseconds");
    return false;
}

static void list_start(struct http_exchange *exchange, void *daemon)
{
    struct intake *intake = daemon_context(daemon);
    struct listing *listing = calloc(1, sizeof *listing);
    assert(listing);
    const struct view_route *route = view_of_route(exchange->route);
    assert(route);
    *listing = (struct listing){.reading = {.work = listing_work, .finish = listing_finish}, .intake = intake,
                                .exchange = exchange, .handler = route->handler};
    bool post = !strcmp(exchange->method, "POST"),
         timed = route->handler == view_clock || route->handler == view_clock_park;
    if (!intake_credential(intake, exchange, &listing->credential) ||
        (post && !(listing->body = intake_json(exchange))) || (timed && !until_of(exchange, &listing->until))) {
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
        int first = !strcmp(view->method, "DELETE"), last = strcmp(view->method, "POST") != 0;
        for (int rest = first; rest <= last; rest++) {          /* GET has both, POST none, DELETE names one */
            snprintf(patterns[count], sizeof patterns[count], "%s%s", view->path, rest ? "/{*}" : "");
            routes[count] =
                (struct http_route){view->method, patterns[count], list_start, NEEDS_KEY, view->about, view->arguments};
            count++;
        }
    }
    return routes;
}
