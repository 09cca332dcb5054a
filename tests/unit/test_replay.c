/* Replay: what the log says to one who wants to go on from a place; requests and rights; what may be trimmed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "../../services/intake/replay_answers.h"
#include "../../services/intake/trimming.h"
#include "cursor.h"
#include "event.h"
#include "partition.h"

enum { PARTITIONS = 8, NOON = 1750000000 };

struct desk {
    struct store *store;
    struct arena *arena;
    struct credential credential;
    struct buffer answer;
    bool secured;
};

static int open_desk(void **state)
{
    static struct desk desk;
    desk = (struct desk){.store = store_memory_new(PARTITIONS), .arena = arena_new(), .credential = {.actor = "me"}};
    *state = &desk;
    return 0;
}

static int close_desk(void **state)
{
    struct desk *desk = *state;
    desk->store->functions->free(&desk->store);
    arena_free(&desk->arena);
    buffer_free(&desk->answer);
    return 0;
}

/* -------- decisions */

static struct entry_list entries_from(struct entry entries[3], uint64_t seq)
{
    for (size_t i = 0; i < 3; i++)
        entries[i] = (struct entry){.place = {0, seq + i, 100 + seq + i, seq + i > 1 ? 99 + seq + i : 0}};
    return (struct entry_list){entries, 3};
}

static void resuming(void **state)
{
    (void)state;
    static const struct {
        struct checkpoint done;
        uint64_t entries_from;
        enum resume resume;
        uint64_t first; } cases[] = {
        {{0, 0}, 1, RESUME_HERE, 0},      {{0, 0}, 0, RESUME_HERE, 0},      {{5, 105}, 5, RESUME_HERE, 0},
        {{5, 900}, 5, RESUME_REWOUND, 0}, {{5, 105}, 0, RESUME_REWOUND, 0}, {{4, 104}, 5, RESUME_HERE, 0},
        {{4, 900}, 5, RESUME_REWOUND, 0}, {{3, 103}, 5, RESUME_TRIMMED, 4}, {{0, 0}, 5, RESUME_TRIMMED, 4},
        {{3, 900}, 5, RESUME_TRIMMED, 4}, {{0, 1}, 1, RESUME_REWOUND, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct entry at[3];
        struct checkpoint first = {0};
        struct entry_list entries =
            cases[i].entries_from ? entries_from(at, cases[i].entries_from) : (struct entry_list){0};
        assert_int_equal(resume_decide(cases[i].done, &entries, &first), cases[i].resume);
        assert_int_equal(first.seq, cases[i].first);
        assert_int_equal(first.id, cases[i].first ? 100 + cases[i].first : 0);
    }
}

static void limits_of_trimming(void **state)
{
    (void)state;
    static const struct { uint64_t old, very_old, slowest, limit; } cases[] = {
        {100, 20, UINT64_MAX, 100}, {100, 20, 150, 100}, {100, 20, 60, 60},
        {100, 20, 5, 20},           {100, 100, 5, 100},  {1, 1, 0, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(trim_limit(cases[i].old, cases[i].very_old, cases[i].slowest), cases[i].limit);
}

static void limit_of_the_archive(void **state)
{
    (void)state;
    struct point points[] = {{.partition = 2, .at = {.seq = 7, .id = 107}}};
    struct consumer keeper = {.name = "keeper", .points = {points, 1}};
    const struct consumer_list consumers = {&keeper, 1};
    assert_true(archive_limit(&consumers, "", 2) == UINT64_MAX);
    assert_int_equal(archive_limit(&consumers, "keeper", 2), 7);
    assert_int_equal(archive_limit(&consumers, "keeper", 3), 0);
    assert_int_equal(archive_limit(&consumers, "somebody", 2), 0);
}

/* -------- the log and its requests */

/* Events of two sites in turn in partition 0, a second apart, chain ids 101, 102 … */
static void fill(struct desk *desk, uint64_t count)
{
    for (uint64_t i = 1; i <= count; i++) {
        struct event event = event_of(i % 2 ? EVENT_CAR_DELIVERED : EVENT_VISIT_FINISHED);
        struct buffer packed = {0};
        char key[32];
        snprintf(key, sizeof key, "s\n%d", (int)i);
        event.id = key + 2;
        event.source = "s";
        event.site = i % 4 < 2 ? "north" : "south";
        event.time = (wall_ms)(NOON + i) * SECOND_MS;
        event_pack(&event, &packed);
        struct fact fact = {.key = key, .digest = 1, .chain_id = 100 + i, .packed = buffer_slice(&packed)};
        assert_int_equal(store_append_one(desk->store, 0, &fact, 1), STORE_OK);
        buffer_free(&packed);
    }
}

static struct slice answer_of(struct desk *desk, struct replay_request *request)
{
    struct replay_scene scene = {desk->store, PARTITIONS, 5, &desk->credential, desk->secured, desk->arena};
    buffer_clear(&desk->answer);
    if (!request->max)
        request->max = PAGE_EVENTS_MAX;
    if (!request->name)
        request->name = "";
    assert_int_equal(replay_answer(&scene, request, &desk->answer), STORE_OK);
    assert_null(guard_check(buffer_slice(&desk->answer), &(size_t){0}));
    return buffer_slice(&desk->answer);
}

static struct cursor field(struct slice answer, const char *name)
{
    struct slice value;
    if (!cursor_find(answer, name, &value))
        fail_msg("the answer has no %s", name);
    return cursor_over(value);
}

static void assert_answer(struct slice answer, const char *word)
{
    struct cursor cursor = field(answer, "answer");
    struct slice text;
    assert_true(cursor_text(&cursor, &text));
    if (!slice_is(text, word))
        fail_msg("%.*s, not %s", (int)text.bytes, (const char *)text.at, word);
}

static size_t count_of(struct slice answer, const char *name)
{
    struct cursor cursor = field(answer, name);
    size_t count;
    assert_true(cursor_array(&cursor, &count));
    return count;
}

static uint64_t seq_to(struct slice answer)
{
    struct cursor cursor = field(answer, "to");
    size_t two;
    uint64_t seq;
    assert_true(cursor_array(&cursor, &two) && cursor_uint(&cursor, &seq));
    return seq;
}

static struct point start_of(struct slice answer, uint32_t wanted)
{
    struct cursor cursor = field(answer, "at");
    size_t count, three;
    uint64_t partition;
    struct point point;
    assert_true(cursor_array(&cursor, &count));
    while (count-- && cursor_array(&cursor, &three) && cursor_uint(&cursor, &partition) &&
           cursor_uint(&cursor, &point.at.seq) && cursor_uint(&cursor, &point.at.id))
        if (partition == wanted)
            return (struct point){wanted, point.at};
    fail_msg("partition %u is not told", wanted);
    return (struct point){0};
}

static void starting_points(void **state)
{
    struct desk *desk = *state;
    fill(desk, 100);
    const struct { enum from from; uint64_t seq; wall_ms time; uint64_t start; } cases[] = {
        {FROM_NOW, 0, 0, 100},
        {FROM_BEGINNING, 0, 0, 0},
        {FROM_SEQ, 40, 0, 39},
        {FROM_SEQ, 0, 0, 0},
        {FROM_SEQ, 500, 0, 100},
        {FROM_TIME, 0, (NOON + 60) * SECOND_MS, 59},
        {FROM_TIME, 0, (NOON + 60) * SECOND_MS + 1, 60},
        {FROM_TIME, 0, 0, 0},
        {FROM_TIME, 0, (wall_ms)NOON * 2 * SECOND_MS, 100},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct replay_request hello = {
            .ask = ASK_HELLO, .from = cases[i].from, .seq = cases[i].seq, .time = cases[i].time};
        struct point start = start_of(answer_of(desk, &hello), 0);
        assert_int_equal(start.at.seq, cases[i].start);
        assert_int_equal(start.at.id, cases[i].start ? 100 + cases[i].start : 0);
    }
}

static void pages(void **state)
{
    struct desk *desk = *state;
    fill(desk, 700);
    static const struct { uint64_t seq, id; size_t max; size_t events; uint64_t to; } cases[] = {
        {0, 0, 512, 512, 512}, {512, 612, 512, 188, 700}, {700, 800, 512, 0, 700}, {3, 103, 10, 10, 13},
        {3, 103, 64, 64, 67},  {3, 103, 63, 63, 66},      {3, 103, 65, 65, 68},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct replay_request fetch = {.ask = ASK_FETCH, .seq = cases[i].seq, .id = cases[i].id, .max = cases[i].max};
        struct slice answer = answer_of(desk, &fetch);
        assert_answer(answer, "events");
        assert_int_equal(count_of(answer, "events"), cases[i].events);
        assert_int_equal(seq_to(answer), cases[i].to);
    }
}

/* What no replica has yet is told to nobody: a fail-over would take it back. */
static void what_is_not_settled_is_not_told(void **state)
{
    struct desk *desk = *state;
    static const struct { uint64_t unsettled, seq; size_t events; uint64_t to; uint64_t now; } cases[] = {
        {0, 90, 10, 100, 100}, {3, 90, 7, 97, 97}, {10, 90, 0, 90, 90}, {20, 90, 0, 90, 80}, {200, 0, 0, 0, 0},
    };
    fill(desk, 100);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        store_memory_unsettle(desk->store, cases[i].unsettled);
        struct replay_request fetch = {.ask = ASK_FETCH, .seq = cases[i].seq, .id = cases[i].seq ? 100 + cases[i].seq : 0},
                              hello = {.ask = ASK_HELLO, .from = FROM_NOW};
        struct slice answer = answer_of(desk, &fetch);
        assert_answer(answer, "events");
        assert_int_equal(count_of(answer, "events"), cases[i].events);
        assert_int_equal(seq_to(answer), cases[i].to);
        struct cursor lag = field(answer, "lag");
        uint64_t behind;
        assert_true(cursor_uint(&lag, &behind));
        assert_int_equal(behind, 0);
        assert_int_equal(start_of(answer_of(desk, &hello), 0).at.seq, cases[i].now);
    }
}

static void rights_and_wishes(void **state)
{
    struct desk *desk = *state;
    static const char *north[] = {"north"}, *both[] = {"north", "south"}, *delivered[] = {"car.delivered"};
    const struct texts none = {0}, one = {north, 1}, two = {both, 2}, type = {delivered, 1};
    fill(desk, 100);
    const struct { struct texts may_sites, may_types, sites, types; size_t events; } cases[] = {
        {none, none, none, none, 100}, {one, none, none, none, 50},  {one, none, two, none, 50},
        {none, none, one, none, 50},   {none, type, none, none, 50}, {none, none, none, type, 50},
        {one, none, none, type, 25},   {two, type, one, none, 25},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        desk->credential.sites = cases[i].may_sites;
        desk->credential.types = cases[i].may_types;
        struct replay_request fetch = {.ask = ASK_FETCH, .sites = cases[i].sites, .types = cases[i].types};
        struct slice answer = answer_of(desk, &fetch);
        assert_int_equal(count_of(answer, "events"), cases[i].events);
        assert_int_equal(seq_to(answer), 100);              /* what was not shown is read, too */
    }
    desk->credential.sites = (struct texts){both + 1, 1};
    struct replay_request fetch = {.ask = ASK_FETCH, .sites = one};
    assert_answer(answer_of(desk, &fetch), "refused");
}

static void rewound_with_the_last_in_common(void **state)
{
    struct desk *desk = *state;
    fill(desk, 50);
    struct point seen[] = {{0, {60, 900}}, {0, {45, 900}}, {0, {40, 140}}, {0, {44, 900}}, {0, {20, 120}}};
    const struct { struct point_list at; uint64_t to; } cases[] = {{{seen, 5}, 40}, {{seen, 2}, 0}, {{NULL, 0}, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct replay_request fetch = {.ask = ASK_FETCH, .seq = 60, .id = 900, .at = cases[i].at};
        struct slice answer = answer_of(desk, &fetch);
        assert_answer(answer, "rewound");
        assert_int_equal(seq_to(answer), cases[i].to);
    }
}

static void move_stages(struct desk *desk, uint64_t to)
{
    for (int stage = STAGE_NONE + 1; stage < STAGE_COUNT; stage++) {
        struct standing standing;
        assert_int_equal(store_claim_one(desk->store, 0, (enum stage)stage, "me", 1000, &standing),
                         STORE_OK);
        struct commit commit = {.lease = standing.lease, .from = standing.checkpoint, .to = {to, 100 + to}};
        assert_int_equal(store_commit_one(desk->store, &commit), STORE_OK);
    }
}

static void trimmed_with_the_first_kept(void **state)
{
    struct desk *desk = *state;
    struct trimmed trimmed;
    fill(desk, 50);
    move_stages(desk, 50);
    assert_int_equal(desk->store->functions->trim(desk->store, 0, 31, &trimmed), STORE_OK);
    static const struct { uint64_t seq, id; const char *answer; uint64_t to; } cases[] = {
        {0, 0, "trimmed", 30},    {29, 129, "trimmed", 30}, {30, 130, "events", 50},
        {30, 131, "rewound", 30}, {40, 140, "events", 50},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct replay_request fetch = {.ask = ASK_FETCH, .seq = cases[i].seq, .id = cases[i].id};
        struct slice answer = answer_of(desk, &fetch);
        assert_answer(answer, cases[i].answer);
        assert_int_equal(seq_to(answer), cases[i].to);
    }
    struct replay_request hello = {.ask = ASK_HELLO, .from = FROM_BEGINNING};
    assert_int_equal(start_of(answer_of(desk, &hello), 0).at.id, 130);
}

static void durable_names(void **state)
{
    struct desk *desk = *state;
    struct consumer_list consumers;
    struct replay_request hello = {.ask = ASK_HELLO, .name = "reports", .durable = true, .from = FROM_BEGINNING};
    struct point done = {0, {10, 110}}, wrong = {0, {10, 999}};
    struct replay_request acknowledge = {.ask = ASK_ACKNOWLEDGE, .name = "reports", .at = {&done, 1}};
    struct replay_request forget = {.ask = ASK_FORGET, .name = "reports"};
    desk->secured = true;
    fill(desk, 50);
    assert_answer(answer_of(desk, &acknowledge), "refused");        /* nobody said hello */
    assert_int_equal(start_of(answer_of(desk, &hello), 0).at.seq, 0);
    assert_int_equal(consumers_read(desk->store, desk->arena, &consumers), STORE_OK);
    assert_int_equal(consumers_slowest(&consumers, 0), 0);          /* from hello on the log waits for it */
    assert_answer(answer_of(desk, &acknowledge), "acknowledged");
    acknowledge.at.at = &wrong;
    struct slice answer = answer_of(desk, &acknowledge);
    assert_answer(answer, "rewound");
    assert_int_equal(seq_to(answer), 10);
    assert_int_equal(start_of(answer_of(desk, &hello), 0).at.seq, 10);
    assert_int_equal(consumers_read(desk->store, desk->arena, &consumers), STORE_OK);
    assert_int_equal(consumers_slowest(&consumers, 0), 10);
    assert_int_equal(consumers_slowest(&consumers, PARTITIONS), UINT64_MAX);
    struct checkpoint heads[PARTITIONS] = {{50, 150}};
    assert_int_equal(consumer_lag(&consumers.at[0], heads, PARTITIONS), 40);
    desk->credential.actor = "another";
    assert_answer(answer_of(desk, &hello), "refused");
    assert_answer(answer_of(desk, &forget), "refused");
    desk->credential.actor = "me";
    assert_answer(answer_of(desk, &forget), "forgotten");
    assert_int_equal(consumers_read(desk->store, desk->arena, &consumers), STORE_OK);
    assert_int_equal(consumers.count, 0);
}

static void names_are_bounded(void **state)
{
    struct desk *desk = *state;
    char name[16];
    for (int i = 0; i <= CONSUMERS_MAX; i++) {
        snprintf(name, sizeof name, "c%d", i);
        struct replay_request hello = {.ask = ASK_HELLO, .name = name, .durable = true};
        assert_answer(answer_of(desk, &hello), i < CONSUMERS_MAX ? "hello" : "refused");
    }
}

/* -------- requests as they come */

static void malformed_requests(void **state)
{
    struct desk *desk = *state;
    static const struct { const char *packed; size_t bytes; const char *fault; } cases[] = {
        {"\x81\xa3" "ask\xa5" "hello", 11, NULL},
        {"\x81\xa3" "ask\xa3" "lag", 9, NULL},
        {"\x82\xa3" "ask\xa3" "lag\xa3" "new\x01", 14, NULL},           /* a newer consumer says more */
        {"\x80", 1, "ask: "},
        {"\x90", 1, "the third frame is a map"},
        {"\x81\xa3" "ask\xa4" "give", 10, "ask: "},
        {"\x81\xa3" "ask\x05", 6, "ask: "},
        {"\x81\xa3" "ask\xa5" "fetch", 11, "partition: "},
        {"\x82\xa3" "ask\xa5" "fetch\xa9" "partition\x08", 22, "partition: "},
        {"\x82\xa3" "ask\xa5" "fetch\xa9" "partition\x07", 22, NULL},
        {"\x81\xa3" "ask\xab" "acknowledge", 17, "name: "},
        {"\x82\xa3" "ask\xa5" "hello\xa4" "name\xa2" "a/", 19, "name: "},
        {"\x82\xa3" "ask\xa3" "lag\xa2" "at\x91\x91\x01", 15, "at: "},
        {"\x82\xa3" "ask\xa3" "lag\xa2" "at\x91\x93\x01\x02\x03", 17, NULL},
        {"\x82\xa3" "ask\xa3" "lag\xa3" "max\x00", 14, "max: "},
        {"\x82\xa3" "ask\xa3" "lag\xaa" "partitions\x91\x09", 22, "partitions: "},
        {"\x82\xa3" "ask\xa3" "lag\xa5" "sites\x91\x09", 17, "sites, types: "},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct replay_request request;
        const char *fault;
        struct slice packed = {(const uint8_t *)cases[i].packed, cases[i].bytes};
        bool good = replay_request_unpack(packed, PARTITIONS, desk->arena, &request, &fault);
        if (good != !cases[i].fault || (!good && strncmp(fault, cases[i].fault, strlen(cases[i].fault))))
            fail_msg("request %zu: %s", i, good ? "taken" : fault);
    }
}

static void partitions_of_sites(void **state)
{
    (void)state;
    static const char *sites[] = {"north", "north", "sample"};
    uint32_t each[PARTITIONS], some[] = {3, 3, 1};
    struct replay_request request = {.sites = {sites, 2}};
    assert_int_equal(replay_request_partitions(&request, PARTITIONS, each), 1);
    assert_int_equal(each[0], partition_of_site("north", PARTITIONS));
    request = (struct replay_request){.sites = {sites, 3}, .partitions = {some, 3}};
    assert_int_equal(replay_request_partitions(&request, PARTITIONS, each), 2);
    request = (struct replay_request){.ask = ASK_LAG};
    assert_int_equal(replay_request_partitions(&request, PARTITIONS, each), PARTITIONS);
}

#define WITH_DESK(test) cmocka_unit_test_setup_teardown(test, open_desk, close_desk)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(resuming),
        cmocka_unit_test(limits_of_trimming),
        cmocka_unit_test(limit_of_the_archive),
        WITH_DESK(starting_points),
        WITH_DESK(pages),
        WITH_DESK(what_is_not_settled_is_not_told),
        WITH_DESK(rights_and_wishes),
        WITH_DESK(rewound_with_the_last_in_common),
        WITH_DESK(trimmed_with_the_first_kept),
        WITH_DESK(durable_names),
        WITH_DESK(names_are_bounded),
        WITH_DESK(malformed_requests),
        cmocka_unit_test(partitions_of_sites),
    };
    return cmocka_run_group_tests_name("replay", tests, NULL, NULL);
}
