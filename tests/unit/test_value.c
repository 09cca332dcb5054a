/* A value as JSON has it: the same tree whether it came as JSON or as msgpack, and what msgpack can say that JSON cannot. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "random.h"
#include "value.h"

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
    json_t *json = json_loads(text, JSON_DECODE_ANY, &error);
    if (!json)
        fail_msg("test is no JSON: %s in %s", error.text, text);
    return json;
}

static void assert_value(const struct value *value, const json_t *wanted)
{
    json_t *json = value_to_json(value);
    if (!json_equal(json, wanted))
        fail_msg("%s is not %s", json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY),
                 json_dumps(wanted, JSON_COMPACT | JSON_ENCODE_ANY));
    json_decref(json);
}

static void json_packed_is_the_same_value(void **state)
{
    static const char *const cases[] = {
        "null", "true", "false", "0", "-1", "9223372036854775807", "-9223372036854775808", "0.5", "-0.0", "\"\"", "\"王芳\"",
        "[]", "{}", "[1,[2,[3,{}]]]", "{\"a\":{\"b\":[null,true,\"x\"]},\"\":1,\"王\":2.5}",
        "\"a text that is longer than the thirty-one bytes of a short one\"",
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        json_t *json = parse(cases[i]);
        struct buffer packed = {0};
        struct value value = value_of_json(json, *state);
        assert_value(&value, json);
        value_pack(&value, &packed);
        assert_null(guard_check(buffer_slice(&packed), NULL));
        struct value again = value_of_packed(buffer_slice(&packed), *state);
        assert_value(&again, json);
        buffer_free(&packed);
        json_decref(json);
    }
}

/* Within a list: a map at the top must have different texts as keys. */
static void what_only_msgpack_can_say(void **state)
{
    static const struct { const char *packed; size_t bytes; const char *json; } cases[] = {
        {"\xc4\x02\x00\x01", 4, "\"AAE=\""},
        {"\xd4\x01\x02", 3, "null"},
        {"\xcb\x7f\xf0\x00\x00\x00\x00\x00\x00", 9, "null"},
        {"\xca\x7f\xc0\x00\x00", 5, "null"},
        {"\xcf\xff\xff\xff\xff\xff\xff\xff\xff", 9, "18446744073709551616.0"},
        {"\x91\x83\x01\x02\xa1" "a\x03\xc0\xc0", 9, "[{\"a\":3}]"},
        {"\x91\x83\xa1" "a\x01\xa1" "b\x02\xa1" "a\x03", 11, "[{\"a\":3,\"b\":2}]"},
        {"\x82\xa1" "a\x01\xa1" "a\x02", 7, "null"},
        {"\x81\x01\x02", 3, "null"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        json_t *wanted = parse(cases[i].json);
        struct value value = value_of_packed((struct slice){(const uint8_t *)cases[i].packed, cases[i].bytes}, *state);
        assert_value(&value, wanted);
        json_decref(wanted);
    }
}

static void name_of(char to[8], uint64_t number)
{
    snprintf(to, 8, "k%u", (unsigned)number);
}

/* Of equal names the first place and the last value stay, as in an object that they are set in one after the other. */
static void of_equal_names_the_last_counts(void **state)
{
    struct dice dice = dice_of(3);
    for (int round = 0; round < 300; round++) {
        size_t pairs = dice_below(&dice, round % 3 ? 12 : 200);
        struct buffer packed = {0};
        json_t *object = json_object();
        char name[8];
        pack_array(&packed, 1);
        pack_map(&packed, pairs);
        for (size_t i = 0; i < pairs; i++) {
            name_of(name, dice_below(&dice, 1 + pairs * 2));
            pack_text(&packed, name);
            pack_int(&packed, (int64_t)i);
            json_object_set_new(object, name, json_integer((json_int_t)i));
        }
        struct value list = value_of_packed(buffer_slice(&packed), *state), set = value_of_json(object, *state);
        assert_value(&list.at[0], object);
        assert_int_equal(list.at[0].count, set.count);
        for (size_t i = 0; i < set.count; i++)
            assert_memory_equal(list.at[0].at[i].name.at, set.at[i].name.at, set.at[i].name.bytes);
        buffer_free(&packed);
        json_decref(object);
    }
}

static void members_are_found_and_sorted(void **state)
{
    json_t *json = parse("{\"b\":1,\"ab\":2,\"王\":3,\"\":4,\"a\":5,\"z\":6}");
    struct value object = value_of_json(json, *state), text = {.kind = VALUE_TEXT};
    static const char *const order[] = {"", "a", "ab", "b", "z", "王"};
    const struct value *sorted[6];
    value_sorted(&object, sorted);
    for (size_t i = 0; i < 6; i++) {
        assert_true(slice_is(sorted[i]->name, order[i]));
        assert_ptr_equal(value_member(&object, order[i]), sorted[i]);
    }
    assert_null(value_member(&object, "c"));
    assert_null(value_member(&text, ""));
    assert_null(value_member(NULL, ""));
    json_decref(json);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, arena_up, arena_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(json_packed_is_the_same_value),
        TEST(what_only_msgpack_can_say),
        TEST(of_equal_names_the_last_counts),
        TEST(members_are_found_and_sorted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
