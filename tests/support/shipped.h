/* shipped: files of the repository that tests read as they are. */
#ifndef CARELINE_TESTS_SHIPPED_H
#define CARELINE_TESTS_SHIPPED_H

#include "arena.h"

/* The file's bytes, into the arena; `path` from the top of the repository, above or in the working directory. Ends the
 * test if it is not there. */
struct slice shipped_file(struct arena *arena, const char *path);

/* The first YAML example in a document. */
struct slice shipped_example(struct arena *arena, const char *path);

#endif
