/* release: two pairs of eyes on the texts that customers get. What somebody brings stands as proposed until somebody else,
 * of a role that the staff list names, releases it. */
#include <assert.h>
#include <string.h>

#include "site.h"

static bool is_asked(const struct staff *staff, const struct config_activated *change)
{
    return staff && staff->templates_released_by.count && change->kind == CONFIG_TEMPLATES && change->hash && *change->hash;
}

static size_t proposed_find(const struct proposed_config_list *proposed, int kind, const char *name)
{
    size_t at = 0;
    while (at < proposed->count && (proposed->at[at].kind != kind || strcmp(proposed->at[at].name, name)))
        at++;
    return at;
}

const struct proposed_config *site_config_proposal(const struct site_config *config, int kind, const char *name)
{
    size_t at = config ? proposed_find(&config->proposed, kind, name) : 0;
    return config && at < config->proposed.count ? &config->proposed.at[at] : NULL;
}

static bool is_in_force(const struct site_config *config, const struct config_activated *change)
{
    for (size_t i = 0; config && i < config->active.count; i++) {
        const struct active_config *active = &config->active.at[i];
        if (active->kind == change->kind && !strcmp(active->name, change->name))
            return !strcmp(active->hash, change->hash);
    }
    return false;
}

static bool may_release(const struct staff *staff, const char *actor)
{
    const struct person *person = staff ? staff_person(staff, actor) : NULL;
    bool any = !staff || !staff->templates_released_by.count;
    for (size_t i = 0; !any && person && i < staff->templates_released_by.count; i++)
        any = person_has_role(person, staff->templates_released_by.at[i]);
    return any;
}

static enum setting_verdict judge_release(const struct site_config *before, const struct staff *staff,
                                          const struct config_activated *change, const char *actor)
{
    const struct proposed_config *proposal = site_config_proposal(before, change->kind, change->name);
    if (!proposal || !change->hash || strcmp(proposal->hash, change->hash))
        return SETTING_NOT_PROPOSED;
    if (!strcmp(proposal->by, actor))
        return SETTING_OWN;
    return may_release(staff, actor) ? SETTING_IN_FORCE : SETTING_NOT_YOURS;
}

enum setting_verdict setting_judge(const struct site_config *before, const struct staff *staff,
                                   const struct config_activated *change, const char *actor)
{
    enum setting_verdict verdict = SETTING_IN_FORCE;
    if (change->release)
        verdict = judge_release(before, staff, change, actor);
    else if (is_asked(staff, change) && !is_in_force(before, change))
        return site_config_proposal(before, change->kind, change->name) || !before ||
                       before->proposed.count < SITE_PROPOSALS_MAX ? SETTING_PROPOSED : SETTING_FULL;
    if (verdict == SETTING_IN_FORCE && !site_config_has_room(before, change))
        return SETTING_FULL;
    return verdict;
}

struct site_config *site_config_propose(const struct site_config *before, const char *site,
                                        const struct config_activated *change, const char *actor, struct arena *arena)
{
    struct site_config *after = arena_alloc(arena, sizeof *after);
    if (before)
        *after = *before;
    size_t count = after->proposed.count, at = proposed_find(&after->proposed, change->kind, change->name);
    struct proposed_config *proposed = arena_alloc(arena, (count + 1) * sizeof *proposed);
    assert(at < SITE_PROPOSALS_MAX);
    if (count)
        memcpy(proposed, after->proposed.at, count * sizeof *proposed);
    bool same = at < count && !strcmp(proposed[at].hash, change->hash);     /* whoever brings it again is not its author */
    proposed[at] = (struct proposed_config){.kind = change->kind, .name = change->name, .hash = change->hash,
                                            .by = same ? proposed[at].by : actor};
    after->proposed.at = proposed;
    after->proposed.count = at < count ? count : count + 1;
    after->id = arena_string(arena, site);
    return after;
}

struct site_config *site_config_withdraw(struct site_config *config, int kind, const char *name, struct arena *arena)
{
    size_t at = proposed_find(&config->proposed, kind, name), count = config->proposed.count;
    if (at == count)
        return config;
    struct proposed_config *proposed = arena_alloc(arena, count * sizeof *proposed);
    memcpy(proposed, config->proposed.at, count * sizeof *proposed);
    memmove(&proposed[at], &proposed[at + 1], (count - at - 1) * sizeof *proposed);
    config->proposed.at = proposed;
    config->proposed.count = count - 1;
    return config;
}
