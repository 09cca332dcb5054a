/* Settings from a file and from the command line; which route a request takes; where sockets may listen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "config.h"
#include "http_route.h"
#include "listen_socket.h"
#include "partition.h"

static const char *const colours[] = {"none", "red", "green"};
static const struct words colour_words = {"colour", colours, 3};

static const struct setting one[] = {
    {"store", SETTING_TEXT, "unix:%s/redis.sock", 0, 0, NULL, "where"},
    {"limit", SETTING_INT, "64", 1, 100, NULL, "how many"},
    {0}
};
static const struct setting two[] = {
    {"colour", SETTING_WORD, "red", 0, 0, &colour_words, "which"},
    {"loud", SETTING_BOOL, "no", 0, 0, NULL, "whether"},
    {0}
};
static const struct setting *const tables[] = {one, two, NULL};

static void yaml(struct config *config, const char *text, struct mistakes *mistakes)
{
    config_yaml(config, (struct slice){(const uint8_t *)text, strlen(text)}, "x.yaml", mistakes);
}

static void test_defaults_file_and_words(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    struct mistakes mistakes = {.arena = arena};
    struct config *config = config_new(tables, "/data");
    assert_string_equal(config_text(config, "store"), "unix:/data/redis.sock");
    assert_int_equal(config_int(config, "limit"), 64);
    assert_int_equal(config_word(config, "colour"), 1);
    assert_false(config_bool(config, "loud"));
    yaml(config, "limit: 7\ncolour: green\nloud: yes\n", &mistakes);
    config_word_set(config, "limit=9", &mistakes);
    config_word_set(config, "store=a=b", &mistakes);
    assert_int_equal(mistakes.count, 0);
    assert_int_equal(config_int(config, "limit"), 9);
    assert_int_equal(config_word(config, "colour"), 2);
    assert_true(config_bool(config, "loud"));
    assert_string_equal(config_text(config, "store"), "a=b");
    config_free(&config);
    config = config_new(tables, NULL);
    assert_string_equal(config_text(config, "store"), "");
    config_free(&config);
    arena_free(&arena);
}

static void test_all_mistakes_at_once(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    struct mistakes mistakes = {.arena = arena, .file = "command line"};
    struct config *config = config_new(tables, "/data");
    static const char *const wanted[] = {"x.yaml:1",     "did you mean limit", "x.yaml:2",     "colour",
                                         "command line", "did you mean loud",  "write store=", "limit"};
    yaml(config, "limt: 7\ncolour: gren\n", &mistakes);
    config_word_set(config, "lout=yes", &mistakes);
    config_word_set(config, "store", &mistakes);
    config_word_set(config, "limit=101", &mistakes);
    assert_int_equal(mistakes.count, 5);
    for (size_t w = 0; w < sizeof wanted / sizeof *wanted; w++) {
        bool found = false;
        for (size_t i = 0; i < mistakes.count; i++)
            found |= strstr(mistakes.lines[i], wanted[w]) != NULL;
        if (!found)
            fail_msg("no mistake says %s", wanted[w]);
    }
    assert_int_equal(config_int(config, "limit"), 64);
    config_free(&config);
    arena_free(&arena);
}

static const struct http_route routes[] = {
    {"GET", "/v1/acts/{partition}/{seq}", NULL, 0, "", NULL}, {"GET", "/v1/tasks", NULL, 0, "", NULL},
    {"GET", "/v1/tasks/{*}", NULL, 0, "", NULL}, {"POST", "/v1/events", NULL, 0, "", NULL}, {0}
};
static const struct http_route *const route_tables[] = {routes, NULL};

static void test_routes(void **state)
{
    (void)state;
    static const struct { const char *method, *path; int route; bool known; const char *part[2];
    } cases[] = {
        {"GET", "/v1/acts/7/12", 0, true, {"7", "12"}},
        {"GET", "/v1/acts/7", -1, false, {NULL, NULL}},
        {"GET", "/v1/acts//12", -1, false, {NULL, NULL}},
        {"GET", "/v1/acts/7/12/", -1, false, {NULL, NULL}},
        {"GET", "/v1/tasks", 1, true, {NULL, NULL}},
        {"GET", "/v1/tasks/sample/T1", 2, true, {"sample/T1", NULL}},
        {"GET", "/v1/tasksx", -1, false, {NULL, NULL}},
        {"GET", "/v1", -1, false, {NULL, NULL}},
        {"GET", "", -1, false, {NULL, NULL}},
        {"GET", "/", -1, false, {NULL, NULL}},
        {"GET", "v1/tasks", -1, false, {NULL, NULL}},
        {"GET", "/v1/../v1/tasks", -1, false, {NULL, NULL}},
        {"GET", "/v1/events", -1, true, {NULL, NULL}},
        {"POST", "/v1/events", 3, true, {NULL, NULL}},
    };
    struct arena *arena = arena_new();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct http_exchange exchange = {.method = cases[i].method, .path = cases[i].path, .arena = arena};
        bool known;
        const struct http_route *route = http_route_find(route_tables, &exchange, &known);
        if ((route ? route - routes : -1) != cases[i].route || known != cases[i].known)
            fail_msg("%s %s: route %td, path known %d", cases[i].method, cases[i].path, route ? route - routes : -1,
                     known);
        for (int part = 0; route && part < 2; part++) {
            assert_int_equal(exchange.part[part] != NULL, cases[i].part[part] != NULL);
            if (cases[i].part[part])
                assert_string_equal(exchange.part[part], cases[i].part[part]);
        }
    }
    arena_free(&arena);
}

static void test_where_sockets_listen(void **state)
{
    (void)state;
    char message[160], address[LISTEN_ADDRESS_BYTES_MAX], path[64];
    static const char *const refused[] = {
        "0.0.0.0:0", "[::]:0", "192.168.1.1:0",      "127.0.0.1", "127.0.0.1:99999", "localhost:0",
        "",          ":1",     "unix:/nonexistent/x"};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        *message = 0;
        assert_int_equal(listen_socket_new(refused[i], "keys", address, message), -1);
        assert_true(*message);
    }
    int fd = listen_socket_new("127.0.0.1:0", "keys", address, message);
    assert_true(fd >= 0);
    assert_true(!strncmp(address, "127.0.0.1:", 10) && atoi(address + 10) > 0);
    assert_int_equal(listen_socket_new(address, "keys", address, message), -1);
    close(fd);
    fd = listen_socket_new("0.0.0.0:0", NULL, address, message);
    assert_true(fd >= 0);
    close(fd);
    snprintf(path, sizeof path, "unix:/tmp/careline-test-%d.sock", (int)getpid());
    for (int again = 0; again < 2; again++) {   /* a stale one is no hindrance */
        fd = listen_socket_new(path, "keys", address, message);
        assert_true(fd >= 0);
        assert_string_equal(address, path);
        close(fd);
    }
    unlink(path + 5);
}

static void test_partitions(void **state)
{
    (void)state;
    /* FNV-1a 64 by its published test vectors: "" cbf29ce484222325, "a" af63dc4c8601ec8c, "foobar" 85944171f73967e8 */
    assert_int_equal(partition_of_site("", 1000), 0xcbf29ce484222325u % 1000);
    assert_int_equal(partition_of_site("a", 1024), 0xaf63dc4c8601ec8cu % 1024);
    assert_int_equal(partition_of_site("foobar", 64), 0x85944171f73967e8u % 64);
    assert_int_equal(partition_of_id("sample/531650/x", 64), partition_of_site("sample", 64));
    struct store *store = store_memory_new(8);
    uint32_t partitions = 0;
    assert_int_equal(partitions_settle(store, 8, &partitions), STORE_OK);
    assert_int_equal(partitions, 8);
    assert_int_equal(partitions_settle(store, 16, &partitions), STORE_OK);
    assert_int_equal(partitions, 8);
    static const char *const broken[] = {"0", "1025", "x"};
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        store->functions->note_put(store, "meta", "partitions",
                                   (struct slice){(const uint8_t *)broken[i], strlen(broken[i])});
        assert_int_equal(partitions_settle(store, 16, &partitions), STORE_REFUSED);
    }
    store->functions->free(&store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults_file_and_words),
        cmocka_unit_test(test_all_mistakes_at_once),
        cmocka_unit_test(test_routes),
        cmocka_unit_test(test_where_sockets_listen),
        cmocka_unit_test(test_partitions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
