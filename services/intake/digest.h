/* digest: tells "the same again" from "something else under the same name": of an event's body as the client sent it. */
#ifndef CARELINE_DIGEST_H
#define CARELINE_DIGEST_H

#include "value.h"

/* The same for the same members in whatever order; kept in the store with the fact's key, so it never changes: 64 bits of
 * BLAKE2b of what json_dumps writes of the value with JSON_COMPACT and JSON_SORT_KEYS. That text is written into `scratch`,
 * and wiped. Aborts if memory is out. */
uint64_t digest_of_value(const struct value *value, struct buffer *scratch);

#endif
