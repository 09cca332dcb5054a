/* accept: from what a client sent to a fact that can be appended, or to an answer that says what is wrong and where.
 *
 * In two steps, since keys of customers come from a store of their own, and are fetched for many events at once: an event
 * is accepted, which settles all that can be wrong with it, and then sealed. No input or output but for those keys and,
 * for acts with personal words, one look at whom they concern. */
#ifndef CARELINE_ACCEPT_H
#define CARELINE_ACCEPT_H

#include "seal.h"
#include "store.h"
#include "value.h"

struct credential;

struct refusal {
    int status;                     /* HTTP: 400 malformed, 403 no right, 413 too large, 429 and 503 later */
    const char *error, *field, *hint;       /* field and hint may be "" */
    int64_t retry_after_ms;         /* 0: it does not say */
};

struct accepted {
    struct fact fact;               /* lives in the arena; packed once it is sealed */
    uint32_t partition;
    const char *type;
    struct event event;
    struct slice personal;          /* what is to be sealed; empty: nothing */
    const char *key;                /* whose: the customer, or site/SITE for what concerns nobody in particular */
    struct arena *arena;
};

/* What is used again for each event, so that none costs an allocation of its own. A zeroed one is ready. */
struct scratch {
    struct arena *values;           /* of one request or event at a time, as it was sent */
    struct buffer packed;
};
/* Its arena, emptied. */
struct arena *scratch_values(struct scratch *scratch);
void scratch_free(struct scratch *scratch);

struct acceptor {
    struct scratch *scratch;
    struct sealer *sealer;
    struct store *store;            /* to look up whom an act is about; NULL: not looked up */
    uint32_t partitions;
    wall_ms now;
    uint64_t (*random)(void *context);
    void *random_context;
};

/* What kind of event may come by this way: FACT, ACT, or ANY_STAGE for both. An act without id and source gets some.
 * Nothing of `sent` is kept. false: refused; of *ret only event.id is set, "" if it has none that can be told again. */
bool accept_event(const struct acceptor *acceptor, const struct credential *credential, int class,
                  const struct value *sent, struct arena *arena, struct accepted *ret, struct refusal *ret_refusal);

/* Seals what is personal, which is wiped, and packs the fact. false: the key store does not answer. */
bool accepted_seal(struct accepted *accepted, struct sealer *sealer, struct scratch *scratch);

#endif
