/* What front desks type (U8): dates, phones, amounts, full-width letters; and rows with the line they begin on. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include "../services/care/cell_values.h"
#include "../services/care/csv_rows.h"
#include "buffer.h"

static void dates_are_read_in_every_form(void **state)
{
    (void)state;
    static const struct { const char *cell; bool good; struct cell_date want; } cases[] = {
        {"2026-03-16 15:26", true, {2026, 3, 16, true, 15, 26, 0}},
        {"2026/3/7 9:05", true, {2026, 3, 7, true, 9, 5, 0}},
        {"2026/3/7 9:05:30", true, {2026, 3, 7, true, 9, 5, 30}},
        {"2026年3月7日 16:54", true, {2026, 3, 7, true, 16, 54, 0}},
        {"2026.3.7", true, {2026, 3, 7, false, 0, 0, 0}},
        {"202603071654", true, {2026, 3, 7, true, 16, 54, 0}},
        {"20260307", true, {2026, 3, 7, false, 0, 0, 0}},
        {"2026-03-07T16:54", true, {2026, 3, 7, true, 16, 54, 0}},
        {"2028-02-29", true, {2028, 2, 29, false, 0, 0, 0}},
        {"2026-02-29", false, {0}}, {"2026-02-30 10:00", false, {0}}, {"2026-13-01", false, {0}}, {"昨天", false, {0}},
        {"", false, {0}}, {"2026-03", false, {0}}, {"2026-03-16 25:00", false, {0}}, {"2026-03-16 10:00 am", false, {0}},
        {"123456", false, {0}}, {"1850-01-01", false, {0}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct cell_date got = {0};
        if (cell_date(cases[i].cell, &got) != cases[i].good)
            fail_msg("%s", cases[i].cell);
        if (cases[i].good)
            assert_memory_equal(&got, &cases[i].want, sizeof got);
    }
}

static void phones_become_digits(void **state)
{
    (void)state;
    static const struct { const char *cell, *want; } cases[] = {
        {"13800000001", "13800000001"}, {"138-0000-0001", "13800000001"}, {"+86 138 0000 0001", "13800000001"},
        {"8613800000001", "13800000001"}, {"010-12345678", "01012345678"}, {"400-800-1234", "4008001234"},
        {"+49 30 1234567", "+49301234567"}, {"155330", NULL}, {"+86 13", NULL}, {"12800000001", NULL}, {"", NULL},
        {"1380000000a", NULL}, {"138000000011111111111111111", NULL},
    };
    struct arena *arena = arena_new();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *got = cell_phone(arena, cases[i].cell);
        if (!got != !cases[i].want || (got && strcmp(got, cases[i].want) != 0))
            fail_msg("%s gives %s", cases[i].cell, got ? got : "nothing");
    }
    arena_free(&arena);
}

static void amounts_become_hundredths(void **state)
{
    (void)state;
    static const struct { const char *cell; bool good; int64_t want; } cases[] = {
        {"6062.94", true, 606294}, {"100", true, 10000}, {"1,234.5", true, 123450}, {"¥12.00", true, 1200}, {"-3.10", true, -310},
        {"1.234", false, 0}, {"", false, 0}, {"abc", false, 0}, {"1.2.3", false, 0}, {"9999999999999999", false, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t got = 0;
        if (cell_money(cases[i].cell, &got) != cases[i].good || got != cases[i].want)
            fail_msg("%s gives %lld", cases[i].cell, (long long)got);
    }
}

static void full_width_letters_are_folded(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    assert_string_equal(cell_fold(arena, "　１９８８６７８４２０２ "), "19886784202");
    assert_string_equal(cell_fold(arena, "ＡＢ－王芳"), "AB-王芳");
    assert_string_equal(cell_fold(arena, ""), "");
    arena_free(&arena);
}

static void rows_know_their_line(void **state)
{
    (void)state;
    static const char text[] = "a,b\r\n\r\n1,\"x\r\ny\"\r\n2,\"say \"\"hi\"\", you\"\r\n,\r\n3,z";
    struct arena *arena = arena_new();
    struct csv_row_list rows = csv_rows_read((struct slice){(const uint8_t *)text, sizeof text - 1}, arena);
    assert_int_equal(rows.count, 5);
    static const size_t lines[] = {1, 3, 5, 6, 7};
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(rows.at[i].line, lines[i]);
    assert_string_equal(rows.at[1].cells.at[1], "x\r\ny");
    assert_string_equal(rows.at[2].cells.at[1], "say \"hi\", you");
    assert_string_equal(rows.at[4].cells.at[1], "z");
    arena_free(&arena);
}

static void an_open_quote_costs_one_row_only(void **state)
{
    (void)state;
    struct buffer text = {0};
    buffer_string(&text, "a,b\n1,\"never closed\n");
    for (int i = 0; i < 20000; i++)
        buffer_string(&text, "2,fine\n");
    struct arena *arena = arena_new();
    struct csv_row_list rows = csv_rows_read(buffer_slice(&text), arena);
    assert_int_equal(rows.count, 20002);
    assert_true(rows.at[1].broken);
    assert_int_equal(rows.at[1].line, 2);
    assert_false(rows.at[2].broken);
    assert_int_equal(rows.at[20001].line, 20002);
    buffer_free(&text);
    arena_free(&arena);
}

static void rows_are_found_in_all_kinds_of_lines(void **state)
{
    (void)state;
    static const struct { const char *text; size_t count; struct { size_t line; bool broken; const char *last; } rows[4]; } cases[] = {
        {"a\rb\r\"x\ry\"\r", 3, {{1, false, "a"}, {2, false, "b"}, {3, false, "x\ry"}}},
        {"a\n  \t \nb", 2, {{1, false, "a"}, {3, false, "b"}}},
        {"a\n\"open\nb\nc", 4, {{1, false, "a"}, {2, true, NULL}, {3, false, "b"}, {4, false, "c"}}},
        {"a\n\"open", 2, {{1, false, "a"}, {2, true, NULL}}},
        {"a\n\"b\nc\"", 2, {{1, false, "a"}, {2, false, "b\nc"}}},
        {"a\r\"open\nb\n", 3, {{1, false, "a"}, {2, true, NULL}, {3, false, "b"}}},
        {"", 0, {{0, false, NULL}}}, {"\n\r\n \n", 0, {{0, false, NULL}}},
    };
    struct arena *arena = arena_new();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct slice text = {(const uint8_t *)cases[i].text, strlen(cases[i].text)};
        struct csv_row_list rows = csv_rows_read(text, arena);
        assert_int_equal(rows.count, cases[i].count);
        for (size_t k = 0; k < rows.count; k++) {
            assert_int_equal(rows.at[k].line, cases[i].rows[k].line);
            assert_int_equal(rows.at[k].broken, cases[i].rows[k].broken);
            if (!rows.at[k].broken)
                assert_string_equal(rows.at[k].cells.at[rows.at[k].cells.count - 1], cases[i].rows[k].last);
        }
    }
    arena_free(&arena);
}

static void texts_are_decoded_by_what_they_are(void **state)
{
    (void)state;
    static const struct { const char *bytes, *want, *encoding; } cases[] = {
        {"\xef\xbb\xbf王", "王", "UTF-8"}, {"王", "王", "UTF-8"}, {"\xcd\xf5", "王", "GB18030"}, {"", "", "UTF-8"},
    };
    struct arena *arena = arena_new();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *encoding;
        struct slice got = text_decode((struct slice){(const uint8_t *)cases[i].bytes, strlen(cases[i].bytes)}, arena, &encoding);
        assert_string_equal(encoding, cases[i].encoding);
        assert_int_equal(got.bytes, strlen(cases[i].want));
        assert_memory_equal(got.at ? got.at : (const uint8_t *)"", cases[i].want, got.bytes);
    }
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dates_are_read_in_every_form),   cmocka_unit_test(phones_become_digits),
        cmocka_unit_test(amounts_become_hundredths),      cmocka_unit_test(full_width_letters_are_folded),
        cmocka_unit_test(rows_know_their_line),           cmocka_unit_test(an_open_quote_costs_one_row_only),
        cmocka_unit_test(rows_are_found_in_all_kinds_of_lines), cmocka_unit_test(texts_are_decoded_by_what_they_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
