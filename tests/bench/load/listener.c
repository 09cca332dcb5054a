#include "listener.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "cursor.h"

enum { EXIT_UNREACHABLE = 69 };

struct listener {
    void *socket;
    zmq_msg_t packed;
};

static void endpoint_connect(struct listener *listener, const char *endpoint)
{
    if (zmq_connect(listener->socket, endpoint)) {
        fprintf(stderr, "%s: %s\n", endpoint, zmq_strerror(zmq_errno()));
        exit(EXIT_UNREACHABLE);
    }
}

struct listener *listener_new(void *zmq_context, const char *endpoints, const char *type)
{
    struct listener *listener = calloc(1, sizeof *listener);
    char topic[160], *list = strdup(endpoints), *rest = list;
    int endless = 0;
    assert(listener && list);
    zmq_msg_init(&listener->packed);
    listener->socket = zmq_socket(zmq_context, ZMQ_SUB);
    zmq_setsockopt(listener->socket, ZMQ_RCVHWM, &endless, sizeof endless);
    for (char *endpoint; (endpoint = strsep(&rest, ","));)
        endpoint_connect(listener, endpoint);
    snprintf(topic, sizeof topic, type ? "e/%s/" : "p/", type);
    zmq_setsockopt(listener->socket, ZMQ_SUBSCRIBE, topic, strlen(topic));
    free(list);
    return listener;
}

void listener_free(struct listener **listener)
{
    zmq_msg_close(&(*listener)->packed);
    zmq_close((*listener)->socket);
    free(*listener);
    *listener = NULL;
}

void *listener_socket(struct listener *listener)
{
    return listener->socket;
}

/* Frames: topic, place, event. */
bool listener_next(struct listener *listener, struct slice *ret_packed)
{
    if (zmq_msg_recv(&listener->packed, listener->socket, ZMQ_DONTWAIT) < 0)
        return false;
    while (zmq_msg_more(&listener->packed))
        zmq_msg_recv(&listener->packed, listener->socket, 0);
    *ret_packed = (struct slice){zmq_msg_data(&listener->packed), zmq_msg_size(&listener->packed)};
    return true;
}

bool event_member(struct slice packed, const char *name, struct slice *ret_value)
{
    struct slice data;
    return cursor_find(packed, "data", &data) && cursor_find(data, name, ret_value);
}

struct slice event_text(struct slice packed, const char *name)
{
    struct slice value, text = {0};
    if (event_member(packed, name, &value)) {
        struct cursor cursor = cursor_over(value);
        cursor_text(&cursor, &text);
    }
    return text;
}

long long event_int(struct slice packed, const char *name)
{
    struct slice value;
    int64_t number = 0;
    if (event_member(packed, name, &value)) {
        struct cursor cursor = cursor_over(value);
        cursor_int(&cursor, &number);
    }
    return number;
}
