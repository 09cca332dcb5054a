/* Two builds at work on the same data: an older one's functions stay loaded beside the newer one's while daemons are
 * restarted one by one. Both do the same, but for the types that the older build does not know. */
#include <stdlib.h>

#include "support/store_steps.h"
#include "store_redis_parts.h"

enum { STEPS_DEFAULT = 3000 };

static const char old_build[BUILD_BYTES] = "0ld0b111";
static struct redis_server server;

static int start(void **context)
{
    (void)context;
    return redis_server_start(&server, false) ? 0 : -1;
}

static int stop(void **context)
{
    (void)context;
    redis_server_stop(&server);
    return 0;
}

static char *replace_all(char *text, const char *from, const char *to)
{
    for (char *at = text; (at = strstr(at, from)); at += strlen(to)) {
        memmove(at + strlen(to), at + strlen(from), strlen(at + strlen(from)) + 1);
        memcpy(at, to, strlen(to));
    }
    return text;
}

/* Our functions as a build before ours had them: under another name, and without one type. */
static void load_old(redisContext *redis)
{
    static const char type[] = "['task.corrected']={['follow-up']=true,},\n";
    char build[BUILD_BYTES], *text = strdup(functions_library(build));
    assert_non_null(strstr(text, type));
    replace_all(replace_all(text, build, old_build), type, "");
    assert_true(redis_server_do(redis, "FUNCTION LOAD %s", text));
    free(text);
}

/* A daemon of the older build, or of ours, as it is started next. */
static void become(struct rig *rig, bool old)
{
    char build[BUILD_BYTES];
    functions_library(build);
    strcpy(((struct store_redis *)rig->store)->build, old ? old_build : build);
}

static void old_and_new_do_the_same(void **context)
{
    (void)context;
    struct rig memory, redis;
    struct buffer said[2] = {{0}};
    rig_open(&memory, NULL);
    rig_open(&redis, &server);
    assert_true(redis_server_do(redis.redis, "FUNCTION FLUSH"));
    load_old(redis.redis);
    struct truth truth = {.rig = &memory, .arena = arena_new()};
    chance_start(11);
    for (size_t i = 0; i < STEPS_DEFAULT; i++) {
        struct rig *rigs[2] = {&memory, &redis};
        struct step step;
        arena_reset(truth.arena);
        for (uint32_t p = 0; p < PARTITIONS_USED; p++)
            assert_status(&memory, STORE_OK, memory.calls->view(memory.store, &p, 1, &truth.views[p]));
        const struct deed *deed = step_make(&truth, &step);
        become(&redis, one_in(2));
        for (size_t e = 0; e < step.commit.event_count; e++)
            step.events[e].packed = result_bytes("known to both");
        for (int which = 0; which < 2; which++) {
            struct step own = step;
            arena_reset(rigs[which]->arena);
            buffer_clear(&said[which]);
            buffer_printf(&said[which], " %d", deed->act(rigs[which], &own, &said[which]));
        }
        if (strcmp(buffer_text(&said[0]), buffer_text(&said[1])))
            fail_msg("step %zu, %s: memory %.400s\nredis %.400s", i, deed->name, buffer_text(&said[0]),
                     buffer_text(&said[1]));
    }
    buffer_free(&said[0]);
    buffer_free(&said[1]);
    arena_free(&truth.arena);
    rig_close(&memory);
    rig_close(&redis);
}

static enum store_status correct(struct rig *rig, struct standing *standing, uint64_t chain_id)
{
    struct new_event event = {.chain_id = chain_id, .packed = event_bytes(EVENT_TASK_CORRECTED, "x")};
    struct commit commit = {.lease = standing->lease, .from = standing->checkpoint, .to = standing->checkpoint,
                            .events = &event, .event_count = 1};
    return store_commit_one(rig->store, &commit);
}

/* Each build holds to its own table: what the older one does not know, the newer one appends beside it. */
static void a_type_is_new_to_one_of_them_only(void **context)
{
    (void)context;
    struct rig rig;
    rig_open(&rig, &server);
    assert_true(redis_server_do(rig.redis, "FUNCTION DELETE care_%s", old_build));
    load_old(rig.redis);
    become(&rig, true);
    struct standing standing = rig_claim(&rig, STAGE_FOLLOW_UP, "a");
    assert_int_equal(correct(&rig, &standing, 5), STORE_REFUSED);
    become(&rig, false);                        /* restarted, the same lease: then a commit of the newer build */
    assert_int_equal(correct(&rig, &standing, 5), STORE_OK);
    become(&rig, true);                         /* and back */
    assert_int_equal(rig_append(&rig, "s\n1", 6), APPEND_NEW);
    assert_int_equal(rig_view(&rig).head.seq, 2);
    rig_close(&rig);
}

/* Removed while somebody still calls them: loaded again by who calls. */
static void what_is_removed_too_early_comes_back(void **context)
{
    (void)context;
    struct rig rig;
    char build[BUILD_BYTES];
    functions_library(build);
    rig_open(&rig, &server);
    assert_true(redis_server_do(rig.redis, "FUNCTION DELETE care_%s", build));
    assert_int_equal(rig_append(&rig, "s\n1", 7), APPEND_NEW);
    rig_close(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(old_and_new_do_the_same),
        cmocka_unit_test(a_type_is_new_to_one_of_them_only),
        cmocka_unit_test(what_is_removed_too_early_comes_back),
    };
    return cmocka_run_group_tests_name("store: two builds", tests, start, stop);
}
