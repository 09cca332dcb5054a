/* A daemon's HTTP server: on this machine as it is, beyond it only with keys and TLS, or where the operator says plainly
 * that it does without. */
#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "daemon_parts.h"
#include "file_bytes.h"

enum {
    HEALTH_CONNECTIONS_MAX = 32,
    HEALTH_BODY_BYTES_MAX = 4096,
    PEM_BYTES_MAX = 256 * 1024,
    TABLES_MAX = 8
};

/* What keeps it on this machine; NULL: nothing does. */
static const char *http_lacks(struct daemon *daemon, bool tls)
{
    const struct daemon_part *part = daemon->part;
    bool keys = part->secured && part->secured(daemon->context);
    if (!keys && !config_bool(daemon->config, "http_without_keys"))
        return part->secured ? "a file of keys, or http_without_keys=yes" : "http_without_keys=yes";
    if (!tls && !config_bool(daemon->config, "http_without_tls"))
        return "http_certificate and http_key, or http_without_tls=yes";
    return NULL;
}

/* A PEM file as a text; false with a message. No path: no text. */
static bool pem_read(const char *path, struct buffer *to, char message[160])
{
    if (*path && !file_bytes(path, PEM_BYTES_MAX, to)) {
        snprintf(message, 160, "%.100s: %s", path, strerror(errno));
        return false;
    }
    return true;
}

static void routes_collect(const struct daemon *daemon, const struct http_route *ret[TABLES_MAX])
{
    size_t count = 0;
    ret[count++] = daemon_routes;
    for (size_t i = 0; daemon->part->routes && daemon->part->routes[i] && count < TABLES_MAX - 1; i++)
        ret[count++] = daemon->part->routes[i];
    ret[count] = NULL;
}

static struct http_server *server_new(struct daemon *daemon, struct buffer *certificate, struct buffer *key,
                                      char message[160])
{
    static const struct http_route *tables[TABLES_MAX];        /* the server keeps the list */
    const struct daemon_part *part = daemon->part;
    const struct http_options options = {
        .bind = config_text(daemon->config, "http"), .lacks = http_lacks(daemon, certificate->bytes),
        .certificate = certificate->bytes ? buffer_text(certificate) : NULL,
        .private_key = key->bytes ? buffer_text(key) : NULL,
        .connections_max = part->http_connections_max ? part->http_connections_max : HEALTH_CONNECTIONS_MAX,
        .body_bytes_max = part->http_body_bytes_max ? part->http_body_bytes_max : HEALTH_BODY_BYTES_MAX,
        .routes = tables, .context = daemon,
    };
    routes_collect(daemon, tables);
    return http_server_new(&options, message);
}

bool daemon_http_start(struct daemon *daemon, char message[160])
{
    const char *certificate_path = config_text(daemon->config, "http_certificate");
    const char *key_path = config_text(daemon->config, "http_key");
    struct buffer certificate = {0}, key = {0};
    if (!*certificate_path != !*key_path)
        snprintf(message, 160, "http_certificate and http_key go together");
    else if (pem_read(certificate_path, &certificate, message) && pem_read(key_path, &key, message))
        daemon->http = server_new(daemon, &certificate, &key, message);
    if (key.bytes)
        sodium_memzero(key.at, key.bytes);
    buffer_free(&certificate);
    buffer_free(&key);
    return daemon->http;
}
