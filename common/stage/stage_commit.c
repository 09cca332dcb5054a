/* From decided batches to the store, those of many partitions in one exchange; what its answers mean. */
#include "log.h"
#include "stage_parts.h"

enum { EXCHANGE_BYTES = 128 * 1024 };     /* of decided batches are enough for the store to set to work on */

struct turn *stage_turn(struct stage_loop *stage, uint32_t partition)
{
    if (stage->spare_count == 0)
        return turn_new(&stage->tools, partition);
    struct turn *turn = stage->spare[--stage->spare_count];
    turn_begin_anew(turn, partition);
    return turn;
}

void stage_turn_done(struct stage_loop *stage, struct turn **turn)
{
    if (*turn && stage->spare_count < HAND_MAX) {
        stage->spare[stage->spare_count++] = *turn;
        *turn = NULL;
    }
    turn_free(turn);
}

void stage_drop_pending(struct stage_loop *stage, struct stage_partition *partition)
{
    stage_turn_done(stage, &partition->pending);
    partition->commit_events = 0;
}

void stage_publish(struct stage_loop *stage, const struct place *place, const char *type, struct slice packed)
{
    struct bus *bus = stage->options.bus;
    struct stage_partition *partition = &stage->partitions[place->partition];

    bus->functions->publish(bus, place, type, packed);
    if (partition->owned)
        reader_offer(&partition->reader, place, stage_concern(stage, packed), stage_mono(stage));
}

/* ---------------------------------------------------------------- the answers to a commit */

static bool timers_moved(const struct commit *commit)
{
    for (size_t i = 0; i < commit->put_count; i++)
        if (commit->puts[i].due != commit->puts[i].due_before)
            return true;
    return false;
}

static void publish_all(struct stage_loop *stage, struct stage_partition *partition)
{
    const struct turn_emitted *emitted = partition->pending->emitted;
    struct bus *bus = stage->options.bus;

    for (size_t i = 0; i < partition->commit.event_count; i++, emitted = emitted->next)
        stage_publish(stage, &partition->commit.events[i].place, emitted->type, emitted->packed);
    if (timers_moved(&partition->commit))
        bus->functions->publish_due(bus, partition->number, partition->commit.earliest_due);
}

static void grow(struct stage_partition *partition)
{
    partition->set_aside = partition->looks = false;
    partition->singles_left -= partition->singles_left > 0;
    partition->batch_max = partition->batch_max * 2 < BATCH_EVENTS_MAX ? partition->batch_max * 2 : BATCH_EVENTS_MAX;
}

static void answer_ok(struct stage_loop *stage, struct stage_partition *partition)
{
    struct turn *turn = partition->pending;
    size_t worked = partition->commit_events;

    partition->checkpoint = partition->worked = partition->commit.to;
    if (timers_moved(&partition->commit))
        partition->earliest_due = partition->commit.earliest_due;
    partition->uncertain = false;
    backoff_none(&partition->backoff);
    stage->report.commits++;
    if (partition->set_aside)
        stage->report.quarantined++;
    grow(partition);
    stage_unmark(partition);
    if (!turn)
        return;
    stage->report.emitted += turn->emitted_count;
    stage->report.settings_refused += turn->settings_refused;
    reader_done(&partition->reader, worked);
    turn_keep(turn);
    publish_all(stage, partition);
    stage_hand_over(stage, partition, turn);
    stage_drop_pending(stage, partition);
}

static void answer_gone(struct stage_loop *stage, struct stage_partition *partition)
{
    stage->report.store_reachable = false;
    partition->uncertain = true;
    backoff_more(&partition->backoff, stage_mono(stage));
}

static void answer_full(struct stage_loop *stage, struct stage_partition *partition)
{
    backoff_more(&partition->backoff, stage_mono(stage));
}

static void answer_fenced(struct stage_loop *stage, struct stage_partition *partition)
{
    stage->report.fenced++;
    stage_lose(stage, partition, "fenced");
}

static void answer_stale(struct stage_loop *stage, struct stage_partition *partition)
{
    stage->report.stale++;
    stage_reload(stage, partition);
}

/* Another stage changed what we read, or what was taken for new is not: decide again, in smaller bites if it goes on. */
static void answer_changed(struct stage_loop *stage, struct stage_partition *partition)
{
    stage->report.changed++;
    partition->uncertain = false;
    stage_drop_pending(stage, partition);
    entity_cache_drop(stage->tools.cache, partition->number);
    partition->looks = true;
    if (partition->batch_max == 1)
        backoff_more(&partition->backoff, stage_mono(stage));
    else
        partition->batch_max /= 2;
}

/* Over a limit: alone the event may pass; if it does not, it never will. */
static void answer_refused(struct stage_loop *stage, struct stage_partition *partition)
{
    struct store *store = stage->options.store;
    size_t events = partition->commit_events;

    stage->report.refused++;
    log_error("commit.refused", log_int("partition", partition->number),
              log_int("seq", (int64_t)partition->commit.to.seq),
              log_int("events", (int64_t)events), log_text("why", store->functions->message(store)));
    stage_drop_pending(stage, partition);
    entity_cache_drop(stage->tools.cache, partition->number);
    partition->uncertain = false;
    partition->batch_max = 1;
    if (partition->set_aside || events == 0)
        backoff_more(&partition->backoff, stage_mono(stage));
    partition->set_aside = partition->set_aside || events == 1;
}

static void (*const answers[])(struct stage_loop *, struct stage_partition *) = {
    [STORE_OK] = answer_ok,
    [STORE_GONE] = answer_gone,
    [STORE_FULL] = answer_full,
    [STORE_FENCED] = answer_fenced,
    [STORE_STALE] = answer_stale,
    [STORE_CHANGED] = answer_changed,
    [STORE_REFUSED] = answer_refused,
};

/* ---------------------------------------------------------------- exchanges */

static void tell_worked(struct stage_loop *stage, const struct stage_partition *partition)
{
    const struct hint hint = {HINT_WORKED, partition->number, (uint32_t)stage->options.core->stage,
                              partition->checkpoint.seq};
    struct bus *bus = stage->options.bus;

    if (!stage->options.stepped)
        return;
    bus->functions->publish_hint(bus, &hint);
    if (stage->options.on_hint)
        stage->options.on_hint(stage->options.hint_context, &hint);
}

void stage_commit_begin(struct stage_partition *partition, struct checkpoint to)
{
    partition->commit = (struct commit){.lease = partition->lease, .from = partition->checkpoint, .to = to};
}

static void answered(struct stage_loop *stage, struct stage_partition *partition, enum store_status status)
{
    if (status != STORE_GONE)
        stage->report.store_reachable = true;
    answers[status](stage, partition);
    if (status == STORE_OK)
        tell_worked(stage, partition);
}

/* The answers to what was sent, into its statuses. */
static void sent_take(struct stage_loop *stage)
{
    struct store *store = stage->options.store;
    struct exchange *sent = &stage->sent;

    if (sent->count == 0)
        return;
    enum store_status status = store->functions->commit(store, sent->commits, sent->count, sent->statuses);
    for (size_t i = 0; i < sent->count && status != STORE_OK; i++)
        sent->statuses[i] = status;
    stage_look(stage);
}

/* What was gathered becomes what is sent; what was sent and answered comes back in its place. */
static void exchange_send(struct stage_loop *stage)
{
    struct store *store = stage->options.store;
    struct exchange back = stage->sent;

    stage->sent = stage->exchange;
    stage->exchange = back;
    if (stage->sent.count > 0 && store->functions->commit_begin)
        store->functions->commit_begin(store, stage->sent.commits, stage->sent.count);
}

static void answered_all(struct stage_loop *stage)
{
    struct exchange *exchange = &stage->exchange;

    for (size_t i = 0; i < exchange->count; i++)
        answered(stage, &stage->partitions[exchange->commits[i]->lease.partition], exchange->statuses[i]);
    exchange->count = exchange->bytes = 0;
}

/* What follows from the last answers is done while the store works on the next commits. */
static void exchange_step(struct stage_loop *stage)
{
    sent_take(stage);
    exchange_send(stage);
    answered_all(stage);
}

void stage_exchange(struct stage_loop *stage)
{
    while (stage->exchange.count > 0 || stage->sent.count > 0)
        exchange_step(stage);
}

void stage_commit_add(struct stage_loop *stage, struct stage_partition *partition)
{
    struct exchange *exchange = &stage->exchange;

    exchange->commits[exchange->count++] = &partition->commit;
    exchange->bytes += partition->pending ? partition->pending->bytes : 0;
    if (exchange->bytes >= EXCHANGE_BYTES)
        exchange_step(stage);
}
