/* care consumers: other teams' programs that keep a durable name, and forgetting one that does not come back. */
#include <stdio.h>
#include <string.h>

#include "command.h"

const char consumer_columns[] =
    "name=Name/名称,actor=Key/密钥,partitions=Partitions/分区数,lag=Lag/积压,seen_at=Last heard/最近联系";

static int list(struct invocation *call)
{
    struct client_answer answer = client_get(call->client, "/v1/consumers");
    int code = answer.status == 200 ? EXIT_OK : answer_failed(call, &answer);
    if (code == EXIT_OK)
        print_list(call, answer.body, consumer_columns);
    json_decref(answer.body);
    return code;
}

static int forget(struct invocation *call, const char *name)
{
    const char *path = arena_printf(call->arena, "/v1/consumers/%s%s", url_text(call->arena, name),
                                    option(call, "force") ? "?force=yes" : "");
    struct client_answer answer = client_delete(call->client, path);
    int code = answer.status == 200 ? EXIT_OK : answer_failed(call, &answer);
    if (code == EXIT_OK && call->json)
        print_json(answer.body);
    else if (code == EXIT_OK)
        printf(say(call, "%s is forgotten: the log waits for it no longer\n", "已移除 %s：日志不再为其保留\n"), name);
    json_decref(answer.body);
    return code;
}

int run_consumers(struct invocation *call)
{
    const char *verb = argument(call, 0), *name = argument(call, 1);
    if (!verb)
        return list(call);
    if (!strcmp(verb, "forget") && name && !argument(call, 2))
        return forget(call, name);
    fprintf(stderr, "care: care consumers [forget NAME]\n");
    return EXIT_USAGE;
}
