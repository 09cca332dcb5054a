#include "key_cache.h"
#include "key_file.h"
#include "redis_link.h"

#include <assert.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A key lies in the hash key:<last two characters of the customer's id>, field the id. Its value: nonce 24, then the key
 * sealed with the wrapping key, the id as associated data. */
enum {
    WRAPPED_BYTES = SEAL_NONCE_BYTES + SEAL_KEY_BYTES + crypto_aead_xchacha20poly1305_ietf_ABYTES,
    TRIES = 2
};

struct redis_sealer {
    struct sealer base;
    uint8_t wrapping_key[SEAL_KEY_BYTES];
    struct redis_link *link;
    enum redis_outcome outcome;     /* of the last call */
    struct key_cache cache;
};

static mono_ms now(void)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (mono_ms){at.tv_sec * SECOND_MS + at.tv_nsec / 1000000};
}

/* -------- asking */

static void command_put(struct redis_sealer *sealer, const char *command, const char *customer, const uint8_t *value)
{
    size_t length = strlen(customer);
    command_begin(sealer->link, value ? 4 : 3);
    command_text(sealer->link, command);
    command_key(sealer->link, "key:%s", customer + (length > 2 ? length - 2 : 0));
    command_text(sealer->link, customer);
    if (value)
        command_bytes(sealer->link, (struct slice){value, WRAPPED_BYTES});
}

/* Some customers' keys, and what is to be done with them. */
struct errand {
    struct wanted_key *const *wanted;
    size_t count;
    const char *command;
    uint8_t (*wrapped)[WRAPPED_BYTES];      /* values, one for each; NULL: the command takes none */
    bool lasts;                     /* what is told must not be lost with a server: waited for until the replicas have it */
};

/* The answers, in the order of the customers, stay until the next. NULL: none, or an error. Tried again once, for the
 * connection may have died while it was not used; each of the commands may be done twice. */
static redisReply *const *ask(struct redis_sealer *sealer, const struct errand *errand)
{
    for (int tries = 0; tries < TRIES; tries++) {
        for (size_t i = 0; i < errand->count; i++) {
            command_put(sealer, errand->command, errand->wanted[i]->customer, errand->wrapped ? errand->wrapped[i] : NULL);
            if (errand->lasts)
                command_writes(sealer->link);
        }
        sealer->outcome = redis_link_run(sealer->link);
        if (sealer->outcome != REDIS_GONE)
            break;
    }
    return sealer->outcome == REDIS_DONE ? redis_link_replies(sealer->link) : NULL;
}

/* -------- wrapping */

static void wrap(const struct redis_sealer *sealer, const char *customer, const uint8_t *key, uint8_t *ret_wrapped)
{
    randombytes_buf(ret_wrapped, SEAL_NONCE_BYTES);
    crypto_aead_xchacha20poly1305_ietf_encrypt(ret_wrapped + SEAL_NONCE_BYTES, NULL, key, SEAL_KEY_BYTES,
                                               (const uint8_t *)customer, strlen(customer), NULL, ret_wrapped,
                                               sealer->wrapping_key);
}

static bool unwrap(const struct redis_sealer *sealer, const char *customer, const uint8_t *wrapped, uint8_t *ret_key)
{
    return !crypto_aead_xchacha20poly1305_ietf_decrypt(ret_key, NULL, NULL, wrapped + SEAL_NONCE_BYTES,
                                                       WRAPPED_BYTES - SEAL_NONCE_BYTES, (const uint8_t *)customer,
                                                       strlen(customer), wrapped, sealer->wrapping_key);
}

/* -------- keys */

static void key_read(struct redis_sealer *sealer, struct wanted_key *wanted, const redisReply *answer)
{
    struct slice wrapped = reply_bytes(answer);
    bool opened = wrapped.bytes == WRAPPED_BYTES && unwrap(sealer, wanted->customer, wrapped.at, wanted->key);
    if (!answer || answer->type != REDIS_REPLY_NIL)
        wanted->found = opened ? 1 : -1;
    if (opened)
        key_cache_keep(&sealer->cache, wanted->customer, now(), wanted->key);
}

/* Leaves in `wanted` those that have no key; tells how many. */
static size_t keys_read(struct redis_sealer *sealer, struct wanted_key **wanted, size_t count, bool lasts)
{
    const struct errand errand = {wanted, count, "HGET", NULL, lasts};
    redisReply *const *answers = ask(sealer, &errand);
    size_t without = 0;
    for (size_t i = 0; i < count; i++) {
        key_read(sealer, wanted[i], answers ? answers[i] : NULL);
        if (!wanted[i]->found)
            wanted[without++] = wanted[i];
    }
    return without;
}

/* The first to make a key wins; the others read what it made. */
static bool keys_propose(struct redis_sealer *sealer, struct wanted_key *const *wanted, size_t count)
{
    uint8_t wrapped[WANTED_MAX][WRAPPED_BYTES];
    for (size_t i = 0; i < count; i++) {
        randombytes_buf(wanted[i]->key, SEAL_KEY_BYTES);
        wrap(sealer, wanted[i]->customer, wanted[i]->key, wrapped[i]);
    }
    const struct errand errand = {wanted, count, "HSETNX", wrapped, false};
    return ask(sealer, &errand) != NULL;
}

/* A key that something is about to be sealed with may have been made by another process a moment ago: it must last. */
static void redis_keys(struct sealer *base, struct wanted_key *wanted, size_t count, bool make)
{
    struct redis_sealer *sealer = (struct redis_sealer *)base;
    struct wanted_key *missing[WANTED_MAX];
    size_t without = 0;
    assert(count <= WANTED_MAX);
    for (size_t i = 0; i < count; i++) {
        wanted[i].found = key_cache_find(&sealer->cache, wanted[i].customer, now(), wanted[i].key);
        if (!wanted[i].found)
            missing[without++] = &wanted[i];
    }
    without = without ? keys_read(sealer, missing, without, make) : 0;
    if (!without || !make)
        return;
    if (keys_propose(sealer, missing, without))
        without = keys_read(sealer, missing, without, true);
    for (size_t i = 0; i < without; i++)
        missing[i]->found = -1;
}

static bool redis_erase(struct sealer *base, const char *customer)
{
    struct redis_sealer *sealer = (struct redis_sealer *)base;
    struct wanted_key one = {.customer = customer}, *wanted = &one;
    const struct errand errand = {&wanted, 1, "HDEL", NULL, true};
    key_cache_drop(&sealer->cache, customer);
    return ask(sealer, &errand) != NULL;
}

/* -------- life */

static void redis_free(struct sealer *base)
{
    struct redis_sealer *sealer = (struct redis_sealer *)base;
    redis_link_free(&sealer->link);
    sodium_memzero(sealer, sizeof *sealer);
    free(sealer);
}

/* From the master key come the wrapping key and the key of customer ids, so that neither tells the other. */
static bool derive_keys(struct redis_sealer *sealer, const char *path, char message[160])
{
    uint8_t master[MASTER_KEY_BYTES];
    _Static_assert(MASTER_KEY_BYTES == crypto_kdf_KEYBYTES, "the master key fits the derivation");
    if (!key_file_read(path, master, message))
        return false;
    crypto_kdf_derive_from_key(sealer->wrapping_key, SEAL_KEY_BYTES, 1, "careline", master);
    crypto_kdf_derive_from_key(sealer->base.id_key, SEAL_KEY_BYTES, 2, "careline", master);
    sodium_memzero(master, sizeof master);
    return true;
}

/* A key of nobody's, made at the first start: if it does not open, the master key is not the one of this key store. */
static bool check_store(struct redis_sealer *sealer, char message[160])
{
    struct wanted_key check = {.customer = "check"};
    redis_keys(&sealer->base, &check, 1, true);
    if (check.found == 1)
        return true;
    if (sealer->outcome == REDIS_DONE)
        snprintf(message, 160, "the key store was made with another master key: restore that one");
    else
        snprintf(message, 160, "the key store does not answer: %.120s", redis_link_message(sealer->link));
    return false;
}

struct sealer *sealer_redis_new(const struct redis_access *access, const char *master_key_path, char message[160])
{
    static const struct sealer_functions functions = {.keys = redis_keys, .erase = redis_erase, .free = redis_free};
    struct redis_sealer *sealer = calloc(1, sizeof *sealer);
    if (!sealer || sodium_init() < 0)
        abort();
    sealer->base.functions = &functions;
    sealer->link = redis_link_new(access, NULL, NULL, message);
    struct sealer *made = &sealer->base;
    if (!sealer->link || !derive_keys(sealer, master_key_path, message) || !check_store(sealer, message))
        sealer_free(&made);
    return made;
}
