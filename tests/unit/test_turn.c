/* One batch: what a core sees of what it did, and what becomes a commit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cursor.h"
#include "log.h"
#include "random.h"
#include "sealer.h"
#include "turn.h"

/* ---------------------------------------------------------------- a core that does what the test says */

static struct {
    void (*on_event)(struct turn *turn, const struct event *event, const void *data);
    void (*on_timer)(struct turn *turn, const char *id, const void *entity);
    bool was_called;
} script;

static void handle(struct turn *turn, const struct event *event, const void *data)
{
    script.was_called = true;
    script.on_event(turn, event, data);
}

static void handle_timer(struct turn *turn, enum entity_kind kind, const char *id, const void *entity)
{
    (void)kind;
    script.was_called = true;
    if (script.on_timer)
        script.on_timer(turn, id, entity);
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

struct around {
    struct store *store;
    struct sealer *sealer;
    struct content_source source;
    struct turn_tools tools;
    struct turn *turn;
    struct arena *arena;
    struct dice dice;
    struct lease lease;
    struct checkpoint at;
    struct commit commit;
    int reads;                      /* calls of read_entities */
    bool gone;
};

static struct around around;

static int fate(void *context, const char *call)
{
    (void)context;
    around.reads += strcmp(call, "read_entities") == 0;
    return around.gone ? FATE_GONE : FATE_DONE;
}

static int setup(void **state)
{
    struct standing standing;

    (void)state;
    memset(&script, 0, sizeof script);
    around = (struct around){.store = store_memory_new(1), .sealer = sealer_memory_new(), .arena = arena_new(),
                             .dice = dice_of(1)};
    store_memory_fault(around.store, fate, NULL);
    around.source.store = around.store;
    around.tools = (struct turn_tools){
        .core = &core, .store = around.store, .sealer = around.sealer, .cache = entity_cache_new(1 << 20),
        .contents = content_cache_new(content_source_read, &around.source), .source = &around.source, .build = "b1",
        .random = dice_chance, .random_context = &around.dice};
    store_claim_one(around.store, 0, STAGE_FOLLOW_UP, "me", 100000, &standing);
    around.lease = standing.lease;
    around.turn = turn_new(&around.tools, 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    turn_free(&around.turn);
    entity_cache_free(&around.tools.cache);
    content_cache_free(&around.tools.contents);
    around.store->functions->free(&around.store);
    sealer_free(&around.sealer);
    arena_free(&around.arena);
    return 0;
}

static struct event event_like(enum event_number number)
{
    struct event event = event_of(number);

    event.id = "e1";
    event.source = "test";
    event.site = "sample";
    event.time = 1772409600000;
    return event;
}

static struct slice packed_of(const struct record *record, const void *from, unsigned leave_out)
{
    struct buffer buffer = {0};

    record_pack(record, from, leave_out, &buffer);
    struct slice copy = {arena_copy(around.arena, buffer.at, buffer.bytes), buffer.bytes};
    buffer_free(&buffer);
    return copy;
}

/* Works the event in the current turn. In the log stands a fact for it: results and fired timers are not ours to append. */
static enum turn_result work_event(const struct event *event)
{
    struct slice packed = packed_of(&event_record, event, 0);
    struct event fact_event = event_like(EVENT_CAR_DELIVERED);
    struct fact fact = {.key = arena_printf(around.arena, "k%d", (int)around.dice.state),
                        .chain_id = dice_chance(&around.dice),
                        .packed = packed_of(&event_record, &fact_event, 0)};
    struct turn_work *work = arena_alloc(around.arena, sizeof *work);

    assert_int_equal(store_append_one(around.store, 0, &fact, 1), STORE_OK);
    around.commit.to = (struct checkpoint){fact.place.seq, fact.place.id};
    turn_read(around.turn, &fact.place, packed, work);
    around.turn->works = work;
    around.turn->work_count = 1;
    around.turn->missing = NULL;
    turn_fetch_keys(&around.turn, 1, around.arena);
    if (turn_read_data(around.turn, work, 1) == TURN_LATER)
        return TURN_LATER;
    turn_prefetch(&around.turn, 1, around.arena);
    return around.turn->missing ? TURN_LATER : turn_work(around.turn, work);
}

static enum turn_result work(enum event_number number, const void *data,
                             void (*on_event)(struct turn *, const struct event *, const void *))
{
    struct event event = event_like(number);

    event.data = packed_of(event_types[number].data, data, 0);
    script.on_event = on_event;
    return work_event(&event);
}

static const struct car_delivered delivered = {.order = "JC1"};

static enum turn_result work_car(void (*on_event)(struct turn *, const struct event *, const void *))
{
    return work(EVENT_CAR_DELIVERED, &delivered, on_event);
}

/* Commits the turn and begins another. */
static void commit(void)
{
    around.commit.lease = around.lease;
    around.commit.from = around.at;
    turn_commit(around.turn, &around.commit);
    assert_int_equal(store_commit_one(around.store, &around.commit), STORE_OK);
    around.at = around.commit.to;
    turn_keep(around.turn);
    turn_free(&around.turn);
    around.turn = turn_new(&around.tools, 0);
}

static struct task a_task(const char *id)
{
    return (struct task){.id = id, .site = "sample", .customer = "c1", .kind = "call", .state = TASK_OPEN,
                         .role = "agent",
                         .due_at = 5};
}

/* ---------------------------------------------------------------- entities */

static void put_one(struct turn *turn, const struct event *event, const void *data)
{
    struct task task = a_task("sample/1");

    (void)event;
    (void)data;
    assert_null(turn_get(turn, ENTITY_TASK, "sample/1"));
    turn_put(turn, ENTITY_TASK, "sample/1", &task, 1000, "work/a");
    const struct task *read = turn_get(turn, ENTITY_TASK, "sample/1");
    assert_non_null(read);
    assert_string_equal(read->role, "agent");
    assert_string_equal(read->window, "");
}

static void change_one(struct turn *turn, const struct event *event, const void *data)
{
    const struct task *read = turn_get(turn, ENTITY_TASK, "sample/1");
    struct task task = *read;

    (void)event;
    (void)data;
    task.role = strcmp(read->role, "agent") == 0 ? "supervisor" : "agent";
    turn_put(turn, ENTITY_TASK, "sample/1", &task, 2000, "");
    assert_string_not_equal(read->role, task.role);
    assert_string_equal(((const struct task *)turn_get(turn, ENTITY_TASK, "sample/1"))->role, task.role);
}

static void test_what_is_put_is_seen_and_committed(void **state)
{
    (void)state;
    assert_int_equal(work_car(put_one), TURN_DONE);
    assert_int_equal(work_car(change_one), TURN_DONE);
    turn_commit(around.turn, &around.commit);
    assert_int_equal(around.commit.put_count, 1);
    assert_int_equal(around.commit.puts[0].version, 1);
    assert_int_equal(around.commit.puts[0].due, 2000);
    commit();
    assert_int_equal(work_car(change_one), TURN_DONE);
    turn_commit(around.turn, &around.commit);
    assert_int_equal(around.commit.puts[0].version, 2);
    assert_int_equal(around.commit.puts[0].due_before, 2000);
    commit();
}

static void test_own_entities_are_read_once(void **state)
{
    (void)state;
    work_car(put_one);
    commit();
    around.reads = 0;
    for (int i = 0; i < 5; i++) {
        work_car(change_one);
        commit();
    }
    assert_int_equal(around.reads, 5);          /* the foreign plan, each time; nothing else */
    entity_cache_drop(around.tools.cache, 0);
    around.reads = 0;
    work_car(change_one);
    assert_int_equal(around.reads, 3);          /* task, plan, site: one read for each kind */
}

static void delete_one(struct turn *turn, const struct event *event, const void *data)
{
    (void)event;
    (void)data;
    turn_delete(turn, ENTITY_TASK, "sample/1");
    turn_delete(turn, ENTITY_TASK, "sample/none");
    assert_null(turn_get(turn, ENTITY_TASK, "sample/1"));
}

static void test_made_and_deleted_leaves_nothing(void **state)
{
    (void)state;
    work_car(put_one);
    work_car(delete_one);
    turn_commit(around.turn, &around.commit);
    assert_int_equal(around.commit.put_count, 0);
    commit();
    work_car(put_one);
    commit();
    work_car(delete_one);
    commit();
    work_car(put_one);                          /* it begins again with version 1 */
    commit();
}

static void read_foreign(struct turn *turn, const struct event *event, const void *data)
{
    (void)event;
    (void)data;
    assert_null(turn_get(turn, ENTITY_PLAN, "sample/foreign"));
    assert_null(turn_get(turn, ENTITY_PLAN, NULL));
}

static void do_nothing(struct turn *turn, const struct event *event, const void *data)
{
    (void)turn;
    (void)event;
    (void)data;
}

/* Of an own kind and of a foreign one; one of the own is known, no text is no id. */
static void look_at_many(struct turn *turn, const struct event *event, const void *data)
{
    const char *own[] = {"sample/1", "sample/2", "", "sample/3"}, *foreign[] = {"sample/a", "sample/b", "sample/b"};

    (void)event;
    (void)data;
    turn_get(turn, ENTITY_TASK, "sample/1");
    around.reads = 0;
    turn_read_ahead(turn, ENTITY_TASK, &(struct texts){own, 4});
    turn_read_ahead(turn, ENTITY_TASK, &(struct texts){own, 4});
    turn_read_ahead(turn, ENTITY_CUSTOMER, &(struct texts){foreign, 3});
    turn_read_ahead(turn, ENTITY_CUSTOMER, &(struct texts){0});
    assert_int_equal(around.reads, 2);
    assert_non_null(turn_get(turn, ENTITY_TASK, "sample/1"));
    assert_null(turn_get(turn, ENTITY_TASK, "sample/3"));
    assert_null(turn_get(turn, ENTITY_CUSTOMER, "sample/b"));
    assert_int_equal(around.reads, 2);
}

static void test_many_are_read_at_once_and_only_those_seen_are_conditions(void **state)
{
    (void)state;
    work_car(put_one);
    commit();
    assert_int_equal(work_car(look_at_many), TURN_DONE);
    turn_commit(around.turn, &around.commit);
    assert_int_equal(around.commit.put_count, 0);
    assert_int_equal(around.commit.condition_count, 1);
    assert_string_equal(around.commit.conditions[0].id, "sample/b");
}

static void ask_a_store_that_is_gone(struct turn *turn, const struct event *event, const void *data)
{
    const char *ids[] = {"sample/a"};

    (void)event;
    (void)data;
    around.gone = true;
    turn_read_ahead(turn, ENTITY_CUSTOMER, &(struct texts){ids, 1});
    fail_msg("it went on");
}

static void test_many_of_a_store_that_is_gone_are_for_later(void **state)
{
    (void)state;
    assert_int_equal(work_car(ask_a_store_that_is_gone), TURN_LATER);
}

static void test_foreign_entities_become_conditions_once_seen(void **state)
{
    (void)state;
    work_car(do_nothing);
    turn_commit(around.turn, &around.commit);
    assert_int_equal(around.commit.condition_count, 0);
    work_car(read_foreign);
    turn_commit(around.turn, &around.commit);
    assert_int_equal(around.commit.condition_count, 1);
    assert_string_equal(around.commit.conditions[0].id, "sample/foreign");
    assert_int_equal(around.commit.conditions[0].version, 0);
    assert_true(turn_is_idle(around.turn));
}

/* ---------------------------------------------------------------- queue */

static void queue_three(struct turn *turn, const struct event *event, const void *data)
{
    (void)event;
    (void)data;
    for (int i = 1; i <= 3; i++) {
        const char *id = arena_printf(turn_arena(turn), "sample/q%d", i);
        struct task task = a_task(id);
        turn_put(turn, ENTITY_TASK, id, &task, 0, arena_printf(turn_arena(turn), "work/%d", i * 2));
    }
}

static void expect_queue(struct turn *turn, size_t max, const char *expected)
{
    struct texts queue = turn_queue(turn, "work/", max);
    char told[128] = "";

    for (size_t i = 0; i < queue.count; i++)
        strcat(strcat(told, queue.at[i] + 5), " ");
    assert_string_equal(told, expected);
}

static void move_in_queue(struct turn *turn, const struct event *event, const void *data)
{
    struct task task = a_task("sample/q1");

    (void)event;
    (void)data;
    expect_queue(turn, 9, "2 4 6 ");
    turn_put(turn, ENTITY_TASK, "sample/q1", &task, 0, "work/5");
    expect_queue(turn, 9, "4 5 6 ");
    expect_queue(turn, 2, "4 5 ");
    turn_delete(turn, ENTITY_TASK, "sample/q2");
    expect_queue(turn, 1, "5 ");
    task = a_task("sample/q4");
    turn_put(turn, ENTITY_TASK, "sample/q4", &task, 0, "held/9");
    turn_put(turn, ENTITY_TASK, "sample/q1", &task, 0, "work/2");
    expect_queue(turn, 9, "2 6 ");
}

static void test_the_queue_shows_what_the_batch_did(void **state)
{
    (void)state;
    work_car(queue_three);
    work_car(move_in_queue);
    turn_free(&around.turn);
    around.turn = turn_new(&around.tools, 0);
    entity_cache_drop(around.tools.cache, 0);
    work_car(queue_three);
    commit();
    work_car(move_in_queue);                    /* the same over what is stored */
    commit();
}

/* ---------------------------------------------------------------- events */

static void emit_two(struct turn *turn, const struct event *event, const void *data)
{
    struct task_changed opened = {.task = "sample/1", .note = "secret"};
    struct complaint_received complaint = {.complaint = "K1", .channel = CHANNEL_IN_FOLLOW_UP, .text = "too loud"};
    struct event like = event_of(EVENT_COMPLAINT_RECEIVED);

    (void)event;
    (void)data;
    like.subject = "K1";
    like.case_id = "sample/K1";
    turn_emit(turn, EVENT_TASK_OPENED, &opened, NULL);
    turn_emit(turn, EVENT_COMPLAINT_RECEIVED, &complaint, &like);
}

static struct event emitted(size_t number)
{
    const struct turn_emitted *at = around.turn->emitted;
    struct event event;
    struct fault fault;

    while (number-- > 0)
        at = at->next;
    assert_true(event_unpack(at->packed, around.arena, &event, &fault));
    return event;
}

static void expect_sealed(const struct event *event, const char *key, const char *field, const char *value)
{
    struct slice plain, found;

    assert_int_equal(seal_open(around.sealer, key, event->sealed, around.arena, &plain), 1);
    assert_true(cursor_find(plain, field, &found));
    struct cursor cursor = cursor_over(found);
    assert_true(cursor_text(&cursor, &found));
    assert_true(slice_is(found, value));
    assert_null(memmem(event->data.at, event->data.bytes, value, strlen(value)));
}

static void test_the_envelope_of_what_is_emitted(void **state)
{
    struct event cause = event_like(EVENT_CAR_DELIVERED);

    (void)state;
    cause.customer = "c9";
    cause.data = packed_of(&car_delivered_record, &delivered, 0);
    cause.actor = "clerk";
    script.on_event = emit_two;
    assert_int_equal(work_event(&cause), TURN_DONE);
    struct event opened = emitted(0), complaint = emitted(1);
    assert_string_equal(opened.source, "follow-up");
    assert_string_equal(opened.site, "sample");
    assert_string_equal(opened.customer, "c9");
    assert_string_equal(opened.cause, "e1");
    assert_string_equal(opened.actor, "");      /* a fact's reporter did not do what follows from it */
    assert_int_equal(opened.cause_seq, 1);
    assert_int_equal(opened.time, cause.time);
    assert_int_equal(opened.depth, 0);
    assert_int_equal(opened.received_at, 0);
    assert_int_equal(complaint.depth, 1);
    assert_int_equal(complaint.received_at, cause.time);
    assert_string_equal(complaint.case_id, "sample/K1");
    assert_int_equal(strlen(opened.id), 19);
    assert_string_equal(opened.id + 16, ".0f");
    assert_string_equal(complaint.id + 16, ".1f");
    expect_sealed(&opened, "c9", "note", "secret");
    expect_sealed(&complaint, "c9", "text", "too loud");
}

static void test_without_a_customer_the_sites_key_seals(void **state)
{
    (void)state;
    work_car(emit_two);
    struct event opened = emitted(0);
    expect_sealed(&opened, "site/sample", "note", "secret");
}

static void refuse(struct turn *turn, const struct event *event, const void *data)
{
    (void)event;
    (void)data;
    turn_refuse(turn, "not_found", NULL);
}

static void test_a_refusal_names_the_act(void **state)
{
    struct task_claim claim = {.agent = "liu"};
    struct fault fault;

    (void)state;
    work(EVENT_TASK_CLAIM, &claim, refuse);
    struct event event = emitted(0);
    const struct act_refused *refused = event_data(&event, (struct slice){0}, around.arena, &fault);
    assert_non_null(refused);
    assert_string_equal(refused->act, "task.claim");
    assert_string_equal(refused->reason, "not_found");
}

static void test_a_chain_too_deep_ends(void **state)
{
    struct event cause = event_like(EVENT_CAR_DELIVERED);
    struct fault fault;

    (void)state;
    cause.data = packed_of(&car_delivered_record, &delivered, 0);
    cause.depth = CHAIN_DEPTH_MAX;
    script.on_event = emit_two;
    work_event(&cause);
    assert_int_equal(emitted(0).number, EVENT_TASK_OPENED);     /* a result goes no deeper */
    struct event dead = emitted(1);
    assert_int_equal(dead.number, EVENT_EVENT_QUARANTINED);
    const struct event_quarantined *data = event_data(&dead, (struct slice){0}, around.arena, &fault);
    assert_string_equal(data->type, "too deep: complaint.received");
}

static void order_one(struct turn *turn, const struct event *event, const void *data)
{
    char notice[] = "sample/n1";
    struct send_order order = {.notice = notice, .site = "sample", .attempt = 2};

    (void)event;
    (void)data;
    turn_send(turn, &order);
    notice[0] = 'X';
}

static void test_orders_are_copied_with_their_cause(void **state)
{
    (void)state;
    work_car(order_one);
    assert_string_equal(around.turn->orders->order.notice, "sample/n1");
    assert_string_equal(around.turn->orders->order.cause, "e1");
    assert_string_equal(around.turn->orders->order.template, "");
    assert_false(turn_is_idle(around.turn));
}

/* ---------------------------------------------------------------- sealed */

static const char *name_seen;

static void look_at_name(struct turn *turn, const struct event *event, const void *data)
{
    const struct car_delivered *seen = data;
    struct slice kept = turn_seal(turn, event->customer, EVENT_CAR_DELIVERED, data);
    const struct car_delivered *opened = turn_open(turn, event->customer, kept, &car_delivered_record);

    name_seen = arena_string(around.arena, seen->name);
    assert_string_equal(seen->order, "JC1");
    if (*seen->name) {
        assert_string_equal(opened->name, seen->name);
        assert_string_equal(opened->order, "");
    } else {
        assert_null(opened);
    }
}

static struct event sealed_event(void)
{
    struct event event = event_like(EVENT_CAR_DELIVERED);
    struct car_delivered data = {.order = "JC1", .name = "王芳"};
    struct buffer personal = {0}, sealed = {0};

    event.customer = "c9";
    event.data = packed_of(&car_delivered_record, &data, PERSONAL);
    record_pack_only(&car_delivered_record, &data, PERSONAL, &personal);
    assert_true(seal_make(around.sealer, "c9", buffer_slice(&personal), &sealed));
    event.sealed = (struct slice){arena_copy(around.arena, sealed.at, sealed.bytes), sealed.bytes};
    buffer_free(&personal);
    buffer_free(&sealed);
    return event;
}

static void test_a_core_sees_personal_fields_until_they_are_erased(void **state)
{
    struct event event = sealed_event();

    (void)state;
    script.on_event = look_at_name;
    assert_int_equal(work_event(&event), TURN_DONE);
    assert_string_equal(name_seen, "王芳");
    assert_true(seal_erase(around.sealer, "c9"));
    assert_int_equal(work_event(&event), TURN_DONE);
    assert_string_equal(name_seen, "");
}

static void no_keys(struct sealer *sealer, struct wanted_key *wanted, size_t count, bool make)
{
    (void)sealer;
    (void)make;
    for (size_t i = 0; i < count; i++)
        wanted[i].found = -1;
}

static void test_a_sealer_that_is_silent_puts_the_batch_off(void **state)
{
    struct event event = sealed_event();
    const struct sealer_functions *functions = around.sealer->functions;
    struct sealer_functions silent = {no_keys, functions->erase, functions->free};

    (void)state;
    around.sealer->functions = &silent;
    script.on_event = look_at_name;
    assert_int_equal(work_event(&event), TURN_LATER);
    assert_false(script.was_called);
    assert_int_equal(work_car(emit_two), TURN_LATER);       /* in the middle of the handler */
    assert_true(script.was_called);
    assert_string_equal(around.turn->missing, "sealer");
    around.sealer->functions = functions;
}

/* ---------------------------------------------------------------- a store that does not answer */

static bool came_back;

static void read_while_gone(struct turn *turn, const struct event *event, const void *data)
{
    (void)event;
    (void)data;
    around.gone = true;
    turn_get(turn, ENTITY_CUSTOMER, "sample/c9");
    came_back = true;
}

static void queue_while_gone(struct turn *turn, const struct event *event, const void *data)
{
    (void)event;
    (void)data;
    around.gone = true;
    turn_queue(turn, "work/", 1);
    came_back = true;
}

static void playbook_while_gone(struct turn *turn, const struct event *event, const void *data)
{
    (void)event;
    (void)data;
    assert_null(turn_playbook(turn, "00"));             /* there is none: that is an answer */
    around.gone = true;
    turn_playbook(turn, "00");
    came_back = true;
}

static void test_a_core_never_sees_a_silent_store(void **state)
{
    static const event_handler all[] = {read_while_gone, queue_while_gone, playbook_while_gone};

    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        around.gone = came_back = false;
        assert_int_equal(work_car(all[i]), TURN_LATER);
        assert_string_equal(around.turn->missing, "store");
        assert_false(came_back);
    }
}

/* ---------------------------------------------------------------- timers */

static void arm(struct turn *turn, const struct event *event, const void *data)
{
    struct task task = a_task("sample/1");

    (void)event;
    (void)data;
    turn_put(turn, ENTITY_TASK, "sample/1", &task, 1000, "work/1");
}

static enum turn_result fire(const char *entity, wall_ms due)
{
    struct timer_fired fired = {.entity = entity, .due = due};

    script.was_called = false;
    return work(EVENT_TIMER_FIRED, &fired, NULL);
}

static void arm_again_at_once(struct turn *turn, const char *id, const void *entity)
{
    turn_put(turn, ENTITY_TASK, id, entity, 1000, "work/1");
}

static void delete_at_timer(struct turn *turn, const char *id, const void *entity)
{
    (void)entity;
    turn_delete(turn, ENTITY_TASK, id);
}

static const struct {
    const char *what, *entity;
    wall_ms due;
    void (*on_timer)(struct turn *, const char *, const void *);
    bool called;
    size_t puts;
    wall_ms due_after;
} timers[] = {
    {"expected, left alone: cleared", "T/sample/1", 1000, NULL, true, 1, 0},
    {"expected, wanted again: the next millisecond", "T/sample/1", 1000, arm_again_at_once, true, 1, 1001},
    {"expected, deleted", "T/sample/1", 1000, delete_at_timer, true, 1, 0},
    {"no longer expected", "T/sample/1", 999, NULL, false, 0, 0},
    {"no such entity", "T/sample/2", 1000, NULL, false, 0, 0},
    {"another stage's", "P/sample/1", 1000, NULL, false, 0, 0},
    {"no such kind", "?/sample/1", 1000, NULL, false, 0, 0},
    {"no name at all", "T", 1000, NULL, false, 0, 0},
};

static void test_timers(void **state)
{
    for (size_t i = 0; i < sizeof timers / sizeof *timers; i++) {
        teardown(state);
        setup(state);
        work_car(arm);
        commit();
        script.on_timer = timers[i].on_timer;
        assert_int_equal(fire(timers[i].entity, timers[i].due), TURN_DONE);
        turn_commit(around.turn, &around.commit);
        if (script.was_called != timers[i].called || around.commit.put_count != timers[i].puts)
            fail_msg("%s: called %d, puts %zu", timers[i].what, script.was_called, around.commit.put_count);
        if (timers[i].puts > 0)
            assert_int_equal(around.commit.puts[0].due, timers[i].due_after);
        commit();
    }
}

static int reads_meanwhile;

static void look_at_customer(struct turn *turn, const char *id, const void *entity)
{
    int before = around.reads;

    (void)entity;
    turn_get(turn, ENTITY_CUSTOMER, id);
    reads_meanwhile = around.reads - before;
}

static void test_what_a_timer_touches_is_read_ahead(void **state)
{
    (void)state;
    work_car(arm);
    commit();
    entity_cache_drop(around.tools.cache, 0);
    reads_meanwhile = -1;
    script.on_timer = look_at_customer;
    assert_int_equal(fire("T/sample/1", 1000), TURN_DONE);
    assert_int_equal(reads_meanwhile, 0);
    turn_commit(around.turn, &around.commit);
    assert_int_equal(around.commit.condition_count, 1);
    commit();
    around.reads = 0;
    assert_int_equal(fire("T/sample/none", 1000), TURN_DONE);
    assert_false(script.was_called);
    assert_int_equal(around.reads, 1);
}

/* ---------------------------------------------------------------- what is due at once */

static struct texts due_now;

static void put_task(struct turn *turn, const char *id, wall_ms due)
{
    struct task task = a_task(id);

    turn_put(turn, ENTITY_TASK, id, &task, due, "");
}

static void put_many(struct turn *turn, const struct event *event, const void *data)
{
    struct agent agent = {.id = "sample/a"};

    (void)data;
    put_task(turn, "sample/later", event->time + 1);
    put_task(turn, "sample/b", event->time);
    put_task(turn, "sample/c", event->time - 1);
    put_task(turn, "sample/moved", event->time);
    put_task(turn, "sample/gone", event->time);
    put_task(turn, "sample/never", 0);
    put_task(turn, "sample/a", event->time);
    put_task(turn, "sample/b", event->time);            /* once more */
    put_task(turn, "sample/moved", event->time + 1);
    turn_delete(turn, ENTITY_TASK, "sample/gone");
    turn_put(turn, ENTITY_AGENT, agent.id, &agent, event->time, "");
    due_now = turn_due(turn, ENTITY_TASK);
}

static void put_none(struct turn *turn, const struct event *event, const void *data)
{
    (void)event;
    (void)data;
    due_now = turn_due(turn, ENTITY_TASK);
}

static void test_what_is_due_at_once(void **state)
{
    static const char *const expected[] = {"sample/c", "sample/a", "sample/b"};

    (void)state;
    work_car(put_many);
    assert_int_equal(due_now.count, 3);
    for (size_t i = 0; i < due_now.count; i++)
        assert_string_equal(due_now.at[i], expected[i]);
    turn_commit(around.turn, &around.commit);
    assert_int_equal(around.commit.put_count, 7);       /* each once; what was made and deleted not at all */
    work_car(put_none);
    assert_int_equal(due_now.count, 0);                 /* of this event */
    around.turn->at_once_from = event_like(EVENT_CAR_DELIVERED).time;
    work_car(put_many);
    assert_int_equal(due_now.count, 3);
    around.turn->at_once_from++;
    work_car(put_many);
    assert_int_equal(due_now.count, 0);                 /* worked too late */
}

/* ---------------------------------------------------------------- what is new without a look */

static bool found;

static void expect_none(struct turn *turn, const struct event *event, const void *data)
{
    (void)event;
    (void)data;
    turn_expect_none(turn, ENTITY_TASK, "sample/x");
    found = turn_get(turn, ENTITY_TASK, "sample/x") != NULL;
}

static void expect_none_and_put(struct turn *turn, const struct event *event, const void *data)
{
    expect_none(turn, event, data);
    put_task(turn, "sample/x", 0);
}

static enum store_status commit_status(void)
{
    around.commit.lease = around.lease;
    around.commit.from = around.at;
    turn_commit(around.turn, &around.commit);
    return store_commit_one(around.store, &around.commit);
}

static void test_what_is_expected_to_be_new_is_not_looked_for(void **state)
{
    (void)state;
    work_car(put_none);
    around.reads = 0;
    work_car(expect_none_and_put);
    assert_false(found);
    work_car(expect_none);
    assert_true(found);                                 /* this batch has made it */
    assert_int_equal(around.reads, 0);
    commit();
    assert_int_equal(around.commit.put_count, 1);
    assert_int_equal(around.commit.condition_count, 0);
    work_car(expect_none);
    assert_true(found);                                 /* the cache knows it */
}

static void test_a_wrong_expectation_is_found_by_the_commit(void **state)
{
    static const event_handler all[] = {expect_none, expect_none_and_put};

    (void)state;
    work_car(expect_none_and_put);
    commit();
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        entity_cache_drop(around.tools.cache, 0);
        work_car(all[i]);
        assert_false(found);
        assert_false(turn_is_idle(around.turn));
        assert_int_equal(commit_status(), STORE_CHANGED);
        assert_int_equal(around.commit.condition_count, i == 0);
        turn_begin_anew(around.turn, 0);
    }
    around.turn->looks = true;
    work_car(expect_none_and_put);
    assert_true(found);
    commit();
}

/* ---------------------------------------------------------------- settings, and what cannot be read */

static void test_settings_are_kept_by_every_stage(void **state)
{
    struct config_activated change = {.kind = CONFIG_STAFF, .name = "people", .hash = "abc"};

    (void)state;
    assert_int_equal(work(EVENT_CONFIG_ACTIVATED, &change, NULL), TURN_DONE);
    turn_commit(around.turn, &around.commit);
    assert_int_equal(around.commit.put_count, 1);
    assert_int_equal(around.commit.puts[0].kind, ENTITY_FOLLOW_UP_SITE);
    assert_string_equal(around.commit.puts[0].id, "sample");
    commit();
}

static void test_what_cannot_be_read_concerns_nobody(void **state)
{
    struct place place = {0, 1, 1, 0};
    struct turn_work read;
    struct event event = event_like(EVENT_CAR_DELIVERED);

    (void)state;
    turn_read(around.turn, &place, (struct slice){(const uint8_t *)"\xc1", 1}, &read);
    assert_int_equal(turn_read_data(around.turn, &read, 1), TURN_DONE);
    assert_null(read.data);
    event.data = (struct slice){(const uint8_t *)"\x80", 1};        /* without its order */
    assert_int_equal(work_event(&event), TURN_DONE);
    assert_false(script.was_called);
    event.type = "weather.changed";
    event.number = EVENT_UNKNOWN;
    assert_int_equal(work_event(&event), TURN_DONE);
    assert_true(turn_is_idle(around.turn));
}

static void test_set_aside_says_what_and_by_whom(void **state)
{
    struct turn_work read = {.place = {0, 7, 9, 8}, .event = event_like(EVENT_CAR_DELIVERED)};
    struct fault fault;

    (void)state;
    assert_int_equal(turn_set_aside(around.turn, &read), TURN_DONE);
    struct event event = emitted(0);
    const struct event_quarantined *data = event_data(&event, (struct slice){0}, around.arena, &fault);
    assert_string_equal(data->stage, "follow-up");
    assert_int_equal(data->seq, 7);
    assert_string_equal(data->type, "car.delivered");
    assert_string_equal(data->build, "b1");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_what_is_put_is_seen_and_committed),
        TEST(test_own_entities_are_read_once),
        TEST(test_made_and_deleted_leaves_nothing),
        TEST(test_foreign_entities_become_conditions_once_seen),
        TEST(test_many_are_read_at_once_and_only_those_seen_are_conditions),
        TEST(test_many_of_a_store_that_is_gone_are_for_later),
        TEST(test_the_queue_shows_what_the_batch_did),
        TEST(test_the_envelope_of_what_is_emitted),
        TEST(test_without_a_customer_the_sites_key_seals),
        TEST(test_a_refusal_names_the_act),
        TEST(test_a_chain_too_deep_ends),
        TEST(test_orders_are_copied_with_their_cause),
        TEST(test_a_core_sees_personal_fields_until_they_are_erased),
        TEST(test_a_sealer_that_is_silent_puts_the_batch_off),
        TEST(test_a_core_never_sees_a_silent_store),
        TEST(test_timers),
        TEST(test_what_a_timer_touches_is_read_ahead),
        TEST(test_what_is_due_at_once),
        TEST(test_what_is_expected_to_be_new_is_not_looked_for),
        TEST(test_a_wrong_expectation_is_found_by_the_commit),
        TEST(test_settings_are_kept_by_every_stage),
        TEST(test_what_cannot_be_read_concerns_nobody),
        TEST(test_set_aside_says_what_and_by_whom),
    };

    log_start("test", LEVEL_NONE);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
