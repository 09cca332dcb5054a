/* installation: how the whole of it is. */
#include <stdio.h>

#include "command.h"

int run_check(struct invocation *call)
{
    const char *site = option(call, "site");
    struct client_answer answer = client_get(
        call->client, site ? arena_printf(call->arena, "/v1/check?site=%s", url_text(call->arena, site)) : "/v1/check");
    if (answer.status != 200) {
        int code = answer_failed(call, &answer);
        json_decref(answer.body);
        return code;
    }
    bool consistent = json_is_true(json_object_get(answer.body, "consistent"));
    if (call->json)
        print_json(answer.body);
    else {
        if (!consistent)
            print_list(call, json_object_get(answer.body, "wrong"), "partition=Partition/分区,wrong=Wrong/不一致");
        printf("%lld %s\n", (long long)json_integer_value(json_object_get(answer.body, "entities")),
               consistent ? say(call, "entities, each with its timer and list entry", "个实体，计时与列表均一致")
                          : say(call, "entities; what is wrong stands above", "个实体；不一致之处见上"));
    }
    json_decref(answer.body);
    return consistent ? EXIT_OK : EXIT_REFUSED;
}

static long long number_of(const json_t *object, const char *key)
{
    return (long long)json_integer_value(json_object_get(object, key));
}

static void print_store(const struct invocation *call, const json_t *store)
{
    long long limit = number_of(store, "limit_bytes"), days = number_of(store, "days_left");
    printf("%s: %.1f MB", say(call, "Redis", "Redis 存储"), (double)number_of(store, "used_bytes") / 1e6);
    if (limit)
        printf(say(call, " of %.1f MB", " / %.1f MB"), (double)limit / 1e6);
    else
        printf("%s", say(call, ", no limit set", "，未设上限"));
    if (days >= 0)
        printf(say(call, ", full in %lld days", "，约 %lld 天后写满"), days);
    puts(json_is_true(json_object_get(store, "reachable")) ? "" : say(call, ", does not answer", "，无响应"));
}

static void print_quarantined(const struct invocation *call, const json_t *list)
{
    if (!json_array_size(list))
        return;
    printf("\n%s\n", say(call, "Events set aside:", "被隔离的事件："));
    print_list(call, list, "stage=Stage/环节,partition=Partition/分区,seq=Seq/序号,type=Type/类型");
}

static void print_consumers(const struct invocation *call, const json_t *list)
{
    if (!json_array_size(list))
        return;
    printf("\n%s\n", say(call, "Consumers:", "订阅方："));
    print_list(call, list, "name=Name/名称,actor=Key/密钥,partitions=Partitions/分区数,lag=Lag/积压,seen_at=Last heard/最近联系");
}

static void print_status(const struct invocation *call, const json_t *body)
{
    print_list(call, json_object_get(body, "stages"),
               "stage=Stage/环节,replicas=Replicas/副本,partitions=Owned/持有,of=Of/总数,"
               "lag=Lag/积压,oldest_due=Next due/最早到期");
    printf(say(call, "\nevents %lld, timers %lld, dead letters %lld, being sent %lld, set aside %zu\n",
               "\n事件 %lld，计时 %lld，死信 %lld，发送中 %lld，被隔离 %zu\n"),
           number_of(body, "events"), number_of(body, "timers"), number_of(body, "dead_letters"),
           number_of(body, "sending"), json_array_size(json_object_get(body, "quarantined")));
    print_store(call, json_object_get(body, "store"));
    print_quarantined(call, json_object_get(body, "quarantined"));
    print_consumers(call, json_object_get(body, "consumers"));
}

int run_status(struct invocation *call)
{
    struct client_answer answer = client_get(call->client, "/v1/status");
    int code = answer.status == 200 ? EXIT_OK : answer_failed(call, &answer);
    if (code == EXIT_OK && call->json)
        print_json(answer.body);
    else if (code == EXIT_OK)
        print_status(call, answer.body);
    json_decref(answer.body);
    return code;
}
