/* What is in force for a site, as a batch sees it. */
#include "log.h"
#include "turn.h"

bool content_source_read(void *context, const char *hash, struct arena *arena, struct slice *ret)
{
    struct content_source *source = context;
    struct slice content = {0};

    if (source->store->functions->content_get(source->store, hash, arena, &content) != STORE_OK) {
        source->gone = true;
        return false;
    }
    if (content.bytes == 0)
        return false;
    *ret = content;
    return true;
}

/* The contents must have been read with a store that answered, else the batch is void. */
static void contents_answered(struct turn *turn)
{
    bool gone = turn->tools->source->gone;

    turn->tools->source->gone = false;
    if (gone)
        turn_leave(turn, "store");
}

const struct site *turn_site(struct turn *turn, const char *site)
{
    const struct site_config *config = turn_get(turn, turn->tools->core->site_kind, site);

    if (!config)
        return NULL;
    struct turn_entity *entity = turn_entity(turn, turn->tools->core->site_kind, site);
    if (!entity->site) {
        const struct site *made = content_site(turn->tools->contents, entity->id, config, turn->arena);
        contents_answered(turn);
        entity->site = made;
    }
    return entity->site;
}

const struct playbook *turn_playbook(struct turn *turn, const char *hash)
{
    if (!hash || !*hash)
        return NULL;
    const struct playbook *playbook = content_playbook(turn->tools->contents, hash);
    contents_answered(turn);
    return playbook;
}

/* Intake tells whoever brings what cannot be; two at once may have come past it. */
void turn_config_activated(struct turn *turn, const struct config_activated *change)
{
    enum entity_kind kind = turn->tools->core->site_kind;
    const char *id = turn->event->site;

    if (!*id)
        return;
    const struct site_config *before = turn_get(turn, kind, id);
    const struct site *site = turn_site(turn, id);
    enum setting_verdict verdict = setting_judge(before, site ? site->staff : NULL, change, turn->event->actor);
    struct site_config *after = NULL;
    if (verdict == SETTING_PROPOSED)
        after = site_config_propose(before, id, change, turn->event->actor, turn->arena);
    if (verdict == SETTING_IN_FORCE)
        after = site_config_withdraw(site_config_after(before, id, change, turn->arena), change->kind, change->name, turn->arena);
    if (verdict == SETTING_FULL) {
        log_error("settings.full", log_text("site", id), log_text("name", change->name),
                  log_int("most", SITE_SETTINGS_MAX));
        turn->settings_refused++;
    }
    if (!after)
        return;
    struct turn_entity *entity = turn_entity(turn, kind, id);
    turn_put(turn, kind, id, after, entity->due, entity->queue);
}
