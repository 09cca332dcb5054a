#include "key_cache.h"

#include <sodium.h>
#include <string.h>

static size_t row_of(const char *customer)
{
    uint32_t hash = 2166136261u;    /* FNV-1a */
    while (*customer)
        hash = (hash ^ (unsigned char)*customer++) * 16777619u;
    return hash % (KEY_CACHE_COUNT / KEY_CACHE_WAYS);
}

/* Where the customer's key is; else NULL. */
static struct cached_key *find(const struct key_cache *cache, const char *customer)
{
    const struct cached_key *places = cache->places[row_of(customer)];
    for (size_t i = 0; i < KEY_CACHE_WAYS && *customer; i++)
        if (!strcmp(places[i].customer, customer))
            return (struct cached_key *)(uintptr_t)&places[i];
    return NULL;
}

static struct cached_key *oldest(struct key_cache *cache, const char *customer)
{
    struct cached_key *places = cache->places[row_of(customer)], *oldest = places;
    for (size_t i = 1; i < KEY_CACHE_WAYS; i++)
        if (places[i].read_at.ms < oldest->read_at.ms)
            oldest = &places[i];
    return oldest;
}

bool key_cache_find(const struct key_cache *cache, const char *customer, mono_ms now, uint8_t ret_key[SEAL_KEY_BYTES])
{
    const struct cached_key *place = find(cache, customer);
    if (!place || now.ms - place->read_at.ms >= KEY_CACHE_MS)
        return false;
    memcpy(ret_key, place->key, SEAL_KEY_BYTES);
    return true;
}

void key_cache_keep(struct key_cache *cache, const char *customer, mono_ms now, const uint8_t key[SEAL_KEY_BYTES])
{
    struct cached_key *place = find(cache, customer);
    size_t bytes = strlen(customer) + 1;
    if (bytes > sizeof place->customer)
        return;
    place = place ? place : oldest(cache, customer);
    memcpy(place->customer, customer, bytes);
    memcpy(place->key, key, SEAL_KEY_BYTES);
    place->read_at = now;
}

void key_cache_drop(struct key_cache *cache, const char *customer)
{
    struct cached_key *place = find(cache, customer);
    if (place)
        sodium_memzero(place, sizeof *place);
}
