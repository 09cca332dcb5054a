/* file_bytes: the whole of a small file: settings, keys, certificates. */
#ifndef CARELINE_FILE_BYTES_H
#define CARELINE_FILE_BYTES_H

#include <stdbool.h>

#include "buffer.h"

/* Appends the file to `to`, which the caller frees either way. false with errno: it cannot be read, or (EFBIG) holds more
 * than bytes_max. */
bool file_bytes(const char *path, size_t bytes_max, struct buffer *to);

#endif
