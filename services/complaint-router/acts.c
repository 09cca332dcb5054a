#include "docket.h"

#include <string.h>
#include <strings.h>

/* What an act needs beside the right state, and what it does. */
struct act_work {
    /* NULL if it can be done, else the reason to refuse and *ret_detail for a person; or no check at all */
    const char *(*check)(struct docket *docket, const struct case_act *said, const char **ret_detail);
    /* changes the file; state is set already. NULL: nothing more */
    void (*apply)(struct docket *docket, const struct case_act *said);
    const char *clock;              /* the deadline that it keeps; "" */
};

static const char *refused(const char **ret_detail, const char *reason, const char *detail)
{
    *ret_detail = detail;
    return reason;
}

/* -------- assess */

static bool is_correction(const struct docket *docket, const struct case_act *said)
{
    return (*said->category && strcmp(said->category, docket->file.category)) ||
           (said->grade && said->grade != docket->file.grade);
}

static const char *assess_check(struct docket *docket, const struct case_act *said, const char **ret_detail)
{
    struct texts categories = complaint_categories(docket->rules, docket->arena);
    if (*said->category && docket->rules->present && !complaint_has_category(docket->rules, said->category))
        return refused(ret_detail, "bad_value",
                       arena_printf(docket->arena, "category: one of %s", rules_said(docket, &categories)));
    if (is_correction(docket, said) && !*said->reason)
        return refused(ret_detail, "bad_value", "reason: a corrected category or grade needs one");
    return NULL;
}

static void assess_apply(struct docket *docket, const struct case_act *said)
{
    struct complaint_case *file = &docket->file;
    const struct event *event = turn_event(docket->turn);
    if (*said->category && strcmp(said->category, file->category)) {
        file->category = said->category;
        file->department = rules_department(docket, said->category);
        ladder_follow_department(docket);
    }
    if (said->grade && said->grade != file->grade) {
        file->grade = said->grade;
        file->graded_by = *event->actor ? event->actor : "a person";
        clocks_regrade(docket);
    }
}

/* -------- assign */

static const struct person *named_person(const struct docket *docket, const char *id)
{
    const struct staff *staff = docket->site ? docket->site->staff : NULL;
    return staff ? staff_person(staff, id) : NULL;
}

static const char *assign_check(struct docket *docket, const struct case_act *said, const char **ret_detail)
{
    if (!*said->assignee)
        return *docket->file.assignee ? NULL : refused(ret_detail, "bad_value", "assignee: nobody has it yet");
    const struct person *person = named_person(docket, said->assignee);
    if (!person)
        return refused(ret_detail, "bad_value", "assignee: not on the site's staff list");
    if (!site_has_present(docket->site, person))
        return refused(ret_detail, "absent", "assignee: not there now");
    return NULL;
}

static void assign_apply(struct docket *docket, const struct case_act *said)
{
    if (*said->assignee)
        ladder_give(docket, named_person(docket, said->assignee));
}

/* -------- telling, promising */

static void respond_apply(struct docket *docket, const struct case_act *said)
{
    (void)said;
    clock_meet(docket, "promise");
}

static void report_apply(struct docket *docket, const struct case_act *said)
{
    (void)said;
    clock_meet(docket, "promise");
    clock_again(docket, "progress");
}

static const char *promise_check(struct docket *docket, const struct case_act *said, const char **ret_detail)
{
    return said->at > docket->now ? NULL : refused(ret_detail, "bad_value", "at: the promised time must lie ahead");
}

static void promise_apply(struct docket *docket, const struct case_act *said)
{
    clock_promise(docket, said->at);
}

/* -------- waiting for the customer */

static const char *wait_check(struct docket *docket, const struct case_act *said, const char **ret_detail)
{
    if (docket->file.waiting_since)
        return refused(ret_detail, "wrong_state", "it is waiting already");
    if (said->at && said->at <= docket->now)
        return refused(ret_detail, "bad_value", "at: the time to wait until must lie ahead");
    return NULL;
}

static void wait_apply(struct docket *docket, const struct case_act *said)
{
    clocks_pause(docket);
    docket->file.waiting_until = said->at;
}

static const char *resume_check(struct docket *docket, const struct case_act *said, const char **ret_detail)
{
    (void)said;
    return docket->file.waiting_since ? NULL : refused(ret_detail, "wrong_state", "it is not waiting");
}

static void resume_apply(struct docket *docket, const struct case_act *said)
{
    (void)said;
    clocks_resume(docket);
}

/* -------- escalate */

static const char *escalate_check(struct docket *docket, const struct case_act *said, const char **ret_detail)
{
    (void)said;
    return ladder_at_top(docket) ? refused(ret_detail, "wrong_state", "it is at the top of the ladder") : NULL;
}

static void escalate_apply(struct docket *docket, const struct case_act *said)
{
    (void)said;
    ladder_climb(docket);
}

/* -------- compensation */

/* A statement that begins so says that somebody is harmed. */
static bool states_harm(const char *effect)
{
    static const char *const beginnings[] = {"harm", "damage", "损害", "有损", "不利"};
    for (size_t i = 0; i < sizeof beginnings / sizeof beginnings[0]; i++)
        if (!strncasecmp(effect, beginnings[i], strlen(beginnings[i])))
            return true;
    return false;
}

static const char *propose_check(struct docket *docket, const struct case_act *said, const char **ret_detail)
{
    (void)docket;
    if (!*said->compensation)
        return refused(ret_detail, "bad_value", "compensation: what is offered?");
    if (said->amount_cents < 0)
        return refused(ret_detail, "bad_value", "amount_cents: not below nothing");
    if (!*said->effect_manufacturer)
        return refused(ret_detail, "bad_value", "effect_manufacturer: its effect on the manufacturer must be stated");
    if (!*said->effect_customer)
        return refused(ret_detail, "bad_value", "effect_customer: its effect on the customer must be stated");
    if (states_harm(said->effect_manufacturer))
        return refused(ret_detail, "not_allowed", "effect_manufacturer: the manufacturer must not be harmed");
    if (states_harm(said->effect_customer))
        return refused(ret_detail, "not_allowed", "effect_customer: the customer must not be harmed");
    return NULL;
}

static void propose_apply(struct docket *docket, const struct case_act *said)
{
    struct complaint_case *file = &docket->file;
    file->approval = APPROVAL_ASKED;
    file->compensation = said->compensation;
    file->amount_cents = said->amount_cents;
    file->effect_manufacturer = said->effect_manufacturer;
    file->effect_customer = said->effect_customer;
}

static const char *asked_check(struct docket *docket, const struct case_act *said, const char **ret_detail)
{
    (void)said;
    if (docket->file.approval == APPROVAL_ASKED)
        return NULL;
    return refused(ret_detail, "wrong_state", "no compensation waits for approval");
}

static void approve_apply(struct docket *docket, const struct case_act *said)
{
    (void)said;
    docket->file.approval = APPROVAL_GIVEN;
}

static void decline_apply(struct docket *docket, const struct case_act *said)
{
    (void)said;
    docket->file.approval = APPROVAL_DECLINED;
}

/* -------- the result */

static const char *resolve_check(struct docket *docket, const struct case_act *said, const char **ret_detail)
{
    const char *fault = rules_cause_fault(docket, said->cause_found);
    if (docket->file.approval == APPROVAL_ASKED)
        return refused(ret_detail, "needs_approval", "the proposed compensation is not approved yet");
    return fault ? refused(ret_detail, "bad_value", fault) : NULL;
}

static void resolve_apply(struct docket *docket, const struct case_act *said)
{
    clock_meet(docket, "first_response");
    clock_meet(docket, "promise");
    clock_cancel(docket, "progress");
    clock_begin(docket, "verified");
    if (*said->cause_found)
        docket->file.cause_found = said->cause_found;
}

static const char *verify_check(struct docket *docket, const struct case_act *said, const char **ret_detail)
{
    (void)docket;
    if (said->satisfaction >= 1 && said->satisfaction <= 5)
        return NULL;
    return refused(ret_detail, "bad_value", "satisfaction: 1 to 5");
}

static void verify_apply(struct docket *docket, const struct case_act *said)
{
    clock_meet(docket, "promise");
    docket->satisfaction = docket->file.satisfaction = said->satisfaction;
}

static const char *close_check(struct docket *docket, const struct case_act *said, const char **ret_detail)
{
    const char *fault = rules_cause_fault(docket, said->cause_found);
    if (fault)
        return refused(ret_detail, "bad_value", fault);
    if (rules_want_cause(docket, said->cause_found))
        return refused(ret_detail, "bad_value", "cause_found: it is closed with its root cause");
    return NULL;
}

static void close_apply(struct docket *docket, const struct case_act *said)
{
    if (*said->cause_found)
        docket->file.cause_found = said->cause_found;
}

static const char *link_check(struct docket *docket, const struct case_act *said, const char **ret_detail)
{
    const char *id = *said->reason ? docket_case_id(docket->turn, said->reason) : NULL;
    const struct complaint_case *into = id ? turn_get(docket->turn, ENTITY_CASE, id) : NULL;
    if (!into)
        return refused(ret_detail, "bad_value", "reason: must name the case in which it is worked");
    if (!strcmp(into->id, docket->file.id) || into->state == CASE_LINKED)
        return refused(ret_detail, "bad_value", "reason: must name another case, one that is not linked itself");
    return NULL;
}

/* -------- the table */

static const struct act_work works[ACT_COUNT] = {
    [ACT_ACKNOWLEDGE] = {NULL, NULL, "acknowledged"},
    [ACT_ASSESS] = {assess_check, assess_apply, "assessed"},
    [ACT_ASSIGN] = {assign_check, assign_apply, ""},
    [ACT_START] = {NULL, NULL, ""},
    [ACT_RESPOND] = {NULL, respond_apply, "first_response"},
    [ACT_REPORT] = {NULL, report_apply, ""},
    [ACT_PROMISE] = {promise_check, promise_apply, ""},
    [ACT_WAIT] = {wait_check, wait_apply, ""},
    [ACT_RESUME] = {resume_check, resume_apply, ""},
    [ACT_ESCALATE] = {escalate_check, escalate_apply, ""},
    [ACT_PROPOSE] = {propose_check, propose_apply, ""},
    [ACT_APPROVE] = {asked_check, approve_apply, ""},
    [ACT_DECLINE] = {asked_check, decline_apply, ""},
    [ACT_RESOLVE] = {resolve_check, resolve_apply, "resolved"},
    [ACT_VERIFY] = {verify_check, verify_apply, "verified"},
    [ACT_CLOSE] = {close_check, close_apply, ""},
    [ACT_REOPEN] = {NULL, NULL, ""},
    [ACT_LINK] = {link_check, NULL, ""},
    [ACT_UNLINK] = {NULL, NULL, ""},
};

/* The result ends the wait for the customer. */
static void end_waiting(struct docket *docket)
{
    if (!docket->file.waiting_since)
        return;
    clocks_resume(docket);
    docket_record(docket, EVENT_CASE_RESUMED, NULL, "no longer waiting");
}

bool act_is_unhappy(const struct docket *docket, int64_t satisfaction)
{
    const struct playbook *playbook = turn_playbook(docket->turn, docket->file.playbook_hash);
    int limit = playbook && playbook->dissatisfied_at_most ? playbook->dissatisfied_at_most : 2;
    return satisfaction && satisfaction <= limit;
}

static void do_link(struct docket *docket, const struct case_act *said)
{
    struct docket into;
    bool found = docket_load(&into, docket->turn, docket_case_id(docket->turn, said->reason));
    if (found)
        docket_link(docket, &into);
    docket_emit(docket, EVENT_CASE_LINKED, NULL, said->reason);
}

static void do_verify_unhappy(struct docket *docket, const struct case_act *said)
{
    verify_apply(docket, said);
    clock_meet(docket, "verified");
    docket_reopen(docket, "the customer is not satisfied");
}

static void do_plainly(struct docket *docket, enum case_act_number act, const struct case_act *said,
                       enum case_state next)
{
    const struct act_work *work = &works[act];
    struct case_clock *clock = *work->clock ? clock_find(docket, work->clock) : NULL;
    docket->file.state = next;
    if (clock)
        clock_meet(docket, work->clock);
    if (work->apply)
        work->apply(docket, said);
    if (act == ACT_PROMISE)
        clock = clock_find(docket, "promise");
    docket_emit(docket, act_types[act].result, clock, said->reason);
}

void act_do(struct docket *docket, enum case_act_number act, const struct case_act *said)
{
    const char *refusal = NULL;
    enum case_state next = state_after(docket->file.state, act, &refusal);
    docket->note = said->note;
    docket_attach(docket, &said->attachments);
    if (next >= CASE_RESOLVED && next != (enum case_state)docket->file.state)
        end_waiting(docket);
    if (act == ACT_LINK) {
        do_link(docket, said);
    } else if (act == ACT_UNLINK) {
        docket_unlink(docket);
        docket_emit(docket, EVENT_CASE_UNLINKED, NULL, said->reason);
    } else if (act == ACT_REOPEN) {
        docket_reopen(docket, said->reason);
    } else if (act == ACT_VERIFY && act_is_unhappy(docket, said->satisfaction)) {
        do_verify_unhappy(docket, said);
    } else if (act == ACT_CLOSE) {
        close_apply(docket, said);
        docket_end(docket, CASE_CLOSED);
        docket_emit(docket, EVENT_CASE_CLOSED, NULL, said->reason);
    } else {
        do_plainly(docket, act, said, next);
    }
}

/* -------- acts of people */

static bool refuse_state(struct docket *docket, enum case_act_number act)
{
    const char *refusal = NULL;
    if (state_after(docket->file.state, act, &refusal) != CASE_NONE)
        return false;
    const char *state = words_name(&case_state_words, docket->file.state);
    const char *detail = arena_printf(docket->arena, "the case is %s%s%s", state,
                                      *docket->file.linked_to ? ", worked in " : "", docket->file.linked_to);
    turn_refuse(docket->turn, refusal, detail);
    return true;
}

static bool refuse_act(struct docket *docket, enum case_act_number act, const struct case_act *said)
{
    const char *detail = "";
    if (refuse_state(docket, act))
        return true;
    const char *reason = right_refusal(docket, act_types[act].right, turn_event(docket->turn));
    if (reason) {
        turn_refuse(docket->turn, reason, arena_printf(docket->arena, "it is with %s, %s", docket->file.role,
                                                       *docket->file.assignee ? docket->file.assignee : "nobody yet"));
        return true;
    }
    reason = works[act].check ? works[act].check(docket, said, &detail) : NULL;
    if (reason)
        turn_refuse(docket->turn, reason, detail);
    return reason != NULL;
}

void on_case_act(struct turn *turn, const struct event *event, const void *data)
{
    const struct case_act *said = data;
    enum case_act_number act = act_of_event(event->number);
    struct docket docket;
    const char *id = docket_case_id(turn, said->case_id);
    if (!id || !docket_load(&docket, turn, id)) {
        turn_refuse(turn, "not_found", said->case_id);
        return;
    }
    bool was_late = clocks_tick(&docket, docket.now - 1);
    bool refused_it = refuse_act(&docket, act, said);
    if (!refused_it)
        act_do(&docket, act, said);
    if (was_late || !refused_it)
        docket_save(&docket);
}
