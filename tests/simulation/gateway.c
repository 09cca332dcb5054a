/* What the notifiers send through: it answers at once, late, twice, never, or refuses. An order is in the memory of the
 * process that sends it, and gone with it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "entity.h"
#include "partition.h"
#include "simulation.h"

enum { LATE_MS_MAX = 20000 };

struct on_its_way {
    struct on_its_way *next;
    const struct crew_member *member;
    char notice[NAME_BYTES_MAX + 1], site[NAME_BYTES_MAX + 1];
    int attempt;
    mono_ms answer_at;
    enum send_result result;
    bool twice;
};

struct left { int times; uint64_t rewinds; };

struct gateway {
    struct on_its_way *first;
    struct tally_table left;                  /* by notice and attempt */
};

void gateway_open(struct simulation *simulation)
{
    simulation->gateway = arena_alloc(simulation->arena, sizeof *simulation->gateway);
    simulation->gateway->left.item_bytes = sizeof(struct left);
}

void gateway_close(struct simulation *simulation)
{
    while (simulation->gateway->first) {
        struct on_its_way *order = simulation->gateway->first;
        simulation->gateway->first = order->next;
        free(order);
    }
    tally_clear(&simulation->gateway->left);
    simulation->gateway = NULL;
}

/* The store must know of the attempt already. */
static void check_recorded(struct simulation *simulation, uint32_t partition, const struct send_order *order)
{
    struct stored_entity stored = {0};
    struct arena *arena = arena_new();
    struct notice *notice = record_new(&notice_record, arena);
    struct fault fault;
    bool read = store_read_entities_one(simulation->store, partition, ENTITY_NOTICE,
                                                            &order->notice, 1,
                                                            arena, &stored) == STORE_OK && stored.version > 0 &&
                entity_unpack(ENTITY_NOTICE, order->notice, stored.packed, arena, notice, &fault);

    if (!read || notice->attempt < order->attempt)
        simulation_fail(simulation, HOLDS_SENT, "attempt %d of %s leaves, on record are %d", order->attempt,
                        order->notice, read ? (int)notice->attempt : 0);
    arena_free(&arena);
}

static void check_once(struct simulation *simulation, const struct send_order *order)
{
    uint64_t key = key_of_number(key_of_text(5, order->notice), (uint64_t)order->attempt);
    struct left *left = tally_at(&simulation->gateway->left, key);

    if (left->times > 0 && left->rewinds == simulation->rewinds)
        simulation_fail(simulation, HOLDS_SENT, "attempt %d of %s left twice", order->attempt, order->notice);
    left->times++;
    left->rewinds = simulation->rewinds;
}

static void choose_answer(struct simulation *simulation, struct on_its_way *order)
{
    int64_t now = clock_mono(simulation->crew.clock).ms;

    order->result = SEND_ACCEPTED;
    order->answer_at.ms = now;
    if (fault_falls(simulation, FAULT_GATEWAY_NEVER, 12, order->notice)) {
        order->answer_at.ms = now + SEND_TIMEOUT_MS;
        order->result = SEND_UNKNOWN;
    } else if (fault_falls(simulation, FAULT_GATEWAY_REFUSED, 12, order->notice)) {
        order->result = simulation_one_in(simulation, 4) ? SEND_PERMANENT : SEND_TEMPORARY;
    } else if (fault_falls(simulation, FAULT_GATEWAY_LATE, 6, order->notice)) {
        order->answer_at.ms = now + 1 + (int64_t)simulation_dice(simulation, LATE_MS_MAX);
    }
    order->twice = fault_falls(simulation, FAULT_GATEWAY_TWICE, 6, order->notice);
}

static void taken(void *context, struct crew_member *member, const struct send_order *order)
{
    struct simulation *simulation = context;
    struct on_its_way *taken = calloc(1, sizeof *taken);

    if (!taken)
        abort();
    taken->member = member;
    snprintf(taken->notice, sizeof taken->notice, "%s", order->notice);
    snprintf(taken->site, sizeof taken->site, "%s", order->site);
    taken->attempt = order->attempt;
    check_recorded(simulation, partition_of_site(order->site, SIM_PARTITIONS), order);
    check_once(simulation, order);
    choose_answer(simulation, taken);
    taken->next = simulation->gateway->first;
    simulation->gateway->first = taken;
}

static bool is_busy(void *context, const struct crew_member *member, const char *notice, int attempt)
{
    const struct simulation *simulation = context;

    for (const struct on_its_way *at = simulation->gateway->first; at; at = at->next)
        if (at->member == member && at->attempt == attempt && strcmp(at->notice, notice) == 0)
            return true;
    return false;
}

static void answer(struct crew_member *member, const struct on_its_way *from)
{
    struct send_order order = {.notice = from->notice, .site = from->site, .attempt = from->attempt};

    stage_append(member->loop, &order, from->result, "");
    if (from->twice)
        stage_append(member->loop, &order, from->result == SEND_ACCEPTED ? SEND_TEMPORARY : SEND_ACCEPTED, "again");
}

static void stepped(void *context, struct crew_member *member)
{
    struct simulation *simulation = context;
    int64_t now = clock_mono(simulation->crew.clock).ms;
    bool answered = false;

    for (struct on_its_way **at = &simulation->gateway->first; *at;) {
        struct on_its_way *order = *at;
        if (order->member != member || order->answer_at.ms > now) {
            at = &order->next;
            continue;
        }
        answer(member, order);
        *at = order->next;
        free(order);
        answered = true;
    }
    if (answered)
        member->wake_at.ms = now;
}

static void gone(void *context, const struct crew_member *member)
{
    struct simulation *simulation = context;

    for (struct on_its_way **at = &simulation->gateway->first; *at;) {
        struct on_its_way *order = *at;
        if (order->member != member) {
            at = &order->next;
            continue;
        }
        *at = order->next;
        free(order);
    }
}

int64_t gateway_wait_ms(const struct simulation *simulation, const struct crew_member *member)
{
    int64_t now = clock_mono(simulation->crew.clock).ms, wait = INT64_MAX;

    for (const struct on_its_way *at = simulation->gateway->first; at; at = at->next)
        if (at->member == member && at->answer_at.ms - now < wait)
            wait = at->answer_at.ms > now ? at->answer_at.ms - now : 0;
    return wait;
}

const struct crew_sender gateway_sender = {.taken = taken, .is_busy = is_busy, .stepped = stepped, .gone = gone};
