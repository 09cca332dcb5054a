#include "wire.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>

bool wire_open(struct wire *wire, const struct wire_options *options, char message[160])
{
    int queue = options->queue_messages_max, linger = 0;
    wire->curve = options->curve;
    wire->socket = zmq_socket(curve_context(options->curve), ZMQ_ROUTER);
    assert(wire->socket);
    zmq_setsockopt(wire->socket, ZMQ_LINGER, &linger, sizeof linger);
    zmq_setsockopt(wire->socket, ZMQ_SNDHWM, &queue, sizeof queue);
    zmq_setsockopt(wire->socket, ZMQ_RCVHWM, &queue, sizeof queue);
    zmq_setsockopt(wire->socket, ZMQ_MAXMSGSIZE, &options->message_bytes_max, sizeof options->message_bytes_max);
    curve_socket_outlive(wire->socket);
    if (curve_door_open(options->curve, &wire->door, wire->socket, options->kind, options->address, message))
        return true;
    wire_close(wire);
    return false;
}

void wire_close(struct wire *wire)
{
    if (wire->socket)
        zmq_close(wire->socket);
    wire->socket = NULL;
}

/* -------- messages */

enum wire_got wire_receive(struct wire *wire, struct wire_message *ret)
{
    int count = 0, more = 1;
    for (int i = 0; i < WIRE_FRAMES; i++)
        zmq_msg_init(&ret->frames[i]);
    while (more) {
        zmq_msg_t *to = &ret->frames[count < WIRE_FRAMES ? count : WIRE_FRAMES - 1];
        if (zmq_msg_recv(to, wire->socket, ZMQ_DONTWAIT) < 0) {
            if (errno == EINTR)
                continue;
            break;
        }
        more = zmq_msg_more(to);
        count++;
    }
    if (!count)
        return WIRE_NOTHING;
    if (count < 2 || more || zmq_msg_size(&ret->frames[WIRE_NUMBER]) > WIRE_NUMBER_BYTES_MAX)
        return WIRE_NAMELESS;
    return count == WIRE_FRAMES ? WIRE_WHOLE : WIRE_ODD;
}

void wire_message_close(struct wire_message *message)
{
    for (int i = 0; i < WIRE_FRAMES; i++)
        zmq_msg_close(&message->frames[i]);
}

struct slice wire_part(struct wire_message *message, enum wire_frame frame)
{
    return (struct slice){zmq_msg_data(&message->frames[frame]), zmq_msg_size(&message->frames[frame])};
}

bool wire_credential(const struct wire *wire, struct wire_message *message, const struct keys *keys,
                     struct arena *arena, struct credential *ret)
{
    struct slice frame = wire_part(message, WIRE_KEY);
    bool fits = frame.bytes <= WIRE_KEY_BYTES_MAX;
    const char *key = arena_text(arena, frame.at, fits ? frame.bytes : 0);
    const char *actor = curve_is_on(wire->curve) ? curve_sender(wire->curve, &message->frames[WIRE_BODY]) : key;
    return fits && credential_of(keys, key, actor, "", arena, ret);
}

void wire_answer(struct wire *wire, struct slice identity, struct slice number, struct slice body)
{
    if (zmq_send(wire->socket, identity.at, identity.bytes, ZMQ_DONTWAIT | ZMQ_SNDMORE) >= 0 &&
        zmq_send(wire->socket, number.at, number.bytes, ZMQ_DONTWAIT | ZMQ_SNDMORE) >= 0)
        zmq_send(wire->socket, body.at, body.bytes, ZMQ_DONTWAIT);
}
