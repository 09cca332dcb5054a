/* What a delivery comes to by the shipped playbook and calendar: placed in a window, graded, planned by the whole
 * scheduler with the store in memory. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "calendar.h"
#include "playbook.h"
#include "subject.h"
#include "world.h"

extern const struct core scheduler_core;
static const wall_ms friday = 1772784000000;    /* 2026-03-06 16:00 in China */

struct rules {
    struct arena *arena, *kept;
    const struct calendar *calendar;
    const struct playbook *playbook;
    struct world *world;
};

/* Of the repository, in whose top we are. */
static struct slice shipped(struct arena *arena, const char *path)
{
    FILE *file = fopen(path, "r");
    if (!file) {
        fprintf(stderr, "%s is not there: run it from the top of the repository\n", path);
        exit(66);
    }
    enum { BYTES_MAX = 1 << 20 };
    uint8_t *at = arena_alloc(arena, BYTES_MAX);
    size_t bytes = fread(at, 1, BYTES_MAX, file);
    fclose(file);
    return (struct slice){at, bytes};
}

static void *rules_begin(void)
{
    struct rules *rules = calloc(1, sizeof *rules);
    rules->arena = arena_new();
    rules->kept = arena_new();
    struct mistakes mistakes = {.file = "shipped", .arena = rules->kept};
    struct slice calendar = calendar_bundle(shipped(rules->kept, "deploy/calendars/sample.yaml"),
                                            shipped(rules->kept, "deploy/calendars/china-2026.ics"), rules->kept);
    rules->calendar = calendar_parse(calendar, rules->kept, &mistakes);
    rules->playbook = playbook_parse(shipped(rules->kept, "deploy/playbooks/auto-dealer.yaml"), rules->kept, &mistakes);
    assert(rules->calendar && rules->playbook);
    return rules;
}

static void rules_end(void *context)
{
    struct rules *rules = context;
    if (rules->world)
        world_free(&rules->world);
    arena_free(&rules->arena);
    arena_free(&rules->kept);
    free(rules);
}

/* A day later, in hours when customers are called, with a holiday in the way now and then. */
static void place_once(void *context, size_t number)
{
    struct rules *rules = context;
    const struct placing placing = {
        .event = friday + (wall_ms)(number % 400) * HOUR_MS, .now = friday, .after = {.days = 1}, .before = {.days = 3},
        .week = calendar_window(rules->calendar, "follow-up"),
    };
    arena_reset(rules->arena);
    struct placed placed = calendar_place(rules->calendar, &placing, rules->arena);
    assert(placed.due > placing.event);
}

static void business_once(void *context, size_t number)
{
    struct rules *rules = context;
    wall_ms from = friday + (wall_ms)(number % 400) * HOUR_MS;
    wall_ms at = calendar_add_business(rules->calendar, from, (struct span){.ms = 2 * HOUR_MS});
    assert(at > from);
}

static const char *said(void *context, const char *path)
{
    static const char *const facts[][2] = {
        {"channel", "phone"}, {"customer.class", "ordinary"}, {"repeat", "no"}, {"amount_cents", "120000"},
        {"scope", "one"}, {"code", "I2"}, {"text", "服务顾问态度不好，等了三个小时没人管，要求给个说法"},
    };
    (void)context;
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++)
        if (!strcmp(path, facts[i][0]))
            return facts[i][1];
    return "";
}

static void grade_once(void *context, size_t number)
{
    struct rules *rules = context;
    (void)number;
    const char *category = complaint_category_of_text(&rules->playbook->complaints, said(NULL, "text"));
    const struct grade_rule *grade = complaint_grade(&rules->playbook->complaints, said, NULL);
    assert(category && grade);
}

static void *plan_begin(void)
{
    static const struct core *const cores[] = {&scheduler_core, NULL};
    struct rules *rules = rules_begin();
    rules->world = world_new(&(struct world_options){.seed = 1, .start = friday, .cores = cores});
    world_apply(rules->world, CONFIG_CALENDAR, "sample",
                calendar_bundle(shipped(rules->kept, "deploy/calendars/sample.yaml"),
                                shipped(rules->kept, "deploy/calendars/china-2026.ics"), rules->kept), "bench-00");
    world_apply(rules->world, CONFIG_PLAYBOOK, "auto-dealer", shipped(rules->kept, "deploy/playbooks/auto-dealer.yaml"),
                "bench-00");
    world_settle(rules->world);
    return rules;
}

static void plan_once(void *context, size_t number)
{
    struct rules *rules = context;
    arena_reset(rules->arena);
    struct car_delivered *delivered = record_new(event_types[EVENT_CAR_DELIVERED].data, rules->arena);
    struct event event = event_of(EVENT_CAR_DELIVERED);
    event.site = "bench-00";
    event.id = delivered->order = arena_printf(rules->arena, "r1-%08zu", number);
    delivered->mobile = arena_printf(rules->arena, "138%08zu", number % 16);
    delivered->name = "王芳";
    bool is_new = world_append(rules->world, &event, delivered);
    assert(is_new);
    if (number % 64 == 63)                      /* a batch, as they come when there is much */
        world_settle(rules->world);
}

const struct subject rules_subjects[] = {
    {"calendar-place", rules_begin, place_once, rules_end},
    {"calendar-business", rules_begin, business_once, rules_end},
    {"playbook-grade", rules_begin, grade_once, rules_end},
    {"plan-a-delivery", plan_begin, plan_once, rules_end},
    {0},
};
