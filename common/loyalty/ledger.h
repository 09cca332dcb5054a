/* ledger: a customer's loyalty points as double entry.
 *
 * Every change is an entry: points go from one account to another, so the five accounts of a customer always add up to
 * nothing. What the customer holds lies in lots, each with the day on which it ends; whatever leaves is taken from the
 * lot that ends first. Nothing is ever below zero that a customer could have, and no point comes or goes but by an
 * entry. Pure: times come in, nothing else goes out. */
#ifndef CARELINE_LEDGER_H
#define CARELINE_LEDGER_H

#include "records.h"

enum {
    LEDGER_LOTS_MAX = 64,                   /* more are put together, to the customer's favour */
    LEDGER_ENTRY_POINTS_MAX = 1000000000    /* of one entry */
};
#define LEDGER_POINTS_MAX INT64_C(1000000000000000)     /* that any account ever sees */

/* An account while it is worked on. */
struct ledger {
    struct arena *arena;
    struct points_account account;          /* lots have room for one more than LEDGER_LOTS_MAX */
};

/* Why something cannot be booked. */
enum ledger_refusal { LEDGER_FINE, LEDGER_BAD_POINTS, LEDGER_NOT_ENOUGH, LEDGER_FULL, ledger_refusal_count };
/* As one word, such as not_enough. */
const char *ledger_refusal_word(enum ledger_refusal refusal);

/* Points that come: how many, and until when. */
struct ledger_grant {
    int64_t points;
    wall_ms at;                             /* since when they count */
    wall_ms expires_at;                     /* 0: never */
    wall_ms remind_at;                      /* 0: nobody is reminded */
};

/* A copy of `stored` to change, its texts borrowed; NULL: an empty account with this id. Lives in the arena. */
struct ledger ledger_open(const struct points_account *stored, const char *id, struct arena *arena);

/* earned -> held. LEDGER_BAD_POINTS: none, or more than LEDGER_ENTRY_POINTS_MAX; LEDGER_FULL: LEDGER_POINTS_MAX. */
enum ledger_refusal ledger_earn(struct ledger *ledger, const struct ledger_grant *grant);
/* held -> redeemed; LEDGER_NOT_ENOUGH: more than is held. */
enum ledger_refusal ledger_redeem(struct ledger *ledger, int64_t points);
/* corrected -> held if the grant's points are positive, else held -> corrected. */
enum ledger_refusal ledger_correct(struct ledger *ledger, const struct ledger_grant *grant);
/* held -> expired: what is left of every lot whose end has come. One entry; how many points. */
int64_t ledger_expire(struct ledger *ledger, wall_ms now);

/* Up to so many points, what ends first first, go from one customer to another and keep their ends: held -> corrected
 * there, corrected -> held here. How many. */
int64_t ledger_move(struct ledger *from, struct ledger *to, int64_t points_max);

/* Lots whose customer is to be reminded by now, each once: how many points, and when the first of them end. */
int64_t ledger_remind(struct ledger *ledger, wall_ms now, wall_ms *ret_first);
/* When something is next to be done by itself: a reminder, an end; 0: never. */
wall_ms ledger_next(const struct ledger *ledger);
/* When the first points end; 0: never. */
wall_ms ledger_first_end(const struct ledger *ledger);

/* Everything that was ever earned, corrections included: what a level goes by. */
int64_t ledger_merit(const struct points_account *account);
/* Does all hold that must hold? Every change asserts it. */
bool ledger_is_sound(const struct points_account *account);

#endif
