#include "letter.h"

#include <string.h>

#include "ident.h"

/* No playbook floods: what goes out by it is counted by the minute, and one message too many stops it until a person lets
 * it go on. What waits then stands in a queue of the playbook's own. */

static const char *pace_id(struct turn *turn, const char *site, const char *playbook)
{
    return ident_make(turn_arena(turn), site, "%s", playbook);
}

static int64_t pace_limit(const struct letter *letter)
{
    const struct site *site = letter->site;
    for (size_t i = 0; site && i < site->playbook_count; i++)
        if (!strcmp(site->playbooks[i].playbook->name, letter->notice.playbook))
            return site->playbooks[i].playbook->notices_per_minute;
    return NOTICES_PER_MINUTE_DEFAULT;
}

static void pace_stop(struct letter *letter, struct sending_pace *pace, int64_t limit)
{
    const struct sending_stopped stopped = {.playbook = letter->notice.playbook, .per_minute = limit};
    struct event like = event_of(EVENT_SENDING_STOPPED);
    like.subject = pace->id;
    like.customer = "";
    pace->stopped_at = letter->now;
    turn_emit(letter->turn, EVENT_SENDING_STOPPED, &stopped, &like);
}

bool pace_allows(struct letter *letter)
{
    const struct notice *notice = &letter->notice;
    if (!*notice->playbook || letter_was_released(letter))
        return true;
    const char *id = pace_id(letter->turn, notice->site, notice->playbook);
    const struct sending_pace *stored = turn_get(letter->turn, ENTITY_PACE, id);
    struct sending_pace pace = stored ? *stored : (struct sending_pace){.id = id};
    if (pace.stopped_at)
        return false;
    if (letter->now >= pace.since_at + MINUTE_MS) {
        pace.since_at = letter->now;
        pace.count = 0;
    }
    int64_t limit = pace_limit(letter);
    bool allowed = pace.count < limit;
    if (allowed)
        pace.count++;
    else
        pace_stop(letter, &pace, limit);
    turn_put_lasting(letter->turn, ENTITY_PACE, id, &pace, 0, NULL);
    return allowed;
}

bool pace_is_stopped(struct turn *turn, const char *site, const char *playbook)
{
    const struct sending_pace *stored = turn_get(turn, ENTITY_PACE, pace_id(turn, site, playbook));
    return stored && stored->stopped_at;
}

bool pace_resume(struct turn *turn, const char *site, const char *playbook)
{
    const char *id = pace_id(turn, site, playbook);
    const struct sending_pace *stored = turn_get(turn, ENTITY_PACE, id);
    if (!stored || !stored->stopped_at)
        return false;
    struct sending_pace pace = {.id = id, .since_at = turn_now(turn)};
    turn_put(turn, ENTITY_PACE, id, &pace, 0, NULL);
    return true;
}

const char *pace_queue(struct arena *arena, const char *site, const char *playbook)
{
    return arena_printf(arena, "stopped/%s/%s/", site, playbook);
}
