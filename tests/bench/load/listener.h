/* listener: events as they come over the bus. */
#ifndef CARELINE_BENCH_LISTENER_H
#define CARELINE_BENCH_LISTENER_H

#include <stdbool.h>

#include <poll.h>

#include "arena.h"

enum { LISTENER_ENDPOINTS_MAX = 16 };

struct listener;

/* Connects to every endpoint of a list with commas, and listens to one type of event (NULL: every event). Ends the program
 * with a message when it cannot. The caller owns what comes back. */
struct listener *listener_new(const char *endpoints, const char *type);
void listener_free(struct listener **listener);

/* Fills in what is to be polled, LISTENER_ENDPOINTS_MAX at most; how many. */
size_t listener_polls(const struct listener *listener, struct pollfd *polls);

/* The next event that is there, packed; valid until the next call. */
bool listener_next(struct listener *listener, struct slice *ret_packed);

/* A member of the event's data, packed. */
bool event_member(struct slice packed, const char *name, struct slice *ret_value);
/* The same as a text or a number; empty or 0 if it is none. */
struct slice event_text(struct slice packed, const char *name);
long long event_int(struct slice packed, const char *name);

#endif
