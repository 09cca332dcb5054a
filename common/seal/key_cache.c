#include "key_cache.h"

#include <sodium.h>
#include <string.h>

static size_t place_of(const char *customer)
{
    uint32_t hash = 2166136261u;    /* FNV-1a */
    while (*customer)
        hash = (hash ^ (unsigned char)*customer++) * 16777619u;
    return hash % KEY_CACHE_COUNT;
}

bool key_cache_find(const struct key_cache *cache, const char *customer, mono_ms now, uint8_t ret_key[SEAL_KEY_BYTES])
{
    const struct cached_key *place = &cache->places[place_of(customer)];
    if (!*customer || strcmp(place->customer, customer) || now.ms - place->read_at.ms >= KEY_CACHE_MS)
        return false;
    memcpy(ret_key, place->key, SEAL_KEY_BYTES);
    return true;
}

void key_cache_keep(struct key_cache *cache, const char *customer, mono_ms now, const uint8_t key[SEAL_KEY_BYTES])
{
    struct cached_key *place = &cache->places[place_of(customer)];
    size_t bytes = strlen(customer) + 1;
    if (bytes > sizeof place->customer)
        return;
    memcpy(place->customer, customer, bytes);
    memcpy(place->key, key, SEAL_KEY_BYTES);
    place->read_at = now;
}

void key_cache_drop(struct key_cache *cache, const char *customer)
{
    struct cached_key *place = &cache->places[place_of(customer)];
    if (!strcmp(place->customer, customer))
        sodium_memzero(place, sizeof *place);
}
