/* bench_fact: facts as a dealer's system sends them, alike in size and different in name: a car delivered to, or a
 * complaint by, customers who come back, with name and mobile number, which intake seals. */
#ifndef CARELINE_BENCH_FACT_H
#define CARELINE_BENCH_FACT_H

#include <stdbool.h>

#include "buffer.h"
#include "moment.h"
#include "arguments.h"

struct bench_run {
    const char *name;               /* keeps runs apart: order NAME-NUMBER */
    size_t first;                   /* number of the first fact, when others are already in */
    unsigned sites;                 /* spread over so many, bench-00 … */
    unsigned customers;             /* so many, in turn */
    wall_ms occurred_at;            /* 0: not told */
    wall_ms spread_ms;              /* the facts' occurred_at lies evenly within so long after it */
    size_t count;
    bool is_complaint;              /* complaint.received instead of car.delivered */
};

/* Of the arguments run, sites (64), customers (10000), occurred_at (0), spread_ms (0), type (car.delivered), first (0). */
struct bench_run bench_run_of(struct arguments arguments, size_t count);

/* Adds fact `number` of the run to `to`: as JSON, or as a msgpack map. */
void bench_fact_json(struct buffer *to, const struct bench_run *run, uint64_t number);
void bench_fact_pack(struct buffer *to, const struct bench_run *run, uint64_t number);

/* The number of the fact that bears this order's or complaint's name; false: it is none of the run's. */
bool bench_fact_number(struct slice name, const struct bench_run *run, uint64_t *ret);

#endif
