#include "simulation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PARTITIONS = 3, REPLICAS_MAX = 3, ROUNDS_MAX = 200000, CHECK_EVERY = 97, STUCK_ROUNDS = 20000,
    ANNOUNCED_MS = LEASE_MS
};

uint64_t simulation_dice(struct simulation *simulation, uint64_t below)
{
    return dice_below(&simulation->dice, below);
}

static bool one_in(struct simulation *simulation, uint64_t number)
{
    return simulation_dice(simulation, number) == 0;
}

/* ---------------------------------------------------------------- what goes wrong */

static int before_call(void *context, const char *call)
{
    struct simulation *simulation = context;

    if (simulation->crew.current && simulation->crash_in > 0 && strcmp(call, "content_get") != 0 &&
        --simulation->crash_in == 0) {
        if (!simulation->crash_after)
            crew_crash(&simulation->crew);
        simulation->crash_in = -1;          /* in after_call */
    }
    if (simulation->bad_calls == 0)
        return FATE_DONE;
    simulation->bad_calls--;
    if ((int)simulation_dice(simulation, 256) >= simulation->bad_in_256)
        return FATE_DONE;
    return (int[]){FATE_GONE, FATE_ANSWER_LOST, FATE_FULL}[simulation_dice(simulation, 3)];
}

static void after_call(void *context, const char *call)
{
    struct simulation *simulation = context;

    (void)call;
    if (simulation->crash_in == -1 && simulation->crew.current) {
        simulation->crash_in = 0;
        crew_crash(&simulation->crew);
    }
}

static int wire_fate(void *context)
{
    struct simulation *simulation = context;

    if ((int)simulation_dice(simulation, 256) >= simulation->wire_in_256)
        return 1;
    return (int[]){0, 2, 3}[simulation_dice(simulation, 3)];
}

static wall_ms lease_time(void *context)
{
    return ((struct simulation *)context)->lease_now;
}

static void pass(struct simulation *simulation, int64_t ms)
{
    simulation->lease_now += ms;
    clock_manual_set(simulation->crew.clock, clock_now(simulation->crew.clock) + ms);
}

/* ---------------------------------------------------------------- members */

static size_t replicas(struct simulation *simulation, const struct core *core)
{
    size_t count = 0;

    for (size_t i = 0; i < simulation->crew.member_count; i++)
        count += simulation->crew.members[i].loop && simulation->crew.members[i].core == core;
    return count;
}

static struct crew_member *any_member(struct simulation *simulation)
{
    struct crew *crew = &simulation->crew;
    struct crew_member *member = &crew->members[simulation_dice(simulation, crew->member_count)];

    return member->loop ? member : NULL;
}

static void start_one(struct simulation *simulation)
{
    const struct core *const *cores = simulation->business->cores;
    size_t count = 0;

    while (cores[count])
        count++;
    const struct core *core = cores[simulation_dice(simulation, count)];
    if (replicas(simulation, core) < REPLICAS_MAX)
        crew_start(&simulation->crew, core);
}

static void announce(struct simulation *simulation, const struct crew_member *member)
{
    struct member alive = {.name = member->owner, .stage = stage_names[member->core->stage], .endpoint = "",
                           .details = ""};

    simulation->store->functions->announce(simulation->store, &alive, ANNOUNCED_MS);
}

/* ---------------------------------------------------------------- actions */

static void step(struct simulation *simulation)
{
    struct crew_member *member = any_member(simulation);
    int64_t wait_ms;

    if (!member || member->paused)
        return;
    if (one_in(simulation, 8))
        announce(simulation, member);
    crew_step_one(member, &wait_ms);
}

static void step_all(struct simulation *simulation)
{
    crew_step(&simulation->crew);
}

static void pass_time(struct simulation *simulation)
{
    pass(simulation, (int64_t)simulation_dice(simulation, 40));
}

/* To the next timer if it is not too far, or just ahead. */
static void jump(struct simulation *simulation)
{
    wall_ms now = clock_now(simulation->crew.clock), due;
    int64_t max = simulation->business->jump_ms_max;

    crew_is_quiet(&simulation->crew, &due);
    if (due <= now || due > now + max || one_in(simulation, 3))
        due = now + (int64_t)simulation_dice(simulation, (uint64_t)max);
    clock_manual_set(simulation->crew.clock, due);
}

static void act(struct simulation *simulation)
{
    simulation->business->act(simulation);
}

static void kill_one(struct simulation *simulation)
{
    struct crew_member *member = any_member(simulation);

    if (member)
        crew_kill(member);
}

static void stop_one(struct simulation *simulation)
{
    struct crew_member *member = any_member(simulation);

    if (member && !member->paused)
        crew_stop(member);
}

static void pause_or_wake(struct simulation *simulation)
{
    struct crew_member *member = any_member(simulation);

    if (member)
        member->paused = !member->paused;
}

static void sleep_past_leases(struct simulation *simulation)
{
    pass(simulation, LEASE_MS / 2 + (int64_t)simulation_dice(simulation, LEASE_MS));
}

static void arm_crash(struct simulation *simulation)
{
    simulation->crash_in = 1 + (int)simulation_dice(simulation, 30);
    simulation->crash_after = one_in(simulation, 2);
}

static void trouble_store(struct simulation *simulation)
{
    simulation->bad_calls = (int)simulation_dice(simulation, 200);
    simulation->bad_in_256 = 1 << simulation_dice(simulation, 9);
}

static void trouble_wire(struct simulation *simulation)
{
    simulation->wire_in_256 = (int)simulation_dice(simulation, 4) * 64;
}

static void say_again(struct simulation *simulation)
{
    for (size_t i = 0; i < simulation->said_count; i++)
        while (!crew_append(&simulation->crew, &simulation->said[i].event, simulation->said[i].data))
            continue;
}

static void rewind_one(struct simulation *simulation)
{
    uint32_t partition = (uint32_t)simulation_dice(simulation, PARTITIONS);

    simulation->rewinds += store_memory_rewind(simulation->store, partition,
                                               1 + (unsigned)simulation_dice(simulation, 12));
    say_again(simulation);
}

static const struct { int weight; void (*act)(struct simulation *simulation); } actions[] = {
    {600, step}, {150, step_all}, {150, pass_time}, {60, act}, {15, start_one}, {3, kill_one}, {2, stop_one},
    {5, pause_or_wake}, {2, sleep_past_leases}, {4, arm_crash}, {4, trouble_store}, {3, trouble_wire}, {1, rewind_one},
    {40, jump},
};

static void do_something(struct simulation *simulation)
{
    int sum = 0, number;

    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++)
        sum += actions[i].weight;
    number = (int)simulation_dice(simulation, (uint64_t)sum);
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++) {
        if (number < actions[i].weight) {
            actions[i].act(simulation);
            return;
        }
        number -= actions[i].weight;
    }
}

/* ---------------------------------------------------------------- healing */

static void heal(struct simulation *simulation)
{
    const struct core *const *cores = simulation->business->cores;

    simulation->bad_calls = simulation->crash_in = simulation->wire_in_256 = 0;
    for (size_t i = 0; i < simulation->crew.member_count; i++)
        simulation->crew.members[i].paused = false;
    for (size_t i = 0; cores[i]; i++)
        if (replicas(simulation, cores[i]) == 0)
            crew_start(&simulation->crew, cores[i]);
    say_again(simulation);
}

/* Time goes on by itself while something is to be done, else straight to the next timer. */
static bool come_to_rest(struct simulation *simulation)
{
    struct crew *crew = &simulation->crew;
    wall_ms until = simulation->business->horizon_ms ? clock_now(crew->clock) + simulation->business->horizon_ms : INT64_MAX;
    int busy = 0;

    for (int round = 0; round < ROUNDS_MAX && busy < STUCK_ROUNDS; round++) {
        wall_ms due;
        crew_step(crew);
        bool quiet = crew_is_quiet(crew, &due);
        busy = quiet ? 0 : busy + 1;
        if (quiet && (due == 0 || due > until))
            return true;
        if (quiet && due > clock_now(crew->clock))
            clock_manual_set(crew->clock, due);
        else
            pass(simulation, HOLD_MS);
    }
    return false;
}

static const char *live(struct simulation *simulation)
{
    const char *wrong = NULL;

    for (int i = 0; i < simulation->steps && !wrong; i++) {
        do_something(simulation);
        if (i % CHECK_EVERY == 0)
            wrong = crew_check_always(&simulation->crew);
    }
    if (wrong)
        return wrong;
    heal(simulation);
    if (!come_to_rest(simulation))
        return "it does not come to rest";
    wrong = crew_check_always(&simulation->crew);
    return wrong ? wrong : simulation->business->judge(simulation);
}

static void open_simulation(struct simulation *simulation, const struct business *business, uint64_t seed, int steps)
{
    memset(simulation, 0, sizeof *simulation);
    simulation->business = business;
    simulation->seed = seed;
    simulation->steps = steps;
    simulation->dice = dice_of(seed);
    simulation->arena = arena_new();
    simulation->lease_now = 1750000000000;
    simulation->store = store_memory_new(PARTITIONS);
    store_memory_time(simulation->store, lease_time, simulation);
    crew_open(&simulation->crew, simulation->store, PARTITIONS, &simulation->dice);
    simulation->crew.faulty.before = before_call;
    simulation->crew.faulty.after = after_call;
    simulation->crew.faulty.context = simulation;
    simulation->crew.eager = seed % 2;
    bus_hub_fate(simulation->crew.hub, wire_fate, simulation);
    crew_start_all(&simulation->crew, business->cores);
    if (business->begin)
        business->begin(simulation);
}

const char *simulation_run(const struct business *business, uint64_t seed, int steps)
{
    static struct simulation simulation;
    static char told[512];

    open_simulation(&simulation, business, seed, steps);
    const char *wrong = live(&simulation);
    if (wrong)
        snprintf(told, sizeof told, "%s", wrong);
    crew_close(&simulation.crew);
    simulation.store->functions->free(&simulation.store);
    arena_free(&simulation.arena);
    return wrong ? told : NULL;
}

void simulation_say(struct simulation *simulation, const struct event *event, const void *data)
{
    if (simulation->said_count == SAID_MAX)
        return;
    simulation->said[simulation->said_count++] = (struct said){*event, data};
    while (!crew_append(&simulation->crew, event, data))
        continue;                               /* a client says it until it is acknowledged */
}
