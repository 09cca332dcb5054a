/* customer_data: facts may tell the customer as one object in their data, `"customer": {"name": …, "mobile": …}`, or by
 * id, `"customer": "W-17"`. Here it is put where the event's own fields have it. */
#ifndef CARELINE_CUSTOMER_DATA_H
#define CARELINE_CUSTOMER_DATA_H

#include <jansson.h>

#include "record.h"

/* A new reference, for the caller to release: the event with the customer laid flat, or `event` itself where there is
 * nothing to lay flat. Inside the object `id` is the customer's id, `class` and `kind` are the customer's. What does
 * not fit sets *fault. */
json_t *customer_lay_flat(const json_t *event, const struct record *record, struct fault *fault);

#endif
