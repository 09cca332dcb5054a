/* cursor: reads msgpack without allocating, after a guard has walked it.
 *
 * The guard is what stands between us and bytes from outside: it checks every declared length and count against the
 * bytes that remain, nesting depth (16 at most), UTF-8 of texts without NUL, that a map at the top
 * level has different texts as keys, and that nothing follows. After it, a cursor cannot run off the end. */
#ifndef CARELINE_CURSOR_H
#define CARELINE_CURSOR_H

#include <stdbool.h>
#include <string.h>

#include "arena.h"

enum {
    NESTING_MAX = 16,       /* deeper than any record of ours */
    PAIRS_MAX = 256         /* of the top level map: keeps the search for duplicate keys short */
};

/* Is this exactly one well-formed msgpack value? NULL if so, else what is wrong (a constant text), and where. */
const char *guard_check(struct slice packed, size_t *ret_at_byte);

/* Is it UTF-8 without NUL? */
bool text_is_plain(struct slice text);

enum cursor_type {
    CURSOR_END, CURSOR_NIL, CURSOR_BOOL, CURSOR_INT, CURSOR_UINT, CURSOR_REAL, CURSOR_TEXT, CURSOR_BYTES,
    CURSOR_ARRAY, CURSOR_MAP, CURSOR_EXTENSION
};

struct cursor {
    const uint8_t *at;
    const uint8_t *end;
};

struct cursor cursor_over(struct slice packed);
enum cursor_type cursor_type(const struct cursor *cursor);

/* Each takes the next value if it has that type; false leaves the cursor where it was. */
bool cursor_int(struct cursor *cursor, int64_t *ret);       /* any integer that fits */
bool cursor_uint(struct cursor *cursor, uint64_t *ret);
bool cursor_real(struct cursor *cursor, double *ret);
bool cursor_bool(struct cursor *cursor, bool *ret);
bool cursor_nil(struct cursor *cursor);
bool cursor_text(struct cursor *cursor, struct slice *ret);
bool cursor_bytes(struct cursor *cursor, struct slice *ret);
bool cursor_array(struct cursor *cursor, size_t *ret_count);
bool cursor_map(struct cursor *cursor, size_t *ret_pairs);
/* Skips one value of any type and tells its bytes. */
bool cursor_skip(struct cursor *cursor, struct slice *ret_packed);
/* Is the text equal to a C string? */
static inline bool slice_is(struct slice text, const char *string)
{
    if (!text.bytes || *text.at != (uint8_t)*string)        /* the first byte tells most apart */
        return !text.bytes && !*string;
    return strlen(string) == text.bytes && !memcmp(text.at, string, text.bytes);
}
/* The value under `key` of a packed map: its packed bytes. false: not a map or no such key. */
bool cursor_find(struct slice packed_map, const char *key, struct slice *ret_value);

#endif
