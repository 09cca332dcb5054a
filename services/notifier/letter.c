#include "letter.h"

#include <assert.h>
#include <string.h>

#include "ident.h"

static void letter_begin(struct letter *letter, struct turn *turn)
{
    *letter = (struct letter){.turn = turn, .arena = turn_arena(turn), .now = turn_now(turn)};
    letter->site = turn_site(turn, turn_event(turn)->site);
    letter->calendar = letter->site ? letter->site->calendar : calendar_everyday();
}

void letter_know_customer(struct letter *letter)
{
    const struct notice *notice = &letter->notice;
    if (*notice->to_staff || !*notice->customer)
        return;
    letter->customer = turn_customer(letter->turn, notice->site, notice->customer);
}

bool letter_load(struct letter *letter, struct turn *turn, const char *id)
{
    const struct notice *stored = turn_get(turn, ENTITY_NOTICE, id);
    if (!stored)
        return false;
    letter_begin(letter, turn);
    letter->notice = *stored;
    return true;
}

void letter_new(struct letter *letter, struct turn *turn, const struct event *event, const struct notice_wanted *wanted)
{
    letter_begin(letter, turn);
    struct notice *notice = &letter->notice;
    *notice = *(struct notice *)record_new(&notice_record, letter->arena);
    notice->id = ident_of_site(letter->arena, event->site, wanted->notice);
    notice->site = event->site;
    notice->to_staff = wanted->to_staff;
    notice->customer = *wanted->to_staff || *wanted->to_role ? "" : event->customer;
    notice->template = wanted->template;
    notice->purpose = wanted->purpose;
    notice->priority = wanted->priority ? wanted->priority : PRIORITY_NORMAL;
    notice->state = NOTICE_WAITING;
    notice->first_channel = wanted->channel;
    notice->due_at = wanted->due_at > letter->now ? wanted->due_at : letter->now;
    notice->valid_until = wanted->valid_until;
    notice->asked_at = letter->now;
    notice->plan = wanted->plan;
    notice->step = wanted->step;
    notice->about = wanted->about;
    notice->templates = wanted->templates;
    notice->playbook = wanted->playbook;
    letter_find_text(letter);
    notice->variables = wanted->variables;
    notice->cause = event->id;
}

bool letter_find_text(struct letter *letter)
{
    struct notice *notice = &letter->notice;
    const struct templates_in_force *found =
        letter->site ? site_templates(letter->site, notice->templates, notice->template) : NULL;
    notice->templates_hash = found ? found->hash : "";
    return found;
}

static const char *queue_of(const struct letter *letter)
{
    const struct notice *notice = &letter->notice;
    const char *list = "";
    if (notice->state == NOTICE_SENDING)
        list = "sending";
    else if (notice->state == NOTICE_DEAD)
        list = "dead";
    else if (notice->state == NOTICE_HELD)
        list = "held";
    else if (!notice->due_at && (notice->state == NOTICE_WAITING || notice->state == NOTICE_RETRYING))
        return arena_printf(letter->arena, "%s%s",
                            !strcmp(notice->reason, "stopped") ? pace_queue(letter->arena, notice->site, notice->playbook)
                                                               : paused_queue(letter->arena, notice->site), notice->id);
    return *list ? arena_printf(letter->arena, "%s/%s/%s", list, notice->site, notice->id) : "";
}

void letter_save(struct letter *letter)
{
    struct notice *notice = &letter->notice;
    bool over = notice->state == NOTICE_SENT || notice->state == NOTICE_SKIPPED || notice->state == NOTICE_DEAD;
    if (over || notice->state == NOTICE_SENDING)
        notice->due_at = 0;
    turn_put(letter->turn, ENTITY_NOTICE, notice->id, notice, notice->due_at, queue_of(letter));
}

int letter_channel(const struct letter *letter)
{
    const struct notice *notice = &letter->notice;
    if ((size_t)notice->channel_index >= notice->channels.count)
        return NOTICE_CHANNEL_NONE;
    int channel = words_find(&notice_channel_words, notice->channels.at[notice->channel_index]);
    return channel < 0 ? NOTICE_CHANNEL_NONE : channel;
}

void letter_emit(struct letter *letter, enum event_number number, int result, wall_ms until, const char *reason,
                 const char *detail)
{
    const struct notice *notice = &letter->notice;
    struct notice_changed changed = {
        .notice = notice->id, .template = notice->template, .to_staff = notice->to_staff,
        .channel = letter_channel(letter),
        .attempt = notice->attempt, .result = result, .until = until, .reason = reason, .detail = detail,
        .plan = notice->plan, .step = notice->step, .about = notice->about,
    };
    struct event like = event_of(number);
    like.subject = notice->id;
    like.customer = notice->customer;
    turn_emit(letter->turn, number, &changed, &like);
}

/* -------- ends */

static void letter_end(struct letter *letter, enum notice_state state, const char *reason)
{
    const struct notice *notice = &letter->notice;
    assert(state == NOTICE_SKIPPED || state == NOTICE_DEAD || state == NOTICE_HELD);
    letter->notice.state = state;
    letter->notice.reason = reason;
    letter->notice.due_at = 0;
    if (*notice->customer && notice->attempt && state != NOTICE_HELD)
        contact_forget(letter->turn, contacts_of(letter->turn, notice->site, notice->customer), notice->id);
}

void letter_skip(struct letter *letter, const char *reason)
{
    letter_end(letter, NOTICE_SKIPPED, reason);
    letter_emit(letter, EVENT_NOTICE_SKIPPED, SEND_NONE, 0, reason, "");
}

void letter_die(struct letter *letter, const char *reason, const char *detail)
{
    letter_end(letter, NOTICE_DEAD, reason);
    letter_emit(letter, EVENT_NOTICE_DEAD, SEND_NONE, 0, reason, detail);
}

void letter_hold(struct letter *letter, const char *reason, const char *detail)
{
    letter_end(letter, NOTICE_HELD, reason);
    letter_emit(letter, EVENT_NOTICE_HELD, SEND_NONE, 0, reason, detail);
}
