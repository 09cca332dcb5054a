/* gate: may this customer be contacted now? One answer for calls and messages alike. Pure. */
#ifndef CARELINE_GATE_H
#define CARELINE_GATE_H

#include "site.h"

enum gate_answer { GATE_OPEN, GATE_LATER, GATE_CLOSED };

struct gate_question {
    const struct site *site;
    const struct customer *customer;        /* NULL: unknown, only the site's rules count */
    const struct contacts *contacts;        /* NULL: none made */
    bool call;                              /* a call; else a message */
    const char *purpose;
    wall_ms now;
};

struct gate_result {
    enum gate_answer answer;
    wall_ms until;                          /* GATE_LATER: ask again then */
    const char *reason;                     /* quiet_hours, cap, do_not_call, do_not_message */
};

/* Purposes that caps neither hold back nor count: complaint, staff, and what the site's rules (may be NULL) add. */
bool gate_is_exempt(const struct contact_rules *rules, const char *purpose);

/* When these quiet hours (minutes of the day; equal: none) end, if `at` lies in them; else 0. */
wall_ms gate_quiet_until(const struct calendar *calendar, wall_ms at, int64_t from_min, int64_t to_min);

/* Does the answer depend on the contacts made? There may be caps that they count for. */
bool gate_counts(const struct gate_question *question);

struct gate_result gate_ask(const struct gate_question *question);

#endif
