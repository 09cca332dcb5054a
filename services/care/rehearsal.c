#include "rehearsal.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cell_values.h"
#include "json.h"
#include "world.h"

#define SITE "rehearsal"

struct rehearsal {
    struct invocation *call;
    const struct calendar *calendar;
    json_t *rows;
};

static const struct core *const cores[] = {&scheduler_core, &complaint_router_core, NULL};

static int offset_of(void *context, wall_ms at)
{
    return calendar_offset_min(context, at);
}

static void put_time(const struct rehearsal *rehearsal, json_t *row, const char *name, wall_ms at)
{
    if (at)
        json_object_set_new(row, name, json_string(moment_text(rehearsal->call->arena, at,
                                                               offset_of((void *)rehearsal->calendar, at))));
}

static void add_plan(void *context, const char *id, const void *entity)
{
    struct rehearsal *rehearsal = context;
    const struct plan *plan = entity;
    struct json_style style = {.offset_minutes = offset_of, .context = (void *)rehearsal->calendar};
    for (size_t i = 0; i < plan->steps.count; i++) {
        json_t *row = record_to_json(&planned_step_record, &plan->steps.at[i], &style);
        json_object_set_new(row, "plan", json_string(id + sizeof SITE));
        json_array_append_new(rehearsal->rows, row);
    }
}

static void add_case(void *context, const char *id, const void *entity)
{
    struct rehearsal *rehearsal = context;
    const struct complaint_case *complaint = entity;
    for (size_t i = 0; i < complaint->clocks.count; i++) {
        const struct case_clock *clock = &complaint->clocks.at[i];
        json_t *row = json_pack("{s:s, s:s, s:s, s:s, s:s}", "plan", id + sizeof SITE, "name", clock->name, "kind", "deadline",
                                "state", words_name(&clock_state_words, clock->state), "why", clock->why);
        put_time(rehearsal, row, "deadline_at", clock->due_at);
        json_array_append_new(rehearsal->rows, row);
    }
}

/* -------- setting up */

static const struct calendar *read_calendar(struct invocation *call, struct setting_file *ret)
{
    const char *path = option(call, "calendar");
    struct mistakes mistakes = {.file = path, .arena = call->arena};
    bool good = setting_read(path, call->arena, ret, &mistakes) && ret->kind == CONFIG_CALENDAR;
    for (size_t i = 0; mistakes.lines && i < mistakes.count && i < 200; i++)
        fprintf(stderr, "%s\n", mistakes.lines[i]);
    if (!good && !mistakes.count)
        fprintf(stderr, "care: %s is no calendar\n", path);
    return good ? ret->parsed : NULL;
}

/* --at by the calendar's zone; now if it is left out. 0: no time. */
static wall_ms start_of(struct invocation *call, const struct calendar *calendar)
{
    const char *text = option(call, "at");
    struct cell_date date;
    wall_ms at = 0;
    if (!text)
        return (wall_ms)time(NULL) * SECOND_MS;
    if (moment_parse(text, &at))
        return at;
    return cell_date(text, &date) ? calendar_instant(calendar, date.year, date.month, date.day, date.hour, date.minute, date.second)
                                  : 0;
}

static json_t *fact_of(struct invocation *call)
{
    json_t *data = typed_data(call, option(call, "event"), 2);
    json_t *customer = data ? json_object_get(data, "customer") : NULL;
    const char *key;
    json_t *value;
    if (!data)
        return NULL;
    json_t *event = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "type", option(call, "event"), "site", SITE, "id", "1", "source", "care",
                              "customer", json_is_string(customer) ? json_string_value(customer) : "somebody", "role", "manager");
    json_object_foreach(json_is_object(customer) ? customer : NULL, key, value)
        json_object_set(data, key, value);
    json_object_del(data, "customer");
    json_object_set_new(event, "data", data);
    return event;
}

static void print_rows(struct rehearsal *rehearsal)
{
    print_list(rehearsal->call, rehearsal->rows, "plan=Of/所属,name=Step/步骤,kind=Kind/种类,state=State/状态,due_at=Due/到期,"
                                                 "deadline_at=Deadline/期限,window=Window/时段,reason=Reason/原因,why=Why/缘由");
    if (!json_array_size(rehearsal->rows) && !rehearsal->call->json)
        puts(say(rehearsal->call, "nothing would be planned", "不会产生任何计划"));
}

static int play(struct rehearsal *rehearsal, wall_ms start, const struct setting_file *calendar, const struct setting_file *playbook,
                json_t *fact)
{
    struct fault fault = {0};
    struct world_options options = {.seed = 1, .partitions = 1, .start = start, .cores = cores};
    struct world *world = world_new(&options);
    if (calendar->parsed)
        world_apply(world, CONFIG_CALENDAR, calendar->name, calendar->content, SITE);
    world_apply(world, CONFIG_PLAYBOOK, playbook->name, playbook->content, SITE);
    world_settle(world);
    bool taken = world_append_json(world, fact, &fault);
    if (taken) {
        world_settle(world);
        world_each_entity(world, ENTITY_PLAN, add_plan, rehearsal);
        world_each_entity(world, ENTITY_CASE, add_case, rehearsal);
        print_rows(rehearsal);
    } else {
        fprintf(stderr, "care: %s %s\n", fault.field, fault.what);
    }
    world_free(&world);
    return taken ? EXIT_OK : EXIT_USAGE;
}

int rehearse(struct invocation *call, const struct setting_file *playbook)
{
    struct setting_file calendar = {.parsed = NULL};
    struct rehearsal rehearsal = {.call = call, .calendar = calendar_everyday(), .rows = json_array()};
    if (option(call, "calendar") && !(rehearsal.calendar = read_calendar(call, &calendar)))
        return json_decref(rehearsal.rows), EXIT_MISTAKES;
    wall_ms start = start_of(call, rehearsal.calendar);
    json_t *fact = option(call, "event") && start ? fact_of(call) : NULL;
    int code = EXIT_USAGE;
    if (!option(call, "event") || !start)
        fprintf(stderr, "care: care playbook simulate FILE --event car.delivered order=1 [--calendar FILE] [--at 2026-03-06T16:00]\n");
    if (fact)
        code = play(&rehearsal, start, &calendar, playbook, fact);
    json_decref(fact);
    json_decref(rehearsal.rows);
    return code;
}
