#include <string.h>

#include "follow_up.h"
#include "ident.h"

/* Taking a task: a named one, or the next of the agent's lists. */

struct refusal { const char *reason, *detail; };

/* -------- may this agent have it? */

static bool is_kept_for_other(const struct job *job, const char *agent)
{
    const struct task *task = &job->task;
    if (!*task->assignee || !strcmp(task->assignee, agent))
        return false;
    bool kept = task->assigned_by_hand || task->kept_until > turn_now(job->turn);
    bool has_left = job->site && job->site->staff && !staff_person(job->site->staff, task->assignee);
    return kept && !has_left && !agent_is_absent(job->turn, task->site, task->assignee);
}

/* What needs no look at gate and window. */
static struct refusal refusal_of_agent(const struct job *job, const struct person *person)
{
    if (!person_has_role(person, job->task.role))
        return (struct refusal){"not_allowed", "this is for another role"};
    if (is_kept_for_other(job, person->id))
        return (struct refusal){"not_yours", "it is kept for somebody else"};
    if (line_is_busy(job, person->id))
        return (struct refusal){"taken", "a colleague is in touch with this customer now"};
    return (struct refusal){0};
}

static struct refusal refusal_of(const struct job *job, const struct person *person)
{
    struct refusal refusal = refusal_of_agent(job, person);
    const char *obstacle = refusal.reason ? NULL : job_obstacle(job);
    return obstacle ? (struct refusal){"nothing_due", obstacle} : refusal;
}

static void take(struct job *job, const char *agent)
{
    const char *before = strcmp(job->task.assignee, agent) ? job->task.assignee : "";
    job_take(job, agent);
    struct task_changed change = job_change(job);
    change.before = before;
    job_say(job, EVENT_TASK_CLAIMED, &change);
    job_store(job);
}

static void claim_given(struct turn *turn, const char *site, const char *task, const struct person *person)
{
    struct job job;
    if (!job_open(turn, site, task, &job)) {
        turn_refuse(turn, "not_found", "no such task");
        return;
    }
    if (!job_allows(&job, INPUT_CLAIM))
        return;
    struct refusal refusal = refusal_of(&job, person);
    if (refusal.reason)
        turn_refuse(turn, refusal.reason, refusal.detail);
    else
        take(&job, person->id);
}

/* -------- the next one */

/* A task on the agent's lists: first what was agreed with the customer, then what is kept for the agent or is about a
 * customer on the agent's line, then the rest; within each by class and due time. */
struct candidate {
    int preference;
    const char *order;              /* <class rank>/<due>/<id> */
    const char *task;
};

static int preference_of(const struct job *job, const char *agent)
{
    bool own = !strcmp(job->task.assignee, agent);
    if (own && job->task.call_back_agreed)
        return 0;
    return own || !strcmp(line_agent(job), agent) ? 1 : 2;
}

static bool candidate_before(const struct candidate *a, const struct candidate *b)
{
    return a->preference != b->preference ? a->preference < b->preference : strcmp(a->order, b->order) < 0;
}

static void candidate_insert(struct candidate *list, size_t *count, const struct candidate *one)
{
    size_t at = *count;
    while (at > 0 && candidate_before(one, &list[at - 1])) {
        list[at] = list[at - 1];
        at--;
    }
    list[at] = *one;
    ++*count;
}

static void candidates_of_role(struct turn *turn, const char *site, const char *role, const struct person *person,
                               struct candidate *list, size_t *count)
{
    const char *prefix = arena_printf(turn_arena(turn), "work/%s/%s/", site, role);
    struct texts members = turn_queue(turn, prefix, CLAIM_SCAN_MAX), tasks = jobs_listed(turn, site, &members);
    for (size_t i = 0; i < members.count; i++) {
        struct job job;
        struct candidate one = {.order = members.at[i] + strlen(prefix), .task = tasks.at[i]};
        if (!job_open(turn, site, one.task, &job) || refusal_of_agent(&job, person).reason)
            continue;
        one.preference = preference_of(&job, person->id);
        candidate_insert(list, count, &one);
    }
}

static void claim_next(struct turn *turn, const char *site, const struct person *person)
{
    size_t count = 0;
    struct candidate *list = arena_alloc(turn_arena(turn), (person->roles.count * CLAIM_SCAN_MAX + 1) * sizeof *list);
    for (size_t i = 0; i < person->roles.count; i++)
        candidates_of_role(turn, site, person->roles.at[i], person, list, &count);
    for (size_t i = 0; i < count; i++) {
        struct job job;
        if (job_open(turn, site, list[i].task, &job) && !job_obstacle(&job)) {
            take(&job, person->id);
            return;
        }
    }
    turn_refuse(turn, "nothing_due", "nothing on the list now");
}

/* -------- the act */

static struct refusal refusal_of_person(struct turn *turn, const char *site, const struct person *person)
{
    if (!person)
        return (struct refusal){"not_allowed", "nobody of the staff has this name"};
    struct agent desk = desk_of(turn, site, person->id);
    if (desk.absent)
        return (struct refusal){"absent", "absent: say that you are back first"};
    if (desk.holds.count >= HOLDS_MAX)
        return (struct refusal){"not_allowed", "holds 16 tasks: finish or release one first"};
    return (struct refusal){0};
}

void on_claim(struct turn *turn, const struct event *event, const void *data)
{
    const struct task_claim *claim = data;
    const struct site *site = turn_site(turn, event->site);
    const struct person *person = site && site->staff ? staff_person(site->staff, claim->agent) : NULL;
    struct refusal refusal = refusal_of_person(turn, event->site, person);
    if (refusal.reason)
        turn_refuse(turn, refusal.reason, refusal.detail);
    else if (!may_act_as(turn, event, site, person->id))
        return;
    else if (*claim->task)
        claim_given(turn, event->site, claim->task, person);
    else
        claim_next(turn, event->site, person);
}
