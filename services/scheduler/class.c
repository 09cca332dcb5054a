#include <string.h>

#include "fnv.h"
#include "scheduler.h"

/* Class: by hand first; else the best of what it was, what the shop marks and what the playbook computes. Spending and
 * visits only grow, so a computed class only rises. */

static const int rank_of[customer_class_count] = {
    [CLASS_NONE] = 0, [CLASS_POTENTIAL] = 1, [CLASS_REGULAR] = 2, [CLASS_KEY] = 3
};

static int better(int a, int b)
{
    return rank_of[b] > rank_of[a] ? b : a;
}

static const struct class_rules *rules_of(const struct site *site)
{
    for (size_t i = 0; site && i < site->playbook_count; i++)
        if (site->playbooks[i].playbook->classes.present)
            return &site->playbooks[i].playbook->classes;
    return NULL;
}

static int class_computed(const struct class_rules *rules, const struct customer *customer)
{
    if (!rules)
        return CLASS_NONE;
    if ((rules->key_spending_cents > 0 && customer->spending_cents >= rules->key_spending_cents) ||
        (rules->key_visits > 0 && customer->visits >= rules->key_visits))
        return CLASS_KEY;
    int64_t regular = rules->regular_visits > 0 ? rules->regular_visits : 1;
    return customer->visits >= regular ? CLASS_REGULAR : CLASS_POTENTIAL;
}

static uint64_t number_of(const char *id)
{
    uint64_t number = fnv_text(FNV_START, id);
    return number ^ number >> 29;
}

/* One of the staff with this role, by weight, always the same for the same customer; "" if nobody has it. */
static const char *owner_among(const struct staff *staff, const char *role, const char *customer)
{
    uint64_t weights = 0;
    for (size_t i = 0; i < staff->count; i++)
        if (person_has_role(&staff->people[i], role))
            weights += (uint64_t)staff->people[i].capability + (staff->people[i].capability == 0);
    if (!weights)
        return "";
    uint64_t point = number_of(customer) % weights;
    for (size_t i = 0; i < staff->count; i++) {
        const struct person *person = &staff->people[i];
        uint64_t weight = (uint64_t)person->capability + (person->capability == 0);
        if (!person_has_role(person, role))
            continue;
        if (point < weight)
            return person->id;
        point -= weight;
    }
    return "";
}

bool owner_is_gone(const struct site *site, const struct customer *customer)
{
    return site && site->staff && customer && *customer->owner && !staff_person(site->staff, customer->owner);
}

static void owner_settle(const struct site *site, const struct class_rules *rules, struct customer *after)
{
    const char *role = rules->owner_role[after->class];
    if (!site->staff || !role || !*role)
        return;
    const struct person *now = staff_person(site->staff, after->owner);
    if (now && person_has_role(now, role))
        return;
    const char *owner = owner_among(site->staff, role, after->id);
    if (*owner)
        after->owner = owner;
}

void class_settle(const struct site *site, const struct sighting *seen, const struct customer *before, struct customer *after)
{
    const struct class_rules *rules = rules_of(site);
    if (seen->class_by_hand) {
        after->class = seen->class_by_hand;
        after->class_by_hand = true;
    } else if (!after->class_by_hand) {
        after->class = better(better(after->class, seen->class_marked), class_computed(rules, after));
    }
    bool named = seen->owner && *seen->owner;
    bool changed = !before || before->class != after->class || !*after->owner;
    if (rules && changed && !named)
        owner_settle(site, rules, after);
}
