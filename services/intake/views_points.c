#include <string.h>

#include "entity.h"
#include "ledger.h"
#include "partition.h"
#include "views.h"

/* Loyalty points of one customer, beside the record: the account with its lots, and what the level brings. */

static const struct loyalty_rules *rules_of(const struct site *site)
{
    for (size_t i = 0; site && i < site->playbook_count; i++)
        if (site->playbooks[i].playbook->loyalty.present)
            return &site->playbooks[i].playbook->loyalty;
    return NULL;
}

static json_t *benefits_json(const struct loyalty_level *level)
{
    json_t *list = json_array();
    for (size_t i = 0; level && i < level->benefit_count; i++)
        json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "benefit", level->benefits[i].name, "zh",
                                              level->benefits[i].zh, "en", level->benefits[i].en));
    return list;
}

/* How many points more the next level takes; null: there is none. */
static json_t *next_level_json(const struct loyalty_rules *rules, int64_t merit)
{
    for (size_t i = 0; rules && i < rules->level_count; i++)
        if (rules->levels[i].from > merit)
            return json_pack("{s:s, s:I}", "level", rules->levels[i].name, "missing",
                             (json_int_t)(rules->levels[i].from - merit));
    return json_null();
}

void view_add_points(struct views *views, const struct view_request *request, const struct customer *customer, json_t *to)
{
    struct stored_entity entity;
    const struct points_account *account;
    if (store_read_entities_one(views->store, partition_of_site(customer->site, views->partitions),
                                               ENTITY_POINTS_ACCOUNT, &customer->id, 1, request->arena, &entity) != STORE_OK ||
        !entity.version ||
        !(account = entity_read(ENTITY_POINTS_ACCOUNT, customer->id, entity.packed, request->arena)))
        return;
    const struct site *site = view_site(views, customer->site, request->arena);
    const struct loyalty_rules *rules = rules_of(site);
    struct json_style style = view_style(site);
    json_t *json = record_to_json(&points_account_record, account, &style);
    json_object_del(json, "id");
    json_object_del(json, "site");
    json_object_set_new(json, "benefits", benefits_json(rules ? loyalty_level_named(rules, account->level) : NULL));
    json_object_set_new(json, "next_level", next_level_json(rules, ledger_merit(account)));
    json_object_set_new(to, "loyalty", json);
}
