#include <string.h>

#include "ident.h"
#include "scheduler.h"

/* How much a rule may plan: for one customer, and in all on one day. */

enum { MARKS_MAX = 32 };

static const struct rule *rule_of(const struct planning *planning)
{
    return &planning->in_force->playbook->rules[planning->rule];
}

static const char *rule_name(const struct planning *planning)
{
    const struct rule *rule = rule_of(planning);
    return *rule->name ? rule->name : arena_printf(turn_arena(planning->turn), "%zu", planning->rule);
}

static struct tally tally_of(const struct planning *planning, const char *customer)
{
    const char *id = ident_make(turn_arena(planning->turn), planning->site->id, "%s.%s%s%s", planning->in_force->playbook->name,
                                rule_name(planning), *customer ? "." : "", customer);
    const struct tally *stored = turn_get(planning->turn, ENTITY_TALLY, id);
    return stored ? *stored : (struct tally){.id = id};
}

/* -------- for one customer */

static bool is_recent(const struct planning *planning, const struct tally_mark *mark)
{
    struct span within = rule_of(planning)->limit.within;
    bool ever = !within.ms && !within.days;
    return ever || calendar_add(planning->site->calendar, mark->at, within) > turn_now(planning->turn);
}

static bool customer_is_full(const struct planning *planning)
{
    const struct limit *limit = &rule_of(planning)->limit;
    int recent = 0;
    if (!limit->per_customer || !*planning->event->customer)
        return false;
    struct texts family = turn_family(planning->turn, planning->event->site, planning->event->customer);
    for (size_t i = 0; i < family.count; i++) {
        struct tally tally = tally_of(planning, family.at[i]);
        for (size_t j = 0; j < tally.made.count; j++)
            recent += is_recent(planning, &tally.made.at[j]);
    }
    return recent >= limit->per_customer;
}

static void customer_count(const struct planning *planning)
{
    struct tally tally = tally_of(planning, planning->event->customer);
    struct tally_mark *at = arena_alloc(turn_arena(planning->turn), (tally.made.count + 1) * sizeof *at);
    size_t count = 0;
    for (size_t i = 0; i < tally.made.count; i++)
        if (is_recent(planning, &tally.made.at[i]) && count + 1 < MARKS_MAX)
            at[count++] = tally.made.at[i];
    at[count++] = (struct tally_mark){.at = turn_now(planning->turn)};
    tally.made = (struct tally_mark_list){at, count};
    turn_put(planning->turn, ENTITY_TALLY, tally.id, &tally, 0, "");
}

/* -------- on one day */

bool limit_day_is_full(const struct planning *planning)
{
    const struct limit *limit = &rule_of(planning)->limit;
    if (!limit->per_day)
        return false;
    struct tally tally = tally_of(planning, "");
    wall_ms today = calendar_day_start(planning->site->calendar, turn_now(planning->turn));
    return tally.day_at == today && tally.count >= limit->per_day;
}

static void day_count(const struct planning *planning)
{
    struct tally tally = tally_of(planning, "");
    wall_ms today = calendar_day_start(planning->site->calendar, turn_now(planning->turn));
    tally.count = tally.day_at == today ? tally.count + 1 : 1;
    tally.day_at = today;
    turn_put(planning->turn, ENTITY_TALLY, tally.id, &tally, 0, "");
}

/* -------- both */

void limit_say(const struct planning *planning, const char *reason, wall_ms until)
{
    struct plan_limited say = {.playbook = planning->in_force->playbook->name, .rule = rule_name(planning),
                               .about = planning->about, .reason = reason, .until = until};
    struct event like = event_of(EVENT_PLAN_LIMITED);
    like.customer = planning->event->customer;
    turn_emit(planning->turn, EVENT_PLAN_LIMITED, &say, &like);
}

bool limit_allows(const struct planning *planning)
{
    const char *reason = customer_is_full(planning) ? "per_customer" : limit_day_is_full(planning) ? "per_day" : NULL;
    if (reason)
        limit_say(planning, reason, 0);
    return !reason;
}

void limit_count(const struct planning *planning)
{
    const struct limit *limit = &rule_of(planning)->limit;
    if (limit->per_customer && *planning->event->customer)
        customer_count(planning);
    if (limit->per_day)
        day_count(planning);
}
