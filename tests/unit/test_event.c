/* Events in their envelope, the tables of types and kinds, places, names; and the bytes of version 1. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "cursor.h"
#include "event.h"
#include "support/golden.h"

#define BYTES(text) ((struct slice){(const uint8_t *)(text), sizeof(text) - 1})

static int arena_up(void **state)
{
    *state = arena_new();
    return 0;
}

static int arena_down(void **state)
{
    arena_free((struct arena **)state);
    return 0;
}

static struct slice keep(struct arena *arena, struct buffer *packed)
{
    struct slice kept = {arena_copy(arena, packed->at, packed->bytes), packed->bytes};
    buffer_free(packed);
    return kept;
}

static struct slice pack_event(struct arena *arena, const struct event *event)
{
    struct buffer packed = {0};
    event_pack(event, &packed);
    return keep(arena, &packed);
}

static struct slice pack_record(struct arena *arena, const struct record *record, const void *from, unsigned leave_out,
                                unsigned only)
{
    struct buffer packed = {0};
    if (only)
        record_pack_only(record, from, only, &packed);
    else
        record_pack(record, from, leave_out, &packed);
    return keep(arena, &packed);
}

static void assert_same_bytes(struct slice one, struct slice other)
{
    assert_int_equal(one.bytes, other.bytes);
    assert_memory_equal(one.at, other.at, one.bytes);
}

static struct event unpack_good(struct arena *arena, struct slice packed)
{
    struct event event;
    struct fault fault = {"", ""};
    if (!event_unpack(packed, arena, &event, &fault))
        fail_msg("%s %s", fault.field, fault.what);
    return event;
}

/* -------- an event with all that one can have */

static const struct answer answers[] = {{.question = "service", .value = "2"}, {.question = "why", .value = "慢"}};

static struct task_outcome full_outcome(void)
{
    return (struct task_outcome){
        .task = "sample/531650.first-follow-up", .outcome = OUTCOME_COMPLETED, .agent = "li", .satisfaction = 2,
        .answers = {(struct answer *)answers, 2}, .complaint = "等了三个小时", .talk_seconds = 300};
}

static struct event full_event(struct arena *arena, struct task_outcome *data)
{
    struct event event = event_of(EVENT_TASK_OUTCOME);
    event.id = "01J-7";
    event.source = "desk-3";
    event.subject = "sample/531650.first-follow-up";
    event.time = 1772870400250;
    event.site = "sample";
    event.customer = "c00112233445566778899";
    event.cause = "00000000deadbeef.1s";
    event.cause_seq = 41;
    event.case_id = "sample/K1";
    event.actor = "li";
    event.role = "follow-up-agent";
    event.depth = 3;
    event.occurred_at = 1772870000000;
    event.received_at = 1772870400249;
    event.data = pack_record(arena, &task_outcome_record, data, PERSONAL, 0);
    event.sealed = BYTES("\1sealed");
    return event;
}

static void an_event_goes_both_ways(void **state)
{
    struct task_outcome outcome = full_outcome();
    struct event event = full_event(*state, &outcome), read = unpack_good(*state, pack_event(*state, &event));
    assert_int_equal(read.number, EVENT_TASK_OUTCOME);
    assert_string_equal(read.type, "task.outcome");
    assert_string_equal(read.id, event.id);
    assert_string_equal(read.source, event.source);
    assert_string_equal(read.subject, event.subject);
    assert_string_equal(read.dataschema, "1");
    assert_int_equal(read.time, event.time);
    assert_string_equal(read.site, event.site);
    assert_string_equal(read.customer, event.customer);
    assert_string_equal(read.cause, event.cause);
    assert_int_equal(read.cause_seq, 41);
    assert_string_equal(read.case_id, "sample/K1");
    assert_string_equal(read.actor, "li");
    assert_string_equal(read.role, "follow-up-agent");
    assert_int_equal(read.depth, 3);
    assert_int_equal(read.occurred_at, event.occurred_at);
    assert_int_equal(read.received_at, event.received_at);
    assert_same_bytes(read.data, event.data);
    assert_same_bytes(read.sealed, event.sealed);
    assert_same_bytes(pack_event(*state, &read), pack_event(*state, &event));
}

static void data_is_joined_with_what_was_sealed(void **state)
{
    struct task_outcome outcome = full_outcome();
    struct event event = full_event(*state, &outcome);
    struct slice personal = pack_record(*state, &task_outcome_record, &outcome, 0, PERSONAL);
    struct fault fault = {"", ""};
    const struct task_outcome *open = event_data(&event, (struct slice){0}, *state, &fault);
    assert_non_null(open);
    assert_string_equal(open->complaint, "");
    assert_string_equal(open->answers.at[1].value, "慢");
    const struct task_outcome *whole = event_data(&event, personal, *state, &fault);
    assert_non_null(whole);
    assert_string_equal(whole->complaint, "等了三个小时");
    assert_int_equal(whole->outcome, OUTCOME_COMPLETED);
    assert_string_equal(whole->note, "");
}

static void malformed_data_is_told(void **state)
{
    static const struct { enum event_number number; struct slice data; const char *field; } cases[] = {
        {EVENT_TASK_OUTCOME, {0}, "task"},
        {EVENT_TASK_OUTCOME, {(const uint8_t *)"\x81\xa4task\x01", 7}, "task"},
        {EVENT_TASK_OUTCOME, {(const uint8_t *)"\x81\xa4task\xa1x", 8}, "outcome"},
        {EVENT_UNKNOWN, {(const uint8_t *)"\x80", 1}, "type"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct event event = event_of(cases[i].number);
        struct fault fault = {"", ""};
        event.data = cases[i].data;
        assert_null(event_data(&event, (struct slice){0}, *state, &fault));
        assert_string_equal(fault.field, cases[i].field);
    }
}

/* -------- reading */

static void a_type_of_a_newer_build_passes_through(void **state)
{
    struct slice packed = BYTES("\x85\xa2id\xa1" "1\xa6source\xa1s\xa4type\xa9moon.rose\xa4" "data\x81\xa1x\x01\xa5phase\xa4" "full");
    struct event event = unpack_good(*state, packed);
    assert_int_equal(event.number, EVENT_UNKNOWN);
    assert_string_equal(event.type, "moon.rose");
    assert_same_bytes(event.data, BYTES("\x81\xa1x\x01"));
    assert_string_equal(event.site, "");
    assert_same_bytes(pack_event(*state, &event), packed);
}

static void what_is_no_event_is_refused(void **state)
{
    static const struct { struct slice packed; const char *field, *what; } cases[] = {
        {{(const uint8_t *)"", 0}, "", "nothing at all"},
        {{(const uint8_t *)"\xdf\xff\xff\xff\xff", 5}, "", "cannot fit"},
        {{(const uint8_t *)"\x80", 1}, "id", "is required"},
        {{(const uint8_t *)"\x81\xa2id\xa1" "1", 6}, "source", "is required"},
        {{(const uint8_t *)"\x82\xa2id\xa1" "1\xa6source\xa1s", 15}, "type", "is required"},
        {{(const uint8_t *)"\x82\xa2id\xa1" "1\xa2id\xa1" "2", 11}, "", "same key twice"},
        {{(const uint8_t *)"\x84\xa2id\xa1" "1\xa6source\xa1s\xa4type\xa1t\xa4" "data\x90", 28}, "data", "must be a map"},
        {{(const uint8_t *)"\x84\xa2id\xa1" "1\xa6source\xa1s\xa4type\xa1t\xa5" "depth\xff", 29}, "depth", "negative"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct event event;
        struct fault fault = {"unset", "unset"};
        if (event_unpack(cases[i].packed, *state, &event, &fault))
            fail_msg("case %zu was taken", i);
        if (strcmp(fault.field, cases[i].field) || !strstr(fault.what, cases[i].what))
            fail_msg("case %zu: \"%s\" \"%s\"", i, fault.field, fault.what);
    }
}

static void bounds_are_kept(void **state)
{
    static char name[NAME_BYTES_MAX + 2];
    static uint8_t much[EVENT_BYTES_MAX];
    struct fault fault = {"", ""};
    struct event event = event_of(EVENT_TASK_CLAIM), read;
    event.id = name;
    event.source = "s";
    memset(name, 'x', NAME_BYTES_MAX);
    unpack_good(*state, pack_event(*state, &event));
    struct buffer packed = {0};
    pack_map(&packed, 1);
    pack_text(&packed, "id");
    name[NAME_BYTES_MAX] = 'x';
    pack_text(&packed, name);
    assert_false(event_unpack(keep(*state, &packed), *state, &read, &fault));
    assert_string_equal(fault.field, "id");
    event.id = "1";
    event.sealed = (struct slice){much, sizeof much};
    assert_false(event_unpack(pack_event(*state, &event), *state, &read, &fault));
    assert_non_null(strstr(fault.what, "65536 at most"));
}

/* What stands in front tells the type of every event that we pack, however many attributes it has. */
static void the_type_can_be_read_alone(void **state)
{
    (void)state;
    struct buffer packed = {0};
    struct slice type;
    char long_id[NAME_BYTES_MAX + 1] = "";
    memset(long_id, 'i', NAME_BYTES_MAX);
    for (int number = 1; number < EVENT_COUNT; number++) {
        struct event event = event_of((enum event_number)number);
        event.id = number % 2 ? long_id : "x";
        event.source = "s";
        event.site = event.subject = event.customer = event.cause = event.case_id = event.actor = event.role = "s";
        event.time = event.cause_seq = event.depth = event.occurred_at = event.received_at = number % 3;
        buffer_clear(&packed);
        event_pack(&event, &packed);
        assert_true(event_peek_type(buffer_slice(&packed), &type));
        assert_true(slice_is(type, event_types[number].name));
        for (size_t cut = 0; cut < (size_t)(type.at - packed.at) + type.bytes; cut++)
            assert_false(event_peek_type((struct slice){packed.at, cut}, &type));
    }
    buffer_free(&packed);
}

/* -------- tables */

static void every_type_is_found_by_its_name(void **state)
{
    (void)state;
    for (int number = 1; number < EVENT_COUNT; number++) {
        const struct event_type *type = &event_types[number];
        assert_int_equal(event_number(type->name), number);
        assert_true(name_is_plain(type->name));
        assert_non_null(type->data);
        assert_true(type->class == FACT || type->class == ACT || type->class == ANY_STAGE ||
                    (type->class > STAGE_NONE && type->class < STAGE_COUNT));
        assert_true(strlen(type->about) > 0);
    }
    assert_int_equal(event_number("task.outcomes"), EVENT_UNKNOWN);
    assert_int_equal(event_number(""), EVENT_UNKNOWN);
    assert_int_equal(event_number("unknown"), EVENT_UNKNOWN);
}

static void every_kind_of_entity_has_its_letter_and_stage(void **state)
{
    (void)state;
    for (int kind = 0; kind < ENTITY_COUNT; kind++) {
        assert_int_equal(entity_kind_of_letter(entity_types[kind].letter), kind);
        assert_true(entity_types[kind].stage > STAGE_NONE && entity_types[kind].stage < STAGE_COUNT);
        for (int other = 0; other < kind; other++)
            assert_string_not_equal(entity_types[kind].name, entity_types[other].name);
    }
    assert_int_equal(entity_kind_of_letter('?'), ENTITY_COUNT);
    assert_string_equal(entity_types[ENTITY_SCHEDULER_SITE].name, "site_config.scheduler");
    assert_string_equal(entity_types[ENTITY_NOTIFIER_SITE].name, "site_config.notifier");
    assert_string_equal(entity_types[ENTITY_TASK].name, "task");
    assert_string_equal(stage_names[STAGE_COMPLAINT_ROUTER], "complaint-router");
}

static void no_name_in_a_record_stands_twice(void **state)
{
    (void)state;
    for (int number = 1; number < EVENT_COUNT; number++) {
        const struct record *record = event_types[number].data;
        for (size_t i = 0; i < record->field_count; i++) {
            assert_ptr_equal(record_field(record, record->fields[i].name), &record->fields[i]);
            assert_true(record->fields[i].offset < record->struct_bytes);
            if (i)
                assert_true(record->fields[i].offset > record->fields[i - 1].offset);
        }
    }
}

/* -------- places and names */

static void places_are_28_big_endian_bytes(void **state)
{
    struct place place = {7, 0x0102030405060708, 0xdeadbeefcafef00d, 0x1122334455667788}, read;
    uint8_t bytes[PLACE_BYTES];
    place_pack(&place, bytes);
    assert_true(golden_is(golden_read("place.hex", *state), (struct slice){bytes, sizeof bytes}));
    assert_true(place_unpack((struct slice){bytes, sizeof bytes}, &read));
    assert_int_equal(read.partition, 7);
    assert_true(read.seq == place.seq && read.id == place.id && read.prev == place.prev);
    assert_false(place_unpack((struct slice){bytes, PLACE_BYTES - 1}, &read));
    assert_false(place_unpack((struct slice){NULL, 0}, &read));
}

static void names_must_be_plain(void **state)
{
    (void)state;
    static char longest[NAME_BYTES_MAX + 2];
    static const struct { const char *name; bool plain; } cases[] = {
        {"sample", true}, {"A-z.0_9", true}, {"沪A12345", true}, {"é", true}, {"🚗", true},
        {"", false}, {"a b", false}, {"a/b", false}, {"{a", false}, {"a}", false}, {"a*", false}, {"a\"", false},
        {"a'", false}, {"a\n", false}, {"a\x7f", false}, {"a:b", false}, {"a\\b", false}, {"?", false}, {"[", false},
        {"\xc3", false}, {"\xff", false}, {"a\u3000", false}, {"a\u00a0", false}, {"a\u200b", false}, {"\u202e", false},
        {"\xc2\x85", false}, {"\ufeff", false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (name_is_plain(cases[i].name) != cases[i].plain)
            fail_msg("\"%s\" should %sbe plain", cases[i].name, cases[i].plain ? "" : "not ");
    memset(longest, 'x', NAME_BYTES_MAX);
    assert_true(name_is_plain(longest));
    longest[NAME_BYTES_MAX] = 'x';
    assert_false(name_is_plain(longest));
}

/* -------- the bytes of version 1 */

static void events_are_the_bytes_of_version_1(void **state)
{
    struct slice golden = golden_read("event.hex", *state);
    struct task_outcome outcome = full_outcome();
    struct event event = full_event(*state, &outcome);
    assert_true(golden_is(golden, pack_event(*state, &event)));
    struct event read = unpack_good(*state, golden);
    assert_string_equal(read.case_id, "sample/K1");
    assert_int_equal(read.received_at, 1772870400249);
    struct fault fault;
    const struct task_outcome *data = event_data(&read, (struct slice){0}, *state, &fault);
    assert_non_null(data);
    assert_int_equal(data->outcome, OUTCOME_COMPLETED);
    assert_string_equal(data->answers.at[1].value, "慢");
}

static void stored_cases_are_the_bytes_of_version_1(void **state)
{
    struct slice golden = golden_read("case.hex", *state);
    static const char *also[] = {"price"};
    struct case_clock clocks[] = {
        {.name = "acknowledged", .state = CLOCK_MET, .started_at = 1772870400000, .due_at = 1772872200000, .met_at = 1772871000000},
        {.name = "resolved", .state = CLOCK_RUNNING, .due_at = 1773129600000, .warned = true}};
    struct complaint_case stored = {
        .id = "sample/K1", .source_id = "K1", .site = "sample", .customer = "c1", .channel = CHANNEL_IN_PHONE,
        .category = "service_quality", .also = {also, 1}, .grade = GRADE_MAJOR, .state = CASE_ACKNOWLEDGED, .rung = 2,
        .opened_at = 1772870400000, .clocks = {clocks, 2}, .sealed = BYTES("\1\2")};
    assert_true(golden_is(golden, pack_record(*state, &complaint_case_record, &stored, 0, 0)));
    struct complaint_case read = {0};
    struct fault fault = {"", ""};
    assert_true(record_unpack(&complaint_case_record, golden, *state, &read, &fault));
    assert_true(record_complete(&complaint_case_record, &read, &fault));
    assert_int_equal(read.unknown.bytes, 0);
    assert_int_equal(read.grade, GRADE_MAJOR);
    assert_int_equal(read.clocks.count, 2);
    assert_true(read.clocks.at[1].warned);
    assert_int_equal(read.clocks.at[0].met_at, 1772871000000);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, arena_up, arena_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_event_goes_both_ways),
        TEST(data_is_joined_with_what_was_sealed),
        TEST(malformed_data_is_told),
        TEST(a_type_of_a_newer_build_passes_through),
        TEST(what_is_no_event_is_refused),
        TEST(bounds_are_kept),
        TEST(the_type_can_be_read_alone),
        TEST(every_type_is_found_by_its_name),
        TEST(every_kind_of_entity_has_its_letter_and_stage),
        TEST(no_name_in_a_record_stands_twice),
        TEST(places_are_28_big_endian_bytes),
        TEST(names_must_be_plain),
        TEST(events_are_the_bytes_of_version_1),
        TEST(stored_cases_are_the_bytes_of_version_1),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
