/* Leases: which partitions this process works, and for how long. */
#include <string.h>

#include "log.h"
#include "stage_parts.h"

static enum stage stage_kind(const struct stage_loop *stage)
{
    return stage->options.core->stage;
}

static void say(const struct stage_loop *stage, const char *what, const struct stage_partition *partition,
                const char *why)
{
    log_info(what, log_text("stage", stage_names[stage_kind(stage)]), log_int("partition", partition->number),
             log_int("checkpoint", (int64_t)partition->checkpoint.seq), log_text("why", why));
}

static void store_answered(struct stage_loop *stage, bool answered)
{
    stage->report.store_reachable = answered;
    stage_look(stage);
    if (answered) {
        backoff_none(&stage->store_backoff);
        return;
    }
    backoff_more(&stage->store_backoff, stage_mono(stage));
    if (stage->renew_at.ms < stage->store_backoff.until.ms)
        stage->renew_at = stage->store_backoff.until;
    if (stage->claim_at.ms < stage->store_backoff.until.ms)
        stage->claim_at = stage->store_backoff.until;
}

static void listen(struct stage_loop *stage, uint32_t partition, bool on)
{
    struct bus *bus = stage->options.bus;

    bus->functions->listen_partition(bus, partition, on);
    if (stage_kind(stage) == STAGE_SCHEDULER)
        bus->functions->listen_due(bus, partition, on);
}

/* Everything anew from where the store says we stand. */
static void adopt(struct stage_loop *stage, struct stage_partition *partition, const struct standing *standing,
                  mono_ms asked)
{
    stage_drop_pending(stage, partition);
    entity_cache_drop(stage->tools.cache, partition->number);
    partition->lease = standing->lease;
    partition->lease_ends.ms = asked.ms + LEASE_MS;
    partition->checkpoint = partition->worked = standing->checkpoint;
    partition->head = standing->head.seq;
    partition->earliest_due = standing->earliest_due;
    partition->attempts_at = asked;
    reader_reset(&partition->reader, standing->checkpoint);
    reader_tail(&partition->reader, standing->head, (mono_ms){asked.ms - HOLD_MS});
}

void stage_lose(struct stage_loop *stage, struct stage_partition *partition, const char *why)
{
    if (!partition->owned)
        return;
    say(stage, "lease.lost", partition, why);
    stage_drop_pending(stage, partition);
    entity_cache_drop(stage->tools.cache, partition->number);
    reader_free(&partition->reader);
    listen(stage, partition->number, false);
    partition->owned = false;
    partition->uncertain = partition->set_aside = false;
    partition->worked = partition->checkpoint;
    stage->owned--;
    if (stage->claim_at.ms > stage_mono(stage).ms + BACKOFF_MS)
        stage->claim_at.ms = stage_mono(stage).ms + BACKOFF_MS;
}

/* A commit that got no answer, and moved the checkpoint after all: its orders are still to be carried out. */
static bool was_done(const struct stage_partition *partition, const struct standing *standing)
{
    return partition->uncertain && standing->lease.epoch == partition->lease.epoch &&
           standing->checkpoint.seq == partition->commit.to.seq && standing->checkpoint.id == partition->commit.to.id;
}

bool stage_reload(struct stage_loop *stage, struct stage_partition *partition)
{
    struct standing standing;
    stage_look(stage);
    mono_ms asked = stage_mono(stage);
    enum store_status status = store_claim_one(stage->options.store, partition->number, stage_kind(stage),
                                               stage->options.owner, LEASE_MS, &standing);

    if (status == STORE_FENCED)
        stage->report.fenced++;
    if (status == STORE_FENCED || status == STORE_REFUSED)
        stage_lose(stage, partition, "claimed by another");
    else if (status != STORE_OK)
        backoff_more(&partition->backoff, asked);
    if (status != STORE_OK)
        return false;
    if (was_done(partition, &standing) && partition->pending)
        stage_hand_over(stage, partition, partition->pending);
    partition->uncertain = false;
    adopt(stage, partition, &standing, asked);
    return true;
}

/* ---------------------------------------------------------------- giving back */

static size_t leases_owned(struct stage_loop *stage)
{
    size_t count = 0;

    for (uint32_t i = 0; i < stage->options.partitions; i++)
        if (stage->partitions[i].owned)
            stage->leases[count++] = stage->partitions[i].lease;
    return count;
}

/* Of those noted in stage->leases; others hear of it. */
static void release(struct stage_loop *stage, size_t count)
{
    struct store *store = stage->options.store;
    struct bus *bus = stage->options.bus;
    enum store_status status = STORE_OK;

    if (count > 0)
        status = store->functions->release(store, stage->leases, count, stage->statuses);
    for (size_t i = 0; i < count; i++) {
        struct stage_partition *partition = &stage->partitions[stage->leases[i].partition];
        stage_lose(stage, partition, "given back");
        partition->free_since.ms = 0;
        if (status == STORE_OK && stage->statuses[i] == STORE_OK)
            bus->functions->publish_hint(bus, &(struct hint){.kind = HINT_RELEASED, .partition = partition->number,
                                                             .detail = (uint32_t)stage_kind(stage)});
    }
}

void stage_release_all(struct stage_loop *stage)
{
    release(stage, leases_owned(stage));
}

/* ---------------------------------------------------------------- renewing, which is the tail check too */

static bool tail_agrees(struct stage_partition *partition, const struct standing *standing, mono_ms now)
{
    bool same = standing->checkpoint.seq == partition->checkpoint.seq &&
                standing->checkpoint.id == partition->checkpoint.id;

    if (!same && !partition->uncertain)
        return false;
    return reader_tail(&partition->reader, standing->head, now) != READER_REWOUND;
}

static void renewed(struct stage_loop *stage, struct stage_partition *partition, const struct standing *standing,
                    mono_ms asked)
{
    partition->lease_ends.ms = asked.ms + LEASE_MS;
    partition->head = standing->head.seq;
    partition->earliest_due = standing->earliest_due;
    if (tail_agrees(partition, standing, asked))
        return;
    stage->report.rewinds++;
    log_warn("history.rewound", log_text("stage", stage_names[stage_kind(stage)]),
             log_int("partition", partition->number),
             log_int("last", (int64_t)partition->reader.last.seq), log_int("head", (int64_t)standing->head.seq));
    stage_reload(stage, partition);
}

/* How many partitions are ours to have: all, shared among the living replicas of this stage. */
static void count_replicas(struct stage_loop *stage)
{
    struct store *store = stage->options.store;
    struct member_list members = {0};
    uint32_t replicas = 1;

    arena_reset(stage->arena);
    if (store->functions->members(store, stage->arena, &members) != STORE_OK)
        return;
    for (size_t i = 0; i < members.count; i++)
        replicas += strcmp(members.at[i].stage, stage_names[stage_kind(stage)]) == 0 &&
                    strcmp(members.at[i].name, stage->options.owner) != 0;
    stage->share = (stage->options.partitions + replicas - 1) / replicas;
    if (replicas > 1 && !stage_clock_is_right(stage))
        stage->share = 0;               /* the others' clocks are right, or they would not be counted */
    stage->surplus_seen = stage->owned > stage->share ? stage->surplus_seen + 1 : 0;
}

/* More than our share, twice in a row: others are there to take it. */
static void give_back(struct stage_loop *stage)
{
    size_t surplus = stage->surplus_seen > 1 ? stage->owned - stage->share : 0, chosen = 0, count = 0;

    for (uint32_t i = stage->options.partitions; i-- > 0 && chosen < surplus;) {
        if (!stage->partitions[i].owned)
            continue;
        stage->leases[chosen++] = stage->partitions[i].lease;
        stage_settle(stage, &stage->partitions[i]);
    }
    stage_exchange(stage);
    for (size_t i = 0; i < chosen; i++) {
        const struct stage_partition *partition = &stage->partitions[stage->leases[i].partition];
        if (partition->owned && stage_is_settled(partition))
            stage->leases[count++] = partition->lease;
    }
    release(stage, count);
}

void stage_renew(struct stage_loop *stage)
{
    struct store *store = stage->options.store;
    size_t count = leases_owned(stage);
    mono_ms asked = stage_mono(stage);
    enum store_status status = STORE_OK;

    stage->renew_at.ms = asked.ms + RENEW_MS;
    if (count > 0)
        status = store->functions->renew(store, stage->leases, count, LEASE_MS, stage->standings, stage->statuses);
    store_answered(stage, status != STORE_GONE);
    for (size_t i = 0; i < count && status == STORE_OK; i++) {
        struct stage_partition *partition = &stage->partitions[stage->leases[i].partition];
        if (stage->statuses[i] == STORE_OK)
            renewed(stage, partition, &stage->standings[i], asked);
        else if (stage->statuses[i] == STORE_FENCED) {
            stage->report.fenced++;
            stage_lose(stage, partition, "expired or claimed by another");
        }
    }
    count_replicas(stage);
    give_back(stage);
}

/* ---------------------------------------------------------------- claiming */

static void claimed(struct stage_loop *stage, const struct standing *standing, const struct deaths *noted, mono_ms asked)
{
    struct stage_partition *partition = &stage->partitions[standing->lease.partition];

    partition->owned = true;
    stage->owned++;
    partition->released = false;
    partition->free_since.ms = 0;
    backoff_none(&partition->backoff);
    listen(stage, partition->number, true);
    adopt(stage, partition, standing, asked);
    stage_suspect(stage, partition, standing->unclean, noted);
    say(stage, "lease.claimed", partition, standing->unclean ? "the former owner died" : "it was free");
}

/* Notes it among those that are claimed in one call. */
static void want(struct stage_loop *stage, uint32_t partition, size_t *count)
{
    struct lease *lease = &stage->leases[(*count)++];

    *lease = (struct lease){.partition = partition, .stage = stage_kind(stage)};
    strcpy(lease->owner, stage->options.owner);
}

static void claim(struct stage_loop *stage, size_t count)
{
    struct store *store = stage->options.store;
    mono_ms asked = stage_mono(stage);
    struct deaths noted = {0};
    bool died = false;

    if (count == 0)
        return;
    enum store_status status = store->functions->claim(store, stage->leases, count, LEASE_MS, stage->standings,
                                                       stage->statuses);
    if (status == STORE_GONE)
        store_answered(stage, false);
    for (size_t i = 0; i < count && status == STORE_OK; i++)
        died = died || (stage->statuses[i] == STORE_OK && stage->standings[i].unclean >= POISON_NOTED);
    if (died)
        stage_read_deaths(stage, &noted);
    for (size_t i = 0; i < count && status == STORE_OK; i++)
        if (stage->statuses[i] == STORE_OK)
            claimed(stage, &stage->standings[i], &noted, asked);
}

/* Ours to claim? One whose owner died at once; a free one within our share, or when nobody else took it. */
static bool claimable(struct stage_loop *stage, struct stage_partition *partition, bool died, size_t count)
{
    mono_ms now = stage_mono(stage);

    if (stage->share == 0)
        return false;
    if (partition->free_since.ms == 0)
        partition->free_since = now;
    return died || stage->owned + count < stage->share ||
           now.ms - partition->free_since.ms >= (partition->released ? HANDOVER_MS : ORPHAN_MS);
}

static void claim_seen(struct stage_loop *stage, const struct partition_view *view, uint32_t number, size_t *count,
                       int64_t *wait_ms)
{
    struct stage_partition *partition = &stage->partitions[number];
    int64_t left = view->stages[stage_kind(stage)].lease_left_ms;
    const char *owner = view->stages[stage_kind(stage)].owner;
    bool held = owner[0] != '\0';

    if (held && left > 0 && strcmp(owner, stage->options.owner) != 0) {
        partition->released = false;
        partition->free_since.ms = 0;
        *wait_ms = left + 5 < *wait_ms ? left + 5 : *wait_ms;
        return;
    }
    if (claimable(stage, partition, held, *count))
        want(stage, number, count);
}

void stage_claim(struct stage_loop *stage)
{
    struct store *store = stage->options.store;
    uint32_t *numbers, count = 0;
    size_t wanted = 0;
    int64_t wait_ms = RENEW_MS;
    mono_ms now = stage_mono(stage);

    stage->claim_at.ms = now.ms + RENEW_MS;
    if (stage->stopping || stage->owned == stage->options.partitions)
        return;
    arena_reset(stage->arena);
    numbers = arena_alloc(stage->arena, stage->options.partitions * sizeof *numbers);
    for (uint32_t i = 0; i < stage->options.partitions; i++)
        if (!stage->partitions[i].owned)
            numbers[count++] = i;
    struct partition_view *views = arena_alloc(stage->arena, count * sizeof *views);
    enum store_status status = store->functions->view(store, numbers, count, views);
    store_answered(stage, status == STORE_OK);
    for (uint32_t i = 0; i < count && status == STORE_OK; i++)
        claim_seen(stage, &views[i], numbers[i], &wanted, &wait_ms);
    claim(stage, wanted);
    if (stage->report.store_reachable)
        stage->claim_at.ms = now.ms + wait_ms;
}

void stage_note_released(struct stage_loop *stage, const struct hint *hint)
{
    if (stage->stopping || hint->detail != (uint32_t)stage_kind(stage) || hint->partition >= stage->options.partitions)
        return;
    stage->partitions[hint->partition].released = true;
    stage->released = true;
}

/* Whoever gives back may be about to end: how many are left to share it is counted first. What is beyond our share is
 * for others who have heard the same; one of them may be dead without being missed yet, so we look again soon. */
void stage_claim_released(struct stage_loop *stage)
{
    mono_ms now = stage_mono(stage);
    size_t wanted = 0;

    if (!stage->released || !mono_reached(now, stage->store_backoff.until))
        return;
    stage->released = false;
    count_replicas(stage);
    for (uint32_t i = 0; i < stage->options.partitions; i++) {
        struct stage_partition *partition = &stage->partitions[i];
        if (!partition->released || partition->owned)
            continue;
        if (claimable(stage, partition, false, wanted))
            want(stage, i, &wanted);
        else if (stage->claim_at.ms > now.ms + HANDOVER_MS)
            stage->claim_at.ms = now.ms + HANDOVER_MS;
    }
    claim(stage, wanted);
}

mono_ms stage_lease_ends(const struct stage_loop *stage, uint32_t partition)
{
    if (partition >= stage->options.partitions || !stage->partitions[partition].owned)
        return (mono_ms){0};
    return stage->partitions[partition].lease_ends;
}
