/* trimming: lets go of the oldest of the log. An entry goes when it is older than `keep_ms` and every durable consumer
 * has done with it; one that a consumer has yet to read stays until it is older than `keep_for_consumers_ms`, one that
 * the archive has yet to read for ever. The store itself keeps whatever a stage still needs. Also tells how large the log is and how far behind the consumers are. */
#ifndef CARELINE_TRIMMING_H
#define CARELINE_TRIMMING_H

#include "consumers.h"
#include "metrics.h"

struct trimming;

struct trimming_options {
    struct store *store;
    uint32_t partitions;
    struct metrics *metrics;
    int64_t keep_ms;                /* 0: nothing goes */
    int64_t keep_for_consumers_ms;
    const char *archive;            /* durable name of the consumer that keeps the log for good; "": there is none */
};

struct trimming *trimming_new(const struct trimming_options *options);
void trimming_free(struct trimming **trimming);

/* Every few seconds looks at some partitions. */
void trimming_step(struct trimming *trimming, wall_ms now, mono_ms mono);

/* The seq before which all may go. `old`: first seq that is young enough to stay; `very_old`: first seq that is too
 * young to go whoever needs it not; `slowest`: the last seq that the slowest durable consumer has done, UINT64_MAX:
 * there is none. */
uint64_t trim_limit(uint64_t old, uint64_t very_old, uint64_t slowest);

/* The seq before which the archive has done with all of a partition; 0: it has done nothing there, or never came;
 * UINT64_MAX: there is no archive. */
uint64_t archive_limit(const struct consumer_list *consumers, const char *archive, uint32_t partition);

#endif
