/* form: reading what stands in a form, filling it in, and what can be filled in. */
#include <stdio.h>
#include <string.h>

#include "blank.h"
#include "command.h"

int run_forms(struct invocation *call)
{
    static const char *const names[] = {"site", "form", "open", "customer", "limit", NULL};
    const char *path = "/v1/forms";
    for (const char *const *name = names; *name; name++)
        if (option(call, *name))
            path = arena_printf(call->arena, "%s%c%s=%s", path, strchr(path, '?') ? '&' : '?', *name,
                                url_text(call->arena, option(call, *name)));
    struct client_answer answer = client_get(call->client, path);
    int code = answer.status == 200 ? EXIT_OK : answer_failed(call, &answer);
    if (code == EXIT_OK)
        print_list(call, answer.body, say(call, "id=Form/表单,en=Name/名称,customer=Customer/客户,complete=Complete/已完成,"
                                                "begun_by=Begun by/填写人,begun_at=Begun/开始,changed_at=Changed/更新,links=Belongs to/关联",
                                          "id=Form/表单,zh=Name/名称,customer=Customer/客户,complete=Complete/已完成,"
                                          "begun_by=Begun by/填写人,begun_at=Begun/开始,changed_at=Changed/更新,links=Belongs to/关联"));
    json_decref(answer.body);
    return code;
}

/* -------- one form */

/* The forms that can be filled in, or one of them; NULL with the exit code set: told already. Owned by the caller. */
static json_t *blank_of(struct invocation *call, const char *name, int *ret_code)
{
    const char *site = site_of_call(call, NULL);
    *ret_code = EXIT_USAGE;
    if (!site)
        return NULL;
    struct client_answer answer = client_get(call->client, arena_printf(call->arena, "/v1/blanks%s%s?site=%s", *name ? "/" : "",
                                                                        url_text(call->arena, name), url_text(call->arena, site)));
    *ret_code = answer.status == 200 ? EXIT_OK : answer_failed(call, &answer);
    if (*ret_code == EXIT_OK)
        return answer.body;
    json_decref(answer.body);
    return NULL;
}

static void show_fields(const struct invocation *call, const json_t *form, const json_t *blank)
{
    const json_t *field;
    size_t i;
    json_array_foreach(json_object_get(blank, "fields"), i, field) {
        const char *name = json_string_value(json_object_get(field, "field"));
        const char *label = json_string_value(json_object_get(field, call->chinese ? "zh" : "en"));
        const char *value = json_string_value(json_object_get(json_object_get(form, "fields"), name));
        if (!value)
            value = json_string_value(json_object_get(json_object_get(form, "personal"), name));
        if (!value)
            value = json_is_true(json_object_get(field, "personal")) && !json_object_get(form, "personal") ? "***" : "-";
        printf("  %-28s %-18s %s\n", label ? label : "", name, word_said(call, value));
    }
}

static int show_form(struct invocation *call)
{
    const char *path = path_of_one(call, "/v1/forms");
    if (!path)
        return EXIT_USAGE;
    struct client_answer answer = client_get(call->client, path);
    int code = answer.status == 200 ? EXIT_OK : answer_failed(call, &answer), blank_code;
    if (code == EXIT_OK && call->json) {
        print_json(answer.body);
    } else if (code == EXIT_OK) {
        static const struct { const char *key, *english, *chinese; } lines[] = {
            {"id", "form", "表单"}, {"customer", "customer", "客户"}, {"complete", "complete", "已完成"}, {"missing", "missing", "待填"},
            {"begun_by", "begun by", "填写人"}, {"begun_at", "begun", "开始"}, {"complete_at", "complete since", "完成"},
            {"changed_by", "changed by", "更新人"}, {"changed_at", "changed", "更新"}, {"links", "belongs to", "关联"},
            {"linked_by", "followed by", "后续"},
        };
        for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
            print_line(call, say(call, lines[i].english, lines[i].chinese), answer.body, lines[i].key);
        json_t *blank = blank_of(call, json_string_value(json_object_get(answer.body, "form")), &blank_code);
        show_fields(call, answer.body, blank);
        json_decref(blank);
    }
    json_decref(answer.body);
    return code;
}

/* -------- filling in */

static int fill_form(struct invocation *call)
{
    json_t *fields = json_object(), *data = json_object();
    for (size_t i = 2; i < call->argument_count; i++) {
        const char *pair = call->arguments[i], *equals = strchr(pair, '=');
        if (!equals) {
            fprintf(stderr, "care: %s: FIELD=VALUE\n", pair);
            json_decref(fields);
            json_decref(data);
            return EXIT_USAGE;
        }
        json_object_set_new(fields, arena_text(call->arena, pair, (size_t)(equals - pair)), json_string(equals + 1));
    }
    put_text(data, "form", argument(call, 1));
    put_text(data, "number", option(call, "number"));
    put_text(data, "task", full_id(call, option(call, "task")));
    put_text(data, "customer", option(call, "customer"));
    put_text(data, "reason", option(call, "reason"));
    json_object_set_new(data, "fields", fields);
    return act(call, "form.fill", site_of_call(call, NULL), data);
}

/* -------- blanks */

static int list_blanks(struct invocation *call)
{
    int code;
    json_t *list = blank_of(call, "", &code);
    if (list)
        print_list(call, list, say(call, "form=Form/表单,en=Name/名称,playbook=Playbook/剧本",
                                   "form=Form/表单,zh=Name/名称,playbook=Playbook/剧本"));
    json_decref(list);
    return code;
}

static int print_form(struct invocation *call)
{
    const char *language = option(call, "lang");
    bool chinese = language ? !strncmp(language, "zh", 2) : call->chinese;
    int code;
    if (language && strcmp(language, "zh") && strcmp(language, "en")) {
        fprintf(stderr, "care: --lang zh or en\n");
        return EXIT_USAGE;
    }
    json_t *form = blank_of(call, argument(call, 1), &code);
    if (!form)
        return code;
    struct buffer page = {0};
    if (option(call, "text"))
        blank_text(form, chinese, &page);
    else
        blank_html(form, chinese, &page);
    fwrite(page.at, 1, page.bytes, stdout);
    buffer_free(&page);
    json_decref(form);
    return EXIT_OK;
}

int run_form(struct invocation *call)
{
    const char *verb = argument(call, 0);
    if (verb && !strcmp(verb, "blanks"))
        return list_blanks(call);
    if (verb && !strcmp(verb, "print") && argument(call, 1))
        return print_form(call);
    if (verb && !strcmp(verb, "fill") && argument(call, 1))
        return fill_form(call);
    if (verb && strcmp(verb, "print") && strcmp(verb, "fill"))
        return show_form(call);
    fprintf(stderr, "care: care %s %s\n", call->command->name, call->command->usage);
    return EXIT_USAGE;
}
