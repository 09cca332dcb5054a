/* Ends of a scenario are compared field by field: what differs is told, what cannot be the same is passed over. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../services/care/scenario_state.h"

static const char base[] =
    "{'task s/T1': {'state': 'open', 'due_at': '2026-03-02T02:00:00.000Z', 'attempts': [{'agent': 'a'}]},"
    " 'notice s/N1': {'state': 'sent', 'attempt_at': '2026-03-02T02:00:00.000Z'}}";

static json_t *state(const char *text, const char *from, const char *to, struct arena *arena)
{
    char *copy = arena_alloc(arena, strlen(text) + 100);
    const char *at = *from ? strstr(text, from) : text;
    assert_non_null(at);
    sprintf(copy, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
    for (char *quote = copy; (quote = strchr(quote, '\'')); )
        *quote = '"';
    json_t *json = json_loads(copy, 0, NULL);
    assert_non_null(json);
    return json;
}

static void differ(const char *from, const char *to, size_t count, const char *line)
{
    struct arena *arena = arena_new();
    json_t *simulated = state(base, "", "", arena), *live = state(base, from, to, arena);
    struct texts lines = state_differences(simulated, live, arena);
    assert_int_equal(lines.count, count);
    if (line)
        assert_string_equal(lines.at[0], line);
    json_decref(simulated);
    json_decref(live);
    arena_free(&arena);
}

static void test_the_same_has_no_differences(void **unused)
{
    (void)unused;
    differ("", "", 0, NULL);
}

static void test_each_difference_is_told(void **unused)
{
    (void)unused;
    differ("'open'", "'closed'", 1, "task s/T1: state: simulated \"open\", live \"closed\"");
    differ("'due_at': '2026-03-02T02:00", "'due_at': '2026-03-02T02:01", 1,
           "task s/T1: due_at: simulated \"2026-03-02T02:00:00.000Z\", live \"2026-03-02T02:01:00.000Z\"");
    differ("[{'agent': 'a'}]", "[]", 1, "task s/T1: attempts[0]: simulated {\"agent\":\"a\"}, live nothing");
    differ("'task s/T1'", "'task s/T2'", 2, NULL);
}

static void test_an_attempt_may_be_made_a_second_later(void **unused)
{
    (void)unused;
    differ("'attempt_at': '2026-03-02T02:00:00", "'attempt_at': '2026-03-02T02:00:02", 0, NULL);
    differ("'attempt_at': '2026-03-02T02:00:00", "'attempt_at': '2026-03-02T02:00:03", 1, NULL);
    differ("'attempt_at': '2026-03-02T02:00:00", "'attempt_at': '2026-03-02T01:59:59", 1, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_same_has_no_differences),
        cmocka_unit_test(test_each_difference_is_told),
        cmocka_unit_test(test_an_attempt_may_be_made_a_second_later),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
