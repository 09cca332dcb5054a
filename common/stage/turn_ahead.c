/* What the events of many turns will touch, read before they are worked: all that they name in one exchange with the store,
 * then what the entities of fired timers name in another. And what an event looks for among many. */
#include <assert.h>
#include <string.h>

#include "turn.h"

/* Ids of one kind that a turn does not know yet. */
struct wanted_kind { const char **ids; size_t count, room; };

struct wanted {
    struct turn *turn;
    struct wanted_kind kinds[ENTITY_COUNT];
};

static bool is_last(const struct wanted_kind *kind, const char *id)
{
    return kind->count > 0 && strcmp(kind->ids[kind->count - 1], id) == 0;
}

static void make_room(struct turn *turn, struct wanted_kind *kind)
{
    size_t room = kind->room ? kind->room * 2 : 64;
    const char **ids = arena_alloc(turn->arena, room * sizeof *ids);

    if (kind->count > 0)
        memcpy(ids, kind->ids, kind->count * sizeof *ids);
    kind->ids = ids;
    kind->room = room;
}

/* What is too much for one read is read when it is asked for. */
static void want(void *context, enum entity_kind number, const char *id)
{
    struct wanted *wanted = context;
    struct turn *turn = wanted->turn;
    struct wanted_kind *kind = &wanted->kinds[number];

    assert(number >= 0 && number < ENTITY_COUNT);
    if (!id || !*id || strlen(id) > ENTITY_ID_BYTES_MAX || kind->count == READ_IDS_MAX || is_last(kind, id) ||
        turn_entity_known(turn, number, id))
        return;
    if (kind->count == kind->room)
        make_room(turn, kind);
    kind->ids[kind->count++] = arena_string(turn->arena, id);
}

static void want_of_work(struct wanted *wanted, const struct turn_work *work)
{
    const struct core *core = wanted->turn->tools->core;
    enum entity_kind kind;
    const char *id;

    if (!work->data && !work->in_part)
        return;
    if (work->event.number == EVENT_TIMER_FIRED) {
        if (turn_fired_entity(wanted->turn, work->data, &kind, &id))
            want(wanted, kind, id);
        return;
    }
    want(wanted, core->site_kind, work->event.site);
    if (core->prefetch && work->data)
        core->prefetch(&work->event, work->data, want, wanted);
}

static void want_of_timer(struct wanted *wanted, const struct turn_work *work)
{
    const struct core *core = wanted->turn->tools->core;
    enum entity_kind kind;
    const char *id;

    if (!core->prefetch_due || !work->data || work->event.number != EVENT_TIMER_FIRED ||
        !turn_fired_entity(wanted->turn, work->data, &kind, &id))
        return;
    const void *entity = turn_peek(wanted->turn, kind, id);
    if (entity)
        core->prefetch_due(kind, entity, want, wanted);
}

/* What one event makes its turn want. */
typedef void (*wanting)(struct wanted *wanted, const struct turn_work *work);

static struct entities_read read_of(const struct wanted *wanted, enum entity_kind kind, struct arena *arena)
{
    const struct wanted_kind *of = &wanted->kinds[kind];

    return (struct entities_read){.partition = wanted->turn->partition, .kind = kind, .ids = of->ids, .count = of->count,
                                  .entities = arena_alloc(arena, of->count * sizeof(struct stored_entity))};
}

/* Adds a read for each kind that the turn wants. */
static void turn_reads(struct turn *turn, wanting of_work, struct arena *arena, struct entities_read *reads, size_t *count)
{
    struct wanted *wanted = arena_alloc(arena, sizeof *wanted);

    wanted->turn = turn;
    for (size_t i = 0; i < turn->work_count; i++)
        of_work(wanted, &turn->works[i]);
    for (int kind = 0; kind < ENTITY_COUNT; kind++)
        if (wanted->kinds[kind].count > 0)
            reads[(*count)++] = read_of(wanted, (enum entity_kind)kind, arena);
}

static void turn_take(struct turn *turn, const struct entities_read *read)
{
    for (size_t i = 0; i < read->count; i++) {
        struct stored_entity stored = read->entities[i];
        if (turn_entity_known(turn, read->kind, read->ids[i]))
            continue;
        stored.id = read->ids[i];
        if (stored.packed.bytes > 0)
            stored.packed.at = arena_copy(turn->arena, stored.packed.at, stored.packed.bytes);
        turn_entity_add(turn, read->kind, &stored, false);
    }
}

static void read_ahead(struct turn *const *turns, size_t count, wanting of_work, struct arena *arena)
{
    size_t *ends = arena_alloc(arena, count * sizeof *ends), all = 0;
    struct entities_read *reads = arena_alloc(arena, count * ENTITY_COUNT * sizeof *reads);
    enum store_status *own = arena_alloc(arena, count * ENTITY_COUNT * sizeof *own);

    for (size_t i = 0; i < count; i++) {
        turn_reads(turns[i], of_work, arena, reads, &all);
        ends[i] = all;
    }
    if (all == 0)
        return;
    struct store *store = turns[0]->tools->store;
    enum store_status status = store->functions->read_entities(store, reads, all, arena, own);
    for (size_t i = 0, at = 0; i < count; i++)
        for (; at < ends[i]; at++) {
            if (status == STORE_OK && own[at] == STORE_OK)
                turn_take(turns[i], &reads[at]);
            else
                turns[i]->missing = "store";
        }
}

void turn_prefetch(struct turn *const *turns, size_t count, struct arena *arena)
{
    read_ahead(turns, count, want_of_work, arena);
    read_ahead(turns, count, want_of_timer, arena);
}

void turn_read_ahead(struct turn *turn, enum entity_kind kind, const struct texts *ids)
{
    struct store *store = turn->tools->store;
    struct wanted *wanted = arena_alloc(turn->arena, sizeof *wanted);
    enum store_status own;

    wanted->turn = turn;
    for (size_t i = 0; i < ids->count; i++)
        want(wanted, kind, ids->at[i]);
    if (wanted->kinds[kind].count == 0)
        return;
    struct entities_read read = read_of(wanted, kind, turn->arena);
    if (store->functions->read_entities(store, &read, 1, turn->arena, &own) != STORE_OK || own != STORE_OK)
        turn_leave(turn, "store");
    turn_take(turn, &read);
}
