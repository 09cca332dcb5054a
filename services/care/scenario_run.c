#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "json.h"
#include "scenario.h"
#include "setting_file.h"
#include "world.h"

/* What a manager sees happen: with nothing_else, each of these must be expected. */
static const enum event_number visible[] = {
    EVENT_NOTICE_SENT, EVENT_NOTICE_DEAD, EVENT_TASK_OPENED, EVENT_CASE_OPENED, EVENT_CASE_LINKED,
    EVENT_CASE_WARNED, EVENT_CASE_BREACHED, EVENT_CASE_ESCALATED, EVENT_CASE_REOPENED, EVENT_EVENT_QUARANTINED,
};

struct running {
    struct scenario *scenario;
    struct arena *arena;
    struct world *world;
    const char *deploy;
    const struct scenario_watch *watch;
    struct texts *wrong;
    size_t wrong_room;
    size_t events;
};

static void add_wrong(struct running *running, const char *line)
{
    if (running->wrong->count == running->wrong_room) {
        size_t room = running->wrong_room ? 2 * running->wrong_room : 16;
        const char **grown = arena_alloc(running->arena, room * sizeof *grown);
        if (running->wrong->count)
            memcpy(grown, running->wrong->at, running->wrong->count * sizeof *grown);
        running->wrong->at = grown;
        running->wrong_room = room;
    }
    running->wrong->at[running->wrong->count++] = line;
}

/* -------- comparing */

static const char *time_told(const struct running *running, wall_ms at)
{
    struct local_time local = calendar_local(running->scenario->calendar, at);
    return arena_printf(running->arena, "%04d-%02d-%02d %02d:%02d:%02d.%03d", local.year, local.month, local.day,
                        local.hour, local.minute, local.second, local.milli);
}

static const char *list_text(struct arena *arena, const struct texts *list)
{
    const char *all = "";
    for (size_t i = 0; i < list->count; i++)
        all = arena_printf(arena, "%s%s%s", all, i ? "," : "", list->at[i]);
    return all;
}

static const char *value_text(const struct running *running, const struct field *field, const void *record)
{
    const void *at = (const char *)record + field->offset;
    switch (field->kind) {
    case FIELD_TEXT: return *(const char *const *)at ? *(const char *const *)at : "";
    case FIELD_WORD: return words_name(field->words, *(const int *)at);
    case FIELD_INT: return arena_printf(running->arena, "%lld", (long long)*(const int64_t *)at);
    case FIELD_BOOL: return *(const bool *)at ? "true" : "false";
    case FIELD_TEXTS: return list_text(running->arena, at);
    case FIELD_TIME: return *(const wall_ms *)at ? time_told(running, *(const wall_ms *)at) : "never";
    default: return "";
    }
}

static bool field_holds(const struct running *running, const struct record *kind, const struct expected_field *wanted,
                        const void *record)
{
    const struct field *field = record_field(kind, wanted->name);
    if (wanted->is_time)
        return *(const wall_ms *)((const char *)record + field->offset) == wanted->time;
    const char *text = value_text(running, field, record);
    if (field->kind == FIELD_BOOL && strcmp(wanted->text, "yes") == 0)
        return strcmp(text, "true") == 0;
    return strcmp(text, wanted->text) == 0;
}

/* The first field that is otherwise; NULL: all hold. */
static const struct expected_field *first_wrong(const struct running *running, const struct record *kind,
                                                const struct expectation *expectation, const void *record)
{
    for (size_t i = 0; i < expectation->field_count; i++)
        if (!field_holds(running, kind, &expectation->fields[i], record))
            return &expectation->fields[i];
    return NULL;
}

/* -------- events */

/* How near an event comes to what is expected: 3 it is it, 2 another time, 1 another field. */
static int compare_event(struct running *running, struct expectation *expectation, const struct event *event,
                         const void *data)
{
    const struct record *kind = event_types[event->number].data;
    const struct expected_field *wrong = first_wrong(running, kind, expectation, data);
    if (!wrong && (event->time == expectation->at || expectation->what == EXPECT_NO_EVENT))
        return 3;
    const char *other = wrong ? arena_printf(running->arena, ", %s %s", wrong->name,
                                             value_text(running, record_field(kind, wrong->name), data))
                              : "";
    bool subject = wrong && expectation->field_count && wrong == &expectation->fields[0];
    if (!subject && (!expectation->seen || event->time == expectation->at || !wrong))
        expectation->seen = arena_printf(running->arena, "at %s%s", time_told(running, event->time), other);
    return wrong ? 1 : 2;
}

static bool is_visible(enum event_number number)
{
    for (size_t i = 0; i < sizeof visible / sizeof *visible; i++)
        if (visible[i] == number)
            return true;
    return false;
}

static const char *brief(struct running *running, const struct event *event, const void *data)
{
    static const char *const names[] = {"template", "step", "task", "case_id", "clock", "role", "due_at", "reason"};
    const struct record *kind = event_types[event->number].data;
    const char *line = event->type;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const struct field *field = record_field(kind, names[i]);
        const char *text = field ? value_text(running, field, data) : "";
        if (*text)
            line = arena_printf(running->arena, "%s %s=%s", line, names[i], text);
    }
    return line;
}

static void on_event(void *context, const struct place *place, const struct event *event)
{
    (void)place;
    struct running *running = context;
    struct fault fault;
    bool met = false;
    running->events++;
    const void *data = event->number ? event_data(event, (struct slice){0}, running->arena, &fault) : NULL;
    if (!data)
        return;
    if (running->watch)
        running->watch->seen(running->watch->context, event, data);
    for (size_t i = 0; i < running->scenario->expectation_count; i++) {
        struct expectation *expectation = &running->scenario->expectations[i];
        if (expectation->number != event->number ||
            (expectation->what != EXPECT_EVENT && expectation->what != EXPECT_NO_EVENT) ||
            (expectation->met && expectation->what == EXPECT_EVENT))
            continue;
        if (compare_event(running, expectation, event, data) == 3) {
            expectation->met = met = true;
            expectation->seen = time_told(running, event->time);
            break;
        }
    }
    if (running->scenario->nothing_else && !met && is_visible(event->number))
        add_wrong(running, arena_printf(running->arena, "not expected at %s: %s", time_told(running, event->time),
                                        brief(running, event, data)));
}

static enum send_result result_told(struct running *running, const struct send_order *order, const char **ret_detail)
{
    const char *channel = words_name(&notice_channel_words, order->channel);
    for (size_t i = 0; i < running->scenario->sending_count; i++) {
        struct sending_rule *rule = &running->scenario->sending[i];
        if (rule->used >= rule->times || (rule->channel && strcmp(rule->channel, channel) != 0) ||
            (rule->template && strcmp(rule->template, order->template) != 0))
            continue;
        rule->used++;
        *ret_detail = "as the scenario says";
        return (enum send_result)rule->result;
    }
    return SEND_ACCEPTED;
}

static enum send_result on_send(void *context, const struct send_order *order, const char **ret_detail)
{
    struct running *running = context;
    enum send_result result = result_told(running, order, ret_detail);
    if (running->watch)
        running->watch->sent(running->watch->context, order, result);
    return result;
}

/* -------- looking at what is stored */

static const struct case_clock *find_clock(const struct complaint_case *complaint, const char *name)
{
    for (size_t i = 0; i < complaint->clocks.count; i++)
        if (strcmp(complaint->clocks.at[i].name, name) == 0)
            return &complaint->clocks.at[i];
    return NULL;
}

static void look(struct running *running, struct expectation *expectation)
{
    const void *record = world_entity(running->world, expectation->kind, expectation->id, running->arena);
    const struct record *kind = entity_types[expectation->kind].record;
    expectation->seen = "there is none";
    if (record && expectation->what == EXPECT_CLOCK) {
        record = find_clock(record, expectation->clock);
        kind = &case_clock_record;
        expectation->seen = "it has no such clock";
    }
    if (!record)
        return;
    const struct expected_field *wrong = first_wrong(running, kind, expectation, record);
    expectation->met = !wrong;
    if (wrong)
        expectation->seen = arena_printf(running->arena, "%s is %s", wrong->name,
                                         value_text(running, record_field(kind, wrong->name), record));
}

/* -------- setting up and running */

static bool apply_file(struct running *running, const char *name, const struct changed_file *changed)
{
    struct setting_file file;
    struct texts wrong = scenario_setting(running->deploy, name, changed, running->arena, &file);
    for (size_t i = 0; i < wrong.count; i++)
        add_wrong(running, wrong.at[i]);
    if (!wrong.count)
        world_apply(running->world, (enum config_kind)file.kind, file.name, file.content, running->scenario->site);
    return !wrong.count;
}

static void happen(struct running *running, const struct happening *happening, size_t number)
{
    struct fault fault = {0};
    if (happening->apply.path) {
        apply_file(running, happening->apply.path, &happening->apply);
        return;
    }
    json_t *event = scenario_event(running->scenario, happening, number, running->arena);
    json_object_set_new(event, "actor", json_string(happening->actor));
    json_object_set_new(event, "role", json_string(happening->role));
    if (!world_append_json(running->world, event, &fault))
        add_wrong(running, arena_printf(running->arena, "line %d: %s: %s", happening->line, fault.field, fault.what));
    json_decref(event);
}

static void run_instant(struct running *running, wall_ms now)
{
    struct scenario *scenario = running->scenario;
    world_run_until(running->world, now);
    for (size_t i = 0; i < scenario->happening_count; i++)
        if (scenario->happenings[i].at == now) {
            happen(running, &scenario->happenings[i], i);
            world_settle(running->world);
        }
    for (size_t i = 0; i < scenario->expectation_count; i++) {
        struct expectation *expectation = &scenario->expectations[i];
        if ((expectation->what == EXPECT_ENTITY || expectation->what == EXPECT_CLOCK) && expectation->at == now)
            look(running, expectation);
    }
}

static void judge(struct running *running)
{
    for (size_t i = 0; i < running->scenario->expectation_count; i++) {
        const struct expectation *expectation = &running->scenario->expectations[i];
        bool never = expectation->what == EXPECT_NO_EVENT;
        if (expectation->met != never)
            continue;
        add_wrong(running,
                  arena_printf(running->arena, "line %d: %s { %s }%s%s", expectation->line,
                               never ? "came, but should not:" : "did not come:", expectation->text,
                               expectation->seen ? "; seen: " : "", expectation->seen ? expectation->seen : ""));
    }
}

static void forget(struct scenario *scenario)
{
    for (size_t i = 0; i < scenario->expectation_count; i++) {
        scenario->expectations[i].met = false;
        scenario->expectations[i].seen = NULL;
    }
    for (size_t i = 0; i < scenario->sending_count; i++)
        scenario->sending[i].used = 0;
}

static const struct core *const cores[] = {&scheduler_core, &follow_up_core, &complaint_router_core, &notifier_core,
                                           NULL};

bool scenario_run(struct scenario *scenario, const char *deploy, struct arena *arena, struct texts *wrong,
                  size_t *ret_events, const struct scenario_watch *watch)
{
    struct running running = {.scenario = scenario, .arena = arena, .deploy = deploy, .wrong = wrong, .watch = watch};
    struct world_options options = {
        .seed = 1, .start = scenario->start, .cores = cores, .seen = on_event, .answer = on_send, .context = &running};
    *wrong = (struct texts){0};
    forget(scenario);
    scenario_order(scenario);
    running.world = world_new(&options);
    bool ready = true;
    for (size_t i = 0; i < scenario->setup_count && ready; i++)
        ready = apply_file(&running, scenario->setup_paths[i], &scenario->changed);
    world_settle(running.world);
    if (ready)
        run_instant(&running, scenario->start);
    for (wall_ms now = scenario->start; ready && now < scenario->until;)
        run_instant(&running, now = scenario_next_instant(scenario, now));
    if (ready)
        judge(&running);
    if (watch)
        watch->ended(watch->context, running.world);
    world_free(&running.world);
    *ret_events = running.events;
    return wrong->count == 0;
}
