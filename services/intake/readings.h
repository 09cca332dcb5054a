/* readings: a thread of its own that looks into the store, so that no acknowledgement waits for a list. Jobs go in on
 * the loop's thread and come back to it. */
#ifndef CARELINE_READINGS_H
#define CARELINE_READINGS_H

#include "views.h"

enum { READINGS_WAITING_MAX = 1024 };

struct reading {
    struct reading *next;
    /* on the reading thread */
    void (*work)(struct reading *reading, struct views *views);
    /* on the loop's thread; may free the reading */
    void (*finish)(struct reading *reading);
};

struct readings;

struct readings_options {
    struct redis_access store, keys_store;
    const char *master_key;
    uint32_t partitions;
    struct installation_limits limits;
};

/* NULL with a message for the operator. */
struct readings *readings_new(const struct readings_options *options, char message[160]);
/* Finishes what is waiting, ends the thread. */
void readings_free(struct readings **readings);

/* false: too many wait already. */
bool readings_add(struct readings *readings, struct reading *reading);
/* Readable when something has come back. */
int readings_fd(const struct readings *readings);
/* Calls `finish` of all that has come back. */
void readings_collect(struct readings *readings);

#endif
