#include "settings_room.h"

#include "entity.h"
#include "partition.h"

static const struct staff *staff_in_force(struct store *store, const struct site_config *config, struct arena *arena)
{
    const char *hash = NULL;
    struct slice content = {0};
    struct mistakes mistakes = {.file = "staff", .arena = arena};
    for (size_t i = 0; i < config->active.count; i++)
        if (config->active.at[i].kind == CONFIG_STAFF)
            hash = config->active.at[i].hash;
    if (!hash || store->functions->content_get(store, hash, arena, &content) != STORE_OK || !content.bytes)
        return NULL;
    return staff_parse(content, arena, &mistakes);
}

enum setting_verdict settings_judge(struct store *store, uint32_t partitions, const char *site,
                                    const struct config_activated *change, const char *actor, struct arena *arena,
                                    struct texts *ret_roles)
{
    struct stored_entity entity = {0};
    struct fault fault;
    uint32_t partition = partition_of_site(site, partitions);
    *ret_roles = (struct texts){0};
    if (!store || store_read_entities_one(store, partition, ENTITY_SCHEDULER_SITE, &site, 1, arena, &entity) != STORE_OK)
        return SETTING_IN_FORCE;
    struct site_config *config = record_new(&site_config_record, arena);
    if (entity.version && !entity_unpack(ENTITY_SCHEDULER_SITE, site, entity.packed, arena, config, &fault))
        return SETTING_IN_FORCE;
    const struct staff *staff = staff_in_force(store, config, arena);
    if (staff)
        *ret_roles = staff->templates_released_by;
    return setting_judge(config, staff, change, actor);
}
