/* fuzz: any bytes as the body of a request, JSON or (as ZeroMQ brings it) msgpack, up to the fact that would be appended.
 * It is refused with a reason, or becomes an event that every reader takes, with nothing personal in the open and
 * nothing lost. The first byte chooses the way in. */
#include <stdlib.h>
#include <string.h>

#include "../services/intake/accept.h"
#include "../services/intake/credential.h"
#include "../services/intake/customer_data.h"
#include "cursor.h"
#include "json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

enum { PARTITIONS = 64, SEALER_INPUTS = 2000 };
static const wall_ms now = 1772784000000;

static void check(bool held)
{
    if (!held)
        abort();
}

/* Not random at all, so that what broke breaks again. */
static uint64_t next_number(void *context)
{
    return ++*(uint64_t *)context;
}

/* Keys pile up in it: a new one now and then. */
static struct sealer *sealer_of_now(void)
{
    static struct sealer *sealer;
    static int inputs;
    if (inputs++ % SEALER_INPUTS == 0) {
        sealer_free(&sealer);
        sealer = sealer_memory_new();
    }
    return sealer;
}

static void check_refusal(const struct refusal *refusal)
{
    int status = refusal->status;
    check(status == 400 || status == 403 || status == 413);         /* these keys always answer: never 503 */
    check(refusal->error && *refusal->error && refusal->field && refusal->hint);
}

/* The data with what was sealed, as it was before. */
static struct buffer repacked(const struct record *record, const void *from)
{
    struct buffer packed = {0};
    record_pack(record, from, 0, &packed);
    return packed;
}

static void check_data(const struct acceptor *acceptor, const struct event *event, const json_t *json, struct arena *arena)
{
    const struct record *record = event_types[event->number].data;
    struct slice personal = {0};
    struct fault fault;
    struct buffer in_the_open = {0};
    const void *open = event_data(event, (struct slice){0}, arena, &fault);
    check(open != NULL);
    record_pack_only(record, open, PERSONAL, &in_the_open);
    check(in_the_open.bytes == 1);                                  /* an empty map */
    check(!event->sealed.bytes || seal_open(acceptor->sealer, event->customer, event->sealed, arena, &personal) == 1);
    const void *whole = event_data(event, personal, arena, &fault);
    void *sent = record_new(record, arena);
    const struct value *id = NULL;
    struct value event_sent = value_of_json(json, arena), flat;
    const struct value *body = value_member(&event_sent, "data");
    check(whole && (!body || (customer_lay_flat(body, record, arena, &flat, &id, &fault) &&
                              record_from_value(record, &flat, arena, sent, &fault))));
    struct buffer kept = repacked(record, whole), given = repacked(record, sent);
    check(kept.bytes == given.bytes && !memcmp(kept.at, given.at, kept.bytes));
    buffer_free(&in_the_open);
    buffer_free(&kept);
    buffer_free(&given);
}

static void check_accepted(const struct acceptor *acceptor, const struct accepted *accepted, const json_t *json,
                           struct arena *arena)
{
    struct event event;
    struct fault fault;
    check(accepted->partition < PARTITIONS && accepted->fact.packed.bytes <= EVENT_BYTES_MAX);
    check(!guard_check(accepted->fact.packed, NULL) && event_unpack(accepted->fact.packed, arena, &event, &fault));
    check(event.number == accepted->event.number && name_is_plain(event.site) && !strcmp(event.actor, "tester"));
    check(strstr(accepted->fact.key, event.id) && event.received_at == now);
    check(!*event.customer || name_is_plain(event.customer));
    check_data(acceptor, &event, json, arena);
}

static void offer(const json_t *json, int class)
{
    struct value sent;
    uint64_t count = 0;
    struct arena *arena = arena_new();
    struct scratch scratch = {0};
    struct acceptor acceptor = {.scratch = &scratch, .sealer = sealer_of_now(), .partitions = PARTITIONS, .now = now, .random = next_number,
                                .random_context = &count};
    struct credential credential = {.actor = "tester", .role = "integration"};
    struct accepted first, again;
    struct refusal refusal = {0};
    sent = value_of_json(json, scratch_values(&scratch));
    bool taken = accept_event(&acceptor, &credential, class, &sent, arena, &first, &refusal);
    check(!taken || accepted_seal(&first, acceptor.sealer, &scratch));
    if (taken)
        check_accepted(&acceptor, &first, json, arena);
    else
        check_refusal(&refusal);
    check(accept_event(&acceptor, &credential, class, &sent, arena, &again, &refusal) == taken);
    check(!taken || (accepted_seal(&again, acceptor.sealer, &scratch) && again.fact.packed.bytes == first.fact.packed.bytes));
    check(!taken || (first.fact.digest == again.fact.digest && first.partition == again.partition));
    scratch_free(&scratch);
    arena_free(&arena);
}

static json_t *body_of(int way, struct slice bytes)
{
    if (way)
        return guard_check(bytes, NULL) ? NULL : packed_to_json(bytes);
    return json_loadb((const char *)bytes.at, bytes.bytes, JSON_REJECT_DUPLICATES, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    static const int classes[] = {FACT, ACT, ANY_STAGE};
    if (!bytes)
        return 0;
    json_t *body = body_of(data[0] >> 4 & 1, (struct slice){data + 1, bytes - 1});
    int class = classes[data[0] % 3];
    for (size_t i = 0; json_is_array(body) && i < json_array_size(body); i++)
        offer(json_array_get(body, i), class);
    if (body && !json_is_array(body))
        offer(body, class);
    json_decref(body);
    return 0;
}
