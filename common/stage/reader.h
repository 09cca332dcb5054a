/* reader: makes one partition's events into a row without gaps, out of frames that come early, late, twice or never.
 *
 * A pure state machine. An entry is taken only if its seq is last + 1 and its prev is the last one's id. Frames out of
 * order wait HOLD_MS for those before them, then the log is read; the tail check tells of frames that never came. A log
 * whose entry at `last` has another id, or none, was rewound: whatever was derived from it is void.
 *
 *   frame fits: taken, and those held behind it      early: held      old or twice: dropped
 *   frame does not fit (prev is another's id): the log is read, beginning with `last` itself
 *   log or head disagree about `last`: READER_REWOUND, the owner loads its checkpoint again and resets the reader */
#ifndef CARELINE_READER_H
#define CARELINE_READER_H

#include "store.h"

enum {
    READER_HELD_MAX = 64,           /* frames out of order; more are read from the log */
    READER_READY_MAX = 1024,        /* entries taken but not worked; more are left to the log */
    READER_READY_BYTES_MAX = 2 * 1024 * 1024
};

enum reader_verdict {
    READER_TAKEN, READER_OLD, READER_EARLY,
    READER_DOUBTFUL,                /* does not fit: the log will tell */
    READER_FULL,                    /* not now: the log will give it again */
    READER_REWOUND
};

struct reader_counts { uint64_t gaps, reordered, twice, log_reads, rewinds; };

struct reader {
    struct checkpoint last;         /* last entry taken */
    uint64_t head;                  /* highest seq heard of */
    struct entry *ready;            /* taken, not yet worked: a ring with room for ready_room, a power of two */
    size_t ready_first, ready_count, ready_room, ready_bytes;
    struct entry held[READER_HELD_MAX];     /* by seq */
    size_t held_count;
    bool missing;                   /* something after `last` exists that is not here */
    mono_ms missing_since;
    bool doubt;                     /* something did not fit */
    struct reader_counts counts;
};

/* A zeroed reader is empty. Reset forgets all entries and goes on after `at`. */
void reader_reset(struct reader *reader, struct checkpoint at);
void reader_free(struct reader *reader);

/* A frame from the wire; copied if it is kept. One without bytes counts as any other. */
enum reader_verdict reader_offer(struct reader *reader, const struct place *place, struct slice packed, mono_ms now);

/* Where the log ends. READER_REWOUND, or READER_TAKEN. */
enum reader_verdict reader_tail(struct reader *reader, struct checkpoint head, mono_ms now);

/* Must the log be read now? If so from *ret_from on. */
bool reader_wants_log(const struct reader *reader, mono_ms now, uint64_t *ret_from);
/* Milliseconds until it may want to; -1: nothing is missing, or too much waits to be worked. */
int64_t reader_wait_ms(const struct reader *reader, mono_ms now);

/* What the log gave, asked for `max` entries. READER_REWOUND, or READER_TAKEN. */
enum reader_verdict reader_log(struct reader *reader, const struct entry_list *entries, size_t max, mono_ms now);

/* The i-th entry that waits to be worked; the reader's, until `reader_done` covers it. */
const struct entry *reader_ready(const struct reader *reader, size_t i);
void reader_done(struct reader *reader, size_t count);

#endif
