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

enum { KEY_CACHE_WAYS = 4 };

struct key_cache {
    /* by hash of the name, in any of a few places; a newer one takes that of the oldest of them */
    struct cached_key places[KEY_CACHE_COUNT / KEY_CACHE_WAYS][KEY_CACHE_WAYS];
};

bool key_cache_find(const struct key_cache *cache, const char *customer, mono_ms now, uint8_t ret_key[SEAL_KEY_BYTES]);
void key_cache_keep(struct key_cache *cache, const char *customer, mono_ms now, const uint8_t key[SEAL_KEY_BYTES]);
void key_cache_drop(struct key_cache *cache, const char *customer);

#endif
