#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "redis_access.h"

enum { PORT_DEFAULT = 6379, SENTINEL_PORT_DEFAULT = 26379, PORT_MAX = 65535, UNIX_PATH_MAX_BYTES = 107 };

static bool unix_read(const char *path, struct redis_place *ret, char message[160])
{
    if (!*path || strlen(path) > UNIX_PATH_MAX_BYTES) {
        snprintf(message, REDIS_MESSAGE_BYTES, "the path of a unix socket has 1 to %d bytes", UNIX_PATH_MAX_BYTES);
        return false;
    }
    strcpy(ret->at[0].host, path);
    ret->count = 1;
    return true;
}

/* host, host:port, [address]:port */
static bool endpoint_read(const char *text, int port_default, struct redis_endpoint *ret)
{
    bool bracket = *text == '[';
    const char *host = text + bracket;
    size_t bytes = strcspn(host, bracket ? "]" : ":");
    const char *rest = host + bytes + (bracket && host[bytes] == ']');
    char *end = NULL;
    long port = *rest == ':' ? strtol(rest + 1, &end, 10) : port_default;
    bool whole = (*rest == ':' ? end != rest + 1 && !*end : !*rest) && (!bracket || host[bytes] == ']');
    if (!bytes || bytes >= sizeof ret->host || !whole || port < 1 || port > PORT_MAX)
        return false;
    memcpy(ret->host, host, bytes);
    ret->host[bytes] = 0;
    ret->port = (int)port;
    return true;
}

static bool one_read(const char *text, struct redis_place *ret, char message[160])
{
    const char *scheme = ret->scheme == REDIS_TLS ? "tls" : "tcp";
    ret->count = endpoint_read(text, PORT_DEFAULT, &ret->at[0]);
    if (!ret->count)
        snprintf(message, REDIS_MESSAGE_BYTES, "%s://%.80s is no address: write %s://host:port", scheme, text, scheme);
    return ret->count;
}

/* host:port,host:port up to `bytes` */
static bool list_read(const char *text, size_t bytes, int port_default, struct redis_place *ret)
{
    char one[REDIS_HOST_BYTES + 16];
    for (size_t at = 0; at <= bytes; at++) {
        size_t length = strcspn(text + at, ",");
        if (length > bytes - at)
            length = bytes - at;
        if (length >= sizeof one || ret->count == REDIS_ENDPOINTS_MAX)
            return false;
        memcpy(one, text + at, length);
        one[length] = 0;
        if (!endpoint_read(one, port_default, &ret->at[ret->count]))
            return false;
        ret->count++;
        at += length;
    }
    return true;
}

static bool sentinel_read(const char *text, struct redis_place *ret, char message[160])
{
    const char *slash = strchr(text, '/');
    bool good = slash && slash[1] && strlen(slash + 1) < sizeof ret->name && !strchr(slash + 1, '/') &&
                list_read(text, (size_t)(slash - text), SENTINEL_PORT_DEFAULT, ret);
    if (good)
        strcpy(ret->name, slash + 1);
    else
        snprintf(message, REDIS_MESSAGE_BYTES,
                 "sentinel://%.70s is no address: write sentinel://host:port,host:port/NAME", text);
    return good;
}

static bool cluster_read(const char *text, struct redis_place *ret, char message[160])
{
    bool good = list_read(text, strlen(text), PORT_DEFAULT, ret);
    if (!good)
        snprintf(message, REDIS_MESSAGE_BYTES,
                 "cluster://%.70s is no address: write cluster://host:port,host:port", text);
    return good;
}

bool redis_address_read(const char *address, struct redis_place *ret, char message[REDIS_MESSAGE_BYTES])
{
    static const struct {
        const char *begins;
        enum redis_scheme scheme;
        bool (*read)(const char *, struct redis_place *, char *);
    } schemes[] = {
        {"unix:", REDIS_UNIX, unix_read}, {"tcp://", REDIS_TCP, one_read}, {"tls://", REDIS_TLS, one_read},
        {"sentinel://", REDIS_SENTINEL, sentinel_read}, {"cluster://", REDIS_CLUSTER, cluster_read},
    };
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        size_t bytes = strlen(schemes[i].begins);
        if (strncmp(address, schemes[i].begins, bytes))
            continue;
        *ret = (struct redis_place){.scheme = schemes[i].scheme};
        return schemes[i].read(address + bytes, ret, message);
    }
    snprintf(message, REDIS_MESSAGE_BYTES,
             "%.60s is no address of Redis: give unix:/path, tcp://host:port, sentinel://… or cluster://…",
             address);
    return false;
}
