#include "docket.h"

#include <string.h>

/* -------- how much somebody has */

static const char *workload_id(const struct docket *docket, const char *person)
{
    return arena_printf(docket->arena, "%s/%s", docket->file.site, person);
}

static int64_t workload_of(const struct docket *docket, const char *person)
{
    const struct workload *workload = turn_get(docket->turn, ENTITY_WORKLOAD, workload_id(docket, person));
    return workload ? workload->open : 0;
}

void ladder_count(struct docket *docket, int change)
{
    if (!*docket->file.assignee)
        return;
    struct workload workload = {.id = workload_id(docket, docket->file.assignee)};
    workload.open = workload_of(docket, docket->file.assignee) + change;
    if (workload.open < 0)
        workload.open = 0;
    turn_put(docket->turn, ENTITY_WORKLOAD, workload.id, &workload, 0, NULL);
}

/* -------- choosing */

/* Which people of a role are looked at. */
struct choice {
    const char *role;
    const char *department;         /* "": any */
    bool deputies;                  /* for those absent, their deputies */
};

static const struct person *stand_in(const struct docket *docket, const struct person *person, bool deputies)
{
    if (site_has_present(docket->site, person))
        return deputies ? NULL : person;
    if (!deputies || !person->deputy || !*person->deputy)
        return NULL;
    const struct person *deputy = staff_person(docket->site->staff, person->deputy);
    return deputy && site_has_present(docket->site, deputy) ? deputy : NULL;
}

/* Fewest open cases; of several, the first by name. */
static bool is_better(const struct docket *docket, const struct person *one, const struct person *than)
{
    if (!than)
        return true;
    int64_t one_open = workload_of(docket, one->id), than_open = workload_of(docket, than->id);
    return one_open != than_open ? one_open < than_open : strcmp(one->id, than->id) < 0;
}

static const struct person *choose(const struct docket *docket, const struct choice *choice)
{
    const struct person *best = NULL;
    const struct staff *staff = docket->site ? docket->site->staff : NULL;
    for (size_t i = 0; staff && i < staff->count; i++) {
        const struct person *person = &staff->people[i];
        if (!person_has_role(person, choice->role))
            continue;
        if (*choice->department && (!person->department || strcmp(person->department, choice->department)))
            continue;
        const struct person *able = stand_in(docket, person, choice->deputies);
        if (able && is_better(docket, able, best))
            best = able;
    }
    return best;
}

/* Those of the responsible department go first, deputies come after all who hold the role themselves. */
static const struct person *choose_for_role(const struct docket *docket, const char *role)
{
    const struct choice choices[] = {
        {role, docket->file.department, false}, {role, "", false},
        {role, docket->file.department, true}, {role, "", true},
    };
    for (size_t i = 0; i < sizeof choices / sizeof choices[0]; i++) {
        const struct person *person = choose(docket, &choices[i]);
        if (person)
            return person;
    }
    return NULL;
}

/* -------- rungs */

int ladder_entry(const struct docket *docket, int channel)
{
    const struct complaint_rules *rules = docket->rules;
    for (size_t i = 0; i < rules->entry_count; i++)
        if (rules->entries[i].channel == channel && (size_t)rules->entries[i].rung < rules->ladder_count)
            return rules->entries[i].rung;
    return 0;
}

int ladder_rung(const struct docket *docket, const char *role)
{
    for (size_t i = 0; i < docket->rules->ladder_count; i++)
        if (!strcmp(docket->rules->ladder[i], role))
            return (int)i;
    return -1;
}

bool ladder_at_top(const struct docket *docket)
{
    return docket->file.rung + 1 >= (int64_t)docket->rules->ladder_count;
}

static void hold(struct docket *docket, int rung, const char *person)
{
    ladder_count(docket, -1);
    docket->file.rung = rung;
    if ((size_t)rung < docket->rules->ladder_count)
        docket->file.role = docket->rules->ladder[rung];
    docket->file.assignee = person;
    ladder_count(docket, 1);
}

void ladder_place(struct docket *docket, int rung)
{
    const struct complaint_rules *rules = docket->rules;
    for (int i = rung; i < (int)rules->ladder_count; i++) {
        const struct person *person = choose_for_role(docket, rules->ladder[i]);
        if (person) {
            hold(docket, i, person->id);
            return;
        }
    }
    hold(docket, rung, "");
}

bool ladder_climb(struct docket *docket)
{
    if (ladder_at_top(docket))
        return false;
    ladder_place(docket, (int)docket->file.rung + 1);
    return true;
}

/* The highest rung whose role the person has, or -1. */
static int highest_rung(const struct docket *docket, const struct person *person)
{
    for (int i = (int)docket->rules->ladder_count - 1; i >= 0; i--)
        if (person_has_role(person, docket->rules->ladder[i]))
            return i;
    return -1;
}

void ladder_give(struct docket *docket, const struct person *person)
{
    int rung = person_has_role(person, docket->file.role) ? -1 : highest_rung(docket, person);
    hold(docket, rung < 0 ? (int)docket->file.rung : rung, person->id);
}

void ladder_follow_department(struct docket *docket)
{
    const char *department = docket->file.department;
    const struct staff *staff = docket->site ? docket->site->staff : NULL;
    const struct person *holder = staff ? staff_person(staff, docket->file.assignee) : NULL;
    if (!*department || (holder && holder->department && !strcmp(holder->department, department)))
        return;
    struct choice choice = {docket->file.role, department, false};
    const struct person *person = choose(docket, &choice);
    if (person)
        hold(docket, (int)docket->file.rung, person->id);
}
