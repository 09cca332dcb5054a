#include "store_memory_parts.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static struct key *key_find(const struct partition *partition, const struct fact *fact, int64_t generation)
{
    struct key *wanted = key_new(fact->key, fact->stage, generation);
    struct key *found = ordered_find(&partition->keys, wanted);
    free(wanted);
    return found;
}

static struct key *known_key(const struct partition *partition, const struct fact *fact, int64_t generation)
{
    if (fact->natural)
        return key_find(partition, fact, KEY_NATURAL);
    for (int64_t back = 0; back < KEY_GENERATIONS_KEPT && back <= generation; back++) {
        struct key *key = key_find(partition, fact, generation - back);
        if (key)
            return key;
    }
    return NULL;
}

/* Keys sort by generation: the expired ones stand right behind the natural ones. */
static void drop_expired_keys(struct partition *partition, int64_t generation)
{
    struct key *first = key_new("", STAGE_NONE, KEY_NATURAL + 1);
    size_t at = ordered_place(&partition->keys, first, NULL);
    free(first);
    while (at < partition->keys.count) {
        const struct key *key = partition->keys.at[at];
        if (key->generation > generation - KEY_GENERATIONS_KEPT)
            break;
        partition_remove(partition, &partition->keys, key);
    }
}

static void append_new(struct partition *partition, const struct fact *fact, int64_t generation, struct place *place)
{
    struct key *key = key_new(fact->key, fact->stage, fact->natural ? KEY_NATURAL : generation);
    partition_append(partition, fact->chain_id, fact->packed, place);
    key->seq = place->seq;
    key->digest = fact->digest;
    partition_insert(partition, &partition->keys, key);
}

static enum store_status check_facts(struct store_memory *memory, const struct fact *facts, size_t count)
{
    char text[MESSAGE_BYTES];
    for (size_t i = 0; i < count; i++) {
        const char *fault = writer_fault(facts[i].stage, facts[i].packed, text);
        if (fault)
            return store_memory_refuse(memory, fault);
    }
    return STORE_OK;
}

static bool anything_new(const struct partition *partition, const struct fact *facts, size_t count, int64_t generation)
{
    for (size_t i = 0; i < count; i++)
        if (!known_key(partition, &facts[i], generation))
            return true;
    return false;
}

static void append_fact(struct partition *partition, const struct fact *fact, int64_t generation, struct fact *ret)
{
    const struct key *known = known_key(partition, fact, generation);
    enum append_outcome outcome = !known ? APPEND_NEW : known->digest == fact->digest ? APPEND_KNOWN : APPEND_CONFLICT;
    struct place place = {.seq = known ? known->seq : 0};
    if (outcome == APPEND_NEW)
        append_new(partition, fact, generation, &place);
    if (ret) {
        ret->outcome = outcome;
        ret->place = place;
    }
}

static enum store_status append_one(struct store_memory *memory, const struct append *append)
{
    const char *fault = append_fault(memory->partitions, append);
    if (fault)
        return store_memory_refuse(memory, fault);
    bool lost;
    enum store_status status;
    if (store_memory_fate(memory, "append", true, &lost, &status))
        return status;
    status = check_facts(memory, append->facts, append->count);
    if (status != STORE_OK)
        return lost ? STORE_GONE : status;
    struct partition *partition = memory->partition[append->partition];
    int64_t generation = store_memory_now(memory) / (KEY_GENERATION_DAYS * DAY_MS);
    if (anything_new(partition, append->facts, append->count, generation)) {
        partition_write_begin(partition);
        drop_expired_keys(partition, generation);
    }
    for (size_t i = 0; i < append->count; i++) {
        append_fact(partition, &append->facts[i], generation, lost ? NULL : &append->facts[i]);
        append->facts[i].place.partition = append->partition;
    }
    return lost ? STORE_GONE : STORE_OK;
}

enum store_status memory_append(struct store *store, const struct append *each, size_t count,
                                enum store_status *ret_status_each)
{
    for (size_t i = 0; i < count; i++)
        ret_status_each[i] = append_one(store_memory_of(store), &each[i]);
    return exchange_status(ret_status_each, count);
}

static const char *or_empty(const char *text)
{
    return text ? text : "";
}

static enum store_status check_put(struct store_memory *memory, const struct partition *partition,
                                   const struct entity_put *put)
{
    const struct stored *stored = partition_entity(partition, put->kind, put->id);
    if ((stored ? stored->version : 0) != put->version - 1)
        return STORE_CHANGED;
    if ((stored ? stored->due : 0) != put->due_before ||
        strcmp(stored ? stored->queue : "", or_empty(put->queue_before)) != 0)
        return store_memory_refuse(memory, "due_before or queue_before is not what is stored");
    return STORE_OK;
}

static enum store_status check_events(struct store_memory *memory, const struct commit *commit)
{
    char text[MESSAGE_BYTES];
    for (size_t i = 0; i < commit->event_count; i++) {
        const char *fault = writer_fault(commit->lease.stage, commit->events[i].packed, text);
        if (fault)
            return store_memory_refuse(memory, fault);
    }
    return STORE_OK;
}

static enum store_status check_commit(struct store_memory *memory, const struct partition *partition,
                                      const struct commit *commit)
{
    const struct held *held = memory_held(memory, &commit->lease);
    if (!held)
        return STORE_FENCED;
    if (held->checkpoint.seq != commit->from.seq || held->checkpoint.id != commit->from.id ||
        !partition_on_log(partition, commit->to))
        return STORE_STALE;
    for (size_t i = 0; i < commit->condition_count; i++) {
        const struct entity_condition *condition = &commit->conditions[i];
        const struct stored *stored = partition_entity(partition, condition->kind, condition->id);
        if ((stored ? stored->version : 0) != condition->version)
            return STORE_CHANGED;
    }
    enum store_status status = STORE_OK;
    for (size_t i = 0; i < commit->put_count && status != STORE_CHANGED; i++) {
        enum store_status one = check_put(memory, partition, &commit->puts[i]);
        status = one == STORE_OK ? status : one;
    }
    return status == STORE_OK ? check_events(memory, commit) : status;
}

static void move_timer(struct partition *partition, const struct entity_put *put)
{
    struct timer *timer = calloc(1, sizeof *timer);
    assert(timer);
    member_write(put->kind, put->id, timer->member);
    timer->due = put->due_before;
    partition_remove(partition, &partition->timers, timer);
    timer->due = put->due;
    if (put->due)
        partition_insert(partition, &partition->timers, timer);
    else
        free(timer);
}

static bool moves_in_queue(const struct entity_put *put)
{
    return strcmp(or_empty(put->queue_before), or_empty(put->queue)) != 0;
}

static void leave_queue(struct partition *partition, const struct entity_put *put)
{
    if (moves_in_queue(put) && *or_empty(put->queue_before))
        partition_remove(partition, &partition->queue, put->queue_before);
}

static void enter_queue(struct partition *partition, const struct entity_put *put)
{
    if (moves_in_queue(put) && *or_empty(put->queue) && !ordered_find(&partition->queue, put->queue))
        partition_insert(partition, &partition->queue, strdup(put->queue));
}

static void put_entity(struct partition *partition, const struct entity_put *put)
{
    struct ordered *list = &partition->entities[put->kind];
    const struct stored *stored = partition_entity(partition, put->kind, put->id);
    if (stored)
        partition_remove(partition, list, stored);
    if (put->packed.bytes)
        partition_insert(partition, list, stored_new(put));
    if (put->due != put->due_before)
        move_timer(partition, put);
}

static bool timers_move(const struct commit *commit)
{
    for (size_t i = 0; i < commit->put_count; i++)
        if (commit->puts[i].due != commit->puts[i].due_before)
            return true;
    return false;
}

/* All leave their places before any enters one, so that two may swap. */
static void put_entities(struct partition *partition, const struct commit *commit)
{
    for (size_t i = 0; i < commit->put_count; i++) {
        put_entity(partition, &commit->puts[i]);
        leave_queue(partition, &commit->puts[i]);
    }
    for (size_t i = 0; i < commit->put_count; i++)
        enter_queue(partition, &commit->puts[i]);
}

static void append_events(struct partition *partition, struct commit *commit, bool lost)
{
    for (size_t i = 0; i < commit->event_count; i++) {
        struct new_event *event = &commit->events[i];
        struct place place = {.partition = commit->lease.partition};
        partition_append(partition, event->chain_id, event->packed, &place);
        if (!lost)
            event->place = place;
    }
}

static enum store_status commit_one(struct store_memory *memory, struct commit *commit)
{
    const char *fault = commit_fault(memory->partitions, commit);
    if (fault)
        return store_memory_refuse(memory, fault);
    bool lost;
    enum store_status status;
    if (store_memory_fate(memory, "commit", true, &lost, &status))
        return status;
    struct partition *partition = memory->partition[commit->lease.partition];
    status = check_commit(memory, partition, commit);
    if (status != STORE_OK)
        return lost ? STORE_GONE : status;
    partition_write_begin(partition);
    put_entities(partition, commit);
    append_events(partition, commit, lost);
    partition_move(partition, commit->lease.stage, commit->to);
    if (lost)
        return STORE_GONE;
    if (timers_move(commit))
        commit->earliest_due = partition_earliest(partition);
    return STORE_OK;
}

enum store_status memory_commit(struct store *store, struct commit *const *each, size_t count,
                                enum store_status *ret_status_each)
{
    for (size_t i = 0; i < count; i++)
        ret_status_each[i] = commit_one(store_memory_of(store), each[i]);
    return exchange_status(ret_status_each, count);
}

/* The earliest timer becomes an event; its packed bytes are copied into the arena too. */
static void fire_first(struct partition *partition, wall_ms now, uint64_t chain_id, struct arena *arena,
                       struct entry *ret)
{
    const struct timer *timer = partition->timers.at[0];
    struct buffer packed = {0};
    fired_pack(&(struct fired){.member = timer->member, .due = timer->due, .now = now, .chain_id = chain_id}, &packed);
    partition_append(partition, chain_id, buffer_slice(&packed), &ret->place);
    ret->packed = (struct slice){arena_copy(arena, packed.at, packed.bytes), packed.bytes};
    buffer_free(&packed);
    partition_remove(partition, &partition->timers, timer);
}

static size_t due_count(const struct partition *partition, wall_ms now)
{
    size_t count = 0;
    while (count < partition->timers.count && count < FIRE_MAX &&
           ((struct timer *)partition->timers.at[count])->due <= now)
        count++;
    return count;
}

static enum store_status fire_one(struct store_memory *memory, struct fire *fire, struct arena *arena)
{
    const struct lease *lease = &fire->lease;
    const char *fault = fire_fault(memory->partitions, lease, fire->now);
    if (fault)
        return store_memory_refuse(memory, fault);
    bool lost;
    enum store_status status;
    if (store_memory_fate(memory, "fire", true, &lost, &status))
        return status;
    if (!memory_held(memory, lease))
        return lost ? STORE_GONE : STORE_FENCED;
    struct partition *partition = memory->partition[lease->partition];
    struct entry_list fired = {.count = due_count(partition, fire->now)};
    fired.at = arena_alloc(arena, fired.count * sizeof *fired.at);
    if (fired.count)
        partition_write_begin(partition);
    for (size_t i = 0; i < fired.count; i++) {
        fired.at[i].place.partition = lease->partition;
        fire_first(partition, fire->now, fire->chain_seed + i, arena, &fired.at[i]);
    }
    if (lost)
        return STORE_GONE;
    fire->fired = fired;
    fire->earliest_due = partition_earliest(partition);
    return STORE_OK;
}

enum store_status memory_fire(struct store *store, struct fire *each, size_t count, struct arena *arena,
                              enum store_status *ret_status_each)
{
    for (size_t i = 0; i < count; i++)
        ret_status_each[i] = fire_one(store_memory_of(store), &each[i], arena);
    return exchange_status(ret_status_each, count);
}

static uint64_t lesser(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static void log_measure(const struct partition *partition, uint64_t gone, struct trimmed *ret)
{
    *ret = (struct trimmed){.count = gone, .first = partition->log_count ? partition->trimmed + 1 : 0,
                            .entries = partition->log_count};
    for (size_t i = 0; i < partition->log_count; i++)
        ret->bytes += sizeof *partition->log[i] + partition->log[i]->bytes;
}

enum store_status memory_trim(struct store *store, uint32_t number, uint64_t before_seq, struct trimmed *ret)
{
    struct store_memory *memory = store_memory_of(store);
    if (number >= memory->partitions)
        return store_memory_refuse(memory, "there is no such partition");
    bool lost;
    enum store_status status;
    if (store_memory_fate(memory, "trim", false, &lost, &status))
        return status;
    struct partition *partition = memory->partition[number];
    uint64_t limit = lesser(before_seq, partition_head(partition).seq), first = partition->trimmed + 1;
    for (int stage = STAGE_NONE + 1; stage < STAGE_COUNT; stage++)
        limit = lesser(limit, partition->held[stage].checkpoint.seq);
    limit = lesser(limit, first + TRIM_MAX);
    uint64_t gone = partition_trim(partition, limit > first ? limit - first : 0);
    if (!lost)
        log_measure(partition, gone, ret);
    return lost ? STORE_GONE : STORE_OK;
}
