/* supervisor: what the service manager is told, byte for byte, and that nobody waits for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "supervisor.h"

struct manager {
    int fd;
    char name[64];
};

/* An abstract socket of our own, as the manager would have it. */
static int setup(void **state)
{
    static struct manager manager;
    static int number;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    manager.fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    snprintf(manager.name, sizeof manager.name, "@careline-test-%d-%d", (int)getpid(), ++number);
    memcpy(address.sun_path + 1, manager.name + 1, strlen(manager.name) - 1);
    assert_int_equal(bind(manager.fd, (const struct sockaddr *)&address,
                          (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(manager.name))), 0);
    setenv("NOTIFY_SOCKET", manager.name, 1);
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
    *state = &manager;
    return 0;
}

static int teardown(void **state)
{
    close(((struct manager *)*state)->fd);
    unsetenv("NOTIFY_SOCKET");
    return 0;
}

/* The next datagram, or "(none)". */
static const char *heard(const struct manager *manager)
{
    static char text[1024];
    ssize_t got = recv(manager->fd, text, sizeof text - 1, 0);
    text[got < 0 ? 0 : got] = '\0';
    return got < 0 ? "(none)" : text;
}

static struct supervisor opened(void)
{
    struct supervisor supervisor;
    char message[160] = "";
    assert_true(supervisor_open(&supervisor, message));
    assert_string_equal(message, "");
    return supervisor;
}

static void ready_and_stopping_are_told(void **state)
{
    struct supervisor supervisor = opened();
    assert_true(supervisor_ready(&supervisor));
    assert_string_equal(heard(*state), "READY=1\n");
    assert_true(supervisor_stopping(&supervisor));
    assert_string_equal(heard(*state), "STOPPING=1\n");
    supervisor_close(&supervisor);
}

static void a_status_is_told_once_and_stays_one_line(void **state)
{
    struct supervisor supervisor = opened();
    char longer[2 * SUPERVISOR_STATUS_BYTES_MAX];
    assert_true(supervisor_status(&supervisor, "owns 3\npartitions"));
    assert_string_equal(heard(*state), "STATUS=owns 3 partitions\n");
    assert_true(supervisor_status(&supervisor, "owns 3\npartitions"));
    assert_string_equal(heard(*state), "(none)");
    memset(longer, 'x', sizeof longer);
    longer[sizeof longer - 1] = '\0';
    assert_true(supervisor_status(&supervisor, longer));
    assert_int_equal(strlen(heard(*state)), strlen("STATUS=\n") + SUPERVISOR_STATUS_BYTES_MAX - 1);
    supervisor_close(&supervisor);
}

static void signs_of_life_come_at_half_of_what_is_waited_for(void **state)
{
    static const struct { int64_t at_ms; const char *want; } steps[] = {
        {5000, "WATCHDOG=1\n"}, {5001, "(none)"}, {6499, "(none)"}, {6500, "WATCHDOG=1\n"}, {7999, "(none)"},
        {9000, "WATCHDOG=1\n"},
    };
    setenv("WATCHDOG_USEC", "3000000", 1);
    struct supervisor supervisor = opened();
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        supervisor_pat(&supervisor, (mono_ms){steps[i].at_ms});
        assert_string_equal(heard(*state), steps[i].want);
    }
    supervisor_close(&supervisor);
}

static void no_watchdog_no_signs_of_life(void **state)
{
    static const struct { const char *us; bool ours, want; } cases[] = {
        {NULL, true, false}, {"0", true, false}, {"-5", true, false}, {"nonsense", true, false},
        {"2000000", false, false}, {"2000000", true, true}, {"1", true, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char pid[32];
        snprintf(pid, sizeof pid, "%d", (int)getpid() + !cases[i].ours);
        setenv("WATCHDOG_PID", pid, 1);
        if (cases[i].us)
            setenv("WATCHDOG_USEC", cases[i].us, 1);
        struct supervisor supervisor = opened();
        supervisor_pat(&supervisor, (mono_ms){1});
        assert_string_equal(heard(*state), cases[i].want ? "WATCHDOG=1\n" : "(none)");
        supervisor_close(&supervisor);
    }
}

static void without_a_manager_nothing_is_said(void **state)
{
    (void)state;
    unsetenv("NOTIFY_SOCKET");
    struct supervisor supervisor = opened();
    assert_int_equal(supervisor.fd, -1);
    assert_true(supervisor_ready(&supervisor));
    assert_true(supervisor_status(&supervisor, "x"));
    supervisor_pat(&supervisor, (mono_ms){1});
    supervisor_close(&supervisor);
}

static void an_address_that_is_none_is_told(void **state)
{
    static const char *const names[] = {"relative", "@", "/",
        "/0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678"};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct supervisor supervisor;
        char message[160] = "";
        setenv("NOTIFY_SOCKET", names[i], 1);
        assert_false(supervisor_open(&supervisor, message));
        assert_non_null(strstr(message, "NOTIFY_SOCKET="));
        assert_true(supervisor_ready(&supervisor));
    }
}

static void a_manager_that_went_or_does_not_read_holds_nobody_up(void **state)
{
    struct manager *manager = *state;
    struct supervisor supervisor = opened();
    bool taken = true;
    for (int i = 0; i < 100000 && taken; i++)
        taken = supervisor_ready(&supervisor);
    assert_false(taken);
    close(manager->fd);
    assert_false(supervisor_ready(&supervisor));
    assert_false(supervisor_status(&supervisor, "again later"));
    assert_string_equal(supervisor.status, "");
    supervisor_close(&supervisor);
    manager->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(ready_and_stopping_are_told, setup, teardown),
        cmocka_unit_test_setup_teardown(a_status_is_told_once_and_stays_one_line, setup, teardown),
        cmocka_unit_test_setup_teardown(signs_of_life_come_at_half_of_what_is_waited_for, setup, teardown),
        cmocka_unit_test_setup_teardown(no_watchdog_no_signs_of_life, setup, teardown),
        cmocka_unit_test_setup_teardown(without_a_manager_nothing_is_said, setup, teardown),
        cmocka_unit_test_setup_teardown(an_address_that_is_none_is_told, setup, teardown),
        cmocka_unit_test_setup_teardown(a_manager_that_went_or_does_not_read_holds_nobody_up, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
