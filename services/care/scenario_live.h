/* scenario_live: plays scenarios on a running system whose time is stepped, each in a site of its own, all at once in the
 * system's one time, and holds how each site ends against how it ends in memory. */
#ifndef CARELINE_SCENARIO_LIVE_H
#define CARELINE_SCENARIO_LIVE_H

#include <stdio.h>

#include "client.h"
#include "scenario.h"

struct live_play {
    struct scenario *scenario;
    /* as it went */
    json_t *simulated;                  /* scenario_state.h; NULL: not run yet */
    const char *cannot;                 /* why it cannot be played live; NULL: it can */
    struct texts wrong;                 /* in the arena of the run; none: it ended as in memory */
    size_t next;                        /* what happens next */
    size_t entities;                    /* compared at the end */
    bool begun, ended;
};

/* Moves a scenario into the site named as its file, names customers that are known by mobile or e-mail only (their ids
 * are made with the installation's key) and runs it in memory. Each attempt to send becomes a line of JSON in `sends`:
 * {"notice", "attempt", "channel", "result"}, which the gateways of the running system are to answer alike. */
void live_prepare(struct live_play *play, const char *deploy, struct arena *arena, FILE *sends);

/* Plays all that can be played. `client` is a system's that stands no later than the first of them begins. false: it
 * stopped answering; what was not ended says so. */
bool live_run(struct live_play *plays, size_t count, const char *deploy, struct client *client, struct arena *arena);

void live_play_free(struct live_play *play);

#endif
