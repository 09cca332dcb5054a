/* Trimming: the oldest of a log goes, never what a stage still needs, and what stays is as it was. */
#include "support/store_rig.h"

enum { EVENTS = 10 };

static void append_events(struct rig *rig)
{
    static const char *const keys[EVENTS] = {"s\n1", "s\n2", "s\n3", "s\n4", "s\n5",
                                             "s\n6", "s\n7", "s\n8", "s\n9", "s\n10"};
    for (size_t i = 0; i < EVENTS; i++)
        rig_append(rig, keys[i], 101 + i);
}

/* Every stage stands at its own seq. */
static void move_stages(struct rig *rig, uint64_t least)
{
    for (int stage = STAGE_NONE + 1; stage < STAGE_COUNT; stage++) {
        struct standing standing = rig_claim(rig, (enum stage)stage, "me");
        uint64_t to = least + (uint64_t)stage - 1 < EVENTS ? least + (uint64_t)stage - 1 : EVENTS;
        struct commit commit = {.lease = standing.lease, .from = standing.checkpoint, .to = {to, 100 + to}};
        assert_status(rig, STORE_OK, store_commit_one(rig->store, &commit));
    }
}

static struct trimmed trim(struct rig *rig, uint64_t before)
{
    struct trimmed trimmed;
    assert_status(rig, STORE_OK, rig->calls->trim(rig->store, 0, before, &trimmed));
    return trimmed;
}

static void assert_trimmed(struct rig *rig, uint64_t before, uint64_t gone, uint64_t first)
{
    struct trimmed trimmed = trim(rig, before);
    struct partition_view view = rig_view(rig);
    assert_int_equal(trimmed.count, gone);
    assert_int_equal(trimmed.first, first);
    assert_int_equal(trimmed.entries, EVENTS + 1 - first);
    assert_true(trimmed.bytes > 0);
    assert_int_equal(view.first.seq, first);
    assert_int_equal(view.first.id, 100 + first);
    assert_int_equal(view.head.seq, EVENTS);
}

static void never_past_the_slowest_stage(struct rig *rig)
{
    append_events(rig);
    assert_trimmed(rig, 8, 0, 1);           /* no stage has worked yet */
    move_stages(rig, 4);
    assert_trimmed(rig, 0, 0, 1);
    assert_trimmed(rig, 3, 2, 3);
    assert_trimmed(rig, 2, 0, 3);
    assert_trimmed(rig, 8, 1, 4);           /* the slowest stands at 4, which stays */
    assert_trimmed(rig, 8, 0, 4);
}

static void never_the_head(struct rig *rig)
{
    append_events(rig);
    move_stages(rig, EVENTS);
    assert_trimmed(rig, UINT32_MAX, EVENTS - 1, EVENTS);
}

static void what_stays_is_as_it_was(struct rig *rig)
{
    struct entry_list page;
    append_events(rig);
    move_stages(rig, 6);
    trim(rig, 5);
    assert_status(rig, STORE_OK, store_read_log_one(rig->store, 0, 1, READ_MAX, rig->arena, &page));
    assert_int_equal(page.count, 6);
    for (size_t i = 0; i < page.count; i++) {
        assert_int_equal(page.at[i].place.seq, 5 + i);
        assert_int_equal(page.at[i].place.id, 105 + i);
        assert_int_equal(page.at[i].place.prev, 104 + i);
    }
    assert_int_equal(rig_append(rig, "s\n2", 900), APPEND_KNOWN); /* a fact that went from the log is still known */
    assert_int_equal(rig_append(rig, "s\n11", 111), APPEND_NEW);
    assert_int_equal(rig_view(rig).head.seq, EVENTS + 1);
    struct standing standing = rig_claim(rig, STAGE_SCHEDULER, "me");
    struct commit commit = {.lease = standing.lease, .from = standing.checkpoint, .to = {EVENTS + 1, 111}};
    assert_status(rig, STORE_OK, store_commit_one(rig->store, &commit));
    assert_status(rig, STORE_REFUSED, rig->calls->trim(rig->store, RIG_PARTITIONS, 1, &(struct trimmed){0}));
}

static void an_empty_log_is_measured(struct rig *rig)
{
    struct trimmed trimmed = trim(rig, 5);
    assert_int_equal(trimmed.count + trimmed.first + trimmed.entries, 0);
}

int main(void)
{
    static const struct rig_case cases[] = {
        {"never past the slowest stage", never_past_the_slowest_stage},
        {"never the head", never_the_head},
        {"what stays is as it was", what_stays_is_as_it_was},
        {"an empty log is measured", an_empty_log_is_measured},
    };
    return RIG_RUN("store: trim", cases);
}
