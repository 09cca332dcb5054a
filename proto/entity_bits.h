/* entity_bits: which fields of a record are kept. Shared by entity_pack.c and entity_unpack.c. */
#ifndef CARELINE_ENTITY_BITS_H
#define CARELINE_ENTITY_BITS_H

#include "field.h"
#include "small.h"

enum { BITS_MAX = 128 };            /* fields of a record, with those that only newer builds know */

struct bits {
    uint64_t at[BITS_MAX / 64];
};

/* In front of bits that have pairs by name before them: no record's bits are these. */
static const uint8_t named_mark[2] = {0x80, 0x00};

static inline void bits_set(struct bits *bits, size_t number)
{
    bits->at[number / 64] |= (uint64_t)1 << number % 64;
}

static inline bool bits_has(const struct bits *bits, size_t number)
{
    return bits->at[number / 64] >> number % 64 & 1;
}

/* What `unknown` holds by number, which comes after what it holds by name. */
static inline struct slice unknown_by_number(struct slice unknown)
{
    struct cursor cursor = cursor_over(unknown);
    struct slice name, value;
    while (cursor_text(&cursor, &name))
        cursor_skip(&cursor, &value);
    return (struct slice){cursor.at, (size_t)(cursor.end - cursor.at)};
}

#endif
