/* golden: bytes that version 1 wrote, kept in tests/golden as hex with comments (from # to the end of the line). */
#ifndef CARELINE_GOLDEN_H
#define CARELINE_GOLDEN_H

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"

/* Relative to the top of the repository, where tests run. The program ends if the file cannot be read. */
static inline struct slice golden_read(const char *name, struct arena *arena)
{
    char path[256], line[1024];
    snprintf(path, sizeof path, "tests/golden/%s", name);
    FILE *file = fopen(path, "r");
    if (!file) {
        fprintf(stderr, "%s cannot be read: run the tests at the top of the repository\n", path);
        abort();
    }
    uint8_t *bytes = arena_alloc(arena, 64 * 1024);
    size_t count = 0;
    while (fgets(line, sizeof line, file)) {
        line[strcspn(line, "#\n")] = 0;
        for (const char *at = line; *at; at++) {
            unsigned value;
            if (isxdigit((unsigned char)at[0]) && sscanf(at, "%2x", &value) == 1) {
                bytes[count++] = (uint8_t)value;
                at++;
            }
        }
    }
    fclose(file);
    return (struct slice){bytes, count};
}

/* Are they the same? If not, shows what is written now. */
static inline int golden_is(struct slice golden, struct slice bytes)
{
    if (golden.bytes == bytes.bytes && !memcmp(golden.at, bytes.at, bytes.bytes))
        return 1;
    fprintf(stderr, "written now:\n");
    for (size_t i = 0; i < bytes.bytes; i++)
        fprintf(stderr, "%02x%s", bytes.at[i], i % 32 == 31 || i + 1 == bytes.bytes ? "\n" : " ");
    return 0;
}

#endif
