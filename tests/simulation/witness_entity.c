/* The books of entities, their timers and their places in the lists. */
#include <assert.h>
#include <string.h>

#include "witness.h"

static struct witnessed_partition *books_of(const struct simulation *simulation, uint32_t partition)
{
    return &simulation->witness->partitions[partition];
}

static uint64_t key_of_member(const char *member)
{
    return key_of_text(3, member);
}

static uint64_t key_of_entity(struct simulation *simulation, enum entity_kind kind, const char *id)
{
    return key_of_member(arena_printf(simulation->scratch, "%c/%s", entity_types[kind].letter, id));
}

static uint64_t key_of_queue(const char *queue)
{
    return queue && *queue ? key_of_text(4, queue) : 0;
}

static void check_condition(struct simulation *simulation, uint32_t partition,
                            const struct entity_condition *condition)
{
    const struct witnessed_entity *entity = tally_find(&books_of(simulation, partition)->entities,
                                                       key_of_entity(simulation, condition->kind, condition->id));

    if ((entity ? entity->version : 0) != condition->version)
        simulation_fail(simulation, HOLDS_VERSION,
                        "partition %u: a commit relied on version %llu of %s %s, it is %llu", partition,
                        (unsigned long long)condition->version, entity_types[condition->kind].name, condition->id,
                        (unsigned long long)(entity ? entity->version : 0));
}

static void enter_put(struct simulation *simulation, uint32_t partition, const struct entity_put *put)
{
    struct witnessed_partition *books = books_of(simulation, partition);
    struct witnessed_entity *entity = tally_at(&books->entities, key_of_entity(simulation, put->kind, put->id));
    uint64_t queue = key_of_queue(put->queue);

    if (entity->version != put->version - 1)
        simulation_fail(simulation, HOLDS_VERSION,
                        "partition %u: a commit put version %llu of %s %s over version %llu", partition,
                        (unsigned long long)put->version, entity_types[put->kind].name, put->id,
                        (unsigned long long)entity->version);
    if (put->due != entity->due) {
        books->armed += (put->due > 0) - entity->armed;
        entity->armed = put->due > 0;
    }
    books->placed += (queue > 0) - (entity->queue > 0);
    entity->due = put->due;
    entity->queue = queue;
    entity->version = put->packed.bytes > 0 ? put->version : 0;
    if (simulation->business->put)
        simulation->business->put(simulation, put);
}

void witness_puts(struct simulation *simulation, const struct commit *commit)
{
    for (size_t i = 0; i < commit->condition_count; i++)
        check_condition(simulation, commit->lease.partition, &commit->conditions[i]);
    for (size_t i = 0; i < commit->put_count; i++)
        enter_put(simulation, commit->lease.partition, &commit->puts[i]);
}

void witness_timer_fired(struct simulation *simulation, uint32_t partition, const struct event *event)
{
    struct witnessed_partition *books = books_of(simulation, partition);
    struct fault fault;
    const struct timer_fired *fired = event_data(event, (struct slice){0}, simulation->scratch, &fault);
    struct witnessed_entity *entity = fired ? tally_find(&books->entities, key_of_member(fired->entity)) : NULL;

    if (!entity || !entity->armed || entity->due != fired->due) {
        simulation_fail(simulation, HOLDS_EARLY, "partition %u: %s fired, which nobody waits for", partition,
                        event->id);
        return;
    }
    if (fired->due > crew_now(&simulation->crew) || fired->due > event->time)
        simulation_fail(simulation, HOLDS_EARLY, "partition %u: %s fired %lld ms early", partition, event->id,
                        (long long)(fired->due - crew_now(&simulation->crew)));
    entity->armed = false;
    books->armed--;
}

/* ---------------------------------------------------------------- the whole of it */

static void need(enum store_status status)
{
    assert(status == STORE_OK);
    (void)status;
}

/* All entities of a kind into the scratch. */
static struct stored_entity_list scan(struct simulation *simulation, uint32_t partition, enum entity_kind kind)
{
    struct stored_entity_list all = {0}, list;
    uint64_t cursor = 0;

    do {
        list = (struct stored_entity_list){0};
        need(simulation->store->functions->scan_entities(simulation->store, partition, kind, &cursor,
                                                         simulation->scratch, &list));
        struct stored_entity *at = arena_alloc(simulation->scratch, (all.count + list.count + 1) * sizeof *at);
        if (all.count > 0)
            memcpy(at, all.at, all.count * sizeof *at);
        if (list.count > 0)
            memcpy(at + all.count, list.at, list.count * sizeof *at);
        all.at = at;
        all.count += list.count;
    } while (cursor != 0);
    return all;
}

/* Keys of what is in the lists and armed, for a look-up. */
static struct tally_table keys_of_queue(struct simulation *simulation, uint32_t partition)
{
    struct tally_table keys = {.item_bytes = 1};
    struct texts queue = {0};

    need(simulation->store->functions->read_queue(simulation->store, partition, "", "", SIZE_MAX / 64,
                                                  simulation->scratch, &queue));
    for (size_t i = 0; i < queue.count; i++)
        tally_at(&keys, key_of_queue(queue.at[i]));
    return keys;
}

static struct tally_table keys_of_timers(struct simulation *simulation, uint32_t partition)
{
    struct tally_table keys = {.item_bytes = 1};
    struct timer_list timers = {0};

    need(simulation->store->functions->read_timers(simulation->store, partition, 0, 0, SIZE_MAX / 64,
                                                   simulation->scratch, &timers));
    for (size_t i = 0; i < timers.count; i++)
        tally_at(&keys, key_of_number(key_of_member(timers.at[i].member), (uint64_t)timers.at[i].due));
    return keys;
}

static bool is_armed(const struct tally_table *timers, uint64_t key, wall_ms due)
{
    return due > 0 && tally_find(timers, key_of_number(key, (uint64_t)due));
}

static void compare_one(struct simulation *simulation, uint32_t partition, enum entity_kind kind,
                        const struct stored_entity *stored, const struct tally_table *queue,
                        const struct tally_table *timers)
{
    uint64_t key = key_of_entity(simulation, kind, stored->id), place = key_of_queue(stored->queue);
    const struct witnessed_entity *entity = tally_find(&books_of(simulation, partition)->entities, key);
    const char *name = entity_types[kind].name;

    if (!entity || entity->version != stored->version)
        simulation_fail(simulation, HOLDS_VERSION, "partition %u: %s %s is not as it was put", partition, name,
                        stored->id);
    else if (entity->due != stored->due || entity->armed != is_armed(timers, key, stored->due))
        simulation_fail(simulation, HOLDS_TIMER, "partition %u: %s %s waits for %lld and %s", partition, name,
                        stored->id, (long long)entity->due, entity->armed ? "has no timer" : "has a timer of another time");
    else if (entity->queue != place || (place && !tally_find(queue, place)))
        simulation_fail(simulation, HOLDS_PLACE, "partition %u: %s %s is not in its place: %s", partition, name,
                        stored->id, stored->queue);
}

void witness_entities_compare(struct simulation *simulation, uint32_t partition)
{
    const struct witnessed_partition *books = books_of(simulation, partition);
    size_t stored = 0, known = 0;

    arena_reset(simulation->scratch);
    struct tally_table queue = keys_of_queue(simulation, partition), timers = keys_of_timers(simulation, partition);
    for (int kind = 0; kind < ENTITY_COUNT; kind++) {
        struct stored_entity_list list = scan(simulation, partition, (enum entity_kind)kind);
        for (size_t i = 0; i < list.count; i++)
            compare_one(simulation, partition, (enum entity_kind)kind, &list.at[i], &queue, &timers);
        stored += list.count;
    }
    for (size_t i = 0; i < books->entities.room; i++) {
        const struct witnessed_entity *entity = tally_place(&books->entities, i);
        known += entity && entity->version > 0;
    }
    if (stored != known)
        simulation_fail(simulation, HOLDS_VERSION, "partition %u holds %zu entities, %zu were put", partition, stored,
                        known);
    tally_clear(&queue);
    tally_clear(&timers);
}

static void enter_stored(struct simulation *simulation, uint32_t partition, enum entity_kind kind,
                         const struct stored_entity *stored, const struct tally_table *timers)
{
    struct witnessed_partition *books = books_of(simulation, partition);
    uint64_t key = key_of_entity(simulation, kind, stored->id);
    struct witnessed_entity *entity = tally_at(&books->entities, key);

    *entity = (struct witnessed_entity){.version = stored->version, .due = stored->due,
                                        .queue = key_of_queue(stored->queue), .armed = is_armed(timers, key, stored->due)};
    books->armed += entity->armed;
    books->placed += entity->queue > 0;
}

void witness_entities_anew(struct simulation *simulation, uint32_t partition)
{
    struct witnessed_partition *books = books_of(simulation, partition);

    arena_reset(simulation->scratch);
    tally_clear(&books->entities);
    books->armed = books->placed = 0;
    struct tally_table timers = keys_of_timers(simulation, partition);
    for (int kind = 0; kind < ENTITY_COUNT; kind++) {
        struct stored_entity_list list = scan(simulation, partition, (enum entity_kind)kind);
        for (size_t i = 0; i < list.count; i++)
            enter_stored(simulation, partition, (enum entity_kind)kind, &list.at[i], &timers);
    }
    tally_clear(&timers);
}
