#include "ledger.h"

#include <assert.h>
#include <string.h>

const char *ledger_refusal_word(enum ledger_refusal refusal)
{
    static const char *const words[ledger_refusal_count] = {
        [LEDGER_FINE] = "fine", [LEDGER_BAD_POINTS] = "bad_value", [LEDGER_NOT_ENOUGH] = "not_enough",
        [LEDGER_FULL] = "full",
    };
    return words[refusal];
}

struct ledger ledger_open(const struct points_account *stored, const char *id, struct arena *arena)
{
    const struct points_account *from = stored ? stored : record_new(&points_account_record, arena);
    struct ledger ledger = {arena, *from};
    struct points_account *account = &ledger.account;
    struct points_lot *room = arena_alloc(arena, (LEDGER_LOTS_MAX + 1) * sizeof *room);
    assert(account->lots.count <= LEDGER_LOTS_MAX);
    if (account->lots.count)
        memcpy(room, account->lots.at, account->lots.count * sizeof *room);
    account->lots.at = room;
    account->id = stored ? account->id : id;
    return ledger;
}

/* -------- what must hold */

/* Never comes after every day. */
static wall_ms end_of(const struct points_lot *lot)
{
    return lot->expires_at ? lot->expires_at : INT64_MAX;
}

static bool lots_are_sound(const struct points_lot_list *lots, int64_t held)
{
    int64_t sum = 0;
    for (size_t i = 0; i < lots->count; i++) {
        sum += lots->at[i].points;
        if (lots->at[i].points <= 0 || (i && end_of(&lots->at[i]) < end_of(&lots->at[i - 1])))
            return false;
    }
    return lots->count <= LEDGER_LOTS_MAX && sum == held;
}

bool ledger_is_sound(const struct points_account *account)
{
    return account->held + account->earned + account->redeemed + account->expired + account->corrected == 0 &&
           account->held >= 0 && account->earned <= 0 && account->redeemed >= 0 && account->expired >= 0 &&
           lots_are_sound(&account->lots, account->held);
}

/* -------- the one place where points go from account to account */

static int64_t *account_named(struct points_account *account, int name)
{
    switch (name) {
    case POINTS_HELD: return &account->held;
    case POINTS_EARNED: return &account->earned;
    case POINTS_REDEEMED: return &account->redeemed;
    case POINTS_EXPIRED: return &account->expired;
    default:
        assert(name == POINTS_CORRECTED);
        return &account->corrected;
    }
}

static void transfer(struct ledger *ledger, int from, int to, int64_t points)
{
    assert(points > 0);
    *account_named(&ledger->account, from) -= points;
    *account_named(&ledger->account, to) += points;
    ledger->account.entries++;
    assert(ledger_is_sound(&ledger->account));
}

/* -------- lots */

static void lot_remove(struct points_lot_list *lots, size_t at)
{
    lots->count--;
    memmove(&lots->at[at], &lots->at[at + 1], (lots->count - at) * sizeof *lots->at);
}

static void lot_insert(struct points_lot_list *lots, const struct points_lot *lot)
{
    size_t at = lots->count;
    while (at && end_of(&lots->at[at - 1]) > end_of(lot))
        at--;
    memmove(&lots->at[at + 1], &lots->at[at], (lots->count - at) * sizeof *lots->at);
    lots->at[at] = *lot;
    lots->count++;
}

/* Two neighbours become one that ends with the later of them. */
static void lots_join(struct points_lot_list *lots, size_t at)
{
    struct points_lot *kept = &lots->at[at + 1];
    kept->points += lots->at[at].points;
    if (lots->at[at].since_at < kept->since_at)
        kept->since_at = lots->at[at].since_at;
    lot_remove(lots, at);
}

static bool lots_are_alike(const struct points_lot *one, const struct points_lot *other)
{
    return one->expires_at == other->expires_at && one->remind_at == other->remind_at;
}

/* The pair that ends within the shortest time of each other: the customer gains least by it, and loses nothing. */
static size_t lots_nearest(const struct points_lot_list *lots)
{
    size_t nearest = 0;
    for (size_t i = 1; i + 1 < lots->count; i++)
        if (end_of(&lots->at[i + 1]) - end_of(&lots->at[i]) <
            end_of(&lots->at[nearest + 1]) - end_of(&lots->at[nearest]))
            nearest = i;
    return nearest;
}

static void lots_add(struct points_lot_list *lots, const struct ledger_grant *grant)
{
    lot_insert(lots, &(struct points_lot){.points = grant->points, .since_at = grant->at,
                                          .expires_at = grant->expires_at, .remind_at = grant->remind_at});
    for (size_t i = lots->count - 1; i > 0; i--)
        if (lots_are_alike(&lots->at[i - 1], &lots->at[i]))
            lots_join(lots, i - 1);
    if (lots->count > LEDGER_LOTS_MAX)
        lots_join(lots, lots_nearest(lots));
}

/* `points` are there. */
static void lots_take(struct points_lot_list *lots, int64_t points)
{
    while (points) {
        assert(lots->count);
        struct points_lot *first = &lots->at[0];
        int64_t some = points < first->points ? points : first->points;
        first->points -= some;
        points -= some;
        if (!first->points)
            lot_remove(lots, 0);
    }
}

/* -------- entries */

static bool points_are_fine(int64_t points)
{
    return points > 0 && points <= LEDGER_ENTRY_POINTS_MAX;
}

static enum ledger_refusal come(struct ledger *ledger, int from, const struct ledger_grant *grant)
{
    if (!points_are_fine(grant->points))
        return LEDGER_BAD_POINTS;
    if (*account_named(&ledger->account, from) - grant->points < -LEDGER_POINTS_MAX)
        return LEDGER_FULL;
    lots_add(&ledger->account.lots, grant);
    transfer(ledger, from, POINTS_HELD, grant->points);
    return LEDGER_FINE;
}

static enum ledger_refusal leave(struct ledger *ledger, int to, int64_t points)
{
    if (!points_are_fine(points))
        return LEDGER_BAD_POINTS;
    if (points > ledger->account.held)
        return LEDGER_NOT_ENOUGH;
    lots_take(&ledger->account.lots, points);
    transfer(ledger, POINTS_HELD, to, points);
    return LEDGER_FINE;
}

enum ledger_refusal ledger_earn(struct ledger *ledger, const struct ledger_grant *grant)
{
    return come(ledger, POINTS_EARNED, grant);
}

enum ledger_refusal ledger_redeem(struct ledger *ledger, int64_t points)
{
    return leave(ledger, POINTS_REDEEMED, points);
}

enum ledger_refusal ledger_correct(struct ledger *ledger, const struct ledger_grant *grant)
{
    if (grant->points < -LEDGER_ENTRY_POINTS_MAX)
        return LEDGER_BAD_POINTS;
    return grant->points < 0 ? leave(ledger, POINTS_CORRECTED, -grant->points) : come(ledger, POINTS_CORRECTED, grant);
}

int64_t ledger_expire(struct ledger *ledger, wall_ms now)
{
    struct points_lot_list *lots = &ledger->account.lots;
    int64_t points = 0;
    while (lots->count && end_of(&lots->at[0]) <= now) {
        points += lots->at[0].points;
        lot_remove(lots, 0);
    }
    if (points)
        transfer(ledger, POINTS_HELD, POINTS_EXPIRED, points);
    return points;
}

int64_t ledger_move(struct ledger *from, struct ledger *to, int64_t points_max)
{
    int64_t points = points_max < from->account.held ? points_max : from->account.held;
    if (points <= 0)
        return 0;
    for (int64_t left = points; left;) {
        const struct points_lot lot = from->account.lots.at[0];
        int64_t some = left < lot.points ? left : lot.points;
        lots_take(&from->account.lots, some);
        lots_add(&to->account.lots, &(struct ledger_grant){some, lot.since_at, lot.expires_at, lot.remind_at});
        left -= some;
    }
    transfer(from, POINTS_HELD, POINTS_CORRECTED, points);
    transfer(to, POINTS_CORRECTED, POINTS_HELD, points);
    return points;
}

/* -------- time */

int64_t ledger_remind(struct ledger *ledger, wall_ms now, wall_ms *ret_first)
{
    struct points_lot_list *lots = &ledger->account.lots;
    int64_t points = 0;
    for (size_t i = 0; i < lots->count; i++) {
        if (!lots->at[i].remind_at || lots->at[i].remind_at > now)
            continue;
        if (!points)
            *ret_first = lots->at[i].expires_at;
        points += lots->at[i].points;
        lots->at[i].remind_at = 0;
    }
    return points;
}

wall_ms ledger_next(const struct ledger *ledger)
{
    wall_ms next = ledger_first_end(ledger);
    for (size_t i = 0; i < ledger->account.lots.count; i++) {
        wall_ms remind = ledger->account.lots.at[i].remind_at;
        if (remind && (!next || remind < next))
            next = remind;
    }
    return next;
}

wall_ms ledger_first_end(const struct ledger *ledger)
{
    return ledger->account.lots.count ? ledger->account.lots.at[0].expires_at : 0;
}

int64_t ledger_merit(const struct points_account *account)
{
    return -(account->earned + account->corrected);
}
