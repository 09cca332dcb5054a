/* concern: which events a stage works at all. Of the others it needs to know only that they were there. */
#ifndef CARELINE_CONCERN_H
#define CARELINE_CONCERN_H

#include "core.h"

/* Does this stage work events of that type? */
bool concerns_type(const struct core *core, enum event_number number);

/* The same of a packed event, by its first few bytes: a timer concerns only the stage whose entity it belongs to. True for
 * what cannot be told so, as for what is no event at all. */
bool concerns_packed(const struct core *core, struct slice packed);

#endif
