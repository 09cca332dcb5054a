/* Random work for a shop whose tasks are assigned: forms come in, tasks are claimed and done, people go and come back.
 * Whom a task may be given to is worked out here from the log alone, which shares nothing with the product but its words: never
 * to who is away or lacks the skill, never beyond at_most, always to whoever has least for what they can do; nothing waits
 * while somebody could take it; and no two agents have the same customer at once. STEPS=1000000 for a long run, SEED to
 * repeat one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "support/dice.h"
#include "support/shop.h"

enum { STEPS_DEFAULT = 100000, STEPS_PER_SHOP = 150, PEOPLE = 4, TASKS_MAX = 160, CUSTOMERS = 12, AT_MOST = 4 };

static const char playbook_yaml[] =
    "playbook: p\nversion: 1\nforms: { fault: { fields: [ { field: kind, kind: choice, choices: [engine, paint], required: yes, zh: 类, en: Kind } ] } }\n"
    "rules:\n  - { rule: r, on: form.filled, form: fault, steps: [ { form: repair, role: engineer,\n"
    "      assign: { by: weighted, skill: field.kind, at_most: 4 } } ] }\n";
static const char staff_yaml[] =
    "staff: st\npeople:\n"
    "  - { id: p0, name: A, roles: [engineer], skills: [engine, paint], capability: 10 }\n"
    "  - { id: p1, name: B, roles: [engineer], skills: [engine], capability: 20 }\n"
    "  - { id: p2, name: C, roles: [engineer], skills: [paint], capability: 5 }\n"
    "  - { id: p3, name: D, roles: [engineer], skills: [engine, paint], capability: 10 }\n"
    "  - { id: boss, name: E, roles: [supervisor] }\n";

static const int weights[PEOPLE] = {10, 20, 5, 10};
static const bool skilled[PEOPLE][2] = {{true, true}, {true, false}, {false, true}, {true, true}};

/* -------- what the log tells */

struct job { bool open, claimed; int kind, customer, person; };      /* person -1: nobody's */

static struct showroom *shop;
static struct job jobs[TASKS_MAX];
static int job_count;
static bool away[PEOPLE];
static int64_t given[PEOPLE], done, refused;

static int person_of(const char *id)
{
    return id[0] == 'p' && id[1] >= '0' && id[1] < '0' + PEOPLE && !id[2] ? id[1] - '0' : -1;
}

static int load_of(int person)
{
    int load = 0;
    for (int i = 0; i < job_count; i++)
        load += jobs[i].open && jobs[i].person == person;
    return load;
}

static bool can_take(int person, int kind)
{
    return !away[person] && skilled[person][kind] && load_of(person) < AT_MOST;
}

/* Whoever got it can take it, and nobody else would have less for what they can do. `person` has it already. */
static void check_given(int job, int person)
{
    jobs[job].person = -1;
    if (!can_take(person, jobs[job].kind))
        fail_msg("task N%d (%s) given to p%d, who is %s and has %d", job, jobs[job].kind ? "paint" : "engine", person,
                 away[person] ? "away" : "there", load_of(person));
    for (int other = 0; other < PEOPLE; other++)
        if (can_take(other, jobs[job].kind))
            assert_true((load_of(person) + 1) * weights[other] <= (load_of(other) + 1) * weights[person]);
    jobs[job].person = person;
    given[person]++;
}

static int job_of(const char *task)
{
    int number;
    assert_int_equal(sscanf(task, "s/fault.N%d.repair", &number), 1);
    assert_true(number >= 0 && number < job_count);
    return number;
}

static void assignee_is(const struct task_changed *task)
{
    int job = job_of(task->task), person = person_of(task->assignee);
    if (person == jobs[job].person)
        return;
    jobs[job].person = -1;
    if (person >= 0)
        check_given(job, person);
}

/* What was given to nobody is free for whoever takes it. */
static void claimed(struct job *job, int person)
{
    assert_true(job->person < 0 || job->person == person);
    assert_false(away[person]);
    job->person = person;
    job->claimed = true;
}

static void hear(const struct seen *seen)
{
    const struct task_changed *task = seen->data;
    switch (seen->number) {
    case EVENT_AGENT_CHANGED: {
        const struct agent_presence *presence = seen->data;
        away[person_of(presence->agent)] = presence->absent;
        break;
    }
    case EVENT_TASK_OPENED:
        jobs[job_of(task->task)].open = true;
        assignee_is(task);
        break;
    case EVENT_TASK_REASSIGNED:
        assignee_is(task);
        break;
    case EVENT_TASK_RELEASED:
        jobs[job_of(task->task)].claimed = false;
        assignee_is(task);
        break;
    case EVENT_TASK_CLAIMED:
        claimed(&jobs[job_of(task->task)], person_of(task->assignee));
        break;
    case EVENT_TASK_CLOSED:
        jobs[job_of(task->task)] = (struct job){.person = -1};
        done++;
        break;
    case EVENT_ACT_REFUSED:
        refused++;
        break;
    default:
        break;
    }
}

static size_t heard;

static void hear_all(void)
{
    for (; heard < shop->seen_count; heard++)
        hear(&shop->seen[heard]);
}

/* -------- what must always hold */

static void check_all(void)
{
    int on_line[CUSTOMERS];
    for (int c = 0; c < CUSTOMERS; c++)
        on_line[c] = -1;
    for (int i = 0; i < job_count; i++) {
        const struct job *job = &jobs[i];
        for (int p = 0; job->open && job->person < 0 && p < PEOPLE; p++)
            if (can_take(p, job->kind))                         /* nothing waits while somebody could take it */
                fail_msg("N%d (%s) waits, though p%d has %d; after %s", i, job->kind ? "paint" : "engine", p, load_of(p),
                         shop->seen[shop->seen_count - 1].event.type);
        if (!job->claimed)
            continue;
        assert_false(away[job->person]);
        assert_true(on_line[job->customer] < 0 || on_line[job->customer] == job->person);
        on_line[job->customer] = job->person;
    }
}

/* -------- steps */

static void come_in(void)
{
    char envelope[32];
    if (job_count == TASKS_MAX)
        return;
    struct job job = {.kind = dice(2), .customer = dice(CUSTOMERS), .person = -1};
    snprintf(envelope, sizeof envelope, "'customer':'c%d'", job.customer);
    jobs[job_count++] = job;
    shop_post(shop, "form.fill", envelope, "'form':'fault','number':'N%d','fields':{'kind':'%s'}", job_count - 1,
              job.kind ? "paint" : "engine");
}

static void claim(void)
{
    if (job_count)
        shop_post(shop, "task.claim", "", "'task':'fault.N%d.repair','agent':'p%d'", dice(job_count), dice(PEOPLE));
}

static void claim_own(void)
{
    for (int tries = 0; job_count && tries < 8; tries++) {
        int i = dice(job_count);
        if (jobs[i].open && !jobs[i].claimed && jobs[i].person >= 0) {
            shop_post(shop, "task.claim", "", "'task':'fault.N%d.repair','agent':'p%d'", i, jobs[i].person);
            return;
        }
    }
}

static void finish(void)
{
    for (int tries = 0; job_count && tries < 8; tries++) {
        int i = dice(job_count);
        if (jobs[i].claimed) {
            shop_post(shop, "task.outcome", "", "'task':'fault.N%d.repair','agent':'p%d','outcome':'completed'", i, jobs[i].person);
            return;
        }
    }
}

static void go_or_come(void)
{
    int person = dice(PEOPLE);
    shop_post(shop, away[person] ? "agent.present" : "agent.absent", "", "'agent':'p%d'", person);
}

static void step(void)
{
    static void (*const steps[])(void) = {come_in, come_in, come_in, claim, claim_own, claim_own, finish, finish, go_or_come};
    steps[dice(sizeof steps / sizeof steps[0])]();
    hear_all();
    check_all();
}

static void begin(void)
{
    shop = shop_open("2026-03-02 10:30", playbook_yaml);
    world_apply(shop->world, CONFIG_STAFF, "st", (struct slice){(const uint8_t *)staff_yaml, strlen(staff_yaml)}, "s");
    world_settle(shop->world);
    job_count = 0;
    heard = shop->seen_count;
    memset(away, 0, sizeof away);
}

static void work_goes_to_who_can_take_it(void **state)
{
    (void)state;
    int64_t steps = number_of("STEPS", STEPS_DEFAULT), seed = number_of("SEED", 20260302);
    dice_seed((uint64_t)seed);
    for (int64_t i = 0; i < steps; i += STEPS_PER_SHOP) {
        begin();
        for (int k = 0; k < STEPS_PER_SHOP; k++)
            step();
        shop_close(shop);
    }
    print_message("%lld steps of seed %lld: %lld done, %lld refused\n", (long long)steps, (long long)seed, (long long)done,
                  (long long)refused);
    for (int p = 0; p < PEOPLE; p++)
        assert_true(given[p] > 0);                              /* nobody is starved */
    assert_true(done > steps / 100 && refused > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(work_goes_to_who_can_take_it)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
