/* simulate: so many seeds of each business, with faults; what was simulated and which faults happened, in numbers;
 * closes with `N passed, N failed`. A failing seed is cut down to the few steps that it needs, told step by step, with
 * the line that runs just that again. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "log.h"
#include "shrink.h"

static const struct business *const businesses[] = {&toy_business, &shop_business};

enum { BUSINESSES = sizeof businesses / sizeof *businesses, SAME_ONE_IN = 8, SHRUNK_MAX = 3 };

struct wanted {
    uint64_t seeds, first;
    int steps, facts;
    const char *program, *only, *keep, *without;
    bool log, trace, quick, stop;
};

struct totals { uint64_t events, acts_done, acts_refused, set_aside, faults[FAULT_COUNT]; double seconds; };

static const char usage[] =
    "simulate [--seeds N] [--first SEED] [--only toy|shop] [--steps N]   so many seeds of each business\n"
    "         [--without KIND,…]   no such faults; all: none at all\n"
    "         [--facts N]   at most so many facts and acts in one step\n"
    "         [--keep STEP,FROM-TO,…]   only these steps of each run; none: no step\n"
    "         [--trace] [--log]   tells what happens, and what the stages log\n"
    "         [--stop]   ends with the first seed that fails\n"
    "         [--quick]   does not cut down what fails\n";

/* ---------------------------------------------------------------- arguments */

static bool value_of(const char *name, char **argv, int *at, const char **ret)
{
    if (strcmp(argv[*at], name) != 0 || !argv[*at + 1])
        return false;
    *ret = argv[++*at];
    return true;
}

static bool flag(struct wanted *wanted, const char *given)
{
    const struct { const char *name; bool *to; } flags[] = {
        {"--log", &wanted->log}, {"--trace", &wanted->trace}, {"--quick", &wanted->quick}, {"--stop", &wanted->stop}};

    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        if (strcmp(given, flags[i].name) == 0)
            return *flags[i].to = true;
    return false;
}

static bool parse(int argc, char **argv, struct wanted *ret)
{
    const char *value;

    for (int i = 1; i < argc; i++) {
        if (value_of("--seeds", argv, &i, &value))
            ret->seeds = strtoull(value, NULL, 10);
        else if (value_of("--first", argv, &i, &value))
            ret->first = strtoull(value, NULL, 10);
        else if (value_of("--steps", argv, &i, &value))
            ret->steps = atoi(value);
        else if (value_of("--facts", argv, &i, &value))
            ret->facts = atoi(value);
        else if (!value_of("--only", argv, &i, &ret->only) && !value_of("--keep", argv, &i, &ret->keep) &&
                 !value_of("--without", argv, &i, &ret->without) && !flag(ret, argv[i]))
            return false;
    }
    return true;
}

/* "lost,late" to bits. */
static bool kinds_read(const char *text, uint32_t *ret)
{
    *ret = 0;
    while (text && *text) {
        size_t bytes = strcspn(text, ","), kind = 0;
        if (bytes == 3 && strncmp(text, "all", 3) == 0)
            *ret = UINT32_MAX;
        else {
            while (kind < FAULT_COUNT && (strlen(fault_types[kind].name) != bytes ||
                                          strncmp(text, fault_types[kind].name, bytes) != 0))
                kind++;
            if (kind == FAULT_COUNT)
                return false;
            *ret |= 1u << kind;
        }
        text += bytes + (text[bytes] == ',');
    }
    return true;
}

/* ---------------------------------------------------------------- what fails */

static void tell_again(const char *program, const struct run *run)
{
    char *steps = steps_write(run);
    const char *between = " --without ";

    printf("again: %s --only %s --first %" PRIu64 " --seeds 1 --steps %d --keep %s", program, run->business->name,
           run->seed, run->steps, steps);
    if (run->facts_max > 0)
        printf(" --facts %d", run->facts_max);
    for (int kind = 0; kind < FAULT_COUNT && run->without != UINT32_MAX; kind++)
        if (run->without >> kind & 1) {
            printf("%s%s", between, fault_types[kind].name);
            between = ",";
        }
    printf("%s --trace\n", run->without == UINT32_MAX ? " --without all" : "");
    free(steps);
}

static void tell_shrunk(const char *program, struct run run, struct verdict verdict)
{
    enum invariant broken = verdict.broken;

    shrink(&run, &verdict);
    printf("---- %s seed %" PRIu64 ", cut down:\n", run.business->name, run.seed);
    run.trace = true;
    simulation_run(&run, &verdict);
    if (verdict.broken != broken)
        printf("it does not repeat\n");
    tell_again(program, &run);
    printf("----\n");
    free((void *)run.dropped);
}

static void tell_failed(const struct run *run, const struct verdict *verdict)
{
    printf("FAILED %s seed %" PRIu64 " at step %d of %d: %s: %s\n", run->business->name, run->seed, verdict->step,
           run->steps,
           invariant_types[verdict->broken].name, verdict->told);
    fflush(stdout);
}

/* ---------------------------------------------------------------- numbers */

static void add(struct totals *totals, const struct verdict *verdict)
{
    totals->events += verdict->events;
    totals->acts_done += verdict->acts_done;
    totals->acts_refused += verdict->acts_refused;
    totals->set_aside += verdict->set_aside;
    for (int kind = 0; kind < FAULT_COUNT; kind++)
        totals->faults[kind] += verdict->faults[kind];
}

static void tell_faults(const struct totals *totals)
{
    uint64_t sum = 0;

    for (int kind = 0; kind < FAULT_COUNT; kind++)
        sum += totals->faults[kind];
    printf("faults: %" PRIu64 " in all\n", sum);
    for (int kind = 0; kind < FAULT_COUNT; kind++)
        printf("  %-16s %10" PRIu64 "  %s\n", fault_types[kind].name, totals->faults[kind], fault_types[kind].about);
}

static void tell_totals(const struct totals *each)
{
    struct totals all = {0};

    for (int i = 0; i < BUSINESSES; i++) {
        all.events += each[i].events;
        all.seconds += each[i].seconds;
        for (int kind = 0; kind < FAULT_COUNT; kind++)
            all.faults[kind] += each[i].faults[kind];
    }
    tell_faults(&all);
    for (int i = 0; i < BUSINESSES; i++)
        if (each[i].events > 0)
            printf("%s: %" PRIu64 " events in %.1f s of one core, %.0f a second; acts done %" PRIu64 ", refused %"
                   PRIu64 "; set aside %" PRIu64 "\n", businesses[i]->name, each[i].events, each[i].seconds,
                   (double)each[i].events / each[i].seconds, each[i].acts_done, each[i].acts_refused,
                   each[i].set_aside);
    printf("events: %" PRIu64 " simulated in %.1f s of one core, %.0f a second\n", all.events, all.seconds,
           (double)all.events / all.seconds);
}

/* ---------------------------------------------------------------- runs */

static double cpu_s(void)
{
    return (double)clock() / CLOCKS_PER_SEC;
}

/* False: it failed. */
static bool run_one(const struct wanted *wanted, const struct business *business, uint64_t seed, uint32_t without,
                    struct totals *totals, int failed)
{
    struct run run = {.business = business, .seed = seed, .without = without, .trace = wanted->trace,
                      .steps = wanted->steps ? wanted->steps : business->steps, .same = seed % SAME_ONE_IN == 0,
                      .facts_max = wanted->facts};
    struct verdict verdict;
    double begun = cpu_s();

    if (wanted->keep && !steps_read(&run, wanted->keep))
        return false;
    simulation_run(&run, &verdict);
    totals->seconds += cpu_s() - begun;
    add(totals, &verdict);
    if (verdict.broken != HOLDS_ALL) {
        tell_failed(&run, &verdict);
        if (!wanted->quick && !wanted->keep && failed < SHRUNK_MAX)
            tell_shrunk(wanted->program, run, verdict);
    }
    free((void *)run.dropped);
    return verdict.broken == HOLDS_ALL;
}

int main(int argc, char **argv)
{
    struct wanted wanted = {.program = argv[0], .seeds = 20, .first = 1};
    struct totals totals[BUSINESSES] = {0};
    int failed = 0, count = 0;
    uint32_t without;

    if (!parse(argc, argv, &wanted) || !kinds_read(wanted.without, &without)) {
        fputs(usage, stderr);
        return 64;
    }
    log_start("simulate", wanted.log ? LEVEL_INFO : LEVEL_NONE);
    for (uint64_t seed = wanted.first; seed < wanted.first + wanted.seeds && !(wanted.stop && failed); seed++)
        for (size_t i = 0; i < BUSINESSES && !(wanted.stop && failed); i++) {
            if (wanted.only && strcmp(wanted.only, businesses[i]->name) != 0)
                continue;
            failed += !run_one(&wanted, businesses[i], seed, without, &totals[i], failed);
            count++;
        }
    tell_totals(totals);
    printf("%d passed, %d failed\n", count - failed, failed);
    return failed > 0;
}
