/* Personal fields: sealed when they leave a core, opened when they come in. Those of nobody in particular are sealed
 * with a key of the site's own, so that nothing is lost and nothing stands in the open. */
#include "concern.h"
#include "log.h"
#include "turn.h"

static const char *key_of(struct arena *arena, const char *customer, const char *site)
{
    return customer && *customer ? customer : arena_printf(arena, "site/%s", site);
}

struct slice turn_seal_personal(struct turn *turn, const char *customer, const struct record *record, const void *data)
{
    struct buffer sealed = {0};

    buffer_clear(&turn->scratch);
    record_pack_only(record, data, PERSONAL, &turn->scratch);
    if (turn->scratch.bytes <= 1)               /* an empty map */
        return (struct slice){0};
    struct slice plain = turn_packed(turn);
    if (!seal_make(turn->tools->sealer, key_of(turn->arena, customer, turn->event->site), plain, &sealed)) {
        buffer_free(&sealed);
        turn_leave(turn, "sealer");
    }
    struct slice copy = {arena_copy(turn->arena, sealed.at, sealed.bytes), sealed.bytes};
    buffer_free(&sealed);
    return copy;
}

struct slice turn_seal(struct turn *turn, const char *customer, enum event_number number, const void *data)
{
    return turn_seal_personal(turn, customer, event_types[number].data, data);
}

/* An erased customer gets no new key by it. */
void turn_fetch_keys(struct turn *const *turns, size_t count, struct arena *arena)
{
    size_t works = 0, sealed = 0;

    for (size_t i = 0; i < count; i++)
        works += turns[i]->work_count;
    if (works == 0)
        return;
    const char **customers = arena_alloc(arena, works * sizeof *customers);
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < turns[i]->work_count; k++) {
            const struct event *event = &turns[i]->works[k].event;
            if (event->sealed.bytes > 0 && concerns_type(turns[i]->tools->core, event->number))
                customers[sealed++] = key_of(arena, event->customer, event->site);
        }
    seal_fetch(turns[0]->tools->sealer, customers, sealed, false);
}

/* The personal fields of an event before it is worked; empty if they are erased. */
enum turn_result turn_unseal(struct turn *turn, const struct event *event, struct slice *ret)
{
    *ret = (struct slice){0};
    if (event->sealed.bytes == 0)
        return TURN_DONE;
    const char *key = key_of(turn->arena, event->customer, event->site);
    if (seal_open(turn->tools->sealer, key, event->sealed, turn->arena, ret) >= 0)
        return TURN_DONE;
    turn->missing = "sealer";
    return TURN_LATER;
}

const void *turn_open(struct turn *turn, const char *customer, struct slice sealed, const struct record *record)
{
    struct slice plain = {0};
    struct fault fault = {0};

    if (sealed.bytes == 0)
        return NULL;
    int opened = seal_open(turn->tools->sealer, key_of(turn->arena, customer, turn->event->site), sealed, turn->arena,
                           &plain);
    if (opened < 0)
        turn_leave(turn, "sealer");
    void *open = record_new(record, turn->arena);
    if (opened > 0 && record_unpack(record, plain, turn->arena, open, &fault))
        return open;
    if (opened > 0)
        log_error("sealed.unreadable", log_text("record", record->name), log_text("field", fault.field),
                  log_text("fault", fault.what));
    return NULL;
}

const char *turn_contact_key(struct turn *turn, const char *site, const char *contact)
{
    char key[24];
    if (!*contact)
        return "";
    seal_customer_id(turn->tools->sealer, site, contact_normal(turn->arena, contact), key);
    return arena_string(turn->arena, key);
}
