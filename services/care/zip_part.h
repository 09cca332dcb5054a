/* zip_part: one file out of a ZIP archive that is held in memory, such as a part of an XLSX workbook. */
#ifndef CARELINE_ZIP_PART_H
#define CARELINE_ZIP_PART_H

#include "record.h"

enum { PART_BYTES_MAX = 128 * 1024 * 1024 };    /* unpacked: what says that it is larger is not believed */

/* Does it begin as an archive does? */
bool zip_is(struct slice bytes);

/* The part of this name, unpacked, into the arena. false with *ret_why: it is damaged, encrypted, packed in another way
 * than by deflate, or too large; an empty slice and true: there is no such part. */
bool zip_part(struct slice archive, const char *name, struct arena *arena, struct slice *ret, const char **ret_why);

#endif
