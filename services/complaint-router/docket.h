/* docket: one case being worked within one turn, and what the parts of the router do to it.
 *
 *   complaint.received --case_open--> received … acts, clocks, progress of the source … --> closed or linked
 *
 * A docket is a copy of the stored case with all that is needed to decide about it. The parts change `file`;
 * docket_save stores it with its one timer (the earliest of its clocks) and its one place in the list of its role. */
#ifndef CARELINE_ROUTER_DOCKET_H
#define CARELINE_ROUTER_DOCKET_H

#include "core.h"
#include "site.h"
#include "states.h"

enum { CASE_CLOCKS_MAX = 12, CASE_LINKED_MAX = 16, CASE_ALSO_MAX = 8, CASE_ATTACHMENTS_MAX = 16, COMPLAINTS_KEPT_MAX = 32 };

struct docket {
    struct turn *turn;
    struct arena *arena;
    wall_ms now;
    const struct site *site;                /* NULL: nothing is set up for it */
    const struct calendar *calendar;        /* never NULL */
    const struct complaint_rules *rules;    /* never NULL; those the case began with */
    const char *templates;                  /* the set that their texts are in; "": any */
    struct complaint_case file;
    const char *note;                       /* what the act said, for its event; "" */
    const char *reason;
    const char *placed;                     /* how it came to its holder, if it did so in this turn; "" */
    struct texts attachments;               /* that came with the act */
    int64_t satisfaction;
    int notices;                            /* asked for so far, to number them */
    bool quiet;                             /* nobody is told: a step on the way to another */
};

/* -------- the case itself (docket.c) */

/* `<site>/<number>` of a case named with or without its site; NULL if it is of another site than the event. */
const char *docket_case_id(struct turn *turn, const char *name);

/* Opens the stored case; false: there is none. */
bool docket_load(struct docket *docket, struct turn *turn, const char *case_id);

/* A case that is not stored yet, with nothing in it but its site and the rules in force. */
void docket_new(struct docket *docket, struct turn *turn, const char *case_id);

void docket_save(struct docket *docket);

/* Keeps references to stored copies that came with an act; the oldest go when there are too many. */
void docket_attach(struct docket *docket, const struct texts *added);

/* Is it still worked? Not when closed or linked. */
bool docket_open(const struct docket *docket);

/* Appends the event about what became of the case, and tells those whom the playbook names. `clock` may be NULL. */
void docket_emit(struct docket *docket, enum event_number number, const struct case_clock *clock, const char *reason);

/* The same without telling anybody. */
void docket_record(struct docket *docket, enum event_number number, const struct case_clock *clock, const char *reason);

/* Ends it in this state: closed or linked. Its clocks stop, its holder is free of it. */
void docket_end(struct docket *docket, enum case_state state);

/* One rung higher, clocks of the result run again. */
void docket_reopen(struct docket *docket, const char *reason);

/* Works it in another case from now on; that one is opened again if it was over. */
void docket_link(struct docket *docket, struct docket *into);

/* A matter of its own after all: back to the state in which it was linked, its deadlines count from now. */
void docket_unlink(struct docket *docket);

/* Notes the case among its customer's complaints, so that repeats are found. */
void docket_remember(struct docket *docket);
void docket_remember_open(struct docket *docket, bool open);

/* "2026-03-06 16:00" by the site's clock. */
const char *docket_time(const struct docket *docket, wall_ms at);

/* -------- the playbook's rules (rules.c) */

/* Sets category, further ones, grade and department from what was said. */
void rules_classify(struct docket *docket, const struct complaint_received *said, const struct customer *customer,
                    bool repeat);

/* The responsible department of the case's category, "" if none is named. */
const char *rules_department(const struct docket *docket, const char *category);

/* The texts, separated by commas: for a person who said something else. */
const char *rules_said(const struct docket *docket, const struct texts *names);

/* Is the root cause still to be told before the case can be closed? */
bool rules_want_cause(const struct docket *docket, const char *told);

/* NULL: this root cause ("": none is told) may be recorded; else what is wrong with it, for a person. */
const char *rules_cause_fault(const struct docket *docket, const char *told);

/* -------- the ladder (ladder.c) */

/* The rung on which complaints of this channel start. */
int ladder_entry(const struct docket *docket, int channel);

/* Gives the case to somebody present on this rung or above. */
void ladder_place(struct docket *docket, int rung);

/* One rung up; false: it is at the top. */
bool ladder_climb(struct docket *docket);

bool ladder_at_top(const struct docket *docket);

/* The number of the role's rung, or -1. */
int ladder_rung(const struct docket *docket, const char *role);

/* Gives it to this person; the rung follows if the role is another. */
void ladder_give(struct docket *docket, const struct person *person);

/* Somebody of the department takes over, if the holder is not of it and there is one. */
void ladder_follow_department(struct docket *docket);

/* -------- people (holder.c) */

/* Somebody with the role who is there (not absent, and on duty when the site is next open), those of the responsible
 * department first; else who stands in for somebody who is not there. NULL: nobody. Who is not there is added to
 * docket->placed. */
const struct person *holder_of_role(struct docket *docket, const char *role);

/* Somebody of this department with the role who is there; NULL: nobody. */
const struct person *holder_of_department(const struct docket *docket, const char *role, const char *department);

/* The open cases of the holder become one more or less. */
void holder_count(struct docket *docket, int change);

/* -------- clocks (clocks.c, deadlines.c, late.c) */

void clocks_start(struct docket *docket);
/* Those that were cancelled before they were kept, and those it never had, count from now. */
void clocks_restart(struct docket *docket);
void clock_meet(struct docket *docket, const char *name);
void clock_begin(struct docket *docket, const char *name);
void clock_again(struct docket *docket, const char *name);
void clock_cancel(struct docket *docket, const char *name);
void clock_promise(struct docket *docket, wall_ms at);
void clocks_cancel(struct docket *docket);
void clocks_pause(struct docket *docket);
void clocks_resume(struct docket *docket);
void clocks_regrade(struct docket *docket);

/* When the case wants to be looked at again; 0: never. */
wall_ms clocks_next(const struct complaint_case *file);

/* Warns, breaches and climbs for all that fell due until then, in the order of the instants; true if there was any. */
bool clocks_tick(struct docket *docket, wall_ms until);

struct case_clock *clock_find(struct docket *docket, const char *name);

/* Sets due time, warning and reason from start, grade and pauses; false: the grade has no such deadline. */
bool clock_compute(const struct docket *docket, struct case_clock *clock);

/* When so much of the business time between start and due has passed that its holder is warned; of the time, if no
 * business time lies between. */
wall_ms clock_warn_at(const struct docket *docket, wall_ms start, wall_ms due);

/* Business time from then to the clock's due time. */
int64_t clock_left(const struct docket *docket, const struct case_clock *clock, wall_ms from);

/* The rule of a clock, NULL if it has none (a promise). */
const struct clock_rule *clock_rule_of(const struct docket *docket, const char *name);

/* -------- acts (acts.c, rights.c) */

/* Does an act without asking who may; its result event is appended. */
void act_do(struct docket *docket, enum case_act_number act, const struct case_act *said);

/* Does this score (0: none) say that the customer is not satisfied? */
bool act_is_unhappy(const struct docket *docket, int64_t satisfaction);

/* May the event's actor do it? NULL, or the reason to refuse. */
const char *right_refusal(const struct docket *docket, enum act_right right, const struct event *event);

/* -------- telling people (tell.c) */

/* Asks for the notices that the playbook wants on `what`, such as case.opened. */
void tell_all(struct docket *docket, const char *what, const struct case_clock *clock);

/* -------- handlers */

void on_complaint_received(struct turn *turn, const struct event *event, const void *data);
void on_complaint_progressed(struct turn *turn, const struct event *event, const void *data);
void on_case_act(struct turn *turn, const struct event *event, const void *data);

#endif
