#include "points.h"

#include <stdlib.h>
#include <string.h>

#include "ident.h"

/* A customer's points: the account while it is worked on, what is booked and told of it, and what its timer does. */

const struct loyalty_rules *loyalty_of(const struct site *site)
{
    for (size_t i = 0; site && i < site->playbook_count; i++)
        if (site->playbooks[i].playbook->loyalty.present)
            return &site->playbooks[i].playbook->loyalty;
    return NULL;
}

static const struct calendar *calendar_of(const struct purse *purse)
{
    return purse->site ? purse->site->calendar : calendar_everyday();
}

/* -------- saying */

/* The last day on which they are worth anything. */
static const char *last_day(const struct purse *purse, wall_ms end)
{
    if (!end)
        return "";
    struct local_time day = calendar_local(calendar_of(purse), end - 1);
    return arena_printf(turn_arena(purse->turn), "%04d-%02d-%02d", day.year, day.month, day.day);
}

static void say(const struct purse *purse, enum event_number number, struct points_changed *change)
{
    struct event like = event_of(number);
    like.customer = ident_local(purse->ledger.account.id);
    like.subject = purse->ledger.account.id;
    change->held = purse->ledger.account.held;
    change->level = purse->ledger.account.level;
    change->expires_on = last_day(purse, change->expires_at);
    turn_emit(purse->turn, number, change, &like);
}

void purse_say(const struct purse *purse, const struct points_entry *entry, enum event_number number)
{
    struct points_changed change = {
        .entry = entry->id, .from = entry->from, .to = entry->to, .points = entry->points, .about = entry->about,
        .rule = entry->rule, .gift = entry->gift, .reason = entry->reason, .expires_at = entry->expires_at,
        .by = entry->by, .decided_by = entry->decided_by,
    };
    say(purse, number, &change);
}

static const struct loyalty_level *level_reached(const struct purse *purse)
{
    return purse->rules ? loyalty_level(purse->rules, ledger_merit(&purse->ledger.account)) : NULL;
}

void purse_keep(struct purse *purse, struct points_entry *entry)
{
    const struct loyalty_level *level = level_reached(purse);
    if (purse->rules && purse->ledger.account.entries)
        purse->ledger.account.level = level ? level->name : "";
    entry->held = purse->ledger.account.held;
    entry->at = turn_now(purse->turn);
    turn_put(purse->turn, ENTITY_POINTS_ENTRY, entry->id, entry, 0, NULL);
}

struct points_entry purse_entry(const struct purse *purse, const char *id)
{
    struct points_entry entry = *(struct points_entry *)record_new(&points_entry_record, turn_arena(purse->turn));
    entry.id = id;
    entry.site = purse->ledger.account.site;
    entry.customer = ident_local(purse->ledger.account.id);
    entry.state = ENTRY_BOOKED;
    return entry;
}

static const char *own_number(const struct purse *purse, const char *what)
{
    const struct points_account *account = &purse->ledger.account;
    return ident_make(turn_arena(purse->turn), account->site, "%s.%s.%d", ident_local(account->id), what,
                      (int)account->entries);
}

/* -------- opening and closing */

/* What has ended by now ends before anything else is done. */
static void purse_expire(struct purse *purse)
{
    int64_t points = ledger_expire(&purse->ledger, turn_now(purse->turn));
    if (!points)
        return;
    struct points_entry entry = purse_entry(purse, own_number(purse, "expired"));
    entry.from = POINTS_HELD;
    entry.to = POINTS_EXPIRED;
    entry.points = points;
    purse_keep(purse, &entry);
    purse_say(purse, &entry, EVENT_POINTS_EXPIRED);
}

struct purse purse_open(struct turn *turn, const char *site, const char *customer)
{
    const char *id = ident_make(turn_arena(turn), site, "%s", customer);
    const struct points_account *stored = turn_get(turn, ENTITY_POINTS_ACCOUNT, id);
    struct purse purse = {.turn = turn, .site = turn_site(turn, site)};
    purse.ledger = ledger_open(stored, id, turn_arena(turn));
    purse.rules = loyalty_of(purse.site);
    purse.ledger.account.site = site;
    purse.level_before = purse.ledger.account.level;
    purse_expire(&purse);
    return purse;
}

static void level_say(const struct purse *purse)
{
    const struct loyalty_level *level = level_reached(purse);
    size_t count = level ? level->benefit_count : 0;
    const char **names = arena_alloc(turn_arena(purse->turn), (count + 1) * sizeof *names);
    for (size_t i = 0; i < count; i++)
        names[i] = level->benefits[i].name;
    struct points_changed change = {.entry = own_number(purse, "level"), .level_before = purse->level_before,
                                    .benefits = {names, count}};
    say(purse, EVENT_POINTS_LEVEL_CHANGED, &change);
}

/* The customer's record shows points and level, so that conditions and lists have them. */
static void customer_show(const struct purse *purse)
{
    const struct points_account *account = &purse->ledger.account;
    const struct customer *before = customer_of(purse->turn, account->site, ident_local(account->id));
    if (!before || strcmp(before->id, account->id) ||
        (before->points == account->held && !strcmp(before->level, account->level)))
        return;
    struct customer after = *before;
    after.points = account->held;
    after.level = account->level;
    customer_store(purse->turn, before, &after);
}

void purse_close(struct purse *purse)
{
    struct points_account *account = &purse->ledger.account;
    if (!account->entries)
        return;
    turn_put(purse->turn, ENTITY_POINTS_ACCOUNT, account->id, account, ledger_next(&purse->ledger), NULL);
    customer_show(purse);
    if (strcmp(purse->level_before, account->level))
        level_say(purse);
}

/* -------- points that come */

/* The end of the day, month or year in which they have been held for long enough. */
static wall_ms end_of_points(const struct purse *purse, wall_ms since)
{
    const struct loyalty_rules *rules = purse->rules;
    const struct calendar *calendar = calendar_of(purse);
    if (!rules || !rules->expires_after.days)
        return 0;
    wall_ms at = calendar_add(calendar, since, rules->expires_after);
    struct local_time day = calendar_local(calendar, at);
    if (!strcmp(rules->end_of, "year"))
        return calendar_instant(calendar, day.year + 1, 1, 1, 0, 0, 0);
    if (!strcmp(rules->end_of, "month"))
        return calendar_instant(calendar, day.year + day.month / 12, day.month % 12 + 1, 1, 0, 0, 0);
    return calendar_add_days(calendar, calendar_day_start(calendar, at), 1);
}

struct ledger_grant purse_grant(const struct purse *purse, int64_t points, wall_ms since)
{
    struct ledger_grant grant = {.points = points, .at = since, .expires_at = end_of_points(purse, since)};
    if (!grant.expires_at || !(purse->rules->remind_ahead.days || purse->rules->remind_ahead.ms))
        return grant;
    struct span ahead = {-purse->rules->remind_ahead.ms, -purse->rules->remind_ahead.days};
    const struct calendar *calendar = calendar_of(purse);
    struct local_time day = calendar_local(calendar, calendar_add(calendar, grant.expires_at, ahead));
    grant.remind_at = calendar_instant(calendar, day.year, day.month, day.day, REMIND_HOUR, 0, 0);
    return grant;
}

/* -------- two customers who are one */

static void moved_say(struct purse *purse, int from, int to, int64_t points, const char *other, const char *reason)
{
    struct points_entry entry = purse_entry(purse, own_number(purse, "moved"));
    entry.from = from;
    entry.to = to;
    entry.points = points;
    entry.about = other;
    entry.reason = reason;
    purse_keep(purse, &entry);
    purse_say(purse, &entry, EVENT_POINTS_CORRECTED);
}

/* A record that is merged shows what it had then, so its own is left alone. */
void points_move(struct turn *turn, const char *site, const char *from, const char *to, int64_t points_max,
                 const char *reason)
{
    struct purse giver = purse_open(turn, site, from), taker = purse_open(turn, site, to);
    int64_t points = ledger_move(&giver.ledger, &taker.ledger, points_max);
    if (points) {
        moved_say(&giver, POINTS_HELD, POINTS_CORRECTED, points, to, reason);
        moved_say(&taker, POINTS_CORRECTED, POINTS_HELD, points, from, reason);
    }
    purse_close(&giver);
    purse_close(&taker);
}

/* -------- the timer */

void points_fire(struct turn *turn, const struct points_account *account)
{
    struct purse purse = purse_open(turn, account->site, ident_local(account->id));
    wall_ms first = 0;
    int64_t points = ledger_remind(&purse.ledger, turn_now(turn), &first);
    if (points) {
        const char *entry = ident_make(turn_arena(turn), account->site, "%s.expiring.%s", ident_local(account->id),
                                       last_day(&purse, first));
        struct points_changed change = {.entry = entry, .points = points, .expires_at = first};
        say(&purse, EVENT_POINTS_EXPIRING, &change);
    }
    purse_close(&purse);
}
