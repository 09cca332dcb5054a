#include "ident.h"

#include <assert.h>
#include <string.h>

#include "fnv.h"
#include "format.h"

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

/* One that does not fit as it is. */
static const char *ident_long(struct arena *arena, const char *site, const char *local)
{
    size_t site_bytes = strlen(site);
    if (site_bytes + 1 + 2 * HASH_BYTES > NAME_BYTES_MAX)               /* no site of ours: only kept from overflowing */
        return ident_fit(arena, arena_printf(arena, "%s/%s", site, local), NAME_BYTES_MAX);
    return arena_printf(arena, "%s/%s", site, ident_fit(arena, local, NAME_BYTES_MAX - site_bytes - 1));
}

const char *ident_make(struct arena *arena, const char *site, const char *format, ...)
{
    char id[NAME_BYTES_MAX + 1];
    size_t begin = strlen(site) + 1;
    int bytes = FORMAT_NOT;
    const char *made = NULL;
    va_list args;
    va_start(args, format);
    if (begin + 2 * HASH_BYTES <= NAME_BYTES_MAX)
        bytes = format_short(id + begin, sizeof id - begin, format, args);
    if (bytes == FORMAT_NOT)
        made = ident_long(arena, site, arena_vprintf(arena, format, args));
    va_end(args);
    if (made)
        return made;
    memcpy(id, site, begin - 1);
    id[begin - 1] = '/';
    return arena_text(arena, id, begin + (size_t)bytes);
}
