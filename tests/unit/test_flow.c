/* The library for consumers: which frame is the next one, when the log must be asked, which places are remembered. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "../../proto/consumer/flow.h"

enum { NOW = 1000 };

/* Ids are 100 + seq in this history. */
static struct careline_place place(uint64_t seq)
{
    return (struct careline_place){7, seq, 100 + seq, seq > 1 ? 99 + seq : 0};
}

static struct mark mark(uint64_t seq)
{
    return (struct mark){seq, seq ? 100 + seq : 0};
}

static void frames_are_told_apart(void **state)
{
    (void)state;
    static const struct { struct careline_place place; enum fit fit; uint64_t last; bool at_once, later; } cases[] = {
        {{7, 6, 106, 105}, FIT_TAKEN, 6, false, false},
        {{7, 5, 105, 104}, FIT_OLD, 5, false, false},
        {{7, 3, 103, 102}, FIT_OLD, 5, false, false},
        {{7, 8, 108, 107}, FIT_LATER, 5, false, true},      /* those before it may be on their way */
        {{7, 6, 900, 899}, FIT_LATER, 5, true, true},       /* another history */
        {{7, 5, 900, 104}, FIT_LATER, 5, true, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct flow flow;
        flow_start(&flow, 7, mark(5));
        assert_int_equal(flow_offer(&flow, &cases[i].place, NOW), cases[i].fit);
        assert_int_equal(flow.last.seq, cases[i].last);
        assert_int_equal(flow_wants_log(&flow, NOW), cases[i].at_once);
        assert_int_equal(flow_wants_log(&flow, NOW + FLOW_HOLD_MS), cases[i].later);
    }
}

static void a_late_frame_spares_the_log(void **state)
{
    (void)state;
    struct flow flow;
    struct careline_place first = place(6), second = place(7);
    flow_start(&flow, 7, mark(5));
    flow_offer(&flow, &second, NOW);
    assert_int_equal(flow_offer(&flow, &first, NOW + 1), FIT_TAKEN);
    assert_true(flow.behind);                   /* the second one was not kept */
    flow_page_end(&flow, mark(7), 7);
    assert_false(flow.behind);
    assert_int_equal(flow_offer(&flow, &second, NOW + 2), FIT_OLD);
}

static void the_tail_tells_what_is_missing(void **state)
{
    (void)state;
    static const struct { struct mark head; bool at_once, later; } cases[] = {
        {{5, 105}, false, false}, {{9, 109}, false, true}, {{5, 900}, true, true}, {{4, 104}, true, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct flow flow;
        flow_start(&flow, 7, mark(5));
        flow_head(&flow, cases[i].head, NOW);
        assert_int_equal(flow_wants_log(&flow, NOW), cases[i].at_once);
        assert_int_equal(flow_wants_log(&flow, NOW + FLOW_HOLD_MS), cases[i].later);
    }
}

static void pages_go_on_until_the_head(void **state)
{
    (void)state;
    struct flow flow;
    flow_start(&flow, 7, mark(0));
    flow_page_end(&flow, mark(512), 2000);
    assert_true(flow_wants_log(&flow, NOW));
    flow_page_end(&flow, mark(2000), 2000);
    assert_false(flow_wants_log(&flow, NOW));
}

static void a_cut_takes_back_what_was_done(void **state)
{
    (void)state;
    struct flow flow;
    flow_start(&flow, 7, mark(0));
    for (uint64_t seq = 1; seq <= 20; seq++)
        flow_advance(&flow, mark(seq));
    flow.given = flow.done = flow.told = mark(20);
    flow_reset(&flow, mark(15));
    assert_int_equal(flow.last.seq, 15);
    assert_int_equal(flow_acknowledged(&flow).seq, 15);
    assert_int_not_equal(flow.told.seq, 15);    /* it is to be told */
    assert_true(flow_wants_log(&flow, NOW));
    assert_int_equal(flow.trail.at[flow.trail.count - 1].seq, 15);
    flow_reset(&flow, (struct mark){15, 999});  /* the same number in another history */
    assert_int_equal(flow.trail.at[flow.trail.count - 1].id, 999);
    assert_int_equal(flow_acknowledged(&flow).id, 999);
}

static void what_was_filtered_out_is_acknowledged_too(void **state)
{
    (void)state;
    struct flow flow;
    flow_start(&flow, 7, mark(0));
    flow_advance(&flow, mark(3));
    flow.given = mark(3);
    flow_advance(&flow, mark(9));               /* none of these was wanted */
    assert_int_equal(flow_acknowledged(&flow).seq, 0);
    flow.done = mark(3);
    assert_int_equal(flow_acknowledged(&flow).seq, 9);
}

/* However far back a log is cut, a place at most about as far again behind the cut is remembered. */
static void the_trail_reaches_far_back(void **state)
{
    (void)state;
    enum { EVENTS = 100000 };
    struct trail trail = {0};
    for (uint64_t seq = 1; seq <= EVENTS; seq++)
        trail_add(&trail, mark(seq));
    assert_true(trail.count <= TRAIL_MAX);
    assert_int_equal(trail.at[0].seq, 1);
    assert_int_equal(trail.at[trail.count - 1].seq, EVENTS);
    for (uint64_t lost = 1; lost < EVENTS / 4; lost *= 2) {
        struct trail cut = trail;
        trail_cut(&cut, EVENTS - lost + 1);
        assert_true(cut.count > 0);
        uint64_t found = cut.at[cut.count - 1].seq;
        assert_true(found <= EVENTS - lost);
        assert_true(EVENTS - found <= 3 * lost);
    }
    trail_add(&trail, mark(5));                 /* what is old is no news */
    assert_int_equal(trail.at[trail.count - 1].seq, EVENTS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_are_told_apart), cmocka_unit_test(a_late_frame_spares_the_log),
        cmocka_unit_test(the_tail_tells_what_is_missing), cmocka_unit_test(pages_go_on_until_the_head),
        cmocka_unit_test(a_cut_takes_back_what_was_done), cmocka_unit_test(what_was_filtered_out_is_acknowledged_too),
        cmocka_unit_test(the_trail_reaches_far_back),
    };
    return cmocka_run_group_tests_name("consumer: flow", tests, NULL, NULL);
}
