#include "turn_rig.h"

#include <string.h>

/* ---------------------------------------------------------------- a core that does what the test says */

struct turn_script turn_script;
struct turn_rig turn_rig;

static void handle(struct turn *turn, const struct event *event, const void *data)
{
    turn_script.was_called = true;
    turn_script.on_event(turn, event, data);
}

static void handle_timer(struct turn *turn, enum entity_kind kind, const char *id, const void *entity)
{
    (void)kind;
    turn_script.was_called = true;
    if (turn_script.on_timer)
        turn_script.on_timer(turn, id, entity);
}

static void prefetch(const struct event *event, const void *data,
                     void (*want)(void *context, enum entity_kind, const char *id), void *context)
{
    (void)event;
    (void)data;
    want(context, ENTITY_TASK, "sample/1");
    want(context, ENTITY_TASK, "sample/none");
    want(context, ENTITY_PLAN, "sample/foreign");
    want(context, ENTITY_PLAN, "");
}

static void prefetch_due(enum entity_kind kind, const void *entity, void (*want)(void *context, enum entity_kind, const char *id),
                         void *context)
{
    const struct task *task = entity;

    assert_int_equal(kind, ENTITY_TASK);
    want(context, ENTITY_CUSTOMER, task->id);
}

static const event_handler handlers[EVENT_COUNT] = {
    [EVENT_CAR_DELIVERED] = handle, [EVENT_TASK_CLAIM] = handle, [EVENT_TASK_WANTED] = handle,
};
static const struct core core = {.stage = STAGE_FOLLOW_UP, .handlers = handlers, .on_timer = handle_timer,
                                 .site_kind = ENTITY_FOLLOW_UP_SITE, .prefetch = prefetch,
                                 .prefetch_due = prefetch_due};

/* ---------------------------------------------------------------- around it */

static int fate(void *context, const char *call)
{
    (void)context;
    turn_rig.reads += strcmp(call, "read_entities") == 0;
    return turn_rig.gone ? FATE_GONE : FATE_DONE;
}

int turn_rig_up(void **state)
{
    struct standing standing;

    (void)state;
    memset(&turn_script, 0, sizeof turn_script);
    turn_rig = (struct turn_rig){.store = store_memory_new(1), .sealer = sealer_memory_new(), .arena = arena_new(),
                                 .dice = dice_of(1)};
    store_memory_fault(turn_rig.store, fate, NULL);
    turn_rig.source.store = turn_rig.store;
    turn_rig.tools = (struct turn_tools){
        .core = &core, .store = turn_rig.store, .sealer = turn_rig.sealer, .cache = entity_cache_new(1 << 20),
        .contents = content_cache_new(content_source_read, &turn_rig.source), .source = &turn_rig.source, .build = "b1",
        .random = dice_chance, .random_context = &turn_rig.dice};
    store_claim_one(turn_rig.store, 0, STAGE_FOLLOW_UP, "me", 100000, &standing);
    turn_rig.lease = standing.lease;
    turn_rig.turn = turn_new(&turn_rig.tools, 0);
    return 0;
}

int turn_rig_down(void **state)
{
    (void)state;
    turn_free(&turn_rig.turn);
    entity_cache_free(&turn_rig.tools.cache);
    content_cache_free(&turn_rig.tools.contents);
    turn_rig.store->functions->free(&turn_rig.store);
    sealer_free(&turn_rig.sealer);
    arena_free(&turn_rig.arena);
    return 0;
}

struct event turn_rig_event(enum event_number number)
{
    struct event event = event_of(number);

    event.id = "e1";
    event.source = "test";
    event.site = "sample";
    event.time = 1772409600000;
    return event;
}

struct slice turn_rig_packed(const struct record *record, const void *from, unsigned leave_out)
{
    struct buffer buffer = {0};

    record_pack(record, from, leave_out, &buffer);
    struct slice copy = {arena_copy(turn_rig.arena, buffer.at, buffer.bytes), buffer.bytes};
    buffer_free(&buffer);
    return copy;
}

enum turn_result turn_rig_work_event(const struct event *event)
{
    struct slice packed = turn_rig_packed(&event_record, event, 0);
    struct event fact_event = turn_rig_event(EVENT_CAR_DELIVERED);
    struct fact fact = {.key = arena_printf(turn_rig.arena, "k%d", (int)turn_rig.dice.state),
                        .chain_id = dice_chance(&turn_rig.dice),
                        .packed = turn_rig_packed(&event_record, &fact_event, 0)};
    struct turn_work *work = arena_alloc(turn_rig.arena, sizeof *work);

    assert_int_equal(store_append_one(turn_rig.store, 0, &fact, 1), STORE_OK);
    turn_rig.commit.to = (struct checkpoint){fact.place.seq, fact.place.id};
    turn_read(turn_rig.turn, &fact.place, packed, work);
    turn_rig.turn->works = work;
    turn_rig.turn->work_count = 1;
    turn_rig.turn->missing = NULL;
    turn_fetch_keys(&turn_rig.turn, 1, turn_rig.arena);
    if (turn_read_data(turn_rig.turn, work, 1) == TURN_LATER)
        return TURN_LATER;
    turn_prefetch(&turn_rig.turn, 1, turn_rig.arena);
    return turn_rig.turn->missing ? TURN_LATER : turn_work(turn_rig.turn, work);
}

enum turn_result turn_rig_work(enum event_number number, const void *data,
                               void (*on_event)(struct turn *, const struct event *, const void *))
{
    struct event event = turn_rig_event(number);

    event.data = turn_rig_packed(event_types[number].data, data, 0);
    turn_script.on_event = on_event;
    return turn_rig_work_event(&event);
}

const struct car_delivered turn_rig_delivered = {.order = "JC1"};

enum turn_result turn_rig_work_car(void (*on_event)(struct turn *, const struct event *, const void *))
{
    return turn_rig_work(EVENT_CAR_DELIVERED, &turn_rig_delivered, on_event);
}

void turn_rig_commit(void)
{
    turn_rig.commit.lease = turn_rig.lease;
    turn_rig.commit.from = turn_rig.at;
    turn_commit(turn_rig.turn, &turn_rig.commit);
    assert_int_equal(store_commit_one(turn_rig.store, &turn_rig.commit), STORE_OK);
    turn_rig.at = turn_rig.commit.to;
    turn_keep(turn_rig.turn);
    turn_free(&turn_rig.turn);
    turn_rig.turn = turn_new(&turn_rig.tools, 0);
}

struct task turn_rig_task(const char *id)
{
    return (struct task){.id = id, .site = "sample", .customer = "c1", .kind = "call", .state = TASK_OPEN, .role = "agent",
                         .due_at = 5};
}
