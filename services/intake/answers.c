/* POST /v1/answers/SITE/TASK/CODE: what a customer fills in over the link of a message. The key is the shop's page's; the
 * code is the customer's, and all that it opens is the one form that the task asks for. */
#include <microhttpd.h>

#include "entity.h"
#include "intake.h"
#include "partition.h"
#include "views.h"

static const struct task *task_of(struct intake *intake, const char *site, const char *task, struct arena *arena)
{
    struct store *store = daemon_store(intake->daemon);
    const char *id = arena_printf(arena, "%s/%s", site, task);
    struct stored_entity entity = {0};
    uint32_t partition = partition_of_site(site, daemon_partitions(intake->daemon));
    if (store_read_entities_one(store, partition, ENTITY_TASK, &id, 1, arena, &entity) != STORE_OK ||
        !entity.version)
        return NULL;
    return entity_read(ENTITY_TASK, id, entity.packed, arena);
}

/* The act that it is, owned by the caller. */
static json_t *filling_of(const struct http_exchange *exchange, const struct task *task, const json_t *fields)
{
    json_t *act = json_pack("{s:s, s:s, s:{s:s, s:s, s:O}}", "type", event_types[EVENT_FORM_FILL].name, "site",
                            exchange->part[0], "data", "form", task->form, "task", task->id, "fields",
                            fields);
    if (*task->customer)
        json_object_set_new(act, "customer", json_string(task->customer));
    return act;
}

void post_answer(struct http_exchange *exchange, void *daemon)
{
    struct intake *intake = daemon_context(daemon);
    struct credential credential;
    if (!intake_credential(intake, exchange, &credential) || intake_is_pressed(intake, exchange))
        return;
    json_t *json = intake_json(exchange);
    if (!json)
        return;
    const struct task *task = NULL;
    if (view_link_is_right(daemon_sealer(daemon), exchange->part[0], exchange->part[1], exchange->part[2]))
        task = task_of(intake, exchange->part[0], exchange->part[1], exchange->arena);
    const json_t *fields = json_object_get(json, "fields");
    credential.role = "customer";       /* whoever's key it is: what it may fill in is what customers are asked */
    if (!task || !*task->form) {
        http_refuse(exchange, MHD_HTTP_NOT_FOUND, "this link leads nowhere", NULL, "it is SITE/TASK/CODE, as the message had it");
    } else if (!json_is_object(fields)) {
        http_refuse(exchange, MHD_HTTP_BAD_REQUEST, "fields are missing", "fields", "{\"fields\": {\"score\": 5}}");
    } else {
        json_t *act = filling_of(exchange, task, fields);
        act_take(intake, exchange, &credential, act);
        json_decref(act);
    }
    json_decref(json);
}
