/* buffer: bytes that grow, and msgpack written into them. */
#ifndef CARELINE_BUFFER_H
#define CARELINE_BUFFER_H

#include "arena.h"

struct buffer {
    uint8_t *at;        /* owned; realloc'ed as it grows */
    size_t bytes;
    size_t room;
};

/* A zeroed struct buffer is an empty buffer. free leaves it empty and usable. */
void buffer_free(struct buffer *buffer);
void buffer_clear(struct buffer *buffer);
/* So many bytes more can be written behind what is there, without asking again. */
void buffer_grow(struct buffer *buffer, size_t more);
static inline void buffer_room(struct buffer *buffer, size_t more)
{
    if (buffer->room - buffer->bytes < more)
        buffer_grow(buffer, more);
}
void buffer_append(struct buffer *buffer, const void *from, size_t bytes);
static inline void buffer_byte(struct buffer *buffer, uint8_t byte)
{
    buffer_room(buffer, 1);
    buffer->at[buffer->bytes++] = byte;
}
void buffer_string(struct buffer *buffer, const char *text);
void buffer_printf(struct buffer *buffer, const char *format, ...) __attribute__((format(printf, 2, 3), nonnull(2)));
struct slice buffer_slice(const struct buffer *buffer);

/* Adds a NUL that does not count, and returns the text; valid until the next change. */
const char *buffer_text(struct buffer *buffer);

/* msgpack values, each in its smallest form (as msgpack-c does). */
void pack_nil(struct buffer *to);
void pack_bool(struct buffer *to, int value);
void pack_int(struct buffer *to, int64_t value);
void pack_uint(struct buffer *to, uint64_t value);
void pack_real(struct buffer *to, double value);
void pack_text(struct buffer *to, const char *text);       /* NULL packs as "" */
void pack_text_slice(struct buffer *to, struct slice text);
void pack_text_head(struct buffer *to, size_t bytes);      /* so many must be appended next */
void pack_bytes(struct buffer *to, struct slice bytes);
void pack_array(struct buffer *to, size_t count);
void pack_map(struct buffer *to, size_t pairs);
/* Already packed bytes, as they stand. */
void pack_raw(struct buffer *to, struct slice packed);

#endif
