#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "json.h"
#include "scenario_live.h"
#include "setting_file.h"

struct simulating {
    struct invocation *call;
    const char *deploy;
    const struct calendar *calendar;
    size_t passed, failed, times;
};

static void print_lines(const struct texts *lines)
{
    for (size_t i = 0; i < lines->count && i < 50; i++)
        printf("    %s\n", lines->at[i]);
}

static bool run_once(struct simulating *simulating, struct scenario *scenario, bool tell)
{
    struct arena *arena = arena_new();
    struct texts wrong;
    size_t events;
    bool holds = scenario_run(scenario, simulating->deploy, arena, &wrong, &events, NULL);
    if (tell && (!holds || !option(simulating->call, "quiet")))
        printf("%s %s (%zu events)\n", holds ? "ok  " : "FAIL", scenario->name, events);
    if (tell)
        print_lines(&wrong);
    arena_free(&arena);
    return holds;
}

/* Moves each expected time in turn: a scenario that still holds shows nothing. */
static bool each_time_matters(struct simulating *simulating, struct scenario *scenario, wall_ms shift)
{
    bool matters = true;
    wall_ms *time;
    for (size_t i = 0; (time = scenario_time(scenario, i)); i++) {
        *time += shift;
        simulating->times++;
        if (run_once(simulating, scenario, false)) {
            printf("FAIL %s: expected time %zu may be moved without notice\n", scenario->name, i + 1);
            matters = false;
        }
        *time -= shift;
    }
    return matters;
}

static void simulate_file(struct simulating *simulating, const char *path)
{
    struct arena *arena = arena_new();
    struct slice yaml;
    struct mistakes mistakes = {.file = path, .arena = arena};
    const char *shift = option(simulating->call, "shift");
    struct scenario *scenario = NULL;
    if (file_read(path, arena, &yaml.at, &yaml.bytes))
        scenario = scenario_parse(yaml, simulating->calendar, arena, &mistakes);
    for (size_t i = 0; i < mistakes.count && i < 200; i++)
        printf("%s\n", mistakes.lines[i]);
    bool holds = scenario && run_once(simulating, scenario, true);
    if (holds && shift)
        holds = each_time_matters(simulating, scenario, strtoll(shift, NULL, 10) * MINUTE_MS);
    *(holds ? &simulating->passed : &simulating->failed) += 1;
    if (scenario)
        scenario_free(scenario);
    arena_free(&arena);
}

/* -------- with real processes */

static struct scenario *parse_file(struct simulating *simulating, const char *path)
{
    struct arena *arena = simulating->call->arena;
    struct mistakes mistakes = {.file = path, .arena = arena};
    struct slice yaml;
    struct scenario *scenario = file_read(path, arena, &yaml.at, &yaml.bytes)
                                    ? scenario_parse(yaml, simulating->calendar, arena, &mistakes) : NULL;
    for (size_t i = 0; i < mistakes.count && i < 200; i++)
        printf("%s\n", mistakes.lines[i]);
    simulating->failed += !scenario;
    return scenario;
}

static void tell_play(struct simulating *simulating, const struct live_play *play)
{
    if (play->cannot) {
        printf("skip %s: %s: %s\n", play->scenario->file, play->scenario->name, play->cannot);
        return;
    }
    bool same = !play->wrong.count;
    if (!same || !option(simulating->call, "quiet"))
        printf("%s %s: %s (%zu compared)\n", same ? "ok  " : "FAIL", play->scenario->file, play->scenario->name, play->entities);
    print_lines(&play->wrong);
    *(same ? &simulating->passed : &simulating->failed) += 1;
}

/* FILE of --sends is whole before anything is played: the gateways answer by it. */
static int play_live(struct simulating *simulating)
{
    struct invocation *call = simulating->call;
    struct live_play *plays = arena_alloc(call->arena, call->argument_count * sizeof *plays);
    const char *path = option(call, "sends");
    FILE *sends = fopen(path ? path : "/dev/null", "we");
    size_t count = 0;
    if (!sends || !connect_call(call)) {
        fprintf(stderr, "care: %s\n", sends ? "--live needs a running system whose time is stepped" : path);
        return sends ? fclose(sends), EXIT_NO_ANSWER : EXIT_USAGE;
    }
    for (size_t i = 0; i < call->argument_count; i++)
        if ((plays[count].scenario = parse_file(simulating, call->arguments[i])))
            live_prepare(&plays[count++], simulating->deploy, call->arena, sends);
    fclose(sends);
    live_run(plays, count, simulating->deploy, call->client, call->arena);
    for (size_t i = 0; i < count; i++) {
        tell_play(simulating, &plays[i]);
        live_play_free(&plays[i]);
        scenario_free(plays[i].scenario);
    }
    return simulating->failed ? EXIT_MISTAKES : EXIT_OK;
}

/* First and last instant of each, for whoever starts a system to play them on. */
static int tell_spans(struct simulating *simulating)
{
    for (size_t i = 0; i < simulating->call->argument_count; i++) {
        struct scenario *scenario = parse_file(simulating, simulating->call->arguments[i]);
        if (scenario)
            printf("%s %s %s\n", moment_text(simulating->call->arena, scenario->start, 0),
                   moment_text(simulating->call->arena, scenario->until, 0), scenario->file);
    }
    return simulating->failed ? EXIT_MISTAKES : EXIT_OK;
}

/* -------- the command */

/* --deploy; else ./deploy; else the one beside the build that this program is of. */
static const char *find_deploy(struct invocation *call)
{
    static const char sample[] = "calendars/sample.yaml";
    char program[4096];
    if (option(call, "deploy") || access(arena_printf(call->arena, "deploy/%s", sample), R_OK) == 0)
        return option(call, "deploy") ? option(call, "deploy") : "deploy";
    ssize_t bytes = readlink("/proc/self/exe", program, sizeof program - 1);
    for (size_t left = bytes > 0 ? (size_t)bytes : 0; left; left--) {
        if (program[left] != '/' && left < (size_t)bytes)
            continue;
        const char *at = arena_printf(call->arena, "%.*s/deploy", (int)left, program);
        if (access(arena_printf(call->arena, "%s/%s", at, sample), R_OK) == 0)
            return at;
    }
    return "deploy";
}

int run_simulate(struct invocation *call)
{
    struct simulating simulating = {.call = call, .deploy = find_deploy(call)};
    struct setting_file file;
    const char *path = arena_printf(call->arena, "%s/calendars/sample.yaml", simulating.deploy);
    struct mistakes mistakes = {.file = path, .arena = call->arena};
    if (!call->argument_count) {
        fprintf(stderr, "care: care simulate FILE…\n");
        return EXIT_USAGE;
    }
    if (!setting_read(path, call->arena, &file, &mistakes) ||
        !(simulating.calendar = calendar_parse(file.content, call->arena, &mistakes))) {
        fprintf(stderr, "care: %s\n",
                mistakes.lines ? mistakes.lines[0] : "where are the settings to simulate with? --deploy DIR");
        return EXIT_MISTAKES;
    }
    if (option(call, "span"))
        return tell_spans(&simulating);
    int code = option(call, "live") ? play_live(&simulating) : EXIT_OK;
    if (code == EXIT_NO_ANSWER || code == EXIT_USAGE)
        return code;
    for (size_t i = 0; i < call->argument_count && !option(call, "live"); i++)
        if (strstr(call->arguments[i], ".yaml"))
            simulate_file(&simulating, call->arguments[i]);
    if (simulating.times)
        printf("%zu times moved\n", simulating.times);
    printf("%zu passed, %zu failed\n", simulating.passed, simulating.failed);
    return simulating.failed ? EXIT_MISTAKES : EXIT_OK;
}
