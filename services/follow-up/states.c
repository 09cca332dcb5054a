#include "follow_up.h"

/* Every state of a task by everything that can happen to it. README.md draws it. */

#define NO(word) {MOVE_REFUSE, word}
#define TO(move) {move, NULL}

const struct task_cell task_cells[task_state_count][INPUT_COUNT] = {
    [TASK_NONE] = {
        [INPUT_WANTED] = TO(MOVE_LIST), [INPUT_CLAIM] = NO("not_found"), [INPUT_RELEASE] = NO("not_found"),
        [INPUT_REASSIGN] = NO("not_found"), [INPUT_RESCHEDULE] = NO("not_found"), [INPUT_OUTCOME] = NO("not_found"),
        [INPUT_CORRECT] = NO("not_found"), [INPUT_ABSENT] = TO(MOVE_IGNORE), [INPUT_WITHDRAW] = TO(MOVE_IGNORE),
        [INPUT_TIME] = TO(MOVE_IGNORE), [INPUT_DEADLINE] = TO(MOVE_IGNORE),
    },
    [TASK_OPEN] = {
        [INPUT_WANTED] = TO(MOVE_IGNORE), [INPUT_CLAIM] = TO(MOVE_CLAIM), [INPUT_RELEASE] = NO("wrong_state"),
        [INPUT_REASSIGN] = TO(MOVE_LIST), [INPUT_RESCHEDULE] = TO(MOVE_LIST), [INPUT_OUTCOME] = NO("wrong_state"),
        [INPUT_CORRECT] = NO("wrong_state"), [INPUT_ABSENT] = TO(MOVE_IGNORE), [INPUT_WITHDRAW] = TO(MOVE_CLOSE),
        [INPUT_TIME] = TO(MOVE_LIST), [INPUT_DEADLINE] = TO(MOVE_STAY),
    },
    [TASK_CLAIMED] = {
        [INPUT_WANTED] = TO(MOVE_IGNORE), [INPUT_CLAIM] = NO("taken"), [INPUT_RELEASE] = TO(MOVE_LIST),
        [INPUT_REASSIGN] = TO(MOVE_LIST), [INPUT_RESCHEDULE] = TO(MOVE_LIST), [INPUT_OUTCOME] = TO(MOVE_OUTCOME),
        [INPUT_CORRECT] = NO("wrong_state"), [INPUT_ABSENT] = TO(MOVE_LIST),
        [INPUT_WITHDRAW] = TO(MOVE_IGNORE),     /* the agent may be speaking with the customer: the outcome decides */
        [INPUT_TIME] = TO(MOVE_LIST), [INPUT_DEADLINE] = TO(MOVE_STAY),
    },
    [TASK_WAITING] = {
        [INPUT_WANTED] = TO(MOVE_IGNORE), [INPUT_CLAIM] = NO("nothing_due"), [INPUT_RELEASE] = NO("wrong_state"),
        [INPUT_REASSIGN] = TO(MOVE_LIST), [INPUT_RESCHEDULE] = TO(MOVE_LIST), [INPUT_OUTCOME] = NO("wrong_state"),
        [INPUT_CORRECT] = NO("wrong_state"), [INPUT_ABSENT] = TO(MOVE_IGNORE), [INPUT_WITHDRAW] = TO(MOVE_CLOSE),
        [INPUT_TIME] = TO(MOVE_LIST), [INPUT_DEADLINE] = TO(MOVE_STAY),
    },
    [TASK_CLOSED] = {
        [INPUT_WANTED] = TO(MOVE_IGNORE), [INPUT_CLAIM] = NO("closed"), [INPUT_RELEASE] = NO("closed"),
        [INPUT_REASSIGN] = NO("closed"), [INPUT_RESCHEDULE] = NO("closed"), [INPUT_OUTCOME] = NO("closed"),
        [INPUT_CORRECT] = TO(MOVE_STAY), [INPUT_ABSENT] = TO(MOVE_IGNORE), [INPUT_WITHDRAW] = TO(MOVE_IGNORE),
        [INPUT_TIME] = TO(MOVE_IGNORE), [INPUT_DEADLINE] = TO(MOVE_IGNORE),
    },
};
