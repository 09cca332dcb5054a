/* What belongs to no partition: contents, notes, members, the store's clock. */
#include "support/store_rig.h"

static void put(struct rig *rig, const char *field, const char *value)
{
    assert_status(rig, STORE_OK, rig->calls->note_put(rig->store, "meta", field, bytes_of(value)));
}

/* All fields of a map as "field=value " in the order told. */
static void assert_notes(struct rig *rig, const char *map, const char *expected)
{
    struct texts fields;
    struct slice *values;
    char all[512] = "";
    assert_status(rig, STORE_OK, rig->calls->note_get(rig->store, map, rig->arena, &fields, &values));
    for (size_t i = 0; i < fields.count; i++)
        snprintf(all + strlen(all), sizeof all - strlen(all), "%s=%.*s ", fields.at[i], (int)values[i].bytes,
                 (const char *)values[i].at);
    assert_string_equal(all, expected);
}

static void notes_are_put_overwritten_and_deleted(struct rig *rig)
{
    assert_notes(rig, "meta", "");
    put(rig, "b", "1");
    put(rig, "a", "2");
    put(rig, "车", "3");
    assert_status(rig, STORE_OK, rig->calls->note_put(rig->store, "other", "c", bytes_of("4")));
    assert_notes(rig, "meta", "a=2 b=1 车=3 ");
    put(rig, "b", "5");
    put(rig, "a", "");
    put(rig, "never there", "");
    assert_notes(rig, "meta", "b=5 车=3 ");
    assert_notes(rig, "other", "c=4 ");
}

static void a_note_is_swapped_only_if_it_is_as_expected(struct rig *rig)
{
    static const struct { const char *expected, *value; enum store_status status; const char *after; } steps[] = {
        {"x", "1", STORE_CHANGED, ""}, {"", "1", STORE_OK, "f=1 "},      {"", "2", STORE_CHANGED, "f=1 "},
        {"2", "3", STORE_CHANGED, "f=1 "}, {"1", "2", STORE_OK, "f=2 "}, {"2x", "3", STORE_CHANGED, "f=2 "},
        {"2", "", STORE_OK, ""},
    };
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        assert_status(rig, steps[i].status, rig->calls->note_swap(rig->store, "meta", "f", bytes_of(steps[i].expected),
                                                                  bytes_of(steps[i].value)));
        assert_notes(rig, "meta", steps[i].after);
    }
}

static void contents_are_kept_by_their_hash(struct rig *rig)
{
    static uint8_t large[300000];
    struct slice got = bytes_of("before");
    for (size_t i = 0; i < sizeof large; i++)
        large[i] = (uint8_t)(i * 7);
    assert_status(rig, STORE_OK, rig->calls->content_get(rig->store, "h1", rig->arena, &got));
    assert_int_equal(got.bytes, 0);
    assert_status(rig, STORE_OK, rig->calls->content_put(rig->store, "h1", (struct slice){large, sizeof large}));
    assert_status(rig, STORE_OK, rig->calls->content_put(rig->store, "h1", (struct slice){large, sizeof large}));
    assert_status(rig, STORE_OK, rig->calls->content_get(rig->store, "h1", rig->arena, &got));
    assert_int_equal(got.bytes, sizeof large);
    assert_memory_equal(got.at, large, sizeof large);
}

static void announce(struct rig *rig, const char *name, const char *endpoint, int64_t ttl_ms)
{
    const struct member member = {.name = name, .stage = "intake", .endpoint = endpoint, .details = NULL};
    assert_status(rig, STORE_OK, rig->calls->announce(rig->store, &member, ttl_ms));
}

static void assert_members(struct rig *rig, const char *expected)
{
    struct member_list list;
    char all[512] = "";
    assert_status(rig, STORE_OK, rig->calls->members(rig->store, rig->arena, &list));
    for (size_t i = 0; i < list.count; i++)
        snprintf(all + strlen(all), sizeof all - strlen(all), "%s %s %s%s;", list.at[i].name, list.at[i].stage,
                 list.at[i].endpoint, list.at[i].details);
    assert_string_equal(all, expected);
}

static void members_come_change_and_go(struct rig *rig)
{
    assert_members(rig, "");
    announce(rig, "b", "ipc://b", RIG_TTL_MS);
    announce(rig, "a", "ipc://a", RIG_TTL_MS);
    assert_members(rig, "a intake ipc://a;b intake ipc://b;");
    announce(rig, "a", "ipc://c", RIG_TTL_MS);
    announce(rig, "b", "", 0);
    announce(rig, "never there", "", 0);
    assert_members(rig, "a intake ipc://c;");
    rig_members_expire(rig);
    assert_members(rig, "");
    announce(rig, "d", "ipc://d", RIG_TTL_MS);
    assert_members(rig, "d intake ipc://d;");
}

static void nameless_things_are_refused(struct rig *rig)
{
    struct slice value = bytes_of("x");
    const struct member nobody = {.name = ""};
    assert_status(rig, STORE_REFUSED, rig->calls->note_put(rig->store, "", "f", value));
    assert_status(rig, STORE_REFUSED, rig->calls->note_put(rig->store, "m", "", value));
    assert_status(rig, STORE_REFUSED, rig->calls->note_swap(rig->store, "m", "", value, value));
    assert_status(rig, STORE_REFUSED, rig->calls->content_put(rig->store, "", value));
    assert_status(rig, STORE_REFUSED, rig->calls->announce(rig->store, &nobody, RIG_TTL_MS));
}

static void the_clock_and_the_health_are_told(struct rig *rig)
{
    wall_ms before, after;
    struct store_health health;
    assert_status(rig, STORE_OK, rig->calls->now(rig->store, &before));
    assert_status(rig, STORE_OK, rig->calls->now(rig->store, &after));
    assert_true(before > 1700000000000 && after >= before);
    rig->calls->health(rig->store, &health);
    assert_true(health.reachable);
    assert_int_equal(health.limit_bytes, 0);
    if (rig->server) {
        assert_in_range(health.used_bytes, 100000, 1000000000);
        assert_string_equal(health.message, "Redis keeps nothing on disk: set appendonly to yes");
    }
}

int main(void)
{
    static const struct rig_case cases[] = {
        {"notes are put, overwritten and deleted", notes_are_put_overwritten_and_deleted},
        {"a note is swapped only if it is as expected", a_note_is_swapped_only_if_it_is_as_expected},
        {"contents are kept by their hash", contents_are_kept_by_their_hash},
        {"members come, change and go", members_come_change_and_go},
        {"nameless things are refused", nameless_things_are_refused},
        {"the clock and the health are told", the_clock_and_the_health_are_told},
    };
    return RIG_RUN("store: notes and members", cases);
}
