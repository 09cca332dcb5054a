/* bus: hints on the wire. Every message may be lost, doubled, late; the log in the store is the truth.
 *
 * Four kinds of topic: p/0007/ (every event of a partition, for readers without gaps), e/<type>/ (for anyone who only
 * wants to listen), t/0007 (the partition's earliest due time, 8 bytes big-endian), h/<hint>/ (what saves the daemons
 * looking: partition, detail, number, 16 bytes big-endian). Event frames: topic, place (28 bytes), packed event. */
#ifndef CARELINE_BUS_H
#define CARELINE_BUS_H

#include "curve.h"
#include "store.h"

enum frame_kind { FRAME_EVENT, FRAME_DUE, FRAME_HINT };

/* All but the last are said in stepped time only. Who misses one finds out a little later by looking. */
enum hint_kind {
    HINT_WORKED,                    /* a checkpoint moved: partition, stage, its seq */
    HINT_PARTICIPANT,               /* one of those who take part said something */
    HINT_CLOCK,                     /* time moved: number is the time */
    HINT_EAGER,                     /* number 1: checkpoints are waited for, 0: no longer */
    HINT_RELEASED,                  /* a lease was given back: partition, stage */
    HINT_COUNT
};
struct hint { enum hint_kind kind; uint32_t partition, detail; uint64_t number; };

struct frame {
    enum frame_kind kind;
    struct place place;             /* FRAME_DUE: only the partition */
    struct slice packed;            /* valid until the next receive */
    wall_ms due;
    struct hint hint;
};

struct bus;
struct bus_functions {
    /* Never blocks; what cannot be sent is dropped. */
    void (*publish)(struct bus *, const struct place *, const char *type, struct slice packed);
    void (*publish_due)(struct bus *, uint32_t partition, wall_ms due);
    void (*publish_hint)(struct bus *, const struct hint *);
    void (*listen_partition)(struct bus *, uint32_t partition, bool on);
    void (*listen_due)(struct bus *, uint32_t partition, bool on);
    void (*listen_type)(struct bus *, const char *type);
    void (*listen_hint)(struct bus *, enum hint_kind);
    /* The next message, if there is one. */
    bool (*receive)(struct bus *, struct frame *ret);
    /* Connects to those announced that it is not connected to, and leaves those gone. */
    void (*meet)(struct bus *, const struct member_list *);
    const char *(*endpoint)(struct bus *);
    void (*free)(struct bus **);
};
struct bus { const struct bus_functions *functions; };

/* ZeroMQ. Binds a PUB socket to `bind` ("tcp://127.0.0.1:*", "ipc://…", with keys also "tcp://10.0.0.5:*"); `fd` becomes
 * readable when there may be something to receive (edge: receive until there is nothing). Listens to those members only
 * that curve trusts. `curve` outlives it. NULL with a message. */
struct bus *bus_zmq_new(struct curve *curve, const char *bind, char message[160]);
int bus_zmq_fd(struct bus *bus);
/* Is something waiting that the fd may not tell of? To be asked before sleeping on it: subscribing and connecting swallow
 * its edge. After a receive that found nothing the fd tells of all that comes. */
bool bus_zmq_unseen(struct bus *bus);

/* Several ends within one process: what one publishes the others receive, in order, at once. */
struct bus_hub;
struct bus_hub *bus_hub_new(void);
void bus_hub_free(struct bus_hub **hub);
struct bus *bus_memory_new(struct bus_hub *hub);
/* For simulations: asked about each message to each receiver: 0 drop, 1 deliver, 2 deliver twice, 3 deliver after the
 * next one, 4 keep until bus_hub_release. NULL: deliver. */
void bus_hub_fate(struct bus_hub *hub, int (*fate)(void *context), void *context);
void bus_hub_release(struct bus_hub *hub);
/* Told of each event that an end publishes, before anything may happen to it. NULL: nobody is told. */
void bus_hub_tap(struct bus_hub *hub, void (*tap)(void *context, const struct place *place), void *context);
/* Is something waiting to be received? */
bool bus_memory_waiting(const struct bus *bus);

#endif
