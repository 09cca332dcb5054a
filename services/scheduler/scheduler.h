/* scheduler.h: what the files of the scheduler's core share.
 *
 * The scheduler keeps the customers, plans what follows a fact by the playbooks in force, and starts each step when its
 * time comes. Everything here is pure: state and effects go through the turn. */
#ifndef CARELINE_SCHEDULER_H
#define CARELINE_SCHEDULER_H

#include "core.h"
#include "site.h"

enum {
    ANNOUNCE_LEAD_MS = 30 * 60 * 1000,      /* a call is announced this long before it is due */
    ROUNDS_MAX = 32,                        /* times that one case can be followed anew */
    CUSTOMER_HISTORY_MAX = 20
};

/* -------- customer.c, sighting.c, class.c: who it is about */

/* What one fact tells of its customer; "" and 0 for what it does not tell. */
struct sighting {
    const char *about;              /* order, visit, complaint */
    struct customer_recorded person;/* its personal fields only */
    int kind;                       /* enum customer_kind */
    int class_marked;               /* the shop says so with the fact */
    int class_by_hand;              /* a person set it */
    bool message_first;
    bool paid;                      /* a delivery or a visit: counts */
    int64_t amount_cents;
    const char *owner, *language, *preference;
    struct texts attachments;
};

/* Reads a fact; false: this type of event tells nothing of a customer. */
bool sighting_of(const struct event *event, const void *data, struct sighting *ret);

/* Stores what the event tells of its customer and announces a change of class, owner or preferences. */
void customer_meet(struct turn *turn, const struct event *event, const void *data);
void customer_prefer(struct turn *turn, const struct event *event, const struct customer_preferred *data);
const struct customer *customer_of(struct turn *turn, const char *site, const char *customer);
/* A copy to change: the stored one, or a new one. */
struct customer customer_copy(struct turn *turn, const struct event *event);
void customer_store(struct turn *turn, const struct customer *before, const struct customer *after);

/* Class by the playbook's rules, by hand before all; the owner that goes with it. */
void class_settle(const struct site *site, const struct sighting *seen, const struct customer *before, struct customer *after);

/* -------- plan.c, placing.c: what follows */

/* One rule that an event meets. */
struct planning {
    struct turn *turn;
    const struct event *event;
    const void *data;
    const char *about;              /* local id of what is followed */
    const struct customer *customer;
    const struct site *site;
    const struct playbook_in_force *in_force;
    size_t rule;                    /* index */
    wall_ms occurred_at;
};

/* Plans every rule in force that the event meets. */
void plans_make(struct turn *turn, const struct event *event, const void *data);
/* What the event is about, by which it is followed once; "" for nothing. */
const char *event_about(struct turn *turn, const struct event *event, const void *data);
/* The time of one step, or that it is skipped because it comes too late. */
struct planned_step step_place(const struct planning *planning, size_t step);

/* -------- steps.c: when the time comes */

/* A plan being worked: a copy whose steps may be changed. */
struct planned {
    struct turn *turn;
    struct plan plan;
    const struct site *site;        /* may be NULL */
    const struct playbook *playbook;/* may be NULL */
    const struct rule *rule;        /* may be NULL */
    const struct customer *customer;/* may be NULL */
};

struct planned planned_open(struct turn *turn, const struct plan *plan);
/* Stores it with its next due time; when nothing is left to do, says so. */
void planned_store(struct planned *planned);
const struct step *planned_rule_step(const struct planned *planned, const struct planned_step *step);
struct event planned_event(const struct planned *planned, enum event_number number);
/* Every way out of a step that is not done goes through here. */
void planned_skip(struct planned *planned, struct planned_step *step, const char *reason);
/* All steps that have not begun are skipped. */
void planned_stop(struct planned *planned, const char *reason);
/* The lookup of conditions over what the plan remembers. */
struct condition_facts planned_facts(const struct planned *planned);

void plan_fire(struct turn *turn, const struct plan *plan);

/* -------- start.c: how each kind of step begins */

void step_start(struct planned *planned, struct planned_step *step);
/* Announces a call by a message, if its customer wants that. */
void step_announce(struct planned *planned, struct planned_step *step);
/* When the call is to be announced; 0: not at all. */
wall_ms step_announce_at(const struct planned *planned, const struct planned_step *step);

/* -------- progress.c: what became of it */

void plan_task_closed(struct turn *turn, const struct task_changed *data);
void plan_task_corrected(struct turn *turn, const struct task_changed *data);
/* A case is open again: what was to follow its closing waits for the next one. */
void plan_case_reopened(struct turn *turn, const struct event *event, const struct case_changed *data);
/* Id of the latest plan of a rule about something, and how many rounds there have been (0: none yet). */
const char *plan_latest(struct turn *turn, const char *site, const char *about, const char *playbook, size_t rule,
                        int64_t *ret_round);

#endif
