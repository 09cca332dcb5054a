/* post: takes in facts that somebody types, or that a file tells. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "event.h"
#include "random.h"

static json_t *texts_value(const char *list)
{
    json_t *value = json_array();
    while (*list) {
        size_t bytes = strcspn(list, ",");
        json_array_append_new(value, json_stringn(list, bytes));
        list += bytes + (list[bytes] == ',');
    }
    return value;
}

/* A value in the kind that its field has; what does not read as that stays a text, and is refused as such. */
static json_t *typed_value(struct invocation *call, const struct field *field, const char *text)
{
    char *end;
    long long number = strtoll(text, &end, 10);
    if (field->kind == FIELD_INT && *text && !*end)
        return json_integer(number);
    if (field->kind == FIELD_BOOL && (!strcmp(text, "yes") || !strcmp(text, "true")))
        return json_true();
    if (field->kind == FIELD_BOOL && (!strcmp(text, "no") || !strcmp(text, "false")))
        return json_false();
    if (field->kind == FIELD_TEXTS)
        return texts_value(text);
    if (field->kind == FIELD_TIME)
        return json_string(site_time(call, site_of_call(call, NULL), text));
    return json_string(text);
}

/* customer.name=… goes into an object of its own, which the system lays flat. */
static void put_customer(json_t *data, const char *name, const char *text)
{
    json_t *customer = json_object_get(data, "customer");
    if (!json_is_object(customer)) {
        customer = json_object();
        json_object_set_new(data, "customer", customer);
    }
    json_object_set_new(customer, name, json_string(text));
}

static bool put_pair(struct invocation *call, json_t *data, const struct record *record, const char *pair)
{
    const char *equals = strchr(pair, '=');
    const char *name = equals ? arena_text(call->arena, pair, (size_t)(equals - pair)) : pair;
    const struct field *field = equals ? record_field(record, name) : NULL;
    if (field)
        json_object_set_new(data, name, typed_value(call, field, equals + 1));
    else if (equals && strncmp(name, "customer.", 9) == 0)
        put_customer(data, name + 9, equals + 1);
    else if (equals && strcmp(name, "customer") == 0)
        json_object_set_new(data, name, json_string(equals + 1));
    else
        fprintf(stderr,
                equals ? "care: %s has no field \"%s\"; proto/EVENTS.md lists them\n"
                       : "care: %s: \"%s\" is not key=value\n",
                record->name, name);
    return field || (equals && strncmp(name, "customer", 8) == 0 && (!name[8] || name[8] == '.'));
}

/* Orders, visits and complaints carry their number; other facts are told once, under a random one. */
static const char *own_number(struct invocation *call, const char *type, const json_t *data)
{
    static const struct { const char *type, *field; } numbers[] = {
        {"car.delivered", "order"}, {"visit.finished", "visit"}, {"complaint.received", "complaint"},
        {"contact.made", "contact"},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        const char *number = json_string_value(json_object_get(data, numbers[i].field));
        if (strcmp(numbers[i].type, type) == 0 && number && *number)
            return number;
    }
    char *digits = arena_alloc(call->arena, 17);
    random_hex(digits, 16);
    return digits;
}

static void put_default(json_t *event, const char *name, const char *value)
{
    if (value && !json_object_get(event, name))
        json_object_set_new(event, name, json_string(value));
}

/* What the caller left out and can be known. */
static void complete(struct invocation *call, json_t *event)
{
    const char *type = json_string_value(json_object_get(event, "type"));
    if (!json_is_object(event))
        return;
    put_default(event, "id", option(call, "id"));
    if (!json_object_get(event, "id"))
        put_default(event, "id", own_number(call, type ? type : "", json_object_get(event, "data")));
    put_default(event, "source", option(call, "source") ? option(call, "source") : "care");
    if (!json_object_get(event, "site"))
        put_default(event, "site", site_of_call(call, NULL));
    const char *site = json_string_value(json_object_get(event, "site"));
    put_default(event, "occurred_at", site_time(call, site, option(call, "at")));
    put_default(event, "customer", option(call, "customer"));
}

json_t *typed_data(struct invocation *call, const char *type, size_t first)
{
    enum event_number number = event_number(type);
    if (number == EVENT_UNKNOWN || (event_types[number].class != FACT && event_types[number].class != ACT)) {
        fprintf(stderr,
                number ? "care: %s is said by the system itself only\n"
                       : "care: no event is called \"%s\"; proto/EVENTS.md "
                         "lists them\n",
                type);
        return NULL;
    }
    json_t *data = json_object();
    for (size_t i = first; i < call->argument_count; i++)
        if (!put_pair(call, data, event_types[number].data, call->arguments[i])) {
            json_decref(data);
            return NULL;
        }
    return data;
}

static json_t *typed_event(struct invocation *call)
{
    json_t *data = typed_data(call, argument(call, 0), 1);
    return data ? json_pack("{s:s, s:o}", "type", argument(call, 0), "data", data) : NULL;
}

static json_t *event_from_file(struct invocation *call)
{
    const char *path = option(call, "file");
    const uint8_t *at;
    size_t bytes;
    json_error_t error;
    if (!file_read(path, call->arena, &at, &bytes))
        return NULL;
    json_t *event = json_loadb((const char *)at, bytes, JSON_REJECT_DUPLICATES, &error);
    if (!event)
        fprintf(stderr, "care: %s:%d:%d: %s\n", path, error.line, error.column, error.text);
    return event;
}

/* Of a list some may be taken and some not: each that was not is told. */
static int results_code(const json_t *results)
{
    int code = EXIT_OK;
    size_t i;
    json_t *result;
    json_array_foreach(results, i, result) {
        const char *error = json_string_value(json_object_get(result, "error"));
        const char *id = json_string_value(json_object_get(result, "id"));
        const char *field = json_string_value(json_object_get(result, "field"));
        if (!error)
            continue;
        fprintf(stderr, "care: %zu. %s%s%s%s%s\n", i + 1, id ? id : "", id ? ": " : "", field ? field : "",
                field ? ": " : "", error);
        code = EXIT_REFUSED;
    }
    return code;
}

static int post(struct invocation *call, const json_t *event)
{
    struct client_answer answer = client_post(call->client, "/v1/events", event);
    const json_t *results = json_object_get(answer.body, "results");
    bool taken = answer.status >= 200 && answer.status < 300;
    int code = taken || results ? results_code(results) : answer_failed(call, &answer);
    if (taken || results)
        print_json(answer.body);
    json_decref(answer.body);
    return code;
}

int run_post(struct invocation *call)
{
    if (!option(call, "file") && !argument(call, 0)) {
        fprintf(stderr, "care: care %s %s\n", call->command->name, call->command->usage);
        return EXIT_USAGE;
    }
    json_t *event = option(call, "file") ? event_from_file(call) : typed_event(call);
    if (!event)
        return option(call, "file") ? EXIT_MISTAKES : EXIT_USAGE;
    size_t i;
    json_t *each;
    json_array_foreach(event, i, each)
        complete(call, each);
    complete(call, event);
    const char *type = json_string_value(json_object_get(event, "type"));
    bool is_act = type && event_types[event_number(type)].class == ACT;
    int code = is_act ? act(call, type, json_string_value(json_object_get(event, "site")),
                            json_incref(json_object_get(event, "data")))
                      : post(call, event);
    json_decref(event);
    return code;
}
