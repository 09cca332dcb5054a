/* care check: does everything that is open have its timer and its list entry? */
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
