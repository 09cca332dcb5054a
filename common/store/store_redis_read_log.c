/* Events out of the log. Redis keeps those of one write in one entry, named by the seq of the last of them
 * (functions_log.lua): what is read may begin before the event that is wanted, and end behind the last one. */
#include "store_redis_parts.h"

enum { ROUNDS_MAX = 8 };            /* a log is not trimmed as often as this while it is read */

static bool is_field(const redisReply *reply, char name)
{
    struct slice bytes = reply_bytes(reply);
    return bytes.bytes == 1 && *bytes.at == (uint8_t)name;
}

/* p, id before, then chain id and event of each. */
static bool values_read(redisReply *const *values, size_t count, struct log_entry *ret)
{
    if (count < 4 || count % 2 || !is_field(values[0], 'p'))
        return false;
    *ret = (struct log_entry){.count = count / 2 - 1, .prev = reply_id(values[1]), .id = values + 2,
                              .event = values + 3};
    return true;
}

/* One event, as earlier builds wrote it: i, chain id, p, id before, e, event. */
static bool single_read(redisReply *const *values, size_t count, struct log_entry *ret)
{
    if (count != 6 || !is_field(values[0], 'i'))
        return false;
    *ret = (struct log_entry){.count = 1, .prev = reply_id(values[3]), .id = values + 1, .event = values + 5};
    return true;
}

bool log_entry_read(const redisReply *reply, struct log_entry *ret)
{
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2 || reply->element[1]->type != REDIS_REPLY_ARRAY)
        return false;
    const redisReply *values = reply->element[1];
    uint64_t last = (uint64_t)reply_number(reply->element[0]);
    if (!values_read(values->element, values->elements, ret) && !single_read(values->element, values->elements, ret))
        return false;
    ret->first = last + 1 - ret->count;
    return last >= ret->count;
}

/* -------- one log */

/* How a log is asked: from where; or where it begins, if there is nothing near that. */
struct seek { uint64_t from; bool is_lost; };

static size_t events_wanted(const struct log_read *read)
{
    return read->max < READ_MAX ? read->max : READ_MAX;
}

/* Whatever holds one of the events wanted ends less than an entry behind the last of them. */
static void seek_command(struct store_redis *redis, const struct log_read *read, const struct seek *seek)
{
    size_t max = events_wanted(read);
    uint64_t end = seek->from + max - 1 + ENTRY_EVENTS_MAX - 1;
    command_begin(redis->link, 6);
    command_text(redis->link, "XRANGE");
    key_of(redis, read->partition, "log", "");
    command_printf(redis->link, "%llu", (unsigned long long)seek->from);
    if (seek->is_lost || end < seek->from)
        command_text(redis->link, "+");
    else
        command_printf(redis->link, "%llu", (unsigned long long)end);
    command_text(redis->link, "COUNT");
    command_printf(redis->link, "%zu", seek->is_lost ? 1 : max);
}

/* Adds its events from `from` on, as long as there is room. */
static void entry_take(const struct log_entry *entry, uint32_t partition, uint64_t from, size_t room,
                       struct arena *arena, struct entry_list *list)
{
    uint64_t prev = entry->prev;
    for (size_t i = 0; i < entry->count && list->count < room; i++) {
        uint64_t id = reply_id(entry->id[2 * i]);
        struct slice event = reply_bytes(entry->event[2 * i]);
        if (entry->first + i >= from)
            list->at[list->count++] = (struct entry){{partition, entry->first + i, id, prev},
                                                     {arena_copy(arena, event.at, event.bytes), event.bytes}};
        prev = id;
    }
}

/* false: an entry is not ours, or holds what the one before it holds. */
static bool log_take(const redisReply *reply, uint64_t from, struct arena *arena, struct log_read *read)
{
    struct log_entry entry;
    size_t room = 0, max = events_wanted(read);
    uint64_t before = 0;
    for (size_t i = 0; i < reply->elements; i++) {
        if (!log_entry_read(reply->element[i], &entry) || entry.first <= before)
            return false;
        before = entry.first + entry.count - 1;
        room += entry.count;
    }
    room = room < max ? room : max;
    read->entries = (struct entry_list){.at = arena_alloc(arena, room * sizeof *read->entries.at)};
    for (size_t i = 0; i < reply->elements; i++) {
        log_entry_read(reply->element[i], &entry);
        entry_take(&entry, read->partition, from, room, arena, &read->entries);
    }
    return true;
}

/* true: it is to be asked once more, as `seek` then says. It was trimmed beyond what was asked for. */
static bool seek_on(const struct log_read *read, const redisReply *reply, struct seek *seek)
{
    struct log_entry first;
    bool was_lost = seek->is_lost;
    if (!reply->elements) {
        seek->is_lost = true;
        return !was_lost;
    }
    log_entry_read(reply->element[0], &first);
    bool begins_later = first.first > seek->from;
    seek->is_lost = false;
    seek->from = begins_later ? first.first : seek->from;
    return was_lost || (begins_later && read->entries.count < events_wanted(read));
}

/* -------- many */

static const enum store_status to_ask = (enum store_status)(STORE_REFUSED + 1);

static enum store_status answer_read(struct store_redis *redis, const redisReply *reply, struct arena *arena,
                                     struct log_read *read, struct seek *seek)
{
    if (!log_take(reply, seek->from, arena, read))
        return redis_refuse(redis, "the log in Redis holds an entry that is not ours");
    return seek_on(read, reply, seek) ? to_ask : STORE_OK;
}

/* Those that are still to be asked, all together. True: some are to be asked once more. */
static bool read_round(struct store_redis *redis, struct log_read *each, struct seek *seeks, size_t count,
                       struct arena *arena, enum store_status *statuses)
{
    bool again = false;
    for (size_t i = 0; i < count; i++)
        if (statuses[i] == to_ask)
            seek_command(redis, &each[i], &seeks[i]);
    redis_run(redis);
    for (size_t i = 0, asked = 0; i < count; i++) {
        if (statuses[i] != to_ask)
            continue;
        const redisReply *reply = redis->replies[asked];
        statuses[i] = redis_outcome_of(redis, asked++);
        if (statuses[i] == STORE_OK)
            statuses[i] = answer_read(redis, reply, arena, &each[i], &seeks[i]);
        again = again || statuses[i] == to_ask;
    }
    return again;
}

/* At most PIPELINE_MAX. */
static void read_some(struct store_redis *redis, struct log_read *each, size_t count, struct arena *arena,
                      enum store_status *statuses)
{
    struct seek seeks[PIPELINE_MAX];
    bool again = false;
    for (size_t i = 0; i < count; i++) {
        const char *fault = partition_fault(redis, each[i].partition);
        seeks[i] = (struct seek){.from = each[i].from_seq ? each[i].from_seq : 1};
        each[i].entries = (struct entry_list){0};
        statuses[i] = fault ? redis_refuse(redis, fault) : each[i].max ? to_ask : STORE_OK;
        again = again || statuses[i] == to_ask;
    }
    for (int round = 0; again && round < ROUNDS_MAX; round++)
        again = read_round(redis, each, seeks, count, arena, statuses);
    for (size_t i = 0; i < count; i++)
        if (statuses[i] == to_ask)
            statuses[i] = STORE_GONE;
}

enum store_status redis_read_log(struct store *store, struct log_read *each, size_t count, struct arena *arena,
                                 enum store_status *ret_status_each)
{
    for (size_t from = 0; from < count; from += PIPELINE_MAX) {
        size_t some = count - from < PIPELINE_MAX ? count - from : PIPELINE_MAX;
        read_some(store_redis_of(store), each + from, some, arena, ret_status_each + from);
    }
    return exchange_status(ret_status_each, count);
}
