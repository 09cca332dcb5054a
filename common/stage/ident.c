#include "ident.h"

#include <assert.h>
#include <string.h>

#include "fnv.h"

enum { HASH_BYTES = 17 };       /* "~" and 16 hex digits */

const char *ident_local(const char *id)
{
    const char *slash = strchr(id, '/');
    return slash ? slash + 1 : id;
}

const char *ident_of_site(struct arena *arena, const char *site, const char *id)
{
    return strchr(id, '/') ? arena_string(arena, id) : arena_printf(arena, "%s/%s", site, id);
}

const char *ident_fit(struct arena *arena, const char *name, size_t bytes_max)
{
    assert(bytes_max > HASH_BYTES);
    if (strlen(name) <= bytes_max)
        return arena_string(arena, name);
    size_t keep = bytes_max - HASH_BYTES;
    while (keep > 0 && ((unsigned char)name[keep] & 0xc0) == 0x80)     /* never inside a UTF-8 sequence */
        keep--;
    return arena_printf(arena, "%.*s~%016llx", (int)keep, name, (unsigned long long)fnv_text(FNV_START, name));
}

const char *ident_make(struct arena *arena, const char *site, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *local = arena_vprintf(arena, format, args);
    va_end(args);
    size_t site_bytes = strlen(site);
    if (site_bytes + 1 + 2 * HASH_BYTES > NAME_BYTES_MAX)               /* no site of ours: only kept from overflowing */
        return ident_fit(arena, arena_printf(arena, "%s/%s", site, local), NAME_BYTES_MAX);
    size_t room_bytes = NAME_BYTES_MAX - site_bytes - 1;
    const char *fitting = strlen(local) <= room_bytes ? local : ident_fit(arena, local, room_bytes);
    return arena_printf(arena, "%s/%s", site, fitting);
}
