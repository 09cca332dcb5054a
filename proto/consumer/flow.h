/* flow: how far one partition has been read, and whether the log must be asked. Pure. */
#ifndef CARELINE_FLOW_H
#define CARELINE_FLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "careline-consumer.h"

enum {
    TRAIL_MAX = 32,                 /* places remembered, to find one in common with a log that was rewound */
    FLOW_HOLD_MS = 5                /* so long those before a frame may be on their way */
};

struct mark { uint64_t seq, id; };

/* Places in order. The older, the farther apart, so that few of them reach far back. */
struct trail { struct mark at[TRAIL_MAX]; size_t count; };

void trail_add(struct trail *trail, struct mark mark);
/* Forgets those from `seq` on. */
void trail_cut(struct trail *trail, uint64_t seq);

struct flow {
    uint32_t partition;
    struct mark last;               /* read so far */
    struct mark given;              /* last event handed out */
    struct mark done, told;         /* acknowledged by the program; told to the server */
    uint64_t head;                  /* highest seq heard of */
    bool behind;
    int64_t behind_since_ms;
    struct trail trail;
};

void flow_start(struct flow *flow, uint32_t partition, struct mark at);

enum fit { FIT_TAKEN, FIT_OLD, FIT_LATER };

/* A frame from the wire. FIT_TAKEN: it is the next one, and counts as read. */
enum fit flow_offer(struct flow *flow, const struct careline_place *place, int64_t now_ms);

/* Where the log ends, as it was told. */
void flow_head(struct flow *flow, struct mark head, int64_t now_ms);

bool flow_wants_log(const struct flow *flow, int64_t now_ms);

/* Read up to here; the log ended at `head`. */
void flow_advance(struct flow *flow, struct mark to);
void flow_page_end(struct flow *flow, struct mark to, uint64_t head);

/* Goes on from another place: after trimming, or behind a cut. */
void flow_reset(struct flow *flow, struct mark to);

/* What may be told as acknowledged: all that was read, if all that was handed out is done. */
struct mark flow_acknowledged(const struct flow *flow);

#endif
