/* tally: a table of small items by a 64-bit key; an item begins zeroed. Items move when the table grows. */
#ifndef CARELINE_TALLY_H
#define CARELINE_TALLY_H

#include <stddef.h>
#include <stdint.h>

struct tally_table { uint64_t *keys; char *items; size_t item_bytes, count, room; };

/* The item of a key, new or not; NULL: there is none. */
void *tally_at(struct tally_table *tally, uint64_t key);
void *tally_find(const struct tally_table *tally, uint64_t key);
/* Keeps item_bytes. */
void tally_clear(struct tally_table *tally);
/* The i-th place below room: its item, or NULL. */
void *tally_place(const struct tally_table *tally, size_t i);

/* Keys. */
uint64_t key_of_text(uint64_t start, const char *text);
uint64_t key_of_number(uint64_t start, uint64_t number);

#endif
