/* wire: one ZeroMQ connection spoken by hand (ZMTP 3.0, rfc.zeromq.org/spec/23, no security). libzmq would put a thread of
 * its own between, and the generators share their cores with what they measure. */
#ifndef CARELINE_BENCH_WIRE_H
#define CARELINE_BENCH_WIRE_H

#include <stdbool.h>

#include "buffer.h"

enum { WIRE_FRAMES_MAX = 4 };

struct wire;

/* Connects a socket of that type ("DEALER", "SUB") to tcp://HOST:PORT, HOST a number, and shakes hands. The program ends
 * with a message when that fails. The caller owns what comes back. */
struct wire *wire_open(const char *endpoint, const char *socket_type);
void wire_free(struct wire **wire);

/* To poll. */
int wire_fd(const struct wire *wire);

/* Adds a frame to the message to be sent; when no more follow, the message goes out, and is waited for if it must. */
void wire_send(struct wire *wire, const void *at, size_t bytes, bool more);
/* Of a SUB: whatever begins with that. */
void wire_subscribe(struct wire *wire, const char *topic);

/* The next message that is there, its frames in `ret` (those over WIRE_FRAMES_MAX are left out), valid until the next
 * call; how many there are, 0 when none is there. Aborts when the other side has gone. */
size_t wire_next(struct wire *wire, struct slice ret[WIRE_FRAMES_MAX]);

#endif
