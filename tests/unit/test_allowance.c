/* How often a key may ask, to the millisecond. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "../../services/intake/allowance.h"

static struct allowance allowance_of(const char *rate, int64_t burst)
{
    struct allowance allowance;
    assert_true(allowance_parse(rate, burst, &allowance));
    return allowance;
}

static void test_what_is_a_rate(void **state)
{
    static const struct { const char *rate; int64_t burst; bool good; int64_t got_burst; } cases[] = {
        {"100/s", 0, true, 100},     {"600/m", 0, true, 10},   {"5000/h", 0, true, 1},    {"1/h", 0, true, 1},
        {"100/s", 500, true, 500},   {"1000000/s", 1, true, 1}, {"0/s", 0, false, 0},      {"-1/s", 0, false, 0},
        {"1000001/s", 0, false, 0},  {"100", 0, false, 0},     {"/s", 0, false, 0},       {"", 0, false, 0},
        {"100/d", 0, false, 0},      {"100/s ", 0, false, 0},  {"1e3/s", 0, false, 0},    {"10/s", -1, false, 0},
        {"10/s", BURST_MAX + 1, false, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct allowance got = {0};
        assert_int_equal(allowance_parse(cases[i].rate, cases[i].burst, &got), cases[i].good);
        assert_int_equal(got.burst, cases[i].got_burst);
    }
}

/* Each row: at this time one asks; what he is told. */
static void test_the_burst_then_the_rate(void **state)
{
    static const struct { int64_t at, wait_ms; } asked[] = {
        {1000, 0}, {1000, 0}, {1000, 0}, {1000, 100}, {1099, 1}, {1100, 0}, {1100, 100}, {1150, 50},
        {1300, 0}, {1300, 0}, {1300, 100},
        {9000, 0}, {9000, 0}, {9000, 0}, {9000, 100},          /* no more than the burst, however long it was idle */
    };
    struct allowance allowance = allowance_of("10/s", 3);
    (void)state;
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++)
        assert_int_equal(allowance_take(&allowance, (mono_ms){asked[i].at}), asked[i].wait_ms);
}

static void test_a_large_request_is_paid_back(void **state)
{
    struct allowance allowance = allowance_of("100/s", 50);
    (void)state;
    assert_int_equal(allowance_take(&allowance, (mono_ms){1000}), 0);
    allowance_charge(&allowance, 511);                          /* 50 - 512 = 462 in debt, and one to be there */
    assert_int_equal(allowance_take(&allowance, (mono_ms){1000}), 4630);
    assert_int_equal(allowance_take(&allowance, (mono_ms){5629}), 1);
    assert_int_equal(allowance_take(&allowance, (mono_ms){5630}), 0);
    assert_int_equal(allowance_take(&allowance, (mono_ms){5630}), 10);
}

/* Over any stretch no more passes than burst + rate * time + what one request brings. */
static void test_no_more_than_promised(void **state)
{
    struct allowance allowance = allowance_of("600/m", 20);
    int64_t passed = 0;
    (void)state;
    srand(7);
    for (int64_t at = 0; at < 600000; at += rand() % 40) {
        size_t events = (size_t)(rand() % 9);
        if (allowance_take(&allowance, (mono_ms){at}))
            continue;
        allowance_charge(&allowance, events);
        passed += 1 + (int64_t)events;
    }
    assert_in_range(passed, 6000 - 20, 6000 + 20 + 9);
}

static void test_without_a_rate(void **state)
{
    struct allowance allowance = {0};
    (void)state;
    for (int i = 0; i < 100000; i++)
        assert_int_equal(allowance_take(&allowance, (mono_ms){5}), 0);
    allowance_charge(&allowance, 1000000);
    assert_int_equal(allowance_take(&allowance, (mono_ms){5}), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_a_rate),          cmocka_unit_test(test_the_burst_then_the_rate),
        cmocka_unit_test(test_a_large_request_is_paid_back), cmocka_unit_test(test_no_more_than_promised),
        cmocka_unit_test(test_without_a_rate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
