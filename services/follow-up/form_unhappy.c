#include <stdlib.h>

#include "follow_up.h"
#include "ident.h"

/* A form that says that somebody is not content: a complaint is opened at once. It has the form's own number, so that
 * rules about the form can wait for what becomes of the complaint. */

static bool has_changed(const struct form_words *said)
{
    return said->satisfaction_now && said->satisfaction_now != said->satisfaction_before;
}

void form_unhappy_follow(struct turn *turn, const struct event *event, const struct filled_form *form,
                         const struct form_words *said)
{
    if (!has_changed(said) || said->satisfaction_now > said->at_most)
        return;
    if (said->satisfaction_before && said->satisfaction_before <= said->at_most)
        return;                     /* there is one already */
    struct complaint_received complaint = {
        .complaint = ident_fit(turn_arena(turn), ident_local(form->id), FORM_COMPLAINT_BYTES),
        .channel = CHANNEL_IN_FOLLOW_UP, .text = said->words, .satisfaction = said->satisfaction_now,
        .visit = form->links.count ? form->links.at[0] : "", .task = form->task,
    };
    struct event like = event_of(EVENT_COMPLAINT_RECEIVED);
    like.customer = form->customer;
    like.subject = complaint.complaint;
    like.occurred_at = event->occurred_at;
    like.received_at = turn_now(turn);
    turn_emit(turn, EVENT_COMPLAINT_RECEIVED, &complaint, &like);
}
