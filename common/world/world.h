/* world: the whole of Careline in one process, in memory and in virtual time: the stages, one store, one bus, a clock
 * that jumps from one due instant to the next, a sender that sends nothing. For tests and `care simulate`.
 *
 * Everything comes from a seed: the same calls give the same world, to the byte. */
#ifndef CARELINE_WORLD_H
#define CARELINE_WORLD_H

#include "json.h"
#include "site.h"
#include "stage.h"

enum { WORLD_STAGES_MAX = 8 };

struct world;

struct world_options {
    uint64_t seed;
    uint32_t partitions;            /* 0: 4 */
    wall_ms start;                  /* 0: 2026-03-02 00:00 UTC, a Monday */
    const struct core *const *cores;    /* NULL-ended */
    /* each event of the log, once, in the order of its partition; called while the world settles. NULL: nobody looks */
    void (*seen)(void *context, const struct place *place, const struct event *event);
    /* what an attempt to send comes to; NULL: all are accepted. *ret_detail may be set */
    enum send_result (*answer)(void *context, const struct send_order *order, const char **ret_detail);
    void *context;
};

/* The caller owns it. */
struct world *world_new(const struct world_options *options);
void world_free(struct world **world);

wall_ms world_now(const struct world *world);
struct store *world_store(struct world *world);
struct sealer *world_sealer(struct world *world);
uint32_t world_partition(const struct world *world, const char *site);

/* Appends a fact or act now, as intake does, or what a stage says, as that stage: `like` has site and, as wanted, id, source ("test"), customer, actor,
 * role, case_id, occurred_at, received_at (now); `data` is the struct of its type. Personal fields are sealed; a
 * customer that is not named is found by mobile or e-mail. true: it was new. What comes of it is worked by world_settle. */
bool world_append(struct world *world, const struct event *like, const void *data);

/* The event as intake makes it of `like`, which has id, source and time too: packed, for a store's append. Tells a
 * digest of what was said. */
uint64_t world_pack(struct sealer *sealer, const struct event *like, const void *data, struct buffer *to);

/* The same as world_append from JSON: { "type": …, "site": …, "id": …, "customer": …, "actor": …, "role": …,
 * "occurred_at": …, "data": {…} } with data's times in RFC 3339. false with *fault. */
bool world_append_json(struct world *world, json_t *event, struct fault *fault);

/* The id of the last event appended, for "cause" in results; valid until the next append. */
const char *world_last_id(const struct world *world);

/* Stores a content and puts it in force for the site. */
void world_apply(struct world *world, enum config_kind kind, const char *name, struct slice content, const char *site);

/* Works until nothing more happens without time moving. */
void world_settle(struct world *world);

/* Settles, then moves time from due instant to due instant, exactly, until `until`, which is the time then. */
void world_run_until(struct world *world, wall_ms until);

/* The next due instant of all partitions; 0: none. */
wall_ms world_next_due(struct world *world);

/* An entity as stored now, into the arena; NULL: there is none. */
const void *world_entity(struct world *world, enum entity_kind kind, const char *id, struct arena *arena);

/* Each entity of this kind, in all partitions. */
void world_each_entity(struct world *world, enum entity_kind kind,
                       void (*each)(void *context, const char *id, const void *entity), void *context);

/* Members of a site's partition's queue that begin with `prefix`, into the arena. */
struct texts world_queue(struct world *world, const char *site, const char *prefix, struct arena *arena);

#endif
