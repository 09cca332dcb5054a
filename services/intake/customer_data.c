#include "customer_data.h"

#include <stdio.h>
#include <string.h>

struct laying {
    const struct record *record;
    struct value *data;                 /* has room for what is laid into it */
    const struct value **customer;
    struct fault *fault;
};

static bool laying_fault(struct laying *laying, const char *name, const char *what)
{
    char path[128];
    snprintf(path, sizeof path, "data.customer.%.64s", name);
    return fault_at(laying->fault, path, "%s", what);
}

/* `kind` of a visit is what was done; `kind` of the customer in it is customer_kind. */
static const struct field *field_of(const struct record *record, const char *name)
{
    char own[96];
    snprintf(own, sizeof own, "customer_%.80s", name);
    const struct field *field = record_field(record, own);
    return field ? field : record_field(record, name);
}

static bool lay_field(struct laying *laying, const char *name, const struct value *value)
{
    const struct field *field = field_of(laying->record, name);
    if (!field)
        return laying_fault(laying, name, "is not known");
    if (value_member(laying->data, field->name)) {
        char what[128];
        snprintf(what, sizeof what, "is told twice: %s stands beside it", field->name);
        return laying_fault(laying, name, what);
    }
    struct value *to = &laying->data->at[laying->data->count++];
    *to = *value;
    to->name = (struct slice){(const uint8_t *)field->name, field->name_bytes};
    return true;
}

/* Of an event's own id it is known that it is a text or null. */
static bool is_same_id(const struct value *one, const struct value *other)
{
    if (one->kind != VALUE_TEXT || other->kind != VALUE_TEXT)
        return one->kind == VALUE_NULL && other->kind == VALUE_NULL;
    return one->text.bytes == other->text.bytes && !memcmp(one->text.at, other->text.at, one->text.bytes);
}

static bool lay_id(struct laying *laying, const struct value *id, const char *path)
{
    if (*laying->customer && !is_same_id(*laying->customer, id))
        return fault_at(laying->fault, path, "is told twice: the event names another customer");
    *laying->customer = id;
    return true;
}

static bool lay(struct laying *laying, const struct value *customer, struct arena *arena)
{
    if (customer->kind == VALUE_TEXT)
        return lay_id(laying, customer, "data.customer");
    if (customer->kind != VALUE_OBJECT)
        return fault_at(laying->fault, "data.customer", "must be a customer's id, or an object with name, mobile …");
    for (size_t i = 0; i < customer->count; i++) {
        const struct value *member = &customer->at[i];
        bool laid = slice_is(member->name, "id")
                        ? lay_id(laying, member, "data.customer.id")
                        : lay_field(laying, arena_text(arena, member->name.at, member->name.bytes), member);
        if (!laid)
            return false;
    }
    return true;
}

bool customer_lay_flat(const struct value *data, const struct record *record, struct arena *arena, struct value *ret,
                       const struct value **customer_id, struct fault *fault)
{
    const struct value *customer = value_member(data, "customer");
    *ret = *data;
    if (!customer)
        return true;
    size_t laid = customer->kind == VALUE_OBJECT ? customer->count : 0;
    ret->at = arena_alloc(arena, (data->count + laid) * sizeof *ret->at);
    ret->count = 0;
    for (size_t i = 0; i < data->count; i++)
        if (&data->at[i] != customer)
            ret->at[ret->count++] = data->at[i];
    struct laying laying = {record, ret, customer_id, fault};
    return lay(&laying, customer, arena);
}
