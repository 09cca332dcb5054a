#include <string.h>

#include "follow_up.h"

/* Who may act for whom. Who acted comes from the credential; without keys nobody has a role, and all is allowed. */

static const char *const overseers[] = {
    "administrator", "supervisor", "manager", "general-manager", "service-manager", "quality-manager", "integration",
};

bool is_overseer(const struct event *event, const struct site *site)
{
    const struct person *actor = site && site->staff && *event->actor ? staff_person(site->staff, event->actor) : NULL;
    if (!*event->role)
        return true;
    for (size_t i = 0; i < sizeof overseers / sizeof overseers[0]; i++)
        if (!strcmp(event->role, overseers[i]) || (actor && person_has_role(actor, overseers[i])))
            return true;
    return false;
}

bool may_act_as(struct turn *turn, const struct event *event, const struct site *site, const char *agent)
{
    if (!strcmp(event->actor, agent) || is_overseer(event, site))
        return true;
    turn_refuse(turn, "not_allowed", arena_printf(turn_arena(turn), "%.64s may not act for %.64s", event->actor, agent));
    return false;
}

const char *acting_agent(const struct event *event, const struct site *site, const char *named, const char *otherwise)
{
    if (*named)
        return named;
    bool known = *event->actor && site && site->staff && staff_person(site->staff, event->actor);
    return known || !is_overseer(event, site) ? event->actor : otherwise;
}
