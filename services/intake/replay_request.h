/* replay_request: what a consumer asks for, and what it is answered; see proto/PROTOCOL.md, "Replay". Each request is
 * complete in itself: nothing is kept of a consumer but what stands under its durable name, so any intake serves it. */
#ifndef CARELINE_REPLAY_REQUEST_H
#define CARELINE_REPLAY_REQUEST_H

#include "credential.h"
#include "replay_log.h"

enum ask { ASK_HELLO, ASK_FETCH, ASK_ACKNOWLEDGE, ASK_LAG, ASK_FORGET, ASK_COUNT };
enum from { FROM_NOW, FROM_BEGINNING, FROM_SEQ, FROM_TIME };

struct replay_request {
    enum ask ask;
    const char *name;               /* "": none */
    bool durable;
    enum from from;
    uint64_t seq, id;
    wall_ms time;
    uint32_t partition;
    bool has_partition;
    size_t max;
    struct texts sites, types;      /* empty: all */
    struct { uint32_t *at; size_t count; } partitions;      /* empty: all */
    struct point_list at;           /* in no order */
};

/* false: not a request, *ret_fault says why. `partitions`: how many there are. */
bool replay_request_unpack(struct slice packed, uint32_t partitions, struct arena *arena, struct replay_request *ret,
                           const char **ret_fault);

/* Narrows what was wished to what the credential may see. false: nothing is left. */
bool replay_request_narrow(struct replay_request *request, const struct credential *credential, struct arena *arena);

/* Is the event one that was wished for? */
bool replay_request_wants(const struct replay_request *request, struct slice packed);

/* The partitions concerned: those named, else those of the sites named, else all. Fills ret_each, tells how many. */
size_t replay_request_partitions(const struct replay_request *request, uint32_t partitions, uint32_t *ret_each);

/* [[partition, seq, id] …] */
void points_array_pack(const struct point_list *points, struct buffer *to);
void texts_array_pack(const struct texts *texts, struct buffer *to);
/* {answer: "refused" | "busy", reason} */
void replay_refuse(struct buffer *to, const char *answer, const char *reason);

#endif
