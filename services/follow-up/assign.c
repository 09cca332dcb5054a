#include <string.h>

#include "facts.h"
#include "follow_up.h"
#include "ident.h"

/* Who gets a task without claiming it: somebody with the role and the skill who is there, with the fewest tasks in
 * proportion to what they can do; of equals the one who has waited longest. */

static const struct assign *rule_of(const struct job *job)
{
    return job->step && job->step->assign.by ? &job->step->assign : NULL;
}

bool job_is_assigned_by_rule(const struct job *job)
{
    return rule_of(job) != NULL;
}

/* -------- who can take it */

static bool has_skill(const struct job *job, const struct assign *rule, const struct person *person)
{
    const char *skill = rule->skill;
    if (*rule->skill_field)
        skill = facts_text(job->task.variables, rule->skill_field, turn_arena(job->turn));
    for (size_t i = 0; i < person->skills.count; i++)
        if (!strcmp(person->skills.at[i], skill))
            return true;
    return !*skill;
}

static bool is_there(const struct job *job, const struct person *person, const struct agent *desk)
{
    const struct calendar *calendar = job->site->calendar;
    wall_ms now = turn_now(job->turn), at = job->task.due_at > now ? job->task.due_at : now;
    return !desk->absent && calendar_is_open(calendar, person->hours ? person->hours : calendar_business(calendar), at);
}

/* Whom a fact of the task names: field.NAME as it is kept, event.NAME by the bare name. */
static const char *person_told(const struct job *job, const char *path)
{
    return facts_text(job->task.variables, strncmp(path, "event.", 6) ? path : path + 6, turn_arena(job->turn));
}

static bool can_take(const struct job *job, const struct assign *rule, const struct person *person, const struct agent *desk)
{
    return person_has_role(person, job->task.role) && has_skill(job, rule, person) &&
           (!rule->at_most || desk->assigned < rule->at_most) && is_there(job, person, desk) &&
           (!*rule->other_than || strcmp(person->id, person_told(job, rule->other_than)));
}

/* -------- whom to choose */

/* Months since the beginning of the calendar, by the site's clock. */
static int month_of(const struct job *job, wall_ms at)
{
    struct local_time local = calendar_local(job->site->calendar, at);
    return local.year * 12 + local.month;
}

struct choice { const struct person *person; struct agent desk; };

/* How much somebody has: open tasks, or what was given in the present month. */
static int64_t load_of(const struct job *job, const struct assign *rule, const struct agent *desk)
{
    if (!rule->given)
        return desk->assigned;
    return month_of(job, desk->assigned_at) == month_of(job, turn_now(job->turn)) ? desk->given : 0;
}

/* Compared as fractions: what each would have with this task, by what each can do. */
static bool is_better(const struct job *job, const struct assign *rule, const struct choice *a, const struct choice *b)
{
    int64_t weight_a = rule->by == ASSIGN_WEIGHTED ? a->person->capability : 1;
    int64_t weight_b = rule->by == ASSIGN_WEIGHTED ? b->person->capability : 1;
    int64_t load_a = (load_of(job, rule, &a->desk) + 1) * weight_b, load_b = (load_of(job, rule, &b->desk) + 1) * weight_a;
    if (load_a != load_b)
        return load_a < load_b;
    if (a->desk.assigned_at != b->desk.assigned_at)
        return a->desk.assigned_at < b->desk.assigned_at;
    return strcmp(a->person->id, b->person->id) < 0;
}

/* Who has just got the task by which they look after the customer: the record may not say so yet. */
static const char *owner_to_be(const struct job *job)
{
    struct texts open = line_tasks(job->turn, job->task.site, job->task.customer);
    for (size_t i = 0; i < open.count; i++) {
        struct job other;
        if (job_open(job->turn, job->task.site, open.at[i], &other) && rule_of(&other) && rule_of(&other)->owner &&
            *other.task.assignee)
            return other.task.assignee;
    }
    return job->customer ? job->customer->owner : "";
}

/* Who is preferred, if they can take it. */
static const char *preferred(const struct job *job, const struct assign *rule)
{
    if (rule->by == ASSIGN_OWNER)
        return owner_to_be(job);
    if (rule->by == ASSIGN_NAMED)
        return person_told(job, rule->who);
    if (rule->by != ASSIGN_SAME || !*job->task.customer)
        return "";
    const struct customer_line *line = turn_get(job->turn, ENTITY_CUSTOMER_LINE,
                                                ident_make(turn_arena(job->turn), job->task.site, "%s",
                                                           turn_survivor(job->turn, job->task.site, job->task.customer)));
    return line ? line->last_agent : "";
}

static const char *choose(const struct job *job, const struct assign *rule)
{
    const struct staff *staff = job->site->staff;
    const char *first = preferred(job, rule);
    struct choice best = {.person = NULL};
    for (size_t i = 0; i < staff->count; i++) {
        struct choice one = {&staff->people[i], desk_of(job->turn, job->task.site, staff->people[i].id)};
        if (!can_take(job, rule, one.person, &one.desk))
            continue;
        if (*first && !strcmp(one.person->id, first))
            return first;
        if (!best.person || is_better(job, rule, &one, &best))
            best = one;
    }
    return best.person ? best.person->id : "";
}

void job_assign(struct job *job)
{
    const struct assign *rule = rule_of(job);
    if (!rule || !job->site || !job->site->staff || *job->task.assignee)
        return;
    const char *chosen = choose(job, rule);
    if (!*chosen)
        return;
    job->task.assignee = chosen;
    job->task.assigned_by_hand = true;
}

/* -------- counting */

/* What is taken away unfinished was not given. */
static void count_given(struct job *job, struct agent *desk, int64_t by)
{
    bool this_month = month_of(job, desk->assigned_at) == month_of(job, turn_now(job->turn));
    if (by > 0)
        desk->given = this_month ? desk->given + 1 : 1;
    else if (this_month && desk->given > 0 && job->task.state != TASK_CLOSED)
        desk->given--;
}

static void count(struct job *job, const char *person, int64_t by)
{
    struct agent desk = desk_of(job->turn, job->task.site, person);
    int64_t at_most = job->step->assign.at_most;
    bool was_full = at_most && desk.assigned >= at_most;
    desk.assigned += by;
    if (job->site)
        count_given(job, &desk, by);
    if (by > 0)
        desk.assigned_at = turn_now(job->turn);
    desk_store(job->turn, &desk);
    if (was_full && desk.assigned < at_most) {
        struct agent_presence freed = {.agent = person};
        turn_emit(job->turn, EVENT_AGENT_FREED, &freed, NULL);
    }
}

void job_count(struct job *job)
{
    struct task *task = &job->task;
    const char *whose = task->state != TASK_CLOSED ? task->assignee : "";
    if (!rule_of(job) || !strcmp(whose, task->counted_for))
        return;
    if (*task->counted_for)
        count(job, task->counted_for, -1);
    if (*whose)
        count(job, whose, 1);
    task->counted_for = whose;
}

/* -------- later */

static struct texts list_of(struct turn *turn, const char *list, const char *site, const char *role)
{
    return turn_queue(turn, arena_printf(turn_arena(turn), "%s/%s/%s/", list, site, role), CLAIM_SCAN_MAX);
}

static void assign_anew(struct job *job, const char *reason)
{
    const char *before = job->task.assignee;
    job->task.assignee = "";
    job->task.assigned_by_hand = false;
    job_assign(job);
    if (!strcmp(before, job->task.assignee))
        return;
    struct task_changed change = job_change(job);
    change.before = before;
    change.reason = reason;
    job_say(job, EVENT_TASK_REASSIGNED, &change);
    job_store(job);
}

static void list_assign(struct turn *turn, const char *list, const char *site, const char *role, const char *person,
                        const char *reason)
{
    struct texts members = list_of(turn, list, site, role), tasks = jobs_listed(turn, site, &members);
    for (size_t i = 0; i < tasks.count; i++) {
        struct job job;
        if (job_open(turn, site, tasks.at[i], &job) && rule_of(&job) && !strcmp(job.task.assignee, person))
            assign_anew(&job, reason);
    }
}

/* The list is by class and time: key customers first, then the oldest. */
void role_assign(struct turn *turn, const char *site, const char *role)
{
    list_assign(turn, "work", site, role, "", "free");
}

/* Is it assigned to somebody who is not of the staff any more, or has another role now? */
static bool is_left_behind(const struct job *job)
{
    if (!rule_of(job) || !job->site || !job->site->staff || !*job->task.assignee)
        return false;
    const struct person *person = staff_person(job->site->staff, job->task.assignee);
    return !person || !person_has_role(person, job->task.role);
}

static void left_spread(struct turn *turn, const char *list, const char *site)
{
    const char *prefix = arena_printf(turn_arena(turn), "%s/%s/", list, site);
    struct texts members = {0};
    for (size_t seen = 0; seen < LEFT_SCAN_MAX; seen += members.count) {
        members = turn_queue_after(turn, prefix, members.count ? members.at[members.count - 1] : "", CLAIM_SCAN_MAX);
        struct texts tasks = jobs_listed(turn, site, &members);
        for (size_t i = 0; i < tasks.count; i++) {
            struct job job;
            if (job_open(turn, site, tasks.at[i], &job) && is_left_behind(&job))
                assign_anew(&job, "left");
        }
        if (members.count < CLAIM_SCAN_MAX)
            return;
    }
}

void staff_spread(struct turn *turn, const char *site)
{
    left_spread(turn, "work", site);
    left_spread(turn, "later", site);
}

void person_spread(struct turn *turn, const struct site *site, const char *id)
{
    const struct person *person = site && site->staff ? staff_person(site->staff, id) : NULL;
    for (size_t i = 0; person && i < person->roles.count; i++) {
        list_assign(turn, "work", site->id, person->roles.at[i], person->id, "absent");
        list_assign(turn, "later", site->id, person->roles.at[i], person->id, "absent");
    }
}
