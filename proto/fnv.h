/* fnv: FNV-1a, 64 bit (Fowler, Noll, Vo; draft-eastlake-fnv). Tells things apart and spreads them; it hides nothing. The
 * partition of a site, ids that are derived and digests are made of it, so it is never to be another function. */
#ifndef CARELINE_FNV_H
#define CARELINE_FNV_H

#include <stddef.h>
#include <stdint.h>

#define FNV_START ((uint64_t)0xcbf29ce484222325u)
#define FNV_PRIME ((uint64_t)0x100000001b3u)

/* Goes on from `hash`, FNV_START at first: the hash of all that was given one after the other. */
static inline uint64_t fnv_bytes(uint64_t hash, const void *at, size_t bytes)
{
    const uint8_t *byte = at;
    for (size_t i = 0; i < bytes; i++)
        hash = (hash ^ byte[i]) * FNV_PRIME;
    return hash;
}

/* The same, of a text up to its NUL. */
static inline uint64_t fnv_text(uint64_t hash, const char *text)
{
    for (; *text; text++)
        hash = (hash ^ (uint8_t)*text) * FNV_PRIME;
    return hash;
}

#endif
