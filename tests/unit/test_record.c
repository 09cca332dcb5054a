/* Records as msgpack: every kind of field there and back, limits, what is not understood, what is personal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <msgpack.h>
#include <stdio.h>
#include <string.h>

#include "buffer.h"
#include "cursor.h"
#include "support/every_kind.h"

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

static struct slice pack(struct arena *arena, const struct record *record, const void *from, unsigned leave_out)
{
    struct buffer packed = {0};
    record_pack(record, from, leave_out, &packed);
    struct slice kept = {arena_copy(arena, packed.at, packed.bytes), packed.bytes};
    buffer_free(&packed);
    return kept;
}

static void assert_same_bytes(struct slice one, struct slice other)
{
    assert_int_equal(one.bytes, other.bytes);
    assert_memory_equal(one.at, other.at, one.bytes);
}

static void unpack_good(struct arena *arena, struct slice packed, struct every_kind *to)
{
    struct fault fault = {"", ""};
    if (!record_unpack(&every_record, packed, arena, to, &fault))
        fail_msg("%s %s", fault.field, fault.what);
}

/* -------- there and back */

static void every_kind_goes_both_ways(void **state)
{
    struct every_kind full = every_kind_full(), read = {0};
    struct slice packed = pack(*state, &every_record, &full, 0);
    assert_null(guard_check(packed, NULL));
    unpack_good(*state, packed, &read);
    assert_string_equal(read.text, "王");
    assert_string_equal(read.secret, "s3cret");
    assert_int_equal(read.word, COLOUR_GREEN);
    assert_int_equal(read.number, -5);
    assert_int_equal(read.time, 1772784000123);
    assert_true(read.truth);
    assert_int_equal(read.texts.count, 3);
    assert_string_equal(read.texts.at[1], "");
    assert_string_equal(read.texts.at[2], "three");
    assert_same_bytes(read.bytes, full.bytes);
    assert_same_bytes(read.map, full.map);
    assert_int_equal(read.parts.count, 2);
    assert_string_equal(read.parts.at[0].name, "wheel");
    assert_int_equal(read.parts.at[0].count, 4);
    assert_string_equal(read.parts.at[1].name, "door");
    assert_int_equal(read.unknown.bytes, 0);
    assert_same_bytes(pack(*state, &every_record, &read, 0), packed);
}

static void nothing_is_written_for_what_is_empty(void **state)
{
    struct every_kind empty = {0}, read = {0};
    struct every_kind *fresh = record_new(&every_record, *state);
    assert_same_bytes(pack(*state, &every_record, &empty, 0), BYTES("\x80"));
    assert_same_bytes(pack(*state, &every_record, fresh, 0), BYTES("\x80"));
    assert_string_equal(fresh->text, "");
    unpack_good(*state, BYTES("\x80"), &read);
    assert_string_equal(read.text, "");
    assert_string_equal(read.secret, "");
    assert_int_equal(read.texts.count + read.parts.count + read.map.bytes, 0);
}

static void tables_match_the_structs(void **state)
{
    struct complaint_received *complaint = record_new(&complaint_received_record, *state);
    complaint->complaint = "K1";
    complaint->satisfaction = 2;
    complaint->channel = CHANNEL_IN_LETTER;
    struct slice packed = pack(*state, &complaint_received_record, complaint, 0), value;
    assert_true(cursor_find(packed, "satisfaction", &value));
    assert_same_bytes(value, BYTES("\x02"));
    assert_true(cursor_find(packed, "channel", &value));
    assert_same_bytes(value, BYTES("\xa6letter"));
    assert_ptr_equal(record_field(&task_outcome_record, "answers")->record, &answer_record);
    assert_int_equal(record_field(&task_outcome_record, "answers")->offset, offsetof(struct task_outcome, answers));
    assert_int_equal(record_field(&site_config_record, "active")->offset, offsetof(struct site_config, active));
    assert_null(record_field(&task_outcome_record, "nothing"));
}

static void msgpack_c_reads_what_we_write(void **state)
{
    struct every_kind full = every_kind_full();
    struct slice packed = pack(*state, &every_record, &full, 0);
    msgpack_unpacked unpacked;
    size_t offset = 0;
    msgpack_unpacked_init(&unpacked);
    assert_int_equal(msgpack_unpack_next(&unpacked, (const char *)packed.at, packed.bytes, &offset), MSGPACK_UNPACK_SUCCESS);
    assert_int_equal(offset, packed.bytes);
    assert_int_equal(unpacked.data.type, MSGPACK_OBJECT_MAP);
    assert_int_equal(unpacked.data.via.map.size, 10);
    msgpack_unpacked_destroy(&unpacked);
}

/* -------- merging */

static void two_maps_merge(void **state)
{
    struct every_kind read = {0};
    unpack_good(*state, BYTES("\x83\xa4text\xa1" "a\xa6number\x07\xa3new\x01"), &read);
    unpack_good(*state, BYTES("\x84\xa6secret\xa1" "b\xa6number\x08\xa3new\x02\xa5newer\x03"), &read);
    assert_string_equal(read.text, "a");
    assert_string_equal(read.secret, "b");
    assert_int_equal(read.number, 8);
    assert_same_bytes(read.unknown, BYTES("\xa3new\x02\xa5newer\x03"));
    unpack_good(*state, BYTES("\x81\xa4text\xc0"), &read);      /* nil says nothing */
    assert_string_equal(read.text, "a");
}

/* -------- what this build does not know */

static void unknown_fields_are_written_again(void **state)
{
    struct every_kind read = {0};
    struct slice from = BYTES("\x83\xa4text\xa1" "a\xa5later\x82\xa1x\x93\x01\x02\x03\xa1y\xc4\x01z\xa5parts\x91\x82\xa4name\xa1w\xa3new\xc3");
    unpack_good(*state, from, &read);
    assert_string_equal(read.parts.at[0].name, "w");
    struct slice again = pack(*state, &every_record, &read, 0), value;
    assert_int_equal(again.bytes, from.bytes);
    assert_true(cursor_find(again, "later", &value));
    assert_same_bytes(value, BYTES("\x82\xa1x\x93\x01\x02\x03\xa1y\xc4\x01z"));
    assert_true(cursor_find(again, "parts", &value));
    assert_same_bytes(value, BYTES("\x91\x82\xa4name\xa1w\xa3new\xc3"));
}

static void unknown_words_are_kept_until_a_known_one_is_set(void **state)
{
    struct every_kind read = {0};
    struct slice from = BYTES("\x82\xa4text\xa1" "a\xa4word\xa6violet");
    unpack_good(*state, from, &read);
    assert_int_equal(read.word, 0);
    assert_same_bytes(pack(*state, &every_record, &read, 0), from);
    read.word = COLOUR_RED;
    assert_same_bytes(pack(*state, &every_record, &read, 0), BYTES("\x82\xa4text\xa1" "a\xa4word\xa3red"));
}

static void unknown_words_count_as_given(void **state)
{
    struct attempt *attempt = record_new(&attempt_record, *state);
    struct fault fault;
    assert_true(record_unpack(&attempt_record, BYTES("\x82\xa2" "at\x05\xa7outcome\xa7sending"), *state, attempt, &fault));
    assert_int_equal(attempt->outcome, 0);
    assert_true(record_complete(&attempt_record, attempt, &fault));
}

/* -------- what is personal */

static void personal_fields_are_parted_and_joined(void **state)
{
    struct every_kind full = every_kind_full(), joined = {0};
    full.unknown = BYTES("\xa3new\x01");
    struct buffer personal = {0};
    struct slice open = pack(*state, &every_record, &full, PERSONAL), value;
    record_pack_only(&every_record, &full, PERSONAL, &personal);
    assert_null(memmem(open.at, open.bytes, "s3cret", 6));
    assert_false(cursor_find(open, "new", &value));         /* it may be personal: who knows */
    assert_same_bytes(buffer_slice(&personal), BYTES("\x82\xa6secret\xa6s3cret\xa3new\x01"));
    unpack_good(*state, open, &joined);
    unpack_good(*state, buffer_slice(&personal), &joined);
    assert_same_bytes(pack(*state, &every_record, &joined, 0), pack(*state, &every_record, &full, 0));
    buffer_free(&personal);
}

static void unknown_fields_stay_open_where_nothing_is_personal(void **state)
{
    struct part part = {.name = "w", .unknown = BYTES("\xa3new\x01")};
    assert_same_bytes(pack(*state, &part_record, &part, PERSONAL), BYTES("\x82\xa4name\xa1w\xa3new\x01"));
}

/* -------- what is refused */

struct refusal {
    struct slice packed;
    const char *field;
    const char *what;
};

static void malformed_records_are_refused_with_the_field(void **state)
{
    const struct refusal refusals[] = {
        {BYTES(""), "", "nothing at all"},
        {BYTES("\x01"), "", "must be a map, not a number"},
        {BYTES("\x80\x80"), "", "follows the value (byte 1)"},
        {BYTES("\xdf\xff\xff\xff\xff"), "", "cannot fit"},
        {BYTES("\x81\xa5parts\xdd\xff\xff\xff\xff"), "", "cannot fit"},
        {BYTES("\x81\xa4text\xdb\xff\xff\xff\xff"), "", "length beyond"},
        {BYTES("\x81\xa4text\x05"), "text", "must be a text, not a number"},
        {BYTES("\x81\xa4text\xabhello world"), "text", "is too long: 11, 10 at most"},
        {BYTES("\x81\xa4word\x01"), "word", "must be a word"},
        {BYTES("\x81\xa6number\xa1" "5"), "number", "must be a whole number of 64 bits, not a text"},
        {BYTES("\x81\xa6number\xca\x3f\x80\x00\x00"), "number", "a number with a fraction"},
        {BYTES("\x81\xa6number\xcf\xff\xff\xff\xff\xff\xff\xff\xff"), "number", "64 bits"},
        {BYTES("\x81\xa4time\xff"), "time", "from 1970 to 9999"},
        {BYTES("\x81\xa4time\xcf\x00\x00\xe6\x77\xd2\x1f\xdc\x00"), "time", "from 1970 to 9999"},
        {BYTES("\x81\xa5truth\x01"), "truth", "true or false"},
        {BYTES("\x81\xa5texts\xa1" "a"), "texts", "a list of texts, not a text"},
        {BYTES("\x81\xa5texts\x92\xa1" "a\x01"), "texts[1]", "must be a text"},
        {BYTES("\x81\xa5texts\x94\xa1" "a\xa1" "a\xa1" "a\xa1" "a"), "texts", "is too long: 4, 3 at most"},
        {BYTES("\x81\xa5" "bytes\xa1" "a"), "bytes", "must be bytes"},
        {BYTES("\x81\xa5" "bytes\xc4\x05" "aaaaa"), "bytes", "5, 4 at most"},
        {BYTES("\x81\xa3map\x90"), "map", "must be a map, not a list"},
        {BYTES("\x81\xa3map\x81\xa1" "a\xaf" "aaaaaaaaaaaaaaa"), "map", "too long"},
        {BYTES("\x81\xa5parts\x80"), "parts", "must be a list of maps"},
        {BYTES("\x81\xa5parts\x93\x80\x80\x80"), "parts", "3, 2 at most"},
        {BYTES("\x81\xa5parts\x92\x80\x05"), "parts[1]", "must be a map"},
        {BYTES("\x81\xa5parts\x92\x80\x81\x05\x05"), "parts[1]", "not a text"},
        {BYTES("\x81\xa5parts\x92\x80\x81\xa4name\xa9" "aaaaaaaaa"), "parts[1].name", "9, 8 at most"},
    };
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        struct every_kind read = {0};
        struct fault fault = {"unset", "unset"};
        if (record_unpack(&every_record, refusals[i].packed, *state, &read, &fault))
            fail_msg("case %zu was taken", i);
        if (strcmp(fault.field, refusals[i].field) || !strstr(fault.what, refusals[i].what))
            fail_msg("case %zu: \"%s\" \"%s\"", i, fault.field, fault.what);
    }
}

/* A count that the bytes could hold, but no list of ours may have, must not be allocated for. */
static void declared_counts_do_not_allocate(void **state)
{
    static uint8_t many[60000];
    memset(many, 0x80, sizeof many);
    memcpy(many, "\x81\xa5parts\xdd\x00\x00\xea\x00", 12);
    struct every_kind read = {0};
    struct fault fault;
    size_t before = arena_used_bytes(*state);
    assert_false(record_unpack(&every_record, (struct slice){many, 12 + 0xea00}, *state, &read, &fault));
    assert_string_equal(fault.field, "parts");
    assert_true(arena_used_bytes(*state) - before < 1024);
}

static void required_fields_are_asked_for(void **state)
{
    struct every_kind *read = record_new(&every_record, *state);
    struct part parts[] = {{.name = "w"}, {.name = NULL}};
    struct fault fault = {"", ""};
    assert_false(record_complete(&every_record, read, &fault));
    assert_string_equal(fault.field, "text");
    read->text = "a";
    assert_true(record_complete(&every_record, read, &fault));
    read->parts = (struct part_list){parts, 2};
    assert_false(record_complete(&every_record, read, &fault));
    assert_string_equal(fault.field, "parts[1].name");
}

/* -------- what is over a limit is cut, and counted, so that it can be read again */

static void too_much_is_cut_and_counted(void **state)
{
    static const char *texts[] = {"1", "2", "3", "4"};
    static struct part parts[] = {{.name = "a"}, {.name = "b"}, {.name = "c"}};
    struct every_kind over = {.text = "一二三四", .texts = {texts, 4}, .bytes = BYTES("12345"), .parts = {parts, 3}}, read = {0};
    struct fault fault = {"", ""};
    uint64_t before = record_cut_count();
    assert_false(record_fits(&every_record, &over, &fault));
    assert_string_equal(fault.field, "text");
    unpack_good(*state, pack(*state, &every_record, &over, 0), &read);
    assert_string_equal(read.text, "一二三");       /* 9 bytes of 10: no half character */
    assert_int_equal(read.texts.count, 3);
    assert_int_equal(read.bytes.bytes, 0);
    assert_int_equal(read.parts.count, 2);
    assert_int_equal(record_cut_count() - before, 4);
    struct every_kind full = every_kind_full();
    assert_true(record_fits(&every_record, &full, &fault));
    parts[1].name = "123456789";
    over = (struct every_kind){.parts = {parts, 2}};
    assert_false(record_fits(&every_record, &over, &fault));
    assert_string_equal(fault.field, "parts[1].name");
}

/* Every prefix, and every change of one byte, of a full record: taken or refused, never more (the sanitizer watches). */
static void damaged_records_do_no_harm(void **state)
{
    struct every_kind full = every_kind_full();
    struct slice packed = pack(*state, &every_record, &full, 0);
    uint8_t *bytes = arena_copy(*state, packed.at, packed.bytes);
    struct fault fault;
    for (size_t i = 0; i < packed.bytes; i++) {
        struct every_kind read = {0};
        assert_false(record_unpack(&every_record, (struct slice){bytes, i}, *state, &read, &fault));
        for (int value = 0; value < 256; value++) {
            read = (struct every_kind){0};
            bytes[i] = (uint8_t)value;
            if (record_unpack(&every_record, (struct slice){bytes, packed.bytes}, *state, &read, &fault))
                pack(*state, &every_record, &read, 0);
        }
        bytes[i] = packed.at[i];
    }
}

static void words_are_found_and_guessed(void **state)
{
    (void)state;
    static const struct { const char *word, *nearest; } cases[] = {
        {"maintenence", "maintenance"}, {"repiar", "repair"}, {"rework", "rework"}, {"xyz", NULL},
        {"a word longer than any that we would call near", NULL}};
    assert_int_equal(words_find(&visit_kind_words, "overhaul"), VISIT_OVERHAUL);
    assert_int_equal(words_find(&visit_kind_words, "none"), 0);
    assert_int_equal(words_find(&visit_kind_words, "x"), -1);
    assert_string_equal(words_name(&visit_kind_words, VISIT_REWORK), "rework");
    assert_string_equal(words_name(&visit_kind_words, 99), "none");
    assert_string_equal(words_name(&visit_kind_words, -1), "none");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *nearest = words_nearest(&visit_kind_words, cases[i].word);
        assert_string_equal(nearest ? nearest : "(none)", cases[i].nearest ? cases[i].nearest : "(none)");
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, arena_up, arena_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_kind_goes_both_ways),
        TEST(nothing_is_written_for_what_is_empty),
        TEST(tables_match_the_structs),
        TEST(msgpack_c_reads_what_we_write),
        TEST(two_maps_merge),
        TEST(unknown_fields_are_written_again),
        TEST(unknown_words_are_kept_until_a_known_one_is_set),
        TEST(unknown_words_count_as_given),
        TEST(personal_fields_are_parted_and_joined),
        TEST(unknown_fields_stay_open_where_nothing_is_personal),
        TEST(malformed_records_are_refused_with_the_field),
        TEST(declared_counts_do_not_allocate),
        TEST(required_fields_are_asked_for),
        TEST(too_much_is_cut_and_counted),
        TEST(damaged_records_do_no_harm),
        TEST(words_are_found_and_guessed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
