#include "known_log.h"

enum { FIRST_ID = 0x6100 };

uint64_t known_id(uint64_t seq)
{
    return seq ? FIRST_ID + seq : 0;
}

struct slice known_event(uint64_t seq)
{
    char id[24];
    snprintf(id, sizeof id, "s\n%llu", (unsigned long long)seq);
    return result_bytes(id);
}

void known_append(struct rig *rig, uint64_t head, size_t count)
{
    static struct fact facts[BATCH_EVENTS_MAX];
    static char keys[BATCH_EVENTS_MAX][24];
    for (size_t i = 0; i < count; i++) {
        snprintf(keys[i], sizeof keys[i], "s\n%zu", (size_t)head + 1 + i);
        facts[i] = (struct fact){.key = keys[i], .natural = true, .digest = 1, .chain_id = known_id(head + 1 + i),
                                 .packed = known_event(head + 1 + i), .stage = STAGE_NOTIFIER};
    }
    assert_status(rig, STORE_OK, store_append_one(rig->store, 0, facts, count));
    assert_int_equal(facts[count - 1].place.seq, head + count);
    assert_true(facts[0].place.prev == known_id(head));
}

void known_assert_read(struct rig *rig, uint64_t first, uint64_t head, uint64_t from, size_t max)
{
    struct entry_list list;
    uint64_t begin = from > first ? from : first;
    uint64_t left = begin > head ? 0 : head - begin + 1;
    arena_reset(rig->arena);
    assert_status(rig, STORE_OK, store_read_log_one(rig->store, 0, from, max, rig->arena, &list));
    max = max < READ_MAX ? max : READ_MAX;
    assert_int_equal(list.count, left < max ? left : max);
    for (size_t i = 0; i < list.count; i++) {
        const struct place *place = &list.at[i].place;
        assert_int_equal(place->seq, begin + i);
        assert_true(place->id == known_id(begin + i));
        assert_true(place->prev == known_id(begin + i - 1));
        assert_bytes(known_event(begin + i), list.at[i].packed);
    }
}

void known_assert_reads(struct rig *rig, uint64_t first, uint64_t head)
{
    static const size_t most[] = {1, 2, ENTRY_EVENTS_MAX - 1, ENTRY_EVENTS_MAX, ENTRY_EVENTS_MAX + 1, 40, READ_MAX,
                                  READ_MAX + 1};
    for (uint64_t from = 0; from <= head + 2; from++)
        for (size_t i = 0; i < sizeof most / sizeof *most; i++)
            known_assert_read(rig, first, head, from, most[i]);
}

enum store_status known_stand(struct rig *rig, enum stage stage, struct checkpoint to)
{
    struct standing standing = rig_claim(rig, stage, "me");
    struct commit commit = {.lease = standing.lease, .from = standing.checkpoint, .to = to};
    return store_commit_one(rig->store, &commit);
}

struct trimmed known_trim(struct rig *rig, uint64_t before)
{
    struct trimmed trimmed;
    assert_status(rig, STORE_OK, rig->calls->trim(rig->store, 0, before, &trimmed));
    return trimmed;
}

void known_stand_all(struct rig *rig, uint64_t seq)
{
    for (int stage = STAGE_NONE + 1; stage < STAGE_COUNT; stage++)
        assert_status(rig, STORE_OK, known_stand(rig, (enum stage)stage, (struct checkpoint){seq, known_id(seq)}));
}
