/* Records as JSON: every kind of field, faults that name the field, times as text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "json.h"
#include "support/every_kind.h"

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

static json_t *parse(const char *text)
{
    json_error_t error;
    json_t *json = json_loads(text, JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
    if (!json)
        fail_msg("test is no JSON: %s in %s", error.text, text);
    return json;
}

static void assert_json(json_t *json, const char *expected)
{
    json_t *wanted = parse(expected);
    if (!json_equal(json, wanted))
        fail_msg("%s is not %s", json_dumps(json, JSON_COMPACT), expected);
    json_decref(wanted);
    json_decref(json);
}

static bool read_json(struct arena *arena, const struct record *record, const char *text, void *to, struct fault *fault)
{
    json_t *json = parse(text);
    bool good = record_from_json(record, json, arena, to, fault);
    json_decref(json);
    return good;
}

static int eight_hours(void *context, wall_ms at)
{
    (void)at;
    return *(int *)context;
}

#define FULL \
    "{\"text\":\"王\",\"secret\":\"s3cret\",\"word\":\"green\",\"number\":-5,\"time\":\"2026-03-06T16:00:00.123+08:00\"," \
    "\"truth\":true,\"texts\":[\"one\",\"\",\"three\"],\"bytes\":\"AAE=\",\"map\":{\"k\":[null,true,7]}," \
    "\"parts\":[{\"name\":\"wheel\",\"count\":4},{\"name\":\"door\"}]}"

static void every_kind_is_written(void **state)
{
    (void)state;
    struct every_kind full = every_kind_full(), none = {0};
    int minutes = 480;
    struct json_style style = {.offset_minutes = eight_hours, .context = &minutes};
    assert_json(record_to_json(&every_record, &full, &style), FULL);
    assert_json(record_to_json(&every_record, &none, NULL), "{}");
    style.empty_fields = true;
    assert_json(record_to_json(&every_record, &none, &style),
                "{\"text\":\"\",\"secret\":\"\",\"word\":\"\",\"number\":0,\"time\":null,\"truth\":false,\"texts\":[],"
                "\"bytes\":\"\",\"map\":{},\"parts\":[]}");
}

static void every_kind_is_read(void **state)
{
    struct every_kind full = every_kind_full(), read = {0};
    struct fault fault = {"", ""};
    struct buffer expected = {0}, got = {0};
    if (!read_json(*state, &every_record, FULL, &read, &fault))
        fail_msg("%s %s", fault.field, fault.what);
    record_pack(&every_record, &full, 0, &expected);
    record_pack(&every_record, &read, 0, &got);
    assert_int_equal(got.bytes, expected.bytes);
    assert_memory_equal(got.at, expected.at, got.bytes);
    buffer_free(&expected);
    buffer_free(&got);
}

static void empty_ways_to_say_nothing(void **state)
{
    struct every_kind read = {0};
    struct fault fault = {"", ""};
    assert_true(read_json(*state, &every_record, "{\"text\":null,\"word\":\"\",\"time\":\"\",\"number\":0,\"map\":{},\"texts\":[]}",
                          &read, &fault));
    assert_string_equal(read.text, "");
    assert_string_equal(read.secret, "");
    assert_int_equal(read.word + read.time + (int64_t)read.map.bytes, 0);
    assert_true(read_json(*state, &every_record, "{\"word\":\"none\",\"time\":1772784000123}", &read, &fault));
    assert_int_equal(read.word, 0);
    assert_int_equal(read.time, 1772784000123);
}

static void faults_name_the_field_and_say_what_is_right(void **state)
{
    static const struct { const char *json, *field, *what; } cases[] = {
        {"[]", "", "must be an object, not a list"},
        {"{\"text\":5}", "text", "must be a text, not a whole number"},
        {"{\"text\":\"hello world\"}", "text", "is too long: 11, 10 at most"},
        {"{\"text\":\"a\\u0000b\"}", "text", "NUL"},
        {"{\"word\":\"gren\"}", "word", "\"gren\" is unknown: did you mean green? One of: red, green"},
        {"{\"word\":\"submarine\"}", "word", "\"submarine\" is unknown. One of: red, green"},
        {"{\"word\":3}", "word", "must be a text"},
        {"{\"number\":1.5}", "number", "must be a whole number, not a number with a fraction"},
        {"{\"number\":\"5\"}", "number", "must be a whole number, not a text"},
        {"{\"time\":\"2026-03-06 16:00\"}", "time", "with an offset"},
        {"{\"time\":\"2026-03-06T16:00:00\"}", "time", "with an offset"},
        {"{\"time\":true}", "time", "with an offset"},
        {"{\"time\":-1}", "time", "1970 to 9999"},
        {"{\"time\":253402300800000}", "time", "1970 to 9999"},
        {"{\"truth\":1}", "truth", "must be true or false"},
        {"{\"texts\":\"a\"}", "texts", "a list of texts"},
        {"{\"texts\":[\"a\",1]}", "texts[1]", "must be a text"},
        {"{\"texts\":[\"\",\"\",\"\",\"\"]}", "texts", "4, 3 at most"},
        {"{\"bytes\":\"%\"}", "bytes", "must be base64"},
        {"{\"bytes\":\"AAAAAAAA\"}", "bytes", "6, 4 at most"},
        {"{\"map\":[]}", "map", "must be an object"},
        {"{\"map\":{\"a\":\"aaaaaaaaaaaaaaa\"}}", "map", "19, 16 at most"},
        {"{\"map\":{\"a\":[[[[[[[[1]]]]]]]]}}", "map", "nested too deep"},
        {"{\"map\":{\"a\":\"\\u0000\"}}", "map", "NUL"},
        {"{\"parts\":{}}", "parts", "a list of objects"},
        {"{\"parts\":[{},{},{}]}", "parts", "3, 2 at most"},
        {"{\"parts\":[{},{\"count\":\"x\"}]}", "parts[1].count", "a whole number"},
        {"{\"parts\":[5]}", "parts[0]", "must be an object"},
        {"{\"\":1}", "", "no name"},
        {"{\"new\":[[[[[[[[[1]]]]]]]]]}", "new", "nested too deep"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct every_kind read = {0};
        struct fault fault = {"unset", "unset"};
        if (read_json(*state, &every_record, cases[i].json, &read, &fault))
            fail_msg("%s was taken", cases[i].json);
        if (strcmp(fault.field, cases[i].field) || !strstr(fault.what, cases[i].what))
            fail_msg("%s: \"%s\" \"%s\"", cases[i].json, fault.field, fault.what);
    }
}

static void a_long_list_of_words_fits_into_a_fault(void **state)
{
    struct complaint_received read = {0};
    struct fault fault = {"", ""};
    assert_false(read_json(*state, &complaint_received_record, "{\"channel\":\"电话电话电话电话电话电话\"}", &read, &fault));
    json_t *whole = json_string(fault.what);
    assert_non_null(whole);         /* UTF-8, though cut */
    assert_non_null(strstr(fault.what, "phone, in_person, letter"));
    json_decref(whole);
}

static void too_many_members_are_refused(void **state)
{
    json_t *object = json_object();
    char key[16];
    struct every_kind read = {0};
    struct fault fault = {"", ""};
    for (int i = 0; i < 257; i++) {
        snprintf(key, sizeof key, "k%d", i);
        json_object_set_new(object, key, json_null());
    }
    assert_false(record_from_json(&every_record, object, *state, &read, &fault));
    assert_non_null(strstr(fault.what, "256 at most"));
    json_decref(object);
}

/* What this build does not know goes through it: JSON in, msgpack, JSON out. */
static void unknown_members_pass_through(void **state)
{
    static const char text[] = "{\"text\":\"a\",\"later\":{\"x\":[1,2.5,\"王\"],\"y\":false},\"parts\":[{\"name\":\"w\",\"new\":7}]}";
    struct every_kind first = {0}, second = {0};
    struct fault fault = {"", ""};
    struct buffer packed = {0};
    assert_true(read_json(*state, &every_record, text, &first, &fault));
    record_pack(&every_record, &first, 0, &packed);
    assert_true(record_unpack(&every_record, buffer_slice(&packed), *state, &second, &fault));
    assert_json(record_to_json(&every_record, &second, NULL), text);
    buffer_free(&packed);
}

static void a_word_of_a_newer_build_is_shown(void **state)
{
    struct every_kind read = {0};
    struct fault fault = {"", ""};
    struct json_style all = {.empty_fields = true};
    assert_true(record_unpack(&every_record, (struct slice){(const uint8_t *)"\x81\xa4word\xa6violet", 13}, *state, &read, &fault));
    json_t *json = record_to_json(&every_record, &read, &all);
    assert_string_equal(json_string_value(json_object_get(json, "word")), "violet");
    json_decref(json);
    read.word = COLOUR_RED;
    json = record_to_json(&every_record, &read, &all);
    assert_string_equal(json_string_value(json_object_get(json, "word")), "red");
    json_decref(json);
}

static void packed_values_become_json(void **state)
{
    (void)state;
    static const struct { const char *packed; size_t bytes; const char *json; } cases[] = {
        {"\xc0", 1, "null"},
        {"\x93\x01\xff\xcd\x01\x00", 6, "[1,-1,256]"},
        {"\xca\x3f\x00\x00\x00", 5, "0.5"},
        {"\xcb\x7f\xf8\x00\x00\x00\x00\x00\x00", 9, "null"},
        {"\xcf\x80\x00\x00\x00\x00\x00\x00\x00", 9, "9223372036854775808.0"},
        {"\x82\xa1" "a\xc3\xa1" "b\xc4\x01\x00", 9, "{\"a\":true,\"b\":\"AA==\"}"},
        {"\x91\x82\x01\x02\xa1" "a\x03", 7, "[{\"a\":3}]"},
        {"\xd4\x01\x02", 3, "null"},
        {"\xdd\xff\xff\xff\xff", 5, "null"},
        {"", 0, "null"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_json(packed_to_json((struct slice){(const uint8_t *)cases[i].packed, cases[i].bytes}), cases[i].json);
}

/* -------- times */

static void times_go_both_ways(void **state)
{
    static const struct { wall_ms at; int offset; const char *text; } cases[] = {
        {1, 0, "1970-01-01T00:00:00.001Z"},
        {1772784000123, 480, "2026-03-06T16:00:00.123+08:00"},
        {1772784000123, 0, "2026-03-06T08:00:00.123Z"},
        {1772784000000, -210, "2026-03-06T04:30:00.000-03:30"},
        {951782400000, 0, "2000-02-29T00:00:00.000Z"},
        {951868800000, 0, "2000-03-01T00:00:00.000Z"},
        {1709164800000, 0, "2024-02-29T00:00:00.000Z"},
        {4107542400000, 0, "2100-03-01T00:00:00.000Z"},
        {1767225599999, 0, "2025-12-31T23:59:59.999Z"},
        {253402300799999, 0, "9999-12-31T23:59:59.999Z"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        wall_ms read = 0;
        assert_string_equal(moment_text(*state, cases[i].at, cases[i].offset), cases[i].text);
        assert_true(moment_parse(cases[i].text, &read));
        assert_true(read == cases[i].at);
    }
    assert_string_equal(moment_text(*state, 253402300799999, 480), "9999-12-31T23:59:59.999Z");
    assert_string_equal(moment_text(*state, 3600000, -480), "1970-01-01T01:00:00.000Z");
}

/* Every day from 1970 to 2170 is the day after the one before it. */
static void days_follow_each_other(void **state)
{
    struct arena *arena = *state;
    for (wall_ms day = 0; day < 73000; day++) {
        wall_ms read = -1;
        const char *text = moment_text(arena, day * DAY_MS + 1, 0);
        assert_true(moment_parse(text, &read));
        assert_true(read == day * DAY_MS + 1);
        if (day % 1000 == 0)
            arena_reset(arena);
    }
}

static void other_ways_to_write_a_time(void **state)
{
    (void)state;
    static const struct { const char *text; wall_ms at; } cases[] = {
        {"2026-03-06t08:00:00z", 1772784000000},
        {"2026-03-06 08:00:00Z", 1772784000000},
        {"2026-03-06T08:00:00.5Z", 1772784000500},
        {"2026-03-06T08:00:00.1239999Z", 1772784000123},
        {"2026-03-06T08:00:00-00:00", 1772784000000},
        {"2026-12-31T23:59:60Z", 1798761600000},
        {"2026-03-06T00:30:00+08:00", 1772728200000},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        wall_ms read = 0;
        assert_true(moment_parse(cases[i].text, &read));
        assert_true(read == cases[i].at);
    }
}

static void what_is_no_time_is_refused(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "", "now", "2026-03-06", "2026-03-06T08:00Z", "2026-03-06T08:00:00", "2026-3-06T08:00:00Z", "2026-13-06T08:00:00Z",
        "2026-00-06T08:00:00Z", "2026-02-29T08:00:00Z", "2100-02-29T08:00:00Z", "2026-04-31T08:00:00Z", "2026-03-00T08:00:00Z",
        "2026-03-06T24:00:00Z", "2026-03-06T08:60:00Z", "2026-03-06T08:00:61Z", "2026-03-06T08:00:00.Z", "2026-03-06T08:00:00+8",
        "2026-03-06T08:00:00+24:00", "2026-03-06T08:00:00+08:60", "2026-03-06T08:00:00+0800", "2026-03-06T08:00:00Z ",
        " 2026-03-06T08:00:00Z", "2026-03-06T08:00:00ZZ", "1969-12-31T23:59:59Z", "1970-01-01T00:00:00+08:00",
        "99999-03-06T08:00:00Z", "-026-03-06T08:00:00Z", "2026-03-06X08:00:00Z"};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        wall_ms read = 42;
        if (moment_parse(cases[i], &read))
            fail_msg("%s was taken", cases[i]);
        assert_int_equal(read, 42);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, arena_up, arena_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_kind_is_written),
        TEST(every_kind_is_read),
        TEST(empty_ways_to_say_nothing),
        TEST(faults_name_the_field_and_say_what_is_right),
        TEST(a_long_list_of_words_fits_into_a_fault),
        TEST(too_many_members_are_refused),
        TEST(unknown_members_pass_through),
        TEST(a_word_of_a_newer_build_is_shown),
        TEST(packed_values_become_json),
        TEST(times_go_both_ways),
        TEST(days_follow_each_other),
        TEST(other_ways_to_write_a_time),
        TEST(what_is_no_time_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
