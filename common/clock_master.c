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
    MASTER_POLL_MS_MIN = 1,
    MASTER_POLL_MS_MAX = 50,
    MASTER_BUSY_MS_MAX = 4          /* poll while somebody or something is at work */
};

struct clock_master {
    struct store *store;
    struct clock *clock;
    struct arena *arena;
    char owner[OWNER_BYTES_MAX];
    uint32_t partitions;
    uint32_t *all;                  /* 0, 1, 2 … */
    struct partition_view *views;
    uint32_t hot;                   /* partition in which something was being worked at the last look */
    bool is_hot;
    bool owns;
    char held[OWNER_BYTES_MAX + 24];        /* owner's note as we wrote it */
    mono_ms renew_at;
    int64_t poll_ms;
    uint64_t steps;
};

struct clock_master *clock_master_new(struct store *store, struct clock *clock, const char *owner, uint32_t partitions)
{
    struct clock_master *master = calloc(1, sizeof *master);
    assert(master);
    master->store = store;
    master->clock = clock;
    master->arena = arena_new();
    master->partitions = partitions;
    master->all = calloc(partitions, sizeof *master->all);
    master->views = calloc(partitions, sizeof *master->views);
    assert(master->all && master->views);
    for (uint32_t i = 0; i < partitions; i++)
        master->all[i] = i;
    snprintf(master->owner, sizeof master->owner, "%s", owner);
    return master;
}

void clock_master_free(struct clock_master **master)
{
    if (!master || !*master)
        return;
    arena_free(&(*master)->arena);
    free((*master)->all);
    free((*master)->views);
    free(*master);
    *master = NULL;
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
    enum store_status status = master->store->functions->note_get(master->store, "clock", master->arena, &fields, &values);
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
    if (master->store->functions->note_swap(master->store, "clock", "owner", text_slice(note), text_slice(wanted)) != STORE_OK)
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

static int64_t wait_longer(struct clock_master *master, int64_t ms_max)
{
    int64_t ms = master->poll_ms < ms_max ? master->poll_ms : ms_max;
    master->poll_ms = ms * 2 < MASTER_POLL_MS_MAX ? ms * 2 : MASTER_POLL_MS_MAX;
    return ms;
}

/* While the partition seen at work last is still at work, one look at it tells as much as a look at all. */
static bool hot_still(struct clock_master *master, wall_ms now)
{
    struct partition_view view;
    if (!master->is_hot)
        return false;
    if (master->store->functions->view(master->store, &master->hot, 1, &view) != STORE_OK)
        return true;
    master->is_hot = partition_verdict(&view, now) != MASTER_STEP;
    return master->is_hot;
}

static enum store_status sight_take(struct clock_master *master, struct master_sight *sight)
{
    enum store_status status = participants_read(master->store, master->arena, &sight->participants);
    for (size_t i = 0; status == STORE_OK && i < sight->participants.count; i++)
        if (sight->participants.at[i].wake_at <= sight->now)
            return STORE_OK;                    /* busy: no need to look further */
    if (status == STORE_OK)
        status = master->store->functions->view(master->store, master->all, master->partitions, master->views);
    sight->views = master->views;
    sight->view_count = status == STORE_OK ? master->partitions : 0;
    return status;
}

/* The partition whose timer is due now is where work begins. */
static void hot_after_step(struct clock_master *master, wall_ms now)
{
    for (uint32_t i = 0; i < master->partitions && !master->is_hot; i++) {
        master->is_hot = master->views[i].earliest_due == now;
        master->hot = i;
    }
}

static int64_t stepped_step(struct clock_master *master)
{
    struct clock_record record;
    struct slice packed;
    if (clock_record_read(master->store, master->arena, &record, &packed) != STORE_OK || !packed.bytes)
        return MASTER_POLL_MS_MAX;
    if (hot_still(master, record.now))
        return wait_longer(master, MASTER_BUSY_MS_MAX);
    struct master_sight sight = {.now = record.now, .until = record.until};
    if (sight_take(master, &sight) != STORE_OK)
        return MASTER_POLL_MS_MAX;
    struct master_decision decision = master_decide(&sight);
    if (decision.verdict == MASTER_WAIT_PARTICIPANT)
        return wait_longer(master, MASTER_BUSY_MS_MAX);
    if (decision.verdict == MASTER_NOTHING_DUE || decision.verdict == MASTER_AT_END)
        return wait_longer(master, MASTER_POLL_MS_MAX);
    if (decision.verdict != MASTER_STEP) {
        master->is_hot = true;
        master->hot = (uint32_t)decision.index;
        return wait_longer(master, MASTER_BUSY_MS_MAX);
    }
    record.now = decision.to;
    if (record_move(master, packed, &record))
        master->steps++;
    hot_after_step(master, decision.to);
    clock_store_refresh(master->clock);
    master->poll_ms = MASTER_POLL_MS_MIN;
    return 0;
}

int64_t clock_master_step(struct clock_master *master)
{
    enum clock_mode mode = clock_store_mode(master->clock);
    arena_reset(master->arena);
    if (mode == CLOCK_REAL)
        return MASTER_RENEW_MS;
    owner_renew(master);
    if (!master->owns)
        return MASTER_RENEW_MS;
    if (!master->poll_ms)
        master->poll_ms = MASTER_POLL_MS_MIN;
    return mode == CLOCK_SCALED ? scaled_record(master, MASTER_AHEAD_MS) : stepped_step(master);
}

void clock_master_stop(struct clock_master *master)
{
    if (!master->owns)
        return;
    arena_reset(master->arena);
    if (clock_store_mode(master->clock) == CLOCK_SCALED)
        scaled_record(master, MASTER_SCALED_MS);
    master->store->functions->note_swap(master->store, "clock", "owner", text_slice(master->held), (struct slice){0});
    master->owns = false;
}
