#include "settings_room.h"

#include "partition.h"
#include "site.h"

bool settings_have_room(struct store *store, uint32_t partitions, const char *site,
                        const struct config_activated *change, struct arena *arena)
{
    struct stored_entity entity = {0};
    struct fault fault;
    uint32_t partition = partition_of_site(site, partitions);
    if (!store || store_read_entities_one(store, partition, ENTITY_SCHEDULER_SITE, &site, 1, arena, &entity) !=
                      STORE_OK || !entity.version)
        return true;
    struct site_config *config = record_new(&site_config_record, arena);
    return !record_unpack(&site_config_record, entity.packed, arena, config, &fault) ||
           site_config_has_room(config, change);
}
