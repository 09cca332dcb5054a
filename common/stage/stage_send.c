/* What goes to and comes from the sender: orders, results, attempts that a former owner left open. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "entity.h"
#include "fnv.h"
#include "log.h"
#include "partition.h"
#include "stage_parts.h"

enum { ATTEMPTS_PER_READ = 256 };

void stage_hand_over(struct stage_loop *stage, struct stage_partition *partition, const struct turn *turn)
{
    if (!stage->options.send)
        return;
    for (const struct turn_order *at = turn->orders; at; at = at->next)
        stage->options.send(stage->options.send_context, partition->number, &at->order, partition->lease_ends);
}

/* ---------------------------------------------------------------- results, on their way into the log */

static uint64_t digest_of(const struct send_finished *data)
{
    return fnv_text(FNV_START ^ (uint64_t)data->result, data->detail);
}

static void pack_result(struct stage_loop *stage, const struct send_order *order, const struct send_finished *data,
                        uint64_t chain_id, struct buffer *to)
{
    struct event event = event_of(EVENT_SEND_FINISHED);
    struct buffer packed = {0};
    char id[32];

    record_pack(event_types[EVENT_SEND_FINISHED].data, data, 0, &packed);
    snprintf(id, sizeof id, "%016llx.sent", (unsigned long long)chain_id);
    event.id = id;
    event.source = stage_names[stage->options.core->stage];
    event.time = clock_now(stage->options.clock);
    event.subject = order->notice;
    event.site = order->site;
    event.customer = order->customer ? order->customer : "";
    event.cause = order->cause ? order->cause : "";
    event.cause_seq = order->cause_seq;
    event.data = buffer_slice(&packed);
    event_pack(&event, to);
    buffer_free(&packed);
}

static void outbox_add(struct stage_loop *stage, uint32_t partition, const struct outgoing *from)
{
    struct outbox *outbox = &stage->partitions[partition].outbox;
    size_t key_bytes = strlen(from->key) + 1;
    struct outgoing *outgoing = malloc(sizeof *outgoing + key_bytes + from->packed.bytes);

    if (!outgoing)
        abort();
    *outgoing = *from;
    uint8_t *at = (uint8_t *)(outgoing + 1);
    outgoing->key = memcpy(at, from->key, key_bytes);
    outgoing->packed.at = memcpy(at + key_bytes, from->packed.at, from->packed.bytes);
    *(outbox->first ? &outbox->last->next : &outbox->first) = outgoing;
    outbox->last = outgoing;
    stage->outbox_count++;
}

/* Takes out the first. */
static void outbox_remove(struct stage_loop *stage, struct outbox *outbox)
{
    struct outgoing *outgoing = outbox->first;

    outbox->first = outgoing->next;
    free(outgoing);
    stage->outbox_count--;
}

/* `after`: 0, or an attempt that nobody is busy with is closed; its result is missing up to this seq. `once_more`: 0,
 * or where the result stands that came too early. */
static bool append_result(struct stage_loop *stage, const struct send_order *order, const struct send_finished *data,
                          uint64_t after, uint64_t once_more)
{
    char key[KEY_BYTES_MAX], again[32] = "";
    struct buffer packed = {0};

    if (stage->outbox_count >= OUTBOX_MAX)
        return false;
    if (once_more > 0)
        snprintf(again, sizeof again, "/%llu", (unsigned long long)once_more);
    snprintf(key, sizeof key, "%s\n%s#%d%s", stage_names[STAGE_NOTIFIER], order->notice, order->attempt, again);
    uint64_t chain_id = stage->options.random(stage->options.random_context);
    pack_result(stage, order, data, chain_id, &packed);
    outbox_add(stage, partition_of_site(order->site, stage->options.partitions),
               &(struct outgoing){.digest = digest_of(data), .chain_id = chain_id, .key = key, .after = after,
                                  .packed = buffer_slice(&packed)});
    buffer_free(&packed);
    return true;
}

bool stage_append(struct stage_loop *stage, const struct send_order *order, enum send_result result, const char *detail)
{
    struct send_finished data = {.notice = order->notice, .attempt = order->attempt, .result = (int)result,
                                 .detail = detail ? detail : ""};

    return append_result(stage, order, &data, 0, 0);
}

size_t stage_outbox(const struct stage_loop *stage)
{
    return stage->outbox_count;
}

/* Of one partition, in order, as much as one call takes. */
static struct append outbox_facts(const struct stage_loop *stage, uint32_t partition)
{
    const struct outbox *outbox = &stage->partitions[partition].outbox;
    struct append append = {.partition = partition};
    size_t bytes = 0, most = 0;

    for (const struct outgoing *at = outbox->first; at && most < BATCH_EVENTS_MAX; at = at->next)
        most++;
    append.facts = arena_alloc(stage->arena, most * sizeof *append.facts);
    for (const struct outgoing *at = outbox->first; append.count < most; at = at->next) {
        bytes += at->packed.bytes;
        if (bytes > BATCH_BYTES_MAX && append.count > 0)
            break;
        append.facts[append.count++] = (struct fact){.key = at->key, .digest = at->digest, .chain_id = at->chain_id,
                                                     .stage = stage->options.core->stage, .packed = at->packed};
    }
    return append;
}

/* A result that was worked before its attempt was decided (a rewound history was told again) did nothing, and its key
 * is taken. The attempt is closed under another one, lest it be in flight for ever. */
static void close_once_more(struct stage_loop *stage, const struct outgoing *outgoing, const struct fact *fact)
{
    struct event event;
    struct fault fault;
    const struct send_finished *data = NULL;

    if (fact->outcome == APPEND_NEW || outgoing->after == 0 || fact->place.seq > outgoing->after)
        return;
    if (event_unpack(outgoing->packed, stage->arena, &event, &fault))
        data = event_data(&event, (struct slice){0}, stage->arena, &fault);
    if (data)
        append_result(stage, &(struct send_order){.notice = data->notice, .site = event.site, .customer = event.customer,
                                                  .attempt = (int)data->attempt, .cause = event.cause},
                      data, 0, fact->place.seq);
}

static void outbox_appended(struct stage_loop *stage, const struct append *append)
{
    struct outbox *outbox = &stage->partitions[append->partition].outbox;

    for (size_t i = 0; i < append->count; i++) {
        if (append->facts[i].outcome == APPEND_NEW)
            stage_publish(stage, &append->facts[i].place, event_types[EVENT_SEND_FINISHED].name, append->facts[i].packed);
        close_once_more(stage, outbox->first, &append->facts[i]);
        outbox_remove(stage, outbox);
    }
}

/* Never will be taken: the attempts are closed as unknown in time. */
static void outbox_refused(struct stage_loop *stage, const struct append *append)
{
    struct store *store = stage->options.store;

    log_error("results.refused", log_int("partition", append->partition), log_int("count", (int64_t)append->count),
              log_text("why", store->functions->message(store)));
    for (size_t i = 0; i < append->count; i++)
        outbox_remove(stage, &stage->partitions[append->partition].outbox);
}

/* What waits of all partitions, in one exchange; false: some has to wait longer. */
static bool outbox_send(struct stage_loop *stage)
{
    struct store *store = stage->options.store;
    uint32_t partitions = stage->options.partitions;
    bool all = true;
    size_t count = 0;

    arena_reset(stage->arena);
    struct append *appends = arena_alloc(stage->arena, partitions * sizeof *appends);
    for (uint32_t i = 0; i < partitions; i++)
        if (stage->partitions[i].outbox.first)
            appends[count++] = outbox_facts(stage, i);
    enum store_status status = store->functions->append(store, appends, count, stage->statuses);
    stage_look(stage);
    for (size_t i = 0; i < count; i++) {
        enum store_status own = status == STORE_OK ? stage->statuses[i] : status;
        if (own == STORE_OK)
            outbox_appended(stage, &appends[i]);
        else if (own == STORE_REFUSED)
            outbox_refused(stage, &appends[i]);
        all = all && (own == STORE_OK || own == STORE_REFUSED);
    }
    return all;
}

/* When results may go: the first at once, those that come right after it together. */
mono_ms stage_flush_at(const struct stage_loop *stage)
{
    mono_ms at = stage->outbox_backoff.until;

    if (stage->outbox_count < RESULTS_MANY && !stage->eager && !stage->stopping && stage->flushed_at.ms + RESULTS_MS > at.ms)
        at.ms = stage->flushed_at.ms + RESULTS_MS;
    return at;
}

void stage_flush(struct stage_loop *stage)
{
    while (stage->outbox_count > 0 && mono_reached(stage_mono(stage), stage_flush_at(stage))) {
        bool all = outbox_send(stage);
        stage->flushed_at = stage_mono(stage);
        if (all)
            backoff_none(&stage->outbox_backoff);
        else
            backoff_more(&stage->outbox_backoff, stage_mono(stage));
    }
}

void stage_outbox_free(struct stage_loop *stage)
{
    for (uint32_t i = 0; i < stage->options.partitions; i++)
        while (stage->partitions[i].outbox.first)
            outbox_remove(stage, &stage->partitions[i].outbox);
}

/* ---------------------------------------------------------------- attempts that nobody is busy with
 *
 * of a former owner, or whose result was in a history that is gone. To close one that has its result already does no
 * harm: what was said first stands. */

static bool close_attempt(struct stage_loop *stage, const struct notice *notice, uint64_t after)
{
    struct send_finished data = {.notice = notice->id, .attempt = notice->attempt, .result = SEND_UNKNOWN,
                                 .detail = "the sender ended before it had an answer"};
    struct send_order order = {.notice = notice->id, .site = notice->site, .customer = notice->customer,
                               .to_staff = notice->to_staff, .attempt = (int)notice->attempt, .cause = notice->cause};

    if (stage->options.is_sending &&
        stage->options.is_sending(stage->options.send_context, notice->id, order.attempt))
        return true;
    log_warn("attempt.unknown", log_text("notice", notice->id), log_int("attempt", order.attempt));
    return append_result(stage, &order, &data, after, 0);
}

/* The notice behind a member "sending/<site>/<notice id>"; its id begins with the site. */
static const char *notice_of_member(const char *member)
{
    const char *site = strchr(member, '/');
    const char *id = site ? strchr(site + 1, '/') : NULL;

    return id ? id + 1 : NULL;
}

static bool is_in_flight(struct stage_loop *stage, const struct stored_entity *stored, const char *id, struct notice *notice)
{
    struct fault fault;

    return stored->version > 0 && entity_unpack(ENTITY_NOTICE, id, stored->packed, stage->arena, notice, &fault) &&
           notice->state == NOTICE_SENDING;
}

/* false: the store does not answer, or there are too many at once. */
static bool close_members(struct stage_loop *stage, const struct stage_partition *partition, const struct texts *members)
{
    struct stored_entity *stored = arena_alloc(stage->arena, (members->count + 1) * sizeof *stored);
    const char **ids = arena_alloc(stage->arena, (members->count + 1) * sizeof *ids);
    size_t count = 0;

    for (size_t i = 0; i < members->count; i++) {
        ids[count] = notice_of_member(members->at[i]);
        count += ids[count] != NULL;
    }
    if (count > 0 && store_read_entities_one(stage->options.store, partition->number, ENTITY_NOTICE, ids, count,
                                             stage->arena, stored) != STORE_OK)
        return false;
    for (size_t i = 0; i < count; i++) {
        struct notice *notice = record_new(&notice_record, stage->arena);
        if (is_in_flight(stage, &stored[i], ids[i], notice) && !close_attempt(stage, notice, partition->checkpoint.seq))
            return false;
    }
    return true;
}

static void attempts_later(struct stage_loop *stage, struct stage_partition *partition)
{
    stage_look(stage);
    backoff_more(&partition->backoff, stage_mono(stage));
}

void stage_close_attempts(struct stage_loop *stage, struct stage_partition *partition)
{
    struct store *store = stage->options.store;
    const char *after = "";
    struct texts members;

    if (!stage->options.send || stage->options.core->stage != STAGE_NOTIFIER ||
        !mono_reached(stage_mono(stage), partition->attempts_at) ||
        !mono_reached(stage_mono(stage), partition->backoff.until))
        return;
    arena_reset(stage->arena);
    do {
        members = (struct texts){0};
        if (store->functions->read_queue(store, partition->number, "sending/", after, ATTEMPTS_PER_READ, stage->arena,
                                         &members) != STORE_OK) {
            attempts_later(stage, partition);
            return;
        }
        if (!close_members(stage, partition, &members)) {
            attempts_later(stage, partition);
            return;
        }
        after = members.count > 0 ? members.at[members.count - 1] : "";
    } while (members.count == ATTEMPTS_PER_READ);
    stage_look(stage);
    partition->attempts_at.ms = stage_mono(stage).ms + ATTEMPTS_MS;
}
