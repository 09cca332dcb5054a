/* The bus over ZeroMQ: one PUB socket that others connect to, one SUB socket connected to all others. */
#include "bus.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

enum {
    PEERS_MAX = 512,                /* replicas of all stages together */
    QUEUE_MESSAGES_MAX = 50000,     /* per peer; what is over is dropped and read from the log */
    MESSAGE_BYTES_MAX = 1024 * 1024,
    RECONNECT_MS = 100,
    RECONNECT_MS_MAX = 1000,
    PARTS_MAX = 3,
    FORGED_MAX = 1000,              /* malformed messages passed over in one receive */
    HINT_BYTES = 16
};

struct peer { char endpoint[CURVE_ENDPOINT_BYTES_MAX], key[CURVE_KEY_DIGITS + 1]; bool announced; };

struct bus_zmq {
    struct bus bus;
    struct curve *curve;
    void *pub, *sub;
    struct curve_door door;         /* pub's */
    struct peer *peers;
    size_t peer_count;
    zmq_msg_t body;                 /* of the frame handed out last */
    bool drained;                   /* there was nothing, and the socket has not been touched since */
};

static void big_endian_put(uint8_t *to, uint64_t number, size_t bytes)
{
    for (; bytes; bytes--, number >>= 8)
        to[bytes - 1] = (uint8_t)number;
}

static uint64_t big_endian_get(const uint8_t *from, size_t bytes)
{
    uint64_t number = 0;
    while (bytes--)
        number = number << 8 | *from++;
    return number;
}

/* For every event that is published: not formatted. */
static void topic_partition(char topic[16], uint32_t partition)
{
    memcpy(topic, "p/0000/", sizeof "p/0000/");
    for (int at = 5; at >= 2; at--, partition /= 10)
        topic[at] = (char)('0' + partition % 10);
}

static void topic_due(char topic[16], uint32_t partition)
{
    snprintf(topic, 16, "t/%04u", partition);
}

static void topic_hint(char topic[16], enum hint_kind kind)
{
    snprintf(topic, 16, "h/%d/", (int)kind);
}

static void topic_type(char topic[NAME_BYTES_MAX + 4], const char *type)
{
    size_t bytes = strnlen(type, NAME_BYTES_MAX);
    memcpy(topic, "e/", 2);
    memcpy(topic + 2, type, bytes);
    memcpy(topic + 2 + bytes, "/", 2);
}

static void send_parts(struct bus_zmq *bus, const char *topic, const uint8_t *head, size_t head_bytes, struct slice body)
{
    int more = body.bytes ? ZMQ_SNDMORE : 0;
    if (zmq_send(bus->pub, topic, strlen(topic), ZMQ_DONTWAIT | ZMQ_SNDMORE) < 0)
        return;
    if (zmq_send(bus->pub, head, head_bytes, ZMQ_DONTWAIT | more) < 0 || !more)
        return;
    zmq_send(bus->pub, body.at, body.bytes, ZMQ_DONTWAIT);
}

static void zmq_publish(struct bus *base, const struct place *place, const char *type, struct slice packed)
{
    struct bus_zmq *bus = (struct bus_zmq *)base;
    char topic[NAME_BYTES_MAX + 4];
    uint8_t head[PLACE_BYTES];
    assert(packed.bytes);
    place_pack(place, head);
    topic_partition(topic, place->partition);
    send_parts(bus, topic, head, sizeof head, packed);
    topic_type(topic, type);
    send_parts(bus, topic, head, sizeof head, packed);
}

static void zmq_publish_due(struct bus *base, uint32_t partition, wall_ms due)
{
    char topic[16];
    uint8_t head[8];
    big_endian_put(head, (uint64_t)due, sizeof head);
    topic_due(topic, partition);
    send_parts((struct bus_zmq *)base, topic, head, sizeof head, (struct slice){0});
}

static void zmq_publish_hint(struct bus *base, const struct hint *hint)
{
    char topic[16];
    uint8_t head[HINT_BYTES];
    big_endian_put(head, hint->partition, 4);
    big_endian_put(head + 4, hint->detail, 4);
    big_endian_put(head + 8, hint->number, 8);
    topic_hint(topic, hint->kind);
    send_parts((struct bus_zmq *)base, topic, head, sizeof head, (struct slice){0});
}

static void subscribe(struct bus *base, const char *topic, bool on)
{
    struct bus_zmq *bus = (struct bus_zmq *)base;
    bus->drained = false;
    int failed = zmq_setsockopt(bus->sub, on ? ZMQ_SUBSCRIBE : ZMQ_UNSUBSCRIBE, topic, strlen(topic));
    assert(!failed || !on);
}

static void zmq_listen_partition(struct bus *base, uint32_t partition, bool on)
{
    char topic[16];
    topic_partition(topic, partition);
    subscribe(base, topic, on);
}

static void zmq_listen_due(struct bus *base, uint32_t partition, bool on)
{
    char topic[16];
    topic_due(topic, partition);
    subscribe(base, topic, on);
}

static void zmq_listen_type(struct bus *base, const char *type)
{
    char topic[NAME_BYTES_MAX + 4];
    topic_type(topic, type);
    subscribe(base, topic, true);
}

static void zmq_listen_hint(struct bus *base, enum hint_kind kind)
{
    char topic[16];
    topic_hint(topic, kind);
    subscribe(base, topic, true);
}

/* -------- receiving */

/* One whole message into `parts`; the count, 0 when there is none. What is over PARTS_MAX is dropped. */
static int receive_parts(struct bus_zmq *bus, zmq_msg_t parts[PARTS_MAX])
{
    int count = 0, more = 1;
    for (int i = 0; i < PARTS_MAX; i++)
        zmq_msg_init(&parts[i]);
    for (int i = 0; more; i++) {
        zmq_msg_t *to = &parts[i < PARTS_MAX ? i : PARTS_MAX - 1];
        while (zmq_msg_recv(to, bus->sub, ZMQ_DONTWAIT) < 0)
            if (errno != EINTR)
                return 0;
        more = zmq_msg_more(to);
        count = i + 1;
    }
    return count;
}

static bool due_unpack(const char *topic, size_t topic_bytes, struct slice head, struct frame *ret)
{
    unsigned partition;
    char text[8] = "";
    if (topic_bytes != 6 || head.bytes != 8)
        return false;
    memcpy(text, topic + 2, 4);
    if (sscanf(text, "%4u", &partition) != 1 || partition >= PARTITIONS_MAX)
        return false;
    wall_ms due = (wall_ms)big_endian_get(head.at, 8);
    *ret = (struct frame){.kind = FRAME_DUE, .place = {.partition = partition}, .due = due};
    return true;
}

static bool hint_unpack(const char *topic, size_t topic_bytes, struct slice head, struct frame *ret)
{
    if (topic_bytes != 4 || topic[2] < '0' || topic[2] >= '0' + HINT_COUNT || head.bytes != HINT_BYTES)
        return false;
    *ret = (struct frame){.kind = FRAME_HINT, .hint = {
        .kind = (enum hint_kind)(topic[2] - '0'), .partition = (uint32_t)big_endian_get(head.at, 4),
        .detail = (uint32_t)big_endian_get(head.at + 4, 4), .number = big_endian_get(head.at + 8, 8)}};
    return true;
}

static struct slice part_slice(zmq_msg_t *part)
{
    return (struct slice){zmq_msg_data(part), zmq_msg_size(part)};
}

/* Keeps the body in the bus, so that the frame stays valid until the next receive. */
static bool frame_of(struct bus_zmq *bus, zmq_msg_t parts[PARTS_MAX], int count, struct frame *ret)
{
    const char *topic = zmq_msg_data(&parts[0]);
    size_t topic_bytes = zmq_msg_size(&parts[0]);
    if (topic_bytes < 2)
        return false;
    if (topic[0] == 't')
        return count == 2 && due_unpack(topic, topic_bytes, part_slice(&parts[1]), ret);
    if (topic[0] == 'h')
        return count == 2 && hint_unpack(topic, topic_bytes, part_slice(&parts[1]), ret);
    struct place place;
    if (count != 3 || (topic[0] != 'p' && topic[0] != 'e') || !place_unpack(part_slice(&parts[1]), &place))
        return false;
    zmq_msg_move(&bus->body, &parts[2]);
    *ret = (struct frame){.kind = FRAME_EVENT, .place = place, .packed = part_slice(&bus->body)};
    return ret->packed.bytes > 0;
}

static bool zmq_receive(struct bus *base, struct frame *ret)
{
    struct bus_zmq *bus = (struct bus_zmq *)base;
    for (int tries = 0; tries < FORGED_MAX; tries++) {
        zmq_msg_t parts[PARTS_MAX];
        int count = receive_parts(bus, parts);
        bool good = count && frame_of(bus, parts, count, ret);
        bus->drained = !count;
        for (int i = 0; i < PARTS_MAX; i++)
            zmq_msg_close(&parts[i]);
        if (good || !count)
            return good;
    }
    return false;
}

bool bus_zmq_unseen(struct bus *base)
{
    struct bus_zmq *bus = (struct bus_zmq *)base;
    int events = 0;
    size_t bytes = sizeof events;
    if (bus->drained)
        return false;
    zmq_getsockopt(bus->sub, ZMQ_EVENTS, &events, &bytes);
    return events & ZMQ_POLLIN;
}

int bus_zmq_fd(struct bus *base)
{
    int fd = -1;
    size_t bytes = sizeof fd;
    zmq_getsockopt(((struct bus_zmq *)base)->sub, ZMQ_FD, &fd, &bytes);
    return fd;
}

/* -------- who is there */

static struct peer *peer_find(struct bus_zmq *bus, const char *endpoint, const char *key)
{
    for (size_t i = 0; i < bus->peer_count; i++)
        if (!strcmp(bus->peers[i].endpoint, endpoint) && !strcmp(bus->peers[i].key, key))
            return &bus->peers[i];
    return NULL;
}

static void peer_add(struct bus_zmq *bus, const char *endpoint, const char *key)
{
    if (bus->peer_count == PEERS_MAX || strlen(endpoint) >= CURVE_ENDPOINT_BYTES_MAX)
        return;
    bus->drained = false;
    if (!curve_connect(bus->curve, bus->sub, endpoint, key))
        return;
    bus->peers = realloc(bus->peers, (bus->peer_count + 1) * sizeof *bus->peers);
    assert(bus->peers);
    struct peer *peer = &bus->peers[bus->peer_count++];
    *peer = (struct peer){.announced = true};
    snprintf(peer->endpoint, sizeof peer->endpoint, "%s", endpoint);
    snprintf(peer->key, sizeof peer->key, "%s", key);
}

static void peers_leave(struct bus_zmq *bus)
{
    size_t kept = 0;
    for (size_t i = 0; i < bus->peer_count; i++) {
        if (bus->peers[i].announced)
            bus->peers[kept++] = bus->peers[i];
        else {
            bus->drained = false;
            zmq_disconnect(bus->sub, bus->peers[i].endpoint);
        }
    }
    bus->peer_count = kept;
}

/* Those gone are left before others are met: one may have come back at its old endpoint with another key. */
static void zmq_meet(struct bus *base, const struct member_list *members)
{
    struct bus_zmq *bus = (struct bus_zmq *)base;
    char key[CURVE_KEY_DIGITS + 1];
    curve_door_watch(bus->curve, &bus->door);
    for (size_t i = 0; i < bus->peer_count; i++)
        bus->peers[i].announced = false;
    for (int adding = 0; adding < 2; adding++) {
        for (size_t i = 0; i < members->count; i++) {
            const char *endpoint = members->at[i].endpoint;
            if (!endpoint || !*endpoint || !strcmp(endpoint, bus->door.endpoint))
                continue;
            curve_announced(members->at[i].details, key);
            struct peer *peer = peer_find(bus, endpoint, key);
            if (!curve_trusts(bus->curve, endpoint, key))
                continue;
            if (peer)
                peer->announced = true;
            else if (adding)
                peer_add(bus, endpoint, key);
        }
        if (!adding)
            peers_leave(bus);
    }
}

static const char *zmq_endpoint(struct bus *base)
{
    return ((struct bus_zmq *)base)->door.endpoint;
}

/* -------- from start to end */

static void zmq_bus_free(struct bus **base)
{
    struct bus_zmq *bus = base ? (struct bus_zmq *)*base : NULL;
    if (!bus)
        return;
    zmq_msg_close(&bus->body);
    if (bus->pub)
        zmq_close(bus->pub);
    if (bus->sub)
        zmq_close(bus->sub);
    free(bus->peers);
    free(bus);
    *base = NULL;
}

static const struct bus_functions zmq_functions = {
    .publish = zmq_publish, .publish_due = zmq_publish_due, .publish_hint = zmq_publish_hint,
    .listen_partition = zmq_listen_partition, .listen_due = zmq_listen_due, .listen_type = zmq_listen_type,
    .listen_hint = zmq_listen_hint, .receive = zmq_receive, .meet = zmq_meet, .endpoint = zmq_endpoint, .free = zmq_bus_free,
};

/* Nothing is waited for at the end: what was not sent stands in the log. */
static void *socket_new(void *context, int type)
{
    void *socket = zmq_socket(context, type);
    const struct { int option, value; } options[] = {
        {ZMQ_LINGER, 0}, {ZMQ_SNDHWM, QUEUE_MESSAGES_MAX}, {ZMQ_RCVHWM, QUEUE_MESSAGES_MAX},
        {ZMQ_RECONNECT_IVL, RECONNECT_MS}, {ZMQ_RECONNECT_IVL_MAX, RECONNECT_MS_MAX},
    };
    for (size_t i = 0; socket && i < sizeof options / sizeof *options; i++)
        zmq_setsockopt(socket, options[i].option, &options[i].value, sizeof options[i].value);
    int64_t bytes_max = MESSAGE_BYTES_MAX;
    if (socket)
        zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &bytes_max, sizeof bytes_max);
    if (socket)
        curve_socket_outlive(socket);
    return socket;
}

struct bus *bus_zmq_new(struct curve *curve, const char *endpoint, char message[160])
{
    struct bus_zmq *bus = calloc(1, sizeof *bus);
    assert(bus);
    bus->bus.functions = &zmq_functions;
    bus->curve = curve;
    zmq_msg_init(&bus->body);
    bus->pub = socket_new(curve_context(curve), ZMQ_PUB);
    bus->sub = socket_new(curve_context(curve), ZMQ_SUB);
    struct bus *base = &bus->bus;
    snprintf(message, 160, "no sockets: %s", zmq_strerror(errno));
    if (!bus->pub || !bus->sub || !curve_door_open(curve, &bus->door, bus->pub, CURVE_BUS, endpoint, message))
        zmq_bus_free(&base);
    return base;
}
