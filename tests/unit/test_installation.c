/* What is wrong with an installation, told from its numbers; and which events were set aside, told from the log. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "../../services/intake/installation.h"

/* -------- findings */

static struct member member_at[] = {{"a", "intake", "", ""}, {"b", "scheduler", "", ""}, {"c", "scheduler", "", ""}};
static struct member_glance members[3];
static struct consumer reports = {.name = "reports"};
static struct consumer_glance consumer;

/* An installation that is well: one host, all owned. */
static struct installation well(void)
{
    struct installation now = {.partitions = 64, .days_left = -1, .limits = {.memory_percent = 85},
                               .health = {.reachable = true, .used_bytes = 50, .limit_bytes = 100}};
    for (int s = STAGE_NONE + 1; s < STAGE_COUNT; s++)
        now.stages[s] = (struct stage_glance){.replicas = 1, .owned = 64};
    for (int i = 0; i < 3; i++)
        members[i] = (struct member_glance){.member = &member_at[i], .host = "h1", .build = "1.0"};
    consumer = (struct consumer_glance){.consumer = &reports};
    now.members = members;
    now.member_count = 3;
    now.consumers = &consumer;
    now.consumer_count = 1;
    return now;
}

static void missing(struct installation *now) { now->stages[STAGE_NOTIFIER] = (struct stage_glance){.lag = 5}; }
static void unowned(struct installation *now) { now->stages[STAGE_FOLLOW_UP].owned = 61; }
static void late(struct installation *now) { now->stages[STAGE_SCHEDULER].late_ms = 10001; }
static void not_yet_late(struct installation *now) { now->stages[STAGE_SCHEDULER].late_ms = 10000; }
static void lagging(struct installation *now) { now->stages[STAGE_COMPLAINT_ROUTER].lag = 1001; }
static void not_yet_lagging(struct installation *now) { now->stages[STAGE_COMPLAINT_ROUTER].lag = 1000; }
static void full(struct installation *now) { now->health.used_bytes = 85; }
static void nearly_full(struct installation *now) { now->health.used_bytes = 84; }
static void filling(struct installation *now) { now->days_left = 6; }
static void filling_slowly(struct installation *now) { now->days_left = 7; }
static void unbounded(struct installation *now) { now->health.limit_bytes = 0; }
static void dead(struct installation *now) { now->dead = 3; }
static void set_aside(struct installation *now) { now->quarantined = 2; }
static void silent(struct installation *now)
{
    now->consumers[0].lag = 1;
    now->consumers[0].silent_ms = HOUR_MS + 1;
}
static void silent_but_done(struct installation *now) { now->consumers[0].silent_ms = 90 * DAY_MS; }
static void behind(struct installation *now)
{
    now->consumers[0].lag = 10001;
    now->consumers[0].silent_ms = HOUR_MS;
}
static void builds(struct installation *now) { now->members[2].build = "1.1"; }
static void hosts(struct installation *now) { now->members[0].host = "h2"; }
static void hosts_shared(struct installation *now) { now->members[2].host = "h2"; }
static void clock_off(struct installation *now)
{
    static struct member off[] = {{"b", "scheduler (clock off)", "", ""}, {"d", "notifier (clock off)", "", ""}};
    now->members[1].member = &off[0];
    now->members[2].member = &off[1];
}
static void stopped(struct installation *now) { now->stopped = 7; }
static void channel_down(struct installation *now)
{
    now->now = 10 * HOUR_MS;
    now->channels[0] = (struct channel_glance){.channel = "sms", .gateway = "g", .success_at = 9 * HOUR_MS};
    now->channels[1] = (struct channel_glance){.channel = "email", .gateway = "g", .up = true};
    now->channel_count = 2;
}
static void nothing(struct installation *now) { (void)now; }
static void much(struct installation *now)
{
    missing(now);
    dead(now);
    unbounded(now);
    full(now);
}

static void findings(void **state)
{
    static const struct { void (*make)(struct installation *); const char *told; } cases[] = {
        {nothing, ""},
        {missing, "broken stage_missing notifier 0"},
        {unowned, "degraded partitions_unowned follow-up 3"},
        {late, "degraded late scheduler 10001"}, {not_yet_late, ""},
        {lagging, "degraded lagging complaint-router 1001"}, {not_yet_lagging, ""},
        {full, "broken store_full  85"}, {nearly_full, ""},
        {filling, "degraded store_filling  6"}, {filling_slowly, ""},
        {unbounded, "note store_unbounded  0"},
        {dead, "degraded dead_letters  3"}, {set_aside, "degraded quarantined  2"},
        {silent, "degraded consumer_silent reports 3600001"}, {silent_but_done, ""},
        {behind, "degraded consumer_behind reports 10001"},
        {clock_off, "degraded clock_off h1 0"},
        {stopped, "degraded sending_stopped  7"},
        {channel_down, "degraded channel_down sms 3600000"},
        {builds, "note builds_differ  0"},
        {hosts, "note one_host_only scheduler 0"}, {hosts_shared, ""},
        {much, "broken stage_missing notifier 0; degraded dead_letters  3; note store_unbounded  0"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct installation now = well();
        struct finding found[FINDINGS_MAX];
        char told[1000] = "";
        cases[i].make(&now);
        size_t count = installation_findings(&now, found);
        for (size_t f = 0; f < count; f++)
            snprintf(told + strlen(told), sizeof told - strlen(told), "%s%s %s %s %lld", f ? "; " : "",
                     finding_levels[found[f].level], found[f].what, found[f].subject, (long long)found[f].number);
        assert_string_equal(told, cases[i].told);
    }
}

/* -------- what was set aside */

enum { PARTITIONS = 2 };

static void append(struct store *store, uint32_t partition, int number, bool aside)
{
    struct event event = event_of(aside ? EVENT_EVENT_QUARANTINED : EVENT_CAR_DELIVERED);
    const struct event_quarantined data = {.stage = "notifier", .seq = number, .type = "notice.wanted"};
    struct buffer packed = {0}, body = {0};
    char id[16];
    snprintf(id, sizeof id, "%d", number);
    event.id = id;
    event.source = "s";
    event.site = "sample";
    if (aside)
        record_pack(&event_quarantined_record, &data, 0, &body);
    event.data = buffer_slice(&body);
    event_pack(&event, &packed);
    struct fact fact = {.key = id, .natural = true, .stage = aside ? STAGE_NOTIFIER : STAGE_NONE,
                        .chain_id = 1000 + (uint64_t)number, .packed = buffer_slice(&packed)};
    assert_int_equal(store_append_one(store, partition, &fact, 1), STORE_OK);
    buffer_free(&body);
    buffer_free(&packed);
}

static size_t look(struct quarantine *quarantine, struct store *store, size_t pages)
{
    struct arena *arena = arena_new();
    uint32_t numbers[PARTITIONS] = {0, 1};
    struct partition_view views[PARTITIONS];
    assert_int_equal(store->functions->view(store, numbers, PARTITIONS, views), STORE_OK);
    for (uint32_t p = 0; p < PARTITIONS; p++)
        quarantine_look(quarantine, store, p, views[p].first, views[p].head, arena, &pages);
    arena_free(&arena);
    return quarantine_count(quarantine);
}

static void set_aside_is_found(void **state)
{
    struct store *store = store_memory_new(PARTITIONS);
    struct quarantine *quarantine = quarantine_new(PARTITIONS);
    (void)state;
    assert_int_equal(look(quarantine, store, 9), 0);
    append(store, 0, 1, false);
    append(store, 1, 2, true);
    append(store, 0, 3, true);
    assert_int_equal(look(quarantine, store, 9), 2);
    const struct quarantined *first = quarantine_at(quarantine, 0);
    assert_int_equal(first->partition, 0);
    assert_int_equal(first->seq, 3);
    assert_string_equal(first->stage, "notifier");
    assert_string_equal(first->type, "notice.wanted");
    append(store, 1, 4, false);
    assert_int_equal(look(quarantine, store, 9), 2);            /* each once */
    append(store, 1, 5, true);
    assert_int_equal(look(quarantine, store, 9), 3);
    assert_int_equal(store_memory_rewind(store, 1, 2), 2);      /* 4 and 5 never were */
    assert_int_equal(look(quarantine, store, 9), 2);
    append(store, 1, 6, false);
    append(store, 1, 7, true);
    append(store, 1, 8, false);
    assert_int_equal(look(quarantine, store, 9), 3);
    assert_int_equal(quarantine_at(quarantine, 2)->seq, 7);
    assert_true(quarantine_is_complete(quarantine));
    quarantine_free(&quarantine);
    store->functions->free(&store);
}

static void a_long_log_is_read_in_pieces(void **state)
{
    struct store *store = store_memory_new(PARTITIONS);
    struct quarantine *quarantine = quarantine_new(PARTITIONS);
    (void)state;
    for (int i = 1; i <= 1200; i++)
        append(store, 0, i, i == 1100);
    assert_int_equal(look(quarantine, store, 2), 0);            /* two pages of 512: the rest is for the next look */
    assert_false(quarantine_is_complete(quarantine));
    assert_int_equal(look(quarantine, store, 2), 1);
    assert_true(quarantine_is_complete(quarantine));
    assert_int_equal(look(quarantine, store, 0), 1);            /* nothing is read again */
    assert_true(quarantine_is_complete(quarantine));
    quarantine_free(&quarantine);
    store->functions->free(&store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(findings),
        cmocka_unit_test(set_aside_is_found),
        cmocka_unit_test(a_long_log_is_read_in_pieces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
