/* faulty_store: any store, with somebody asked before and after each call what shall become of it. */
#ifndef CARELINE_TESTS_FAULTY_STORE_H
#define CARELINE_TESTS_FAULTY_STORE_H

#include "store.h"

struct faulty_store {
    struct store store;
    struct store *inner;            /* the caller's */
    /* enum store_fate; may also leave by longjmp: the process dies before the call, or after it. NULL: all goes well */
    int (*before)(void *context, const char *call);
    void (*after)(void *context, const char *call);
    void *context;
};

/* A store that passes every call on; freeing it is not needed. */
void faulty_store_over(struct faulty_store *faulty, struct store *inner);

#endif
