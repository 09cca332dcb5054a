/* The toy cores (support/toy.h) and masses of orders: what each event must lead to is known exactly, and kept count
 * of.
 *
 * Named fields: of each plan how often it was delivered, how often it started and what it is about; of each task how
 * often it was opened and closed, its state and what it is about; of each notice its state; of each site how many cars
 * it counted delivered and started. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "entity.h"
#include "partition.h"
#include "simulation.h"
#include "support/toy.h"
#include "witness.h"

enum { FACTS_PER_ACT = 56, POISON_ONE_IN = 2500 };

static const char *const sites[] = {"sample", "north", "south", "east", "west", "harbour"};

struct order {
    const char *site, *name;            /* in the run's arena */
    int delivered, made, wanted, opened, closed, sent, set_aside;
    wall_ms due, close_at;
};

struct site { int64_t delivered, set_aside; };

/* What an entry of the log is about. */
struct about { uint64_t order, site; int64_t delivered; bool inquiry; int answers; };

struct ledger { struct { struct tally_table orders, sites, abouts; } partitions[SIM_PARTITIONS]; };

static struct simulation *present;      /* for toy_before, which has no context */

/* ---------------------------------------------------------------- poison */

static bool is_poison(const struct simulation *simulation, const char *order)
{
    return simulation->temper[FAULT_POISON] > 0 &&
           key_of_text(simulation->run.seed, order) % POISON_ONE_IN < simulation->temper[FAULT_POISON];
}

static void maybe_die(const char *order)
{
    if (!present->crew.current || !is_poison(present, order))
        return;
    fault_happened(present, FAULT_POISON, order);
    present->last_death = present->real;
    crew_crash(&present->crew);
}

/* ---------------------------------------------------------------- facts */

static const char *any_site(struct simulation *simulation)
{
    return sites[simulation_dice(simulation, sizeof sites / sizeof *sites)];
}

/* A new order, or one of a while ago once more. */
static void deliver(struct simulation *simulation, unsigned number)
{
    struct event event = event_of(EVENT_CAR_DELIVERED);
    struct car_delivered data = {.amount_cents = (int64_t)simulation_dice(simulation, 3000)};
    bool again = simulation_one_in(simulation, 6);
    int back = again ? (int)simulation_dice(simulation, 40) : 0;
    int step = simulation->step > back ? simulation->step - back : 0;

    event.id = arena_printf(simulation->arena, "d%d.%u", simulation->step, number);
    if (again)
        data.order = arena_printf(simulation->arena, "JC%d.%u", step, (unsigned)simulation_dice(simulation, 8));
    else
        data.order = arena_printf(simulation->arena, "JC%d.%u", simulation->step, number);
    event.site = sites[key_of_text(0, data.order) % (sizeof sites / sizeof *sites)];
    event.subject = data.order;
    client_say(simulation, &event, &data);
}

static void inquire(struct simulation *simulation, unsigned number)
{
    struct event event = event_of(EVENT_VISIT_FINISHED);
    struct visit_finished data = {.visit = "how many", .kind = 1};

    event.id = arena_printf(simulation->arena, "v%d.%u", simulation->step, number);
    event.site = any_site(simulation);
    client_say(simulation, &event, &data);
}

static void act(struct simulation *simulation)
{
    unsigned facts = simulation_facts(simulation, FACTS_PER_ACT);

    for (unsigned i = 0; i < facts; i++)
        (simulation_one_in(simulation, 8) ? inquire : deliver)(simulation, i);
}

/* ---------------------------------------------------------------- the ledger */

static void begin(struct simulation *simulation)
{
    struct ledger *ledger = arena_alloc(simulation->arena, sizeof *ledger);

    for (size_t i = 0; i < SIM_PARTITIONS; i++) {
        ledger->partitions[i].orders.item_bytes = sizeof(struct order);
        ledger->partitions[i].sites.item_bytes = sizeof(struct site);
        ledger->partitions[i].abouts.item_bytes = sizeof(struct about);
    }
    simulation->ledger = ledger;
    present = simulation;
    toy_before = maybe_die;
}

static void forget(struct simulation *simulation, uint32_t partition)
{
    struct ledger *ledger = simulation->ledger;

    tally_clear(&ledger->partitions[partition].orders);
    tally_clear(&ledger->partitions[partition].sites);
    tally_clear(&ledger->partitions[partition].abouts);
}

static void end(struct simulation *simulation)
{
    for (uint32_t i = 0; i < SIM_PARTITIONS; i++)
        forget(simulation, i);
    toy_before = NULL;
    present = NULL;
}

static struct site *site_of(struct simulation *simulation, uint32_t partition, const char *site)
{
    struct ledger *ledger = simulation->ledger;

    return tally_at(&ledger->partitions[partition].sites, key_of_text(7, site));
}

static uint64_t key_of_order(const char *site, const char *name, size_t bytes)
{
    char text[NAME_BYTES_MAX + 1];

    snprintf(text, sizeof text, "%.*s", (int)bytes, name);
    return key_of_text(key_of_text(6, site), text);
}

/* "timer/P/sample/JC1.2@1772409601234": the order's name in it. */
static const char *order_of_timer(const char *id, size_t *ret_bytes)
{
    const char *name = strrchr(id, '/');

    if (!name)
        return NULL;
    *ret_bytes = strcspn(++name, "@");
    return name;
}

/* The order that an event is about; NULL: none. */
static struct order *order_of(struct simulation *simulation, const struct place *place, const struct event *event,
                              struct about *about)
{
    struct ledger *ledger = simulation->ledger;
    const char *name = event->subject;
    size_t bytes = strlen(name);

    if (event->number == EVENT_TIMER_FIRED)
        name = order_of_timer(event->id, &bytes);
    if (event->number == EVENT_SEND_FINISHED && strchr(name, '/')) {
        name = strchr(name, '/') + 1;
        bytes = strlen(name);
    }
    if (!name || bytes == 0 || event->number == EVENT_CUSTOMER_CHANGED)
        return NULL;
    about->order = key_of_order(event->site, name, bytes);
    struct order *order = tally_at(&ledger->partitions[place->partition].orders, about->order);
    if (!order->name) {
        order->site = arena_string(simulation->arena, event->site);
        order->name = arena_text(simulation->arena, name, bytes);
    }
    return order;
}

static void fail(struct simulation *simulation, enum invariant invariant, const struct order *order, const char *what,
                 long long number)
{
    simulation_fail(simulation, invariant, "order %s of %s %s: %lld", order->name, order->site, what, number);
}

static void on_delivered(struct simulation *simulation, struct order *order, const struct event *event)
{
    (void)simulation;
    (void)event;
    order->delivered++;
}

static void on_made(struct simulation *simulation, struct order *order, const struct event *event)
{
    if (++order->made > order->delivered)
        fail(simulation, HOLDS_EFFECT, order, "was planned more often than delivered", order->made);
    if (order->wanted == 0)
        order->due = event->occurred_at;
}

static void on_wanted(struct simulation *simulation, struct order *order, const struct event *event)
{
    if (++order->wanted > 1)
        fail(simulation, HOLDS_EFFECT, order, "was started more than once", order->wanted);
    if (event->time < order->due)
        fail(simulation, HOLDS_EARLY, order, "was started before its time, by ms", order->due - event->time);
}

static void on_opened(struct simulation *simulation, struct order *order, const struct event *event)
{
    if (++order->opened > order->wanted)
        fail(simulation, HOLDS_EFFECT, order, "has more tasks than were wanted", order->opened);
    order->close_at = event->time + TOY_TASK_MS;
}

static void on_closed(struct simulation *simulation, struct order *order, const struct event *event)
{
    if (++order->closed > order->opened)
        fail(simulation, HOLDS_EFFECT, order, "was closed more than once", order->closed);
    if (event->time < order->close_at)
        fail(simulation, HOLDS_EARLY, order, "was closed before its time, by ms", order->close_at - event->time);
}

static void on_sent(struct simulation *simulation, struct order *order, const struct event *event)
{
    (void)event;
    if (++order->sent > order->closed)
        fail(simulation, HOLDS_EFFECT, order, "has more messages than were asked for", order->sent);
}

static void (*const on_order[EVENT_COUNT])(struct simulation *, struct order *, const struct event *) = {
    [EVENT_CAR_DELIVERED] = on_delivered, [EVENT_PLAN_MADE] = on_made, [EVENT_TASK_WANTED] = on_wanted,
    [EVENT_TASK_OPENED] = on_opened, [EVENT_TASK_CLOSED] = on_closed, [EVENT_NOTICE_SENT] = on_sent,
};

static struct about *about_of(struct simulation *simulation, uint32_t partition, int64_t seq)
{
    struct ledger *ledger = simulation->ledger;

    return tally_at(&ledger->partitions[partition].abouts, (uint64_t)seq);
}

/* An inquiry is answered by how many cars the log has up to there, but for those set aside. */
static void on_answer(struct simulation *simulation, const struct place *place, const struct event *event)
{
    struct about *about = about_of(simulation, place->partition, event->cause_seq);
    int64_t expected = about->delivered - site_of(simulation, place->partition, event->site)->set_aside;

    if (!about->inquiry || ++about->answers > 1)
        simulation_fail(simulation, HOLDS_EFFECT, "inquiry %s was answered %d times", event->cause, about->answers);
    if (strtoll(event->subject, NULL, 10) != expected)
        simulation_fail(simulation, HOLDS_ORDER, "%s says that %s have come to %s, the log says %lld up to there",
                        event->source, event->subject, event->site, (long long)expected);
}

static void on_set_aside(struct simulation *simulation, const struct place *place, const struct event *event)
{
    struct ledger *ledger = simulation->ledger;
    const struct about *about = about_of(simulation, place->partition, event->cause_seq);
    const struct witnessed_entry *entry = witness_entry(simulation, place->partition, (uint64_t)event->cause_seq);
    struct order *order = about->order ? tally_find(&ledger->partitions[place->partition].orders, about->order) : NULL;

    if (order)
        order->set_aside++;
    if (entry && entry->number == EVENT_CAR_DELIVERED && strcmp(event->source, stage_names[STAGE_SCHEDULER]) == 0)
        site_of(simulation, place->partition, event->site)->set_aside++;
}

static void seen(struct simulation *simulation, const struct place *place, const struct event *event)
{
    struct about about = {0};
    struct site *site = site_of(simulation, place->partition, event->site);

    if (event->number == EVENT_EVENT_QUARANTINED) {
        on_set_aside(simulation, place, event);
        return;
    }
    if (event->number == EVENT_CUSTOMER_CHANGED) {
        on_answer(simulation, place, event);
        return;
    }
    struct order *order = order_of(simulation, place, event, &about);
    site->delivered += event->number == EVENT_CAR_DELIVERED;
    about.delivered = site->delivered;
    about.inquiry = event->number == EVENT_VISIT_FINISHED;
    *about_of(simulation, place->partition, (int64_t)place->seq) = about;
    if (order && on_order[event->number])
        on_order[event->number](simulation, order, event);
}

/* ---------------------------------------------------------------- entities */

static const void *record_of(struct simulation *simulation, enum entity_kind kind, const char *id, struct slice packed)
{
    return packed.bytes > 0 ? entity_read(kind, id, packed, simulation->scratch) : NULL;
}

static bool begins_with(const char *text, const char *prefix)
{
    return text && strncmp(text, prefix, strlen(prefix)) == 0;
}

/* What is not over has its timer or its place in the list; what is over has none. */
static bool is_in_its_place(const struct entity_put *put, const void *record)
{
    bool listed = put->queue && *put->queue;

    if (put->kind == ENTITY_PLAN)
        return (((const struct plan *)record)->steps.count == 0) == (put->due > 0);
    if (put->kind == ENTITY_TASK && ((const struct task *)record)->state == TASK_OPEN)
        return put->due > 0 && begins_with(put->queue, "work/");
    if (put->kind == ENTITY_NOTICE && ((const struct notice *)record)->state == NOTICE_SENDING)
        return begins_with(put->queue, "sending/") && put->due == 0;
    if (put->kind == ENTITY_NOTICE && ((const struct notice *)record)->state == NOTICE_RETRYING)
        return put->due > 0 && !listed;
    return put->due == 0 && !listed;
}

static void put(struct simulation *simulation, const struct entity_put *put)
{
    const void *record = record_of(simulation, put->kind, put->id, put->packed);

    if (!record || !is_in_its_place(put, record))
        simulation_fail(simulation, HOLDS_PLACE, "%s %s was put with timer %lld and place %s",
                        entity_types[put->kind].name,
                        put->id, (long long)put->due, put->queue && *put->queue ? put->queue : "none");
}

/* ---------------------------------------------------------------- the end */

static const void *entity_of(struct simulation *simulation, uint32_t partition, enum entity_kind kind, const char *id)
{
    struct stored_entity stored = {0};

    if (store_read_entities_one(simulation->store, partition, kind, &id, 1, simulation->scratch,
                                                    &stored) != STORE_OK)
        return NULL;
    return record_of(simulation, kind, id, stored.packed);
}

static void judge_entities(struct simulation *simulation, uint32_t partition, const struct order *order)
{
    arena_reset(simulation->scratch);
    const char *id = arena_printf(simulation->scratch, "%s/%s", order->site, order->name);
    const struct plan *plan = entity_of(simulation, partition, ENTITY_PLAN, id);
    const struct task *task = entity_of(simulation, partition, ENTITY_TASK, id);
    const struct notice *notice = entity_of(simulation, partition, ENTITY_NOTICE, id);

    if (!plan || plan->rule != order->delivered || plan->steps.count != 1)
        fail(simulation, HOLDS_EFFECT, order, "has a plan that counts other deliveries", plan ? plan->rule : 0);
    if (!task || task->rule != 1 || task->rule_step != 1 || task->state != TASK_CLOSED ||
        strcmp(task->about, order->name) != 0)
        fail(simulation, HOLDS_EFFECT, order, "has a task that was opened so often", task ? task->rule : 0);
    if (!notice || notice->state != NOTICE_SENT)
        fail(simulation, HOLDS_CONSERVED, order, "has a message in state", notice ? notice->state : 0);
}

static void judge_order(struct simulation *simulation, uint32_t partition, const struct order *order)
{
    bool done = order->made == order->delivered && order->wanted == 1 && order->opened == 1 && order->closed == 1 &&
                order->sent == 1;

    if (is_poison(simulation, order->name) && order->set_aside == 0)
        fail(simulation, HOLDS_CONSERVED, order, "is poison and was never set aside, made", order->made);
    if (order->set_aside > 0)
        return;
    if (!done)
        simulation_fail(simulation, HOLDS_CONSERVED,
                        "order %s of %s: delivered %d, planned %d, started %d, opened %d, closed %d, sent %d",
                        order->name, order->site, order->delivered, order->made, order->wanted, order->opened,
                        order->closed, order->sent);
    judge_entities(simulation, partition, order);
}

static void judge(struct simulation *simulation)
{
    struct ledger *ledger = simulation->ledger;

    for (uint32_t i = 0; i < SIM_PARTITIONS; i++) {
        const struct tally_table *orders = &ledger->partitions[i].orders, *abouts = &ledger->partitions[i].abouts;
        if (witness_facts(simulation, i) != client_said(simulation, i))
            simulation_fail(simulation, HOLDS_ONCE, "partition %u: %zu facts were acknowledged, the log has %zu", i,
                            client_said(simulation, i), witness_facts(simulation, i));
        for (size_t k = 0; k < orders->room && !simulation_failed(simulation); k++)
            if (tally_place(orders, k))
                judge_order(simulation, i, tally_place(orders, k));
        for (size_t k = 0; k < abouts->room; k++) {
            const struct about *about = tally_place(abouts, k);
            if (about && about->inquiry && about->answers == 0 && simulation->verdict->set_aside == 0)
                simulation_fail(simulation, HOLDS_ANSWERED, "partition %u: an inquiry has no answer", i);
        }
    }
}

static const char *line_of(struct simulation *simulation, enum entity_kind kind, const struct stored_entity *stored)
{
    const void *record = record_of(simulation, kind, stored->id, stored->packed);
    const struct plan *plan = record;
    const struct task *task = record;
    const struct customer *all = record;

    if (kind == ENTITY_PLAN)
        return arena_printf(simulation->arena, "plan %s: delivered %d, started %zu, about %s", stored->id,
                            (int)plan->rule, plan->steps.count, plan->about);
    if (kind == ENTITY_TASK)
        return arena_printf(simulation->arena, "task %s: opened %d, closed %d, state %d, about %s", stored->id,
                            (int)task->rule, (int)task->rule_step, task->state, task->about);
    if (kind == ENTITY_NOTICE)
        return arena_printf(simulation->arena, "notice %s: state %d", stored->id,
                            ((const struct notice *)record)->state);
    return arena_printf(simulation->arena, "site %s: delivered %lld, started %lld", stored->id, (long long)all->visits,
                        (long long)all->spending_cents);
}

static void fields(struct simulation *simulation, struct texts *ret)
{
    static const enum entity_kind kinds[] = {ENTITY_PLAN, ENTITY_TASK, ENTITY_NOTICE, ENTITY_CUSTOMER};
    size_t room = 0;

    for (uint32_t partition = 0; partition < SIM_PARTITIONS; partition++)
        room += simulation->witness->partitions[partition].entities.count;
    ret->at = arena_alloc(simulation->arena, (room + 1) * sizeof *ret->at);
    for (uint32_t partition = 0; partition < SIM_PARTITIONS; partition++)
        for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
            uint64_t cursor = 0;
            do {
                struct stored_entity_list list = {0};
                simulation->store->functions->scan_entities(simulation->store, partition, kinds[i], &cursor,
                                                            simulation->scratch, &list);
                for (size_t k = 0; k < list.count && ret->count < room; k++)
                    ret->at[ret->count++] = line_of(simulation, kinds[i], &list.at[k]);
            } while (cursor != 0);
        }
}

static const struct duty duties[] = {{STAGE_SCHEDULER, EVENT_CAR_DELIVERED}, {STAGE_SCHEDULER, EVENT_VISIT_FINISHED},
                                     {STAGE_FOLLOW_UP, EVENT_TASK_WANTED}, {STAGE_NONE, EVENT_UNKNOWN}};

const struct business toy_business = {
    .name = "toy", .cores = toy_cores, .duties = duties, .steps = 1000, .real_clocks = true, .jump_ms_max = 1000,
    .begin = begin, .act = act, .seen = seen, .forget = forget, .put = put, .judge = judge, .fields = fields,
    .end = end,
};
