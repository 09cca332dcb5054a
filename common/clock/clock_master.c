#include "clock_master.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock_real.h"
#include "log.h"

enum {
    MASTER_LEASE_MS = 3000,
    MASTER_RENEW_MS = 1000,
    MASTER_SCALED_MS = 200,         /* how often scaled time is recorded, */
    MASTER_AHEAD_MS = 1000,         /* and how much of real time ahead: after a crash it goes on from there */
    MASTER_LOOK_MS_MIN = 4,         /* without a hint */
    MASTER_LOOK_MS_MAX = 50
};

struct clock_master {
    struct store *store;
    struct clock *clock;
    enum clock_mode mode;
    struct bus *bus;
    struct arena *arena;
    char owner[OWNER_BYTES_MAX];
    uint32_t partitions;
    uint32_t *all;                  /* 0, 1, 2 … */
    struct partition_view *views;   /* as seen last */
    struct checkpoint *heads;
    bool seen_all;                  /* views hold something */
    mono_ms look_at;                /* not before, unless a hint comes */
    int64_t look_ms;
    bool waits_work;                /* for partition `hot`, whose stages stand at `told` */
    uint32_t hot;
    uint64_t told[STAGE_COUNT];
    enum { EAGER_UNKNOWN, EAGER_OFF, EAGER_ON } eager;      /* what the stages were told */
    bool owns;
    char held[OWNER_BYTES_MAX + 24];        /* owner's note as we wrote it */
    mono_ms renew_at;
    uint64_t steps;
};

static void *room_for(size_t count, size_t bytes)
{
    void *room = calloc(count, bytes);
    assert(room);
    return room;
}

struct clock_master *clock_master_new(struct store *store, struct clock *clock, struct bus *bus, const char *owner,
                                      uint32_t partitions)
{
    static const enum hint_kind hints[] = {HINT_WORKED, HINT_PARTICIPANT, HINT_CLOCK};
    struct clock_master *master = room_for(1, sizeof *master);
    master->store = store;
    master->clock = clock;
    master->mode = clock_store_mode(clock);
    master->bus = bus;
    master->arena = arena_new();
    master->partitions = partitions;
    master->all = room_for(partitions, sizeof *master->all);
    master->views = room_for(partitions, sizeof *master->views);
    master->heads = room_for(partitions, sizeof *master->heads);
    for (uint32_t i = 0; i < partitions; i++)
        master->all[i] = i;
    snprintf(master->owner, sizeof master->owner, "%s", owner);
    for (size_t i = 0; i < sizeof hints / sizeof *hints && master->mode == CLOCK_STEPPED; i++)
        bus->functions->listen_hint(bus, hints[i]);
    return master;
}

void clock_master_free(struct clock_master **master)
{
    if (!master || !*master)
        return;
    arena_free(&(*master)->arena);
    free((*master)->all);
    free((*master)->views);
    free((*master)->heads);
    free(*master);
    *master = NULL;
}

bool clock_master_is_eager(const struct clock_master *master)
{
    return master->eager != EAGER_OFF;
}

bool clock_master_owns(const struct clock_master *master)
{
    return master->owns;
}

uint64_t clock_master_steps(const struct clock_master *master)
{
    return master->steps;
}

/* -------- ownership: the note "clock", field "owner": expiry (by the store's clock), space, owner */

static struct slice text_slice(const char *text)
{
    return (struct slice){(const uint8_t *)text, strlen(text)};
}

static enum store_status owner_read(struct clock_master *master, const char **ret)
{
    struct texts fields;
    struct slice *values;
    enum store_status status =
        master->store->functions->note_get(master->store, "clock", master->arena, &fields, &values);
    *ret = "";
    for (size_t i = 0; status == STORE_OK && i < fields.count; i++)
        if (!strcmp(fields.at[i], "owner"))
            *ret = arena_text(master->arena, values[i].at, values[i].bytes);
    return status;
}

/* Ours to take: nobody's, expired, or ours already. */
static bool owner_may_take(const char *note, const char *owner, wall_ms store_now)
{
    char *rest;
    int64_t expires_at = strtoll(note, &rest, 10);
    return expires_at <= store_now || (*rest == ' ' && !strcmp(rest + 1, owner));
}

static bool owner_claim(struct clock_master *master)
{
    const char *note;
    wall_ms store_now;
    char wanted[sizeof master->held];
    if (owner_read(master, &note) != STORE_OK || master->store->functions->now(master->store, &store_now) != STORE_OK)
        return false;
    if (!owner_may_take(note, master->owner, store_now))
        return false;
    snprintf(wanted, sizeof wanted, "%lld %s", (long long)(store_now + MASTER_LEASE_MS), master->owner);
    if (master->store->functions->note_swap(master->store, "clock", "owner", text_slice(note), text_slice(wanted)) !=
        STORE_OK)
        return false;
    memcpy(master->held, wanted, sizeof wanted);
    return true;
}

static void owner_renew(struct clock_master *master)
{
    if (real_mono_now().ms < master->renew_at.ms)
        return;
    bool owned = master->owns;
    master->owns = owner_claim(master);
    master->renew_at = (mono_ms){real_mono_now().ms + MASTER_RENEW_MS};
    master->seen_all = false;                   /* a look at everything now and then, whatever the heads say */
    if (owned != master->owns)
        log_info(master->owns ? "clock.owned" : "clock.lost");
}

/* -------- moving time */

static bool record_move(struct clock_master *master, struct slice expected, const struct clock_record *record)
{
    struct buffer packed = {0};
    clock_record_pack(record, &packed);
    enum store_status status =
        master->store->functions->note_swap(master->store, "clock", "record", expected, buffer_slice(&packed));
    buffer_free(&packed);
    if (status == STORE_CHANGED)
        master->renew_at = (mono_ms){0};        /* somebody else moves it: look who owns the clock */
    return status == STORE_OK;
}

static int64_t scaled_record(struct clock_master *master, int64_t ahead_ms)
{
    struct clock_record record;
    struct slice packed;
    if (clock_record_read(master->store, master->arena, &record, &packed) == STORE_OK && packed.bytes) {
        record.now = clock_now(master->clock) + ahead_ms * record.speed;
        record_move(master, packed, &record);
    }
    return MASTER_SCALED_MS;
}

/* -------- stepped time: what is waited for */

static void look_soon(struct clock_master *master)
{
    master->look_at = (mono_ms){0};
    master->look_ms = MASTER_LOOK_MS_MIN;
}

static void look_later(struct clock_master *master)
{
    master->look_at.ms = real_mono_now().ms + master->look_ms;
    master->look_ms = master->look_ms * 2 < MASTER_LOOK_MS_MAX ? master->look_ms * 2 : MASTER_LOOK_MS_MAX;
}

static void wait_work(struct clock_master *master, uint32_t partition)
{
    master->waits_work = true;
    master->hot = partition;
    for (int stage = STAGE_SCHEDULER; stage < STAGE_COUNT; stage++)
        master->told[stage] = master->views[partition].stages[stage].checkpoint.seq;
}

static bool told_alike(const struct clock_master *master)
{
    for (int stage = STAGE_SCHEDULER; stage < STAGE_COUNT; stage++)
        if (master->told[stage] != master->told[STAGE_SCHEDULER])
            return false;
    return true;
}

void clock_master_hint(struct clock_master *master, const struct hint *hint)
{
    if (hint->kind == HINT_PARTICIPANT)
        look_soon(master);
    if (hint->kind != HINT_WORKED || !master->waits_work || hint->partition != master->hot ||
        hint->detail >= STAGE_COUNT)
        return;
    master->told[hint->detail] = hint->number;
    if (told_alike(master))
        look_soon(master);
}

/* While somebody is at work, checkpoints that nothing came of would only keep that work waiting for the disk. Said
 * again at each look: it may not have been heard. */
static void say_eager(struct clock_master *master, bool on)
{
    master->eager = on ? EAGER_ON : EAGER_OFF;
    master->bus->functions->publish_hint(master->bus, &(struct hint){.kind = HINT_EAGER, .number = on});
}

/* -------- stepped time: looking */

static enum store_status views_read(struct clock_master *master, const uint32_t *numbers, size_t count)
{
    struct partition_view *views = arena_alloc(master->arena, count * sizeof *views);
    enum store_status status = master->store->functions->view(master->store, numbers, count, views);
    for (size_t i = 0; i < count && status == STORE_OK; i++)
        master->views[numbers[i]] = views[i];
    return status;
}

/* A partition that was at rest stays so as long as nothing is appended to its log and no timer is due. */
static bool may_have_changed(const struct clock_master *master, uint32_t partition, wall_ms now)
{
    const struct partition_view *view = &master->views[partition];
    const struct checkpoint *head = &master->heads[partition];
    return head->seq != view->head.seq || head->id != view->head.id || partition_verdict(view, now) != MASTER_STEP;
}

static enum store_status views_refresh(struct clock_master *master, wall_ms now)
{
    uint32_t *numbers = arena_alloc(master->arena, master->partitions * sizeof *numbers);
    size_t count = 0;
    if (!master->seen_all) {
        enum store_status status = views_read(master, master->all, master->partitions);
        master->seen_all = status == STORE_OK;
        return status;
    }
    enum store_status status =
        master->store->functions->heads(master->store, master->all, master->partitions, master->heads);
    for (uint32_t i = 0; i < master->partitions && status == STORE_OK; i++)
        if (may_have_changed(master, i, now))
            numbers[count++] = i;
    return status == STORE_OK && count ? views_read(master, numbers, count) : status;
}

static enum store_status sight_take(struct clock_master *master, struct master_sight *sight)
{
    enum store_status status = participants_read(master->store, master->arena, &sight->participants);
    for (size_t i = 0; status == STORE_OK && i < sight->participants.count; i++)
        if (sight->participants.at[i].wake_at <= sight->now)
            return STORE_OK;                    /* busy: no need to look further */
    if (status == STORE_OK)
        status = views_refresh(master, sight->now);
    sight->views = master->views;
    sight->view_count = status == STORE_OK ? master->partitions : 0;
    return status;
}

/* -------- stepped time: moving */

/* The partition whose timer is due now is where work begins. */
static void begin_work(struct clock_master *master, const struct master_sight *sight, wall_ms now)
{
    master->waits_work = false;
    for (uint32_t i = 0; i < master->partitions && !master->waits_work; i++)
        if (master->views[i].earliest_due == now)
            wait_work(master, i);
    for (size_t i = 0; i < sight->participants.count; i++)
        if (sight->participants.at[i].wake_at <= now)
            say_eager(master, false);
}

static void move_on(struct clock_master *master, struct clock_record *record, struct slice packed,
                    const struct master_sight *sight, wall_ms to)
{
    record->now = to;
    look_soon(master);
    if (!record_move(master, packed, record))
        return;
    master->steps++;
    clock_store_refresh(master->clock);
    master->bus->functions->publish_hint(master->bus, &(struct hint){.kind = HINT_CLOCK, .number = (uint64_t)to});
    begin_work(master, sight, to);
    look_later(master);
}

static void wait_on(struct clock_master *master, const struct master_decision *decision)
{
    master->waits_work = false;
    if (decision->verdict == MASTER_WAIT_PARTICIPANT) {
        say_eager(master, false);
        master->look_ms = MASTER_LOOK_MS_MAX;
    } else if (decision->verdict != MASTER_NOTHING_DUE && decision->verdict != MASTER_AT_END) {
        wait_work(master, (uint32_t)decision->index);
        say_eager(master, true);
    }
    look_later(master);
}

static void stepped_look(struct clock_master *master)
{
    struct clock_record record;
    struct slice packed;
    struct master_sight sight = {0};
    enum store_status status = clock_record_read(master->store, master->arena, &record, &packed);
    if (status == STORE_OK && packed.bytes) {
        sight.now = record.now;
        sight.until = record.until;
        status = sight_take(master, &sight);
    }
    if (status != STORE_OK || !packed.bytes) {
        master->seen_all = false;
        look_later(master);
        return;
    }
    struct master_decision decision = master_decide(&sight);
    if (decision.verdict == MASTER_STEP)
        move_on(master, &record, packed, &sight, decision.to);
    else
        wait_on(master, &decision);
}

static int64_t stepped_step(struct clock_master *master)
{
    if (real_mono_now().ms >= master->look_at.ms)
        stepped_look(master);
    int64_t left = master->look_at.ms - real_mono_now().ms;
    return left > 0 ? left : 0;
}

int64_t clock_master_step(struct clock_master *master)
{
    arena_reset(master->arena);
    if (master->mode == CLOCK_REAL)
        return MASTER_RENEW_MS;
    owner_renew(master);
    if (!master->owns)
        return MASTER_RENEW_MS;
    return master->mode == CLOCK_SCALED ? scaled_record(master, MASTER_AHEAD_MS) : stepped_step(master);
}

void clock_master_stop(struct clock_master *master)
{
    if (!master->owns)
        return;
    arena_reset(master->arena);
    if (master->mode == CLOCK_SCALED)
        scaled_record(master, MASTER_SCALED_MS);
    master->store->functions->note_swap(master->store, "clock", "owner", text_slice(master->held), (struct slice){0});
    master->owns = false;
}
