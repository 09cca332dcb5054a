/* tail and trace: the log as people read it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "command.h"

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

/* The few values of an event that say most. */
static const char *summary(struct invocation *call, const json_t *event)
{
    static const char *const keys[] = {"order",  "visit",    "complaint", "plan",     "step",  "task",     "case_id",
                                       "notice", "entity",   "clock",     "kind",     "name",  "channel",  "state",
                                       "grade",  "category", "role",      "assignee", "agent", "template", "outcome",
                                       "result", "due_at",   "until",     "reason",   "detail"};
    const json_t *data = json_object_get(event, "data");
    const char *line = "";
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const char *value = text_of(data, keys[i]);
        if (*value && strlen(line) < 150)
            line = arena_printf(call->arena, "%s%s%s=%s", line, *line ? " " : "", keys[i], value);
    }
    return line;
}

void print_event(struct invocation *call, const json_t *event)
{
    if (call->json) {
        char *text = json_dumps(event, JSON_COMPACT);
        puts(text);
        free(text);
        return;
    }
    int level = (int)json_integer_value(json_object_get(event, "level"));
    printf("%-29s %lld/%-6lld %*s%-22s %s\n", text_of(event, "time"),
           (long long)json_integer_value(json_object_get(event, "partition")),
           (long long)json_integer_value(json_object_get(event, "seq")), 2 * level, "", text_of(event, "type"),
           summary(call, event));
}

int run_trace(struct invocation *call)
{
    if (!argument(call, 0)) {
        fprintf(stderr, "care: trace which? care trace ID\n");
        return EXIT_USAGE;
    }
    const char *path = arena_printf(call->arena, "/v1/trace/%s", url_text(call->arena, argument(call, 0)));
    if (option(call, "site"))
        path = arena_printf(call->arena, "%s?site=%s", path, url_text(call->arena, option(call, "site")));
    struct client_answer answer = client_get(call->client, path);
    int code = answer.status == 200 ? EXIT_OK : answer_failed(call, &answer);
    size_t i;
    json_t *event;
    if (code == EXIT_OK && call->json)
        print_json(answer.body);
    else if (code == EXIT_OK)
        json_array_foreach(answer.body, i, event)
            print_event(call, event);
    if (code == EXIT_OK && !json_array_size(answer.body)) {
        fprintf(stderr, "care: the log names no \"%s\"\n", argument(call, 0));
        code = EXIT_REFUSED;
    }
    json_decref(answer.body);
    return code;
}

static const char *page_path(struct invocation *call, struct arena *arena, const char *from)
{
    const char *path = arena_printf(arena, "/v1/events?from=%s", url_text(arena, from));
    if (option(call, "type"))
        path = arena_printf(arena, "%s&type=%s", path, url_text(arena, option(call, "type")));
    if (option(call, "site"))
        path = arena_printf(arena, "%s&site=%s", path, url_text(arena, option(call, "site")));
    return path;
}

/* Prints one page; 0 or the exit code. *from becomes where the next begins. */
static int tail_page(struct invocation *call, char **from, long *left, size_t *ret_count)
{
    struct arena *arena = arena_new();
    struct client_answer answer = client_get(call->client, page_path(call, arena, *from));
    int code = answer.status == 200 ? EXIT_OK : answer_failed(call, &answer);
    size_t i;
    json_t *event;
    const json_t *events = json_object_get(answer.body, "events");
    *ret_count = code == EXIT_OK ? json_array_size(events) : 0;
    if (code == EXIT_OK) {
        json_array_foreach(events, i, event)
            if (*left != 0) {
                print_event(call, event);
                *left -= *left > 0;
            }
        const char *next = text_of(answer.body, "next");
        if (*next) {
            free(*from);
            *from = strdup(next);
        }
        fflush(stdout);
    }
    json_decref(answer.body);
    arena_free(&arena);
    return code;
}

int run_tail(struct invocation *call)
{
    enum { POLL_MS = 300, PATIENCE = 100 };
    char *from = strdup(option(call, "from") ? option(call, "from") : "now");
    long left = option(call, "count") ? atol(option(call, "count")) : -1;
    int failures = 0, code = EXIT_OK;
    while (left != 0) {
        size_t count = 0;
        code = tail_page(call, &from, &left, &count);
        failures = code == EXIT_OK ? 0 : failures + 1;
        if ((code != EXIT_OK && (code != EXIT_NO_ANSWER || failures > PATIENCE)) || (option(call, "once") && !count))
            break;
        if (!count)
            nanosleep(&(struct timespec){.tv_nsec = POLL_MS * 1000000L}, NULL);
    }
    free(from);
    return code;
}
