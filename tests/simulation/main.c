/* simulate: so many seeds of each business; says which failed, and closes with `N passed, N failed`.
 *
 *     simulate [--seeds N] [--first SEED] [--steps N] [--only toy|shop] [--log] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "simulation.h"

struct wanted { uint64_t seeds, first; int steps; const char *only; bool log; };

static bool option(const char *name, const char *given, char **argv, int *at, const char **ret)
{
    if (strcmp(name, given) != 0 || !argv[*at + 1])
        return false;
    *ret = argv[++*at];
    return true;
}

static bool parse(int argc, char **argv, struct wanted *ret)
{
    const char *value;

    for (int i = 1; i < argc; i++) {
        if (option("--seeds", argv[i], argv, &i, &value))
            ret->seeds = strtoull(value, NULL, 10);
        else if (option("--first", argv[i], argv, &i, &value))
            ret->first = strtoull(value, NULL, 10);
        else if (option("--steps", argv[i], argv, &i, &value))
            ret->steps = atoi(value);
        else if (option("--only", argv[i], argv, &i, &value))
            ret->only = value;
        else if (strcmp(argv[i], "--log") == 0)
            ret->log = true;
        else
            return false;
    }
    return true;
}

static int run(const struct business *business, const struct wanted *wanted)
{
    int failed = 0;

    for (uint64_t seed = wanted->first; seed < wanted->first + wanted->seeds; seed++) {
        const char *wrong = simulation_run(business, seed, wanted->steps);
        if (!wrong)
            continue;
        printf("%s seed %llu: %s\n", business->name, (unsigned long long)seed, wrong);
        fflush(stdout);
        failed++;
    }
    return failed;
}

int main(int argc, char **argv)
{
    static const struct business *const businesses[] = {&toy_business, &shop_business};
    struct wanted wanted = {.seeds = 20, .first = 1, .steps = 4000};
    int failed = 0, count = 0;

    if (!parse(argc, argv, &wanted)) {
        fprintf(stderr, "simulate [--seeds N] [--first SEED] [--steps N] [--only toy|shop] [--log]\n");
        return 64;
    }
    log_start("simulate", wanted.log ? LEVEL_INFO : LEVEL_NONE);
    for (size_t i = 0; i < sizeof businesses / sizeof *businesses; i++) {
        if (wanted.only && strcmp(wanted.only, businesses[i]->name) != 0)
            continue;
        failed += run(businesses[i], &wanted);
        count += (int)wanted.seeds;
    }
    printf("%d passed, %d failed\n", count - failed, failed);
    return failed > 0;
}
