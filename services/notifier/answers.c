#include "letter.h"

#include <string.h>

#include "ident.h"

/* What comes back from outside: ends of attempts, receipts. */

/* Nobody knows yet whether the last attempt arrived. */
static bool is_open_question(const struct notice *notice)
{
    return (notice->state == NOTICE_HELD || notice->state == NOTICE_RETRYING) &&
           (!strcmp(notice->reason, "unknown") || !strcmp(notice->reason, "query"));
}

void on_send_finished(struct turn *turn, const struct event *event, const void *data)
{
    const struct send_finished *finished = data;
    struct letter letter;
    (void)event;
    if (!letter_load(&letter, turn, finished->notice) || finished->attempt != letter.notice.attempt)
        return;
    bool late_answer = is_open_question(&letter.notice) && finished->result != SEND_UNKNOWN;
    if (letter.notice.state == NOTICE_SENDING || (late_answer && finished->result == SEND_ACCEPTED))
        letter_finish(&letter, finished->result, finished->detail);
}

/* The contact is no good, whatever becomes of this notice. */
static void tell_bounced(struct letter *letter, int channel, const char *detail)
{
    const struct notice *notice = &letter->notice;
    struct notice_changed changed = {
        .notice = notice->id, .template = notice->template, .to_staff = notice->to_staff, .channel = channel,
        .attempt = notice->attempt, .reason = "bounced", .detail = detail, .plan = notice->plan, .step = notice->step,
        .about = notice->about,
    };
    struct event like = event_of(EVENT_NOTICE_BOUNCED);
    like.subject = notice->id;
    like.customer = notice->customer;
    turn_emit(letter->turn, EVENT_NOTICE_BOUNCED, &changed, &like);
}

void on_receipt_arrived(struct turn *turn, const struct event *event, const void *data)
{
    const struct receipt_arrived *receipt = data;
    struct letter letter;
    if (!letter_load(&letter, turn, ident_of_site(turn_arena(turn), event->site, receipt->notice)))
        return;
    bool delivered = !strcmp(receipt->result, "delivered"), bounced = !strcmp(receipt->result, "bounced");
    int channel = receipt->channel ? receipt->channel : letter_channel(&letter);
    if (bounced)
        tell_bounced(&letter, channel, receipt->detail);
    if (channel != letter_channel(&letter))
        return;                     /* another channel has taken over since */
    if (is_open_question(&letter.notice)) {
        letter_finish(&letter, delivered ? SEND_ACCEPTED : SEND_PERMANENT, receipt->detail);
    } else if (letter.notice.state == NOTICE_SENT && !delivered) {
        letter_came_back(&letter, receipt->result, receipt->detail);
    } else if (letter.notice.state == NOTICE_SENT) {
        letter.notice.reason = receipt->result;
        letter_save(&letter);
    }
}
