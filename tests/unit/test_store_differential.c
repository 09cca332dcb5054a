/* The two stores are one: random appends, commits, fires, claims, crashes with retries are done to both, and what a
 * step has touched must be the same after it, byte by byte; now and then, all that can be read. Calls inside the
 * functions in Redis are made to fail: then nothing has changed, and the step is done as if nothing had been.
 *
 * SEEDS runs of STEPS steps each, from empty stores, the first from SEED. VERBOSE=1 counts what came to which status. */
#include <inttypes.h>
#include <stdlib.h>

#include "support/dice.h"
#include "support/planted_failures.h"
#include "support/store_steps.h"

enum {
    SEEDS_DEFAULT = 10, STEPS_DEFAULT = 10000, STEPS_WORTH_THE_NAME = 3000, FULL_EVERY = 500, LISTS_ONE_IN = 10,
    FAILURES_ONE_IN = 8, CALLS_MAX = 12, PAGE_MAX = 40, STATUSES = STORE_REFUSED + 1
};

/* -------- all that can be read */

/* Gives the seq of the log's end. */
static uint64_t tell_view(struct rig *rig, uint32_t partition, struct buffer *out)
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
    return view.head.seq;
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

static void tell_log(struct rig *rig, uint32_t partition, uint64_t from, uint64_t to, struct buffer *out)
{
    struct entry_list list = {.count = 1};
    for (; from <= to && list.count; from = list.count ? list.at[list.count - 1].place.seq + 1 : from) {
        assert_status(rig, STORE_OK, store_read_log_one(rig->store, partition, from, READ_MAX, rig->arena, &list));
        tell_entries(out, &list);
    }
}

static void tell_all(struct rig *rig, uint32_t partition, uint64_t from, struct buffer *out)
{
    uint64_t head = tell_view(rig, partition, out);
    tell_lists(rig, partition, out);
    for (int kind = 0; kind < ENTITY_COUNT; kind++)
        tell_entities(rig, partition, (enum entity_kind)kind, out);
    tell_log(rig, partition, from, head, out);
    tell_global(rig, out);
}

static void tell_puts(struct rig *rig, const struct step *step, enum entity_kind kind, struct buffer *out)
{
    const char *ids[PUTS_MAX];
    struct stored_entity now[PUTS_MAX];
    size_t count = 0;
    for (size_t i = 0; i < step->commit.put_count; i++)
        if (step->puts[i].kind == kind)
            ids[count++] = step->puts[i].id;
    if (count)
        assert_status(rig, STORE_OK, store_read_entities_one(rig->store, step->partition, kind, ids, count,
                                                               rig->arena, now));
    for (size_t i = 0; i < count; i++) {
        buffer_printf(out, "\n  %s v%" PRIu64 " due %lld queue %s", now[i].id, now[i].version, (long long)now[i].due,
                      now[i].queue);
        tell_slice(out, now[i].packed);
    }
}

/* Some of the log, from anywhere, as far as it may be. */
static void tell_page(struct rig *rig, uint32_t partition, uint64_t from, size_t max, struct buffer *out)
{
    struct entry_list list;
    assert_status(rig, STORE_OK, store_read_log_one(rig->store, partition, from, max, rig->arena, &list));
    tell_entries(out, &list);
}

/* What the step may have changed: all of it, but of long lists only how long they are and how they begin. */
static void tell_touched(struct rig *rig, const struct step *step, uint64_t from, bool lists, struct buffer *out)
{
    uint64_t head = tell_view(rig, step->partition, out);
    for (int kind = 0; kind < ENTITY_COUNT && step->commit.put_count; kind++)
        tell_puts(rig, step, (enum entity_kind)kind, out);
    tell_log(rig, step->partition, from, head, out);
    if (lists)
        tell_lists(rig, step->partition, out);
    if (*step->field)
        tell_global(rig, out);
}

/* -------- the test */

struct twins {
    struct rig memory, redis;
    struct buffer told[2];
    struct truth truth;
    uint64_t seed;
    size_t done;
    uint64_t compared[PARTITIONS_USED];     /* of the logs, as far as nobody has to look again */
    size_t seen[DEEDS][STATUSES];
    size_t failures[DEEDS];                 /* planted, and met */
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
    for (size_t d = 0; d < DEEDS; d++)
        if (deeds[d].can_fail && !twins->failures[d])
            fail_msg("%s never failed inside", deeds[d].name);
}

static void print_met(const struct twins *twins)
{
    for (size_t d = 0; d < DEEDS; d++) {
        print_message("%-10s", deeds[d].name);
        for (int status = 0; status < STATUSES; status++)
            print_message(" %7zu", twins->seen[d][status]);
        print_message("  failed inside %zu\n", twins->failures[d]);
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

static void compare_all(struct twins *twins, uint32_t partition, uint64_t from)
{
    struct rig *rigs[2] = {&twins->memory, &twins->redis};
    for (int i = 0; i < 2; i++) {
        arena_reset(rigs[i]->arena);
        buffer_clear(&twins->told[i]);
        tell_all(rigs[i], partition, from, &twins->told[i]);
    }
    assert_alike(twins, "what can be read");
}

static void compare_touched(struct twins *twins, const struct step *step, const char *doing)
{
    struct rig *rigs[2] = {&twins->memory, &twins->redis};
    uint64_t from = twins->truth.views[step->partition].head.seq + 1;
    bool lists = one_in(LISTS_ONE_IN);
    uint64_t page_from = chance_number((unsigned)from + 2);
    size_t page_max = chance_number(PAGE_MAX);
    for (int i = 0; i < 2; i++) {
        arena_reset(rigs[i]->arena);
        buffer_clear(&twins->told[i]);
        tell_touched(rigs[i], step, from, lists, &twins->told[i]);
        tell_page(rigs[i], step->partition, page_from, page_max, &twins->told[i]);
    }
    assert_alike(twins, doing);
}

/* -------- doing */

static enum store_status act(struct twins *twins, int which, const struct deed *deed, const struct step *step)
{
    struct rig *rig = which ? &twins->redis : &twins->memory;
    struct step own = *step;
    buffer_clear(&twins->told[which]);
    enum store_status status = deed->act(rig, &own, &twins->told[which]);
    buffer_printf(&twins->told[which], " %s", store_status_text(status));
    if (status == STORE_REFUSED)
        buffer_string(&twins->told[which], rig->calls->message(rig->store));
    return status;
}

static void perform(struct twins *twins, const struct deed *deed, const struct step *step)
{
    for (int i = 0; i < 2; i++)
        twins->seen[deed - deeds][act(twins, i, deed, step)]++;
    assert_alike(twins, deed->name);
}

/* Something inside the function fails, as long as it has written nothing: Redis is still what memory is. If the function
 * had come further than that, it is done, and memory does the same. */
static void perform_with_failure(struct twins *twins, const struct deed *deed, const struct step *step)
{
    failures_plant(twins->redis.redis, 1 + (unsigned)chance_number(CALLS_MAX));
    enum store_status status = act(twins, 1, deed, step);
    if (status == STORE_REFUSED && failure_is_planted(twins->redis.calls->message(twins->redis.store))) {
        twins->failures[deed - deeds]++;
        compare_touched(twins, step, "after a failure inside");
        return;
    }
    failures_plant(twins->redis.redis, 0);
    act(twins, 0, deed, step);
    assert_alike(twins, deed->name);
}

static void one_step(struct twins *twins)
{
    struct truth *truth = &twins->truth;
    arena_reset(truth->arena);
    for (uint32_t i = 0; i < PARTITIONS_USED; i++)
        assert_status(truth->rig, STORE_OK, truth->rig->calls->view(truth->rig->store, &i, 1, &truth->views[i]));
    struct step step;
    const struct deed *deed = step_make(truth, &step);
    if (deed->can_fail && one_in(FAILURES_ONE_IN))
        perform_with_failure(twins, deed, &step);
    perform(twins, deed, &step);
    if (one_in(5))                          /* the answer was lost, or a zombie comes back: the same again */
        perform(twins, deed, &step);
    compare_touched(twins, &step, "what was touched");
    for (uint32_t i = 0; i < PARTITIONS_USED && twins->done % FULL_EVERY == FULL_EVERY - 1; i++) {
        compare_all(twins, i, twins->compared[i] + 1);
        twins->compared[i] = truth->views[i].head.seq;
    }
}

static void run_seed(struct twins *twins, struct redis_server *server, size_t steps)
{
    rig_open(&twins->memory, NULL);
    rig_open(&twins->redis, server);
    assert_true(failures_prepare(twins->redis.redis));
    twins->truth = (struct truth){.rig = &twins->memory, .arena = arena_new()};
    memset(twins->compared, 0, sizeof twins->compared);
    chance_start(twins->seed);
    for (twins->done = 0; twins->done < steps; twins->done++)
        one_step(twins);
    for (uint32_t i = 0; i < PARTITIONS_USED; i++)
        compare_all(twins, i, 1);
    arena_free(&twins->truth.arena);
    rig_close(&twins->memory);
    rig_close(&twins->redis);
}

static void both_stores_do_the_same(void **context)
{
    static struct twins twins;
    size_t steps = (size_t)number_of("STEPS", STEPS_DEFAULT), seeds = (size_t)number_of("SEEDS", SEEDS_DEFAULT);
    uint64_t first = (uint64_t)number_of("SEED", 1);
    for (twins.seed = first; twins.seed < first + seeds; twins.seed++)
        run_seed(&twins, *context, steps);
    print_message("%zu steps\n", seeds * steps);
    if (seeds * steps >= STEPS_WORTH_THE_NAME)
        assert_met(&twins);
    if (getenv("VERBOSE"))
        print_met(&twins);
    buffer_free(&twins.told[0]);
    buffer_free(&twins.told[1]);
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
