/* head: the first bytes of a msgpack value, which tell its type and how much follows. Shared by guard and cursor. */
#ifndef CARELINE_HEAD_H
#define CARELINE_HEAD_H

#include "cursor.h"

struct head {
    enum cursor_type type;
    size_t bytes;           /* of the head itself; numbers are all head */
    uint64_t payload;       /* bytes that follow: texts, bytes, extensions */
    uint64_t children;      /* values that follow: elements of an array, twice the pairs of a map */
};

/* NULL, or what is wrong: cut short, or a first byte that msgpack does not use. Nothing is said about what follows. */
const char *head_read(const uint8_t *at, const uint8_t *end, struct head *ret);

/* A big-endian number of 1, 2, 4 or 8 bytes. */
uint64_t big_endian(const uint8_t *at, size_t bytes);

/* Where a run of bytes ends. Nothing may be added to NULL, not even 0. */
static inline const uint8_t *slice_end(struct slice bytes)
{
    return bytes.at ? bytes.at + bytes.bytes : NULL;
}

#endif
