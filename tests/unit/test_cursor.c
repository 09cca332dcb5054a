/* The guard and the cursor: every form of msgpack, everything that is not msgpack, and no allocation by declared counts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <msgpack.h>
#include <string.h>

#include "buffer.h"
#include "cursor.h"

struct bytes_case {
    const char *bytes;
    size_t count;
    const char *wrong;      /* part of what the guard says; NULL: well-formed */
    size_t at_byte;
};

#define BYTES(text) text, sizeof(text) - 1

static const struct bytes_case guard_cases[] = {
    {BYTES(""), "nothing at all", 0},
    {BYTES("\xc0"), NULL, 0},
    {BYTES("\xc2"), NULL, 0},
    {BYTES("\x7f"), NULL, 0},
    {BYTES("\xe0"), NULL, 0},
    {BYTES("\xc1"), "does not use", 0},
    {BYTES("\xc0\xc0"), "follows", 1},
    {BYTES("\x80\x01"), "follows", 1},
    {BYTES("\xcd\x01"), "ends in the middle", 0},
    {BYTES("\xcf\0\0\0\0\0\0\0"), "ends in the middle", 0},
    {BYTES("\xcb\x3f\xf0\0\0\0\0\0\0"), NULL, 0},
    {BYTES("\xa3" "ab"), "length beyond", 0},
    {BYTES("\xd9"), "ends in the middle", 0},
    {BYTES("\xda\xff\xff" "ab"), "length beyond", 0},
    {BYTES("\xdb\xff\xff\xff\xff" "ab"), "length beyond", 0},
    {BYTES("\xc6\xff\xff\xff\xff" "ab"), "length beyond", 0},
    {BYTES("\xc9\xff\xff\xff\xff\x01"), "length beyond", 0},
    {BYTES("\xdd\xff\xff\xff\xff"), "cannot fit", 0},
    {BYTES("\xdf\xff\xff\xff\xff"), "cannot fit", 0},
    {BYTES("\xdf\x7f\xff\xff\xff"), "cannot fit", 0},
    {BYTES("\xdc\xff\xff\x01"), "cannot fit", 0},
    {BYTES("\x92\x01"), "cannot fit", 0},
    {BYTES("\x92\xa1" "a"), "ends in the middle", 3},
    {BYTES("\x81\xa1" "a"), "ends in the middle", 3},
    {BYTES("\x81\xa1" "a\x01"), NULL, 0},
    {BYTES("\x82\xa1" "a\x01\xa1" "b\x02"), NULL, 0},
    {BYTES("\x82\xa1" "a\x01\xa1" "a\x02"), "same key twice", 4},
    {BYTES("\x82\xa1" "a\x01\xd9\x01" "a\x02"), "same key twice", 4},
    {BYTES("\x81\x01\x01"), "not a text", 1},
    {BYTES("\x91\x82\xa1" "a\x01\xa1" "a\x02"), NULL, 0},
    {BYTES("\xd4\x01\x02"), NULL, 0},
    {BYTES("\xd8\x01" "0123456789abcdef"), NULL, 0},
    {BYTES("\xd8\x01" "0123456789abcde"), "length beyond", 0},
    {BYTES("\xc7\x00\x01"), NULL, 0},
    {BYTES("\xc4\x02\x00\xff"), NULL, 0},
    /* UTF-8 */
    {BYTES("\xa3\xe7\x8e\x8b"), NULL, 0},
    {BYTES("\xa4\xf0\x9f\x9a\x97"), NULL, 0},
    {BYTES("\xa4\xf4\x8f\xbf\xbf"), NULL, 0},
    {BYTES("\xa1\0"), "UTF-8", 0},
    {BYTES("\xa1\x80"), "UTF-8", 0},
    {BYTES("\xa2\xc0\x80"), "UTF-8", 0},
    {BYTES("\xa2\xc1\xbf"), "UTF-8", 0},
    {BYTES("\xa2\xe7\x8e"), "UTF-8", 0},
    {BYTES("\xa3\xe0\x9f\xbf"), "UTF-8", 0},
    {BYTES("\xa3\xed\xa0\x80"), "UTF-8", 0},
    {BYTES("\xa4\xf0\x8f\xbf\xbf"), "UTF-8", 0},
    {BYTES("\xa4\xf4\x90\x80\x80"), "UTF-8", 0},
    {BYTES("\xa4\xf5\x80\x80\x80"), "UTF-8", 0},
    {BYTES("\xa3\xe7\x28\x8b"), "UTF-8", 0},
};

static void guard_tells_what_is_wrong_and_where(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof guard_cases / sizeof guard_cases[0]; i++) {
        const struct bytes_case *c = &guard_cases[i];
        size_t at_byte = 999;
        const char *wrong = guard_check((struct slice){(const uint8_t *)c->bytes, c->count}, &at_byte);
        if (!c->wrong ? wrong != NULL : !wrong || !strstr(wrong, c->wrong))
            fail_msg("case %zu: \"%s\", expected \"%s\"", i, wrong ? wrong : "good", c->wrong ? c->wrong : "good");
        assert_int_equal(at_byte, c->wrong ? c->at_byte : 999);
    }
}

static void nesting_is_bounded(void **state)
{
    (void)state;
    uint8_t nested[NESTING_MAX + 2];
    memset(nested, 0x91, sizeof nested);
    nested[NESTING_MAX] = 0xc0;
    assert_null(guard_check((struct slice){nested, NESTING_MAX + 1}, NULL));
    nested[NESTING_MAX] = 0x91;
    nested[NESTING_MAX + 1] = 0xc0;
    assert_string_equal(guard_check((struct slice){nested, NESTING_MAX + 2}, NULL), "nested too deep");
}

static void keys_of_the_top_map_are_bounded(void **state)
{
    (void)state;
    for (int more = 0; more < 2; more++) {
        struct buffer map = {0};
        pack_map(&map, PAIRS_MAX + (size_t)more);
        for (int i = 0; i < PAIRS_MAX + more; i++) {
            char key[8];
            snprintf(key, sizeof key, "k%d", i);
            pack_text(&map, key);
            pack_nil(&map);
        }
        const char *wrong = guard_check(buffer_slice(&map), NULL);
        assert_true(more ? wrong != NULL : wrong == NULL);
        buffer_free(&map);
    }
}

/* -------- the writer writes what msgpack-c reads, in its smallest form, and the cursor reads it back */

static void integers_go_both_ways(void **state)
{
    (void)state;
    static const struct { int64_t value; size_t bytes; } cases[] = {
        {0, 1}, {127, 1}, {128, 2}, {255, 2}, {256, 3}, {65535, 3}, {65536, 5}, {4294967295, 5}, {4294967296, 9},
        {INT64_MAX, 9}, {-1, 1}, {-32, 1}, {-33, 2}, {-128, 2}, {-129, 3}, {-32768, 3}, {-32769, 5}, {INT32_MIN, 5},
        {(int64_t)INT32_MIN - 1, 9}, {INT64_MIN, 9}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buffer packed = {0};
        int64_t read = 0;
        uint64_t unsigned_read = 0;
        pack_int(&packed, cases[i].value);
        assert_int_equal(packed.bytes, cases[i].bytes);
        assert_null(guard_check(buffer_slice(&packed), NULL));
        struct cursor cursor = cursor_over(buffer_slice(&packed)), again = cursor;
        assert_true(cursor_int(&cursor, &read));
        assert_true(read == cases[i].value);
        assert_int_equal(cursor_type(&cursor), CURSOR_END);
        assert_int_equal(cursor_uint(&again, &unsigned_read), cases[i].value >= 0);
        buffer_free(&packed);
    }
}

static void large_and_signed_forms_are_read(void **state)
{
    (void)state;
    static const struct { const char *bytes; size_t count; bool fits_int; int64_t value; bool fits_uint; } cases[] = {
        {BYTES("\xcf\xff\xff\xff\xff\xff\xff\xff\xff"), false, 0, true},
        {BYTES("\xd3\0\0\0\0\0\0\0\x05"), true, 5, true},     /* a signed form that is not negative */
        {BYTES("\xd0\x05"), true, 5, true},
        {BYTES("\xd1\xff\xff"), true, -1, false},
        {BYTES("\xcf\0\0\0\0\0\0\0\x05"), true, 5, true},      /* not the smallest form */
        {BYTES("\xc3"), false, 0, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cursor cursor = cursor_over((struct slice){(const uint8_t *)cases[i].bytes, cases[i].count}), again = cursor;
        int64_t value = 0;
        uint64_t large;
        assert_int_equal(cursor_int(&cursor, &value), cases[i].fits_int);
        assert_true(value == cases[i].value);
        assert_int_equal(cursor_uint(&again, &large), cases[i].fits_uint);
        if (!cases[i].fits_int)
            assert_ptr_equal(cursor.at, cases[i].bytes);
    }
}

static void texts_and_bytes_go_both_ways(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 31, 32, 255, 256, 65535, 65536};
    static char text[65537];
    memset(text, 'x', sizeof text - 1);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct slice given = {(const uint8_t *)text, sizes[i]}, read;
        struct buffer packed = {0};
        pack_text_slice(&packed, given);
        pack_bytes(&packed, given);
        struct cursor cursor = cursor_over(buffer_slice(&packed));
        assert_int_equal(cursor_type(&cursor), CURSOR_TEXT);
        assert_false(cursor_bytes(&cursor, &read));
        assert_true(cursor_text(&cursor, &read));
        assert_int_equal(read.bytes, sizes[i]);
        assert_false(cursor_text(&cursor, &read));
        assert_true(cursor_bytes(&cursor, &read));
        assert_int_equal(read.bytes, sizes[i]);
        assert_int_equal(cursor_type(&cursor), CURSOR_END);
        buffer_free(&packed);
    }
}

static void other_values_go_both_ways(void **state)
{
    (void)state;
    struct buffer packed = {0};
    bool truth = false;
    double real = 0;
    size_t count = 0;
    struct slice skipped;
    pack_bool(&packed, 1);
    pack_real(&packed, 0.5);
    buffer_append(&packed, "\xca\x3f\x00\x00\x00", 5);
    pack_array(&packed, 20);
    for (int i = 0; i < 20; i++)
        pack_map(&packed, 0);
    pack_text(&packed, NULL);
    struct cursor cursor = cursor_over(buffer_slice(&packed));
    assert_true(cursor_bool(&cursor, &truth) && truth);
    assert_true(cursor_real(&cursor, &real) && real == 0.5);
    assert_true(cursor_real(&cursor, &real) && real == 0.5);
    struct cursor before = cursor;
    assert_true(cursor_array(&cursor, &count));
    assert_int_equal(count, 20);
    assert_true(cursor_map(&cursor, &count));
    assert_int_equal(count, 0);
    assert_true(cursor_skip(&before, &skipped));
    assert_int_equal(skipped.bytes, 23);
    assert_true(cursor_text(&before, &skipped));
    assert_int_equal(skipped.bytes, 0);
    assert_false(cursor_skip(&before, &skipped));
    buffer_free(&packed);
}

static void a_value_is_found_by_its_key(void **state)
{
    (void)state;
    struct slice map = {(const uint8_t *)"\x83\xa1" "a\x92\x01\x02\x05\x06\xa1" "b\x07", 11}, value;
    assert_true(cursor_find(map, "b", &value));
    assert_int_equal(value.at[0], 7);
    assert_true(cursor_find(map, "a", &value));
    assert_int_equal(value.bytes, 3);
    assert_false(cursor_find(map, "c", &value));
    assert_false(cursor_find(value, "a", &value));
    assert_false(cursor_find((struct slice){0}, "a", &value));
}

/* -------- at random */

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;     /* xorshift */
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* A value with a bias to containers and to lengths that are almost right. */
static size_t random_bytes(uint64_t *state, uint8_t *to, size_t room)
{
    static const uint8_t heads[] = {0x80, 0x81, 0x82, 0x90, 0x91, 0x93, 0xa0, 0xa1, 0xa5, 0xc0, 0xc2, 0xc4, 0xc7, 0xca, 0xcb,
                                    0xcc, 0xcd, 0xcf, 0xd0, 0xd3, 0xd4, 0xd9, 0xdc, 0xdd, 0xde, 0xdf, 0x01, 0xff};
    size_t count = next_random(state) % room + 1;
    for (size_t i = 0; i < count; i++) {
        uint64_t dice = next_random(state);
        to[i] = dice % 4 == 0 ? (uint8_t)(dice >> 8) : dice % 4 == 1 ? (uint8_t)(dice >> 8 & 3) : heads[(dice >> 8) % sizeof heads];
    }
    return count;
}

/* What the guard lets pass msgpack-c reads whole; and the cursor skips it to its last byte. */
static void guard_agrees_with_msgpack(void **state)
{
    (void)state;
    uint64_t seed = 20260306;
    unsigned good = 0;
    for (int round = 0; round < 200000; round++) {
        uint8_t bytes[24];
        size_t count = random_bytes(&seed, bytes, sizeof bytes);
        struct slice packed = {bytes, count}, skipped;
        if (guard_check(packed, NULL))
            continue;
        good++;
        msgpack_unpacked unpacked;
        size_t offset = 0;
        msgpack_unpacked_init(&unpacked);
        assert_int_equal(msgpack_unpack_next(&unpacked, (const char *)bytes, count, &offset), MSGPACK_UNPACK_SUCCESS);
        assert_int_equal(offset, count);
        msgpack_unpacked_destroy(&unpacked);
        struct cursor cursor = cursor_over(packed);
        assert_true(cursor_skip(&cursor, &skipped));
        assert_int_equal(skipped.bytes, count);
    }
    assert_true(good > 1000);
}

/* Without a guard a cursor may be told nonsense, but does not leave its bytes (the sanitizer watches). */
static void cursor_stays_within_its_bytes(void **state)
{
    (void)state;
    uint64_t seed = 7;
    for (int round = 0; round < 100000; round++) {
        uint8_t bytes[16];
        size_t count = random_bytes(&seed, bytes, sizeof bytes), number;
        struct cursor cursor = cursor_over((struct slice){bytes, count});
        struct slice taken;
        int64_t value;
        for (int step = 0; step < 20 && cursor.at < cursor.end; step++)
            if (!cursor_int(&cursor, &value) && !cursor_text(&cursor, &taken) && !cursor_map(&cursor, &number) &&
                !cursor_array(&cursor, &number) && !cursor_skip(&cursor, &taken))
                break;
        assert_true(cursor.at <= bytes + count);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(guard_tells_what_is_wrong_and_where),
        cmocka_unit_test(nesting_is_bounded),
        cmocka_unit_test(keys_of_the_top_map_are_bounded),
        cmocka_unit_test(integers_go_both_ways),
        cmocka_unit_test(large_and_signed_forms_are_read),
        cmocka_unit_test(texts_and_bytes_go_both_ways),
        cmocka_unit_test(other_values_go_both_ways),
        cmocka_unit_test(a_value_is_found_by_its_key),
        cmocka_unit_test(guard_agrees_with_msgpack),
        cmocka_unit_test(cursor_stays_within_its_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
