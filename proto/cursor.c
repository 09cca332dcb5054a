#include "head.h"

struct cursor cursor_over(struct slice packed)
{
    return (struct cursor){packed.at, slice_end(packed)};
}

/* The head of the next value; false at the end, and on bytes that the guard would have refused. */
static bool cursor_head(const struct cursor *cursor, struct head *ret)
{
    return cursor->at < cursor->end && !head_read(cursor->at, cursor->end, ret) &&
           ret->payload <= (uint64_t)(cursor->end - cursor->at) - ret->bytes;
}

enum cursor_type cursor_type(const struct cursor *cursor)
{
    struct head head;
    return cursor_head(cursor, &head) ? head.type : CURSOR_END;
}

static int64_t signed_value(const uint8_t *at, size_t bytes)
{
    if (bytes == 1)
        return (int8_t)at[0];
    uint64_t value = big_endian(at + 1, bytes - 1);
    unsigned unused_bits = 64 - 8 * (unsigned)(bytes - 1);
    return (int64_t)(value << unused_bits) >> unused_bits;
}

static uint64_t unsigned_value(const uint8_t *at, size_t bytes)
{
    return bytes == 1 ? at[0] : big_endian(at + 1, bytes - 1);
}

bool cursor_uint(struct cursor *cursor, uint64_t *ret)
{
    struct head head;
    if (!cursor_head(cursor, &head) || (head.type != CURSOR_UINT && head.type != CURSOR_INT))
        return false;
    if (head.type == CURSOR_INT && signed_value(cursor->at, head.bytes) < 0)
        return false;
    *ret = head.type == CURSOR_INT ? (uint64_t)signed_value(cursor->at, head.bytes)
                                   : unsigned_value(cursor->at, head.bytes);
    cursor->at += head.bytes;
    return true;
}

bool cursor_int(struct cursor *cursor, int64_t *ret)
{
    struct head head;
    if (!cursor_head(cursor, &head) || (head.type != CURSOR_UINT && head.type != CURSOR_INT))
        return false;
    if (head.type == CURSOR_UINT && unsigned_value(cursor->at, head.bytes) > INT64_MAX)
        return false;
    *ret = head.type == CURSOR_INT ? signed_value(cursor->at, head.bytes)
                                   : (int64_t)unsigned_value(cursor->at, head.bytes);
    cursor->at += head.bytes;
    return true;
}

bool cursor_real(struct cursor *cursor, double *ret)
{
    struct head head;
    if (!cursor_head(cursor, &head) || head.type != CURSOR_REAL)
        return false;
    uint64_t bits = big_endian(cursor->at + 1, head.bytes - 1);
    if (head.bytes == 5) {
        uint32_t half = (uint32_t)bits;
        float value;
        memcpy(&value, &half, sizeof value);
        *ret = value;
    } else {
        memcpy(ret, &bits, sizeof *ret);
    }
    cursor->at += head.bytes;
    return true;
}

bool cursor_bool(struct cursor *cursor, bool *ret)
{
    enum { NO = 0xc2, YES = 0xc3 };
    if (cursor->at >= cursor->end || (*cursor->at != NO && *cursor->at != YES))
        return false;
    *ret = *cursor->at++ == YES;
    return true;
}

bool cursor_nil(struct cursor *cursor)
{
    enum { NIL = 0xc0 };
    if (cursor->at >= cursor->end || *cursor->at != NIL)
        return false;
    cursor->at++;
    return true;
}

static bool take_payload(struct cursor *cursor, enum cursor_type type, struct slice *ret)
{
    struct head head;
    if (!cursor_head(cursor, &head) || head.type != type)
        return false;
    *ret = (struct slice){cursor->at + head.bytes, head.payload};
    cursor->at += head.bytes + head.payload;
    return true;
}

bool cursor_text(struct cursor *cursor, struct slice *ret)
{
    if (!head_short_text(cursor->at, cursor->end, ret))
        return take_payload(cursor, CURSOR_TEXT, ret);
    cursor->at = ret->at + ret->bytes;
    return true;
}

bool cursor_bytes(struct cursor *cursor, struct slice *ret)
{
    return take_payload(cursor, CURSOR_BYTES, ret);
}

static bool take_children(struct cursor *cursor, enum cursor_type type, size_t *ret)
{
    struct head head;
    if (!cursor_head(cursor, &head) || head.type != type)
        return false;
    *ret = head.children;
    cursor->at += head.bytes;
    return true;
}

bool cursor_array(struct cursor *cursor, size_t *ret_count)
{
    return take_children(cursor, CURSOR_ARRAY, ret_count);
}

bool cursor_map(struct cursor *cursor, size_t *ret_pairs)
{
    if (!take_children(cursor, CURSOR_MAP, ret_pairs))
        return false;
    *ret_pairs /= 2;
    return true;
}

bool cursor_skip(struct cursor *cursor, struct slice *ret_packed)
{
    struct cursor ahead = *cursor;
    uint64_t left = 1;
    while (left--) {
        struct head head;
        if (!cursor_head(&ahead, &head))
            return false;
        ahead.at += head.bytes + head.payload;
        left += head.children;
    }
    *ret_packed = (struct slice){cursor->at, (size_t)(ahead.at - cursor->at)};
    *cursor = ahead;
    return true;
}

bool cursor_find(struct slice packed_map, const char *key, struct slice *ret_value)
{
    struct cursor cursor = cursor_over(packed_map);
    size_t pairs;
    if (!cursor_map(&cursor, &pairs))
        return false;
    while (pairs--) {
        struct slice name, value;
        bool named = cursor_text(&cursor, &name);
        if ((!named && !cursor_skip(&cursor, &name)) || !cursor_skip(&cursor, &value))
            return false;
        if (named && slice_is(name, key)) {
            *ret_value = value;
            return true;
        }
    }
    return false;
}
