#include "letter.h"

#include <string.h>

/* The last of those let go at once takes the next ones with it. */
static const char *const takes_more = "released_last";

static void release_one(struct turn *turn, const char *id, bool last)
{
    struct letter letter;
    if (!letter_load(&letter, turn, id))
        return;
    letter.notice.due_at = letter.now;
    letter.notice.reason = last ? takes_more : "released";
    letter_save(&letter);
}

void paused_release(struct turn *turn, const char *queue)
{
    struct texts waiting = turn_queue(turn, queue, RELEASE_MAX);
    for (size_t i = 0; i < waiting.count; i++)
        release_one(turn, waiting.at[i] + strlen(queue), i + 1 == RELEASE_MAX);
}

const char *paused_queue(struct arena *arena, const char *site)
{
    return arena_printf(arena, "paused/%s/", site);
}

bool letter_was_released(const struct letter *letter)
{
    return !strcmp(letter->notice.reason, "released") || !strcmp(letter->notice.reason, takes_more);
}

/* The next ones of the queue that this one stood in. */
static void release_more(struct turn *turn, const struct notice *notice)
{
    struct arena *arena = turn_arena(turn);
    paused_release(turn, paused_queue(arena, notice->site));
    if (*notice->playbook && !pace_is_stopped(turn, notice->site, notice->playbook))
        paused_release(turn, pace_queue(arena, notice->site, notice->playbook));
}

void on_notice_timer(struct turn *turn, const char *id)
{
    struct letter letter;
    if (!letter_load(&letter, turn, id))
        return;
    if (letter.notice.state != NOTICE_WAITING && letter.notice.state != NOTICE_RETRYING)
        return;
    bool more = !strcmp(letter.notice.reason, takes_more);
    bool paused = letter.site && letter.site->config && letter.site->config->sending_paused;
    letter_try(&letter);
    if (more && !paused)
        release_more(turn, &letter.notice);
}
