/* What a stage leaves alone it may not need, and what it needs it may not leave alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "concern.h"
#include "store_check.h"

static const struct core *const cores[] = {&scheduler_core, &follow_up_core, &complaint_router_core, &notifier_core};

enum { CORES = sizeof cores / sizeof *cores };

static void every_type_concerns_whoever_has_a_handler(void **state)
{
    struct buffer packed = {0};

    (void)state;
    for (int number = 1; number < EVENT_COUNT; number++)
        for (size_t i = 0; i < CORES; i++) {
            struct event event = event_of((enum event_number)number);
            event.id = event.source = "e";
            buffer_clear(&packed);
            event_pack(&event, &packed);
            bool works = cores[i]->handlers[number] || number == EVENT_CONFIG_ACTIVATED ||
                         (number == EVENT_TIMER_FIRED && cores[i]->on_timer);
            if (concerns_packed(cores[i], buffer_slice(&packed)) != works)
                fail_msg("%s, %s", stage_names[cores[i]->stage], event_types[number].name);
        }
    buffer_free(&packed);
}

static bool timer_concerns(const struct core *core, const char *member)
{
    struct buffer packed = {0};
    struct fired fired = {.member = member, .due = 1772409600000, .now = 1772409600001, .chain_id = 7};

    fired_pack(&fired, &packed);
    bool concerns = concerns_packed(core, buffer_slice(&packed));
    buffer_free(&packed);
    return concerns;
}

static void a_timer_concerns_the_stage_of_its_entity(void **state)
{
    char member[MEMBER_BYTES_MAX + 1];

    (void)state;
    for (int kind = 0; kind < ENTITY_COUNT; kind++)
        for (size_t i = 0; i < CORES; i++) {
            bool own = entity_types[kind].stage == cores[i]->stage && cores[i]->on_timer;
            member_write((enum entity_kind)kind, "sample/JC001", member);
            assert_int_equal(timer_concerns(cores[i], member), own);
        }
}

/* Its event's id has no room for it: whose it is stands further behind. */
static void a_timer_with_a_long_name_may_concern_anybody(void **state)
{
    char id[ENTITY_ID_BYTES_MAX + 1] = "sample/", member[MEMBER_BYTES_MAX + 1];

    (void)state;
    memset(id + strlen(id), 'x', ENTITY_ID_BYTES_MAX - strlen(id));
    member_write(ENTITY_TASK, id, member);
    assert_true(timer_concerns(&follow_up_core, member));
    assert_true(timer_concerns(&scheduler_core, member));
}

static void what_is_no_event_is_looked_at(void **state)
{
    static const uint8_t noise[] = {0xc1, 0x02, 0x03};

    (void)state;
    assert_true(concerns_packed(&notifier_core, (struct slice){noise, sizeof noise}));
    assert_true(concerns_packed(&notifier_core, (struct slice){0}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_concerns_whoever_has_a_handler),
        cmocka_unit_test(a_timer_concerns_the_stage_of_its_entity),
        cmocka_unit_test(a_timer_with_a_long_name_may_concern_anybody),
        cmocka_unit_test(what_is_no_event_is_looked_at),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
