#include "head.h"

#include <string.h>

/* Bytes of the character at `at`, or 0: not UTF-8 (overlong forms and surrogates included), or NUL. RFC 3629, 4. */
static size_t character_bytes(const uint8_t *at, const uint8_t *end)
{
    uint8_t first = at[0];
    if (first < 0x80)
        return first ? 1 : 0;
    size_t bytes = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || (size_t)(end - at) < bytes)
        return 0;
    for (size_t i = 1; i < bytes; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    if ((first == 0xe0 && at[1] < 0xa0) || (first == 0xed && at[1] > 0x9f) || (first == 0xf0 && at[1] < 0x90) ||
        (first == 0xf4 && at[1] > 0x8f))
        return 0;
    return bytes;
}

/* Are the next eight bytes ASCII without NUL? Texts mostly are. */
static bool is_ascii_8(const uint8_t *at)
{
    const uint64_t ones = 0x0101010101010101, highs = 0x8080808080808080;
    uint64_t bytes;
    memcpy(&bytes, at, sizeof bytes);
    return !(bytes & highs) && !((bytes - ones) & highs);
}

bool text_is_plain(struct slice text)
{
    const uint8_t *at = text.at, *end = slice_end(text);
    while (at < end) {
        if (end - at >= 8 && is_ascii_8(at)) {
            at += 8;
            continue;
        }
        size_t bytes = character_bytes(at, end);
        if (!bytes)
            return false;
        at += bytes;
    }
    return true;
}

struct guard {
    const uint8_t *at;
    const uint8_t *end;
    uint64_t open[NESTING_MAX];     /* values still to come at each level */
    size_t depth;
};

/* Steps over one head and what belongs to it; children are opened, not walked. */
static const char *guard_step(struct guard *guard)
{
    struct head head;
    const char *wrong = head_read(guard->at, guard->end, &head);
    if (wrong)
        return wrong;
    uint64_t rest = (uint64_t)(guard->end - guard->at) - head.bytes;
    if (head.payload > rest)
        return "a length beyond the end";
    if (head.children > rest)
        return "a count that cannot fit into the bytes that remain";
    struct slice payload = {guard->at + head.bytes, head.payload};
    if (head.type == CURSOR_TEXT && !text_is_plain(payload))
        return "a text that is not UTF-8, or has a NUL in it";
    bool container = head.type == CURSOR_ARRAY || head.type == CURSOR_MAP;
    if (container && guard->depth == NESTING_MAX)
        return "nested too deep";
    guard->at += head.bytes + head.payload;
    if (container)
        guard->open[guard->depth++] = head.children;
    return NULL;
}

static const char *guard_walk(struct guard *guard)
{
    do {
        const char *wrong = guard_step(guard);
        if (wrong)
            return wrong;
        while (guard->depth && !guard->open[guard->depth - 1])
            guard->depth--;
        if (guard->depth)
            guard->open[guard->depth - 1]--;
        else
            break;
    } while (true);
    return guard->at == guard->end ? NULL : "something follows the value";
}

static bool is_among(struct slice key, const struct slice *keys, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (keys[i].bytes == key.bytes && !memcmp(keys[i].at, key.at, key.bytes))
            return true;
    return false;
}

/* After the walk: are the keys of a top level map different texts? */
static const char *guard_keys(struct slice packed, size_t *ret_at_byte)
{
    struct cursor cursor = cursor_over(packed);
    struct slice keys[PAIRS_MAX], value;
    size_t pairs;
    if (!cursor_map(&cursor, &pairs))
        return NULL;
    if (pairs > PAIRS_MAX)
        return "more keys than a map may have";
    for (size_t i = 0; i < pairs; i++) {
        *ret_at_byte = (size_t)(cursor.at - packed.at);
        if (!cursor_text(&cursor, &keys[i]))
            return "a key that is not a text";
        if (is_among(keys[i], keys, i))
            return "the same key twice";
        cursor_skip(&cursor, &value);
    }
    return NULL;
}

const char *guard_check(struct slice packed, size_t *ret_at_byte)
{
    struct guard guard = {.at = packed.at, .end = slice_end(packed)};
    size_t at_byte = 0;
    const char *wrong = packed.bytes ? guard_walk(&guard) : "nothing at all";
    if (wrong)
        at_byte = packed.bytes ? (size_t)(guard.at - packed.at) : 0;
    else
        wrong = guard_keys(packed, &at_byte);
    if (ret_at_byte && wrong)
        *ret_at_byte = at_byte;
    return wrong;
}
