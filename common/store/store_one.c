/* A single one of what goes in many. */
#include <string.h>

#include "store.h"

enum store_status store_append_one(struct store *store, uint32_t partition, struct fact *facts, size_t count)
{
    const struct append append = {.partition = partition, .facts = facts, .count = count};
    enum store_status own = STORE_OK;
    enum store_status status = store->functions->append(store, &append, 1, &own);

    return status == STORE_OK ? own : status;
}

enum store_status store_commit_one(struct store *store, struct commit *commit)
{
    enum store_status own = STORE_OK;
    enum store_status status = store->functions->commit(store, &commit, 1, &own);

    return status == STORE_OK ? own : status;
}

enum store_status store_fire_one(struct store *store, const struct lease *lease, wall_ms now, uint64_t chain_seed,
                                 struct arena *arena, struct entry_list *ret_fired, wall_ms *ret_earliest_due)
{
    struct fire fire = {.lease = *lease, .now = now, .chain_seed = chain_seed};
    enum store_status own = STORE_OK;
    enum store_status status = store->functions->fire(store, &fire, 1, arena, &own);

    status = status == STORE_OK ? own : status;
    if (status == STORE_OK) {
        *ret_fired = fire.fired;
        *ret_earliest_due = fire.earliest_due;
    }
    return status;
}

enum store_status store_read_log_one(struct store *store, uint32_t partition, uint64_t from_seq, size_t max,
                                     struct arena *arena, struct entry_list *ret)
{
    struct log_read read = {.partition = partition, .from_seq = from_seq, .max = max};
    enum store_status own = STORE_OK;
    enum store_status status = store->functions->read_log(store, &read, 1, arena, &own);

    status = status == STORE_OK ? own : status;
    if (status == STORE_OK)
        *ret = read.entries;
    return status;
}

enum store_status store_read_entities_one(struct store *store, uint32_t partition, enum entity_kind kind,
                                          const char *const *ids, size_t count, struct arena *arena,
                                          struct stored_entity *ret)
{
    struct entities_read read = {.partition = partition, .kind = kind, .ids = ids, .count = count, .entities = ret};
    enum store_status own = STORE_OK;
    enum store_status status = store->functions->read_entities(store, &read, 1, arena, &own);

    return status == STORE_OK ? own : status;
}

enum store_status store_claim_one(struct store *store, uint32_t partition, enum stage stage, const char *owner,
                                  int64_t ttl_ms, struct standing *ret)
{
    struct lease wanted = {.partition = partition, .stage = stage};
    enum store_status own = STORE_OK;

    memcpy(wanted.owner, owner, strnlen(owner, sizeof wanted.owner));       /* too long: unended, which is refused */
    enum store_status status = store->functions->claim(store, &wanted, 1, ttl_ms, ret, &own);
    return status == STORE_OK ? own : status;
}

enum store_status store_release_one(struct store *store, const struct lease *lease)
{
    enum store_status own = STORE_OK;
    enum store_status status = store->functions->release(store, lease, 1, &own);

    return status == STORE_OK ? own : status;
}
