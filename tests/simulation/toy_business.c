#include "simulation.h"
#include "support/toy.h"

static void act(struct simulation *simulation)
{
    static const char *const sites[] = {"sample", "north", "south", "east"};
    struct event event = event_of(EVENT_CAR_DELIVERED);
    struct car_delivered *data = arena_alloc(simulation->arena, sizeof *data);

    event.site = sites[simulation_dice(simulation, 4)];
    event.id = arena_printf(simulation->arena, "JC%u", simulation->numbered++);
    data->order = event.id;
    data->amount_cents = (int64_t)simulation_dice(simulation, 3000);
    simulation_say(simulation, &event, data);
}

static const char *judge(struct simulation *simulation)
{
    const char *wrong = crew_check(&simulation->crew);

    if (wrong)
        return wrong;
    if (crew_delivered(&simulation->crew) != simulation->said_count)
        return "the log does not hold what was acknowledged, once each";
    if (simulation->rewinds == 0 && crew_sent_most(&simulation->crew) > 1)
        return "an attempt left twice";
    return NULL;
}

const struct business toy_business = {.name = "toy", .cores = toy_cores, .act = act, .jump_ms_max = 1000,
                                      .judge = judge};
