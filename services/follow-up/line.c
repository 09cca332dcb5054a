#include <string.h>

#include "follow_up.h"
#include "ident.h"

/* A customer has one line: while an agent has a task of theirs, nobody else gets another one. Records that were merged have
 * the line of the one that stays. */

static const char *line_id(struct turn *turn, const char *site, const char *customer)
{
    return ident_make(turn_arena(turn), site, "%s", turn_survivor(turn, site, customer));
}

static struct customer_line line_copy(const struct job *job)
{
    const char *id = job->customer ? job->customer->id : line_id(job->turn, job->task.site, job->task.customer);
    const struct customer_line *stored = turn_get(job->turn, ENTITY_CUSTOMER_LINE, id);
    return stored ? *stored : (struct customer_line){.id = id, .task = "", .agent = "", .last_agent = ""};
}

/* Who called last is remembered for as long as the customer is. */
static void line_store(struct turn *turn, const struct customer_line *line)
{
    if (line->open.count || *line->task || *line->last_agent)
        turn_put(turn, ENTITY_CUSTOMER_LINE, line->id, line, 0, "");
    else
        turn_delete(turn, ENTITY_CUSTOMER_LINE, line->id);
}

/* The open tasks without this one, and with room for one more. */
static struct texts open_without(const struct job *job, const struct texts *open)
{
    struct texts rest = {arena_alloc(turn_arena(job->turn), (open->count + 1) * sizeof *rest.at), 0};
    for (size_t i = 0; i < open->count; i++)
        if (strcmp(open->at[i], job->task.id))
            rest.at[rest.count++] = open->at[i];
    return rest;
}

void line_open(struct job *job)
{
    if (!*job->task.customer)
        return;
    struct customer_line line = line_copy(job);
    line.open = open_without(job, &line.open);
    if (line.open.count < OPEN_MAX)
        line.open.at[line.open.count++] = job->task.id;
    line_store(job->turn, &line);
}

void line_close(struct job *job)
{
    if (!*job->task.customer)
        return;
    struct customer_line line = line_copy(job);
    line.open = open_without(job, &line.open);
    line_store(job->turn, &line);
}

const char *line_agent(const struct job *job)
{
    return *job->task.customer ? line_copy(job).agent : "";
}

bool line_is_busy(const struct job *job, const char *agent)
{
    const char *on_it = line_agent(job);
    return *on_it && strcmp(on_it, agent);
}

struct texts line_tasks(struct turn *turn, const char *site, const char *customer)
{
    const struct customer_line *line = *customer ? turn_get(turn, ENTITY_CUSTOMER_LINE, line_id(turn, site, customer)) : NULL;
    return line ? line->open : (struct texts){0};
}

/* -------- on the line */

void line_take(struct job *job, const char *agent)
{
    if (!*job->task.customer)
        return;
    struct customer_line line = line_copy(job);
    line.task = job->task.id;
    line.agent = line.last_agent = agent;
    line_store(job->turn, &line);
}

/* Another task of this customer that the same agent holds; NULL: none. */
static const char *other_task(const struct job *job, const char *agent)
{
    struct agent desk = desk_of(job->turn, job->task.site, agent);
    for (size_t i = 0; i < desk.holds.count; i++)
        if (!strcmp(desk.holds.at[i].customer, job->task.customer) && strcmp(desk.holds.at[i].task, job->task.id))
            return desk.holds.at[i].task;
    return NULL;
}

void line_free(struct job *job)
{
    if (!*job->task.customer)
        return;
    struct customer_line line = line_copy(job);
    if (strcmp(line.task, job->task.id))
        return;
    const char *other = other_task(job, line.agent);
    line.task = other ? other : "";
    if (!other)
        line.agent = "";
    line_store(job->turn, &line);
}

/* -------- two lines become one, or are two again */

/* Those of the line's open tasks that are told under one of these ids, and no others; or the others, and not those. */
static struct texts tasks_told_of(struct turn *turn, const char *site, const struct texts *open, const struct texts *ids, bool told)
{
    struct texts found = {arena_alloc(turn_arena(turn), (open->count + 1) * sizeof *found.at), 0};
    for (size_t i = 0; i < open->count; i++) {
        struct job job;
        bool of_them = false;
        if (!job_open(turn, site, open->at[i], &job))
            continue;
        for (size_t j = 0; j < ids->count && !of_them; j++)
            of_them = !strcmp(job.task.customer, ids->at[j]);
        if (of_them == told)
            found.at[found.count++] = open->at[i];
    }
    return found;
}

void line_merge(struct turn *turn, const char *site, const char *stays, const char *other)
{
    const char *id = ident_make(turn_arena(turn), site, "%s", stays);
    const struct customer_line *from = turn_get(turn, ENTITY_CUSTOMER_LINE, ident_make(turn_arena(turn), site, "%s", other));
    const struct customer_line *to = turn_get(turn, ENTITY_CUSTOMER_LINE, id);
    if (!from)
        return;
    struct customer_line both = to ? *to : (struct customer_line){.id = id, .task = "", .agent = "", .last_agent = ""};
    struct texts open = {arena_alloc(turn_arena(turn), OPEN_MAX * sizeof *open.at), 0};
    for (size_t i = 0; i < both.open.count && open.count < OPEN_MAX; i++)
        open.at[open.count++] = both.open.at[i];
    for (size_t i = 0; i < from->open.count && open.count < OPEN_MAX; i++)
        open.at[open.count++] = from->open.at[i];
    both.open = open;
    if (!*both.task) {
        both.task = from->task;
        both.agent = from->agent;
    }
    if (!*both.last_agent)
        both.last_agent = from->last_agent;
    const char *gone = from->id;
    line_store(turn, &both);
    turn_delete(turn, ENTITY_CUSTOMER_LINE, gone);
}

void line_part(struct turn *turn, const char *site, const char *stays, const char *other)
{
    const struct customer_line *from =
        turn_get(turn, ENTITY_CUSTOMER_LINE, ident_make(turn_arena(turn), site, "%s", stays));
    if (!from)
        return;
    struct texts ids = turn_family(turn, site, other);
    struct customer_line own = *from, parted = *from;
    own.open = tasks_told_of(turn, site, &from->open, &ids, false);
    parted.id = ident_make(turn_arena(turn), site, "%s", other);
    parted.open = tasks_told_of(turn, site, &from->open, &ids, true);
    const char *task = from->task;
    const struct texts held = {&task, *task != 0};
    if (tasks_told_of(turn, site, &held, &ids, true).count)
        own.task = own.agent = "";
    else
        parted.task = parted.agent = "";
    line_store(turn, &own);
    line_store(turn, &parted);
}
