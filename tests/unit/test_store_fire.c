/* Due timers become events: in order, once, as many as one call may. And lists of timers and queue places. */
#include <stdlib.h>

#include "support/store_rig.h"

/* Arms a timer on a plan of the scheduler. */
static void arm(struct rig *rig, const struct standing *standing, const char *id, wall_ms due)
{
    struct entity_put put = {.kind = ENTITY_PLAN, .id = id, .version = 1, .packed = bytes_of("x"), .due = due};
    assert_status(rig, STORE_OK, rig_put(rig, standing, &put));
}

static struct entry_list fire(struct rig *rig, const struct standing *standing, wall_ms now, uint64_t seed,
                              wall_ms earliest)
{
    struct entry_list fired;
    wall_ms due = -1;
    assert_status(rig, STORE_OK, store_fire_one(rig->store, &standing->lease, now, seed, rig->arena, &fired, &due));
    assert_int_equal(due, earliest);
    return fired;
}

static void assert_fired(struct rig *rig, const struct entry *entry, const char *member, wall_ms due, wall_ms now)
{
    struct event event;
    struct fault fault = {0};
    if (!event_unpack(entry->packed, rig->arena, &event, &fault))
        fail_msg("%s %s", fault.field, fault.what);
    const struct timer_fired *data = event_data(&event, (struct slice){0}, rig->arena, &fault);
    assert_int_equal(event.number, EVENT_TIMER_FIRED);
    assert_string_equal(event.source, "scheduler");
    assert_string_equal(event.site, "sample");
    assert_string_equal(event.dataschema, "1");
    assert_int_equal(event.time, now);
    assert_string_equal(data->entity, member);
    assert_int_equal(data->due, due);
}

static void due_timers_fire_in_order_and_once(struct rig *rig)
{
    struct standing standing = rig_claim(rig, STAGE_SCHEDULER, "a");
    rig_append(rig, "s\n1", 11);
    arm(rig, &standing, "sample/late", 5001);
    arm(rig, &standing, "sample/b", 5000);
    arm(rig, &standing, "sample/a", 5000);
    arm(rig, &standing, "sample/first", 100);
    assert_int_equal(fire(rig, &standing, 99, 40, 100).count, 0);
    struct entry_list fired = fire(rig, &standing, 5000, 40, 5001);
    assert_int_equal(fired.count, 3);
    static const struct { const char *member; wall_ms due; } expected[] = {
        {"P/sample/first", 100}, {"P/sample/a", 5000}, {"P/sample/b", 5000}};
    for (size_t i = 0; i < 3; i++) {
        assert_fired(rig, &fired.at[i], expected[i].member, expected[i].due, 5000);
        assert_int_equal(fired.at[i].place.seq, 2 + i);
        assert_int_equal(fired.at[i].place.id, 40 + i);
        assert_int_equal(fired.at[i].place.prev, i ? 39 + i : 11);
    }
    assert_int_equal(fire(rig, &standing, 5000, 50, 5001).count, 0);
    assert_int_equal(fire(rig, &standing, 9000, 60, 0).count, 1);
    struct entry_list logged;
    assert_status(rig, STORE_OK, store_read_log_one(rig->store, 0, 2, 10, rig->arena, &logged));
    assert_int_equal(logged.count, 4);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(logged.at[i].packed.bytes, fired.at[i].packed.bytes);
        assert_memory_equal(logged.at[i].packed.at, fired.at[i].packed.at, fired.at[i].packed.bytes);
    }
}

static void a_fired_timer_stays_with_its_entity(struct rig *rig)
{
    struct standing standing = rig_claim(rig, STAGE_SCHEDULER, "a");
    arm(rig, &standing, "sample/1", 5000);
    fire(rig, &standing, 5000, 40, 0);
    assert_int_equal(rig_read(rig, ENTITY_PLAN, "sample/1").due, 5000);
    struct entity_put put = {.kind = ENTITY_PLAN, .id = "sample/1", .version = 2, .packed = bytes_of("x"), .due = 5000,
                             .due_before = 5000};
    assert_status(rig, STORE_OK, rig_put(rig, &standing, &put));
    assert_int_equal(fire(rig, &standing, 9000, 50, 0).count, 0);
    put.version = 3;
    put.due = 6000;
    assert_status(rig, STORE_OK, rig_put(rig, &standing, &put));
    assert_int_equal(fire(rig, &standing, 9000, 60, 0).count, 1);
}

static void only_the_scheduler_with_its_lease_fires(struct rig *rig)
{
    struct standing standing = rig_claim(rig, STAGE_SCHEDULER, "a"), other = rig_claim(rig, STAGE_NOTIFIER, "b");
    struct entry_list fired;
    wall_ms due;
    arm(rig, &standing, "sample/1", 5000);
    assert_status(rig, STORE_REFUSED, store_fire_one(rig->store, &other.lease, 9000, 40, rig->arena, &fired, &due));
    rig_leases_expire(rig);
    assert_status(rig, STORE_OK, store_fire_one(rig->store, &standing.lease, 4000, 40, rig->arena, &fired, &due));
    struct standing next = rig_claim(rig, STAGE_SCHEDULER, "c");
    assert_status(rig, STORE_FENCED, store_fire_one(rig->store, &standing.lease, 9000, 40, rig->arena, &fired, &due));
    assert_int_equal(fire(rig, &next, 9000, 40, 0).count, 1);
}

static void chain_ids_go_over_any_border(struct rig *rig)
{
    static const struct { uint64_t seed, third; } seeds[] = {
        {UINT32_MAX - 1, (uint64_t)UINT32_MAX + 1}, {0xfedcba98ffffffff, 0xfedcba9900000001},
        {UINT64_MAX - 2, UINT64_MAX}};
    struct standing standing = rig_claim(rig, STAGE_SCHEDULER, "a");
    for (size_t i = 0; i < 3; i++) {
        char id[24];
        for (size_t j = 0; j < 3; j++) {
            snprintf(id, sizeof id, "sample/%zu", 3 * i + j);
            arm(rig, &standing, id, 100);
        }
        assert_true(fire(rig, &standing, 100, seeds[i].seed, 0).at[2].place.id == seeds[i].third);
        assert_true(rig_view(rig).head.id == seeds[i].third);
    }
}

static void a_storm_is_fired_in_pieces(struct rig *rig)
{
    static char ids[FIRE_MAX + 3][24];
    static struct entity_put puts[FIRE_MAX + 3];
    struct standing standing = rig_claim(rig, STAGE_SCHEDULER, "a");
    for (int i = 0; i < FIRE_MAX + 3; i++) {
        snprintf(ids[i], sizeof ids[i], "sample/%04d", i);
        puts[i] = (struct entity_put){.kind = ENTITY_CUSTOMER, .id = ids[i], .version = 1, .packed = bytes_of("x"),
                                      .due = 1000 + i};
    }
    struct commit commit = {.lease = standing.lease, .puts = puts, .put_count = FIRE_MAX + 3};
    assert_status(rig, STORE_OK, store_commit_one(rig->store, &commit));
    assert_int_equal(fire(rig, &standing, 100000, 40, 1000 + FIRE_MAX).count, FIRE_MAX);
    struct entry_list rest = fire(rig, &standing, 100000, 9000, 0);
    assert_int_equal(rest.count, 3);
    assert_fired(rig, &rest.at[0], "C/sample/0512", 1000 + FIRE_MAX, 100000);
}

static void ids_of_events_fit_their_bound(struct rig *rig)
{
    struct standing standing = rig_claim(rig, STAGE_SCHEDULER, "a");
    for (size_t bytes = 8; bytes <= ENTITY_ID_BYTES_MAX; bytes++) {
        char id[ENTITY_ID_BYTES_MAX + 1] = "sample/", expected[256];
        memset(id + 7, 'x', bytes - 7);
        arm(rig, &standing, id, 1234567890123);
        struct entry_list fired = fire(rig, &standing, 1234567890123, 0xabcdef0000000000 + bytes, 0);
        struct event event;
        struct fault fault = {0};
        if (!event_unpack(fired.at[0].packed, rig->arena, &event, &fault))
            fail_msg("%s %s", fault.field, fault.what);
        snprintf(expected, sizeof expected, "timer/P/%s@1234567890123", id);
        if (strlen(expected) > NAME_BYTES_MAX)
            snprintf(expected, sizeof expected, "timer/abcdef00000000%02zx@1234567890123", bytes);
        assert_string_equal(event.id, expected);
    }
}

static void sites_and_times_of_any_size_fit(struct rig *rig)
{
    static const wall_ms dues[] = {1, 127, 128, 255, 256, 65535, 65536, UINT32_MAX, (wall_ms)UINT32_MAX + 1, DUE_MAX};
    struct standing standing = rig_claim(rig, STAGE_SCHEDULER, "a");
    for (size_t i = 0; i < sizeof dues / sizeof *dues; i++) {
        char id[24], member[32];
        snprintf(id, sizeof id, "sample/%zu", i);
        snprintf(member, sizeof member, "P/%s", id);
        arm(rig, &standing, id, dues[i]);
        struct entry_list fired = fire(rig, &standing, DUE_MAX, 40 + i, 0);
        assert_int_equal(fired.count, 1);
        assert_fired(rig, &fired.at[0], member, dues[i], DUE_MAX);
    }
}

static void timers_are_listed_by_time_in_pages(struct rig *rig)
{
    struct standing standing = rig_claim(rig, STAGE_SCHEDULER, "a");
    arm(rig, &standing, "sample/3", 300);
    arm(rig, &standing, "sample/1", 100);
    arm(rig, &standing, "sample/2b", 200);
    arm(rig, &standing, "sample/2a", 200);
    static const struct { wall_ms from; size_t skip, max, count; const char *first; } pages[] = {
        {0, 0, 10, 4, "P/sample/1"}, {101, 0, 10, 3, "P/sample/2a"}, {0, 2, 1, 1, "P/sample/2b"},
        {200, 1, 10, 2, "P/sample/2b"},
        {301, 0, 10, 0, NULL},       {0, 9, 10, 0, NULL},            {0, 0, 0, 0, NULL},
    };
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
        struct timer_list list;
        assert_status(rig, STORE_OK, rig->calls->read_timers(rig->store, 0, pages[i].from, pages[i].skip, pages[i].max,
                                                             rig->arena, &list));
        assert_int_equal(list.count, pages[i].count);
        if (list.count)
            assert_string_equal(list.at[0].member, pages[i].first);
    }
}

static void queue_places_are_listed_by_bytes_in_pages(struct rig *rig)
{
    static const char *const places[] = {"held/x", "sending/1", "sending/2", "sending0", "work/a", "work/a/1",
                                         "work/\xe8\xbd\xa6", "work/\xff"};
    struct standing standing = rig_claim(rig, STAGE_SCHEDULER, "a");
    for (size_t i = 0; i < 8; i++) {
        struct entity_put put = {.kind = ENTITY_PLAN, .id = places[7 - i], .version = 1, .packed = bytes_of("x"),
                                 .queue = places[7 - i]};
        assert_status(rig, STORE_OK, rig_put(rig, &standing, &put));
    }
    static const struct { const char *prefix, *after; size_t max, count; const char *first; } pages[] = {
        {"", "", 100, 8, "held/x"},           {"work/", "", 100, 4, "work/a"},
        {"work/", "work/a", 100, 3, "work/a/1"},
        {"work/", "held/x", 1, 1, "work/a"},  {"work/", "work/aa", 1, 1, "work/\xe8\xbd\xa6"},
        {"work/", "work/\xff", 9, 0, NULL},
        {"work/\xff", "", 9, 1, "work/\xff"}, {"\xff", "", 9, 0, NULL},             {"sending/", "", 9, 2, "sending/1"},
        {"", "work/a", 9, 3, "work/a/1"},     {"work/a", "work/b", 9, 0, NULL},     {"nothing", "", 9, 0, NULL},
    };
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
        struct texts texts;
        assert_status(rig, STORE_OK, rig->calls->read_queue(rig->store, 0, pages[i].prefix, pages[i].after,
                                                            pages[i].max, rig->arena, &texts));
        if (texts.count != pages[i].count)
            fail_msg("prefix %s after %s: %zu", pages[i].prefix, pages[i].after, texts.count);
        if (texts.count)
            assert_string_equal(texts.at[0], pages[i].first);
    }
    assert_int_equal(rig_view(rig).sending, 2);
    assert_int_equal(rig_view(rig).queue, 8);
}

static void a_scan_misses_none_that_stays(struct rig *rig)
{
    enum { MANY = 1500 };
    static char ids[MANY][24];
    static struct entity_put puts[MANY];
    static bool seen[MANY];
    memset(seen, 0, sizeof seen);
    struct standing standing = rig_claim(rig, STAGE_SCHEDULER, "a");
    for (int i = 0; i < MANY; i++) {
        snprintf(ids[i], sizeof ids[i], "sample/%d", i);
        puts[i] = (struct entity_put){.kind = ENTITY_CUSTOMER, .id = ids[i], .version = 1, .packed = bytes_of(ids[i])};
    }
    struct commit commit = {.lease = standing.lease, .puts = puts, .put_count = MANY};
    assert_status(rig, STORE_OK, store_commit_one(rig->store, &commit));
    uint64_t cursor = 0;
    int removed = 0, rounds = 0;
    do {
        struct stored_entity_list list;
        assert_status(rig, STORE_OK, rig->calls->scan_entities(rig->store, 0, ENTITY_CUSTOMER, &cursor, rig->arena,
                                                               &list));
        for (size_t i = 0; i < list.count; i++) {
            seen[atoi(list.at[i].id + 7)] = true;
            assert_slice(list.at[i].id, list.at[i].packed);
        }
        for (int end = removed + 100; removed < end && removed < MANY / 2; removed++) {     /* the small numbers go */
            struct entity_put gone = {.kind = ENTITY_CUSTOMER, .id = ids[removed], .version = 2};
            assert_status(rig, STORE_OK, rig_put(rig, &standing, &gone));
        }
        assert_in_range(++rounds, 1, MANY);
    } while (cursor);
    assert_in_range(rounds, 2, MANY);
    for (int i = MANY / 2; i < MANY; i++)
        assert_true(seen[i]);
}

int main(void)
{
    static const struct rig_case cases[] = {
        {"due timers fire in order and once", due_timers_fire_in_order_and_once},
        {"a fired timer stays with its entity until it is moved", a_fired_timer_stays_with_its_entity},
        {"only the scheduler with its lease fires", only_the_scheduler_with_its_lease_fires},
        {"chain ids go over any border", chain_ids_go_over_any_border},
        {"a storm is fired in pieces", a_storm_is_fired_in_pieces},
        {"ids of events fit their bound", ids_of_events_fit_their_bound},
        {"sites and times of any size fit", sites_and_times_of_any_size_fit},
        {"timers are listed by time, in pages", timers_are_listed_by_time_in_pages},
        {"queue places are listed by bytes, in pages", queue_places_are_listed_by_bytes_in_pages},
        {"a scan misses none that stays", a_scan_misses_none_that_stays},
    };
    return RIG_RUN("store: timers and lists", cases);
}
