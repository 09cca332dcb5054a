/* screen: what an agent needs in a call, as text: who, what was before, what to say and to ask, what to avoid. */
#include <stdio.h>
#include <string.h>

#include "command.h"

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static void print_heading(const struct invocation *call, const char *english, const char *chinese)
{
    printf("\n%s\n", say(call, english, chinese));
}

static void show_customer(const struct invocation *call, const json_t *body)
{
    print_line(call, say(call, "task", "任务"), body, "task.id");
    print_line(call, say(call, "follows", "事由"), body, "task.about");
    print_line(call, say(call, "customer", "客户"), body, "customer.name");
    print_line(call, say(call, "mobile", "手机"), body, "customer.mobile");
    print_line(call, say(call, "class", "类别"), body, "customer.class");
    print_line(call, say(call, "prefers", "偏好"), body, "customer.preference");
    print_line(call, say(call, "visits", "到店"), body, "customer.visits");
}

static void show_history(const struct invocation *call, const json_t *history)
{
    print_heading(call, "What was before", "历史");
    print_list(call, json_object_get(history, "happened"), "at=When/时间,what=What/事项,about=About/关于");
    if (json_array_size(json_object_get(history, "tasks")))
        print_list(call, json_object_get(history, "tasks"), "closed_at=Call/通话,step=Step/步骤,outcome=Outcome/结果,"
                                                            "satisfaction=Satisfaction/满意度,assignee=By/坐席");
    if (json_array_size(json_object_get(history, "complaints")))
        print_list(call, json_object_get(history, "complaints"),
                   "at=Complaint/投诉,case_id=Case/编号,category=Category/类别,open=Open/未结");
}

/* A condition of a line, such as "satisfaction at most 2". */
static void print_condition(const struct invocation *call, const json_t *condition)
{
    const json_t *min = json_object_get(condition, "min"), *max = json_object_get(condition, "max"), *value;
    size_t i;
    printf(" %s", text_of(condition, "of"));
    if (json_is_true(json_object_get(condition, "not")))
        printf(" %s", say(call, "not", "非"));
    if (min)
        printf(" >= %lld", (long long)json_integer_value(min));
    if (max)
        printf(" <= %lld", (long long)json_integer_value(max));
    json_array_foreach(json_object_get(condition, "values"), i, value)
        printf("%s%s", i ? "|" : " ", word_said(call, json_string_value(value)));
}

static void show_line(const struct invocation *call, const json_t *line)
{
    const json_t *when = json_object_get(line, "when"), *one;
    size_t i;
    printf("[%s]", text_of(line, "line"));
    if (json_array_size(when))
        printf(" %s", say(call, "only if", "仅当"));
    json_array_foreach(when, i, one)
        print_condition(call, one);
    printf("\n  %s\n", text_of(line, "text"));
    json_array_foreach(json_object_get(line, "replies"), i, one)
        printf("    - %s -> [%s]\n", text_of(one, "text"), text_of(one, "goto"));
    if (json_is_true(json_object_get(line, "questions")))
        printf("    %s\n", say(call, "(the questions below)", "（逐项询问下列问题）"));
    if (*text_of(line, "ends"))
        printf("    = %s\n", word_said(call, text_of(line, "ends")));
    else if (!json_array_size(json_object_get(line, "replies")))
        printf("    -> [%s]\n", text_of(line, "goto"));
}

static void show_script(const struct invocation *call, const json_t *body)
{
    const json_t *one;
    size_t i;
    if (json_array_size(json_object_get(body, "script")))
        print_heading(call, "What to say", "话术");
    json_array_foreach(json_object_get(body, "script"), i, one)
        show_line(call, one);
    if (json_array_size(json_object_get(body, "avoid")))
        print_heading(call, "Not to be said", "禁用语");
    json_array_foreach(json_object_get(body, "avoid"), i, one)
        printf("  x %s\n    %s %s\n", text_of(one, "avoid"), say(call, "instead:", "改说："), text_of(one, "instead"));
}

static void show(const struct invocation *call, const json_t *body)
{
    show_customer(call, body);
    show_history(call, json_object_get(body, "history"));
    show_script(call, body);
    if (json_array_size(json_object_get(body, "questions"))) {
        print_heading(call, "Questions", "问题");
        print_list(call, json_object_get(body, "questions"),
                   "question=Name/名称,kind=Answer/答案,required=Required/必答,text=Question/问题");
    }
    if (!strcmp(text_of(body, "read_back"), "required"))
        printf("\n%s\n", say(call, "Not content: read back what you understood, then care outcome … --understood TEXT "
                                   "--read-back yes|no --remedy TEXT",
                             "客户不满意时：先复述确认，再登记 care outcome … --understood 要点 --read-back yes|no --remedy 商定办法"));
    print_heading(call, "What comes next", "后续");
    print_list(call, json_object_get(json_object_get(body, "next"), "outcomes"),
               "outcome=Outcome/结果,complaint=Complaint/投诉,message=Message/短信,stops=Ends plan/终止计划");
    if (json_array_size(json_object_get(json_object_get(body, "next"), "steps")))
        print_list(call, json_object_get(json_object_get(body, "next"), "steps"), "step=Step/步骤,kind=Kind/种类,due_at=Due/到期");
}

int run_screen(struct invocation *call)
{
    const char *path = path_of_one(call, "/v1/screens");
    if (!path) {
        fprintf(stderr, "care: care screen TASK\n");
        return EXIT_USAGE;
    }
    const char *language = option(call, "lang");
    path = arena_printf(call->arena, "%s?lang=%s", path, language ? url_text(call->arena, language) : "");
    struct client_answer answer = client_get(call->client, path);
    int code = answer.status == 200 ? EXIT_OK : answer_failed(call, &answer);
    if (code == EXIT_OK && call->json)
        print_json(answer.body);
    else if (code == EXIT_OK)
        show(call, answer.body);
    json_decref(answer.body);
    return code;
}
