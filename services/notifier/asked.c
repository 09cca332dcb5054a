#include "letter.h"

#include "ident.h"

/* What is asked for: notices, and acts on them. */

/* -------- notice.wanted */

static void want_one(struct turn *turn, const struct event *event, const struct notice_wanted *wanted)
{
    struct letter letter;
    const char *id = ident_of_site(turn_arena(turn), event->site, wanted->notice);
    turn_expect_none(turn, ENTITY_NOTICE, id);
    if (turn_get(turn, ENTITY_NOTICE, id))
        return;
    letter_new(&letter, turn, event, wanted);
    if (letter.notice.due_at > letter.now)
        letter_save(&letter);
    else
        letter_try(&letter);
}

static void want_for_role(struct turn *turn, const struct event *event, const struct notice_wanted *wanted)
{
    struct texts people = staff_of_role(turn_site(turn, event->site), wanted->to_role, turn_arena(turn));
    struct notice_wanted one = *wanted;
    if (!people.count)
        want_one(turn, event, &one);
    for (size_t i = 0; i < people.count; i++) {
        one.to_staff = people.at[i];
        if (i)
            one.notice = ident_make(turn_arena(turn), event->site, "%s.%s", ident_local(wanted->notice), people.at[i]);
        want_one(turn, event, &one);
    }
}

void on_notice_wanted(struct turn *turn, const struct event *event, const void *data)
{
    const struct notice_wanted *wanted = data;
    if (*wanted->to_role && !*wanted->to_staff)
        want_for_role(turn, event, wanted);
    else
        want_one(turn, event, wanted);
}

/* -------- one notice: again, held, let go */

static bool open_named(struct letter *letter, struct turn *turn, const struct event *event,
                       const struct notice_act *act)
{
    const char *id = ident_of_site(turn_arena(turn), event->site, act->notice);
    if (*act->notice && letter_load(letter, turn, id))
        return true;
    turn_refuse(turn, *act->notice ? "not_found" : "bad_value", *act->notice ? act->notice : "notice: which one?");
    return false;
}

static bool refuse_state(struct letter *letter, bool possible)
{
    const char *state = words_name(&notice_state_words, letter->notice.state);
    if (!possible)
        turn_refuse(letter->turn, "wrong_state", arena_printf(letter->arena, "the notice is %s", state));
    return !possible;
}

static void begin_anew(struct letter *letter)
{
    struct notice *notice = &letter->notice;
    notice->state = NOTICE_WAITING;
    notice->channel_index = notice->channel_attempt = 0;
    notice->valid_until = 0;
    notice->due_at = letter->now;
    notice->reason = "";
    letter_find_text(letter);
}

static void send_again(struct letter *letter, const char *reason)
{
    begin_anew(letter);
    letter_emit(letter, EVENT_NOTICE_RESENT, SEND_NONE, 0, reason, "");
    letter_try(letter);
}

void on_notice_resend(struct turn *turn, const struct event *event, const void *data)
{
    const struct notice_act *act = data;
    struct letter letter;
    if (!open_named(&letter, turn, event, act))
        return;
    bool possible = letter.notice.state == NOTICE_DEAD || letter.notice.state == NOTICE_HELD;
    if (!refuse_state(&letter, possible))
        send_again(&letter, act->reason);
}

static void hold_one(struct turn *turn, const struct event *event, const struct notice_act *act)
{
    struct letter letter;
    if (!open_named(&letter, turn, event, act))
        return;
    bool possible = letter.notice.state == NOTICE_WAITING || letter.notice.state == NOTICE_RETRYING;
    if (refuse_state(&letter, possible))
        return;
    letter_hold(&letter, "paused", act->reason);
    letter_save(&letter);
}

static void let_go_one(struct turn *turn, const struct event *event, const struct notice_act *act)
{
    struct letter letter;
    if (!open_named(&letter, turn, event, act) || refuse_state(&letter, letter.notice.state == NOTICE_HELD))
        return;
    send_again(&letter, act->reason);
}

/* -------- all of a site */

static void set_paused(struct turn *turn, const struct event *event, const struct notice_act *act, bool paused)
{
    const struct site_config *config = turn_get(turn, ENTITY_NOTIFIER_SITE, event->site);
    struct site_config after = {.id = event->site};
    if (config)
        after = *config;
    after.sending_paused = paused;
    turn_put(turn, ENTITY_NOTIFIER_SITE, event->site, &after, 0, NULL);
    turn_emit(turn, paused ? EVENT_SENDING_PAUSED : EVENT_SENDING_RESUMED, act, NULL);
}

/* What waits because this playbook was stopped. */
static void resume_playbook(struct turn *turn, const struct event *event, const struct notice_act *act)
{
    if (!pace_resume(turn, event->site, act->playbook)) {
        turn_refuse(turn, "wrong_state", arena_printf(turn_arena(turn), "%s is not stopped", act->playbook));
        return;
    }
    turn_emit(turn, EVENT_SENDING_RESUMED, act, NULL);
    paused_release(turn, pace_queue(turn_arena(turn), event->site, act->playbook));
}

void on_sending_pause(struct turn *turn, const struct event *event, const void *data)
{
    const struct notice_act *act = data;
    if (*act->notice)
        hold_one(turn, event, act);
    else
        set_paused(turn, event, act, true);
}

void on_sending_resume(struct turn *turn, const struct event *event, const void *data)
{
    const struct notice_act *act = data;
    if (*act->notice) {
        let_go_one(turn, event, act);
        return;
    }
    if (*act->playbook) {
        resume_playbook(turn, event, act);
        return;
    }
    set_paused(turn, event, act, false);
    paused_release(turn, paused_queue(turn_arena(turn), event->site));
}
