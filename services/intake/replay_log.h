/* replay_log: what the log says to one who wants to go on from a point: go on, it was trimmed, it was rewound; and
 * where a point lies that is told by a time. */
#ifndef CARELINE_REPLAY_LOG_H
#define CARELINE_REPLAY_LOG_H

#include "consumers.h"

enum {
    PAGE_EVENTS_MAX = READ_MAX,     /* entries looked at for one page */
    PAGE_BYTES_MAX = BATCH_BYTES_MAX,
    POINTS_MAX = 64                 /* that a consumer may name to be shown the last one in common */
};

enum resume { RESUME_HERE, RESUME_TRIMMED, RESUME_REWOUND };

/* `entries` is what the log gave when asked from `done.seq` on. *ret_first: for RESUME_TRIMMED, the point right before
 * the first entry kept. */
enum resume resume_decide(struct checkpoint done, const struct entry_list *entries, struct checkpoint *ret_first);

/* The point right before the first entry of a list, which must not be empty. */
struct checkpoint point_before(const struct entry_list *entries);

struct page {
    enum resume resume;
    struct entry_list entries;      /* those after `done`; all of them, whatever the filter */
    struct checkpoint to;           /* TRIMMED, REWOUND: from where to go on */
};

/* What follows `done`: at most `max` entries. `points`: what the consumer has seen before, to find the last one that it
 * has in common with a log that was rewound; without any it must begin anew. */
enum store_status page_read(struct store *store, uint32_t partition, struct checkpoint done, size_t max,
                            const struct point_list *points, struct arena *arena, struct page *ret);

/* The first seq from `first` to `head` whose event is of `time` or later; head + 1 if none is. */
enum store_status log_seq_of_time(struct store *store, uint32_t partition, uint64_t first, uint64_t head, wall_ms time,
                                  struct arena *arena, uint64_t *ret);

/* The point right before `seq`, which is from first to head + 1. */
enum store_status log_point_before(struct store *store, uint32_t partition, uint64_t seq, const struct checkpoint *head,
                                   struct arena *arena, struct checkpoint *ret);

#endif
