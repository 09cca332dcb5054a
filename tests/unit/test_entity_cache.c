/* What the cache knows, forgets and never mixes up; and the small things that runs are repeated by. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "entity_cache.h"
#include "partition.h"
#include "random.h"

static void keep(struct entity_cache *cache, uint32_t partition, enum entity_kind kind, const char *id,
                 const char *content)
{
    struct stored_entity entity = {.id = id, .version = 7, .due = 5, .queue = "work/x",
                                   .packed = {(const uint8_t *)content, strlen(content)}};

    entity_cache_keep(cache, partition, kind, &entity);
}

static const char *content_of(struct entity_cache *cache, uint32_t partition, enum entity_kind kind, const char *id)
{
    static char text[64];
    struct stored_entity entity;

    if (!entity_cache_find(cache, partition, kind, id, &entity))
        return NULL;
    assert_string_equal(entity.id, id);
    snprintf(text, sizeof text, "%.*s", (int)entity.packed.bytes, (const char *)entity.packed.at);
    return text;
}

static void test_kept_replaced_dropped(void **state)
{
    struct entity_cache *cache = entity_cache_new(1 << 20);
    struct stored_entity entity;

    (void)state;
    keep(cache, 1, ENTITY_TASK, "s/1", "one");
    keep(cache, 2, ENTITY_TASK, "s/1", "another partition");
    keep(cache, 1, ENTITY_PLAN, "s/1", "another kind");
    assert_string_equal(content_of(cache, 1, ENTITY_TASK, "s/1"), "one");
    keep(cache, 1, ENTITY_TASK, "s/1", "two");
    assert_string_equal(content_of(cache, 1, ENTITY_TASK, "s/1"), "two");
    assert_true(entity_cache_find(cache, 1, ENTITY_TASK, "s/1", &entity));
    assert_int_equal(entity.version, 7);
    assert_int_equal(entity.due, 5);
    assert_string_equal(entity.queue, "work/x");
    entity_cache_drop(cache, 1);
    assert_null(content_of(cache, 1, ENTITY_TASK, "s/1"));
    assert_null(content_of(cache, 1, ENTITY_PLAN, "s/1"));
    assert_string_equal(content_of(cache, 2, ENTITY_TASK, "s/1"), "another partition");
    entity_cache_drop(cache, 2);
    assert_int_equal(entity_cache_bytes(cache), 0);
    entity_cache_free(&cache);
    entity_cache_free(&cache);
}

static void test_what_does_not_exist_is_known_too(void **state)
{
    struct entity_cache *cache = entity_cache_new(1 << 20);
    struct stored_entity none = {.id = "s/none"}, found;

    (void)state;
    entity_cache_keep(cache, 0, ENTITY_TASK, &none);
    assert_true(entity_cache_find(cache, 0, ENTITY_TASK, "s/none", &found));
    assert_int_equal(found.version, 0);
    assert_string_equal(found.queue, "");
    entity_cache_free(&cache);
}

static void test_the_least_used_go_first(void **state)
{
    struct entity_cache *cache = entity_cache_new(4000);
    char id[16];

    (void)state;
    for (int i = 0; i < 200; i++) {
        snprintf(id, sizeof id, "s/%d", i);
        keep(cache, 0, ENTITY_TASK, id, "content");
        assert_true(entity_cache_bytes(cache) <= 4000);
        assert_non_null(content_of(cache, 0, ENTITY_TASK, "s/0"));      /* always in use */
    }
    assert_null(content_of(cache, 0, ENTITY_TASK, "s/1"));
    assert_non_null(content_of(cache, 0, ENTITY_TASK, "s/199"));
    entity_cache_free(&cache);
}

/* Published: consumers compute the same (FNV-1a, 64 bit; its test vectors). */
/* Far more than the slots that it begins with. */
static void test_each_of_many_is_found(void **state)
{
    enum { MANY = 20000, PARTS = 3 };
    struct entity_cache *cache = entity_cache_new(64 << 20);
    char id[32];

    (void)state;
    for (int i = 0; i < MANY; i++) {
        snprintf(id, sizeof id, "site/%d", i);
        keep(cache, (uint32_t)(i % PARTS), ENTITY_TASK, id, id);
    }
    entity_cache_drop(cache, 1);
    for (int i = 0; i < MANY; i++) {
        snprintf(id, sizeof id, "site/%d", i);
        const char *found = content_of(cache, (uint32_t)(i % PARTS), ENTITY_TASK, id);
        assert_true(i % PARTS == 1 ? !found : found && !strcmp(found, id));
    }
    for (uint32_t partition = 0; partition < PARTS; partition++)
        entity_cache_drop(cache, partition);
    assert_int_equal(entity_cache_bytes(cache), 0);
    entity_cache_free(&cache);
}

static void test_partitions_are_what_the_document_says(void **state)
{
    (void)state;
    assert_int_equal(partition_of_site("", 1024), 0xcbf29ce484222325u % 1024);
    assert_int_equal(partition_of_site("a", 64), 0xaf63dc4c8601ec8cu % 64);
    assert_int_equal(partition_of_site("foobar", 1000), 0x85944171f73967e8u % 1000);
    assert_int_equal(partition_of_site("任何店", 1), 0);
}

static void test_dice_repeat(void **state)
{
    struct dice a = dice_of(42), b = dice_of(42), other = dice_of(43);
    int differ = 0;
    char one[17], two[17];

    (void)state;
    for (int i = 0; i < 100; i++) {
        uint64_t number = dice_next(&a);
        assert_int_equal(number, dice_next(&b));
        differ += number != dice_next(&other);
        assert_true(dice_below(&a, 6) < 6);
        dice_below(&b, 6);
        dice_next(&other);
    }
    assert_true(differ > 95);
    assert_int_equal(dice_below(&a, 0), 0);
    random_hex(one, 16);
    random_hex(two, 16);
    assert_int_equal(strlen(one), 16);
    assert_string_not_equal(one, two);
    assert_true(random_chance(NULL) != random_chance(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kept_replaced_dropped),
        cmocka_unit_test(test_what_does_not_exist_is_known_too),
        cmocka_unit_test(test_the_least_used_go_first),
        cmocka_unit_test(test_each_of_many_is_found),
        cmocka_unit_test(test_partitions_are_what_the_document_says),
        cmocka_unit_test(test_dice_repeat),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
