#include "scheduler.h"

/* What each type of fact tells of its customer. */

static void see_record(const void *data, struct sighting *to)
{
    const struct customer_recorded *record = data;
    to->person = *record;
    to->kind = record->kind;
    to->class_by_hand = record->class;
    to->owner = record->owner;
    to->language = record->language;
    to->preference = record->preference;
    to->interests = record->interests;
    to->attachments = record->attachments;
}

static void see_delivery(const void *data, struct sighting *to)
{
    const struct car_delivered *car = data;
    to->about = car->order;
    to->person = (struct customer_recorded){.name = car->name, .mobile = car->mobile, .email = car->email};
    to->kind = car->customer_kind;
    to->class_marked = car->customer_class;
    to->message_first = car->message_first;
    to->paid = true;
    to->amount_cents = car->amount_cents;
}

static void see_visit(const void *data, struct sighting *to)
{
    const struct visit_finished *visit = data;
    to->about = visit->visit;
    to->person = (struct customer_recorded){.name = visit->name, .mobile = visit->mobile, .email = visit->email,
                                           .plate = visit->plate};
    to->kind = visit->customer_kind;
    to->class_marked = visit->customer_class;
    to->message_first = visit->message_first;
    to->paid = true;
    to->amount_cents = visit->amount_cents;
}

static void see_complaint(const void *data, struct sighting *to)
{
    const struct complaint_received *complaint = data;
    to->about = complaint->complaint;
    to->person = (struct customer_recorded){.name = complaint->name, .mobile = complaint->mobile, .email = complaint->email};
}

static void see_contact(const void *data, struct sighting *to)
{
    const struct contact_made *contact = data;
    to->about = contact->contact;
    to->person = (struct customer_recorded){.name = contact->name, .mobile = contact->mobile, .email = contact->email};
}

static void (*const seers[EVENT_COUNT])(const void *data, struct sighting *to) = {
    [EVENT_CUSTOMER_RECORDED] = see_record,
    [EVENT_CAR_DELIVERED] = see_delivery,
    [EVENT_VISIT_FINISHED] = see_visit,
    [EVENT_COMPLAINT_RECEIVED] = see_complaint,
    [EVENT_CONTACT_MADE] = see_contact,
};

bool sighting_of(const struct event *event, const void *data, struct sighting *ret)
{
    if (!seers[event->number])
        return false;
    *ret = (struct sighting){.about = ""};
    seers[event->number](data, ret);
    return true;
}
