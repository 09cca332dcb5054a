#include "http_server.h"

#include <assert.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "buffer.h"
#include "http_route.h"
#include "listen_socket.h"

enum { RUNS_MAX = 64, CONNECTION_BYTES = 16 * 1024 };

/* An exchange and what only this file knows of it. */
struct talk {
    struct http_exchange exchange;
    struct http_server *server;
    struct MHD_Connection *connection;
    struct MHD_Response *response;          /* set: answered */
    unsigned status;
    struct buffer body;
    bool too_large;
    const char *allow;              /* sent with 405 */
    bool resting;
    struct talk *next, *before;             /* of those resting */
};

struct http_server {
    struct MHD_Daemon *daemon;
    struct http_options options;
    struct talk *resting;
    bool woken;                             /* a resting one was answered: run again */
    bool stopping;                          /* whoever the routes serve is gone: nothing is handed to them any more */
    char address[LISTEN_ADDRESS_BYTES_MAX + 8];
};

/* -------- answers */

static void rest_begin(struct talk *talk)
{
    struct http_server *server = talk->server;
    talk->resting = true;
    talk->before = NULL;
    talk->next = server->resting;
    if (talk->next)
        talk->next->before = talk;
    server->resting = talk;
    MHD_suspend_connection(talk->connection);
}

static void rest_end(struct talk *talk)
{
    if (talk->next)
        talk->next->before = talk->before;
    if (talk->before)
        talk->before->next = talk->next;
    else
        talk->server->resting = talk->next;
    talk->resting = false;
    talk->server->woken = true;
    MHD_resume_connection(talk->connection);
}

void http_answer(struct http_exchange *exchange, unsigned status, const char *content_type, struct slice body)
{
    struct talk *talk = (struct talk *)exchange;
    char seconds[16];
    assert(!talk->response);
    talk->status = status;
    talk->response = MHD_create_response_from_buffer(body.bytes, (void *)(uintptr_t)body.at, MHD_RESPMEM_MUST_COPY);
    assert(talk->response);
    MHD_add_response_header(talk->response, "Content-Type", content_type);
    MHD_add_response_header(talk->response, "Cache-Control", "no-store");
    if (exchange->retry_after_s) {
        snprintf(seconds, sizeof seconds, "%d", exchange->retry_after_s);
        MHD_add_response_header(talk->response, "Retry-After", seconds);
    }
    if (talk->allow)
        MHD_add_response_header(talk->response, "Allow", talk->allow);
    if (talk->resting)
        rest_end(talk);
}

void http_answer_json(struct http_exchange *exchange, unsigned status, json_t *body)
{
    char *text = json_dumps(body, JSON_COMPACT);
    assert(text);
    http_answer(exchange, status, "application/json", (struct slice){(const uint8_t *)text, strlen(text)});
    free(text);
    json_decref(body);
}

void http_refuse(struct http_exchange *exchange, unsigned status, const char *error, const char *field,
                 const char *hint)
{
    const struct { const char *key, *value; } members[] = {{"error", error}, {"field", field}, {"hint", hint}};
    json_t *body = json_object();
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        if (members[i].value && *members[i].value)
            json_object_set_new(body, members[i].key, json_string(members[i].value));
    http_answer_json(exchange, status, body);
}

/* -------- what is asked */

const char *http_header(struct http_exchange *exchange, const char *name)
{
    return MHD_lookup_connection_value(((struct talk *)exchange)->connection, MHD_HEADER_KIND, name);
}

const char *http_query(const struct http_exchange *exchange, const char *name, const char *otherwise)
{
    for (size_t i = 0; i < exchange->query_count; i++)
        if (!strcmp(exchange->query[i].name, name))
            return exchange->query[i].value;
    return otherwise;
}

static enum MHD_Result query_take(void *context, enum MHD_ValueKind kind, const char *name, const char *value)
{
    struct http_exchange *exchange = context;
    (void)kind;
    if (exchange->query_count == HTTP_QUERIES_MAX)
        return MHD_NO;
    exchange->query[exchange->query_count++] =
        (struct http_query){arena_string(exchange->arena, name), arena_string(exchange->arena, value)};
    return MHD_YES;
}

/* The methods that a path has, as the header Allow tells them. */
static const char *methods_of(struct talk *talk)
{
    static const char *const methods[] = {"GET", "POST", "PUT", "DELETE"};
    struct http_exchange *exchange = &talk->exchange;
    const char *asked = exchange->method, *list = "";
    bool path_known;
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        exchange->method = methods[i];
        if (http_route_find(talk->server->options.routes, exchange, &path_known))
            list = arena_printf(exchange->arena, "%s%s%s", list, *list ? ", " : "", methods[i]);
    }
    exchange->method = asked;
    return list;
}

static void turn_away(struct http_exchange *exchange)
{
    exchange->retry_after_s = 1;
    http_refuse(exchange, MHD_HTTP_SERVICE_UNAVAILABLE, "this server is stopping", NULL, NULL);
}

static void exchange_dispatch(struct talk *talk)
{
    struct http_exchange *exchange = &talk->exchange;
    bool path_known;
    if (talk->server->stopping) {
        turn_away(exchange);
        return;
    }
    exchange->body = buffer_slice(&talk->body);
    MHD_get_connection_values(talk->connection, MHD_GET_ARGUMENT_KIND, query_take, exchange);
    exchange->route = http_route_find(talk->server->options.routes, exchange, &path_known);
    if (talk->too_large)
        http_refuse(exchange, MHD_HTTP_CONTENT_TOO_LARGE, "the body is too large", NULL, "send fewer events at once");
    else if (exchange->route)
        exchange->route->handler(exchange, talk->server->options.context);
    else if (path_known) {
        talk->allow = methods_of(talk);
        http_refuse(exchange, MHD_HTTP_METHOD_NOT_ALLOWED, "this path has no such method", NULL,
                    arena_printf(exchange->arena, "it has %s", talk->allow));
    } else
        http_refuse(exchange, MHD_HTTP_NOT_FOUND, "there is no such path", NULL, "GET /v1/openapi.json lists them");
}

static struct talk *talk_new(struct http_server *server, struct MHD_Connection *connection, const char *url,
                             const char *method)
{
    struct talk *talk = calloc(1, sizeof *talk);
    assert(talk);
    talk->server = server;
    talk->connection = connection;
    talk->exchange.arena = arena_new();
    talk->exchange.method = arena_string(talk->exchange.arena, method);
    talk->exchange.path = arena_string(talk->exchange.arena, url);
    return talk;
}

/* What is over the limit is read and thrown away, so that the client gets its answer. */
static void body_take(struct talk *talk, const char *data, size_t bytes)
{
    if (talk->body.bytes + bytes > talk->server->options.body_bytes_max)
        talk->too_large = true;
    else
        buffer_append(&talk->body, data, bytes);
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *url, const char *method,
                                  const char *version, const char *data, size_t *data_bytes, void **state)
{
    struct talk *talk = *state;
    (void)version;
    if (!talk) {
        *state = talk_new(context, connection, url, method);
        return MHD_YES;
    }
    if (*data_bytes) {
        body_take(talk, data, *data_bytes);
        *data_bytes = 0;
        return MHD_YES;
    }
    if (!talk->response)
        exchange_dispatch(talk);
    if (talk->response)
        return MHD_queue_response(connection, talk->status, talk->response);
    rest_begin(talk);
    return MHD_YES;
}

static void on_completed(void *context, struct MHD_Connection *connection, void **state,
                         enum MHD_RequestTerminationCode code)
{
    struct talk *talk = *state;
    (void)context;
    (void)connection;
    (void)code;
    if (!talk)
        return;
    if (talk->response)
        MHD_destroy_response(talk->response);
    arena_free(&talk->exchange.arena);
    buffer_free(&talk->body);
    free(talk);
    *state = NULL;
}

/* -------- from start to end */

int http_server_fd(const struct http_server *server)
{
    return MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
}

static bool server_wants_more(struct http_server *server)
{
    MHD_UNSIGNED_LONG_LONG ms;
    bool woken = server->woken;
    server->woken = false;
    return woken || (MHD_get_timeout(server->daemon, &ms) == MHD_YES && ms == 0);
}

int64_t http_server_run(struct http_server *server)
{
    for (int i = 0; i < RUNS_MAX; i++) {
        MHD_run(server->daemon);
        if (!server_wants_more(server))
            return HTTP_IDLE_SECONDS * 1000;
    }
    return 0;
}

bool http_server_is_woken(const struct http_server *server)
{
    return server->woken;
}

const char *http_server_address(const struct http_server *server)
{
    return server->address;
}

/* Nothing older than TLS 1.2 is spoken. */
static const char tls_priorities[] = "SECURE128:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2";

static struct MHD_Daemon *daemon_started(const struct http_options *options, struct http_server *server, int fd)
{
    const struct MHD_OptionItem tls[] = {
        {MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)(uintptr_t)options->certificate},
        {MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)options->private_key},
        {MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t)tls_priorities},
        {MHD_OPTION_END, 0, NULL},
    };
    const struct MHD_OptionItem none[] = {{MHD_OPTION_END, 0, NULL}};
    unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | (options->certificate ? MHD_USE_TLS : 0);
    return MHD_start_daemon(flags, 0, NULL, NULL, on_request, server, MHD_OPTION_LISTEN_SOCKET, fd,
                            MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL, MHD_OPTION_CONNECTION_LIMIT,
                            options->connections_max, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_BYTES,
                            MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)HTTP_IDLE_SECONDS, MHD_OPTION_ARRAY,
                            options->certificate ? tls : none, MHD_OPTION_END);
}

static const char *scheme_of(const struct http_options *options)
{
    if (!strncmp(options->bind, "unix:", 5))
        return "";
    return options->certificate ? "https://" : "http://";
}

struct http_server *http_server_new(const struct http_options *options, char message[160])
{
    char address[LISTEN_ADDRESS_BYTES_MAX];
    int fd = listen_socket_new(options->bind, options->lacks, address, message);
    if (fd < 0)
        return NULL;
    struct http_server *server = calloc(1, sizeof *server);
    assert(server);
    server->options = *options;
    server->options.certificate = server->options.private_key = NULL;
    snprintf(server->address, sizeof server->address, "%s%s", scheme_of(options), address);
    server->daemon = daemon_started(options, server, fd);
    if (server->daemon)
        return server;
    snprintf(message, 160, "no HTTP on %.60s: %s", options->bind,
             options->certificate ? "see that http_certificate and http_key are PEM and belong together"
                                  : "no more memory or descriptors");
    close(fd);
    free(server);
    return NULL;
}

void http_server_free(struct http_server **server)
{
    if (!server || !*server)
        return;
    (*server)->stopping = true;
    while ((*server)->resting)
        turn_away(&(*server)->resting->exchange);
    http_server_run(*server);
    MHD_stop_daemon((*server)->daemon);
    free(*server);
    *server = NULL;
}
