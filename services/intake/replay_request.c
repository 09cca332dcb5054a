#include "replay_request.h"

#include <string.h>

#include "cursor.h"
#include "event.h"
#include "partition.h"

static const char *const ask_words[ASK_COUNT] = {"hello", "fetch", "acknowledge", "lag", "forget"};
static const char *const from_words[] = {"now", "beginning", "seq", "time"};

struct reading_of {
    struct replay_request *request;
    uint32_t partitions;
    struct arena *arena;
};

/* -------- fields; each reads its value, or says why not */

static int word_read(struct cursor *value, const char *const *words, size_t count)
{
    struct slice text;
    if (!cursor_text(value, &text))
        return -1;
    for (size_t i = 0; i < count; i++)
        if (slice_is(text, words[i]))
            return (int)i;
    return -1;
}

static const char *read_ask(struct reading_of *r, struct cursor *value)
{
    int word = word_read(value, ask_words, ASK_COUNT);
    r->request->ask = (enum ask)word;
    return word < 0 ? "ask: hello, fetch, acknowledge, lag or forget" : NULL;
}

static const char *read_from(struct reading_of *r, struct cursor *value)
{
    int word = word_read(value, from_words, sizeof from_words / sizeof *from_words);
    r->request->from = (enum from)word;
    return word < 0 ? "from: now, beginning, seq or time" : NULL;
}

static const char *read_name(struct reading_of *r, struct cursor *value)
{
    struct slice text;
    if (!cursor_text(value, &text) || text.bytes > CONSUMER_NAME_BYTES_MAX)
        return "name: a text of at most 64 bytes";
    r->request->name = arena_text(r->arena, text.at, text.bytes);
    bool good = !*r->request->name || name_is_plain(r->request->name);
    return good ? NULL : "name: letters, digits, dot, dash and underscore";
}

static const char *read_durable(struct reading_of *r, struct cursor *value)
{
    return cursor_bool(value, &r->request->durable) ? NULL : "durable: true or false";
}

static const char *read_seq(struct reading_of *r, struct cursor *value)
{
    return cursor_uint(value, &r->request->seq) ? NULL : "seq: a whole number";
}

static const char *read_id(struct reading_of *r, struct cursor *value)
{
    return cursor_uint(value, &r->request->id) ? NULL : "id: a whole number";
}

static const char *read_time(struct reading_of *r, struct cursor *value)
{
    return cursor_int(value, &r->request->time) ? NULL : "time: milliseconds since 1970";
}

static const char *read_max(struct reading_of *r, struct cursor *value)
{
    uint64_t max;
    if (!cursor_uint(value, &max) || !max)
        return "max: a whole number from 1";
    r->request->max = max < PAGE_EVENTS_MAX ? max : PAGE_EVENTS_MAX;
    return NULL;
}

static bool partition_read(const struct reading_of *r, struct cursor *value, uint32_t *ret)
{
    uint64_t number;
    if (!cursor_uint(value, &number) || number >= r->partitions)
        return false;
    *ret = (uint32_t)number;
    return true;
}

static const char *read_partition(struct reading_of *r, struct cursor *value)
{
    r->request->has_partition = partition_read(r, value, &r->request->partition);
    return r->request->has_partition ? NULL : "partition: there is none of this number";
}

static const char *read_partitions(struct reading_of *r, struct cursor *value)
{
    size_t count;
    if (!cursor_array(value, &count) || count > r->partitions)
        return "partitions: a list, each once";
    r->request->partitions.at = arena_alloc(r->arena, (count + 1) * sizeof *r->request->partitions.at);
    for (r->request->partitions.count = 0; r->request->partitions.count < count; r->request->partitions.count++)
        if (!partition_read(r, value, &r->request->partitions.at[r->request->partitions.count]))
            return "partitions: there is none of this number";
    return NULL;
}

static const char *texts_read(struct reading_of *r, struct cursor *value, struct texts *ret)
{
    enum { LIST_MAX = 256 };
    size_t count;
    struct slice text;
    if (!cursor_array(value, &count) || count > LIST_MAX)
        return "sites, types: lists of at most 256 texts";
    ret->at = arena_alloc(r->arena, (count + 1) * sizeof *ret->at);
    for (ret->count = 0; ret->count < count; ret->count++) {
        if (!cursor_text(value, &text))
            return "sites, types: lists of at most 256 texts";
        ret->at[ret->count] = arena_text(r->arena, text.at, text.bytes);
    }
    return NULL;
}

static const char *read_sites(struct reading_of *r, struct cursor *value)
{
    return texts_read(r, value, &r->request->sites);
}

static const char *read_types(struct reading_of *r, struct cursor *value)
{
    return texts_read(r, value, &r->request->types);
}

static bool point_read(const struct reading_of *r, struct cursor *value, struct point *ret)
{
    size_t three;
    return cursor_array(value, &three) && three == 3 && partition_read(r, value, &ret->partition) &&
           cursor_uint(value, &ret->at.seq) && cursor_uint(value, &ret->at.id);
}

static const char *read_at(struct reading_of *r, struct cursor *value)
{
    struct point_list *at = &r->request->at;
    size_t count;
    if (!cursor_array(value, &count) || count > PARTITIONS_MAX)
        return "at: a list of [partition, seq, id]";
    at->at = arena_alloc(r->arena, (count + 1) * sizeof *at->at);
    for (at->count = 0; at->count < count; at->count++)
        if (!point_read(r, value, &at->at[at->count]))
            return "at: a list of [partition, seq, id]";
    return NULL;
}

static const struct { const char *name; const char *(*read)(struct reading_of *, struct cursor *); } fields[] = {
    {"ask", read_ask},           {"name", read_name},             {"durable", read_durable}, {"from", read_from},
    {"seq", read_seq},           {"id", read_id},                 {"time", read_time},       {"max", read_max},
    {"partition", read_partition}, {"partitions", read_partitions}, {"sites", read_sites},   {"types", read_types},
    {"at", read_at},
};

/* -------- the request */

static const char *field_read(struct reading_of *reading, struct slice key, struct slice packed)
{
    struct cursor value = cursor_over(packed);
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (slice_is(key, fields[i].name))
            return fields[i].read(reading, &value);
    return NULL;                                /* a newer consumer says more than we know */
}

static const char *request_fault(const struct replay_request *request)
{
    if (request->ask == ASK_COUNT)
        return "ask: hello, fetch, acknowledge, lag or forget";
    if (request->ask == ASK_FETCH && !request->has_partition)
        return "partition: which one?";
    if ((request->durable || request->ask == ASK_ACKNOWLEDGE || request->ask == ASK_FORGET) && !*request->name)
        return "name: a durable consumer has one";
    return NULL;
}

bool replay_request_unpack(struct slice packed, uint32_t partitions, struct arena *arena, struct replay_request *ret,
                           const char **ret_fault)
{
    struct reading_of reading = {ret, partitions, arena};
    struct cursor cursor = cursor_over(packed);
    struct slice key, value;
    size_t pairs = 0, at;
    *ret = (struct replay_request){.ask = ASK_COUNT, .name = "", .max = PAGE_EVENTS_MAX};
    *ret_fault = guard_check(packed, &at);
    if (!*ret_fault && !cursor_map(&cursor, &pairs))
        *ret_fault = "the third frame is a map";
    while (!*ret_fault && pairs--) {
        if (!cursor_text(&cursor, &key) || !cursor_skip(&cursor, &value))
            *ret_fault = "the keys of the map are texts";
        else
            *ret_fault = field_read(&reading, key, value);
    }
    if (!*ret_fault)
        *ret_fault = request_fault(ret);
    return !*ret_fault;
}

/* -------- what may be seen */

static bool texts_have(const struct texts *texts, struct slice text)
{
    for (size_t i = 0; i < texts->count; i++)
        if (slice_is(text, texts->at[i]))
            return true;
    return false;
}

/* The wishes that are allowed; without wishes, all that is allowed. */
static bool narrow(struct texts *wished, const struct texts *allowed, struct arena *arena)
{
    struct texts both = {arena_alloc(arena, (wished->count + 1) * sizeof *both.at), 0};
    if (!wished->count)
        *wished = *allowed;
    if (!allowed->count || wished->at == allowed->at)
        return true;
    for (size_t i = 0; i < wished->count; i++)
        if (texts_have(allowed, (struct slice){(const uint8_t *)wished->at[i], strlen(wished->at[i])}))
            both.at[both.count++] = wished->at[i];
    *wished = both;
    return both.count;
}

bool replay_request_narrow(struct replay_request *request, const struct credential *credential, struct arena *arena)
{
    return narrow(&request->sites, &credential->sites, arena) && narrow(&request->types, &credential->types, arena);
}

static bool is_wanted(const struct texts *wanted, struct slice packed, const char *key)
{
    struct slice value, text;
    if (!wanted->count)
        return true;
    if (!cursor_find(packed, key, &value))
        return false;
    struct cursor cursor = cursor_over(value);
    return cursor_text(&cursor, &text) && texts_have(wanted, text);
}

bool replay_request_wants(const struct replay_request *request, struct slice packed)
{
    return is_wanted(&request->sites, packed, "site") && is_wanted(&request->types, packed, "type");
}

static size_t partition_add(uint32_t *each, size_t count, uint32_t partition)
{
    for (size_t i = 0; i < count; i++)
        if (each[i] == partition)
            return count;
    each[count] = partition;
    return count + 1;
}

size_t replay_request_partitions(const struct replay_request *request, uint32_t partitions, uint32_t *ret_each)
{
    size_t count = 0;
    for (size_t i = 0; i < request->partitions.count; i++)
        count = partition_add(ret_each, count, request->partitions.at[i]);
    if (request->partitions.count)
        return count;
    for (size_t i = 0; i < request->sites.count && count < partitions; i++)
        count = partition_add(ret_each, count, partition_of_site(request->sites.at[i], partitions));
    for (uint32_t p = 0; p < partitions && !request->sites.count; p++)
        ret_each[count++] = p;
    return count;
}

/* -------- answers */

void points_array_pack(const struct point_list *points, struct buffer *to)
{
    pack_array(to, points->count);
    for (size_t i = 0; i < points->count; i++) {
        pack_array(to, 3);
        pack_uint(to, points->at[i].partition);
        pack_uint(to, points->at[i].at.seq);
        pack_uint(to, points->at[i].at.id);
    }
}

void texts_array_pack(const struct texts *texts, struct buffer *to)
{
    pack_array(to, texts->count);
    for (size_t i = 0; i < texts->count; i++)
        pack_text(to, texts->at[i]);
}

void replay_refuse(struct buffer *to, const char *answer, const char *reason)
{
    buffer_clear(to);
    pack_map(to, 2);
    pack_text(to, "answer");
    pack_text(to, answer);
    pack_text(to, "reason");
    pack_text(to, reason);
}
