/* Whom a key lets do what. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "../../services/intake/credential.h"

static int arena_up(void **state)
{
    *state = arena_new();
    return 0;
}

static int arena_down(void **state)
{
    arena_free((struct arena **)state);
    return 0;
}

static struct keys *keys_of(struct arena *arena, const char *text, struct mistakes *mistakes)
{
    *mistakes = (struct mistakes){.arena = arena};
    return keys_parse((struct slice){(const uint8_t *)text, strlen(text)}, "keys.yaml", mistakes);
}

static const char *hash_of(struct arena *arena, const char *key)
{
    uint8_t hash[32];
    char *hex = arena_alloc(arena, 65);
    crypto_generichash(hash, sizeof hash, (const uint8_t *)key, strlen(key), NULL, 0);
    return sodium_bin2hex(hex, 65, hash, sizeof hash);
}

static void test_keys_give_actor_role_and_rights(void **state)
{
    struct arena *arena = *state;
    struct mistakes mistakes;
    const char *text = arena_printf(arena,
                                    "keys:\n- { name: dms, hash: %s, roles: [integration, auditor], sites: [sample],"
                                    " types: [car.delivered] }\n- { name: boss, hash: %s, personal: yes }\n",
                                    hash_of(arena, "one"), hash_of(arena, "two"));
    struct keys *keys = keys_of(arena, text, &mistakes);
    struct credential credential;
    assert_non_null(keys);
    assert_int_equal(keys_count(keys), 2);
    static const char *const wrong[] = {NULL, "", "three", "One", "one "};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_false(credential_of(keys, wrong[i], "boss", "", arena, &credential));
    assert_true(credential_of(keys, "one", "boss", "auditor", arena, &credential));
    assert_string_equal(credential.actor, "dms");
    assert_string_equal(credential.role, "auditor");
    assert_true(credential_may_post(&credential, "sample", "car.delivered"));
    assert_false(credential_may_post(&credential, "sample", "visit.finished"));
    assert_false(credential_may_post(&credential, "north", "car.delivered"));
    assert_false(credential_may_see(&credential, "north"));
    assert_false(credential.personal);
    assert_true(credential_of(keys, "two", NULL, "king", arena, &credential));
    assert_string_equal(credential.role, "");
    assert_true(credential_may_post(&credential, "north", "task.claim"));
    assert_true(credential.personal);
    keys_free(&keys);
}

/* What is listed may be posted; a key that lists one kind only may not post the other. */
static void test_types_and_acts_bound_a_key(void **state)
{
    static const struct { const char *scope, *type; bool may; } cases[] = {
        {"", "car.delivered", true}, {"", "task.claim", true},
        {", types: [car.delivered]", "car.delivered", true}, {", types: [car.delivered]", "visit.finished", false},
        {", types: [car.delivered]", "task.claim", false},
        {", acts: [task.claim]", "task.claim", true}, {", acts: [task.claim]", "task.release", false},
        {", acts: [task.claim]", "car.delivered", false},
        {", acts: [case.*]", "case.close", true}, {", acts: [case.*]", "task.claim", false},
        {", acts: [case.*, task.claim], types: [complaint.received]", "task.claim", true},
        {", acts: [case.*, task.claim], types: [complaint.received]", "complaint.received", true},
        {", acts: [case.*, task.claim], types: [complaint.received]", "car.delivered", false},
    };
    struct arena *arena = *state;
    struct mistakes mistakes;
    struct credential credential;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct keys *keys = keys_of(arena, arena_printf(arena, "keys:\n- { name: a, hash: %s%s }\n",
                                                      hash_of(arena, "one"), cases[i].scope), &mistakes);
        assert_non_null(keys);
        assert_true(credential_of(keys, "one", NULL, NULL, arena, &credential));
        assert_int_equal(credential_may_post(&credential, "sample", cases[i].type), cases[i].may);
        keys_free(&keys);
    }
}

static void test_keys_read_anew_go_on_with_what_was_left(void **state)
{
    struct arena *arena = *state;
    struct mistakes mistakes;
    struct credential slow, fast, free;
    const mono_ms at = {50000};
    const char *line = "- { name: slow, hash: %s, rate: %s }\n- { name: fast, hash: %s, rate: 9/s }\n"
                       "- { name: free, hash: %s }\n";
    struct keys *keys = NULL;
    for (int round = 0; round < 3; round++) {               /* the second is the same, the third says another rate */
        const char *rate = round < 2 ? "1/h" : "2/h";
        struct keys *anew = keys_of(arena, arena_printf(arena, "keys:\n%s",
                                                      arena_printf(arena, line, hash_of(arena, "s"), rate,
                                                                   hash_of(arena, "f"), hash_of(arena, "x"))), &mistakes);
        assert_non_null(anew);
        keys_inherit(anew, keys);
        keys_free(&keys);
        keys = anew;
        assert_true(credential_of(keys, "s", NULL, NULL, arena, &slow));
        assert_true(credential_of(keys, "f", NULL, NULL, arena, &fast));
        assert_true(credential_of(keys, "x", NULL, NULL, arena, &free));
        assert_int_equal(keys_take(keys, &slow, at), round == 1 ? HOUR_MS : 0);
        assert_int_equal(keys_take(keys, &fast, at), 0);
        assert_int_equal(keys_take(keys, &free, at), 0);
    }
    keys_charge(keys, &fast, 89);                           /* 9 - 3 - 89 = 83 short of none */
    assert_int_equal(keys_take(keys, &fast, at), (83 + 1) * 1000 / 9 + 1);
    keys_free(&keys);
    assert_int_equal(keys_take(NULL, &slow, at), 0);
}

static void test_every_mistake_of_a_keys_file_is_told(void **state)
{
    struct arena *arena = *state;
    struct mistakes mistakes;
    assert_null(keys_of(arena, "keys:\n- { name: a, hash: 123 }\n- { hash: zz, role: [x] }\n- { name: b }\n", &mistakes));
    assert_int_equal(mistakes.count, 5);        /* three hashes, a misspelt key, a missing name */
    const char *scopes =
        arena_printf(arena, "keys:\n- { name: a, hash: %s, acts: [task.clam, tusk.*], rate: 5, burst: 0 }\n"
                                 "- { name: b, hash: %s, burst: 5 }\n", hash_of(arena, "a"), hash_of(arena, "b"));
    assert_null(keys_of(arena, scopes, &mistakes));
    assert_int_equal(mistakes.count, 5);        /* two acts, a rate, a burst of nothing, a burst without a rate */
    assert_null(keys_of(arena, "kees: []\n", &mistakes));
    assert_true(mistakes.count >= 1);
    assert_null(keys_of(arena, "[", &mistakes));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_keys_give_actor_role_and_rights, arena_up, arena_down),
        cmocka_unit_test_setup_teardown(test_types_and_acts_bound_a_key, arena_up, arena_down),
        cmocka_unit_test_setup_teardown(test_keys_read_anew_go_on_with_what_was_left, arena_up, arena_down),
        cmocka_unit_test_setup_teardown(test_every_mistake_of_a_keys_file_is_told, arena_up, arena_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
