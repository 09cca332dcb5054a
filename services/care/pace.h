/* pace: takes part in a running system's time. In stepped time nothing goes past the moment that a participant waits for. */
#ifndef CARELINE_PACE_H
#define CARELINE_PACE_H

#include "client.h"
#include "moment.h"

struct pace {
    struct client *client;
    const char *name;           /* unique among those who take part */
    wall_ms now;                /* as last heard */
};

/* Asks for the time; false: no answer (tried for half a minute). */
bool pace_start(struct pace *pace);

/* Waits until the system's time has come to `at`. Being awake counts as busy until the next call. false: no answer. */
bool pace_until(struct pace *pace, wall_ms at);

/* Says that time need not wait any longer. */
void pace_leave(struct pace *pace);

#endif
