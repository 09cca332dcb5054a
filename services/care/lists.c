/* The commands that show lists. */
#include <stdio.h>
#include <string.h>

#include "buffer.h"
#include "command.h"

/* PATH with those options of the call that are named. */
static const char *query(struct invocation *call, const char *path, const char *const *names)
{
    for (; *names; names++) {
        const char *value = option(call, *names);
        if (value)
            path = arena_printf(call->arena, "%s%c%s=%s", path, strchr(path, '?') ? '&' : '?', *names,
                                url_text(call->arena, value));
    }
    return path;
}

static int list(struct invocation *call, const char *path, const char *columns)
{
    static const char *const names[] = {"site", "agent", "role", "customer", "state", "class", "open", "grade", "assignee", "book",
                                        "limit", NULL};
    struct client_answer answer = client_get(call->client, query(call, path, names));
    if (answer.status != 200) {
        int code = answer_failed(call, &answer);
        json_decref(answer.body);
        return code;
    }
    print_list(call, answer.body, columns);
    json_decref(answer.body);
    return EXIT_OK;
}

/* One object, as JSON. */
static int show(struct invocation *call, const char *path)
{
    if (!path)
        return EXIT_USAGE;
    struct client_answer answer = client_get(call->client, path);
    int code = answer.status == 200 ? EXIT_OK : answer_failed(call, &answer);
    if (code == EXIT_OK)
        print_json(answer.body);
    json_decref(answer.body);
    return code;
}

const char *path_of_one(struct invocation *call, const char *path)
{
    const char *id = full_id(call, argument(call, 0));
    return id ? arena_printf(call->arena, "%s/%s", path, url_text(call->arena, id)) : NULL;
}

static int list_or_one(struct invocation *call, const char *path, const char *columns)
{
    return argument(call, 0) ? show(call, path_of_one(call, path)) : list(call, path, columns);
}

int run_customers(struct invocation *call)
{
    return list_or_one(call, "/v1/customers", "id=Customer/客户,name=Name/姓名,class=Class/类别,owner=Owner/负责人,"
                                              "visits=Visits/到店,last_seen_at=Last seen/最近到店");
}

int run_tasks(struct invocation *call)
{
    return list_or_one(call, "/v1/tasks", "id=Task/任务,state=State/状态,customer_class=Class/类别,role=Role/岗位,"
                                          "assignee=Agent/坐席,due_at=Due/到期,deadline_at=Deadline/期限,"
                                          "window=Window/时段,attempts=Tries/次数,outcome=Outcome/结果");
}

int run_cases(struct invocation *call)
{
    return list(call, "/v1/cases", "id=Case/投诉,state=State/状态,grade=Grade/等级,category=Category/类别,channel=Channel/渠道,"
                                   "role=Role/岗位,assignee=Holder/负责人,opened_at=Opened/受理,next_due_at=Next/下一时限");
}

static int list_notices(struct invocation *call)
{
    return list(call, option(call, "dead") ? "/v1/notices?state=dead" : "/v1/notices",
                "id=Notice/通知,state=State/状态,template=Template/模板,customer=Customer/客户,to_staff=Staff/员工,"
                "attempt=Tries/次数,reason=Reason/原因,due_at=Due/到期");
}

int run_plans(struct invocation *call)
{
    if (!argument(call, 0))
        return list(call, "/v1/plans", "id=Plan/计划,about=About/关于,customer=Customer/客户,about_type=After/事由,"
                                       "occurred_at=Happened/发生,next_due_at=Next/下一时限");
    const char *path = path_of_one(call, "/v1/plans");
    if (!path || call->json)
        return show(call, path);
    struct client_answer answer = client_get(call->client, path);
    int code = answer.status == 200 ? EXIT_OK : answer_failed(call, &answer);
    if (code == EXIT_OK)
        print_list(call, json_object_get(answer.body, "steps"),
                   "name=Step/步骤,kind=Kind/种类,state=State/状态,due_at=Due/到期,deadline_at=Deadline/期限,window=Window/时段,"
                   "outcome=Outcome/结果,with=Within/并入,why=Why/缘由");
    json_decref(answer.body);
    return code;
}

int run_books(struct invocation *call)
{
    if (!argument(call, 0))
        return list(call, "/v1/books", "id=Page/账页,book=Book/账册,stated=Stated/已申报,changed_at=Changed/更新");
    const char *path = path_of_one(call, "/v1/books");
    if (!path || call->json)
        return show(call, path);
    struct client_answer answer = client_get(call->client, path);
    int code = answer.status == 200 ? EXIT_OK : answer_failed(call, &answer);
    if (code == EXIT_OK)
        print_list(call, json_object_get(answer.body, "lines"), "name=What/项目,booked=Counted/登记,stated=Stated/申报");
    json_decref(answer.body);
    return code;
}

int run_notices(struct invocation *call)
{
    const char *verb = argument(call, 0), *id = argument(call, 1);
    if (!verb)
        return list_notices(call);
    bool resend = strcmp(verb, "resend") == 0;
    if ((resend && !id) || (!resend && strcmp(verb, "pause") != 0 && strcmp(verb, "resume") != 0)) {
        fprintf(stderr, "care: care notices [resend ID | pause | resume [--playbook NAME]]\n");
        return EXIT_USAGE;
    }
    json_t *data = json_object();
    put_text(data, "notice", full_id(call, id));
    put_text(data, "reason", option(call, "reason"));
    put_text(data, "playbook", option(call, "playbook"));
    return act(call, resend ? "notice.resend" : arena_printf(call->arena, "sending.%s", verb), site_of_call(call, id),
               data);
}
