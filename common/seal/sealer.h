/* sealer: what stands behind seal.h: where the keys of customers come from. Two kinds: memory and Redis. */
#ifndef CARELINE_SEALER_H
#define CARELINE_SEALER_H

#include "seal.h"

enum { SEAL_KEY_BYTES = 32 };

/* A key that is looked for. found is 1: there it is; 0: there is none (never, if it may be made); -1: the key store does
 * not answer. */
struct wanted_key {
    const char *customer;
    int found;
    uint8_t key[SEAL_KEY_BYTES];
};

enum { WANTED_MAX = 512 };

struct sealer_functions {
    /* At most WANTED_MAX; whatever stands in `found` before is not looked at. */
    void (*keys)(struct sealer *sealer, struct wanted_key *wanted, size_t count, bool make);
    bool (*erase)(struct sealer *sealer, const char *customer);
    void (*free)(struct sealer *sealer);
};

enum { SEAL_NONCE_BYTES = 24, SEAL_NONCES_DRAWN = 32 };

struct sealer {
    const struct sealer_functions *functions;
    uint8_t nonces[SEAL_NONCES_DRAWN][SEAL_NONCE_BYTES];    /* random; the first `nonces_left` are not used yet */
    size_t nonces_left;
    uint8_t id_key[SEAL_KEY_BYTES];     /* of the hash that makes customer ids */
    bool repeatable;                    /* what is sealed again is the same bytes: for simulations that replay exactly */
};

#endif
