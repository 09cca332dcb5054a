#include "kept.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_BYTES_MAX = 4096, BLOCKS_MAX = 2048, LINES_MAX = 32768, BYTES_A_LINE = 48 };

size_t kept_lines(const char *path, const char **ret, size_t max, struct arena *arena)
{
    char line[LINE_BYTES_MAX];
    size_t count = 0;
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = 0;
        if (*line && *line != '#' && count < max)
            ret[count++] = arena_string(arena, line);
    }
    if (file)
        fclose(file);
    return count;
}

static FILE *file_for_appending(const char *path)
{
    FILE *file = fopen(path, "a");
    if (!file) {
        fprintf(stderr, "%s cannot be written: run this at the top of the repository\n", path);
        abort();
    }
    return file;
}

void kept_line_append(const char *path, const char *line)
{
    FILE *file = file_for_appending(path);
    fprintf(file, "%s\n", line);
    fclose(file);
}

/* -1: it is none */
static int digit_of(char letter)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = letter ? strchr(digits, tolower((unsigned char)letter)) : NULL;
    return at ? (int)(at - digits) : -1;
}

static void hex_add(struct slice *bytes, const char *line, struct arena *arena)
{
    size_t digits = strlen(line);
    uint8_t *grown = arena_alloc(arena, bytes->bytes + digits / 2 + 1);
    if (bytes->bytes)
        memcpy(grown, bytes->at, bytes->bytes);
    for (size_t i = 0; i + 1 < digits && digit_of(line[i]) >= 0 && digit_of(line[i + 1]) >= 0; i += 2)
        grown[bytes->bytes++] = (uint8_t)(digit_of(line[i]) << 4 | digit_of(line[i + 1]));
    bytes->at = grown;
}

struct kept kept_read(const char *path, struct arena *arena)
{
    const char **lines = arena_alloc(arena, LINES_MAX * sizeof *lines);
    size_t count = kept_lines(path, lines, LINES_MAX, arena);
    struct kept kept = {arena_alloc(arena, BLOCKS_MAX * sizeof *kept.at), 0};
    for (size_t i = 0; i < count; i++) {
        if (!strncmp(lines[i], "= ", 2) && kept.count < BLOCKS_MAX)
            kept.at[kept.count++] = (struct kept_bytes){lines[i] + 2, {0}};
        else if (kept.count)
            hex_add(&kept.at[kept.count - 1].bytes, lines[i], arena);
    }
    return kept;
}

void kept_append(const char *path, const char *name, struct slice bytes)
{
    FILE *file = file_for_appending(path);
    fprintf(file, "= %s\n", name);
    for (size_t i = 0; i < bytes.bytes; i++)
        fprintf(file, "%02x%s", bytes.at[i], i % BYTES_A_LINE == BYTES_A_LINE - 1 || i + 1 == bytes.bytes ? "\n" : "");
    fclose(file);
}

const struct slice *kept_newest(const struct kept *kept, const char *name)
{
    const struct slice *newest = NULL;
    for (size_t i = 0; i < kept->count; i++)
        if (!strcmp(kept->at[i].name, name))
            newest = &kept->at[i].bytes;
    return newest;
}
