/* seal: personal data, readable only with its customer's key.
 *
 * Each customer has a random 256-bit key in a key store of its own, wrapped by the installation's master key. Erasing
 * the customer deletes the key, and every sealed field ever stored is noise. XChaCha20-Poly1305 (libsodium), the
 * customer's id as associated data. A sealer is used by one thread of one process. An erasure is complete once no process
 * has the key cached any more: KEY_CACHE_MS after it. */
#ifndef CARELINE_SEAL_H
#define CARELINE_SEAL_H

#include <stdbool.h>

#include "buffer.h"
#include "redis_access.h"

enum { KEY_CACHE_MS = 5000, KEY_CACHE_COUNT = 65536 };

/* What sealing adds to the bytes of `plain`. */
enum { SEAL_ADDS_BYTES = 41 };

struct sealer;

/* Keys in this process's memory (tests, simulation). */
struct sealer *sealer_memory_new(void);
/* Keys in Redis, wrapped by the 32 bytes in `master_key_path` (made, mode 0600, if it is not there).
 * NULL with a message for the operator. */
struct sealer *sealer_redis_new(const struct redis_access *access, const char *master_key_path, char message[160]);
void sealer_free(struct sealer **sealer);

/* Brings the keys of many customers near, for what is about to be sealed or opened: two exchanges with the key store for
 * each 512 of them, instead of one or more for each. Keys are made for those without if `make`. Who is named twice, or was
 * fetched a moment ago, costs nothing; of more than a quarter of KEY_CACHE_COUNT some are forgotten before they are used. If
 * the key store does not answer, seal_make and seal_open will say so. */
void seal_fetch(struct sealer *sealer, const char *const *customers, size_t count, bool make);

/* Seals `plain` for the customer, whose key is made if there is none. false: the key store does not answer. */
bool seal_make(struct sealer *sealer, const char *customer, struct slice plain, struct buffer *to);

/* Opens into the arena. 1: opened; 0: erased, or not sealed for this customer; -1: the key store does not answer. */
int seal_open(struct sealer *sealer, const char *customer, struct slice sealed, struct arena *arena, struct slice *ret);

bool seal_erase(struct sealer *sealer, const char *customer);

/* A customer's id from a contact point: "c" and 20 hex digits of a keyed hash (BLAKE2b), the same everywhere in the
 * installation and telling nothing without the key. `contact` as contact_normal() gives it. */
void seal_customer_id(struct sealer *sealer, const char *site, const char *contact, char ret[24]);

/* What makes a link to a task unguessable: 20 hex digits of a keyed hash, the same everywhere in the installation. */
void seal_link_code(struct sealer *sealer, const char *site, const char *task, char ret[24]);

/* A phone number without spaces, dashes, full-width digits, +86; other contacts lower-cased. Into the arena. */
const char *contact_normal(struct arena *arena, const char *contact);

#endif
