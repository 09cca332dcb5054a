/* TLS to Redis, where hiredis can; where it can't, a plain refusal. */
#include "support/store_rig.h"

#include <stdlib.h>

#if HIREDIS_MAJOR >= 1 && __has_include(<hiredis/hiredis_ssl.h>)

static struct redis_server server;
static char folder[64], ca[96], other[96];

static bool shell(const char *format, const char *name)
{
    char command[1024];
    snprintf(command, sizeof command, format, name);
    return system(command) == 0;
}

static int start_server(void **context)
{
    char lines[512];
    (void)context;
    snprintf(folder, sizeof folder, "/tmp/redis-tls-XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    snprintf(ca, sizeof ca, "%s/ours.pem", folder);
    snprintf(other, sizeof other, "%s/other.pem", folder);
    for (const char *const *name = (const char *const[]){ca, other, NULL}; *name; name++)
        if (!shell("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=test "
                   "-keyout %1$s.key -out %1$s 2> /dev/null", *name))
            return -1;
    snprintf(lines, sizeof lines,
             "appendonly no\ntls-cert-file %s\ntls-key-file %s.key\ntls-ca-cert-file %s\ntls-auth-clients yes\n",
             ca, ca, ca);
    return redis_server_start_tls(&server, lines) ? 0 : -1;
}

static int stop_server(void **context)
{
    (void)context;
    redis_server_stop(&server);
    return shell("rm -rf %s", folder) ? 0 : -1;
}

static void who_is_not_vouched_for_is_refused(void **context)
{
    (void)context;
    char key[112], other_key[112], address[64];
    snprintf(key, sizeof key, "%s.key", ca);
    snprintf(other_key, sizeof other_key, "%s.key", other);
    snprintf(address, sizeof address, "tls://127.0.0.1:%d", server.port);
    const struct { const char *ca, *certificate, *key, *told; } cases[] = {
        {ca, ca, key, NULL},
        {other, ca, key, "certificate verify failed"},
        {ca, other, other_key, "Redis"},        /* TLS 1.3: told at the first answer */
        {ca, "", "", "Redis"},
        {ca, ca, "", "belong together"},
        {"", ca, key, "needs store_ca_file"},
        {"/nowhere/ca.pem", ca, key, "look at store_ca_file"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char message[160] = "";
        struct redis_access access = {.address = address, .ca_file = cases[i].ca,
                                      .certificate_file = cases[i].certificate, .key_file = cases[i].key};
        struct store *store = store_redis_new(&access, 1, message);
        if (!store != !!cases[i].told || (cases[i].told && !strstr(message, cases[i].told)))
            fail_msg("case %zu: %s", i, message);
        if (!store)
            continue;
        assert_int_equal(store->functions->note_put(store, "meta", "f", bytes_of("x")), STORE_OK);
        store->functions->free(&store);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(who_is_not_vouched_for_is_refused, start_server, stop_server),
    };
    return cmocka_run_group_tests_name("redis: tls", tests, NULL, NULL);
}

#else

static void an_address_with_tls_is_refused_with_what_to_do(void **context)
{
    (void)context;
    const struct redis_access cases[] = {
        {.address = "tls://127.0.0.1:1", .ca_file = "ca.pem"},
        {.address = "sentinel://127.0.0.1:1/careline", .ca_file = "ca.pem"},
        {.address = "cluster://127.0.0.1:1", .ca_file = "ca.pem"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char message[160] = "";
        assert_null(store_redis_new(&cases[i], 1, message));
        if (!strstr(message, "needs hiredis 1.0 or newer"))
            fail_msg("%s: %s", cases[i].address, message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(an_address_with_tls_is_refused_with_what_to_do)};
    return cmocka_run_group_tests_name("redis: tls", tests, NULL, NULL);
}

#endif
