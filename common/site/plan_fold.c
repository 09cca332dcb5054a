#include "plan_fold.h"

#include <string.h>

#include "ident.h"

/* Its number among those that the site has had, from 1; 0: it has none. */
static int64_t version_number(const struct site_config *config, const char *hash)
{
    for (size_t i = 0; config && i < config->versions.count; i++)
        if (!strcmp(config->versions.at[i], hash))
            return (int64_t)i + 1;
    return 0;
}

const char *plan_playbook_hash(const struct plan *plan, const struct site_config *config)
{
    if (!plan->version)
        return plan->playbook_hash;
    bool known = config && plan->version > 0 && (size_t)plan->version <= config->versions.count;
    return known ? config->versions.at[plan->version - 1] : "";
}

static const struct step *step_of(const struct plan *plan, const struct playbook *playbook, const struct planned_step *step)
{
    if (!playbook || plan->rule < 0 || (size_t)plan->rule >= playbook->rule_count)
        return NULL;
    const struct rule *rule = &playbook->rules[plan->rule];
    bool known = step->rule_step >= 0 && (size_t)step->rule_step < rule->step_count;
    return known ? &rule->steps[step->rule_step] : NULL;
}

/* What a step leads to is mostly called so. */
static const char *usual_work(const struct plan *plan, const char *step, struct arena *arena)
{
    const char *round = plan->round > 1 ? arena_printf(arena, ".%d", (int)plan->round) : "";
    const char *entry = plan->entries > 1 ? arena_printf(arena, ".e%d", (int)plan->entries) : "";
    return ident_make(arena, plan->site, "%s.%s%s%s", plan->about, step, round, entry);
}

/* What is left out is told by its being empty: nothing that is to be kept may be. */
static bool is_foldable(const struct plan *plan)
{
    for (size_t i = 0; i < plan->steps.count; i++) {
        const struct planned_step *step = &plan->steps.at[i];
        if (!*step->name || !step->kind || !*step->work)
            return false;
    }
    return true;
}

static void step_fold(const struct plan *plan, const struct playbook *playbook, struct planned_step *step,
                      struct arena *arena)
{
    const struct step *in_book = step_of(plan, playbook, step);
    if (!strcmp(step->work, usual_work(plan, step->name, arena)))
        step->work = "";
    if (in_book && !strcmp(step->name, in_book->name))
        step->name = "";
    if (in_book && step->kind == in_book->kind)
        step->kind = STEP_NONE;
}

const struct plan *plan_folded(const struct plan *plan, const struct site_config *config, const struct playbook *playbook,
                               struct arena *arena)
{
    int64_t number = version_number(config, plan->playbook_hash);
    if (!number || !is_foldable(plan))
        return plan;
    struct plan *folded = arena_copy(arena, plan, sizeof *plan);
    folded->version = number;
    folded->playbook_hash = "";
    folded->steps.at = arena_copy(arena, plan->steps.at, plan->steps.count * sizeof *plan->steps.at);
    for (size_t i = 0; i < folded->steps.count; i++)
        step_fold(plan, playbook, &folded->steps.at[i], arena);
    return folded;
}

static void step_unfold(const struct plan *plan, const struct playbook *playbook, struct planned_step *step,
                        struct arena *arena)
{
    const struct step *in_book = step_of(plan, playbook, step);
    if (!*step->name)
        step->name = in_book ? in_book->name : arena_printf(arena, "%d", (int)step->rule_step);
    if (!step->kind && in_book)
        step->kind = in_book->kind;
    if (!*step->work)
        step->work = usual_work(plan, step->name, arena);
}

void plan_unfold(struct plan *plan, const struct site_config *config, const struct playbook *playbook, struct arena *arena)
{
    if (!plan->version)
        return;
    plan->playbook_hash = plan_playbook_hash(plan, config);
    plan->version = 0;
    for (size_t i = 0; i < plan->steps.count; i++)
        step_unfold(plan, playbook, &plan->steps.at[i], arena);
}
