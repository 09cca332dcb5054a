#include <string.h>

#include "buffer.h"
#include "ident.h"
#include "scheduler.h"

/* The record of a customer, put together from every fact that names one. */

const struct customer *customer_of(struct turn *turn, const char *site, const char *customer)
{
    return turn_customer(turn, site, customer);
}

wall_ms event_happened(const struct event *event)
{
    return event->occurred_at ? event->occurred_at : event->received_at ? event->received_at : event->time;
}

struct customer customer_copy(struct turn *turn, const struct event *event)
{
    const struct customer *stored = customer_of(turn, event->site, event->customer);
    struct arena *arena = turn_arena(turn);
    struct customer copy = stored ? *stored : *(struct customer *)record_new(&customer_record, arena);
    if (!stored) {
        copy.id = ident_make(arena, event->site, "%s", event->customer);
        copy.site = event->site;
        copy.first_recorded_at = event_happened(event);
    }
    return copy;
}

/* -------- what personal fields say */

static bool text_merge(const char **kept, const char *told)
{
    if (!told || !*told || (*kept && !strcmp(*kept, told)))
        return false;
    *kept = told;
    return true;
}

static bool person_merge(struct customer_recorded *kept, const struct customer_recorded *told)
{
    bool changed = text_merge(&kept->name, told->name);
    changed |= text_merge(&kept->mobile, told->mobile);
    changed |= text_merge(&kept->email, told->email);
    changed |= text_merge(&kept->address, told->address);
    changed |= text_merge(&kept->webhook, told->webhook);
    changed |= text_merge(&kept->wechat, told->wechat);
    changed |= text_merge(&kept->weibo, told->weibo);
    changed |= text_merge(&kept->summary, told->summary);
    changed |= text_merge(&kept->plate, told->plate);
    if (told->attributes.bytes) {
        kept->attributes = told->attributes;
        changed = true;
    }
    return changed;
}

static bool text_given(const char *text)
{
    return text && *text;
}

static bool person_given(const struct customer_recorded *person)
{
    return text_given(person->name) || text_given(person->mobile) || text_given(person->email) ||
           text_given(person->address) || text_given(person->webhook) || text_given(person->wechat) ||
           text_given(person->weibo) || text_given(person->summary) || text_given(person->plate) ||
           person->attributes.bytes;
}

/* Another contact than the one that bounced. */
static void channel_mend(struct turn *turn, struct customer *to, const char *channel, const char *before, const char *after)
{
    size_t count = 0;
    if (!to->bad_channels.count || !strcmp(before ? before : "", after ? after : ""))
        return;
    const char **at = arena_alloc(turn_arena(turn), to->bad_channels.count * sizeof *at);
    for (size_t i = 0; i < to->bad_channels.count; i++)
        if (strcmp(to->bad_channels.at[i], channel))
            at[count++] = to->bad_channels.at[i];
    to->bad_channels = (struct texts){at, count};
}

void customer_bounced(struct turn *turn, const struct event *event, const void *data)
{
    const struct notice_changed *notice = data;
    const char *channel = words_name(&notice_channel_words, notice->channel);
    const struct customer *before = customer_of(turn, event->site, event->customer);
    if (!before || !notice->channel || before->bad_channels.count == CUSTOMER_BAD_CHANNELS_MAX)
        return;
    for (size_t i = 0; i < before->bad_channels.count; i++)
        if (!strcmp(before->bad_channels.at[i], channel))
            return;
    struct customer after = *before;
    const char **at = arena_alloc(turn_arena(turn), (before->bad_channels.count + 1) * sizeof *at);
    if (before->bad_channels.count)
        memcpy(at, before->bad_channels.at, before->bad_channels.count * sizeof *at);
    at[before->bad_channels.count] = channel;
    after.bad_channels = (struct texts){at, before->bad_channels.count + 1};
    customer_store(turn, before, &after);
}

static void customer_learn(struct turn *turn, const char *customer_id, const struct sighting *seen, struct customer *to)
{
    if (!person_given(&seen->person))
        return;
    const void *opened = turn_open(turn, customer_id, to->sealed, &customer_recorded_record);
    struct customer_recorded person = opened ? *(const struct customer_recorded *)opened
                                             : *(struct customer_recorded *)record_new(&customer_recorded_record, turn_arena(turn));
    const struct customer_recorded known = person;
    if (!person_merge(&person, &seen->person))
        return;
    channel_mend(turn, to, "sms", known.mobile, person.mobile);
    channel_mend(turn, to, "email", known.email, person.email);
    channel_mend(turn, to, "webhook", known.webhook, person.webhook);
    channel_mend(turn, to, "wechat", known.wechat, person.wechat);
    channel_mend(turn, to, "weibo", known.weibo, person.weibo);
    to->sealed = turn_seal(turn, customer_id, EVENT_CUSTOMER_RECORDED, &person);
    to->has_mobile = text_given(person.mobile);
    to->has_email = text_given(person.email);
    to->has_webhook = text_given(person.webhook);
    to->has_wechat = text_given(person.wechat);
    to->has_weibo = text_given(person.weibo);
}

/* -------- history */

static bool history_has(const struct customer *customer, const char *what, const char *about)
{
    for (size_t i = 0; i < customer->history.count; i++)
        if (!strcmp(customer->history.at[i].what, what) && !strcmp(customer->history.at[i].about, about))
            return true;
    return false;
}

static void history_add(struct turn *turn, struct customer *to, const struct past_contact *past)
{
    size_t keep = to->history.count < CUSTOMER_HISTORY_MAX ? to->history.count : CUSTOMER_HISTORY_MAX - 1;
    struct past_contact *at = arena_alloc(turn_arena(turn), (keep + 1) * sizeof *at);
    if (keep)
        memcpy(at, to->history.at + to->history.count - keep, keep * sizeof *at);
    at[keep] = *past;
    to->history = (struct past_contact_list){at, keep + 1};
}

/* The same delivery or visit told twice counts once. */
static void customer_count(struct turn *turn, const struct event *event, const struct sighting *seen, struct customer *to)
{
    if (!*seen->about || history_has(to, event->type, seen->about))
        return;
    wall_ms at = event_happened(event);
    history_add(turn, to, &(struct past_contact){.what = event->type, .about = seen->about, .at = at});
    if (!seen->paid)
        return;
    to->spending_cents += seen->amount_cents > 0 ? seen->amount_cents : 0;
    to->visits++;
    if (at > to->last_seen_at)
        to->last_seen_at = at;
}

/* -------- storing, and telling what changed */

static bool text_differs(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") != 0;
}

static bool texts_differ(const struct texts *a, const struct texts *b)
{
    if (a->count != b->count)
        return true;
    for (size_t i = 0; i < a->count; i++)
        if (strcmp(a->at[i], b->at[i]))
            return true;
    return false;
}

static size_t changes_find(const struct customer *a, const struct customer *b, const char *names[16])
{
    size_t count = 0;
    if (a->class != b->class)
        names[count++] = "class";
    if (text_differs(a->owner, b->owner))
        names[count++] = "owner";
    if (text_differs(a->level, b->level))
        names[count++] = "level";
    if (text_differs(a->language, b->language))
        names[count++] = "language";
    if (text_differs(a->preference, b->preference))
        names[count++] = "preference";
    if (text_differs(a->interests, b->interests))
        names[count++] = "interests";
    if (texts_differ(&a->channels, &b->channels))
        names[count++] = "channels";
    if (texts_differ(&a->bad_channels, &b->bad_channels))
        names[count++] = "bad_channels";
    if (a->quiet_from_min != b->quiet_from_min || a->quiet_to_min != b->quiet_to_min)
        names[count++] = "quiet_hours";
    if (a->do_not_call != b->do_not_call)
        names[count++] = "do_not_call";
    if (a->do_not_message != b->do_not_message)
        names[count++] = "do_not_message";
    if (a->cap_per_day != b->cap_per_day)
        names[count++] = "cap_per_day";
    if (a->cap_per_week != b->cap_per_week)
        names[count++] = "cap_per_week";
    return count;
}

const char *customers_prefix(struct turn *turn, const char *site)
{
    return arena_printf(turn_arena(turn), "customers/%s/", site);
}

/* All customers of a site stand in one list, by which rules that concern all of them go. */
static const char *customer_place(struct turn *turn, const struct customer *customer)
{
    return arena_printf(turn_arena(turn), "%s%s", customers_prefix(turn, customer->site), ident_local(customer->id));
}

void customer_keep(struct turn *turn, const struct customer *customer)
{
    turn_put_lasting(turn, ENTITY_CUSTOMER, customer->id, customer, 0, customer_place(turn, customer));
}

void customer_store(struct turn *turn, const struct customer *before, const struct customer *after)
{
    static const struct customer nobody;
    const struct customer *old = before ? before : &nobody;
    const char **names = arena_alloc(turn_arena(turn), 16 * sizeof *names);
    struct customer kept = *after;
    kept.changed_at = turn_now(turn);
    customer_keep(turn, &kept);
    size_t count = changes_find(old, after, names);
    if (!count)
        return;
    struct customer_changed change = {
        .class = after->class,
        .class_before = old->class != after->class ? old->class : CLASS_NONE,
        .owner = after->owner,
        .changed = {names, count},
    };
    struct event like = event_of(EVENT_CUSTOMER_CHANGED);
    like.customer = ident_local(after->id);
    like.subject = after->id;
    turn_emit(turn, EVENT_CUSTOMER_CHANGED, &change, &like);
}

/* A form is part of what happened with its customer; once, when it is complete. */
void customer_form_filled(struct turn *turn, const struct event *event, const void *data)
{
    const struct form_changed *form = data;
    const struct customer *before = customer_of(turn, event->site, event->customer);
    const char *what = arena_printf(turn_arena(turn), "form.%s", form->form);
    if (!before || history_has(before, what, form->number))
        return;
    struct customer after = *before;
    history_add(turn, &after, &(struct past_contact){.what = what, .about = form->number, .at = event_happened(event)});
    customer_store(turn, before, &after);
}

static void customer_see(struct turn *turn, const struct event *event, const struct sighting *seen)
{
    const struct customer *before = customer_of(turn, event->site, event->customer);
    struct customer after = customer_copy(turn, event);
    customer_learn(turn, event->customer, seen, &after);
    customer_count(turn, event, seen, &after);
    text_merge(&after.owner, seen->owner);
    text_merge(&after.language, seen->language);
    text_merge(&after.preference, seen->preference);
    text_merge(&after.interests, seen->interests);
    if (seen->kind)
        after.kind = seen->kind;
    if (seen->attachments.count)
        after.attachments = seen->attachments;
    after.message_first |= seen->message_first;
    if (event_happened(event) < after.first_recorded_at)
        after.first_recorded_at = event_happened(event);
    class_settle(turn_site(turn, event->site), seen, before, &after);
    customer_store(turn, before, &after);
}

/* Notes it in a merged record; the id of the one that it was merged into, "" if it was not. */
static const char *note_merged(struct turn *turn, const struct event *event, const struct sighting *seen, const char *customer)
{
    const struct customer *stored = turn_get(turn, ENTITY_CUSTOMER, ident_make(turn_arena(turn), event->site, "%s", customer));
    if (!stored || !*stored->merged_into)
        return "";
    struct customer after = *stored;
    customer_learn(turn, customer, seen, &after);
    customer_count(turn, event, seen, &after);
    turn_put(turn, ENTITY_CUSTOMER, after.id, &after, 0, "");
    return after.merged_into;
}

void customer_note_merged(struct turn *turn, const struct event *event, const void *data)
{
    struct sighting seen;
    const char *customer = event->customer;
    if (!sighting_of(event, data, &seen))
        return;
    while (*customer)
        customer = note_merged(turn, event, &seen, customer);
}

void customer_set(struct turn *turn, const struct customer *before, const struct customer_settings *sets)
{
    struct customer after = *before;
    const struct sighting seen = {.about = "", .class_by_hand = sets->class, .owner = sets->owner};
    text_merge(&after.owner, sets->owner);
    text_merge(&after.language, sets->language);
    text_merge(&after.preference, sets->preference);
    class_settle(turn_site(turn, before->site), &seen, before, &after);
    customer_store(turn, before, &after);
}

void customer_meet(struct turn *turn, const struct event *event, const void *data)
{
    struct sighting seen;
    if (*event->customer && sighting_of(event, data, &seen))
        customer_see(turn, event, &seen);
}

void customer_form_met(struct turn *turn, const struct event *event, const void *data)
{
    struct sighting seen;
    if (*event->customer && sighting_of_form(turn, event, data, &seen))
        customer_see(turn, event, &seen);
}
