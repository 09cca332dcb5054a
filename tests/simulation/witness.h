/* witness: sees every write that the store has done and keeps his own books of what it must hold then: the log's
 * chain,
 * who owns what and since which epoch, checkpoints, entities with their versions, timers and places in the lists. What
 * does not agree is said at once. He knows nothing of how the store or the stages work inside. */
#ifndef CARELINE_WITNESS_H
#define CARELINE_WITNESS_H

#include "simulation.h"

struct witnessed_entry {
    uint64_t id, event;                 /* chain id; key of source and id of the event */
    wall_ms at_real;
    enum event_number number;
    bool from_client;
};

struct witnessed_stage {
    char owner[OWNER_BYTES_MAX];
    uint64_t epoch;
    wall_ms expires;
    struct checkpoint checkpoint;
};

struct witnessed_entity {
    uint64_t version;                   /* 0: does not exist */
    wall_ms due;
    uint64_t queue;                     /* key of its place; 0: none */
    bool armed;                         /* its timer has not fired */
};

struct witnessed_partition {
    struct witnessed_entry *log;
    size_t count, room;
    struct witnessed_stage stages[STAGE_COUNT];
    struct tally_table entities;              /* by "letter/id" */
    struct tally_table keys;                  /* of facts: struct witnessed_key */
    size_t armed, placed;
    wall_ms overdue_since;              /* real; 0: no timer is overdue */
};

struct witness { struct witnessed_partition partitions[SIM_PARTITIONS]; };

extern const struct store_watch witness_watch;

void witness_open(struct simulation *simulation);
void witness_close(struct simulation *simulation);

/* After every step: do the store's numbers agree with the books? */
void witness_look(struct simulation *simulation);
/* After every step in calm times: is everybody in time? */
void witness_bound(struct simulation *simulation);
/* Everything the store holds against the books. */
void witness_compare(struct simulation *simulation);
/* The store was rewound: new books from what it holds now, which must be a former state. */
void witness_rewound(struct simulation *simulation, uint32_t partition);
/* For bus_hub_tap; context is the simulation. */
void witness_wire(void *context, const struct place *place);

/* How many facts and acts of clients the log has. */
size_t witness_facts(const struct simulation *simulation, uint32_t partition);

const struct witnessed_entry *witness_entry(const struct simulation *simulation, uint32_t partition, uint64_t seq);

/* witness_entity.c */
void witness_puts(struct simulation *simulation, const struct commit *commit);
void witness_timer_fired(struct simulation *simulation, uint32_t partition, const struct event *event);
void witness_entities_compare(struct simulation *simulation, uint32_t partition);
void witness_entities_anew(struct simulation *simulation, uint32_t partition);

#endif
