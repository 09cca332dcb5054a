#include "client.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"

enum { ANSWER_BYTES_MAX = 512 * 1024 * 1024, TIMEOUT_S = 120 };

struct client {
    CURL *curl;
    struct curl_slist *headers;
    struct arena *arena;
    const char *dir, *url, *key;
    struct buffer answer;
};

const char *endpoints_value(const char *dir, const char *name, struct arena *arena)
{
    FILE *file = fopen(arena_printf(arena, "%s/endpoints", dir), "re");
    char line[1024];
    const char *found = NULL;
    size_t length = strlen(name);
    while (file && !found && fgets(line, sizeof line, file))
        if (strncmp(line, name, length) == 0 && line[length] == '=')
            found = arena_text(arena, line + length + 1, strcspn(line + length + 1, "\r\n"));
    if (file)
        fclose(file);
    return found;
}

const char *url_text(struct arena *arena, const char *text)
{
    struct buffer out = {0};
    for (const unsigned char *at = (const unsigned char *)text; *at; at++)
        if ((*at >= '0' && *at <= '9') || (*at >= 'A' && *at <= 'Z') || (*at >= 'a' && *at <= 'z') ||
            strchr("._~-/", *at))
            buffer_append(&out, at, 1);
        else
            buffer_printf(&out, "%%%02X", *at);
    const char *copy = arena_string(arena, buffer_text(&out));
    buffer_free(&out);
    return copy;
}

static size_t on_bytes(char *at, size_t size, size_t count, void *context)
{
    struct client *client = context;
    if (client->answer.bytes + size * count > ANSWER_BYTES_MAX)
        return 0;
    buffer_append(&client->answer, at, size * count);
    return size * count;
}

static void add_header(struct client *client, const char *name, const char *value)
{
    char line[1024];
    if (!value || !*value)
        return;
    snprintf(line, sizeof line, "%s: %s", name, value);
    client->headers = curl_slist_append(client->headers, line);
}

void client_act_as(struct client *client, const char *actor, const char *role)
{
    char bearer[512];
    curl_slist_free_all(client->headers);
    client->headers = NULL;
    add_header(client, "Content-Type", "application/json");
    add_header(client, "Expect", " ");
    add_header(client, "X-Actor", actor);
    add_header(client, "X-Role", role);
    snprintf(bearer, sizeof bearer, "Bearer %s", client->key ? client->key : "");
    if (client->key)
        add_header(client, "Authorization", bearer);
    curl_easy_setopt(client->curl, CURLOPT_HTTPHEADER, client->headers);
}

struct client *client_new(const char *dir, const char *url, const char *key, const char *actor, const char *ca,
                          char message[200])
{
    struct arena *arena = arena_new();
    if (!url && dir)
        url = endpoints_value(dir, "http", arena);
    if (!url) {
        snprintf(message, 200,
                 dir ? "%.100s/endpoints names no system: is it running there? (deploy/run --dir DIR)"
                     : "which system? Give --dir DIR, or set CARELINE_DIR or CARELINE_URL%s",
                 dir ? dir : "");
        arena_free(&arena);
        return NULL;
    }
    struct client *client = calloc(1, sizeof *client);
    *client = (struct client){.curl = curl_easy_init(), .arena = arena, .dir = dir, .url = arena_string(arena, url),
                               .key = key ? arena_string(arena, key) : NULL};
    client_act_as(client, actor, NULL);
    curl_easy_setopt(client->curl, CURLOPT_WRITEFUNCTION, on_bytes);
    curl_easy_setopt(client->curl, CURLOPT_WRITEDATA, client);
    curl_easy_setopt(client->curl, CURLOPT_TIMEOUT, (long)TIMEOUT_S);
    curl_easy_setopt(client->curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(client->curl, CURLOPT_NOSIGNAL, 1L);
    if (ca && *ca)
        curl_easy_setopt(client->curl, CURLOPT_CAINFO, ca);         /* curl keeps a copy */
    return client;
}

void client_free(struct client **client)
{
    if (!*client)
        return;
    curl_easy_cleanup((*client)->curl);
    curl_slist_free_all((*client)->headers);
    buffer_free(&(*client)->answer);
    arena_free(&(*client)->arena);
    free(*client);
    *client = NULL;
}

static struct client_answer perform(struct client *client, const char *path)
{
    struct client_answer answer = {0};
    char url[4096];
    snprintf(url, sizeof url, "%s%s", client->url, path);
    buffer_clear(&client->answer);
    curl_easy_setopt(client->curl, CURLOPT_URL, url);
    CURLcode code = curl_easy_perform(client->curl);
    if (code != CURLE_OK) {
        snprintf(answer.message, sizeof answer.message, "%.120s: %s", client->url, curl_easy_strerror(code));
        return answer;
    }
    long status = 0;
    curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &status);
    answer.status = (int)status;
    answer.body = json_loadb((const char *)client->answer.at, client->answer.bytes, JSON_DECODE_ANY, NULL);
    const char *error = json_string_value(json_object_get(answer.body, "error"));
    const char *field = json_string_value(json_object_get(answer.body, "field"));
    const char *hint = json_string_value(json_object_get(answer.body, "hint"));
    if (status >= 400)
        snprintf(answer.message, sizeof answer.message, "%.48s%s%.160s%s%.80s", field ? field : "", field ? " " : "",
                 error ? error : "refused", hint ? "; " : "", hint ? hint : "");
    return answer;
}

struct client_answer client_get(struct client *client, const char *path)
{
    curl_easy_setopt(client->curl, CURLOPT_HTTPGET, 1L);
    return perform(client, path);
}

struct client_answer client_delete(struct client *client, const char *path)
{
    curl_easy_setopt(client->curl, CURLOPT_HTTPGET, 1L);
    curl_easy_setopt(client->curl, CURLOPT_CUSTOMREQUEST, "DELETE");
    struct client_answer answer = perform(client, path);
    curl_easy_setopt(client->curl, CURLOPT_CUSTOMREQUEST, NULL);
    return answer;
}

struct client_answer client_post(struct client *client, const char *path, const json_t *body)
{
    char *text = json_dumps(body, JSON_COMPACT);
    curl_easy_setopt(client->curl, CURLOPT_POST, 1L);
    curl_easy_setopt(client->curl, CURLOPT_POSTFIELDS, text);
    curl_easy_setopt(client->curl, CURLOPT_POSTFIELDSIZE, (long)strlen(text));
    struct client_answer answer = perform(client, path);
    free(text);
    return answer;
}

const char *client_endpoint(const struct client *client, const char *name)
{
    const char *value = client->dir ? endpoints_value(client->dir, name, client->arena) : NULL;
    return value ? value : "";
}
