#include "witness.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "partition.h"

static struct witnessed_partition *books_of(const struct simulation *simulation, uint32_t partition)
{
    assert(partition < SIM_PARTITIONS);
    return &simulation->witness->partitions[partition];
}

const struct witnessed_entry *witness_entry(const struct simulation *simulation, uint32_t partition, uint64_t seq)
{
    const struct witnessed_partition *books = books_of(simulation, partition);

    return seq > 0 && seq <= books->count ? &books->log[seq - 1] : NULL;
}

size_t witness_facts(const struct simulation *simulation, uint32_t partition)
{
    const struct witnessed_partition *books = books_of(simulation, partition);
    size_t count = 0;

    for (size_t i = 0; i < books->count; i++)
        count += books->log[i].from_client;
    return count;
}

static unsigned long long as_number(uint64_t number)
{
    return number;
}

void witness_open(struct simulation *simulation)
{
    struct witness *witness = calloc(1, sizeof *witness);

    if (!witness)
        abort();
    for (size_t i = 0; i < SIM_PARTITIONS; i++) {
        witness->partitions[i].entities.item_bytes = sizeof(struct witnessed_entity);
        witness->partitions[i].keys.item_bytes = sizeof(struct checkpoint);
    }
    simulation->witness = witness;
}

void witness_close(struct simulation *simulation)
{
    for (size_t i = 0; i < SIM_PARTITIONS; i++) {
        struct witnessed_partition *books = &simulation->witness->partitions[i];
        tally_clear(&books->entities);
        tally_clear(&books->keys);
        free(books->log);
    }
    free(simulation->witness);
    simulation->witness = NULL;
}

/* ---------------------------------------------------------------- the log */

static void push(struct witnessed_partition *books, const struct witnessed_entry *entry)
{
    if (books->count == books->room) {
        books->room = books->room ? books->room * 2 : 1024;
        books->log = realloc(books->log, books->room * sizeof *books->log);
        if (!books->log)
            abort();
    }
    books->log[books->count++] = *entry;
}

static uint64_t key_of_event(const char *id)
{
    return key_of_text(1, id);
}

/* A new entry of the log: false: it does not follow the one before it. */
static bool entered(struct simulation *simulation, const struct place *place, struct slice packed, struct event *ret)
{
    struct witnessed_partition *books = books_of(simulation, place->partition);
    uint64_t prev = books->count ? books->log[books->count - 1].id : 0;
    struct fault fault = {0};

    if (place->seq != books->count + 1 || place->prev != prev || place->id == 0) {
        simulation_fail(simulation, HOLDS_CHAIN, "partition %u: entry %llu does not follow entry %llu",
                        place->partition, as_number(place->seq), as_number(books->count));
        return false;
    }
    if (!event_unpack(packed, simulation->scratch, ret, &fault)) {
        simulation_fail(simulation, HOLDS_CHAIN, "partition %u: entry %llu cannot be read: %s %s", place->partition,
                        as_number(place->seq), fault.field, fault.what);
        return false;
    }
    if (partition_of_site(ret->site, SIM_PARTITIONS) != place->partition)
        simulation_fail(simulation, HOLDS_ORDER, "an event of %s stands in partition %u", ret->site, place->partition);
    push(books, &(struct witnessed_entry){place->id, key_of_event(ret->id), simulation->real, ret->number,
                                          strcmp(ret->source, CLIENT) == 0});
    simulation->verdict->events++;
    if (ret->number == EVENT_EVENT_QUARANTINED)
        simulation->verdict->set_aside++;
    return true;
}

static void told_to_business(struct simulation *simulation, const struct place *place, const struct event *event)
{
    if (simulation->business->seen)
        simulation->business->seen(simulation, place, event);
}

static void fact_appended(struct simulation *simulation, uint32_t partition, const struct fact *fact)
{
    struct witnessed_partition *books = books_of(simulation, partition);
    struct checkpoint *known = tally_at(&books->keys, key_of_text(2, fact->key));
    bool stands = known->seq > 0 && known->seq <= books->count && books->log[known->seq - 1].id == known->id;
    struct event event;

    if (fact->outcome == APPEND_NEW) {
        if (stands)
            simulation_fail(simulation, HOLDS_ONCE, "partition %u: entry %llu was accepted before, as entry %llu",
                            partition, as_number(fact->place.seq), as_number(known->seq));
        *known = (struct checkpoint){fact->place.seq, fact->place.id};
        if (entered(simulation, &fact->place, fact->packed, &event))
            told_to_business(simulation, &fact->place, &event);
    } else if (!stands || fact->place.seq != known->seq) {
        simulation_fail(simulation, HOLDS_ONCE, "partition %u: said to be known as entry %llu, which it is not",
                        partition, as_number(fact->place.seq));
    }
}

static void appended(void *context, uint32_t partition, const struct fact *facts, size_t count,
                     enum store_status status)
{
    struct simulation *simulation = context;

    arena_reset(simulation->scratch);
    for (size_t i = 0; i < count && status == STORE_OK; i++)
        fact_appended(simulation, partition, &facts[i]);
}

/* ---------------------------------------------------------------- leases */

static struct witnessed_stage *stage_of(struct simulation *simulation, uint32_t partition, enum stage stage)
{
    return &books_of(simulation, partition)->stages[stage];
}

/* A lease that has run out serves until somebody else claims it. */
static bool holds(const struct witnessed_stage *stage, const struct lease *lease)
{
    return strcmp(stage->owner, lease->owner) == 0 && stage->epoch == lease->epoch;
}

static const char *owner_of(const struct witnessed_stage *stage)
{
    return *stage->owner ? stage->owner : "nobody";
}

static void check_writer(struct simulation *simulation, const struct lease *lease, const char *what)
{
    const struct witnessed_stage *stage = stage_of(simulation, lease->partition, lease->stage);

    if (!holds(stage, lease))
        simulation_fail(simulation, HOLDS_WRITER,
                        "%s of %s in epoch %llu for partition %u, held by %s in epoch %llu for %lld ms more", what,
                        lease->owner, as_number(lease->epoch), lease->partition, owner_of(stage),
                        as_number(stage->epoch), (long long)(stage->expires - simulation->real));
}

static void claimed(void *context, uint32_t partition, enum stage number, const char *owner, int64_t ttl_ms,
                    const struct standing *standing, enum store_status status)
{
    struct simulation *simulation = context;
    struct witnessed_stage *stage = stage_of(simulation, partition, number);
    bool again = strcmp(stage->owner, owner) == 0;

    if (status != STORE_OK)
        return;
    if (!again && *stage->owner && simulation->real < stage->expires)
        simulation_fail(simulation, HOLDS_WRITER, "partition %u: %s took the lease that %s holds for %lld ms more",
                        partition, owner, stage->owner, (long long)(stage->expires - simulation->real));
    if (again ? standing->lease.epoch != stage->epoch : standing->lease.epoch <= stage->epoch)
        simulation_fail(simulation, HOLDS_WRITER, "partition %u: %s has epoch %llu after %s in epoch %llu", partition,
                        owner, as_number(standing->lease.epoch), owner_of(stage), as_number(stage->epoch));
    if (standing->checkpoint.seq != stage->checkpoint.seq || standing->checkpoint.id != stage->checkpoint.id)
        simulation_fail(simulation, HOLDS_EFFECT, "partition %u: %s is told checkpoint %llu, it is %llu", partition,
                        owner, as_number(standing->checkpoint.seq), as_number(stage->checkpoint.seq));
    snprintf(stage->owner, sizeof stage->owner, "%s", owner);
    stage->epoch = standing->lease.epoch;
    stage->expires = simulation->real + ttl_ms;
}

static void renewed(void *context, const struct lease *leases, size_t count, int64_t ttl_ms,
                    const enum store_status *statuses, enum store_status status)
{
    struct simulation *simulation = context;

    for (size_t i = 0; i < count && status == STORE_OK; i++) {
        if (statuses[i] != STORE_OK)
            continue;
        struct witnessed_stage *stage = stage_of(simulation, leases[i].partition, leases[i].stage);
        check_writer(simulation, &leases[i], "renewal");
        if (simulation->real >= stage->expires)
            simulation_fail(simulation, HOLDS_WRITER, "partition %u: %s renewed a lease that ran out %lld ms ago",
                            leases[i].partition, leases[i].owner, (long long)(simulation->real - stage->expires));
        stage->expires = simulation->real + ttl_ms;
    }
}

static void released(void *context, const struct lease *lease, enum store_status status)
{
    struct simulation *simulation = context;
    struct witnessed_stage *stage = stage_of(simulation, lease->partition, lease->stage);

    if (status != STORE_OK)
        return;
    if (strcmp(stage->owner, lease->owner) != 0 || stage->epoch != lease->epoch)
        simulation_fail(simulation, HOLDS_WRITER, "%s gave back a lease of %s", lease->owner, stage->owner);
    stage->owner[0] = '\0';
    stage->expires = 0;
}

/* ---------------------------------------------------------------- commits */

static bool is_on_log(const struct witnessed_partition *books, struct checkpoint at)
{
    return at.seq == 0 ? at.id == 0 : at.seq <= books->count && books->log[at.seq - 1].id == at.id;
}

static void check_course(struct simulation *simulation, const struct commit *commit)
{
    const struct witnessed_partition *books = books_of(simulation, commit->lease.partition);
    const struct witnessed_stage *stage = &books->stages[commit->lease.stage];

    if (commit->from.seq != stage->checkpoint.seq || commit->from.id != stage->checkpoint.id)
        simulation_fail(simulation, HOLDS_EFFECT, "partition %u: %s went on from entry %llu, but it stood at %llu",
                        commit->lease.partition, commit->lease.owner, as_number(commit->from.seq),
                        as_number(stage->checkpoint.seq));
    if (!is_on_log(books, commit->to) || commit->to.seq < commit->from.seq)
        simulation_fail(simulation, HOLDS_EFFECT, "partition %u: %s worked up to entry %llu, which is not the log's",
                        commit->lease.partition, commit->lease.owner, as_number(commit->to.seq));
}

/* What led to an event must be one of the events that this commit has worked, and they come in order. */
static void check_cause(struct simulation *simulation, const struct commit *commit, const struct event *event,
                        uint64_t before)
{
    uint64_t seq = (uint64_t)event->cause_seq;
    const struct witnessed_entry *cause = witness_entry(simulation, commit->lease.partition, seq);

    if (!cause || cause->event != key_of_event(event->cause))
        simulation_fail(simulation, HOLDS_EFFECT, "partition %u: %s comes of %s at entry %llu, which is not there",
                        commit->lease.partition, event->type, event->cause, as_number(seq));
    else if (seq <= commit->from.seq || seq > commit->to.seq)
        simulation_fail(simulation, HOLDS_EFFECT, "partition %u: %s comes of entry %llu, but %llu to %llu were worked",
                        commit->lease.partition, event->type, as_number(seq), as_number(commit->from.seq + 1),
                        as_number(commit->to.seq));
    else if (seq < before)
        simulation_fail(simulation, HOLDS_ORDER, "partition %u: %s worked entry %llu after entry %llu",
                        commit->lease.partition, commit->lease.owner, as_number(seq), as_number(before));
}

static bool has_duty(const struct simulation *simulation, enum stage stage, enum event_number number)
{
    for (const struct duty *duty = simulation->business->duties; duty->stage != STAGE_NONE; duty++)
        if (duty->stage == stage && duty->number == number)
            return true;
    return false;
}

/* `causes` of the events of this commit, in order. */
static void check_duties(struct simulation *simulation, const struct commit *commit, const uint64_t *causes)
{
    const struct witnessed_partition *books = books_of(simulation, commit->lease.partition);
    size_t at = 0;

    for (uint64_t seq = commit->from.seq + 1; seq <= commit->to.seq && seq <= books->count; seq++) {
        if (!has_duty(simulation, commit->lease.stage, books->log[seq - 1].number))
            continue;
        while (at < commit->event_count && causes[at] < seq)
            at++;
        if (at == commit->event_count || causes[at] != seq)
            simulation_fail(simulation, HOLDS_EFFECT,
                            "partition %u: %s passed over entry %llu, a %s: nothing came of it",
                            commit->lease.partition, commit->lease.owner, as_number(seq),
                            event_types[books->log[seq - 1].number].name);
    }
}

static void committed(void *context, const struct commit *commit, enum store_status status)
{
    struct simulation *simulation = context;
    uint64_t before = 0;

    if (status != STORE_OK)
        return;
    arena_reset(simulation->scratch);
    check_writer(simulation, &commit->lease, "a commit");
    check_course(simulation, commit);
    witness_puts(simulation, commit);
    uint64_t *causes = arena_alloc(simulation->scratch, (commit->event_count + 1) * sizeof *causes);
    for (size_t i = 0; i < commit->event_count; i++) {
        struct event event;
        if (!entered(simulation, &commit->events[i].place, commit->events[i].packed, &event))
            return;
        check_cause(simulation, commit, &event, before);
        before = causes[i] = (uint64_t)event.cause_seq;
        told_to_business(simulation, &commit->events[i].place, &event);
    }
    check_duties(simulation, commit, causes);
    stage_of(simulation, commit->lease.partition, commit->lease.stage)->checkpoint = commit->to;
}

static void fired(void *context, const struct lease *lease, wall_ms now, const struct entry_list *list,
                  enum store_status status)
{
    struct simulation *simulation = context;
    struct event event;

    (void)now;
    if (status != STORE_OK)
        return;
    arena_reset(simulation->scratch);
    check_writer(simulation, lease, "a firing");
    for (size_t i = 0; i < list->count; i++) {
        if (!entered(simulation, &list->at[i].place, list->at[i].packed, &event))
            return;
        witness_timer_fired(simulation, lease->partition, &event);
        told_to_business(simulation, &list->at[i].place, &event);
    }
}

const struct store_watch witness_watch = {.appended = appended, .committed = committed, .fired = fired,
                                          .claimed = claimed, .renewed = renewed, .released = released};

void witness_wire(void *context, const struct place *place)
{
    struct simulation *simulation = context;
    const struct witnessed_entry *entry = witness_entry(simulation, place->partition, place->seq);

    if (!entry || entry->id != place->id)
        simulation_fail(simulation, HOLDS_WIRE, "partition %u: entry %llu is on the wire, but not in the log",
                        place->partition, as_number(place->seq));
}

/* ---------------------------------------------------------------- looking */

static struct partition_view view_of(struct simulation *simulation, uint32_t partition)
{
    struct partition_view view = {0};
    enum store_status status = simulation->store->functions->view(simulation->store, &partition, 1, &view);

    assert(status == STORE_OK);
    (void)status;
    return view;
}

static void look(struct simulation *simulation, uint32_t partition)
{
    const struct witnessed_partition *books = books_of(simulation, partition);
    const struct partition_view view = view_of(simulation, partition);

    if (!is_on_log(books, view.head) || view.head.seq != books->count)
        simulation_fail(simulation, HOLDS_CHAIN, "partition %u: the log ends at %llu, %llu entries were acknowledged",
                        partition, as_number(view.head.seq), as_number(books->count));
    if (view.timers != books->armed)
        simulation_fail(simulation, HOLDS_TIMER, "partition %u has %zu timers, %zu entities wait for one", partition,
                        view.timers, books->armed);
    if (view.queue != books->placed)
        simulation_fail(simulation, HOLDS_PLACE, "partition %u has %zu places in its lists, %zu entities have one",
                        partition, view.queue, books->placed);
    for (int stage = STAGE_NONE + 1; stage < STAGE_COUNT; stage++)
        if (view.stages[stage].checkpoint.seq != books->stages[stage].checkpoint.seq)
            simulation_fail(simulation, HOLDS_EFFECT, "partition %u: the checkpoint of %s is %llu, committed was %llu",
                            partition, stage_names[stage], as_number(view.stages[stage].checkpoint.seq),
                            as_number(books->stages[stage].checkpoint.seq));
}

void witness_look(struct simulation *simulation)
{
    for (uint32_t i = 0; i < SIM_PARTITIONS && !simulation_failed(simulation); i++)
        look(simulation, i);
}

/* How long it has waited, not counting what went before `calm`. */
static int64_t waited_ms(const struct simulation *simulation, wall_ms since, wall_ms calm)
{
    return simulation->real - (since > calm ? since : calm);
}

static void bound(struct simulation *simulation, uint32_t partition, wall_ms calm)
{
    struct witnessed_partition *books = books_of(simulation, partition);
    const struct partition_view view = view_of(simulation, partition);

    for (const struct core *const *core = simulation->business->cores; *core; core++) {
        uint64_t seq = books->stages[(*core)->stage].checkpoint.seq + 1;
        const struct witnessed_entry *next = witness_entry(simulation, partition, seq);
        if (next && waited_ms(simulation, next->at_real, calm) > BOUND_MS)
            simulation_fail(simulation, HOLDS_BOUND, "partition %u: %s has left entry %llu unworked for %lld ms",
                            partition, stage_names[(*core)->stage], as_number(seq),
                            (long long)waited_ms(simulation, next->at_real, calm));
    }
    if (view.earliest_due == 0 || view.earliest_due > crew_now(&simulation->crew))
        books->overdue_since = 0;
    else if (books->overdue_since == 0)
        books->overdue_since = simulation->real;
    else if (waited_ms(simulation, books->overdue_since, calm) > BOUND_MS)
        simulation_fail(simulation, HOLDS_BOUND, "partition %u: a timer has been due for %lld ms and does not fire",
                        partition, (long long)waited_ms(simulation, books->overdue_since, calm));
}

void witness_bound(struct simulation *simulation)
{
    wall_ms calm = simulation->last_death + CALM_MS;

    for (uint32_t i = 0; i < SIM_PARTITIONS; i++)
        bound(simulation, i, calm);
}

/* ---------------------------------------------------------------- the whole of it */

static struct entry_list read_log(struct simulation *simulation, uint32_t partition, uint64_t from)
{
    struct entry_list entries = {0};
    enum store_status status;

    arena_reset(simulation->scratch);
    status = store_read_log_one(simulation->store, partition, from, READ_MAX, simulation->scratch,
                                                    &entries);
    assert(status == STORE_OK);
    (void)status;
    return entries;
}

static void compare_log(struct simulation *simulation, uint32_t partition)
{
    const struct witnessed_partition *books = books_of(simulation, partition);
    struct entry_list entries;
    uint64_t seq = 0, prev = 0;

    do {
        entries = read_log(simulation, partition, seq + 1);
        for (size_t i = 0; i < entries.count; i++) {
            const struct place *place = &entries.at[i].place;
            if (place->seq != ++seq || place->prev != prev || seq > books->count ||
                place->id != books->log[seq - 1].id) {
                simulation_fail(simulation, HOLDS_CHAIN, "partition %u: entry %llu of the log is not what was written",
                                partition, as_number(seq));
                return;
            }
            prev = place->id;
        }
    } while (entries.count > 0);
    if (seq != books->count)
        simulation_fail(simulation, HOLDS_CHAIN, "partition %u: the log has %llu entries, %zu were written", partition,
                        as_number(seq), books->count);
}

void witness_compare(struct simulation *simulation)
{
    for (uint32_t i = 0; i < SIM_PARTITIONS && !simulation_failed(simulation); i++) {
        compare_log(simulation, i);
        witness_entities_compare(simulation, i);
    }
}

static void tell_again(struct simulation *simulation, uint32_t partition)
{
    const struct witnessed_partition *books = books_of(simulation, partition);
    struct entry_list entries;
    uint64_t seq = 0;

    if (!simulation->business->seen)
        return;
    simulation->business->forget(simulation, partition);
    do {
        entries = read_log(simulation, partition, seq + 1);
        for (size_t i = 0; i < entries.count && seq < books->count; i++, seq++) {
            struct event event;
            struct fault fault;
            if (event_unpack(entries.at[i].packed, simulation->scratch, &event, &fault))
                simulation->business->seen(simulation, &entries.at[i].place, &event);
        }
    } while (entries.count > 0 && seq < books->count);
}

void witness_rewound(struct simulation *simulation, uint32_t partition)
{
    struct witnessed_partition *books = books_of(simulation, partition);
    const struct partition_view view = view_of(simulation, partition);

    if (!is_on_log(books, view.head))
        simulation_fail(simulation, HOLDS_CHAIN, "partition %u: rewound to an entry %llu that never was", partition,
                        as_number(view.head.seq));
    books->count = view.head.seq;
    for (int stage = STAGE_NONE + 1; stage < STAGE_COUNT; stage++) {
        books->stages[stage].checkpoint = view.stages[stage].checkpoint;
        if (!is_on_log(books, view.stages[stage].checkpoint))
            simulation_fail(simulation, HOLDS_EFFECT,
                            "partition %u: rewound, but the checkpoint of %s is not on the log",
                            partition, stage_names[stage]);
    }
    witness_entities_anew(simulation, partition);
    tell_again(simulation, partition);
}
