/* What a step of the run may be. */
#include <string.h>

#include "simulation.h"
#include "witness.h"

enum { ANNOUNCE_MS = 1000, SKEW_MS_MAX = 60000, SKEWED_MS_MAX = 20000, LOOK_AT_CLOCK_MS = 1000 };

/* ---------------------------------------------------------------- time */

/* Wall clocks that are off are set right at their time, whoever sleeps meanwhile; and each process compares its own
 * with the store's, a while after it was set. */
static void look_at_clocks(struct simulation *simulation)
{
    for (size_t i = 0; i < simulation->crew.member_count; i++) {
        struct crew_clock *clock = &simulation->crew.members[i].clock;
        if (clock->skew_ms != 0 && simulation->skewed_until[i] <= simulation->real) {
            clock->skew_ms = 0;
            simulation->look_at_clock[i] = simulation->skewed_until[i] + LOOK_AT_CLOCK_MS;
        }
        if (simulation->look_at_clock[i] <= simulation->real)
            clock->known_wrong = clock->skew_ms != 0;
    }
}

void simulation_pass(struct simulation *simulation, int64_t ms)
{
    struct clock *clock = simulation->crew.clock;

    simulation->real += ms;
    look_at_clocks(simulation);
    clock_manual_set(clock, clock_now(clock) + ms);
}

void simulation_pass_real(struct simulation *simulation, int64_t ms)
{
    simulation_pass(simulation, ms);
    if (!simulation->crew.real_time)
        simulation->crew.wall_ahead_ms -= ms;
}

void simulation_wake_all(struct simulation *simulation)
{
    for (size_t i = 0; i < simulation->crew.member_count; i++)
        simulation->crew.members[i].wake_at.ms = 0;
}

int64_t simulation_wait_ms(const struct simulation *simulation)
{
    const struct crew *crew = &simulation->crew;
    int64_t now = clock_mono(crew->clock).ms, wait = RENEW_MS;

    for (size_t i = 0; i < crew->member_count; i++) {
        const struct crew_member *member = &crew->members[i];
        if (!member->loop || member->paused)
            continue;
        int64_t left = member->wake_at.ms - now, answer = gateway_wait_ms(simulation, member);
        wait = left < wait ? left : wait;
        wait = answer < wait ? answer : wait;
    }
    return wait > 1 ? wait : 1;
}

/* ---------------------------------------------------------------- members at work */

static size_t replicas(const struct simulation *simulation, const struct core *core)
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

    return crew->member_count > 0 && member->loop ? member : NULL;
}

static size_t place_of(const struct simulation *simulation, const struct crew_member *member)
{
    return (size_t)(member - simulation->crew.members);
}

/* As the daemon does: not among its stage's replicas while its clock is known to be off. */
static void announce(struct simulation *simulation, const struct crew_member *member)
{
    wall_ms *at = &simulation->announce_at[place_of(simulation, member)];
    const char *stage = member->clock.known_wrong ? "clock off" : stage_names[member->core->stage];
    struct member alive = {.name = member->owner, .stage = stage, .endpoint = "", .details = ""};

    if (simulation->real < *at)
        return;
    *at = simulation->real + ANNOUNCE_MS;
    simulation->store->functions->announce(simulation->store, &alive, ANNOUNCED_MS);
}

static void let_work(struct simulation *simulation, struct crew_member *member)
{
    int64_t wait_ms;

    announce(simulation, member);
    crew_step_one(member, &wait_ms);
}

bool simulation_work(struct simulation *simulation)
{
    struct crew *crew = &simulation->crew;
    bool worked = false;

    for (size_t i = 0; i < crew->member_count; i++) {
        struct crew_member *member = &crew->members[i];
        if (!crew_is_awake(member) && (!member->loop || member->paused || gateway_wait_ms(simulation, member) > 0))
            continue;
        let_work(simulation, member);
        worked = true;
    }
    return worked;
}

/* Whoever has nobody left is started again, as a service manager does. */
void simulation_supervise(struct simulation *simulation)
{
    for (const struct core *const *core = simulation->business->cores; *core; core++)
        if (replicas(simulation, *core) == 0) {
            struct crew_member *member = crew_start(&simulation->crew, *core);
            simulation->announce_at[place_of(simulation, member)] = 0;
        }
}

void simulation_recover(struct simulation *simulation)
{
    for (size_t i = 0; i < simulation->crew.member_count; i++) {
        simulation->crew.members[i].paused = false;
        simulation->crew.members[i].clock.skew_ms = 0;
        simulation->crew.members[i].clock.known_wrong = false;
    }
    simulation_wake_all(simulation);
}

/* ---------------------------------------------------------------- ordinary days */

static void step_one(struct simulation *simulation)
{
    struct crew_member *member = any_member(simulation);

    if (member && !member->paused)
        let_work(simulation, member);
}

static void work(struct simulation *simulation)
{
    simulation_work(simulation);
}

static void work_hard(struct simulation *simulation)
{
    for (int i = 0; i < 6; i++) {
        simulation_work(simulation);
        simulation_pass(simulation, HOLD_MS);
    }
}

static void pass_time(struct simulation *simulation)
{
    simulation_pass(simulation, (int64_t)simulation_dice(simulation, 40));
}

static void pass_longer(struct simulation *simulation)
{
    simulation_pass(simulation, (int64_t)simulation_dice(simulation, RENEW_MS));
}

static void jump(struct simulation *simulation)
{
    const struct business *business = simulation->business;
    int64_t ms = business->jump ? business->jump(simulation)
                                : 1 + (int64_t)simulation_dice(simulation, (uint64_t)business->jump_ms_max);

    if (simulation->crew.real_time) {
        simulation_pass(simulation, ms < RENEW_MS ? ms : RENEW_MS);
        return;
    }
    simulation->crew.wall_ahead_ms += ms;
    simulation_wake_all(simulation);
}

static void act(struct simulation *simulation)
{
    simulation->business->act(simulation);
    client_flush(simulation);
}

static void flush(struct simulation *simulation)
{
    client_flush(simulation);
}

static void wake_up(struct simulation *simulation)
{
    for (size_t i = 0; i < simulation->crew.member_count; i++) {
        struct crew_member *member = &simulation->crew.members[i];
        if (member->loop && member->paused && simulation->real >= simulation->paused_until[i]) {
            member->paused = false;
            simulation_tell(simulation, "    %s goes on", member->owner);
        }
    }
}

static void release_wire(struct simulation *simulation)
{
    bus_hub_release(simulation->crew.hub);
}

static void sleep_past_leases(struct simulation *simulation)
{
    simulation_pass(simulation, LEASE_MS / 2 + (int64_t)simulation_dice(simulation, LEASE_MS));
}

/* ---------------------------------------------------------------- trouble */

static void join(struct simulation *simulation)
{
    const struct core *const *cores = simulation->business->cores;
    size_t count = 0;

    while (cores[count])
        count++;
    const struct core *core = cores[simulation_dice(simulation, count)];
    if (replicas(simulation, core) >= REPLICAS_MAX || simulation->crew.member_count == CREW_MAX ||
        !fault_falls(simulation, FAULT_JOINED, 2, stage_names[core->stage]))
        return;
    struct crew_member *member = crew_start(&simulation->crew, core);
    simulation->announce_at[place_of(simulation, member)] = 0;
}

static void kill_one(struct simulation *simulation)
{
    struct crew_member *member = any_member(simulation);

    if (member && fault_falls(simulation, FAULT_CRASH_AFTER, 2, member->owner))
        crew_kill(member);
}

static void stop_one(struct simulation *simulation)
{
    struct crew_member *member = any_member(simulation);

    if (member && !member->paused && fault_falls(simulation, FAULT_LEFT, 2, member->owner))
        crew_stop(member);
}

/* For longer than its lease lasts: whatever it does next, it does as a zombie. */
static void stop_and_go(struct simulation *simulation)
{
    struct crew_member *member = any_member(simulation);

    if (!member || member->paused || !fault_falls(simulation, FAULT_ZOMBIE, 2, member->owner))
        return;
    member->paused = true;
    simulation->paused_until[place_of(simulation, member)] = simulation->real + LEASE_MS +
                                                             (int64_t)simulation_dice(simulation, LEASE_MS);
}

static void arm_crash(struct simulation *simulation)
{
    enum fault_kind kind = simulation_one_in(simulation, 2) ? FAULT_CRASH_INSIDE : FAULT_CRASH_BEFORE;
    int calls = 1 + (int)simulation_dice(simulation, 30);

    if (!fault_is_on(simulation, kind) || simulation->crash_in != 0)
        return;
    simulation->crash_in = calls;
    simulation->crash_inside = kind == FAULT_CRASH_INSIDE;
}

static void trouble_store(struct simulation *simulation)
{
    static const enum fault_kind kinds[] = {FAULT_GONE, FAULT_ANSWER_LOST, FAULT_FULL};
    enum fault_kind kind = kinds[simulation_dice(simulation, 3)];

    if (!fault_is_on(simulation, kind))
        return;
    simulation->store_bad = kind;
    simulation->store_bad_until = simulation->real + (int64_t)simulation_dice(simulation, 600);
    simulation->store_bad_in_256 = 1 << simulation_dice(simulation, 9);
}

static void trouble_wire(struct simulation *simulation)
{
    simulation->wire_bad_in_256 = (int)simulation_dice(simulation, 4) * 80;
}

void simulation_rewind(struct simulation *simulation, uint32_t partition, unsigned writes)
{
    struct partition_view view;

    fault_happened(simulation, FAULT_REWOUND, "by a few writes");
    simulation->rewinds++;
    store_memory_rewind(simulation->store, partition, writes);
    witness_rewound(simulation, partition);
    simulation->store->functions->view(simulation->store, &partition, 1, &view);
    client_rewound(simulation, partition, view.head);
}

static void rewind_some(struct simulation *simulation)
{
    uint32_t partition = (uint32_t)simulation_dice(simulation, SIM_PARTITIONS);
    unsigned writes = 1 + (unsigned)simulation_dice(simulation, simulation_one_in(simulation, 4) ? 40 : 4);

    if (!fault_is_on(simulation, FAULT_REWOUND) || simulation_one_in(simulation, 4))
        return;
    simulation_rewind(simulation, partition, writes);
    if (simulation_one_in(simulation, 2))
        client_flush(simulation);
}

/* For less long than a clock must be steady before timers fire, or for so long that the process finds out. */
static void set_clock_wrong(struct simulation *simulation)
{
    struct crew_member *member = any_member(simulation);
    bool ahead = simulation_one_in(simulation, 2);
    uint64_t by_max = simulation_one_in(simulation, 2) ? SKEW_MS_MAX : TILT_MS;
    int64_t by = TILT_MS + 1 + (int64_t)simulation_dice(simulation, by_max);
    uint64_t lasts_max = simulation_one_in(simulation, 3) ? TILT_MS : SKEWED_MS_MAX;
    int64_t lasts = (int64_t)simulation_dice(simulation, lasts_max);

    if (!member || !simulation->crew.real_time || member->clock.skew_ms != 0 ||
        !fault_falls(simulation, ahead ? FAULT_CLOCK_AHEAD : FAULT_CLOCK_BACK, 1, member->owner))
        return;
    member->clock.skew_ms = ahead ? by : -by;
    simulation->skewed_until[place_of(simulation, member)] = simulation->real + lasts;
    simulation->look_at_clock[place_of(simulation, member)] = simulation->real + LOOK_AT_CLOCK_MS;
}

static void say_again(struct simulation *simulation)
{
    if (fault_is_on(simulation, FAULT_SAID_AGAIN))
        client_say_again(simulation);
}

static const struct { int weight; const char *name; void (*act)(struct simulation *simulation); } actions[] = {
    {170, "one works", step_one}, {260, "all work", work}, {90, "all work for a while", work_hard},
    {130, "time", pass_time}, {12, "more time", pass_longer}, {45, "jump", jump}, {70, "somebody acts", act},
    {30, "client", flush},
    {15, "messages kept arrive", release_wire}, {15, "restart", simulation_supervise}, {20, "wake", wake_up},
    {12, "join", join}, {5, "kill", kill_one}, {4, "stop", stop_one}, {8, "stand still", stop_and_go},
    {3, "long sleep", sleep_past_leases}, {14, "crash soon", arm_crash}, {10, "store", trouble_store},
    {8, "wire", trouble_wire}, {10, "rewind", rewind_some}, {30, "clock", set_clock_wrong}, {10, "again", say_again},
};

void simulation_act(struct simulation *simulation)
{
    int sum = 0, number;

    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++)
        sum += actions[i].weight;
    number = (int)simulation_dice(simulation, (uint64_t)sum);
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++) {
        if (number < actions[i].weight) {
            simulation_tell(simulation, "step %d: %s", simulation->step, actions[i].name);
            actions[i].act(simulation);
            return;
        }
        number -= actions[i].weight;
    }
}
