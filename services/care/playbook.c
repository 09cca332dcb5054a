/* playbook: a playbook looked at before it is in force: is it right, what does it say, what would it do. */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "playbook_told.h"
#include "rehearsal.h"
#include "setting_file.h"

static const struct playbook *read_playbook(struct invocation *call, const char *path, struct setting_file *ret)
{
    struct mistakes mistakes = {.file = path, .arena = call->arena};
    bool good = setting_read(path, call->arena, ret, &mistakes);
    for (size_t i = 0; mistakes.lines && i < mistakes.count && i < 200; i++)
        fprintf(stderr, "%s\n", mistakes.lines[i]);
    if (good && ret->kind != CONFIG_PLAYBOOK) {
        fprintf(stderr, "care: %s is no playbook\n", path);
        return NULL;
    }
    return good ? ret->parsed : NULL;
}

static int check(struct invocation *call, const struct setting_file *file, const struct playbook *playbook)
{
    printf(say(call, "%s: no mistakes; %zu rules, %zu questionnaires, %zu forms\n", "%s：没有错误；%zu 条规则、%zu 份问卷、%zu 张表单\n"),
           file->path, playbook->rule_count, playbook->questionnaire_count, playbook->form_count);
    return EXIT_OK;
}

static int explain(struct invocation *call, const struct playbook *playbook)
{
    struct texts lines = playbook_told(call, playbook);
    for (size_t i = 0; i < lines.count; i++)
        puts(lines.at[i]);
    return EXIT_OK;
}

int run_playbook(struct invocation *call)
{
    const char *verb = argument(call, 0), *path = argument(call, 1);
    struct setting_file file;
    static const char *const verbs[] = {"check", "explain", "simulate", "diff"};
    bool known = false;
    for (size_t i = 0; verb && i < sizeof verbs / sizeof *verbs; i++)
        known = known || !strcmp(verb, verbs[i]);
    if (!known || !path) {
        fprintf(stderr, "care: care playbook check|explain|simulate|diff FILE\n");
        return EXIT_USAGE;
    }
    if (!strcmp(verb, "diff"))
        return settings_diff(call, path, CONFIG_PLAYBOOK);
    const struct playbook *playbook = read_playbook(call, path, &file);
    if (!playbook)
        return EXIT_MISTAKES;
    if (!strcmp(verb, "check"))
        return check(call, &file, playbook);
    return !strcmp(verb, "explain") ? explain(call, playbook) : rehearse(call, &file);
}
