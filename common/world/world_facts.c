/* What comes into a world, and what can be looked at. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "entity.h"
#include "fnv.h"
#include "partition.h"
#include "plan_fold.h"
#include "world_parts.h"

static const char *text_or(const char *text, const char *otherwise)
{
    return text && *text ? text : otherwise;
}

static const char *text_field(const struct record *record, const void *data, const char *name)
{
    const struct field *field = record_field(record, name);

    if (!field || field->kind != FIELD_TEXT)
        return "";
    return text_or(*(const char *const *)((const char *)data + field->offset), "");
}

/* As intake settles it: named, or by mobile or e-mail; a fact that tells of somebody unknown has a customer of its own.
 * What a form or an act brings without one is about whom its task or case is about. */
static const char *customer_of(struct sealer *sealer, struct arena *arena, const struct event *event, const void *data,
                               bool personal)
{
    const struct record *record = event_types[event->number].data;
    const char *contact = text_field(record, data, "mobile");
    char id[24];

    if (event->customer && *event->customer)
        return event->customer;
    contact = *contact ? contact : text_field(record, data, "email");
    if (!*contact && (!personal || event_types[event->number].class != FACT))
        return "";
    contact = *contact ? contact_normal(arena, contact) : arena_printf(arena, "%s\n%s", event->source, event->id);
    seal_customer_id(sealer, event->site, contact, id);
    return arena_string(arena, id);
}

static void seal_personal(struct sealer *sealer, struct arena *arena, const struct event *event,
                          const struct buffer *personal, struct buffer *sealed)
{
    const char *key = *event->customer ? event->customer : arena_printf(arena, "site/%s", event->site);
    bool made = seal_make(sealer, key, buffer_slice(personal), sealed);

    assert(made);
}

/* Whom a form that is there already is about. "": nobody, or there is none. */
static const char *customer_of_form(struct world *world, const struct event *event, const struct form_fill *fill)
{
    const struct filled_form *form = world_entity(
        world, ENTITY_FORM, arena_printf(world->arena, "%s/%s.%s", event->site, fill->form, fill->number), world->arena);

    return form ? form->customer : "";
}

uint64_t world_pack(struct sealer *sealer, const struct event *like, const void *data, struct buffer *to)
{
    struct arena *arena = arena_new();
    struct buffer open = {0}, personal = {0}, sealed = {0};
    struct event event = *like;

    record_pack_only(event_types[like->number].data, data, PERSONAL, &personal);
    bool has_personal = personal.bytes > 1;         /* more than an empty map */
    event.received_at = like->received_at ? like->received_at : like->time;
    event.customer = customer_of(sealer, arena, like, data, has_personal);
    if (has_personal)
        seal_personal(sealer, arena, &event, &personal, &sealed);
    record_pack(event_types[like->number].data, data, PERSONAL, &open);
    event.sealed = buffer_slice(&sealed);
    event.data = buffer_slice(&open);
    event_pack(&event, to);
    uint64_t digest = fnv_bytes(FNV_START, event.data.at, event.data.bytes);
    buffer_free(&open);
    buffer_free(&personal);
    buffer_free(&sealed);
    arena_free(&arena);
    return digest;
}

/* A scene may tell what a stage would have said: then it is that stage which appends it. */
static enum stage writer_of(enum event_number number)
{
    if (stage_may_append(STAGE_NONE, number))
        return STAGE_NONE;
    return event_types[number].class == ANY_STAGE ? STAGE_SCHEDULER : (enum stage)event_types[number].class;
}

bool world_append(struct world *world, const struct event *like, const void *data)
{
    struct buffer packed = {0};
    struct event event = *like;

    assert(like->number != EVENT_UNKNOWN && like->site && *like->site);
    arena_reset(world->arena);
    event.id = text_or(like->id, arena_printf(world->arena, "fact-%llu", (unsigned long long)world->appended++));
    event.source = text_or(like->source, "test");
    event.time = world_now(world);
    if (event.number == EVENT_FORM_FILL && !*text_or(like->customer, ""))
        event.customer = customer_of_form(world, &event, data);
    uint64_t digest = world_pack(world->sealer, &event, data, &packed);
    struct fact fact = {.key = arena_printf(world->arena, "%s\n%s", event.source, event.id), .digest = digest,
                        .chain_id = dice_chance(&world->dice), .stage = writer_of(event.number),
                        .packed = buffer_slice(&packed)};
    enum store_status status = store_append_one(world->store, world_partition(world, event.site), &fact,
                                                               1);
    assert(status == STORE_OK);
    if (fact.outcome == APPEND_NEW)
        world->outside->functions->publish(world->outside, &fact.place, event.type, fact.packed);
    snprintf(world->last_id, sizeof world->last_id, "%s", event.id);
    buffer_free(&packed);
    return fact.outcome == APPEND_NEW;
}

const char *world_last_id(const struct world *world)
{
    return world->last_id;
}

static bool read_envelope(json_t *json, struct arena *arena, struct event *ret, struct fault *fault)
{
    json_t *envelope = json_copy(json);

    json_object_del(envelope, "data");
    bool read = record_from_json(&event_record, envelope, arena, ret, fault);
    json_decref(envelope);
    if (!read)
        return false;
    ret->number = event_number(text_or(ret->type, ""));
    if (ret->number == EVENT_UNKNOWN)
        return fault_at(fault, "type", "there is no such type: %s", text_or(ret->type, ""));
    if (!ret->site || !*ret->site)
        return fault_at(fault, "site", "must be given");
    return true;
}

bool world_append_json(struct world *world, json_t *json, struct fault *fault)
{
    struct arena *arena = arena_new();
    struct event event = event_of(EVENT_UNKNOWN);
    json_t *data = json_object_get(json, "data");
    bool good = read_envelope(json, arena, &event, fault);

    if (good) {
        const struct record *record = event_types[event.number].data;
        void *read = record_new(record, arena);
        good = (!data || record_from_json(record, data, arena, read, fault)) && record_complete(record, read, fault);
        if (good)
            world_append(world, &event, read);
    }
    arena_free(&arena);
    return good;
}

void world_apply(struct world *world, enum config_kind kind, const char *name, struct slice content, const char *site)
{
    char hash[65];
    struct config_activated data = {.kind = (int)kind, .name = name, .hash = hash};
    struct event event = event_of(EVENT_CONFIG_ACTIVATED);

    content_hash(content, hash);
    enum store_status status = world->store->functions->content_put(world->store, hash, content);
    assert(status == STORE_OK);
    event.site = site;
    world_append(world, &event, &data);
}

/* ---------------------------------------------------------------- looking */

bool world_content(void *context, const char *hash, struct arena *arena, struct slice *ret)
{
    struct world *world = context;

    return world->store->functions->content_get(world->store, hash, arena, ret) == STORE_OK && ret->bytes > 0;
}

static void plan_as_made(struct world *world, struct plan *plan, struct arena *arena)
{
    const struct site_config *config = world_entity(world, ENTITY_SCHEDULER_SITE, plan->site, arena);

    plan_unfold(plan, config, content_playbook(world->contents, plan_playbook_hash(plan, config)), arena);
}

static const void *entity_as_made(struct world *world, enum entity_kind kind, const struct stored_entity *stored,
                                  struct arena *arena)
{
    void *entity = entity_read(kind, stored->id, stored->packed, arena);

    if (entity && kind == ENTITY_PLAN && ((struct plan *)entity)->version)
        plan_as_made(world, entity, arena);
    return entity;
}

const void *world_entity(struct world *world, enum entity_kind kind, const char *id, struct arena *arena)
{
    struct stored_entity stored = {0};
    char site[NAME_BYTES_MAX + 1];
    size_t bytes = strcspn(id, "/");

    assert(bytes <= NAME_BYTES_MAX);
    memcpy(site, id, bytes);
    site[bytes] = '\0';
    enum store_status status = store_read_entities_one(world->store, world_partition(world, site), kind,
                                                                      &id, 1,
                                                                      arena, &stored);
    assert(status == STORE_OK);
    return stored.version > 0 ? entity_as_made(world, kind, &stored, arena) : NULL;
}

void world_each_entity(struct world *world, enum entity_kind kind,
                       void (*each)(void *context, const char *id, const void *entity), void *context)
{
    struct arena *arena = arena_new();
    struct stored_entity_list list;

    for (uint32_t i = 0; i < world->options.partitions; i++) {
        uint64_t cursor = 0;
        do {
            arena_reset(arena);
            list = (struct stored_entity_list){0};
            enum store_status status = world->store->functions->scan_entities(world->store, i, kind, &cursor, arena,
                                                                              &list);
            assert(status == STORE_OK);
            for (size_t k = 0; k < list.count; k++)
                each(context, list.at[k].id, entity_as_made(world, kind, &list.at[k], arena));
        } while (cursor != 0);
    }
    arena_free(&arena);
}

struct texts world_queue(struct world *world, const char *site, const char *prefix, struct arena *arena)
{
    struct texts members = {0};
    enum store_status status = world->store->functions->read_queue(world->store, world_partition(world, site), prefix,
                                                                   "",
                                                                   READ_MAX, arena, &members);

    assert(status == STORE_OK);
    return members;
}
