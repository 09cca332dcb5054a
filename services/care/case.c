/* case: one complaint with its clocks, and the acts on it. */
#include <stdio.h>
#include <string.h>

#include "command.h"

/* A case as a person reads it. */
static const struct { const char *key, *english, *chinese; } lines[] = {
    {"id", "case", "投诉"}, {"state", "state", "状态"}, {"grade", "grade", "等级"}, {"category", "category", "类别"},
    {"also", "also", "另涉"}, {"voice", "kind", "性质"}, {"product", "product", "产品/服务"}, {"employee", "employee", "涉及员工"}, {"channel", "channel", "渠道"}, {"customer", "customer", "客户"}, {"contact.name", "name", "姓名"},
    {"contact.mobile", "mobile", "手机"}, {"text", "said", "诉求"}, {"understood", "understood", "复述要点"},
    {"read_back", "confirmed", "客户确认"}, {"remedy", "remedy agreed", "商定办法"}, {"department", "department", "部门"}, {"role", "role", "岗位"},
    {"assignee", "holder", "负责人"}, {"placed", "how it came", "转派经过"}, {"opened_at", "opened", "受理"}, {"waiting_until", "waits until", "等待至"},
    {"linked_to", "linked to", "并入"}, {"task", "follow-up", "回访任务"}, {"graded_by", "graded by", "定级依据"}, {"compensation", "compensation", "补偿"},
    {"approval", "approval", "审批"}, {"attachments", "attachments", "附件"}, {"cause_found", "root cause", "根因"}, {"closed_at", "closed", "结案"},
};

static void show_lines(struct invocation *call, const json_t *body)
{
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        print_line(call, say(call, lines[i].english, lines[i].chinese), body, lines[i].key);
    puts("");
    print_list(call, json_object_get(body, "clocks"),
               "name=Clock/时钟,state=State/状态,due_at=Due/到期,warn_at=Warned at/预警,why=Why/缘由");
}

/* Everything there is about it, in order. */
static void show_file(struct invocation *call, const json_t *body)
{
    size_t i;
    json_t *event;
    show_lines(call, json_object_get(body, "case"));
    puts("");
    if (json_array_size(json_object_get(body, "attachments")))
        print_list(call, json_object_get(body, "attachments"), "reference=Attachment/附件,time=Time/时间,type=With/随");
    puts("");
    json_array_foreach(json_object_get(body, "events"), i, event)
        print_event(call, event);
}

static int show_case(struct invocation *call)
{
    bool file = option(call, "file") != NULL;
    const char *path = path_of_one(call, file ? "/v1/case-files" : "/v1/cases");
    if (!path)
        return EXIT_USAGE;
    struct client_answer answer = client_get(call->client, path);
    int code = answer.status == 200 ? EXIT_OK : answer_failed(call, &answer);
    if (code == EXIT_OK && call->json)
        print_json(answer.body);
    else if (code == EXIT_OK)
        (file ? show_file : show_lines)(call, answer.body);
    json_decref(answer.body);
    return code;
}

enum option_kind { TEXT, NUMBER, TIME };

static bool put_option(struct invocation *call, json_t *data, const char *site, enum option_kind kind, const char *name,
                       const char *field)
{
    if (kind == NUMBER)
        return put_number(call, data, field, name);
    put_text(data, field, kind == TIME ? site_time(call, site, option(call, name)) : option(call, name));
    return true;
}

/* "a,b" as a list of texts; NULL is left out. */
static void put_list(json_t *data, const char *name, const char *text)
{
    json_t *list = text ? json_array() : NULL;
    while (text && *text) {
        size_t bytes = strcspn(text, ",");
        if (bytes)
            json_array_append_new(list, json_stringn(text, bytes));
        text += bytes + (text[bytes] == ',');
    }
    if (list)
        json_object_set_new(data, name, list);
}

int run_case(struct invocation *call)
{
    static const struct { const char *option, *field; enum option_kind kind; } fields[] = {
        {"note", "note", TEXT}, {"reason", "reason", TEXT}, {"assignee", "assignee", TEXT}, {"category", "category", TEXT},
        {"grade", "grade", TEXT}, {"at", "at", TIME}, {"compensation", "compensation", TEXT}, {"amount", "amount_cents", NUMBER},
        {"effect-manufacturer", "effect_manufacturer", TEXT}, {"effect-customer", "effect_customer", TEXT},
        {"satisfaction", "satisfaction", NUMBER}, {"root-cause", "cause_found", TEXT},
    };
    if (!argument(call, 0)) {
        fprintf(stderr, "care: which case? care case ID; care cases lists them\n");
        return EXIT_USAGE;
    }
    if (!argument(call, 1))
        return show_case(call);
    const char *site = site_of_call(call, argument(call, 0)), *id = site ? full_id(call, argument(call, 0)) : NULL;
    if (!id)
        return EXIT_USAGE;
    json_t *data = json_pack("{s:s}", "case_id", id);
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (!put_option(call, data, site, fields[i].kind, fields[i].option, fields[i].field)) {
            json_decref(data);
            return EXIT_USAGE;
        }
    put_list(data, "attachments", option(call, "attachments"));
    return act(call, arena_printf(call->arena, "case.%s", argument(call, 1)), site, data);
}
