/* What the promises say, looked up in a store that the toy cores have worked on. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crew.h"
#include "entity.h"

static struct store *store_of(struct crew *crew)
{
    return crew->faulty.inner;
}

static void need(enum store_status status)
{
    assert(status == STORE_OK);
    (void)status;
}

/* ---------------------------------------------------------------- the log */

static void read_more(struct crew *crew, uint32_t partition, struct history *history, size_t *room)
{
    struct entry_list entries = {0};
    struct fault fault;

    need(store_read_log_one(store_of(crew), partition, history->count + 1, READ_MAX, crew->arena,
                                             &entries));
    for (size_t i = 0; i < entries.count; i++) {
        if (history->count == *room) {
            size_t larger = *room ? *room * 2 : 1024;
            struct place *places = arena_alloc(crew->arena, larger * sizeof *places);
            struct event *events = arena_alloc(crew->arena, larger * sizeof *events);
            if (*room > 0) {
                memcpy(places, history->places, *room * sizeof *places);
                memcpy(events, history->events, *room * sizeof *events);
            }
            history->places = places;
            history->events = events;
            *room = larger;
        }
        bool read = event_unpack(entries.at[i].packed, crew->arena, &history->events[history->count], &fault);
        assert(read);
        history->places[history->count++] = entries.at[i].place;
    }
}

struct history crew_history(struct crew *crew, uint32_t partition)
{
    struct history history = {0};
    size_t room = 0, before;

    do {
        before = history.count;
        read_more(crew, partition, &history, &room);
    } while (history.count > before);
    return history;
}

static const char *check_chain(struct crew *crew, const struct history *history)
{
    uint64_t prev = 0;

    for (size_t i = 0; i < history->count; i++) {
        const struct event *event = &history->events[i];
        if (history->places[i].seq != i + 1 || history->places[i].prev != prev)
            return arena_printf(crew->arena, "entry %zu has seq %llu and does not follow the one before it", i + 1,
                                (unsigned long long)history->places[i].seq);
        prev = history->places[i].id;
        if (event->cause_seq == 0)
            continue;
        if ((size_t)event->cause_seq > i || strcmp(history->events[event->cause_seq - 1].id, event->cause) != 0)
            return arena_printf(crew->arena, "%s at %zu names a cause that is not there", event->type, i + 1);
    }
    return NULL;
}

static size_t count_of(const struct history *history, const char *site, enum event_number number)
{
    size_t count = 0;

    for (size_t i = 0; i < history->count; i++)
        count += history->events[i].number == number && strcmp(history->events[i].site, site) == 0;
    return count;
}

static const char *check_timers_never_early(struct crew *crew, const struct history *history)
{
    struct fault fault;

    for (size_t i = 0; i < history->count; i++) {
        if (history->events[i].number != EVENT_TIMER_FIRED)
            continue;
        const struct timer_fired *fired = event_data(&history->events[i], (struct slice){0}, crew->arena, &fault);
        if (!fired || fired->due > history->events[i].time)
            return arena_printf(crew->arena, "a timer fired early, at %zu", i + 1);
    }
    return NULL;
}

static int id_compare(const void *a, const void *b)
{
    const struct event *left = *(const struct event *const *)a, *right = *(const struct event *const *)b;
    int by_source = strcmp(left->source, right->source);

    return by_source ? by_source : strcmp(left->id, right->id);
}

static const char *check_ids(struct crew *crew, const struct history *history)
{
    const struct event **sorted = arena_alloc(crew->arena, (history->count + 1) * sizeof *sorted);

    for (size_t i = 0; i < history->count; i++)
        sorted[i] = &history->events[i];
    qsort(sorted, history->count, sizeof *sorted, id_compare);
    for (size_t i = 1; i < history->count; i++)
        if (id_compare(&sorted[i - 1], &sorted[i]) == 0 && sorted[i]->number != EVENT_TIMER_FIRED)
            return arena_printf(crew->arena, "%s %s stands in the log twice", sorted[i]->type, sorted[i]->id);
    return NULL;
}

const char *crew_check_log(struct crew *crew, const struct history *history)
{
    const char *wrong = check_chain(crew, history);

    if (!wrong)
        wrong = check_ids(crew, history);
    return wrong ? wrong : check_timers_never_early(crew, history);
}

/* ---------------------------------------------------------------- entities */

static const void *entity_of(struct crew *crew, uint32_t partition, enum entity_kind kind, const char *id,
                             struct stored_entity *stored)
{
    void *entity = record_new(entity_types[kind].record, crew->arena);
    struct fault fault;

    need(store_read_entities_one(store_of(crew), partition, kind, &id, 1, crew->arena, stored));
    if (stored->version == 0)
        return NULL;
    bool read = entity_unpack(kind, id, stored->packed, crew->arena, entity, &fault);
    assert(read);
    return entity;
}

static const char *check_order(struct crew *crew, uint32_t partition, const char *site, const char *order)
{
    const char *id = arena_printf(crew->arena, "%s/%s", site, order);
    struct stored_entity stored;
    const struct plan *plan = entity_of(crew, partition, ENTITY_PLAN, id, &stored);

    if (!plan || plan->rule != 1 || plan->steps.count != 1 || stored.due != 0)
        return arena_printf(crew->arena, "plan %s: planned %d times, started %d times, due %lld", id,
                            plan ? (int)plan->rule : 0,
                            plan ? (int)plan->steps.count : 0, (long long)stored.due);
    const struct task *task = entity_of(crew, partition, ENTITY_TASK, id, &stored);
    if (!task || task->rule != 1 || task->rule_step != 1 || task->state != TASK_CLOSED ||
        strcmp(task->about, order) != 0)
        return arena_printf(crew->arena, "task %s: opened %d times, closed %d times, about %s", id,
                            task ? (int)task->rule : 0,
                            task ? (int)task->rule_step : 0, task ? task->about : "nothing");
    const struct notice *notice = entity_of(crew, partition, ENTITY_NOTICE, id, &stored);
    if (!notice || notice->state != NOTICE_SENT)
        return arena_printf(crew->arena, "notice %s is not sent", id);
    return NULL;
}

static const char *check_site(struct crew *crew, uint32_t partition, const struct history *history, const char *site)
{
    static const enum event_number once[] = {EVENT_PLAN_MADE, EVENT_TASK_WANTED, EVENT_TASK_OPENED, EVENT_TASK_CLOSED,
                                             EVENT_NOTICE_SENT};
    size_t orders = count_of(history, site, EVENT_CAR_DELIVERED);
    struct stored_entity stored;
    const char *id = arena_printf(crew->arena, "%s/all", site);
    const struct customer *all = entity_of(crew, partition, ENTITY_CUSTOMER, id, &stored);

    if (!all || (size_t)all->visits != orders || (size_t)all->spending_cents != orders)
        return arena_printf(crew->arena, "%s: %zu orders, %d counted, %d started", site, orders,
                            all ? (int)all->visits : 0,
                            all ? (int)all->spending_cents : 0);
    for (size_t i = 0; i < sizeof once / sizeof *once; i++)
        if (count_of(history, site, once[i]) != orders)
            return arena_printf(crew->arena, "%s: %zu orders, %zu times %s", site, orders,
                                count_of(history, site, once[i]),
                                event_types[once[i]].name);
    return NULL;
}

static const char *check_orders(struct crew *crew, uint32_t partition, const struct history *history)
{
    const char *wrong = NULL;
    struct fault fault;

    for (size_t i = 0; i < history->count && !wrong; i++) {
        const struct event *event = &history->events[i];
        if (event->number != EVENT_CAR_DELIVERED)
            continue;
        const struct car_delivered *data = event_data(event, (struct slice){0}, crew->arena, &fault);
        assert(data);
        wrong = check_order(crew, partition, event->site, data->order);
        if (!wrong)
            wrong = check_site(crew, partition, history, event->site);
    }
    return wrong;
}

static const char *check_nothing_left(struct crew *crew, uint32_t partition)
{
    struct partition_view view;

    need(store_of(crew)->functions->view(store_of(crew), &partition, 1, &view));
    if (view.timers > 0 || view.queue > 0)
        return arena_printf(crew->arena, "partition %u: %zu timers and %zu places in the queue are left", partition,
                            view.timers,
                            view.queue);
    return NULL;
}

const char *crew_check(struct crew *crew)
{
    const char *wrong = NULL;

    arena_reset(crew->arena);
    for (uint32_t i = 0; i < crew->partitions && !wrong; i++) {
        struct history history = crew_history(crew, i);
        wrong = crew_check_log(crew, &history);
        if (!wrong)
            wrong = check_orders(crew, i, &history);
        if (!wrong)
            wrong = check_nothing_left(crew, i);
    }
    return wrong;
}

size_t crew_delivered(struct crew *crew)
{
    size_t count = 0;

    arena_reset(crew->arena);
    for (uint32_t i = 0; i < crew->partitions; i++) {
        struct history history = crew_history(crew, i);
        for (size_t k = 0; k < history.count; k++)
            count += history.events[k].number == EVENT_CAR_DELIVERED;
    }
    return count;
}

/* ---------------------------------------------------------------- at any moment */

static bool among(const struct texts *texts, const char *text)
{
    for (size_t i = 0; i < texts->count; i++)
        if (strcmp(texts->at[i], text) == 0)
            return true;
    return false;
}

static bool is_armed(const struct timer_list *timers, const char *member, wall_ms due)
{
    for (size_t i = 0; i < timers->count; i++)
        if (timers->at[i].due == due && strcmp(timers->at[i].member, member) == 0)
            return true;
    return false;
}

/* A timer that is not armed must have fired, and its event wait to be worked. */
static bool has_fired(struct crew *crew, const struct history *history, const char *member, wall_ms due)
{
    struct fault fault;

    for (size_t i = 0; i < history->count; i++) {
        if (history->events[i].number != EVENT_TIMER_FIRED)
            continue;
        const struct timer_fired *fired = event_data(&history->events[i], (struct slice){0}, crew->arena, &fault);
        if (fired && fired->due == due && strcmp(fired->entity, member) == 0)
            return true;
    }
    return false;
}

static const char *check_entity(struct crew *crew, const struct history *history, const struct timer_list *timers,
                                const struct texts *queue, enum entity_kind kind, const struct stored_entity *stored)
{
    const char *member = arena_printf(crew->arena, "%c/%s", entity_types[kind].letter, stored->id);

    if (stored->due > 0 && !is_armed(timers, member, stored->due) && !has_fired(crew, history, member, stored->due))
        return arena_printf(crew->arena, "%s waits for %lld and has no timer", member, (long long)stored->due);
    if (stored->queue && *stored->queue && !among(queue, stored->queue))
        return arena_printf(crew->arena, "%s is not in its place in the queue: %s", member, stored->queue);
    return NULL;
}

static const char *check_kind(struct crew *crew, uint32_t partition, enum entity_kind kind,
                              const struct history *history,
                              const struct timer_list *timers, const struct texts *queue, size_t *placed)
{
    const char *wrong = NULL;
    uint64_t cursor = 0;

    do {
        struct stored_entity_list list = {0};
        need(store_of(crew)->functions->scan_entities(store_of(crew), partition, kind, &cursor, crew->arena, &list));
        for (size_t i = 0; i < list.count && !wrong; i++) {
            wrong = check_entity(crew, history, timers, queue, kind, &list.at[i]);
            *placed += list.at[i].queue && *list.at[i].queue;
        }
    } while (cursor != 0 && !wrong);
    return wrong;
}

static const char *check_always(struct crew *crew, uint32_t partition)
{
    struct history history = crew_history(crew, partition);
    const char *wrong = check_chain(crew, &history);
    struct timer_list timers = {0};
    struct texts queue = {0};
    size_t placed = 0;

    need(store_of(crew)->functions->read_timers(store_of(crew), partition, 0, 0, 1 << 20, crew->arena, &timers));
    need(store_of(crew)->functions->read_queue(store_of(crew), partition, "", "", 1 << 20, crew->arena, &queue));
    for (int kind = 0; kind < ENTITY_COUNT && !wrong; kind++)
        wrong = check_kind(crew, partition, (enum entity_kind)kind, &history, &timers, &queue, &placed);
    if (!wrong && placed != queue.count)
        wrong = arena_printf(crew->arena, "the queue has %zu places, entities know of %zu", queue.count, placed);
    return wrong;
}

const char *crew_check_always(struct crew *crew)
{
    const char *wrong = NULL;

    arena_reset(crew->arena);
    for (uint32_t i = 0; i < crew->partitions && !wrong; i++)
        wrong = check_always(crew, i);
    return wrong;
}
