/* From events that wait to a decided batch: what is to be committed of a partition. */
#include "log.h"
#include "stage_parts.h"

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
    size_t ready = partition->reader.ready_count;
    size_t most = partition->set_aside || partition->singles_left > 0 ? 1 : partition->batch_max;

    return ready < most ? ready : most;
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
    struct turn_work *works = arena_alloc(turn->arena, batch_limit(partition) * sizeof *works);

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

/* ---------------------------------------------------------------- batches */

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

enum batch { BATCH_NONE, BATCH_IDLE, BATCH_DECIDED };

/* One batch from the reader. BATCH_IDLE: nothing is to be committed but the checkpoint, some time. */
static enum batch batch(struct stage_loop *stage, struct stage_partition *partition)
{
    struct turn *turn = stage->working = turn_new(&stage->tools, partition->number);
    size_t count = 0;

    if (!stage_mark(stage, partition))
        turn->missing = "store";
    if (turn->missing || decide(partition, turn, &count) == TURN_LATER) {
        put_off(stage, partition, turn, count);
        turn_free(&stage->working);
        return BATCH_NONE;
    }
    const struct place *last = &reader_ready(&partition->reader, count - 1)->place;
    struct checkpoint to = {last->seq, last->id};
    stage->working = NULL;
    partition->pending = turn;
    partition->commit_events = count;
    stage->report.events += count;
    if (turn_is_idle(turn)) {
        note_worked(stage, partition, to, count);
        return BATCH_IDLE;
    }
    stage_commit_begin(partition, to);
    turn_commit(turn, &partition->commit);
    return BATCH_DECIDED;
}

static enum batch batch_next(struct stage_loop *stage, struct stage_partition *partition)
{
    if (partition->pending)
        return BATCH_DECIDED;
    read_log(stage, partition);
    if (!partition->owned || !reader_ready(&partition->reader, 0))
        return BATCH_NONE;
    return batch(stage, partition);
}

/* Only the checkpoint: nothing came of the events up to `worked`. */
static bool checkpoint_is_ready(struct stage_partition *partition)
{
    if (stage_is_settled(partition))
        return false;
    partition->commit_events = 0;
    stage_commit_begin(partition, partition->worked);
    return true;
}

bool stage_batch(struct stage_loop *stage, struct stage_partition *partition)
{
    enum batch last = BATCH_IDLE;

    if (!mono_reached(stage_mono(stage), partition->backoff.until))
        return false;
    for (int i = 0; i < BATCHES_PER_STEP && partition->owned && last == BATCH_IDLE; i++)
        last = batch_next(stage, partition);
    if (!partition->owned)
        return false;
    if (!reader_ready(&partition->reader, 0))
        stage_tidy(stage, partition);
    return last == BATCH_DECIDED ||
           (checkpoint_is_lazy_too_long(stage, partition) && checkpoint_is_ready(partition));
}

bool stage_is_settled(const struct stage_partition *partition)
{
    return !partition->pending && partition->worked.seq == partition->checkpoint.seq;
}

void stage_settle(struct stage_loop *stage, struct stage_partition *partition)
{
    if (partition->pending || checkpoint_is_ready(partition))
        stage_commit_add(stage, partition);
}
