#include "turn.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "concern.h"
#include "cursor.h"
#include "log.h"

struct turn *turn_new(const struct turn_tools *tools, uint32_t partition)
{
    struct turn *turn = calloc(1, sizeof *turn);

    if (!turn)
        abort();
    turn->tools = tools;
    turn->arena = arena_new();
    turn_begin_anew(turn, partition);
    return turn;
}

void turn_begin_anew(struct turn *turn, uint32_t partition)
{
    const size_t from = offsetof(struct turn, partition), to = offsetof(struct turn, slots);

    for (const struct turn_entity *at = turn->first; at; at = at->next)
        turn->slots[at->slot] = NULL;
    memset((char *)turn + from, 0, to - from);
    turn->partition = partition;
    turn->last = &turn->first;
    turn->emitted_last = &turn->emitted;
    turn->orders_last = &turn->orders;
    arena_reset(turn->arena);
}

void turn_free(struct turn **turn)
{
    if (!*turn)
        return;
    buffer_free(&(*turn)->scratch);
    arena_free(&(*turn)->arena);
    free(*turn);
    *turn = NULL;
}

wall_ms turn_now(const struct turn *turn)
{
    return turn->event->time;
}

struct arena *turn_arena(struct turn *turn)
{
    return turn->arena;
}

const struct event *turn_event(const struct turn *turn)
{
    return turn->event;
}

struct slice turn_packed(struct turn *turn)
{
    size_t bytes = turn->scratch.bytes;

    return (struct slice){bytes ? arena_copy(turn->arena, turn->scratch.at, bytes) : NULL, bytes};
}

void turn_leave(struct turn *turn, const char *missing)
{
    turn->missing = missing;
    longjmp(turn->leave, 1);
}

/* ---------------------------------------------------------------- reading events */

static void unreadable(const struct turn *turn, const struct place *place, const struct fault *fault)
{
    log_error("event.unreadable", log_text("stage", stage_names[turn->tools->core->stage]),
              log_int("partition", place->partition), log_int("seq", (int64_t)place->seq),
              log_text("field", fault->field), log_text("fault", fault->what));
}

static struct event event_whole(const struct turn *turn, const struct place *place, struct slice packed)
{
    struct fault fault = {0};
    struct event event;

    if (event_unpack(packed, turn->arena, &event, &fault))
        return event;
    unreadable(turn, place, &fault);
    return event_of(EVENT_UNKNOWN);
}

/* Type and site of an event that may concern nobody: enough to ask whether it does. */
static bool read_in_part(const struct turn *turn, struct slice packed, struct event *ret)
{
    const struct core *core = turn->tools->core;
    struct slice id, type, value, site;

    if (!core->optional || !event_peek(packed, &id, &type))
        return false;
    enum event_number number = event_number(arena_text(turn->arena, type.at, type.bytes));
    if (!core->optional(number))
        return false;
    *ret = event_of(number);
    if (cursor_find(packed, "site", &value) && cursor_text(&(struct cursor){value.at, value.at + value.bytes}, &site))
        ret->site = arena_text(turn->arena, site.at, site.bytes);
    return true;
}

void turn_read(struct turn *turn, const struct place *place, struct slice packed, struct turn_work *ret)
{
    *ret = (struct turn_work){.place = *place, .packed = packed};
    ret->in_part = read_in_part(turn, packed, &ret->event);
    if (!ret->in_part)
        ret->event = event_whole(turn, place, packed);
}

enum turn_result turn_read_data(struct turn *turn, struct turn_work *works, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct fault fault = {0};
        struct slice personal;
        if (works[i].in_part || !concerns_type(turn->tools->core, works[i].event.number))
            continue;
        if (turn_unseal(turn, &works[i].event, &personal) == TURN_LATER)
            return TURN_LATER;
        works[i].data = event_data(&works[i].event, personal, turn->arena, &fault);
        if (!works[i].data)
            unreadable(turn, &works[i].place, &fault);
    }
    return TURN_DONE;
}

/* ---------------------------------------------------------------- working them */

bool turn_fired_entity(const struct turn *turn, const struct timer_fired *fired, enum entity_kind *ret_kind,
                       const char **ret_id)
{
    if (fired->entity[0] == '\0' || fired->entity[1] != '/')
        return false;
    *ret_kind = entity_kind_of_letter(fired->entity[0]);
    *ret_id = fired->entity + 2;
    return *ret_kind != ENTITY_COUNT && entity_types[*ret_kind].stage == turn->tools->core->stage;
}

/* A fired timer is gone from the store while its entity still names it. If the core leaves it so, it is cleared; if the
 * core wants the same instant again, it gets the next millisecond, for an equal due time would arm nothing. */
static void work_timer(struct turn *turn, const struct timer_fired *fired)
{
    enum entity_kind kind;
    const char *id;

    if (!turn_fired_entity(turn, fired, &kind, &id) || !turn->tools->core->on_timer)
        return;
    const void *record = turn_get(turn, kind, id);
    struct turn_entity *entity = turn_entity(turn, kind, id);
    if (!record || entity->due != fired->due)
        return;
    struct slice packed = entity->packed;
    bool changed_before = entity->changed;
    turn->tools->core->on_timer(turn, kind, id, record);
    bool untouched = entity->packed.at == packed.at && entity->changed == changed_before;
    if (entity->due == fired->due && entity->packed.bytes > 0)
        turn_entity_set(turn, entity, entity->packed, untouched ? 0 : fired->due + 1, entity->queue);
}

static void work_event(struct turn *turn, const struct turn_work *work)
{
    event_handler handler = turn->tools->core->handlers[work->event.number];

    if (work->event.number == EVENT_CONFIG_ACTIVATED)
        turn_config_activated(turn, work->data);
    if (work->event.number == EVENT_TIMER_FIRED)
        work_timer(turn, work->data);
    if (handler)
        handler(turn, &work->event, work->data);
}

static void turn_begin(struct turn *turn, const struct turn_work *work)
{
    turn->place = work->place;
    turn->event = &work->event;
    turn->derived = 0;
    turn->due = NULL;
}

/* A copy, read whole. */
static struct turn_work *work_whole(struct turn *turn, const struct turn_work *work)
{
    struct turn_work *whole = arena_copy(turn->arena, work, sizeof *work);

    whole->event = event_whole(turn, &work->place, work->packed);
    whole->in_part = false;
    return whole;
}

static enum turn_result work_in_part(struct turn *turn, const struct turn_work *work)
{
    if (!turn->tools->core->minds(turn, &work->event))
        return TURN_DONE;
    struct turn_work *whole = work_whole(turn, work);
    if (turn_read_data(turn, whole, 1) == TURN_LATER)
        return TURN_LATER;
    turn->event = &whole->event;
    if (whole->data)
        work_event(turn, whole);
    return TURN_DONE;
}

enum turn_result turn_work(struct turn *turn, const struct turn_work *work)
{
    if (!work->data && !work->in_part)
        return TURN_DONE;
    turn_begin(turn, work);
    if (setjmp(turn->leave))
        return TURN_LATER;
    if (work->in_part)
        return work_in_part(turn, work);
    work_event(turn, work);
    return TURN_DONE;
}

enum turn_result turn_set_aside(struct turn *turn, const struct turn_work *work)
{
    struct event_quarantined data = {.stage = stage_names[turn->tools->core->stage], .seq = (int64_t)work->place.seq,
                                     .type = work->event.type, .build = turn->tools->build};

    turn_begin(turn, work->in_part ? work_whole(turn, work) : work);
    if (setjmp(turn->leave))
        return TURN_LATER;
    turn_emit(turn, EVENT_EVENT_QUARANTINED, &data, NULL);
    return TURN_DONE;
}
