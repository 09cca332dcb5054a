/* Which route a request takes. */
#include "http_route.h"

#include <string.h>

/* The length of the segment at `at`, up to the next slash or the end. */
static size_t segment_bytes(const char *at)
{
    return strcspn(at, "/");
}

static bool pattern_match(const char *pattern, const char *path, struct arena *arena, const char *part[HTTP_PARTS_MAX])
{
    size_t parts = 0;
    memset(part, 0, HTTP_PARTS_MAX * sizeof *part);
    while (*pattern && *path) {
        if (!strcmp(pattern, "{*}") && parts < HTTP_PARTS_MAX) {
            part[parts] = arena_string(arena, path);
            return true;
        }
        size_t want = segment_bytes(pattern), got = segment_bytes(path);
        if (*pattern == '{') {
            if (!got || parts == HTTP_PARTS_MAX)
                return false;
            part[parts++] = arena_text(arena, path, got);
        } else if (want != got || strncmp(pattern, path, got)) {
            return false;
        }
        pattern += want;
        path += got;
        if (*pattern == '/' && *path == '/') {
            pattern++;
            path++;
        }
    }
    return !*pattern && !*path;
}

const struct http_route *http_route_find(const struct http_route *const *tables, struct http_exchange *exchange,
                                         bool *ret_path_known)
{
    *ret_path_known = false;
    for (; tables && *tables; tables++) {
        for (const struct http_route *route = *tables; route->method; route++) {
            if (!pattern_match(route->pattern, exchange->path, exchange->arena, exchange->part))
                continue;
            *ret_path_known = true;
            if (!strcmp(route->method, exchange->method))
                return route;
        }
    }
    return NULL;
}
