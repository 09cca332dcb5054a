/* arena: memory for one turn of work, given back all at once.
 *
 * Everything decoded or decided while one batch is worked lives in its arena; nothing in it is freed singly.
 * Allocation never returns NULL: without memory the process ends with a message, as does a request over 1 GiB. */
#ifndef CARELINE_ARENA_H
#define CARELINE_ARENA_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

/* A run of bytes that somebody else owns. Not NUL-terminated. `at` may be NULL when `bytes` is 0. */
struct slice {
    const uint8_t *at;
    size_t bytes;
};

/* A new arena; the caller owns it. */
struct arena *arena_new(void);

/* Frees the arena and all that was allocated from it; sets *arena to NULL. Does nothing on NULL. */
void arena_free(struct arena **arena);

/* Forgets all allocations, keeps the first block for reuse. */
void arena_reset(struct arena *arena);

/* `bytes` zeroed bytes, aligned for any type. */
void *arena_alloc(struct arena *arena, size_t bytes);

/* A copy of `bytes` bytes at `from`. */
void *arena_copy(struct arena *arena, const void *from, size_t bytes);

/* A NUL-terminated copy of a run of bytes; of a C string (NULL gives ""). */
const char *arena_text(struct arena *arena, const void *from, size_t bytes);
const char *arena_string(struct arena *arena, const char *from);

/* A formatted, NUL-terminated text. */
const char *arena_printf(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3), nonnull(2)));
const char *arena_vprintf(struct arena *arena, const char *format, va_list args)
    __attribute__((format(printf, 2, 0), nonnull(2)));

/* Bytes handed out since the last reset. */
size_t arena_used_bytes(const struct arena *arena);

#endif
