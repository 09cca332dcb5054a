/* Effects that leave the batch: events, and orders to the sender. */
#include <assert.h>
#include <string.h>

#include "log.h"
#include "turn.h"

/* Facts and wishes of a stage may make other stages answer with more of them: those count as steps of a chain. */
static bool deepens(enum event_number number)
{
    return event_types[number].class == FACT || number == EVENT_TASK_WANTED || number == EVENT_NOTICE_WANTED;
}

static const char *first_of(const char *wanted, const char *otherwise)
{
    return wanted && *wanted ? wanted : otherwise;
}

/* The envelope: where it comes from, what caused it, whom it concerns. */
static struct event derived_event(struct turn *turn, enum event_number number, const struct event *like)
{
    const struct event *cause = turn->event;
    enum stage stage = turn->tools->core->stage;
    struct event event = event_of(number);
    bool act = event_types[cause->number].class == ACT;

    if (!like)
        like = &event;
    event.id = arena_printf(turn->arena, "%016llx.%d%c", (unsigned long long)turn->place.id, turn->derived++,
                            stage_names[stage][0]);
    event.source = stage_names[stage];
    event.subject = first_of(like->subject, "");
    event.time = cause->time;
    event.site = cause->site;
    event.customer = first_of(like->customer, cause->customer);
    event.cause = cause->id;
    event.cause_seq = (int64_t)turn->place.seq;
    event.case_id = first_of(like->case_id, cause->case_id);
    event.actor = first_of(like->actor, act ? cause->actor : "");
    event.role = first_of(like->role, act ? cause->role : "");
    event.depth = cause->depth + deepens(number);
    event.occurred_at = like->occurred_at;
    event.received_at = event_types[number].class == FACT ? (like->received_at ? like->received_at : cause->time) : 0;
    return event;
}

static void emit_packed(struct turn *turn, struct event *event, const void *data)
{
    const struct record *record = event_types[event->number].data;
    struct turn_emitted *emitted = arena_alloc(turn->arena, sizeof *emitted);

    event->sealed = turn_seal_personal(turn, event->customer, record, data);
    buffer_clear(&turn->scratch);
    record_pack(record, data, PERSONAL, &turn->scratch);
    event->data = turn_packed(turn);
    buffer_clear(&turn->scratch);
    event_pack(event, &turn->scratch);
    emitted->type = event->type;
    emitted->packed = turn_packed(turn);
    *turn->emitted_last = emitted;
    turn->emitted_last = &emitted->next;
    turn->emitted_count++;
    turn->bytes += emitted->packed.bytes;
}

/* A chain this deep is two rules that answer each other for ever: it ends here, for all to see. */
void turn_dead_letter(struct turn *turn, const char *what)
{
    struct event event = derived_event(turn, EVENT_EVENT_QUARANTINED, NULL);
    struct event_quarantined data = {
        .stage = stage_names[turn->tools->core->stage], .seq = (int64_t)turn->place.seq,
        .type = arena_printf(turn->arena, "too deep: %s", what), .build = turn->tools->build};

    log_error("chain.too_deep", log_int("partition", turn->partition), log_int("seq", (int64_t)turn->place.seq),
              log_text("type", what));
    emit_packed(turn, &event, &data);
}

void turn_emit(struct turn *turn, enum event_number number, const void *data, const struct event *like)
{
    assert(number > EVENT_UNKNOWN && number < EVENT_COUNT);
    if (turn->event->depth + deepens(number) > CHAIN_DEPTH_MAX) {
        turn_dead_letter(turn, event_types[number].name);
        return;
    }
    struct event event = derived_event(turn, number, like);
    emit_packed(turn, &event, data);
}

void turn_refuse(struct turn *turn, const char *reason, const char *detail)
{
    struct act_refused data = {.act = turn->event->type, .reason = reason, .detail = first_of(detail, "")};

    turn_emit(turn, EVENT_ACT_REFUSED, &data, NULL);
}

static struct slice slice_copy(struct turn *turn, struct slice from)
{
    return (struct slice){from.bytes > 0 ? arena_copy(turn->arena, from.at, from.bytes) : NULL, from.bytes};
}

void turn_send(struct turn *turn, const struct send_order *order)
{
    const struct turn_entity *settings = turn_entity_known(turn, turn->tools->core->site_kind, order->site);
    struct turn_order *copy = arena_alloc(turn->arena, sizeof *copy);

    copy->order = *order;
    copy->order.notice = arena_string(turn->arena, order->notice);
    copy->order.site = arena_string(turn->arena, order->site);
    copy->order.customer = arena_string(turn->arena, order->customer);
    copy->order.to_staff = arena_string(turn->arena, order->to_staff);
    copy->order.template = arena_string(turn->arena, order->template);
    copy->order.templates_hash = arena_string(turn->arena, order->templates_hash);
    copy->order.cause = turn->event->id;
    copy->order.cause_seq = (int64_t)turn->place.seq;
    copy->order.language = arena_string(turn->arena, order->language);
    copy->order.variables = slice_copy(turn, order->variables);
    copy->order.sealed = slice_copy(turn, order->sealed);
    copy->order.settings = settings ? settings->packed : (struct slice){0};
    *turn->orders_last = copy;
    turn->orders_last = &copy->next;
    turn->order_count++;
}
