/* sealer: what stands behind seal.h: where the keys of customers come from. Two kinds: memory and Redis. */
#ifndef CARELINE_SEALER_H
#define CARELINE_SEALER_H

#include "seal.h"

enum { SEAL_KEY_BYTES = 32 };

struct sealer_functions {
    /* The customer's key. 1: there it is; 0: there is none (never, if `make`); -1: the key store does not answer. */
    int (*key)(struct sealer *sealer, const char *customer, bool make, uint8_t ret_key[SEAL_KEY_BYTES]);
    bool (*erase)(struct sealer *sealer, const char *customer);
    void (*free)(struct sealer *sealer);
};

struct sealer {
    const struct sealer_functions *functions;
    uint8_t id_key[SEAL_KEY_BYTES];     /* of the hash that makes customer ids */
    bool repeatable;                    /* what is sealed again is the same bytes: for simulations that replay exactly */
};

#endif
