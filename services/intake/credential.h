/* credential: who may do what. With a keys file every request names a key; who acted and in which role come from it.
 * Without one, whoever reaches this machine's loopback has all rights and says who he is.
 *
 *     keys:
 *       - name: dms                   # the actor that stands in the log
 *         hash: 64 hex digits         # BLAKE2b-256 of the key: printf %s KEY | b2sum -l 256
 *         roles: [integration]        # the first one, unless the request names another of them in X-Role
 *         sites: [sample]             # none: all
 *         types: [car.delivered]      # facts that may be posted, and all that replay shows; none: all
 *         acts: [task.claim, case.*]  # acts that may be done; none: all
 *         personal: yes               # may see names and contact points in full
 *         rate: 100/s                 # events and requests, of each intake; also /m and /h; none: any number
 *         burst: 500                  # so many at once; what comes in a second
 *
 * A key that lists only types may do no acts, one that lists only acts may post no facts.
 *
 * credential.c what a key may; keys.c the keys, found by hash; allowance.c how often */
#ifndef CARELINE_CREDENTIAL_H
#define CARELINE_CREDENTIAL_H

#include "moment.h"
#include "record.h"
#include "yaml.h"

struct credential {
    const char *actor;
    const char *role;
    struct texts roles, sites, types, acts;     /* empty lists: all */
    bool personal;
    size_t key;                     /* its number among the keys */
};

struct keys;

/* Reads a keys file. NULL with mistakes. */
struct keys *keys_parse(struct slice yaml, const char *file, struct mistakes *mistakes);
void keys_free(struct keys **keys);
size_t keys_count(const struct keys *keys);

/* What was left of each key's allowance goes on being left, in keys that were read anew. `before` may be NULL. */
void keys_inherit(struct keys *keys, const struct keys *before);

/* The credential of a key, into the arena; false: there is no such key. `keys` NULL: everything is allowed to the actor
 * and role that the request names (either may be NULL). A role that the key does not have is passed over. */
bool credential_of(const struct keys *keys, const char *key, const char *actor, const char *role, struct arena *arena,
                   struct credential *ret);

/* May the key ask again now? 0: yes, and it counts; else the milliseconds to wait. Always without keys. `credential` is
 * of these same keys. */
int64_t keys_take(struct keys *keys, const struct credential *credential, mono_ms now);
/* What it asked brought so many events more than one. */
void keys_charge(struct keys *keys, const struct credential *credential, size_t events);

bool credential_may_see(const struct credential *credential, const char *site);
/* May it do all that can be done: is it bound by neither sites nor types nor acts? */
bool credential_is_unbound(const struct credential *credential);
/* May it post this type, a fact or an act, for the site? */
bool credential_may_post(const struct credential *credential, const char *site, const char *type);

#endif
