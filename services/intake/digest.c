#include "digest.h"

#include <sodium.h>

/* What is hashed names people: it is wiped. */
uint64_t digest_of_value(const struct value *value, struct buffer *scratch)
{
    uint8_t hash[crypto_generichash_BYTES_MIN];
    uint64_t digest = 0;
    buffer_clear(scratch);
    value_write(value, scratch);
    crypto_generichash(hash, sizeof hash, scratch->at, scratch->bytes, NULL, 0);
    for (int i = 0; i < 8; i++)
        digest = digest << 8 | hash[i];
    sodium_memzero(scratch->at, scratch->bytes);
    return digest;
}
