/* states: which act is possible in which state of a case, and where it leads. Data in states.def. */
#ifndef CARELINE_ROUTER_STATES_H
#define CARELINE_ROUTER_STATES_H

#include "event.h"

enum case_act_number {
#define ACT(name, act, result, right, ...) ACT_##name,
#include "states.def"
#undef ACT
    ACT_COUNT
};

/* Who may do it: the holder and those above; the role that approves; everybody who works for the site. */
enum act_right { RIGHT_HANDLER, RIGHT_APPROVER, RIGHT_ANYBODY };

struct act_type {
    const char *name;
    enum event_number act, result;
    enum act_right right;
};

extern const struct act_type act_types[ACT_COUNT];

/* The act that this event asks for, or ACT_COUNT. */
enum case_act_number act_of_event(enum event_number number);

/* The state after the act (the same state where it stays); CASE_NONE if it is refused, then *ret_refusal says why. */
enum case_state state_after(enum case_state state, enum case_act_number act, const char **ret_refusal);

#endif
