#include "docket.h"

#include <string.h>

enum { ABSENT_MAX = 256 };

static struct texts absent_after(const struct site_config *config, const char *id, bool absent, struct arena *arena)
{
    struct texts after = {arena_alloc(arena, (config->absent.count + 1) * sizeof *after.at), 0};
    for (size_t i = 0; i < config->absent.count; i++)
        if (strcmp(config->absent.at[i], id))
            after.at[after.count++] = config->absent.at[i];
    if (absent && after.count < ABSENT_MAX)
        after.at[after.count++] = id;
    return after;
}

void on_agent_changed(struct turn *turn, const struct event *event, const void *data)
{
    const struct agent_presence *presence = data;
    const struct site_config *config = turn_get(turn, ENTITY_ROUTER_SITE, event->site);
    if (!config)
        return;
    struct site_config after = *config;
    after.absent = absent_after(config, presence->agent, presence->absent, turn_arena(turn));
    turn_put(turn, ENTITY_ROUTER_SITE, event->site, &after, 0, NULL);
}
