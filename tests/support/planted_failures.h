/* planted_failures: our functions in Redis, changed so that what they ask of Redis fails when a test wants it to. */
#ifndef CARELINE_TESTS_PLANTED_FAILURES_H
#define CARELINE_TESTS_PLANTED_FAILURES_H

#include <hiredis/hiredis.h>
#include <stdbool.h>
#include <stddef.h>

enum { TRACE_MAX = 64, TRACE_COMMAND_BYTES = 32, TRACE_KEY_BYTES = 64 };

/* A call of Redis that a function made. */
struct traced {
    bool writes;
    char command[TRACE_COMMAND_BYTES];
    char key[TRACE_KEY_BYTES];          /* "" if there is none */
};

struct trace {
    struct traced at[TRACE_MAX];        /* the first ones */
    size_t count;
    bool failed;                        /* one of them was made to fail */
};

/* Takes the place of the library that a store has loaded, under the same names. false: Redis would not have it. */
bool failures_prepare(redisContext *redis);

/* From now on the `at`-th call of Redis (1: the first) fails, unless one before it has written. 0: none fails. A trace
 * begins anew. */
void failures_plant(redisContext *redis, unsigned at);

/* What was called since. */
void failures_trace(redisContext *redis, struct trace *ret);

/* Is it the planted failure that this message of a store tells of? */
bool failure_is_planted(const char *message);

#endif
