/* quarantine: the events that were set aside, as the log tells them. The log is looked through once, a bounded piece at a
 * time, and from then on only what was added. */
#ifndef CARELINE_QUARANTINE_H
#define CARELINE_QUARANTINE_H

#include "store.h"

enum { QUARANTINE_MAX = 1000, QUARANTINE_PAGES_MAX = 400 };

struct quarantined { uint32_t partition; uint64_t at, seq; const char *stage, *type; };    /* `at`: of what tells it */

struct quarantine;

struct quarantine *quarantine_new(uint32_t partitions);
void quarantine_free(struct quarantine **quarantine);

/* Reads on where it stands in a partition, to `head`, QUARANTINE_PAGES_MAX pages in all calls of a look at most. What was
 * trimmed is forgotten; a partition that was rewound is read anew. */
void quarantine_look(struct quarantine *quarantine, struct store *store, uint32_t partition, struct checkpoint first,
                     struct checkpoint head, struct arena *arena, size_t *pages_left);

/* Those known, in the order found; they live until the next look. At most QUARANTINE_MAX are kept. */
size_t quarantine_count(const struct quarantine *quarantine);
const struct quarantined *quarantine_at(const struct quarantine *quarantine, size_t number);

/* Has all been read, to the heads of the last look? */
bool quarantine_is_complete(const struct quarantine *quarantine);

#endif
