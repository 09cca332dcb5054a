/* From events that wait to decided batches: what is to be committed of some partitions, which are worked together. What
 * they read, they read in one exchange with the store each: the log, then the entities. */
#include "concern.h"
#include "log.h"
#include "stage_parts.h"

/* ---------------------------------------------------------------- reading */

struct slice stage_concern(const struct stage_loop *stage, struct slice packed)
{
    return concerns_packed(stage->options.core, packed) ? packed : (struct slice){0};
}

static void take_log(struct stage_loop *stage, struct stage_partition *partition, const struct log_read *read,
                     mono_ms now)
{
    for (size_t i = 0; i < read->entries.count; i++)
        read->entries.at[i].packed = stage_concern(stage, read->entries.at[i].packed);
    if (reader_log(&partition->reader, &read->entries, READ_MAX, now) != READER_REWOUND)
        return;
    stage->report.rewinds++;
    log_warn("history.rewound", log_int("partition", partition->number),
             log_int("last", (int64_t)partition->reader.last.seq));
    stage_reload(stage, partition);
}

/* Into *ret; false: the partition misses nothing that can be read now. */
static bool wants_log(const struct stage_partition *partition, mono_ms now, struct log_read *ret)
{
    *ret = (struct log_read){.partition = partition->number, .max = READ_MAX};
    return !partition->pending && reader_wants_log(&partition->reader, now, &ret->from_seq);
}

/* `status`: what came of those before them; once the store does not answer, it is asked no more. */
static enum store_status read_some_logs(struct stage_loop *stage, struct log_read *reads, size_t count,
                                        enum store_status status)
{
    struct store *store = stage->options.store;
    enum store_status statuses[READ_TOGETHER];
    mono_ms now = stage_mono(stage);

    arena_reset(stage->arena);
    if (status == STORE_OK)
        status = store->functions->read_log(store, reads, count, stage->arena, statuses);
    stage_look(stage);
    for (size_t i = 0; i < count; i++) {
        struct stage_partition *partition = &stage->partitions[reads[i].partition];
        if (status == STORE_OK && statuses[i] == STORE_OK)
            take_log(stage, partition, &reads[i], now);
        else
            backoff_more(&partition->backoff, now);
    }
    return status;
}

/* Of those that miss something. */
static void read_logs(struct stage_loop *stage, const struct hand *hand)
{
    struct log_read reads[HAND_MAX];
    enum store_status status = STORE_OK;
    size_t count = 0;

    for (size_t i = 0; i < hand->count; i++)
        count += wants_log(hand->at[i], stage_mono(stage), &reads[count]);
    for (size_t i = 0; i < count; i += READ_TOGETHER)
        status = read_some_logs(stage, reads + i, count - i < READ_TOGETHER ? count - i : READ_TOGETHER, status);
}

/* ---------------------------------------------------------------- gathering */

static size_t batch_limit(const struct stage_loop *stage, const struct stage_partition *partition)
{
    size_t ready = partition->reader.ready_count;
    size_t most = partition->set_aside || partition->singles_left > 0 ? 1 : partition->batch_max;

    if (stage_is_prompt(stage) && most > BATCH_PROMPT)
        most = BATCH_PROMPT;
    return ready < most ? ready : most;
}

/* Decodes what waits and concerns us, up to a batch. */
static void gather(const struct stage_loop *stage, struct stage_partition *partition, struct turn *turn)
{
    size_t bytes = 0, max = batch_limit(stage, partition), count = 0;
    const struct entry *entry;

    turn->works = arena_alloc(turn->arena, max * sizeof *turn->works);
    for (; count < max && (entry = reader_ready(&partition->reader, count)); count++) {
        bytes += entry->packed.bytes;
        if (bytes > BATCH_BYTES_MAX && turn->work_count > 0)
            break;
        if (entry->packed.bytes > 0)
            turn_read(turn, &entry->place, entry->packed, &turn->works[turn->work_count++]);
    }
    partition->commit_events = count;
}

/* Somebody did not answer: later. An entity that cannot be read will never answer: its event alone is set aside. */
static void put_off(struct stage_loop *stage, struct stage_partition *partition)
{
    const struct turn *turn = partition->working;

    stage_look(stage);
    log_warn("batch.later", log_int("partition", partition->number), log_text("no_answer", turn->missing));
    if (turn->broken) {
        partition->set_aside = turn->work_count == 1;
        partition->batch_max = 1;
        stage->busy = true;
    } else {
        backoff_more(&partition->backoff, stage_mono(stage));
    }
    stage_turn_done(stage, &partition->working);
}

/* Virtual time waits for all work. */
static wall_ms at_once_from(const struct stage_loop *stage)
{
    return stage->options.virtual_clock ? 0 : clock_now(stage->options.clock) - AT_ONCE_MS;
}

/* Nothing came of the first `count` that wait. */
static void note_worked(struct stage_partition *partition, struct checkpoint to, size_t count)
{
    partition->worked = to;
    reader_done(&partition->reader, count);
}

/* Goes past the first ones that do not concern this stage: that takes no turn. */
static void pass_over(struct stage_loop *stage, struct stage_partition *partition)
{
    struct checkpoint to = {0};
    const struct entry *entry;
    size_t count = 0;

    for (; (entry = reader_ready(&partition->reader, count)) && entry->packed.bytes == 0; count++)
        to = (struct checkpoint){entry->place.seq, entry->place.id};
    if (count == 0)
        return;
    stage->report.events += count;
    note_worked(partition, to, count);
}

/* Begins a turn, if something waits. */
static void begin(struct stage_loop *stage, struct stage_partition *partition)
{
    if (!partition->owned || partition->pending)
        return;
    pass_over(stage, partition);
    if (!reader_ready(&partition->reader, 0) || !mono_reached(stage_mono(stage), partition->backoff.until))
        return;
    stage->passed = 0;
    struct turn *turn = partition->working = stage_turn(stage, partition->number);
    turn->at_once_from = at_once_from(stage);
    turn->looks = partition->looks;
    if (stage_mark(stage, partition)) {
        gather(stage, partition, turn);
        return;
    }
    turn->missing = "store";
    put_off(stage, partition);
}

/* Turns that are to be worked, not set aside. */
static size_t turns_of(const struct hand *hand, struct turn *turns[HAND_MAX])
{
    size_t count = 0;

    for (size_t i = 0; i < hand->count; i++)
        if (hand->at[i]->working && !hand->at[i]->set_aside)
            turns[count++] = hand->at[i]->working;
    return count;
}

_Static_assert(4 * HAND_MAX * BATCH_EVENTS_MAX <= KEY_CACHE_COUNT, "the keys that a hand fetches stay near until they are used");

/* What is sealed in all of them is opened, then what they will touch is read. */
static void prepare(struct stage_loop *stage, const struct hand *hand)
{
    struct turn *turns[HAND_MAX];

    arena_reset(stage->arena);
    turn_fetch_keys(turns, turns_of(hand, turns), stage->arena);
    for (size_t i = 0; i < hand->count; i++) {
        struct turn *turn = hand->at[i]->working;
        if (turn && !hand->at[i]->set_aside && turn_read_data(turn, turn->works, turn->work_count) == TURN_LATER)
            put_off(stage, hand->at[i]);
    }
    turn_prefetch(turns, turns_of(hand, turns), stage->arena);
    for (size_t i = 0; i < hand->count; i++)
        if (hand->at[i]->working && hand->at[i]->working->missing)
            put_off(stage, hand->at[i]);
}

/* ---------------------------------------------------------------- deciding */

/* What a commit may hold, with room for one more event's effects. */
static bool is_enough(const struct turn *turn)
{
    return turn->bytes >= BATCH_BYTES_MAX || turn->emitted_count >= COMMIT_EVENTS_MAX / 2 ||
           turn->changed_count >= COMMIT_PUTS_MAX / 2 || turn->foreign_count >= COMMIT_CONDITIONS_MAX / 4 ||
           turn->expected_count >= COMMIT_CONDITIONS_MAX / 4;
}

/* Calls the core for each; *count, how many entries the works are of, becomes of how many those worked are: whatever lies
 * between two of them concerns nobody here. */
static enum turn_result work_all(struct turn *turn, size_t *count)
{
    for (size_t i = 0; i < turn->work_count; i++) {
        if (turn_work(turn, &turn->works[i]) == TURN_LATER)
            return TURN_LATER;
        if (!is_enough(turn))
            continue;
        *count = turn->works[i].place.seq - turn->works[0].place.seq + 1;
        break;
    }
    return TURN_DONE;
}

/* The batch that was begun: into partition->commit, or only noted if nothing came of it. */
static void decide(struct stage_loop *stage, struct stage_partition *partition)
{
    struct turn *turn = partition->working;
    size_t count = partition->commit_events;

    if ((partition->set_aside ? turn_set_aside(turn, &turn->works[0]) : work_all(turn, &count)) == TURN_LATER) {
        put_off(stage, partition);
        return;
    }
    const struct place *last = &reader_ready(&partition->reader, count - 1)->place;
    struct checkpoint to = {last->seq, last->id};
    partition->working = NULL;
    partition->pending = turn;
    partition->commit_events = count;
    stage->report.events += count;
    if (turn_is_idle(turn)) {
        turn_keep(turn);
        note_worked(partition, to, count);
        stage_drop_pending(stage, partition);
        return;
    }
    stage_commit_begin(partition, to);
    turn_commit(turn, &partition->commit);
}

/* ---------------------------------------------------------------- all of it */

static bool checkpoint_is_late(const struct stage_loop *stage, const struct stage_partition *partition)
{
    uint64_t ahead = partition->worked.seq - partition->checkpoint.seq;

    return ahead > 0 && (stage->eager || stage->catches_up || ahead >= BATCH_EVENTS_MAX || partition->careful);
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

/* Is something of it to be committed now? */
static bool is_ready(const struct stage_loop *stage, struct stage_partition *partition)
{
    if (!partition->owned || !mono_reached(stage_mono(stage), partition->backoff.until))
        return false;
    return partition->pending || (checkpoint_is_late(stage, partition) && checkpoint_is_ready(partition));
}

bool stage_has_work(const struct stage_loop *stage, const struct stage_partition *partition)
{
    uint64_t from;

    return partition->pending || partition->noted || checkpoint_is_late(stage, partition) ||
           reader_ready(&partition->reader, 0) || reader_wants_log(&partition->reader, stage_mono(stage), &from);
}

void stage_work(struct stage_loop *stage, const struct hand *hand)
{
    read_logs(stage, hand);
    for (size_t i = 0; i < hand->count; i++)
        begin(stage, hand->at[i]);
    prepare(stage, hand);
    for (size_t i = 0; i < hand->count; i++) {
        struct stage_partition *partition = hand->at[i];
        if (partition->working)
            decide(stage, partition);
        if (partition->owned && !reader_ready(&partition->reader, 0))
            stage_tidy(stage, partition);
        if (is_ready(stage, partition))
            stage_commit_add(stage, partition);
    }
    stage_exchange(stage);
    stage_look(stage);
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
