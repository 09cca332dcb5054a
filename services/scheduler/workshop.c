#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "civil.h"
#include "ident.h"
#include "scheduler.h"
#include "workshop.h"

/* The workshop's plan, day by day: acts on it, and what they change for whom. All of a site's plan is written here
 * only. */

enum { DAYS_LOOKED_AHEAD = 14, DAYS_AHEAD_MAX = 366, DAYS_BACK_MAX = 7 };

/* An act being worked. */
struct bench {
    struct turn *turn;
    const struct event *event;
    const struct workshop_act *act;
    const struct site *site;
    const struct workshop *workshop;
    struct workday before, day;         /* the day whose plan it is, before and after */
    enum strategy strategy;
    const char *detail;                 /* of a refusal */
};

static const char *date_text(struct bench *bench, wall_ms at)
{
    struct local_time local = calendar_local(bench->site->calendar, at);
    return arena_printf(turn_arena(bench->turn), "%04d-%02d-%02d", local.year, local.month, local.day);
}

static struct workday day_open(struct bench *bench, wall_ms at)
{
    struct workday day;
    const char *id = ident_make(turn_arena(bench->turn), bench->event->site, "%s", date_text(bench, at));
    const struct workshop_day *stored = turn_get(bench->turn, ENTITY_WORKSHOP_DAY, id);
    workday_open(&day, bench->workshop, bench->site->calendar, at, turn_now(bench->turn), stored, id,
                 turn_arena(bench->turn));
    day.plan.site = bench->event->site;
    return day;
}

static void day_store(struct bench *bench, const struct workday *day)
{
    turn_put(bench->turn, ENTITY_WORKSHOP_DAY, day->plan.id, &day->plan, 0, NULL);
}

/* -------- what is asked */

static bool wish_read(struct bench *bench, struct slot_wish *ret)
{
    const struct workshop_act *act = bench->act;
    *ret = (struct slot_wish){
        .technician = workshop_technician(bench->workshop, act->technician),
        .bay = workshop_bay(bench->workshop, act->bay),
        .from = act->start_at ? act->start_at : act->from_at,
        .ready_by = act->ready_by,
    };
    if (*act->technician && !ret->technician)
        bench->detail = "technician: the workshop has no such one";
    else if (*act->bay && !ret->bay)
        bench->detail = "bay: the workshop has no such one";
    return !bench->detail;
}

/* Where it is to stand: exactly at start_at if that is given, else as early as it goes. */
static enum day_refusal slot_asked(struct bench *bench, const struct workday *day, const struct workshop_job *job,
                                   struct slot *ret)
{
    struct slot_wish wish;
    if (!wish_read(bench, &wish))
        return DAY_BAD_VALUE;
    *ret = (struct slot){wish.technician, wish.bay, bench->act->start_at, 0, 0};
    if (wish.from && wish.technician && wish.bay && bench->act->start_at)
        return slot_check(day, job, ret, NULL);
    enum day_refusal refusal = slot_earliest(day, job, &wish, ret);
    return !refusal && bench->act->start_at && ret->start != bench->act->start_at ? DAY_CAPACITY : refusal;
}

/* The first slot on a later day, for the customer to agree to. */
static void offer_later(struct bench *bench, const struct workday *day, const struct workshop_job *job)
{
    struct slot_wish wish = {0};
    struct slot slot;
    wall_ms at = day->from;
    for (int ahead = 0; ahead < DAYS_LOOKED_AHEAD; ahead++) {
        at = calendar_add_days(bench->site->calendar, at, 1);
        struct workday later = day_open(bench, at);
        if (slot_earliest(&later, job, &wish, &slot))
            continue;
        struct local_time local = calendar_local(bench->site->calendar, slot.start);
        bench->detail = arena_printf(turn_arena(bench->turn), "the next is %s %02d:%02d, %s, %s",
                                     date_text(bench, slot.start), local.hour, local.minute, slot.technician->id,
                                     slot.bay->id);
        return;
    }
    bench->detail = arena_printf(turn_arena(bench->turn), "nor on the next %d days", DAYS_LOOKED_AHEAD);
}

/* -------- acts; each changes bench->day or says why not */

static enum day_refusal book(struct bench *bench)
{
    const struct workshop_act *act = bench->act;
    struct workshop_job job = {
        .job = act->job,
        .customer = *act->customer ? act->customer : bench->event->customer,
        .skill = act->skill,
        .equipment = act->equipment,
        .minutes = act->minutes,
        .technician = "",
        .bay = "",
        .rework = act->rework,
        .consent = "",
    };
    struct slot slot;
    if (job.minutes <= 0 || job.minutes > DAY_MS / MINUTE_MS || !*job.job) {
        bench->detail = *job.job ? "minutes: how long does it take?" : "job: which one?";
        return DAY_BAD_VALUE;
    }
    if (workday_job(&bench->day, job.job))
        return DAY_KNOWN;
    enum day_refusal refusal = slot_asked(bench, &bench->day, &job, &slot);
    if (refusal == DAY_CAPACITY)
        offer_later(bench, &bench->day, &job);
    return refusal ? refusal : workday_book(&bench->day, &job, &slot);
}

static bool day_is_near(const struct bench *bench, wall_ms at)
{
    wall_ms now = turn_now(bench->turn);
    return at > now - DAYS_BACK_MAX * DAY_MS && at < now + DAYS_AHEAD_MAX * DAY_MS;
}

static enum day_refusal move_to_day(struct bench *bench, wall_ms at)
{
    struct workday target = day_open(bench, at), before = workday_copy(&target);
    const struct workshop_job *job = workday_job(&bench->day, bench->act->job);
    struct slot slot;
    if (!job)
        return DAY_NOT_FOUND;
    if (!*bench->act->consent)
        return DAY_NO_CONSENT;
    enum day_refusal refusal = slot_asked(bench, &target, job, &slot);
    if (!refusal)
        refusal = workday_take(&target, &bench->day, bench->act->job, &slot, bench->act->consent);
    if (refusal)
        return refusal;
    if (!bench->act->preview)
        day_store(bench, &bench->day);
    bench->before = before;
    bench->day = target;
    return DAY_FINE;
}

static enum day_refusal move(struct bench *bench)
{
    wall_ms to = bench->act->start_at ? bench->act->start_at : bench->act->from_at;
    const struct workshop_job *job = workday_job(&bench->day, bench->act->job);
    struct slot slot;
    if (to && !day_is_near(bench, to)) {
        bench->detail = "start_at: not within a year";
        return DAY_BAD_VALUE;
    }
    if (to && (to < bench->day.from || to >= bench->day.to))
        return move_to_day(bench, to);
    if (!job)
        return DAY_NOT_FOUND;
    enum day_refusal refusal = slot_asked(bench, &bench->day, job, &slot);
    if (refusal == DAY_CAPACITY)
        offer_later(bench, &bench->day, job);
    return refusal ? refusal : workday_move(&bench->day, bench->act->job, &slot);
}

static enum day_refusal start(struct bench *bench)
{
    return workday_start(&bench->day, bench->act->job, bench->strategy);
}

static enum day_refusal finish(struct bench *bench)
{
    return workday_finish(&bench->day, bench->act->job, bench->strategy);
}

static enum day_refusal delay(struct bench *bench)
{
    return workday_delay(&bench->day, bench->act->job, bench->act->minutes, bench->strategy);
}

static enum day_refusal absence(struct bench *bench)
{
    const struct workshop_act *act = bench->act;
    struct workshop_absence asked = {.who = act->who, .from_at = act->from_at ? act->from_at : bench->day.from,
                                     .to_at = act->to_at ? act->to_at : bench->day.to, .reason = act->reason};
    return workday_absent(&bench->day, &asked, bench->strategy);
}

static enum day_refusal presence(struct bench *bench)
{
    return workday_present(&bench->day, bench->act->who);
}

static enum day_refusal cancel(struct bench *bench)
{
    return workday_cancel(&bench->day, bench->act->job);
}

static const struct deed {
    enum event_number act, result;
    enum day_refusal (*work)(struct bench *bench);
    bool planners_only;                 /* the others are what technicians themselves report */
} deeds[] = {
    {EVENT_WORKSHOP_BOOK, EVENT_WORKSHOP_BOOKED, book, true},
    {EVENT_WORKSHOP_MOVE, EVENT_WORKSHOP_MOVED, move, true},
    {EVENT_WORKSHOP_START, EVENT_WORKSHOP_STARTED, start, false},
    {EVENT_WORKSHOP_FINISH, EVENT_WORKSHOP_FINISHED, finish, false},
    {EVENT_WORKSHOP_DELAY, EVENT_WORKSHOP_DELAYED, delay, true},
    {EVENT_WORKSHOP_ABSENCE, EVENT_WORKSHOP_ABSENT, absence, true},
    {EVENT_WORKSHOP_PRESENCE, EVENT_WORKSHOP_PRESENT, presence, true},
    {EVENT_WORKSHOP_CANCEL, EVENT_WORKSHOP_CANCELLED, cancel, true},
};

static const struct deed *deed_of(enum event_number act)
{
    size_t at = 0;
    while (at < sizeof deeds / sizeof deeds[0] && deeds[at].act != act)
        at++;
    assert(at < sizeof deeds / sizeof deeds[0]);
    return &deeds[at];
}

/* -------- what is said of it */

static struct workshop_change change_said(const struct job_change *change)
{
    static const struct workshop_job nowhere = {.customer = "", .technician = "", .bay = ""};
    const struct workshop_job *is = change->after ? change->after : &nowhere,
                              *was = change->before ? change->before : &nowhere;
    const struct workshop_job *any = change->after ? is : was;
    return (struct workshop_change){
        .job = any->job,
        .customer = any->customer,
        .rework = any->rework,
        .state = is->state,
        .technician = is->technician,
        .bay = is->bay,
        .start_at = is->start_at,
        .end_at = is->end_at,
        .hand_over_at = is->hand_over_at,
        .technician_before = was->technician,
        .bay_before = was->bay,
        .start_before = was->start_at,
        .end_before = was->end_at,
        .hand_over_before = was->hand_over_at,
    };
}

static int64_t displaced_count(const struct workday *day)
{
    int64_t count = 0;
    for (size_t i = 0; i < day->plan.jobs.count; i++)
        count += day->plan.jobs.at[i].state == JOB_DISPLACED;
    return count;
}

/* The place of the job that the act is about, in the open: rules go by it. */
static void place_said(struct workshop_changed *to, const struct workshop_change *change)
{
    to->technician = change->technician;
    to->bay = change->bay;
    to->start_at = change->start_at;
    to->end_at = change->end_at;
    to->hand_over_at = change->hand_over_at;
    to->rework = change->rework;
}

static void say_changed(struct bench *bench, enum event_number number, struct workshop_change_list changes)
{
    const struct workshop_act *act = bench->act;
    struct workshop_changed said = {
        .day = date_text(bench, bench->day.from),
        .job = act->job,
        .who = act->who,
        .displaced = displaced_count(&bench->day),
        .revision = act->preview ? bench->before.plan.revision : bench->day.plan.revision,
        .act = act->preview ? bench->event->type : "",
        .consent = act->consent,
        .reason = act->reason,
        .technician = "",
        .bay = "",
        .changes = changes,
    };
    struct event like = event_of(number);
    for (size_t i = 0; i < changes.count && *act->job; i++)
        if (!strcmp(changes.at[i].job, act->job)) {
            like.customer = changes.at[i].customer;
            place_said(&said, &changes.at[i]);
        }
    turn_emit(bench->turn, number, &said, &like);
}

/* Every other customer whose job has another place now is a fact of its own. */
static void say_pushed(struct bench *bench, const struct workshop_change *change)
{
    if (!strcmp(change->job, bench->act->job) || !change->state || change->start_at == change->start_before)
        return;
    enum event_number number = change->state == JOB_DISPLACED ? EVENT_WORKSHOP_JOB_DISPLACED
                                                              : EVENT_WORKSHOP_JOB_PUSHED;
    struct event like = event_of(number);
    like.customer = change->customer;
    turn_emit(bench->turn, number, change, &like);
}

static void say(struct bench *bench, const struct deed *deed)
{
    struct job_change *changed;
    size_t count = workday_changes(&bench->before, &bench->day, &changed);
    struct workshop_change_list changes = {arena_alloc(turn_arena(bench->turn), (count + 1) * sizeof *changes.at),
                                           count};
    for (size_t i = 0; i < count; i++)
        changes.at[i] = change_said(&changed[i]);
    say_changed(bench, bench->act->preview ? EVENT_WORKSHOP_SHOWN : deed->result, changes);
    for (size_t i = 0; i < count && !bench->act->preview; i++)
        say_pushed(bench, &changes.at[i]);
}

/* -------- an act */

static bool may_plan(const struct bench *bench)
{
    static const char *const planners[] = {
        "service-advisor", "reception-supervisor", "service-manager", "manager", "general-manager", "administrator",
        "integration",
    };
    const struct event *event = bench->event;
    const struct staff *staff = bench->site->staff;
    const struct person *actor = staff && *event->actor ? staff_person(staff, event->actor) : NULL;
    for (size_t i = 0; i < sizeof planners / sizeof planners[0]; i++)
        if (!strcmp(event->role, planners[i]) || (actor && person_has_role(actor, planners[i])))
            return true;
    return !*event->role && !actor;
}

/* An instant on the day that the act is about; 0: the date is wrong. */
static wall_ms day_asked(struct bench *bench)
{
    const struct workshop_act *act = bench->act;
    int64_t day;
    if (!*act->day) {
        bool moves = bench->event->number == EVENT_WORKSHOP_MOVE;
        wall_ms told = moves ? 0 : act->start_at ? act->start_at : act->from_at;
        return told ? told : turn_now(bench->turn);
    }
    if (!civil_parse(act->day, &day) || strlen(act->day) != strlen("2026-03-10"))
        return 0;
    struct civil date = civil_date(day);
    return calendar_instant(bench->site->calendar, date.year, date.month, date.day, 12, 0, 0);
}

/* Refuses what is wrong with the act itself. */
static bool act_is_fine(struct bench *bench, const struct deed *deed, wall_ms at)
{
    if (!at || !day_is_near(bench, at))
        turn_refuse(bench->turn, "bad_value", "day: no date, or not within a year");
    else if (bench->strategy == strategy_count)
        turn_refuse(bench->turn, "bad_value", "strategy: no such one");
    else if (deed->planners_only && !bench->act->preview && !may_plan(bench))
        turn_refuse(bench->turn, "not_allowed", "only a service advisor, or somebody above, changes the plan");
    else
        return true;
    return false;
}

void on_workshop_act(struct turn *turn, const struct event *event, const void *data)
{
    struct bench bench = {.turn = turn, .event = event, .act = data, .site = turn_site(turn, event->site)};
    const struct deed *deed = deed_of(event->number);
    if (!bench.site || !bench.site->workshop) {
        turn_refuse(turn, "not_found", "no workshop is set up for this site");
        return;
    }
    bench.workshop = bench.site->workshop;
    bench.strategy = strategy_named(bench.act->strategy);
    wall_ms at = day_asked(&bench);
    if (!act_is_fine(&bench, deed, at))
        return;
    bench.before = day_open(&bench, at);
    bench.day = workday_copy(&bench.before);
    enum day_refusal refusal = bench.act->revision && bench.act->revision != bench.before.plan.revision
                                   ? DAY_CHANGED
                                   : deed->work(&bench);
    if (refusal) {
        turn_refuse(turn, day_refusal_word(refusal), bench.detail ? bench.detail : "");
        return;
    }
    if (!bench.act->preview)
        day_store(&bench, &bench.day);
    say(&bench, deed);
}
