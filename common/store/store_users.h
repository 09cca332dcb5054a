/* store_users: the users of both Redis, one for each program, and what each may do there: the commands and keys that its
 * work needs. Redis (7.0 or newer) holds a user to them inside functions too, command by command. */
#ifndef CARELINE_STORE_USERS_H
#define CARELINE_STORE_USERS_H

#include "buffer.h"

enum store_server {
    SERVER_STORE,                   /* the one that holds the truth */
    SERVER_KEYS,                    /* the one that holds the customers' keys */
    SERVER_COUNT
};

extern const char *const store_server_names[SERVER_COUNT];      /* "store", "keys" */

enum { USERS_MAX = 10 };

/* Their names, for ever; tells how many. Daemons are called as their programs are. */
size_t store_users(enum store_server server, const char *ret_names[USERS_MAX]);

/* The rules of one of them, as they follow "user NAME" in an ACL file; no password among them. */
void store_user_rules(enum store_server server, const char *name, struct buffer *to);

#endif
