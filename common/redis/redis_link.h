/* redis_link: commands to Redis, wherever each belongs. The one way that this program talks to a Redis.
 *
 * A call writes its commands one after another and runs them: grouped by node, each node's as one pipeline, all nodes
 * at the same time; the replies come back in the order of the commands. What a Cluster refuses because a slot moves is
 * asked again at the right node after a short while, a few times; ASKING is never used. Commands that write are
 * followed by a WAIT on the same connection if `replicas` say so.
 *
 * After any failure of a connection it is closed, and the next call opens it again: asks the Sentinels anew, or the
 * Cluster for its slots. What took long to fail is not tried again for as long as it took (HOLD_OFF_MS_MAX at most),
 * but fails at once, so that a dead machine does not hold up a loop of many calls. Callers space their tries. */
#ifndef CARELINE_REDIS_LINK_H
#define CARELINE_REDIS_LINK_H

#include <hiredis/hiredis.h>

#include "buffer.h"
#include "redis_access.h"

struct redis_link;
struct redis_node;

enum {
    PIPELINE_MAX = 1024,            /* commands in one run */
    WAIT_MS = 1000,                 /* for replicas to have a write */
    HOLD_OFF_MS_MAX = 1000
};

enum redis_outcome {
    REDIS_DONE,
    REDIS_GONE,                     /* no answer, or of nobody who may: outcome unknown; later */
    REDIS_FULL,                     /* memory or disk is out: refused whole */
    REDIS_REFUSED                   /* any other error: a bug of the caller */
};

/* Makes a node ready that was just connected, or that lacks functions; false with a message. May be NULL. */
typedef bool redis_prepare(void *context, struct redis_node *node, char message[REDIS_MESSAGE_BYTES]);

/* Copies the texts of `access`. NULL with a message: not an address, or one that this build cannot reach. Connects to
 * nobody yet. SIGPIPE is ignored once connected, unless the program handles it. For one thread. */
struct redis_link *redis_link_new(const struct redis_access *access, redis_prepare *prepare, void *context,
                                  char message[REDIS_MESSAGE_BYTES]);
void redis_link_free(struct redis_link **link);

/* Connects to every node now. */
enum redis_outcome redis_link_connect(struct redis_link *link);

/* Commands to be run. command_begin tells how many words follow, the command's name too; the first word that is told as
 * a key decides the node. A command without a key goes where the first with a key goes. */
void command_begin(struct redis_link *link, size_t words);
/* The command that was begun writes. */
void command_writes(struct redis_link *link);
/* … or goes to this node, from 0 to redis_link_nodes. */
void command_to_node(struct redis_link *link, unsigned node);
void command_text(struct redis_link *link, const char *text);
void command_bytes(struct redis_link *link, struct slice bytes);
/* One word of two pieces. */
void command_joined(struct redis_link *link, struct slice first, struct slice second);
void command_printf(struct redis_link *link, const char *format, ...) __attribute__((format(printf, 2, 3)));
void command_key(struct redis_link *link, const char *format, ...) __attribute__((format(printf, 2, 3)));
void command_key_joined(struct redis_link *link, const char *first, const char *second);

/* Runs the commands and forgets them. REDIS_DONE: as many replies as commands, none of them an error; they stay until
 * the next run. REDIS_GONE: those that are not NULL were answered all the same, by other nodes than the one that is
 * gone; they may be errors. */
enum redis_outcome redis_link_run(struct redis_link *link);
/* The same in two steps, so that the caller works while Redis does: begin only sends, finish takes the answers. One run
 * at a time can be begun. Others may be run in between, each behind the answers to the one begun, which are kept. */
void redis_link_begin(struct redis_link *link);
enum redis_outcome redis_link_finish(struct redis_link *link);
/* Of the run that was made or finished last. */
redisReply *const *redis_link_replies(const struct redis_link *link);
/* What one of them says of its command alone; NULL is REDIS_GONE. */
enum redis_outcome redis_reply_outcome(const redisReply *reply);

/* Of the last failure. */
const char *redis_link_message(const struct redis_link *link);
/* Masters known; 0 before anything was found. */
unsigned redis_link_nodes(const struct redis_link *link);

/* What replies hold; each is 0 or empty if the reply has another type. */
int64_t reply_number(const redisReply *reply);      /* an integer, or decimal text */
struct slice reply_bytes(const redisReply *reply);

#endif
