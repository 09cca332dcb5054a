/* http_server: HTTP on a port or a unix path, over TLS if there is a certificate, inside a daemon's own loop
 * (libmicrohttpd, external epoll).
 *
 * Routes are a table. A handler answers at once, or keeps the exchange and answers later; until then its connection
 * rests. All calls are for the loop's thread, except that any thread may read an exchange that it was handed. */
#ifndef CARELINE_HTTP_SERVER_H
#define CARELINE_HTTP_SERVER_H

#include <jansson.h>
#include <stdbool.h>

#include "arena.h"

enum {
    HTTP_PARTS_MAX = 4,             /* {…} in a pattern */
    HTTP_QUERIES_MAX = 16,
    HTTP_IDLE_SECONDS = 30          /* a connection that says nothing is closed */
};

struct http_query { const char *name, *value; };

struct http_exchange {
    const char *method;
    const char *path;               /* decoded */
    const struct http_route *route;
    const char *part[HTTP_PARTS_MAX];       /* what each {…} of the pattern stands for */
    struct http_query query[HTTP_QUERIES_MAX];
    size_t query_count;
    struct slice body;
    struct arena *arena;            /* lives as long as the exchange */
    void *owner;                    /* for whoever works it */
    int retry_after_s;              /* set before answering: sent as Retry-After */
};

typedef void (*http_handler)(struct http_exchange *exchange, void *context);

struct http_route {
    const char *method;             /* GET, POST, PUT, DELETE */
    const char *pattern;            /* /v1/acts/{partition}/{seq}; {…} takes one segment, a last {*} all that follows */
    http_handler handler;
    unsigned needs;                 /* rights and the like; the server itself gives them no meaning */
    const char *about;              /* one line, for the OpenAPI document */
    const char *query;              /* parameters it knows: "site: only of this site|limit: at most so many"; or NULL */
};

struct http_options {
    const char *bind;               /* 127.0.0.1:0, [::1]:8080, unix:/path */
    const char *lacks;              /* what it would need to serve other machines; NULL: it may */
    const char *certificate;        /* PEM, with its chain, NUL-terminated: served over TLS; NULL: in the open */
    const char *private_key;        /* PEM; neither is kept beyond the call */
    unsigned connections_max;
    size_t body_bytes_max;
    const struct http_route *const *routes;         /* NULL-ended list of tables that end with a NULL method */
    void *context;                  /* handed to every handler */
};

struct http_server;

/* NULL with a message for the operator. */
struct http_server *http_server_new(const struct http_options *options, char message[160]);
/* Answers what is still open, and what comes in meanwhile, with 503 and closes; sets *server to NULL; nothing on NULL. */
void http_server_free(struct http_server **server);

/* Readable when http_server_run is wanted. */
int http_server_fd(const struct http_server *server);
/* Never blocks. The milliseconds until it wants to be called again, 0: at once. */
int64_t http_server_run(struct http_server *server);
/* Was something answered since that is not on its way yet? */
bool http_server_is_woken(const struct http_server *server);
/* As http://127.0.0.1:4711, https://127.0.0.1:4711 or unix:/path. */
const char *http_server_address(const struct http_server *server);

/* One header of the request, or NULL. Only in the handler. */
const char *http_header(struct http_exchange *exchange, const char *name);
/* One parameter of the query, or `otherwise`. */
const char *http_query(const struct http_exchange *exchange, const char *name, const char *otherwise);

/* Answers; the exchange is not ours any more afterwards. The body is copied. */
void http_answer(struct http_exchange *exchange, unsigned status, const char *content_type, struct slice body);
/* Takes the reference to `body`. */
void http_answer_json(struct http_exchange *exchange, unsigned status, json_t *body);
/* {"error": …, "field": …, "hint": …}; NULL or "" leaves one out. */
void http_refuse(struct http_exchange *exchange, unsigned status, const char *error, const char *field,
                 const char *hint);

#endif
