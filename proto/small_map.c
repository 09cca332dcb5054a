/* Maps as they are kept: their keys and texts are such as records have. One whose bytes would not come again exactly is
 * kept as it stands. */
#include "small.h"

static size_t text_head_bytes(size_t bytes)
{
    return bytes < 32 ? 1 : bytes < 256 ? 2 : bytes < 65536 ? 3 : 5;
}

/* Is the head of this text the shortest? */
static bool is_shortest(struct slice packed, struct slice text)
{
    return packed.bytes == text_head_bytes(text.bytes) + text.bytes;
}

static bool key_pack(struct buffer *to, const struct small_id *id, struct cursor *from)
{
    struct slice packed, text;
    struct cursor ahead = *from;
    if (!cursor_text(&ahead, &text) || !cursor_skip(from, &packed) || !is_shortest(packed, text))
        return false;
    small_text_pack(to, id, text);
    return true;
}

static bool value_pack(struct buffer *to, const struct small_id *id, struct cursor *from)
{
    struct slice packed, text;
    struct cursor ahead = *from;
    bool is_text = cursor_text(&ahead, &text);
    if (!cursor_skip(from, &packed))
        return false;
    if (is_text && is_shortest(packed, text)) {
        small_text_pack(to, id, text);
    } else {
        small_number_pack(to, LISTED_VALUE << 2 | TEXT_LISTED);
        buffer_append(to, packed.at, packed.bytes);
    }
    return true;
}

static bool pairs_pack(struct buffer *to, const struct small_id *id, struct slice map)
{
    struct cursor cursor = cursor_over(map);
    size_t pairs;
    if (!cursor_map(&cursor, &pairs) || pairs > PAIRS_MAX || cursor.at - map.at != (pairs < 16 ? 1 : 3))
        return false;
    small_number_pack(to, pairs + 1);
    while (pairs--)
        if (!key_pack(to, id, &cursor) || !value_pack(to, id, &cursor))
            return false;
    return cursor.at == cursor.end;
}

void small_map_pack(struct buffer *to, const struct small_id *id, struct slice map)
{
    size_t before = to->bytes;
    if (pairs_pack(to, id, map))
        return;
    to->bytes = before;
    small_number_pack(to, 0);
    small_bytes_pack(to, map);
}

/* -------- reading */

bool small_value_is_whole(struct slice packed)
{
    struct buffer list = {0};
    pack_array(&list, 1);
    pack_raw(&list, packed);
    bool good = !guard_check(buffer_slice(&list), NULL);
    buffer_free(&list);
    return good;
}

static bool value_unpack(struct small_reader *from, struct buffer *to)
{
    struct slice text, packed;
    bool is_value;
    if (!small_text_or_value(from, &text, &is_value))
        return false;
    if (!is_value) {
        pack_text_slice(to, text);
        return true;
    }
    struct cursor cursor = {from->at, from->end};
    if (!cursor_skip(&cursor, &packed) || !small_value_is_whole(packed))
        return false;
    from->at = cursor.at;
    pack_raw(to, packed);
    return true;
}

static bool pairs_unpack(struct small_reader *from, uint64_t pairs, struct buffer *to)
{
    struct slice key;
    pack_map(to, (size_t)pairs);
    while (pairs--) {
        if (!small_text_unpack(from, &key))
            return false;
        pack_text_slice(to, key);
        if (!value_unpack(from, to))
            return false;
    }
    return true;
}

static bool whole_unpack(struct small_reader *from, struct slice *ret)
{
    if (!small_bytes_unpack(from, ret) || !small_value_is_whole(*ret))
        return false;
    struct cursor cursor = cursor_over(*ret);
    ret->at = arena_copy(from->arena, ret->at, ret->bytes);
    return cursor_type(&cursor) == CURSOR_MAP;
}

bool small_map_unpack(struct small_reader *from, struct slice *ret)
{
    uint64_t count;
    if (!small_number_unpack(from, &count) || count > PAIRS_MAX + 1)
        return false;
    if (!count)
        return whole_unpack(from, ret);
    struct buffer map = {0};
    bool good = pairs_unpack(from, count - 1, &map);
    if (good)
        *ret = (struct slice){arena_copy(from->arena, map.at, map.bytes), map.bytes};
    buffer_free(&map);
    return good;
}
