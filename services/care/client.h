/* client: talks to a running system over its HTTP interface; nothing else of it is known here. */
#ifndef CARELINE_CLIENT_H
#define CARELINE_CLIENT_H

#include <jansson.h>
#include <stdbool.h>

#include "arena.h"

struct client;

struct client_answer {
    int status;                 /* HTTP; 0: no answer, `message` says why */
    json_t *body;               /* owned by the caller; NULL if it was no JSON */
    char message[300];
};

/* Where the system is: its HTTP address from DIR/endpoints (`dir`), or from `url`. NULL with a message. `key` may be
 * NULL; `actor` is who acts when no key says so; `ca` is the file of those who may vouch for an https address, NULL: whom
 * this machine trusts. */
struct client *client_new(const char *dir, const char *url, const char *key, const char *actor, const char *ca,
                          char message[200]);
void client_free(struct client **client);

struct client_answer client_get(struct client *client, const char *path);
struct client_answer client_delete(struct client *client, const char *path);
struct client_answer client_post(struct client *client, const char *path, const json_t *body);

/* Who acts from now on, where no key says so, and in which role; NULL: nobody, none. */
void client_act_as(struct client *client, const char *actor, const char *role);

/* A value of DIR/endpoints, such as "redis" or "site"; "" if there is none. */
const char *client_endpoint(const struct client *client, const char *name);

/* Text for a URL: everything but letters, digits, . _ ~ - and / becomes %XX. */
const char *url_text(struct arena *arena, const char *text);

/* The value of `name` in a file of name=value lines; into the arena; NULL if there is no file or no such line. */
const char *endpoints_value(const char *dir, const char *name, struct arena *arena);

#endif
