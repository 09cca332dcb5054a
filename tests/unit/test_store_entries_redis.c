/* Entries of the log in Redis as others left them: earlier builds, a fail-over, somebody by hand. */
#include "support/known_log.h"

static struct redis_server server;

static void command(struct rig *rig, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    redisReply *reply = redisvCommand(rig->redis, format, list);
    va_end(list);
    assert_non_null(reply);
    if (reply->type == REDIS_REPLY_ERROR)
        fail_msg("%s: %s", format, reply->str);
    freeReplyObject(reply);
}

static void id_bytes(uint64_t id, uint8_t ret[8])
{
    for (int i = 7; i >= 0; i--, id >>= 8)
        ret[i] = (uint8_t)id;
}

/* One event, as earlier builds wrote it. */
static void plant_single(struct rig *rig, uint64_t seq)
{
    uint8_t id[8], prev[8];
    struct slice event = known_event(seq);
    id_bytes(known_id(seq), id);
    id_bytes(known_id(seq - 1), prev);
    command(rig, "XADD {p0000}log %llu-0 i %b p %b e %b", (unsigned long long)seq, id, (size_t)8, prev, (size_t)8,
            event.at, event.bytes);
}

static void plant_head(struct rig *rig, uint64_t seq, uint64_t id)
{
    uint8_t place[32];
    id_bytes(id, place);
    int digits = snprintf((char *)place + 8, sizeof place - 8, "%llu", (unsigned long long)seq);
    command(rig, "SET {p0000}head %b", place, (size_t)8 + (size_t)digits);
}

static void entries_of_earlier_builds_stand_before_ours(void **context)
{
    (void)context;
    struct rig rig;
    rig_open(&rig, &server);
    for (uint64_t seq = 1; seq <= 30; seq++)
        plant_single(&rig, seq);
    plant_head(&rig, 30, known_id(30));
    known_append(&rig, 30, 1);
    known_append(&rig, 31, 37);
    known_assert_reads(&rig, 1, 68);
    for (uint64_t seq = 1; seq <= 40; seq++) {
        const struct checkpoint here = {seq, known_id(seq)}, other = {seq, known_id(seq - 1)};
        assert_status(&rig, STORE_STALE, known_stand(&rig, STAGE_NOTIFIER, other));
        assert_status(&rig, STORE_OK, known_stand(&rig, STAGE_NOTIFIER, here));
    }
    known_stand_all(&rig, 60);
    assert_int_equal(rig_view(&rig).first.seq, 1);
    assert_int_equal(known_trim(&rig, 20).count, 19);
    assert_true(rig_view(&rig).first.id == known_id(20));
    known_assert_reads(&rig, 20, 68);
    assert_int_equal(known_trim(&rig, 33).first, 32);
    known_assert_reads(&rig, 32, 68);
    rig_close(&rig);
}

/* A fail-over took the log back to 10; who stands at 13 finds another event there, inside an entry. */
static void a_rewound_log_holds_other_events(void **context)
{
    (void)context;
    struct rig rig;
    struct entry_list list;
    rig_open(&rig, &server);
    for (uint64_t seq = 1; seq <= 10; seq++)
        plant_single(&rig, seq);
    plant_head(&rig, 10, known_id(10));
    known_append(&rig, 10, 8);
    assert_status(&rig, STORE_OK, store_read_log_one(rig.store, 0, 13, 1, rig.arena, &list));
    const struct place seen = list.at[0].place;
    command(&rig, "XDEL {p0000}log 18-0");
    command(&rig, "XSETID {p0000}log 10-0");
    plant_head(&rig, 10, known_id(10));
    struct fact facts[12];
    char keys[12][8];
    for (size_t i = 0; i < 12; i++) {
        snprintf(keys[i], sizeof keys[i], "n\n%zu", i);
        facts[i] = (struct fact){.key = keys[i], .natural = true, .chain_id = 0x7100 + i, .packed = fact_bytes("n")};
    }
    assert_status(&rig, STORE_OK, store_append_one(rig.store, 0, facts, 12));
    assert_status(&rig, STORE_STALE, known_stand(&rig, STAGE_NOTIFIER, (struct checkpoint){seen.seq, seen.id}));
    assert_status(&rig, STORE_OK, store_read_log_one(rig.store, 0, seen.seq, 3, rig.arena, &list));
    assert_int_equal(list.count, 3);
    assert_int_equal(list.at[0].place.seq, 13);
    assert_int_equal(list.at[0].place.id, 0x7102);
    assert_int_equal(list.at[0].place.prev, 0x7101);
    assert_status(&rig, STORE_OK, known_stand(&rig, STAGE_NOTIFIER, (struct checkpoint){13, 0x7102}));
    rig_close(&rig);
}

/* Whoever set it there: nothing is appended that the log holds already. */
static void a_head_inside_an_entry_is_not_appended_to(void **context)
{
    (void)context;
    struct rig rig;
    rig_open(&rig, &server);
    known_append(&rig, 0, 9);
    plant_head(&rig, 4, known_id(4));
    assert_status(&rig, STORE_STALE, known_stand(&rig, STAGE_NOTIFIER, (struct checkpoint){5, known_id(5)}));
    static const char *const keys[] = {"a\n1", "a\n2", "a\n3", "a\n4", "a\n5"};
    for (size_t count = 1; count <= 5; count++) {
        struct fact facts[5];
        for (size_t i = 0; i < count; i++)
            facts[i] = (struct fact){.key = keys[i], .natural = true, .chain_id = 1 + i, .packed = fact_bytes("a")};
        assert_status(&rig, STORE_REFUSED, store_append_one(rig.store, 0, facts, count));
    }
    assert_int_equal(rig_view(&rig).head.seq, 4);
    assert_status(&rig, STORE_OK, known_stand(&rig, STAGE_NOTIFIER, (struct checkpoint){3, known_id(3)}));
    known_assert_reads(&rig, 1, 9);
    rig_close(&rig);
}

static void what_is_not_ours_is_told(void **context)
{
    (void)context;
    static const char *const foreign[] = {
        "XADD {p0000}log 7-0 e x", "XADD {p0000}log 7-0 p 12345678", "XADD {p0000}log 7-0 x 12345678 12345678 e",
        "XADD {p0000}log 1-0 p 12345678 12345678 e 12345678 e", "XADD {p0000}log 7-0 i 12345678 e x",
    };
    struct rig rig;
    struct entry_list list;
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++) {
        rig_open(&rig, &server);
        command(&rig, foreign[i]);
        assert_status(&rig, STORE_REFUSED, store_read_log_one(rig.store, 0, 1, 10, rig.arena, &list));
        assert_non_null(strstr(rig.calls->message(rig.store), "not ours"));
        rig_close(&rig);
    }
}

/* Behind the head: nothing is appended before it, over it or behind it. */
static void what_is_not_ours_is_not_appended_to(void **context)
{
    (void)context;
    struct rig rig;
    static const char *const keys[] = {"a\n1", "a\n2", "a\n3", "a\n4"};
    rig_open(&rig, &server);
    known_append(&rig, 0, 5);
    plant_single(&rig, 7);
    for (size_t count = 2; count <= 4; count++) {
        struct fact facts[4];
        for (size_t i = 0; i < count; i++)
            facts[i] = (struct fact){.key = keys[i], .natural = true, .chain_id = 1 + i, .packed = fact_bytes("a")};
        assert_status(&rig, STORE_REFUSED, store_append_one(rig.store, 0, facts, count));
        assert_non_null(strstr(rig.calls->message(rig.store), "beyond its head"));
    }
    assert_int_equal(rig_view(&rig).head.seq, 5);
    rig_close(&rig);
}

int main(void)
{
    if (!redis_server_start(&server, false))
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_of_earlier_builds_stand_before_ours),
        cmocka_unit_test(a_rewound_log_holds_other_events),
        cmocka_unit_test(a_head_inside_an_entry_is_not_appended_to),
        cmocka_unit_test(what_is_not_ours_is_told),
        cmocka_unit_test(what_is_not_ours_is_not_appended_to),
    };
    int failed = cmocka_run_group_tests_name("store: entries in Redis", tests, NULL, NULL);
    redis_server_stop(&server);
    return failed;
}
