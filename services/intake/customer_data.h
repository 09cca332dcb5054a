/* customer_data: facts may tell the customer as one object in their data, `"customer": {"name": …, "mobile": …}`, or by
 * id, `"customer": "W-17"`. Here it is put where the event's own fields have it. */
#ifndef CARELINE_CUSTOMER_DATA_H
#define CARELINE_CUSTOMER_DATA_H

#include "record.h"
#include "value.h"

/* *ret: the data of an event with the customer laid flat, in the arena; or `data` as it is where there is nothing to lay
 * flat. Inside the object `class` and `kind` are the customer's; `id` is the customer's id and becomes *customer_id,
 * which on entry is the event's own, a text or null (NULL: it has none). What does not fit is false with *fault. */
bool customer_lay_flat(const struct value *data, const struct record *record, struct arena *arena, struct value *ret,
                       const struct value **customer_id, struct fault *fault);

#endif
