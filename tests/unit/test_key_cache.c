/* Keys that were used a moment ago: found for as long as is promised, not longer; as many as a stage works with at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "key_cache.h"

enum { BEGUN_MS = 1000000 };

struct near { struct key_cache cache; };

static int up(void **state)
{
    *state = calloc(1, sizeof(struct near));
    return *state ? 0 : -1;
}

static int down(void **state)
{
    free(*state);
    return 0;
}

static void keep(struct near *near, const char *customer, int64_t ms, uint8_t with)
{
    uint8_t key[SEAL_KEY_BYTES];
    memset(key, with, sizeof key);
    key_cache_keep(&near->cache, customer, (mono_ms){ms}, key);
}

/* What its key is made of; 0: it is not near. */
static uint8_t found(const struct near *near, const char *customer, int64_t ms)
{
    uint8_t key[SEAL_KEY_BYTES] = {0};
    return key_cache_find(&near->cache, customer, (mono_ms){ms}, key) ? key[SEAL_KEY_BYTES - 1] : 0;
}

static void a_key_is_near_for_as_long_as_is_promised(void **state)
{
    struct near *near = *state;
    keep(near, "c1", BEGUN_MS, 7);
    assert_int_equal(found(near, "c1", BEGUN_MS), 7);
    assert_int_equal(found(near, "c1", BEGUN_MS + KEY_CACHE_MS - 1), 7);
    assert_int_equal(found(near, "c1", BEGUN_MS + KEY_CACHE_MS), 0);
    keep(near, "c1", BEGUN_MS + KEY_CACHE_MS, 8);
    assert_int_equal(found(near, "c1", BEGUN_MS + KEY_CACHE_MS), 8);
    assert_int_equal(found(near, "c2", BEGUN_MS), 0);
    assert_int_equal(found(near, "", BEGUN_MS), 0);
}

static void a_key_that_is_dropped_is_nowhere(void **state)
{
    static const struct key_cache empty;
    struct near *near = *state;
    keep(near, "c1", BEGUN_MS, 7);
    key_cache_drop(&near->cache, "c2");
    assert_int_equal(found(near, "c1", BEGUN_MS), 7);
    key_cache_drop(&near->cache, "c1");
    assert_int_equal(found(near, "c1", BEGUN_MS), 0);
    for (size_t i = 0; i < KEY_CACHE_ROWS; i++)
        assert_memory_equal(near->cache.rows[i].places, empty.rows[i].places, sizeof empty.rows[i].places);
}

static void names_too_long_are_left_out(void **state)
{
    struct near *near = *state;
    char name[CACHED_NAME_BYTES_MAX + 1] = "";
    memset(name, 'x', CACHED_NAME_BYTES_MAX);
    keep(near, name, BEGUN_MS, 7);
    assert_int_equal(found(near, name, BEGUN_MS), 0);
    name[CACHED_NAME_BYTES_MAX - 1] = '\0';
    keep(near, name, BEGUN_MS, 7);
    assert_int_equal(found(near, name, BEGUN_MS), 7);
}

/* Brought near one after the other, then used in the same order: none may have taken the place of one that is still to be used,
 * and those of the moment before only give way. */
static void as_many_as_a_stage_works_with_stay_near(void **state)
{
    enum { TOGETHER = KEY_CACHE_COUNT / 4, TIMES = 5 };
    struct near *near = *state;
    char name[32];
    for (int time = 0; time < TIMES; time++) {
        int missing = 0;
        for (int i = 0; i < TOGETHER; i++) {
            snprintf(name, sizeof name, "c%d-%d", time, i);
            keep(near, name, BEGUN_MS + time, 7);
        }
        for (int i = 0; i < TOGETHER; i++) {
            snprintf(name, sizeof name, "c%d-%d", time, i);
            missing += !found(near, name, BEGUN_MS + time);
        }
        assert_in_range(missing, 0, TOGETHER / 1000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_key_is_near_for_as_long_as_is_promised, up, down),
        cmocka_unit_test_setup_teardown(a_key_that_is_dropped_is_nowhere, up, down),
        cmocka_unit_test_setup_teardown(names_too_long_are_left_out, up, down),
        cmocka_unit_test_setup_teardown(as_many_as_a_stage_works_with_stay_near, up, down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
