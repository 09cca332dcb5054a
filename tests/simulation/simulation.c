#include "simulation.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "witness.h"

enum { ROUNDS_MAX = 100000, STUCK_MS_MAX = 3 * 60 * 1000, AT_ONCE_MAX = 400, LOOK_CLOSELY_EVERY = 256 };

/* ---------------------------------------------------------------- dice, words */

uint64_t simulation_dice(struct simulation *simulation, uint64_t below)
{
    return dice_below(&simulation->dice, below);
}

bool simulation_one_in(struct simulation *simulation, uint64_t number)
{
    return simulation_dice(simulation, number) == 0;
}

unsigned simulation_facts(struct simulation *simulation, unsigned most)
{
    unsigned facts = 1 + (unsigned)simulation_dice(simulation, most), max = (unsigned)simulation->run.facts_max;

    return max > 0 && facts > max ? max : facts;
}

void simulation_tell(struct simulation *simulation, const char *format, ...)
{
    va_list args;

    if (!simulation->run.trace)
        return;
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
}

void simulation_fail(struct simulation *simulation, enum invariant invariant, const char *format, ...)
{
    struct verdict *verdict = simulation->verdict;
    va_list args;

    if (verdict->broken != HOLDS_ALL)
        return;
    va_start(args, format);
    vsnprintf(verdict->told, sizeof verdict->told, format, args);
    va_end(args);
    verdict->broken = invariant;
    verdict->step = simulation->step;
    simulation_tell(simulation, "    BROKEN %s: %s", invariant_types[invariant].name, verdict->told);
}

bool simulation_failed(const struct simulation *simulation)
{
    return simulation->verdict->broken != HOLDS_ALL;
}

/* ---------------------------------------------------------------- the run */

static void steps(struct simulation *simulation)
{
    for (int i = 0; i < simulation->run.steps && !simulation_failed(simulation); i++) {
        simulation->step = i;
        simulation->dice = dice_of(key_of_number(simulation->run.seed, (uint64_t)i + 100));
        if (simulation->run.dropped && simulation->run.dropped[i])
            continue;
        simulation_act(simulation);
        witness_look(simulation);
        if (i % LOOK_CLOSELY_EVERY == LOOK_CLOSELY_EVERY - 1)
            witness_compare(simulation);
    }
}

/* By every stage, those too whose only process has just died. */
static bool all_is_worked(const struct simulation *simulation)
{
    for (uint32_t i = 0; i < SIM_PARTITIONS; i++)
        for (const struct core *const *core = simulation->business->cores; *core; core++) {
            const struct witnessed_partition *books = &simulation->witness->partitions[i];
            if (books->stages[(*core)->stage].checkpoint.seq < books->count)
                return false;
        }
    return true;
}

/* Is there nothing left to do before the time *ret_due? 0: nothing at all. */
static bool is_quiet(struct simulation *simulation, bool said, wall_ms *ret_due)
{
    return crew_is_quiet(&simulation->crew, ret_due) && said && all_is_worked(simulation);
}

/* Nothing to do now: time goes on to the next timer, or to who wants to be called next. */
static void wait(struct simulation *simulation, bool quiet, wall_ms due)
{
    int64_t left = due - crew_now(&simulation->crew);

    if (quiet && left > 0 && !simulation->crew.real_time) {
        simulation->crew.wall_ahead_ms += left;
        simulation_wake_all(simulation);
        return;
    }
    simulation_pass(simulation, simulation_wait_ms(simulation));
}

/* By all stages together. */
static uint64_t events_worked(const struct simulation *simulation)
{
    uint64_t sum = 0;

    for (uint32_t i = 0; i < SIM_PARTITIONS; i++)
        for (int stage = STAGE_NONE + 1; stage < STAGE_COUNT; stage++)
            sum += simulation->witness->partitions[i].stages[stage].checkpoint.seq;
    return sum;
}

static void say_what_is_sent(struct simulation *simulation)
{
    struct store *store = simulation->store;

    for (uint32_t i = 0; i < SIM_PARTITIONS; i++) {
        struct texts members = {0};
        arena_reset(simulation->scratch);
        if (store->functions->read_queue(store, i, "sending/", "", 1, simulation->scratch, &members) == STORE_OK &&
            members.count > 0)
            simulation_fail(simulation, HOLDS_CONSERVED,
                            "it does not come to rest: %s is being sent and never comes to an end", members.at[0]);
    }
}

static void say_where_it_hangs(struct simulation *simulation)
{
    for (uint32_t i = 0; i < SIM_PARTITIONS; i++)
        for (const struct core *const *core = simulation->business->cores; *core; core++) {
            const struct witnessed_partition *books = &simulation->witness->partitions[i];
            uint64_t worked = books->stages[(*core)->stage].checkpoint.seq;
            if (worked < books->count)
                simulation_fail(simulation, HOLDS_CONSERVED,
                                "it does not come to rest: %s never gets past entry %llu of partition "
                                "%u, a %s", stage_names[(*core)->stage], (unsigned long long)worked + 1, i,
                                event_types[books->log[worked].number].name);
        }
    say_what_is_sent(simulation);
    wall_ms due;
    crew_is_quiet(&simulation->crew, &due);
    simulation_fail(simulation, HOLDS_CONSERVED, "it does not come to rest: the next timer is due in %lld ms",
                    (long long)(due > 0 ? due - crew_now(&simulation->crew) : -1));
}

/* No more faults, but messages may all be lost: everything there is to do is done. */
static void come_to_rest(struct simulation *simulation)
{
    struct crew *crew = &simulation->crew;
    int64_t horizon_ms = simulation->business->horizon_ms;
    wall_ms until = horizon_ms ? crew_now(crew) + horizon_ms : INT64_MAX, due, moved_at = simulation->real;
    uint64_t worked_before = 0;
    int at_once = 0;

    for (int round = 0; round < ROUNDS_MAX && !simulation_failed(simulation); round++) {
        if (events_worked(simulation) != worked_before)
            moved_at = simulation->real;
        if (simulation->real - moved_at > STUCK_MS_MAX)
            break;
        worked_before = events_worked(simulation);
        simulation_supervise(simulation);
        bool said = client_flush(simulation), worked = simulation_work(simulation);
        witness_look(simulation);
        witness_bound(simulation);
        at_once = worked ? at_once + 1 : 0;
        if (worked && at_once < AT_ONCE_MAX)
            continue;
        bool quiet = is_quiet(simulation, said, &due);
        if (quiet && (due == 0 || due > until))
            return;
        wait(simulation, quiet, due);
    }
    if (!simulation_failed(simulation))
        say_where_it_hangs(simulation);
}

/* A rewind while nobody does anything: it must be noticed all the same. */
static void forget_the_last(struct simulation *simulation)
{
    simulation_tell(simulation, "at rest");
    for (uint32_t i = 0; i < SIM_PARTITIONS; i++)
        simulation_rewind(simulation, i, 1 + (unsigned)simulation_dice(simulation, 3));
    simulation->last_death = simulation->real;
    come_to_rest(simulation);
}

static void open_crew(struct simulation *simulation)
{
    struct crew *crew = &simulation->crew;

    simulation->store = store_memory_new(SIM_PARTITIONS);
    crew_open(crew, simulation->store, SIM_PARTITIONS, &simulation->chains);
    crew->eager = simulation->run.seed % 2;
    crew->real_time = simulation->business->real_clocks && simulation->run.seed / 2 % 2;
    crew->sender = &gateway_sender;
    crew->sender_context = simulation;
}

static wall_ms store_time(void *context)
{
    return ((struct simulation *)context)->real;
}

static void open_simulation(struct simulation *simulation, const struct run *run, struct verdict *verdict)
{
    memset(simulation, 0, sizeof *simulation);
    simulation->run = *run;
    simulation->business = run->business;
    simulation->verdict = verdict;
    simulation->dice = dice_of(run->seed);
    simulation->chains = dice_of(key_of_number(run->seed, 7));
    simulation->arena = arena_new();
    simulation->scratch = arena_new();
    simulation->real = 1750000000000;
    open_crew(simulation);
    store_memory_time(simulation->store, store_time, simulation);
    witness_open(simulation);
    client_open(simulation);
    gateway_open(simulation);
    faults_open(simulation);
    if (simulation->business->begin)
        simulation->business->begin(simulation);
    crew_start_all(&simulation->crew, simulation->business->cores);
}

static void close_simulation(struct simulation *simulation)
{
    crew_close(&simulation->crew);
    if (simulation->business->end)
        simulation->business->end(simulation);
    gateway_close(simulation);
    client_close(simulation);
    witness_close(simulation);
    simulation->store->functions->free(&simulation->store);
    arena_free(&simulation->scratch);
    arena_free(&simulation->arena);
}

static void live(struct simulation *simulation)
{
    steps(simulation);
    simulation->step = simulation->run.steps;
    simulation->dice = dice_of(key_of_number(simulation->run.seed, 1));
    simulation_tell(simulation, "calm");
    faults_end(simulation);
    if (!simulation_failed(simulation))
        come_to_rest(simulation);
    if (!simulation_failed(simulation) && simulation->temper[FAULT_REWOUND] > 0)
        forget_the_last(simulation);
    if (!simulation_failed(simulation))
        witness_compare(simulation);
    if (!simulation_failed(simulation))
        simulation->business->judge(simulation);
}

static int text_compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The named fields, sorted, one text; the caller frees it. */
static char *fields_of(struct simulation *simulation)
{
    struct texts lines = {0};
    char *whole = NULL;
    size_t bytes = 0;
    FILE *to = open_memstream(&whole, &bytes);

    if (!to)
        abort();
    simulation->business->fields(simulation, &lines);
    qsort(lines.at, lines.count, sizeof *lines.at, text_compare);
    for (size_t i = 0; i < lines.count; i++)
        fprintf(to, "%s\n", lines.at[i]);
    fclose(to);
    return whole;
}

static char *live_and_tell(struct simulation *simulation, const struct run *run, struct verdict *verdict)
{
    char *fields = NULL;

    memset(verdict, 0, sizeof *verdict);
    open_simulation(simulation, run, verdict);
    live(simulation);
    if (!simulation_failed(simulation) && verdict->set_aside == 0 && run->same)
        fields = fields_of(simulation);
    close_simulation(simulation);
    return fields;
}

/* The first line that differs, of the run with faults and of the one without. */
static void compare_fields(struct verdict *verdict, char *with, char *without)
{
    char *rest_a, *rest_b, *a = strtok_r(with, "\n", &rest_a), *b = strtok_r(without, "\n", &rest_b);

    while (a && b && strcmp(a, b) == 0) {
        a = strtok_r(NULL, "\n", &rest_a);
        b = strtok_r(NULL, "\n", &rest_b);
    }
    if (!a && !b)
        return;
    verdict->broken = HOLDS_SAME;
    snprintf(verdict->told, sizeof verdict->told, "%.200s; without faults: %.200s", a ? a : "nothing",
             b ? b : "nothing");
}

void simulation_run(const struct run *run, struct verdict *ret)
{
    static struct simulation simulation;
    struct run faultless = *run;
    struct verdict other;
    char *with = live_and_tell(&simulation, run, ret), *without = NULL;

    faultless.without = UINT32_MAX;
    faultless.trace = false;
    if (with)
        without = live_and_tell(&simulation, &faultless, &other);
    if (with && without)
        compare_fields(ret, with, without);
    if (with)
        ret->events += other.events;
    if (with && !without && other.broken != HOLDS_ALL)
        *ret = other;
    free(with);
    free(without);
}
