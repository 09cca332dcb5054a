/* Who comes in over ZeroMQ: the files of keys, each kind of door, keys that come and go while it is open. */
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <zmq.h>

#include "bus.h"
#include "curve_parts.h"
#include "log.h"

enum { TRIES_MAX = 5000 };

/* -------- an installation's directory */

struct folder { char dir[64]; struct curve *curve; struct curve_pair own; void *socket; struct bus *bus; };

static void allow(const struct folder *folder, const char *name, const struct curve_pair *pair, const char *may)
{
    char message[160] = "";
    if (!curve_allow(folder->dir, name, pair->public, may, message))
        fail_msg("%s", message);
}

static void withdraw(const struct folder *folder, const char *name)
{
    char path[160];
    snprintf(path, sizeof path, "%s/allowed/%s.pub", folder->dir, name);
    assert_int_equal(unlink(path), 0);
}

static void write_text(const struct folder *folder, const char *file, const char *text, mode_t mode)
{
    char path[160];
    snprintf(path, sizeof path, "%s/%s", folder->dir, file);
    FILE *to = fopen(path, "w");
    assert_non_null(to);
    fputs(text, to);
    fclose(to);
    chmod(path, mode);
}

static struct curve *curve_opened(const char *dir)
{
    char message[160] = "";
    struct curve *curve = curve_new(dir, NULL, message);
    if (!curve)
        fail_msg("%s", message);
    curve->handshake_ms = 300;          /* refusals are to come soon */
    return curve;
}

static void folder_make(struct folder *folder)
{
    char path[96], message[160];
    *folder = (struct folder){.dir = "/tmp/careline-curve-XXXXXX"};
    assert_non_null(mkdtemp(folder->dir));
    snprintf(path, sizeof path, "%s/allowed", folder->dir);
    mkdir(path, 0700);
    snprintf(path, sizeof path, "%s/own.key", folder->dir);
    curve_pair_make(&folder->own);
    assert_true(curve_pair_write(path, &folder->own, 0600, message));
    allow(folder, "own", &folder->own, "daemon");
}

static int folder_remove(struct folder *folder)
{
    char command[128];
    if (folder->socket)
        zmq_close(folder->socket);
    if (folder->bus)
        folder->bus->functions->free(&folder->bus);
    curve_free(&folder->curve);
    snprintf(command, sizeof command, "rm -rf %.64s", folder->dir);
    return system(command);
}

static int setup(void **state)
{
    static struct folder folder;
    folder_make(&folder);
    *state = &folder;
    return 0;
}

static int teardown(void **state)
{
    return folder_remove(*state);
}

/* -------- the files */

static void test_rights(void **state)
{
    (void)state;
    static const struct { const char *text; unsigned rights; } cases[] = {
        {"daemon", CURVE_DAEMON}, {"listen, consume", CURVE_LISTEN | CURVE_CONSUME},
        {" post\tdaemon ", CURVE_POST | CURVE_DAEMON}, {"", 0}, {"daemons", 0}, {"daemo", 0}, {"listen everything", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(curve_rights_parse(cases[i].text), cases[i].rights);
}

static void test_secret_is_kept(void **state)
{
    struct folder *folder = *state;
    struct curve_pair read;
    struct stat about;
    char path[96], message[160] = "";
    snprintf(path, sizeof path, "%s/own.key", folder->dir);
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
    assert_true(curve_pair_read(path, &read, message));
    assert_string_equal(read.public, folder->own.public);
    assert_false(curve_pair_write(path, &folder->own, 0600, message));        /* a key is never written over */
    assert_non_null(strstr(message, "exists"));
    chmod(path, 0604);
    assert_false(curve_pair_read(path, &read, message));
    assert_non_null(strstr(message, "everybody"));
    write_text(folder, "own.key", "secret none\n", 0600);
    assert_false(curve_pair_read(path, &read, message));
}

static void test_a_wrong_file_lets_nobody_in(void **state)
{
    struct folder *folder = *state;
    static const char *const wrong[] = {"", "public x\nmay daemon\n", "may daemon\n"};
    struct curve_list list;
    struct curve_pair other;
    char message[160], text[128];
    curve_pair_make(&other);
    for (size_t i = 0; i <= sizeof wrong / sizeof *wrong; i++) {
        snprintf(text, sizeof text, "public %s\nmay everything\n", other.public);
        write_text(folder, "allowed/other.pub", i < sizeof wrong / sizeof *wrong ? wrong[i] : text, 0644);
        assert_true(curve_list_read(folder->dir, &list, message));
        assert_int_equal(list.count, 1);
        assert_non_null(strstr(list.fault, "other.pub"));
        curve_list_free(&list);
    }
    snprintf(text, sizeof text, "# of the reports' team\n\n  public\t%s \nmay listen consume\n", other.public);
    write_text(folder, "allowed/other.pub", text, 0644);
    assert_true(curve_list_read(folder->dir, &list, message));
    assert_int_equal(list.count, 2);
    assert_string_equal(list.fault, "");
    curve_list_free(&list);
}

static void test_what_is_withdrawn(void **state)
{
    struct folder *folder = *state;
    static const struct { const char *before, *now; unsigned withdrawn; } cases[] = {
        {NULL, "listen", 0},
        {"listen", "listen", 0},
        {"listen", "listen post", 0},
        {"listen post", "listen", CURVE_POST},
        {"consume post", "daemon", CURVE_CONSUME | CURVE_POST},
        {"daemon", NULL, CURVE_DAEMON},
    };
    struct curve_pair other;
    char message[160];
    curve_pair_make(&other);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct curve_list before, now;
        if (cases[i].before)
            allow(folder, "other", &other, cases[i].before);
        assert_true(curve_list_read(folder->dir, &before, message));
        if (cases[i].now)
            allow(folder, "other", &other, cases[i].now);
        else
            withdraw(folder, "other");
        assert_true(curve_list_read(folder->dir, &now, message));
        assert_int_equal(curve_list_withdrawn(&before, &now), cases[i].withdrawn);
        curve_list_free(&before);
        curve_list_free(&now);
        if (cases[i].now)
            withdraw(folder, "other");
    }
}

static void test_a_daemon_needs_its_keys(void **state)
{
    struct folder *folder = *state;
    char message[160] = "";
    withdraw(folder, "own");
    assert_null(curve_new(folder->dir, NULL, message));
    assert_non_null(strstr(message, folder->own.public));
    allow(folder, "own", &folder->own, "post listen consume");
    assert_null(curve_new(folder->dir, NULL, message));
    assert_null(curve_new("/nowhere", NULL, message));
    assert_non_null(strstr(message, "/nowhere/own.key"));
}

/* -------- doors */

static const struct { int type, peer_type; const char *may; } kinds[CURVE_KIND_COUNT] = {
    [CURVE_BUS] = {ZMQ_PUB, ZMQ_SUB, "listen"},
    [CURVE_FACTS] = {ZMQ_ROUTER, ZMQ_DEALER, "post"},
    [CURVE_REPLAY] = {ZMQ_ROUTER, ZMQ_DEALER, "consume"},
};

/* The door is the folder's only one; what was there before is closed. */
static void *socket_next(struct folder *folder, int type)
{
    int linger = 0;
    if (folder->socket)
        zmq_close(folder->socket);
    folder->socket = zmq_socket(curve_context(folder->curve), type);
    zmq_setsockopt(folder->socket, ZMQ_LINGER, &linger, sizeof linger);
    return folder->socket;
}

static void door_open(struct folder *folder, struct curve_door *door, enum curve_kind kind)
{
    char message[160] = "";
    void *socket = socket_next(folder, kinds[kind].type);
    if (!curve_door_open(folder->curve, door, socket, kind, "tcp://127.0.0.2:*", message))
        fail_msg("%s", message);
}

struct visitor { void *context, *socket, *monitor; };

/* `pair` NULL: without a key. */
static struct visitor visitor_new(struct folder *folder, const struct curve_door *door, const struct curve_pair *pair)
{
    struct visitor visitor = {.context = zmq_ctx_new()};
    int linger = 0, retry_ms = 10;
    visitor.socket = zmq_socket(visitor.context, kinds[door->kind].peer_type);
    visitor.monitor = zmq_socket(visitor.context, ZMQ_PAIR);
    zmq_setsockopt(visitor.socket, ZMQ_LINGER, &linger, sizeof linger);
    zmq_setsockopt(visitor.socket, ZMQ_RECONNECT_IVL, &retry_ms, sizeof retry_ms);
    if (pair) {
        zmq_setsockopt(visitor.socket, ZMQ_CURVE_SERVERKEY, folder->own.public, CURVE_KEY_DIGITS + 1);
        zmq_setsockopt(visitor.socket, ZMQ_CURVE_PUBLICKEY, pair->public, CURVE_KEY_DIGITS + 1);
        zmq_setsockopt(visitor.socket, ZMQ_CURVE_SECRETKEY, pair->secret, CURVE_KEY_DIGITS + 1);
    }
    zmq_socket_monitor(visitor.socket, "inproc://seen", ZMQ_EVENT_ALL);
    zmq_connect(visitor.monitor, "inproc://seen");
    assert_int_equal(zmq_connect(visitor.socket, door->endpoint), 0);
    return visitor;
}

static void visitor_free(struct visitor *visitor)
{
    zmq_socket_monitor(visitor->socket, NULL, 0);
    zmq_close(visitor->monitor);
    zmq_close(visitor->socket);
    zmq_ctx_term(visitor->context);
}

/* What a daemon does all the time: without calls into the socket no session ends. */
static void door_serve(struct folder *folder, struct curve_door *door)
{
    int events;
    size_t bytes = sizeof events;
    curve_door_watch(folder->curve, door);
    zmq_getsockopt(door->socket, ZMQ_EVENTS, &events, &bytes);
}

/* The next of these events; 0: none within five seconds. */
static int visitor_sees(struct folder *folder, struct curve_door *door, struct visitor *visitor, int events)
{
    uint8_t about[6];
    char address[256];
    for (int tries = 0; tries < TRIES_MAX; tries++) {
        zmq_pollitem_t item = {visitor->monitor, 0, ZMQ_POLLIN, 0};
        uint16_t event = 0;
        door_serve(folder, door);
        if (zmq_poll(&item, 1, 1) < 1)
            continue;
        assert_int_equal(zmq_recv(visitor->monitor, about, sizeof about, 0), sizeof about);
        memcpy(&event, about, sizeof event);
        zmq_recv(visitor->monitor, address, sizeof address, 0);
        if (event & events)
            return event;
    }
    return 0;
}

enum {
    LET_IN = ZMQ_EVENT_HANDSHAKE_SUCCEEDED,
    GONE = ZMQ_EVENT_DISCONNECTED,
    REFUSED = ZMQ_EVENT_HANDSHAKE_FAILED_AUTH | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
              ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL
};

static bool is_let_in(struct folder *folder, struct curve_door *door, const struct curve_pair *pair)
{
    struct visitor visitor = visitor_new(folder, door, pair);
    int seen = visitor_sees(folder, door, &visitor, REFUSED | LET_IN);
    assert_int_not_equal(seen, 0);
    visitor_free(&visitor);
    return seen == LET_IN;
}

static void test_each_door_has_its_right(void **state)
{
    struct folder *folder = *state;
    struct curve_pair pairs[CURVE_KIND_COUNT], unknown;
    curve_pair_make(&unknown);
    for (int i = 0; i < CURVE_KIND_COUNT; i++) {
        curve_pair_make(&pairs[i]);
        allow(folder, kinds[i].may, &pairs[i], kinds[i].may);
    }
    folder->curve = curve_opened(folder->dir);
    for (int kind = 0; kind < CURVE_KIND_COUNT; kind++) {
        struct curve_door door;
        door_open(folder, &door, (enum curve_kind)kind);
        for (int i = 0; i < CURVE_KIND_COUNT; i++)
            assert_int_equal(is_let_in(folder, &door, &pairs[i]), i == kind);
        assert_int_equal(is_let_in(folder, &door, &folder->own), kind == CURVE_BUS);
        assert_false(is_let_in(folder, &door, &unknown));
        assert_false(is_let_in(folder, &door, NULL));
    }
}

/* Until the directory as it is now has been read. */
static void reload(struct folder *folder, const struct curve_pair *pair, bool known)
{
    uint8_t key[CURVE_KEY_BYTES];
    assert_true(curve_key_decode(pair->public, key));
    curve_reload(folder->curve);
    for (int tries = 0;; tries++) {
        pthread_mutex_lock(&folder->curve->lock);
        bool is_known = curve_list_find(&folder->curve->list, key);
        pthread_mutex_unlock(&folder->curve->lock);
        if (is_known == known)
            return;
        assert_true(tries < TRIES_MAX);
        poll(NULL, 0, 1);
    }
}

static void test_keys_come_and_go(void **state)
{
    struct folder *folder = *state;
    struct curve_pair guest, other;
    folder->curve = curve_opened(folder->dir);
    curve_pair_make(&guest);
    curve_pair_make(&other);
    for (int kind = 0; kind < CURVE_KIND_COUNT; kind++) {
        struct curve_door door;
        door_open(folder, &door, (enum curve_kind)kind);
        assert_false(is_let_in(folder, &door, &guest));
        allow(folder, "guest", &guest, kinds[kind].may);
        allow(folder, "other", &other, kinds[kind].may);
        reload(folder, &guest, true);
        reload(folder, &other, true);
        struct visitor withdrawn = visitor_new(folder, &door, &guest), stays = visitor_new(folder, &door, &other);
        assert_int_equal(visitor_sees(folder, &door, &withdrawn, REFUSED | LET_IN), LET_IN);
        assert_int_equal(visitor_sees(folder, &door, &stays, REFUSED | LET_IN | GONE), LET_IN);
        withdraw(folder, "guest");
        reload(folder, &guest, false);
        assert_int_equal(visitor_sees(folder, &door, &withdrawn, GONE), GONE);
        assert_true(visitor_sees(folder, &door, &withdrawn, REFUSED | LET_IN) & REFUSED);
        assert_int_equal(visitor_sees(folder, &door, &stays, GONE), GONE);
        assert_int_equal(visitor_sees(folder, &door, &stays, REFUSED | LET_IN), LET_IN);
        visitor_free(&withdrawn);
        visitor_free(&stays);
        withdraw(folder, "other");
        reload(folder, &other, false);
    }
}

/* With nobody to ask, libzmq lets in whoever has any pair of keys. */
static void test_a_door_without_its_porter_is_not_opened(void **state)
{
    struct folder *folder = *state;
    char message[160] = "";
    struct curve_door door;
    folder->curve = curve_opened(folder->dir);
    for (int kind = 0; kind < CURVE_KIND_COUNT; kind++) {
        door_open(folder, &door, (enum curve_kind)kind);
        assert_false(is_let_in(folder, &door, NULL));
    }
    curve_porter_stop(folder->curve);
    for (int kind = 0; kind < CURVE_KIND_COUNT; kind++) {
        void *socket = socket_next(folder, kinds[kind].type);
        assert_false(curve_door_open(folder->curve, &door, socket, (enum curve_kind)kind, "tcp://127.0.0.2:*", message));
        assert_non_null(strstr(message, "lets in a key that nobody knows"));
    }
}

static void test_a_door_that_lets_in_strangers_is_not_opened(void **state)
{
    struct folder *folder = *state;
    char message[160] = "";
    struct curve_door door;
    folder->curve = curve_opened(folder->dir);
    allow(folder, "stranger", &folder->curve->stranger, "listen");
    reload(folder, &folder->curve->stranger, true);
    void *socket = socket_next(folder, ZMQ_PUB);
    assert_false(curve_door_open(folder->curve, &door, socket, CURVE_BUS, "tcp://127.0.0.2:*", message));
    assert_non_null(strstr(message, "lets in a key that nobody knows"));
}

static void test_a_door_of_ipv6(void **state)
{
    struct folder *folder = *state;
    char message[160] = "";
    struct curve_door door;
    folder->curve = curve_opened(folder->dir);
    if (access("/proc/net/if_inet6", R_OK))
        skip();
    if (!curve_door_open(folder->curve, &door, socket_next(folder, ZMQ_PUB), CURVE_BUS, "tcp://[::1]:*", message))
        fail_msg("%s", message);
    assert_int_equal(strncmp(door.endpoint, "tcp://[::1]:", 12), 0);
}

static void test_doors_have_addresses_that_others_reach(void **state)
{
    struct folder *folder = *state;
    char message[160] = "";
    struct curve_door door;
    static const char *const everywhere[] = {"tcp://*:*", "tcp://0.0.0.0:5555", "tcp://[::]:5555"};
    folder->curve = curve_opened(folder->dir);
    void *socket = socket_next(folder, ZMQ_PUB);
    for (size_t i = 0; i < sizeof everywhere / sizeof *everywhere; i++) {
        assert_false(curve_door_open(folder->curve, &door, socket, CURVE_BUS, everywhere[i], message));
        assert_non_null(strstr(message, "name the address"));
    }
}

/* -------- two machines on the bus */

static void meet(struct bus *bus, struct bus *other, const char *key)
{
    char details[128];
    snprintf(details, sizeof details, "{\"key\":\"%s\"}", key);
    struct member member = {.name = "other", .endpoint = other->functions->endpoint(other), .details = details};
    bus->functions->meet(bus, &(struct member_list){&member, 1});
}

/* Publishes until something comes, for at most `tries` milliseconds. */
static bool hears(struct bus *from, struct bus *to, int tries)
{
    const struct place place = {7, 1, 3, 0};
    struct frame frame;
    while (tries-- > 0) {
        from->functions->publish(from, &place, "task.opened", (struct slice){(const uint8_t *)"body", 4});
        if (to->functions->receive(to, &frame))
            return true;
        poll(NULL, 0, 1);
    }
    return false;
}

static void drain(struct bus *bus)
{
    struct frame frame;
    struct pollfd fd = {.fd = bus_zmq_fd(bus), .events = POLLIN};
    do {
        while (bus->functions->receive(bus, &frame))
            ;
    } while (poll(&fd, 1, 50) > 0 || bus_zmq_unseen(bus));
}

static void bus_open(struct folder *folder, const char *address)
{
    char message[160];
    folder->curve = curve_opened(folder->dir);
    folder->bus = bus_zmq_new(folder->curve, address, message);
    if (!folder->bus)
        fail_msg("%s", message);
}

static int machines_setup(void **state)
{
    static struct folder machines[2];
    folder_make(&machines[0]);
    folder_make(&machines[1]);
    allow(&machines[0], "b", &machines[1].own, "daemon");
    allow(&machines[1], "a", &machines[0].own, "daemon");
    bus_open(&machines[0], "tcp://127.0.0.2:*");
    bus_open(&machines[1], "tcp://127.0.0.3:*");
    machines[1].bus->functions->listen_partition(machines[1].bus, 7, true);
    *state = machines;
    return 0;
}

static int machines_teardown(void **state)
{
    struct folder *machines = *state;
    return folder_remove(&machines[0]) | folder_remove(&machines[1]);
}

static void test_who_is_listened_to(void **state)
{
    struct folder *a = *state, *b = a + 1;
    meet(b->bus, a->bus, b->own.public);        /* another key than it has: nothing comes of it */
    assert_false(hears(a->bus, b->bus, 100));
    meet(b->bus, a->bus, "");                   /* and with none at all it is not connected to */
    assert_false(hears(a->bus, b->bus, 50));
    meet(b->bus, a->bus, a->own.public);
    assert_true(hears(a->bus, b->bus, TRIES_MAX));
    allow(b, "a", &a->own, "listen");           /* no longer a daemon's key */
    curve_reload(b->curve);
    for (int tries = 0; curve_trusts(b->curve, "", a->own.public); tries++) {
        assert_true(tries < TRIES_MAX);
        poll(NULL, 0, 1);
    }
    meet(b->bus, a->bus, a->own.public);
    drain(b->bus);
    assert_false(hears(a->bus, b->bus, 300));
}

static void test_who_may_listen(void **state)
{
    struct folder *a = *state, *b = a + 1;
    meet(b->bus, a->bus, a->own.public);
    assert_true(hears(a->bus, b->bus, TRIES_MAX));
    withdraw(a, "b");
    reload(a, &b->own, false);
    meet(a->bus, b->bus, b->own.public);
    drain(b->bus);
    assert_false(hears(a->bus, b->bus, 300));
    allow(a, "b", &b->own, "daemon");
    reload(a, &b->own, true);
    assert_true(hears(a->bus, b->bus, TRIES_MAX));
    struct curve_pair guest;                    /* another's key goes: b is cut off with all, and comes back */
    curve_pair_make(&guest);
    allow(a, "guest", &guest, "listen");
    reload(a, &guest, true);
    withdraw(a, "guest");
    reload(a, &guest, false);
    meet(a->bus, b->bus, b->own.public);
    drain(b->bus);
    assert_true(hears(a->bus, b->bus, TRIES_MAX));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rights),
        cmocka_unit_test_setup_teardown(test_secret_is_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_wrong_file_lets_nobody_in, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_is_withdrawn, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_daemon_needs_its_keys, setup, teardown),
        cmocka_unit_test_setup_teardown(test_each_door_has_its_right, setup, teardown),
        cmocka_unit_test_setup_teardown(test_keys_come_and_go, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_door_without_its_porter_is_not_opened, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_door_that_lets_in_strangers_is_not_opened, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_door_of_ipv6, setup, teardown),
        cmocka_unit_test_setup_teardown(test_doors_have_addresses_that_others_reach, setup, teardown),
        cmocka_unit_test_setup_teardown(test_who_is_listened_to, machines_setup, machines_teardown),
        cmocka_unit_test_setup_teardown(test_who_may_listen, machines_setup, machines_teardown),
    };
    log_start("test", LEVEL_NONE);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
