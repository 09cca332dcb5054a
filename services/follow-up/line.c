#include <string.h>

#include "follow_up.h"
#include "ident.h"

/* A customer has one line: while an agent has a task of theirs, nobody else gets another one. */

static const char *line_id(struct turn *turn, const char *site, const char *customer)
{
    return ident_make(turn_arena(turn), site, "%s", customer);
}

static struct customer_line line_copy(const struct job *job)
{
    const char *id = line_id(job->turn, job->task.site, job->task.customer);
    const struct customer_line *stored = turn_get(job->turn, ENTITY_CUSTOMER_LINE, id);
    return stored ? *stored : (struct customer_line){.id = id, .task = "", .agent = "", .last_agent = ""};
}

/* Who called last is remembered for as long as the customer is. */
static void line_store(const struct job *job, const struct customer_line *line)
{
    if (line->open.count || *line->task || *line->last_agent)
        turn_put(job->turn, ENTITY_CUSTOMER_LINE, line->id, line, 0, "");
    else
        turn_delete(job->turn, ENTITY_CUSTOMER_LINE, line->id);
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
    line_store(job, &line);
}

void line_close(struct job *job)
{
    if (!*job->task.customer)
        return;
    struct customer_line line = line_copy(job);
    line.open = open_without(job, &line.open);
    line_store(job, &line);
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
    line_store(job, &line);
}

void line_free(struct job *job)
{
    if (!*job->task.customer)
        return;
    struct customer_line line = line_copy(job);
    if (strcmp(line.task, job->task.id))
        return;
    line.task = line.agent = "";
    line_store(job, &line);
}
