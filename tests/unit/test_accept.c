/* What intake makes of what clients send. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../services/intake/accept.h"
#include "../../services/intake/credential.h"
#include "entity.h"
#include "partition.h"
#include "random.h"
#include "value.h"

enum { PARTITIONS = 8 };
static const wall_ms now = 1772784000000;       /* 2026-03-06 16:00 in China */

struct rig {
    struct arena *arena;
    struct acceptor acceptor;
    struct scratch scratch;
    struct credential credential;
    struct dice dice;
};

static int setup(void **state)
{
    struct rig *rig = test_calloc(1, sizeof *rig);
    rig->arena = arena_new();
    rig->dice = dice_of(1);
    rig->acceptor = (struct acceptor){.scratch = &rig->scratch,
                                      .sealer = sealer_memory_new(),
                                      .store = store_memory_new(PARTITIONS),
                                      .partitions = PARTITIONS,
                                      .now = now,
                                      .random = dice_chance,
                                      .random_context = &rig->dice};
    credential_of(NULL, NULL, "li-na", "agent", rig->arena, &rig->credential);
    *state = rig;
    return 0;
}

static int teardown(void **state)
{
    struct rig *rig = *state;
    arena_free(&rig->arena);
    sealer_free(&rig->acceptor.sealer);
    scratch_free(&rig->scratch);
    rig->acceptor.store->functions->free(&rig->acceptor.store);
    test_free(rig);
    return 0;
}

static bool accept_json(struct rig *rig, int class, const json_t *json, struct accepted *accepted, struct refusal *refusal)
{
    struct value sent = value_of_json(json, scratch_values(&rig->scratch));
    return accept_event(&rig->acceptor, &rig->credential, class, &sent, rig->arena, accepted, refusal);
}

static bool accept_packed(struct rig *rig, int class, struct slice packed, struct accepted *accepted, struct refusal *refusal)
{
    struct value sent = value_of_packed(packed, scratch_values(&rig->scratch));
    return accept_event(&rig->acceptor, &rig->credential, class, &sent, rig->arena, accepted, refusal);
}

static bool accept_text(struct rig *rig, int class, const char *text, struct accepted *accepted,
                        struct refusal *refusal)
{
    json_t *json = json_loads(text, 0, NULL);
    assert_non_null(json);
    bool taken = accept_json(rig, class, json, accepted, refusal);
    json_decref(json);
    assert_true(!taken || accepted_seal(accepted, rig->acceptor.sealer, rig->acceptor.scratch));
    return taken;
}

static struct accepted accepted_of(struct rig *rig, int class, const char *text)
{
    struct accepted accepted;
    struct refusal refusal;
    if (!accept_text(rig, class, text, &accepted, &refusal))
        fail_msg("%s: %s %s", text, refusal.field, refusal.error);
    return accepted;
}

static struct event event_of_accepted(struct rig *rig, const struct accepted *accepted)
{
    struct event event;
    struct fault fault;
    assert_true(event_unpack(accepted->fact.packed, rig->arena, &event, &fault));
    return event;
}

#define DELIVERY(more, data) "{\"id\":\"JC1\",\"source\":\"dms\",\"type\":\"car.delivered\",\"site\":\"sample\"" more \
    ",\"data\":{\"order\":\"JC1\"" data "}}"

static void test_a_fact_is_complete(void **state)
{
    struct rig *rig = *state;
    struct accepted accepted =
        accepted_of(rig, FACT, DELIVERY(",\"occurred_at\":\"2026-03-06T15:00:00+08:00\"", ",\"model\":\"CS75\""));
    struct event event = event_of_accepted(rig, &accepted);
    assert_int_equal(event.number, EVENT_CAR_DELIVERED);
    assert_string_equal(event.site, "sample");
    assert_string_equal(event.actor, "li-na");
    assert_string_equal(event.role, "agent");
    assert_true(event.time == now && event.received_at == now);
    assert_true(event.occurred_at == now - HOUR_MS);
    assert_int_equal(accepted.partition, partition_of_site("sample", PARTITIONS));
    assert_string_equal(accepted.fact.key, "dms\nJC1\nsample");
    assert_true(accepted.fact.natural);
    assert_string_equal(event.customer, "");
    assert_int_equal(event.sealed.bytes, 0);
}

static bool holds(struct slice bytes, const char *text)
{
    return memmem(bytes.at, bytes.bytes, text, strlen(text)) != NULL;
}

static void test_what_is_personal_is_sealed(void **state)
{
    struct rig *rig = *state;
    struct accepted accepted =
        accepted_of(rig, FACT, DELIVERY("", ",\"name\":\"Wang Fang\",\"mobile\":\"138 0000-0001\""));
    struct event event = event_of_accepted(rig, &accepted);
    struct slice plain;
    struct fault fault;
    assert_false(holds(accepted.fact.packed, "Wang"));
    assert_false(holds(accepted.fact.packed, "0001"));
    assert_int_equal(seal_open(rig->acceptor.sealer, event.customer, event.sealed, rig->arena, &plain), 1);
    const struct car_delivered *data = event_data(&event, plain, rig->arena, &fault);
    assert_string_equal(data->name, "Wang Fang");
    char customer[24];
    seal_customer_id(rig->acceptor.sealer, "sample", "13800000001", customer);
    assert_string_equal(event.customer, customer);
}

/* The customer as one object says the same as field by field; as a text it is an id. */
static void test_the_customer_may_be_an_object(void **state)
{
    struct rig *rig = *state;
    struct accepted flat =
        accepted_of(rig, FACT,
                    DELIVERY("", ",\"name\":\"Wang\",\"mobile\":\"13800000001\",\"customer_class\":\"key\""));
    struct accepted object = accepted_of(rig, FACT,
                                         DELIVERY("", ",\"customer\":{\"name\":\"Wang\",\"mobile\":\"13800000001\","
                                                      "\"class\":\"key\"}"));
    struct event one = event_of_accepted(rig, &flat), other = event_of_accepted(rig, &object);
    assert_string_equal(one.customer, other.customer);
    assert_int_equal(one.data.bytes, other.data.bytes);
    assert_memory_equal(one.data.at, other.data.at, one.data.bytes);
    assert_int_equal(one.sealed.bytes, other.sealed.bytes);
    struct accepted named = accepted_of(rig, FACT, DELIVERY("", ",\"customer\":\"W-17\""));
    assert_string_equal(event_of_accepted(rig, &named).customer, "W-17");
    struct accepted with_id = accepted_of(rig, FACT, DELIVERY("", ",\"customer\":{\"id\":\"W-17\",\"name\":\"Wang\"}"));
    assert_string_equal(event_of_accepted(rig, &with_id).customer, "W-17");
}

static void test_a_customer_that_does_not_fit_is_named(void **state)
{
    static const struct { const char *more, *data, *field; } cases[] = {
        {"", ",\"customer\":{\"zip\":\"1\"}", "data.customer.zip"},
        {"", ",\"name\":\"Li\",\"customer\":{\"name\":\"Wang\"}", "data.customer.name"},
        {"", ",\"customer\":[1]", "data.customer"},
        {"", ",\"customer\":\"Wang Fang\"", "customer"},
        {",\"customer\":\"W-1\"", ",\"customer\":\"W-2\"", "data.customer"},
    };
    struct rig *rig = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct accepted accepted;
        struct refusal refusal = {0};
        const char *text =
            arena_printf(rig->arena,
                         "{\"id\":\"JC1\",\"source\":\"dms\",\"type\":\"car.delivered\",\"site\":\"sample\"%s,"
                         "\"data\":{\"order\":\"JC1\"%s}}",
                         cases[i].more, cases[i].data);
        assert_false(accept_text(rig, FACT, text, &accepted, &refusal));
        assert_int_equal(refusal.status, 400);
        assert_string_equal(refusal.field, cases[i].field);
    }
}

static void test_without_contact_a_fact_has_a_customer_of_its_own(void **state)
{
    struct rig *rig = *state;
    struct accepted one = accepted_of(rig, FACT, DELIVERY("", ",\"name\":\"Wang\""));
    struct accepted same = accepted_of(rig, FACT, DELIVERY("", ",\"name\":\"Wang\""));
    struct accepted given =
        accepted_of(rig, FACT, DELIVERY(",\"customer\":\"c77\"", ",\"name\":\"Wang\",\"mobile\":\"1\""));
    const char *customer = event_of_accepted(rig, &one).customer;
    assert_int_equal(*customer, 'c');
    assert_string_equal(event_of_accepted(rig, &same).customer, customer);
    assert_string_equal(event_of_accepted(rig, &given).customer, "c77");
}

/* A form need not be about anybody: then nobody is made up for it, and yet what stands in it is sealed. */
static void test_a_form_may_be_about_nobody(void **state)
{
    struct rig *rig = *state;
    struct accepted form = accepted_of(rig, ACT, "{\"type\":\"form.fill\",\"site\":\"sample\",\"data\":{\"form\":\"letter\","
                                                 "\"number\":\"L1\",\"fields\":{\"text\":\"spring\"}}}");
    struct event event = event_of_accepted(rig, &form);
    assert_string_equal(event.customer, "");
    assert_string_equal(form.key, "site/sample");
    assert_true(event.sealed.bytes > 0);
    assert_false(holds(form.fact.packed, "spring"));
}

/* The customer of an act's personal words is whom its task is about, so that erasing the customer erases them. */
static void test_an_act_is_about_its_tasks_customer(void **state)
{
    struct rig *rig = *state;
    struct store *store = rig->acceptor.store;
    uint32_t partition = partition_of_site("sample", PARTITIONS);
    struct fact fact = {.key = "k",
                        .digest = 1,
                        .chain_id = 7,
                        .packed = accepted_of(rig, FACT, DELIVERY("", "")).fact.packed};
    struct standing standing;
    struct task *task = record_new(&task_record, rig->arena);
    struct buffer packed = {0};
    task->id = "sample/T1";
    task->customer = "c42";
    record_pack(&task_record, task, 0, &packed);
    assert_int_equal(store_append_one(store, partition, &fact, 1), STORE_OK);
    assert_int_equal(store_claim_one(store, partition, STAGE_FOLLOW_UP, "o", 10000, &standing), STORE_OK);
    const struct entity_put put = {.kind = ENTITY_TASK,
                                   .id = "sample/T1",
                                   .version = 1,
                                   .packed = buffer_slice(&packed),
                                   .queue = "",
                                   .queue_before = ""};
    struct commit commit = {.lease = standing.lease, .to = {1, 7}, .puts = &put, .put_count = 1};
    assert_int_equal(store_commit_one(store, &commit), STORE_OK);
    buffer_free(&packed);
    struct accepted act = accepted_of(rig, ACT,
                                      "{\"type\":\"task.outcome\",\"site\":\"sample\",\"data\":{\"task\":\"sample/T1\","
                                      "\"outcome\":\"completed\",\"note\":\"liked it\"}}");
    assert_string_equal(event_of_accepted(rig, &act).customer, "c42");
    assert_false(holds(act.fact.packed, "liked"));
}

static void test_acts_get_names(void **state)
{
    struct rig *rig = *state;
    static const char act[] = "{\"type\":\"task.claim\",\"site\":\"sample\",\"data\":{\"agent\":\"a\"}}";
    struct accepted one = accepted_of(rig, ACT, act), other = accepted_of(rig, ACT, act);
    assert_string_not_equal(one.fact.key, other.fact.key);
    assert_false(one.fact.natural);
}

static void test_digest_is_of_what_is_said(void **state)
{
    struct rig *rig = *state;
    const uint64_t digest = accepted_of(rig, FACT, DELIVERY("", ",\"model\":\"A\",\"name\":\"B\"")).fact.digest;
    assert_true(digest == accepted_of(rig, FACT, DELIVERY("", ",\"name\" : \"B\",  \"model\":\"A\"")).fact.digest);
    assert_false(digest == accepted_of(rig, FACT, DELIVERY("", ",\"model\":\"A\",\"name\":\"C\"")).fact.digest);
}

/* What was sent as JSON and what was sent as msgpack is the same fact, or refused in the same words. */
static void test_either_way_in_is_the_same(void **state)
{
    static const char *const cases[] = {
        DELIVERY(",\"occurred_at\":\"2026-03-06T15:00:00+08:00\"", ",\"model\":\"CS75\",\"mobile\":\"138 0000-0001\""),
        DELIVERY(",\"time\":1772784000000", ",\"customer\":{\"id\":\"W-17\",\"name\":\"王芳\",\"class\":\"key\"}"),
        DELIVERY(",\"subject\":null", ",\"name\":null"),
        DELIVERY(",\"sit\":1", ""),
        DELIVERY("", ",\"modle\":1"),
        DELIVERY("", ",\"model\":1.5"),
        DELIVERY("", ",\"model\":[]"),
        DELIVERY("", ",\"customer_class\":\"kee\""),
        DELIVERY("", ",\"model\":7,\"nmae\":\"Wang\""),        /* what is unknown is told first */
        DELIVERY(",\"occurred_at\":true", ""),
        "{\"id\":\"V1\",\"source\":\"dms\",\"type\":\"visit.finished\",\"site\":\"sample\"}",
        "{\"id\":\"V1\",\"source\":\"dms\",\"type\":\"task.outcome\",\"site\":\"s\",\"data\":{\"task\":\"s/t\",\"outcome\":"
        "\"completed\",\"answers\":[{\"question\":\"q\",\"valve\":1}]}}",
        "[]", "7", "null",
    };
    struct rig *rig = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        json_t *json = json_loads(cases[i], JSON_DECODE_ANY, NULL);
        struct value value = value_of_json(json, rig->arena);
        struct buffer packed = {0};
        struct accepted one, other;
        struct refusal first = {0}, second = {0};
        value_pack(&value, &packed);
        bool good = accept_json(rig, ANY_STAGE, json, &one, &first);
        assert_int_equal(accept_packed(rig, ANY_STAGE, buffer_slice(&packed), &other, &second), good);
        assert_string_equal(one.event.id, other.event.id);
        if (good) {
            assert_true(one.fact.digest == other.fact.digest);
            assert_int_equal(one.event.data.bytes, other.event.data.bytes);
            assert_memory_equal(one.event.data.at, other.event.data.at, one.event.data.bytes);
            assert_int_equal(one.personal.bytes, other.personal.bytes);
            assert_true(one.event.occurred_at == other.event.occurred_at);
        } else {
            assert_int_equal(first.status, second.status);
            assert_string_equal(first.field, second.field);
            assert_string_equal(first.error, second.error);
            assert_string_equal(first.hint, second.hint);
        }
        buffer_free(&packed);
        json_decref(json);
    }
}

static void test_unknown_names_are_told_before_wrong_values(void **state)
{
    struct rig *rig = *state;
    struct accepted accepted;
    struct refusal refusal = {0};
    assert_false(accept_text(rig, FACT, DELIVERY("", ",\"model\":7,\"nmae\":\"Wang\""), &accepted, &refusal));
    assert_string_equal(refusal.field, "data.nmae");
    assert_string_equal(refusal.hint, "did you mean name?");
    assert_string_equal(accepted.event.id, "JC1");
    assert_false(accept_text(rig, FACT, DELIVERY("", ",\"model\":7"), &accepted, &refusal));
    assert_string_equal(refusal.field, "data.model");
    assert_string_equal(refusal.error, "must be a text, not a whole number");
}

static void test_too_large(void **state)
{
    struct rig *rig = *state;
    struct buffer text = {0};
    buffer_printf(
        &text,
        "{\"type\":\"task.outcome\",\"site\":\"s\",\"data\":{\"task\":\"s/t\",\"outcome\":\"completed\",\"answers\":[");
    for (int i = 0; i < 64; i++) {
        buffer_printf(&text, "%s{\"question\":\"q%d\",\"value\":\"", i ? "," : "", i);
        for (int j = 0; j < 1024; j++)
            buffer_string(&text, "x");
        buffer_string(&text, "\"}");
    }
    buffer_string(&text, "]}}");
    struct accepted accepted;
    struct refusal refusal;
    assert_false(accept_text(rig, ACT, buffer_text(&text), &accepted, &refusal));
    assert_int_equal(refusal.status, 413);
    buffer_free(&text);
}

/* An entity as its stage keeps it. */
static void keep(struct rig *rig, enum stage stage, enum entity_kind kind, const char *id, const void *record)
{
    struct store *store = rig->acceptor.store;
    struct standing standing;
    struct buffer packed = {0};
    entity_pack(kind, id, record, &packed);
    struct entity_put put = {.kind = kind, .id = id, .version = 1, .packed = buffer_slice(&packed)};
    assert_int_equal(store_claim_one(store, partition_of_site("sample", PARTITIONS), stage, "owner", 1000, &standing), STORE_OK);
    struct commit commit = {.lease = standing.lease, .puts = &put, .put_count = 1};
    assert_int_equal(store_commit_one(store, &commit), STORE_OK);
    buffer_free(&packed);
}

/* Acts do not say whom they are about: what they change knows it. */
static void test_an_act_is_about_whom_its_thing_is_about(void **state)
{
    struct rig *rig = *state;
    struct filled_form *form = record_new(&filled_form_record, rig->arena);
    form->id = "sample/letter.7";
    form->site = "sample";
    form->customer = "wang";
    form->form = "letter";
    form->number = "7";
    keep(rig, STAGE_FOLLOW_UP, ENTITY_FORM, form->id, form);
    static const struct { const char *number, *customer; } cases[] = {{"7", "wang"}, {"8", ""}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *text = arena_printf(rig->arena, "{\"type\":\"form.fill\",\"site\":\"sample\",\"data\":{\"form\":\"letter\","
                                        "\"number\":\"%s\",\"fields\":{\"handed_on\":\"2026-03-02\"}}}", cases[i].number);
        struct accepted accepted = accepted_of(rig, ACT, text);
        assert_string_equal(event_of_accepted(rig, &accepted).customer, cases[i].customer);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_fact_is_complete, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_is_personal_is_sealed, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_form_may_be_about_nobody, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_customer_may_be_an_object, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_customer_that_does_not_fit_is_named, setup, teardown),
        cmocka_unit_test_setup_teardown(test_without_contact_a_fact_has_a_customer_of_its_own, setup, teardown),
        cmocka_unit_test_setup_teardown(test_an_act_is_about_its_tasks_customer, setup, teardown),
        cmocka_unit_test_setup_teardown(test_acts_get_names, setup, teardown),
        cmocka_unit_test_setup_teardown(test_digest_is_of_what_is_said, setup, teardown),
        cmocka_unit_test_setup_teardown(test_either_way_in_is_the_same, setup, teardown),
        cmocka_unit_test_setup_teardown(test_unknown_names_are_told_before_wrong_values, setup, teardown),
        cmocka_unit_test_setup_teardown(test_too_large, setup, teardown),
        cmocka_unit_test_setup_teardown(test_an_act_is_about_whom_its_thing_is_about, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
