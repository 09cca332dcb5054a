/* Every order in which frames can come, every loss, and every way in which a history can turn out to be another. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "reader.h"
#include "stage.h"

enum { LOG = 40 };

/* A log whose entries from `forked` on (0: none) belong to another history. */
static struct entry entry_of(uint64_t seq, uint64_t forked)
{
    static uint8_t bodies[LOG + 2];
    uint64_t id = forked && seq >= forked ? seq * 10 + 5 : seq * 10;
    uint64_t before = forked && seq - 1 >= forked ? (seq - 1) * 10 + 5 : (seq - 1) * 10;

    bodies[seq] = (uint8_t)seq;
    return (struct entry){{.partition = 3, .seq = seq, .id = id, .prev = before}, {&bodies[seq], 1}};
}

static enum reader_verdict offer(struct reader *reader, uint64_t seq, uint64_t forked, int64_t now)
{
    struct entry entry = entry_of(seq, forked);

    return reader_offer(reader, &entry.place, entry.packed, (mono_ms){now});
}

/* What a log of `head` entries answers. */
static enum reader_verdict read_log(struct reader *reader, uint64_t from, uint64_t head, uint64_t forked, size_t max,
                                    int64_t now)
{
    struct entry entries[LOG];
    struct entry_list list = {entries, 0};

    for (uint64_t seq = from; seq <= head && list.count < max; seq++)
        entries[list.count++] = entry_of(seq, forked);
    return reader_log(reader, &list, max, (mono_ms){now});
}

static void expect_ready(const struct reader *reader, uint64_t first, uint64_t last)
{
    for (uint64_t seq = first; seq <= last; seq++) {
        const struct entry *entry = reader_ready(reader, seq - first);
        assert_non_null(entry);
        assert_int_equal(entry->place.seq, seq);
        assert_int_equal(entry->packed.at[0], seq);
    }
    assert_null(reader_ready(reader, last + 1 - first));
}

/* Steps: a number offers that frame; 'w' waits HOLD_MS; 'l' reads the log if it is wanted; 'h' tells the head. */
static const struct {
    const char *what;
    const char *steps;
    uint64_t head;                  /* of the log */
    uint64_t ready;                 /* how many are taken in the end */
    uint64_t log_reads;
} orders[] = {
    {"in order", "1 2 3 4", 4, 4, 0},
    {"two swapped", "1 3 2 4", 4, 4, 0},
    {"backwards", "4 3 2 1", 4, 4, 0},
    {"each twice", "1 1 2 2 3 3", 3, 3, 0},
    {"an early one twice", "1 3 3 2", 3, 3, 0},
    {"an old one late", "1 2 3 1 2", 3, 3, 0},
    {"a gap is not read at once", "1 3 l", 3, 1, 0},
    {"a gap is read after the hold", "1 3 w l", 3, 3, 1},
    {"the lost one comes just in time", "1 3 2 w l", 3, 3, 0},
    {"the first is lost", "2 3 w l", 3, 3, 1},
    {"two gaps, one read", "1 3 5 w l", 6, 6, 1},
    {"the last is lost: the tail check tells", "1 2 h w l", 3, 3, 1},
    {"all are lost", "h w l", 5, 5, 1},
    {"the tail check sees nothing new", "1 2 3 h w l", 3, 3, 0},
    {"the frame comes after the tail check", "1 h 2 w l", 2, 2, 0},
    {"a frame after the log told it", "1 3 w l 2 3 4", 4, 4, 1},
    {"the hold begins anew after each step ahead", "1 4 2 l 3 w l", 4, 4, 0},
};

static void run_steps(struct reader *reader, const char *steps, uint64_t head)
{
    int64_t now = 1000;
    uint64_t from;

    for (const char *at = steps; *at; at++) {
        if (*at >= '1' && *at <= '9')
            offer(reader, strtoull(at, NULL, 10), 0, now);
        now += *at == 'w' ? HOLD_MS : 0;
        if (*at == 'l' && reader_wants_log(reader, (mono_ms){now}, &from))
            assert_int_equal(read_log(reader, from, head, 0, READ_MAX, now), READER_TAKEN);
        if (*at == 'h')
            assert_int_equal(reader_tail(reader, (struct checkpoint){head, head * 10}, (mono_ms){now}), READER_TAKEN);
    }
}

static void test_orders(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        struct reader reader = {0};
        run_steps(&reader, orders[i].steps, orders[i].head);
        if (reader.last.seq != orders[i].ready || reader.counts.log_reads != orders[i].log_reads)
            fail_msg("%s: %d taken, %d log reads", orders[i].what, (int)reader.last.seq, (int)reader.counts.log_reads);
        expect_ready(&reader, 1, orders[i].ready);
        reader_free(&reader);
    }
}

/* All orders of five frames, each with every subset of them lost: in the end all five, in order, once. */
static void permute(uint64_t *frames, size_t count, void (*each)(const uint64_t *frames, size_t count), size_t at)
{
    if (at == count)
        each(frames, count);
    for (size_t i = at; i < count; i++) {
        uint64_t kept = frames[at];
        frames[at] = frames[i];
        frames[i] = kept;
        permute(frames, count, each, at + 1);
        frames[i] = frames[at];
        frames[at] = kept;
    }
}

static void each_loss(const uint64_t *frames, size_t count)
{
    for (unsigned lost = 0; lost < 1u << count; lost++) {
        struct reader reader = {0};
        uint64_t from;
        for (size_t i = 0; i < count; i++)
            if (!(lost >> i & 1))
                offer(&reader, frames[i], 0, 1);
        reader_tail(&reader, (struct checkpoint){count, count * 10}, (mono_ms){1});
        assert_int_equal(reader_wants_log(&reader, (mono_ms){1 + HOLD_MS}, &from), lost != 0);
        if (lost)
            read_log(&reader, from, count, 0, READ_MAX, 1 + HOLD_MS);
        expect_ready(&reader, 1, count);
        assert_int_equal(reader_wait_ms(&reader, (mono_ms){2 + HOLD_MS}), -1);
        reader_free(&reader);
    }
}

static void test_all_orders_all_losses(void **state)
{
    uint64_t frames[] = {1, 2, 3, 4, 5};

    (void)state;
    permute(frames, 5, each_loss, 0);
}

/* ---------------------------------------------------------------- histories */

static void read_up_to(struct reader *reader, uint64_t last)
{
    *reader = (struct reader){0};
    for (uint64_t seq = 1; seq <= last; seq++)
        assert_int_equal(offer(reader, seq, 0, 1), READER_TAKEN);
}

static void test_the_tail_tells_of_a_rewind(void **state)
{
    struct reader reader;

    (void)state;
    read_up_to(&reader, 5);
    assert_int_equal(reader_tail(&reader, (struct checkpoint){4, 40}, (mono_ms){1}), READER_REWOUND);
    assert_int_equal(reader_tail(&reader, (struct checkpoint){5, 55}, (mono_ms){1}), READER_REWOUND);
    assert_int_equal(reader_tail(&reader, (struct checkpoint){5, 50}, (mono_ms){1}), READER_TAKEN);
    assert_int_equal(reader.counts.rewinds, 2);
    reader_free(&reader);
}

static void test_a_frame_that_does_not_fit_is_looked_up(void **state)
{
    struct reader reader;
    uint64_t from;

    (void)state;
    read_up_to(&reader, 5);
    assert_int_equal(offer(&reader, 6, 5, 1), READER_DOUBTFUL);
    assert_true(reader_wants_log(&reader, (mono_ms){1}, &from));
    assert_int_equal(from, 5);
    assert_int_equal(read_log(&reader, from, 6, 5, READ_MAX, 1), READER_REWOUND);
    reader_free(&reader);
}

static void test_another_fifth_after_ours_is_looked_up(void **state)
{
    struct reader reader;
    uint64_t from;

    (void)state;
    read_up_to(&reader, 5);
    assert_int_equal(offer(&reader, 5, 4, 1), READER_DOUBTFUL);
    assert_true(reader_wants_log(&reader, (mono_ms){1}, &from));
    assert_int_equal(read_log(&reader, from, 5, 4, READ_MAX, 1), READER_REWOUND);
    reader_free(&reader);
}

static void test_a_ghost_of_a_lost_history_does_no_harm(void **state)
{
    struct reader reader;
    uint64_t from;

    (void)state;
    read_up_to(&reader, 5);
    assert_int_equal(offer(&reader, 6, 5, 1), READER_DOUBTFUL);        /* it is the frame that lies */
    assert_true(reader_wants_log(&reader, (mono_ms){1}, &from));
    assert_int_equal(read_log(&reader, from, 6, 0, READ_MAX, 1), READER_TAKEN);
    expect_ready(&reader, 1, 6);
    assert_int_equal(offer(&reader, 9, 5, 1), READER_EARLY);
    assert_true(reader_wants_log(&reader, (mono_ms){1 + HOLD_MS}, &from));
    assert_int_equal(read_log(&reader, from, 7, 0, READ_MAX, 9), READER_TAKEN);
    expect_ready(&reader, 1, 7);
    assert_int_equal(reader_wait_ms(&reader, (mono_ms){99}), -1);      /* what is beyond the log's end is forgotten */
    reader_free(&reader);
}

static void test_a_log_shorter_than_we_know_was_rewound(void **state)
{
    struct reader reader;

    (void)state;
    read_up_to(&reader, 5);
    assert_int_equal(read_log(&reader, 5, 4, 0, READ_MAX, 1), READER_REWOUND);
    reader_free(&reader);
}

static void test_a_log_trimmed_up_to_us_goes_on(void **state)
{
    struct reader reader;

    (void)state;
    read_up_to(&reader, 5);
    assert_int_equal(read_log(&reader, 6, 8, 0, READ_MAX, 1), READER_TAKEN);
    expect_ready(&reader, 1, 8);
    assert_int_equal(read_log(&reader, 10, 12, 0, READ_MAX, 1), READER_REWOUND);
    reader_free(&reader);
}

/* ---------------------------------------------------------------- bounds */

static void test_more_log_than_one_read(void **state)
{
    struct reader reader = {0};
    uint64_t from;
    int reads = 0;

    (void)state;
    reader_tail(&reader, (struct checkpoint){LOG, LOG * 10}, (mono_ms){1});
    while (reader_wants_log(&reader, (mono_ms){1 + HOLD_MS}, &from) && reads++ < LOG)
        read_log(&reader, from, LOG, 0, 8, 1 + HOLD_MS);
    expect_ready(&reader, 1, LOG);
    assert_int_equal(reads, 6);         /* 8, then 7 new ones each: the last known one is read again to be compared */
    reader_free(&reader);
}

static void test_a_full_reader_leaves_the_rest_to_the_log(void **state)
{
    struct reader reader = {0};
    struct entry entry = entry_of(1, 0);
    uint64_t from;

    (void)state;
    for (uint64_t seq = 1; seq <= READER_READY_MAX; seq++) {
        entry.place = (struct place){3, seq, seq * 10, (seq - 1) * 10};
        assert_int_equal(reader_offer(&reader, &entry.place, entry.packed, (mono_ms){1}), READER_TAKEN);
    }
    entry.place = (struct place){3, READER_READY_MAX + 1, 1, READER_READY_MAX * 10};
    assert_int_equal(reader_offer(&reader, &entry.place, entry.packed, (mono_ms){1}), READER_FULL);
    assert_false(reader_wants_log(&reader, (mono_ms){100}, &from));
    reader_done(&reader, READ_MAX - 1);
    assert_false(reader_wants_log(&reader, (mono_ms){100}, &from));     /* some of what it gave would find no room */
    reader_done(&reader, 1);
    assert_true(reader_wants_log(&reader, (mono_ms){100}, &from));
    assert_int_equal(from, READER_READY_MAX);
    reader_free(&reader);
}

static void test_too_many_early_ones_are_left_to_the_log(void **state)
{
    struct reader reader = {0};
    struct entry entry = entry_of(1, 0);

    (void)state;
    for (uint64_t seq = 2; seq < 2 + READER_HELD_MAX + 10; seq++) {
        entry.place = (struct place){3, seq, seq * 10, (seq - 1) * 10};
        enum reader_verdict verdict = reader_offer(&reader, &entry.place, entry.packed, (mono_ms){1});
        assert_int_equal(verdict, seq < 2 + READER_HELD_MAX ? READER_EARLY : READER_FULL);
    }
    assert_int_equal(offer(&reader, 1, 0, 2), READER_TAKEN);
    assert_int_equal(reader.last.seq, 1 + READER_HELD_MAX);
    assert_int_equal(reader_wait_ms(&reader, (mono_ms){2}), HOLD_MS);
    reader_free(&reader);
}

static void test_done_and_reset_forget(void **state)
{
    struct reader reader;

    (void)state;
    read_up_to(&reader, 5);
    reader_done(&reader, 2);
    assert_int_equal(reader_ready(&reader, 0)->place.seq, 3);
    offer(&reader, 7, 0, 1);
    reader_reset(&reader, (struct checkpoint){2, 20});
    assert_null(reader_ready(&reader, 0));
    assert_int_equal(reader_wait_ms(&reader, (mono_ms){99}), -1);
    assert_int_equal(offer(&reader, 3, 0, 1), READER_TAKEN);
    reader_free(&reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_orders),
        cmocka_unit_test(test_all_orders_all_losses),
        cmocka_unit_test(test_the_tail_tells_of_a_rewind),
        cmocka_unit_test(test_a_frame_that_does_not_fit_is_looked_up),
        cmocka_unit_test(test_another_fifth_after_ours_is_looked_up),
        cmocka_unit_test(test_a_ghost_of_a_lost_history_does_no_harm),
        cmocka_unit_test(test_a_log_shorter_than_we_know_was_rewound),
        cmocka_unit_test(test_a_log_trimmed_up_to_us_goes_on),
        cmocka_unit_test(test_more_log_than_one_read),
        cmocka_unit_test(test_a_full_reader_leaves_the_rest_to_the_log),
        cmocka_unit_test(test_too_many_early_ones_are_left_to_the_log),
        cmocka_unit_test(test_done_and_reset_forget),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
