#include <string.h>

#include "civil.h"
#include "facts.h"
#include "ident.h"
#include "scheduler.h"

/* Rules that come again by themselves, for the site or for every customer that fits, and rules that an event starts for
 * every customer that fits. A long list of customers is gone through piece by piece, so that nobody else has to wait for it. */

enum { CUSTOMERS_PER_TURN = 64, HOLIDAYS_LOOKED_AHEAD_DAYS = 800 };

/* 2001-01-01 is a Monday: `weekly` is on Mondays, `monthly` on the first. */
static int64_t first_day(void)
{
    return civil_day(2001, 1, 1);
}

/* -------- the rule */

struct found { const struct site *site; const struct playbook_in_force *in_force; size_t rule; };

static bool is_run(const struct rule *rule)
{
    return rule->repeat || rule->audience == AUDIENCE_CUSTOMERS;
}

static bool rule_find(const struct site *site, const char *playbook, const char *rule, struct found *ret)
{
    for (size_t i = 0; site && i < site->playbook_count; i++) {
        const struct playbook *at = site->playbooks[i].playbook;
        for (size_t k = 0; !strcmp(at->name, playbook) && k < at->rule_count; k++)
            if (is_run(&at->rules[k]) && !strcmp(at->rules[k].name, rule)) {
                *ret = (struct found){site, &site->playbooks[i], k};
                return true;
            }
    }
    return false;
}

static bool holiday_is(const struct calendar *calendar, wall_ms at, const char *wanted)
{
    const char *name;
    return calendar_is_holiday(calendar, at, &name) && !strcmp(name, wanted);
}

/* Is it the first day of a holiday that the rule waits for? */
static bool day_fits(const struct site *site, const struct rule *rule, wall_ms at)
{
    wall_ms before = calendar_add_days(site->calendar, at, -1);
    for (size_t i = 0; i < rule->holidays.count; i++)
        if (holiday_is(site->calendar, at, rule->holidays.at[i]) &&
            !holiday_is(site->calendar, before, rule->holidays.at[i]))
            return true;
    return !rule->holidays.count;
}

/* The first time after `after`; 0: never, or not as far as the calendar goes. */
static wall_ms rule_next(const struct site *site, const struct rule *rule, wall_ms after)
{
    struct local_time local = calendar_local(site->calendar, after);
    int64_t today = civil_day(local.year, local.month, local.day), day = today - 1;
    wall_ms at = 0;
    do {
        if (!recurrence_next(rule->repeat, first_day(), day, &day) ||
            (rule->holidays.count && day > today + HOLIDAYS_LOOKED_AHEAD_DAYS))
            return 0;
        struct civil date = civil_date(day);
        at = calendar_instant(site->calendar, date.year, date.month, date.day, rule->at_min / 60, rule->at_min % 60, 0);
    } while (at <= after || !day_fits(site, rule, at));
    return at;
}

/* -------- arming */

static void recurrence_arm(struct turn *turn, const struct site *site, const struct playbook *playbook, const struct rule *rule)
{
    struct arena *arena = turn_arena(turn);
    const char *id = ident_make(arena, site->id, "%s.%s", playbook->name, rule->name);
    const struct recurrence *stored = turn_get(turn, ENTITY_RECURRENCE, id);
    struct recurrence after = stored ? *stored : *(const struct recurrence *)record_new(&recurrence_record, arena);
    if (stored && stored->run_at)
        return;                     /* it is at work: its next time is found when it rests */
    after.id = id;
    after.site = site->id;
    after.playbook = playbook->name;
    after.rule = rule->name;
    after.next_at = rule_next(site, rule, turn_now(turn));
    if (!stored && rule->audience == AUDIENCE_CUSTOMERS)
        customers_join(turn, site->id);
    turn_put(turn, ENTITY_RECURRENCE, id, &after, after.next_at, "");
}

void recurrence_begin(const struct planning *planning)
{
    struct turn *turn = planning->turn;
    struct arena *arena = turn_arena(turn);
    const struct playbook *playbook = planning->in_force->playbook;
    const struct rule *rule = &playbook->rules[planning->rule];
    struct recurrence run = *(const struct recurrence *)record_new(&recurrence_record, arena);
    run.id = ident_make(arena, planning->site->id, "%s.%s.%s", playbook->name, rule->name, planning->about);
    run.site = planning->site->id;
    run.playbook = playbook->name;
    run.rule = rule->name;
    run.about = planning->about;
    run.about_type = planning->event->type;
    run.variables = planning_facts(planning);
    run.next_at = planning->occurred_at;
    turn_put(turn, ENTITY_RECURRENCE, run.id, &run, turn_now(turn), "");
}

void recurrences_arm(struct turn *turn, const struct event *event, const void *data)
{
    (void)data;
    const struct site *site = *event->site ? turn_site(turn, event->site) : NULL;
    for (size_t i = 0; site && i < site->playbook_count; i++) {
        const struct playbook *playbook = site->playbooks[i].playbook;
        for (size_t rule = 0; rule < playbook->rule_count; rule++)
            if (playbook->rules[rule].repeat)
                recurrence_arm(turn, site, playbook, &playbook->rules[rule]);
    }
}

/* -------- a run */

static struct schedule_due run_told(const struct recurrence *run)
{
    return (struct schedule_due){.playbook = run->playbook, .rule = run->rule, .at = run->run_at, .looked_at = run->looked_at,
                                 .planned = run->planned, .about = run->about};
}

static void run_say(struct turn *turn, const struct recurrence *run, enum event_number number)
{
    struct schedule_due say = run_told(run);
    struct event like = event_of(number);
    like.subject = run->id;
    turn_emit(turn, number, &say, &like);
}

/* What is to be planned for a customer or ("") for the site; `data` and `event` are its own. */
static struct planning run_planning_of_event(struct turn *turn, const struct found *found, const struct recurrence *run,
                                             const char *customer, struct event *event)
{
    struct arena *arena = turn_arena(turn);
    *event = event_of(event_number(run->about_type));
    event->site = run->site;
    event->customer = customer;
    return (struct planning){
        .turn = turn, .event = event, .data = facts_data(run->variables, event_types[event->number].data, arena),
        .about = arena_printf(arena, "%s.%s", customer, run->about), .customer = customer_of(turn, run->site, customer),
        .site = found->site, .in_force = found->in_force, .rule = found->rule, .occurred_at = run->run_at, .run = run};
}

static struct planning run_planning(struct turn *turn, const struct found *found, const struct recurrence *run,
                                    const char *customer, struct event *event, const struct schedule_due *data)
{
    struct arena *arena = turn_arena(turn);
    if (*run->about)
        return run_planning_of_event(turn, found, run, customer, event);
    struct local_time day = calendar_local(found->site->calendar, run->run_at);
    *event = event_of(EVENT_SCHEDULE_DUE);
    event->site = run->site;
    event->customer = customer;
    const char *date = arena_printf(arena, "%04d%02d%02d", day.year, day.month, day.day);
    return (struct planning){
        .turn = turn, .event = event, .data = data, .about = *customer ? arena_printf(arena, "%s.%s", customer, date) : date,
        .customer = customer_of(turn, run->site, customer), .site = found->site, .in_force = found->in_force,
        .rule = found->rule, .occurred_at = run->run_at};
}

enum piece { PIECE_DONE, PIECE_ALL, PIECE_FULL };

/* PIECE_FULL: the rule has planned as much as it may today; this one was not looked at. */
static enum piece run_plan(struct turn *turn, const struct found *found, struct recurrence *run, const char *customer)
{
    struct schedule_due data = run_told(run);
    struct event event;
    struct planning planning = run_planning(turn, found, run, customer, &event, &data);
    if (limit_day_is_full(&planning))
        return PIECE_FULL;
    run->looked_at += *customer != 0;
    if (planning.customer && conditions_ask_review(&found->in_force->playbook->rules[found->rule].when))
        planning.customer = customer_review(turn, planning.customer);
    run->planned += plan_try(&planning);
    return PIECE_DONE;
}

/* The next piece of the list. */
static enum piece run_customers(struct turn *turn, const struct found *found, struct recurrence *run)
{
    const char *prefix = customers_prefix(turn, run->site);
    struct texts members = turn_queue_after(turn, prefix, run->cursor, CUSTOMERS_PER_TURN);
    for (size_t i = 0; i < members.count; i++) {
        if (run_plan(turn, found, run, members.at[i] + strlen(prefix)) == PIECE_FULL)
            return PIECE_FULL;
        run->cursor = members.at[i];
    }
    return members.count < CUSTOMERS_PER_TURN ? PIECE_ALL : PIECE_DONE;
}

/* The rest of the list goes on tomorrow at the rule's time of day. */
static wall_ms run_pause(struct turn *turn, const struct found *found, const struct recurrence *run)
{
    const struct rule *rule = &found->in_force->playbook->rules[found->rule];
    const struct calendar *calendar = found->site->calendar;
    struct local_time day = calendar_local(calendar, calendar_add_days(calendar, turn_now(turn), 1));
    wall_ms until = calendar_instant(calendar, day.year, day.month, day.day, rule->at_min / 60, rule->at_min % 60, 0);
    struct schedule_due data = run_told(run);
    struct event event;
    struct planning planning = run_planning(turn, found, run, "", &event, &data);
    limit_say(&planning, "per_day", until);
    return until;
}

static void run_begin(struct turn *turn, struct recurrence *run)
{
    run->run_at = run->next_at;
    run->cursor = "";
    run->looked_at = run->planned = 0;
    run_say(turn, run, EVENT_SCHEDULE_DUE);
}

static void run_end(struct turn *turn, const struct found *found, struct recurrence *run)
{
    run_say(turn, run, EVENT_SCHEDULE_FINISHED);
    if (*run->about)
        return;
    run->run_at = 0;
    run->cursor = "";
    run->next_at = rule_next(found->site, &found->in_force->playbook->rules[found->rule], turn_now(turn));
}

/* Times that were missed while nothing ran count as one. A rule that is not in force any more ends here. */
void recurrence_fire(struct turn *turn, const struct recurrence *recurrence)
{
    struct recurrence run = *recurrence;
    struct found found;
    if (recurrence_is_joining(recurrence)) {
        customers_join_some(turn, recurrence);
        return;
    }
    if (!rule_find(turn_site(turn, run.site), run.playbook, run.rule, &found)) {
        turn_delete(turn, ENTITY_RECURRENCE, run.id);
        return;
    }
    if (!run.run_at)
        run_begin(turn, &run);
    bool for_customers = found.in_force->playbook->rules[found.rule].audience == AUDIENCE_CUSTOMERS;
    enum piece piece = for_customers ? run_customers(turn, &found, &run) : run_plan(turn, &found, &run, "");
    wall_ms due = turn_now(turn);
    if (for_customers && piece == PIECE_FULL) {
        due = run_pause(turn, &found, &run);
    } else if (!for_customers || piece == PIECE_ALL) {
        run_end(turn, &found, &run);
        due = run.next_at;
        if (*run.about) {
            turn_delete(turn, ENTITY_RECURRENCE, run.id);
            return;
        }
    }
    turn_put(turn, ENTITY_RECURRENCE, run.id, &run, due, "");
}
