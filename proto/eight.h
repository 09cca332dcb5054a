/* eight: eight bytes of a text at once. */
#ifndef CARELINE_EIGHT_H
#define CARELINE_EIGHT_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "arena.h"

#define EIGHT_ONES ((uint64_t)0x0101010101010101)
#define EIGHT_HIGHS ((uint64_t)0x8080808080808080)

/* Up to eight bytes, one at least, as one number: all of them, some twice, in any order. */
static inline uint64_t eight_together(const uint8_t *at, size_t bytes)
{
    uint64_t eight;
    uint32_t first, last;
    if (bytes >= sizeof eight) {
        memcpy(&eight, at, sizeof eight);
        return eight;
    }
    if (bytes < sizeof first)
        return at[0] * (EIGHT_ONES << 24) | (uint64_t)at[0] << 16 | (uint64_t)at[bytes / 2] << 8 | at[bytes - 1];
    memcpy(&first, at, sizeof first);
    memcpy(&last, at + bytes - sizeof last, sizeof last);
    return (uint64_t)first << 32 | last;
}

/* Are all eight ASCII without NUL? */
static inline bool eight_are_ascii(uint64_t eight)
{
    return !((eight | (eight - EIGHT_ONES)) & EIGHT_HIGHS);
}

/* Stand all eight in JSON as they are: no control character, quote or backslash? What is borrowed from a neighbour may
 * make it say no where it is yes, never the other way round. */
static inline bool eight_are_unescaped(uint64_t eight)
{
    uint64_t quotes = eight ^ EIGHT_ONES * '"', slashes = eight ^ EIGHT_ONES * '\\';
    uint64_t found = ((eight - EIGHT_ONES * ' ') & ~eight) | ((quotes - EIGHT_ONES) & ~quotes) |
                     ((slashes - EIGHT_ONES) & ~slashes);
    return !(found & EIGHT_HIGHS);
}

static inline bool byte_is_unescaped(uint8_t byte)
{
    return byte >= ' ' && byte != '"' && byte != '\\';
}

/* Stands the whole text in JSON as it is? */
static inline bool text_is_unescaped(struct slice text)
{
    for (size_t left = text.bytes; left; left -= left < 8 ? left : 8) {
        const uint8_t *at = text.at + (text.bytes - left);
        if (eight_are_unescaped(eight_together(at, left)))
            continue;
        for (size_t i = 0; i < left && i < 8; i++)
            if (!byte_is_unescaped(at[i]))
                return false;
    }
    return true;
}

#endif
