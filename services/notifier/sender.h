/* sender: takes orders to send, renders them, hands them to gateways, tells how each ended. Never blocks but in store
 * calls; one thread; everything it waits for is behind one descriptor.
 *
 * An attempt is started only while its lease outlasts the time it may take, so that nobody else can hold the same
 * attempt for lost while it is still going on. */
#ifndef CARELINE_NOTIFIER_SENDER_H
#define CARELINE_NOTIFIER_SENDER_H

#include "gateway.h"
#include "metrics.h"
#include "stage.h"

enum {
    SENDER_WAITING_MAX = 4096,      /* orders in hand; one more is answered with `temporary` */
    SENDER_START_MAX = 64,          /* begun in one step */
    SENDER_IDLE_MS = 1000
};

struct sender;

struct sender_options {
    struct store *store;
    struct sealer *sealer;
    struct clock *clock;
    const struct gateway_list *gateways;        /* must outlive the sender */
    struct metrics *metrics;                    /* NULL: none are kept */
    /* Where results go; false: ask again later. */
    bool (*finished)(void *context, const struct send_order *order, enum send_result result, const char *detail);
    /* Until when the partition's lease surely holds, if that is known better than when the order came; may be NULL. */
    mono_ms (*lease_ends)(void *context, uint32_t partition);
    void *context;
};

/* NULL with a message. The caller owns it. */
struct sender *sender_new(const struct sender_options *options, char message[160]);
/* Attempts in flight end unanswered. */
void sender_free(struct sender **sender);

/* Takes an order; it is copied. `sender` is a struct sender, as in struct daemon_part. */
void sender_send(void *sender, uint32_t partition, const struct send_order *order, mono_ms lease_ends);

/* Has it this attempt in hand, or its result not yet handed on? */
bool sender_is_sending(void *sender, const char *notice, int attempt);

/* Readable when sender_step is wanted. */
int sender_fd(void *sender);

/* Does what can be done now; the milliseconds until it wants to be called again if nothing comes. */
int64_t sender_step(void *sender);

/* Begins nothing any more: what waits, and what still comes, is answered with `temporary` at once. True when nothing is
 * in flight; drives what is. */
bool sender_drain(void *sender);

/* Orders in hand, those in flight and unanswered results included. */
size_t sender_load(const struct sender *sender);

/* Its metrics. */
void sender_report(void *sender);

/* Other gateways from now on; those in flight end by the old ones, which must stay until sender_load is 0. */
void sender_gateways(struct sender *sender, const struct gateway_list *gateways);

#endif
