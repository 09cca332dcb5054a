#include <string.h>

#include "fnv.h"
#include "ident.h"
#include "points.h"

/* What people do to points: redeem them, ask that a wrong number be put right, decide about that. A refusal says what
 * to do instead. */

struct points_deed {
    struct turn *turn;
    const struct event *event;
    const struct points_act *act;
    struct purse purse;
    bool opened;
};

static bool refuse(struct points_deed *deed, const char *reason, const char *detail)
{
    turn_refuse(deed->turn, reason, detail);
    return false;
}

/* -------- which entry */

/* One that has no number is numbered by the act, so that the same act again is it. */
static const char *entry_number(const struct points_deed *deed)
{
    if (*deed->act->entry)
        return ident_of_site(turn_arena(deed->turn), deed->event->site, deed->act->entry);
    const char *act = arena_printf(turn_arena(deed->turn), "%s\n%s", deed->event->source, deed->event->id);
    uint64_t hash = fnv_text(FNV_START, act);
    return ident_make(turn_arena(deed->turn), deed->event->site, "P%08llx",
                      (unsigned long long)(hash ^ hash >> 32) & 0xffffffffu);
}

/* A number that nothing was booked under yet. */
static bool entry_begin(struct points_deed *deed, struct points_entry *ret)
{
    const char *id = entry_number(deed);
    if (!name_is_plain(ident_local(id)) || strncmp(id, deed->event->site, strlen(deed->event->site)))
        return refuse(deed, "bad_value", "entry: letters, digits, dots, dashes");
    const struct points_entry *known = turn_get(deed->turn, ENTITY_POINTS_ENTRY, id);
    if (known) {
        const char *what = arena_printf(turn_arena(deed->turn), "%s is there already: %s, %lld points of customer %s; "
                                        "for another one give another number", ident_local(id),
                                        words_name(&entry_state_words, known->state), (long long)known->points,
                                        known->customer);
        return refuse(deed, "known", what);
    }
    *ret = purse_entry(&deed->purse, id);
    ret->about = deed->act->about;
    ret->gift = deed->act->gift;
    ret->reason = deed->act->reason;
    ret->by = deed->event->actor;
    return true;
}

/* -------- redeeming */

/* What there is, and what of it can be taken. */
static const char *what_there_is(struct points_deed *deed)
{
    const struct loyalty_rules *rules = deed->purse.rules;
    int64_t held = deed->purse.ledger.account.held, most = held - held % rules->redeem_steps;
    struct arena *arena = turn_arena(deed->turn);
    if (most < rules->redeem_at_least)
        return arena_printf(arena, "there are %lld points, and at least %lld are redeemed at a time: %lld are missing",
                            (long long)held, (long long)rules->redeem_at_least,
                            (long long)(rules->redeem_at_least - held));
    return arena_printf(arena, "there are %lld points: redeem %lld at most", (long long)held, (long long)most);
}

static bool points_can_be_redeemed(struct points_deed *deed)
{
    const struct loyalty_rules *rules = deed->purse.rules;
    int64_t points = deed->act->points;
    struct arena *arena = turn_arena(deed->turn);
    if (points <= 0)
        return refuse(deed, "bad_value", "points: how many are redeemed?");
    if (points > deed->purse.ledger.account.held)
        return refuse(deed, "not_enough", what_there_is(deed));
    if (points < rules->redeem_at_least)
        return refuse(deed, "bad_value", arena_printf(arena, "points: at least %lld at a time",
                                                      (long long)rules->redeem_at_least));
    if (points % rules->redeem_steps)
        return refuse(deed, "bad_value", arena_printf(arena, "points: in steps of %lld, such as %lld",
                                                      (long long)rules->redeem_steps,
                                                      (long long)(points - points % rules->redeem_steps)));
    return true;
}

static void redeem(struct points_deed *deed)
{
    struct points_entry entry;
    if (!points_can_be_redeemed(deed) || !entry_begin(deed, &entry))
        return;
    enum ledger_refusal refusal = ledger_redeem(&deed->purse.ledger, deed->act->points);
    if (refusal) {
        refuse(deed, ledger_refusal_word(refusal), what_there_is(deed));
        return;
    }
    entry.from = POINTS_HELD;
    entry.to = POINTS_REDEEMED;
    entry.points = deed->act->points;
    purse_keep(&deed->purse, &entry);
    purse_say(&deed->purse, &entry, EVENT_POINTS_REDEEMED);
}

/* -------- correcting */

static bool correction_makes_sense(struct points_deed *deed)
{
    int64_t points = deed->act->points;
    if (!points || points > LEDGER_ENTRY_POINTS_MAX || points < -LEDGER_ENTRY_POINTS_MAX)
        return refuse(deed, "bad_value", "points: how many more, or (negative) less?");
    if (!*deed->act->reason)
        return refuse(deed, "bad_value", "reason: why is it wrong?");
    long long held = deed->purse.ledger.account.held;
    if (-points > held)
        return refuse(deed, "not_enough",
                      arena_printf(turn_arena(deed->turn), "there are %lld points: take %lld at most", held, held));
    return true;
}

static void correct(struct points_deed *deed)
{
    struct points_entry entry;
    if (!correction_makes_sense(deed) || !entry_begin(deed, &entry))
        return;
    bool gives = deed->act->points > 0;
    entry.state = ENTRY_ASKED;
    entry.from = gives ? POINTS_CORRECTED : POINTS_HELD;
    entry.to = gives ? POINTS_HELD : POINTS_CORRECTED;
    entry.points = gives ? deed->act->points : -deed->act->points;
    purse_keep(&deed->purse, &entry);
    purse_say(&deed->purse, &entry, EVENT_POINTS_CORRECTION_ASKED);
}

/* -------- deciding */

static bool actor_has_role(const struct points_deed *deed, const char *role)
{
    const struct site *site = deed->purse.site;
    const struct person *actor = site->staff ? staff_person(site->staff, deed->event->actor) : NULL;
    return !strcmp(deed->event->role, role) || !strcmp(deed->event->role, "administrator") ||
           (actor && person_has_role(actor, role));
}

/* Without keys nobody has a role: then only somebody known not to be an approver is refused. */
static bool may_decide(struct points_deed *deed, const struct points_entry *entry)
{
    const struct event *event = deed->event;
    const struct site *site = deed->purse.site;
    bool known = *event->role || (site->staff && *event->actor && staff_person(site->staff, event->actor));
    const char *role = deed->purse.rules->approval_role;
    if (known && !actor_has_role(deed, role))
        return refuse(deed, "not_allowed", arena_printf(turn_arena(deed->turn), "a %s decides about it", role));
    if (*event->actor && !strcmp(event->actor, entry->by))
        return refuse(deed, "not_allowed", "somebody else than who asked for it decides");
    return true;
}

static bool entry_asked(struct points_deed *deed, struct points_entry *ret)
{
    const char *id = ident_of_site(turn_arena(deed->turn), deed->event->site, deed->act->entry);
    const struct points_entry *entry = *deed->act->entry ? turn_get(deed->turn, ENTITY_POINTS_ENTRY, id) : NULL;
    if (!entry || strcmp(entry->site, deed->event->site))
        return refuse(deed, "not_found", "entry: which correction? care points lists them");
    if (entry->state != ENTRY_ASKED)
        return refuse(deed, "closed", arena_printf(turn_arena(deed->turn), "it is %s already",
                                                   words_name(&entry_state_words, entry->state)));
    *ret = *entry;
    ret->decided_by = deed->event->actor;
    if (*deed->act->reason && *ret->reason)
        ret->reason = arena_printf(turn_arena(deed->turn), "%.120s; %.120s", ret->reason, deed->act->reason);
    else if (*deed->act->reason)
        ret->reason = deed->act->reason;
    return true;
}

static void deed_open(struct points_deed *deed, const char *customer)
{
    deed->purse = purse_open(deed->turn, deed->event->site, customer);
    deed->opened = true;
}

static enum ledger_refusal entry_book(struct points_deed *deed, struct points_entry *entry)
{
    int64_t points = entry->from == POINTS_HELD ? -entry->points : entry->points;
    struct ledger_grant grant = purse_grant(&deed->purse, points, turn_now(deed->turn));
    entry->state = ENTRY_BOOKED;
    entry->expires_at = points > 0 ? grant.expires_at : 0;
    return entry->from == POINTS_EARNED ? ledger_earn(&deed->purse.ledger, &grant)
                                        : ledger_correct(&deed->purse.ledger, &grant);
}

static void approve(struct points_deed *deed)
{
    struct points_entry entry;
    if (!entry_asked(deed, &entry) || !may_decide(deed, &entry))
        return;
    deed_open(deed, turn_survivor(deed->turn, deed->event->site, entry.customer));
    enum ledger_refusal refusal = entry_book(deed, &entry);
    if (refusal) {
        refuse(deed, ledger_refusal_word(refusal),
               arena_printf(turn_arena(deed->turn), "there are %lld points now: decline it and ask for less",
                            (long long)deed->purse.ledger.account.held));
        return;
    }
    purse_keep(&deed->purse, &entry);
    purse_say(&deed->purse, &entry, entry.from == POINTS_EARNED ? EVENT_POINTS_EARNED : EVENT_POINTS_CORRECTED);
}

static void decline(struct points_deed *deed)
{
    struct points_entry entry;
    if (!entry_asked(deed, &entry) || !may_decide(deed, &entry))
        return;
    deed_open(deed, turn_survivor(deed->turn, deed->event->site, entry.customer));
    entry.state = ENTRY_DECLINED;
    purse_keep(&deed->purse, &entry);
    purse_say(&deed->purse, &entry, EVENT_POINTS_CORRECTION_DECLINED);
}

/* -------- an act */

static const struct { enum event_number act; void (*work)(struct points_deed *deed); bool of_customer; } deeds[] = {
    {EVENT_POINTS_REDEEM, redeem, true},
    {EVENT_POINTS_CORRECT, correct, true},
    {EVENT_POINTS_APPROVE, approve, false},
    {EVENT_POINTS_DECLINE, decline, false},
};

void on_points_act(struct turn *turn, const struct event *event, const void *data)
{
    struct points_deed deed = {.turn = turn, .event = event, .act = data};
    size_t at = 0;
    while (deeds[at].act != event->number)
        at++;
    const struct site *site = turn_site(turn, event->site);
    if (!loyalty_of(site)) {
        turn_refuse(turn, "not_found", "no playbook in force has rules for points: apply one with loyalty");
        return;
    }
    const struct customer *customer = customer_of(turn, event->site, event->customer);
    if (deeds[at].of_customer && !customer) {
        turn_refuse(turn, "not_found",
                    *event->customer ? "customer: there is none with this id" : "customer: whose points?");
        return;
    }
    deed.purse = (struct purse){.turn = turn, .site = site, .rules = loyalty_of(site)};
    if (deeds[at].of_customer)
        deed_open(&deed, ident_local(customer->id));
    deeds[at].work(&deed);
    if (deed.opened)
        purse_close(&deed.purse);
}
