/* apply: checks settings and brings them into force. Nothing is stored while there is a mistake in any file. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "command.h"
#include "random.h"
#include "setting_file.h"

enum { FILES_MAX = 256 };

struct settings {
    struct setting_file at[FILES_MAX + SITE_SETTINGS_MAX];
    size_t count;
    size_t mistakes;
};

static void read_setting(struct invocation *call, const char *path, struct settings *settings)
{
    struct mistakes mistakes = {.file = path, .arena = call->arena};
    if (settings->count == FILES_MAX) {
        fprintf(stderr, "care: more than %d files at once\n", FILES_MAX);
        settings->mistakes++;
        return;
    }
    setting_read(path, call->arena, &settings->at[settings->count++], &mistakes);
    for (size_t i = 0; mistakes.lines && i < mistakes.count && i < 200; i++)
        if (mistakes.lines[i])
            fprintf(stderr, "%s\n", mistakes.lines[i]);
    settings->mistakes += mistakes.count;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void read_path(struct invocation *call, const char *path, struct settings *settings)
{
    struct stat stat_of;
    DIR *folder = stat(path, &stat_of) == 0 && S_ISDIR(stat_of.st_mode) ? opendir(path) : NULL;
    if (!folder) {
        read_setting(call, path, settings);
        return;
    }
    const char *files[FILES_MAX];
    size_t count = 0;
    for (struct dirent *entry; (entry = readdir(folder)) && count < FILES_MAX;)
        if (strlen(entry->d_name) > 5 && strcmp(entry->d_name + strlen(entry->d_name) - 5, ".yaml") == 0)
            files[count++] = arena_printf(call->arena, "%s/%s", path, entry->d_name);
    closedir(folder);
    qsort(files, count, sizeof *files, by_text);
    for (size_t i = 0; i < count; i++)
        read_setting(call, files[i], settings);
}

static const char *active_hash(struct invocation *call, const char *site, const struct setting_file *setting)
{
    const char *path = arena_printf(call->arena, "/v1/config?site=%s&kind=%s&name=%s", url_text(call->arena, site),
                                    words_name(&config_kind_words, setting->kind),
                                    url_text(call->arena, setting->name));
    struct client_answer answer = client_get(call->client, path);
    const char *hash = json_string_value(json_object_get(json_array_get(answer.body, 0), "hash"));
    const char *copy = arena_string(call->arena, hash ? hash : "");
    json_decref(answer.body);
    return copy;
}

static int post(struct invocation *call, const char *path, json_t *body)
{
    struct client_answer answer = client_post(call->client, path, body);
    int code = answer.status >= 200 && answer.status < 300 ? EXIT_OK : answer_failed(call, &answer);
    json_decref(answer.body);
    json_decref(body);
    return code;
}

/* What is proposed under this name, and waits to be released; "": nothing. */
static const char *proposed_hash(struct invocation *call, const char *site, int kind, const char *name)
{
    const char *path = arena_printf(call->arena, "/v1/config?site=%s&proposed=yes", url_text(call->arena, site)), *hash = "";
    struct client_answer answer = client_get(call->client, path);
    for (size_t i = 0; i < json_array_size(answer.body); i++) {
        const json_t *at = json_array_get(answer.body, i);
        const char *kind_text = json_string_value(json_object_get(at, "kind"));
        const char *of = json_string_value(json_object_get(at, "name"));
        if (kind_text && of && words_find(&config_kind_words, kind_text) == kind && !strcmp(of, name))
            hash = arena_string(call->arena, json_string_value(json_object_get(at, "hash")));
    }
    json_decref(answer.body);
    return hash;
}

enum fate { FATE_UNKNOWN, FATE_IN_FORCE, FATE_PROPOSED };

/* Waits until it is known: what is read next, such as a file with dates, must find it. */
static enum fate becomes(struct invocation *call, const char *site, const struct setting_file *setting, const char *hash)
{
    enum { LOOKS = 200, LOOK_MS = 50 };
    enum fate fate = FATE_UNKNOWN;
    for (int look = 0; look < LOOKS && !fate; look++) {
        if (look)
            nanosleep(&(struct timespec){.tv_nsec = LOOK_MS * 1000000L}, NULL);
        if (!strcmp(hash, active_hash(call, site, setting)))
            fate = FATE_IN_FORCE;
        else if (setting->kind == CONFIG_TEMPLATES && !strcmp(hash, proposed_hash(call, site, setting->kind, setting->name)))
            fate = FATE_PROPOSED;
    }
    return fate;
}

static int tell_fate(struct invocation *call, const char *site, const struct setting_file *setting, const char *hash)
{
    const char *kind = words_name(&config_kind_words, setting->kind);
    switch (becomes(call, site, setting, hash)) {
    case FATE_IN_FORCE:
        printf("%s %s %.16s %s\n", kind, setting->name, hash, say(call, "in force", "已启用"));
        return EXIT_OK;
    case FATE_PROPOSED:
        printf("%s %s %.16s %s: care apply --release %s\n", kind, setting->name, hash,
               say(call, "proposed; somebody else puts it in force", "已提交，待他人放行"), setting->name);
        return EXIT_OK;
    default:
        fprintf(stderr, "care: %s %s: stored, but no scheduler has taken it up yet; care status tells\n", kind, setting->name);
        return EXIT_NO_ANSWER;
    }
}

static int post_activation(struct invocation *call, const char *site, const struct setting_file *setting, const char *hash,
                           bool release)
{
    char unique[17];
    random_hex(unique, 16);         /* what was in force before may come back: each time is a fact of its own */
    return post(call, "/v1/events",
                json_pack("{s:s, s:s, s:s, s:s, s:{s:s, s:s, s:s, s:b}}", "id", unique, "source", "care.apply", "type",
                          "config.activated", "site", site, "data", "kind", words_name(&config_kind_words, setting->kind),
                          "name", setting->name, "hash", hash, "release", release));
}

static int activate(struct invocation *call, const char *site, const struct setting_file *setting)
{
    char hash[65];
    content_hash(setting->content, hash);
    const char *kind = words_name(&config_kind_words, setting->kind);
    if (strcmp(hash, active_hash(call, site, setting)) == 0) {
        printf("%s %s %s\n", kind, setting->name, say(call, "unchanged", "未变"));
        return EXIT_OK;
    }
    int code = post(call, "/v1/contents",
                    json_pack("{s:s, s:s, s:s, s:s%}", "kind", kind, "name", setting->name, "hash", hash, "content",
                              (const char *)setting->content.at, setting->content.bytes));
    if (code == EXIT_OK)
        code = post_activation(call, site, setting, hash, false);
    return code == EXIT_OK ? tell_fate(call, site, setting, hash) : code;
}

/* -------- what somebody else proposed */

static int release(struct invocation *call, const char *site, const char *name)
{
    const struct setting_file setting = {.kind = CONFIG_TEMPLATES, .name = name};
    const char *hash = proposed_hash(call, site, setting.kind, name);
    if (!*hash) {
        fprintf(stderr, "care: %s %s: %s\n", words_name(&config_kind_words, setting.kind), name,
                say(call, "nothing is proposed under this name", "没有待放行的同名模板"));
        return EXIT_REFUSED;
    }
    int code = post_activation(call, site, &setting, hash, true);
    return code == EXIT_OK ? tell_fate(call, site, &setting, hash) : code;
}

static int run_release_of_templates(struct invocation *call)
{
    if (!connect_call(call))
        return EXIT_NO_ANSWER;
    const char *site = site_of_call(call, NULL);
    int code = site && call->argument_count ? EXIT_OK : EXIT_USAGE;
    for (size_t i = 0; i < call->argument_count && code == EXIT_OK; i++)
        code = release(call, site, call->arguments[i]);
    return code;
}

/* -------- do they fit together, and with what is in force? */

static const struct setting_file *setting_named(const struct settings *settings, int kind, const char *name)
{
    for (size_t i = 0; i < settings->count; i++)
        if (settings->at[i].kind == kind && !strcmp(settings->at[i].name, name))
            return &settings->at[i];
    return NULL;
}

/* One that is in force, or what takes its place. */
static void add_in_force(struct invocation *call, json_t *active, const struct settings *given, struct settings *to)
{
    const char *name = json_string_value(json_object_get(active, "name"));
    const char *kind_text = json_string_value(json_object_get(active, "kind"));
    const json_t *content = json_object_get(active, "content");
    int kind = kind_text ? words_find(&config_kind_words, kind_text) : -1;
    struct mistakes mistakes = {.file = "", .arena = call->arena};
    if (kind <= 0 || !name || !json_is_string(content) || to->count == SITE_SETTINGS_MAX)
        return;
    const struct setting_file *instead = setting_named(given, kind, name);
    struct setting_file *setting = &to->at[to->count++];
    *setting = (struct setting_file){.kind = kind, .name = arena_string(call->arena, name)};
    setting->path = arena_printf(call->arena, "%s %s", kind_text, name);
    setting->content = (struct slice){arena_copy(call->arena, json_string_value(content), json_string_length(content)),
                                      json_string_length(content)};
    if (instead)
        *setting = *instead;
    else
        setting_parse(setting, call->arena, &mistakes);
}

/* What will be in force, in that order. */
static const struct settings *with_those_in_force(struct invocation *call, const char *site, const struct settings *given)
{
    struct settings *all = arena_alloc(call->arena, sizeof *all);
    struct client_answer answer =
        client_get(call->client, arena_printf(call->arena, "/v1/config?site=%s", url_text(call->arena, site)));
    for (size_t i = 0; answer.status == 200 && i < json_array_size(answer.body); i++)
        add_in_force(call, json_array_get(answer.body, i), given, all);
    json_decref(answer.body);
    for (size_t i = 0; i < given->count; i++)
        if (!setting_named(all, given->at[i].kind, given->at[i].name))
            all->at[all->count++] = given->at[i];
    return all;
}

/* No mistake: the rest may come later. */
static void tell_gaps(struct invocation *call, const struct settings *settings, bool whole)
{
    struct texts gaps = setting_gaps(settings->at, settings->count, whole, call->arena);
    for (size_t i = 0; i < gaps.count; i++)
        fprintf(stderr, "care: %s: %s\n", say(call, "note", "注意"), gaps.at[i]);
}

int run_apply(struct invocation *call)
{
    if (option(call, "release"))
        return run_release_of_templates(call);
    struct settings *settings = arena_alloc(call->arena, sizeof *settings);
    for (size_t i = 0; i < call->argument_count; i++)
        read_path(call, call->arguments[i], settings);
    if (!settings->count || settings->mistakes) {
        fprintf(stderr, "care: %s\n",
                settings->count ? say(call, "nothing was stored", "未保存任何内容") : "care apply PATH…");
        return settings->count ? EXIT_MISTAKES : EXIT_USAGE;
    }
    if (option(call, "check")) {
        tell_gaps(call, settings, false);
        return EXIT_OK;
    }
    if (!connect_call(call))
        return EXIT_NO_ANSWER;
    const char *site = site_of_call(call, NULL);
    int code = site ? EXIT_OK : EXIT_USAGE;
    if (site)
        tell_gaps(call, with_those_in_force(call, site, settings), true);
    for (size_t i = 0; i < settings->count && code == EXIT_OK; i++)
        code = activate(call, site, &settings->at[i]);
    for (size_t i = 0; i < settings->count && code == EXIT_OK && option(call, "move"); i++)
        if (settings->at[i].kind == CONFIG_CALENDAR || settings->at[i].kind == CONFIG_PLAYBOOK)
            code = settings_move(call, site, &settings->at[i]);
    return code;
}
