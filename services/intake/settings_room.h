/* settings_room: what would become of a change of a site's settings? */
#ifndef CARELINE_SETTINGS_ROOM_H
#define CARELINE_SETTINGS_ROOM_H

#include "site.h"
#include "store.h"

/* As its scheduler knows the site now; SETTING_IN_FORCE too where that cannot be told: then the stages tell. `store` may be
 * NULL. ret_roles: who may release, in the arena; empty: anybody else. */
enum setting_verdict settings_judge(struct store *store, uint32_t partitions, const char *site,
                                    const struct config_activated *change, const char *actor, struct arena *arena,
                                    struct texts *ret_roles);

#endif
