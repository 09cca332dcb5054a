/* redis_link_parts: what a link is made of; for its own files only. */
#ifndef CARELINE_REDIS_LINK_PARTS_H
#define CARELINE_REDIS_LINK_PARTS_H

#include "redis_link.h"
#include "redis_route.h"

/* What becomes of a command, better to worse. */
enum redis_verdict {
    VERDICT_GOOD,
    VERDICT_AGAIN,                  /* refused whole for now: again in a moment */
    VERDICT_ELSEWHERE,              /* … and who has what is to be asked anew */
    VERDICT_UNPREPARED,             /* … and the node lacks our functions */
    VERDICT_REFUSED,
    VERDICT_FULL,
    VERDICT_GONE
};

struct command {
    size_t from;                    /* where it begins in the wire; it ends where the next one begins */
    size_t key_at, key_bytes;       /* its first key, in the wire */
    unsigned slot, node;
    bool keyed, fixed, writes;
    bool done;                      /* its reply is there */
};

/* Commands that go together, and what became of them. */
struct redis_run {
    struct buffer wire;
    struct command commands[PIPELINE_MAX];
    size_t count;
    redisReply *replies[PIPELINE_MAX];
    size_t reply_count;
    /* the round that is under way */
    bool asked[REDIS_NODES_MAX];    /* nodes that owe answers */
    mono_ms asked_at;
    enum redis_verdict verdict;     /* so far */
    /* of one that was begun */
    bool answered;
    enum redis_outcome outcome;     /* once answered */
};

struct redis_link {
    struct redis_access access;     /* texts are copies */
    struct redis_route route;
    redis_prepare *prepare;
    void *context;
    mono_ms find_held_until;        /* nobody is asked who has what before this */
    struct redis_run runs[2];
    struct redis_run *run;          /* being written, or worked */
    struct redis_run *ahead;        /* begun, not finished; NULL: none */
    const struct redis_run *last;   /* whose replies are shown */
    char message[REDIS_MESSAGE_BYTES];
};

/* redis_link.c: who has what, unless the last try is held off. */
bool link_find(struct redis_link *link);
/* Connects a node and prepares it, unless it is held off. */
bool link_open(struct redis_link *link, struct redis_node *node);
/* Nothing that failed since `begun` is tried again for as long as it took. */
mono_ms held_until(mono_ms begun);

#endif
