#include <stdlib.h>
#include <string.h>

#include "ident.h"
#include "scheduler.h"

/* Customers whom an earlier version stored stand in no list of their site. When a rule for all customers comes in
 * force, they are looked for, page by page, so that the rule finds them. A rule of its own that comes once. */

static const char joining[] = "joining";

bool recurrence_is_joining(const struct recurrence *recurrence)
{
    return !*recurrence->playbook && !strcmp(recurrence->rule, joining);
}

void customers_join(struct turn *turn, const char *site)
{
    struct arena *arena = turn_arena(turn);
    struct recurrence run = *(const struct recurrence *)record_new(&recurrence_record, arena);
    run.id = ident_make(arena, site, ".%s", joining);
    run.site = site;
    run.rule = joining;
    run.run_at = turn_now(turn);
    run.cursor = "0";
    turn_put(turn, ENTITY_RECURRENCE, run.id, &run, turn_now(turn), "");
}

static void join(struct turn *turn, const char *site, const char *id)
{
    const struct customer *customer = turn_get(turn, ENTITY_CUSTOMER, id);
    if (customer && !strcmp(customer->site, site) && !*customer->merged_into)
        customer_store(turn, customer, customer);
}

void customers_join_some(struct turn *turn, const struct recurrence *recurrence)
{
    struct recurrence run = *recurrence;
    uint64_t cursor = strtoull(run.cursor, NULL, 10);
    struct texts unplaced = turn_unplaced(turn, ENTITY_CUSTOMER, &cursor);
    for (size_t i = 0; i < unplaced.count; i++)
        join(turn, run.site, unplaced.at[i]);
    run.cursor = arena_printf(turn_arena(turn), "%llu", (unsigned long long)cursor);
    if (cursor)
        turn_put(turn, ENTITY_RECURRENCE, run.id, &run, turn_now(turn), "");
    else
        turn_delete(turn, ENTITY_RECURRENCE, run.id);
}
