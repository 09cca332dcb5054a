/* follow_up.h: what the files of follow-up's core share.
 *
 * Follow-up keeps the tasks of a site, its work lists, who has claimed what, and what came of every attempt. Everything
 * here is pure: state and effects go through the turn. */
#ifndef CARELINE_FOLLOW_UP_H
#define CARELINE_FOLLOW_UP_H

#include "core.h"
#include "site.h"

enum {
    CLAIM_SCAN_MAX = 256,               /* list entries looked at for "the next task", per role */
    LEFT_SCAN_MAX = 4096,               /* per list, looked at for tasks of people who have left; the rest is free to claim */
    HOLDS_MAX = 16,                     /* tasks that one agent may hold at a time */
    OPEN_MAX = 64,                      /* open tasks that a customer's line remembers */
    ALSO_MAX = 16,                      /* messages that one call covers */
    ATTEMPTS_MAX = 32,                  /* attempts remembered */
    KEEP_MS = 30 * 60 * 1000,           /* a task is kept this long for who called last */
    AGREED_MS = 60 * 60 * 1000,         /* an agreed time outside the windows holds this long */
    CALL_BACK_DAYS_MAX = 90
};

/* -------- states.c: what may happen to a task in which state */

enum task_input {
    INPUT_WANTED, INPUT_CLAIM, INPUT_RELEASE, INPUT_REASSIGN, INPUT_RESCHEDULE, INPUT_OUTCOME, INPUT_CORRECT,
    INPUT_ABSENT, INPUT_WITHDRAW, INPUT_TIME, INPUT_DEADLINE, INPUT_COUNT
};

enum task_move {
    MOVE_IGNORE,        /* nothing happens */
    MOVE_REFUSE,        /* the act is refused with the reason */
    MOVE_LIST,          /* onto the list: open if it may be worked now, else waiting until it may */
    MOVE_CLAIM,         /* claimed */
    MOVE_OUTCOME,       /* as the outcome says: waiting for another attempt, or closed */
    MOVE_CLOSE,         /* closed */
    MOVE_STAY           /* the state stays, something about the task changes */
};

struct task_cell {
    enum task_move move;
    const char *reason;
};

extern const struct task_cell task_cells[task_state_count][INPUT_COUNT];

/* -------- job.c: a task being worked on */

struct job {
    struct turn *turn;
    struct task task;                   /* a copy to change */
    const struct site *site;            /* may be NULL */
    const struct playbook *playbook;    /* may be NULL */
    const struct step *step;            /* may be NULL: the task is of no rule */
    const struct week *week;            /* NULL: any time */
    const struct customer *customer;    /* may be NULL */
};

/* Loads a task by id (the site may be left out); false: there is none. */
bool job_open(struct turn *turn, const char *site, const char *task, struct job *ret);
/* The tasks that stand at these places of a site's lists "work" or "later", to be opened one after the other: all that jobs of
 * them look at is read in three exchanges. */
struct texts jobs_listed(struct turn *turn, const char *site, const struct texts *places);
/* The rest of the job for a task at hand. */
struct job job_of(struct turn *turn, const struct task *task);
/* Does the state allow it? If not, the act is refused or nothing happens, and the answer is false. */
bool job_allows(struct job *job, enum task_input input);
bool job_is_call(const struct job *job);
/* The task as its events tell it; to be completed and given to job_say. */
struct task_changed job_change(const struct job *job);
void job_say(const struct job *job, enum event_number number, const struct task_changed *change);
/* An event about the task's customer and case. */
struct event job_event(const struct job *job, enum event_number number);
/* Stores the task with its timer and its place in the queue. */
void job_store(struct job *job);
wall_ms job_due(const struct job *job);

/* -------- place.c: when it may be worked */

/* An opening has passed without success: from now on the step's second window counts, if it has one. */
void job_pass_window(struct job *job);
/* On the list from `from` on. Returns NULL, or why the customer may not be called any more. */
const char *job_place(struct job *job, wall_ms from);
/* May it be worked at this moment? NULL, or why not. */
const char *job_obstacle(const struct job *job);
/* job_place, then the event, then stored; closed if the customer may not be called any more. */
void job_list(struct job *job, wall_ms from, enum event_number number, const char *before, const char *reason);

/* -------- line.c: one customer, one caller */

void line_open(struct job *job);                            /* the task is among the customer's open ones */
void line_close(struct job *job);
bool line_is_busy(const struct job *job, const char *agent);/* somebody else has a task of this customer */
const char *line_agent(const struct job *job);              /* who has one; "" for nobody */
/* The line of `other` becomes part of that of `stays`; has its own again. What is open goes with the id it was told under. */
void line_merge(struct turn *turn, const char *site, const char *stays, const char *other);
void line_part(struct turn *turn, const char *site, const char *stays, const char *other);
struct texts line_tasks(struct turn *turn, const char *site, const char *customer);

void line_take(struct job *job, const char *agent);
void line_free(struct job *job);

/* -------- desk.c: what an agent holds */

struct agent desk_of(struct turn *turn, const char *site, const char *agent);
/* An agent who is there and holds nothing needs no record. */
void desk_store(struct turn *turn, const struct agent *desk);
bool agent_is_absent(struct turn *turn, const char *site, const char *agent);
/* Claims the task: state, line and desk. */
void job_take(struct job *job, const char *agent);
/* Whoever has claimed it has not any more. The state is the caller's to set. */
void job_let_go(struct job *job);

/* -------- assign.c: who gets a task without claiming it */

/* Gives the task to whom the playbook's assignment chooses; nobody, if nobody can take it now. */
void job_assign(struct job *job);
/* Does the playbook say who gets it? Then nobody else is offered it. */
bool job_is_assigned_by_rule(const struct job *job);
/* Counts the task for whoever it is assigned to now; before it is stored. */
void job_count(struct job *job);
/* Somebody may have become able to take more: unassigned tasks of this role, the oldest first. */
void role_assign(struct turn *turn, const char *site, const char *role);
/* Somebody is not there: what was assigned to them and not begun goes to others. */
void person_spread(struct turn *turn, const struct site *site, const char *person);

/* Another staff list: what was assigned to somebody who is not on it, and not begun, goes to others. */
void staff_spread(struct turn *turn, const char *site);

/* -------- rights.c: who may act */

/* May whoever posted the event act as this agent? */
bool may_act_as(struct turn *turn, const struct event *event, const struct site *site, const char *agent);
bool is_overseer(const struct event *event, const struct site *site);
/* The agent an act is by: the one it names, else its author; for outcomes without either, who has the task. */
const char *acting_agent(const struct event *event, const struct site *site, const char *named, const char *otherwise);

/* -------- the acts */

void on_task_wanted(struct turn *turn, const struct event *event, const void *data);
void on_claim(struct turn *turn, const struct event *event, const void *data);
void on_release(struct turn *turn, const struct event *event, const void *data);
void on_reassign(struct turn *turn, const struct event *event, const void *data);
void on_reschedule(struct turn *turn, const struct event *event, const void *data);
void on_outcome(struct turn *turn, const struct event *event, const void *data);
void on_correct(struct turn *turn, const struct event *event, const void *data);
void on_absent(struct turn *turn, const struct event *event, const void *data);
void on_present(struct turn *turn, const struct event *event, const void *data);
void on_config_activated(struct turn *turn, const struct event *event, const void *data);
void on_customer_merged(struct turn *turn, const struct event *event, const void *data);
void on_customer_unmerged(struct turn *turn, const struct event *event, const void *data);
void on_preferred(struct turn *turn, const struct event *event, const void *data);
void on_step_joined(struct turn *turn, const struct event *event, const void *data);
void on_step_skipped(struct turn *turn, const struct event *event, const void *data);
void on_case_reopened(struct turn *turn, const struct event *event, const void *data);
/* The first item of the task's checklist that must be done and is not; NULL: none. */
const char *checklist_missing(const struct job *job);
void on_tick(struct turn *turn, const struct event *event, const void *data);
void on_form_fill(struct turn *turn, const struct event *event, const void *data);
void task_fire(struct turn *turn, const struct task *task);

/* -------- form_unhappy.c: a form that says that somebody is not content */

enum { FORM_COMPLAINT_BYTES = 64 };

struct form_words {
    int64_t satisfaction_before, satisfaction_now;      /* 0: not told */
    int64_t at_most;                                    /* what counts as dissatisfied */
    const char *words;                                  /* the complaint in the customer's words; "" for none */
};
/* Opens a complaint, once for a form. `form` as it stands after the change. */
void form_unhappy_follow(struct turn *turn, const struct event *event, const struct filled_form *form,
                         const struct form_words *said);

/* -------- books.c: forms counted */

/* A form has changed; `before` may be NULL. The pages of the playbook's books that it is on follow, and say so. */
void books_follow(struct turn *turn, const struct playbook *playbook, const struct filled_form *before,
                  const struct filled_form *after);

/* -------- finish.c, answers.c, unhappy.c: the end of a task and what it leads to */

/* What the end of a task is about. `said` is the voiced complaint, "" if none. */
void job_finish(struct job *job, int outcome, struct task_changed change, const char *said);
/* Cancels other tasks of the same plan that nobody has claimed. */
void job_cancel_siblings(struct job *job, const char *reason);
const struct outcome_rule *outcome_rule_of(const struct job *job, int outcome);
/* NULL, or what is wrong with the answers. Fills in the satisfaction that they contain. */
const char *answers_check(const struct job *job, const struct answer_list *answers, const char *complaint, int64_t *satisfaction);
bool answer_is_unhappy(const struct job *job, int64_t satisfaction, const char *said);
/* Opens a complaint, or the case again; once for a task. `ended`: how the task ended. */
void unhappy_follow(struct job *job, const struct task_changed *ended, const char *said);

#endif
