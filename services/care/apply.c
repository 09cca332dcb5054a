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

/* Waits until it is: what is read next, such as a file with dates, must find it. */
static bool comes_into_force(struct invocation *call, const char *site, const struct setting_file *setting, const char *hash)
{
    enum { LOOKS = 200, LOOK_MS = 50 };
    bool there = false;
    for (int look = 0; look < LOOKS && !there; look++) {
        if (look)
            nanosleep(&(struct timespec){.tv_nsec = LOOK_MS * 1000000L}, NULL);
        there = strcmp(hash, active_hash(call, site, setting)) == 0;
    }
    return there;
}

static int activate(struct invocation *call, const char *site, const struct setting_file *setting)
{
    char hash[65], unique[17];
    content_hash(setting->content, hash);
    random_hex(unique, 16);         /* what was in force before may come back: each time is a fact of its own */
    const char *kind = words_name(&config_kind_words, setting->kind);
    if (strcmp(hash, active_hash(call, site, setting)) == 0) {
        printf("%s %s %s\n", kind, setting->name, say(call, "unchanged", "未变"));
        return EXIT_OK;
    }
    int code = post(call, "/v1/contents",
                    json_pack("{s:s, s:s, s:s, s:s%}", "kind", kind, "name", setting->name, "hash", hash, "content",
                              (const char *)setting->content.at, setting->content.bytes));
    if (code == EXIT_OK)
        code = post(call, "/v1/events",
                    json_pack("{s:s, s:s, s:s, s:s, s:{s:s, s:s, s:s}}", "id", unique, "source", "care.apply", "type",
                              "config.activated", "site", site, "data", "kind", kind, "name", setting->name, "hash", hash));
    if (code == EXIT_OK && !comes_into_force(call, site, setting, hash)) {
        fprintf(stderr, "care: %s %s: stored, but no scheduler has taken it up yet; care status tells\n", kind, setting->name);
        code = EXIT_NO_ANSWER;
    }
    if (code == EXIT_OK)
        printf("%s %s %.16s %s\n", kind, setting->name, hash, say(call, "in force", "已启用"));
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
