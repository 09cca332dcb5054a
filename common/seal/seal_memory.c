#include "sealer.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

/* Keys are made from the customer's id and how often it was erased: nothing is kept but the erasures, and every run of
 * a simulation seals alike. No secret: for tests only. */
struct erasure {
    struct erasure *next;
    uint64_t times;
    char customer[];
};

struct memory_sealer {
    struct sealer base;
    struct erasure *erasures;
};

static struct erasure *find_erasure(struct memory_sealer *sealer, const char *customer)
{
    struct erasure *erasure = sealer->erasures;
    while (erasure && strcmp(erasure->customer, customer))
        erasure = erasure->next;
    return erasure;
}

static void derive_key(struct sealer *base, const char *customer, uint8_t ret_key[SEAL_KEY_BYTES])
{
    struct erasure *erasure = find_erasure((struct memory_sealer *)base, customer);
    uint64_t times = erasure ? erasure->times : 0;
    crypto_generichash_state state;
    crypto_generichash_init(&state, base->id_key, sizeof base->id_key, SEAL_KEY_BYTES);
    crypto_generichash_update(&state, (const uint8_t *)&times, sizeof times);
    crypto_generichash_update(&state, (const uint8_t *)customer, strlen(customer));
    crypto_generichash_final(&state, ret_key, SEAL_KEY_BYTES);
}

static void memory_keys(struct sealer *base, struct wanted_key *wanted, size_t count, bool make)
{
    (void)make;
    for (size_t i = 0; i < count; i++) {
        derive_key(base, wanted[i].customer, wanted[i].key);
        wanted[i].found = 1;
    }
}

static bool memory_erase(struct sealer *base, const char *customer)
{
    struct memory_sealer *sealer = (struct memory_sealer *)base;
    struct erasure *erasure = find_erasure(sealer, customer);
    if (!erasure) {
        size_t bytes = strlen(customer) + 1;
        erasure = calloc(1, sizeof *erasure + bytes);
        if (!erasure)
            abort();
        memcpy(erasure->customer, customer, bytes);
        erasure->next = sealer->erasures;
        sealer->erasures = erasure;
    }
    erasure->times++;
    return true;
}

static void memory_free(struct sealer *base)
{
    struct memory_sealer *sealer = (struct memory_sealer *)base;
    while (sealer->erasures) {
        struct erasure *next = sealer->erasures->next;
        free(sealer->erasures);
        sealer->erasures = next;
    }
    free(sealer);
}

struct sealer *sealer_memory_new(void)
{
    static const struct sealer_functions functions = {.keys = memory_keys, .erase = memory_erase, .free = memory_free};
    struct memory_sealer *sealer = calloc(1, sizeof *sealer);
    if (!sealer || sodium_init() < 0)
        abort();
    sealer->base = (struct sealer){.functions = &functions, .id_key = "keys of a simulation", .repeatable = true};
    return &sealer->base;
}
