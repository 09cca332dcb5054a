/* plan_fold: what a plan need not hold while it is kept, for the settings of its site say it: the hash of its playbook is a
 * number among those that the site has had; names and kinds of steps stand in that playbook, and the ids of what they lead to
 * are mostly made of these. */
#ifndef CARELINE_PLAN_FOLD_H
#define CARELINE_PLAN_FOLD_H

#include "site.h"

/* The plan as it is kept; as it is, if the config (NULL: none) has no number for its playbook. `playbook` is the plan's, or
 * NULL. Into the arena, which holds what the plan points at, too. */
const struct plan *plan_folded(const struct plan *plan, const struct site_config *config, const struct playbook *playbook,
                               struct arena *arena);

/* The hash of its playbook, folded or not; "" for a number that the config does not have. */
const char *plan_playbook_hash(const struct plan *plan, const struct site_config *config);

/* Makes a plan that was folded whole again: `playbook` is that of plan_playbook_hash. If it is NULL, the playbook is gone,
 * and steps are called by their number. Does nothing to one that was not folded. */
void plan_unfold(struct plan *plan, const struct site_config *config, const struct playbook *playbook, struct arena *arena);

#endif
