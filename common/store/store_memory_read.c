#include "store_memory_parts.h"

#include <stdlib.h>
#include <string.h>

enum { SCAN_STEP = 256 };

/* A read: true if it may go on. A lost answer is as good as none. */
static bool may_read(struct store_memory *memory, const char *call, const char *fault, enum store_status *ret_status)
{
    if (fault) {
        *ret_status = store_memory_refuse(memory, fault);
        return false;
    }
    bool lost;
    if (store_memory_fate(memory, call, false, &lost, ret_status))
        return false;
    *ret_status = lost ? STORE_GONE : STORE_OK;
    return !lost;
}

static const char *partition_fault(const struct store_memory *memory, uint32_t number)
{
    return number < memory->partitions ? NULL : "there is no such partition";
}

static enum store_status read_log_one(struct store_memory *memory, struct log_read *read, struct arena *arena)
{
    enum store_status status;
    if (!may_read(memory, "read_log", partition_fault(memory, read->partition), &status))
        return status;
    const struct partition *partition = memory->partition[read->partition];
    uint64_t first = read->from_seq > partition->trimmed ? read->from_seq : partition->trimmed + 1;
    uint64_t head = partition_head(partition).seq;
    size_t left = first > head ? 0 : head - (first - 1);
    size_t limit = read->max < READ_MAX ? read->max : READ_MAX;
    struct entry_list list = {.count = left < limit ? left : limit};
    list.at = arena_alloc(arena, list.count * sizeof *list.at);
    for (size_t i = 0; i < list.count; i++) {
        const struct logged *logged = partition->log[first - partition->trimmed - 1 + i];
        list.at[i].place = (struct place){read->partition, first + i, logged->id, logged->prev};
        list.at[i].packed = (struct slice){arena_copy(arena, logged->packed, logged->bytes), logged->bytes};
    }
    read->entries = list;
    return STORE_OK;
}

enum store_status memory_read_log(struct store *store, struct log_read *each, size_t count, struct arena *arena,
                                  enum store_status *ret_status_each)
{
    for (size_t i = 0; i < count; i++)
        ret_status_each[i] = read_log_one(store_memory_of(store), &each[i], arena);
    return exchange_status(ret_status_each, count);
}

static struct stored_entity entity_tell(const struct stored *stored, const char *id, struct arena *arena)
{
    if (!stored)
        return (struct stored_entity){.id = arena_string(arena, id), .queue = ""};
    return (struct stored_entity){
        .id = arena_string(arena, stored->id),
        .version = stored->version,
        .due = stored->due,
        .queue = arena_string(arena, stored->queue),
        .packed = {arena_copy(arena, stored->packed, stored->bytes), stored->bytes},
    };
}

static enum store_status read_entities_one(struct store_memory *memory, const struct entities_read *read,
                                           struct arena *arena)
{
    enum store_status status;
    const char *fault = entities_fault(memory->partitions, read);
    if (!may_read(memory, "read_entities", fault, &status))
        return status;
    const struct partition *partition = memory->partition[read->partition];
    for (size_t i = 0; i < read->count; i++)
        read->entities[i] = entity_tell(partition_entity(partition, read->kind, read->ids[i]), read->ids[i], arena);
    return STORE_OK;
}

enum store_status memory_read_entities(struct store *store, struct entities_read *each, size_t count,
                                       struct arena *arena, enum store_status *ret_status_each)
{
    for (size_t i = 0; i < count; i++)
        ret_status_each[i] = read_entities_one(store_memory_of(store), &each[i], arena);
    return exchange_status(ret_status_each, count);
}

/* The cursor is the hash to go on from; entities of one hash are told together. */
enum store_status memory_scan_entities(struct store *store, uint32_t number, enum entity_kind kind, uint64_t *cursor,
                                       struct arena *arena, struct stored_entity_list *ret)
{
    struct store_memory *memory = store_memory_of(store);
    enum store_status status;
    if (!may_read(memory, "scan_entities", partition_fault(memory, number), &status))
        return status;
    const struct ordered *list = &memory->partition[number]->entities[kind];
    const struct stored from = {.hash = *cursor, .id = ""};
    size_t first = ordered_place(list, &from, NULL), end = first;
    uint64_t last = 0;
    for (; end < list->count; end++) {
        uint64_t hash = ((struct stored *)list->at[end])->hash;
        if (end - first >= SCAN_STEP && hash != last)
            break;
        last = hash;
    }
    ret->count = end - first;
    ret->at = arena_alloc(arena, ret->count * sizeof *ret->at);
    for (size_t i = 0; i < ret->count; i++)
        ret->at[i] = entity_tell(list->at[first + i], NULL, arena);
    *cursor = end < list->count ? ((struct stored *)list->at[end])->hash : 0;
    return STORE_OK;
}

static size_t queue_start(const struct ordered *queue, const char *prefix, const char *after)
{
    if (strcmp(after, prefix) < 0)
        return ordered_place(queue, prefix, NULL);
    bool found;
    size_t place = ordered_place(queue, after, &found);
    return place + (found && *after);
}

enum store_status memory_read_queue(struct store *store, uint32_t number, const char *prefix, const char *after,
                                    size_t max, struct arena *arena, struct texts *ret)
{
    struct store_memory *memory = store_memory_of(store);
    enum store_status status;
    const char *fault = partition_fault(memory, number);
    if (!may_read(memory, "read_queue", fault ? fault : queue_fault(prefix, after), &status))
        return status;
    const struct ordered *queue = &memory->partition[number]->queue;
    size_t first = queue_start(queue, prefix, after), count = 0;
    while (count < max && first + count < queue->count &&
           strncmp(queue->at[first + count], prefix, strlen(prefix)) == 0)
        count++;
    ret->at = arena_alloc(arena, count * sizeof *ret->at);
    ret->count = count;
    for (size_t i = 0; i < count; i++)
        ret->at[i] = arena_string(arena, queue->at[first + i]);
    return STORE_OK;
}

enum store_status memory_read_timers(struct store *store, uint32_t number, wall_ms from, size_t skip, size_t max,
                                     struct arena *arena, struct timer_list *ret)
{
    struct store_memory *memory = store_memory_of(store);
    enum store_status status;
    if (!may_read(memory, "read_timers", partition_fault(memory, number), &status))
        return status;
    const struct ordered *timers = &memory->partition[number]->timers;
    const struct timer start = {.due = from};
    size_t first = ordered_place(timers, &start, NULL);
    size_t left = timers->count - first;
    left = left > skip ? left - skip : 0;
    ret->count = left < max ? left : max;
    ret->at = arena_alloc(arena, ret->count * sizeof *ret->at);
    for (size_t i = 0; i < ret->count; i++) {
        const struct timer *timer = timers->at[first + skip + i];
        ret->at[i] = (struct timer_entry){arena_string(arena, timer->member), timer->due};
    }
    return STORE_OK;
}

static size_t sending_count(const struct ordered *queue)
{
    return ordered_place(queue, "sending0", NULL) - ordered_place(queue, "sending/", NULL);     /* '0' follows '/' */
}

static void view_partition(const struct partition *partition, wall_ms now, struct partition_view *ret)
{
    *ret = (struct partition_view){
        .head = partition_head(partition),
        .earliest_due = partition_earliest(partition),
        .timers = partition->timers.count,
        .queue = partition->queue.count,
        .sending = sending_count(&partition->queue),
    };
    if (partition->log_count)
        ret->first = (struct checkpoint){partition->trimmed + 1, partition->log[0]->id};
    for (int stage = STAGE_NONE + 1; stage < STAGE_COUNT; stage++) {
        const struct held *held = &partition->held[stage];
        ret->stages[stage].checkpoint = held->checkpoint;
        strcpy(ret->stages[stage].owner, held->owner);
        ret->stages[stage].epoch = held->epoch;
        ret->stages[stage].lease_left_ms = held->expires > now ? held->expires - now : 0;
        ret->stages[stage].unclean = held->unclean;
    }
}

enum store_status memory_view(struct store *store, const uint32_t *partitions, size_t count,
                              struct partition_view *ret_each)
{
    struct store_memory *memory = store_memory_of(store);
    const char *fault = NULL;
    for (size_t i = 0; i < count && !fault; i++)
        fault = partition_fault(memory, partitions[i]);
    enum store_status status;
    if (!may_read(memory, "view", fault, &status))
        return status;
    for (size_t i = 0; i < count; i++)
        view_partition(memory->partition[partitions[i]], store_memory_now(memory), &ret_each[i]);
    return STORE_OK;
}

static struct checkpoint settled_of(const struct partition *partition, uint64_t unsettled)
{
    struct checkpoint head = partition_head(partition);
    uint64_t seq = head.seq > unsettled ? head.seq - unsettled : 0;
    if (seq == head.seq)
        return head;
    return seq > partition->trimmed ? (struct checkpoint){seq, partition->log[seq - partition->trimmed - 1]->id}
                                    : (struct checkpoint){0};
}

enum store_status memory_settled(struct store *store, const uint32_t *partitions, size_t count,
                                 const uint64_t *wanted, struct checkpoint *ret_each)
{
    (void)wanted;
    struct store_memory *memory = store_memory_of(store);
    const char *fault = NULL;
    for (size_t i = 0; i < count && !fault; i++)
        fault = partition_fault(memory, partitions[i]);
    enum store_status status;
    if (!may_read(memory, "settled", fault, &status))
        return status;
    for (size_t i = 0; i < count; i++)
        ret_each[i] = settled_of(memory->partition[partitions[i]], memory->unsettled);
    return STORE_OK;
}

enum store_status memory_heads(struct store *store, const uint32_t *partitions, size_t count, struct checkpoint *ret_each)
{
    struct store_memory *memory = store_memory_of(store);
    const char *fault = NULL;
    for (size_t i = 0; i < count && !fault; i++)
        fault = partition_fault(memory, partitions[i]);
    enum store_status status;
    if (!may_read(memory, "heads", fault, &status))
        return status;
    for (size_t i = 0; i < count; i++)
        ret_each[i] = partition_head(memory->partition[partitions[i]]);
    return STORE_OK;
}
