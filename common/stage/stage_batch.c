/* From events that wait to a commit, and what the store's answer to it means. */
#include <string.h>

#include "log.h"
#include "stage_parts.h"

void stage_drop_pending(struct stage_partition *partition)
{
    turn_free(&partition->pending);
    partition->commit_events = 0;
}

void stage_publish(struct stage_loop *stage, const struct place *place, const char *type, struct slice packed)
{
    struct bus *bus = stage->options.bus;
    struct stage_partition *partition = &stage->partitions[place->partition];

    bus->functions->publish(bus, place, type, packed);
    if (partition->owned)
        reader_offer(&partition->reader, place, packed, stage_mono(stage));
}

/* ---------------------------------------------------------------- reading */

static void read_log(struct stage_loop *stage, struct stage_partition *partition)
{
    struct store *store = stage->options.store;
    struct entry_list entries = {0};
    mono_ms now = stage_mono(stage);
    uint64_t from;

    if (!reader_wants_log(&partition->reader, now, &from))
        return;
    arena_reset(stage->arena);
    if (store->functions->read_log(store, partition->number, from, READ_MAX, stage->arena, &entries) != STORE_OK) {
        backoff_more(&partition->backoff, now);
        return;
    }
    if (reader_log(&partition->reader, &entries, READ_MAX, now) != READER_REWOUND)
        return;
    stage->report.rewinds++;
    log_warn("history.rewound", log_int("partition", partition->number),
             log_int("last", (int64_t)partition->reader.last.seq));
    stage_reload(stage, partition);
}

/* ---------------------------------------------------------------- deciding */

static size_t batch_limit(const struct stage_partition *partition)
{
    return partition->set_aside || partition->singles_left > 0 ? 1 : partition->batch_max;
}

/* Decodes what waits, up to a batch. */
static enum turn_result gather(struct stage_partition *partition, struct turn *turn, struct turn_work *works,
                               size_t *ret_count)
{
    size_t bytes = 0, max = batch_limit(partition);
    const struct entry *entry;

    *ret_count = 0;
    while (*ret_count < max && (entry = reader_ready(&partition->reader, *ret_count))) {
        bytes += entry->packed.bytes;
        if (bytes > BATCH_BYTES_MAX && *ret_count > 0)
            break;
        turn_read(turn, &entry->place, entry->packed, &works[*ret_count]);
        ++*ret_count;
    }
    return turn_read_data(turn, works, *ret_count);
}

/* What a commit may hold, with room for one more event's effects. */
static bool is_enough(const struct turn *turn)
{
    return turn->bytes >= BATCH_BYTES_MAX || turn->emitted_count >= COMMIT_EVENTS_MAX / 2 ||
           turn->changed_count >= COMMIT_PUTS_MAX / 2 || turn->foreign_count >= COMMIT_CONDITIONS_MAX / 2;
}

/* Calls the core for each; *count becomes how many were worked. */
static enum turn_result work_all(struct turn *turn, const struct turn_work *works, size_t *count)
{
    for (size_t i = 0; i < *count; i++) {
        if (turn_work(turn, &works[i]) == TURN_LATER)
            return TURN_LATER;
        if (is_enough(turn))
            *count = i + 1;
    }
    return TURN_DONE;
}

static enum turn_result decide(struct stage_partition *partition, struct turn *turn, size_t *ret_count)
{
    struct turn_work *works = arena_alloc(turn->arena, BATCH_EVENTS_MAX * sizeof *works);

    if (partition->set_aside) {
        const struct entry *entry = reader_ready(&partition->reader, 0);
        struct fault fault;
        works[0].place = entry->place;
        if (!event_unpack(entry->packed, turn->arena, &works[0].event, &fault))
            works[0].event = event_of(EVENT_UNKNOWN);
        *ret_count = 1;
        return turn_set_aside(turn, &works[0]);
    }
    if (gather(partition, turn, works, ret_count) == TURN_LATER ||
        turn_prefetch(turn, works, *ret_count) == TURN_LATER)
        return TURN_LATER;
    return work_all(turn, works, ret_count);
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
    partition->set_aside = false;
    partition->singles_left -= partition->singles_left > 0;
    partition->batch_max = partition->batch_max * 2 < BATCH_EVENTS_MAX ? partition->batch_max * 2 : BATCH_EVENTS_MAX;
}

static void answer_ok(struct stage_loop *stage, struct stage_partition *partition)
{
    struct turn *turn = partition->pending;
    size_t worked = partition->commit_events;

    partition->checkpoint = partition->worked = partition->commit.to;
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
    stage_drop_pending(partition);
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

/* Another stage changed what we read: decide again, in smaller bites if it goes on. */
static void answer_changed(struct stage_loop *stage, struct stage_partition *partition)
{
    stage->report.changed++;
    partition->uncertain = false;
    stage_drop_pending(partition);
    entity_cache_drop(stage->tools.cache, partition->number);
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
    stage_drop_pending(partition);
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

/* ---------------------------------------------------------------- committing */

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

static bool commit(struct stage_loop *stage, struct stage_partition *partition)
{
    struct store *store = stage->options.store;
    enum store_status status = store->functions->commit(store, &partition->commit);

    if (status != STORE_GONE)
        stage->report.store_reachable = true;
    answers[status](stage, partition);
    if (status == STORE_OK)
        tell_worked(stage, partition);
    return status == STORE_OK;
}

static void commit_begin(struct stage_partition *partition, struct checkpoint to)
{
    partition->commit = (struct commit){.lease = partition->lease, .from = partition->checkpoint, .to = to};
}

/* Only the checkpoint: nothing came of the events up to `worked`. */
static bool commit_worked(struct stage_loop *stage, struct stage_partition *partition)
{
    if (partition->worked.seq == partition->checkpoint.seq)
        return true;
    partition->commit_events = 0;
    commit_begin(partition, partition->worked);
    return commit(stage, partition);
}

static bool checkpoint_is_lazy_too_long(const struct stage_loop *stage, const struct stage_partition *partition)
{
    uint64_t ahead = partition->worked.seq - partition->checkpoint.seq;

    return ahead > 0 && (stage->eager || ahead >= BATCH_EVENTS_MAX || partition->careful ||
                         stage_mono(stage).ms - partition->worked_since.ms >= LAZY_MS);
}

static void note_worked(struct stage_loop *stage, struct stage_partition *partition, struct checkpoint to, size_t count)
{
    if (partition->worked.seq == partition->checkpoint.seq)
        partition->worked_since = stage_mono(stage);
    partition->worked = to;
    turn_keep(partition->pending);
    reader_done(&partition->reader, count);
    stage_drop_pending(partition);
}

/* Somebody did not answer: later. An entity that cannot be read will never answer: its event alone is set aside. */
static void put_off(struct stage_loop *stage, struct stage_partition *partition, const struct turn *turn, size_t count)
{
    log_warn("batch.later", log_int("partition", partition->number), log_text("no_answer", turn->missing));
    if (!turn->broken) {
        backoff_more(&partition->backoff, stage_mono(stage));
        return;
    }
    partition->set_aside = count == 1;
    partition->batch_max = 1;
    stage->busy = true;
}

/* One batch from the reader. false: not now. */
static bool batch(struct stage_loop *stage, struct stage_partition *partition)
{
    struct turn *turn = stage->working = turn_new(&stage->tools, partition->number);
    size_t count = 0;

    if (!stage_mark(stage, partition))
        turn->missing = "store";
    if (turn->missing || decide(partition, turn, &count) == TURN_LATER) {
        put_off(stage, partition, turn, count);
        turn_free(&stage->working);
        return false;
    }
    const struct place *last = &reader_ready(&partition->reader, count - 1)->place;
    struct checkpoint to = {last->seq, last->id};
    stage->working = NULL;
    partition->pending = turn;
    partition->commit_events = count;
    stage->report.events += count;
    if (turn_is_idle(turn)) {
        note_worked(stage, partition, to, count);
        return true;
    }
    commit_begin(partition, to);
    turn_commit(turn, &partition->commit);
    return commit(stage, partition);
}

static bool step(struct stage_loop *stage, struct stage_partition *partition)
{
    if (partition->pending)
        return commit(stage, partition);
    read_log(stage, partition);
    if (!partition->owned || !reader_ready(&partition->reader, 0))
        return false;
    return batch(stage, partition);
}

void stage_work(struct stage_loop *stage, struct stage_partition *partition)
{
    if (!mono_reached(stage_mono(stage), partition->backoff.until))
        return;
    for (int i = 0; i < BATCHES_PER_STEP && partition->owned && step(stage, partition); i++)
        continue;
    if (partition->owned && !partition->pending && checkpoint_is_lazy_too_long(stage, partition))
        commit_worked(stage, partition);
    if (partition->owned && !reader_ready(&partition->reader, 0))
        stage_tidy(stage, partition);
}

bool stage_settle(struct stage_loop *stage, struct stage_partition *partition)
{
    if (partition->pending && !commit(stage, partition))
        return false;
    return !partition->owned || commit_worked(stage, partition);
}
