#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/shipped.h"

enum { SHIPPED_BYTES_MAX = 4 * 1024 * 1024 };

static FILE *open_above(struct arena *arena, const char *path)
{
    static const char *const above[] = {"", "../", "../../", "../../../"};
    FILE *file = NULL;
    for (size_t i = 0; i < sizeof above / sizeof above[0] && !file; i++)
        file = fopen(arena_printf(arena, "%s%s", above[i], path), "r");
    return file;
}

struct slice shipped_file(struct arena *arena, const char *path)
{
    FILE *file = open_above(arena, path);
    if (!file)
        fail_msg("%s is not there: run tests from the top of the repository", path);
    uint8_t *at = arena_alloc(arena, SHIPPED_BYTES_MAX);
    size_t bytes = fread(at, 1, SHIPPED_BYTES_MAX, file);
    fclose(file);
    return (struct slice){at, bytes};
}

struct slice shipped_example(struct arena *arena, const char *path)
{
    static const char *const open = "```yaml\n", *const close = "\n```";
    struct slice file = shipped_file(arena, path);
    const char *text = arena_text(arena, file.at, file.bytes), *from = strstr(text, open);
    const char *to = from ? strstr(from, close) : NULL;
    if (!to)
        fail_msg("%s has no example", path);
    from += strlen(open);
    return (struct slice){(const uint8_t *)from, (size_t)(to + 1 - from)};
}
