/* The digest of a fact's body is kept for ever: it is what jansson's own text of it gives, whatever is in the body. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "../../services/intake/digest.h"
#include "random.h"

/* As it was first defined. */
static uint64_t digest_by_definition(const json_t *json)
{
    uint8_t hash[crypto_generichash_BYTES_MIN];
    uint64_t digest = 0;
    char *text = json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS);
    crypto_generichash(hash, sizeof hash, (const uint8_t *)text, strlen(text), NULL, 0);
    for (int i = 0; i < 8; i++)
        digest = digest << 8 | hash[i];
    free(text);
    return digest;
}

static uint64_t digest_of_json(const json_t *json)
{
    struct arena *arena = arena_new();
    struct value value = value_of_json(json, arena);
    struct buffer scratch = {0};
    uint64_t digest = digest_of_value(&value, &scratch);
    buffer_free(&scratch);
    arena_free(&arena);
    return digest;
}

static uint64_t digest_of_text(const char *text)
{
    json_t *json = json_loads(text, 0, NULL);
    assert_non_null(json);
    uint64_t digest = digest_of_json(json);
    json_decref(json);
    return digest;
}

static const char *const pieces[] = {"a", "zz", "\"", "\\", "/", "\b\f\n\r\t", "\x01\x1f", "\x7f", "王芳", "é", "\xf0\x9f\x9a\x97", " "};

static const char *random_text(struct dice *dice, char to[64])
{
    *to = 0;
    for (uint64_t i = dice_below(dice, 5); i; i--)
        strcat(to, pieces[dice_below(dice, sizeof pieces / sizeof *pieces)]);
    return to;
}

static json_t *random_value(struct dice *dice, int depth);

static json_t *random_object(struct dice *dice, int depth)
{
    char name[64];
    json_t *object = json_object();
    for (uint64_t i = dice_below(dice, dice_below(dice, 20) ? 8 : 100); i; i--)
        json_object_set_new(object, random_text(dice, name), random_value(dice, depth - 1));
    return object;
}

static json_t *random_value(struct dice *dice, int depth)
{
    static const double reals[] = {0.0, -0.0, 1.0, 0.1, -1.5e-9, 1e300, 123456789.125, 3.0e22};
    char text[64];
    json_t *array;
    switch (dice_below(dice, depth > 0 ? 8 : 6)) {
    case 0: return json_null();
    case 1: return json_true();
    case 2: return json_false();
    case 3: return json_integer((json_int_t)dice_next(dice));
    case 4: return json_real(reals[dice_below(dice, sizeof reals / sizeof *reals)]);
    case 5: return json_string(random_text(dice, text));
    case 6: return random_object(dice, depth);
    default:
        array = json_array();
        for (uint64_t i = dice_below(dice, 5); i; i--)
            json_array_append_new(array, random_value(dice, depth - 1));
        return array;
    }
}

static void test_it_is_as_defined(void **state)
{
    struct dice dice = dice_of(7);
    (void)state;
    for (int i = 0; i < 3000; i++) {
        json_t *json = random_object(&dice, 4);
        if (digest_of_json(json) != digest_by_definition(json))
            fail_msg("document %d: %s", i, json_dumps(json, JSON_COMPACT));
        json_decref(json);
    }
}

/* A number that a later version must come to as well. */
static void test_it_stays(void **state)
{
    (void)state;
    assert_true(digest_of_text("{\"id\":\"JC1\",\"data\":{\"name\":\"王芳\",\"n\":[1,2.5,null,true]}}") == UINT64_C(0x2fd19fc8c31e2ba7));
}

static void test_order_does_not_matter(void **state)
{
    (void)state;
    assert_true(digest_of_text("{\"a\":1,\"b\":{\"c\":2,\"d\":3}}") == digest_of_text("{\"b\":{\"d\":3,\"c\":2},\"a\":1}"));
    assert_true(digest_of_text("{\"a\":1}") != digest_of_text("{\"a\":\"1\"}"));
    assert_true(digest_of_text("{\"a\":1}") != digest_of_text("{\"a\":1.0}"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_is_as_defined),
        cmocka_unit_test(test_it_stays),
        cmocka_unit_test(test_order_does_not_matter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
