#include "shop.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"

static const char calendar_yaml[] =
    "calendar: c\nzone: Asia/Shanghai\nbusiness: { mon-sat: [09:00-18:00] }\n"
    "windows: { follow-up: { mon-sat: [10:00-11:30, 15:00-17:30] } }\n";

static const char staff_yaml[] =
    "staff: st\npeople:\n"
    "  - { id: ann, name: Ann, roles: [follow-up-agent] }\n"
    "  - { id: bob, name: Bob, roles: [follow-up-agent] }\n"
    "  - { id: cat, name: Cat, roles: [follow-up-agent, service-manager] }\n"
    "  - { id: boss, name: Boss, roles: [supervisor] }\n"
    "  - { id: sam, name: Sam, roles: [sales-consultant] }\n"
    "  - { id: max, name: Max, roles: [marketing] }\n";

static const struct core *const cores[] = {&scheduler_core, &follow_up_core, NULL};

static void remember(void *context, const struct place *place, const struct event *event)
{
    struct showroom *shop = context;
    (void)place;
    assert_true(shop->seen_count < SHOP_SEEN_MAX);
    struct seen *seen = &shop->seen[shop->seen_count++];
    struct buffer copy = {0};
    struct fault fault;
    event_pack(event, &copy);
    struct slice kept = {arena_copy(shop->arena, copy.at, copy.bytes), copy.bytes};
    assert_true(event_unpack(kept, shop->arena, &seen->event, &fault));
    seen->number = seen->event.number;
    seen->data = event_data(&seen->event, (struct slice){0}, shop->arena, &fault);
    buffer_free(&copy);
}

static struct slice slice_of(const char *text)
{
    return (struct slice){(const uint8_t *)text, strlen(text)};
}

wall_ms shop_time(const char *local)
{
    wall_ms at = 0;
    char text[64];
    snprintf(text, sizeof text, "%.10sT%.5s:00.000+08:00", local, local + 11);
    assert_true(moment_parse(text, &at));
    return at;
}

struct showroom *shop_open(const char *start, const char *playbook)
{
    struct showroom *shop = calloc(1, sizeof *shop);
    assert_non_null(shop);
    log_start("test", LEVEL_ERROR);
    shop->arena = arena_new();
    struct world_options options = {.seed = 7, .partitions = 1, .start = shop_time(start), .cores = cores, .seen = remember,
                                    .context = shop};
    shop->world = world_new(&options);
    world_apply(shop->world, CONFIG_CALENDAR, "c", slice_of(calendar_yaml), "s");
    world_apply(shop->world, CONFIG_STAFF, "st", slice_of(staff_yaml), "s");
    world_apply(shop->world, CONFIG_PLAYBOOK, "p", slice_of(playbook), "s");
    world_settle(shop->world);
    return shop;
}

void shop_close(struct showroom *shop)
{
    shop_check(shop);
    world_free(&shop->world);
    arena_free(&shop->arena);
    free(shop);
}

void shop_run(struct showroom *shop, const char *until)
{
    world_run_until(shop->world, shop_time(until));
}

/* Single quotes to double ones, {@local time} to RFC 3339. */
static void json_write(const char *from, char *to, size_t room)
{
    size_t used = 0;
    for (; *from && used + 40 < room; from++) {
        if (from[0] == '{' && from[1] == '@') {
            used += (size_t)snprintf(to + used, room - used, "\"%.10sT%.5s:00+08:00\"", from + 2, from + 13);
            from += strcspn(from, "}");
        } else {
            to[used++] = *from == '\'' ? '"' : *from;
        }
    }
    to[used] = 0;
}

void shop_post(struct showroom *shop, const char *type, const char *envelope, const char *data, ...)
{
    char filled[4096], text[8192], whole[8300];
    struct fault fault = {.what = ""};
    va_list args;
    va_start(args, data);
    vsnprintf(filled, sizeof filled, data, args);
    va_end(args);
    snprintf(text, sizeof text, "{'type':'%s','site':'s','id':'e%d'%s%s,'data':{%s}}", type, ++shop->posted,
             *envelope ? "," : "", envelope, filled);
    json_write(text, whole, sizeof whole);
    json_error_t error;
    json_t *event = json_loads(whole, 0, &error);
    if (!event)
        fail_msg("%s in %s", error.text, whole);
    if (!world_append_json(shop->world, event, &fault))
        fail_msg("%s: %s in %s", fault.field, fault.what, whole);
    json_decref(event);
    world_settle(shop->world);
}

size_t shop_count(const struct showroom *shop, enum event_number number)
{
    size_t count = 0;
    for (size_t i = shop->from; i < shop->seen_count; i++)
        count += shop->seen[i].number == number;
    return count;
}

const struct seen *shop_seen(const struct showroom *shop, enum event_number number, size_t nth)
{
    for (size_t i = shop->from; i < shop->seen_count; i++)
        if (shop->seen[i].number == number && nth-- == 0)
            return &shop->seen[i];
    fail_msg("no such %s", event_types[number].name);
    return NULL;
}

const void *shop_last(const struct showroom *shop, enum event_number number)
{
    size_t count = shop_count(shop, number);
    if (!count)
        fail_msg("no %s", event_types[number].name);
    return shop_seen(shop, number, count - 1)->data;
}

void shop_forget(struct showroom *shop)
{
    shop->from = shop->seen_count;
}

const char *shop_refusal(const struct showroom *shop)
{
    size_t count = shop_count(shop, EVENT_ACT_REFUSED);
    if (count > 1)
        fail_msg("%zu acts were refused", count);
    return count ? ((const struct act_refused *)shop_last(shop, EVENT_ACT_REFUSED))->reason : "";
}

const void *shop_entity(struct showroom *shop, enum entity_kind kind, const char *id)
{
    return world_entity(shop->world, kind, id, shop->arena);
}

const struct task *shop_task(struct showroom *shop, const char *local_id)
{
    const struct task *task = shop_entity(shop, ENTITY_TASK, arena_printf(shop->arena, "s/%s", local_id));
    if (!task)
        fail_msg("no task %s", local_id);
    return task;
}

/* -------- order in the house */

static const char *list_of(int state)
{
    return state == TASK_OPEN ? "work/" : state == TASK_CLAIMED ? "held/" : state == TASK_WAITING ? "later/" : "";
}

struct counted { struct showroom *shop; size_t on_list; };

static void check_task(void *context, const char *id, const void *entity)
{
    struct counted *counted = context;
    const struct task *task = entity;
    struct texts members = world_queue(counted->shop->world, "s", list_of(task->state), counted->shop->arena);
    size_t found = 0;
    for (size_t i = 0; i < members.count; i++) {
        size_t bytes = strlen(members.at[i]), tail = strlen(id);
        found += bytes > tail && !strcmp(members.at[i] + bytes - tail, id) && members.at[i][bytes - tail - 1] == '/';
    }
    if (task->state != TASK_CLOSED) {
        assert_int_equal(found, 1);
        counted->on_list++;
    }
}

void shop_check(struct showroom *shop)
{
    struct counted counted = {shop, 0};
    world_each_entity(shop->world, ENTITY_TASK, check_task, &counted);
    size_t listed = 0;
    for (int state = TASK_OPEN; state <= TASK_WAITING; state++)
        listed += world_queue(shop->world, "s", list_of(state), shop->arena).count;
    assert_int_equal(listed, counted.on_list);
}
