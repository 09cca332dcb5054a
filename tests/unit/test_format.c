/* What is formatted the short way reads as the C library writes it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "arena.h"
#include "format.h"

static char wanted[4096], made[4096];

/* The bytes that the short way made of it, in `made`. */
static int short_of(size_t room_bytes, const char *format, ...) __attribute__((format(printf, 2, 3)));
static int short_of(size_t room_bytes, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int bytes = format_short(made, room_bytes, format, args);
    va_end(args);
    return bytes;
}

#define SAME(...) do { \
    int bytes = snprintf(wanted, sizeof wanted, __VA_ARGS__); \
    assert_int_equal(short_of(sizeof made, __VA_ARGS__), bytes); \
    assert_string_equal(made, wanted); \
} while (0)

static void texts_and_numbers_read_alike(void **state)
{
    (void)state;
    SAME("%s", "");
    SAME("plain, and 100%%");
    SAME("%s/%s.%c", "site", "王芳", 'x');
    SAME("[%.3s] [%.9s] [%.0s] [%.s]", "abcdef", "abc", "abc", "abc");
    SAME("[%.*s] [%.*s]", 2, "abcdef", -1, "abcdef");
    SAME("%d %d %d %d %d", 0, 7, -7, INT_MAX, INT_MIN);
    SAME("%02d %02d %02d %04d %04d %04d %01d", 0, 7, 123, 45, -45, -12345, 5);
    SAME("%lld %lld %lld", 0LL, (long long)INT64_MIN, (long long)INT64_MAX);
    SAME("%u %llu %zu %zd", UINT_MAX, (unsigned long long)UINT64_MAX, (size_t)SIZE_MAX, (ssize_t)-3);
    SAME("%x %016llx %08llx", 0xbeefu, 0xdeadbeefULL, 0xdeadbeefcafeULL);
}

static void each_number_of_digits_reads_alike(void **state)
{
    (void)state;
    for (long long number = 1; number > 0 && number < INT64_MAX / 10; number *= 10) {
        SAME("%lld %lld %lld", number - 1, number, -number);
        SAME("%09lld %016llx", number, (unsigned long long)number);
    }
}

static void what_it_does_not_know_is_left_to_the_library(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    assert_int_equal(short_of(sizeof made, "%5d", 1), FORMAT_NOT);
    assert_int_equal(short_of(sizeof made, "%-5s", "a"), FORMAT_NOT);
    assert_int_equal(short_of(sizeof made, "%.2f", 1.5), FORMAT_NOT);
    assert_int_equal(short_of(sizeof made, "%ld", 1L), FORMAT_NOT);
    assert_int_equal(short_of(sizeof made, "%.3d", 1), FORMAT_NOT);
    assert_int_equal(short_of(sizeof made, "%5s", "a"), FORMAT_NOT);
    assert_int_equal(short_of(sizeof made, "%X", 10u), FORMAT_NOT);
    assert_string_equal(arena_printf(arena, "%s %5d %.2f", "a", 1, 1.5), "a     1 1.50");
    arena_free(&arena);
}

static void what_has_no_room_is_left_to_the_library(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    char text[1000] = "";
    memset(text, 'x', sizeof text - 1);
    assert_int_equal(short_of(4, "%s", "abc"), 3);
    assert_int_equal(short_of(4, "%s", "abcd"), FORMAT_NOT);
    assert_int_equal(short_of(4, "%03d%d", 1, 1), FORMAT_NOT);
    assert_int_equal(short_of(4, "%08d", 1), FORMAT_NOT);
    for (size_t bytes = 240; bytes < 270; bytes++) {
        snprintf(wanted, sizeof wanted, "%.*s|%d", (int)bytes, text, 7);
        assert_string_equal(arena_printf(arena, "%.*s|%d", (int)bytes, text, 7), wanted);
    }
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_and_numbers_read_alike),
        cmocka_unit_test(each_number_of_digits_reads_alike),
        cmocka_unit_test(what_it_does_not_know_is_left_to_the_library),
        cmocka_unit_test(what_has_no_room_is_left_to_the_library),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
