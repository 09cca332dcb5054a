#include "sealer.h"

#include <sodium.h>
#include <string.h>

/* Sealed bytes: version 1, nonce 24, then what the cipher gives: as long as the plain bytes, and 16 more. */
enum {
    SEAL_VERSION = 1,
    TAG_BYTES = crypto_aead_xchacha20poly1305_ietf_ABYTES,
    SEAL_HEAD_BYTES = 1 + SEAL_NONCE_BYTES,
    ID_HASH_BYTES = 10
};

_Static_assert(SEAL_ADDS_BYTES == SEAL_HEAD_BYTES + TAG_BYTES, "what seal.h says");
_Static_assert(SEAL_NONCE_BYTES == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES, "nonces fit the cipher");
_Static_assert(SEAL_KEY_BYTES == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "keys fit the cipher");

void sealer_free(struct sealer **sealer)
{
    if (!sealer || !*sealer)
        return;
    sodium_memzero((*sealer)->id_key, sizeof (*sealer)->id_key);
    (*sealer)->functions->free(*sealer);
    *sealer = NULL;
}

/* One call into the kernel for many: each fact that is sealed needs one. None is ever used twice. */
static void take_nonce(struct sealer *sealer, uint8_t *nonce)
{
    if (!sealer->nonces_left) {
        randombytes_buf(sealer->nonces, sizeof sealer->nonces);
        sealer->nonces_left = SEAL_NONCES_DRAWN;
    }
    memcpy(nonce, sealer->nonces[--sealer->nonces_left], SEAL_NONCE_BYTES);
}

static void make_nonce(struct sealer *sealer, const uint8_t *key, struct slice plain, uint8_t *nonce)
{
    if (sealer->repeatable)
        crypto_generichash(nonce, SEAL_NONCE_BYTES, plain.at, plain.bytes, key, SEAL_KEY_BYTES);
    else
        take_nonce(sealer, nonce);
}

/* The keys go as they came: what is kept of them is the sealer's. */
void seal_fetch(struct sealer *sealer, const char *const *customers, size_t count, bool make)
{
    struct wanted_key wanted[WANTED_MAX];
    for (size_t from = 0, some; from < count; from += some) {
        some = count - from < WANTED_MAX ? count - from : WANTED_MAX;
        for (size_t i = 0; i < some; i++)
            wanted[i] = (struct wanted_key){.customer = customers[from + i]};
        sealer->functions->keys(sealer, wanted, some, make);
    }
    sodium_memzero(wanted, (count < WANTED_MAX ? count : WANTED_MAX) * sizeof *wanted);
}

static int one_key(struct sealer *sealer, const char *customer, bool make, uint8_t ret_key[SEAL_KEY_BYTES])
{
    struct wanted_key wanted = {.customer = customer};
    sealer->functions->keys(sealer, &wanted, 1, make);
    memcpy(ret_key, wanted.key, SEAL_KEY_BYTES);
    sodium_memzero(wanted.key, sizeof wanted.key);
    return wanted.found;
}

bool seal_make(struct sealer *sealer, const char *customer, struct slice plain, struct buffer *to)
{
    uint8_t key[SEAL_KEY_BYTES], head[SEAL_HEAD_BYTES] = {SEAL_VERSION};
    if (one_key(sealer, customer, true, key) != 1)
        return false;
    make_nonce(sealer, key, plain, head + 1);
    buffer_room(to, sizeof head + plain.bytes + TAG_BYTES);
    buffer_append(to, head, sizeof head);
    crypto_aead_xchacha20poly1305_ietf_encrypt(to->at + to->bytes, NULL, plain.at, plain.bytes, (const uint8_t *)customer,
                                               strlen(customer), NULL, head + 1, key);
    to->bytes += plain.bytes + TAG_BYTES;
    sodium_memzero(key, sizeof key);
    return true;
}

int seal_open(struct sealer *sealer, const char *customer, struct slice sealed, struct arena *arena, struct slice *ret)
{
    uint8_t key[SEAL_KEY_BYTES];
    if (sealed.bytes < SEAL_HEAD_BYTES + TAG_BYTES || sealed.at[0] != SEAL_VERSION)
        return 0;
    int found = one_key(sealer, customer, false, key);
    if (found != 1)
        return found;
    size_t bytes = sealed.bytes - SEAL_HEAD_BYTES - TAG_BYTES;
    uint8_t *plain = arena_alloc(arena, bytes + 1);
    int failed = crypto_aead_xchacha20poly1305_ietf_decrypt(
        plain, NULL, NULL, sealed.at + SEAL_HEAD_BYTES, sealed.bytes - SEAL_HEAD_BYTES, (const uint8_t *)customer,
        strlen(customer), sealed.at + 1, key);
    sodium_memzero(key, sizeof key);
    if (failed)
        return 0;
    *ret = (struct slice){plain, bytes};
    return 1;
}

bool seal_erase(struct sealer *sealer, const char *customer)
{
    return sealer->functions->erase(sealer, customer);
}

/* The site is hashed with its NUL, so that no two pairs of site and contact run into one. */
/* 20 hex digits and the NUL; no contact begins with the purpose's line, so that no id is ever a code. */
static void keyed_hash(struct sealer *sealer, const char *site, const char *purpose, const char *of, char ret[23])
{
    crypto_generichash_state state;
    uint8_t hash[crypto_generichash_BYTES];
    crypto_generichash_init(&state, sealer->id_key, sizeof sealer->id_key, sizeof hash);
    crypto_generichash_update(&state, (const uint8_t *)site, strlen(site) + 1);
    crypto_generichash_update(&state, (const uint8_t *)purpose, strlen(purpose));
    crypto_generichash_update(&state, (const uint8_t *)of, strlen(of));
    crypto_generichash_final(&state, hash, sizeof hash);
    sodium_bin2hex(ret, 23, hash, ID_HASH_BYTES);
}

void seal_customer_id(struct sealer *sealer, const char *site, const char *contact, char ret[24])
{
    ret[0] = 'c';
    keyed_hash(sealer, site, "", contact, ret + 1);
}

void seal_link_code(struct sealer *sealer, const char *site, const char *task, char ret[24])
{
    keyed_hash(sealer, site, "\nlink\n", task, ret);
}
