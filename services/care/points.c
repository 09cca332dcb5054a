/* points: a customer's loyalty points: what is held and what became of it, and the acts on it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"

static int wrong_use(const struct invocation *call)
{
    fprintf(stderr, "care: care %s %s\n", call->command->name, call->command->usage);
    return EXIT_USAGE;
}

/* -------- showing */

static int get(struct invocation *call, const char *path,
               void (*show)(const struct invocation *call, const json_t *body))
{
    struct client_answer answer = client_get(call->client, path);
    int code = answer.status == 200 ? EXIT_OK : answer_failed(call, &answer);
    if (code == EXIT_OK)
        show(call, answer.body);
    json_decref(answer.body);
    return code;
}

static void show_account(const struct invocation *call, const json_t *customer)
{
    static const struct { const char *key, *english, *chinese; } lines[] = {
        {"level", "level", "级别"}, {"held", "points", "现有积分"}, {"next_level.level", "next level", "下一级别"},
        {"next_level.missing", "missing for it", "还差"},
    };
    const json_t *loyalty = json_object_get(customer, "loyalty");
    const char *language = call->chinese ? "zh" : "en";
    size_t i;
    json_t *benefit;
    if (call->json)
        return;
    for (size_t line = 0; line < sizeof lines / sizeof *lines; line++)
        print_line(call, say(call, lines[line].english, lines[line].chinese), loyalty, lines[line].key);
    json_array_foreach(json_object_get(loyalty, "benefits"), i, benefit)
        print_line(call, say(call, "benefit", "权益"), benefit, language);
    if (loyalty)
        print_list(call, json_object_get(loyalty, "lots"), "points=Points/积分,since_at=Since/起,expires_at=End/到期");
    puts("");
}

static void show_entries(const struct invocation *call, const json_t *entries)
{
    print_list(call, entries, "at=When/时间,id=Entry/编号,customer=Customer/客户,state=State/状态,from=From/转出,to=To/转入,"
                              "points=Points/积分,held=Held after/余额,about=About/关于,gift=For/兑换,by=By/经办,"
                              "decided_by=Decided by/审批,reason=Reason/原因");
}

static const char *with_option(struct invocation *call, const char *path, const char *name)
{
    const char *value = option(call, name);
    return value ? arena_printf(call->arena, "%s&%s=%s", path, name, url_text(call->arena, value)) : path;
}

static int show_points(struct invocation *call, const char *customer)
{
    const char *site = site_of_call(call, customer), *id = customer && site ? full_id(call, customer) : "";
    if (!site || !id)
        return EXIT_USAGE;
    const char *path = arena_printf(call->arena, "/v1/points?site=%s", url_text(call->arena, site));
    if (*id) {
        path = arena_printf(call->arena, "%s&customer=%s", path, url_text(call->arena, strchr(id, '/') + 1));
        int code = get(call, arena_printf(call->arena, "/v1/customers/%s", url_text(call->arena, id)), show_account);
        if (code != EXIT_OK)
            return code;
    }
    return get(call, with_option(call, with_option(call, path, "state"), "limit"), show_entries);
}

/* -------- acting */

/* How many; false with a message printed. */
static bool points_read(const char *text, long long *ret)
{
    char *end;
    *ret = strtoll(text, &end, 10);
    if (*text && !*end)
        return true;
    fprintf(stderr, "care: \"%s\" is no number of points\n", text);
    return false;
}

static int act_on_customer(struct invocation *call, const char *type)
{
    long long points;
    if (!argument(call, 1) || !argument(call, 2))
        return wrong_use(call);
    const char *site = site_of_call(call, argument(call, 1)), *id = site ? full_id(call, argument(call, 1)) : NULL;
    if (!id || !points_read(argument(call, 2), &points))
        return EXIT_USAGE;
    json_t *data = json_pack("{s:s, s:I}", "customer", strchr(id, '/') + 1, "points", (json_int_t)points);
    put_text(data, "entry", option(call, "entry"));
    put_text(data, "about", option(call, "about"));
    put_text(data, "gift", option(call, "gift"));
    put_text(data, "reason", option(call, "reason"));
    return act(call, type, site, data);
}

static int act_on_entry(struct invocation *call, const char *type)
{
    if (!argument(call, 1))
        return wrong_use(call);
    json_t *data = json_object();
    put_text(data, "entry", full_id(call, argument(call, 1)));
    put_text(data, "reason", option(call, "reason"));
    return act(call, type, site_of_call(call, argument(call, 1)), data);
}

int run_points(struct invocation *call)
{
    static const struct { const char *verb, *type; int (*run)(struct invocation *call, const char *type); } verbs[] = {
        {"redeem", "points.redeem", act_on_customer}, {"correct", "points.correct", act_on_customer},
        {"approve", "points.approve", act_on_entry}, {"decline", "points.decline", act_on_entry},
    };
    const char *verb = argument(call, 0);
    for (size_t i = 0; verb && i < sizeof verbs / sizeof *verbs; i++)
        if (!strcmp(verb, verbs[i].verb))
            return verbs[i].run(call, verbs[i].type);
    return show_points(call, verb);
}
