#include "entity_cache.h"

#include <stdlib.h>
#include <string.h>

#include "fnv.h"

enum { SLOTS_FEW = 1024 };          /* twice as many whenever there are more entities than slots */

struct cached {
    struct cached *chain;           /* same slot */
    struct cached *newer, *older;   /* by last use */
    uint64_t hash;
    uint32_t partition;
    enum entity_kind kind;
    size_t bytes;
    struct stored_entity entity;    /* points behind this struct */
};

struct entity_cache {
    struct cached **slots;
    size_t slot_count, count;
    uint32_t counts[PARTITIONS_MAX];
    struct cached *newest, *oldest;
    size_t bytes, bytes_max;
};

static struct cached **slots_new(size_t count)
{
    struct cached **slots = calloc(count, sizeof *slots);

    if (!slots)
        abort();
    return slots;
}

struct entity_cache *entity_cache_new(size_t bytes_max)
{
    struct entity_cache *cache = calloc(1, sizeof *cache);

    if (!cache)
        abort();
    cache->bytes_max = bytes_max;
    cache->slots = slots_new(SLOTS_FEW);
    cache->slot_count = SLOTS_FEW;
    return cache;
}

static uint64_t hash_of(uint32_t partition, enum entity_kind kind, const char *id)
{
    return fnv_text(FNV_START ^ ((uint64_t)partition << 8) ^ (uint64_t)kind, id);
}

static struct cached **slot_of(const struct entity_cache *cache, uint64_t hash)
{
    return &cache->slots[(hash ^ (hash >> 32)) & (cache->slot_count - 1)];
}

static void grow(struct entity_cache *cache)
{
    struct cached **slots = cache->slots;
    size_t count = cache->slot_count;

    cache->slot_count = 2 * count;
    cache->slots = slots_new(cache->slot_count);
    for (size_t i = 0; i < count; i++)
        for (struct cached *at = slots[i], *next; at; at = next) {
            struct cached **slot = slot_of(cache, at->hash);
            next = at->chain;
            at->chain = *slot;
            *slot = at;
        }
    free(slots);
}

static struct cached **cached_find(struct entity_cache *cache, uint32_t partition, enum entity_kind kind,
                                   const char *id)
{
    uint64_t hash = hash_of(partition, kind, id);
    struct cached **at = slot_of(cache, hash);

    while (*at && !((*at)->hash == hash && (*at)->partition == partition && (*at)->kind == kind &&
                    strcmp((*at)->entity.id, id) == 0))
        at = &(*at)->chain;
    return at;
}

static void use_unlink(struct entity_cache *cache, struct cached *cached)
{
    *(cached->newer ? &cached->newer->older : &cache->newest) = cached->older;
    *(cached->older ? &cached->older->newer : &cache->oldest) = cached->newer;
    cached->newer = cached->older = NULL;
}

static void use_link_newest(struct entity_cache *cache, struct cached *cached)
{
    cached->older = cache->newest;
    cached->newer = NULL;
    *(cache->newest ? &cache->newest->newer : &cache->oldest) = cached;
    cache->newest = cached;
}

static void cached_remove(struct entity_cache *cache, struct cached **at)
{
    struct cached *cached = *at;

    *at = cached->chain;
    use_unlink(cache, cached);
    cache->counts[cached->partition]--;
    cache->count--;
    cache->bytes -= cached->bytes;
    free(cached);
}

static struct cached *cached_new(uint32_t partition, enum entity_kind kind, const struct stored_entity *from)
{
    const char *queue = from->queue ? from->queue : "";
    size_t id_bytes = strlen(from->id) + 1, queue_bytes = strlen(queue) + 1;
    size_t bytes = sizeof(struct cached) + id_bytes + queue_bytes + from->packed.bytes;
    struct cached *cached = malloc(bytes);

    if (!cached)
        abort();
    char *at = (char *)(cached + 1);
    *cached = (struct cached){.hash = hash_of(partition, kind, from->id), .partition = partition, .kind = kind,
                              .bytes = bytes, .entity = *from};
    cached->entity.id = memcpy(at, from->id, id_bytes);
    cached->entity.queue = memcpy(at + id_bytes, queue, queue_bytes);
    cached->entity.packed.at = (uint8_t *)at + id_bytes + queue_bytes;
    if (from->packed.bytes > 0)
        memcpy(at + id_bytes + queue_bytes, from->packed.at, from->packed.bytes);
    return cached;
}

bool entity_cache_find(struct entity_cache *cache, uint32_t partition, enum entity_kind kind, const char *id,
                       struct stored_entity *ret)
{
    struct cached *cached = *cached_find(cache, partition, kind, id);

    if (!cached)
        return false;
    use_unlink(cache, cached);
    use_link_newest(cache, cached);
    *ret = cached->entity;
    return true;
}

void entity_cache_keep(struct entity_cache *cache, uint32_t partition, enum entity_kind kind,
                       const struct stored_entity *entity)
{
    struct cached *cached = cached_new(partition, kind, entity);
    struct cached **at = cached_find(cache, partition, kind, entity->id);

    if (*at)
        cached_remove(cache, at);
    if (cache->count == cache->slot_count)
        grow(cache);
    at = slot_of(cache, cached->hash);
    cached->chain = *at;
    *at = cached;
    cache->count++;
    cache->counts[partition]++;
    use_link_newest(cache, cached);
    cache->bytes += cached->bytes;
    while (cache->bytes > cache->bytes_max && cache->oldest != cached) {
        struct cached *oldest = cache->oldest;
        cached_remove(cache, cached_find(cache, oldest->partition, oldest->kind, oldest->entity.id));
    }
}

void entity_cache_drop(struct entity_cache *cache, uint32_t partition)
{
    for (size_t i = 0; i < cache->slot_count && cache->counts[partition] > 0; i++) {
        struct cached **at = &cache->slots[i];
        while (*at) {
            if ((*at)->partition == partition)
                cached_remove(cache, at);
            else
                at = &(*at)->chain;
        }
    }
}

size_t entity_cache_bytes(const struct entity_cache *cache)
{
    return cache->bytes;
}

void entity_cache_free(struct entity_cache **cache)
{
    if (!*cache)
        return;
    while ((*cache)->oldest) {
        struct cached *oldest = (*cache)->oldest;
        cached_remove(*cache, cached_find(*cache, oldest->partition, oldest->kind, oldest->entity.id));
    }
    free((*cache)->slots);
    free(*cache);
    *cache = NULL;
}
