#include "shrink.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct search {
    struct run best;
    struct verdict verdict;             /* of best */
    uint8_t *kept_out;                  /* best.dropped */
    uint8_t *tried;
    int tries;
    double until_s;
};

static double cpu_s(void)
{
    return (double)clock() / CLOCKS_PER_SEC;
}

static bool may_go_on(const struct search *search)
{
    return search->tries < SHRINK_TRIES_MAX && cpu_s() < search->until_s;
}

/* Does it still fail in the same way? Then it is the best so far. */
static bool try(struct search *search, uint32_t without)
{
    struct run run = search->best;
    struct verdict verdict;

    run.without = without;
    run.dropped = search->tried;
    search->tries++;
    simulation_run(&run, &verdict);
    if (verdict.broken != search->verdict.broken)
        return false;
    memcpy(search->kept_out, search->tried, (size_t)run.steps);
    search->best.without = without;
    search->verdict = verdict;
    return true;
}

/* Leaves out the steps from `from` on, before `to`; true: it still fails. */
static bool leave_out_range(struct search *search, int from, int to)
{
    memcpy(search->tried, search->kept_out, (size_t)search->best.steps);
    for (int i = from; i < to; i++)
        search->tried[i] = 1;
    return try(search, search->best.without);
}

/* The shortest beginning that fails, by halves: what comes after the step that broke it had no part in it. */
static void cut_the_end(struct search *search)
{
    int passes = 0, fails = search->verdict.step + 1;

    if (fails > search->best.steps)
        fails = search->best.steps;

    while (fails - passes > 1 && may_go_on(search)) {
        int middle = passes + (fails - passes) / 2;
        if (leave_out_range(search, middle, search->best.steps))
            fails = middle;
        else
            passes = middle;
    }
    leave_out_range(search, fails, search->best.steps);
}

/* And the shortest end of it. */
static void cut_the_beginning(struct search *search)
{
    int fails = 0, passes = search->best.steps;

    while (passes - fails > 1 && may_go_on(search)) {
        int middle = fails + (passes - fails) / 2;
        if (leave_out_range(search, 0, middle))
            fails = middle;
        else
            passes = middle;
    }
}

/* Fewer facts a step: then every further try is quicker, too. */
static void say_less(struct search *search)
{
    int before = search->best.facts_max;

    memcpy(search->tried, search->kept_out, (size_t)search->best.steps);
    for (int facts = 1; facts <= SHRINK_FACTS_MAX && may_go_on(search); facts *= 2) {
        search->best.facts_max = facts;
        if (try(search, search->best.without))
            return;
    }
    search->best.facts_max = before;
}

static void leave_out_kinds(struct search *search)
{
    memcpy(search->tried, search->kept_out, (size_t)search->best.steps);
    for (int kind = 0; kind < FAULT_COUNT && may_go_on(search); kind++)
        if (!(search->best.without >> kind & 1))
            try(search, search->best.without | 1u << kind);
}

/* Leaves out `size` of the steps that are still there, here and there; true: some could go. */
static bool leave_out_some(struct search *search, int size)
{
    bool smaller = false;

    for (int at = 0; at < search->best.steps && may_go_on(search);) {
        int left = size;
        memcpy(search->tried, search->kept_out, (size_t)search->best.steps);
        while (at < search->best.steps && left > 0) {
            left -= !search->tried[at];
            search->tried[at++] = 1;
        }
        if (left < size && try(search, search->best.without))
            smaller = true;
    }
    return smaller;
}

static int steps_kept(const struct search *search)
{
    int count = 0;

    for (int i = 0; i < search->best.steps; i++)
        count += !search->kept_out[i];
    return count;
}

/* Delta debugging (Zeller, Hildebrandt 2002), by complements only: large pieces first, then smaller ones. */
static void leave_out_steps(struct search *search)
{
    int size = steps_kept(search) / 2;

    while (size > 0 && may_go_on(search)) {
        bool smaller = leave_out_some(search, size);
        if (!smaller || size > steps_kept(search))
            size = size > steps_kept(search) ? steps_kept(search) / 2 : size / 2;
    }
}

static void *room_for(size_t bytes)
{
    void *room = calloc(1, bytes + 1);

    if (!room)
        abort();
    return room;
}

void shrink(struct run *run, struct verdict *verdict)
{
    struct search search = {.best = *run, .verdict = *verdict, .until_s = cpu_s() + SHRINK_SECONDS_MAX};

    search.kept_out = room_for((size_t)run->steps);
    search.tried = room_for((size_t)run->steps);
    if (run->dropped)
        memcpy(search.kept_out, run->dropped, (size_t)run->steps);
    search.best.dropped = search.kept_out;
    search.best.trace = false;
    search.best.same = verdict->broken == HOLDS_SAME;
    cut_the_end(&search);
    say_less(&search);
    cut_the_end(&search);
    cut_the_beginning(&search);
    leave_out_kinds(&search);
    leave_out_steps(&search);
    leave_out_kinds(&search);
    free(search.tried);
    search.best.trace = run->trace;
    *run = search.best;
    *verdict = search.verdict;
}

/* ---------------------------------------------------------------- lists of steps */

char *steps_write(const struct run *run)
{
    char *text = NULL;
    size_t bytes = 0;
    FILE *to = open_memstream(&text, &bytes);

    if (!to)
        abort();
    for (int i = 0; i < run->steps; i++) {
        int last = i;
        if (run->dropped && run->dropped[i])
            continue;
        while (last + 1 < run->steps && !(run->dropped && run->dropped[last + 1]))
            last++;
        fprintf(to, last > i ? "%s%d-%d" : "%s%d", ftell(to) > 0 ? "," : "", i, last);
        i = last;
    }
    if (ftell(to) == 0)
        fputs("none", to);
    fclose(to);
    return text;
}

bool steps_read(struct run *run, const char *text)
{
    uint8_t *dropped = memset(room_for((size_t)run->steps), 1, (size_t)run->steps);
    char *end = (char *)text;

    run->dropped = dropped;
    if (strcmp(text, "none") == 0)
        return true;
    do {
        long first = strtol(text, &end, 10), last = first;
        if (end == text)
            return false;
        if (*end == '-')
            last = strtol(end + 1, &end, 10);
        for (long i = first < 0 ? 0 : first; i <= last && i < run->steps; i++)
            dropped[i] = 0;
        text = end + 1;
    } while (*end == ',');
    return *end == '\0';
}
