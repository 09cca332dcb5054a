#include "whom.h"

#include <assert.h>

#include "cursor.h"
#include "entity.h"
#include "partition.h"

enum { CUSTOMER_ROOM_BYTES = 24 };

struct asking {
    const struct acceptor *acceptor;
    const struct event *event;
    const void *data;
    struct arena *arena;
};

static const char *text_at(const struct record *record, const void *at, const char *name)
{
    const struct field *field = record_field(record, name);
    if (!field || field->kind != FIELD_TEXT)
        return "";
    return *(const char *const *)((const char *)at + field->offset);
}

static const char *data_text(const struct asking *asking, const char *name)
{
    return text_at(event_types[asking->event->number].data, asking->data, name);
}

/* Whom a task, a case or a form is about, as the store knows. */
static const char *customer_of_entity(const struct asking *asking, enum entity_kind kind, const char *id)
{
    struct store *store = asking->acceptor->store;
    struct stored_entity entity = {0};
    uint32_t partition = partition_of_site(asking->event->site, asking->acceptor->partitions);
    if (!store || !*id ||
        store_read_entities_one(store, partition, kind, &id, 1, asking->arena, &entity) != STORE_OK || !entity.version)
        return "";
    const void *record = entity_read(kind, id, entity.packed, asking->arena);
    assert(record_field(entity_types[kind].record, "customer"));
    return record ? text_at(entity_types[kind].record, record, "customer") : "";
}

/* What a form says in a field of this name; "" if it is no form. */
static const char *form_text(const struct asking *asking, const char *name)
{
    struct slice value, text;
    if (asking->event->number != EVENT_FORM_FILL)
        return "";
    const struct form_fill *act = asking->data;
    if (!act->fields.bytes || !cursor_find(act->fields, name, &value))
        return "";
    struct cursor cursor = cursor_over(value);
    return cursor_text(&cursor, &text) ? arena_text(asking->arena, text.at, text.bytes) : "";
}

/* The contact point in the data, or in the fields of a form. */
static const char *contact_of(const struct asking *asking)
{
    static const char *const names[] = {"mobile", "email", "webhook"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *told = data_text(asking, names[i]);
        told = *told ? told : form_text(asking, names[i]);
        if (*told)
            return contact_normal(asking->arena, told);
    }
    return "";
}

/* A form that is there already knows whom it is about; one about nobody is the site's own. */
static const char *customer_of_form(const struct asking *asking)
{
    return customer_of_entity(asking, ENTITY_FORM,
                              arena_printf(asking->arena, "%s/%s.%s", asking->event->site, data_text(asking, "form"),
                                           data_text(asking, "number")));
}

static const char *customer_known(const struct asking *asking, bool personal)
{
    const char *customer = asking->event->customer;
    if (!*customer && personal)
        customer = customer_of_entity(asking, ENTITY_TASK, data_text(asking, "task"));
    if (!*customer && personal)
        customer = customer_of_entity(asking, ENTITY_CASE, data_text(asking, "case_id"));
    if (!*customer && asking->event->number == EVENT_FORM_FILL)
        customer = customer_of_form(asking);
    return customer;
}

const char *whom_of(const struct acceptor *acceptor, const struct event *event, const void *data, bool personal,
                    struct arena *arena)
{
    const struct asking asking = {acceptor, event, data, arena};
    const char *customer = customer_known(&asking, personal);
    if (*customer)
        return customer;
    const char *contact = contact_of(&asking);
    if (!*contact && (!personal || event->number == EVENT_FORM_FILL))
        return "";
    if (!*contact)
        contact = arena_printf(arena, "%s\n%s", event->source, event->id);
    char *made = arena_alloc(arena, CUSTOMER_ROOM_BYTES);
    seal_customer_id(acceptor->sealer, event->site, contact, made);
    return made;
}
