/* world_parts: what a world is made of; for its own files only. */
#ifndef CARELINE_WORLD_PARTS_H
#define CARELINE_WORLD_PARTS_H

#include "random.h"
#include "site.h"
#include "world.h"

struct world_order {                    /* an attempt that the sender has taken */
    struct world_order *next;
    struct arena *arena;
    struct send_order order;
};

struct world_stage {
    struct world *world;
    struct bus *bus;
    struct stage_loop *loop;
    struct world_order *orders, **orders_last;
};

struct world {
    struct world_options options;
    struct dice dice;
    struct bus_hub *hub;
    struct bus *outside;                /* where facts come from */
    struct store *store;
    struct sealer *sealer;
    struct content_cache *contents;     /* of who looks at entities from outside */
    struct clock *clock;
    struct world_stage stages[WORLD_STAGES_MAX];
    size_t stage_count;
    uint32_t *numbers;                  /* 0 … partitions - 1 */
    struct partition_view *views;
    struct checkpoint *seen;            /* per partition: shown to the hook so far */
    struct arena *arena;
    uint64_t appended;
    char last_id[NAME_BYTES_MAX + 1];
};

/* world_facts.c: reads settings for `contents`; the context is the world. */
bool world_content(void *context, const char *hash, struct arena *arena, struct slice *ret);

#endif
