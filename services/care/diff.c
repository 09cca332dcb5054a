/* diff: what another playbook or calendar would move of what is planned, and, after it is in force, moving it. */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "preview.h"

static int preview_failed(const char *message)
{
    fprintf(stderr, "care: %s\n", message ? message : "no answer");
    return EXIT_NO_ANSWER;
}

/* -------- the setting to be looked at */

static bool read_setting(struct invocation *call, const char *path, struct setting_file *ret)
{
    struct mistakes mistakes = {.file = path, .arena = call->arena};
    bool good = setting_read(path, call->arena, ret, &mistakes);
    for (size_t i = 0; mistakes.lines && i < mistakes.count && i < 200; i++)
        fprintf(stderr, "%s\n", mistakes.lines[i]);
    return good;
}

/* The calendar in force with other holidays. */
static bool read_holidays(struct invocation *call, const char *site, const char *path, struct setting_file *ret)
{
    static const char mark[] = "\nholidays_ics: |2\n";
    struct slice ics;
    struct mistakes mistakes = {.file = path, .arena = call->arena};
    struct client_answer answer = client_get(call->client, arena_printf(call->arena, "/v1/config?site=%s&kind=calendar",
                                                                        url_text(call->arena, site)));
    const json_t *active = json_array_get(answer.body, 0), *content = json_object_get(active, "content");
    const char *text = content ? arena_string(call->arena, json_string_value(content)) : NULL;
    const char *name = active ? arena_string(call->arena, json_string_value(json_object_get(active, "name"))) : "";
    json_decref(answer.body);
    if (!text) {
        fprintf(stderr, "care: %s\n", *answer.message ? answer.message : "no calendar is in force: care apply brings one");
        return false;
    }
    if (!file_read(path, call->arena, &ics.at, &ics.bytes))
        return false;
    const char *inside = strstr(text, mark);
    struct slice yaml = {(const uint8_t *)text, inside ? (size_t)(inside - text) : strlen(text)};
    *ret = (struct setting_file){.path = path, .kind = CONFIG_CALENDAR, .name = name, .content = calendar_bundle(yaml, ics, call->arena)};
    ret->parsed = calendar_parse(ret->content, call->arena, &mistakes);
    for (size_t i = 0; i < mistakes.count && i < 200; i++)
        fprintf(stderr, "%s\n", mistakes.lines[i]);
    return ret->parsed != NULL;
}

static bool ends_with(const char *text, const char *end)
{
    size_t bytes = strlen(text), tail = strlen(end);
    return bytes >= tail && !strcmp(text + bytes - tail, end);
}

/* -------- diff */

static void print_moves(const struct invocation *call, json_t *moves)
{
    size_t i;
    json_t *move;
    json_array_foreach(moves, i, move)
        if (json_object_get(move, "rule"))
            json_object_set(move, "plan", json_object_get(move, "rule"));
    print_list(call, moves, "plan=Plan/计划,step=Step/步骤,before_at=Is due/现定,due_at=Would be due/将改为,window=Window/时段,"
                            "outcome=Ends/结束,why=Why/缘由");
    if (!call->json)
        printf("%s\n", arena_printf(call->arena, say(call, "would move: %zu; nothing has been changed", "将改期：%zu；尚未作任何更改"),
                                    json_array_size(moves)));
}

int settings_diff(struct invocation *call, const char *path, int kind)
{
    struct setting_file setting;
    const char *message = NULL;
    if (!connect_call(call))
        return EXIT_NO_ANSWER;
    const char *site = site_of_call(call, NULL);
    if (!site)
        return EXIT_USAGE;
    bool holidays = kind == CONFIG_CALENDAR && ends_with(path, ".ics");
    if (holidays ? !read_holidays(call, site, path, &setting) : !read_setting(call, path, &setting))
        return EXIT_MISTAKES;
    if (setting.kind != kind) {
        fprintf(stderr, "care: %s is no %s\n", path, words_name(&config_kind_words, kind));
        return EXIT_USAGE;
    }
    json_t *moves = preview_moves(call->client, site, &setting, call->arena, &message);
    if (!moves)
        return preview_failed(message);
    print_moves(call, moves);
    json_decref(moves);
    return EXIT_OK;
}

int run_calendar(struct invocation *call)
{
    const char *verb = argument(call, 0), *path = argument(call, 1);
    if (!verb || !path || strcmp(verb, "diff")) {
        fprintf(stderr, "care: care calendar diff NEW.ics | NEW.yaml\n");
        return EXIT_USAGE;
    }
    return settings_diff(call, path, CONFIG_CALENDAR);
}

/* -------- moving */

int settings_move(struct invocation *call, const char *site, const struct setting_file *setting)
{
    const char *message = NULL;
    json_t *acts = preview_acts(call->client, site, setting, call->arena, &message), *data;
    size_t i, moved = 0, kept = 0;
    if (!acts)
        return preview_failed(message);
    json_array_foreach(acts, i, data) {
        json_t *body = json_pack("{s:s, s:s, s:O}", "type", "plan.adopt", "site", site, "data", data);
        struct client_answer answer = client_post(call->client, "/v1/acts", body);
        bool answered = answer.status == 200 || answer.status == 202;
        moved += answered;
        kept += !answered;
        if (!answered)
            fprintf(stderr, "care: %s: %s\n", json_string_value(json_object_get(data, "plan")), answer.message);
        json_decref(answer.body);
        json_decref(body);
    }
    json_decref(acts);
    printf("%s\n", arena_printf(call->arena, say(call, "plans with their times anew: %zu; as they were: %zu", "已重新排期的计划：%zu；保持不变：%zu"),
                                moved, kept));
    return EXIT_OK;
}
