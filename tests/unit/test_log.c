/* log: lines that any JSON reader takes, whatever they are given. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "log.h"

static int pipe_fds[2];

static int setup(void **state)
{
    (void)state;
    assert_int_equal(pipe(pipe_fds), 0);
    log_start("tester", LEVEL_DEBUG);
    log_to(pipe_fds[1]);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    log_to(2);
    close(pipe_fds[0]);
    if (pipe_fds[1] >= 0)
        close(pipe_fds[1]);
    return 0;
}

/* What was written with one read: one line, as an object. */
static json_t *line(void)
{
    static char text[LOG_LINE_BYTES_MAX + 1];
    ssize_t bytes = read(pipe_fds[0], text, sizeof text);
    assert_in_range(bytes, 2, LOG_LINE_BYTES_MAX);
    assert_int_equal(text[bytes - 1], '\n');
    assert_null(memchr(text, '\n', (size_t)bytes - 1));
    json_error_t error;
    json_t *object = json_loadb(text, (size_t)bytes, 0, &error);
    if (!object)
        fail_msg("%s: %.*s", error.text, (int)bytes, text);
    return object;
}

static const char *member(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "(none)";
}

static void a_line_has_its_head_and_its_fields(void **state)
{
    (void)state;
    log_warn("lease.lost", log_int("partition", -7), log_text("owner", "a"), log_bool("clean", true),
        log_number("seconds", 0.25));
    json_t *object = line();
    const char *time_text = member(object, "time");
    assert_int_equal(strlen(time_text), strlen("2026-03-06T16:00:00.123Z"));
    assert_true(time_text[4] == '-' && time_text[10] == 'T' && time_text[19] == '.' && time_text[23] == 'Z');
    assert_string_equal(member(object, "level"), "warn");
    assert_string_equal(member(object, "program"), "tester");
    assert_string_equal(member(object, "what"), "lease.lost");
    assert_int_equal(json_integer_value(json_object_get(object, "pid")), getpid());
    assert_int_equal(json_integer_value(json_object_get(object, "partition")), -7);
    assert_string_equal(member(object, "owner"), "a");
    assert_true(json_is_true(json_object_get(object, "clean")));
    assert_true(json_real_value(json_object_get(object, "seconds")) == 0.25);
    json_decref(object);
}

static void texts_are_escaped(void **state)
{
    (void)state;
    static const struct { const char *given, *read; } cases[] = {
        {"", ""}, {"a\"b\\c\nd\te\r", "a\"b\\c\nd\te\r"}, {"\x01\x1f\x7f", "\x01\x1f\x7f"}, {"王芳 €", "王芳 €"},
        {"a\xff" "b", "a\xef\xbf\xbd" "b"}, {"\xe7\x8e", "\xef\xbf\xbd\xef\xbf\xbd"},
         {"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {"\xc0\x80", "\xef\xbf\xbd\xef\xbf\xbd"}, {"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        log_info("x", log_text("text", cases[i].given));
        json_t *object = line();
        assert_string_equal(member(object, "text"), cases[i].read);
        json_decref(object);
    }
    log_info("x", log_text("text", NULL), log_number("number", 0.0 / 0.0));
    json_t *object = line();
    assert_true(json_is_null(json_object_get(object, "text")));
    assert_true(json_is_null(json_object_get(object, "number")));
    json_decref(object);
}

static void long_lines_are_cut_at_a_field(void **state)
{
    (void)state;
    static char text[5000];
    memset(text, '"', sizeof text - 1);
    log_error("big", log_int("first", 1), log_text("huge", text), log_int("last", 2));
    json_t *object = line();
    assert_int_equal(json_integer_value(json_object_get(object, "first")), 1);
    assert_null(json_object_get(object, "huge"));
    assert_null(json_object_get(object, "last"));
    assert_true(json_is_true(json_object_get(object, "cut")));
    json_decref(object);
    text[(LOG_LINE_BYTES_MAX - 200) / 2] = 0;
    log_error("fits", log_text("huge", text));
    object = line();
    assert_int_equal(strlen(member(object, "huge")), (LOG_LINE_BYTES_MAX - 200) / 2);
    assert_null(json_object_get(object, "cut"));
    json_decref(object);
}

static void levels_select(void **state)
{
    (void)state;
    enum log_level level = LEVEL_ERROR;
    assert_true(log_level_parse(NULL, &level) && level == LEVEL_INFO);
    assert_true(log_level_parse("warn", &level) && level == LEVEL_WARN);
    assert_false(log_level_parse("loud", &level));
    assert_int_equal(level, LEVEL_WARN);
    log_start("tester", level);
    log_info("unseen");
    log_debug("unseen");
    log_warn("seen");
    json_t *object = line();
    assert_string_equal(member(object, "what"), "seen");
    json_decref(object);
    log_start("tester", LEVEL_NONE);
    assert_false(log_on(LEVEL_ERROR));
}

static void lost_lines_are_counted(void **state)
{
    (void)state;
    uint64_t before = log_lost();
    log_to(-1);
    log_error("nowhere");
    assert_int_equal(log_lost(), before + 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_line_has_its_head_and_its_fields), TEST(texts_are_escaped), TEST(long_lines_are_cut_at_a_field),
            TEST(levels_select),
        TEST(lost_lines_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
