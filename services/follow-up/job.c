#include <string.h>

#include "follow_up.h"
#include "ident.h"

/* A task with all that it takes to decide about it. */

static const struct span claim_for_default = {.ms = 2 * HOUR_MS};

struct job job_of(struct turn *turn, const struct task *task)
{
    struct job job = {.turn = turn, .task = *task, .site = turn_site(turn, task->site)};
    if (*task->playbook_hash)
        job.playbook = turn_playbook(turn, task->playbook_hash);
    job.step = job.playbook ? playbook_step(job.playbook, task->rule, task->rule_step) : NULL;
    if (job.step && job.site)
        job.week = task->window_passed ? site_then_window(job.site, job.step) : site_window(job.site, job.step);
    job.customer = turn_customer(turn, task->site, task->customer);
    return job;
}

bool job_open(struct turn *turn, const char *site, const char *task, struct job *ret)
{
    const char *id = ident_of_site(turn_arena(turn), site, task);
    size_t bytes = strlen(site);
    if (strncmp(id, site, bytes) || id[bytes] != '/')
        return false;
    const struct task *stored = turn_get(turn, ENTITY_TASK, id);
    if (stored)
        *ret = job_of(turn, stored);
    return stored != NULL;
}

/* With their site; a customer and their line have the same id. */
static struct texts customers_of(struct turn *turn, const char *site, const struct texts *tasks)
{
    struct texts customers = {arena_alloc(turn_arena(turn), (tasks->count + 1) * sizeof *customers.at), 0};
    for (size_t i = 0; i < tasks->count; i++) {
        const struct task *task = turn_get(turn, ENTITY_TASK, tasks->at[i]);
        if (task && *task->customer)
            customers.at[customers.count++] = ident_make(turn_arena(turn), site, "%s", task->customer);
    }
    return customers;
}

static void read_ahead(struct turn *turn, const char *site, const struct texts *tasks)
{
    struct texts ids = {arena_alloc(turn_arena(turn), (tasks->count + 1) * sizeof *ids.at), 0};
    for (size_t i = 0; i < tasks->count; i++)
        ids.at[ids.count++] = ident_of_site(turn_arena(turn), site, tasks->at[i]);
    turn_read_ahead(turn, ENTITY_TASK, &ids);
    struct texts customers = customers_of(turn, site, &ids);
    turn_read_ahead(turn, ENTITY_CUSTOMER, &customers);
    turn_read_ahead(turn, ENTITY_CUSTOMER_LINE, &customers);
}

/* The task's id, which ends a place: see job_queue. */
static const char *place_task(const char *place)
{
    for (int parts = strncmp(place, "work/", 5) ? 4 : 5; parts > 0; parts--) {
        const char *slash = strchr(place, '/');
        if (!slash)
            return "";
        place = slash + 1;
    }
    return place;
}

struct texts jobs_listed(struct turn *turn, const char *site, const struct texts *places)
{
    struct texts tasks = {arena_alloc(turn_arena(turn), (places->count + 1) * sizeof *tasks.at), places->count};
    for (size_t i = 0; i < places->count; i++)
        tasks.at[i] = place_task(places->at[i]);
    read_ahead(turn, site, &tasks);
    return tasks;
}

static const char *const told[task_state_count] = {
    [TASK_OPEN] = "nobody has it: claim it first",
    [TASK_CLAIMED] = "somebody has it",
    [TASK_WAITING] = "it waits for its time",
    [TASK_CLOSED] = "it is closed",
};

bool job_allows(struct job *job, enum task_input input)
{
    const struct task_cell *cell = &task_cells[job->task.state][input];
    if (cell->move == MOVE_REFUSE)
        turn_refuse(job->turn, cell->reason, told[job->task.state]);
    return cell->move != MOVE_REFUSE && cell->move != MOVE_IGNORE;
}

bool job_is_call(const struct job *job)
{
    return !strcmp(job->task.kind, "call");
}

/* -------- events */

struct task_changed job_change(const struct job *job)
{
    const struct task *task = &job->task;
    return (struct task_changed){
        .task = task->id, .kind = task->kind, .step = task->step, .plan = task->plan, .about = task->about,
        .role = task->role, .assignee = task->assignee, .due_at = task->due_at, .deadline_at = task->deadline_at,
        .window = task->window, .attempts = (int64_t)task->attempts.count, .arrived_late = task->arrived_late,
        .why = task->why, .ticked = task->ticked,
    };
}

struct event job_event(const struct job *job, enum event_number number)
{
    const struct task *task = &job->task;
    struct event like = event_of(number);
    like.customer = task->customer;
    like.subject = task->id;
    if (!strncmp(task->about_type, "case.", 5))
        like.case_id = ident_of_site(turn_arena(job->turn), task->site, task->about);
    return like;
}

void job_say(const struct job *job, enum event_number number, const struct task_changed *change)
{
    struct event like = job_event(job, number);
    turn_emit(job->turn, number, change, &like);
}

/* -------- storing */

static void sooner(wall_ms *next, wall_ms at)
{
    if (at && (!*next || at < *next))
        *next = at;
}

static wall_ms claim_ends(const struct job *job)
{
    struct span claim_for = job->playbook ? job->playbook->claim_for : claim_for_default;
    if (!claim_for.ms && !claim_for.days)
        claim_for = claim_for_default;
    return calendar_add(job->site ? job->site->calendar : calendar_everyday(), job->task.claimed_at, claim_for);
}

/* The one next thing that time does to the task. */
wall_ms job_due(const struct job *job)
{
    const struct task *task = &job->task;
    wall_ms next = 0;
    if (task->state == TASK_CLOSED)
        return 0;
    if (!task->overdue)
        sooner(&next, task->deadline_at);
    if (task->state == TASK_OPEN)
        sooner(&next, task->window_end_at);
    if (task->state == TASK_CLAIMED)
        sooner(&next, claim_ends(job));
    if (task->state == TASK_WAITING)
        sooner(&next, task->due_at);
    return next;
}

static int class_rank(int class)
{
    return class == CLASS_KEY ? 1 : class == CLASS_REGULAR ? 2 : 3;
}

static const char *job_queue(const struct job *job)
{
    const struct task *task = &job->task;
    struct arena *arena = turn_arena(job->turn);
    switch (task->state) {
    case TASK_OPEN:
        return arena_printf(arena, "work/%s/%s/%d/%013lld/%s", task->site, task->role, class_rank(task->customer_class),
                            (long long)task->due_at, task->id);
    case TASK_CLAIMED:
        return arena_printf(arena, "held/%s/%s/%s", task->site, task->assignee, task->id);
    case TASK_WAITING:
        return arena_printf(arena, "later/%s/%s/%013lld/%s", task->site, task->role, (long long)task->due_at, task->id);
    default:
        return "";
    }
}

void job_store(struct job *job)
{
    job_count(job);
    turn_put(job->turn, ENTITY_TASK, job->task.id, &job->task, job_due(job), job_queue(job));
}
