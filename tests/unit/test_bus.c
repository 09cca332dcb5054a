/* Both buses: what is listened to arrives, with its place; what is not does not; peers come and go. */
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <zmq.h>

#include "bus.h"
#include "cursor.h"

struct pair { struct bus *a, *b; struct bus_hub *hub; struct curve *curve; };

static struct slice slice_of(const char *text)
{
    return (struct slice){(const uint8_t *)text, strlen(text)};
}

static struct bus *zmq_new(struct curve *curve)
{
    char message[160];
    struct bus *bus = bus_zmq_new(curve, "tcp://127.0.0.1:*", message);
    if (!bus)
        fail_msg("%s", message);
    return bus;
}

static void meet(struct bus *bus, struct bus *other)
{
    struct member member = {.name = "other", .endpoint = other ? other->functions->endpoint(other) : ""};
    struct member_list list = {&member, other ? 1 : 0};
    bus->functions->meet(bus, &list);
}

/* Waits, at most five seconds, for the next message. */
static bool receive_within(struct bus *bus, struct frame *ret, int tries)
{
    while (!bus->functions->receive(bus, ret)) {
        if (!tries--)
            return false;
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    return true;
}

static void publish_body(struct bus *bus, uint32_t partition, uint64_t seq, const char *type, struct slice body)
{
    const struct place place = {partition, seq, seq * 3, seq * 3 - 3};
    bus->functions->publish(bus, &place, type, body);
}

static void publish(struct bus *bus, uint32_t partition, uint64_t seq, const char *type)
{
    publish_body(bus, partition, seq, type, slice_of("body"));
}

/* A SUB that joins late missed the start: publish until something comes, then drain. */
static void warm_up(struct bus *from, struct bus *to)
{
    struct frame frame;
    to->functions->listen_due(to, 1023, true);
    for (int i = 0; i < 5000; i++) {
        from->functions->publish_due(from, 1023, 1);
        if (receive_within(to, &frame, 1))
            break;
    }
    while (receive_within(to, &frame, 20))
        ;
    to->functions->listen_due(to, 1023, false);
}

static int memory_setup(void **state)
{
    static struct pair pair;
    pair.hub = bus_hub_new();
    pair.a = bus_memory_new(pair.hub);
    pair.b = bus_memory_new(pair.hub);
    *state = &pair;
    return 0;
}

static int zmq_setup(void **state)
{
    static struct pair pair;
    char message[160];
    struct curve *curve = curve_new("", NULL, message);
    pair = (struct pair){.a = zmq_new(curve), .b = zmq_new(curve), .curve = curve};
    pair.b->functions->listen_partition(pair.b, 7, true);
    pair.b->functions->listen_type(pair.b, "case.close");
    pair.b->functions->listen_due(pair.b, 3, true);
    meet(pair.b, pair.a);
    warm_up(pair.a, pair.b);
    *state = &pair;
    return 0;
}

static int teardown(void **state)
{
    struct pair *pair = *state;
    pair->a->functions->free(&pair->a);
    pair->b->functions->free(&pair->b);
    bus_hub_free(&pair->hub);
    curve_free(&pair->curve);
    return 0;
}

static void check_listening(struct bus *a, struct bus *b)
{
    struct frame frame;
    publish(a, 7, 41, "task.opened");
    publish(a, 8, 1, "task.opened");
    publish(a, 8, 2, "case.closed");            /* begins like case.close, is not it */
    publish(a, 8, 3, "case.close");
    a->functions->publish_due(a, 4, 99);
    a->functions->publish_due(a, 3, 1700000000123);
    assert_true(receive_within(b, &frame, 5000));
    assert_int_equal(frame.kind, FRAME_EVENT);
    assert_int_equal(frame.place.partition, 7);
    assert_int_equal(frame.place.seq, 41);
    assert_int_equal(frame.place.id, 123);
    assert_int_equal(frame.place.prev, 120);
    assert_true(slice_is(frame.packed, "body"));
    assert_true(receive_within(b, &frame, 5000));
    assert_int_equal(frame.place.partition, 8);
    assert_int_equal(frame.place.seq, 3);
    assert_true(receive_within(b, &frame, 5000));
    assert_int_equal(frame.kind, FRAME_DUE);
    assert_int_equal(frame.place.partition, 3);
    assert_true(frame.due == 1700000000123);
    b->functions->listen_hint(b, HINT_WORKED);
    warm_up(a, b);
    a->functions->publish_hint(a, &(struct hint){.kind = HINT_CLOCK, .number = 5});
    a->functions->publish_hint(a, &(struct hint){HINT_WORKED, 1023, 4, 0x0102030405060708});
    assert_true(receive_within(b, &frame, 5000));
    assert_int_equal(frame.kind, FRAME_HINT);
    assert_int_equal(frame.hint.kind, HINT_WORKED);
    assert_int_equal(frame.hint.partition, 1023);
    assert_int_equal(frame.hint.detail, 4);
    assert_true(frame.hint.number == 0x0102030405060708);
    assert_false(receive_within(b, &frame, 20));
}

static void test_zmq_listening(void **state)
{
    struct pair *pair = *state;
    check_listening(pair->a, pair->b);
}

static void test_memory_listening(void **state)
{
    struct pair *pair = *state;
    pair->b->functions->listen_partition(pair->b, 7, true);
    pair->b->functions->listen_type(pair->b, "case.close");
    pair->b->functions->listen_due(pair->b, 3, true);
    check_listening(pair->a, pair->b);
}

static void test_nobody_hears_himself(void **state)
{
    struct pair *pair = *state;
    struct frame frame;
    pair->a->functions->listen_partition(pair->a, 7, true);
    meet(pair->a, pair->a);
    publish(pair->a, 7, 1, "task.opened");
    assert_false(receive_within(pair->a, &frame, 50));
}

static void test_zmq_leaves_those_gone(void **state)
{
    struct pair *pair = *state;
    struct frame frame;
    meet(pair->b, NULL);
    publish(pair->a, 7, 1, "task.opened");
    assert_false(receive_within(pair->b, &frame, 50));
    meet(pair->b, pair->a);
    for (uint64_t seq = 2; !receive_within(pair->b, &frame, 1); seq++) {
        assert_true(seq < 5000);
        publish(pair->a, 7, seq, "task.opened");
    }
}

static void test_zmq_fd_tells(void **state)
{
    struct pair *pair = *state;
    struct frame frame;
    struct pollfd fd = {.fd = bus_zmq_fd(pair->b), .events = POLLIN};
    for (uint64_t seq = 1; seq <= 100; seq++) {
        while (pair->b->functions->receive(pair->b, &frame))
            ;
        assert_false(bus_zmq_unseen(pair->b));
        publish(pair->a, 7, seq, "task.opened");
        bool told = false;
        while (!told && poll(&fd, 1, 5000) > 0)     /* it may become readable for less than a message */
            told = pair->b->functions->receive(pair->b, &frame);
        assert_true(told);
    }
}

/* Whatever touches the socket may swallow the edge: what waits is told all the same. */
static void test_zmq_tells_what_the_fd_does_not(void **state)
{
    struct pair *pair = *state;
    struct frame frame;
    while (pair->b->functions->receive(pair->b, &frame))
        ;
    publish(pair->a, 7, 1, "task.opened");
    for (int i = 0; !bus_zmq_unseen(pair->b); i++) {
        assert_true(i < 5000);
        pair->b->functions->listen_due(pair->b, 9, i % 2 == 0);
        poll(NULL, 0, 1);
    }
    assert_true(pair->b->functions->receive(pair->b, &frame));
}

/* Whoever else publishes on a socket of this machine can't make us take what is no frame. */
static void test_zmq_passes_over_what_is_no_frame(void **state)
{
    struct pair *pair = *state;
    struct frame frame;
    char endpoint[128];
    size_t bytes = sizeof endpoint;
    void *context = zmq_ctx_new(), *forger = zmq_socket(context, ZMQ_PUB);
    int linger = 0;
    zmq_setsockopt(forger, ZMQ_LINGER, &linger, sizeof linger);
    assert_int_equal(zmq_bind(forger, "tcp://127.0.0.1:*"), 0);
    zmq_getsockopt(forger, ZMQ_LAST_ENDPOINT, endpoint, &bytes);
    struct member member = {.name = "forger", .endpoint = endpoint};
    pair->b->functions->meet(pair->b, &(struct member_list){&member, 1});
    static const int shapes[][4] = {{1, 0, 0, 0}, {2, 28, 0, 0}, {3, 27, 4, 0}, {3, 28, 0, 0}, {4, 28, 4, 4}};
    char filler[64] = "";
    for (int round = 0; round < 20; round++) {
        for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
            zmq_send(forger, "p/0007/", 7, shapes[i][0] > 1 ? ZMQ_SNDMORE : 0);
            for (int part = 1; part < shapes[i][0]; part++)
                zmq_send(forger, filler, (size_t)shapes[i][part], part + 1 < shapes[i][0] ? ZMQ_SNDMORE : 0);
        }
        assert_false(receive_within(pair->b, &frame, 5));
    }
    zmq_close(forger);
    zmq_ctx_term(context);
}

/* What one that reads has of the messages that waited for it. */
static int messages_waiting(void *sub)
{
    int count = 0;
    zmq_msg_t part;
    zmq_msg_init(&part);
    for (zmq_pollitem_t item = {sub, 0, ZMQ_POLLIN, 0}; zmq_poll(&item, 1, 100) > 0;)
        if (zmq_msg_recv(&part, sub, 0) >= 0 && !zmq_msg_more(&part))
            count++;
    zmq_msg_close(&part);
    return count;
}

/* One that does not read fills its own queue, and what is over is dropped; the publisher and all others go on. */
static void test_zmq_one_that_lags_slows_nobody(void **state)
{
    enum { MESSAGES = 100000, WINDOW = 1000 };      /* far more than QUEUE_MESSAGES_MAX and what sockets buffer */
    static uint8_t body[1024];
    struct pair *pair = *state;
    struct frame frame;
    int one = 1, linger = 0;
    void *context = zmq_ctx_new(), *sleeper = zmq_socket(context, ZMQ_SUB);
    zmq_setsockopt(sleeper, ZMQ_LINGER, &linger, sizeof linger);
    zmq_setsockopt(sleeper, ZMQ_RCVHWM, &one, sizeof one);
    zmq_setsockopt(sleeper, ZMQ_SUBSCRIBE, "p/0007/", 7);
    assert_int_equal(zmq_connect(sleeper, pair->a->functions->endpoint(pair->a)), 0);
    for (zmq_pollitem_t item = {sleeper, 0, ZMQ_POLLIN, 0}; zmq_poll(&item, 1, 1) < 1;)
        publish(pair->a, 7, 1, "task.opened");      /* it is there, and reads no more from here on */
    while (receive_within(pair->b, &frame, 20))
        ;
    for (uint64_t seq = 2; seq <= MESSAGES; seq++) {
        publish_body(pair->a, 7, seq, "task.opened", (struct slice){body, sizeof body});
        if (seq % WINDOW)
            continue;
        do
            assert_true(receive_within(pair->b, &frame, 5000));
        while (frame.place.seq < seq);
    }
    assert_in_range(messages_waiting(sleeper), 1, MESSAGES - 2);
    zmq_close(sleeper);
    zmq_ctx_term(context);
}

static void test_zmq_stays_on_this_machine(void **state)
{
    (void)state;
    char message[160] = "";
    struct curve *curve = curve_new("", NULL, message);
    static const char *const beyond[] = {"tcp://0.0.0.0:*", "tcp://*:5555", "tcp://192.168.1.5:5555",
                                         "tcp://127.0.0.2:*", "udp://127.0.0.1:1"};
    for (size_t i = 0; i < sizeof beyond / sizeof *beyond; i++) {
        assert_null(bus_zmq_new(curve, beyond[i], message));
        assert_non_null(strstr(message, "without keys"));
    }
    curve_free(&curve);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_zmq_listening, zmq_setup, teardown),
        cmocka_unit_test_setup_teardown(test_memory_listening, memory_setup, teardown),
        cmocka_unit_test_setup_teardown(test_nobody_hears_himself, zmq_setup, teardown),
        cmocka_unit_test_setup_teardown(test_nobody_hears_himself, memory_setup, teardown),
        cmocka_unit_test_setup_teardown(test_zmq_leaves_those_gone, zmq_setup, teardown),
        cmocka_unit_test_setup_teardown(test_zmq_fd_tells, zmq_setup, teardown),
        cmocka_unit_test_setup_teardown(test_zmq_tells_what_the_fd_does_not, zmq_setup, teardown),
        cmocka_unit_test_setup_teardown(test_zmq_passes_over_what_is_no_frame, zmq_setup, teardown),
        cmocka_unit_test_setup_teardown(test_zmq_one_that_lags_slows_nobody, zmq_setup, teardown),
        cmocka_unit_test(test_zmq_stays_on_this_machine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
