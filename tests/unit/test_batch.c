/* What becomes of accepted facts: one answer each, in lots that are filled while another is with the store. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <poll.h>

#include <cmocka.h>

#include "../../services/intake/batch.h"
#include "../../services/intake/credential.h"
#include "random.h"

enum { PARTITIONS = 8, WAIT_MS = 10000 };

struct rig {
    struct arena *arena;
    struct acceptor acceptor;
    struct credential credential;
    struct dice dice;
    struct bus_hub *hub;
    struct bus *bus;
    struct batch *batch;
    int fate;                       /* of the store's calls */
    size_t finished;
};

/* One request of one event. */
struct request {
    struct origin origin;
    struct taken taken;
    struct rig *rig;
};

static int fate_of(void *context, const char *call)
{
    (void)call;
    return ((struct rig *)context)->fate;
}

static int setup(void **state)
{
    struct rig *rig = test_calloc(1, sizeof *rig);
    struct store *store = store_memory_new(PARTITIONS);
    rig->arena = arena_new();
    rig->dice = dice_of(1);
    rig->hub = bus_hub_new();
    rig->bus = bus_memory_new(rig->hub);
    rig->acceptor = (struct acceptor){.sealer = sealer_memory_new(), .partitions = PARTITIONS, .now = 1772784000000,
                                      .random = dice_chance, .random_context = &rig->dice};
    credential_of(NULL, NULL, "li-na", "agent", rig->arena, &rig->credential);
    store_memory_fault(store, fate_of, rig);
    rig->batch = batch_new(store, rig->bus, rig->acceptor.sealer);
    *state = rig;
    return 0;
}

static int teardown(void **state)
{
    struct rig *rig = *state;
    batch_free(&rig->batch);
    rig->bus->functions->free(&rig->bus);
    bus_hub_free(&rig->hub);
    sealer_free(&rig->acceptor.sealer);
    arena_free(&rig->arena);
    test_free(rig);
    return 0;
}

static void finish(struct origin *origin)
{
    ((struct request *)origin)->rig->finished++;
}

static struct request *request_add(struct rig *rig, int number, const char *model)
{
    struct request *request = arena_alloc(rig->arena, sizeof *request);
    struct accepted *accepted = arena_alloc(rig->arena, sizeof *accepted);
    struct refusal refusal;
    json_t *json = json_pack("{s:s, s:s, s:s, s:s, s:{s:s, s:s, s:s}}", "id", arena_printf(rig->arena, "JC%d", number), "source",
                             "dms", "type", "car.delivered", "site", arena_printf(rig->arena, "shop-%d", number % 20), "data",
                             "order", arena_printf(rig->arena, "JC%d", number), "mobile", "13800000001", "model", model);
    *request = (struct request){.origin = {&request->taken, 1, 1, finish}, .rig = rig};
    assert_true(accept_event(&rig->acceptor, &rig->credential, FACT, json, rig->arena, accepted, &refusal));
    batch_add(rig->batch, &request->origin, 0, accepted);
    json_decref(json);
    return request;
}

static void test_each_is_answered_once(void **state)
{
    struct rig *rig = *state;
    struct request *requests[100];
    for (int i = 0; i < 100; i++)
        requests[i] = request_add(rig, i, "CS75");
    batch_finish(rig->batch);
    assert_int_equal(rig->finished, 100);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(requests[i]->taken.status, TAKEN_NEW);
        assert_true(requests[i]->taken.place.seq);
    }
    assert_int_equal(batch_total(rig->batch, TAKEN_NEW), 100);
}

static void test_the_same_again_is_known_and_another_a_conflict(void **state)
{
    struct rig *rig = *state;
    struct request *first = request_add(rig, 1, "CS75");
    batch_flush(rig->batch);
    struct request *again = request_add(rig, 1, "CS75"), *other = request_add(rig, 1, "UNI-K");
    batch_finish(rig->batch);
    assert_int_equal(first->taken.status, TAKEN_NEW);
    assert_int_equal(again->taken.status, TAKEN_KNOWN);
    assert_int_equal(again->taken.place.seq, first->taken.place.seq);
    assert_int_equal(other->taken.status, TAKEN_CONFLICT);
    assert_int_equal(other->taken.refusal.status, 409);
}

static void test_nothing_is_answered_before_the_store_has(void **state)
{
    struct rig *rig = *state;
    struct pollfd answered = {.fd = batch_fd(rig->batch), .events = POLLIN};
    request_add(rig, 1, "CS75");
    assert_int_equal(rig->finished, 0);
    batch_flush(rig->batch);
    assert_int_equal(rig->finished, 0);
    assert_int_equal(poll(&answered, 1, WAIT_MS), 1);
    batch_collect(rig->batch);
    assert_int_equal(rig->finished, 1);
    assert_int_equal(poll(&answered, 1, 0), 0);
}

static void test_what_the_store_does_not_take_is_busy(void **state)
{
    static const struct { int fate; const char *error; } cases[] = {
        {FATE_GONE, "the store does not answer"}, {FATE_FULL, "the store is full"}
    };
    struct rig *rig = *state;
    for (int i = 0; i < 2; i++) {
        rig->fate = cases[i].fate;
        struct request *request = request_add(rig, i, "CS75");
        batch_finish(rig->batch);
        assert_int_equal(request->taken.status, TAKEN_BUSY);
        assert_int_equal(request->taken.refusal.status, 503);
        assert_string_equal(request->taken.refusal.error, cases[i].error);
    }
    rig->fate = FATE_DONE;
    struct request *request = request_add(rig, 0, "CS75");
    batch_finish(rig->batch);
    assert_int_equal(request->taken.status, TAKEN_NEW);
}

/* More than two lots: whoever adds to a full batch waits until there is room. */
static void test_a_full_batch_waits_for_the_store(void **state)
{
    struct rig *rig = *state;
    enum { MANY = 3 * BATCH_WAITING_MAX };
    for (int i = 0; i < MANY; i++) {
        request_add(rig, i, "CS75");
        if (batch_is_full(rig->batch))
            batch_flush(rig->batch);
        assert_false(batch_is_full(rig->batch));
    }
    batch_finish(rig->batch);
    assert_int_equal(rig->finished, MANY);
    assert_int_equal(batch_total(rig->batch, TAKEN_NEW), MANY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_each_is_answered_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_same_again_is_known_and_another_a_conflict, setup, teardown),
        cmocka_unit_test_setup_teardown(test_nothing_is_answered_before_the_store_has, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_the_store_does_not_take_is_busy, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_full_batch_waits_for_the_store, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
