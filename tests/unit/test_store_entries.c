/* What one write appended stands together in the log, in pieces; whoever reads, or stands somewhere, sees events. */
#include "support/known_log.h"

/* Calls of so many events each; gives the log's head. */
static uint64_t append_all(struct rig *rig, const size_t *counts, size_t calls)
{
    uint64_t head = 0;
    for (size_t i = 0; i < calls; head += counts[i++])
        known_append(rig, head, counts[i]);
    return head;
}

static void a_log_is_read_from_anywhere_and_as_far(struct rig *rig)
{
    static const size_t counts[] = {1, 40, 1, 1, ENTRY_EVENTS_MAX, 3, 2 * ENTRY_EVENTS_MAX + 1, 7};
    known_assert_reads(rig, 1, append_all(rig, counts, sizeof counts / sizeof *counts));
}

static void events_of_a_commit_stand_together(struct rig *rig)
{
    enum { COUNT = 3 * ENTRY_EVENTS_MAX + 2 };
    struct new_event events[COUNT];
    struct standing standing = rig_claim(rig, STAGE_FOLLOW_UP, "me");
    struct commit commit = {.lease = standing.lease, .events = events, .event_count = COUNT};
    for (size_t i = 0; i < COUNT; i++)
        events[i] = (struct new_event){.chain_id = known_id(1 + i), .packed = known_event(1 + i)};
    assert_status(rig, STORE_OK, store_commit_one(rig->store, &commit));
    for (size_t i = 0; i < COUNT; i++) {
        assert_int_equal(events[i].place.seq, 1 + i);
        assert_true(events[i].place.prev == known_id(i));
    }
    known_assert_reads(rig, 1, COUNT);
}

static void a_stage_stands_anywhere(struct rig *rig)
{
    static const size_t counts[] = {20, 5};
    uint64_t head = append_all(rig, counts, 2);
    for (uint64_t seq = 1; seq <= head; seq++) {
        assert_status(rig, STORE_STALE, known_stand(rig, STAGE_NOTIFIER, (struct checkpoint){seq, known_id(seq + 1)}));
        assert_status(rig, STORE_STALE, known_stand(rig, STAGE_NOTIFIER, (struct checkpoint){seq, known_id(seq - 1)}));
        assert_status(rig, STORE_OK, known_stand(rig, STAGE_NOTIFIER, (struct checkpoint){seq, known_id(seq)}));
    }
    const struct checkpoint beyond = {head + 1, known_id(head + 1)};
    assert_status(rig, STORE_STALE, known_stand(rig, STAGE_NOTIFIER, beyond));
}

/* What shares a piece with an event that stays, stays. */
static void trimmed_in_the_middle(struct rig *rig)
{
    static const size_t counts[] = {40, 5};
    static const struct { uint64_t before, gone, first; } steps[] = {
        {ENTRY_EVENTS_MAX, 0, 1},
        {ENTRY_EVENTS_MAX + 4, ENTRY_EVENTS_MAX, ENTRY_EVENTS_MAX + 1},
        {ENTRY_EVENTS_MAX + 1, 0, ENTRY_EVENTS_MAX + 1},
        {41, 40 - ENTRY_EVENTS_MAX, 41},
        {100, 0, 41},
    };
    uint64_t head = append_all(rig, counts, 2);
    known_stand_all(rig, head - 1);
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        struct trimmed trimmed = known_trim(rig, steps[i].before);
        struct partition_view view = rig_view(rig);
        assert_int_equal(trimmed.count, steps[i].gone);
        assert_int_equal(trimmed.first, steps[i].first);
        assert_int_equal(trimmed.entries, head + 1 - steps[i].first);
        assert_int_equal(view.first.seq, steps[i].first);
        assert_true(view.first.id == known_id(steps[i].first));
        known_assert_reads(rig, steps[i].first, head);
    }
    assert_status(rig, STORE_OK, known_stand(rig, STAGE_NOTIFIER, (struct checkpoint){head, known_id(head)}));
    known_append(rig, head, 3);
    known_assert_reads(rig, 41, head + 3);
}

/* From a place so far before the first kept that nothing near it is there. */
static void read_from_before_a_long_trim(struct rig *rig)
{
    static const size_t counts[] = {BATCH_EVENTS_MAX, BATCH_EVENTS_MAX};
    static const uint64_t from[] = {0, 1, 30, 440, 470, 500, 900, 961, 970, 1023, 1024, 1025};
    uint64_t head = append_all(rig, counts, 2), first = 961;
    known_stand_all(rig, head);
    assert_int_equal(known_trim(rig, first + 3).first, first);
    for (size_t i = 0; i < sizeof from / sizeof *from; i++) {
        known_assert_read(rig, first, head, from[i], 1);
        known_assert_read(rig, first, head, from[i], 20);
        known_assert_read(rig, first, head, from[i], READ_MAX);
    }
}

int main(void)
{
    static const struct rig_case cases[] = {
        {"a log is read from anywhere and as far", a_log_is_read_from_anywhere_and_as_far},
        {"events of a commit stand together", events_of_a_commit_stand_together},
        {"a stage stands anywhere", a_stage_stands_anywhere},
        {"trimmed in the middle", trimmed_in_the_middle},
        {"read from before a long trim", read_from_before_a_long_trim},
    };
    return RIG_RUN("store: entries", cases);
}
