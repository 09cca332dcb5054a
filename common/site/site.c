#include "site.h"

#include <assert.h>
#include <string.h>

const struct playbook_in_force *site_complaint_playbook(const struct site *site)
{
    for (size_t i = 0; i < site->playbook_count; i++)
        if (site->playbooks[i].playbook->complaints.present)
            return &site->playbooks[i];
    return NULL;
}

const struct contact_rules *site_contact_rules(const struct site *site)
{
    for (size_t i = 0; i < site->playbook_count; i++)
        if (site->playbooks[i].playbook->has_contact)
            return &site->playbooks[i].playbook->contact;
    return NULL;
}

const struct staff_rules *site_staff_rules(const struct site *site)
{
    for (size_t i = 0; i < site->playbook_count; i++)
        if (site->playbooks[i].playbook->has_staff_rules)
            return &site->playbooks[i].playbook->staff_rules;
    return NULL;
}

const struct templates_in_force *site_templates(const struct site *site, const char *set, const char *template)
{
    for (size_t i = 0; i < site->templates_count; i++) {
        const struct templates_in_force *in_force = &site->templates[i];
        if ((!*set || !strcmp(templates_name(in_force->templates), set)) && templates_has(in_force->templates, template))
            return in_force;
    }
    return NULL;
}

static const struct week *window_of(const struct site *site, const struct week *own, const char *name)
{
    const struct week *of_site = own ? calendar_window(site->calendar, name) : NULL;
    return of_site ? of_site : own;
}

const struct week *site_window(const struct site *site, const struct step *step)
{
    return window_of(site, step->window, step->window_name);
}

const struct week *site_then_window(const struct site *site, const struct step *step)
{
    return step->then_window ? window_of(site, step->then_window, step->then_window_name) : site_window(site, step);
}

/* -------- what is in force */

static size_t active_find(const struct active_config_list *active, int kind, const char *name)
{
    size_t at = 0;
    while (at < active->count && (active->at[at].kind != kind || strcmp(active->at[at].name, name)))
        at++;
    return at;
}

static void active_remove(struct active_config_list *active, size_t at)
{
    active->count--;
    memmove(&active->at[at], &active->at[at + 1], (active->count - at) * sizeof *active->at);
}

static bool is_removal(const struct config_activated *change)
{
    return !change->hash || !*change->hash;
}

bool site_config_has_room(const struct site_config *before, const struct config_activated *change)
{
    return !before || is_removal(change) || before->active.count < SITE_SETTINGS_MAX ||
           active_find(&before->active, change->kind, change->name) < before->active.count;
}

static void active_set(struct active_config_list *active, const struct config_activated *change)
{
    size_t at = active_find(active, change->kind, change->name);
    bool known = at < active->count, removed = is_removal(change);
    if (removed && known)
        active_remove(active, at);
    if (removed)
        return;
    active->at[at] = (struct active_config){.kind = change->kind, .name = change->name, .hash = change->hash};
    active->count += !known;
}

static bool is_version(const struct site_config *config, const char *hash)
{
    for (size_t i = 0; i < config->versions.count; i++)
        if (!strcmp(config->versions.at[i], hash))
            return true;
    return false;
}

/* Plans name their playbook by its place in this list, so that nothing in it moves; when it is full, by its hash. */
static void versions_add(struct site_config *config, struct arena *arena)
{
    size_t count = config->versions.count, room = count + config->active.count;
    const char **at = arena_alloc(arena, (room + 1) * sizeof *at);
    if (count)
        memcpy(at, config->versions.at, count * sizeof *at);
    config->versions.at = at;
    for (size_t i = 0; i < config->active.count; i++) {
        const struct active_config *active = &config->active.at[i];
        if (active->kind == CONFIG_PLAYBOOK && config->versions.count < SITE_VERSIONS_MAX && !is_version(config, active->hash))
            at[config->versions.count++] = active->hash;
    }
}

struct site_config *site_config_after(const struct site_config *before, const char *site,
                                      const struct config_activated *change, struct arena *arena)
{
    struct site_config *after = arena_alloc(arena, sizeof *after);
    assert(site_config_has_room(before, change));
    if (before)
        *after = *before;
    size_t count = after->active.count;
    struct active_config *active = arena_alloc(arena, (count + 1) * sizeof *active);
    if (count)
        memcpy(active, after->active.at, count * sizeof *active);
    after->active.at = active;
    after->id = arena_string(arena, site);
    active_set(&after->active, change);
    versions_add(after, arena);
    return after;
}
