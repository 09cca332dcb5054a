/* intake: takes facts and acts in, by HTTP and ZeroMQ, and answers when they are on disk. Stateless: any number of it
 * may run behind any balancer.
 *
 *   accept.c      from a client's words to a fact          whom.c      whom it is about
 *   digest.c      is it the same again                     batch.c     appended once per turn of the loop
 *   credential.c  who may do what                          keys.c      the keys, found by hash
 *   admission.c   who is let in                            allowance.c how often
 *   pressure.c    when the store must not be given more
 *   posts.c       POST /v1/events                          acts.c      POST /v1/acts, and waiting for what came of one
 *   answers.c     what a customer fills in over a link
 *   lists.c       the views, over HTTP                     router.c    ZeroMQ
 *   wire.c        what all of ZeroMQ goes through
 *   readings.c    the thread that reads                    views*.c    what it reads
 *   requests.c    what all requests go through             openapi.c   the document of it all
 *   replay*.c     the log for other teams' consumers       consumers.c how far these have come
 *   trimming.c    what the log lets go of */
#ifndef CARELINE_INTAKE_H
#define CARELINE_INTAKE_H

#include "batch.h"
#include "credential.h"
#include "daemon.h"
#include "pressure.h"
#include "readings.h"
#include "replay.h"

enum {
    EVENTS_PER_REQUEST_MAX = BATCH_EVENTS_MAX,
    BODY_BYTES_MAX = 1024 * 1024,
    ACT_WAIT_MS = 5000,
    RETRY_AFTER_S = 1,
    PRESSED_RETRY_AFTER_S = 5
};

/* needs of a route */
enum { NEEDS_NOTHING, NEEDS_KEY };

struct acts;
struct router;

struct intake {
    struct daemon *daemon;
    struct batch *batch;
    struct scratch scratch;         /* of accepting */
    struct readings *readings;
    struct keys *keys;              /* NULL: no keys file */
    bool without_keys;              /* serves other machines all the same, as the operator said */
    struct pressure *pressure;
    struct acts *acts;
    struct router *router;
    struct replay *replay;
    struct listing *resting;        /* those who wait for a time */
    int epoll_fd;
    bool time_is_fresh;             /* read in this turn */
};

/* As things stand now; stepped time is read anew once a turn. */
struct acceptor intake_acceptor(struct intake *intake);

/* Reads the keys file into *ret, whose allowances go on; no file: NULL, no keys. false with a message, *ret left alone:
 * it is wrong. */
bool intake_keys_read(const char *path, struct keys **ret, char message[160]);

/* Whichever way it comes: counts a request against its key's rate; false with when to come again. */
bool admit(struct intake *intake, const struct credential *credential, struct refusal *ret);
/* Counts and words the refusal of a key that there is not. */
void admission_unknown(struct intake *intake, struct refusal *ret);
void admission_start(struct intake *intake);

/* Who asks. false: answered already, with 401, 403 or 429. */
bool intake_credential(struct intake *intake, struct http_exchange *exchange, struct credential *ret);

/* The request's JSON, owned by the caller; NULL: answered already. */
json_t *intake_json(struct http_exchange *exchange);

/* While the store must not be given more: answered with 503. */
bool intake_is_pressed(struct intake *intake, struct http_exchange *exchange);

/* How a refusal looks; `error` as a sentence. */
void intake_refuse(struct http_exchange *exchange, const struct refusal *refusal);

/* routes */
extern const struct http_route intake_routes[];
const struct http_route *list_routes(void);
void post_events(struct http_exchange *exchange, void *daemon);
void post_act(struct http_exchange *exchange, void *daemon);
void get_act(struct http_exchange *exchange, void *daemon);
void post_answer(struct http_exchange *exchange, void *daemon);
void get_openapi(struct http_exchange *exchange, void *daemon);
void get_api_health(struct http_exchange *exchange, void *daemon);

/* Those who wait for a time. */
void lists_hint(struct intake *intake, const struct hint *hint);
int64_t lists_step(struct intake *intake, mono_ms now);
void lists_free(struct intake *intake);

/* Those who wait for what came of their act. */
/* Takes an act in; the exchange is answered with what comes of it. `json` is read only here. */
void act_take(struct intake *intake, struct http_exchange *exchange, const struct credential *credential,
              const json_t *json);
struct acts *acts_new(struct intake *intake);
void acts_free(struct acts **acts);
void acts_frame(struct acts *acts, const struct frame *frame);
int64_t acts_step(struct acts *acts, mono_ms now);

/* ZeroMQ ROUTER bound to `address`; NULL with a message. */
struct router *router_new(struct intake *intake, const char *address, char message[160]);
void router_free(struct router **router);
int router_fd(const struct router *router);
const char *router_endpoint(const struct router *router);
/* Takes what has come into the batch. */
void router_receive(struct router *router);
bool router_is_waiting(const struct router *router);
/* Each turn, before what has come is taken: see curve_door_watch. */
void router_watch(struct router *router);

#endif
