#include "letter.h"

#include <stdio.h>

static void on_agent_changed(struct turn *turn, const struct event *event, const void *data)
{
    const struct site_config *config = turn_get(turn, ENTITY_NOTIFIER_SITE, event->site);
    if (config)
        turn_put(turn, ENTITY_NOTIFIER_SITE, event->site, site_config_presence(config, data, turn_arena(turn)), 0,
                 NULL);
}

/* Met or written to by a person: it counts as a contact like any other. */
static void on_contact_made(struct turn *turn, const struct event *event, const void *data)
{
    const struct contact_made *contact = data;
    const struct site *site = turn_site(turn, event->site);
    if (*event->customer && !gate_is_exempt(site ? site_contact_rules(site) : NULL, contact->purpose))
        contact_note(turn, contacts_of(turn, event->site, event->customer), contact->way, contact->contact, true);
}

static void timer(struct turn *turn, enum entity_kind kind, const char *id, const void *entity)
{
    (void)entity;
    if (kind == ENTITY_NOTICE)
        on_notice_timer(turn, id);
    if (kind == ENTITY_DIGEST)
        on_digest_timer(turn, id);
}

/* What was taken needs no record of whom it went to. */
static void prefetch(const struct event *event, const void *data,
                     void (*want)(void *context, enum entity_kind, const char *id), void *context)
{
    char customer[2 * NAME_BYTES_MAX + 2];
    const struct send_finished *finished = event->number == EVENT_SEND_FINISHED ? data : NULL;
    bool is_wanted = event->number == EVENT_NOTICE_WANTED;
    bool is_call = event->number == EVENT_TASK_ATTEMPTED || event->number == EVENT_TASK_CLOSED;
    if (finished)
        want(context, ENTITY_NOTICE, finished->notice);
    if (!*event->customer || (finished && finished->result == SEND_ACCEPTED))
        return;
    snprintf(customer, sizeof customer, "%s/%s", event->site, event->customer);
    if (is_wanted || finished || is_call)
        want(context, ENTITY_CUSTOMER, customer);
    if (is_wanted || is_call)
        want(context, ENTITY_CONTACTS, customer);
}

static const event_handler handlers[EVENT_COUNT] = {
    [EVENT_NOTICE_WANTED] = on_notice_wanted,
    [EVENT_SEND_FINISHED] = on_send_finished,
    [EVENT_RECEIPT_ARRIVED] = on_receipt_arrived,
    [EVENT_CONTACT_MADE] = on_contact_made,
    [EVENT_NOTICE_RESEND] = on_notice_resend,
    [EVENT_SENDING_PAUSE] = on_sending_pause,
    [EVENT_SENDING_RESUME] = on_sending_resume,
    [EVENT_TASK_ATTEMPTED] = on_call_made,
    [EVENT_TASK_CLOSED] = on_call_made,
    [EVENT_AGENT_CHANGED] = on_agent_changed,
    [EVENT_CUSTOMER_MERGED] = on_contacts_merged,
};

const struct core notifier_core = {
    .stage = STAGE_NOTIFIER,
    .handlers = handlers,
    .on_timer = timer,
    .site_kind = ENTITY_NOTIFIER_SITE,
    .prefetch = prefetch,
};
