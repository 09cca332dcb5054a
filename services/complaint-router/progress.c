#include "docket.h"

#include "ident.h"

/* How far the source says it is, played as if somebody had done each step. Only the last step is told. */

static const enum case_act_number way[] = {ACT_ACKNOWLEDGE, ACT_ASSESS, ACT_ASSIGN, ACT_START, ACT_RESOLVE};

static void step(struct docket *docket, enum case_act_number act, const struct case_act *said, enum case_state told)
{
    const char *refusal = NULL;
    enum case_state next = state_after(docket->file.state, act, &refusal);
    if (next == CASE_NONE || next == (enum case_state)docket->file.state)
        return;
    docket->quiet = next != told;
    act_do(docket, act, said);
    docket->quiet = false;
}

static bool is_before(enum case_state state, enum case_state target)
{
    return state < target || (state == CASE_REOPENED && target >= CASE_RESOLVED);
}

static void walk(struct docket *docket, const struct case_act *said, enum case_state target, enum case_state told)
{
    for (size_t i = 0; i < sizeof way / sizeof way[0] && is_before(docket->file.state, target); i++)
        step(docket, way[i], said, told);
}

/* A rating without a score says that the customer has no more to say. Closing waits for the root cause, if the playbook
 * wants one: that is for the holder to say. */
static void rate(struct docket *docket, struct case_act *said, int64_t satisfaction)
{
    bool closes = !act_is_unhappy(docket, satisfaction) && !rules_want_cause(docket, "");
    said->satisfaction = satisfaction;
    step(docket, ACT_VERIFY, said, closes ? CASE_CLOSED : CASE_VERIFIED);
    if (docket->file.state == CASE_VERIFIED && closes)
        step(docket, ACT_CLOSE, said, CASE_CLOSED);
}

void on_complaint_progressed(struct turn *turn, const struct event *event, const void *data)
{
    const struct complaint_progressed *progressed = data;
    struct docket docket;
    const char *id = ident_make(turn_arena(turn), event->site, "%s", progressed->complaint);
    if (!docket_load(&docket, turn, id) || !docket_open(&docket))
        return;
    struct case_act *said = record_new(&case_act_record, docket.arena);
    said->case_id = id;
    const char *status = words_name(&source_status_words, progressed->status);
    said->reason = arena_printf(docket.arena, "the source says: %s", status);
    clocks_tick(&docket, docket.now - 1);
    if (progressed->status == SOURCE_ACCEPTED)
        walk(&docket, said, CASE_ACKNOWLEDGED, CASE_ACKNOWLEDGED);
    if (progressed->status == SOURCE_ANSWERED)
        walk(&docket, said, CASE_RESOLVED, CASE_RESOLVED);
    if (progressed->status == SOURCE_RATED)
        walk(&docket, said, CASE_RESOLVED, CASE_CLOSED);
    if (progressed->status == SOURCE_RATED)
        rate(&docket, said, progressed->satisfaction);
    docket_save(&docket);
}
