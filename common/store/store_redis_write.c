#include <string.h>

#include "store_redis_parts.h"

enum { GENERATION_TRIES = 3, PARTITION_KEYS = 6 };

static const char *or_empty(const char *text)
{
    return text ? text : "";
}

/* -------- append */

static void append_blob(struct store_redis *redis, const struct fact *facts, size_t count)
{
    buffer_clear(&redis->blob);
    pack_array(&redis->blob, 1 + 5 * count);
    pack_int(&redis->blob, redis->generation);
    for (size_t i = 0; i < count; i++) {
        pack_text(&redis->blob, facts[i].key);
        pack_int(&redis->blob, facts[i].natural);
        blob_number(&redis->blob, facts[i].digest);
        blob_number(&redis->blob, facts[i].chain_id);
        pack_text_slice(&redis->blob, facts[i].packed);
    }
}

/* Keys of the outside are "keys…", a stage's own "keys.STAGE…". */
static void append_command(struct store_redis *redis, uint32_t partition, enum stage stage)
{
    const char *dot = stage == STAGE_NONE ? "" : ".", *whose = stage == STAGE_NONE ? "" : stage_names[stage];
    command_function(redis, "append", 4 + KEY_GENERATIONS_KEPT);
    key_of(redis, partition, "never");
    key_of(redis, partition, "log");
    key_of(redis, partition, "head");
    key_of(redis, partition, "keys%s%s", dot, whose);
    for (int back = 0; back < KEY_GENERATIONS_KEPT; back++)
        key_of(redis, partition, "keys%s%s:%lld", dot, whose, (long long)redis->generation - back);
    command_blob(redis);
}

static void append_answer(const redisReply *reply, uint32_t partition, struct fact *facts, size_t count)
{
    uint64_t prev = reply_id(reply->element[1]);
    for (size_t i = 0; i < count; i++) {
        struct fact *fact = &facts[i];
        fact->outcome = (enum append_outcome)reply_number(reply->element[2 + 2 * i]);
        fact->place = (struct place){.partition = partition, .seq = (uint64_t)reply_number(reply->element[3 + 2 * i])};
        if (fact->outcome != APPEND_NEW)
            continue;
        fact->place.id = fact->chain_id;
        fact->place.prev = prev;
        prev = fact->chain_id;
    }
}

enum store_status redis_append(struct store *store, uint32_t partition, struct fact *facts, size_t count)
{
    struct store_redis *redis = store_redis_of(store);
    const char *fault = append_fault(redis->partitions, partition, facts, count);
    if (fault)
        return redis_refuse(redis, fault);
    for (int tries = 0; tries < GENERATION_TRIES; tries++) {
        append_blob(redis, facts, count);
        append_command(redis, partition, count ? facts[0].stage : STAGE_NONE);
        enum store_status status = redis_run(redis);
        if (status != STORE_OK)
            return status;
        const redisReply *reply = redis->replies[0];
        int told = (int)function_status(redis, reply);
        if (told == FUNCTION_GENERATION) {
            redis->generation = reply_number(reply->element[1]);
            continue;
        }
        if (told == STORE_OK)
            append_answer(reply, partition, facts, count);
        return (enum store_status)told;
    }
    return redis_refuse(redis, "the generation of keys does not hold still");
}

/* -------- commit */

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

/* Version, due time and queue place, in front of a record. */
static void envelope_pack(uint64_t version, wall_ms due, const char *queue, struct slice record, struct buffer *to)
{
    size_t queue_bytes = strlen(queue);
    uint8_t front[ENVELOPE_BYTES + QUEUE_BYTES_MAX];
    big_endian_write(front, version, 8);
    big_endian_write(front + 8, (uint64_t)due, 6);
    big_endian_write(front + 14, queue_bytes, 2);
    memcpy(front + ENVELOPE_BYTES, queue, queue_bytes);
    struct buffer envelope = {0};
    buffer_append(&envelope, front, ENVELOPE_BYTES + queue_bytes);
    buffer_append(&envelope, record.at, record.bytes);
    pack_text_slice(to, buffer_slice(&envelope));
    buffer_free(&envelope);
}

static void conditions_blob(struct buffer *blob, const struct commit *commit, struct kinds *kinds)
{
    pack_array(blob, 3 * commit->condition_count);
    for (size_t i = 0; i < commit->condition_count; i++) {
        const struct entity_condition *condition = &commit->conditions[i];
        pack_int(blob, kind_key(kinds, condition->kind));
        pack_text(blob, condition->id);
        blob_number(blob, condition->version);
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
    envelope_pack(put->version - 1, put->due_before, before, (struct slice){0}, blob);
    if (put->packed.bytes)
        envelope_pack(put->version, put->due, queue, put->packed, blob);
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

static void commit_command(struct store_redis *redis, const struct lease *lease, const struct kinds *kinds)
{
    command_function(redis, "commit", PARTITION_KEYS + kinds->count);
    key_of(redis, lease->partition, "never");
    key_of(redis, lease->partition, "log");
    key_of(redis, lease->partition, "head");
    key_of(redis, lease->partition, "timers");
    key_of(redis, lease->partition, "queue");
    key_of(redis, lease->partition, "stage:%s", stage_names[lease->stage]);
    for (size_t i = 0; i < kinds->count; i++)
        key_of(redis, lease->partition, "entity:%c", entity_types[kinds->kind[i]].letter);
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

enum store_status redis_commit(struct store *store, struct commit *commit)
{
    struct store_redis *redis = store_redis_of(store);
    const char *fault = commit_fault(redis->partitions, commit);
    if (fault)
        return redis_refuse(redis, fault);
    struct kinds kinds = {0};
    commit_blob(redis, commit, &kinds);
    commit_command(redis, &commit->lease, &kinds);
    enum store_status status = redis_run(redis);
    if (status == STORE_OK)
        status = function_status(redis, redis->replies[0]);
    if (status == STORE_OK)
        commit_answer(redis->replies[0], commit);
    return status;
}

/* -------- fire */

static void fire_blob(struct store_redis *redis, const struct lease *lease, wall_ms now, uint64_t chain_seed)
{
    struct buffer event = {0};
    struct fired_pieces pieces;
    fired_pieces_pack(now, &event, &pieces);
    struct buffer *blob = &redis->blob;
    buffer_clear(blob);
    pack_array(blob, 6);
    pack_text(blob, lease->owner);
    pack_uint(blob, lease->epoch);
    pack_int(blob, now);
    pack_uint(blob, chain_seed >> 32);
    pack_uint(blob, chain_seed & UINT32_MAX);
    pack_array(blob, 2 * FIRED_PARTS + 1);
    for (int i = 0; i < FIRED_PARTS; i++) {
        pack_text_slice(blob, pieces.bytes[i]);
        pack_int(blob, pieces.between[i]);
    }
    pack_text_slice(blob, pieces.bytes[FIRED_PARTS]);
    buffer_free(&event);
}

static void fire_command(struct store_redis *redis, const struct lease *lease)
{
    command_function(redis, "fire", 5);
    key_of(redis, lease->partition, "never");
    key_of(redis, lease->partition, "log");
    key_of(redis, lease->partition, "head");
    key_of(redis, lease->partition, "timers");
    key_of(redis, lease->partition, "stage:%s", stage_names[lease->stage]);
    command_blob(redis);
}

static void fire_answer(const redisReply *reply, uint32_t partition, uint64_t chain_id, struct arena *arena,
                        struct entry_list *ret)
{
    uint64_t seq = (uint64_t)reply_number(reply->element[1]), prev = reply_id(reply->element[2]);
    ret->count = reply->elements - 4;
    ret->at = arena_alloc(arena, ret->count * sizeof *ret->at);
    for (size_t i = 0; i < ret->count; i++) {
        struct slice packed = reply_bytes(reply->element[4 + i]);
        ret->at[i].place = (struct place){partition, ++seq, chain_id, prev};
        ret->at[i].packed = (struct slice){arena_copy(arena, packed.at, packed.bytes), packed.bytes};
        prev = chain_id++;
    }
}

enum store_status redis_fire(struct store *store, const struct lease *lease, wall_ms now, uint64_t chain_seed,
                             struct arena *arena, struct entry_list *ret_fired, wall_ms *ret_earliest_due)
{
    struct store_redis *redis = store_redis_of(store);
    const char *fault = fire_fault(redis->partitions, lease, now);
    if (fault)
        return redis_refuse(redis, fault);
    fire_blob(redis, lease, now, chain_seed);
    fire_command(redis, lease);
    enum store_status status = redis_run(redis);
    if (status == STORE_OK)
        status = function_status(redis, redis->replies[0]);
    if (status != STORE_OK)
        return status;
    fire_answer(redis->replies[0], lease->partition, chain_seed, arena, ret_fired);
    *ret_earliest_due = reply_number(redis->replies[0]->element[3]);
    return STORE_OK;
}

enum store_status redis_trim(struct store *store, uint32_t partition, uint64_t before_seq, struct trimmed *ret)
{
    struct store_redis *redis = store_redis_of(store);
    if (partition >= redis->partitions)
        return redis_refuse(redis, "there is no such partition");
    buffer_clear(&redis->blob);
    pack_array(&redis->blob, 1);
    pack_uint(&redis->blob, before_seq);
    command_function(redis, "trim", 3 + STAGE_COUNT - 1);
    key_of(redis, partition, "never");
    key_of(redis, partition, "log");
    key_of(redis, partition, "head");
    for (int stage = STAGE_NONE + 1; stage < STAGE_COUNT; stage++)
        key_of(redis, partition, "stage:%s", stage_names[stage]);
    command_blob(redis);
    enum store_status status = redis_run(redis);
    if (status == STORE_OK)
        status = function_status(redis, redis->replies[0]);
    if (status != STORE_OK)
        return status;
    redisReply **reply = redis->replies[0]->element;
    *ret = (struct trimmed){(uint64_t)reply_number(reply[1]), (uint64_t)reply_number(reply[2]),
                            (uint64_t)reply_number(reply[3]), (uint64_t)reply_number(reply[4])};
    return STORE_OK;
}
