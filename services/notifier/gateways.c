#include "gateway.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    FILE_BYTES_MAX = 64 * 1024,
    CONCURRENCY = 8, CONCURRENCY_MAX = 256,
    PER_SECOND = 50, PER_SECOND_MAX = 10000
};

static const char *const known_keys[] = {
    "gateway", "channel", "kind", "url", "method", "content_type", "body", "headers", "only_to", "username",
    "password_file", "from", "tls", "path", "accepted", "temporary", "permanent", "concurrency", "per_second", NULL
};

static const char *const kind_names[] = {"none", "http", "smtp", "file"};
static const struct words kinds = {"kind", kind_names, 4};
static const char *const tls_names[] = {"none", "try", "require"};
static const struct words tls_words = {"tls", tls_names, 3};

/* One file being read. */
struct gateway_reading {
    const struct yaml *root;
    const char *directory;
    struct arena *arena;
    struct mistakes *mistakes;
    struct gateway *gateway;
};

/* -------- files */

static bool file_read(const char *path, struct arena *arena, struct slice *ret)
{
    FILE *file = fopen(path, "re");
    if (!file)
        return false;
    uint8_t *bytes = arena_alloc(arena, FILE_BYTES_MAX + 1);
    size_t count = fread(bytes, 1, FILE_BYTES_MAX + 1, file);
    bool good = !ferror(file) && count <= FILE_BYTES_MAX;
    fclose(file);
    *ret = (struct slice){bytes, count};
    return good;
}

static const char *path_of(const struct gateway_reading *reading, const char *name)
{
    return *name == '/' ? name : arena_printf(reading->arena, "%s/%s", reading->directory, name);
}

/* -------- values */

static const char *text_of(const struct gateway_reading *reading, const char *key)
{
    return yaml_text(yaml_get(reading->root, key), "", reading->mistakes);
}

static void need(const struct gateway_reading *reading, const char *key)
{
    if (!yaml_get(reading->root, key))
        yaml_mistake(reading->mistakes, reading->root, "%s is missing", key);
}

static void read_pattern(const struct gateway_reading *reading, const char *key, struct pattern *to)
{
    char fault[120];
    const char *text = text_of(reading, key);
    if (!*text)
        return;
    int error = regcomp(&to->compiled, text, REG_EXTENDED | REG_ICASE | REG_NOSUB);
    to->given = !error;
    if (!error)
        return;
    regerror(error, &to->compiled, fault, sizeof fault);
    yaml_mistake(reading->mistakes, yaml_get(reading->root, key), "no pattern: %s", fault);
}

static const char *read_password(const struct gateway_reading *reading)
{
    const struct yaml *node = yaml_get(reading->root, "password_file");
    struct slice secret;
    if (!node)
        return "";
    const char *path = path_of(reading, text_of(reading, "password_file"));
    if (!file_read(path, reading->arena, &secret)) {
        yaml_mistake(reading->mistakes, node, "%s cannot be read: %s", path, strerror(errno));
        return "";
    }
    while (secret.bytes && strchr("\r\n", secret.at[secret.bytes - 1]))
        secret.bytes--;
    return arena_text(reading->arena, secret.at, secret.bytes);
}

static void read_headers(const struct gateway_reading *reading)
{
    const struct yaml *node = yaml_get(reading->root, "headers");
    struct texts *headers = &reading->gateway->headers;
    size_t count = node && node->kind == YAML_LIST ? node->count : 0;
    if (node && (node->kind != YAML_LIST || count > GATEWAY_HEADERS_MAX))
        yaml_mistake(reading->mistakes, node, "must be a list of at most %d lines such as \"Name: value\"",
                     GATEWAY_HEADERS_MAX);
    headers->at = arena_alloc(reading->arena, (GATEWAY_HEADERS_MAX + 1) * sizeof *headers->at);
    for (size_t i = 0; i < count && i < GATEWAY_HEADERS_MAX; i++) {
        const char *line = yaml_text(node->items[i], "", reading->mistakes);
        if (!strchr(line, ':'))
            yaml_mistake(reading->mistakes, node->items[i], "is no header: write \"Name: value\"");
        headers->at[headers->count++] = line;
    }
}

static enum escape escape_of(const char *content_type)
{
    if (!strncmp(content_type, "application/json", 16))
        return ESCAPE_JSON;
    return strncmp(content_type, "application/x-www-form-urlencoded", 33) ? ESCAPE_NONE : ESCAPE_URL;
}

static void read_word(const struct gateway_reading *reading, const char *key, const struct words *words, int *to)
{
    int word = yaml_word(yaml_get(reading->root, key), words, reading->mistakes);
    if (word > 0)
        *to = word;
}

static void read_texts(const struct gateway_reading *reading)
{
    struct gateway *gateway = reading->gateway;
    gateway->name = text_of(reading, "gateway");
    gateway->url = text_of(reading, "url");
    gateway->method = yaml_text(yaml_get(reading->root, "method"), "POST", reading->mistakes);
    gateway->content_type = text_of(reading, "content_type");
    gateway->body = text_of(reading, "body");
    gateway->body_escape = escape_of(gateway->content_type);
    gateway->only_to = text_of(reading, "only_to");
    gateway->username = text_of(reading, "username");
    gateway->from = text_of(reading, "from");
    gateway->password = read_password(reading);
    read_headers(reading);
    read_pattern(reading, "accepted", &gateway->accepted);
    read_pattern(reading, "temporary", &gateway->temporary);
    read_pattern(reading, "permanent", &gateway->permanent);
}

/* -------- what each kind needs */

static void check_http(const struct gateway_reading *reading)
{
    const struct gateway *gateway = reading->gateway;
    need(reading, "url");
    bool own = !strcmp(gateway->url, "{{to}}");
    if (*gateway->url && !own && strncmp(gateway->url, "http://", 7) && strncmp(gateway->url, "https://", 8))
        yaml_mistake(reading->mistakes, yaml_get(reading->root, "url"),
                     "must begin with http:// or https://, or be {{to}}");
    if (strcmp(gateway->method, "GET") && strcmp(gateway->method, "POST") && strcmp(gateway->method, "PUT"))
        yaml_mistake(reading->mistakes, yaml_get(reading->root, "method"), "must be GET, POST or PUT");
}

static void check_smtp(const struct gateway_reading *reading)
{
    const struct gateway *gateway = reading->gateway;
    need(reading, "url");
    need(reading, "from");
    if (*gateway->url && strncmp(gateway->url, "smtp://", 7) && strncmp(gateway->url, "smtps://", 8))
        yaml_mistake(reading->mistakes, yaml_get(reading->root, "url"), "must begin with smtp:// or smtps://");
    if (*gateway->from && !strchr(gateway->from, '@'))
        yaml_mistake(reading->mistakes, yaml_get(reading->root, "from"),
                     "is no address: write \"Name <name@example.com>\"");
}

static void check_file(const struct gateway_reading *reading)
{
    need(reading, "path");
    reading->gateway->url = path_of(reading, text_of(reading, "path"));
}

static void check_kind(const struct gateway_reading *reading)
{
    static void (*const checks[])(const struct gateway_reading *) = {NULL, check_http, check_smtp, check_file};
    if (reading->gateway->kind)
        checks[reading->gateway->kind](reading);
    else if (!yaml_get(reading->root, "kind"))
        yaml_mistake(reading->mistakes, reading->root, "kind is missing: http, smtp or file");
}

static void read_gateway(const struct gateway_reading *reading)
{
    struct gateway *gateway = reading->gateway;
    int kind = GATEWAY_NONE, tls = TLS_NONE;
    yaml_known_keys(reading->root, known_keys, reading->mistakes);
    need(reading, "gateway");
    need(reading, "channel");
    read_word(reading, "channel", &notice_channel_words, &gateway->channel);
    read_word(reading, "kind", &kinds, &kind);
    read_word(reading, "tls", &tls_words, &tls);
    gateway->kind = (enum gateway_kind)kind;
    gateway->tls = (enum gateway_tls)tls;
    gateway->concurrency = (int)yaml_int(yaml_get(reading->root, "concurrency"), CONCURRENCY, 1, CONCURRENCY_MAX,
                                         reading->mistakes);
    gateway->per_second = (int)yaml_int(yaml_get(reading->root, "per_second"), PER_SECOND, 1, PER_SECOND_MAX,
                                        reading->mistakes);
    read_texts(reading);
    check_kind(reading);
}

/* -------- lists */

static void pattern_free(struct pattern *pattern)
{
    if (pattern->given)
        regfree(&pattern->compiled);
    pattern->given = false;
}

static void gateway_clear(struct gateway *gateway)
{
    pattern_free(&gateway->accepted);
    pattern_free(&gateway->temporary);
    pattern_free(&gateway->permanent);
}

bool gateway_parse(struct gateway_list *gateways, struct slice yaml, const char *directory, struct mistakes *mistakes)
{
    size_t before = mistakes->count;
    struct gateway_reading reading = {yaml_parse(yaml, gateways->arena, mistakes), directory, gateways->arena,
                                      mistakes, NULL};
    if (!reading.root)
        return false;
    if (gateways->count == GATEWAYS_MAX) {
        yaml_mistake(mistakes, reading.root, "at most %d gateways", GATEWAYS_MAX);
        return false;
    }
    reading.gateway = &gateways->at[gateways->count];
    memset(reading.gateway, 0, sizeof *reading.gateway);
    read_gateway(&reading);
    if (gateway_of_channel(gateways, reading.gateway->channel))
        yaml_mistake(mistakes, yaml_get(reading.root, "channel"), "another gateway serves this channel already");
    if (mistakes->count != before) {
        gateway_clear(reading.gateway);
        return false;
    }
    gateways->count++;
    return true;
}

static struct gateway_list *gateways_new(void)
{
    struct gateway_list *gateways = calloc(1, sizeof *gateways);
    if (!gateways)
        abort();
    gateways->arena = arena_new();
    return gateways;
}

static int is_yaml(const struct dirent *entry)
{
    size_t bytes = strlen(entry->d_name);
    return entry->d_name[0] != '.' && bytes > 5 && !strcmp(entry->d_name + bytes - 5, ".yaml");
}

struct gateway_list *gateways_read(const char *directory, struct mistakes *mistakes)
{
    struct gateway_list *gateways = gateways_new();
    struct dirent **entries = NULL;
    int count = scandir(directory, &entries, is_yaml, alphasort);
    for (int i = 0; i < count; i++) {
        struct slice text;
        mistakes->file = arena_printf(mistakes->arena, "%s/%s", directory, entries[i]->d_name);
        if (file_read(mistakes->file, gateways->arena, &text))
            gateway_parse(gateways, text, directory, mistakes);
        else
            yaml_mistake(mistakes, &(struct yaml){.line = 1, .column = 1, .path = ""}, "cannot be read");
        free(entries[i]);
    }
    free(entries);
    return gateways;
}

void gateways_free(struct gateway_list **gateways)
{
    if (!*gateways)
        return;
    for (size_t i = 0; i < (*gateways)->count; i++)
        gateway_clear(&(*gateways)->at[i]);
    arena_free(&(*gateways)->arena);
    free(*gateways);
    *gateways = NULL;
}

const struct gateway *gateway_of_channel(const struct gateway_list *gateways, int channel)
{
    for (size_t i = 0; i < gateways->count; i++)
        if (gateways->at[i].channel == channel)
            return &gateways->at[i];
    return NULL;
}

bool pattern_matches(const struct pattern *pattern, const char *text)
{
    return pattern->given && !regexec(&pattern->compiled, text, 0, NULL, 0);
}
