/* partition: which partition a site's facts go to, and how many there are.
 *
 * partition = FNV-1a 64 of the site's name, modulo the number of partitions. All of a site is in one partition. The number
 * is settled when an installation is first started and kept in the note "meta", field "partitions". */
#ifndef CARELINE_PARTITION_H
#define CARELINE_PARTITION_H

#include "store.h"

uint32_t partition_of_site(const char *site, uint32_t partitions);

/* Of an id such as sample/531650: by what stands before the slash. */
uint32_t partition_of_id(const char *id, uint32_t partitions);

/* Records `wanted` as the number if none is recorded yet; *ret is the recorded one. STORE_REFUSED: what is recorded is no
 * number from 1 to PARTITIONS_MAX. */
enum store_status partitions_settle(struct store *store, uint32_t wanted, uint32_t *ret);

/* Connects to Redis and settles the number. The caller owns the store; NULL with a message for the operator. */
struct store *store_open(const struct redis_access *access, uint32_t wanted, uint32_t *ret_partitions,
                         char message[160]);

#endif
