#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"

const char *option(const struct invocation *call, const char *name)
{
    for (size_t i = 0; i < call->option_count; i++)
        if (strcmp(call->option_names[i], name) == 0)
            return call->option_values[i];
    return NULL;
}

const char *argument(const struct invocation *call, size_t number)
{
    return number < call->argument_count ? call->arguments[number] : NULL;
}

const char *setting(const struct invocation *call, const char *name, const char *variable)
{
    const char *value = option(call, name);
    return value ? value : getenv(variable);
}

bool connect_call(struct invocation *call)
{
    char message[200];
    call->client = client_new(call->dir, setting(call, "url", "CARELINE_URL"), setting(call, "key", "CARELINE_KEY"),
                              setting(call, "actor", "CARELINE_ACTOR"), setting(call, "ca", "CARELINE_CA"), message);
    if (!call->client)
        fprintf(stderr, "care: %s\n", message);
    return call->client != NULL;
}

void put_text(json_t *data, const char *name, const char *value)
{
    if (value)
        json_object_set_new(data, name, json_string(value));
}

bool put_number(const struct invocation *call, json_t *data, const char *name, const char *from)
{
    const char *text = option(call, from);
    char *end = NULL;
    long long number = text ? strtoll(text, &end, 10) : 0;
    if (text && (!*text || *end)) {
        fprintf(stderr, "care: --%s %s: a whole number is needed\n", from, text);
        return false;
    }
    if (text)
        json_object_set_new(data, name, json_integer(number));
    return true;
}

const char *say(const struct invocation *call, const char *english, const char *chinese)
{
    return call->chinese ? chinese : english;
}

const char *site_of_call(const struct invocation *call, const char *id)
{
    const char *site = option(call, "site");
    if (!site && id && strchr(id, '/'))
        site = arena_text(call->arena, id, strcspn(id, "/"));
    if (!site)
        site = getenv("CARELINE_SITE");
    if (!site && call->dir)
        site = endpoints_value(call->dir, "site", call->arena);
    if (!site || !*site)
        fprintf(stderr, "care: which site? Give --site NAME or set CARELINE_SITE\n");
    return site && *site ? site : NULL;
}

int answer_failed(const struct invocation *call, const struct client_answer *answer)
{
    if (answer->body && call->json)
        print_json(answer->body);
    fprintf(stderr, "care: %s\n", answer->message[0] ? answer->message : "no answer");
    if (answer->status == 0 || answer->status == 503)
        return EXIT_NO_ANSWER;
    return answer->status == 400 || answer->status == 422 ? EXIT_USAGE : EXIT_REFUSED;
}

static void print_result(const struct invocation *call, const struct client_answer *answer)
{
    const char *type = json_string_value(json_object_get(answer->body, "type"));
    const json_t *data = json_object_get(answer->body, "data");
    const char *subject = json_string_value(json_object_get(data, "task"));
    if (!subject)
        subject = json_string_value(json_object_get(data, "case_id"));
    if (!subject)
        subject = json_string_value(json_object_get(data, "notice"));
    const char *due = json_string_value(json_object_get(data, "due_at"));
    printf("%s%s%s%s%s\n", type ? type : say(call, "accepted; no result yet", "已受理，尚无结果"), subject ? " " : "",
           subject ? subject : "", due ? " " : "", due ? due : "");
}

int act(struct invocation *call, const char *type, const char *site, json_t *data)
{
    if (!site) {
        json_decref(data);
        return EXIT_USAGE;
    }
    json_t *body = json_pack("{s:s, s:s, s:o}", "type", type, "site", site, "data", data);
    struct client_answer answer = client_post(call->client, "/v1/acts", body);
    json_decref(body);
    int code = EXIT_OK;
    if (answer.status != 200 && answer.status != 202) {
        const json_t *refused = json_object_get(answer.body, "data");
        const char *reason = json_string_value(json_object_get(refused, "reason"));
        const char *detail = json_string_value(json_object_get(refused, "detail"));
        if (answer.status == 409 && reason)
            snprintf(answer.message, sizeof answer.message, "%.60s%s%.100s", reason, detail ? ": " : "",
                     detail ? detail : "");
        code = answer_failed(call, &answer);
    } else if (call->json) {
        print_json(answer.body);
    } else {
        print_result(call, &answer);
    }
    json_decref(answer.body);
    return code;
}

bool file_read(const char *path, struct arena *arena, const uint8_t **ret_at, size_t *ret_bytes)
{
    enum { FILE_BYTES_MAX = 256 * 1024 * 1024 };
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "rbe");
    if (!file) {
        fprintf(stderr, "care: cannot read %s: %m\n", path);
        return false;
    }
    size_t room = 1 << 16, bytes = 0, got;
    uint8_t *at = malloc(room);
    while (at && (got = fread(at + bytes, 1, room - bytes, file)) > 0) {
        bytes += got;
        if (bytes == room && room < FILE_BYTES_MAX)
            at = realloc(at, room *= 2);
    }
    bool whole = at && bytes < FILE_BYTES_MAX && !ferror(file);
    if (whole)
        *ret_at = arena_copy(arena, at, bytes), *ret_bytes = bytes;
    else
        fprintf(stderr, "care: cannot read %s: it is no plain file, or over 256 MiB\n", path);
    free(at);
    if (file != stdin)
        fclose(file);
    return whole;
}
