#include "batch.h"

#include <assert.h>
#include <stdlib.h>

#include "appender.h"

enum { ROOM = BATCH_WAITING_MAX + 1024 };       /* one request more may come on top of a full batch */

const char *const taken_words[] = {"new", "known", "conflict", "refused", "busy"};

struct waiting {
    struct origin *origin;
    size_t index;
    struct accepted *accepted;
    size_t order;                   /* of arrival */
};

/* What is appended together. */
struct lot {
    struct waiting *waiting;
    size_t count;
    struct fact *facts;             /* by place in `waiting`, */
    enum store_status *statuses;    /* and what the store answered to the call that each was in */
};

/* One lot is filled while the other is with the store. */
struct batch {
    struct appender *appender;
    struct bus *bus;
    struct sealer *sealer;
    struct lot lots[2], *filling, *flying;      /* flying: NULL, nothing is with the store */
    const char **customers;         /* whose keys are needed */
    uint64_t totals[TAKEN_BUSY + 1];
};

static void lot_make(struct lot *lot)
{
    lot->waiting = calloc(ROOM, sizeof *lot->waiting);
    lot->facts = calloc(ROOM, sizeof *lot->facts);
    lot->statuses = calloc(ROOM, sizeof *lot->statuses);
    assert(lot->waiting && lot->facts && lot->statuses);
}

static void lot_release(struct lot *lot)
{
    free(lot->waiting);
    free(lot->facts);
    free(lot->statuses);
}

struct batch *batch_new(struct store *store, struct bus *bus, struct sealer *sealer)
{
    struct batch *batch = calloc(1, sizeof *batch);
    assert(batch);
    batch->bus = bus;
    batch->sealer = sealer;
    batch->customers = calloc(ROOM, sizeof *batch->customers);
    assert(batch->customers);
    for (int i = 0; i < 2; i++)
        lot_make(&batch->lots[i]);
    batch->filling = &batch->lots[0];
    batch->appender = appender_new(store);
    if (!batch->appender)
        batch_free(&batch);
    return batch;
}

void batch_free(struct batch **batch)
{
    if (!batch || !*batch)
        return;
    appender_free(&(*batch)->appender);
    for (int i = 0; i < 2; i++)
        lot_release(&(*batch)->lots[i]);
    free((*batch)->customers);
    free(*batch);
    *batch = NULL;
}

int batch_fd(const struct batch *batch)
{
    return appender_fd(batch->appender);
}

bool batch_is_full(const struct batch *batch)
{
    return batch->filling->count >= BATCH_WAITING_MAX;
}

uint64_t batch_total(const struct batch *batch, enum taken_status status)
{
    return batch->totals[status];
}

void batch_add(struct batch *batch, struct origin *origin, size_t index, struct accepted *accepted)
{
    struct lot *lot = batch->filling;
    assert(lot->count < ROOM && index < origin->count);
    lot->waiting[lot->count] = (struct waiting){origin, index, accepted, lot->count};
    lot->count++;
}

static void origin_told(struct origin *origin)
{
    assert(origin->waiting);
    if (--origin->waiting == 0)
        origin->finish(origin);
}

void batch_refuse(struct batch *batch, struct origin *origin, size_t index, const char *id,
                  const struct refusal *refusal)
{
    bool later = refusal->status == 429 || refusal->status == 503;
    origin->outcomes[index] = (struct taken){
        .status = later ? TAKEN_BUSY : TAKEN_REFUSED, .id = id, .refusal = *refusal
    };
    batch->totals[origin->outcomes[index].status]++;
    origin_told(origin);
}

/* -------- sealing */

static int by_partition(const void *a, const void *b)
{
    const struct waiting *left = a, *right = b;
    if (left->accepted->partition != right->accepted->partition)
        return left->accepted->partition < right->accepted->partition ? -1 : 1;
    return left->order < right->order ? -1 : 1;
}

/* What cannot be sealed is told so, and leaves the lot. */
static void lot_seal(struct batch *batch, struct lot *lot)
{
    static const struct refusal unsealed = {.status = 503, .error = "the key store does not answer", .field = "",
                                            .hint = "send it again in a moment"};
    size_t personal = 0, left = 0;
    for (size_t i = 0; i < lot->count; i++)
        if (lot->waiting[i].accepted->personal.bytes)
            batch->customers[personal++] = lot->waiting[i].accepted->key;
    seal_fetch(batch->sealer, batch->customers, personal, true);
    for (size_t i = 0; i < lot->count; i++) {
        const struct waiting *one = &lot->waiting[i];
        if (accepted_seal(one->accepted, batch->sealer))
            lot->waiting[left++] = *one;
        else
            batch_refuse(batch, one->origin, one->index, one->accepted->event.id, &unsealed);
    }
    lot->count = left;
}

/* -------- appending, on the appender's thread */

/* How many from `first` on go into one call. */
static size_t call_size(const struct lot *lot, size_t first)
{
    size_t count = 0, bytes = 0;
    uint32_t partition = lot->waiting[first].accepted->partition;
    while (first + count < lot->count && count < BATCH_EVENTS_MAX &&
           lot->waiting[first + count].accepted->partition == partition) {
        bytes += lot->facts[first + count].packed.bytes;
        if (count && bytes > BATCH_BYTES_MAX)
            break;
        count++;
    }
    return count;
}

/* The calls of one exchange, from `first` on: one for each partition, and no more bytes than the store takes at once.
 * Tells where the next exchange begins. */
static size_t exchange_calls(struct lot *lot, size_t first, struct append *calls, size_t *ret_count)
{
    size_t bytes = 0;
    *ret_count = 0;
    while (first < lot->count && bytes < BATCH_BYTES_MAX && *ret_count < PARTITIONS_MAX) {
        uint32_t partition = lot->waiting[first].accepted->partition;
        struct append call = {.partition = partition, .facts = &lot->facts[first], .count = call_size(lot, first)};
        if (*ret_count && calls[*ret_count - 1].partition == partition)
            break;
        calls[(*ret_count)++] = call;
        for (size_t i = 0; i < call.count; i++)
            bytes += call.facts[i].packed.bytes;
        first += call.count;
    }
    return first;
}

static void exchange(struct lot *lot, struct store *store, const struct append *calls, size_t count)
{
    enum store_status answers[PARTITIONS_MAX];
    enum store_status status = store->functions->append(store, calls, count, answers);
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < calls[i].count; j++)
            lot->statuses[&calls[i].facts[j] - lot->facts] = status == STORE_OK ? answers[i] : status;
}

static void lot_append(void *context, struct store *store)
{
    struct lot *lot = context;
    struct append calls[PARTITIONS_MAX];
    for (size_t first = 0, count; first < lot->count;) {
        first = exchange_calls(lot, first, calls, &count);
        exchange(lot, store, calls, count);
    }
}

/* -------- answering */

static const struct refusal conflict = {
    .status = 409, .error = "another event has the same source and id", .field = "id",
    .hint = "send what is new under an id of its own"
};

static struct refusal refusal_of(enum store_status status)
{
    struct refusal refusal = {.status = 503, .error = "the store refused the event", .field = "",
                              .hint = "tell the operator: it is in the log of intake"};
    if (status == STORE_FULL) {
        refusal.error = "the store is full";
        refusal.hint = "send it again later";
    } else if (status == STORE_GONE) {
        refusal.error = "the store does not answer";
        refusal.hint = "send it again, with the same source and id";
    }
    return refusal;
}

static void taken_set(struct batch *batch, const struct waiting *one, enum store_status status, const struct fact *fact)
{
    static const enum taken_status by_append[] = {
        [APPEND_NEW] = TAKEN_NEW, [APPEND_KNOWN] = TAKEN_KNOWN, [APPEND_CONFLICT] = TAKEN_CONFLICT
    };
    struct taken outcome = {.status = TAKEN_BUSY, .id = one->accepted->event.id};
    if (status != STORE_OK)
        outcome.refusal = refusal_of(status);
    else
        outcome.status = by_append[fact->outcome];
    if (outcome.status == TAKEN_CONFLICT)
        outcome.refusal = conflict;
    outcome.place = fact->place;
    one->origin->outcomes[one->index] = outcome;
    batch->totals[outcome.status]++;
}

/* No finish adds to the batch: what follows from it is worked in the next turn. */
static void lot_answer(struct batch *batch, struct lot *lot)
{
    for (size_t i = 0; i < lot->count; i++) {
        const struct fact *fact = &lot->facts[i];
        taken_set(batch, &lot->waiting[i], lot->statuses[i], fact);
        if (lot->statuses[i] == STORE_OK && fact->outcome == APPEND_NEW)
            batch->bus->functions->publish(batch->bus, &fact->place, lot->waiting[i].accepted->type, fact->packed);
    }
    for (size_t i = 0; i < lot->count; i++)
        origin_told(lot->waiting[i].origin);
    lot->count = 0;
}

/* -------- the way of a lot: filled, sealed, with the store, answered */

static void lot_send(struct batch *batch)
{
    struct lot *lot = batch->filling;
    lot_seal(batch, lot);
    if (!lot->count)
        return;
    qsort(lot->waiting, lot->count, sizeof *lot->waiting, by_partition);
    for (size_t i = 0; i < lot->count; i++)
        lot->facts[i] = lot->waiting[i].accepted->fact;
    batch->flying = lot;
    batch->filling = lot == batch->lots ? lot + 1 : batch->lots;
    appender_give(batch->appender, lot_append, lot);
}

static void lot_landed(struct batch *batch)
{
    struct lot *lot = batch->flying;
    batch->flying = NULL;
    lot_answer(batch, lot);
}

void batch_collect(struct batch *batch)
{
    if (appender_take(batch->appender))
        lot_landed(batch);
}

void batch_flush(struct batch *batch)
{
    batch_collect(batch);
    if (batch->flying && batch_is_full(batch)) {
        appender_wait(batch->appender);
        lot_landed(batch);
    }
    if (!batch->flying && batch->filling->count)
        lot_send(batch);
}

void batch_finish(struct batch *batch)
{
    batch_flush(batch);
    while (batch->flying) {
        appender_wait(batch->appender);
        lot_landed(batch);
        batch_flush(batch);
    }
}
