/* wire: what facts and replay have in common over ZeroMQ: a ROUTER behind a door, to which a DEALER sends
 *
 *     [request number] [API key, or empty] [body]
 *
 * and gets [the same number] [body]. Not for several threads. */
#ifndef CARELINE_WIRE_H
#define CARELINE_WIRE_H

#include <zmq.h>

#include "credential.h"
#include "curve.h"

enum wire_frame { WIRE_IDENTITY, WIRE_NUMBER, WIRE_KEY, WIRE_BODY, WIRE_FRAMES };
enum { WIRE_NUMBER_BYTES_MAX = 64, WIRE_KEY_BYTES_MAX = 256 };

struct wire { struct curve *curve; void *socket; struct curve_door door; };

struct wire_options {
    struct curve *curve;            /* outlives it */
    enum curve_kind kind;
    const char *address;
    int queue_messages_max;         /* each way, of one client; what is over is dropped */
    int64_t message_bytes_max;
};

/* false with a message for the operator; nothing is left to close. */
bool wire_open(struct wire *wire, const struct wire_options *options, char message[160]);
/* One that was never opened is left alone. */
void wire_close(struct wire *wire);

struct wire_message { zmq_msg_t frames[WIRE_FRAMES]; };

enum wire_got {
    WIRE_NOTHING,
    WIRE_WHOLE,                     /* has its four frames */
    WIRE_ODD,                       /* has not, but a number: it can be answered */
    WIRE_NAMELESS                   /* can't be answered */
};

/* The next message, if there is one; never blocks. The caller closes it, whatever it is. */
enum wire_got wire_receive(struct wire *wire, struct wire_message *ret);
void wire_message_close(struct wire_message *message);
/* Valid as long as the message. */
struct slice wire_part(struct wire_message *message, enum wire_frame frame);

/* Who sent a whole message: as `keys` say of its API key. Without them it is the name of the CURVE key, and without
 * CURVE whoever the second frame names. false: there is no such key. */
bool wire_credential(const struct wire *wire, struct wire_message *message, const struct keys *keys,
                     struct arena *arena, struct credential *ret);

/* Never blocks: an answer that nobody takes is dropped, and asked for again. */
void wire_answer(struct wire *wire, struct slice identity, struct slice number, struct slice body);

#endif
