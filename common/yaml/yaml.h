/* yaml: reads a YAML text against a table of what may stand in it, and reports every mistake at once.
 *
 * Mistakes read `file:line:col: path: what is wrong, did you mean …`. Aliases and anchors are refused, duplicate keys too. */
#ifndef CARELINE_YAML_H
#define CARELINE_YAML_H

#include <stdbool.h>

#include "arena.h"
#include "buffer.h"

enum yaml_kind { YAML_SCALAR, YAML_LIST, YAML_MAP };

/* A node of a parsed text, in the arena. */
struct yaml {
    enum yaml_kind kind;
    const char *text;               /* scalar */
    bool quoted;                    /* scalar in quotes: never a number, null or truth value */
    int line, column;               /* from 1 */
    const char *path;               /* as rules[0].steps[1].after */
    size_t count;                   /* of items, or of pairs */
    struct yaml **keys;             /* map: scalars */
    struct yaml **items;            /* list: items; map: values */
};

/* Mistakes found so far. */
struct mistakes {
    const char *file;               /* name to print */
    struct arena *arena;
    size_t count;
    const char **lines;             /* each as it is to be printed; at most 200 are kept */
};

/* Parses one document. NULL when it is no YAML at all; mistakes are added. */
struct yaml *yaml_parse(struct slice text, struct arena *arena, struct mistakes *mistakes);

/* Adds a mistake at a node. */
void yaml_mistake(struct mistakes *mistakes, const struct yaml *at, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The value under a key of a map; NULL if there is none or `map` is NULL or no map. */
const struct yaml *yaml_get(const struct yaml *map, const char *key);

/* Reports each key of the map that is not in the NULL-ended list, with the nearest known one as a hint. */
void yaml_known_keys(const struct yaml *map, const char *const *known, struct mistakes *mistakes);

/* Typed readings; a missing node (NULL) gives `otherwise`, a wrong one too and adds a mistake. */
const char *yaml_text(const struct yaml *node, const char *otherwise, struct mistakes *mistakes);
int64_t yaml_int(const struct yaml *node, int64_t otherwise, int64_t min, int64_t max, struct mistakes *mistakes);
bool yaml_bool(const struct yaml *node, bool otherwise, struct mistakes *mistakes);
/* One of the words; -1 if missing or (with a mistake and a hint) not in the list. */
struct words;
int yaml_word(const struct yaml *node, const struct words *words, struct mistakes *mistakes);

/* The nearest of the NULL-ended names by edits, or NULL if none is near. */
const char *nearest_name(const char *name, const char *const *names);

#endif
