/* scenario_state: how a site stands at the end, told in one way wherever it was played, so that two ends can be compared:
 * every plan, task, form, case, notice and customer with all that is decided about it. Times in UTC, nothing that is
 * empty, nothing that is sealed, no ids of events. A workshop's days and refused acts are told by their events. */
#ifndef CARELINE_SCENARIO_STATE_H
#define CARELINE_SCENARIO_STATE_H

#include "client.h"
#include "world.h"

/* A state is an object from "task JC001…" to what that says; the caller owns it. */

/* Adds how a site stands in a world. */
void state_add_world(json_t *state, struct world *world, const char *site);

/* Adds what an event of the site's log tells, if it tells of something that has no list; `data` is its struct. */
void state_add_seen(json_t *state, const struct event *event, const void *data);

/* Of a running system, by its lists and its log. NULL with a message in `message`. */
json_t *state_of_system(struct client *client, const char *site, struct arena *arena, const char **ret_message);

/* What differs, a line each, at most 200; none: they are the same. In the arena. */
struct texts state_differences(const json_t *simulated, const json_t *live, struct arena *arena);

#endif
