/* consumer: what the library is made of; for its own files only. */
#ifndef CARELINE_CONSUMER_PARTS_H
#define CARELINE_CONSUMER_PARTS_H

#include <zmq.h>

#include "buffer.h"
#include "cursor.h"
#include "flow.h"

enum {
    PARTITIONS_MAX = 1024,
    PUBLISHERS_MAX = 512,
    ENDPOINT_BYTES_MAX = 160,
    CURVE_KEY_DIGITS = 40,          /* of Z85 */
    ANSWER_MS = 2000,               /* a request without an answer is made again */
    RETRY_MS = 50,                  /* after "busy", or with nobody to send to */
    TAIL_MS = 1000,                 /* the last frame may be the one that was lost */
    ACKNOWLEDGE_MS = 200,
    LAG_TOLD_MS = 10000,
    CLOSE_MS = 500
};

enum request { REQUEST_HELLO, REQUEST_FETCH, REQUEST_LAG, REQUEST_ACKNOWLEDGE, REQUEST_COUNT };

struct pending { uint64_t number; int64_t until_ms, not_before_ms; struct flow *flow; };    /* number 0: none */

struct list { char **at; size_t count; };

struct consumer_page {              /* events that the log gave, not all handed out yet */
    zmq_msg_t message;
    struct flow *flow;              /* NULL: no page */
    struct cursor events;
    size_t left;
    struct mark to;
    uint64_t head;
};

struct careline_consumer {
    void *context, *dealer, *sub;
    char *key, *name;
    char secret[CURVE_KEY_DIGITS + 1], public[CURVE_KEY_DIGITS + 1];    /* "": without CURVE */
    bool durable;
    enum careline_from from;
    uint64_t seq;
    int64_t time_ms;
    struct list sites, types;       /* wished; after hello: what is given */
    uint32_t *partitions;
    size_t partition_count;
    struct flow *flows;
    size_t flow_count, flow_next;
    struct flow *flow_of[PARTITIONS_MAX];
    struct list publishers;         /* "endpoint key", or "endpoint " of one without a key */
    struct pending pending[REQUEST_COUNT];
    uint64_t number;
    struct consumer_page page;
    zmq_msg_t frame;                /* the event handed out last */
    bool ready;                     /* hello was answered */
    bool refused, busy;             /* so was the answer heard last */
    uint64_t lag, lag_told;
    int64_t tail_due_ms, acknowledge_due_ms, lag_due_ms;
    char message[160];
};

int64_t consumer_now_ms(void);

/* lists.c: copies of texts */
void list_add(struct list *list, const char *text, size_t bytes);
bool list_has(const struct list *list, const void *text, size_t bytes);
void list_clear(struct list *list);

/* lock.c: CURVE, if there is a secret */
bool consumer_secret_read(struct careline_consumer *consumer, const char *path, char message[160]);
/* Connects to each of several with commas, each with its key or all with the one; "": none. false with a message. */
bool consumer_endpoints_connect(struct careline_consumer *consumer, const char *endpoints, const char *keys,
                                char message[160]);
/* Publishers, as in the list: one that has a key when we have none, or none when we have one, is passed over. */
void consumer_publisher_meet(struct careline_consumer *consumer, const char *publisher);
void consumer_publisher_leave(struct careline_consumer *consumer, const char *publisher);

/* ask.c: each sends a request, unless one of its kind is out already or it is too early */
void consumer_ask_hello(struct careline_consumer *consumer, int64_t now_ms);
void consumer_ask_fetch(struct careline_consumer *consumer, struct flow *flow, int64_t now_ms);
void consumer_ask_lag(struct careline_consumer *consumer, int64_t now_ms);
void consumer_ask_acknowledge(struct careline_consumer *consumer, int64_t now_ms);

/* hear.c: one answer, if there is one. 1: *ret is to be handed out; 0: nothing to tell; -1: there was none. */
int consumer_hear(struct careline_consumer *consumer, int64_t now_ms, struct careline_item *ret);

#endif
