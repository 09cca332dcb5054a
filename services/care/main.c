/* care: the command line of clerks and operators. */
#include <curl/curl.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "help.h"
#include "log.h"

/* Options that every command has. */
static const char common_options[] = " dir url key actor ca lang !json !help ";

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; i < command_count; i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

/* 0: not known; 1: takes a value; 2: a flag */
static int option_kind(const char *options, const char *name)
{
    char flag[64], value[64];
    snprintf(flag, sizeof flag, " !%s ", name);
    snprintf(value, sizeof value, " %s ", name);
    return strstr(options, flag) ? 2 : strstr(options, value) ? 1 : 0;
}

static bool parse(struct invocation *call, int count, char **words)
{
    call->arguments = arena_alloc(call->arena, (size_t)count * sizeof *call->arguments);
    call->option_names = arena_alloc(call->arena, (size_t)count * sizeof *call->option_names);
    call->option_values = arena_alloc(call->arena, (size_t)count * sizeof *call->option_values);
    for (int i = 0; i < count; i++) {
        if (strncmp(words[i], "--", 2) != 0) {
            call->arguments[call->argument_count++] = words[i];
            continue;
        }
        const char *equals = strchr(words[i], '=');
        const char *name = arena_text(call->arena, words[i] + 2,
                                      equals ? (size_t)(equals - words[i] - 2) : strlen(words[i]) - 2);
        int kind = option_kind(common_options, name);
        if (!kind && call->command)
            kind = option_kind(call->command->options, name);
        if (!kind || (kind == 1 && !equals && i + 1 == count)) {
            fprintf(stderr, "care: %s --%s; care %s --help tells more\n",
                    kind ? "a value is missing after" : "there is no option", name,
                    call->command ? call->command->name : "");
            return false;
        }
        call->option_names[call->option_count] = name;
        call->option_values[call->option_count++] = kind == 2 ? "" : equals ? equals + 1 : words[++i];
    }
    return true;
}

static bool wants_chinese(const struct invocation *call)
{
    const char *language = setting(call, "lang", "LC_ALL");
    if (!language || !*language)
        language = getenv("LANG");
    return language && strncmp(language, "zh", 2) == 0;
}

static int run(struct invocation *call)
{
    call->dir = setting(call, "dir", "CARELINE_DIR");
    if (!call->command->offline && !connect_call(call))
        return EXIT_NO_ANSWER;
    int code = call->command->run(call);
    client_free(&call->client);
    return code;
}

/* The first word that is no option, and no option's value, is the command. */
static int command_place(int count, char **words)
{
    for (int i = 1; i < count; i++) {
        if (strncmp(words[i], "--", 2) != 0)
            return i;
        if (!strchr(words[i], '=') && option_kind(common_options, words[i] + 2) == 1)
            i++;
    }
    return count;
}

int main(int count, char **words)
{
    setlocale(LC_CTYPE, "C.UTF-8");
    curl_global_init(CURL_GLOBAL_DEFAULT);
    log_start("care", LEVEL_ERROR);
    struct invocation call = {.arena = arena_new()};
    int place = command_place(count, words), code = EXIT_USAGE;
    const char *name = place < count ? words[place] : NULL;
    call.command = name ? find_command(name) : NULL;
    memmove(words + place, words + place + 1, (size_t)(place < count ? count - place - 1 : 0) * sizeof *words);
    if (parse(&call, count - 1 - (place < count), words + 1)) {
        call.chinese = wants_chinese(&call);
        call.json = option(&call, "json") != NULL;
        if (!call.command && name)
            fprintf(stderr, "care: there is no command \"%s\"; care --help lists them\n", name);
        else if (!call.command)
            code = help_overview(&call);
        else
            code = option(&call, "help") ? help_command(&call) : run(&call);
    }
    arena_free(&call.arena);
    curl_global_cleanup();
    return code;
}
