/* format: what arena_printf and buffer_printf are asked for most, without the C library's long way round: ids and short
 * texts are put together for every event. */
#ifndef CARELINE_FORMAT_H
#define CARELINE_FORMAT_H

#include <stdarg.h>
#include <stddef.h>

enum { FORMAT_NOT = -1 };

/* As vsnprintf, for formats of plain text, %%, %s, %.Ns, %.*s, %c, and d, u, x of int, ll and z, with zeros in front
 * (%02d) or none. Bytes written, without the NUL; FORMAT_NOT: something else is in the format, or it has no room, which is
 * for vsnprintf to do. `args` stays as it was. */
int format_short(char *to, size_t room_bytes, const char *format, va_list args);

#endif
