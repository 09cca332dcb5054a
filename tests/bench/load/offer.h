/* offer: work offered to a system at a rate of its own, whether or not the system keeps up (open loop), and how long each
 * piece took from the moment that it was meant to be sent. So a system that stalls is charged for all that would have
 * been sent meanwhile (no coordinated omission). */
#ifndef CARELINE_BENCH_OFFER_H
#define CARELINE_BENCH_OFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Monotonic. */
int64_t now_ns(void);

struct offer {
    size_t count;                   /* pieces of work in all */
    double rate_per_s;              /* 0: as fast as the window allows */
    size_t window;                  /* pieces on their way at most */
    /* the offer's own */
    int64_t begun_ns, ended_ns;
    size_t sent, answered, failed;
    int64_t *meant_ns;              /* per piece: when it was meant to be sent */
    int64_t *took_us;               /* per piece, in the order of the answers */
    int alarm;
};

/* The three numbers are the caller's; aborts if memory is out. */
void offer_begin(struct offer *offer);
void offer_free(struct offer *offer);

/* May the next piece go out now? */
bool offer_is_due(const struct offer *offer);
/* It went: its number. */
size_t offer_sent(struct offer *offer);
/* Piece `number` was answered. */
void offer_answered(struct offer *offer, size_t number, bool good);
bool offer_is_over(const struct offer *offer);
/* A descriptor to poll beside the answers, so that a generator sleeps between pieces and takes no core from what it measures:
 * readable from the moment that the next piece is due by the clock; without a rate never. The offer's own. */
int offer_alarm(struct offer *offer);

/* Sorts `count` numbers and prints, as members of a JSON object, p50_NAME, p99_NAME, max_NAME and curve_NAME: the values at
 * 1 %, 5 %, 10 %, 25 %, 50 %, 75 %, 90 %, 95 %, 99 %, 99.9 % and 100 %. */
void spread_print(const char *name, int64_t *values, size_t count);

/* One line of JSON: count, failed, seconds, per_s (times `each`, the events in a piece), and the spread of took_us. */
void offer_print(struct offer *offer, size_t each);

#endif
