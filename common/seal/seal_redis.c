#include "key_cache.h"
#include "key_file.h"

#include <hiredis/hiredis.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A key lies in the hash key:<last two characters of the customer's id>, field the id: small hashes, which Redis keeps
 * compact. Its value: nonce 24, then the key sealed with the wrapping key, the id as associated data. */
enum {
    NONCE_BYTES = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
    WRAPPED_BYTES = NONCE_BYTES + SEAL_KEY_BYTES + crypto_aead_xchacha20poly1305_ietf_ABYTES,
    ANSWER_TIMEOUT_MS = 1000
};

struct redis_sealer {
    struct sealer base;
    uint8_t wrapping_key[SEAL_KEY_BYTES];
    redisContext *connection;       /* NULL: to be connected at the next call */
    char *address;
    struct key_cache cache;
};

static mono_ms now(void)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (mono_ms){at.tv_sec * SECOND_MS + at.tv_nsec / 1000000};
}

/* -------- connection */

static redisContext *connect_to(const char *address)
{
    struct timeval timeout = {.tv_sec = ANSWER_TIMEOUT_MS / 1000, .tv_usec = ANSWER_TIMEOUT_MS % 1000 * 1000};
    char host[128];
    int port;
    redisContext *connection = NULL;
    if (!strncmp(address, "unix:", 5))
        connection = redisConnectUnixWithTimeout(address + 5, timeout);
    else if (sscanf(address, "tcp://%127[^:]:%d", host, &port) == 2)
        connection = redisConnectWithTimeout(host, port, timeout);
    if (connection && !connection->err && redisSetTimeout(connection, timeout) == REDIS_OK)
        return connection;
    if (connection)
        redisFree(connection);
    return NULL;
}

static void disconnect(struct redis_sealer *sealer)
{
    if (sealer->connection)
        redisFree(sealer->connection);
    sealer->connection = NULL;
}

static redisReply *ask_once(struct redis_sealer *sealer, const char *command, const char *customer,
                            const uint8_t *value)
{
    char key[16];
    size_t length = strlen(customer);
    if (!sealer->connection)
        sealer->connection = connect_to(sealer->address);
    if (!sealer->connection)
        return NULL;
    snprintf(key, sizeof key, "key:%s", customer + (length > 2 ? length - 2 : 0));
    const char *words[] = {command, key, customer, (const char *)value};
    size_t sizes[] = {strlen(command), strlen(key), length, WRAPPED_BYTES};
    redisReply *answer = redisCommandArgv(sealer->connection, value ? 4 : 3, words, sizes);
    if (answer && answer->type != REDIS_REPLY_ERROR)
        return answer;
    if (answer)
        freeReplyObject(answer);
    disconnect(sealer);
    return NULL;
}

/* One command; the caller frees the answer. NULL: no answer, or an error. Tried again once over a new connection, for
 * the old one may have died while it was not used; each of the commands may be done twice. */
static redisReply *ask(struct redis_sealer *sealer, const char *command, const char *customer, const uint8_t *value)
{
    bool was_connected = sealer->connection != NULL;
    redisReply *answer = ask_once(sealer, command, customer, value);
    return answer || !was_connected ? answer : ask_once(sealer, command, customer, value);
}

/* -------- wrapping */

static void wrap(const struct redis_sealer *sealer, const char *customer, const uint8_t *key, uint8_t *ret_wrapped)
{
    randombytes_buf(ret_wrapped, NONCE_BYTES);
    crypto_aead_xchacha20poly1305_ietf_encrypt(ret_wrapped + NONCE_BYTES, NULL, key, SEAL_KEY_BYTES,
                                               (const uint8_t *)customer, strlen(customer), NULL, ret_wrapped,
                                               sealer->wrapping_key);
}

static bool unwrap(const struct redis_sealer *sealer, const char *customer, const uint8_t *wrapped, uint8_t *ret_key)
{
    return !crypto_aead_xchacha20poly1305_ietf_decrypt(ret_key, NULL, NULL, wrapped + NONCE_BYTES,
                                                       WRAPPED_BYTES - NONCE_BYTES, (const uint8_t *)customer,
                                                       strlen(customer), wrapped, sealer->wrapping_key);
}

/* -------- keys */

static int fetch_key(struct redis_sealer *sealer, const char *customer, uint8_t *ret_key)
{
    redisReply *answer = ask(sealer, "HGET", customer, NULL);
    int found = -1;
    if (answer && answer->type == REDIS_REPLY_NIL)
        found = 0;
    else if (answer && answer->type == REDIS_REPLY_STRING && answer->len == WRAPPED_BYTES &&
             unwrap(sealer, customer, (const uint8_t *)answer->str, ret_key))
        found = 1;
    if (answer)
        freeReplyObject(answer);
    return found;
}

/* The first to make a key wins; the others read what it made. */
static bool propose_key(struct redis_sealer *sealer, const char *customer)
{
    uint8_t key[SEAL_KEY_BYTES], wrapped[WRAPPED_BYTES];
    randombytes_buf(key, sizeof key);
    wrap(sealer, customer, key, wrapped);
    sodium_memzero(key, sizeof key);
    redisReply *answer = ask(sealer, "HSETNX", customer, wrapped);
    if (answer)
        freeReplyObject(answer);
    return answer != NULL;
}

static int redis_key(struct sealer *base, const char *customer, bool make, uint8_t ret_key[SEAL_KEY_BYTES])
{
    struct redis_sealer *sealer = (struct redis_sealer *)base;
    if (key_cache_find(&sealer->cache, customer, now(), ret_key))
        return 1;
    int found = fetch_key(sealer, customer, ret_key);
    if (!found && make)
        found = propose_key(sealer, customer) ? fetch_key(sealer, customer, ret_key) : -1;
    if (found == 1)
        key_cache_keep(&sealer->cache, customer, now(), ret_key);
    return found;
}

static bool redis_erase(struct sealer *base, const char *customer)
{
    struct redis_sealer *sealer = (struct redis_sealer *)base;
    key_cache_drop(&sealer->cache, customer);
    redisReply *answer = ask(sealer, "HDEL", customer, NULL);
    if (answer)
        freeReplyObject(answer);
    return answer != NULL;
}

/* -------- life */

static void redis_free(struct sealer *base)
{
    struct redis_sealer *sealer = (struct redis_sealer *)base;
    disconnect(sealer);
    free(sealer->address);
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
    uint8_t key[SEAL_KEY_BYTES];
    if (redis_key(&sealer->base, "check", true, key) == 1)
        return true;
    if (sealer->connection)
        snprintf(message, 160, "key store %.60s was made with another master key: restore that one", sealer->address);
    else
        snprintf(message, 160, "key store %.100s does not answer: is it running?", sealer->address);
    return false;
}

struct sealer *sealer_redis_new(const char *address, const char *master_key_path, char message[160])
{
    static const struct sealer_functions functions = {.key = redis_key, .erase = redis_erase, .free = redis_free};
    struct redis_sealer *sealer = calloc(1, sizeof *sealer);
    if (!sealer || sodium_init() < 0)
        abort();
    sealer->base.functions = &functions;
    sealer->address = strdup(address);
    if (!sealer->address)
        abort();
    struct sealer *made = &sealer->base;
    if (!derive_keys(sealer, master_key_path, message) || !check_store(sealer, message))
        sealer_free(&made);
    return made;
}
