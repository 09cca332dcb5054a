/* playbook: what a site does when something happens, as data. deploy/playbooks/README.md documents the YAML.
 *
 * Parsed once per content, then shared and never changed. Everything lives in the arena given to playbook_parse. */
#ifndef CARELINE_PLAYBOOK_H
#define CARELINE_PLAYBOOK_H

#include "calendar.h"
#include "event.h"
#include "recurrence.h"

enum {
    RULES_MAX = 256, STEPS_MAX = 32 /* at work at a time */, RULE_STEPS_MAX = 256 /* of all stages */, STAGES_MAX = 32,
    NOTICES_PER_MINUTE_DEFAULT = 10000, FOLLOWS_MAX = 8, GAPS_MAX = 16, LADDER_MAX = 12
};

/* One test: the value at `path` (a field of the event's data, or of the customer: customer.class, customer.kind,
 * customer.visits, customer.spending_cents …; or step.NAME, what came of a step) is one of `values`, or a number within [min, max]. All of a list hold.
 *
 * Complaint rules know code, words, channel, voice, category, product, scope, repeat, amount_cents, satisfaction, brand, model,
 * customer.class, customer.kind. Two of them match in their own way: for `code` the lookup gives all codes of the
 * complaint separated by commas, and a value matches a code that is equal to it or begins with it and goes on with a
 * digit (A matches A and A38); for `words` the lookup gives the whole text, and a value matches if it occurs in it. */
struct condition {
    const char *path;
    struct texts values;
    bool has_min, has_max;
    int64_t min, max;
    bool negated;
    const char *among;              /* the value is one of those at this path, or nothing stands there; NULL: not asked */
    const char *moment;             /* a time is compared with this one, a path that the lookup knows; NULL: none */
    bool earlier;                   /* it must lie before that; else at it or after */
};
struct condition_list { struct condition *at; size_t count; };

/* How a condition's path is looked up: texts for words, decimal numbers for integers, yes or no for truth values; NULL or
 * "": absent, which the values `no` and `none` match. */
typedef const char *(*condition_lookup)(void *context, const char *path);
bool conditions_hold(const struct condition_list *conditions, condition_lookup lookup, void *context);
/* The same of those that ask nothing of the customer: where they don't hold, they hold for no customer at all. */
bool conditions_hold_for_all(const struct condition_list *conditions, condition_lookup lookup, void *context);

/* A lookup over one record and the customer concerned; either may be NULL. Context: struct condition_facts. */
struct customer;
struct condition_facts {
    const struct record *record;    /* of the event's data */
    const void *data;
    const struct customer *customer;
    struct arena *arena;            /* for numbers turned into text */
    const struct step_result_list *results;     /* step.NAME: what came of the steps; NULL: nothing yet */
    const struct calendar *calendar;    /* for moments; NULL: always open, UTC */
    wall_ms now;
    struct slice fields;            /* field.NAME: what stands in the form concerned; empty: as the record's `fields` say */
    bool owner_gone;                /* customer.owner_gone: whoever looked after the customer is not of the staff any more */
};
const char *condition_fact(void *facts, const char *path);

/* First variant whose conditions hold; the last without conditions is the default. */
struct variant { struct condition_list when; const char *value; };
struct variant_list { struct variant *at; size_t count; };
const char *variant_choose(const struct variant_list *variants, condition_lookup lookup, void *context);

/* Where a plan goes on: the number of a stage, or one of these. */
enum { STAGE_STAY = -2, STAGE_END = -1 };

/* A message to somebody of the staff: `to` is a role, or owner for who looks after the customer. */
struct note { const char *to; const char *template; };
struct note_list { struct note *at; size_t count; };

/* What an outcome leads to. */
struct outcome_rule {
    int outcome;                    /* enum outcome; OUTCOME_DISSATISFIED, OUTCOME_UNREACHABLE … */
    bool complaint;                 /* opens a complaint */
    int complaint_channel;          /* enum complaint_channel */
    const char *message;            /* template to send; "": none */
    bool stop;                      /* no more steps of this plan */
    bool reopen;                    /* the follow-up of a case: opens the case again, one rung higher */
    struct note_list notes;         /* who of the staff is told */
    int go_to;                      /* a stage, STAGE_END or STAGE_STAY */
};
struct outcome_rule_list { struct outcome_rule *at; size_t count; };

struct retry {
    int attempts;                   /* in all; 3 by default */
    int gap_count;
    struct span gaps[GAPS_MAX];     /* the last is repeated */
};

/* Who gets a task without claiming it. */
enum assign_by { ASSIGN_NONE, ASSIGN_EVEN, ASSIGN_WEIGHTED, ASSIGN_OWNER, ASSIGN_SAME, ASSIGN_NAMED };
struct assign {
    enum assign_by by;
    const char *skill;              /* needed for it; "": none */
    const char *skill_field;        /* or named by this fact of the task, such as field.fault; "": none */
    int at_most;                    /* open tasks of one person; 0: any number */
    bool given;                     /* load is what was given this month; else what is open */
    bool owner;                     /* who gets it becomes the one who looks after the customer */
    const char *who;                /* named: the fact of the task that names the person, such as field.responsible */
    const char *other_than;         /* whoever that fact names does not get it; "": anybody may */
};

/* What a step puts into the customer's record, as if somebody had entered it; 0 and "": stays as it is. */
struct customer_settings { int class; const char *owner, *language, *preference; };

/* One thing of a checklist. */
struct item { const char *name, *zh, *en; bool optional; };

struct step {
    const char *name;
    int kind;                       /* enum step_kind */
    struct condition_list when;
    struct span after, before;      /* before: zero for none */
    bool business;
    struct span valid_for;          /* message: zero for none */
    const struct week *window;      /* NULL: any time. One of the same name in the site's calendar goes first */
    const char *window_name;
    const struct week *then_window; /* once an opening of that has passed without success; NULL: the same */
    const char *then_window_name;
    const char *role;
    struct variant_list template;       /* message; or the announcement of a call */
    struct variant_list questionnaire;
    struct retry retry;
    struct outcome_rule_list outcomes;
    int priority;                   /* enum priority */
    const char *purpose;            /* care, complaint, marketing, staff */
    const char *task_kind;          /* call, form, approval, checklist */
    struct texts follows;           /* names of steps that must be over first; its times count from then */
    bool optional;                  /* its stage does not wait for it */
    const char *to;                 /* message: customer, owner, field.NAME or a role */
    const char *link;               /* message: the form step of its stage that {{link}} in its text leads to; "": none */
    enum event_number event;        /* wait: what is waited for */
    const struct form *form;        /* wait for form.…: only this one; form: the one to be filled in. NULL: any, none */
    struct condition_list match;    /* wait: what the event must be like */
    bool of_customer;               /* wait: any event about the customer; else one about what the plan follows */
    struct span within;             /* wait: how long; zero: for ever */
    const char *from;               /* the date that its times count from: a field or a time of the customer; "": the event */
    struct span ahead;              /* so long before that date */
    int at_min;                     /* at this minute of the day; -1: as it comes */
    struct span every;              /* comes again after so long; or */
    const struct recurrence *repeat;/* by this rule; NULL: once */
    int times;                      /* at most so often; 0: for ever */
    struct assign assign;
    bool by_other;                  /* approval: by somebody other than who wrote what is approved */
    const char *script;             /* call: what the agent says; "": none */
    bool read_back;                 /* call: a customer who is not content hears what was understood, or it cannot be finished */
    struct customer_settings sets;  /* set */
    size_t item_count;              /* checklist */
    struct item *items;
};

/* How much a rule may plan. */
struct limit {
    int per_customer;               /* plans for one customer within `within`; 0: any number */
    struct span within;             /* zero: ever */
    int per_day;                    /* plans of one day, by the site's clock; 0: any number */
};

enum audience { AUDIENCE_SITE, AUDIENCE_CUSTOMERS };

/* A part of a rule that is worked at a time. A rule without stages has one that has no name. */
struct rule_stage {
    const char *name;
    const char *zh, *en;            /* how people call it */
    struct condition_list when;     /* else it is passed over */
    size_t first, count;            /* its steps */
    bool any;                       /* over with the first of its steps; else when all are */
    int next;                       /* a stage or STAGE_END */
};

struct rule {
    enum event_number on;
    const char *on_text;
    const struct form *form;        /* on form.…: only this one; NULL: any */
    const char *name;               /* "": known by its number */
    struct condition_list when;
    size_t step_count;
    struct step *steps;
    uint64_t step_name_bits;        /* of all of them: playbook_name_bit */
    const struct recurrence *repeat;/* instead of an event: it comes again by itself; NULL: on an event */
    struct texts holidays;          /* only on the first day of one with such a name in the site's calendar; none: any day */
    int at_min;                     /* at this minute of the day */
    enum audience audience;         /* one plan for the site, or one for each customer that fits */
    struct limit limit;
    size_t stage_count;             /* at least 1 */
    struct rule_stage *stages;
    int line;
};

struct question {
    const char *name;
    const char *kind;               /* score, choice, yes_no, text */
    const char *zh, *en;
    struct texts choices;
    bool required;
    bool satisfaction;              /* its score is the satisfaction */
};
struct questionnaire { const char *name; size_t count; struct question *questions; };

/* What an agent says in a call, line by line. Its texts may show values: {{customer.name}}, facts of the task. */
enum { LINE_END = -1 };
struct script_reply { const char *name, *zh, *en; int next; };
struct script_line {
    const char *name;
    const char *zh, *en;
    struct condition_list when;     /* of satisfaction, outcome and answer.QUESTION; else it is passed over */
    size_t reply_count;
    struct script_reply *replies;   /* what the customer may say to it, and the line that follows then */
    int next;                       /* the line that follows without a reply; LINE_END: none */
    bool questions;                 /* the questionnaire is asked here */
    int ends;                       /* the outcome to record: the call is over; OUTCOME_NONE: it goes on */
};
struct avoided_phrase { const char *zh, *en, *instead_zh, *instead_en; };
struct script {
    const char *name;
    size_t line_count; struct script_line *lines;
    size_t avoid_count; struct avoided_phrase *avoid;
};

/* What a field of a form can hold. Each has its word, its check and its normal form: form_value. */
enum form_field_kind {
    FORM_TEXT, FORM_NUMBER, FORM_DATE, FORM_DAY, FORM_TIME, FORM_YES_NO, FORM_SCORE, FORM_CHOICE, FORM_CHOICES, FORM_LINK,
    FORM_STAFF, FORM_ATTACHMENT, FORM_FIELD_KINDS
};

/* What the answers of a form can be to the engine, beside what stands there. */
enum form_meaning { MEANS_NOTHING, MEANS_SATISFACTION, MEANS_WORDS };

struct form_field {
    const char *name;
    enum form_field_kind kind;
    const char *zh, *en;
    struct texts choices;           /* choice, choices */
    const char *form;               /* link: to which form */
    const char *role;               /* staff: who has this role; "": anybody */
    bool required;
    bool personal;                  /* sealed: no condition can ask for it, no text show it */
    const char *record;             /* belongs to the customer's record, as this field of it; "": not */
    enum form_meaning means;
    bool asked;                     /* the customer is asked for it, and may fill it in over a link */
    bool has_min, has_max;          /* number */
    int64_t min, max;
};

struct form {
    const char *name;
    const char *zh, *en;
    struct texts roles;             /* who may fill it in; none: anybody */
    size_t field_count;
    struct form_field *fields;
};

/* Forms counted by what stands in them. */
enum { BOOK_KEYS_MAX = 4, BOOK_SUMS_MAX = 8 };
struct book_key {
    const char *field;
    int keep_bytes;                 /* of a date: 7 for its month, 4 for its year; 0: all */
};
struct book {
    const char *name;
    const char *zh, *en;
    const struct form *form;        /* what is counted */
    size_t key_count;               /* at least 1: one page for each combination of values */
    struct book_key keys[BOOK_KEYS_MAX];
    size_t sum_count;
    const char *sums[BOOK_SUMS_MAX];/* numbers that are summed up */
    const struct form *against;     /* the form that states what should be on a page; NULL: none */
    const char *stated_count;       /* its field for the count; "": not stated */
    const char *stated_sums[BOOK_SUMS_MAX];     /* for each sum */
};

struct clock_rule {                 /* one deadline of a complaint */
    const char *name;               /* acknowledged, assessed, first_response, progress, resolved, verified */
    bool recurring;                 /* progress: every … */
    struct span major, general, minor;
};

struct grade_rule { int grade; struct condition_list when; const char *name; };
struct category_rule { const char *category; struct texts code_letters; struct texts words; };
struct department_rule { const char *category, *department; };
struct entry_rule { int channel; int rung; };

struct complaint_rules {
    bool present;
    size_t category_count;   struct category_rule *categories;
    size_t grade_count;      struct grade_rule *grades;             /* first that holds */
    size_t ladder_count;     const char *ladder[LADDER_MAX];        /* roles, lowest first */
    size_t entry_count;      struct entry_rule *entries;            /* channels that start higher */
    size_t department_count; struct department_rule *departments;
    size_t clock_count;      struct clock_rule *clocks;
    int warn_percent;                       /* 80 */
    struct span repeat_within;              /* 30d: a repeat */
    struct span duplicate_within;           /* the same matter again: linked */
    const char *approval_role;              /* regional-office */
    bool cause_required;                    /* nothing is closed without its root cause */
    struct texts causes;                    /* the root causes there are; none: any text */
    /* templates by what happened (case.acknowledged …): told to the customer, or to the holder */
    size_t tell_count;
    struct { const char *event; const char *to; const char *template; } *tell;      /* to: customer, holder, role */
};

struct class_rules {
    bool present;
    int64_t key_spending_cents, key_visits;     /* either makes a key customer; 0: not by this */
    int64_t regular_visits;
    const char *owner_role[customer_class_count];
};

struct contact_rules {                      /* the gate; the customer's own preferences go first where stricter */
    int quiet_from_min, quiet_to_min;       /* both 0: none */
    int cap_per_day, cap_per_week;          /* 0: none */
    struct texts exempt_purposes;           /* not counted or held by caps: complaint, staff */
    struct texts merged_purposes;           /* contacts for these become one with others of the day; none: each by itself */
};

enum { DIGESTS_MAX = 8 };

struct staff_rules {                        /* notices to staff that are not urgent */
    int quiet_from_min, quiet_to_min;       /* none goes out in these; both 0: none */
    struct texts digest_roles;              /* who gets them together */
    size_t digest_count;                    /* times of the day; 0: nobody does */
    int digest_at_min[DIGESTS_MAX];
    const char *digest_template;            /* shows {{count}} and {{lines}} */
};

struct channel_rules {                      /* retries of one channel */
    int channel;                            /* enum notice_channel */
    struct retry retry;
    const char *on_unknown;                 /* resend, hold, query */
};

/* What earns points: so many, or so many for each full `per` of the number at `of`. Once for one event of one thing. */
struct earn_rule {
    const char *name;
    enum event_number on;
    const struct form *form;        /* on form.…: only this one; NULL: any */
    struct condition_list when;
    int64_t points;
    int64_t per;                    /* 0: the same number each time */
    const char *of;
};

struct benefit { const char *name, *zh, *en; };

struct loyalty_level {
    const char *name, *zh, *en;
    int64_t from;                   /* points earned in all */
    int earn_percent;               /* of what a rule gives; 100 */
    size_t benefit_count; struct benefit *benefits;
};

struct loyalty_rules {
    bool present;
    size_t earn_count; struct earn_rule *earn;
    struct span expires_after;              /* zero: never */
    const char *end_of;                     /* then at the end of that day, month or year */
    struct span remind_ahead;               /* zero: nobody is reminded */
    int64_t redeem_at_least, redeem_steps;
    const char *approval_role;              /* who approves a correction: not who asked for it */
    size_t level_count; struct loyalty_level *levels;       /* lowest first */
};

struct playbook {
    const char *name;
    int version;
    const char *templates;                  /* the set that its texts are in; "": the first in force that has them */
    size_t window_count; struct week *windows;
    size_t rule_count; struct rule *rules;
    bool has_rule_on[EVENT_COUNT];
    size_t questionnaire_count; struct questionnaire *questionnaires;
    size_t script_count; struct script *scripts;
    size_t form_count; struct form *forms;
    size_t book_count; struct book *books;
    struct complaint_rules complaints;
    struct class_rules classes;
    struct loyalty_rules loyalty;
    bool has_contact; struct contact_rules contact;
    size_t channel_count; struct channel_rules *channels;
    const char *phone_role;                 /* who makes the calls that messages become; "": not said */
    bool has_staff_rules; struct staff_rules staff_rules;
    int notices_per_minute;                 /* one message more stops the playbook's sending; NOTICES_PER_MINUTE_DEFAULT */
    struct texts channel_order;             /* fall-over order when the customer says nothing */
    int dissatisfied_at_most;               /* 2 */
    struct span late_after;                 /* 30d: steps whose fact comes later than this are left out */
    struct span claim_for;                  /* 2h: a claimed task that is not finished by then goes back to the list */
};

/* NULL if there were mistakes. */
struct playbook *playbook_parse(struct slice yaml, struct arena *arena, struct mistakes *mistakes);

/* One of 64 bits, by which most names differ. */
uint64_t playbook_name_bit(const char *name);

const struct questionnaire *playbook_questionnaire(const struct playbook *playbook, const char *name);
const struct question *questionnaire_question(const struct questionnaire *questionnaire, const char *name);
const struct script *playbook_script(const struct playbook *playbook, const char *name);
/* A step by the numbers that tasks keep; NULL: there is none. */
const struct step *playbook_step(const struct playbook *playbook, int64_t rule, int64_t step);
const struct form *playbook_form(const struct playbook *playbook, const char *name);
const struct form_field *form_field(const struct form *form, const char *name);

/* The highest level that so many points reach; NULL: none. By name; NULL: none. */
const struct loyalty_level *loyalty_level(const struct loyalty_rules *loyalty, int64_t points);
const struct loyalty_level *loyalty_level_named(const struct loyalty_rules *loyalty, const char *name);

/* One value as it was told, brought into the form in which it is kept: numbers as digits, dates as 2026-03-06, days as
 * 03-06, times as 2026-03-06 16:00 by the site's clock, truth as yes or no, several choices separated by commas. Returns
 * NULL with the value in *ret (into the arena), or what is wanted instead. Links and staff are only checked for their form. */
const char *form_value(const struct form_field *field, const char *told, const struct calendar *calendar, struct arena *arena,
                       const char **ret);
/* The instant at which a kept date (its first opening's day begins: 00:00) or time lies; false: it is neither. */
bool form_instant(const char *value, const struct calendar *calendar, wall_ms *ret);

/* The templates that a playbook sends; the roles that somebody must hold for it. Each once, into the arena. */
struct texts playbook_templates(const struct playbook *playbook, struct arena *arena);
struct texts playbook_roles(const struct playbook *playbook, struct arena *arena);

/* The category of one problem code by its letter; of a text, by the first category (in the file's order) that has a word
 * in it. "": no rule speaks of it. */
const char *complaint_category_of_code(const struct complaint_rules *rules, const char *code);
const char *complaint_category_of_text(const struct complaint_rules *rules, const char *text);

/* Whatever fits no category is of this one, which every playbook has. */
extern const char complaint_category_other[];

/* Has the playbook a category of this name? Those that only departments name are told by sources and people. */
bool complaint_has_category(const struct complaint_rules *rules, const char *category);
/* Their names, `other` among them, into the arena. */
struct texts complaint_categories(const struct complaint_rules *rules, struct arena *arena);

/* The first grade rule that holds; NULL: none. */
const struct grade_rule *complaint_grade(const struct complaint_rules *rules, condition_lookup lookup, void *context);

#endif
