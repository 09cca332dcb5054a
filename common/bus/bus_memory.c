/* A bus within one process: ends of one hub hear each other, in order, at once, unless a simulation wills otherwise. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bus.h"

enum { WAITING_MAX = 100000, TYPES_MAX = 64 };
enum fate { FATE_DROP, FATE_DELIVER, FATE_TWICE, FATE_AFTER_NEXT, FATE_KEPT };

struct message {
    struct message *next;
    enum frame_kind kind;
    struct place place;
    wall_ms due;
    struct hint hint;
    size_t bytes;
    uint8_t packed[];
};

struct bus_memory {
    struct bus bus;
    struct bus_hub *hub;
    struct bus_memory *next;
    struct message *first, **last;      /* waiting */
    size_t waiting;
    struct message *late;               /* comes after the next one */
    struct message *kept;               /* newest first, until they are released */
    struct message *taken;              /* what the last receive showed */
    uint8_t partitions[PARTITIONS_MAX / 8], dues[PARTITIONS_MAX / 8];
    char types[TYPES_MAX][NAME_BYTES_MAX + 1];
    size_t type_count;
    bool hints[HINT_COUNT];
    char endpoint[32];
};

struct bus_hub {
    struct bus_memory *ends;
    unsigned named;
    int (*fate)(void *context);
    void *fate_context;
    void (*tap)(void *context, const struct place *place);
    void *tap_context;
};

struct bus_hub *bus_hub_new(void)
{
    struct bus_hub *hub = calloc(1, sizeof *hub);

    if (!hub)
        abort();
    return hub;
}

void bus_hub_free(struct bus_hub **hub)
{
    if (!*hub)
        return;
    assert(!(*hub)->ends);
    free(*hub);
    *hub = NULL;
}

void bus_hub_fate(struct bus_hub *hub, int (*fate)(void *context), void *context)
{
    hub->fate = fate;
    hub->fate_context = context;
}

void bus_hub_tap(struct bus_hub *hub, void (*tap)(void *context, const struct place *place), void *context)
{
    hub->tap = tap;
    hub->tap_context = context;
}

/* ---------------------------------------------------------------- from one end to the others */

static struct message *message_copy(const struct message *from)
{
    struct message *copy = malloc(sizeof *copy + from->bytes);

    if (!copy)
        abort();
    memcpy(copy, from, sizeof *copy + from->bytes);
    copy->next = NULL;
    return copy;
}

static void enqueue(struct bus_memory *to, struct message *message)
{
    if (to->waiting == WAITING_MAX) {
        free(message);
        return;
    }
    *to->last = message;
    to->last = &message->next;
    to->waiting++;
}

static void keep(struct bus_memory *to, const struct message *message)
{
    struct message *copy = message_copy(message);

    copy->next = to->kept;
    to->kept = copy;
}

void bus_hub_release(struct bus_hub *hub)
{
    for (struct bus_memory *to = hub->ends; to; to = to->next)
        while (to->kept) {
            struct message *message = to->kept;
            to->kept = message->next;
            message->next = NULL;
            enqueue(to, message);
        }
}

static void deliver(struct bus_memory *to, const struct message *message)
{
    int fate = to->hub->fate ? to->hub->fate(to->hub->fate_context) : FATE_DELIVER;
    struct message *late = to->late;

    if (fate == FATE_DROP)
        return;
    if (fate == FATE_KEPT) {
        keep(to, message);
        return;
    }
    if (fate == FATE_AFTER_NEXT) {
        to->late = message_copy(message);
    } else {
        enqueue(to, message_copy(message));
        if (fate == FATE_TWICE)
            enqueue(to, message_copy(message));
        to->late = NULL;
    }
    if (late)
        enqueue(to, late);
}

static bool bit_of(const uint8_t *bits, uint32_t partition)
{
    assert(partition < PARTITIONS_MAX);
    return bits[partition / 8] >> (partition % 8) & 1;
}

static void bit_set(uint8_t *bits, uint32_t partition, bool on)
{
    assert(partition < PARTITIONS_MAX);
    bits[partition / 8] = (uint8_t)((bits[partition / 8] & ~(1u << (partition % 8))) | (unsigned)on << (partition % 8));
}

static bool listens_type(const struct bus_memory *end, const char *type)
{
    for (size_t i = 0; i < end->type_count; i++)
        if (strcmp(end->types[i], type) == 0)
            return true;
    return false;
}

static struct bus_memory *memory_of(struct bus *bus)
{
    return (struct bus_memory *)bus;
}

static void memory_publish(struct bus *bus, const struct place *place, const char *type, struct slice packed)
{
    struct bus_memory *from = memory_of(bus);
    struct message *message = malloc(sizeof *message + packed.bytes);

    if (!message)
        abort();
    if (from->hub->tap)
        from->hub->tap(from->hub->tap_context, place);
    *message = (struct message){.kind = FRAME_EVENT, .place = *place, .bytes = packed.bytes};
    if (packed.bytes > 0)
        memcpy(message->packed, packed.at, packed.bytes);
    for (struct bus_memory *to = from->hub->ends; to; to = to->next)
        if (to != from && (bit_of(to->partitions, place->partition) || listens_type(to, type)))
            deliver(to, message);
    free(message);
}

static void memory_publish_due(struct bus *bus, uint32_t partition, wall_ms due)
{
    struct bus_memory *from = memory_of(bus);
    struct message message = {.kind = FRAME_DUE, .place.partition = partition, .due = due};

    for (struct bus_memory *to = from->hub->ends; to; to = to->next)
        if (to != from && bit_of(to->dues, partition))
            deliver(to, &message);
}

static void memory_publish_hint(struct bus *bus, const struct hint *hint)
{
    struct bus_memory *from = memory_of(bus);
    struct message message = {.kind = FRAME_HINT, .hint = *hint};

    for (struct bus_memory *to = from->hub->ends; to; to = to->next)
        if (to != from && to->hints[hint->kind])
            deliver(to, &message);
}

static void memory_listen_hint(struct bus *bus, enum hint_kind kind)
{
    memory_of(bus)->hints[kind] = true;
}

static void memory_listen_partition(struct bus *bus, uint32_t partition, bool on)
{
    bit_set(memory_of(bus)->partitions, partition, on);
}

static void memory_listen_due(struct bus *bus, uint32_t partition, bool on)
{
    bit_set(memory_of(bus)->dues, partition, on);
}

static void memory_listen_type(struct bus *bus, const char *type)
{
    struct bus_memory *end = memory_of(bus);

    if (listens_type(end, type))
        return;
    assert(end->type_count < TYPES_MAX && strlen(type) <= NAME_BYTES_MAX);
    strcpy(end->types[end->type_count++], type);
}

static bool memory_receive(struct bus *bus, struct frame *ret)
{
    struct bus_memory *end = memory_of(bus);

    free(end->taken);
    end->taken = end->first;
    if (!end->taken)
        return false;
    end->first = end->taken->next;
    end->waiting--;
    if (!end->first)
        end->last = &end->first;
    *ret = (struct frame){.kind = end->taken->kind, .place = end->taken->place, .due = end->taken->due,
                          .hint = end->taken->hint, .packed = {end->taken->packed, end->taken->bytes}};
    return true;
}

static void memory_meet(struct bus *bus, const struct member_list *members)
{
    (void)bus;
    (void)members;                      /* all ends of a hub know each other */
}

static const char *memory_endpoint(struct bus *bus)
{
    return memory_of(bus)->endpoint;
}

bool bus_memory_waiting(const struct bus *bus)
{
    return ((const struct bus_memory *)bus)->first;
}

static void messages_free(struct message *first)
{
    while (first) {
        struct message *message = first;
        first = message->next;
        free(message);
    }
}

static void memory_free(struct bus **bus)
{
    struct bus_memory *end = *bus ? memory_of(*bus) : NULL;

    if (!end)
        return;
    struct bus_memory **at = &end->hub->ends;
    while (*at != end)
        at = &(*at)->next;
    *at = end->next;
    messages_free(end->first);
    messages_free(end->kept);
    free(end->late);
    free(end->taken);
    free(end);
    *bus = NULL;
}

static const struct bus_functions memory_functions = {
    .publish = memory_publish,
    .publish_due = memory_publish_due,
    .publish_hint = memory_publish_hint,
    .listen_partition = memory_listen_partition,
    .listen_due = memory_listen_due,
    .listen_type = memory_listen_type,
    .listen_hint = memory_listen_hint,
    .receive = memory_receive,
    .meet = memory_meet,
    .endpoint = memory_endpoint,
    .free = memory_free,
};

struct bus *bus_memory_new(struct bus_hub *hub)
{
    struct bus_memory *end = calloc(1, sizeof *end);

    if (!end)
        abort();
    end->bus.functions = &memory_functions;
    end->hub = hub;
    end->last = &end->first;
    end->next = hub->ends;
    hub->ends = end;
    snprintf(end->endpoint, sizeof end->endpoint, "memory://%u", ++hub->named);
    return &end->bus;
}
