/* The commands that show lists. */
#include <stdio.h>
#include <string.h>

#include "buffer.h"
#include "command.h"

/* PATH with those options of the call that are named. */
static const char *query(struct invocation *call, const char *path, const char *const *names)
{
    for (bool first = true; *names; names++) {
        const char *value = option(call, *names);
        if (!value)
            continue;
        path = arena_printf(call->arena, "%s%c%s=%s", path, first ? '?' : '&', *names, url_text(call->arena, value));
        first = false;
    }
    return path;
}

static int list(struct invocation *call, const char *path, const char *columns)
{
    static const char *const names[] = {"site", "agent", "role", "customer", "state", "class", "open", "grade", "assignee", "limit", NULL};
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

/* One object: each of its values on a line of its own. */
static int show(struct invocation *call, const char *path)
{
    struct client_answer answer = client_get(call->client, path);
    int code = answer.status == 200 ? EXIT_OK : answer_failed(call, &answer);
    if (code == EXIT_OK)
        print_json(answer.body);
    json_decref(answer.body);
    return code;
}

static const char *one(struct invocation *call, const char *path)
{
    return arena_printf(call->arena, "%s/%s", path, url_text(call->arena, argument(call, 0)));
}

int run_customers(struct invocation *call)
{
    return argument(call, 0) ? show(call, one(call, "/v1/customers"))
        : list(call, "/v1/customers", "id=Customer/客户,name=Name/姓名,class=Class/类别,owner=Owner/负责人,visits=Visits/到店,last_seen_at=Last seen/最近到店");
}

int run_tasks(struct invocation *call)
{
    return argument(call, 0) ? show(call, one(call, "/v1/tasks"))
        : list(call, "/v1/tasks", "id=Task/任务,state=State/状态,customer_class=Class/类别,role=Role/岗位,assignee=Agent/坐席,"
                                  "due_at=Due/到期,deadline_at=Deadline/期限,window=Window/时段,attempts=Tries/次数,outcome=Outcome/结果");
}

int run_cases(struct invocation *call)
{
    return list(call, "/v1/cases", "id=Case/投诉,state=State/状态,grade=Grade/等级,category=Category/类别,channel=Channel/渠道,"
                                   "role=Role/岗位,assignee=Holder/负责人,opened_at=Opened/受理,next_due_at=Next/下一时限");
}

static int show_case(struct invocation *call)
{
    struct client_answer answer = client_get(call->client, one(call, "/v1/cases"));
    int code = answer.status == 200 ? EXIT_OK : answer_failed(call, &answer);
    if (code == EXIT_OK && call->json)
        print_json(answer.body);
    else if (code == EXIT_OK) {
        const char *key;
        json_t *value;
        json_object_foreach(answer.body, key, value)
            if (json_is_string(value) && *json_string_value(value))
                printf("%-18s %s\n", key, json_string_value(value));
        puts("");
        print_list(call, json_object_get(answer.body, "clocks"),
                   "name=Clock/时钟,state=State/状态,due_at=Due/到期,warn_at=Warned at/预警,why=Why/缘由");
    }
    json_decref(answer.body);
    return code;
}

static void put(json_t *data, const char *name, const char *value)
{
    if (value)
        json_object_set_new(data, name, json_string(value));
}

static void put_number(json_t *data, const char *name, const char *value)
{
    long long number;
    if (value && sscanf(value, "%lld", &number) == 1)
        json_object_set_new(data, name, json_integer(number));
}

int run_case(struct invocation *call)
{
    static const struct { const char *option, *field; bool number; } fields[] = {
        {"note", "note", false}, {"reason", "reason", false}, {"assignee", "assignee", false}, {"category", "category", false},
        {"grade", "grade", false}, {"at", "at", false}, {"compensation", "compensation", false}, {"amount", "amount_cents", true},
        {"effect-manufacturer", "effect_manufacturer", false}, {"effect-customer", "effect_customer", false},
        {"satisfaction", "satisfaction", true}, {"root-cause", "cause_found", false},
    };
    if (!argument(call, 0)) {
        fprintf(stderr, "care: which case? care case ID; care cases lists them\n");
        return EXIT_USAGE;
    }
    if (!argument(call, 1))
        return show_case(call);
    json_t *data = json_pack("{s:s}", "case_id", argument(call, 0));
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        (fields[i].number ? put_number : put)(data, fields[i].field, option(call, fields[i].option));
    return act(call, arena_printf(call->arena, "case.%s", argument(call, 1)), site_of_call(call, argument(call, 0)), data);
}

int run_notices(struct invocation *call)
{
    const char *verb = argument(call, 0), *id = argument(call, 1);
    if (!verb) {
        const char *path = option(call, "dead") ? "/v1/notices?state=dead&" : "/v1/notices";
        if (option(call, "dead"))
            path = option(call, "site") ? arena_printf(call->arena, "%ssite=%s", path, option(call, "site")) : "/v1/notices?state=dead";
        const char *columns = "id=Notice/通知,state=State/状态,template=Template/模板,customer=Customer/客户,to_staff=Staff/员工,"
                              "attempt=Tries/次数,reason=Reason/原因,due_at=Due/到期";
        if (!option(call, "dead"))
            return list(call, path, columns);
        struct client_answer answer = client_get(call->client, path);
        int code = answer.status == 200 ? EXIT_OK : answer_failed(call, &answer);
        if (code == EXIT_OK)
            print_list(call, answer.body, columns);
        json_decref(answer.body);
        return code;
    }
    bool resend = strcmp(verb, "resend") == 0;
    if ((resend && !id) || (!resend && strcmp(verb, "pause") != 0 && strcmp(verb, "resume") != 0)) {
        fprintf(stderr, "care: care notices [resend ID | pause | resume]\n");
        return EXIT_USAGE;
    }
    json_t *data = json_object();
    put(data, "notice", id);
    put(data, "reason", option(call, "reason"));
    return act(call, resend ? "notice.resend" : arena_printf(call->arena, "sending.%s", verb), site_of_call(call, id), data);
}

int run_check(struct invocation *call)
{
    static const char *const names[] = {"site", NULL};
    struct client_answer answer = client_get(call->client, query(call, "/v1/check", names));
    if (answer.status != 200) {
        int code = answer_failed(call, &answer);
        json_decref(answer.body);
        return code;
    }
    bool consistent = json_is_true(json_object_get(answer.body, "consistent"));
    if (call->json)
        print_json(answer.body);
    else {
        print_list(call, json_object_get(answer.body, "wrong"), "partition=Partition/分区,wrong=Wrong/不一致");
        printf("%lld %s\n", (long long)json_integer_value(json_object_get(answer.body, "entities")),
               consistent ? say(call, "entities, each with its timer and list entry", "个实体，计时与列表均一致")
                          : say(call, "entities; what is wrong stands above", "个实体；不一致之处见上"));
    }
    json_decref(answer.body);
    return consistent ? EXIT_OK : EXIT_REFUSED;
}

int run_status(struct invocation *call)
{
    struct client_answer answer = client_get(call->client, "/v1/status");
    int code = answer.status == 200 ? EXIT_OK : answer_failed(call, &answer);
    if (code == EXIT_OK && call->json)
        print_json(answer.body);
    else if (code == EXIT_OK) {
        const json_t *store = json_object_get(answer.body, "store");
        const char *oldest = json_string_value(json_object_get(answer.body, "oldest_due"));
        print_list(call, json_object_get(answer.body, "stages"), "stage=Stage/环节,replicas=Replicas/副本,partitions=Owned/持有,of=Of/总数,lag=Lag/积压");
        printf("\nevents %lld  timers %lld  dead letters %lld  sending %lld  quarantined %zu  oldest due %s\n",
               (long long)json_integer_value(json_object_get(answer.body, "events")),
               (long long)json_integer_value(json_object_get(answer.body, "timers")),
               (long long)json_integer_value(json_object_get(answer.body, "dead_letters")),
               (long long)json_integer_value(json_object_get(answer.body, "sending")),
               json_array_size(json_object_get(answer.body, "quarantined")), oldest ? oldest : "none");
        printf("store %lld bytes of %lld, days left %lld\n", (long long)json_integer_value(json_object_get(store, "used_bytes")),
               (long long)json_integer_value(json_object_get(store, "limit_bytes")),
               (long long)json_integer_value(json_object_get(store, "days_left")));
    }
    json_decref(answer.body);
    return code;
}
