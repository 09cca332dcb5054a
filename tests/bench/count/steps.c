/* What a step of a plan comes to for the scheduler, once its time has come: its timer fires and its task is asked for; its
 * task is closed, and the plan ends. With the store in memory. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "subject.h"
#include "world.h"

extern const struct core scheduler_core;
static const char site[] = "bench-00";
static const char playbook[] = "playbook: bench\nversion: 1\nrules:\n  - on: car.delivered\n    steps:\n"
                               "      - { call: call-in-a-day, after: 1d, role: follow-up-agent }\n";
static const wall_ms friday = 1772784000000;    /* 2026-03-06 16:00 in China */

enum { PLANS = 1024, BATCH = 64, CUSTOMERS = 16 };

struct steps {
    struct arena *arena;
    struct world *world;
};

static const char *order_of(struct steps *steps, size_t number)
{
    return arena_printf(steps->arena, "r1-%08zu", number);
}

/* Steps of one batch fall due at once, a minute after those of the batch before. */
static wall_ms due_of(size_t number)
{
    return friday + HOUR_MS + (wall_ms)(number / BATCH) * MINUTE_MS;
}

static void deliver(struct steps *steps, size_t number)
{
    struct car_delivered *delivered = record_new(event_types[EVENT_CAR_DELIVERED].data, steps->arena);
    struct event event = event_of(EVENT_CAR_DELIVERED);
    event.site = site;
    event.id = delivered->order = order_of(steps, number);
    event.occurred_at = due_of(number) - DAY_MS;
    delivered->mobile = arena_printf(steps->arena, "138%08zu", number % CUSTOMERS);
    delivered->name = "王芳";
    bool is_new = world_append(steps->world, &event, delivered);
    assert(is_new);
}

/* All are planned. */
static void *plans_begin(void)
{
    static const struct core *const cores[] = {&scheduler_core, NULL};
    struct steps *steps = calloc(1, sizeof *steps);
    steps->arena = arena_new();
    steps->world = world_new(&(struct world_options){.seed = 1, .start = friday, .cores = cores});
    world_apply(steps->world, CONFIG_PLAYBOOK, "bench", (struct slice){(const uint8_t *)playbook, sizeof playbook - 1}, site);
    for (size_t i = 0; i < PLANS; i++)
        deliver(steps, i);
    world_settle(steps->world);
    return steps;
}

static void steps_end(void *context)
{
    struct steps *steps = context;
    world_free(&steps->world);
    arena_free(&steps->arena);
    free(steps);
}

static void fire_once(void *context, size_t number)
{
    struct steps *steps = context;
    assert(number < PLANS);
    if (number % BATCH == BATCH - 1)
        world_run_until(steps->world, due_of(number));
}

/* All tasks are asked for. */
static void *tasks_begin(void)
{
    struct steps *steps = plans_begin();
    world_run_until(steps->world, due_of(PLANS));
    return steps;
}

static void close_once(void *context, size_t number)
{
    struct steps *steps = context;
    assert(number < PLANS);
    arena_reset(steps->arena);
    struct task_changed *closed = record_new(event_types[EVENT_TASK_CLOSED].data, steps->arena);
    struct event event = event_of(EVENT_TASK_CLOSED);
    const char *order = order_of(steps, number);
    event.site = site;
    event.id = arena_printf(steps->arena, "closed-%zu", number);
    closed->task = arena_printf(steps->arena, "%s/%s.call-in-a-day", site, order);
    closed->plan = arena_printf(steps->arena, "%s/%s.bench.0", site, order);
    closed->step = "call-in-a-day";
    closed->about = order;
    closed->outcome = OUTCOME_COMPLETED;
    bool is_new = world_append(steps->world, &event, closed);
    assert(is_new);
    if (number % BATCH < BATCH - 1)
        return;
    world_settle(steps->world);
    const struct plan *plan = world_entity(steps->world, ENTITY_PLAN, closed->plan, steps->arena);
    assert(plan && plan->steps.at[0].state == STEP_DONE);
}

const struct subject step_subjects[] = {
    {"step-fires", plans_begin, fire_once, steps_end},
    {"task-closed", tasks_begin, close_once, steps_end},
    {0},
};
