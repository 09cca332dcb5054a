/* CURVE, where the installation has it: we prove our key, and connect to those only whose key we know, replay's from
 * the options, publishers' from what replay tells. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "consumer.h"

bool consumer_secret_read(struct careline_consumer *consumer, const char *path, char message[160])
{
    char line[256];
    bool found = false;
    if (!path)
        return true;
    FILE *file = fopen(path, "r");
    snprintf(message, 160, "%.100s: %s", path, file ? "no line: secret, then 40 characters of Z85" : strerror(errno));
    while (file && !found && fgets(line, sizeof line, file))
        found = sscanf(line, " secret %40s", consumer->secret) == 1;
    if (file)
        fclose(file);
    return found && strlen(consumer->secret) == CURVE_KEY_DIGITS &&
           !zmq_curve_public(consumer->public, consumer->secret);
}

static bool lock_connect(struct careline_consumer *consumer, void *socket, const char *endpoint, const char *server_key)
{
    enum { KEY_BYTES = CURVE_KEY_DIGITS + 1 };
    if (*consumer->secret && (zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, server_key, KEY_BYTES) ||
                              zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, consumer->public, KEY_BYTES) ||
                              zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, consumer->secret, KEY_BYTES)))
        return false;
    int is_v6 = strchr(endpoint, '[') != NULL;
    zmq_setsockopt(socket, ZMQ_IPV6, &is_v6, sizeof is_v6);
    return !zmq_connect(socket, endpoint);
}

/* Moves *at behind the next text before a comma; with `keep`, the last one is given again and again. */
static bool text_next(const char **at, char *ret, size_t ret_bytes, bool keep)
{
    size_t bytes = strcspn(*at, ",");
    snprintf(ret, ret_bytes, "%.*s", (int)bytes, *at);
    if (!keep || (*at)[bytes])
        *at += bytes + ((*at)[bytes] == ',');
    return bytes < ret_bytes;
}

bool consumer_endpoints_connect(struct careline_consumer *consumer, const char *endpoints, const char *keys,
                                char message[160])
{
    char endpoint[ENDPOINT_BYTES_MAX], key[CURVE_KEY_DIGITS + 1];
    keys = keys ? keys : "";
    if (!*keys != !*consumer->secret) {
        snprintf(message, 160, "server_key and secret_file go together");
        return false;
    }
    while (*endpoints) {
        bool fits = text_next(&endpoints, endpoint, sizeof endpoint, false) && text_next(&keys, key, sizeof key, true);
        if (!fits || !lock_connect(consumer, consumer->dealer, endpoint, key)) {
            snprintf(message, 160, "%.100s: %s", endpoint, fits ? zmq_strerror(errno) : "this or its key is too long");
            return false;
        }
    }
    return true;
}

void consumer_publisher_meet(struct careline_consumer *consumer, const char *publisher)
{
    char endpoint[ENDPOINT_BYTES_MAX];
    size_t bytes = strcspn(publisher, " ");
    const char *key = publisher + bytes + 1;
    snprintf(endpoint, sizeof endpoint, "%.*s", (int)bytes, publisher);
    if (!*key == !*consumer->secret)
        lock_connect(consumer, consumer->sub, endpoint, key);
}

/* One that was passed over is not connected to: leaving it does nothing. */
void consumer_publisher_leave(struct careline_consumer *consumer, const char *publisher)
{
    char endpoint[ENDPOINT_BYTES_MAX];
    snprintf(endpoint, sizeof endpoint, "%.*s", (int)strcspn(publisher, " "), publisher);
    zmq_disconnect(consumer->sub, endpoint);
}
