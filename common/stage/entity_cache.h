/* entity_cache: entities of the own stage, packed, kept between batches while the lease holds.
 *
 * Only the stage that holds the lease writes its kinds of entity, so what it wrote last is what stands in the store.
 * Bounded by bytes: the least recently used go first. Also remembers that an entity does not exist. */
#ifndef CARELINE_ENTITY_CACHE_H
#define CARELINE_ENTITY_CACHE_H

#include "store.h"

struct entity_cache;

struct entity_cache *entity_cache_new(size_t bytes_max);
void entity_cache_free(struct entity_cache **cache);

/* What *ret points to is the cache's, until the next keep or drop. */
bool entity_cache_find(struct entity_cache *cache, uint32_t partition, enum entity_kind kind, const char *id,
                       struct stored_entity *ret);

/* Copies the entity; replaces the one before it. */
void entity_cache_keep(struct entity_cache *cache, uint32_t partition, enum entity_kind kind,
                       const struct stored_entity *entity);

/* Forgets all of a partition. */
void entity_cache_drop(struct entity_cache *cache, uint32_t partition);

size_t entity_cache_bytes(const struct entity_cache *cache);

#endif
