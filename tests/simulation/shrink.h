/* shrink: a failing run, cut down to the fewest steps and kinds of fault with which it still fails in the same way. */
#ifndef CARELINE_SHRINK_H
#define CARELINE_SHRINK_H

#include "simulation.h"

enum { SHRINK_TRIES_MAX = 2000, SHRINK_SECONDS_MAX = 60, SHRINK_FACTS_MAX = 32 };

/* `run` failed with `verdict`. Afterwards it is the smallest run found, with `verdict` its own; run->dropped is the
 * caller's to free. Deterministic but for the bound on time. */
void shrink(struct run *run, struct verdict *verdict);

/* The steps that are kept, as "3,17-20,44"; the caller frees it. */
char *steps_write(const struct run *run);
/* The other way: run->dropped, the caller's to free. False: not such a list. */
bool steps_read(struct run *run, const char *text);

#endif
