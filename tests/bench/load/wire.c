#include "wire.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    GREETING_BYTES = 64, SHORT_BYTES_MAX = 255, READ_BYTES = 256 * 1024, EXIT_UNREACHABLE = 69,
    FLAG_MORE = 1, FLAG_LONG = 2, FLAG_COMMAND = 4
};

struct wire {
    int fd;
    struct buffer in, out;
    size_t used;                    /* of `in`: handed out, and read no more */
};

static void bytes_send(struct wire *wire, const uint8_t *at, size_t bytes)
{
    while (bytes) {
        ssize_t sent = send(wire->fd, at, bytes, MSG_NOSIGNAL);
        assert(sent > 0 || errno == EINTR);
        if (sent > 0) {
            at += sent;
            bytes -= (size_t)sent;
        }
    }
}

/* False: nothing was there. */
static bool bytes_read(struct wire *wire)
{
    static uint8_t bytes[READ_BYTES];
    ssize_t count = recv(wire->fd, bytes, sizeof bytes, MSG_DONTWAIT);
    assert(count > 0 || (count < 0 && (errno == EAGAIN || errno == EINTR)));
    if (count <= 0)
        return false;
    memmove(wire->in.at, wire->in.at + wire->used, wire->in.bytes - wire->used);
    wire->in.bytes -= wire->used;
    wire->used = 0;
    buffer_append(&wire->in, bytes, (size_t)count);
    return true;
}

static void frame_put(struct buffer *out, uint8_t flags, const void *at, size_t bytes)
{
    uint8_t head[9] = {flags, (uint8_t)bytes};
    if (bytes > SHORT_BYTES_MAX) {
        head[0] |= FLAG_LONG;
        for (int i = 0; i < 8; i++)
            head[1 + i] = (uint8_t)((uint64_t)bytes >> (56 - 8 * i));
    }
    buffer_append(out, head, bytes > SHORT_BYTES_MAX ? 9 : 2);
    buffer_append(out, at, bytes);
}

/* A frame at `at` of what was read: its flags, itself, and where the next begins; false: it is not whole yet. */
static bool frame_get(const struct wire *wire, size_t *at, uint8_t *ret_flags, struct slice *ret)
{
    const uint8_t *head = wire->in.at + *at;
    size_t left = wire->in.bytes - *at, head_bytes = left && head[0] & FLAG_LONG ? 9 : 2, bytes = 0;
    if (left < head_bytes)
        return false;
    for (size_t i = 1; i < head_bytes; i++)
        bytes = bytes << 8 | head[i];
    if (left - head_bytes < bytes)
        return false;
    *ret_flags = head[0];
    *ret = (struct slice){head + head_bytes, bytes};
    *at += head_bytes + bytes;
    return true;
}

/* -------- hands are shaken */

static void greeting_exchange(struct wire *wire)
{
    uint8_t greeting[GREETING_BYTES] = {[0] = 0xff, [9] = 0x7f, [10] = 3};
    memcpy(greeting + 12, "NULL", 4);
    bytes_send(wire, greeting, sizeof greeting);
    while (wire->in.bytes < GREETING_BYTES) {
        struct pollfd readable = {wire->fd, POLLIN, 0};
        poll(&readable, 1, -1);
        bytes_read(wire);
    }
    wire->used = GREETING_BYTES;
}

static void ready_send(struct wire *wire, const char *socket_type)
{
    static const char ready[] = "\5READY\13Socket-Type";
    uint8_t length[4] = {0, 0, 0, (uint8_t)strlen(socket_type)};
    struct buffer body = {0};
    buffer_append(&body, ready, sizeof ready - 1);
    buffer_append(&body, length, sizeof length);
    buffer_string(&body, socket_type);
    frame_put(&wire->out, FLAG_COMMAND, body.at, body.bytes);
    bytes_send(wire, wire->out.at, wire->out.bytes);
    buffer_clear(&wire->out);
    buffer_free(&body);
}

struct wire *wire_open(const char *endpoint, const char *socket_type)
{
    struct wire *wire = calloc(1, sizeof *wire);
    struct sockaddr_in to = {.sin_family = AF_INET};
    char host[64] = "";
    int port = 0, yes = 1;
    assert(wire);
    wire->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool good = sscanf(endpoint, "tcp://%63[0-9.]:%d", host, &port) == 2 && inet_pton(AF_INET, host, &to.sin_addr) == 1;
    to.sin_port = htons((uint16_t)port);
    if (!good || connect(wire->fd, (struct sockaddr *)&to, sizeof to)) {
        fprintf(stderr, "%s: %s\n", endpoint, good ? strerror(errno) : "no tcp://NUMBER:PORT");
        exit(EXIT_UNREACHABLE);
    }
    setsockopt(wire->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    greeting_exchange(wire);
    ready_send(wire, socket_type);
    return wire;
}

void wire_free(struct wire **wire)
{
    close((*wire)->fd);
    buffer_free(&(*wire)->in);
    buffer_free(&(*wire)->out);
    free(*wire);
    *wire = NULL;
}

int wire_fd(const struct wire *wire)
{
    return wire->fd;
}

/* -------- messages */

void wire_send(struct wire *wire, const void *at, size_t bytes, bool more)
{
    frame_put(&wire->out, more ? FLAG_MORE : 0, at, bytes);
    if (more)
        return;
    bytes_send(wire, wire->out.at, wire->out.bytes);
    buffer_clear(&wire->out);
}

void wire_subscribe(struct wire *wire, const char *topic)
{
    char wanted[160];
    int bytes = snprintf(wanted, sizeof wanted, "\1%s", topic);
    assert(bytes < (int)sizeof wanted);
    wire_send(wire, wanted, (size_t)bytes, false);
}

/* Those of a whole message; commands are the connection's own, and passed over. */
static size_t frames_get(struct wire *wire, struct slice ret[WIRE_FRAMES_MAX])
{
    size_t at = wire->used, count = 0;
    struct slice frame;
    uint8_t flags;
    while (frame_get(wire, &at, &flags, &frame)) {
        if (flags & FLAG_COMMAND) {
            wire->used = at;
            continue;
        }
        if (count < WIRE_FRAMES_MAX)
            ret[count++] = frame;
        if (flags & FLAG_MORE)
            continue;
        wire->used = at;
        return count;
    }
    return 0;
}

size_t wire_next(struct wire *wire, struct slice ret[WIRE_FRAMES_MAX])
{
    size_t count = frames_get(wire, ret);
    while (!count && bytes_read(wire))
        count = frames_get(wire, ret);
    return count;
}
