/* turn: one batch of events worked by a core: what it reads, and what it decides, until it is committed whole.
 *
 * For the runtime; cores see core.h only. A turn reads through three layers: what this batch has changed, the cache of
 * the stage's own entities, the store. When the store or the sealer does not answer, the event is left in the middle
 * (longjmp out of the handler): a core never sees a lie such as "no such customer", and holds nothing but arena memory
 * while it calls a turn_ function. */
#ifndef CARELINE_TURN_H
#define CARELINE_TURN_H

#include <setjmp.h>

#include "core.h"
#include "entity_cache.h"
#include "seal.h"
#include "site.h"
#include "store.h"

/* Contents by hash out of the store; `gone` tells a store that did not answer from a content that does not exist. */
struct content_source {
    struct store *store;
    bool gone;
};
bool content_source_read(void *source, const char *hash, struct arena *arena, struct slice *ret);

/* What the runtime lends to every turn. */
struct turn_tools {
    const struct core *core;
    struct store *store;
    struct sealer *sealer;
    struct entity_cache *cache;
    struct content_cache *contents;
    struct content_source *source;
    const char *build;
    uint64_t (*random)(void *context);
    void *random_context;
};

enum { TURN_SLOTS = 1024 };

/* An entity as this batch sees it. Foreign ones become conditions, changed ones puts. */
struct turn_entity {
    struct turn_entity *chain;          /* same slot */
    unsigned slot;
    struct turn_entity *next;           /* in the order they were first touched */
    enum entity_kind kind;
    const char *id;
    struct stored_entity before;        /* as the store holds it */
    struct slice packed;                /* as it is now; empty: does not exist */
    wall_ms due;
    const char *queue;
    const void *decoded;                /* of packed, once asked for */
    bool folded;                        /* decoded only as it is kept: see core.h */
    const struct site *site;            /* what is in force by it, once asked for */
    struct turn_entity *next_due;
    uint64_t due_in;                    /* the last event (seq) that put it with a time that had come */
    bool changed, read;                 /* read: the core has seen it */
    bool kept;                          /* the cache has it as it stands in the store */
    bool expected_none;                 /* the store was not asked: the commit will tell if it exists after all */
};

struct turn_emitted {
    struct turn_emitted *next;
    const char *type;
    struct slice packed;
};

struct turn_order {
    struct turn_order *next;
    struct send_order order;
};

struct turn_work;

struct turn {
    const struct turn_tools *tools;
    struct arena *arena;
    struct buffer scratch;
    /* of the batch */
    uint32_t partition;
    struct turn_entity *first, **last;
    struct turn_entity *latest[ENTITY_COUNT];   /* asked for: an event asks for the same ones many times */
    size_t entity_count, changed_count, foreign_count, expected_count;
    struct turn_emitted *emitted, **emitted_last;
    size_t emitted_count, bytes;        /* bytes: emitted and put, an upper bound */
    struct turn_work *works;            /* to be worked, in order */
    size_t work_count;
    struct turn_order *orders, **orders_last;
    size_t order_count;
    size_t settings_refused;            /* a site has as many in force as may be */
    bool looks;                         /* nothing is expected: what was lately, was wrong */
    wall_ms at_once_from;               /* what was appended earlier is too old to be dealt with in its own time */
    /* of the event being worked */
    struct place place;
    const struct event *event;
    int derived;                        /* events emitted so far */
    struct turn_entity *due;            /* put with a time that has come; by next_due */
    jmp_buf leave;
    const char *missing;                /* who did not answer, for the log */
    bool broken;                        /* nor ever will: what is stored cannot be read */
    struct turn_entity *slots[TURN_SLOTS];      /* last, for turn_begin_anew */
};

/* One event of a batch, decoded. `data` is NULL if this stage does not care for it. */
struct turn_work {
    struct place place;
    struct slice packed;                /* as the reader holds it */
    struct event event;
    const void *data;
    bool in_part;                       /* of the event only type and site are read yet: it may concern nobody */
};

enum turn_result { TURN_DONE, TURN_LATER };

/* A new turn; the caller owns it. */
struct turn *turn_new(const struct turn_tools *tools, uint32_t partition);
void turn_free(struct turn **turn);
/* Forgets all of the batch, for another one: as good as new, without asking for memory again. */
void turn_begin_anew(struct turn *turn, uint32_t partition);

/* Decodes an event of the log, but for its data; of one that may concern nobody, type and site. One that cannot be read
 * concerns nobody. The bytes stay the caller's, until the turn is done. */
void turn_read(struct turn *turn, const struct place *place, struct slice packed, struct turn_work *ret);

/* Brings the keys near that the works of all those turns are sealed with, before they are needed one by one. The arena is
 * for the time of the call. */
void turn_fetch_keys(struct turn *const *turns, size_t count, struct arena *arena);

/* Then the data of all that surely concern this stage, opening what is sealed. TURN_LATER: the sealer did not answer. */
enum turn_result turn_read_data(struct turn *turn, struct turn_work *works, size_t count);

/* Reads at once what the works of all those turns, of different partitions, will touch. One whose reads fail has
 * something `missing`. The arena is for the time of the call. */
void turn_prefetch(struct turn *const *turns, size_t count, struct arena *arena);

/* Calls the core. TURN_LATER: the batch is void. */
enum turn_result turn_work(struct turn *turn, const struct turn_work *work);

/* Instead of working it: says that it was set aside. */
enum turn_result turn_set_aside(struct turn *turn, const struct turn_work *work);

/* Is there nothing to commit but the checkpoint? */
bool turn_is_idle(const struct turn *turn);

/* What is to be committed, into the turn's arena: puts, conditions, events with new chain ids. */
void turn_commit(struct turn *turn, struct commit *ret);

/* After the commit: the cache takes what is now in the store. */
void turn_keep(struct turn *turn);

/* Leaves the handler; does not return. */
void turn_leave(struct turn *turn, const char *missing) __attribute__((noreturn));

/* For the turn's own files. */
/* The entity that a fired timer belongs to; false: it is not of this stage. */
bool turn_fired_entity(const struct turn *turn, const struct timer_fired *fired, enum entity_kind *ret_kind,
                       const char **ret_id);
struct turn_entity *turn_entity(struct turn *turn, enum entity_kind kind, const char *id);
struct turn_entity *turn_entity_known(struct turn *turn, enum entity_kind kind, const char *id);
/* What is known of it without asking the store; NULL: nothing, or it cannot be read. Does not leave the handler. */
const void *turn_peek(struct turn *turn, enum entity_kind kind, const char *id);
struct turn_entity *turn_entity_add(struct turn *turn, enum entity_kind kind, const struct stored_entity *stored,
                                    bool kept);
void turn_entity_set(struct turn *turn, struct turn_entity *entity, struct slice packed, wall_ms due,
                     const char *queue);
struct slice turn_packed(struct turn *turn);       /* a copy of what is in scratch */
struct slice turn_seal_personal(struct turn *turn, const char *customer, const struct record *record, const void *data);
enum turn_result turn_unseal(struct turn *turn, const struct event *event, struct slice *ret);
void turn_config_activated(struct turn *turn, const struct config_activated *change);

#endif
