#include "states.h"

#include <assert.h>

enum cell {
    SHUT = -2, NO = -1, STAY = 0, RECE = CASE_RECEIVED,
    ACKN = CASE_ACKNOWLEDGED, ASSE = CASE_ASSESSED, ASGN = CASE_ASSIGNED, PROG = CASE_IN_PROGRESS, RESO = CASE_RESOLVED,
    VERI = CASE_VERIFIED, CLOS = CASE_CLOSED, REOP = CASE_REOPENED, LINK = CASE_LINKED
};

const struct act_type act_types[ACT_COUNT] = {
#define ACT(name, act, result, right, ...) {#name, act, result, RIGHT_##right},
#include "states.def"
#undef ACT
};

static const signed char cells[ACT_COUNT][case_state_count - 1] = {
#define ACT(name, act, result, right, ...) {__VA_ARGS__},
#include "states.def"
#undef ACT
};

enum case_act_number act_of_event(enum event_number number)
{
    for (int act = 0; act < ACT_COUNT; act++)
        if (act_types[act].act == number)
            return (enum case_act_number)act;
    return ACT_COUNT;
}

enum case_state state_after(enum case_state state, enum case_act_number act, const char **ret_refusal)
{
    assert(state > CASE_NONE && state < case_state_count && act < ACT_COUNT);
    enum cell cell = (enum cell)cells[act][state - 1];
    if (cell > STAY)
        return (enum case_state)cell;
    if (cell == STAY)
        return state;
    *ret_refusal = cell == SHUT ? "closed" : "wrong_state";
    return CASE_NONE;
}
