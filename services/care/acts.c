/* The commands by which staff act on tasks. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"

static int missing(const struct invocation *call)
{
    fprintf(stderr, "care: care %s %s\n", call->command->name, call->command->usage);
    return EXIT_USAGE;
}

int run_claim(struct invocation *call)
{
    if (!option(call, "agent"))
        return missing(call);
    json_t *data = json_object();
    put_text(data, "task", full_id(call, argument(call, 0)));
    put_text(data, "agent", option(call, "agent"));
    return act(call, "task.claim", site_of_call(call, argument(call, 0)), data);
}

/* Acts on one task that may have a second argument. */
static int task_act(struct invocation *call, const char *type, const char *second)
{
    if (!argument(call, 0) || (second && !argument(call, 1)))
        return missing(call);
    const char *site = site_of_call(call, argument(call, 0));
    json_t *data = json_object();
    put_text(data, "task", full_id(call, argument(call, 0)));
    if (second)
        put_text(data, second, strcmp(second, "at") ? argument(call, 1) : site_time(call, site, argument(call, 1)));
    put_text(data, "reason", option(call, "reason"));
    return act(call, type, site, data);
}

int run_release(struct invocation *call)
{
    return task_act(call, "task.release", NULL);
}

int run_reassign(struct invocation *call)
{
    return task_act(call, "task.reassign", "agent");
}

int run_reschedule(struct invocation *call)
{
    return task_act(call, "task.reschedule", "at");
}

static json_t *answers(const char *text)
{
    json_t *list = json_array();
    while (text && *text) {
        size_t name = strcspn(text, "="), rest = strcspn(text, ",");
        if (name < rest)
            json_array_append_new(
                list, json_pack("{s:s%, s:s%}", "question", text, name, "value", text + name + 1, rest - name - 1));
        text += rest + (text[rest] == ',');
    }
    return list;
}

int run_outcome(struct invocation *call)
{
    bool correct = option(call, "correct") != NULL;
    if (!argument(call, 0) || !argument(call, 1) || (correct && !option(call, "reason")))
        return missing(call);
    const char *site = site_of_call(call, argument(call, 0));
    json_t *data = json_object();
    put_text(data, "task", full_id(call, argument(call, 0)));
    put_text(data, "outcome", argument(call, 1));
    put_text(data, "complaint", option(call, "complaint"));
    if (!put_number(call, data, "satisfaction", "satisfaction") || !put_number(call, data, "talk_seconds", "seconds")) {
        json_decref(data);
        return EXIT_USAGE;
    }
    if (option(call, "answers"))
        json_object_set_new(data, "answers", answers(option(call, "answers")));
    if (correct) {
        put_text(data, "reason", option(call, "reason"));
    } else {
        put_text(data, "suggestion", option(call, "suggestion"));
        put_text(data, "note", option(call, "note"));
        put_text(data, "understood", option(call, "understood"));
        put_text(data, "read_back", option(call, "read-back"));
        put_text(data, "remedy", option(call, "remedy"));
        put_text(data, "call_back_at", site_time(call, site, option(call, "at")));
        put_text(data, "agent", option(call, "agent"));
    }
    return act(call, correct ? "task.correct" : "task.outcome", site, data);
}

int run_absent(struct invocation *call)
{
    if (!argument(call, 0))
        return missing(call);
    json_t *data = json_object();
    put_text(data, "agent", argument(call, 0));
    put_text(data, "reason", option(call, "reason"));
    return act(call, option(call, "back") ? "agent.present" : "agent.absent", site_of_call(call, NULL), data);
}

int run_customer(struct invocation *call)
{
    const char *verb = argument(call, 0), *stays = argument(call, 1), *other = argument(call, 2);
    bool known = verb && (!strcmp(verb, "merge") || !strcmp(verb, "unmerge"));
    const char *site = known && stays && other ? site_of_call(call, stays) : NULL;
    if (!known || !stays || !other) {
        fprintf(stderr, "care: care customer merge A B | unmerge A B: A is the one that stays\n");
        return EXIT_USAGE;
    }
    if (!site)
        return EXIT_USAGE;
    const char *slash = strchr(stays, '/');
    json_t *data = json_pack("{s:s}", "customer", slash ? slash + 1 : stays);
    put_text(data, "other", full_id(call, other));
    put_text(data, "reason", option(call, "reason"));
    return act(call, arena_printf(call->arena, "customer.%s", verb), site, data);
}
