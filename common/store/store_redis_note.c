/* What belongs to no partition: contents, notes, members. */
#include <stdlib.h>
#include <string.h>

#include "cursor.h"
#include "store_redis_parts.h"

enum store_status redis_content_put(struct store *store, const char *hash, struct slice content)
{
    struct store_redis *redis = store_redis_of(store);
    const char *fault = content_fault(hash, content);
    if (fault)
        return redis_refuse(redis, fault);
    command_begin(redis->link, 3);
    command_writes(redis->link);
    command_text(redis->link, "SET");
    command_key(redis->link, "content:%s", hash);
    command_bytes(redis->link, content);
    return redis_run(redis);
}

static struct slice reply_copy(const redisReply *reply, struct arena *arena)
{
    struct slice bytes = reply_bytes(reply);
    return bytes.bytes ? (struct slice){arena_copy(arena, bytes.at, bytes.bytes), bytes.bytes} : (struct slice){0};
}

enum store_status redis_content_get(struct store *store, const char *hash, struct arena *arena, struct slice *ret)
{
    struct store_redis *redis = store_redis_of(store);
    const char *fault = name_fault(hash);
    if (fault)
        return redis_refuse(redis, fault);
    command_begin(redis->link, 2);
    command_text(redis->link, "GET");
    command_key(redis->link, "content:%s", hash);
    enum store_status status = redis_run(redis);
    if (status == STORE_OK)
        *ret = reply_copy(redis->replies[0], arena);
    return status;
}

/* -------- notes */

static enum store_status note_call(struct store_redis *redis, const char *map, const char *field, struct slice value,
                                   const struct slice *expected)
{
    const char *fault = note_fault(map, field, value);
    if (fault)
        return redis_refuse(redis, fault);
    buffer_clear(&redis->blob);
    pack_array(&redis->blob, 4);
    pack_text(&redis->blob, field);
    pack_text_slice(&redis->blob, value);
    pack_bool(&redis->blob, expected != NULL);
    pack_text_slice(&redis->blob, expected ? *expected : (struct slice){0});
    command_function(redis, "note", 2, 1);
    command_key(redis->link, "{note:%s}never", map);
    command_key(redis->link, "note:%s", map);
    command_blob(redis);
    enum store_status status = redis_run(redis);
    return status == STORE_OK ? function_status(redis, redis->replies[0]) : status;
}

enum store_status redis_note_put(struct store *store, const char *map, const char *field, struct slice value)
{
    return note_call(store_redis_of(store), map, field, value, NULL);
}

enum store_status redis_note_swap(struct store *store, const char *map, const char *field, struct slice expected,
                                  struct slice value)
{
    return note_call(store_redis_of(store), map, field, value, &expected);
}

struct pair { const char *name; const redisReply *value; };

static int pair_compare(const void *a, const void *b)
{
    return strcmp(((const struct pair *)a)->name, ((const struct pair *)b)->name);
}

/* The names and values of a flat reply, in order of the names' bytes. */
static struct pair *pairs_sorted(const redisReply *reply, struct arena *arena, size_t *ret_count)
{
    *ret_count = reply->elements / 2;
    struct pair *pairs = arena_alloc(arena, *ret_count * sizeof *pairs);
    for (size_t i = 0; i < *ret_count; i++) {
        struct slice name = reply_bytes(reply->element[2 * i]);
        pairs[i] = (struct pair){arena_text(arena, name.at, name.bytes), reply->element[2 * i + 1]};
    }
    if (*ret_count)
        qsort(pairs, *ret_count, sizeof *pairs, pair_compare);
    return pairs;
}

enum store_status redis_note_get(struct store *store, const char *map, struct arena *arena, struct texts *ret_fields,
                                 struct slice **ret_values)
{
    struct store_redis *redis = store_redis_of(store);
    const char *fault = name_fault(map);
    if (fault)
        return redis_refuse(redis, fault);
    command_begin(redis->link, 2);
    command_text(redis->link, "HGETALL");
    command_key(redis->link, "note:%s", map);
    enum store_status status = redis_run(redis);
    if (status != STORE_OK)
        return status;
    size_t count;
    const struct pair *pairs = pairs_sorted(redis->replies[0], arena, &count);
    ret_fields->count = count;
    ret_fields->at = arena_alloc(arena, count * sizeof *ret_fields->at);
    *ret_values = arena_alloc(arena, count * sizeof **ret_values);
    for (size_t i = 0; i < count; i++) {
        ret_fields->at[i] = pairs[i].name;
        (*ret_values)[i] = reply_copy(pairs[i].value, arena);
    }
    return STORE_OK;
}

/* -------- members: {members} holds names by expiry, {members}about what they say */

enum store_status redis_announce(struct store *store, const struct member *member, int64_t ttl_ms)
{
    struct store_redis *redis = store_redis_of(store);
    const char *fault = name_fault(member->name);
    if (fault)
        return redis_refuse(redis, fault);
    struct buffer about = {0};
    pack_array(&about, 3);
    pack_text(&about, member->stage);
    pack_text(&about, member->endpoint);
    pack_text(&about, member->details);
    buffer_clear(&redis->blob);
    pack_array(&redis->blob, 3);
    pack_text(&redis->blob, member->name);
    pack_int(&redis->blob, ttl_ms);
    pack_text_slice(&redis->blob, buffer_slice(&about));
    buffer_free(&about);
    command_passing_function(redis, "announce", 3, 1);
    command_key(redis->link, "{members}never");
    command_key(redis->link, "{members}");
    command_key(redis->link, "{members}about");
    command_blob(redis);
    enum store_status status = redis_run(redis);
    return status == STORE_OK ? function_status(redis, redis->replies[0]) : status;
}

static const char *cursor_string(struct cursor *cursor, struct arena *arena)
{
    struct slice text = {0};
    cursor_text(cursor, &text);
    return arena_text(arena, text.at, text.bytes);
}

static struct member member_read(const struct pair *pair, struct arena *arena)
{
    struct cursor cursor = cursor_over(reply_bytes(pair->value));
    size_t count;
    struct member member = {.name = pair->name};
    cursor_array(&cursor, &count);
    member.stage = cursor_string(&cursor, arena);
    member.endpoint = cursor_string(&cursor, arena);
    member.details = cursor_string(&cursor, arena);
    return member;
}

static wall_ms expiry_of(const struct pair *expiries, size_t count, const char *name)
{
    const struct pair wanted = {.name = name};
    const struct pair *found = count ? bsearch(&wanted, expiries, count, sizeof wanted, pair_compare) : NULL;
    return found ? reply_number(found->value) : 0;
}

static void members_commands(struct store_redis *redis)
{
    command_begin(redis->link, 1);
    command_text(redis->link, "TIME");
    command_begin(redis->link, 5);
    command_text(redis->link, "ZRANGE");
    command_key(redis->link, "{members}");
    command_text(redis->link, "0");
    command_text(redis->link, "-1");
    command_text(redis->link, "WITHSCORES");
    command_begin(redis->link, 2);
    command_text(redis->link, "HGETALL");
    command_key(redis->link, "{members}about");
}

enum store_status redis_members(struct store *store, struct arena *arena, struct member_list *ret)
{
    struct store_redis *redis = store_redis_of(store);
    members_commands(redis);
    enum store_status status = redis_run(redis);
    if (status != STORE_OK)
        return status;
    wall_ms now = reply_time(redis->replies[0]);
    size_t expiry_count, count;
    const struct pair *expiries = pairs_sorted(redis->replies[1], arena, &expiry_count);
    const struct pair *about = pairs_sorted(redis->replies[2], arena, &count);
    ret->at = arena_alloc(arena, count * sizeof *ret->at);
    ret->count = 0;
    for (size_t i = 0; i < count; i++)
        if (expiry_of(expiries, expiry_count, about[i].name) > now)
            ret->at[ret->count++] = member_read(&about[i], arena);
    return STORE_OK;
}
