#include "world_parts.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "partition.h"

enum {
    PARTITIONS = 4,
    ROUNDS_MAX = 1000000,               /* of one instant: more is a loop */
    START = 1772409600                  /* 2026-03-02 00:00 UTC, a Monday */
};

static void *room_for(size_t count, size_t bytes)
{
    void *room = calloc(count, bytes);

    if (!room)
        abort();
    return room;
}

/* ---------------------------------------------------------------- the sender that sends nothing */

static void take_order(void *context, uint32_t partition, const struct send_order *order, mono_ms lease_ends)
{
    struct world_stage *stage = context;
    struct arena *arena = arena_new();
    struct world_order *taken = arena_alloc(arena, sizeof *taken);

    (void)partition;
    (void)lease_ends;
    *taken = (struct world_order){.arena = arena, .order = *order};
    taken->order.notice = arena_string(arena, order->notice);
    taken->order.site = arena_string(arena, order->site);
    taken->order.customer = arena_string(arena, order->customer);
    taken->order.to_staff = arena_string(arena, order->to_staff);
    taken->order.template = arena_string(arena, order->template);
    taken->order.templates_hash = arena_string(arena, order->templates_hash);
    taken->order.cause = arena_string(arena, order->cause);
    taken->order.variables.at = arena_copy(arena, order->variables.at, order->variables.bytes);
    taken->order.language = "";
    taken->order.sealed = taken->order.settings = (struct slice){0};
    *stage->orders_last = taken;
    stage->orders_last = &taken->next;
}

static bool answer_orders(struct world_stage *stage)
{
    const struct world_options *options = &stage->world->options;
    bool any = stage->orders != NULL;

    while (stage->orders) {
        struct world_order *taken = stage->orders;
        const char *detail = "";
        enum send_result result = options->answer ? options->answer(options->context, &taken->order, &detail)
                                                  : SEND_ACCEPTED;
        stage_append(stage->loop, &taken->order, result, detail);
        stage->orders = taken->next;
        struct arena *arena = taken->arena;
        arena_free(&arena);
    }
    stage->orders_last = &stage->orders;
    return any;
}

/* ---------------------------------------------------------------- beginning and end */

/* Leases are held for ever: nobody dies here. */
static wall_ms standing_still(void *context)
{
    const struct world *world = context;

    return world->options.start;
}

static void stage_start(struct world *world, const struct core *core)
{
    struct world_stage *stage = &world->stages[world->stage_count++];

    stage->world = world;
    stage->bus = bus_memory_new(world->hub);
    stage->orders_last = &stage->orders;
    stage->loop = stage_new(&(struct stage_options){
        .core = core, .store = world->store, .bus = stage->bus, .clock = world->clock, .sealer = world->sealer,
        .owner = stage_names[core->stage], .partitions = world->options.partitions, .build = "world",
        .random = dice_chance, .random_context = &world->dice, .eager_checkpoints = true, .virtual_clock = true,
        .send = take_order, .send_context = stage});
}

struct world *world_new(const struct world_options *options)
{
    struct world *world = room_for(1, sizeof *world);

    world->options = *options;
    world->options.partitions = options->partitions ? options->partitions : PARTITIONS;
    world->options.start = options->start ? options->start : START * SECOND_MS;
    world->dice = dice_of(options->seed);
    world->hub = bus_hub_new();
    world->outside = bus_memory_new(world->hub);
    world->store = store_memory_new(world->options.partitions);
    store_memory_time(world->store, standing_still, world);
    world->sealer = sealer_memory_new();
    world->contents = content_cache_new(world_content, world);
    world->clock = clock_manual_new(world->options.start);
    world->arena = arena_new();
    world->numbers = room_for(world->options.partitions, sizeof *world->numbers);
    world->views = room_for(world->options.partitions, sizeof *world->views);
    world->seen = room_for(world->options.partitions, sizeof *world->seen);
    for (uint32_t i = 0; i < world->options.partitions; i++)
        world->numbers[i] = i;
    for (size_t i = 0; options->cores[i]; i++) {
        assert(i < WORLD_STAGES_MAX);
        stage_start(world, options->cores[i]);
    }
    return world;
}

static void stage_end(struct world_stage *stage)
{
    while (stage->orders) {
        struct arena *arena = stage->orders->arena;
        stage->orders = stage->orders->next;
        arena_free(&arena);
    }
    stage_free(&stage->loop);
    stage->bus->functions->free(&stage->bus);
}

void world_free(struct world **world)
{
    struct world *end = *world;

    if (!end)
        return;
    for (size_t i = 0; i < end->stage_count; i++)
        stage_end(&end->stages[i]);
    end->outside->functions->free(&end->outside);
    bus_hub_free(&end->hub);
    end->store->functions->free(&end->store);
    sealer_free(&end->sealer);
    content_cache_free(&end->contents);
    end->clock->functions->free(&end->clock);
    arena_free(&end->arena);
    free(end->numbers);
    free(end->views);
    free(end->seen);
    free(end);
    *world = NULL;
}

wall_ms world_now(const struct world *world) { return clock_now(world->clock); }
struct store *world_store(struct world *world) { return world->store; }
struct sealer *world_sealer(struct world *world) { return world->sealer; }

uint32_t world_partition(const struct world *world, const char *site)
{
    return partition_of_site(site, world->options.partitions);
}

/* ---------------------------------------------------------------- working */

static void show_new(struct world *world, uint32_t partition)
{
    struct entry_list entries;
    struct event event;
    struct fault fault;

    do {
        arena_reset(world->arena);
        entries = (struct entry_list){0};
        enum store_status status = store_read_log_one(world->store, partition, world->seen[partition].seq + 1, READ_MAX,
                                                      world->arena, &entries);
        assert(status == STORE_OK);
        for (size_t i = 0; i < entries.count; i++) {
            const struct place *place = &entries.at[i].place;
            world->seen[partition] = (struct checkpoint){place->seq, place->id};
            if (event_unpack(entries.at[i].packed, world->arena, &event, &fault))
                world->options.seen(world->options.context, place, &event);
        }
    } while (entries.count == READ_MAX);
}

static uint64_t effort(const struct stage_loop *loop)
{
    struct stage_report report;

    stage_report(loop, &report);
    return report.events + report.commits + report.fired + report.log_reads + report.stale + report.changed;
}

/* Each stage once. *ret_wait_ms: the shortest time that one wants to wait. True: something was done. */
static bool round_of_work(struct world *world, int64_t *ret_wait_ms)
{
    bool done = false;

    *ret_wait_ms = INT64_MAX;
    for (size_t i = 0; i < world->stage_count; i++) {
        struct world_stage *stage = &world->stages[i];
        uint64_t before = effort(stage->loop);
        int64_t wait = stage_step(stage->loop);
        done = answer_orders(stage) || done || effort(stage->loop) != before || stage_outbox(stage->loop) > 0;
        *ret_wait_ms = wait < *ret_wait_ms ? wait : *ret_wait_ms;
    }
    if (world->options.seen)
        for (uint32_t i = 0; i < world->options.partitions; i++)
            show_new(world, i);
    return done;
}

/* Has every stage worked everything? */
static bool is_quiet(struct world *world)
{
    uint32_t count = world->options.partitions;
    enum store_status status = world->store->functions->view(world->store, world->numbers, count, world->views);

    assert(status == STORE_OK);
    for (uint32_t i = 0; i < count; i++)
        for (size_t k = 0; k < world->stage_count; k++)
            if (world->views[i].stages[world->options.cores[k]->stage].checkpoint.seq !=
                world->views[i].head.seq)
                return false;
    return true;
}

static void never_quiet(const struct world *world)
{
    fprintf(stderr, "the world does not come to rest at %lld: something answers itself for ever\n",
            (long long)world_now(world));
    abort();
}

void world_settle(struct world *world)
{
    int64_t wait_ms;

    for (int rounds = 0; rounds < ROUNDS_MAX; rounds++) {
        if (round_of_work(world, &wait_ms))
            continue;
        if (is_quiet(world))
            return;
        clock_manual_advance_mono(world->clock, wait_ms > 0 ? wait_ms : 1);
    }
    never_quiet(world);
}

wall_ms world_next_due(struct world *world)
{
    wall_ms next = 0;
    uint32_t count = world->options.partitions;
    enum store_status status = world->store->functions->view(world->store, world->numbers, count, world->views);

    assert(status == STORE_OK);
    for (uint32_t i = 0; i < count; i++) {
        wall_ms due = world->views[i].earliest_due;
        if (due > 0 && (next == 0 || due < next))
            next = due;
    }
    return next;
}

void world_run_until(struct world *world, wall_ms until)
{
    world_settle(world);
    for (;;) {
        wall_ms due = world_next_due(world);
        if (due == 0 || due > until)
            break;
        if (due > world_now(world))
            clock_manual_set(world->clock, due);
        else
            clock_manual_advance_mono(world->clock, RENEW_MS);
        world_settle(world);
    }
    if (until > world_now(world))
        clock_manual_set(world->clock, until);
}
