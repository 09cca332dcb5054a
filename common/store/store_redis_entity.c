/* An entity as its value in Redis: a byte, how many bytes the version has, and ENVELOPE_DUE and ENVELOPE_QUEUE if there are
 * such; the version, the due time (6 bytes), bytes of the queue place (2) and the place; then the record. The functions
 * compare what stands before the record, and so go by it, too. An earlier form has a version of 8 bytes in front, whose first
 * is 0, and always a time and a place: it is read, and written no more. */
#include <string.h>

#include "head.h"
#include "store_redis_parts.h"

enum {
    ENVELOPE_VERSION = 15, ENVELOPE_DUE = 16, ENVELOPE_QUEUE = 32,
    VERSION_BYTES = 8, DUE_BYTES = 6, PLACE_BYTES_BYTES = 2,
    EARLIER_BYTES = VERSION_BYTES + DUE_BYTES + PLACE_BYTES_BYTES
};

static size_t version_bytes(uint64_t version)
{
    size_t bytes = 0;
    for (; version; version >>= 8)
        bytes++;
    return bytes;
}

void command_version(struct store_redis *redis, uint64_t version)
{
    uint8_t bytes[VERSION_BYTES];
    size_t count = version_bytes(version);
    big_endian_write(bytes, version, count);
    command_bytes(redis->link, (struct slice){bytes, count});
}

static size_t envelope_write(uint64_t version, wall_ms due, const char *queue, uint8_t *to)
{
    size_t queue_bytes = strlen(queue), at = 1;
    to[0] = (uint8_t)(version_bytes(version) | (due ? ENVELOPE_DUE : 0) | (queue_bytes ? ENVELOPE_QUEUE : 0));
    big_endian_write(to + at, version, version_bytes(version));
    at += version_bytes(version);
    if (due)
        big_endian_write(to + at, (uint64_t)due, DUE_BYTES);
    at += due ? DUE_BYTES : 0;
    if (!queue_bytes)
        return at;
    big_endian_write(to + at, queue_bytes, PLACE_BYTES_BYTES);
    memcpy(to + at + PLACE_BYTES_BYTES, queue, queue_bytes);
    return at + PLACE_BYTES_BYTES + queue_bytes;
}

void command_entity(struct store_redis *redis, uint64_t version, wall_ms due, const char *queue, struct slice record)
{
    uint8_t envelope[1 + EARLIER_BYTES + QUEUE_BYTES_MAX];
    size_t bytes = envelope_write(version, due, queue, envelope);
    command_joined(redis->link, (struct slice){envelope, bytes}, record);
}

/* -------- reading */

/* Takes so many bytes as a number; false: there are fewer. */
static bool number_take(struct slice *from, size_t bytes, uint64_t *ret)
{
    if (from->bytes < bytes)
        return false;
    *ret = big_endian(from->at, bytes);
    *from = (struct slice){from->at + bytes, from->bytes - bytes};
    return true;
}

static bool envelope_read(struct slice *from, uint64_t *ret_version, uint64_t *ret_due, uint64_t *ret_queue_bytes)
{
    uint64_t form = from->bytes ? from->at[0] : 0;
    *ret_due = *ret_queue_bytes = 0;
    if (!form)
        return number_take(from, VERSION_BYTES, ret_version) && number_take(from, DUE_BYTES, ret_due) &&
               number_take(from, PLACE_BYTES_BYTES, ret_queue_bytes);
    return number_take(from, 1, &form) && (form & ENVELOPE_VERSION) <= VERSION_BYTES &&
           number_take(from, form & ENVELOPE_VERSION, ret_version) &&
           (!(form & ENVELOPE_DUE) || number_take(from, DUE_BYTES, ret_due)) &&
           (!(form & ENVELOPE_QUEUE) || number_take(from, PLACE_BYTES_BYTES, ret_queue_bytes));
}

bool entity_of_reply(const redisReply *reply, const char *id, struct arena *arena, struct stored_entity *ret)
{
    struct slice bytes = reply_bytes(reply);
    uint64_t due, queue_bytes;
    *ret = (struct stored_entity){.id = id, .queue = ""};
    if (!bytes.at)
        return true;
    if (!envelope_read(&bytes, &ret->version, &due, &queue_bytes) || queue_bytes > bytes.bytes)
        return false;
    ret->due = (wall_ms)due;
    ret->queue = arena_text(arena, bytes.at, queue_bytes);
    bytes = (struct slice){bytes.at + queue_bytes, bytes.bytes - queue_bytes};
    ret->packed = (struct slice){arena_copy(arena, bytes.at, bytes.bytes), bytes.bytes};
    return true;
}
