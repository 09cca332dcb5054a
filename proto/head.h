/* head: the first bytes of a msgpack value, which tell its type and how much follows. Shared by guard and cursor. */
#ifndef CARELINE_HEAD_H
#define CARELINE_HEAD_H

#include <endian.h>
#include <string.h>

#include "cursor.h"

struct head {
    enum cursor_type type;
    size_t bytes;           /* of the head itself; numbers are all head */
    uint64_t payload;       /* bytes that follow: texts, bytes, extensions */
    uint64_t children;      /* values that follow: elements of an array, twice the pairs of a map */
};

/* What a first byte tells, as the msgpack specification lists them. */
struct form {
    uint8_t type;           /* enum cursor_type; CURSOR_END: msgpack does not use it */
    uint8_t value_bytes;    /* a number that is the value itself */
    uint8_t length_bytes;   /* a number that is the length or count of what follows */
    uint8_t payload;        /* fixext: bytes that follow, with the type byte */
    uint8_t payload_bits;   /* of the first byte itself, if they are the length or count */
    uint8_t children_bits;
};

extern const struct form head_forms[256];

/* A big-endian number of 1 to 8 bytes. */
static inline uint64_t big_endian(const uint8_t *at, size_t bytes)
{
    uint64_t value = 0;
    if (bytes == sizeof value) {
        memcpy(&value, at, sizeof value);
        return be64toh(value);
    }
    for (size_t i = 0; i < bytes; i++)
        value = value << 8 | at[i];
    return value;
}

/* The rest of head_read: heads with a length or count of their own, and what is wrong. */
const char *head_read_long(const uint8_t *at, const uint8_t *end, struct head *ret);

/* NULL, or what is wrong: cut short, or a first byte that msgpack does not use. Nothing is said about what follows.
 * Inline, for it is what reading msgpack consists of: a handful of instructions for numbers and short values. */
static inline const char *head_read(const uint8_t *at, const uint8_t *end, struct head *ret)
{
    if (at >= end)
        return "it ends in the middle of a value";
    const struct form *form = &head_forms[*at];
    size_t bytes = 1u + form->value_bytes;
    if (form->length_bytes || form->type == CURSOR_END || (size_t)(end - at) < bytes)
        return head_read_long(at, end, ret);
    ret->type = (enum cursor_type)form->type;
    ret->bytes = bytes;
    ret->payload = form->payload + (*at & form->payload_bits);
    ret->children = (uint64_t)(*at & form->children_bits) << (form->type == CURSOR_MAP);
    return NULL;
}

/* The text of at most 31 bytes that begins here, as most do; false: none, or cut short. */
static inline bool head_short_text(const uint8_t *at, const uint8_t *end, struct slice *ret)
{
    enum { MASK = 0xe0, SHORT_TEXT = 0xa0 };
    if (at >= end || (*at & MASK) != SHORT_TEXT || (size_t)(end - at) <= (*at & ~MASK & 0xffu))
        return false;
    *ret = (struct slice){at + 1, *at & ~MASK & 0xffu};
    return true;
}

/* One of 64 bits, by which most texts differ. */
static inline uint64_t text_bit(struct slice text)
{
    return text.bytes ? (uint64_t)1 << ((text.at[0] + 5u * text.at[text.bytes / 2] + 9u * text.bytes) & 63) : 1;
}

/* Where a run of bytes ends. Nothing may be added to NULL, not even 0. */
static inline const uint8_t *slice_end(struct slice bytes)
{
    return bytes.at ? bytes.at + bytes.bytes : NULL;
}

#endif
