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

void paused_release(struct turn *turn, const char *site)
{
    const char *prefix = arena_printf(turn_arena(turn), "paused/%s/", site);
    struct texts waiting = turn_queue(turn, prefix, RELEASE_MAX);
    for (size_t i = 0; i < waiting.count; i++)
        release_one(turn, waiting.at[i] + strlen(prefix), i + 1 == RELEASE_MAX);
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
        paused_release(turn, letter.notice.site);
}
