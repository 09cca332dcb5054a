#include <stdlib.h>
#include <string.h>

#include "ident.h"
#include "points.h"

/* What a fact earns, by the rules in force. The same thing earns once by each rule, however often it is told. */

static int64_t product(int64_t a, int64_t b)
{
    int64_t both;
    return __builtin_mul_overflow(a, b, &both) ? INT64_MAX : both;
}

/* By the level that the customer had before. */
static int64_t points_of(const struct purse *purse, const struct earn_rule *rule, struct condition_facts *facts)
{
    const struct loyalty_level *level = loyalty_level_named(purse->rules, purse->ledger.account.level);
    int64_t points = rule->points;
    if (rule->per) {
        const char *told = condition_fact(facts, rule->of);
        int64_t amount = told ? strtoll(told, NULL, 10) : 0;
        points = product(amount / rule->per, rule->points);
    }
    if (points <= 0)
        return 0;
    return level && level->earn_percent != 100 ? product(points, level->earn_percent) / 100 : points;
}

/* More than one entry may hold, or the account: a person looks at it. */
static void ask_instead(struct purse *purse, struct points_entry *entry, int64_t points)
{
    entry->state = ENTRY_ASKED;
    entry->points = points < LEDGER_ENTRY_POINTS_MAX ? points : LEDGER_ENTRY_POINTS_MAX;
    entry->reason = arena_printf(turn_arena(purse->turn), "%lld at once: is that right?", (long long)points);
    purse_keep(purse, entry);
    purse_say(purse, entry, EVENT_POINTS_CORRECTION_ASKED);
}

static void earn(struct purse *purse, const struct earn_rule *rule, const char *id, const char *about, int64_t points,
                 wall_ms at)
{
    struct points_entry entry = purse_entry(purse, id);
    struct ledger_grant grant = purse_grant(purse, points, at);
    entry.from = POINTS_EARNED;
    entry.to = POINTS_HELD;
    entry.points = points;
    entry.expires_at = grant.expires_at;
    entry.about = about;
    entry.rule = rule->name;
    if (ledger_earn(&purse->ledger, &grant)) {
        ask_instead(purse, &entry, points);
        return;
    }
    purse_keep(purse, &entry);
    purse_say(purse, &entry, EVENT_POINTS_EARNED);
}

static bool rule_fits(const struct earn_rule *rule, const struct event *event, const void *data,
                      struct condition_facts *facts)
{
    return rule->on == event->number && form_fits(rule->form, data) &&
           conditions_hold(&rule->when, condition_fact, facts);
}

static void earn_by(struct turn *turn, const struct event *event, const void *data, const struct earn_rule *rule,
                    struct condition_facts *facts)
{
    const char *about = event_about(turn, event, data);
    const char *id = ident_make(turn_arena(turn), event->site, "%s.%s", about, rule->name);
    if (!*about || !rule_fits(rule, event, data, facts) || turn_get(turn, ENTITY_POINTS_ENTRY, id))
        return;
    struct purse purse = purse_open(turn, event->site, ident_local(facts->customer->id));
    int64_t points = points_of(&purse, rule, facts);
    if (points)
        earn(&purse, rule, id, about, points, event_happened(event));
    purse_close(&purse);
}

static bool event_earns(const struct loyalty_rules *rules, enum event_number number)
{
    for (size_t i = 0; i < rules->earn_count; i++)
        if (rules->earn[i].on == number)
            return true;
    return false;
}

bool points_follow(struct turn *turn, const struct event *event)
{
    const struct loyalty_rules *rules = loyalty_of(turn_site(turn, event->site));
    return rules && event_earns(rules, event->number);
}

void points_earn(struct turn *turn, const struct event *event, const void *data)
{
    if (!points_follow(turn, event))
        return;
    const struct site *site = turn_site(turn, event->site);
    const struct loyalty_rules *rules = loyalty_of(site);
    const struct customer *customer = customer_of(turn, event->site, event->customer);
    if (!customer)
        return;
    struct condition_facts facts = {
        .record = event_types[event->number].data, .data = data, .customer = customer, .arena = turn_arena(turn),
        .calendar = site->calendar, .now = turn_now(turn)};
    for (size_t i = 0; i < rules->earn_count; i++)
        earn_by(turn, event, data, &rules->earn[i], &facts);
}
