#include <inttypes.h>
#include <stdlib.h>

#include "store_steps.h"

enum { OWNERS = 3, IDS = 24, KEYS = 300, QUEUE_PLACES = 40, DUE_STEP = 1000, FACTS_FEW = 8, EVENTS_FEW = 4 };

static uint64_t chance_state;

void chance_start(uint64_t seed)
{
    chance_state = seed;
}

/* splitmix64 */
static uint64_t chance_next(void)
{
    uint64_t z = chance_state += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

static unsigned chance(unsigned below)
{
    return (unsigned)(chance_next() % below);
}

unsigned chance_number(unsigned below)
{
    return chance(below);
}

bool one_in(unsigned times)
{
    return chance(times) == 0;
}

static struct slice random_bytes(struct arena *arena, size_t most)
{
    size_t bytes = 1 + chance((unsigned)most);
    uint8_t *at = arena_alloc(arena, bytes);
    for (size_t i = 0; i < bytes; i++)
        at[i] = (uint8_t)chance_next();
    return (struct slice){at, bytes};
}

/* Begins as an event must and goes on at random; seldom of a type that is not the stage's, or no event at all. */
static struct slice random_event(struct arena *arena, enum stage stage, size_t most)
{
    struct buffer packed = {0};
    enum event_number number;
    struct slice rest = random_bytes(arena, most);
    do
        number = (enum event_number)chance(EVENT_COUNT);
    while (!stage_may_append(stage, number) && !one_in(3000));
    pack_map(&packed, one_in(9) ? 300 : 3);
    pack_text(&packed, "id");
    pack_text_slice(&packed, random_bytes(arena, one_in(9) ? 100 : 20));
    pack_text(&packed, "source");
    pack_text(&packed, "source");
    pack_text(&packed, one_in(3000) ? "kind" : "type");
    pack_text(&packed, event_types[number].name);
    buffer_append(&packed, rest.at, rest.bytes);
    struct slice bytes = {arena_copy(arena, packed.at, packed.bytes), packed.bytes};
    if (one_in(1000))
        bytes.bytes = chance((unsigned)bytes.bytes) + 1;
    buffer_free(&packed);
    return bytes;
}

static uint64_t chain_id(void)
{
    return chance_next() | 1;
}

static void make_facts(struct truth *truth, struct step *step)
{
    enum stage stage = one_in(4) ? STAGE_NOTIFIER : STAGE_NONE;
    step->fact_count = 1 + chance(one_in(10) ? FACTS_MAX : FACTS_FEW);
    for (size_t i = 0; i < step->fact_count; i++)
        step->facts[i] = (struct fact){
            .key = arena_printf(truth->arena, "source\n%u", chance(KEYS)),
            .natural = one_in(2), .digest = one_in(6) ? 1 : UINT64_MAX, .chain_id = one_in(500) ? 0 : chain_id(),
            .stage = one_in(1000) ? STAGE_FOLLOW_UP : stage,
            .packed = random_event(truth->arena, stage, one_in(20) ? 5000 : 40),
        };
}

static const char *entity_id(struct arena *arena)
{
    return arena_printf(arena, one_in(30) ? "site%u" : "site%u/物%u", chance(3), chance(IDS));
}

static enum entity_kind kind_of_stage(enum stage stage)
{
    for (;;) {
        enum entity_kind kind = (enum entity_kind)chance(ENTITY_COUNT);
        if (entity_types[kind].stage == stage || one_in(300))
            return kind;
    }
}

static struct stored_entity stored_now(struct truth *truth, uint32_t partition, enum entity_kind kind, const char *id)
{
    struct stored_entity entity;
    assert_int_equal(store_read_entities_one(truth->rig->store, partition, kind, &id, 1, truth->arena,
                                                      &entity),
                     STORE_OK);
    return entity;
}

static const char *queue_place(struct arena *arena)
{
    static const char *const lists[] = {"work", "held", "sending", "dead"};
    return one_in(3) ? "" : arena_printf(arena, "%s/site/%u", lists[chance(4)], chance(QUEUE_PLACES));
}

static struct entity_put make_put(struct truth *truth, const struct step *step)
{
    enum entity_kind kind = kind_of_stage(step->stage);
    const char *id = entity_id(truth->arena);
    struct stored_entity now = stored_now(truth, step->partition, kind, id);
    struct entity_put put = {.kind = kind, .id = id, .version = now.version + 1, .due_before = now.due,
                             .queue_before = now.queue,
                             .due = now.due, .queue = now.queue, .packed = random_bytes(truth->arena, 60)};
    if (one_in(2))
        put.due = one_in(3) ? 0 : 1 + chance(50) * DUE_STEP;
    if (one_in(2))
        put.queue = queue_place(truth->arena);
    if (one_in(8)) {
        put.packed = (struct slice){0};
        put.due = 0;
        put.queue = NULL;
    }
    if (one_in(40))
        put.version += chance(3) - 1;
    if (one_in(60))
        put.due_before += DUE_STEP;
    if (one_in(60))
        put.queue_before = "work/site/x";
    return put;
}

static struct entity_condition make_condition(struct truth *truth, const struct step *step)
{
    enum entity_kind kind = (enum entity_kind)chance(ENTITY_COUNT);
    const char *id = entity_id(truth->arena);
    uint64_t version = stored_now(truth, step->partition, kind, id).version;
    return (struct entity_condition){kind, id, version + one_in(30)};
}

static struct checkpoint checkpoint_ahead(struct truth *truth, const struct step *step, struct checkpoint from)
{
    uint64_t ahead = truth->views[step->partition].head.seq - from.seq;
    uint64_t seq = from.seq + (one_in(3) ? ahead : ahead ? chance_next() % (ahead + 1) : 0);
    struct entry_list list = {0};
    if (seq == from.seq)
        return from;
    assert_int_equal(store_read_log_one(truth->rig->store, step->partition, seq, 1, truth->arena, &list),
                     STORE_OK);
    return (struct checkpoint){seq + one_in(80), list.at[0].place.id ^ one_in(40)};
}

static struct lease lease_now(const struct truth *truth, uint32_t partition, enum stage stage)
{
    const struct partition_view *view = &truth->views[partition];
    struct lease lease = {.partition = partition, .stage = stage, .epoch = view->stages[stage].epoch + one_in(50)};
    strcpy(lease.owner, one_in(50) || !*view->stages[stage].owner ? "nobody" : view->stages[stage].owner);
    return lease;
}

/* Mostly a stage whose lease somebody holds, or a commit would seldom be more than fenced. */
static void choose_held_stage(const struct truth *truth, struct step *step)
{
    for (int tries = 0; tries < 20 && truth->views[step->partition].stages[step->stage].lease_left_ms == 0; tries++) {
        step->partition = chance(PARTITIONS_USED);
        step->stage = (enum stage)(1 + chance(STAGE_COUNT - 1));
    }
}

static void make_commit(struct truth *truth, struct step *step)
{
    struct commit *commit = &step->commit;
    if (!one_in(30))
        choose_held_stage(truth, step);
    commit->lease = lease_now(truth, step->partition, step->stage);
    commit->from = truth->views[step->partition].stages[step->stage].checkpoint;
    commit->to = checkpoint_ahead(truth, step, commit->from);
    commit->from.id ^= one_in(50);
    commit->put_count = chance(PUTS_MAX + 1);
    for (size_t i = 0; i < commit->put_count; i++)
        step->puts[i] = make_put(truth, step);
    commit->condition_count = one_in(3) ? chance(CONDITIONS_MAX + 1) : 0;
    for (size_t i = 0; i < commit->condition_count; i++)
        step->conditions[i] = make_condition(truth, step);
    commit->event_count = chance((one_in(20) ? EVENTS_MAX : EVENTS_FEW) + 1);
    for (size_t i = 0; i < commit->event_count; i++)
        step->events[i] = (struct new_event){.chain_id = chain_id(), .packed = random_event(truth->arena, step->stage, 80)};
}

static void make_lease(struct truth *truth, struct step *step)
{
    step->leases[0] = lease_now(truth, step->partition, step->stage);
}

static void make_leases(struct truth *truth, struct step *step)
{
    for (int stage = STAGE_NONE + 1; stage < STAGE_COUNT; stage++)
        step->leases[step->lease_count++] = lease_now(truth, step->partition, (enum stage)stage);
}

static void make_fire(struct truth *truth, struct step *step)
{
    for (uint32_t i = 0; i < PARTITIONS_USED; i++)
        if (truth->views[i].stages[STAGE_SCHEDULER].lease_left_ms && one_in(2))
            step->partition = i;
    step->stage = one_in(50) ? STAGE_NOTIFIER : STAGE_SCHEDULER;
    make_lease(truth, step);
    step->now = 1 + chance(30) * DUE_STEP;
    step->seed = one_in(3) ? UINT64_MAX - chance(8) : one_in(2) ? UINT32_MAX - chance(8) : chain_id();
}

static void make_note(struct truth *truth, struct step *step)
{
    static const char *const values[] = {"", "one", "two"};
    (void)truth;
    snprintf(step->field, sizeof step->field, "f%u", chance(4));
    step->value = bytes_of(values[chance(3)]);
    step->expected = bytes_of(values[chance(3)]);
    step->ttl_ms = one_in(4) ? 0 : RIG_TTL_MS;
}

static void make_nothing(struct truth *truth, struct step *step)
{
    (void)truth;
    (void)step;
}

static void make_trim(struct truth *truth, struct step *step)
{
    step->seed = chance((unsigned)truth->views[step->partition].head.seq + 3);
}

/* -------- doing it, and telling what came of it */

static void tell_place(struct buffer *out, const struct place *place)
{
    buffer_printf(out, " %" PRIu32 ":%" PRIu64 ":%016" PRIx64 ":%016" PRIx64, place->partition, place->seq, place->id,
                  place->prev);
}

void tell_slice(struct buffer *out, struct slice bytes)
{
    static const char digits[] = "0123456789abcdef";
    buffer_printf(out, " [%zu]", bytes.bytes);
    for (size_t i = 0; i < bytes.bytes; i++)
        buffer_append(out, (char[]){digits[bytes.at[i] >> 4], digits[bytes.at[i] & 15]}, 2);
}

void tell_checkpoint(struct buffer *out, struct checkpoint at)
{
    buffer_printf(out, " %" PRIu64 ":%016" PRIx64, at.seq, at.id);
}

void tell_entries(struct buffer *out, const struct entry_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        buffer_string(out, "\n  event");
        tell_place(out, &list->at[i].place);
        tell_slice(out, list->at[i].packed);
    }
}

static void tell_standing(struct buffer *out, const struct standing *standing)
{
    buffer_printf(out, "\n  standing %s %" PRIu64, standing->lease.owner, standing->lease.epoch);
    tell_checkpoint(out, standing->checkpoint);
    tell_checkpoint(out, standing->head);
    buffer_printf(out, " %lld %d", (long long)standing->earliest_due, standing->unclean);
}

static enum store_status do_append(struct rig *rig, struct step *step, struct buffer *out)
{
    enum store_status status = store_append_one(rig->store, step->partition, step->facts, step->fact_count);
    for (size_t i = 0; i < step->fact_count && status == STORE_OK; i++) {
        buffer_printf(out, " %d", step->facts[i].outcome);
        tell_place(out, &step->facts[i].place);
    }
    return status;
}

static enum store_status do_commit(struct rig *rig, struct step *step, struct buffer *out)
{
    step->commit.puts = step->puts;
    step->commit.conditions = step->conditions;
    step->commit.events = step->events;
    enum store_status status = store_commit_one(rig->store, &step->commit);
    for (size_t i = 0; i < step->commit.event_count && status == STORE_OK; i++)
        tell_place(out, &step->events[i].place);
    if (status == STORE_OK)
        buffer_printf(out, " due %lld", (long long)step->commit.earliest_due);
    return status;
}

static enum store_status do_fire(struct rig *rig, struct step *step, struct buffer *out)
{
    struct entry_list fired;
    wall_ms due;
    enum store_status status = store_fire_one(rig->store, &step->leases[0], step->now, step->seed, rig->arena,
                                                &fired, &due);
    if (status == STORE_OK) {
        tell_entries(out, &fired);
        buffer_printf(out, " due %lld", (long long)due);
    }
    return status;
}

static enum store_status do_claim(struct rig *rig, struct step *step, struct buffer *out)
{
    struct standing standing;
    enum store_status status = store_claim_one(rig->store, step->partition, step->stage, step->owner, RIG_TTL_MS,
                                                 &standing);
    if (status == STORE_OK)
        tell_standing(out, &standing);
    return status;
}

static enum store_status do_renew(struct rig *rig, struct step *step, struct buffer *out)
{
    struct standing each[STAGE_COUNT];
    enum store_status statuses[STAGE_COUNT];
    enum store_status status = rig->calls->renew(rig->store, step->leases, step->lease_count, RIG_TTL_MS, each,
                                                 statuses);
    for (size_t i = 0; i < step->lease_count && status == STORE_OK; i++) {
        buffer_printf(out, " %d", statuses[i]);
        if (statuses[i] == STORE_OK)
            tell_standing(out, &each[i]);
    }
    return status;
}

static enum store_status do_release(struct rig *rig, struct step *step, struct buffer *out)
{
    (void)out;
    return store_release_one(rig->store, &step->leases[0]);
}

static enum store_status do_expire(struct rig *rig, struct step *step, struct buffer *out)
{
    (void)step;
    (void)out;
    rig_leases_expire(rig);
    rig_members_expire(rig);
    return STORE_OK;
}

static enum store_status do_age(struct rig *rig, struct step *step, struct buffer *out)
{
    (void)step;
    (void)out;
    rig_keys_age(rig, 1);
    rig_members_expire(rig);
    return STORE_OK;
}

static enum store_status do_note_put(struct rig *rig, struct step *step, struct buffer *out)
{
    (void)out;
    return rig->calls->note_put(rig->store, "map", step->field, step->value);
}

static enum store_status do_note_swap(struct rig *rig, struct step *step, struct buffer *out)
{
    (void)out;
    return rig->calls->note_swap(rig->store, "map", step->field, step->expected, step->value);
}

static enum store_status do_announce(struct rig *rig, struct step *step, struct buffer *out)
{
    (void)out;
    const struct member member = {.name = step->field, .stage = "intake", .endpoint = step->field, .details = "{}"};
    return rig->calls->announce(rig->store, &member, step->ttl_ms);
}

static enum store_status do_trim(struct rig *rig, struct step *step, struct buffer *out)
{
    struct trimmed trimmed;
    enum store_status status = rig->calls->trim(rig->store, step->partition, step->seed, &trimmed);
    if (status == STORE_OK)
        buffer_printf(out, " %" PRIu64 " %" PRIu64 " %" PRIu64, trimmed.count, trimmed.first, trimmed.entries);
    return status;
}

const struct deed deeds[DEEDS] = {
    {"append", 25, true, make_facts, do_append},     {"commit", 45, true, make_commit, do_commit},
    {"fire", 12, true, make_fire, do_fire},          {"claim", 20, true, make_nothing, do_claim},
    {"renew", 6, false, make_leases, do_renew},      {"release", 2, true, make_lease, do_release},
    {"expire", 2, false, make_nothing, do_expire},   {"age", 1, false, make_nothing, do_age},
    {"note_put", 3, true, make_note, do_note_put},   {"note_swap", 3, true, make_note, do_note_swap},
    {"announce", 3, true, make_note, do_announce},   {"trim", 2, true, make_trim, do_trim},
};

static const struct deed *random_deed(void)
{
    unsigned all = 0;
    for (size_t i = 0; i < DEEDS; i++)
        all += deeds[i].weight;
    unsigned at = chance(all);
    const struct deed *deed = deeds;
    while (at >= deed->weight)
        at -= deed++->weight;
    return deed;
}

const struct deed *step_make(struct truth *truth, struct step *ret)
{
    const struct deed *deed = random_deed();
    *ret = (struct step){.partition = chance(PARTITIONS_USED), .stage = (enum stage)(1 + chance(STAGE_COUNT - 1))};
    snprintf(ret->owner, sizeof ret->owner, "owner%u", chance(OWNERS));
    deed->make(truth, ret);
    return deed;
}
