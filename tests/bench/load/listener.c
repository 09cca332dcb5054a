#include "listener.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cursor.h"
#include "wire.h"

struct listener {
    struct wire *wires[LISTENER_ENDPOINTS_MAX];
    size_t count, turn;
};

struct listener *listener_new(const char *endpoints, const char *type)
{
    struct listener *listener = calloc(1, sizeof *listener);
    char topic[160], *list = strdup(endpoints), *rest = list;
    assert(listener && list);
    snprintf(topic, sizeof topic, type ? "e/%s/" : "p/", type);
    for (char *endpoint; (endpoint = strsep(&rest, ","));) {
        assert(listener->count < LISTENER_ENDPOINTS_MAX);
        struct wire *wire = listener->wires[listener->count++] = wire_open(endpoint, "SUB");
        wire_subscribe(wire, topic);
    }
    free(list);
    return listener;
}

void listener_free(struct listener **listener)
{
    for (size_t i = 0; i < (*listener)->count; i++)
        wire_free(&(*listener)->wires[i]);
    free(*listener);
    *listener = NULL;
}

size_t listener_polls(const struct listener *listener, struct pollfd *polls)
{
    for (size_t i = 0; i < listener->count; i++)
        polls[i] = (struct pollfd){wire_fd(listener->wires[i]), POLLIN, 0};
    return listener->count;
}

/* Frames: topic, place, event. The endpoint that had something last is asked first. */
bool listener_next(struct listener *listener, struct slice *ret_packed)
{
    struct slice frames[WIRE_FRAMES_MAX];
    for (size_t i = 0; i < listener->count; i++, listener->turn = (listener->turn + 1) % listener->count) {
        size_t count = wire_next(listener->wires[listener->turn], frames);
        if (count) {
            *ret_packed = frames[count - 1];
            return true;
        }
    }
    return false;
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
