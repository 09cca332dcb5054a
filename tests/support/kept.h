/* kept: files of tests/golden that are only ever appended to: lines of text, and named bytes in hex. Paths are relative to
 * the top of the repository, where tests run. */
#ifndef CARELINE_KEPT_H
#define CARELINE_KEPT_H

#include "arena.h"

struct kept_bytes { const char *name; struct slice bytes; };
struct kept { struct kept_bytes *at; size_t count; };

/* Lines that are neither empty nor begin with #; how many. None if there is no file. */
size_t kept_lines(const char *path, const char **ret, size_t max, struct arena *arena);
void kept_line_append(const char *path, const char *line);

/* "= NAME" on a line of its own, then its bytes as hex on the lines after it. */
struct kept kept_read(const char *path, struct arena *arena);
void kept_append(const char *path, const char *name, struct slice bytes);
/* The last one of this name, or NULL. */
const struct slice *kept_newest(const struct kept *kept, const char *name);

#endif
