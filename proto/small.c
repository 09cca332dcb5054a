#include "small.h"

#include <string.h>

#include "field.h"
#include "head.h"

enum { TIME_BYTES = 5, NUMBER_BYTES_MAX = 10 };

#define EPOCH ((wall_ms)1577836800000)                       /* 2020-01-01T00:00:00Z */
#define TIME_OTHERWISE (((uint64_t)1 << (8 * TIME_BYTES)) - 1)

struct small_id small_id_of(const char *id)
{
    return (struct small_id){.whole = id, .bytes = strlen(id), .site_bytes = strcspn(id, "/")};
}

/* -------- numbers */

void small_number_pack(struct buffer *to, uint64_t number)
{
    buffer_room(to, NUMBER_BYTES_MAX);
    for (; number > 0x7f; number >>= 7)
        to->at[to->bytes++] = (uint8_t)(number | 0x80);
    to->at[to->bytes++] = (uint8_t)number;
}

bool small_number_unpack(struct small_reader *from, uint64_t *ret)
{
    uint64_t number = 0;
    for (unsigned shift = 0; shift < 64 && from->at < from->end; shift += 7) {
        uint8_t byte = *from->at++;
        number |= (uint64_t)(byte & 0x7f) << shift;
        if (byte & 0x80)
            continue;
        *ret = number;
        return true;
    }
    return false;
}

void small_int_pack(struct buffer *to, int64_t number)
{
    small_number_pack(to, ((uint64_t)number << 1) ^ (uint64_t)(number >> 63));
}

bool small_int_unpack(struct small_reader *from, int64_t *ret)
{
    uint64_t number;
    if (!small_number_unpack(from, &number))
        return false;
    *ret = (int64_t)((number >> 1) ^ -(number & 1));
    return true;
}

/* -------- times */

static void big_endian_pack(struct buffer *to, uint64_t number, size_t bytes)
{
    uint64_t turned = htobe64(number);
    buffer_append(to, (uint8_t *)&turned + sizeof turned - bytes, bytes);
}

void small_time_pack(struct buffer *to, wall_ms at)
{
    uint64_t since = (uint64_t)at - (uint64_t)EPOCH;
    if (since < TIME_OTHERWISE) {
        big_endian_pack(to, since, TIME_BYTES);
        return;
    }
    big_endian_pack(to, TIME_OTHERWISE, TIME_BYTES);
    big_endian_pack(to, (uint64_t)at, 8);
}

bool small_time_unpack(struct small_reader *from, wall_ms *ret)
{
    struct slice bytes;
    if (!small_take(from, TIME_BYTES, &bytes))
        return false;
    uint64_t since = big_endian(bytes.at, TIME_BYTES);
    *ret = (wall_ms)since + EPOCH;
    if (since != TIME_OTHERWISE)
        return true;
    if (!small_take(from, 8, &bytes))
        return false;
    *ret = (wall_ms)big_endian(bytes.at, 8);
    return *ret >= 0 && *ret <= MOMENT_MAX;
}

/* -------- bytes */

bool small_take(struct small_reader *from, uint64_t bytes, struct slice *ret)
{
    if (bytes > (uint64_t)(from->end - from->at))
        return false;
    *ret = (struct slice){from->at, (size_t)bytes};
    from->at += bytes;
    return true;
}

void small_bytes_pack(struct buffer *to, struct slice bytes)
{
    small_number_pack(to, bytes.bytes);
    buffer_append(to, bytes.at, bytes.bytes);
}

bool small_bytes_unpack(struct small_reader *from, struct slice *ret)
{
    uint64_t bytes;
    return small_number_unpack(from, &bytes) && small_take(from, bytes, ret);
}
