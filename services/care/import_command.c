#include <stdio.h>
#include <string.h>
#include <time.h>

#include "command.h"
#include "import_map.h"
#include "json.h"
#include "pace.h"
#include "random.h"

enum { POST_ROWS = 200, TRIES = 60 };

static void print_mistakes(const struct mistakes *mistakes)
{
    for (size_t i = 0; i < mistakes->count && i < 200; i++)
        fprintf(stderr, "%s\n", mistakes->lines[i]);
}

static const struct import_map *read_map(struct invocation *call)
{
    struct slice yaml;
    if (!file_read(option(call, "map"), call->arena, &yaml.at, &yaml.bytes))
        return NULL;
    struct mistakes mistakes = {.file = option(call, "map"), .arena = call->arena};
    const struct import_map *map = import_map_parse(yaml, call->arena, &mistakes);
    if (!map)
        print_mistakes(&mistakes);
    return map;
}

static json_t *report(const struct import_result *result)
{
    json_t *bad = json_array();
    for (size_t i = 0; i < result->bad.count; i++)
        json_array_append_new(bad, json_pack("{s:I, s:s, s:s}", "line", (json_int_t)result->bad.at[i].line, "field",
                                             result->bad.at[i].field, "reason", result->bad.at[i].reason));
    return json_pack("{s:I, s:I, s:I, s:I, s:s, s:o}", "rows", (json_int_t)result->rows, "good",
                     (json_int_t)result->good, "blank", (json_int_t)result->blank, "duplicate",
                     (json_int_t)result->duplicate, "encoding", result->encoding, "bad", bad);
}

static void print_report(const struct invocation *call, const json_t *body)
{
    if (call->json) {
        print_json(body);
        return;
    }
    size_t i;
    json_t *bad;
    json_array_foreach(json_object_get(body, "bad"), i, bad)
        printf("%s %lld: %s: %s\n", say(call, "line", "行"), (long long)json_integer_value(json_object_get(bad, "line")),
               json_string_value(json_object_get(bad, "field")), json_string_value(json_object_get(bad, "reason")));
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)body, key, value)
        if (json_is_integer(value))
            printf("%s %lld  ", key, (long long)json_integer_value(value));
    printf("bad %zu\n", json_array_size(json_object_get(body, "bad")));
}

struct taken {
    size_t new, known, conflict, refused;
    FILE *journal;
};

static void count_answer(struct taken *taken, const json_t *event, const json_t *answer)
{
    const char *status = json_string_value(json_object_get(answer, "status"));
    size_t *to = !status                           ? &taken->refused
                 : strcmp(status, "new") == 0      ? &taken->new
                 : strcmp(status, "known") == 0    ? &taken->known
                 : strcmp(status, "conflict") == 0 ? &taken->conflict
                                                   : &taken->refused;
    ++*to;
    if (to == &taken->refused)
        fprintf(stderr, "care: %s: %s\n", json_string_value(json_object_get(event, "id")),
                json_string_value(json_object_get(answer, "error"))
                    ? json_string_value(json_object_get(answer, "error"))
                    : "refused");
    if (!taken->journal)
        return;
    json_t *line = json_pack("{s:O, s:O}", "event", event, "answer", answer);
    json_dumpf(line, taken->journal, JSON_COMPACT);
    fputc('\n', taken->journal);
    json_decref(line);
}

static bool any_busy(const json_t *results)
{
    size_t i;
    json_t *result;
    json_array_foreach(results, i, result)
        if (strcmp(json_string_value(json_object_get(result, "status")), "busy") == 0)
            return true;
    return false;
}

/* Posts one batch until all of it is answered: the events' ids make repeating safe. */
static int post_batch(struct invocation *call, json_t *batch, struct taken *taken)
{
    for (int try = 0;; try++) {
        struct client_answer answer = client_post(call->client, "/v1/events", batch);
        const json_t *results = json_object_get(answer.body, "results");
        bool busy = answer.status == 0 || answer.status >= 500 || (results && any_busy(results));
        int code = EXIT_OK;
        if (!busy && json_array_size(results) == json_array_size(batch))
            for (size_t i = 0; i < json_array_size(batch); i++)
                count_answer(taken, json_array_get(batch, i), json_array_get(results, i));
        else if (!busy || try >= TRIES)
            code = answer_failed(call, &answer);
        json_decref(answer.body);
        if (!busy || code != EXIT_OK)
            return code;
        nanosleep(&(struct timespec){.tv_nsec = 500000000L}, NULL);
    }
}

static int post_all(struct invocation *call, const json_t *events, struct taken *taken)
{
    int code = EXIT_OK;
    for (size_t at = 0; at < json_array_size(events) && code == EXIT_OK; at += POST_ROWS) {
        json_t *batch = json_array();
        for (size_t i = at; i < json_array_size(events) && i < at + POST_ROWS; i++)
            json_array_append(batch, json_array_get(events, i));
        code = post_batch(call, batch, taken);
        json_decref(batch);
    }
    return code;
}

/* -------- as it happened: each event at its own time of the system's clock */

struct timed {
    wall_ms at;
    size_t row;
    json_t *event;
};

static int by_time(const void *a, const void *b)
{
    const struct timed *left = a, *right = b;
    if (left->at != right->at)
        return left->at < right->at ? -1 : 1;
    return left->row < right->row ? -1 : left->row > right->row;
}

/* An event without a time of its own follows the one before it. */
static struct timed *timed_events(struct invocation *call, const json_t *events)
{
    struct timed *list = arena_alloc(call->arena, (json_array_size(events) + 1) * sizeof *list);
    wall_ms at = 0;
    for (size_t i = 0; i < json_array_size(events); i++) {
        json_t *event = json_array_get(events, i);
        const char *text = json_string_value(json_object_get(event, "occurred_at"));
        if (text)
            moment_parse(text, &at);
        list[i] = (struct timed){at, i, event};
    }
    qsort(list, json_array_size(events), sizeof *list, by_time);
    return list;
}

static int post_paced(struct invocation *call, const json_t *events, struct taken *taken)
{
    char name[24] = "import-";
    random_hex(name + 7, 8);
    struct pace pace = {call->client, name, 0};
    struct timed *list = timed_events(call, events);
    size_t count = json_array_size(events);
    int code = pace_start(&pace) ? EXIT_OK : EXIT_NO_ANSWER;
    for (size_t i = 0; i < count && code == EXIT_OK;) {
        if (!pace_until(&pace, list[i].at))
            return EXIT_NO_ANSWER;
        json_t *batch = json_array();
        for (wall_ms at = list[i].at; i < count && list[i].at == at && json_array_size(batch) < POST_ROWS; i++)
            json_array_append(batch, list[i].event);
        code = post_batch(call, batch, taken);
        json_decref(batch);
    }
    pace_leave(&pace);
    return code;
}

static int take_in(struct invocation *call, const struct import_result *result, json_t *body)
{
    struct taken taken = {0};
    if (option(call, "journal") && !(taken.journal = fopen(option(call, "journal"), "ae"))) {
        fprintf(stderr, "care: cannot write %s: %m\n", option(call, "journal"));
        return EXIT_USAGE;
    }
    int code = (option(call, "paced") ? post_paced : post_all)(call, result->events, &taken);
    if (taken.journal)
        fclose(taken.journal);
    json_object_set_new(body, "new", json_integer((json_int_t)taken.new));
    json_object_set_new(body, "known", json_integer((json_int_t)taken.known));
    json_object_set_new(body, "conflict", json_integer((json_int_t)taken.conflict));
    json_object_set_new(body, "refused", json_integer((json_int_t)taken.refused));
    return code == EXIT_OK && taken.refused ? EXIT_REFUSED : code;
}

int run_import(struct invocation *call)
{
    bool check = option(call, "check") != NULL;
    struct slice bytes;
    struct fault fault;
    struct import_result result;
    if (!option(call, "map") || !argument(call, 0)) {
        fprintf(stderr, "care: care import %s\n", call->command->usage);
        return EXIT_USAGE;
    }
    const struct import_map *map = read_map(call);
    if (!map || !file_read(argument(call, 0), call->arena, &bytes.at, &bytes.bytes))
        return EXIT_MISTAKES;
    if (!check && !connect_call(call))
        return EXIT_NO_ANSWER;
    const char *site = check ? "site" : site_of_call(call, NULL);
    if (!site)
        return EXIT_USAGE;
    if (!import_read(map, site, check ? NULL : site_calendar(call, site), bytes, call->arena, &result, &fault)) {
        fprintf(stderr, "care: %s: %s\n", argument(call, 0), fault.what);
        return EXIT_MISTAKES;
    }
    json_t *body = report(&result);
    int code = check ? EXIT_OK : take_in(call, &result, body);
    print_report(call, body);
    json_decref(body);
    json_decref(result.events);
    return code;
}
