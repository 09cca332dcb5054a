/* known_log: partition 0 with a log of which all is known: the event at a seq has the chain id and the bytes told here.
 * Each fails the test if something else comes of it than it should. */
#ifndef CARELINE_TESTS_KNOWN_LOG_H
#define CARELINE_TESTS_KNOWN_LOG_H

#include "store_rig.h"

uint64_t known_id(uint64_t seq);
struct slice known_event(uint64_t seq);         /* stays for the whole test */

/* Appends so many in one call, behind `head`. At most BATCH_EVENTS_MAX. */
void known_append(struct rig *rig, uint64_t head, size_t count);

/* Reads once from a seq on, or from around every seq, and compares. The log begins at `first`, ends at `head`. */
void known_assert_read(struct rig *rig, uint64_t first, uint64_t head, uint64_t from, size_t max);
void known_assert_reads(struct rig *rig, uint64_t first, uint64_t head);

/* What becomes of a stage's commit of nothing that moves its checkpoint there. */
enum store_status known_stand(struct rig *rig, enum stage stage, struct checkpoint to);
/* All stages stand at a seq now. */
void known_stand_all(struct rig *rig, uint64_t seq);

struct trimmed known_trim(struct rig *rig, uint64_t before);

#endif
