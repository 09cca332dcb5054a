/* How entities are kept: small, exactly, and so that older and newer builds understand each other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "entity.h"
#include "field.h"
#include "support/dice.h"
#include "support/every_kind.h"
#include "support/full_record.h"

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

static const char id[] = "bench-00/r1-17.bench.0";

static int setup(void **state)
{
    *state = arena_new();
    return 0;
}

static int teardown(void **state)
{
    arena_free((struct arena **)state);
    return 0;
}

static struct slice kept_of(const struct record *record, const void *from, struct arena *arena)
{
    struct buffer packed = {0};
    entity_record_pack(record, id, from, &packed);
    struct slice kept = {arena_copy(arena, packed.at, packed.bytes), packed.bytes};
    buffer_free(&packed);
    return kept;
}

static void *read_of(const struct record *record, struct slice kept, struct arena *arena)
{
    struct fault fault = {{0}, {0}};
    void *at = record_new(record, arena);
    if (!entity_record_unpack(record, id, kept, arena, at, &fault))
        fail_msg("%s: %s %s", record->name, fault.field, fault.what);
    return at;
}

static void assert_same_bytes(struct slice a, struct slice b)
{
    assert_int_equal(a.bytes, b.bytes);
    assert_memory_equal(a.at, b.at, a.bytes);
}

/* As msgpack, by which records are known to be the same. */
static struct slice map_of(const struct record *record, const void *from, struct arena *arena)
{
    struct buffer packed = {0};
    record_pack(record, from, 0, &packed);
    struct slice map = {arena_copy(arena, packed.at, packed.bytes), packed.bytes};
    buffer_free(&packed);
    return map;
}

static void assert_comes_back(const struct record *record, const void *from, struct arena *arena)
{
    const void *again = read_of(record, kept_of(record, from, arena), arena);
    assert_same_bytes(map_of(record, again, arena), map_of(record, from, arena));
}

/* -------- exactly */

static void every_kind_of_entity_comes_back(void **state)
{
    for (int i = 0; i < ENTITY_COUNT; i++) {
        const struct record *record = entity_types[i].record;
        assert_comes_back(record, full_record(record, *state), *state);
        assert_comes_back(record, record_new(record, *state), *state);
    }
}

static void every_kind_of_field_comes_back(void **state)
{
    struct every_kind full = every_kind_full();
    assert_comes_back(&every_record, &full, *state);
    static const int64_t numbers[] = {1, -1, 63, 64, -64, -65, 8191, 8192, INT64_MAX, INT64_MIN};
    static const wall_ms times[] = {1, 5000, 1577836799999, 1577836800000, 1772784000123, 2677348427774, 2677348427775, MOMENT_MAX};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        full.number = numbers[i];
        full.time = times[i % (sizeof times / sizeof times[0])];
        assert_comes_back(&every_record, &full, *state);
    }
}

/* Text, and in how many bytes it is kept: one for the mark, one for the bits, and its own. */
static void texts_come_back_and_are_small(void **state)
{
    static const struct { const char *text; size_t bytes; } cases[] = {
        {"a", 2}, {"王芳", 7}, {"UNI-K", 6},
        {"car.delivered", 1}, {"follow-up-agent", 1}, {"insurance-specialist", 2},
        {"bench-00/r1-17.bench.0", 3}, {"bench-00", 2}, {"r1-17", 2}, {"r1-17.call", 2}, {"bench-00/r1-17.call-now", 10},
        {"cb05690fc8a2560f93452", 12}, {"0123456", 8}, {"01234567", 5}, {"0123456G", 9},
        {"d15c7e66017c7f05cc1c50068231d3dced78b904374051a08068c967f6e049f8", 34},
        {"Sun 2026-11-22 12:56 + 1d = Mon 2026-11-23 12:56", 9},
        {"Sun 2026-11-22 12:56 + 2h = Sun 2026-11-22 14:56", 9},
        {"Sun 2026-11-22 12:56 + 90m = Sun 2026-11-22 14:26", 9},
        {"Sun 2026-11-22 12:56 + 24h = Mon 2026-11-23 12:56", 18},
        {"Sun 2026-11-22 12:56, next opening Mon 10:00-11:30", 36},
        {"Mon 2026-11-22 12:56", 21}, {"Sun 2019-12-29 12:56", 21}, {"Sun 2026-13-22 12:56", 21}, {":", 2},
        {"from Sun 2026-11-22 12:56", 11}, {"Sun 2026-11-22 12:56 - Sat 2026-11-21 12:56", 12},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct step_result result = {.step = cases[i].text, .result = "", .at = 0};
        struct slice kept = kept_of(&step_result_record, &result, *state);
        const struct step_result *again = read_of(&step_result_record, kept, *state);
        assert_string_equal(again->step, cases[i].text);
        if (kept.bytes != 2 + cases[i].bytes)
            fail_msg("%s: %zu bytes", cases[i].text, kept.bytes - 2);
    }
}

/* A prefix that it has in common with the id never ends within a character. */
static void characters_stay_whole(void **state)
{
    struct step_result result = {.step = "王芳", .result = "", .at = 0};
    struct buffer packed = {0};
    struct fault fault;
    struct step_result *again = record_new(&step_result_record, *state);
    entity_record_pack(&step_result_record, "s/王萍", &result, &packed);
    assert_true(entity_record_unpack(&step_result_record, "s/王萍", buffer_slice(&packed), *state, again, &fault));
    assert_string_equal(again->step, "王芳");
    buffer_free(&packed);
}

static void maps_come_back_and_are_small(void **state)
{
    static const struct { struct slice map; size_t bytes; } cases[] = {
#define MAP_CASE(text, bytes) {{(const uint8_t *)text, sizeof text - 1}, bytes}
        MAP_CASE("\x80", 1), MAP_CASE("\x82\xa5" "about\xa5r1-17\xa5" "count\x07", 1 + 3 + 6 + 2),
        MAP_CASE("\x81\xa5" "about\x92\xa1" "a\xc0", 1 + 1 + 1 + 4),
        MAP_CASE("\x81\xd9\x05" "about\x07", 2 + 9), MAP_CASE("\x81\xa5" "about\xd9\x01" "a", 1 + 1 + 1 + 3),
        MAP_CASE("\xde\x00\x01\xa5" "about\x07", 2 + 10), MAP_CASE("\x81\x01\x02", 2 + 3),
#undef MAP_CASE
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct plan *plan = record_new(&plan_record, *state);
        plan->variables = cases[i].map;
        struct slice without = kept_of(&plan_record, record_new(&plan_record, *state), *state);
        struct slice kept = kept_of(&plan_record, plan, *state);
        const struct plan *again = read_of(&plan_record, kept, *state);
        assert_same_bytes(again->variables, cases[i].map);
        if (kept.bytes != without.bytes + 1 + cases[i].bytes)       /* the bits take one more */
            fail_msg("map %zu: %zu bytes", i, kept.bytes - without.bytes - 1);
    }
}

static void what_the_id_says_is_not_kept(void **state)
{
    struct customer *customer = record_new(&customer_record, *state);
    customer->id = id;
    customer->site = "bench-00";
    struct slice kept = kept_of(&customer_record, customer, *state);
    assert_int_equal(kept.bytes, 2);
    const struct customer *again = read_of(&customer_record, kept, *state);
    assert_string_equal(again->id, id);
    assert_string_equal(again->site, "bench-00");
    customer->site = "bench-01";
    again = read_of(&customer_record, kept_of(&customer_record, customer, *state), *state);
    assert_string_equal(again->site, "bench-01");
    customer->site = "";
    again = read_of(&customer_record, kept_of(&customer_record, customer, *state), *state);
    assert_string_equal(again->site, "");
}

/* What is over a limit is cut, and counted. */
static void what_is_too_long_is_cut(void **state)
{
    struct every_kind full = every_kind_full();
    uint64_t before = record_cut_count();
    full.text = "王王王王";
    full.bytes = (struct slice){(const uint8_t *)"12345", 5};
    const struct every_kind *again = read_of(&every_record, kept_of(&every_record, &full, *state), *state);
    assert_string_equal(again->text, "王王王");
    assert_int_equal(again->bytes.bytes, 0);
    assert_int_equal(record_cut_count(), before + 2);
}

/* -------- other builds */

static void what_earlier_builds_kept_is_read(void **state)
{
    struct every_kind full = every_kind_full();
    const struct every_kind *again = read_of(&every_record, map_of(&every_record, &full, *state), *state);
    assert_same_bytes(map_of(&every_record, again, *state), map_of(&every_record, &full, *state));
}

/* Pairs by name that this build does not know, and none for a word that has been set since. */
static void unknown_names_are_kept(void **state)
{
    struct every_kind full = every_kind_full();
    full.word = COLOUR_NONE;
    full.unknown = (struct slice){(const uint8_t *)"\xa3new\x05\xa4word\xa6violet", 17};
    struct every_kind *again = read_of(&every_record, kept_of(&every_record, &full, *state), *state);
    assert_same_bytes(again->unknown, full.unknown);
    again->word = COLOUR_RED;
    again = read_of(&every_record, kept_of(&every_record, again, *state), *state);
    assert_same_bytes(again->unknown, (struct slice){(const uint8_t *)"\xa3new\x05", 5});
    assert_int_equal(again->word, COLOUR_RED);
}

/* every_kind as a newer build has it: more colours, more fields, parts with more fields. */
struct newer_part { struct part as_now; const char *maker; };
struct newer_kind { struct every_kind as_now; wall_ms since; const char *owner; };
struct newer_part_list { struct newer_part *at; size_t count; };

static const char *const newer_colours[] = {"none", "red", "green", "violet"};
static const struct words newer_words = {"colour", newer_colours, 4};
static struct field newer_part_fields[3], newer_fields[sizeof every_fields / sizeof every_fields[0] + 2];
static const struct record newer_part_record = {"part", "a part", sizeof(struct newer_part), offsetof(struct part, unknown),
                                                newer_part_fields, 3};
static const struct record newer_record = {"every_kind", "newer", sizeof(struct newer_kind), offsetof(struct every_kind, unknown),
                                           newer_fields, sizeof newer_fields / sizeof newer_fields[0]};

static struct field newer_field(const char *name, enum field_kind kind, size_t offset)
{
    return (struct field){.name = name, .name_bytes = strlen(name), .kind = kind, .offset = offset, .limit = 16, .about = name};
}

static int newer_describe(void **state)
{
    enum { FIELDS = sizeof every_fields / sizeof every_fields[0] };
    memcpy(newer_part_fields, part_fields, sizeof part_fields);
    newer_part_fields[2] = newer_field("maker", FIELD_TEXT, offsetof(struct newer_part, maker));
    memcpy(newer_fields, every_fields, sizeof every_fields);
    for (size_t i = 0; i < FIELDS; i++) {
        if (newer_fields[i].kind == FIELD_WORD)
            newer_fields[i].words = &newer_words;
        if (newer_fields[i].kind == FIELD_RECORDS)
            newer_fields[i].record = &newer_part_record;
    }
    newer_fields[FIELDS] = newer_field("since", FIELD_TIME, offsetof(struct newer_kind, since));
    newer_fields[FIELDS + 1] = newer_field("owner", FIELD_TEXT, offsetof(struct newer_kind, owner));
    return setup(state);
}

static struct newer_kind newer_full(void)
{
    static struct newer_part parts[] = {{{.name = "wheel", .count = 4}, "ACME"}, {{.name = "door"}, ""}};
    struct newer_kind full = {every_kind_full(), 1772784000456, "王芳"};
    full.as_now.word = 3;
    full.as_now.parts = (struct part_list){(struct part *)parts, 2};
    return full;
}

/* An older build reads it, changes what it knows, and writes it again. */
static void an_older_build_keeps_what_it_does_not_know(void **state)
{
    struct newer_kind full = newer_full();
    struct every_kind *older = read_of(&every_record, kept_of(&newer_record, &full, *state), *state);
    assert_int_equal(older->word, COLOUR_NONE);
    assert_int_equal(older->parts.at[0].count, 4);
    older->text = "changed";
    older->parts.at[0].count = 5;
    const struct newer_kind *again = read_of(&newer_record, kept_of(&every_record, older, *state), *state);
    assert_string_equal(again->as_now.text, "changed");
    assert_int_equal(again->as_now.word, 3);
    assert_int_equal(again->since, full.since);
    assert_string_equal(again->owner, "王芳");
    const struct newer_part *wheel = (const struct newer_part *)again->as_now.parts.at;
    assert_int_equal(wheel->as_now.count, 5);
    assert_string_equal(wheel->maker, "ACME");
    assert_int_equal(again->as_now.unknown.bytes, 0);
}

static void an_older_build_may_replace_a_word_it_does_not_know(void **state)
{
    struct newer_kind full = newer_full();
    struct every_kind *older = read_of(&every_record, kept_of(&newer_record, &full, *state), *state);
    older->word = COLOUR_GREEN;
    const struct newer_kind *again = read_of(&newer_record, kept_of(&every_record, older, *state), *state);
    assert_int_equal(again->as_now.word, COLOUR_GREEN);
    assert_string_equal(again->owner, "王芳");
}

/* What has no names is no part of what others are told. */
static void what_is_unknown_by_number_stays_out_of_events(void **state)
{
    struct newer_kind full = newer_full();
    struct every_kind *older = read_of(&every_record, kept_of(&newer_record, &full, *state), *state);
    struct every_kind *told = record_new(&every_record, *state);
    struct fault fault;
    assert_true(record_unpack(&every_record, map_of(&every_record, older, *state), *state, told, &fault));
    assert_int_equal(told->unknown.bytes, 0);
    assert_string_equal(told->text, full.as_now.text);
}

/* -------- any bytes */

/* Cut anywhere, it is refused; with a byte changed it is refused or read, and what is read can be kept. */
static void broken_bytes_are_refused_or_read(void **state)
{
    dice_seed(7);
    struct every_kind full = every_kind_full();
    struct slice kept = kept_of(&every_record, &full, *state);
    struct fault fault;
    for (size_t bytes = 0; bytes < kept.bytes; bytes++)
        assert_false(entity_record_unpack(&every_record, id, (struct slice){kept.at, bytes}, *state,
                                          record_new(&every_record, *state), &fault));
    for (int i = 0; i < 20000; i++) {
        uint8_t *changed = arena_copy(*state, kept.at, kept.bytes);
        changed[1 + dice((int)kept.bytes - 1)] = (uint8_t)dice(256);
        void *at = record_new(&every_record, *state);
        if (entity_record_unpack(&every_record, id, (struct slice){changed, kept.bytes}, *state, at, &fault))
            read_of(&every_record, kept_of(&every_record, at, *state), *state);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_kind_of_entity_comes_back),
        TEST(every_kind_of_field_comes_back),
        TEST(texts_come_back_and_are_small),
        TEST(characters_stay_whole),
        TEST(maps_come_back_and_are_small),
        TEST(what_the_id_says_is_not_kept),
        TEST(what_is_too_long_is_cut),
        TEST(what_earlier_builds_kept_is_read),
        TEST(unknown_names_are_kept),
        TEST(broken_bytes_are_refused_or_read),
        cmocka_unit_test_setup_teardown(an_older_build_keeps_what_it_does_not_know, newer_describe, teardown),
        cmocka_unit_test_setup_teardown(an_older_build_may_replace_a_word_it_does_not_know, newer_describe, teardown),
        cmocka_unit_test_setup_teardown(what_is_unknown_by_number_stays_out_of_events, newer_describe, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
