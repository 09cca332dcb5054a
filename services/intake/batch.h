/* batch: all that came in during one turn of the loop, sealed, appended in one exchange for all partitions, published,
 * then answered.
 * An answer "new" or "known" means that the event is on disk. */
#ifndef CARELINE_BATCH_H
#define CARELINE_BATCH_H

#include "accept.h"
#include "bus.h"

enum { BATCH_WAITING_MAX = 4096 };      /* more than this is flushed within the turn */

enum taken_status { TAKEN_NEW, TAKEN_KNOWN, TAKEN_CONFLICT, TAKEN_REFUSED, TAKEN_BUSY };
extern const char *const taken_words[];       /* new, known, conflict, refused, busy */

struct taken {
    enum taken_status status;
    const char *id;                 /* the event's, "" if it had none */
    struct place place;             /* new, known */
    struct refusal refusal;         /* conflict, refused, busy */
};

/* One request with its events. Lives, with all it points to, until `finish` is called, which is when all its outcomes
 * are there; finish may free it. */
struct origin {
    struct taken *outcomes;
    size_t count;
    size_t waiting;                 /* outcomes still to come */
    void (*finish)(struct origin *origin);
};

struct batch;

struct batch *batch_new(struct store *store, struct bus *bus, struct sealer *sealer);
void batch_free(struct batch **batch);

/* Adds an accepted event as number `index` of its origin; it and its fact live as long as the origin. */
void batch_add(struct batch *batch, struct origin *origin, size_t index, struct accepted *accepted);
/* Nothing of it is to be appended: counted, and refused at once. */
void batch_refuse(struct batch *batch, struct origin *origin, size_t index, const char *id,
                  const struct refusal *refusal);

bool batch_is_full(const struct batch *batch);
/* Seals, appends, publishes, finishes every origin. What a store does not take is "busy": to be sent again. */
void batch_flush(struct batch *batch);

/* Since the start, by taken_status. */
uint64_t batch_total(const struct batch *batch, enum taken_status status);

#endif
