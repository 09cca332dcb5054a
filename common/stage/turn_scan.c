/* Going through all entities of a kind: for what an earlier version stored in another way. */
#include "turn.h"

struct texts turn_unplaced(struct turn *turn, enum entity_kind kind, uint64_t *cursor)
{
    struct store *store = turn->tools->store;
    struct stored_entity_list page = {0};
    if (store->functions->scan_entities(store, turn->partition, kind, cursor, turn->arena, &page) != STORE_OK)
        turn_leave(turn, "store");
    struct texts ids = {arena_alloc(turn->arena, (page.count + 1) * sizeof *ids.at), 0};
    for (size_t i = 0; i < page.count; i++)
        if (!page.at[i].queue || !*page.at[i].queue)
            ids.at[ids.count++] = page.at[i].id;
    return ids;
}
