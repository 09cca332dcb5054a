#include "site.h"

#include <string.h>

enum { ABSENT_MAX = 256 };      /* as site_config holds */

static bool texts_have(const struct texts *texts, const char *wanted)
{
    for (size_t i = 0; i < texts->count; i++)
        if (!strcmp(texts->at[i], wanted))
            return true;
    return false;
}

bool site_has_present(const struct site *site, const struct person *person)
{
    return !site->config || !texts_have(&site->config->absent, person->id);
}

static struct texts absent_after(const struct texts *before, const struct agent_presence *change, struct arena *arena)
{
    struct texts after = {arena_alloc(arena, (before->count + 1) * sizeof *after.at), 0};
    for (size_t i = 0; i < before->count; i++)
        if (strcmp(before->at[i], change->agent))
            after.at[after.count++] = before->at[i];
    if (change->absent && after.count < ABSENT_MAX)
        after.at[after.count++] = change->agent;
    return after;
}

struct site_config *site_config_presence(const struct site_config *before, const struct agent_presence *change,
                                         struct arena *arena)
{
    struct site_config *after = arena_copy(arena, before, sizeof *before);
    after->absent = absent_after(&before->absent, change, arena);
    return after;
}
