/* One batch: events, what is sealed, a store that is silent, settings, what cannot be read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cursor.h"
#include "log.h"
#include "support/turn_rig.h"

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
    const struct turn_emitted *at = turn_rig.turn->emitted;
    struct event event;
    struct fault fault;

    while (number-- > 0)
        at = at->next;
    assert_true(event_unpack(at->packed, turn_rig.arena, &event, &fault));
    return event;
}

static void expect_sealed(const struct event *event, const char *key, const char *field, const char *value)
{
    struct slice plain, found;

    assert_int_equal(seal_open(turn_rig.sealer, key, event->sealed, turn_rig.arena, &plain), 1);
    assert_true(cursor_find(plain, field, &found));
    struct cursor cursor = cursor_over(found);
    assert_true(cursor_text(&cursor, &found));
    assert_true(slice_is(found, value));
    assert_null(memmem(event->data.at, event->data.bytes, value, strlen(value)));
}

static void test_the_envelope_of_what_is_emitted(void **state)
{
    struct event cause = turn_rig_event(EVENT_CAR_DELIVERED);

    (void)state;
    cause.customer = "c9";
    cause.data = turn_rig_packed(&car_delivered_record, &turn_rig_delivered, 0);
    cause.actor = "clerk";
    turn_script.on_event = emit_two;
    assert_int_equal(turn_rig_work_event(&cause), TURN_DONE);
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
    turn_rig_work_car(emit_two);
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
    turn_rig_work(EVENT_TASK_CLAIM, &claim, refuse);
    struct event event = emitted(0);
    const struct act_refused *refused = event_data(&event, (struct slice){0}, turn_rig.arena, &fault);
    assert_non_null(refused);
    assert_string_equal(refused->act, "task.claim");
    assert_string_equal(refused->reason, "not_found");
}

static void test_a_chain_too_deep_ends(void **state)
{
    struct event cause = turn_rig_event(EVENT_CAR_DELIVERED);
    struct fault fault;

    (void)state;
    cause.data = turn_rig_packed(&car_delivered_record, &turn_rig_delivered, 0);
    cause.depth = CHAIN_DEPTH_MAX;
    turn_script.on_event = emit_two;
    turn_rig_work_event(&cause);
    assert_int_equal(emitted(0).number, EVENT_TASK_OPENED);     /* a result goes no deeper */
    struct event dead = emitted(1);
    assert_int_equal(dead.number, EVENT_EVENT_QUARANTINED);
    const struct event_quarantined *data = event_data(&dead, (struct slice){0}, turn_rig.arena, &fault);
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
    turn_rig_work_car(order_one);
    assert_string_equal(turn_rig.turn->orders->order.notice, "sample/n1");
    assert_string_equal(turn_rig.turn->orders->order.cause, "e1");
    assert_string_equal(turn_rig.turn->orders->order.template, "");
    assert_false(turn_is_idle(turn_rig.turn));
}

/* ---------------------------------------------------------------- sealed */

static const char *name_seen;

static void look_at_name(struct turn *turn, const struct event *event, const void *data)
{
    const struct car_delivered *seen = data;
    struct slice kept = turn_seal(turn, event->customer, EVENT_CAR_DELIVERED, data);
    const struct car_delivered *opened = turn_open(turn, event->customer, kept, &car_delivered_record);

    name_seen = arena_string(turn_rig.arena, seen->name);
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
    struct event event = turn_rig_event(EVENT_CAR_DELIVERED);
    struct car_delivered data = {.order = "JC1", .name = "王芳"};
    struct buffer personal = {0}, sealed = {0};

    event.customer = "c9";
    event.data = turn_rig_packed(&car_delivered_record, &data, PERSONAL);
    record_pack_only(&car_delivered_record, &data, PERSONAL, &personal);
    assert_true(seal_make(turn_rig.sealer, "c9", buffer_slice(&personal), &sealed));
    event.sealed = (struct slice){arena_copy(turn_rig.arena, sealed.at, sealed.bytes), sealed.bytes};
    buffer_free(&personal);
    buffer_free(&sealed);
    return event;
}

static void test_a_core_sees_personal_fields_until_they_are_erased(void **state)
{
    struct event event = sealed_event();

    (void)state;
    turn_script.on_event = look_at_name;
    assert_int_equal(turn_rig_work_event(&event), TURN_DONE);
    assert_string_equal(name_seen, "王芳");
    assert_true(seal_erase(turn_rig.sealer, "c9"));
    assert_int_equal(turn_rig_work_event(&event), TURN_DONE);
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
    const struct sealer_functions *functions = turn_rig.sealer->functions;
    struct sealer_functions silent = {no_keys, functions->erase, functions->free};

    (void)state;
    turn_rig.sealer->functions = &silent;
    turn_script.on_event = look_at_name;
    assert_int_equal(turn_rig_work_event(&event), TURN_LATER);
    assert_false(turn_script.was_called);
    assert_int_equal(turn_rig_work_car(emit_two), TURN_LATER);       /* in the middle of the handler */
    assert_true(turn_script.was_called);
    assert_string_equal(turn_rig.turn->missing, "sealer");
    turn_rig.sealer->functions = functions;
}

/* ---------------------------------------------------------------- a store that does not answer */

static bool came_back;

static void read_while_gone(struct turn *turn, const struct event *event, const void *data)
{
    (void)event;
    (void)data;
    turn_rig.gone = true;
    turn_get(turn, ENTITY_CUSTOMER, "sample/c9");
    came_back = true;
}

static void queue_while_gone(struct turn *turn, const struct event *event, const void *data)
{
    (void)event;
    (void)data;
    turn_rig.gone = true;
    turn_queue(turn, "work/", 1);
    came_back = true;
}

static void playbook_while_gone(struct turn *turn, const struct event *event, const void *data)
{
    (void)event;
    (void)data;
    assert_null(turn_playbook(turn, "00"));             /* there is none: that is an answer */
    turn_rig.gone = true;
    turn_playbook(turn, "00");
    came_back = true;
}

static void test_a_core_never_sees_a_silent_store(void **state)
{
    static const event_handler all[] = {read_while_gone, queue_while_gone, playbook_while_gone};

    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        turn_rig.gone = came_back = false;
        assert_int_equal(turn_rig_work_car(all[i]), TURN_LATER);
        assert_string_equal(turn_rig.turn->missing, "store");
        assert_false(came_back);
    }
}

/* ---------------------------------------------------------------- settings, and what cannot be read */

static void test_settings_are_kept_by_every_stage(void **state)
{
    struct config_activated change = {.kind = CONFIG_STAFF, .name = "people", .hash = "abc"};

    (void)state;
    assert_int_equal(turn_rig_work(EVENT_CONFIG_ACTIVATED, &change, NULL), TURN_DONE);
    turn_commit(turn_rig.turn, &turn_rig.commit);
    assert_int_equal(turn_rig.commit.put_count, 1);
    assert_int_equal(turn_rig.commit.puts[0].kind, ENTITY_FOLLOW_UP_SITE);
    assert_string_equal(turn_rig.commit.puts[0].id, "sample");
    turn_rig_commit();
}

static void test_what_cannot_be_read_concerns_nobody(void **state)
{
    struct place place = {0, 1, 1, 0};
    struct turn_work read;
    struct event event = turn_rig_event(EVENT_CAR_DELIVERED);

    (void)state;
    turn_read(turn_rig.turn, &place, (struct slice){(const uint8_t *)"\xc1", 1}, &read);
    assert_int_equal(turn_read_data(turn_rig.turn, &read, 1), TURN_DONE);
    assert_null(read.data);
    event.data = (struct slice){(const uint8_t *)"\x80", 1};        /* without its order */
    assert_int_equal(turn_rig_work_event(&event), TURN_DONE);
    assert_false(turn_script.was_called);
    event.type = "weather.changed";
    event.number = EVENT_UNKNOWN;
    assert_int_equal(turn_rig_work_event(&event), TURN_DONE);
    assert_true(turn_is_idle(turn_rig.turn));
}

static void test_set_aside_says_what_and_by_whom(void **state)
{
    struct turn_work read = {.place = {0, 7, 9, 8}, .event = turn_rig_event(EVENT_CAR_DELIVERED)};
    struct fault fault;

    (void)state;
    assert_int_equal(turn_set_aside(turn_rig.turn, &read), TURN_DONE);
    struct event event = emitted(0);
    const struct event_quarantined *data = event_data(&event, (struct slice){0}, turn_rig.arena, &fault);
    assert_string_equal(data->stage, "follow-up");
    assert_int_equal(data->seq, 7);
    assert_string_equal(data->type, "car.delivered");
    assert_string_equal(data->build, "b1");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, turn_rig_up, turn_rig_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_the_envelope_of_what_is_emitted),
        TEST(test_without_a_customer_the_sites_key_seals),
        TEST(test_a_refusal_names_the_act),
        TEST(test_a_chain_too_deep_ends),
        TEST(test_orders_are_copied_with_their_cause),
        TEST(test_a_core_sees_personal_fields_until_they_are_erased),
        TEST(test_a_sealer_that_is_silent_puts_the_batch_off),
        TEST(test_a_core_never_sees_a_silent_store),
        TEST(test_settings_are_kept_by_every_stage),
        TEST(test_what_cannot_be_read_concerns_nobody),
        TEST(test_set_aside_says_what_and_by_whom),
    };

    log_start("test", LEVEL_NONE);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
