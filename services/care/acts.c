/* The commands by which staff act on tasks, and facts are taken in. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "command.h"
#include "event.h"
#include "random.h"

static int missing(const struct invocation *call)
{
    fprintf(stderr, "care: care %s %s\n", call->command->name, call->command->usage);
    return EXIT_USAGE;
}

static void put(json_t *data, const char *name, const char *value)
{
    if (value)
        json_object_set_new(data, name, json_string(value));
}

int run_claim(struct invocation *call)
{
    if (!option(call, "agent"))
        return missing(call);
    json_t *data = json_object();
    put(data, "task", argument(call, 0));
    put(data, "agent", option(call, "agent"));
    return act(call, "task.claim", site_of_call(call, argument(call, 0)), data);
}

/* Acts on one task that may have a second argument. */
static int task_act(struct invocation *call, const char *type, const char *second)
{
    if (!argument(call, 0) || (second && !argument(call, 1)))
        return missing(call);
    json_t *data = json_object();
    put(data, "task", argument(call, 0));
    if (second)
        put(data, second, argument(call, 1));
    put(data, "reason", option(call, "reason"));
    return act(call, type, site_of_call(call, argument(call, 0)), data);
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
            json_array_append_new(list, json_pack("{s:s%, s:s%}", "question", text, name, "value", text + name + 1, rest - name - 1));
        text += rest + (text[rest] == ',');
    }
    return list;
}

int run_outcome(struct invocation *call)
{
    bool correct = option(call, "correct") != NULL;
    if (!argument(call, 0) || !argument(call, 1) || (correct && !option(call, "reason")))
        return missing(call);
    json_t *data = json_object();
    put(data, "task", argument(call, 0));
    put(data, "outcome", argument(call, 1));
    put(data, "complaint", option(call, "complaint"));
    if (option(call, "satisfaction"))
        json_object_set_new(data, "satisfaction", json_integer(atoi(option(call, "satisfaction"))));
    if (option(call, "answers"))
        json_object_set_new(data, "answers", answers(option(call, "answers")));
    if (correct) {
        put(data, "reason", option(call, "reason"));
    } else {
        put(data, "suggestion", option(call, "suggestion"));
        put(data, "note", option(call, "note"));
        put(data, "call_back_at", option(call, "at"));
        put(data, "agent", option(call, "agent"));
        if (option(call, "seconds"))
            json_object_set_new(data, "talk_seconds", json_integer(atoi(option(call, "seconds"))));
    }
    return act(call, correct ? "task.correct" : "task.outcome", site_of_call(call, argument(call, 0)), data);
}

int run_absent(struct invocation *call)
{
    if (!argument(call, 0))
        return missing(call);
    json_t *data = json_object();
    put(data, "agent", argument(call, 0));
    put(data, "reason", option(call, "reason"));
    return act(call, option(call, "back") ? "agent.present" : "agent.absent", site_of_call(call, NULL), data);
}

/* -------- facts */

/* key=value in the kind that the field has; NULL with a message if there is no such field. */
static bool put_field(json_t *data, const struct record *record, const char *pair, struct arena *arena)
{
    const char *equals = strchr(pair, '=');
    const char *name = equals ? arena_text(arena, pair, (size_t)(equals - pair)) : pair;
    const struct field *field = equals && record ? record_field(record, name) : NULL;
    if (!equals || (record && !field)) {
        fprintf(stderr, equals ? "care: %s has no field \"%s\"; proto/EVENTS.md lists them\n" : "care: %s: \"%s\" is not key=value\n",
                record ? record->name : "", name);
        return false;
    }
    json_t *value = NULL;
    if (field && field->kind == FIELD_INT)
        value = json_integer(strtoll(equals + 1, NULL, 10));
    else if (field && field->kind == FIELD_BOOL)
        value = json_boolean(strcmp(equals + 1, "yes") == 0 || strcmp(equals + 1, "true") == 0);
    else if (field && field->kind == FIELD_TEXTS) {
        value = json_array();
        for (const char *at = equals + 1; *at;) {
            size_t bytes = strcspn(at, ",");
            json_array_append_new(value, json_stringn(at, bytes));
            at += bytes + (at[bytes] == ',');
        }
    } else {
        value = json_string(equals + 1);
    }
    json_object_set_new(data, name, value);
    return true;
}

/* The number that the fact carries itself, else a random one: typed by hand, it is told once. */
static const char *fact_id(struct invocation *call, const json_t *data)
{
    static const char *const numbers[] = {"order", "visit", "complaint"};
    if (option(call, "id"))
        return option(call, "id");
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (json_object_get(data, numbers[i]))
            return json_string_value(json_object_get(data, numbers[i]));
    char *digits = arena_alloc(call->arena, 17);
    random_hex(digits, 16);
    return digits;
}

static json_t *typed_event(struct invocation *call)
{
    const char *type = argument(call, 0);
    enum event_number number = event_number(type);
    if (number == EVENT_UNKNOWN) {
        fprintf(stderr, "care: no event is called \"%s\"; proto/EVENTS.md lists them\n", type);
        return NULL;
    }
    json_t *data = json_object();
    for (size_t i = 1; i < call->argument_count; i++)
        if (!put_field(data, event_types[number].data, call->arguments[i], call->arena)) {
            json_decref(data);
            return NULL;
        }
    const char *site = site_of_call(call, NULL);
    if (!site) {
        json_decref(data);
        return NULL;
    }
    json_t *event = json_pack("{s:s, s:s, s:s, s:s}", "id", fact_id(call, data), "source",
                              option(call, "source") ? option(call, "source") : "care", "type", type, "site", site);
    put(event, "occurred_at", option(call, "at"));
    put(event, "customer", option(call, "customer"));
    json_object_set_new(event, "data", data);
    return event;
}

static json_t *event_from_file(struct invocation *call)
{
    const uint8_t *at;
    size_t bytes;
    json_error_t error;
    if (!file_read(option(call, "file"), call->arena, &at, &bytes))
        return NULL;
    json_t *event = json_loadb((const char *)at, bytes, 0, &error);
    if (!event)
        fprintf(stderr, "care: %s:%d:%d: %s\n", option(call, "file"), error.line, error.column, error.text);
    return event;
}

int run_post(struct invocation *call)
{
    if (!option(call, "file") && !argument(call, 0))
        return missing(call);
    json_t *event = option(call, "file") ? event_from_file(call) : typed_event(call);
    if (!event)
        return EXIT_MISTAKES;
    struct client_answer answer = client_post(call->client, "/v1/events", event);
    json_decref(event);
    int code = answer.status >= 200 && answer.status < 300 ? EXIT_OK : answer_failed(call, &answer);
    if (code == EXIT_OK)
        print_json(answer.body);
    json_decref(answer.body);
    return code;
}
