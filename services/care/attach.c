/* attach: a copy of a paper is put into a customer's record. */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "command.h"

enum { FILE_BYTES_MAX = 512 * 1024 };

static const struct { const char *ending, *type; } types[] = {
    {".jpg", "image/jpeg"}, {".jpeg", "image/jpeg"}, {".png", "image/png"}, {".pdf", "application/pdf"},
    {".txt", "text/plain"},
};

static const char *type_of(const char *path)
{
    const char *ending = strrchr(path, '.');
    for (size_t i = 0; ending && i < sizeof types / sizeof *types; i++)
        if (!strcasecmp(ending, types[i].ending))
            return types[i].type;
    return "application/octet-stream";
}

static const char *name_of(const struct invocation *call, const char *path)
{
    const char *slash = strrchr(path, '/');
    return option(call, "name") ? option(call, "name") : slash ? slash + 1 : path;
}

/* What is to be posted; NULL with a message printed. */
static json_t *paper_json(struct invocation *call, const char *site, const char *customer, const char *path)
{
    struct slice file;
    if (!file_read(path, call->arena, &file.at, &file.bytes))
        return NULL;
    if (!file.bytes || file.bytes > FILE_BYTES_MAX) {
        fprintf(stderr, "care: %s: from 1 byte to 512 KiB\n", path);
        return NULL;
    }
    size_t room = sodium_base64_encoded_len(file.bytes, sodium_base64_VARIANT_ORIGINAL);
    char *text = arena_alloc(call->arena, room);
    sodium_bin2base64(text, room, file.at, file.bytes, sodium_base64_VARIANT_ORIGINAL);
    return json_pack("{s:s, s:s, s:s, s:s, s:s}", "site", site, "customer", customer, "name", name_of(call, path),
                     "type", type_of(path), "content", text);
}

/* The record names it beside those that it had. */
static int record(struct invocation *call, const char *site, const char *id, const char *hash)
{
    const char *path = arena_printf(call->arena, "/v1/customers/%s", url_text(call->arena, id));
    struct client_answer answer = client_get(call->client, path);
    int code = answer.status == 200 ? EXIT_OK : answer_failed(call, &answer);
    if (code == EXIT_OK) {
        json_t *all = json_deep_copy(json_object_get(answer.body, "attachments"));
        json_array_append_new(all, json_string(hash));
        const char *number = arena_printf(call->arena, "attach-%s", hash);
        json_t *event = json_pack("{s:s, s:s, s:s, s:s, s:s, s:{s:o}}", "id", number, "source", "care", "type", "customer.recorded", "site", site, "customer",
                                  strchr(id, '/') + 1, "data", "attachments", all);
        struct client_answer posted = client_post(call->client, "/v1/events", event);
        code = posted.status == 201 || posted.status == 200 ? EXIT_OK : answer_failed(call, &posted);
        json_decref(posted.body);
        json_decref(event);
    }
    json_decref(answer.body);
    return code;
}

int run_attach(struct invocation *call)
{
    const char *customer = argument(call, 0), *path = argument(call, 1);
    if (!customer || !path) {
        fprintf(stderr, "care: care %s %s\n", call->command->name, call->command->usage);
        return EXIT_USAGE;
    }
    const char *site = site_of_call(call, customer), *id = site ? full_id(call, customer) : NULL;
    json_t *paper = id ? paper_json(call, site, strchr(id, '/') + 1, path) : NULL;
    if (!paper)
        return EXIT_USAGE;
    struct client_answer answer = client_post(call->client, "/v1/attachments", paper);
    json_decref(paper);
    const char *hash = json_string_value(json_object_get(answer.body, "attachment"));
    int code = answer.status == 200 && hash ? record(call, site, id, hash) : answer_failed(call, &answer);
    if (code == EXIT_OK && call->json)
        print_json(answer.body);
    else if (code == EXIT_OK)
        printf("%s  %s\n", name_of(call, path), hash);
    json_decref(answer.body);
    return code;
}
