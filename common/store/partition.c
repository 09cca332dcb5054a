#include "partition.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fnv.h"

static uint32_t partition_of_bytes(const char *at, size_t bytes, uint32_t partitions)
{
    return (uint32_t)(fnv_bytes(FNV_START, at, bytes) % partitions);
}

uint32_t partition_of_site(const char *site, uint32_t partitions)
{
    return partition_of_bytes(site, strlen(site), partitions);
}

uint32_t partition_of_id(const char *id, uint32_t partitions)
{
    return partition_of_bytes(id, strcspn(id, "/"), partitions);
}

static enum store_status partitions_read(struct store *store, struct arena *arena, uint32_t *ret, bool *ret_found)
{
    struct texts fields;
    struct slice *values;
    enum store_status status = store->functions->note_get(store, "meta", arena, &fields, &values);
    *ret_found = false;
    for (size_t i = 0; status == STORE_OK && i < fields.count; i++) {
        if (strcmp(fields.at[i], "partitions"))
            continue;
        long number = strtol(arena_text(arena, values[i].at, values[i].bytes), NULL, 10);
        if (number < 1 || number > PARTITIONS_MAX)
            return STORE_REFUSED;
        *ret = (uint32_t)number;
        *ret_found = true;
    }
    return status;
}

enum store_status partitions_settle(struct store *store, uint32_t wanted, uint32_t *ret)
{
    struct arena *arena = arena_new();
    const char *text = arena_printf(arena, "%u", wanted);
    struct slice value = {(const uint8_t *)text, strlen(text)};
    bool found;
    enum store_status status = partitions_read(store, arena, ret, &found);
    if (status == STORE_OK && !found) {
        status = store->functions->note_swap(store, "meta", "partitions", (struct slice){0}, value);
        if (status == STORE_OK || status == STORE_CHANGED)
            status = partitions_read(store, arena, ret, &found);
        if (status == STORE_OK && !found)
            status = STORE_GONE;
    }
    arena_free(&arena);
    return status;
}

struct store *store_open(const struct redis_access *access, uint32_t wanted, uint32_t *ret_partitions, char message[160])
{
    struct store *store = store_redis_new(access, wanted, message);
    if (!store)
        return NULL;
    enum store_status status = partitions_settle(store, wanted, ret_partitions);
    if (status != STORE_OK) {
        snprintf(message, 160, "the number of partitions cannot be read: %s", store->functions->message(store));
        store->functions->free(&store);
        return NULL;
    }
    if (*ret_partitions == wanted)
        return store;
    store->functions->free(&store);
    return store_redis_new(access, *ret_partitions, message);
}
