/* faulty_store: any store, with somebody asked before and after each call what shall become of it, and somebody who
 * watches what the store itself did and answered, whatever becomes of the answer. */
#ifndef CARELINE_TESTS_FAULTY_STORE_H
#define CARELINE_TESTS_FAULTY_STORE_H

#include "store.h"

/* Told after each call that the store behind has done, in the order in which it did them. */
struct store_watch {
    void (*appended)(void *context, uint32_t partition, const struct fact *facts, size_t count,
                     enum store_status status);
    void (*committed)(void *context, const struct commit *commit, enum store_status status);
    void (*fired)(void *context, const struct lease *lease, wall_ms now, const struct entry_list *fired,
                  enum store_status status);
    void (*claimed)(void *context, uint32_t partition, enum stage stage, const char *owner, int64_t ttl_ms,
                    const struct standing *standing, enum store_status status);
    void (*renewed)(void *context, const struct lease *leases, size_t count, int64_t ttl_ms,
                    const enum store_status *statuses, enum store_status status);
    void (*released)(void *context, const struct lease *lease, enum store_status status);
};

struct faulty_store {
    struct store store;
    struct store *inner;            /* the caller's */
    /* enum store_fate; may also leave by longjmp: the process dies before the call, or after it. NULL: all goes well
     * */
    int (*before)(void *context, const char *call);
    void (*after)(void *context, const char *call);
    void *context;
    const struct store_watch *watch;    /* NULL: nobody watches */
    void *watch_context;
    size_t commit_exchanges;            /* calls of commit, each of any number; of append */
    size_t append_exchanges;
    size_t place;                       /* of the call that is asked about among those of its exchange */
};

/* A store that passes every call on; freeing it is not needed. */
void faulty_store_over(struct faulty_store *faulty, struct store *inner);

#endif
