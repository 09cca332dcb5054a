#include "turn.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "concern.h"
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

void turn_read(struct turn *turn, const struct place *place, struct slice packed, struct turn_work *ret)
{
    struct fault fault = {0};

    *ret = (struct turn_work){.place = *place};
    if (event_unpack(packed, turn->arena, &ret->event, &fault))
        return;
    unreadable(turn, place, &fault);
    ret->event = event_of(EVENT_UNKNOWN);
}

bool turn_may_pass(const struct turn *turn, enum event_number number)
{
    const struct core *core = turn->tools->core;

    return core->optional && core->optional(number);
}

/* *ret stays NULL if they cannot be read. */
static enum turn_result read_data(struct turn *turn, const struct turn_work *work, const void **ret)
{
    struct fault fault = {0};
    struct slice personal;

    if (turn_unseal(turn, &work->event, &personal) == TURN_LATER)
        return TURN_LATER;
    *ret = event_data(&work->event, personal, turn->arena, &fault);
    if (!*ret)
        unreadable(turn, &work->place, &fault);
    return TURN_DONE;
}

enum turn_result turn_read_data(struct turn *turn, struct turn_work *works, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        enum event_number number = works[i].event.number;
        if (!concerns_type(turn->tools->core, number) || turn_may_pass(turn, number))
            continue;
        if (read_data(turn, &works[i], &works[i].data) == TURN_LATER)
            return TURN_LATER;
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

static void work_event(struct turn *turn, const struct event *event, const void *data)
{
    event_handler handler = turn->tools->core->handlers[event->number];

    if (event->number == EVENT_CONFIG_ACTIVATED)
        turn_config_activated(turn, data);
    if (event->number == EVENT_TIMER_FIRED)
        work_timer(turn, data);
    if (handler)
        handler(turn, event, data);
}

/* What an event that may pass says is read only if somebody listens. */
static const void *data_of(struct turn *turn, const struct turn_work *work)
{
    const void *data = work->data;

    if (turn_may_pass(turn, work->event.number) && turn->tools->core->minds(turn, &work->event) &&
        read_data(turn, work, &data) == TURN_LATER)
        turn_leave(turn, turn->missing);
    return data;
}

static void turn_begin(struct turn *turn, const struct turn_work *work)
{
    turn->place = work->place;
    turn->event = &work->event;
    turn->derived = 0;
    turn->due = NULL;
}

enum turn_result turn_work(struct turn *turn, const struct turn_work *work)
{
    if (!work->data && !turn_may_pass(turn, work->event.number))
        return TURN_DONE;
    turn_begin(turn, work);
    if (setjmp(turn->leave))
        return TURN_LATER;
    const void *data = data_of(turn, work);
    if (data)
        work_event(turn, &work->event, data);
    return TURN_DONE;
}

enum turn_result turn_set_aside(struct turn *turn, const struct turn_work *work)
{
    struct event_quarantined data = {.stage = stage_names[turn->tools->core->stage], .seq = (int64_t)work->place.seq,
                                     .type = work->event.type, .build = turn->tools->build};

    turn_begin(turn, work);
    if (setjmp(turn->leave))
        return TURN_LATER;
    turn_emit(turn, EVENT_EVENT_QUARANTINED, &data, NULL);
    return TURN_DONE;
}
