/* batch: all that comes in while the store is busy with what came before, sealed, appended by one call per partition in
 * one exchange, published, then answered. So batches grow with the load, and reading goes on while the disk is waited for.
 * An answer "new" or "known" means that the event is on disk. */
#ifndef CARELINE_BATCH_H
#define CARELINE_BATCH_H

#include "accept.h"
#include "bus.h"

enum { BATCH_WAITING_MAX = 4096 };      /* with so many in hand, and as many with the store, nothing more is read */

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

/* Takes over `store`, a connection of its own that is used by a thread of the batch's; NULL, and the store is freed: no more
 * threads. */
struct batch *batch_new(struct store *store, struct bus *bus, struct sealer *sealer);
/* After batch_finish. */
void batch_free(struct batch **batch);

/* Readable when the store has answered. */
int batch_fd(const struct batch *batch);

/* Adds an accepted event as number `index` of its origin; it and its fact live as long as the origin. */
void batch_add(struct batch *batch, struct origin *origin, size_t index, struct accepted *accepted);
/* Nothing of it is to be appended: counted, and refused at once. */
void batch_refuse(struct batch *batch, struct origin *origin, size_t index, const char *id,
                  const struct refusal *refusal);

bool batch_is_full(const struct batch *batch);
/* What the store has answered is published, and its origins finished. What a store did not take is "busy": to be sent
 * again. */
void batch_collect(struct batch *batch);
/* Collects, then hands over what has been added, unless the store is still busy; when the batch is full it waits for it. */
void batch_flush(struct batch *batch);
/* Waits until all that was added is answered. */
void batch_finish(struct batch *batch);

/* Since the start, by taken_status. */
uint64_t batch_total(const struct batch *batch, enum taken_status status);

#endif
