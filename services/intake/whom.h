/* whom: whom an event is about, where it does not say so itself. */
#ifndef CARELINE_WHOM_H
#define CARELINE_WHOM_H

#include "accept.h"

/* The id of the customer, in the arena or `event`'s own: given, or by contact, or whom the task or case is about, as the
 * store knows; else, if there is anything `personal` in its data, one of the event's own, so that this can be sealed and
 * erased. "": nobody's. */
const char *whom_of(const struct acceptor *acceptor, const struct event *event, const void *data, bool personal,
                    struct arena *arena);

#endif
