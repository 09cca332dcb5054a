#include <string.h>

#include "playbook.h"

/* What a playbook names that others must provide. */

struct collected {
    struct arena *arena;
    struct texts names;
    size_t room;
};

static void collect(struct collected *to, const char *name)
{
    if (!name || !*name)
        return;
    for (size_t i = 0; i < to->names.count; i++)
        if (!strcmp(to->names.at[i], name))
            return;
    if (to->names.count == to->room) {
        const char **bigger = arena_alloc(to->arena, (2 * to->room + 16) * sizeof *bigger);
        if (to->names.count)
            memcpy(bigger, to->names.at, to->names.count * sizeof *bigger);
        to->names.at = bigger;
        to->room = 2 * to->room + 16;
    }
    to->names.at[to->names.count++] = name;
}

static void each_step(const struct playbook *playbook, void (*visit)(struct collected *to, const struct step *step),
                      struct collected *to)
{
    for (size_t i = 0; i < playbook->rule_count; i++)
        for (size_t j = 0; j < playbook->rules[i].step_count; j++)
            visit(to, &playbook->rules[i].steps[j]);
}

static void templates_of_step(struct collected *to, const struct step *step)
{
    for (size_t i = 0; i < step->template.count; i++)
        collect(to, step->template.at[i].value);
    for (size_t i = 0; i < step->outcomes.count; i++) {
        const struct outcome_rule *outcome = &step->outcomes.at[i];
        collect(to, outcome->message);
        for (size_t j = 0; j < outcome->notes.count; j++)
            collect(to, outcome->notes.at[j].template);
    }
}

static void collect_addressee(struct collected *to, const char *addressee)
{
    if (addressee && strcmp(addressee, "customer") && strcmp(addressee, "owner") && strncmp(addressee, "field.", 6) &&
        strncmp(addressee, "event.", 6))
        collect(to, addressee);
}

static void role_of_step(struct collected *to, const struct step *step)
{
    if (strcmp(step->role, "customer"))         /* over a link: nobody of the staff */
        collect(to, step->role);
    collect_addressee(to, step->to);
    for (size_t i = 0; i < step->outcomes.count; i++)
        for (size_t j = 0; j < step->outcomes.at[i].notes.count; j++)
            collect_addressee(to, step->outcomes.at[i].notes.at[j].to);
}

struct texts playbook_templates(const struct playbook *playbook, struct arena *arena)
{
    struct collected to = {.arena = arena};
    each_step(playbook, templates_of_step, &to);
    for (size_t i = 0; i < playbook->complaints.tell_count; i++)
        collect(&to, playbook->complaints.tell[i].template);
    collect(&to, playbook->staff_rules.digest_template);
    return to.names;
}

struct texts playbook_roles(const struct playbook *playbook, struct arena *arena)
{
    const struct complaint_rules *complaints = &playbook->complaints;
    struct collected to = {.arena = arena};
    each_step(playbook, role_of_step, &to);
    for (size_t i = 0; i < complaints->ladder_count; i++)
        collect(&to, complaints->ladder[i]);
    for (size_t i = 0; i < complaints->tell_count; i++)
        if (strcmp(complaints->tell[i].to, "customer") && strcmp(complaints->tell[i].to, "holder"))
            collect(&to, complaints->tell[i].to);
    collect(&to, playbook->phone_role);
    collect(&to, complaints->approval_role);
    collect(&to, playbook->loyalty.approval_role);
    for (int class = 0; class < customer_class_count; class++)
        collect(&to, playbook->classes.owner_role[class]);
    return to.names;
}
