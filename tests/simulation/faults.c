/* What goes wrong inside calls and on the wire, and how often. */
#include "simulation.h"

#include <stdlib.h>
#include <string.h>

#include "witness.h"

const struct fault_type fault_types[FAULT_COUNT] = {
#define FAULT(constant, name, about) [constant] = {name, about},
#include "faults.def"
#undef FAULT
};

const struct fault_type invariant_types[INVARIANT_COUNT] = {
    [HOLDS_ALL] = {"all", "nothing is broken"},
#define INVARIANT(constant, name, about) [constant] = {name, about},
#include "invariants.def"
#undef INVARIANT
};

/* ---------------------------------------------------------------- how often */

bool fault_is_on(const struct simulation *simulation, enum fault_kind kind)
{
    return !simulation->calm && simulation->temper[kind] > 0;
}

void fault_happened(struct simulation *simulation, enum fault_kind kind, const char *whom)
{
    simulation->verdict->faults[kind]++;
    simulation_tell(simulation, "    %s: %s", fault_types[kind].name, whom);
}

bool fault_falls(struct simulation *simulation, enum fault_kind kind, uint64_t one_in, const char *whom)
{
    static const uint64_t often[] = {0, 1, 4, 12};

    if (!fault_is_on(simulation, kind) || simulation_dice(simulation,
                                                          one_in * often[2]) >= often[simulation->temper[kind]])
        return false;
    fault_happened(simulation, kind, whom);
    return true;
}

/* Every seed has a temper of its own: a third of the kinds never happen, the others more or less often. */
static void choose_temper(struct simulation *simulation)
{
    struct dice dice = dice_of(key_of_number(simulation->run.seed, 11));

    for (int kind = 0; kind < FAULT_COUNT; kind++) {
        uint64_t level = dice_below(&dice, 6);
        simulation->temper[kind] = level < 2 ? 0 : (uint8_t)(level < 5 ? level - 1 : 2);
        if (simulation->run.without >> kind & 1)
            simulation->temper[kind] = 0;
    }
    if (dice_below(&dice, 3) > 0)
        simulation->temper[FAULT_POISON] = 0;
}

/* ---------------------------------------------------------------- inside a call */

static bool is_write(const char *call)
{
    return strcmp(call, "commit") == 0 || strcmp(call, "fire") == 0 || strcmp(call, "append") == 0;
}

/* Others do what they like while this one stands in the middle of its call. */
static void overtake(struct simulation *simulation, struct crew_member *member)
{
    struct crew *crew = &simulation->crew;
    bool paused = member->paused;

    simulation->nested++;
    simulation_pass_real(simulation, LEASE_MS + 1 + (int64_t)simulation_dice(simulation, 1000));
    if (simulation_one_in(simulation, 2) && crew->member_count < CREW_MAX)
        crew_start(crew, member->core);
    member->paused = true;
    for (uint64_t left = 1 + simulation_dice(simulation, 3); left > 0; left--)
        simulation_work(simulation);
    member->paused = paused;
    simulation->nested--;
}

/* The others work on while this one's commit is on its way. */
static void interleave(struct simulation *simulation, struct crew_member *member)
{
    bool paused = member->paused;

    simulation->nested++;
    member->paused = true;
    client_flush(simulation);
    simulation_work(simulation);
    member->paused = paused;
    simulation->nested--;
}

static void maybe_crash_before(struct simulation *simulation, const char *call)
{
    struct crew_member *member = simulation->crew.current;

    if (!member || simulation->crash_in <= 0 || strcmp(call, "content_get") == 0 || --simulation->crash_in > 0)
        return;
    if (simulation->crash_inside) {
        simulation->crash_in = -1;
        return;
    }
    fault_happened(simulation, FAULT_CRASH_BEFORE, call);
    simulation->last_death = simulation->real;
    crew_crash(&simulation->crew);
}

static int before_call(void *context, const char *call)
{
    static const struct { enum fault_kind kind; int fate; } fates[] = {
        {FAULT_GONE, FATE_GONE}, {FAULT_ANSWER_LOST, FATE_ANSWER_LOST}, {FAULT_FULL, FATE_FULL}};
    struct simulation *simulation = context;
    struct crew_member *member = simulation->crew.current;

    if (member && simulation->nested == 0 && strcmp(call, "commit") == 0 && simulation_one_in(simulation, 24))
        interleave(simulation, member);
    if (simulation->calm)
        return FATE_DONE;
    maybe_crash_before(simulation, call);
    if (member && simulation->nested == 0 && is_write(call) && fault_falls(simulation, FAULT_TWO_OWNERS, 150,
                                                                           member->owner))
        overtake(simulation, member);
    if (simulation->nested == 0 && fault_falls(simulation, FAULT_SLOW, 400, call))
        simulation_pass_real(simulation, 1 + (int64_t)simulation_dice(simulation, LEASE_MS));
    if (simulation->real >= simulation->store_bad_until ||
        (int)simulation_dice(simulation, 256) >= simulation->store_bad_in_256)
        return FATE_DONE;
    for (size_t i = 0; i < sizeof fates / sizeof *fates; i++)
        if (fates[i].kind == simulation->store_bad) {
            fault_happened(simulation, simulation->store_bad, call);
            return fates[i].fate;
        }
    return FATE_DONE;
}

static void after_call(void *context, const char *call)
{
    struct simulation *simulation = context;

    if (simulation->crash_in != -1 || !simulation->crew.current)
        return;
    simulation->crash_in = 0;
    fault_happened(simulation, FAULT_CRASH_INSIDE, call);
    simulation->last_death = simulation->real;
    crew_crash(&simulation->crew);
}

/* ---------------------------------------------------------------- on the wire */

static int wire_fate(void *context)
{
    static const struct { enum fault_kind kind; int fate; } fates[] = {
        {FAULT_LOST, 0}, {FAULT_DOUBLED, 2}, {FAULT_REORDERED, 3}, {FAULT_LATE, 4}};
    struct simulation *simulation = context;

    if (simulation->calm)
        return simulation->deaf ? 0 : 1;
    if ((int)simulation_dice(simulation, 256) >= simulation->wire_bad_in_256)
        return 1;
    size_t chosen = simulation_dice(simulation, sizeof fates / sizeof *fates);
    if (!fault_is_on(simulation, fates[chosen].kind))
        return 1;
    fault_happened(simulation, fates[chosen].kind, "a message");
    return fates[chosen].fate;
}

/* ---------------------------------------------------------------- beginning and end */

void faults_open(struct simulation *simulation)
{
    struct crew *crew = &simulation->crew;

    choose_temper(simulation);
    crew->faulty.before = before_call;
    crew->faulty.after = after_call;
    crew->faulty.context = simulation;
    crew->faulty.watch = &witness_watch;
    crew->faulty.watch_context = simulation;
    bus_hub_fate(crew->hub, wire_fate, simulation);
    bus_hub_tap(crew->hub, witness_wire, simulation);
}

void faults_end(struct simulation *simulation)
{
    simulation->calm = true;
    simulation->deaf = simulation->run.seed % 3 == 0 && !(simulation->run.without >> FAULT_LOST & 1);
    simulation->crash_in = 0;
    simulation->last_death = simulation->real;
    bus_hub_release(simulation->crew.hub);
    simulation_recover(simulation);
}
