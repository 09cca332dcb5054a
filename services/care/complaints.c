/* complaints: what a supervisor looks at: all that are open, each with its next deadline and promise; and what a month's came
 * from. */
#include <stdio.h>
#include <string.h>

#include "command.h"

static int show_open(struct invocation *call)
{
    const char *site = option(call, "site");
    const char *path = option(call, "open") ? "/v1/cases?open=yes" : "/v1/cases?limit=1000";
    if (site)
        path = arena_printf(call->arena, "%s&site=%s", path, url_text(call->arena, site));
    struct client_answer answer = client_get(call->client, path);
    int code = answer.status == 200 ? EXIT_OK : answer_failed(call, &answer);
    if (code == EXIT_OK)
        print_list(call, answer.body, "id=Case/投诉,grade=Grade/等级,category=Category/类别,state=State/状态,role=Role/岗位,"
                   "assignee=Holder/负责人,next_clock=Next/下一时限,next_clock_due_at=Due/到期,promised_at=Promised/承诺时间,"
                   "waiting_since=Waits since/等待客户自,placed=How it came/转派经过");
    json_decref(answer.body);
    return code;
}

static void print_table(struct invocation *call, const json_t *table)
{
    static const struct { const char *by, *columns; } tables[] = {
        {"cause", "value=Root cause/根本原因"}, {"category", "value=Category/类别"},
        {"product", "value=Product/产品或服务"}, {"employee", "value=Employee/员工"},
    };
    const char *by = json_string_value(json_object_get(table, "by"));
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        if (!strcmp(tables[i].by, by))
            print_list(call, json_object_get(table, "rows"),
                       arena_printf(call->arena, "%s,count=Count/件数,percent=%%/占比,cumulative_percent=Sum %%/累计,vital=Vital/主要",
                                    tables[i].columns));
    puts("");
}

static int show_pareto(struct invocation *call)
{
    const char *month = option(call, "month"), *by = option(call, "by"), *site = option(call, "site");
    if (!month) {
        fprintf(stderr, "care: which month? care complaints pareto --month 2026-03\n");
        return EXIT_USAGE;
    }
    const char *path = arena_printf(call->arena, "/v1/complaints/pareto?month=%s", url_text(call->arena, month));
    if (by)
        path = arena_printf(call->arena, "%s&by=%s", path, url_text(call->arena, by));
    if (site)
        path = arena_printf(call->arena, "%s&site=%s", path, url_text(call->arena, site));
    struct client_answer answer = client_get(call->client, path);
    int code = answer.status == 200 ? EXIT_OK : answer_failed(call, &answer);
    size_t i;
    json_t *table;
    if (code == EXIT_OK && call->json) {
        print_json(answer.body);
    } else if (code == EXIT_OK) {
        print_line(call, say(call, "complaints", "投诉"), answer.body, "complaints");
        print_line(call, say(call, "duplicates", "重复"), answer.body, "linked");
        puts("");
        json_array_foreach(json_object_get(answer.body, "tables"), i, table)
            print_table(call, table);
    }
    json_decref(answer.body);
    return code;
}

int run_complaints(struct invocation *call)
{
    const char *verb = argument(call, 0);
    if (!verb)
        return show_open(call);
    if (!strcmp(verb, "pareto"))
        return show_pareto(call);
    fprintf(stderr, "care: care complaints [--open] | pareto --month 2026-03\n");
    return EXIT_USAGE;
}
