#include "docket.h"

#include <string.h>

/* Who of a role takes a case: somebody who is there, else whoever stands in for them. Who is not there is noted, so that
 * everybody can see why the case came to whom it came. */

enum { DEPUTIES_MAX = 8 /* one standing in for the other */, PLACED_BYTES_MAX = 480 };

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

void holder_count(struct docket *docket, int change)
{
    if (!*docket->file.assignee)
        return;
    struct workload workload = {.id = workload_id(docket, docket->file.assignee)};
    workload.open = workload_of(docket, docket->file.assignee) + change;
    if (workload.open < 0)
        workload.open = 0;
    turn_put(docket->turn, ENTITY_WORKLOAD, workload.id, &workload, 0, NULL);
}

/* -------- who is there */

/* Now; while the site is closed, its next opening: what comes in at night is for who is there in the morning. */
static wall_ms working_time(const struct docket *docket)
{
    struct opening opening;
    const struct week *business = calendar_business(docket->calendar);
    if (calendar_is_open(docket->calendar, business, docket->now) ||
        !calendar_next_opening(docket->calendar, business, docket->now, &opening))
        return docket->now;
    return opening.from;
}

/* NULL: the person is there. Else what keeps them away. */
static const char *away(const struct docket *docket, const struct person *person)
{
    if (!site_has_present(docket->site, person))
        return "absent";
    if (person->hours && !calendar_is_open(docket->calendar, person->hours, working_time(docket)))
        return "off duty";
    return NULL;
}

/* The first who is there of those who stand in, one for the other; NULL: none. */
static const struct person *stand_in(const struct docket *docket, const struct person *person)
{
    for (int i = 0; i < DEPUTIES_MAX && person && person->deputy && *person->deputy; i++) {
        person = staff_person(docket->site->staff, person->deputy);
        if (person && !away(docket, person))
            return person;
    }
    return NULL;
}

/* -------- choosing */

/* Which people of a role are looked at. */
struct choice {
    const char *role;
    const char *department;         /* "": any */
    bool deputies;                  /* for those away, their deputies */
};

/* Fewest open cases; of several, the first by name. */
static bool is_better(const struct docket *docket, const struct person *one, const struct person *than)
{
    if (!than)
        return true;
    int64_t one_open = workload_of(docket, one->id), than_open = workload_of(docket, than->id);
    return one_open != than_open ? one_open < than_open : strcmp(one->id, than->id) < 0;
}

static bool is_of(const struct person *person, const struct choice *choice)
{
    return person_has_role(person, choice->role) &&
           (!*choice->department || (person->department && !strcmp(person->department, choice->department)));
}

static const struct person *choose(const struct docket *docket, const struct choice *choice)
{
    const struct person *best = NULL;
    const struct staff *staff = docket->site ? docket->site->staff : NULL;
    for (size_t i = 0; staff && i < staff->count; i++) {
        const struct person *person = &staff->people[i];
        if (!is_of(person, choice))
            continue;
        bool there = !away(docket, person);
        const struct person *able = there == choice->deputies ? NULL : there ? person : stand_in(docket, person);
        if (able && is_better(docket, able, best))
            best = able;
    }
    return best;
}

const struct person *holder_of_department(const struct docket *docket, const char *role, const char *department)
{
    struct choice choice = {role, department, false};
    return choose(docket, &choice);
}

/* -------- saying so */

static void note(struct docket *docket, const char *separator, const char *what)
{
    if (strlen(docket->placed) + strlen(what) < PLACED_BYTES_MAX)
        docket->placed = arena_printf(docket->arena, "%s%s%s", docket->placed, *docket->placed ? separator : "", what);
}

/* Everybody with the role who is away, each with the reason. */
static void note_away(struct docket *docket, const char *role)
{
    const struct staff *staff = docket->site ? docket->site->staff : NULL;
    size_t bearers = 0;
    note(docket, "; ", arena_printf(docket->arena, "%s:", role));
    for (size_t i = 0; staff && i < staff->count; i++) {
        const struct person *person = &staff->people[i];
        const char *why = person_has_role(person, role) ? away(docket, person) : NULL;
        if (why)
            note(docket, bearers++ ? ", " : " ", arena_printf(docket->arena, "%s is %s", person->id, why));
    }
    if (!bearers)
        note(docket, " ", "nobody has this role");
}

const struct person *holder_of_role(struct docket *docket, const char *role)
{
    const char *department = docket->file.department;
    const struct choice choices[] = {{role, department, false}, {role, "", false}, {role, department, true}, {role, "", true}};
    for (size_t i = 0; i < sizeof choices / sizeof choices[0]; i++) {
        const struct person *person = choose(docket, &choices[i]);
        if (person && choices[i].deputies) {
            note_away(docket, role);
            note(docket, ", ", arena_printf(docket->arena, "%s stands in", person->id));
        }
        if (person)
            return person;
    }
    note_away(docket, role);
    return NULL;
}
