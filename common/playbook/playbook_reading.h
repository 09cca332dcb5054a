/* playbook_reading: what the parts of the playbook's reader share. For playbook*.c and condition_paths.c only. */
#ifndef CARELINE_PLAYBOOK_READING_H
#define CARELINE_PLAYBOOK_READING_H

#include "playbook.h"

/* One reading of one file. */
struct playbook_reading {
    struct arena *arena;
    struct mistakes *mistakes;
    struct playbook *playbook;
    const struct yaml *variants;    /* named lists of conditions, for whoever chooses between texts */
    struct texts roles;             /* those that may be named */
    bool roles_told;                /* false: any role may be named */
    const struct rule *rule;        /* the rule being read; NULL outside */
    const struct form *form;        /* whose fields conditions can ask for; NULL: none */
};

/* -------- values (playbook_values.c) */

/* ", did you mean NAME?" with the nearest of the NULL-ended names; "" if none is near. */
const char *reading_hint(struct playbook_reading *reading, const char *name, const char *const *known);

/* A new array of `count` elements of `bytes` each. */
void *reading_array(struct playbook_reading *reading, size_t count, size_t bytes);

/* How many items a list or map has; a mistake if `node` is there but of another kind. */
size_t reading_count(struct playbook_reading *reading, const struct yaml *node, enum yaml_kind kind);

/* A name that can become part of keys and topics; "" if missing (a mistake when `required_in` is given) or wrong. */
const char *reading_name(struct playbook_reading *reading, const struct yaml *node, const char *key,
                         const struct yaml *required_in);

/* A text, or the texts of a list. */
struct texts reading_texts(struct playbook_reading *reading, const struct yaml *node);

/* A duration; zero if missing or wrong. */
struct span reading_span(struct playbook_reading *reading, const struct yaml *node);

/* A role; checked against the playbook's own list if it has one. `fallback` if missing. */
const char *reading_role(struct playbook_reading *reading, const struct yaml *node, const char *fallback);
/* Whom of the staff: `owner`, a role, or field.NAME, somebody whom the rule's form names. */
const char *reading_addressee(struct playbook_reading *reading, const struct yaml *node);
/* Is it the last of these? */
bool reading_is_person(const char *to);

/* One of a NULL-ended list of names, the first being the one taken if missing or wrong. */
const char *reading_choice(struct playbook_reading *reading, const struct yaml *node, const char *const *names);

/* { attempts: 3, gaps: [2h, 1d] } */
struct retry reading_retry(struct playbook_reading *reading, const struct yaml *node, struct retry otherwise);

/* Time compared roughly, a day as 24 hours: to see what is surely the wrong way round. */
int64_t span_rough_ms(struct span span);

/* -------- conditions (condition_paths.c) */

/* What conditions can be about. Within a rule also `step.NAME`: what came of a step. Of a script: how the call went so far. */
enum condition_scope { SCOPE_EVENT, SCOPE_COMPLAINT, SCOPE_SCRIPT };

struct condition_list reading_conditions(struct playbook_reading *reading, const struct yaml *node,
                                         enum condition_scope scope, enum event_number event);

/* A plain name, or a map from variants to names. */
struct variant_list reading_variants(struct playbook_reading *reading, const struct yaml *node,
                                     enum event_number event);

/* Are the descriptions under `variants` maps that say something? */
void reading_check_variants(struct playbook_reading *reading);

/* -------- parts of the file */

void reading_forms(struct playbook_reading *reading, const struct yaml *node);
/* The form under this key; NULL if missing or wrong. */
const struct form *reading_form(struct playbook_reading *reading, const struct yaml *node);
/* Does a rule or wait that names a form concern forms? */
void reading_check_form(struct playbook_reading *reading, const struct yaml *node, enum event_number event);
/* After the forms. */
void reading_books(struct playbook_reading *reading, const struct yaml *node);
void reading_questionnaires(struct playbook_reading *reading, const struct yaml *node);
/* After the questionnaires. */
void reading_scripts(struct playbook_reading *reading, const struct yaml *node);
/* The script of a step whose questionnaires are known; and if what was understood must be read back. */
void reading_script_of_step(struct playbook_reading *reading, const struct yaml *node, struct step *to);
void reading_step(struct playbook_reading *reading, const struct yaml *node, enum event_number event, struct step *to);
/* What a step's times count from, and how it comes again. */
void reading_dates(struct playbook_reading *reading, const struct yaml *node, struct step *to);
/* A rule that comes again by itself, instead of `on`. */
void reading_schedule(struct playbook_reading *reading, const struct yaml *node, struct rule *to);
void reading_assign(struct playbook_reading *reading, const struct yaml *node, struct step *to);
void reading_items(struct playbook_reading *reading, const struct yaml *node, struct step *to);
/* What a step sets in the customer's record. */
void reading_settings(struct playbook_reading *reading, const struct yaml *node, struct step *to);
void reading_limit(struct playbook_reading *reading, const struct yaml *node, struct rule *to);
void reading_wait(struct playbook_reading *reading, const struct yaml *node, struct step *to);
void reading_outcomes(struct playbook_reading *reading, const struct yaml *node, enum event_number event,
                      struct step *to);
/* One consequence under a key of its own, such as then or else. */
void reading_consequence(struct playbook_reading *reading, const struct yaml *node, int outcome,
                         enum event_number event, struct step *to);
/* The list under `stages` (`named`) or `steps` of a rule, checked as a whole. */
void reading_stages(struct playbook_reading *reading, const struct yaml *node, bool named, struct rule *rule);
/* An event that rules can start from, or that can be waited for; EVENT_UNKNOWN if missing or wrong. */
enum event_number reading_event(struct playbook_reading *reading, const struct yaml *node);
void reading_rules(struct playbook_reading *reading, const struct yaml *node);
void reading_loops(struct playbook_reading *reading, const struct yaml *rules);
/* One of the playbook's categories, which are read already; "" if missing or wrong. */
const char *reading_category(struct playbook_reading *reading, const struct yaml *node);
void reading_complaints(struct playbook_reading *reading, const struct yaml *node);
void reading_ladder(struct playbook_reading *reading, const struct yaml *complaints);
void reading_clocks(struct playbook_reading *reading, const struct yaml *node, const struct yaml *complaints);
void reading_tell(struct playbook_reading *reading, const struct yaml *node);
void reading_classes(struct playbook_reading *reading, const struct yaml *node);
void reading_loyalty(struct playbook_reading *reading, const struct yaml *node);
void reading_contact(struct playbook_reading *reading, const struct yaml *node);
void reading_notices(struct playbook_reading *reading, const struct yaml *node);

#endif
