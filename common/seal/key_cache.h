/* key_cache: keys of customers that were used a moment ago. Bounded; a key is forgotten KEY_CACHE_MS after it was read,
 * so that one erased elsewhere does not live on here. */
#ifndef CARELINE_KEY_CACHE_H
#define CARELINE_KEY_CACHE_H

#include "moment.h"
#include "sealer.h"

enum { CACHED_NAME_BYTES_MAX = 64 };

struct cached_key {
    char customer[CACHED_NAME_BYTES_MAX];       /* "": an empty place */
    uint8_t key[SEAL_KEY_BYTES];
    mono_ms read_at;
};

enum { KEY_CACHE_WAYS = 8, KEY_CACHE_ROWS = KEY_CACHE_COUNT / KEY_CACHE_WAYS };

/* Names of one row lie in any of its places; a newer one takes that of the oldest. */
struct key_row {
    uint32_t hashes[KEY_CACHE_WAYS];            /* of the names: one look instead of one for each place */
    struct cached_key places[KEY_CACHE_WAYS];
};

struct key_cache { struct key_row rows[KEY_CACHE_ROWS]; };

bool key_cache_find(const struct key_cache *cache, const char *customer, mono_ms now, uint8_t ret_key[SEAL_KEY_BYTES]);
void key_cache_keep(struct key_cache *cache, const char *customer, mono_ms now, const uint8_t key[SEAL_KEY_BYTES]);
void key_cache_drop(struct key_cache *cache, const char *customer);

#endif
