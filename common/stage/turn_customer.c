/* Customers that turned out to be one person: whoever asks for one of them is led to the one that stays. Nothing is
 * rewritten, so that a wrong merge can be taken back. */
#include <string.h>

#include "core.h"
#include "ident.h"
#include "records.h"
#include "turn.h"

enum { MERGES_MAX = 8 /* one into the other */, FAMILY_MAX = 64 };

const struct customer *turn_customer(struct turn *turn, const char *site, const char *customer)
{
    const struct customer *found = NULL;
    for (int i = 0; i < MERGES_MAX && customer && *customer; i++) {
        const struct customer *next = turn_get(turn, ENTITY_CUSTOMER, ident_make(turn_arena(turn), site, "%s", customer));
        if (!next)
            break;
        found = next;
        customer = next->merged_into;
    }
    return found;
}

const char *turn_survivor(struct turn *turn, const char *site, const char *customer)
{
    const struct customer *found = turn_customer(turn, site, customer);
    return found ? ident_local(found->id) : customer;
}

struct texts turn_family(struct turn *turn, const char *site, const char *customer)
{
    struct texts family = {arena_alloc(turn_arena(turn), FAMILY_MAX * sizeof *family.at), 0};
    if (!*customer)
        return family;
    family.at[family.count++] = turn_survivor(turn, site, customer);
    for (size_t i = 0; i < family.count; i++) {
        const char *id = ident_make(turn_arena(turn), site, "%s", family.at[i]);
        const struct customer *one = turn_get(turn, ENTITY_CUSTOMER, id);
        for (size_t j = 0; one && j < one->merged.count && family.count < FAMILY_MAX; j++)
            family.at[family.count++] = one->merged.at[j];
    }
    return family;
}
