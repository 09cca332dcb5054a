#include "docket.h"

#include <string.h>

/* The rungs that a case climbs, and who has it there. */

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
    holder_count(docket, -1);
    docket->file.rung = rung;
    if ((size_t)rung < docket->rules->ladder_count)
        docket->file.role = docket->rules->ladder[rung];
    docket->file.assignee = person;
    docket->file.placed = docket->placed;
    holder_count(docket, 1);
}

void ladder_place(struct docket *docket, int rung)
{
    const struct complaint_rules *rules = docket->rules;
    docket->placed = "";
    for (int i = rung; i < (int)rules->ladder_count; i++) {
        const struct person *person = holder_of_role(docket, rules->ladder[i]);
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
    docket->placed = "";
    hold(docket, rung < 0 ? (int)docket->file.rung : rung, person->id);
}

void ladder_follow_department(struct docket *docket)
{
    const char *department = docket->file.department;
    const struct staff *staff = docket->site ? docket->site->staff : NULL;
    const struct person *holder = staff ? staff_person(staff, docket->file.assignee) : NULL;
    if (!*department || (holder && holder->department && !strcmp(holder->department, department)))
        return;
    const struct person *person = holder_of_department(docket, docket->file.role, department);
    docket->placed = "";
    if (person)
        hold(docket, (int)docket->file.rung, person->id);
}
