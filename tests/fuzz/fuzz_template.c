/* fuzz: any text as a template over values that are themselves hostile. It is rendered within its bounds or refused, and
 * what escaping promises holds. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "site.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

enum { RENDERED_BYTES_MAX = 64 * 1024 };

/* A small world: lists of three that nest without end, and one nasty text. */
static const char *look_up(void *context, const char *path)
{
    size_t bytes = strlen(path);
    (void)context;
    if (bytes > 7 && !strcmp(path + bytes - 7, ".length"))
        return strstr(path, "list") ? "3" : NULL;
    if (strstr(path, "none"))
        return NULL;
    return strstr(path, "evil") ? "<\"'\r\n\\&\x01 王" : "x";
}

static void check(int held)
{
    if (!held)
        abort();
}

static bool has_line_break(const struct buffer *to)
{
    return to->bytes && (memchr(to->at, '\r', to->bytes) || memchr(to->at, '\n', to->bytes));
}

static void render(const char *template, enum escape escape)
{
    struct buffer to = {0};
    struct fault fault = {"", ""};
    bool done = template_render(template, escape, look_up, NULL, &to, &fault);
    check(done || (*fault.field && *fault.what && !to.bytes));
    check(to.bytes <= RENDERED_BYTES_MAX);
    /* the template's own text is trusted: a header of one line must stay one line whatever the values are */
    check(escape != ESCAPE_HEADER || strpbrk(template, "\r\n") || !has_line_break(&to));
    buffer_free(&to);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    char *template = malloc(bytes + 1);
    if (!template)
        abort();
    memcpy(template, data, bytes);
    template[bytes] = 0;
    for (int escape = ESCAPE_NONE; escape <= ESCAPE_JSON; escape++)
        render(template, (enum escape)escape);
    free(template);
    return 0;
}
