#include "reader.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "stage.h"

enum { READER_READY_FEW = 16 };     /* room that a partition keeps */

static void entry_drop(struct entry *entry)
{
    free((void *)entry->packed.at);
    *entry = (struct entry){0};
}

static struct entry entry_copy(const struct place *place, struct slice packed)
{
    if (packed.bytes == 0)
        return (struct entry){*place, {0}};
    uint8_t *copy = malloc(packed.bytes);
    if (!copy)
        abort();
    return (struct entry){*place, {memcpy(copy, packed.at, packed.bytes), packed.bytes}};
}

static struct entry *ready_at(const struct reader *reader, size_t i)
{
    return &reader->ready[(reader->ready_first + i) & (reader->ready_room - 1)];
}

/* Twice as many, in order from the start. */
static void grow(struct reader *reader)
{
    size_t room = reader->ready_room ? 2 * reader->ready_room : READER_READY_FEW;
    struct entry *ready = malloc(room * sizeof *ready);

    if (!ready)
        abort();
    for (size_t i = 0; i < reader->ready_count; i++)
        ready[i] = *ready_at(reader, i);
    free(reader->ready);
    reader->ready = ready;
    reader->ready_first = 0;
    reader->ready_room = room;
}

static void forget_ready(struct reader *reader)
{
    free(reader->ready);
    reader->ready = NULL;
    reader->ready_first = reader->ready_room = 0;
}

static bool is_full(const struct reader *reader)
{
    return reader->ready_count == READER_READY_MAX || reader->ready_bytes > READER_READY_BYTES_MAX;
}

/* For all that one read of the log may give: the rest would have to be read once more. */
static bool has_room_to_read(const struct reader *reader)
{
    return !is_full(reader) && reader->ready_count <= READER_READY_MAX - READ_MAX;
}

void reader_done(struct reader *reader, size_t count)
{
    assert(count <= reader->ready_count);
    for (size_t i = 0; i < count; i++) {
        reader->ready_bytes -= ready_at(reader, i)->packed.bytes;
        entry_drop(ready_at(reader, i));
    }
    reader->ready_first += count;
    reader->ready_count -= count;
    if (reader->ready_count == 0 && reader->ready_room > READER_READY_FEW)      /* an idle partition holds little */
        forget_ready(reader);
}

static void held_drop(struct reader *reader, size_t count)
{
    for (size_t i = 0; i < count; i++)
        entry_drop(&reader->held[i]);
    memmove(reader->held, reader->held + count, (reader->held_count - count) * sizeof reader->held[0]);
    reader->held_count -= count;
}

void reader_reset(struct reader *reader, struct checkpoint at)
{
    reader_done(reader, reader->ready_count);
    held_drop(reader, reader->held_count);
    reader->last = at;
    reader->head = at.seq;
    reader->missing = reader->doubt = false;
}

void reader_free(struct reader *reader)
{
    reader_reset(reader, (struct checkpoint){0});
    forget_ready(reader);
}

const struct entry *reader_ready(const struct reader *reader, size_t i)
{
    return i < reader->ready_count ? ready_at(reader, i) : NULL;
}

static void note_missing(struct reader *reader, mono_ms now)
{
    if (reader->missing)
        return;
    reader->missing = true;
    reader->missing_since = now;
}

/* Takes an entry that is a copy already. */
static void take(struct reader *reader, struct entry entry)
{
    if (reader->ready_count == reader->ready_room)
        grow(reader);
    *ready_at(reader, reader->ready_count++) = entry;
    reader->ready_bytes += entry.packed.bytes;
    reader->last = (struct checkpoint){entry.place.seq, entry.place.id};
}

static bool fits(const struct reader *reader, const struct place *place)
{
    return place->seq == reader->last.seq + 1 && place->prev == reader->last.id;
}

/* Held frames whose turn has come. */
static void take_held(struct reader *reader)
{
    size_t used = 0;

    while (used < reader->held_count && !is_full(reader)) {
        struct entry *held = &reader->held[used];
        if (held->place.seq > reader->last.seq && !fits(reader, &held->place))
            break;
        if (held->place.seq > reader->last.seq) {
            take(reader, *held);
            *held = (struct entry){0};
        }
        used++;
    }
    held_drop(reader, used);
}

/* After something was taken: is anything still missing? A gap begins anew with each step ahead. */
static void settle(struct reader *reader, mono_ms now)
{
    take_held(reader);
    if (reader->held_count > 0 && reader->held[0].place.seq == reader->last.seq + 1)
        reader->doubt = true;
    reader->missing = false;
    if (reader->held_count > 0 || reader->head > reader->last.seq)
        note_missing(reader, now);
}

static enum reader_verdict hold(struct reader *reader, const struct place *place, struct slice packed, mono_ms now)
{
    size_t i = reader->held_count;

    note_missing(reader, now);
    if (reader->held_count == READER_HELD_MAX)
        return READER_FULL;
    while (i > 0 && reader->held[i - 1].place.seq > place->seq)
        i--;
    if (i > 0 && reader->held[i - 1].place.seq == place->seq) {
        reader->counts.twice++;
        return READER_OLD;
    }
    memmove(reader->held + i + 1, reader->held + i, (reader->held_count - i) * sizeof reader->held[0]);
    reader->held[i] = entry_copy(place, packed);
    reader->held_count++;
    reader->counts.reordered++;
    return READER_EARLY;
}

static enum reader_verdict look_back(struct reader *reader, const struct place *place, mono_ms now)
{
    if (place->seq < reader->last.seq || place->id == reader->last.id) {
        reader->counts.twice++;
        return READER_OLD;
    }
    reader->doubt = true;
    note_missing(reader, now);
    return READER_DOUBTFUL;
}

enum reader_verdict reader_offer(struct reader *reader, const struct place *place, struct slice packed, mono_ms now)
{
    if (place->seq <= reader->last.seq)
        return look_back(reader, place, now);
    if (place->seq > reader->head)
        reader->head = place->seq;
    if (place->seq > reader->last.seq + 1)
        return hold(reader, place, packed, now);
    if (!fits(reader, place)) {
        reader->doubt = true;
        note_missing(reader, now);
        return READER_DOUBTFUL;
    }
    if (is_full(reader)) {
        note_missing(reader, now);
        return READER_FULL;
    }
    take(reader, entry_copy(place, packed));
    settle(reader, now);
    return READER_TAKEN;
}

static enum reader_verdict rewound(struct reader *reader)
{
    reader->counts.rewinds++;
    return READER_REWOUND;
}

enum reader_verdict reader_tail(struct reader *reader, struct checkpoint head, mono_ms now)
{
    if (head.seq < reader->last.seq || (head.seq == reader->last.seq && head.id != reader->last.id))
        return rewound(reader);
    if (head.seq > reader->head)
        reader->head = head.seq;
    if (head.seq > reader->last.seq)
        note_missing(reader, now);
    return READER_TAKEN;
}

int64_t reader_wait_ms(const struct reader *reader, mono_ms now)
{
    if (reader->doubt)
        return 0;
    if (!reader->missing || !has_room_to_read(reader))
        return -1;
    int64_t left = reader->missing_since.ms + HOLD_MS - now.ms;
    return left > 0 ? left : 0;
}

bool reader_wants_log(const struct reader *reader, mono_ms now, uint64_t *ret_from)
{
    if (reader_wait_ms(reader, now) != 0)
        return false;
    *ret_from = reader->last.seq > 0 ? reader->last.seq : 1;
    return true;
}

/* Does the log still hold `last`, or at least begin right behind it? */
static bool log_agrees(const struct reader *reader, const struct entry_list *entries)
{
    if (reader->last.seq == 0)
        return entries->count == 0 || entries->at[0].place.seq == 1;
    if (entries->count == 0)
        return false;
    const struct place *first = &entries->at[0].place;
    return first->seq == reader->last.seq ? first->id == reader->last.id : fits(reader, first);
}

enum reader_verdict reader_log(struct reader *reader, const struct entry_list *entries, size_t max, mono_ms now)
{
    struct checkpoint before = reader->last;

    reader->counts.log_reads++;
    if (!log_agrees(reader, entries))
        return rewound(reader);
    for (size_t i = 0; i < entries->count && !is_full(reader); i++) {
        const struct entry *entry = &entries->at[i];
        if (entry->place.seq <= reader->last.seq)
            continue;
        if (!fits(reader, &entry->place))
            return rewound(reader);
        take(reader, entry_copy(&entry->place, entry->packed));
    }
    reader->counts.gaps += reader->last.seq > before.seq;
    reader->doubt = false;
    if (entries->count < max && !is_full(reader)) {     /* the log's end: what is held beyond it never was */
        take_held(reader);
        held_drop(reader, reader->held_count);
        reader->head = reader->last.seq;
    }
    settle(reader, now);
    if (reader->missing)
        reader->missing_since.ms = now.ms - HOLD_MS;    /* there is more to read: at once */
    return READER_TAKEN;
}
