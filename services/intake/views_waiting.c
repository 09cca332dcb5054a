#include <string.h>

#include "entity.h"
#include "partition.h"
#include "views.h"
#include "views_waiting.h"

/* The waiting room's screen: each car of the day with its stage, under a masked name, whoever asks. */

enum { ROUNDS_SHOWN_MAX = 32 };

struct waiting {
    struct views *views;
    const struct view_request *request;
    const struct site *site;
    struct json_style style;
    const struct workshop_job *job;
};

/* -------- entities */

static const void *read_one(const struct waiting *waiting, enum entity_kind kind, const char *id)
{
    struct store *store = waiting->views->store;
    struct arena *arena = waiting->request->arena;
    struct stored_entity entity;
    bool read = store_read_entities_one(store, partition_of_site(waiting->site->id, waiting->views->partitions), kind,
                                                &id, 1, arena, &entity) == STORE_OK;
    return read && entity.version ? entity_read(kind, id, entity.packed, arena) : NULL;
}

/* The last plan of this rule about the job; NULL: none. */
static const struct plan *plan_of(const struct waiting *waiting, const struct playbook *playbook, const struct rule *rule)
{
    const struct plan *latest = NULL;
    for (int round = 1; round <= ROUNDS_SHOWN_MAX; round++) {
        const char *suffix = round > 1 ? arena_printf(waiting->request->arena, ".%d", round) : "";
        const struct plan *plan = read_one(waiting, ENTITY_PLAN,
                                           arena_printf(waiting->request->arena, "%s/%s.%s.%s%s", waiting->site->id,
                                                        waiting->job->job, playbook->name, rule->name, suffix));
        if (!plan)
            break;
        latest = plan;
    }
    return latest;
}

/* -------- where a car is */

static void stage_put(const struct waiting *waiting, json_t *to, const char *name, const char *zh, const char *en, wall_ms since)
{
    json_object_set_new(to, "stage", json_string(name));
    json_object_set_new(to, "zh", json_string(zh));
    json_object_set_new(to, "en", json_string(en));
    json_object_set_new(to, "since", view_time(since, &waiting->style, waiting->request->arena));
}

/* By the plan that a playbook has made for the job; false: no playbook follows jobs through stages. */
static bool stage_of_plan(const struct waiting *waiting, json_t *to)
{
    for (size_t i = 0; i < waiting->site->playbook_count; i++) {
        const struct playbook *playbook = waiting->site->playbooks[i].playbook;
        for (size_t k = 0; k < playbook->rule_count; k++) {
            const struct rule *rule = &playbook->rules[k];
            bool staged = rule->on == EVENT_WORKSHOP_BOOKED && *rule->name && *rule->stages[0].name;
            const struct plan *plan = staged ? plan_of(waiting, playbook, rule) : NULL;
            for (size_t s = 0; plan && s < rule->stage_count; s++)
                if (!strcmp(rule->stages[s].name, plan->stage)) {
                    stage_put(waiting, to, plan->stage, rule->stages[s].zh, rule->stages[s].en, plan->stage_entered_at);
                    return true;
                }
        }
    }
    return false;
}

/* By the plan of technicians and bays alone. */
static void stage_of_job(const struct waiting *waiting, json_t *to)
{
    static const struct { int state; const char *zh, *en; } said[] = {
        {JOB_PLANNED, "待施工", "expected"}, {JOB_STARTED, "维修中", "at work"}, {JOB_DONE, "已完工", "done"},
        {JOB_DISPLACED, "改期中", "another day is being agreed"},
    };
    for (size_t i = 0; i < sizeof said / sizeof *said; i++)
        if (said[i].state == waiting->job->state)
            stage_put(waiting, to, words_name(&job_state_words, waiting->job->state), said[i].zh, said[i].en, 0);
}

static const char *name_masked(const struct waiting *waiting)
{
    struct arena *arena = waiting->request->arena;
    const char *id = waiting->job->customer;
    const struct customer *customer =
        *id ? read_one(waiting, ENTITY_CUSTOMER, arena_printf(arena, "%s/%s", waiting->site->id, id)) : NULL;
    struct customer_recorded *person = record_new(&customer_recorded_record, arena);
    struct slice plain;
    struct fault fault;
    if (!customer || !waiting->views->sealer || !customer->sealed.bytes ||
        seal_open(waiting->views->sealer, id, customer->sealed, arena, &plain) != 1 ||
        !record_unpack(&customer_recorded_record, plain, arena, person, &fault))
        return "";
    return view_mask(person->name, arena);
}

json_t *waiting_json(struct views *views, const struct view_request *request, const struct site *site,
                     const struct workshop_job *job, wall_ms now)
{
    struct waiting waiting = {views, request, site, view_style(site), job};
    json_t *to = json_pack("{s:s, s:s}", "job", job->job, "name", name_masked(&waiting));
    if (!stage_of_plan(&waiting, to))
        stage_of_job(&waiting, to);
    json_object_set_new(to, "start_at", view_time(job->start_at, &waiting.style, request->arena));
    json_object_set_new(to, "hand_over_at", view_time(job->hand_over_at, &waiting.style, request->arena));
    json_object_set_new(to, "late", json_boolean(job->hand_over_at && job->hand_over_at < now && job->state != JOB_DONE));
    return to;
}
