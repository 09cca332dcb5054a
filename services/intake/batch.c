#include "batch.h"

#include <assert.h>
#include <stdlib.h>

enum { ROOM = BATCH_WAITING_MAX + 1024 };       /* one request more may come on top of a full batch */

const char *const taken_words[] = {"new", "known", "conflict", "refused", "busy"};

struct waiting {
    struct origin *origin;
    size_t index;
    struct accepted *accepted;
};

struct batch {
    struct store *store;
    struct bus *bus;
    struct sealer *sealer;
    struct waiting *arrived;        /* in the order of arrival */
    struct waiting *waiting;        /* the same by partition, while they are flushed */
    size_t count;
    struct fact *facts;             /* by place in `waiting` */
    struct append *calls;           /* of one exchange, and what each is answered */
    enum store_status *answers;
    const char **customers;         /* whose keys are needed */
    struct scratch scratch;
    uint64_t totals[TAKEN_BUSY + 1];
};

struct batch *batch_new(struct store *store, struct bus *bus, struct sealer *sealer)
{
    struct batch *batch = calloc(1, sizeof *batch);
    assert(batch);
    batch->store = store;
    batch->bus = bus;
    batch->sealer = sealer;
    batch->arrived = calloc(ROOM, sizeof *batch->arrived);
    batch->waiting = calloc(ROOM, sizeof *batch->waiting);
    batch->facts = calloc(ROOM, sizeof *batch->facts);
    batch->calls = calloc(PARTITIONS_MAX, sizeof *batch->calls);
    batch->answers = calloc(PARTITIONS_MAX, sizeof *batch->answers);
    batch->customers = calloc(ROOM, sizeof *batch->customers);
    assert(batch->arrived && batch->waiting && batch->facts && batch->calls && batch->answers && batch->customers);
    return batch;
}

void batch_free(struct batch **batch)
{
    if (!batch || !*batch)
        return;
    free((*batch)->arrived);
    free((*batch)->waiting);
    free((*batch)->facts);
    free((*batch)->calls);
    free((*batch)->answers);
    free((*batch)->customers);
    scratch_free(&(*batch)->scratch);
    free(*batch);
    *batch = NULL;
}

bool batch_is_full(const struct batch *batch)
{
    return batch->count >= BATCH_WAITING_MAX;
}

uint64_t batch_total(const struct batch *batch, enum taken_status status)
{
    return batch->totals[status];
}

void batch_add(struct batch *batch, struct origin *origin, size_t index, struct accepted *accepted)
{
    assert(batch->count < ROOM && index < origin->count);
    batch->arrived[batch->count++] = (struct waiting){origin, index, accepted};
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

/* -------- flushing */

/* By partition, and within one as they came: counted, for comparing costs as much as the rest of a flush. */
static void batch_sort(struct batch *batch, size_t count)
{
    uint16_t place[PARTITIONS_MAX + 1] = {0};
    _Static_assert(ROOM <= UINT16_MAX, "places fit");
    for (size_t i = 0; i < count; i++)
        place[batch->arrived[i].accepted->partition + 1]++;
    for (size_t i = 1; i < PARTITIONS_MAX; i++)
        place[i] = (uint16_t)(place[i] + place[i - 1]);
    for (size_t i = 0; i < count; i++)
        batch->waiting[place[batch->arrived[i].accepted->partition]++] = batch->arrived[i];
}

/* What cannot be sealed is told so, and leaves the batch. */
static size_t batch_seal(struct batch *batch, size_t count)
{
    static const struct refusal unsealed = {.status = 503, .error = "the key store does not answer", .field = "",
                                            .hint = "send it again in a moment"};
    size_t personal = 0, left = 0;
    for (size_t i = 0; i < count; i++)
        if (batch->arrived[i].accepted->personal.bytes)
            batch->customers[personal++] = batch->arrived[i].accepted->key;
    seal_fetch(batch->sealer, batch->customers, personal, true);
    for (size_t i = 0; i < count; i++) {
        const struct waiting *one = &batch->arrived[i];
        if (accepted_seal(one->accepted, batch->sealer, &batch->scratch))
            batch->arrived[left++] = *one;
        else
            batch_refuse(batch, one->origin, one->index, one->accepted->event.id, &unsealed);
    }
    return left;
}

/* How many from `first` on go into one call. */
static size_t call_size(const struct batch *batch, size_t first)
{
    size_t count = 0, bytes = 0;
    uint32_t partition = batch->waiting[first].accepted->partition;
    while (first + count < batch->count && count < BATCH_EVENTS_MAX &&
           batch->waiting[first + count].accepted->partition == partition) {
        bytes += batch->facts[first + count].packed.bytes;
        if (count && bytes > BATCH_BYTES_MAX)
            break;
        count++;
    }
    return count;
}

/* The calls of one exchange, from `first` on: one for each partition, and no more bytes than the store takes at once.
 * Tells where the next exchange begins. */
static size_t exchange_calls(struct batch *batch, size_t first, size_t *ret_count)
{
    size_t bytes = 0;
    *ret_count = 0;
    while (first < batch->count && bytes < BATCH_BYTES_MAX) {
        uint32_t partition = batch->waiting[first].accepted->partition;
        struct append call = {.partition = partition, .facts = &batch->facts[first], .count = call_size(batch, first)};
        if (*ret_count && batch->calls[*ret_count - 1].partition == partition)
            break;
        batch->calls[(*ret_count)++] = call;
        for (size_t i = 0; i < call.count; i++)
            bytes += call.facts[i].packed.bytes;
        first += call.count;
    }
    return first;
}

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

static void call_answered(struct batch *batch, const struct append *call, enum store_status status)
{
    for (size_t i = 0; i < call->count; i++) {
        const struct fact *fact = &call->facts[i];
        const struct waiting *one = &batch->waiting[fact - batch->facts];
        taken_set(batch, one, status, fact);
        if (status == STORE_OK && fact->outcome == APPEND_NEW)
            batch->bus->functions->publish(batch->bus, &fact->place, one->accepted->type, fact->packed);
    }
}

static void exchange(struct batch *batch, size_t count)
{
    enum store_status status = batch->store->functions->append(batch->store, batch->calls, count, batch->answers);
    for (size_t i = 0; i < count; i++)
        call_answered(batch, &batch->calls[i], status == STORE_OK ? batch->answers[i] : status);
}

/* No finish adds to the batch: what follows from it is worked in the next turn. */
void batch_flush(struct batch *batch)
{
    size_t count = batch->count = batch_seal(batch, batch->count);
    if (!count)
        return;
    batch_sort(batch, count);
    for (size_t i = 0; i < count; i++)
        batch->facts[i] = batch->waiting[i].accepted->fact;
    for (size_t first = 0, calls; first < count;) {
        first = exchange_calls(batch, first, &calls);
        exchange(batch, calls);
    }
    batch->count = 0;
    for (size_t i = 0; i < count; i++)
        origin_told(batch->waiting[i].origin);
}
