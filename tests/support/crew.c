#include "crew.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "partition.h"
#include "world.h"

void crew_open(struct crew *crew, struct store *inner, uint32_t partitions, struct dice *dice)
{
    memset(crew, 0, sizeof *crew);
    faulty_store_over(&crew->faulty, inner);
    crew->store = &crew->faulty.store;
    crew->hub = bus_hub_new();
    crew->outside = bus_memory_new(crew->hub);
    crew->clock = clock_manual_new(1772409600000);
    crew->sealer = sealer_memory_new();
    crew->dice = dice;
    crew->partitions = partitions;
    crew->eager = true;
    crew->arena = arena_new();
    assert(partitions <= CREW_PARTITIONS_MAX);
}

/* ---------------------------------------------------------------- clocks */

wall_ms crew_now(const struct crew *crew)
{
    return clock_now(crew->clock) + crew->wall_ahead_ms;
}

static const struct crew_clock *clock_of(struct clock *clock)
{
    return (const struct crew_clock *)clock;
}

static wall_ms member_now(struct clock *clock)
{
    return crew_now(clock_of(clock)->crew) + clock_of(clock)->skew_ms;
}

static mono_ms member_mono(struct clock *clock)
{
    return clock_mono(clock_of(clock)->crew->clock);
}

static void member_clock_free(struct clock **clock)
{
    *clock = NULL;                      /* it is its member's */
}

static const struct clock_functions member_clock = {member_now, member_mono, member_clock_free};

static bool clock_is_right(void *context)
{
    return !((const struct crew_member *)context)->clock.known_wrong;
}

/* ---------------------------------------------------------------- coming and going */

static void member_free(struct crew_member *member)
{
    struct crew *crew = member->crew;

    if (member->loop && crew->sender)
        crew->sender->gone(crew->sender_context, member);
    stage_free(&member->loop);
    if (member->bus)
        member->bus->functions->free(&member->bus);
    member->order_count = 0;
    member->paused = false;
}

void crew_kill(struct crew_member *member)
{
    member_free(member);
}

void crew_kill_all(struct crew *crew)
{
    for (size_t i = 0; i < crew->member_count; i++)
        crew_kill(&crew->members[i]);
    crew->member_count = 0;
}

void crew_stop(struct crew_member *member)
{
    stage_stop(member->loop);
    member_free(member);
}

void crew_close(struct crew *crew)
{
    crew_kill_all(crew);
    crew->outside->functions->free(&crew->outside);
    bus_hub_free(&crew->hub);
    crew->clock->functions->free(&crew->clock);
    sealer_free(&crew->sealer);
    arena_free(&crew->arena);
}

/* ---------------------------------------------------------------- the sender */

static void note_sent(struct crew *crew, const struct send_order *order)
{
    for (size_t i = 0; i < crew->sent_count; i++)
        if (crew->sent[i].attempt == order->attempt && strcmp(crew->sent[i].notice, order->notice) == 0) {
            crew->sent[i].times++;
            return;
        }
    assert(crew->sent_count < ORDERS_MAX);
    struct crew_sent *sent = &crew->sent[crew->sent_count++];
    snprintf(sent->notice, sizeof sent->notice, "%s", order->notice);
    sent->attempt = order->attempt;
    sent->times = 1;
}

static void take_order(void *context, uint32_t partition, const struct send_order *order, mono_ms lease_ends)
{
    struct crew_member *member = context;
    struct crew *crew = member->crew;

    (void)partition;
    (void)lease_ends;
    if (crew->sender) {
        crew->sender->taken(crew->sender_context, member, order);
        return;
    }
    struct crew_order *kept = &member->orders[member->order_count++];
    assert(member->order_count <= ORDERS_MAX / CREW_MAX);
    snprintf(kept->notice, sizeof kept->notice, "%s", order->notice);
    snprintf(kept->site, sizeof kept->site, "%s", order->site);
    kept->attempt = order->attempt;
    note_sent(member->crew, order);
}

static bool is_sending(void *context, const char *notice, int attempt)
{
    const struct crew_member *member = context;
    const struct crew *crew = member->crew;

    if (crew->sender)
        return crew->sender->is_busy(crew->sender_context, member, notice, attempt);
    for (size_t i = 0; i < member->order_count; i++)
        if (member->orders[i].attempt == attempt && strcmp(member->orders[i].notice, notice) == 0)
            return true;
    return false;
}

static void answer_orders(struct crew_member *member)
{
    struct crew *crew = member->crew;

    if (crew->sender)
        crew->sender->stepped(crew->sender_context, member);
    if (crew->sender || crew->silent_sender)
        return;
    for (size_t i = 0; i < member->order_count; i++) {
        const struct crew_order *kept = &member->orders[i];
        struct send_order order = {.notice = kept->notice, .site = kept->site, .attempt = kept->attempt};
        stage_append(member->loop, &order, SEND_ACCEPTED, "");
    }
    member->order_count = 0;
}

int crew_sent_most(const struct crew *crew)
{
    int most = 0;

    for (size_t i = 0; i < crew->sent_count; i++)
        most = crew->sent[i].times > most ? crew->sent[i].times : most;
    return most;
}

int crew_sent_count(const struct crew *crew, const char *notice)
{
    int count = 0;

    for (size_t i = 0; i < crew->sent_count; i++)
        count += strcmp(crew->sent[i].notice, notice) == 0;
    return count;
}

/* ---------------------------------------------------------------- living */

static struct crew_member *free_place(struct crew *crew)
{
    for (size_t i = 0; i < crew->member_count; i++)
        if (!crew->members[i].loop)
            return &crew->members[i];
    assert(crew->member_count < CREW_MAX);
    return &crew->members[crew->member_count++];
}

struct crew_member *crew_start(struct crew *crew, const struct core *core)
{
    struct crew_member *member = free_place(crew);

    memset(member, 0, sizeof *member);
    member->crew = crew;
    member->core = core;
    member->clock = (struct crew_clock){{&member_clock}, crew, 0, false};
    member->bus = bus_memory_new(crew->hub);
    snprintf(member->owner, sizeof member->owner, "%s-%u", stage_names[core->stage], ++crew->started);
    member->loop = stage_new(&(struct stage_options){
        .core = core, .store = crew->store, .bus = member->bus, .clock = &member->clock.clock, .sealer = crew->sealer,
        .owner = member->owner, .partitions = crew->partitions, .build = "crew", .random = dice_chance,
        .random_context = crew->dice, .eager_checkpoints = crew->eager, .virtual_clock = !crew->real_time,
        .clock_is_right = clock_is_right, .clock_context = member, .send = take_order,
        .is_sending = is_sending, .send_context = member});
    return member;
}

void crew_start_all(struct crew *crew, const struct core *const *cores)
{
    for (size_t i = 0; cores[i]; i++)
        crew_start(crew, cores[i]);
}

void crew_crash(struct crew *crew)
{
    assert(crew->current);
    longjmp(crew->crash, 1);
}

bool crew_step_one(struct crew_member *member, int64_t *ret_wait_ms)
{
    struct crew *crew = member->crew;
    struct crew_member *before = crew->current;
    jmp_buf outer;

    memcpy(&outer, &crew->crash, sizeof outer);
    crew->current = member;
    if (member->wake_at.ms == 0)        /* a daemon compares its clock with the store's before its first step */
        member->clock.known_wrong = member->clock.skew_ms != 0;
    if (setjmp(crew->crash)) {
        memcpy(&crew->crash, &outer, sizeof outer);
        crew->current = before;
        crew_kill(member);
        return false;
    }
    *ret_wait_ms = stage_step(member->loop);
    member->wake_at.ms = clock_mono(crew->clock).ms + *ret_wait_ms;
    answer_orders(member);
    memcpy(&crew->crash, &outer, sizeof outer);
    crew->current = before;
    return true;
}

bool crew_is_awake(const struct crew_member *member)
{
    return member->loop && !member->paused &&
           (clock_mono(member->crew->clock).ms >= member->wake_at.ms || bus_memory_waiting(member->bus));
}

void crew_step(struct crew *crew)
{
    int64_t wait_ms;

    for (size_t i = 0; i < crew->member_count; i++)
        if (crew->members[i].loop && !crew->members[i].paused)
            crew_step_one(&crew->members[i], &wait_ms);
}

void crew_step_for(struct crew *crew, int64_t ms)
{
    enum { STEP_MS = 50 };

    for (int64_t i = 0; i < ms; i += STEP_MS) {
        crew_step(crew);
        clock_manual_set(crew->clock, clock_now(crew->clock) + STEP_MS);
    }
}

static bool look(struct crew *crew, struct partition_view *views)
{
    uint32_t numbers[CREW_PARTITIONS_MAX];
    struct store *inner = crew->faulty.inner;

    for (uint32_t i = 0; i < crew->partitions; i++)
        numbers[i] = i;
    return inner->functions->view(inner, numbers, crew->partitions, views) == STORE_OK;
}

bool crew_is_quiet(struct crew *crew, wall_ms *ret_due)
{
    struct partition_view views[CREW_PARTITIONS_MAX];
    bool quiet = look(crew, views);

    *ret_due = 0;
    for (uint32_t i = 0; i < crew->partitions; i++) {
        quiet = quiet && (crew->silent_sender || views[i].sending == 0);
        for (size_t k = 0; k < crew->member_count; k++)
            quiet = quiet && (!crew->members[k].loop ||
                              views[i].stages[crew->members[k].core->stage].checkpoint.seq == views[i].head.seq);
        if (views[i].earliest_due > 0 && (*ret_due == 0 || views[i].earliest_due < *ret_due))
            *ret_due = views[i].earliest_due;
    }
    for (size_t k = 0; k < crew->member_count; k++)
        quiet = quiet && (!crew->members[k].loop || stage_outbox(crew->members[k].loop) == 0);
    return quiet;
}

bool crew_run(struct crew *crew, int rounds)
{
    for (int i = 0; i < rounds; i++) {
        wall_ms due, now = clock_now(crew->clock);
        crew_step(crew);
        bool quiet = crew_is_quiet(crew, &due);
        if (quiet && due == 0)
            return true;
        clock_manual_set(crew->clock, quiet && due > now ? due : now + HOLD_MS);
    }
    return false;
}

bool crew_deliver(struct crew *crew, const char *site, const char *order, int64_t after_ms)
{
    return crew_deliver_as(crew, site, order, order, after_ms);
}

bool crew_deliver_as(struct crew *crew, const char *site, const char *id, const char *order, int64_t after_ms)
{
    struct car_delivered data = {.order = order, .amount_cents = after_ms};
    struct event event = event_of(EVENT_CAR_DELIVERED);

    event.id = id;
    event.site = site;
    return crew_append(crew, &event, &data);
}

bool crew_append(struct crew *crew, const struct event *like, const void *data)
{
    struct event event = *like;
    struct buffer packed = {0};
    char key[NAME_BYTES_MAX * 2 + 16];

    event.source = "crew";
    event.time = crew_now(crew);
    world_pack(crew->sealer, &event, data, &packed);
    snprintf(key, sizeof key, "crew\n%s/%s", event.site, event.id);
    struct fact fact = {.key = key, .natural = true, .chain_id = dice_chance(crew->dice),
                        .packed = buffer_slice(&packed)};
    uint32_t partition = partition_of_site(event.site, crew->partitions);
    enum store_status status = store_append_one(crew->store, partition, &fact, 1);
    if (status == STORE_OK && fact.outcome == APPEND_NEW)
        crew->outside->functions->publish(crew->outside, &fact.place, event.type, fact.packed);
    buffer_free(&packed);
    return status == STORE_OK;
}
