/* careline-consumer: reads Careline's events from another team's program.
 *
 * Every event of the partitions read, in their order, once, across restarts on either side. What is published comes at
 * once; what was missed is fetched from the log by itself. Depends on libzmq only. A consumer is for one thread.
 *
 *     struct careline_consumer *consumer;
 *     struct careline_options options = {.endpoint = "tcp://127.0.0.1:20001", .name = "reports", .durable = true,
 *                                        .from = CARELINE_BEGINNING};
 *     struct careline_item item;
 *     char message[160];
 *     if (careline_open(&options, &consumer, message) < 0) …
 *     while (careline_next(consumer, 1000, &item) >= 0)
 *         if (item.kind == CARELINE_EVENT) { work(&item); careline_acknowledge(consumer, &item.place); }
 *
 * At least once: acknowledge what you have worked; after a crash what was not acknowledged comes again. Exactly once:
 * keep (partition, seq, id) of the last event together with what you made of it, and hand them in as `at` when you
 * open. */
#ifndef CARELINE_CONSUMER_H
#define CARELINE_CONSUMER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct careline_consumer;

struct careline_place {
    uint32_t partition;
    uint64_t seq;                   /* dense from 1 within the partition */
    uint64_t id;                    /* random: the chain id */
    uint64_t prev;                  /* id of the entry before */
};

enum careline_from { CARELINE_NOW, CARELINE_BEGINNING, CARELINE_SEQ, CARELINE_TIME };

struct careline_options {
    const char *endpoint;           /* replay's address, or several with commas */
    const char *key;                /* API key; NULL without keys */
    /* Where the installation has CURVE keys (`curve_dir`): */
    const char *server_key;         /* replay's public key, 40 characters; one for each endpoint with commas, or for all */
    const char *secret_file;        /* our own: a line "secret" and 40 characters, as `care keys curve` makes it */
    const char *name;               /* NULL: none */
    bool durable;                   /* what is acknowledged is remembered under the name, and the log waits for it */
    enum careline_from from;        /* where partitions begin of which neither `at` nor the name tells */
    uint64_t seq;                   /* CARELINE_SEQ: the first one wanted */
    int64_t time_ms;                /* CARELINE_TIME: the first ones of this time or later; milliseconds since 1970 */
    const char *const *sites;       /* NULL-ended lists; NULL: all */
    const char *const *types;
    const uint32_t *partitions;     /* NULL: all, or those of the sites */
    size_t partition_count;
    const struct careline_place *at;        /* the last events that you have done with, at most one a partition */
    size_t at_count;
    int open_timeout_ms;            /* 0: 5 seconds; below 0: does not wait, careline_next asks until it is answered */
    uint64_t lag_told;              /* CARELINE_LAG is told from so many events on; 0: 10,000 */
};

enum careline_kind {
    CARELINE_EVENT,
    CARELINE_TRIMMED, /* events are gone unread: the first one kept is place.seq + 1 */
    CARELINE_REWOUND, /* the log was cut and went on differently: what you made of events of this partition after
                         place.seq is void; it goes on from there. No place of yours on the log: seq 0 */
    CARELINE_LAG      /* you are `lag` events behind */
};

struct careline_item {
    enum careline_kind kind;
    struct careline_place place;
    const uint8_t *event;           /* packed, see PROTOCOL.md; valid until the next call */
    size_t event_bytes;
    uint64_t lag;
};

/* 0, the caller closes *ret; -1 with a message. */
int careline_open(const struct careline_options *options, struct careline_consumer **ret, char message[160]);

/* The next item: 1; 0: none within timeout_ms; -1: refused, for instance because the key was withdrawn. An installation
 * that does not answer is no error: it is asked again until it does. */
int careline_next(struct careline_consumer *consumer, int timeout_ms, struct careline_item *ret);

/* This event, and all before it in its partition, are done with. Told within the next calls, at the latest by close. */
void careline_acknowledge(struct careline_consumer *consumer, const struct careline_place *place);

/* Events not yet read, as last heard. */
uint64_t careline_lag(const struct careline_consumer *consumer);

/* What the last -1 was about. */
const char *careline_message(const struct careline_consumer *consumer);

/* A text of the event by its name: "type", "site", "id", … Not NUL-terminated; NULL: it has none. */
const char *careline_text(const struct careline_item *item, const char *name, size_t *ret_bytes);

/* Tells what is acknowledged, waits half a second for the answer at most; sets *consumer to NULL. */
void careline_close(struct careline_consumer **consumer);

#ifdef __cplusplus
}
#endif

#endif
