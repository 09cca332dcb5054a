/* conditions: when a rule applies, and how its paths are looked up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "playbook.h"

/* A lookup that knows one path. */
struct known { const char *path, *value; };

static const char *look_up(void *context, const char *path)
{
    const struct known *known = context;
    return !strcmp(known->path, path) ? known->value : NULL;
}

static bool holds(struct condition condition, const char *value)
{
    struct known known = {condition.path, value};
    struct condition_list list = {&condition, 1};
    return conditions_hold(&list, look_up, &known);
}

static struct texts two(const char **at)
{
    return (struct texts){at, at[1] ? 2 : 1};
}

static void values_match_by_path(void **state)
{
    (void)state;
    const struct { const char *path; const char *values[2]; const char *found; bool holds; } cases[] = {
        {"kind", {"overhaul"}, "overhaul", true},
        {"kind", {"overhaul"}, "over", false},
        {"kind", {"repair", "rework"}, "rework", true},
        {"kind", {"repair"}, NULL, false},
        {"repeat", {"no"}, NULL, true},
        {"repeat", {"no"}, "yes", false},
        {"customer.class", {"none"}, "", true},
        /* codes: equal, or going on with a digit; any of several */
        {"code", {"A"}, "A38", true},
        {"code", {"A"}, "A", true},
        {"code", {"A"}, "B20,A38", true},
        {"code", {"A"}, "AB1", false},
        {"code", {"A3"}, "A38", true},
        {"code", {"A"}, "", false},
        {"code", {"A"}, "H79,", false},
        {"code", {"E", "D"}, "B,C,D,E", true},
        /* words: anywhere in the text */
        {"words", {"刹车失灵"}, "下坡时刹车失灵，吓坏了", true},
        {"words", {"刹车失灵", "起火"}, "发动机舱起火", true},
        {"words", {"起火"}, "发动机异响", false},
        {"words", {"起火"}, NULL, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *values[2] = {cases[i].values[0], cases[i].values[1]};
        struct condition condition = {.path = cases[i].path, .values = two(values)};
        bool got = holds(condition, cases[i].found);
        condition.negated = true;
        if (got != cases[i].holds || holds(condition, cases[i].found) == got)
            fail_msg("%s of %s: got %d", cases[i].values[0], cases[i].found ? cases[i].found : "nothing", got);
    }
}

static void numbers_lie_in_ranges(void **state)
{
    (void)state;
    static const struct { bool has_min, has_max; const char *found; bool holds; } cases[] = {
        {true, false, "100", true}, {true, false, "99", false}, {true, false, "100000000000", true},
        {false, true, "200", true}, {false, true, "201", false}, {false, true, "-5", true},
        {true, true, "150", true}, {true, true, "250", false},
        {true, false, NULL, false}, {false, true, "", false}, {true, false, "12x", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct condition condition = {.path = "amount_cents", .has_min = cases[i].has_min, .has_max = cases[i].has_max,
                                      .min = 100, .max = 200};
        assert_int_equal(holds(condition, cases[i].found), cases[i].holds);
    }
}

static void all_of_a_list_hold(void **state)
{
    (void)state;
    const char *key[] = {"key"}, *yes[] = {"yes"};
    struct condition both[] = {{.path = "customer.class", .values = {key, 1}}, {.path = "repeat", .values = {yes, 1}}};
    struct condition_list list = {both, 2}, none = {NULL, 0};
    struct known known = {"customer.class", "key"};
    assert_false(conditions_hold(&list, look_up, &known));
    list.count = 1;
    assert_true(conditions_hold(&list, look_up, &known));
    assert_true(conditions_hold(&none, look_up, &known));
}

static void first_variant_that_fits_is_taken(void **state)
{
    (void)state;
    const char *key[] = {"key"};
    struct condition vip = {.path = "customer.class", .values = {key, 1}};
    struct variant variants[] = {{{&vip, 1}, "sales-vip"}, {{NULL, 0}, "sales-standard"}};
    struct variant_list list = {variants, 2}, only_vip = {variants, 1};
    struct known known = {"customer.class", "key"}, other = {"customer.class", "regular"};
    assert_string_equal(variant_choose(&list, look_up, &known), "sales-vip");
    assert_string_equal(variant_choose(&list, look_up, &other), "sales-standard");
    assert_string_equal(variant_choose(&only_vip, look_up, &other), "");
}

static void facts_come_from_event_and_customer(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    struct visit_finished visit = {.visit = "JS1", .kind = VISIT_OVERHAUL, .amount_cents = 120050, .message_first = true,
                                   .model = ""};
    struct customer customer = {.class = CLASS_KEY, .visits = 12, .has_mobile = true};
    struct step_result results[] = {{.step = "w", .result = "arrived"}, {.step = "w", .result = "late"}};
    struct step_result_list came = {results, 2};
    struct condition_facts facts = {.record = &visit_finished_record, .data = &visit, .customer = &customer, .arena = arena,
                                    .results = &came};
    static const struct { const char *path, *value; } cases[] = {
        {"visit", "JS1"}, {"kind", "overhaul"}, {"amount_cents", "120050"}, {"message_first", "yes"}, {"model", ""},
        {"customer.class", "key"}, {"customer.visits", "12"}, {"customer.has_mobile", "yes"}, {"customer.has_email", "no"},
        {"step.w", "late"}, {"step.v", ""}, {"customer_class", NULL}, {"customer.nothing", NULL}, {"nothing", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *got = condition_fact(&facts, cases[i].path);
        if ((got == NULL) != (cases[i].value == NULL) || (got && strcmp(got, cases[i].value)))
            fail_msg("%s: got %s", cases[i].path, got ? got : "nothing");
    }
    facts.customer = NULL;
    assert_null(condition_fact(&facts, "customer.class"));
    facts.data = NULL;
    assert_null(condition_fact(&facts, "kind"));
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_match_by_path),
        cmocka_unit_test(numbers_lie_in_ranges),
        cmocka_unit_test(all_of_a_list_hold),
        cmocka_unit_test(first_variant_that_fits_is_taken),
        cmocka_unit_test(facts_come_from_event_and_customer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
