#include "fnv.h"
#include "store_memory_parts.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static void *allocate(size_t bytes)
{
    void *at = calloc(1, bytes);
    if (!at)
        abort();
    return at;
}

static int stored_compare(const void *a, const void *b)
{
    const struct stored *left = a, *right = b;
    if (left->hash != right->hash)
        return left->hash < right->hash ? -1 : 1;
    return strcmp(left->id, right->id);
}

static int timer_compare(const void *a, const void *b)
{
    const struct timer *left = a, *right = b;
    if (left->due != right->due)
        return left->due < right->due ? -1 : 1;
    return strcmp(left->member, right->member);
}

static int text_compare(const void *a, const void *b)
{
    return strcmp(a, b);
}

static int key_compare(const void *a, const void *b)
{
    const struct key *left = a, *right = b;
    if (left->generation != right->generation)
        return left->generation < right->generation ? -1 : 1;
    if (left->stage != right->stage)
        return left->stage < right->stage ? -1 : 1;
    return strcmp(left->text, right->text);
}

struct partition *partition_new(void)
{
    struct partition *partition = allocate(sizeof *partition);
    for (int kind = 0; kind < ENTITY_COUNT; kind++)
        partition->entities[kind].compare = stored_compare;
    partition->timers.compare = timer_compare;
    partition->queue.compare = text_compare;
    partition->keys.compare = key_compare;
    return partition;
}

static void forget_write(struct write *write)
{
    for (size_t i = 0; i < write->count; i++)
        if (write->at[i].kind == CHANGE_REMOVED)
            free(write->at[i].item);
    free(write->at);
    *write = (struct write){0};
}

void partition_free(struct partition *partition)
{
    for (size_t i = 0; i < REWIND_MAX; i++)
        forget_write(&partition->writes[i]);
    for (size_t i = 0; i < partition->log_count; i++)
        free(partition->log[i]);
    free(partition->log);
    for (int kind = 0; kind < ENTITY_COUNT; kind++)
        ordered_free(&partition->entities[kind]);
    ordered_free(&partition->timers);
    ordered_free(&partition->queue);
    ordered_free(&partition->keys);
    free(partition);
}

void partition_write_begin(struct partition *partition)
{
    if (partition->write_count == REWIND_MAX) {
        forget_write(&partition->writes[partition->write_first]);
        partition->write_first = (partition->write_first + 1) % REWIND_MAX;
        partition->write_count--;
    }
    partition->write_count++;
}

static struct write *open_write(struct partition *partition)
{
    assert(partition->write_count);
    return &partition->writes[(partition->write_first + partition->write_count - 1) % REWIND_MAX];
}

static void remember(struct partition *partition, struct change change)
{
    struct write *write = open_write(partition);
    if (write->count == write->room) {
        write->room = write->room ? 2 * write->room : 8;
        write->at = realloc(write->at, write->room * sizeof *write->at);
        if (!write->at)
            abort();
    }
    write->at[write->count++] = change;
}

struct checkpoint partition_head(const struct partition *partition)
{
    if (!partition->log_count)
        return (struct checkpoint){0};
    return (struct checkpoint){.seq = partition->trimmed + partition->log_count, .id = partition->log[partition->log_count - 1]->id};
}

wall_ms partition_earliest(const struct partition *partition)
{
    return partition->timers.count ? ((struct timer *)partition->timers.at[0])->due : 0;
}

bool partition_on_log(const struct partition *partition, struct checkpoint at)
{
    if (!at.seq)
        return at.id == 0;
    uint64_t index = at.seq - partition->trimmed - 1;       /* huge when it was trimmed */
    return index < partition->log_count && partition->log[index]->id == at.id;
}

static void log_push(struct partition *partition, struct logged *logged)
{
    if (partition->log_count == partition->log_room) {
        partition->log_room = partition->log_room ? 2 * partition->log_room : 64;
        partition->log = realloc(partition->log, partition->log_room * sizeof *partition->log);
        if (!partition->log)
            abort();
    }
    partition->log[partition->log_count++] = logged;
}

void partition_append(struct partition *partition, uint64_t chain_id, struct slice packed, struct place *ret)
{
    struct logged *logged = allocate(sizeof *logged + packed.bytes);
    logged->id = chain_id;
    logged->prev = partition_head(partition).id;
    logged->begins = open_write(partition)->appended++ % ENTRY_EVENTS_MAX == 0;
    logged->bytes = packed.bytes;
    memcpy(logged->packed, packed.at, packed.bytes);
    log_push(partition, logged);
    remember(partition, (struct change){.kind = CHANGE_APPENDED});
    ret->seq = partition->trimmed + partition->log_count;
    ret->id = logged->id;
    ret->prev = logged->prev;
}

void partition_insert(struct partition *partition, struct ordered *list, void *item)
{
    ordered_insert(list, item);
    remember(partition, (struct change){.kind = CHANGE_INSERTED, .list = list, .item = item});
}

void partition_remove(struct partition *partition, struct ordered *list, const void *item)
{
    void *removed = ordered_remove(list, item);
    if (removed)
        remember(partition, (struct change){.kind = CHANGE_REMOVED, .list = list, .item = removed});
}

void partition_move(struct partition *partition, enum stage stage, struct checkpoint to)
{
    struct held *held = &partition->held[stage];
    remember(partition, (struct change){.kind = CHANGE_MOVED, .held = held, .checkpoint = held->checkpoint,
                                        .unclean = held->unclean});
    if (held->checkpoint.seq != to.seq)
        held->unclean = 0;
    held->checkpoint = to;
}

static void take_back(struct partition *partition, const struct change *change)
{
    switch (change->kind) {
    case CHANGE_APPENDED:
        free(partition->log[--partition->log_count]);
        break;
    case CHANGE_INSERTED:
        free(ordered_remove(change->list, change->item));
        break;
    case CHANGE_REMOVED:
        ordered_insert(change->list, change->item);
        break;
    case CHANGE_MOVED:
        change->held->checkpoint = change->checkpoint;
        change->held->unclean = change->unclean;
        break;
    }
}

size_t partition_trim(struct partition *partition, size_t count)
{
    while (count && !partition->log[count]->begins)
        count--;
    if (!count)
        return 0;
    for (size_t i = 0; i < REWIND_MAX; i++)
        forget_write(&partition->writes[i]);
    partition->write_first = partition->write_count = 0;
    for (size_t i = 0; i < count; i++)
        free(partition->log[i]);
    partition->log_count -= count;
    memmove(partition->log, partition->log + count, partition->log_count * sizeof *partition->log);
    partition->trimmed += count;
    return count;
}

bool partition_take_back(struct partition *partition)
{
    if (!partition->write_count)
        return false;
    struct write *write = open_write(partition);
    while (write->count)
        take_back(partition, &write->at[--write->count]);
    free(write->at);
    *write = (struct write){0};
    partition->write_count--;
    return true;
}

struct stored *partition_entity(const struct partition *partition, enum entity_kind kind, const char *id)
{
    const struct stored wanted = {.hash = fnv_text(FNV_START, id), .id = id};
    return ordered_find(&partition->entities[kind], &wanted);
}

struct stored *stored_new(const struct entity_put *put)
{
    const char *queue = put->queue ? put->queue : "";
    size_t id_bytes = strlen(put->id) + 1, queue_bytes = strlen(queue) + 1;
    struct stored *stored = allocate(sizeof *stored + id_bytes + queue_bytes + put->packed.bytes);
    char *id = (char *)(stored + 1), *tail = id + id_bytes;
    memcpy(id, put->id, id_bytes);
    memcpy(tail, queue, queue_bytes);
    memcpy(tail + queue_bytes, put->packed.at, put->packed.bytes);
    stored->id = id;
    stored->hash = fnv_text(FNV_START, put->id);
    stored->version = put->version;
    stored->due = put->due;
    stored->queue = tail;
    stored->packed = (uint8_t *)tail + queue_bytes;
    stored->bytes = put->packed.bytes;
    return stored;
}

struct key *key_new(const char *text, enum stage stage, int64_t generation)
{
    size_t bytes = strlen(text) + 1;
    struct key *key = allocate(sizeof *key + bytes);
    memcpy(key->text, text, bytes);
    key->generation = generation;
    key->stage = stage;
    return key;
}

static void *timer_copy(const void *item)
{
    struct timer *copy = allocate(sizeof *copy);
    *copy = *(const struct timer *)item;
    return copy;
}

static void *text_copy(const void *item)
{
    return strdup(item);
}

static void *key_copy(const void *item)
{
    const struct key *from = item;
    struct key *copy = key_new(from->text, from->stage, from->generation);
    copy->digest = from->digest;
    copy->seq = from->seq;
    return copy;
}

static void *stored_copy(const void *item)
{
    const struct stored *from = item;
    return stored_new(&(struct entity_put){.id = from->id, .version = from->version, .due = from->due,
                                           .queue = from->queue, .packed = {from->packed, from->bytes}});
}

static void copy_list(struct ordered *to, const struct ordered *from, void *(*copy)(const void *))
{
    for (size_t i = 0; i < from->count; i++)
        ordered_insert(to, copy(from->at[i]));
}

static struct logged *logged_copy(const struct logged *from)
{
    struct logged *copy = allocate(sizeof *copy + from->bytes);
    memcpy(copy, from, sizeof *copy + from->bytes);
    return copy;
}

struct partition *partition_copy(const struct partition *from)
{
    struct partition *copy = partition_new();
    copy->trimmed = from->trimmed;
    for (size_t i = 0; i < from->log_count; i++)
        log_push(copy, logged_copy(from->log[i]));
    for (int kind = 0; kind < ENTITY_COUNT; kind++)
        copy_list(&copy->entities[kind], &from->entities[kind], stored_copy);
    copy_list(&copy->timers, &from->timers, timer_copy);
    copy_list(&copy->queue, &from->queue, text_copy);
    copy_list(&copy->keys, &from->keys, key_copy);
    memcpy(copy->held, from->held, sizeof copy->held);
    return copy;
}
