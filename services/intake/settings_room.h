/* settings_room: can a site have one setting more in force? */
#ifndef CARELINE_SETTINGS_ROOM_H
#define CARELINE_SETTINGS_ROOM_H

#include "store.h"

/* As its scheduler knows the site now; true too where that cannot be told: then the stages tell. `store` may be NULL. */
bool settings_have_room(struct store *store, uint32_t partitions, const char *site,
                        const struct config_activated *change, struct arena *arena);

#endif
