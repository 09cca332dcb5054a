#include "docket.h"

#include <stdlib.h>
#include <string.h>

#include "ident.h"

/* -------- what the customer complained about before */

static int by_time(const void *a, const void *b)
{
    const struct past_complaint *left = a, *right = b;
    return left->at < right->at ? -1 : left->at > right->at;
}

/* Under whichever record of theirs, oldest first. */
static struct past_complaint_list past_of(const struct docket *docket)
{
    struct texts family = turn_family(docket->turn, docket->file.site, docket->file.customer);
    struct past_complaint_list past = {NULL, 0};
    past.at = arena_alloc(docket->arena, (family.count * COMPLAINTS_KEPT_MAX + 1) * sizeof *past.at);
    for (size_t i = 0; i < family.count; i++) {
        const char *id = arena_printf(docket->arena, "%s/%s", docket->file.site, family.at[i]);
        const struct complainant *one = turn_get(docket->turn, ENTITY_COMPLAINANT, id);
        for (size_t j = 0; one && j < one->complaints.count; j++)
            past.at[past.count++] = one->complaints.at[j];
    }
    if (family.count > 1)
        qsort(past.at, past.count, sizeof *past.at, by_time);
    return past;
}

static bool is_within(const struct docket *docket, wall_ms past, struct span span)
{
    return (span.ms || span.days) && calendar_add(docket->calendar, past, span) >= docket->file.opened_at;
}

static bool is_repeat(const struct docket *docket, const struct past_complaint_list *past)
{
    for (size_t i = 0; i < past->count; i++)
        if (is_within(docket, past->at[i].at, docket->rules->repeat_within))
            return true;
    return false;
}

static const char *product_of(const struct complaint_received *said)
{
    return *said->product ? said->product : said->model;
}

static bool same_thing(const struct past_complaint *past, const struct complaint_received *said)
{
    if (*said->visit && *past->about)
        return !strcmp(said->visit, past->about);
    const char *product = product_of(said);
    return *product && !strcmp(product, past->model);
}

/* The case in which this matter is, or was lately, worked; NULL: a matter of its own. The latest goes first. */
static const char *duplicate_of(const struct docket *docket, const struct past_complaint_list *past,
                                const struct complaint_received *said)
{
    for (size_t i = past->count; i > 0; i--) {
        const struct past_complaint *one = &past->at[i - 1];
        if (!strcmp(one->category, docket->file.category) && same_thing(one, said) &&
            (one->open || is_within(docket, one->at, docket->rules->duplicate_within)))
            return one->case_id;
    }
    return NULL;
}

/* -------- opening */

/* By the playbook's late_after, as for follow-ups. */
static bool is_late(const struct docket *docket, wall_ms occurred_at)
{
    const struct playbook *playbook = turn_playbook(docket->turn, docket->file.playbook_hash);
    return occurred_at && playbook && calendar_add(docket->calendar, occurred_at, playbook->late_after) < docket->file.opened_at;
}

static void fill(struct docket *docket, const struct event *event, const struct complaint_received *said)
{
    struct complaint_case *file = &docket->file;
    file->source_id = said->complaint;
    file->customer = turn_survivor(docket->turn, event->site, event->customer);
    file->channel = said->channel;
    file->state = CASE_RECEIVED;
    file->opened_at = event->received_at ? event->received_at : docket->now;
    file->arrived_late = is_late(docket, event->occurred_at);
    file->voice = said->voice ? said->voice : VOICE_COMPLAINT;
    file->about = said->visit;
    file->product = product_of(said);
    file->employee = said->employee;
    file->attachments = said->attachments;
    file->task = said->task;
    file->cause = event->id;
    file->sealed = turn_seal(docket->turn, file->customer, EVENT_COMPLAINT_RECEIVED, said);
}

static void open_own(struct docket *docket)
{
    ladder_place(docket, ladder_entry(docket, docket->file.channel));
    clocks_start(docket);
    docket_remember(docket);
    docket_emit(docket, EVENT_CASE_OPENED, NULL, "");
}

static void open_linked(struct docket *docket, struct docket *into)
{
    docket_record(docket, EVENT_CASE_OPENED, NULL, "");
    docket_link(docket, into);
    docket_emit(docket, EVENT_CASE_LINKED, NULL, "the same matter again");
}

/* One who is not on record yet has bought nothing yet: the scheduler is just writing the record. */
static int class_of_new(const struct site *site, const struct event *event)
{
    for (size_t i = 0; *event->customer && site && i < site->playbook_count; i++)
        if (site->playbooks[i].playbook->classes.present)
            return CLASS_POTENTIAL;
    return CLASS_NONE;
}

void on_complaint_received(struct turn *turn, const struct event *event, const void *data)
{
    const struct complaint_received *said = data;
    const char *id = ident_make(turn_arena(turn), event->site, "%s", said->complaint);
    struct docket docket, into;
    if (turn_get(turn, ENTITY_CASE, id))
        return;
    docket_new(&docket, turn, id);
    fill(&docket, event, said);
    struct past_complaint_list past = past_of(&docket);
    const struct customer *customer = turn_customer(turn, event->site, event->customer);
    docket.file.customer_class = customer ? customer->class : class_of_new(docket.site, event);
    rules_classify(&docket, said, customer, is_repeat(&docket, &past));
    const char *same = duplicate_of(&docket, &past, said);
    if (same && docket_load(&into, turn, same))
        open_linked(&docket, &into);
    else
        open_own(&docket);
    docket_save(&docket);
}
