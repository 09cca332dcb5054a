/* points.h: what the files about loyalty points share. The scheduler keeps them, since they follow the facts by which
 * it knows the customers, and show in their records: one commit books a visit, its points and the level that follows. */
#ifndef CARELINE_POINTS_H
#define CARELINE_POINTS_H

#include "ledger.h"
#include "scheduler.h"

enum { REMIND_HOUR = 10 };      /* of the day on which a customer is reminded; the gate may put the message off */

/* A customer's account while it is worked on. */
struct purse {
    struct turn *turn;
    const struct site *site;            /* may be NULL */
    const struct loyalty_rules *rules;  /* NULL: no playbook in force has any */
    const char *level_before;           /* when it was opened */
    struct ledger ledger;
};

/* The rules of the first playbook in force that has some; NULL: none. */
const struct loyalty_rules *loyalty_of(const struct site *site);

/* The account, or a new one; what has ended by now is booked, so that every purse that is opened must be closed.
 * purse_close stores it (unless nothing was ever booked) with its next due time, shows points and level in the
 * customer's record, and tells a change of level. */
struct purse purse_open(struct turn *turn, const char *site, const char *customer);
void purse_close(struct purse *purse);

/* Points that count since then, with their end and reminder by the rules. */
struct ledger_grant purse_grant(const struct purse *purse, int64_t points, wall_ms since);

/* A booked entry about nothing yet; `id` with its site. purse_keep stores it with what is held now, by
 * which the level goes; purse_say tells it. */
struct points_entry purse_entry(const struct purse *purse, const char *id);
void purse_keep(struct purse *purse, struct points_entry *entry);
void purse_say(const struct purse *purse, const struct points_entry *entry, enum event_number number);

#endif
