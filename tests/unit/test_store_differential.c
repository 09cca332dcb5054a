/* The two stores are one: random appends, commits, fires, claims, crashes with retries are done to both, and after each
 * step all that can be read of them must be the same, byte by byte.
 *
 * STEPS=100000 SEED=7 in the environment for more, or other, of it; VERBOSE=1 counts what came to which status. */
#include <inttypes.h>
#include <stdlib.h>

#include "support/store_steps.h"

enum { STEPS_DEFAULT = 3000, FULL_EVERY = 250, STATUSES = STORE_REFUSED + 1 };

/* -------- all that can be read */

static void tell_view(struct rig *rig, uint32_t partition, struct buffer *out)
{
    struct partition_view view;
    assert_status(rig, STORE_OK, rig->calls->view(rig->store, &partition, 1, &view));
    buffer_printf(out, "\nview %" PRIu32, partition);
    tell_checkpoint(out, view.head);
    tell_checkpoint(out, view.first);
    buffer_printf(out, " due %lld timers %zu queue %zu sending %zu", (long long)view.earliest_due, view.timers,
                  view.queue, view.sending);
    for (int stage = STAGE_NONE + 1; stage < STAGE_COUNT; stage++) {
        buffer_printf(out, "\n  %s owner %s epoch %" PRIu64 " held %d unclean %d", stage_names[stage],
                      view.stages[stage].owner, view.stages[stage].epoch, view.stages[stage].lease_left_ms > 0,
                      view.stages[stage].unclean);
        tell_checkpoint(out, view.stages[stage].checkpoint);
    }
}

static int by_id(const void *a, const void *b)
{
    return strcmp(((const struct stored_entity *)a)->id, ((const struct stored_entity *)b)->id);
}

static void tell_entities(struct rig *rig, uint32_t partition, enum entity_kind kind, struct buffer *out)
{
    struct stored_entity_list list;
    static struct stored_entity all[4096];
    size_t count = 0;
    uint64_t cursor = 0;
    do {
        assert_status(rig, STORE_OK, rig->calls->scan_entities(rig->store, partition, kind, &cursor, rig->arena,
                                                               &list));
        assert_true(count + list.count <= sizeof all / sizeof *all);
        memcpy(all + count, list.at, list.count * sizeof *all);
        count += list.count;
    } while (cursor);
    qsort(all, count, sizeof *all, by_id);
    for (size_t i = 0; i < count; i++) {
        if (i && !strcmp(all[i].id, all[i - 1].id))
            continue;
        buffer_printf(out, "\n  %c/%s v%" PRIu64 " due %lld queue %s", entity_types[kind].letter, all[i].id,
                      all[i].version, (long long)all[i].due, all[i].queue);
        tell_slice(out, all[i].packed);
    }
}

static void tell_lists(struct rig *rig, uint32_t partition, struct buffer *out)
{
    struct texts queue;
    struct timer_list timers;
    assert_status(rig, STORE_OK, rig->calls->read_queue(rig->store, partition, "", "", 10000, rig->arena, &queue));
    assert_status(rig, STORE_OK, rig->calls->read_timers(rig->store, partition, 0, 0, 10000, rig->arena, &timers));
    for (size_t i = 0; i < queue.count; i++)
        buffer_printf(out, "\n  %s", queue.at[i]);
    for (size_t i = 0; i < timers.count; i++)
        buffer_printf(out, "\n  %s %lld", timers.at[i].member, (long long)timers.at[i].due);
}

static void tell_global(struct rig *rig, struct buffer *out)
{
    struct texts fields;
    struct slice *values;
    struct member_list members;
    assert_status(rig, STORE_OK, rig->calls->note_get(rig->store, "map", rig->arena, &fields, &values));
    assert_status(rig, STORE_OK, rig->calls->members(rig->store, rig->arena, &members));
    for (size_t i = 0; i < fields.count; i++) {
        buffer_printf(out, "\nnote %s", fields.at[i]);
        tell_slice(out, values[i]);
    }
    for (size_t i = 0; i < members.count; i++)
        buffer_printf(out, "\nmember %s %s %s %s", members.at[i].name, members.at[i].stage, members.at[i].endpoint,
                      members.at[i].details);
}

static void tell_log(struct rig *rig, uint32_t partition, uint64_t from, struct buffer *out)
{
    struct entry_list list;
    do {
        assert_status(rig, STORE_OK, rig->calls->read_log(rig->store, partition, from, READ_MAX, rig->arena, &list));
        tell_entries(out, &list);
        from += list.count;
    } while (list.count);
}

static void tell_all(struct rig *rig, uint32_t partition, uint64_t from, bool entities, struct buffer *out)
{
    arena_reset(rig->arena);
    tell_view(rig, partition, out);
    tell_lists(rig, partition, out);
    for (int kind = 0; kind < ENTITY_COUNT && entities; kind++)
        tell_entities(rig, partition, (enum entity_kind)kind, out);
    tell_log(rig, partition, from, out);
    tell_global(rig, out);
}

/* -------- the test */

struct twins {
    struct rig memory, redis;
    struct buffer told[2];
    uint64_t seed;
    size_t done;
    size_t seen[DEEDS][STATUSES];
};

/* What a run of any length worth its name must have met, or it proves nothing. */
static const struct { const char *deed; enum store_status status; } must_meet[] = {
    {"append", STORE_OK},  {"append", STORE_REFUSED}, {"commit", STORE_OK},      {"commit", STORE_FENCED},
    {"commit", STORE_STALE},
    {"commit", STORE_CHANGED}, {"commit", STORE_REFUSED}, {"fire", STORE_OK},    {"fire", STORE_FENCED},
    {"claim", STORE_OK},
    {"claim", STORE_FENCED},   {"release", STORE_OK},     {"release", STORE_FENCED}, {"note_swap", STORE_OK},
    {"note_swap", STORE_CHANGED},
};

static void assert_met(const struct twins *twins)
{
    for (size_t i = 0; i < sizeof must_meet / sizeof *must_meet; i++)
        for (size_t d = 0; d < DEEDS; d++)
            if (!strcmp(deeds[d].name, must_meet[i].deed) && !twins->seen[d][must_meet[i].status])
                fail_msg("%s never came to: %s", deeds[d].name, store_status_text(must_meet[i].status));
}

static void print_met(const struct twins *twins)
{
    for (size_t d = 0; d < DEEDS; d++) {
        print_message("%-10s", deeds[d].name);
        for (int status = 0; status < STATUSES; status++)
            print_message(" %7zu", twins->seen[d][status]);
        print_message("\n");
    }
}

static void assert_alike(struct twins *twins, const char *doing)
{
    const char *memory = buffer_text(&twins->told[0]), *redis = buffer_text(&twins->told[1]);
    if (strcmp(memory, redis) == 0)
        return;
    size_t same = 0;
    while (memory[same] && memory[same] == redis[same])
        same++;
    size_t from = same > 200 ? same - 200 : 0;
    fail_msg("seed %" PRIu64 ", step %zu, %s:\nmemory …%.400s\nredis  …%.400s", twins->seed, twins->done, doing,
             memory + from, redis + from);
}

static void compare(struct twins *twins, uint32_t partition, uint64_t from, bool entities)
{
    buffer_clear(&twins->told[0]);
    buffer_clear(&twins->told[1]);
    tell_all(&twins->memory, partition, from, entities, &twins->told[0]);
    tell_all(&twins->redis, partition, from, entities, &twins->told[1]);
    assert_alike(twins, "what can be read");
}

static void perform(struct twins *twins, const struct deed *deed, const struct step *step)
{
    struct rig *rigs[2] = {&twins->memory, &twins->redis};
    for (int i = 0; i < 2; i++) {
        struct step own = *step;
        buffer_clear(&twins->told[i]);
        enum store_status status = deed->act(rigs[i], &own, &twins->told[i]);
        buffer_printf(&twins->told[i], " %s", store_status_text(status));
        if (status == STORE_REFUSED)
            buffer_string(&twins->told[i], rigs[i]->calls->message(rigs[i]->store));
        twins->seen[deed - deeds][status]++;
    }
    assert_alike(twins, deed->name);
}

static void one_step(struct twins *twins, struct truth *truth)
{
    arena_reset(truth->arena);
    for (uint32_t i = 0; i < PARTITIONS_USED; i++)
        assert_status(truth->rig, STORE_OK, truth->rig->calls->view(truth->rig->store, &i, 1, &truth->views[i]));
    struct step step;
    const struct deed *deed = step_make(truth, &step);
    uint64_t head = truth->views[step.partition].head.seq;
    perform(twins, deed, &step);
    if (one_in(5))                          /* the answer was lost, or a zombie comes back: the same again */
        perform(twins, deed, &step);
    compare(twins, step.partition, head + 1, !strcmp(deed->name, "commit"));
}

static uint64_t number_from(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text && *text ? strtoull(text, NULL, 10) : otherwise;
}

static void both_stores_do_the_same(void **context)
{
    struct twins twins = {.seed = number_from("SEED", 1)};
    struct redis_server *server = *context;
    rig_open(&twins.memory, NULL);
    rig_open(&twins.redis, server);
    struct truth truth = {.rig = &twins.memory, .arena = arena_new()};
    chance_start(twins.seed);
    for (size_t steps = number_from("STEPS", STEPS_DEFAULT); twins.done < steps; twins.done++) {
        one_step(&twins, &truth);
        for (uint32_t i = 0; i < PARTITIONS_USED && twins.done % FULL_EVERY == FULL_EVERY - 1; i++)
            compare(&twins, i, 1, true);
    }
    if (twins.done >= STEPS_DEFAULT)
        assert_met(&twins);
    if (getenv("VERBOSE"))
        print_met(&twins);
    arena_free(&truth.arena);
    buffer_free(&twins.told[0]);
    buffer_free(&twins.told[1]);
    rig_close(&twins.memory);
    rig_close(&twins.redis);
}

int main(void)
{
    static struct redis_server server;
    if (!redis_server_start(&server, false))
        return 1;
    const struct CMUnitTest tests[] = {cmocka_unit_test_prestate(both_stores_do_the_same, &server)};
    int failed = cmocka_run_group_tests_name("store: differential", tests, NULL, NULL);
    redis_server_stop(&server);
    return failed;
}
