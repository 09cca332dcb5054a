#include "eight.h"
#include "head.h"

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

/* Texts mostly are ASCII: eight bytes at once. */
bool text_is_plain(struct slice text)
{
    const uint8_t *at = text.at, *end = slice_end(text);
    while (at < end) {
        size_t left = (size_t)(end - at);
        if (eight_are_ascii(eight_together(at, left))) {
            at += left < 8 ? left : 8;
            continue;
        }
        size_t bytes = character_bytes(at, end);
        if (!bytes)
            return false;
        at += bytes;
    }
    return true;
}

/* A key of the map at the top: where it begins; its text, without `at` if it is none. */
struct key {
    const uint8_t *begin;
    struct slice text;
};

struct guard {
    const uint8_t *at;
    const uint8_t *end;
    size_t key_count;
    struct key keys[PAIRS_MAX];     /* of the map at the top: the first `key_count` of them, as far as there is room */
};

/* Reads one head, and checks what belongs to it but its children. */
static inline const char *guard_head(const struct guard *guard, struct head *ret)
{
    const char *wrong = head_read(guard->at, guard->end, ret);
    if (wrong)
        return wrong;
    uint64_t rest = (uint64_t)(guard->end - guard->at) - ret->bytes;
    if (ret->payload > rest)
        return "a length beyond the end";
    if (ret->children > rest)
        return "a count that cannot fit into the bytes that remain";
    if (ret->type == CURSOR_TEXT && !text_is_plain((struct slice){guard->at + ret->bytes, ret->payload}))
        return "a text that is not UTF-8, or has a NUL in it";
    return NULL;
}

/* Without `at` if it is none. */
static struct slice guard_text(const struct guard *guard, const struct head *head)
{
    return head->type == CURSOR_TEXT ? (struct slice){guard->at + head->bytes, head->payload} : (struct slice){0};
}

static void guard_note_key(struct guard *guard, struct slice text)
{
    if (guard->key_count < PAIRS_MAX)
        guard->keys[guard->key_count] = (struct key){guard->at, text};
    guard->key_count++;
}

/* Walks over `count` values and all within them; calls itself NESTING_MAX times at most. `within` are the containers
 * that they are in; in that at the top, if it is a map, an odd number of values is left after each key. */
static const char *guard_values(struct guard *guard, uint64_t count, size_t within, bool of_top_map)
{
    while (count--) {
        struct head head;
        struct slice text;
        /* what most values are, without a head: short texts */
        if (head_short_text(guard->at, guard->end, &text) && text_is_plain(text)) {
            if (of_top_map && (count & 1))
                guard_note_key(guard, text);
            guard->at = text.at + text.bytes;
            continue;
        }
        const char *wrong = guard_head(guard, &head);
        if (wrong)
            return wrong;
        bool container = head.type == CURSOR_ARRAY || head.type == CURSOR_MAP;
        if (container && within == NESTING_MAX)
            return "nested too deep";
        if (of_top_map && (count & 1))
            guard_note_key(guard, guard_text(guard, &head));
        guard->at += head.bytes + head.payload;
        if (container)
            wrong = guard_values(guard, head.children, within + 1, !within && head.type == CURSOR_MAP);
        if (wrong)
            return wrong;
    }
    return NULL;
}

static bool is_among(struct slice text, const struct key *keys, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (keys[i].text.bytes == text.bytes && !memcmp(keys[i].text.at, text.at, text.bytes))
            return true;
    return false;
}

/* After the walk: are the keys of a top level map different texts? If not, `at` tells which is at fault. */
static const char *guard_keys(struct guard *guard, const uint8_t *begin)
{
    uint64_t seen = 0;
    guard->at = begin;
    if (guard->key_count > PAIRS_MAX)
        return "more keys than a map may have";
    for (size_t i = 0; i < guard->key_count; i++) {
        const struct key *key = &guard->keys[i];
        guard->at = key->begin;
        if (!key->text.at)
            return "a key that is not a text";
        uint64_t bit = text_bit(key->text);
        if ((seen & bit) && is_among(key->text, guard->keys, i))
            return "the same key twice";
        seen |= bit;
    }
    return NULL;
}

const char *guard_check(struct slice packed, size_t *ret_at_byte)
{
    struct guard guard;                 /* not zeroed: there may be few keys or none */
    guard.at = packed.at;
    guard.end = slice_end(packed);
    guard.key_count = 0;
    const char *wrong = packed.bytes ? guard_values(&guard, 1, 0, false) : "nothing at all";
    if (!wrong && guard.at != guard.end)
        wrong = "something follows the value";
    if (!wrong)
        wrong = guard_keys(&guard, packed.at);
    if (ret_at_byte && wrong)
        *ret_at_byte = packed.bytes ? (size_t)(guard.at - packed.at) : 0;
    return wrong;
}
