#include "customer_data.h"

#include <stdio.h>
#include <string.h>

/* `kind` of a visit is what was done; `kind` of the customer in it is customer_kind. */
static const struct field *field_of(const struct record *record, const char *name)
{
    char own[96];
    snprintf(own, sizeof own, "customer_%.80s", name);
    const struct field *field = record_field(record, own);
    return field ? field : record_field(record, name);
}

static bool lay_field(json_t *data, const struct record *record, const char *name, json_t *value, struct fault *fault)
{
    const struct field *field = field_of(record, name);
    char path[128];
    snprintf(path, sizeof path, "data.customer.%.64s", name);
    if (!field)
        return fault_at(fault, path, "is not known");
    if (json_object_get(data, field->name))
        return fault_at(fault, path, "is told twice: %s stands beside it", field->name);
    json_object_set(data, field->name, value);
    return true;
}

static bool lay_id(json_t *event, json_t *id, const char *path, struct fault *fault)
{
    if (json_object_get(event, "customer") && !json_equal(json_object_get(event, "customer"), id))
        return fault_at(fault, path, "is told twice: the event names another customer");
    json_object_set(event, "customer", id);
    return true;
}

static bool lay(json_t *event, json_t *data, const json_t *customer, const struct record *record, struct fault *fault)
{
    const char *name;
    json_t *value;
    if (json_is_string(customer))
        return lay_id(event, (json_t *)(uintptr_t)customer, "data.customer", fault);
    if (!json_is_object(customer))
        return fault_at(fault, "data.customer", "must be a customer's id, or an object with name, mobile …");
    json_object_foreach((json_t *)(uintptr_t)customer, name, value) {
        bool laid = strcmp(name, "id") ? lay_field(data, record, name, value, fault)
                                       : lay_id(event, value, "data.customer.id", fault);
        if (!laid)
            return false;
    }
    return true;
}

json_t *customer_lay_flat(const json_t *event, const struct record *record, struct fault *fault)
{
    const json_t *given = json_object_get(event, "data");
    const json_t *customer = json_object_get(given, "customer");
    if (!customer)
        return json_incref((json_t *)(uintptr_t)event);
    json_t *flat = json_copy((json_t *)(uintptr_t)event), *data = json_copy((json_t *)(uintptr_t)given);
    json_object_del(data, "customer");
    lay(flat, data, customer, record, fault);
    json_object_set_new(flat, "data", data);
    return flat;
}
