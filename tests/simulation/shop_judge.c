#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "entity.h"
#include "shop_parts.h"
#include "witness.h"

/* An entry of the log that waits for what follows from it. */
struct asked { enum event_number number; uint64_t actor; int answers, refusals; };

struct ledger { struct { struct tally_table asked, once, holders, wanted; } partitions[SIM_PARTITIONS]; };

void dealer_judge_open(struct simulation *simulation)
{
    struct ledger *ledger = arena_alloc(simulation->arena, sizeof *ledger);

    for (size_t i = 0; i < SIM_PARTITIONS; i++) {
        ledger->partitions[i].asked.item_bytes = sizeof(struct asked);
        ledger->partitions[i].once.item_bytes = sizeof(int);
        ledger->partitions[i].holders.item_bytes = sizeof(uint64_t);
        ledger->partitions[i].wanted.item_bytes = sizeof(const char *);
    }
    simulation->ledger = ledger;
}

void dealer_forget(struct simulation *simulation, uint32_t partition)
{
    struct ledger *ledger = simulation->ledger;

    tally_clear(&ledger->partitions[partition].asked);
    tally_clear(&ledger->partitions[partition].once);
    tally_clear(&ledger->partitions[partition].holders);
    tally_clear(&ledger->partitions[partition].wanted);
}

void dealer_judge_close(struct simulation *simulation)
{
    for (uint32_t i = 0; i < SIM_PARTITIONS; i++)
        dealer_forget(simulation, i);
}

/* ---------------------------------------------------------------- the log */

static const void *data_of(struct simulation *simulation, const struct event *event)
{
    struct fault fault;

    return event_data(event, (struct slice){0}, simulation->scratch, &fault);
}

/* Events that may come once only for what they are about. */
static const char *once_about(const struct event *event, const void *data)
{
    switch (event->number) {
    case EVENT_TASK_OPENED: return ((const struct task_changed *)data)->task;
    case EVENT_NOTICE_SENT: return ((const struct notice_changed *)data)->notice;
    case EVENT_CASE_OPENED: return ((const struct case_changed *)data)->case_id;
    case EVENT_PLAN_MADE: return ((const struct plan_made *)data)->plan;
    default: return NULL;
    }
}

static void check_once(struct simulation *simulation, uint32_t partition, const struct event *event, const char *about)
{
    struct ledger *ledger = simulation->ledger;
    int *times = tally_at(&ledger->partitions[partition].once, key_of_text(key_of_number(8, event->number), about));

    if (++*times > 1)
        simulation_fail(simulation, HOLDS_EFFECT, "%s of %s: %d times", event->type, about, *times);
}

static bool lets_go(enum event_number number)
{
    return number == EVENT_TASK_RELEASED || number == EVENT_TASK_REASSIGNED || number == EVENT_TASK_RESCHEDULED ||
           number == EVENT_TASK_ATTEMPTED || number == EVENT_TASK_CLOSED;
}

static void check_holder(struct simulation *simulation, const struct place *place, const struct event *event,
                         const struct task_changed *change)
{
    struct ledger *ledger = simulation->ledger;
    uint64_t *holder = tally_at(&ledger->partitions[place->partition].holders, key_of_text(9, change->task));
    const struct asked *act = event->cause_seq > 0 ? tally_find(&ledger->partitions[place->partition].asked,
                                                                (uint64_t)event->cause_seq) : NULL;

    if (event->number == EVENT_TASK_CLAIMED && *holder != 0)
        simulation_fail(simulation, HOLDS_HOLDER, "%s takes %s, which somebody holds", change->assignee, change->task);
    if (lets_go(event->number) && act && act->number == EVENT_TASK_OUTCOME && act->actor != *holder)
        simulation_fail(simulation, HOLDS_HOLDER, "%s of %s by somebody who does not hold it", event->type,
                        change->task);
    if (event->number == EVENT_TASK_CLAIMED)
        *holder = key_of_text(10, change->assignee);
    else if (lets_go(event->number))
        *holder = 0;
}

static void note_asked(struct simulation *simulation, const struct place *place, const struct event *event)
{
    struct ledger *ledger = simulation->ledger;
    struct asked *asked = tally_at(&ledger->partitions[place->partition].asked, place->seq);

    *asked = (struct asked){.number = event->number, .actor = key_of_text(10, event->actor)};
}

static void note_answer(struct simulation *simulation, const struct place *place, const struct event *event)
{
    struct ledger *ledger = simulation->ledger;
    struct asked *asked = tally_find(&ledger->partitions[place->partition].asked, (uint64_t)event->cause_seq);

    if (!asked)
        return;
    asked->answers++;
    asked->refusals += event->number == EVENT_ACT_REFUSED;
    if (asked->refusals > 1)
        simulation_fail(simulation, HOLDS_EFFECT, "%s was refused %d times", event->cause, asked->refusals);
}

static void note_wanted(struct simulation *simulation, uint32_t partition, const char *notice)
{
    struct ledger *ledger = simulation->ledger;
    const char **wanted = tally_at(&ledger->partitions[partition].wanted, key_of_text(11, notice));

    *wanted = arena_string(simulation->arena, notice);
}

void dealer_seen(struct simulation *simulation, const struct place *place, const struct event *event)
{
    int class = event_types[event->number].class;
    bool asks = class == ACT || event->number == EVENT_CAR_DELIVERED || event->number == EVENT_VISIT_FINISHED ||
                event->number == EVENT_COMPLAINT_RECEIVED;
    bool of_task = event->number >= EVENT_TASK_OPENED && event->number <= EVENT_TASK_CORRECTED;
    const void *data = event->number == EVENT_UNKNOWN ? NULL : data_of(simulation, event);

    if (asks)
        note_asked(simulation, place, event);
    if (event->cause_seq > 0)
        note_answer(simulation, place, event);
    if (data && once_about(event, data))
        check_once(simulation, place->partition, event, once_about(event, data));
    if (data && of_task)
        check_holder(simulation, place, event, data);
    if (data && event->number == EVENT_NOTICE_WANTED)
        note_wanted(simulation, place->partition, ((const struct notice_wanted *)data)->notice);
}

/* ---------------------------------------------------------------- entities */

static bool begins_with(const char *text, const char *prefix)
{
    return text && strncmp(text, prefix, strlen(prefix)) == 0;
}

static bool task_in_place(const struct task *task, const struct entity_put *put)
{
    static const char *const lists[] = {[TASK_OPEN] = "work/", [TASK_CLAIMED] = "held/", [TASK_WAITING] = "later/"};

    if (task->state == TASK_CLOSED)
        return !put->queue || !*put->queue;
    return begins_with(put->queue, lists[task->state]) && put->due > 0;
}

static bool case_in_place(const struct complaint_case *file, const struct entity_put *put)
{
    bool clocked = false;

    for (size_t i = 0; i < file->clocks.count; i++)
        clocked = clocked || file->clocks.at[i].state == CLOCK_RUNNING;
    if (file->state == CASE_CLOSED || file->state == CASE_LINKED)
        return (!put->queue || !*put->queue) && put->due == 0;
    return begins_with(put->queue, "case/") && (put->due > 0 || !clocked);
}

static bool notice_in_place(const struct notice *notice, const struct entity_put *put)
{
    static const char *const lists[] = {[NOTICE_SENDING] = "sending/", [NOTICE_HELD] = "held/",
                                        [NOTICE_DEAD] = "dead/"};
    bool waits = notice->state == NOTICE_WAITING || notice->state == NOTICE_RETRYING;

    if (waits)
        return put->due > 0 || begins_with(put->queue, "paused/");
    if (notice->state == NOTICE_SENT || notice->state == NOTICE_SKIPPED)
        return put->due == 0 && (!put->queue || !*put->queue);
    return put->due == 0 && begins_with(put->queue, lists[notice->state]);
}

static bool plan_in_place(const struct plan *plan, const struct entity_put *put)
{
    bool pending = false;

    for (size_t i = 0; i < plan->steps.count; i++)
        pending = pending || (plan->steps.at[i].state == STEP_PENDING && plan->steps.at[i].due_at > 0);
    return !pending || put->due > 0;
}

static bool is_in_place(const struct entity_put *put, const void *record)
{
    switch (put->kind) {
    case ENTITY_TASK: return task_in_place(record, put);
    case ENTITY_CASE: return case_in_place(record, put);
    case ENTITY_NOTICE: return notice_in_place(record, put);
    case ENTITY_PLAN: return plan_in_place(record, put);
    default: return true;
    }
}

void dealer_put(struct simulation *simulation, const struct entity_put *put)
{
    const struct record *record = entity_types[put->kind].record;
    void *decoded = record_new(record, simulation->scratch);
    struct fault fault;

    if (put->packed.bytes == 0)
        return;
    if (!entity_unpack(put->kind, put->id, put->packed, simulation->scratch, decoded, &fault) || !is_in_place(put, decoded))
        simulation_fail(simulation, HOLDS_PLACE, "%s %s was put with timer %lld and place %s",
                        entity_types[put->kind].name,
                        put->id, (long long)put->due, put->queue && *put->queue ? put->queue : "none");
}

/* ---------------------------------------------------------------- the end */

/* Acts have an answer, facts what follows from them; unless they were set aside, which is an answer too. */
static void judge_asked(struct simulation *simulation, uint32_t partition)
{
    struct ledger *ledger = simulation->ledger;
    const struct tally_table *all = &ledger->partitions[partition].asked;

    for (size_t i = 0; i < all->room; i++) {
        const struct asked *asked = tally_place(all, i);
        if (!asked)
            continue;
        if (asked->answers == 0)
            simulation_fail(simulation, HOLDS_ANSWERED, "partition %u: a %s was never answered", partition,
                            event_types[asked->number].name);
        simulation->verdict->acts_done += event_types[asked->number].class == ACT && asked->refusals == 0;
        simulation->verdict->acts_refused += asked->refusals > 0;
    }
}

/* What was asked for is somewhere: sent, waiting, held, skipped or a dead letter, and nothing is in between. */
static void judge_notices(struct simulation *simulation, uint32_t partition)
{
    struct ledger *ledger = simulation->ledger;
    const struct tally_table *all = &ledger->partitions[partition].wanted;

    for (size_t i = 0; i < all->room && simulation->verdict->set_aside == 0; i++) {
        const char *const *wanted = tally_place(all, i);
        struct stored_entity stored = {0};
        if (!wanted)
            continue;
        store_read_entities_one(simulation->store, partition, ENTITY_NOTICE, wanted, 1,
                                                    simulation->scratch, &stored);
        if (stored.version == 0)
            simulation_fail(simulation, HOLDS_CONSERVED, "notice %s was asked for and is nowhere", *wanted);
    }
}

void dealer_judge(struct simulation *simulation)
{
    size_t said = 0, stands = 0;

    for (uint32_t i = 0; i < SIM_PARTITIONS; i++) {
        arena_reset(simulation->scratch);
        judge_asked(simulation, i);
        judge_notices(simulation, i);
        said += client_said(simulation, i);
        stands += witness_facts(simulation, i);
    }
    if (said != stands)
        simulation_fail(simulation, HOLDS_ONCE, "%zu facts and acts were acknowledged, the log has %zu", said, stands);
}

/* ---------------------------------------------------------------- named fields */

static const char *plan_line(struct simulation *simulation, const struct plan_made *plan)
{
    const char *line = arena_printf(simulation->arena, "plan %s: %s rule %d about %s", plan->plan, plan->playbook,
                                    (int)plan->rule, plan->about);

    for (size_t i = 0; i < plan->steps.count; i++)
        line = arena_printf(simulation->arena, "%s; %s at %lld by %lld", line, plan->steps.at[i].name,
                            (long long)plan->steps.at[i].due_at, (long long)plan->steps.at[i].deadline_at);
    return line;
}

/* What customers do, the same in both runs; not what followed from how agents acted. */
static bool is_fact_of_client(const char *id)
{
    return begins_with(id, "car.delivered-") || begins_with(id, "visit.finished-") ||
           begins_with(id, "complaint.received-");
}

static const char *line_of(struct simulation *simulation, const struct event *event)
{
    const void *data = is_fact_of_client(event->cause) && (event->number == EVENT_PLAN_MADE ||
                                                           event->number == EVENT_CASE_OPENED)
                       ? data_of(simulation, event) : NULL;
    const struct case_changed *opened = data;

    if (!data)
        return NULL;
    if (event->number == EVENT_PLAN_MADE)
        return plan_line(simulation, data);
    return arena_printf(simulation->arena, "complaint %s: category %s", opened->case_id, opened->category);
}

void dealer_fields(struct simulation *simulation, struct texts *ret)
{
    size_t room = 0;

    for (uint32_t i = 0; i < SIM_PARTITIONS; i++)
        room += simulation->witness->partitions[i].count;
    ret->at = arena_alloc(simulation->arena, (room + 1) * sizeof *ret->at);
    for (uint32_t i = 0; i < SIM_PARTITIONS; i++)
        for (uint64_t seq = 1; seq <= simulation->witness->partitions[i].count; seq += READ_MAX) {
            struct entry_list entries = {0};
            arena_reset(simulation->scratch);
            store_read_log_one(simulation->store, i, seq, READ_MAX, simulation->scratch, &entries);
            for (size_t k = 0; k < entries.count && ret->count < room; k++) {
                struct event event;
                struct fault fault;
                const char *line = event_unpack(entries.at[k].packed, simulation->scratch, &event, &fault)
                                   ? line_of(simulation, &event) : NULL;
                if (line)
                    ret->at[ret->count++] = line;
            }
        }
}
