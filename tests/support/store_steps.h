/* store_steps: random calls of a store, made once to fit what is true (mostly), done to any number of stores. */
#ifndef CARELINE_TESTS_STORE_STEPS_H
#define CARELINE_TESTS_STORE_STEPS_H

#include "store_rig.h"

enum {
    PARTITIONS_USED = 3, FACTS_MAX = 40, PUTS_MAX = 6, CONDITIONS_MAX = 3, EVENTS_MAX = 40, TEXT_BYTES = 64, DEEDS = 12
};

struct step {
    uint32_t partition;
    enum stage stage;
    char owner[OWNER_BYTES_MAX];
    struct fact facts[FACTS_MAX];
    size_t fact_count;
    struct commit commit;
    struct entity_put puts[PUTS_MAX];
    struct entity_condition conditions[CONDITIONS_MAX];
    struct new_event events[EVENTS_MAX];
    struct lease leases[STAGE_COUNT];
    size_t lease_count;
    wall_ms now;
    uint64_t seed;
    char field[TEXT_BYTES];
    struct slice value, expected;
    int64_t ttl_ms;
};

/* What is true before the step, as the memory store tells it; steps are made to fit it, mostly. */
struct truth { struct rig *rig; struct partition_view views[PARTITIONS_USED]; struct arena *arena; };

struct deed {
    const char *name;
    unsigned weight;
    bool can_fail;                  /* it is one function in Redis: it can be made to fail inside */
    void (*make)(struct truth *, struct step *);
    enum store_status (*act)(struct rig *, struct step *, struct buffer *);     /* tells its results into the buffer */
};

extern const struct deed deeds[DEEDS];

/* Chance is started from a seed; the same seed gives the same steps. */
void chance_start(uint64_t seed);
bool one_in(unsigned times);
unsigned chance_number(unsigned below);

/* A deed by its weight, and a step for it. */
const struct deed *step_make(struct truth *truth, struct step *ret);

void tell_slice(struct buffer *out, struct slice bytes);
void tell_checkpoint(struct buffer *out, struct checkpoint at);
void tell_entries(struct buffer *out, const struct entry_list *list);

#endif
