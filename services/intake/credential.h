/* credential: who may do what. With a keys file every request names a key; who acted and in which role come from it.
 * Without one, whoever reaches this machine's loopback has all rights and says who he is.
 *
 *     keys:
 *       - name: dms                   # the actor that stands in the log
 *         hash: 64 hex digits         # BLAKE2b-256 of the key: printf %s KEY | b2sum -l 256
 *         roles: [integration]        # the first one, unless the request names another of them in X-Role
 *         sites: [sample]             # none: all
 *         types: [car.delivered]      # types that may be posted, and that replay shows; none: all
 *         personal: yes               # may see names and contact points in full */
#ifndef CARELINE_CREDENTIAL_H
#define CARELINE_CREDENTIAL_H

#include "record.h"
#include "yaml.h"

struct credential {
    const char *actor;
    const char *role;
    struct texts roles, sites, types;       /* empty lists: all */
    bool personal;
};

struct keys;

/* Reads a keys file. NULL with mistakes. */
struct keys *keys_parse(struct slice yaml, const char *file, struct mistakes *mistakes);
void keys_free(struct keys **keys);
size_t keys_count(const struct keys *keys);

/* The credential of a key, into the arena; false: there is no such key. `keys` NULL: everything is allowed to the actor
 * and role that the request names (either may be NULL). */
bool credential_of(const struct keys *keys, const char *key, const char *actor, const char *role, struct arena *arena,
                   struct credential *ret);

bool credential_may_see(const struct credential *credential, const char *site);
bool credential_may_post(const struct credential *credential, const char *site, const char *type);

#endif
