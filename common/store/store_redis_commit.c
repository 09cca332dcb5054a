#include <inttypes.h>
#include <string.h>

#include "store_redis_parts.h"

enum { PARTITION_KEYS = 6, COMMIT_FIXED = 5 };        /* keys of every commit; arguments before its lists */

static const char *or_empty(const char *text)
{
    return text ? text : "";
}

/* The hashes of the kinds of entity that a commit concerns, as keys behind those of the partition. */
struct kinds { int place[ENTITY_COUNT]; enum entity_kind kind[ENTITY_COUNT]; size_t count; };

enum kind_list { KIND_IDS, KIND_VERSIONS, KIND_STARTS, KIND_SET, KIND_DELETE };
enum commit_list { TIMERS_ARMED, TIMERS_DISARMED, QUEUE_LEFT, QUEUE_ENTERED, EVENTS };

/* How many arguments each list takes: those of each kind, then those of the commit. */
struct lists { struct kinds kinds; size_t counts[LISTS_MAX]; };

static void kind_add(struct kinds *kinds, enum entity_kind kind)
{
    if (kinds->place[kind])
        return;
    kinds->kind[kinds->count++] = kind;
    kinds->place[kind] = (int)kinds->count;
}

static size_t *kind_counts(struct lists *lists, enum entity_kind kind)
{
    return lists->counts + KIND_LISTS * (lists->kinds.place[kind] - 1);
}

static size_t *commit_counts(struct lists *lists)
{
    return lists->counts + KIND_LISTS * lists->kinds.count;
}

static size_t lists_count(const struct lists *lists)
{
    return KIND_LISTS * lists->kinds.count + COMMIT_LISTS;
}

static bool queue_moves(const struct entity_put *put)
{
    return strcmp(or_empty(put->queue), or_empty(put->queue_before)) != 0;
}

static void put_count(struct lists *lists, const struct entity_put *put)
{
    size_t *kind = kind_counts(lists, put->kind), *commit = commit_counts(lists);
    kind[KIND_IDS]++;
    kind[KIND_STARTS]++;
    kind[KIND_SET] += put->packed.bytes ? 2 : 0;
    kind[KIND_DELETE] += !put->packed.bytes;
    if (put->due != put->due_before)
        commit[put->due ? TIMERS_ARMED : TIMERS_DISARMED] += put->due ? 2 : 1;
    if (queue_moves(put)) {
        commit[QUEUE_LEFT] += *or_empty(put->queue_before) != '\0';
        commit[QUEUE_ENTERED] += *or_empty(put->queue) ? 2 : 0;
    }
}

static void lists_measure(const struct commit *commit, struct lists *ret)
{
    *ret = (struct lists){0};
    for (size_t i = 0; i < commit->condition_count; i++)
        kind_add(&ret->kinds, commit->conditions[i].kind);
    for (size_t i = 0; i < commit->put_count; i++)
        kind_add(&ret->kinds, commit->puts[i].kind);
    for (size_t i = 0; i < commit->condition_count; i++) {
        kind_counts(ret, commit->conditions[i].kind)[KIND_IDS]++;
        kind_counts(ret, commit->conditions[i].kind)[KIND_VERSIONS]++;
    }
    for (size_t i = 0; i < commit->put_count; i++)
        put_count(ret, &commit->puts[i]);
    commit_counts(ret)[EVENTS] = 2 * commit->event_count;
}

static void add_reads(struct store_redis *redis, const struct commit *commit, enum entity_kind kind)
{
    for (size_t i = 0; i < commit->condition_count; i++)
        if (commit->conditions[i].kind == kind)
            command_text(redis->link, commit->conditions[i].id);
    for (size_t i = 0; i < commit->put_count; i++)
        if (commit->puts[i].kind == kind)
            command_text(redis->link, commit->puts[i].id);
    for (size_t i = 0; i < commit->condition_count; i++)
        if (commit->conditions[i].kind == kind)
            command_version(redis, commit->conditions[i].version);
    for (size_t i = 0; i < commit->put_count; i++) {
        const struct entity_put *put = &commit->puts[i];
        if (put->kind == kind)
            command_entity(redis, put->version - 1, put->due_before, or_empty(put->queue_before), (struct slice){0});
    }
}

static void add_writes(struct store_redis *redis, const struct commit *commit, enum entity_kind kind)
{
    for (size_t i = 0; i < commit->put_count; i++) {
        const struct entity_put *put = &commit->puts[i];
        if (put->kind != kind || !put->packed.bytes)
            continue;
        command_text(redis->link, put->id);
        command_entity(redis, put->version, put->due, or_empty(put->queue), put->packed);
    }
    for (size_t i = 0; i < commit->put_count; i++)
        if (commit->puts[i].kind == kind && !commit->puts[i].packed.bytes)
            command_text(redis->link, commit->puts[i].id);
}

static void add_timers(struct store_redis *redis, const struct commit *commit, bool armed)
{
    for (size_t i = 0; i < commit->put_count; i++) {
        const struct entity_put *put = &commit->puts[i];
        char member[MEMBER_BYTES_MAX + 1];
        if (put->due == put->due_before || !put->due == armed)
            continue;
        member_write(put->kind, put->id, member);
        if (armed)
            command_printf(redis->link, "%" PRId64, put->due);
        command_text(redis->link, member);
    }
}

static void add_queue(struct store_redis *redis, const struct commit *commit)
{
    for (size_t i = 0; i < commit->put_count; i++)
        if (queue_moves(&commit->puts[i]) && *or_empty(commit->puts[i].queue_before))
            command_text(redis->link, commit->puts[i].queue_before);
    for (size_t i = 0; i < commit->put_count; i++)
        if (queue_moves(&commit->puts[i]) && *or_empty(commit->puts[i].queue)) {
            command_text(redis->link, "0");
            command_text(redis->link, commit->puts[i].queue);
        }
}

static void add_lists(struct store_redis *redis, const struct commit *commit, const struct kinds *kinds)
{
    for (size_t i = 0; i < kinds->count; i++) {
        add_reads(redis, commit, kinds->kind[i]);
        add_writes(redis, commit, kinds->kind[i]);
    }
    add_timers(redis, commit, true);
    add_timers(redis, commit, false);
    add_queue(redis, commit);
    for (size_t i = 0; i < commit->event_count; i++) {
        command_id(redis, commit->events[i].chain_id);
        command_bytes(redis->link, commit->events[i].packed);
    }
}

static void commit_command(struct store_redis *redis, const struct commit *commit)
{
    const struct lease *lease = &commit->lease;
    struct lists lists;
    size_t arguments = COMMIT_FIXED;
    lists_measure(commit, &lists);
    for (size_t i = 0; i < lists_count(&lists); i++)
        arguments += lists.counts[i];
    command_function(redis, "commit", PARTITION_KEYS + lists.kinds.count, arguments);
    key_of(redis, lease->partition, "never", "");
    key_of(redis, lease->partition, "log", "");
    key_of(redis, lease->partition, "head", "");
    key_of(redis, lease->partition, "timers", "");
    key_of(redis, lease->partition, "queue", "");
    key_of_stage(redis, lease->partition, lease->stage);
    for (size_t i = 0; i < lists.kinds.count; i++)
        key_of_kind(redis, lease->partition, lists.kinds.kind[i]);
    command_text(redis->link, lease->owner);
    command_printf(redis->link, "%" PRIu64, lease->epoch);
    command_place(redis, commit->from);
    command_place(redis, commit->to);
    command_bounds(redis, COMMIT_FIXED, lists.counts, lists_count(&lists));
    add_lists(redis, commit, &lists.kinds);
}

static void commit_answer(const redisReply *reply, struct commit *commit)
{
    struct checkpoint head = reply_place(reply->element[1]);
    for (size_t i = 0; i < commit->event_count; i++) {
        struct new_event *event = &commit->events[i];
        event->place = (struct place){commit->lease.partition, ++head.seq, event->chain_id, head.id};
        head.id = event->chain_id;
    }
    if (reply->elements > 2)
        commit->earliest_due = reply_number(reply->element[2]);
}

/* What is at fault is not sent. */
static void commit_commands(struct store_redis *redis, struct commit *const *each, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        redis->faults[i] = commit_fault(redis->partitions, each[i]);
        if (!redis->faults[i])
            commit_command(redis, each[i]);
    }
}

void redis_commit_begin(struct store *store, struct commit *const *each, size_t count)
{
    struct store_redis *redis = store_redis_of(store);
    if (count == 0 || count > PIPELINE_MAX)
        return;
    commit_commands(redis, each, count);
    redis_begin(redis, each);
}

/* At most PIPELINE_MAX. */
static void commit_some(struct store_redis *redis, struct commit *const *each, size_t count, enum store_status *statuses)
{
    bool begun = redis->begun == each;
    if (!begun)
        commit_commands(redis, each, count);
    begun ? redis_finish(redis) : redis_run(redis);
    for (size_t i = 0; i < count; i++)
        statuses[i] = redis->faults[i] ? redis_refuse(redis, redis->faults[i]) : STORE_OK;
    for (size_t i = 0, sent = 0; i < count; i++) {
        const redisReply *reply = redis_next_told(redis, &sent, &statuses[i]);
        if (reply)
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
