#include "store_memory_parts.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static wall_ms real_now(void *context)
{
    (void)context;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec * SECOND_MS + now.tv_nsec / 1000000;
}

struct store_memory *store_memory_of(struct store *store)
{
    return (struct store_memory *)store;
}

wall_ms store_memory_now(struct store_memory *memory)
{
    return memory->now(memory->now_context);
}

static void say(struct store_memory *memory, const char *message)
{
    snprintf(memory->message, sizeof memory->message, "%s", message);
}

enum store_status store_memory_refuse(struct store_memory *memory, const char *fault)
{
    say(memory, fault);
    return STORE_REFUSED;
}

bool store_memory_fate(struct store_memory *memory, const char *call, bool writes, bool *ret_lost,
                       enum store_status *ret_status)
{
    int fate = memory->fate ? memory->fate(memory->fate_context, call) : FATE_DONE;
    *ret_lost = fate == FATE_ANSWER_LOST;
    if (fate == FATE_GONE || fate == FATE_ANSWER_LOST)
        say(memory, "the simulation took the answer away");
    if (fate == FATE_GONE)
        *ret_status = STORE_GONE;
    if (fate != FATE_FULL || !writes)
        return fate == FATE_GONE;
    say(memory, "the simulation says that the store is full");
    *ret_status = STORE_FULL;
    return true;
}

static enum store_status memory_now(struct store *store, wall_ms *ret)
{
    struct store_memory *memory = store_memory_of(store);
    bool lost;
    enum store_status status;
    if (store_memory_fate(memory, "now", false, &lost, &status))
        return status;
    if (lost)
        return STORE_GONE;
    *ret = store_memory_now(memory);
    return STORE_OK;
}

static void memory_health(struct store *store, struct store_health *ret)
{
    (void)store;
    *ret = (struct store_health){.reachable = true};
}

static const char *memory_message(struct store *store)
{
    return store_memory_of(store)->message;
}

static void memory_free(struct store **store)
{
    if (!*store)
        return;
    struct store_memory *memory = store_memory_of(*store);
    for (uint32_t i = 0; i < memory->partitions; i++)
        partition_free(memory->partition[i]);
    free(memory->partition);
    ordered_free(&memory->notes);
    ordered_free(&memory->contents);
    ordered_free(&memory->announced);
    free(memory);
    *store = NULL;
}

static const struct store_functions memory_functions = {
    .append = memory_append,
    .commit = memory_commit,
    .fire = memory_fire,
    .claim = memory_claim,
    .renew = memory_renew,
    .release = memory_release,
    .read_log = memory_read_log,
    .read_entities = memory_read_entities,
    .scan_entities = memory_scan_entities,
    .read_queue = memory_read_queue,
    .read_timers = memory_read_timers,
    .view = memory_view,
    .heads = memory_heads,
    .settled = memory_settled,
    .trim = memory_trim,
    .content_put = memory_content_put,
    .content_get = memory_content_get,
    .note_put = memory_note_put,
    .note_get = memory_note_get,
    .note_swap = memory_note_swap,
    .announce = memory_announce,
    .members = memory_members,
    .now = memory_now,
    .health = memory_health,
    .message = memory_message,
    .free = memory_free,
};

static struct store_memory *memory_new(uint32_t partitions)
{
    assert(partitions > 0 && partitions <= PARTITIONS_MAX);
    struct store_memory *memory = calloc(1, sizeof *memory);
    assert(memory);
    memory->store.functions = &memory_functions;
    memory->partitions = partitions;
    memory->partition = calloc(partitions, sizeof *memory->partition);
    assert(memory->partition);
    memory->notes.compare = note_compare;
    memory->contents.compare = content_compare;
    memory->announced.compare = announced_compare;
    memory->now = real_now;
    return memory;
}

struct store *store_memory_new(uint32_t partitions)
{
    struct store_memory *memory = memory_new(partitions);
    for (uint32_t i = 0; i < partitions; i++)
        memory->partition[i] = partition_new();
    return &memory->store;
}

void store_memory_time(struct store *store, wall_ms (*now)(void *context), void *context)
{
    struct store_memory *memory = store_memory_of(store);
    memory->now = now ? now : real_now;
    memory->now_context = context;
}

void store_memory_unsettle(struct store *store, uint64_t events)
{
    store_memory_of(store)->unsettled = events;
}

void store_memory_fault(struct store *store, int (*fate)(void *context, const char *call), void *context)
{
    struct store_memory *memory = store_memory_of(store);
    memory->fate = fate;
    memory->fate_context = context;
}

unsigned store_memory_rewind(struct store *store, uint32_t partition, unsigned writes)
{
    struct store_memory *memory = store_memory_of(store);
    assert(partition < memory->partitions);
    unsigned taken_back = 0;
    while (taken_back < writes && partition_take_back(memory->partition[partition]))
        taken_back++;
    return taken_back;
}

static void copy_notes(struct store_memory *to, const struct store_memory *from)
{
    for (size_t i = 0; i < from->notes.count; i++) {
        const struct note *note = from->notes.at[i];
        ordered_insert(&to->notes, note_new(note->map, note->field, (struct slice){note->value, note->bytes}));
    }
    for (size_t i = 0; i < from->contents.count; i++) {
        const struct content *content = from->contents.at[i];
        ordered_insert(&to->contents, content_new(content->hash, (struct slice){content->at, content->bytes}));
    }
    for (size_t i = 0; i < from->announced.count; i++) {
        const struct announced *one = from->announced.at[i];
        const struct member member = {one->name, one->stage, one->endpoint, one->details};
        ordered_insert(&to->announced, announced_new(&member, one->expires));
    }
}

struct store *store_memory_copy(const struct store *store)
{
    const struct store_memory *from = (const struct store_memory *)store;
    struct store_memory *copy = memory_new(from->partitions);
    for (uint32_t i = 0; i < from->partitions; i++)
        copy->partition[i] = partition_copy(from->partition[i]);
    copy_notes(copy, from);
    copy->now = from->now;
    copy->now_context = from->now_context;
    copy->fate = from->fate;
    copy->fate_context = from->fate_context;
    return &copy->store;
}
