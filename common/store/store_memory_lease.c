#include <string.h>

#include "store_memory_parts.h"

struct held *memory_held(struct store_memory *memory, const struct lease *lease)
{
    struct held *held = &memory->partition[lease->partition]->held[lease->stage];
    return strcmp(held->owner, lease->owner) == 0 && held->epoch == lease->epoch ? held : NULL;
}

static void tell(const struct partition *partition, uint32_t number, enum stage stage, struct standing *ret)
{
    const struct held *held = &partition->held[stage];
    *ret = (struct standing){
        .lease = {.partition = number, .stage = stage, .epoch = held->epoch},
        .checkpoint = held->checkpoint,
        .head = partition_head(partition),
        .earliest_due = partition_earliest(partition),
        .unclean = held->unclean,
    };
    strcpy(ret->lease.owner, held->owner);
}

static enum store_status claim_held(struct held *held, const char *owner, wall_ms now, int64_t ttl_ms)
{
    bool ours = strcmp(held->owner, owner) == 0;
    if (!ours && *held->owner && held->expires > now)
        return STORE_FENCED;
    if (!ours) {
        held->epoch++;
        held->unclean += *held->owner != '\0';
        strcpy(held->owner, owner);
    }
    held->expires = now + ttl_ms;
    return STORE_OK;
}

enum store_status memory_claim(struct store *store, const struct lease *wanted, size_t count, int64_t ttl_ms,
                               struct standing *ret_each, enum store_status *ret_status_each)
{
    struct store_memory *memory = store_memory_of(store);
    const char *fault = leases_fault(memory->partitions, wanted, count);
    if (fault)
        return store_memory_refuse(memory, fault);
    bool lost;
    enum store_status status;
    if (store_memory_fate(memory, "claim", true, &lost, &status))
        return status;
    for (size_t i = 0; i < count; i++) {
        const struct lease *lease = &wanted[i];
        struct partition *partition = memory->partition[lease->partition];
        status = claim_held(&partition->held[lease->stage], lease->owner, store_memory_now(memory), ttl_ms);
        if (lost)
            continue;
        ret_status_each[i] = status;
        if (status == STORE_OK)
            tell(partition, lease->partition, lease->stage, &ret_each[i]);
    }
    return lost ? STORE_GONE : STORE_OK;
}

enum store_status memory_renew(struct store *store, const struct lease *leases, size_t count, int64_t ttl_ms,
                               struct standing *ret_each, enum store_status *ret_status_each)
{
    struct store_memory *memory = store_memory_of(store);
    const char *fault = leases_fault(memory->partitions, leases, count);
    if (fault)
        return store_memory_refuse(memory, fault);
    bool lost;
    enum store_status status;
    if (store_memory_fate(memory, "renew", true, &lost, &status))
        return status;
    for (size_t i = 0; i < count; i++) {
        wall_ms now = store_memory_now(memory);
        struct held *held = memory_held(memory, &leases[i]);
        if (held && held->expires <= now)
            held = NULL;
        if (held)
            held->expires = now + ttl_ms;
        if (lost)
            continue;
        ret_status_each[i] = held ? STORE_OK : STORE_FENCED;
        if (held)
            tell(memory->partition[leases[i].partition], leases[i].partition, leases[i].stage, &ret_each[i]);
    }
    return lost ? STORE_GONE : STORE_OK;
}

enum store_status memory_release(struct store *store, const struct lease *leases, size_t count,
                                 enum store_status *ret_status_each)
{
    struct store_memory *memory = store_memory_of(store);
    const char *fault = leases_fault(memory->partitions, leases, count);
    if (fault)
        return store_memory_refuse(memory, fault);
    bool lost;
    enum store_status status;
    if (store_memory_fate(memory, "release", true, &lost, &status))
        return status;
    for (size_t i = 0; i < count; i++) {
        struct held *held = memory_held(memory, &leases[i]);
        if (held) {
            *held->owner = '\0';
            held->expires = 0;
            held->unclean = 0;
        }
        if (!lost)
            ret_status_each[i] = held ? STORE_OK : STORE_FENCED;
    }
    return lost ? STORE_GONE : STORE_OK;
}
