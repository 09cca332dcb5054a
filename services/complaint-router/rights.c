#include "docket.h"

#include <string.h>

/* Roles that may act on every case of the site. */
static const char *const overseers[] = {
    "administrator", "supervisor", "manager", "general-manager", "quality-manager", "integration",
};

/* Somebody acting: the role of the credential and, if known, the person. */
struct actor {
    const char *id, *role;
    const struct person *person;    /* NULL: not on the staff list */
};

static bool same(const char *one, const char *other)
{
    return *one && !strcmp(one, other);
}

static struct actor actor_of(const struct docket *docket, const struct event *event)
{
    struct actor actor = {event->actor, event->role, NULL};
    if (docket->site && docket->site->staff && *event->actor)
        actor.person = staff_person(docket->site->staff, event->actor);
    if (actor.person)
        actor.id = actor.person->id;
    return actor;
}

static bool has_role(const struct actor *actor, const char *role)
{
    return same(role, actor->role) || (*role && actor->person && person_has_role(actor->person, role));
}

static bool is_overseer(const struct actor *actor)
{
    for (size_t i = 0; i < sizeof overseers / sizeof overseers[0]; i++)
        if (has_role(actor, overseers[i]))
            return true;
    return false;
}

static bool is_above(const struct docket *docket, const struct actor *actor)
{
    for (size_t i = (size_t)docket->file.rung + 1; i < docket->rules->ladder_count; i++)
        if (has_role(actor, docket->rules->ladder[i]))
            return true;
    return false;
}

static bool is_holder(const struct docket *docket, const struct actor *actor)
{
    const char *holder = docket->file.assignee;
    if (!*holder)
        return has_role(actor, docket->file.role);
    if (same(holder, actor->id))
        return true;
    const struct staff *staff = docket->site ? docket->site->staff : NULL;
    const struct person *person = staff ? staff_person(staff, holder) : NULL;
    return person && person->deputy && same(person->deputy, actor->id);
}

/* Without keys nobody has a role: all is allowed, but an approval by somebody known not to be an approver. */
static const char *approver_refusal(const struct docket *docket, const struct actor *actor)
{
    const char *approver = docket->rules->approval_role;
    if (has_role(actor, approver) || same("administrator", actor->role))
        return NULL;
    return !*actor->role && (!actor->person || !*approver) ? NULL : "not_allowed";
}

const char *right_refusal(const struct docket *docket, enum act_right right, const struct event *event)
{
    struct actor actor = actor_of(docket, event);
    if (right == RIGHT_APPROVER)
        return approver_refusal(docket, &actor);
    if (!*actor.role || right == RIGHT_ANYBODY)
        return NULL;
    if (is_holder(docket, &actor) || is_above(docket, &actor) || is_overseer(&actor))
        return NULL;
    return "not_yours";
}
