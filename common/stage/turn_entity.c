/* Entities and the queue as a batch sees them. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "entity.h"
#include "fnv.h"
#include "log.h"
#include "turn.h"

static unsigned slot_of(enum entity_kind kind, const char *id)
{
    uint64_t hash = fnv_text(FNV_START ^ (uint64_t)kind, id);

    return (hash ^ (hash >> 32)) % TURN_SLOTS;
}

static bool is_own(const struct turn *turn, enum entity_kind kind)
{
    assert(kind >= 0 && kind < ENTITY_COUNT);
    return entity_types[kind].stage == turn->tools->core->stage;
}

struct turn_entity *turn_entity_add(struct turn *turn, enum entity_kind kind, const struct stored_entity *stored,
                                    bool kept)
{
    struct turn_entity *entity = arena_alloc(turn->arena, sizeof *entity);

    entity->slot = slot_of(kind, stored->id);
    entity->kind = kind;
    entity->id = arena_string(turn->arena, stored->id);
    entity->before = *stored;
    entity->before.id = entity->id;
    entity->before.queue = arena_string(turn->arena, stored->queue);
    entity->packed = stored->version ? stored->packed : (struct slice){0};
    entity->due = stored->due;
    entity->queue = entity->before.queue;
    entity->kept = kept;
    entity->chain = turn->slots[entity->slot];
    turn->slots[entity->slot] = entity;
    *turn->last = entity;
    turn->last = &entity->next;
    turn->entity_count++;
    return entity;
}

static struct turn_entity *listed_find(const struct turn *turn, enum entity_kind kind, const char *id)
{
    struct turn_entity *at = turn->slots[slot_of(kind, id)];

    while (at && !(at->kind == kind && strcmp(at->id, id) == 0))
        at = at->chain;
    return at;
}

/* What the cache knows, taken over; NULL: nothing. */
static struct turn_entity *cached_take(struct turn *turn, enum entity_kind kind, const char *id)
{
    struct stored_entity stored;

    if (!is_own(turn, kind) || !entity_cache_find(turn->tools->cache, turn->partition, kind, id, &stored))
        return NULL;
    if (stored.packed.bytes > 0)        /* the turn outlives other turns, which the cache keeps too */
        stored.packed.at = arena_copy(turn->arena, stored.packed.at, stored.packed.bytes);
    return turn_entity_add(turn, kind, &stored, true);
}

/* What this batch or the cache knows; NULL: ask the store. */
struct turn_entity *turn_entity_known(struct turn *turn, enum entity_kind kind, const char *id)
{
    struct turn_entity *latest = turn->latest[kind];

    if (latest && strcmp(latest->id, id) == 0)
        return latest;
    struct turn_entity *found = listed_find(turn, kind, id);
    if (!found)
        found = cached_take(turn, kind, id);
    if (found)
        turn->latest[kind] = found;
    return found;
}

/* What was read ahead and never looked at is no condition of the commit. */
static struct turn_entity *entity_seen(struct turn *turn, struct turn_entity *entity)
{
    if (!entity->read && !is_own(turn, entity->kind))
        turn->foreign_count++;
    entity->read = true;
    return entity;
}

struct turn_entity *turn_entity(struct turn *turn, enum entity_kind kind, const char *id)
{
    struct turn_entity *entity = turn_entity_known(turn, kind, id);
    struct stored_entity stored = {0};

    if (entity)
        return entity_seen(turn, entity);
    if (store_read_entities_one(turn->tools->store, turn->partition, kind, &id, 1, turn->arena,
                                                     &stored) != STORE_OK)
        turn_leave(turn, "store");
    stored.id = id;
    return entity_seen(turn, turn_entity_add(turn, kind, &stored, false));
}

static bool id_fits(const char *id)
{
    return id && *id && strlen(id) <= ENTITY_ID_BYTES_MAX;
}

void turn_expect_none(struct turn *turn, enum entity_kind kind, const char *id)
{
    struct stored_entity none = {.id = id, .queue = ""};

    assert(is_own(turn, kind));
    if (turn->looks || !id_fits(id) || turn_entity_known(turn, kind, id))
        return;
    turn_entity_add(turn, kind, &none, false)->expected_none = true;
    turn->expected_count++;
}

/* Once; false: it cannot be read. */
static bool entity_decode(struct turn *turn, struct turn_entity *entity, struct fault *fault)
{
    if (entity->decoded)
        return true;
    void *decoded = record_new(entity_types[entity->kind].record, turn->arena);
    if (!entity_unpack(entity->kind, entity->id, entity->packed, turn->arena, decoded, fault))
        return false;
    entity->decoded = decoded;
    entity->folded = turn->tools->core->unfold && is_own(turn, entity->kind);
    return true;
}

/* Only while an event is worked: settings may have to be read. */
static const void *entity_unfolded(struct turn *turn, struct turn_entity *entity)
{
    if (entity->folded)
        turn->tools->core->unfold(turn, entity->kind, (void *)entity->decoded);
    entity->folded = false;
    return entity->decoded;
}

static void leave_unreadable(struct turn *turn, const struct turn_entity *entity, const struct fault *fault)
{
    log_error("entity.unreadable", log_text("kind", entity_types[entity->kind].name), log_text("id", entity->id),
              log_text("field", fault->field), log_text("fault", fault->what));
    turn->broken = true;
    turn_leave(turn, "entity that can be read");
}

const void *turn_get(struct turn *turn, enum entity_kind kind, const char *id)
{
    struct fault fault = {0};

    if (!id_fits(id))
        return NULL;
    struct turn_entity *entity = turn_entity(turn, kind, id);
    if (entity->packed.bytes == 0)
        return NULL;
    if (!entity_decode(turn, entity, &fault))
        leave_unreadable(turn, entity, &fault);
    return entity_unfolded(turn, entity);
}

const void *turn_peek(struct turn *turn, enum entity_kind kind, const char *id)
{
    struct turn_entity *entity = turn_entity_known(turn, kind, id);
    struct fault fault = {0};

    return entity && entity->packed.bytes > 0 && entity_decode(turn, entity, &fault) ? entity->decoded : NULL;
}

/* Each once in an event. */
static void note_due(struct turn *turn, struct turn_entity *entity)
{
    if (entity->due == 0 || entity->due > turn->event->time || entity->due_in == turn->place.seq)
        return;
    entity->due_in = turn->place.seq;
    entity->next_due = turn->due;
    turn->due = entity;
}

void turn_entity_set(struct turn *turn, struct turn_entity *entity, struct slice packed, wall_ms due, const char *queue)
{
    turn->changed_count += !entity->changed;
    turn->bytes += packed.bytes;
    entity->changed = true;
    entity->decoded = NULL;
    entity->folded = false;
    entity->site = NULL;
    entity->packed = packed;
    entity->due = due;
    entity->queue = arena_string(turn->arena, queue);
    note_due(turn, entity);
}

void turn_put(struct turn *turn, enum entity_kind kind, const char *id, const void *record, wall_ms due,
              const char *queue)
{
    assert(is_own(turn, kind));
    assert(id_fits(id));
    assert(due >= 0 && due <= DUE_MAX);
    struct turn_entity *entity = turn_entity(turn, kind, id);
    const void *kept = turn->tools->core->fold ? turn->tools->core->fold(turn, kind, record) : record;
    buffer_clear(&turn->scratch);
    entity_pack(kind, id, kept, &turn->scratch);
    turn_entity_set(turn, entity, turn_packed(turn), due, queue);
}

void turn_delete(struct turn *turn, enum entity_kind kind, const char *id)
{
    assert(is_own(turn, kind));
    if (!id_fits(id))
        return;
    struct turn_entity *entity = turn_entity(turn, kind, id);
    if (entity->packed.bytes > 0)
        turn_entity_set(turn, entity, (struct slice){0}, 0, "");
}

/* Not if something was cut: the copy would say more than what is stored. */
void turn_put_lasting(struct turn *turn, enum entity_kind kind, const char *id, const void *record, wall_ms due,
                      const char *queue)
{
    uint64_t cut_before = record_cut_count();

    turn_put(turn, kind, id, record, due, queue);
    if (record_cut_count() == cut_before)
        turn_entity(turn, kind, id)->decoded = arena_copy(turn->arena, record, entity_types[kind].record->struct_bytes);
}

/* ---------------------------------------------------------------- what is due */

static bool is_due(const struct turn *turn, const struct turn_entity *entity, enum entity_kind kind)
{
    return entity->kind == kind && entity->packed.bytes > 0 && entity->due > 0 && entity->due <= turn->event->time;
}

/* As timers fire. */
static int due_compare(const void *left, const void *right)
{
    const struct turn_entity *a = *(const struct turn_entity *const *)left;
    const struct turn_entity *b = *(const struct turn_entity *const *)right;

    return a->due != b->due ? (a->due > b->due) - (a->due < b->due) : strcmp(a->id, b->id);
}

struct texts turn_due(struct turn *turn, enum entity_kind kind)
{
    struct texts ids = {0};
    size_t count = 0;

    if (turn->event->time < turn->at_once_from)
        return ids;
    for (struct turn_entity *at = turn->due; at; at = at->next_due)
        count += is_due(turn, at, kind);
    if (count == 0)
        return ids;
    struct turn_entity **due = arena_alloc(turn->arena, count * sizeof *due);
    ids.at = arena_alloc(turn->arena, count * sizeof *ids.at);
    for (struct turn_entity *at = turn->due; at; at = at->next_due)
        if (is_due(turn, at, kind))
            due[ids.count++] = at;
    qsort(due, count, sizeof *due, due_compare);
    for (size_t i = 0; i < count; i++)
        ids.at[i] = due[i]->id;
    return ids;
}

/* ---------------------------------------------------------------- the queue */

static bool begins_with(const char *text, const char *prefix)
{
    return *text && strncmp(text, prefix, strlen(prefix)) == 0;
}

static bool queue_moved(const struct turn_entity *entity)
{
    return entity->changed && strcmp(entity->queue, entity->before.queue) != 0;
}

static int text_compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool text_among(const struct texts *texts, const char *text)
{
    return texts->count > 0 && bsearch(&text, texts->at, texts->count, sizeof *texts->at, text_compare);
}

static bool is_listed(const char *member, const char *prefix, const char *after)
{
    return begins_with(member, prefix) && strcmp(member, after) > 0;
}

/* Members that this batch took out of the queue, and those that it put there; both sorted. */
static void queue_changes(struct turn *turn, const char *prefix, const char *after, struct texts *ret_out,
                          struct texts *ret_in)
{
    *ret_out = *ret_in = (struct texts){0};
    for (struct turn_entity *at = turn->first; at; at = at->next) {
        ret_out->count += queue_moved(at) && is_listed(at->before.queue, prefix, after);
        ret_in->count += queue_moved(at) && is_listed(at->queue, prefix, after);
    }
    ret_out->at = arena_alloc(turn->arena, (ret_out->count + 1) * sizeof *ret_out->at);
    ret_in->at = arena_alloc(turn->arena, (ret_in->count + 1) * sizeof *ret_in->at);
    ret_out->count = ret_in->count = 0;
    for (struct turn_entity *at = turn->first; at; at = at->next) {
        if (queue_moved(at) && is_listed(at->before.queue, prefix, after))
            ret_out->at[ret_out->count++] = at->before.queue;
        if (queue_moved(at) && is_listed(at->queue, prefix, after))
            ret_in->at[ret_in->count++] = at->queue;
    }
    qsort(ret_out->at, ret_out->count, sizeof *ret_out->at, text_compare);
    qsort(ret_in->at, ret_in->count, sizeof *ret_in->at, text_compare);
}

/* The stored members without those taken out, and those put in, in order. */
static struct texts queue_merge(struct turn *turn, const struct texts *stored, const struct texts *out,
                                const struct texts *in, size_t max)
{
    struct texts merged = {arena_alloc(turn->arena, (stored->count + in->count + 1) * sizeof *merged.at), 0};
    size_t i = 0, k = 0;

    while (merged.count < max && (i < stored->count || k < in->count)) {
        if (i < stored->count && text_among(out, stored->at[i]))
            i++;
        else if (k == in->count || (i < stored->count && strcmp(stored->at[i], in->at[k]) < 0))
            merged.at[merged.count++] = stored->at[i++];
        else
            merged.at[merged.count++] = in->at[k++];
    }
    return merged;
}

struct texts turn_queue_after(struct turn *turn, const char *prefix, const char *after, size_t max)
{
    struct texts stored = {0}, out, in;
    struct store *store = turn->tools->store;

    queue_changes(turn, prefix, after, &out, &in);
    if (store->functions->read_queue(store, turn->partition, prefix, after, max + out.count, turn->arena,
                                     &stored) != STORE_OK)
        turn_leave(turn, "store");
    return queue_merge(turn, &stored, &out, &in, max);
}

struct texts turn_queue(struct turn *turn, const char *prefix, size_t max)
{
    return turn_queue_after(turn, prefix, "", max);
}

/* ---------------------------------------------------------------- the commit */

/* Made and deleted within the batch: the store has nothing to do. */
static bool put_is_void(const struct turn_entity *entity)
{
    return !entity->changed || (entity->before.version == 0 && entity->packed.bytes == 0);
}

static struct entity_put put_of(const struct turn_entity *entity)
{
    return (struct entity_put){.kind = entity->kind, .id = entity->id, .version = entity->before.version + 1,
                               .packed = entity->packed, .due = entity->due, .due_before = entity->before.due,
                               .queue = entity->queue, .queue_before = entity->before.queue};
}

static void commit_events(struct turn *turn, struct commit *ret)
{
    ret->events = arena_alloc(turn->arena, (turn->emitted_count + 1) * sizeof *ret->events);
    ret->event_count = 0;
    for (struct turn_emitted *at = turn->emitted; at; at = at->next)
        ret->events[ret->event_count++] = (struct new_event){
            .chain_id = turn->tools->random(turn->tools->random_context), .packed = at->packed};
}

/* What was decided by it must hold when it is committed. A put says so itself. */
static bool is_condition(const struct turn *turn, const struct turn_entity *entity)
{
    return is_own(turn, entity->kind) ? entity->expected_none && put_is_void(entity) : entity->read;
}

void turn_commit(struct turn *turn, struct commit *ret)
{
    size_t conditions_max = turn->foreign_count + turn->expected_count;
    struct entity_put *puts = arena_alloc(turn->arena, (turn->changed_count + 1) * sizeof *puts);
    struct entity_condition *conditions = arena_alloc(turn->arena, (conditions_max + 1) * sizeof *conditions);

    ret->put_count = ret->condition_count = 0;
    for (struct turn_entity *at = turn->first; at; at = at->next) {
        if (is_condition(turn, at))
            conditions[ret->condition_count++] = (struct entity_condition){at->kind, at->id, at->before.version};
        else if (is_own(turn, at->kind) && !put_is_void(at))
            puts[ret->put_count++] = put_of(at);
    }
    ret->puts = puts;
    ret->conditions = conditions;
    commit_events(turn, ret);
}

void turn_keep(struct turn *turn)
{
    for (struct turn_entity *at = turn->first; at; at = at->next) {
        if (!is_own(turn, at->kind) || (at->kept && put_is_void(at)))
            continue;
        bool exists = at->packed.bytes > 0;
        struct stored_entity now = {.id = at->id, .packed = at->packed, .due = at->due, .queue = at->queue};
        now.version = !exists ? 0 : at->changed ? at->before.version + 1 : at->before.version;
        entity_cache_keep(turn->tools->cache, turn->partition, at->kind, &now);
    }
}

bool turn_is_idle(const struct turn *turn)
{
    return turn->changed_count == 0 && turn->emitted_count == 0 && turn->order_count == 0 && turn->expected_count == 0;
}
