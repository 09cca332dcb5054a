/* toy: three small cores that use everything the runtime offers, and say afterwards whether each effect happened once.
 *
 *   car.delivered {order, amount_cents}   scheduler: a plan with a timer amount_cents ms later, or, if it has not
 *                                         started, the same plan postponed; plan.made tells that time as occurred_at;
 *                                         customer "all" counts it
 *   the plan's timer                      scheduler: task.wanted, once; customer "all" counts it as spending
 *   visit.finished                        scheduler: customer.changed, whose subject is how many cars "all" has
 * counted
 *   task.wanted                           follow-up: reads plan and customer; a task in the queue, with a timer 1000
 * ms later
 *   the task's timer                      follow-up: the task leaves the queue, task.closed
 *   task.closed                           notifier: a notice on its way, handed to the sender
 *   send.finished                         notifier: sent, or sent again if it was not accepted, if refused for now
 *                                         500 ms later; notice.sent
 *
 * What they emit has the order as its subject. */
#ifndef CARELINE_TESTS_TOY_H
#define CARELINE_TESTS_TOY_H

#include "core.h"

extern const struct core toy_scheduler, toy_follow_up, toy_notifier;
extern const struct core *const toy_cores[];        /* NULL-ended */

/* Called with the order's number before it is worked; for crashes. */
extern void (*toy_before)(const char *order);

enum { TOY_TASK_MS = 1000, TOY_RETRY_MS = 500 };

#endif
