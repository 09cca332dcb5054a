#include "key_cache.h"

#include <sodium.h>
#include <string.h>

#include "fnv.h"

static uint32_t hash_of(const char *customer)
{
    uint64_t hash = fnv_text(FNV_START, customer);
    return (uint32_t)(hash ^ (hash >> 32));
}

/* Which place of its row holds the customer's key; KEY_CACHE_WAYS: none. */
static size_t place_in(const struct key_row *row, uint32_t hash, const char *customer)
{
    size_t i = *customer ? 0 : KEY_CACHE_WAYS;
    while (i < KEY_CACHE_WAYS && (row->hashes[i] != hash || strcmp(row->places[i].customer, customer) != 0))
        i++;
    return i;
}

static size_t oldest_in(const struct key_row *row)
{
    size_t oldest = 0;
    for (size_t i = 1; i < KEY_CACHE_WAYS; i++)
        if (row->places[i].read_at.ms < row->places[oldest].read_at.ms)
            oldest = i;
    return oldest;
}

bool key_cache_find(const struct key_cache *cache, const char *customer, mono_ms now, uint8_t ret_key[SEAL_KEY_BYTES])
{
    uint32_t hash = hash_of(customer);
    const struct key_row *row = &cache->rows[hash % KEY_CACHE_ROWS];
    size_t at = place_in(row, hash, customer);
    if (at == KEY_CACHE_WAYS || now.ms - row->places[at].read_at.ms >= KEY_CACHE_MS)
        return false;
    memcpy(ret_key, row->places[at].key, SEAL_KEY_BYTES);
    return true;
}

void key_cache_keep(struct key_cache *cache, const char *customer, mono_ms now, const uint8_t key[SEAL_KEY_BYTES])
{
    uint32_t hash = hash_of(customer);
    struct key_row *row = &cache->rows[hash % KEY_CACHE_ROWS];
    size_t bytes = strlen(customer) + 1, at = place_in(row, hash, customer);
    if (bytes > CACHED_NAME_BYTES_MAX)
        return;
    at = at < KEY_CACHE_WAYS ? at : oldest_in(row);
    row->hashes[at] = hash;
    memcpy(row->places[at].customer, customer, bytes);
    memcpy(row->places[at].key, key, SEAL_KEY_BYTES);
    row->places[at].read_at = now;
}

void key_cache_drop(struct key_cache *cache, const char *customer)
{
    uint32_t hash = hash_of(customer);
    struct key_row *row = &cache->rows[hash % KEY_CACHE_ROWS];
    size_t at = place_in(row, hash, customer);
    if (at < KEY_CACHE_WAYS)
        sodium_memzero(&row->places[at], sizeof row->places[at]);
}
