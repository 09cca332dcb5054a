/* The clients of intake: what they have to say, they say in order and until it is acknowledged. */
#include <stdlib.h>
#include <string.h>

#include "partition.h"
#include "simulation.h"
#include "witness.h"
#include "world.h"

struct said {
    const char *key;
    struct slice packed;
    uint64_t digest;
    const char *type;
    struct checkpoint at;               /* where it stands, once it is acknowledged */
};

struct client { struct { struct said *at; size_t count, room, acknowledged; } partitions[SIM_PARTITIONS]; };

void client_open(struct simulation *simulation)
{
    simulation->client = arena_alloc(simulation->arena, sizeof *simulation->client);
}

void client_close(struct simulation *simulation)
{
    for (size_t i = 0; i < SIM_PARTITIONS; i++)
        free(simulation->client->partitions[i].at);
    simulation->client = NULL;
}

static struct said *said_more(struct client *client, uint32_t partition)
{
    size_t *room = &client->partitions[partition].room;

    if (client->partitions[partition].count == *room) {
        *room = *room ? *room * 2 : 256;
        client->partitions[partition].at = realloc(client->partitions[partition].at, *room * sizeof(struct said));
        if (!client->partitions[partition].at)
            abort();
    }
    return &client->partitions[partition].at[client->partitions[partition].count++];
}

void client_say(struct simulation *simulation, const struct event *like, const void *data)
{
    struct event event = *like;
    struct buffer packed = {0};
    uint32_t partition = partition_of_site(event.site, SIM_PARTITIONS);
    struct said *said = said_more(simulation->client, partition);

    event.source = CLIENT;
    event.time = crew_now(&simulation->crew);
    *said = (struct said){.type = event_types[event.number].name};
    said->digest = world_pack(simulation->crew.sealer, &event, data, &packed);
    said->packed = (struct slice){arena_copy(simulation->arena, packed.at, packed.bytes), packed.bytes};
    said->key = arena_printf(simulation->arena, CLIENT "\n%s/%s", event.site, event.id);
    buffer_free(&packed);
}

static struct fact fact_of(struct simulation *simulation, const struct said *said)
{
    return (struct fact){.key = said->key, .natural = true, .digest = said->digest,
                         .chain_id = dice_chance(&simulation->chains), .packed = said->packed};
}

static void check_answer(struct simulation *simulation, const struct fact *fact)
{
    if (fact->outcome == APPEND_CONFLICT)
        simulation_fail(simulation, HOLDS_ONCE, "%s was said again in the same words and is told to be another",
                        fact->key);
}

static void acknowledged(struct simulation *simulation, struct said *said, const struct fact *fact)
{
    struct bus *bus = simulation->crew.outside;
    const struct witnessed_entry *entry = witness_entry(simulation, fact->place.partition, fact->place.seq);

    check_answer(simulation, fact);
    said->at = (struct checkpoint){fact->place.seq, entry ? entry->id : 0};
    if (fact->outcome == APPEND_NEW)
        bus->functions->publish(bus, &fact->place, said->type, said->packed);
}

/* One call. False: it was not acknowledged. */
static bool flush_some(struct simulation *simulation, uint32_t partition)
{
    struct store *store = simulation->crew.store;
    struct said *said = simulation->client->partitions[partition].at;
    size_t from = simulation->client->partitions[partition].acknowledged;
    size_t left = simulation->client->partitions[partition].count - from;
    size_t count = left < 256 ? left : 256;
    struct fact facts[256];

    for (size_t i = 0; i < count; i++)
        facts[i] = fact_of(simulation, &said[from + i]);
    if (store_append_one(store, partition, facts, count) != STORE_OK)
        return false;
    for (size_t i = 0; i < count; i++)
        acknowledged(simulation, &said[from + i], &facts[i]);
    simulation->client->partitions[partition].acknowledged += count;
    return true;
}

bool client_flush(struct simulation *simulation)
{
    const struct client *client = simulation->client;
    bool all = true;

    for (uint32_t i = 0; i < SIM_PARTITIONS; i++) {
        while (client->partitions[i].acknowledged < client->partitions[i].count && flush_some(simulation, i))
            continue;
        all = all && client->partitions[i].acknowledged == client->partitions[i].count;
    }
    return all;
}

void client_say_again(struct simulation *simulation)
{
    struct store *store = simulation->crew.store;
    uint32_t partition = (uint32_t)simulation_dice(simulation, SIM_PARTITIONS);
    size_t known = simulation->client->partitions[partition].acknowledged;

    if (known == 0)
        return;
    const struct said *said = &simulation->client->partitions[partition].at[simulation_dice(simulation, known)];
    struct fact fact = fact_of(simulation, said);
    fault_happened(simulation, FAULT_SAID_AGAIN, said->key);
    if (store_append_one(store, partition, &fact, 1) != STORE_OK)
        return;
    check_answer(simulation, &fact);
    if (fact.outcome == APPEND_NEW || fact.place.seq != said->at.seq)
        simulation_fail(simulation, HOLDS_ONCE, "%s stood at %llu, said again it stands at %llu", said->key,
                        (unsigned long long)said->at.seq, (unsigned long long)fact.place.seq);
}

void client_rewound(struct simulation *simulation, uint32_t partition, struct checkpoint head)
{
    size_t *known = &simulation->client->partitions[partition].acknowledged;

    while (*known > 0 && simulation->client->partitions[partition].at[*known - 1].at.seq > head.seq)
        --*known;
}

size_t client_said(const struct simulation *simulation, uint32_t partition)
{
    return simulation->client->partitions[partition].count;
}
