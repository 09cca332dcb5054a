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
    STAGE_ENTRIES_MAX = 64,                 /* stages that one plan can enter: more is a circle */
    RESULTS_MAX = 64,                       /* steps whose end a plan remembers */
    STEPS_AT_ONCE_MAX = 128,                /* steps that begin with one event; what more is due begins by timers */
    WAITS_MAX = 256,                        /* steps that wait for something about one customer or thing */
    CUSTOMER_HISTORY_MAX = 20, CUSTOMER_BAD_CHANNELS_MAX = 8
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
    const char *owner, *language, *preference, *interests;
    struct texts attachments;
};

/* Reads a fact; false: this type of event tells nothing of a customer. */
bool sighting_of(const struct event *event, const void *data, struct sighting *ret);
/* The same of a form, as far as its fields are said to belong to the customer's record. */
bool sighting_of_form(struct turn *turn, const struct event *event, const struct form_changed *form, struct sighting *ret);

/* Stores what the event tells of its customer and announces a change of class, owner or preferences. */
void customer_meet(struct turn *turn, const struct event *event, const void *data);
void customer_form_filled(struct turn *turn, const struct event *event, const void *data);
/* notice.bounced: the customer's contact for that channel is no good until another one is told. */
void customer_bounced(struct turn *turn, const struct event *event, const void *data);
/* Stores what a form tells of its customer. */
void customer_form_met(struct turn *turn, const struct event *event, const void *data);
/* What the places of a site's customers in the queue begin with. */
const char *customers_prefix(struct turn *turn, const char *site);
void customer_prefer(struct turn *turn, const struct event *event, const struct customer_preferred *data);
/* The record, or that of whom it was merged into; NULL: none. */
const struct customer *customer_of(struct turn *turn, const char *site, const char *customer);
/* A record that was merged into another goes on noting what is told under its id. */
void customer_note_merged(struct turn *turn, const struct event *event, const void *data);
/* A copy to change: the stored one, or a new one. */
struct customer customer_copy(struct turn *turn, const struct event *event);
/* What a playbook's step sets, as if somebody had entered it. */
void customer_set(struct turn *turn, const struct customer *before, const struct customer_settings *sets);
/* Stores it as it is, without a word; customer_store says what changed, and when. */
void customer_keep(struct turn *turn, const struct customer *customer);
void customer_store(struct turn *turn, const struct customer *before, const struct customer *after);

/* Class by the playbook's rules, by hand before all; the owner that goes with it. */
void class_settle(const struct site *site, const struct sighting *seen, const struct customer *before, struct customer *after);

/* -------- merge.c: two records of one person */

void on_customer_merge(struct turn *turn, const struct event *event, const void *data);
void on_customer_unmerge(struct turn *turn, const struct event *event, const void *data);

/* -------- review.c: what is doubtful about a record */

/* Looks for others like it and for wrong contacts; the record with what was found. */
const struct customer *customer_review(struct turn *turn, const struct customer *customer);
/* Do the conditions ask for what only a review finds? */
bool conditions_ask_review(const struct condition_list *when);

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
    const struct recurrence *run;   /* it goes through all customers after an event: its facts count; NULL: it does not */
};

/* Is there a rule in force at its site on an event of this type? */
bool plans_follow(struct turn *turn, const struct event *event);
/* Plans every rule in force that the event meets. */
void plans_make(struct turn *turn, const struct event *event, const void *data);
/* Plans one rule, if it fits. true: there is a new plan. */
bool plan_try(const struct planning *planning);
/* What its plan will remember of the event, and of the form that the rule looks at. Into the arena. */
struct slice planning_facts(const struct planning *planning);
/* Is the event, whose rule or wait speaks of this form (or of none), about such a one? */
bool form_fits(const struct form *form, const void *data);
/* When it happened, or else was told. */
wall_ms event_happened(const struct event *event);
/* What the event is about, by which it is followed once; "" for nothing. */
const char *event_about(struct turn *turn, const struct event *event, const void *data);
/* -------- steps.c: when the time comes */

/* A plan being worked: a copy whose steps may be changed. */
struct planned {
    struct turn *turn;
    struct plan plan;
    const struct site *site;        /* may be NULL */
    const struct playbook *playbook;/* may be NULL */
    const struct rule *rule;        /* may be NULL */
    const struct customer *customer;/* may be NULL */
    int go_to;                      /* the stage that an outcome leads to; STAGE_STAY: none */
    const char *go_reason;
};

struct planned planned_open(struct turn *turn, const struct plan *plan);
/* Goes on to what is next, then stores it with its next due time; when nothing is left to do, says so. It is not to be
 * changed after that. */
void planned_store(struct planned *planned);
const struct step *planned_rule_step(const struct planned *planned, const struct planned_step *step);
struct event planned_event(const struct planned *planned, enum event_number number);
/* Every way out of a step that is not done goes through here. */
void planned_skip(struct planned *planned, struct planned_step *step, const char *reason);
/* All steps that have not begun are skipped, and no further stage comes. */
void planned_stop(struct planned *planned, const char *reason);
/* The step is over, with this outcome (or none). */
void planned_done(struct planned *planned, struct planned_step *step, int outcome);
struct planned_step *planned_step_named(struct planned *planned, const char *name);
/* Says something about a step: plan.step_skipped, plan.step_late, plan.finished. */
void planned_say(const struct planned *planned, enum event_number number, const struct planned_step *step);
bool step_is_over(const struct planned_step *step);
/* Is whoever looks after the customer not of the staff any more? */
bool owner_is_gone(const struct site *site, const struct customer *customer);
/* What stands in a form now, by its local id; empty: there is none. */
struct slice form_fields(struct turn *turn, const char *site, const char *about);
/* The lookup of conditions over what the plan remembers. */
struct condition_facts planned_facts(const struct planned *planned);

/* A plan's timer: what is due begins. */
void plan_fire(struct turn *turn, const struct plan *plan);
/* What the event being worked has made due begins with it, as if the timers had fired at once. To be called when all that
 * follows from the event is planned. */
void plans_start(struct turn *turn);

/* -------- placing.c: when a step happens */

/* Its time from `base` on, or that it is skipped because it comes too late. `work` is left empty. */
struct planned_step step_place(const struct planned *planned, size_t rule_step, wall_ms base);
bool step_comes_again(const struct step *step);
/* When a step that is over comes again; false: not any more. */
bool step_again(const struct planned *planned, struct planned_step *step);

/* -------- stages.c: which steps are at work */

/* Fills the plan with the steps of `stage`, or of the next one that is not passed over. false: there is none. */
bool planned_place(struct planned *planned, int stage, wall_ms base);
/* Says that it was entered, which of its steps come too late, and begins what begins at once. */
void planned_begin(struct planned *planned, const char *before, const char *reason);
/* Leaves the stage for another, or for the end: what is not over in it is skipped. */
void planned_go(struct planned *planned, int stage, const char *reason);
/* Steps that follow what is over get their times; a stage that is over leads to the next. */
void planned_settle(struct planned *planned);
const struct rule_stage *planned_stage(const struct planned *planned);

/* -------- consequences.c: what an outcome leads to, as far as it is the scheduler's to do */

void outcome_follow(struct planned *planned, struct planned_step *step, int outcome);
const struct outcome_rule *step_outcome_rule(const struct step *step, int outcome);

/* Begins what begins at once: a step that is skipped, a wait whose time has come. */
void step_begin(struct planned *planned, struct planned_step *step);

/* -------- redate.c: dates that change */

/* Steps that count from a date of this form are placed anew. */
void plans_redate(struct turn *turn, const struct event *event, const struct form_changed *data);
/* Steps that have not begun, and have not come again before, are placed anew by the settings that the plan has now. */
void planned_anew(struct planned *planned);
/* A workshop job has another time, technician or bay: plans about it know it from now on, and their steps move with it. */
void plans_refresh(struct turn *turn, const struct event *event, const void *data);

/* -------- limits.c: how much a rule may plan */

/* May it plan once more? If not, it is said. */
bool limit_allows(const struct planning *planning);
void limit_count(const struct planning *planning);
bool limit_day_is_full(const struct planning *planning);
void limit_say(const struct planning *planning, const char *reason, wall_ms until);

/* -------- recurrences.c: rules that come again by themselves */

/* Arms the rules of all playbooks in force. */
void recurrences_arm(struct turn *turn, const struct event *event, const void *data);
/* A rule for all customers meets an event: they are gone through from now on. */
void recurrence_begin(const struct planning *planning);
void recurrence_fire(struct turn *turn, const struct recurrence *recurrence);

/* -------- joining.c: customers stored by an earlier version come onto their site's list */

void customers_join(struct turn *turn, const char *site);
bool recurrence_is_joining(const struct recurrence *recurrence);
void customers_join_some(struct turn *turn, const struct recurrence *recurrence);

/* -------- waits.c: steps that wait for an event */

void wait_start(struct planned *planned, struct planned_step *step);
void wait_end(struct planned *planned, const struct planned_step *step);
/* Does anything at its site wait for an event of this type? */
bool plans_wait(struct turn *turn, const struct event *event);
/* Ends every wait that the event answers. */
void plans_hear(struct turn *turn, const struct event *event, const void *data);

/* -------- workshop.c: the plan of technicians and bays */

void on_workshop_act(struct turn *turn, const struct event *event, const void *data);

/* -------- points.c, earning.c, points_acts.c: loyalty points */

/* Is there a rule in force at its site by which an event of this type earns points? */
bool points_follow(struct turn *turn, const struct event *event);
/* What the event earns its customer, by the rules in force. */
void points_earn(struct turn *turn, const struct event *event, const void *data);
/* Points end, or somebody is to be reminded that they will. */
void points_fire(struct turn *turn, const struct points_account *account);
/* Up to so many points of one customer become another's: they were found to be one, or not to be after all. */
void points_move(struct turn *turn, const char *site, const char *from, const char *to, int64_t points_max,
                 const char *reason);
void on_points_act(struct turn *turn, const struct event *event, const void *data);

/* -------- acts.c: what people do to plans */

void on_plan_move(struct turn *turn, const struct event *event, const void *data);
void on_plan_stop(struct turn *turn, const struct event *event, const void *data);
void on_plan_adopt(struct turn *turn, const struct event *event, const void *data);

/* -------- together.c: contacts of one customer on one day */

/* The plan's place in the list of its customer's contacts; "": none of its contacts can be one with others. */
const char *contact_place(const struct planned *planned);
/* Can the step be a message that becomes one with others of the day? */
bool contact_is_for_a_day(const struct planned *planned, const struct planned_step *step);
/* A message whose time has come: true if it waits, to be said in a call of today. */
bool contact_waits(struct planned *planned, struct planned_step *step);
/* A call's task is closed: if the customer was spoken to, it has covered the messages of today. */
void contact_made(struct planned *planned, const struct planned_step *step);
/* What else is to be said in a call. */
struct also_said_list contact_also(struct planned *planned, const struct planned_step *step);
/* A message goes out: other messages of today go with it, as `also` among its variables, and are served by it. */
struct slice contact_gather(struct planned *planned, const struct planned_step *step, struct slice variables);

/* -------- start.c: how each kind of step begins */

void step_start(struct planned *planned, struct planned_step *step);
/* Whom a notice goes to: customer, owner or a role. */
void notice_address(const struct planned *planned, const char *to, struct notice_wanted *want);
/* Announces a call by a message, if its customer wants that. */
void step_announce(struct planned *planned, struct planned_step *step);
/* When the call is to be announced; 0: not at all. */
wall_ms step_announce_at(const struct planned *planned, const struct planned_step *step);

/* -------- progress.c: what became of it */

void plan_task_closed(struct turn *turn, const struct task_changed *data);
/* Somebody has a task; where the playbook says so they look after its customer from now on. */
void plan_task_assigned(struct turn *turn, const struct event *event, const struct task_changed *data);
void plan_task_overdue(struct turn *turn, const struct task_changed *data);
void plan_task_corrected(struct turn *turn, const struct task_changed *data);
/* A case is open again: what was to follow its closing waits for the next one. */
void plan_case_reopened(struct turn *turn, const struct event *event, const struct case_changed *data);
/* Id of a task or message that a step leads to; another one each time that it is done anew. */
const char *work_id(const struct planned *planned, const char *name);
/* Id of the latest plan of a rule about something, and how many rounds there have been (0: none yet). */
const char *plan_latest(struct turn *turn, const char *site, const char *about, const struct playbook *playbook,
                        size_t rule, int64_t *ret_round);

#endif
