#include "arena.h"

#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format.h"

enum { BLOCK_BYTES = 64 * 1024, REQUEST_BYTES_MAX = 1024 * 1024 * 1024, FORMATTED_BYTES_FEW = 256 };

struct block {
    struct block *next;
    size_t room;
    size_t used;
    alignas(max_align_t) unsigned char data[];
};

struct arena {
    struct block *first;   /* newest first; the oldest is kept by a reset */
    size_t used;
};

static void out_of_memory(size_t bytes)
{
    fprintf(stderr, "no memory for %zu bytes: give this process more, or find what asks for so much\n", bytes);
    abort();
}

static struct block *block_new(size_t room, struct block *next)
{
    struct block *block = malloc(sizeof *block + room);
    if (!block)
        out_of_memory(room);
    *block = (struct block){.next = next, .room = room};
    return block;
}

struct arena *arena_new(void)
{
    struct arena *arena = calloc(1, sizeof *arena);
    if (!arena)
        out_of_memory(sizeof *arena);
    return arena;
}

static void free_blocks(struct block *block, struct block *keep)
{
    while (block && block != keep) {
        struct block *next = block->next;
        free(block);
        block = next;
    }
}

void arena_free(struct arena **arena)
{
    if (!arena || !*arena)
        return;
    free_blocks((*arena)->first, NULL);
    free(*arena);
    *arena = NULL;
}

void arena_reset(struct arena *arena)
{
    struct block *oldest = arena->first;
    while (oldest && oldest->next)
        oldest = oldest->next;
    free_blocks(arena->first, oldest);
    arena->first = oldest;
    if (oldest)
        oldest->used = 0;
    arena->used = 0;
}

/* Not zeroed. */
static void *arena_take(struct arena *arena, size_t bytes)
{
    if (bytes > REQUEST_BYTES_MAX)
        out_of_memory(bytes);
    size_t need = (bytes + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
    if (!arena->first || arena->first->room - arena->first->used < need)
        arena->first = block_new(need > BLOCK_BYTES ? need : BLOCK_BYTES, arena->first);
    void *at = arena->first->data + arena->first->used;
    arena->first->used += need;
    arena->used += need;
    return at;
}

void *arena_alloc(struct arena *arena, size_t bytes)
{
    return memset(arena_take(arena, bytes), 0, bytes);
}

void *arena_copy(struct arena *arena, const void *from, size_t bytes)
{
    void *at = arena_take(arena, bytes);
    return bytes ? memcpy(at, from, bytes) : at;
}

const char *arena_text(struct arena *arena, const void *from, size_t bytes)
{
    char *at = arena_take(arena, bytes + 1);
    if (bytes)
        memcpy(at, from, bytes);
    at[bytes] = 0;
    return at;
}

const char *arena_string(struct arena *arena, const char *from)
{
    return from && *from ? arena_text(arena, from, strlen(from)) : "";
}

const char *arena_vprintf(struct arena *arena, const char *format, va_list args)
{
    char few[FORMATTED_BYTES_FEW];
    va_list again;
    va_copy(again, args);
    int bytes = format_short(few, sizeof few, format, args);
    if (bytes == FORMAT_NOT)
        bytes = vsnprintf(few, sizeof few, format, args);
    char *at = arena_take(arena, (size_t)bytes + 1);
    if ((size_t)bytes < sizeof few)
        memcpy(at, few, (size_t)bytes + 1);
    else
        vsnprintf(at, (size_t)bytes + 1, format, again);
    va_end(again);
    return at;
}

const char *arena_printf(struct arena *arena, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *text = arena_vprintf(arena, format, args);
    va_end(args);
    return text;
}

size_t arena_used_bytes(const struct arena *arena)
{
    return arena->used;
}
