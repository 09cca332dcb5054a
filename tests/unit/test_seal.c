/* Sealing: who can read what, erasing, ids, spelling of contacts; the key store in a Redis of the test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "seal.h"
#include "support/redis_server.h"

static struct slice text_slice(const char *text)
{
    return (struct slice){(const uint8_t *)text, strlen(text)};
}

static void assert_opens(struct sealer *sealer, const char *customer, struct slice sealed, const char *expected)
{
    struct arena *arena = arena_new();
    struct slice plain = {0};
    assert_int_equal(seal_open(sealer, customer, sealed, arena, &plain), 1);
    assert_int_equal(plain.bytes, strlen(expected));
    assert_memory_equal(plain.at, expected, plain.bytes);
    arena_free(&arena);
}

static void assert_closed(struct sealer *sealer, const char *customer, struct slice sealed, int expected)
{
    struct arena *arena = arena_new();
    struct slice plain = {0};
    assert_int_equal(seal_open(sealer, customer, sealed, arena, &plain), expected);
    arena_free(&arena);
}

/* -------- what every sealer promises */

static void check_sealing(struct sealer *sealer)
{
    struct buffer sealed = {0}, empty = {0};
    assert_true(seal_make(sealer, "c1", text_slice("13800000001"), &sealed));
    assert_null(memmem(sealed.at, sealed.bytes, "13800000001", 11));
    assert_opens(sealer, "c1", buffer_slice(&sealed), "13800000001");
    assert_closed(sealer, "c2", buffer_slice(&sealed), 0);
    assert_true(seal_make(sealer, "c2", text_slice("other"), &empty));
    assert_closed(sealer, "c2", buffer_slice(&sealed), 0);
    buffer_clear(&empty);
    assert_true(seal_make(sealer, "c1", (struct slice){0}, &empty));
    assert_opens(sealer, "c1", buffer_slice(&empty), "");
    for (size_t i = 0; i < sealed.bytes; i++) {
        sealed.at[i] ^= 1;
        assert_closed(sealer, "c1", buffer_slice(&sealed), 0);
        sealed.at[i] ^= 1;
        assert_closed(sealer, "c1", (struct slice){sealed.at, i}, 0);
    }
    buffer_free(&sealed);
    buffer_free(&empty);
}

static void check_erasing(struct sealer *sealer)
{
    struct buffer before = {0}, after = {0}, other = {0};
    assert_true(seal_make(sealer, "gone", text_slice("secret"), &before));
    assert_true(seal_make(sealer, "stays", text_slice("kept"), &other));
    assert_true(seal_erase(sealer, "gone"));
    assert_closed(sealer, "gone", buffer_slice(&before), 0);
    assert_opens(sealer, "stays", buffer_slice(&other), "kept");
    assert_true(seal_make(sealer, "gone", text_slice("new"), &after));
    assert_opens(sealer, "gone", buffer_slice(&after), "new");
    assert_closed(sealer, "gone", buffer_slice(&before), 0);
    buffer_free(&before);
    buffer_free(&after);
    buffer_free(&other);
}

static void check_ids(struct sealer *sealer)
{
    char one[24], again[24], other_site[24], other_contact[24], shifted[24];
    seal_customer_id(sealer, "sample", "13800000001", one);
    seal_customer_id(sealer, "sample", "13800000001", again);
    seal_customer_id(sealer, "sample2", "13800000001", other_site);
    seal_customer_id(sealer, "sample", "13800000002", other_contact);
    seal_customer_id(sealer, "sample1", "3800000001", shifted);
    assert_string_equal(one, again);
    assert_int_equal(strlen(one), 21);
    assert_int_equal(one[0], 'c');
    assert_int_equal(strspn(one + 1, "0123456789abcdef"), 20);
    assert_string_not_equal(one, other_site);
    assert_string_not_equal(one, other_contact);
    assert_string_not_equal(one, shifted);
}

static void memory_keeps_its_promises(void **state)
{
    (void)state;
    struct sealer *sealer = sealer_memory_new();
    check_sealing(sealer);
    check_erasing(sealer);
    check_ids(sealer);
    sealer_free(&sealer);
    assert_null(sealer);
    sealer_free(&sealer);
}

static void memory_seals_alike_in_every_run(void **state)
{
    (void)state;
    struct buffer sealed[2] = {{0}};
    for (int run = 0; run < 2; run++) {
        struct sealer *sealer = sealer_memory_new();
        assert_true(seal_make(sealer, "c1", text_slice("same"), &sealed[run]));
        sealer_free(&sealer);
    }
    assert_int_equal(sealed[0].bytes, sealed[1].bytes);
    assert_memory_equal(sealed[0].at, sealed[1].at, sealed[0].bytes);
    buffer_free(&sealed[0]);
    buffer_free(&sealed[1]);
}

/* -------- Redis */

struct rig {
    struct redis_server server;
    char key_path[96];
};

static int redis_up(void **state)
{
    static struct rig rig;
    rig = (struct rig){0};
    *state = &rig;
    signal(SIGPIPE, SIG_IGN);
    if (!redis_server_start(&rig.server, true))
        return -1;
    snprintf(rig.key_path, sizeof rig.key_path, "%s/master.key", rig.server.directory);
    return 0;
}

static int redis_down(void **state)
{
    redis_server_stop(&((struct rig *)*state)->server);
    return 0;
}

static struct sealer *open_sealer(const struct rig *rig)
{
    char message[160] = "";
    struct sealer *sealer = sealer_redis_new(&(struct redis_access){.address = rig->server.address}, rig->key_path, message);
    assert_string_equal(message, "");
    assert_non_null(sealer);
    return sealer;
}

static void redis_keeps_its_promises(void **state)
{
    struct sealer *sealer = open_sealer(*state);
    struct stat about;
    assert_int_equal(stat(((struct rig *)*state)->key_path, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
    check_sealing(sealer);
    check_erasing(sealer);
    check_ids(sealer);
    sealer_free(&sealer);
}

static void two_processes_share_keys_and_ids(void **state)
{
    struct sealer *one = open_sealer(*state), *other = open_sealer(*state);
    struct buffer first = {0}, second = {0};
    char id[24], id_of_other[24];
    assert_true(seal_make(one, "shared", text_slice("from one"), &first));
    assert_true(seal_make(other, "shared", text_slice("from other"), &second));
    assert_opens(other, "shared", buffer_slice(&first), "from one");
    assert_opens(one, "shared", buffer_slice(&second), "from other");
    seal_customer_id(one, "s", "x", id);
    seal_customer_id(other, "s", "x", id_of_other);
    assert_string_equal(id, id_of_other);
    buffer_free(&first);
    buffer_free(&second);
    sealer_free(&one);
    sealer_free(&other);
}

/* More than one exchange takes, some with a key already, some twice. What is fetched for reading makes no keys. */
static void many_keys_are_fetched_at_once(void **state)
{
    enum { MANY = 1300, FETCHED = MANY + 2 };
    struct sealer *sealer = open_sealer(*state), *other = open_sealer(*state);
    static char names[MANY][16];
    const char *customers[FETCHED];
    struct buffer before = {0}, sealed = {0};
    for (int i = 0; i < MANY; i++) {
        snprintf(names[i], sizeof names[i], "many%d", i);
        customers[i] = names[i];
    }
    customers[MANY] = customers[MANY + 1] = "many7";
    assert_true(seal_make(other, "many7", text_slice("known"), &before));
    seal_fetch(sealer, customers, FETCHED, false);
    assert_opens(sealer, "many7", buffer_slice(&before), "known");
    assert_closed(sealer, "many8", buffer_slice(&before), 0);
    seal_fetch(sealer, customers, FETCHED, true);
    redis_server_kill(&((struct rig *)*state)->server);         /* all are near now */
    for (int i = 0; i < MANY; i++) {
        buffer_clear(&sealed);
        assert_true(seal_make(sealer, names[i], text_slice("x"), &sealed));
        assert_opens(sealer, names[i], buffer_slice(&sealed), "x");
    }
    assert_opens(sealer, "many7", buffer_slice(&before), "known");
    assert_closed(other, "many9", buffer_slice(&sealed), -1);
    buffer_free(&before);
    buffer_free(&sealed);
    sealer_free(&sealer);
    sealer_free(&other);
}

/* A server that was lost is left alone for as long as it took to find that out: milliseconds. */
static bool made_soon(struct sealer *sealer, const char *customer, struct buffer *to)
{
    for (int tries = 0; tries < 1000; tries++) {
        if (seal_make(sealer, customer, text_slice("x"), to))
            return true;
        poll(NULL, 0, 1);
    }
    return false;
}

static void keys_survive_a_restart_and_an_outage(void **state)
{
    struct rig *rig = *state;
    struct sealer *sealer = open_sealer(rig), *fresh = open_sealer(rig);
    struct buffer sealed = {0}, refused = {0};
    assert_true(seal_make(sealer, "lasting", text_slice("still here"), &sealed));
    redis_server_kill(&rig->server);
    assert_closed(fresh, "lasting", buffer_slice(&sealed), -1);
    assert_false(seal_make(fresh, "new", text_slice("x"), &refused));
    assert_false(seal_erase(fresh, "lasting"));
    assert_int_equal(refused.bytes, 0);
    assert_true(redis_server_again(&rig->server));
    assert_opens(fresh, "lasting", buffer_slice(&sealed), "still here");
    assert_opens(sealer, "lasting", buffer_slice(&sealed), "still here");
    assert_true(made_soon(sealer, "new", &refused));
    buffer_free(&sealed);
    buffer_free(&refused);
    sealer_free(&sealer);
    sealer_free(&fresh);
}

/* -------- trouble at the start is told to the operator */

static void assert_refused(const char *address, const char *key_path, const char *part)
{
    char message[160] = "";
    assert_null(sealer_redis_new(&(struct redis_access){.address = address}, key_path, message));
    if (!strstr(message, part))
        fail_msg("\"%s\" does not say \"%s\"", message, part);
}

static void write_file(const char *path, const void *bytes, size_t count, mode_t mode)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, count, file), count);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, mode), 0);
}

static void wrong_beginnings_are_refused_with_a_reason(void **state)
{
    struct rig *rig = *state;
    char path[128], nowhere[128];
    snprintf(path, sizeof path, "%s/other.key", rig->server.directory);
    snprintf(nowhere, sizeof nowhere, "unix:%s/nobody.sock", rig->server.directory);
    struct sealer *first = open_sealer(rig);
    sealer_free(&first);
    assert_refused(nowhere, rig->key_path, "does not answer");
    write_file(path, "0123456789abcdef0123456789abcdef", 32, 0600);
    assert_refused(rig->server.address, path, "another master key");
    write_file(path, "short", 5, 0600);
    assert_refused(rig->server.address, path, "exactly 32 bytes");
    write_file(path, "0123456789abcdef0123456789abcdef", 32, 0644);
    assert_refused(rig->server.address, path, "chmod 600");
    snprintf(path, sizeof path, "%s/no/such/dir.key", rig->server.directory);
    assert_refused(rig->server.address, path, "No such file");
}

/* -------- contacts */

static void contacts_have_one_spelling(void **state)
{
    (void)state;
    static const struct { const char *given, *expected; } cases[] = {
        {"13800000001", "13800000001"},
        {" 138 0000-0001 ", "13800000001"},
        {"+86 138-0000-0001", "13800000001"},
        {"+86-13800000001", "13800000001"},
        {"008613800000001", "13800000001"},
        {"8613800000001", "13800000001"},
        {"１３８０００００００１", "13800000001"},
        {"＋８６　１３８０００００００１", "13800000001"},
        {"138–0000—0001", "13800000001"},
        {"(0571) 8888.6666", "057188886666"},
        {"86571888", "86571888"},
        {"+49 30 123456", "+4930123456"},
        {"Wang.Fang@Example.COM", "wang.fang@example.com"},
        {" a-b@x.cn\t", "a-b@x.cn"},
        {"ｗ＠ｘ．ｃｎ", "w@x.cn"},
        {"WeiXin-王芳", "weixin-王芳"},
        {"138x0000", "138x0000"},
        {"", ""},
        {" - ", "-"},
    };
    struct arena *arena = arena_new();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_string_equal(contact_normal(arena, cases[i].given), cases[i].expected);
    assert_string_equal(contact_normal(arena, NULL), "");
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_keeps_its_promises),
        cmocka_unit_test(memory_seals_alike_in_every_run),
        cmocka_unit_test_setup_teardown(redis_keeps_its_promises, redis_up, redis_down),
        cmocka_unit_test_setup_teardown(two_processes_share_keys_and_ids, redis_up, redis_down),
        cmocka_unit_test_setup_teardown(many_keys_are_fetched_at_once, redis_up, redis_down),
        cmocka_unit_test_setup_teardown(keys_survive_a_restart_and_an_outage, redis_up, redis_down),
        cmocka_unit_test_setup_teardown(wrong_beginnings_are_refused_with_a_reason, redis_up, redis_down),
        cmocka_unit_test(contacts_have_one_spelling),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
