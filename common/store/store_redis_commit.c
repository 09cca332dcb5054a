#include <string.h>

#include "store_redis_parts.h"

enum { PARTITION_KEYS = 6 };

static const char *or_empty(const char *text)
{
    return text ? text : "";
}

/* The hashes of the kinds of entity that a commit concerns, as keys behind those of the partition. */
struct kinds { int key[ENTITY_COUNT]; enum entity_kind kind[ENTITY_COUNT]; size_t count; };

static int kind_key(struct kinds *kinds, enum entity_kind kind)
{
    if (!kinds->key[kind]) {
        kinds->kind[kinds->count++] = kind;
        kinds->key[kind] = PARTITION_KEYS + (int)kinds->count;
    }
    return kinds->key[kind];
}

static void conditions_blob(struct buffer *blob, const struct commit *commit, struct kinds *kinds)
{
    pack_array(blob, 3 * commit->condition_count);
    for (size_t i = 0; i < commit->condition_count; i++) {
        const struct entity_condition *condition = &commit->conditions[i];
        pack_int(blob, kind_key(kinds, condition->kind));
        pack_text(blob, condition->id);
        version_blob(blob, condition->version);
    }
}

static void put_blob(struct buffer *blob, const struct entity_put *put, struct kinds *kinds)
{
    const char *queue = or_empty(put->queue), *before = or_empty(put->queue_before);
    bool moves = strcmp(queue, before) != 0;
    char member[MEMBER_BYTES_MAX + 1];
    member_write(put->kind, put->id, member);
    pack_int(blob, kind_key(kinds, put->kind));
    pack_text(blob, member);
    entity_blob(blob, put->version - 1, put->due_before, before, (struct slice){0});
    if (put->packed.bytes)
        entity_blob(blob, put->version, put->due, queue, put->packed);
    else
        pack_text(blob, "");
    pack_int(blob, put->due == put->due_before ? -1 : put->due);
    pack_text(blob, moves ? before : "");
    pack_text(blob, moves ? queue : "");
}

static void commit_blob(struct store_redis *redis, const struct commit *commit, struct kinds *kinds)
{
    struct buffer *blob = &redis->blob;
    buffer_clear(blob);
    pack_array(blob, 9);
    pack_text(blob, commit->lease.owner);
    pack_uint(blob, commit->lease.epoch);
    pack_uint(blob, commit->from.seq);
    blob_number(blob, commit->from.id);
    pack_uint(blob, commit->to.seq);
    blob_number(blob, commit->to.id);
    conditions_blob(blob, commit, kinds);
    pack_array(blob, 7 * commit->put_count);
    for (size_t i = 0; i < commit->put_count; i++)
        put_blob(blob, &commit->puts[i], kinds);
    pack_array(blob, 2 * commit->event_count);
    for (size_t i = 0; i < commit->event_count; i++) {
        blob_number(blob, commit->events[i].chain_id);
        pack_text_slice(blob, commit->events[i].packed);
    }
}

static void commit_command(struct store_redis *redis, const struct commit *commit)
{
    const struct lease *lease = &commit->lease;
    struct kinds kinds = {0};
    commit_blob(redis, commit, &kinds);
    command_function(redis, "commit", PARTITION_KEYS + kinds.count);
    key_of(redis, lease->partition, "never");
    key_of(redis, lease->partition, "log");
    key_of(redis, lease->partition, "head");
    key_of(redis, lease->partition, "timers");
    key_of(redis, lease->partition, "queue");
    key_of(redis, lease->partition, "stage:%s", stage_names[lease->stage]);
    for (size_t i = 0; i < kinds.count; i++)
        key_of(redis, lease->partition, "entity:%c", entity_types[kinds.kind[i]].letter);
    command_blob(redis);
}

static void commit_answer(const redisReply *reply, struct commit *commit)
{
    uint64_t seq = (uint64_t)reply_number(reply->element[1]), prev = reply_id(reply->element[2]);
    for (size_t i = 0; i < commit->event_count; i++) {
        struct new_event *event = &commit->events[i];
        event->place = (struct place){commit->lease.partition, ++seq, event->chain_id, prev};
        prev = event->chain_id;
    }
    commit->earliest_due = reply_number(reply->element[3]);
}

/* At most PIPELINE_MAX. */
static void commit_some(struct store_redis *redis, struct commit *const *each, size_t count, enum store_status *statuses)
{
    for (size_t i = 0; i < count; i++) {
        const char *fault = commit_fault(redis->partitions, each[i]);
        statuses[i] = fault ? redis_refuse(redis, fault) : STORE_OK;
        if (!fault)
            commit_command(redis, each[i]);
    }
    redis_run(redis);
    for (size_t i = 0, asked = 0; i < count; i++) {
        if (statuses[i] != STORE_OK)
            continue;
        const redisReply *reply = redis->replies[asked];
        statuses[i] = redis_told(redis, asked++);
        if (statuses[i] == STORE_OK)
            commit_answer(reply, each[i]);
    }
}

enum store_status redis_commit(struct store *store, struct commit *const *each, size_t count,
                               enum store_status *ret_status_each)
{
    for (size_t from = 0; from < count; from += PIPELINE_MAX) {
        size_t some = count - from < PIPELINE_MAX ? count - from : PIPELINE_MAX;
        commit_some(store_redis_of(store), each + from, some, ret_status_each + from);
    }
    return exchange_status(ret_status_each, count);
}
