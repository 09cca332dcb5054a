#include "tally.h"

#include <stdlib.h>
#include <string.h>

static size_t place_of(const struct tally_table *tally, uint64_t key)
{
    size_t at = (size_t)(key * 0x9e3779b97f4a7c15u >> 20) & (tally->room - 1);

    while (tally->keys[at] && tally->keys[at] != key)
        at = (at + 1) & (tally->room - 1);
    return at;
}

static void grow(struct tally_table *tally)
{
    struct tally_table larger = {.item_bytes = tally->item_bytes, .room = tally->room ? tally->room * 2 : 64,
                           .count = tally->count};

    larger.keys = calloc(larger.room, sizeof *larger.keys);
    larger.items = calloc(larger.room, larger.item_bytes);
    if (!larger.keys || !larger.items)
        abort();
    for (size_t i = 0; i < tally->room; i++) {
        if (!tally->keys[i])
            continue;
        size_t at = place_of(&larger, tally->keys[i]);
        larger.keys[at] = tally->keys[i];
        memcpy(larger.items + at * larger.item_bytes, tally->items + i * tally->item_bytes, tally->item_bytes);
    }
    free(tally->keys);
    free(tally->items);
    *tally = larger;
}

void *tally_at(struct tally_table *tally, uint64_t key)
{
    key += !key;
    if (tally->count * 2 >= tally->room)
        grow(tally);
    size_t at = place_of(tally, key);
    tally->count += !tally->keys[at];
    tally->keys[at] = key;
    return tally->items + at * tally->item_bytes;
}

void *tally_find(const struct tally_table *tally, uint64_t key)
{
    key += !key;
    if (tally->room == 0)
        return NULL;
    size_t at = place_of(tally, key);
    return tally->keys[at] ? tally->items + at * tally->item_bytes : NULL;
}

void tally_clear(struct tally_table *tally)
{
    free(tally->keys);
    free(tally->items);
    *tally = (struct tally_table){.item_bytes = tally->item_bytes};
}

void *tally_place(const struct tally_table *tally, size_t i)
{
    return tally->keys[i] ? tally->items + i * tally->item_bytes : NULL;
}

uint64_t key_of_text(uint64_t start, const char *text)
{
    uint64_t hash = start ^ 0xcbf29ce484222325u;

    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * 0x100000001b3u;
    return hash ^ hash >> 29;
}

/* Both are mixed whole: small numbers that were only put together by exclusive or would meet again and again. */
uint64_t key_of_number(uint64_t start, uint64_t number)
{
    uint64_t hash = (start + 1) * 0xd6e8feb86659fd93u;

    hash = (hash ^ hash >> 32) + number;
    hash = (hash ^ hash >> 30) * 0xbf58476d1ce4e5b9u;
    hash = (hash ^ hash >> 27) * 0x94d049bb133111ebu;
    return hash ^ hash >> 31;
}
